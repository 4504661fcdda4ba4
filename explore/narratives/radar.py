"""What grows and is held by no narrative: small pockets of posts that share a word.

A dozen posts about something new are too few to be a narrative, and too few to have a direction of their own in the
vectors; the layout puts them beside whatever is least unlike them. Their words give them away. Every word that is too
rare to make a narrative, and that no narrative holds, is counted and tested as narratives are (`emergence`), corrected
for all words that were looked at. Which words those are does not depend on whether a post lies in the window or before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb
import numpy as np
import pandas as pd

from explore.narratives import amplification, counting, emergence
from explore.narratives.run import Run, Timeline
from explore.narratives.text import content_words
from explore.narratives.windows import Window
from explore.posts.pseudonyms import with_pseudonyms
from explore.posts.snapshots import Snapshot

FEWEST = 5  # accounts in the window (messages where there are none): fewer are a conversation
HELD = 0.5  # from this share on a narrative holds a word, and its own row tells of it
FAST = 3.0  # times the usual, at the low end of the interval: a common word may double on any day
SAME_POCKET = 0.5  # words that share this part of their posts tell of one thing
SMALL = 30  # messages; in a small run a narrative needs fewer, and a pocket may still be larger
LABEL_WORDS = 4

_POSTS = """
    SELECT s.post_id, s.created_at, s.text, s.author_id, s.views, r.message_id
    FROM (SELECT row, message_id FROM read_parquet($run_posts)
          WHERE list_contains($message_ids, message_id) AND created_at >= $start AND created_at < $as_of) r
    JOIN (SELECT *, file_row_number AS row FROM read_parquet($posts, file_row_number = true)) s USING (row)
    ORDER BY created_at, row
"""


@dataclass(frozen=True)
class Radar:
    """What was found beside the narratives as of a window.

    `pockets`, the fastest-growing first: pocket_id, label (its words, the one that was tested first), terms, the
    message_ids, n_messages and n_posts that it has in the window, outside (how many of the posts are in no narrative),
    and the columns of `emergence.score` and `emergence.judge` for the first word.
    `looked_at`: words that were tested.
    """

    pockets: pd.DataFrame
    looked_at: int


def radar(run: Run, window: Window | None, *, emerging: Collection[int]) -> Radar:
    """The small pockets held by no narrative that grow fast, beyond chance, as of `window`; none without times.

    `emerging`: narratives that are flagged as of the window. Their posts are not looked at: they are shown already, and
    would lift every common word.
    """
    if window is None:
        return Radar(pd.DataFrame(), looked_at=0)
    line = _between(run.timeline, window)
    uses = _unheld(_uses(run, line, besides=emerging), fewest_messages=int(run.manifest["fewest_messages"]))
    code, vocabulary = pd.factorize(uses["word"])  # in the order in which they were first written
    post = uses["post"].to_numpy(dtype=np.int64)
    counts = counting.count(
        line.at[post],
        line.unit[post],
        code,
        k=len(vocabulary),
        window=window,
        first_at=int(run.timeline.at.min()) if len(run.timeline.at) else 0,
        activity=line.activity,
    )
    judged = emergence.judge(emergence.score(counts)).assign(word=np.asarray(vocabulary, dtype=object))
    growing = judged[judged["flagged"] & (judged["now_authors"] >= FEWEST) & (judged["rate_ratio_low"] >= FAST)]
    growing = growing.sort_values("rate_ratio_low", ascending=False, kind="stable")
    in_window = uses[line.at[post] >= _micros(window.start)]
    return Radar(_pockets(growing, in_window), int(judged["testable"].sum()))


def examples(
    run: Run, snapshot: Snapshot, message_ids: Sequence[str], *, window: Window, key: bytes, most: int = 4
) -> pd.DataFrame:
    """The latest posts of a pocket in the window, one a message, newest first; `key` makes the pseudonyms.

    Columns as in `evidence.Evidence.examples` but for lang and shares: why, post_id, created_at, author, text, views,
    copies, accounts and reposts among those in the window.
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(
            _POSTS,
            {
                "run_posts": str(run.folder / "posts.parquet"),
                "posts": str(snapshot.posts_path),
                "message_ids": list(message_ids),
                "start": window.start,
                "as_of": window.as_of,
            },
        ).df()
    found = found.join(amplification.repeats(found))
    latest = found.drop_duplicates("message_id", keep="last")[::-1].head(most)
    columns = ["why", "post_id", "created_at", "author", "text", "views", "copies", "accounts", "reposts"]
    told = with_pseudonyms(latest, key).rename(columns={"author_id": "author"})
    return told.assign(why="in the window")[columns].reset_index(drop=True)


