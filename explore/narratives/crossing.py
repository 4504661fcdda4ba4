"""Where each message of one run belongs among the narratives of another.

A message that both runs hold is where the other run put it. Any other goes where most of its nearest messages of the
other run are, those nearest in time to it, unless it lies too far from them: how far that is lies between what that
narrative's own messages have and what those of the narrative next to it have. The thresholds were found by cutting
runs in half in time (docs/decisions/0012).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives.vectors import Vectors

NEAREST = 5
AS_CLOSE_AS = 0.25  # three in four of a narrative's own messages lie closer to it than this quantile
CLOSER_THAN = 0.9  # nine in ten messages of another narrative do not
SAMPLED, FEWEST_SAMPLED = 3000, 5  # messages that stand for the others, over all narratives and for each at least
ROWS_AT_ONCE = 500
RECENT_SHARE, FEWEST_RECENT = 0.5, 50  # of each narrative the half nearest in time stands for it, at least so many

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Encode = Callable[[list[str]], Vectors]
IndexOf = Callable[[Vectors], Any]


@dataclass(frozen=True)
class Crossing:
    """`forth`: for each message of the first run, in its order, the narrative of the second it belongs to.

    -1: with messages there that are in no narrative; -2: there is nothing like it. Messages that are in no narrative of
    their own run are not looked for (-2) unless both runs hold them. `back`: the same for the messages of the second
    run. `shared`: for each message of the first run, whether the second holds it too.
    """

    forth: Ints
    back: Ints
    shared: NDArray[np.bool_]


def cross(first: pd.DataFrame, second: pd.DataFrame, *, encode: Encode, index_of: IndexOf) -> Crossing:
    """Place the messages of each of two runs among the narratives of the other.

    Both frames have message_id, text, narrative_id (-1 = none), first_at, last_at (null = unknown), as
    messages.parquet. `encode` makes comparable unit vectors of the texts of both, `index_of` an index that finds the
    nearest of some of them by cosine; they are asked only where a message is not shared. Nearest in time are the latest
    messages of the first run and the earliest of the second.
    """
    forth, back = _same(first, second), _same(second, first)
    if (forth == _UNKNOWN).any() or (back == _UNKNOWN).any():
        vectors = encode([*first["text"], *second["text"]])
        ours, theirs = vectors[: len(first)], vectors[len(first) :]
        _place(forth, ours, lambda: _Base.of(second, theirs, index_of, by="first_at", latest=False))
        _place(back, theirs, lambda: _Base.of(first, ours, index_of, by="last_at", latest=True))
    return Crossing(forth, back, first["message_id"].isin(second["message_id"]).to_numpy())


OUTSIDE, NOWHERE, _UNKNOWN = -1, -2, -3


def _same(messages: pd.DataFrame, others: pd.DataFrame) -> Ints:
    """Narrative of each message in the other run by its id; unknown where it has to be looked for."""
    narrative = pd.Series(others["narrative_id"].to_numpy(dtype=np.int64), index=others["message_id"])
    found: Ints = narrative.reindex(messages["message_id"], fill_value=_UNKNOWN).to_numpy(dtype=np.int64).copy()
    found[(found == _UNKNOWN) & (messages["narrative_id"].to_numpy() < 0)] = NOWHERE
    return found


@dataclass(frozen=True)
class _Base:
    """Messages that stand for a run: an index of their vectors, their narratives, and how close is close enough.

    `needed`: for each narrative, and at last for those in none, the mean cosine that a message must reach to the
    nearest ones: what three in four of its own messages reach, or halfway from there to what nine in ten messages of
    the narrative next to it stay below. So a narrative far from all others may drift.
    """

    index: Any
    narrative: Ints
    needed: Floats

    @classmethod
    def of(cls, messages: pd.DataFrame, vectors: Vectors, index_of: IndexOf, *, by: str, latest: bool) -> _Base:
        rows = _nearest_in_time(messages, by=by, latest=latest)
        rows = rows[vectors[rows].any(axis=1)]
        narrative = messages["narrative_id"].to_numpy(dtype=np.int64)[rows]
        index = index_of(vectors[rows])
        _, closeness = _nearest(index, vectors[rows], own=True)
        own = pd.Series(closeness).groupby(narrative).quantile(AS_CLOSE_AS)
        k = int(narrative.max(initial=-1)) + 1
        needed = own.reindex([*range(k), OUTSIDE], fill_value=np.inf).to_numpy(dtype=np.float64, copy=True)
        halfway = (needed[:k] + _of_others(vectors[rows], narrative, k=k)) / 2
        needed[:k] = np.fmin(needed[:k], halfway)
        return cls(index, narrative, needed)


def _of_others(vectors: Vectors, narrative: Ints, *, k: int) -> Floats:
    """For each narrative the mean cosine to its nearest messages below which nine in ten messages of each other one
    lie, on a sample; shape (k,), null where there is no other."""
    order = np.argsort(narrative, kind="stable")[(narrative < 0).sum() :]
    bounds = np.searchsorted(narrative[order], np.arange(k + 1))
    size = np.diff(bounds)[narrative[order]]
    rank = np.arange(len(order)) - bounds[narrative[order]]
    sample = order[rank % -(-size // max(SAMPLED // max(k, 1), FEWEST_SAMPLED)) == 0]
    closeness = np.full((len(sample), k), np.nan)
    inside = vectors[order].T
    for start in range(0, len(sample), ROWS_AT_ONCE):
        similarity = vectors[sample[start : start + ROWS_AT_ONCE]] @ inside
        for one, (low, high) in enumerate(pairwise(bounds)):
            if low < high:
                nearest = np.partition(similarity[:, low:high], -min(NEAREST, high - low), axis=1)[:, -NEAREST:]
                closeness[start : start + ROWS_AT_ONCE, one] = nearest.mean(axis=1)
    typical = pd.DataFrame(closeness).groupby(narrative[sample]).quantile(CLOSER_THAN).reindex(range(k))
    between: Floats = typical.mask(np.eye(k, dtype=bool)).max().to_numpy(dtype=np.float64)
    return between


def _nearest_in_time(messages: pd.DataFrame, *, by: str, latest: bool) -> Ints:
    """Rows of the half of each narrative (and of those in none) that is latest, or earliest; all without times."""
    if messages[by].isna().all():
        return np.arange(len(messages))
    groups = messages.groupby(messages["narrative_id"])[by]
    rank = groups.rank(method="first", ascending=not latest, na_option="bottom")
    standing: Ints = np.flatnonzero(rank <= np.maximum(FEWEST_RECENT, RECENT_SHARE * groups.transform("size")))
    return standing


def _place(found: Ints, vectors: Vectors, base_of: Callable[[], _Base]) -> None:
    """Fill the unknown places of `found`, if any, with the narrative that most of the nearest messages of the base
    belong to."""
    rows = np.flatnonzero((found == _UNKNOWN) & vectors.any(axis=1))
    found[found == _UNKNOWN] = NOWHERE
    if not len(rows):
        return
    base = base_of()
    if not len(base.narrative):
        return
    neighbours, closeness = _nearest(base.index, vectors[rows], own=False)
    best = _most_common(base.narrative, neighbours)
    found[rows] = np.where(closeness >= base.needed[best], best, NOWHERE)  # OUTSIDE is the last of `needed`


def _nearest(index: Any, vectors: Vectors, *, own: bool) -> tuple[Ints, Floats]:
    """The five nearest rows of the index, -1 = no further one, and the mean cosine to them.

    `own`: the vectors are in the index themselves; the best hit of each is left out.
    """
    if not index.ntotal or not len(vectors):
        return np.full((len(vectors), NEAREST), -1, dtype=np.int64), np.zeros(len(vectors))
    similarity, rows = index.search(np.ascontiguousarray(vectors), NEAREST + own)
    similarity, rows = similarity[:, int(own) :], rows[:, int(own) :]
    there = rows >= 0
    total = np.where(there, similarity, 0).sum(axis=1, dtype=np.float64)
    return rows.astype(np.int64), total / np.maximum(there.sum(axis=1), 1)


def _most_common(narrative: Ints, neighbours: Ints) -> Ints:
    """The narrative of most neighbours, shape (n,); of several as common, that of the nearest. -1 counts as one."""
    label = np.where(neighbours >= 0, narrative[np.maximum(neighbours, 0)], _UNKNOWN)
    votes = (label[:, :, None] == label[:, None, :]).sum(axis=2)
    votes[neighbours < 0] = 0
    common: Ints = label[np.arange(len(label)), votes.argmax(axis=1)]
    return common
