"""How many more posts of a window speak of a narrative than it holds, as a range, by its telling words and links.

What a narrative holds was grouped by likeness of whole texts; a post that mentions the same event in other words lies
elsewhere. Its words and links give it away: those that are much more frequent inside the narrative than outside.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives.run import Run
from explore.narratives.text import content_words, links
from explore.narratives.windows import Window, micros_since_epoch
from explore.posts.snapshots import Snapshot

CANDIDATES = 24  # words of the narrative that are looked at
FREQUENT = 0.05  # of the narrative's posts in the window hold a word that tells of it
FEWEST = 3  # of its units in the window, too: what one of them says is not what the narrative says
HELD = 0.2  # of the posts with a word or link lie in the narrative: then it tells
HELD_TWO = 0.5  # of the posts with two telling words: else these may be of something else, too
HELD_NEW = 0.1  # is enough for a name that was rare before
SAMPLE = 2_000  # posts that show which words are far too common to tell, before all posts that hold one are read
COMMON = 5  # uses there, beside which those in the narrative are too few
RISE = 10.0  # times as frequent as elsewhere, or before the window: much more
SAME_NAME = 0.5  # of the posts with either word hold both: they are one name, and tell one thing

Bools = NDArray[np.bool_]

# Posts of the baseline and the window that are in the narrative, or may hold what is looked for
_POSTS = """
    SELECT r.narrative_id = $narrative AS inside, r.created_at >= $start AS now, r.author, r.message, s.text, s.lang
    FROM (SELECT row, narrative_id, author, message, created_at FROM read_parquet($run_posts)
          WHERE created_at >= $since AND created_at < $as_of) r
    JOIN (SELECT text, lang, file_row_number AS row FROM read_parquet($posts, file_row_number = true)
          WHERE created_at >= $since AND created_at < $as_of) s USING (row)
    WHERE r.narrative_id = $narrative
        OR ($every > 0 AND row % greatest($every, 1) = 0)
        OR regexp_matches(regexp_replace(lower(s.text), 'https?://\\S+|[''’ʼ`´]', '', 'g'), $words)
        OR list_has_any(regexp_extract_all(s.text, 'https?://[\\w/.?=&%#~+-]*[\\w/]'), $links)
    ORDER BY row
"""
_NO_WORD = r"a\bb"  # there is no such place


@dataclass(frozen=True)
class Outside:
    """How many posts of the window outside the narrative speak of it, from `low_posts` to `high_posts`, and how many
    units (accounts, or messages where a post names none) did so in all, inside or outside, from `low_units` to
    `high_units`.

    Low: posts with a telling link, or with two telling words that are not one name, where most posts with two such are
    the narrative's. High: with any telling word, too.
    words, links: the telling ones, most frequent in the narrative first.
    """

    low_posts: int
    high_posts: int
    low_units: int
    high_units: int
    words: tuple[str, ...]
    links: tuple[str, ...]


def outside(run: Run, snapshot: Snapshot, narrative_id: int, *, window: Window) -> Outside | None:
    """What speaks of a narrative outside of it in `window`; null where it has no post there.

    A word tells where three units or more and a twentieth of the narrative's posts in the window hold it, ten times as
    many as of the posts elsewhere, and a fifth of all posts of baseline and window that hold it are in the narrative; a
    tenth where the word is ten times as frequent in the window as before.
    """
    sizes = _Sizes.of(run, window)
    every = max(1, (sizes.now + sizes.before) // SAMPLE)
    found = _posts(run, snapshot, narrative_id, window, every=every)
    own, others = found[found["inside"]], found[~found["inside"]]
    if not own["now"].any():
        return None
    candidates = _candidates(own[own["now"]], list(run.narratives["terms"].iloc[narrative_id]))
    candidates = _without_common(candidates, own, others, every=every)
    shared = set().union(*own.loc[own["now"], "text"].map(links))
    posts = _posts(run, snapshot, narrative_id, window, words=candidates, with_links=sorted(shared))
    words, told = _telling_words(posts, candidates, sizes)
    telling_links, linked = _telling_links(posts, shared)
    now, inside = (posts[name].to_numpy(dtype=bool) for name in ("now", "inside"))
    two = _as_names(told).sum(axis=1) >= 2
    certain = linked | (two if inside[two].sum() >= HELD_TWO * two.sum() else False)
    low, high = (now & ~inside & each for each in (certain, linked | told.any(axis=1)))
    return Outside(
        low_posts=int(low.sum()),
        high_posts=int(high.sum()),
        low_units=posts.loc[low | (now & inside), "unit"].nunique(),
        high_units=posts.loc[high | (now & inside), "unit"].nunique(),
        words=words,
        links=telling_links,
    )


def _posts(
    run: Run,
    snapshot: Snapshot,
    narrative_id: int,
    window: Window,
    *,
    words: Sequence[str] = (),
    with_links: Sequence[str] = (),
    every: int = 0,
) -> pd.DataFrame:
    """Posts of baseline and window that are the narrative's or may hold one of these, and every so many-th.

    Columns: inside, now, text, lang, unit.
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(
            _POSTS,
            {
                "run_posts": str(run.folder / "posts.parquet"),
                "posts": str(snapshot.posts_path),
                "narrative": narrative_id,
                "since": window.baseline_start,
                "start": window.start,
                "as_of": window.as_of,
                "words": _any_of(words) if words else _NO_WORD,
                "links": list(with_links),
                "every": every,
            },
        ).df()
    return found.assign(unit=np.where(found["author"] >= 0, found["author"], -1 - found["message"]))


