"""The same text, link, tags or media, posted by different accounts close together in time.

A post that begins with "RT @name" is a repost: it says where it comes from, and is counted apart. Edges as in CooRTweet
(Righetti & Balluff 2025): two accounts, the same object, within a time window; the weight is the number of co-shares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives.text import is_repost, links, tags
from explore.posts.collection import precision_of

Ints = NDArray[np.int64]

KINDS = ("message", "link", "tags", "media")  # what two posts can share, the most telling first
FEWEST_TAGS = 2
FEWEST_CO_SHARES = 2  # different items, from which on a pair of accounts is listed
FEWEST_IN_BURST = 5  # accounts
BURST_GAP = timedelta(minutes=10)  # the longest pause inside a burst
PAIR = ["narrative", "kind", "code", "row_a", "row_b", "at", "a", "b", "apart", "near", "chance"]
MOST_COMPARED = 50  # posts of an item that each post is compared with, the next in time


@dataclass(frozen=True)
class Pace:
    """How close two posts must be to count as posted together, in units of the data's own precision.

    unit: one second or one minute. near: the most units apart. stretch: units of the stretch of time inside which the
    moment of a post is taken as chance.
    """

    unit: timedelta
    near: int
    stretch: int

    def units(self, at: Ints) -> Ints:
        """Whole units since the epoch of `at`, microseconds."""
        return at // (self.unit // timedelta(microseconds=1))


# CooRTweet's 10 s; where times are to the minute, the same minute. The stretches are the longest in which ordinary
# retweets of 28 crises looked like chance (docs/decisions/0013-amplification.md).
SECONDS = Pace(timedelta(seconds=1), near=10, stretch=120)
MINUTES = Pace(timedelta(minutes=1), near=0, stretch=5)


def pace_of(at: Ints) -> Pace | None:
    """The pace that the precision of the times (microseconds) allows; null where they are to the hour or the day."""
    if len(at) == 0:
        return None
    precision = precision_of(*np.unique(at // 1_000_000, return_counts=True))
    return {"second": SECONDS, "minute": MINUTES}.get(precision)


def items(posts: pd.DataFrame) -> pd.DataFrame:
    """What each post could share with others besides its message, index as `posts`.

    `posts` has text, url, media_id. Columns: link (the first of the text, else the url), tags (their sequence, two or
    more), media: codes, -1 = none; repost: whether the post is one.
    """
    codes, distinct = pd.factorize(posts["text"])

    def each(found: Callable[[str], object]) -> pd.Series:
        return pd.Series(np.array([found(text) for text in distinct], dtype=object)[codes], index=posts.index)

    link = each(_first_link)
    return pd.DataFrame(
        {
            "link": _coded(link.where(link.notna(), posts["url"])),
            "tags": _coded(each(_tag_sequence)),
            "media": _coded(posts["media_id"]),
            "repost": each(is_repost).astype(bool),
        },
        index=posts.index,
    )


def shareable(posts: pd.DataFrame) -> pd.DataFrame:
    """The posts of a run that can be compared: in a narrative, with a time and an account, and no repost.

    Columns: row, at (microseconds), author, narrative, and the codes of KINDS (-1 = none).
    """
    kept = posts[(posts["narrative_id"] >= 0) & (posts["author"] >= 0) & posts["created_at"].notna() & ~posts["repost"]]
    whole = {name: kept[name].to_numpy(dtype=np.int64) for name in ("row", "author", *KINDS)}
    at = kept["created_at"].astype("datetime64[us, UTC]").astype("int64").to_numpy()
    return pd.DataFrame({**whole, "at": at, "narrative": kept["narrative_id"].to_numpy(dtype=np.int64)})


def by_item(shared: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The posts whose item of this kind two accounts or more posted in the same narrative, with `item`, its code."""
    kept = shared[shared[kind] >= 0]
    kept = kept[kept.duplicated(["narrative", kind], keep=False)]
    item = kept.groupby(["narrative", kind], sort=False).ngroup()
    authors = kept.groupby(item)["author"]
    different = authors.transform("min") != authors.transform("max")
    return kept[different].assign(item=item[different])


