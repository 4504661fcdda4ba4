"""Every post of a narrative, page by page, searched by plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pandas as pd

from explore.narratives import amplification
from explore.narratives.run import Run
from explore.posts.pseudonyms import with_pseudonyms
from explore.posts.snapshots import Snapshot

FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)

# Words are looked for as they are written: no sign means anything but itself
_POSTS = """
    SELECT s.*, r.message_id
    FROM (SELECT row, message_id FROM read_parquet($run_posts)
          WHERE narrative_id = $narrative AND (created_at < $as_of OR created_at IS NULL)) r
    JOIN (SELECT *, file_row_number AS row FROM read_parquet($posts, file_row_number = true)) s USING (row)
    WHERE list_bool_and([true] || list_transform($words, lambda word: contains(lower(text), lower(word))))
"""
# Without url, which may name the account
_EXPORTED = "post_id, created_at, author_id, lang, region, views, shares, likes, replies, media_id, message_id, text"


@dataclass(frozen=True)
class Listing:
    """Posts of a narrative that hold the words: how many in all, and one page of them, the newest first.

    posts: post_id (the pseudonym where it holds the account), created_at (UTC), author (pseudonym, null = unknown),
    lang, views, text, and among all posts of the narrative before the moment `amplification.repeats`: copies, accounts,
    reposts.
    """

    total: int
    posts: pd.DataFrame


def listing(
    run: Run,
    snapshot: Snapshot,
    narrative_id: int,
    *,
    as_of: datetime | None,
    search: str = "",
    offset: int = 0,
    limit: int = 50,
    key: bytes,
) -> Listing:
    """One page of the posts before `as_of` that hold every word of `search`, upper and lower case alike."""
    asked = (run, snapshot, narrative_id, as_of, search)
    total = _query(f"SELECT count(*) AS n FROM ({_POSTS})", *asked)
    found = _query(
        f"""SELECT post_id, created_at, author_id, lang, views, text, message_id FROM ({_POSTS})
            ORDER BY created_at DESC NULLS LAST, row LIMIT {int(limit)} OFFSET {int(offset)}""",
        *asked,
    )
    told = _repeats(found["message_id"], run, snapshot, narrative_id, as_of)
    found = found.join(told, on="message_id").drop(columns="message_id")
    posts = with_pseudonyms(found, key).rename(columns={"author_id": "author"})
    return Listing(int(total["n"].iloc[0]), posts)


def exported(
    run: Run, snapshot: Snapshot, narrative_id: int, *, as_of: datetime | None, search: str = ""
) -> pd.DataFrame:
    """All posts that `listing` would page through, the oldest first, for `present.exports`.

    Columns: post_id, created_at, author_id (in plain words: the export makes the pseudonyms), lang, region, views,
    shares, likes, replies, media_id, message_id, text.
    """
    return _query(
        f"SELECT {_EXPORTED} FROM ({_POSTS}) ORDER BY created_at, row", run, snapshot, narrative_id, as_of, search
    )


def _repeats(
    message_ids: pd.Series, run: Run, snapshot: Snapshot, narrative_id: int, as_of: datetime | None
) -> pd.DataFrame:
    """How often these messages came, by message_id."""
    posts = _query(
        f"SELECT message_id, author_id, text FROM ({_POSTS}) WHERE list_contains($messages, message_id)",
        run, snapshot, narrative_id, as_of, "", messages=message_ids.unique().tolist(),
    )  # fmt: skip
    return (
        posts[["message_id"]].join(amplification.repeats(posts)).drop_duplicates("message_id").set_index("message_id")
    )


def _query(
    sql: str,
    run: Run,
    snapshot: Snapshot,
    narrative_id: int,
    as_of: datetime | None,
    search: str,
    **more: list[str],
) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(
            sql,
            {
                "run_posts": str(run.folder / "posts.parquet"),
                "posts": str(snapshot.posts_path),
                "narrative": narrative_id,
                "as_of": as_of or FAR_FUTURE,
                "words": search.split(),
                **more,
            },
        ).df()