def _candidates(now: pd.DataFrame, terms: Sequence[str]) -> list[str]:
    """The words that may tell, of the narrative's terms and what recurs in its posts of the window; these are `now`."""
    uses = pd.DataFrame({"word": _words(now), "unit": now["unit"]}).explode("word").groupby("word")["unit"]
    frequent = (uses.nunique() >= FEWEST) & (uses.size() >= FREQUENT * len(now))
    recurring = uses.size()[frequent].sort_values(ascending=False, kind="stable").index
    return list(dict.fromkeys([*(term for term in terms if term in recurring), *recurring]))[:CANDIDATES]


def _without_common(candidates: Sequence[str], own: pd.DataFrame, others: pd.DataFrame, *, every: int) -> list[str]:
    """The candidates without those that `others`, every so many-th post elsewhere, show to be far too common."""
    inside, elsewhere = (Counter(word for words in _words(posts) for word in words) for posts in (own, others))
    return [
        word
        for word in candidates
        if elsewhere[word] < COMMON or inside[word] >= HELD_NEW / 2 * (inside[word] + every * elsewhere[word])
    ]


@dataclass(frozen=True)
class _Sizes:
    """How many posts the window and the baseline hold, of all narratives and none."""

    now: int
    before: int

    @classmethod
    def of(cls, run: Run, window: Window) -> _Sizes:
        begins = [micros_since_epoch(at) for at in (window.baseline_start, window.start, window.as_of)]
        before, now = np.histogram(run.timeline.at, bins=begins)[0]  # up to the last edge: no post lies on it
        return cls(int(now), int(before))


def _telling_words(posts: pd.DataFrame, candidates: Sequence[str], sizes: _Sizes) -> tuple[tuple[str, ...], Bools]:
    """The words that tell, and which post holds which, shape (posts, words)."""
    place = {word: i for i, word in enumerate(candidates)}
    holds = np.zeros((len(posts), len(candidates)), dtype=bool)
    for row, words in enumerate(_words(posts)):
        holds[row, [place[word] for word in words if word in place]] = True
    inside, now = posts["inside"].to_numpy(dtype=bool), posts["now"].to_numpy(dtype=bool)
    held, own_now, others_now, before = (
        holds[which].sum(axis=0) for which in (inside, inside & now, ~inside & now, ~now)
    )
    n = int((inside & now).sum())
    much_more = own_now / max(n, 1) >= RISE * others_now / max(sizes.now - n, 1)
    rare_before = (own_now + others_now) / max(sizes.now, 1) >= RISE * np.maximum(before, 1) / max(sizes.before, 1)
    tells = much_more & (held >= np.where(rare_before, HELD_NEW, HELD) * holds.sum(axis=0))
    chosen = np.flatnonzero(tells)[np.argsort(-own_now[tells], kind="stable")]
    return tuple(candidates[i] for i in chosen), holds[:, chosen]


def _telling_links(posts: pd.DataFrame, shared: set[str]) -> tuple[tuple[str, ...], Bools]:
    """The links that tell, and which post holds one."""
    each = posts["text"].map(lambda text: shared.intersection(links(text)))
    pairs = pd.DataFrame({"link": each.map(sorted), "inside": posts["inside"]}).explode("link").dropna(subset=["link"])
    counts = pairs.groupby("link")["inside"].agg(["sum", "size"])
    counts = counts[counts["sum"] >= HELD * counts["size"]].sort_values("sum", ascending=False, kind="stable")
    telling = set(counts.index)
    return tuple(counts.index), each.map(lambda found: not telling.isdisjoint(found)).to_numpy(dtype=bool)


def _as_names(told: Bools) -> Bools:
    """Words that come together more often than apart joined into one column each."""
    together = told.T.astype(np.int64) @ told.astype(np.int64)
    uses = np.diag(together)
    alike = together >= SAME_NAME * (uses[:, None] + uses - together)
    leading = [word for word in range(told.shape[1]) if not alike[word, :word].any()]
    names = [told[:, alike[word]].any(axis=1) for word in leading]
    return np.column_stack(names) if names else np.zeros((len(told), 0), dtype=bool)


def _words(posts: pd.DataFrame) -> list[tuple[str, ...]]:
    """The content words of each post."""
    return [_read(text, lang) for text, lang in zip(posts["text"], posts["lang"].fillna("en"), strict=True)]


@lru_cache(maxsize=1 << 15)
def _read(text: str, lang: str) -> tuple[str, ...]:
    return tuple(content_words(text, lang))


def _any_of(words: Sequence[str]) -> str:
    """A regular expression of RE2 for any of these. Between spaces stand the words of some scripts only."""
    alone = "|".join(re.escape(word) for word in words if word.isascii())
    anywhere = [re.escape(word) for word in words if not word.isascii()]
    return "|".join([*([f"\\b(?:{alone})\\b"] if alone else []), *anywhere])