def _between(line: Timeline, window: Window) -> Timeline:
    """The posts of the window and its baseline."""
    past = line.before(window.as_of)
    keep = past.at >= _micros(window.baseline_start)
    return Timeline(**{name: values[keep] for name, values in vars(past).items()})


def _uses(run: Run, line: Timeline, *, besides: Collection[int]) -> pd.DataFrame:
    """Every content word of every post that is not in one of the narratives `besides`, once a post.

    Columns: post (position in `line`), message (code), narrative, unit, message_id, word.
    """
    told = run.messages.iloc[np.unique(line.message)]
    langs = told["lang"].astype(object).where(told["lang"].notna(), "en")
    found = [content_words(text, lang) for text, lang in zip(told["text"], langs, strict=True)]
    said = pd.DataFrame({"message": told.index, "message_id": told["message_id"].array, "word": found})
    said = said.explode("word").dropna(subset=["word"])
    posts = pd.DataFrame(
        {"post": np.arange(len(line.at)), "message": line.message, "narrative": line.narrative, "unit": line.unit}
    )
    return posts[~posts["narrative"].isin(besides)].merge(said, on="message")


def _unheld(uses: pd.DataFrame, *, fewest_messages: int) -> pd.DataFrame:
    """The uses of the words that enough accounts use, in fewer messages than a narrative needs, and not mostly within
    one narrative. All three are counted over window and baseline together, so that they do not favour growth."""
    by_word = uses.groupby("word")
    known = by_word["unit"].nunique() >= FEWEST
    rare = by_word["message"].nunique() < max(fewest_messages, SMALL)
    inside = uses[uses["narrative"] >= 0].groupby(["word", "narrative"]).size().groupby("word").max()
    unheld = inside.reindex(known.index, fill_value=0) < HELD * by_word.size()
    kept = known.index[known & rare & unheld]
    return uses[uses["word"].isin(kept)]


def _pockets(growing: pd.DataFrame, uses: pd.DataFrame) -> pd.DataFrame:
    """One row a pocket from the words that grow, the fastest first, and their uses in the window.

    A word joins the first pocket whose leading word shares at least half of the posts of the rarer one.
    """
    posts = {word: set(each) for word, each in uses[uses["word"].isin(growing["word"])].groupby("word")["post"]}
    leading: dict[str, list[str]] = {}
    for word in growing["word"]:
        home = next((first for first in leading if _share(posts[first], posts[word]) >= SAME_POCKET), word)
        leading.setdefault(home, []).append(word)
    rows = growing[growing["word"].isin(leading)].rename(columns={"word": "label"})
    told = [uses[uses["post"].isin(posts[word])].drop_duplicates("post") for word in rows["label"]]
    return rows.assign(
        pocket_id=np.arange(len(rows)),
        label=[" · ".join(leading[word][:LABEL_WORDS]) for word in rows["label"]],
        terms=[leading[word] for word in rows["label"]],
        message_ids=[sorted(set(each["message_id"])) for each in told],
        n_messages=[each["message"].nunique() for each in told],
        n_posts=[len(each) for each in told],
        outside=[int((each["narrative"] < 0).sum()) for each in told],
    ).reset_index(drop=True)


def _share(one: set[int], other: set[int]) -> float:
    return len(one & other) / min(len(one), len(other))


def _micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