def pairs(shared: pd.DataFrame, pace: Pace) -> pd.DataFrame:
    """Every two posts of one item by different accounts that are near, or that could be by chance.

    Columns: narrative, kind, code, row_a, row_b (posts, in order of time), at (of the later, microseconds), a, b
    (accounts, the smaller code first), apart (seconds), near, chance: the probability of being near had each come at
    a random moment of its own stretch.
    Two posts that share several kinds count once, and an account counts once an item and stretch. Of an item posted by
    a crowd each post is compared with the next MOST_COMPARED only.
    """
    found = [part for kind in KINDS for part in _pairs(by_item(shared, kind), kind, pace)]
    none = pd.DataFrame(columns=PAIR).astype({"near": bool})
    table = pd.concat(found, ignore_index=True) if found else none
    return table.drop_duplicates(["row_a", "row_b"]).reset_index(drop=True)


def partners(found: pd.DataFrame) -> pd.DataFrame:
    """Pairs of accounts with FEWEST_CO_SHARES different items or more posted near each other, most co-shares first.

    `found` as `pairs` gives it. Columns: a, b, co_shares, items, narratives, apart (median seconds), expected.
    """
    ties = found.groupby(["a", "b"], sort=False)
    near = found[found["near"]]
    by_pair = near.groupby(["a", "b"])
    table = by_pair.agg(co_shares=("near", "size"), narratives=("narrative", "nunique"), apart=("apart", "median"))
    table["items"] = near.drop_duplicates(["a", "b", "kind", "code"]).groupby(["a", "b"]).size()
    table["expected"] = ties["chance"].sum()
    table = table[table["items"] >= FEWEST_CO_SHARES].reset_index()
    order = ["co_shares", "items", "a", "b"]
    return table.sort_values(order, ascending=[False, False, True, True], ignore_index=True)


def bursts(shared: pd.DataFrame) -> pd.DataFrame:
    """One item by FEWEST_IN_BURST accounts or more, no two posts in a row more than BURST_GAP apart; the largest first.

    Columns: narrative, kind, code, accounts, posts, start, end (microseconds), first_row, last_row. Where the posts of
    two bursts are the same, the more telling kind is kept.
    """
    columns = ["narrative", "kind", "code", "accounts", "posts", "start", "end", "first_row", "last_row"]
    found = [_bursts(by_item(shared, kind), kind)[columns] for kind in KINDS]
    same_posts = ["narrative", "first_row", "last_row", "posts"]
    table = pd.concat(found, ignore_index=True).drop_duplicates(same_posts)
    order = ["accounts", "posts", "start"]
    return table.sort_values(order, ascending=[False, False, True], kind="stable", ignore_index=True)


def stand_ins(shared: pd.DataFrame, pace: Pace) -> pd.DataFrame:
    """One post for each account, item and stretch of time, where two accounts or more posted the item in the stretch.

    A post that shares several kinds stands for the one that most accounts share in its stretch, so that nothing counts
    twice. Nothing here depends on the moment inside a stretch. Columns: row, narrative, item (code over all kinds),
    stretch, unit; sorted by item and time.
    """
    found, items_before = [], 0
    for kind in KINDS:
        posts = _once_a_stretch(by_item(shared, kind), pace)
        company = posts.groupby(["item", "stretch"])["author"].transform("size")
        found.append(posts.assign(item=posts["item"] + items_before, company=company)[company >= 2])
        items_before += int(posts["item"].max() + 1) if len(posts) else 0
    table = pd.concat(found, ignore_index=True).sort_values("company", ascending=False, kind="stable")
    table = table.drop_duplicates("row")
    table = table[table.duplicated(["item", "stretch"], keep=False)]
    columns = ["row", "narrative", "item", "stretch", "unit"]
    return table[columns].sort_values(["item", "unit", "row"], kind="stable", ignore_index=True)


