"""How a narrative spread: who posted the same thing when, which accounts did so again and again, what was reposted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from explore.narratives import amplification, cosharing, synchrony
from explore.narratives.cosharing import Pace
from explore.narratives.run import Run
from explore.narratives.text import links, tags
from explore.posts.pseudonyms import pseudonym
from explore.posts.snapshots import Snapshot

Lack = Literal["accounts", "times", "precision", "version"]

_NEEDED = ["row", "narrative_id", "created_at", "author", "repost", *cosharing.KINDS]
_ROWS = """
    SELECT row, author_id, text, url, media_id
    FROM (SELECT *, file_row_number AS row FROM read_parquet($posts, file_row_number = true))
    WHERE row IN (SELECT unnest($rows))
"""
MINUTE = 60_000_000  # microseconds
MOST_BURSTS, MOST_PAIRS, MOST_LANES = 50, 50, 24
FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Ties:
    """Every two posts of a run that were posted together, or could be by chance (`cosharing.pairs`).

    lacks: what the run lacks for that (accounts, times, times to the minute, columns that an older version did not
    write), null where it lacks nothing; then `pace` is null and `pairs` is empty.
    """

    lacks: Lack | None
    pace: Pace | None
    pairs: pd.DataFrame


@dataclass(frozen=True)
class Spread:
    """How one narrative spread as of a moment; times are UTC, accounts pseudonyms.

    posts, of which reposts ("RT @name") by so many reposters, and copies (no reposts; the message is of two accounts or
    more). followed, chances, expected: see `synchrony.followed`. q: synchrony_q, of the whole run; null = not tested.
    bursts: kind, item (what was posted, verbatim), accounts, posts, start, end, busiest (accounts in one minute); the
    MOST_BURSTS largest of n_bursts.
    lanes: burst (row of bursts), account, at, same (whether it is the burst's item); the MOST_LANES accounts that
    posted it first. pairs: account, partner, co_shares, items, apart (median seconds), expected, narratives (of the
    run, in which the two posted together); the MOST_PAIRS with most co-shares of n_pairs.
    """

    lacks: Lack | None
    pace: Pace | None
    posts: int
    reposts: int
    reposters: int
    copies: int
    followed: int
    chances: int
    expected: float
    q: float | None
    n_bursts: int
    bursts: pd.DataFrame
    lanes: pd.DataFrame
    n_pairs: int
    pairs: pd.DataFrame


def ties(run: Run) -> Ties:
    """What the accounts of a run posted together, in all its narratives."""
    file = run.folder / "posts.parquet"
    if not set(_NEEDED) <= set(pq.read_schema(file).names):
        return _untied("version")
    posts = pd.read_parquet(file, columns=_NEEDED)
    if (posts["author"] < 0).all():
        return _untied("accounts")
    if posts["created_at"].isna().all():
        return _untied("times")
    pace = cosharing.pace_of(run.timeline.at)
    if pace is None:
        return _untied("precision")
    return Ties(None, pace, cosharing.pairs(cosharing.shareable(posts), pace))


def spread(
    run: Run, snapshot: Snapshot, narrative_id: int, *, ties: Ties, as_of: datetime | None, key: bytes
) -> Spread:
    """Gather how a narrative spread before `as_of`. `ties` of the same run; `key` makes the pseudonyms."""
    if ties.lacks == "version":
        return _nothing(ties, pd.DataFrame({"repost": np.zeros(0, dtype=bool), "author": np.zeros(0, dtype=int)}))
    found = pd.read_parquet(
        run.folder / "posts.parquet", columns=_NEEDED, filters=[("narrative_id", "==", narrative_id)]
    )
    posts = found[found["created_at"].isna() | (found["created_at"] < (as_of or FAR_FUTURE))]
    if ties.pace is None:
        return _nothing(ties, posts)
    shared = cosharing.shareable(posts)
    together = synchrony.followed(cosharing.stand_ins(shared.assign(narrative=0), ties.pace), ties.pace, k=1).iloc[0]
    q = run.narratives["synchrony_q"].iloc[narrative_id]
    bursts = cosharing.bursts(shared)
    listed = bursts.head(MOST_BURSTS)
    lanes = _lanes(shared, listed)
    past = ties.pairs[ties.pairs["at"] < (as_of or FAR_FUTURE).timestamp() * 1e6]
    partners = cosharing.partners(past[past["narrative"] == narrative_id])
    pairs = partners.head(MOST_PAIRS)
    shown = shared[shared["author"].isin({*lanes["author"], *pairs["a"], *pairs["b"]})].drop_duplicates("author")
    known = _read(snapshot, {*listed["first_row"], *shown["row"]})
    names = {a: pseudonym(known["author_id"][row], key) for a, row in zip(shown["author"], shown["row"], strict=True)}
    return Spread(
        lacks=None,
        pace=ties.pace,
        **_counts(posts),
        copies=_copies(posts),
        followed=int(together["followed"]),
        chances=int(together["chances"]),
        expected=float(together["expected"]),
        q=None if pd.isna(q) else float(q),
        n_bursts=len(bursts),
        bursts=_told(listed, known, shared),
        lanes=lanes.assign(account=lanes["author"].map(names), at=_moments(lanes["at"])).drop(columns="author"),
        n_pairs=len(partners),
        pairs=_named(pairs, names, past),
    )


def _untied(lacks: Lack) -> Ties:
    return Ties(lacks, None, pd.DataFrame(columns=cosharing.PAIR))


def _counts(posts: pd.DataFrame) -> dict[str, int]:
    reposts = posts[posts["repost"]]
    reposters = reposts.loc[reposts["author"] >= 0, "author"].nunique()
    return {"posts": len(posts), "reposts": len(reposts), "reposters": int(reposters)}


def _copies(posts: pd.DataFrame) -> int:
    """The posts that `unmarked_copy_share` counts."""
    message, author = (posts[name].to_numpy(dtype=np.int64) for name in ("message", "author"))
    return int(amplification.unmarked_copies(message, author, posts["repost"].to_numpy(dtype=bool)).sum())


def _nothing(ties: Ties, posts: pd.DataFrame) -> Spread:
    """What can be said without accounts or times."""
    none = pd.DataFrame()
    return Spread(
        lacks=ties.lacks, pace=None, **_counts(posts), copies=0, followed=0, chances=0, expected=0.0, q=None,
        n_bursts=0, bursts=none, lanes=none, n_pairs=0, pairs=none,
    )  # fmt: skip


def _read(snapshot: Snapshot, rows: Iterable[int]) -> pd.DataFrame:
    """These rows of the snapshot, indexed by row."""
    with duckdb.connect() as connection:
        wanted = {"posts": str(snapshot.posts_path), "rows": sorted(int(row) for row in rows)}
        return connection.execute(_ROWS, wanted).df().set_index("row")


def _lanes(shared: pd.DataFrame, bursts: pd.DataFrame) -> pd.DataFrame:
    """What the first accounts of each burst posted in the narrative while it lasted: burst, author, at, same."""
    found = [pd.DataFrame({"burst": [], "author": [], "at": [], "same": []}, dtype="int64")]
    for place, burst in enumerate(bursts.itertuples()):
        during = shared[(shared["at"] >= burst.start) & (shared["at"] <= burst.end)].sort_values("at", kind="stable")
        same = during[burst.kind] == burst.code
        first = during.loc[same, "author"].drop_duplicates().head(MOST_LANES)
        kept = during.assign(burst=place, same=same)[during["author"].isin(first)]
        found.append(kept[["burst", "author", "at", "same"]])
    return pd.concat(found, ignore_index=True).astype({"same": bool})


def _told(bursts: pd.DataFrame, known: pd.DataFrame, shared: pd.DataFrame) -> pd.DataFrame:
    """Bursts with what was posted, their times and their busiest minute."""
    said = [_said(known.loc[row], kind) for row, kind in zip(bursts["first_row"], bursts["kind"], strict=True)]
    told = bursts[["kind", "accounts", "posts"]].assign(
        item=pd.Series(said, dtype=object, index=bursts.index),
        start=_moments(bursts["start"]),
        end=_moments(bursts["end"]),
        busiest=[_busiest(shared, burst) for burst in bursts.to_dict("records")],
    )
    return told[["kind", "item", "accounts", "posts", "start", "end", "busiest"]]


def _said(post: pd.Series, kind: str) -> str:
    text = str(post["text"])
    if kind == "link":
        return next(iter(links(text)), None) or str(post["url"])
    return {"tags": " ".join(tags(text)), "media": str(post["media_id"])}.get(kind, text)


def _busiest(shared: pd.DataFrame, burst: dict[str, object]) -> int:
    """The most accounts within one minute, each at its first post of the item."""
    mine = shared[(shared[str(burst["kind"])] == burst["code"]) & shared["at"].between(burst["start"], burst["end"])]
    at = np.sort(mine.groupby("author")["at"].min().to_numpy())
    return int((np.searchsorted(at, at + MINUTE) - np.arange(len(at))).max())


def _named(pairs: pd.DataFrame, names: dict[int, str], past: pd.DataFrame) -> pd.DataFrame:
    near = past[past["near"]].groupby(["a", "b"])["narrative"].nunique()
    narratives = near.reindex(pd.MultiIndex.from_frame(pairs[["a", "b"]])).to_numpy()
    named = pairs.assign(account=pairs["a"].map(names), partner=pairs["b"].map(names), narratives=narratives)
    return named[["account", "partner", "co_shares", "items", "apart", "expected", "narratives"]]


def _moments(micros: pd.Series) -> pd.Series:
    return pd.to_datetime(micros.astype("int64"), unit="us", utc=True)