def _first_link(text: str) -> str | None:
    return next(iter(links(text)), None) if "/" in text else None


def _tag_sequence(text: str) -> str | None:
    found = tags(text) if "#" in text or "＃" in text else []
    return " ".join(found) if len(found) >= FEWEST_TAGS else None


def _coded(values: pd.Series) -> NDArray[np.int32]:
    codes, _ = pd.factorize(values.astype(object))
    return np.asarray(codes, dtype=np.int32)


def _lot(row: Ints) -> NDArray[np.uint64]:
    """A number for each row in no order (Fibonacci hashing)."""
    mixed: NDArray[np.uint64] = row.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return mixed ^ (mixed >> np.uint64(29))


def _once_a_stretch(grouped: pd.DataFrame, pace: Pace) -> pd.DataFrame:
    """`by_item` with `unit` and `stretch`, one post for each account, item and stretch, sorted by item and time.

    Which one does not depend on its time, or chance could not move it.
    """
    unit = pace.units(grouped["at"].to_numpy())
    placed = grouped.assign(unit=unit, stretch=unit // pace.stretch, lot=_lot(grouped["row"].to_numpy()))
    drawn = placed.sort_values("lot", kind="stable").drop_duplicates(["item", "author", "stretch"])
    return drawn.sort_values(["item", "unit", "row"], kind="stable", ignore_index=True)


def _pairs(grouped: pd.DataFrame, kind: str, pace: Pace) -> Iterator[pd.DataFrame]:
    """The pairs of one kind: each post with the next, the next but one and so on, as long as any is close enough."""
    posts = _once_a_stretch(grouped, pace)
    item, unit, stretch, author, at, row = (
        posts[name].to_numpy(dtype=np.int64) for name in ("item", "unit", "stretch", "author", "at", "row")
    )
    within, beyond = _chances(pace)
    for step in range(1, MOST_COMPARED + 1):
        stretches = stretch[step:] - stretch[:-step]
        close = (item[step:] == item[:-step]) & (stretches <= 1)
        if not close.any():
            return
        first = np.flatnonzero(close & (author[step:] != author[:-step]))
        second = first + step
        yield pd.DataFrame(
            {
                "narrative": posts["narrative"].to_numpy()[first],
                "kind": kind,
                "code": posts[kind].to_numpy()[first],
                "row_a": row[first],
                "row_b": row[second],
                "at": at[second],
                "a": np.minimum(author[first], author[second]),
                "b": np.maximum(author[first], author[second]),
                "apart": (at[second] - at[first]) / 1e6,
                "near": unit[second] - unit[first] <= pace.near,
                "chance": np.where(stretches[first] == 0, within, beyond),
            }
        )


def _chances(pace: Pace) -> tuple[float, float]:
    """Probability that two posts are near, each at a random unit of the same stretch, and of two stretches in a row."""
    n, w = pace.stretch, pace.near
    return (n * (2 * w + 1) - w * (w + 1)) / n**2, w * (w + 1) / 2 / n**2


def _bursts(grouped: pd.DataFrame, kind: str) -> pd.DataFrame:
    posts = grouped.sort_values(["item", "at", "row"], kind="stable", ignore_index=True)
    pause = posts["at"].diff().to_numpy() > BURST_GAP // timedelta(microseconds=1)
    burst = (pause | (posts["item"].diff().to_numpy() != 0)).cumsum()
    table = posts.groupby(burst).agg(
        narrative=("narrative", "first"),
        code=(kind, "first"),
        accounts=("author", "nunique"),
        posts=("author", "size"),
        start=("at", "first"),
        end=("at", "last"),
        first_row=("row", "first"),
        last_row=("row", "last"),
    )
    return table[table["accounts"] >= FEWEST_IN_BURST].assign(kind=kind)
