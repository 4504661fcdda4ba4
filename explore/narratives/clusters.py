"""HDBSCAN over the layout, another granularity from the kept tree, and what becomes of the messages it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explore.errors import Refused
from explore.narratives.hierarchy import Hierarchy
from explore.narratives.vectors import typicality

MIN_SAMPLES = 5
FEWEST = 5  # messages of the smallest narrative that a named level may hold
STRENGTH_FLOOR = 0.5
COSINE_FLOOR = 0.15  # fewer than 5 in 1,000 members lie below it in real snapshots, and those have nothing in common
MIN_ACCOUNTS_ALONE = 5
LEVELS = {"broad": 3.0, "medium": 1.0, "fine": 1 / 3}
SIZES_TRIED = 24
LARGEST_SHARE = 1 / 4
HARDLY_MORE = 1.15

Labelled = tuple[NDArray[np.int64], NDArray[np.float64]]  # labels and strength, as in `Clusters`


@dataclass(frozen=True)
class Clusters:
    """`labels`: narrative of each message (0.., -1 = none), shape (n,); `strength`: 0-1, 0 where there is none;
    `origin`: how it came to be one, see `origins`."""

    labels: NDArray[np.int64]
    strength: NDArray[np.float64]
    origin: NDArray[np.int64]


@dataclass(frozen=True)
class Level:
    """A granularity: `fewest_messages` of its large narratives, and about how many `narratives` it gives."""

    fewest_messages: int
    narratives: int


def level(granularity: str) -> str | int:
    """The granularity as a named level or a number of messages. Raises `Refused` for anything else."""
    if granularity in LEVELS:
        return granularity
    if granularity.isascii() and granularity.isdigit() and int(granularity) >= 2:
        return int(granularity)
    raise Refused(f"Granularity '{granularity}' is not known. Say broad, medium, fine or a number of messages.")


def levels(tree: NDArray[np.float64]) -> dict[str, Level]:
    """The levels broad, medium and fine of the n messages of a tree, found from the data.

    medium is the largest size, of 24 between 0.05 and 1.6 sqrt(n) messages (at least 5), at which HDBSCAN leaves
    hardly more messages out (15 % more at most) than at the best of them: smaller ones split what belongs together and
    drop the edges, larger ones drop whole narratives, and of sizes that leave out the same the largest leaves the least
    to read. Sizes at which one narrative would hold more than a quarter of all messages, or there would be fewer than
    two, do not count; without any that does, medium is 0.2 sqrt(n). broad is three times medium, fine a third of it (at
    least 5).
    """
    n = len(tree) + 1
    cut_at = _cut_at(tree, n=n)
    sizes = np.unique(np.geomspace(max(5.0, 0.05 * n**0.5), max(8.0, 1.6 * n**0.5), SIZES_TRIED).round().astype(int))
    left_out: dict[int, float] = {}
    for size in sizes.tolist():
        labels, _ = cut_at(size)
        members = np.bincount(labels[labels >= 0])
        if len(members) >= 2 and members.max() <= LARGEST_SHARE * n:
            left_out[size] = float((labels < 0).mean())
    fewest_out = min(left_out.values(), default=0.0)
    medium = max(
        (size for size, share in left_out.items() if share <= fewest_out * HARDLY_MORE),
        default=max(8, round(0.2 * n**0.5)),
    )
    found = {}
    for name, factor in LEVELS.items():
        fewest = max(FEWEST, round(factor * medium))
        labels, _ = _layered(cut_at, ladder(fewest))
        found[name] = Level(fewest_messages=fewest, narratives=int(labels.max(initial=-1)) + 1)
    return found


def ladder(size: int) -> list[int]:
    """`size`, a third of it, a third of that ... down to 5: the sizes at which what is left out is looked at again."""
    sizes = [size]
    while sizes[-1] > FEWEST:
        sizes.append(max(FEWEST, round(sizes[-1] / 3)))
    return sizes


def linkage(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """HDBSCAN's single-linkage tree of the layout, shape (n - 1, 4)."""
    from hdbscan import HDBSCAN

    if len(points) <= MIN_SAMPLES:
        return np.empty((0, 4))
    model = HDBSCAN(min_cluster_size=MIN_SAMPLES, min_samples=MIN_SAMPLES, core_dist_n_jobs=1, gen_min_span_tree=False)
    model.fit(points.astype(np.float64))
    tree: NDArray[np.float64] = model.single_linkage_tree_.to_numpy()
    return tree


def cut(tree: NDArray[np.float64], *, sizes: Sequence[int], n: int) -> list[Labelled]:
    """Labels and strength of n messages at `sizes[0]`, then at each size after it alone.

    What the first size leaves out is looked at again at the next one, and so on: a small narrative far from any large
    one is not lost for being small.
    """
    cut_at = _cut_at(tree, n=n)
    return [_layered(cut_at, sizes), *(cut_at(size) for size in sizes[1:])]


def settle(
    labels: NDArray[np.int64],
    strength: NDArray[np.float64],
    graph: Any,
    *,
    vectors: NDArray[np.float32],
    fewest: int,
    n_posts: NDArray[np.int64],
    n_authors: NDArray[np.int64],
    landmarks: int,
) -> Clusters:
    """See to the messages that were left out (label -1).

    `graph`: neighbour weights, CSR of shape (n, n). `vectors`: unit rows. `n_posts`, `n_authors`: per message.
    `landmarks`: so many messages, the first, were laid out; the others are seen to when these are.

    A message joins the narrative that holds most of its neighbour weight, when that share (its strength) reaches one
    half. A message whose cosine to its narrative's mean is below 0.15 is left out after all: the layout puts even what
    is like nothing else beside something. A message left out even so, but posted at least `fewest` times by at least
    five accounts, is a narrative by itself.
    """
    for rows in (slice(landmarks), slice(landmarks, None)):
        labels, strength = _adopt(labels, strength, graph, rows)
    labels, strength = _without_strangers(labels, strength, vectors)
    alone = np.flatnonzero((labels < 0) & (n_posts >= fewest) & (n_authors >= MIN_ACCOUNTS_ALONE))
    labels[alone] = labels.max(initial=-1) + 1 + np.arange(len(alone))
    strength[alone] = 1.0
    return Clusters(labels=labels, strength=strength, origin=np.zeros(len(labels), dtype=np.int64))


def numbered(labels: NDArray[np.int64], strength: NDArray[np.float64], *, origin: NDArray[np.int64]) -> Clusters:
    """The clusters with the gaps in their numbering closed."""
    inside = labels >= 0
    closed = np.full(len(labels), -1, dtype=np.int64)
    closed[inside] = np.unique(labels[inside], return_inverse=True)[1]
    return Clusters(labels=closed, strength=strength, origin=origin)


def _layered(cut_at: Callable[[int], Labelled], sizes: Sequence[int]) -> Labelled:
    """The clusters at `sizes[0]`; among what they leave out those at the next size, and so on.

    A cluster of a later size counts when at least half of it, and at least as many messages as that size, were out.
    """
    labels, strength = cut_at(sizes[0])
    for size in sizes[1:]:
        finer, certainty = cut_at(size)
        out = (labels < 0) & (finer >= 0)
        free = np.bincount(finer[out], minlength=finer.max(initial=-1) + 1)
        held = np.bincount(finer[finer >= 0], minlength=len(free))
        new = np.flatnonzero((free >= size) & (2 * free >= held))
        number = np.full(len(free) + 1, -1)  # the last place answers for -1
        number[new] = labels.max(initial=-1) + 1 + np.arange(len(new))
        strength = np.where(out & (number[finer] >= 0), certainty, strength)
        labels = np.where(out, number[finer], labels)
    return labels, strength


def _cut_at(tree: NDArray[np.float64], *, n: int) -> Callable[[int], Labelled]:
    """Labels and strength of n messages at a size; those beyond the tree's are in none."""
    hierarchy = Hierarchy(tree)

    @cache  # the ladders of the levels share their rungs
    def cut_at(size: int) -> Labelled:
        labels, strength = np.full(n, -1, dtype=np.int64), np.zeros(n)
        if len(tree):
            labels[: hierarchy.messages], strength[: hierarchy.messages] = hierarchy.excess_of_mass(size)
        return labels, strength

    return cut_at


def _adopt(labels: NDArray[np.int64], strength: NDArray[np.float64], graph: Any, rows: slice) -> Labelled:
    """Give each left-out message of `rows` to the narrative of most of its neighbour weight, where that is half or
    more."""
    from scipy import sparse

    k = int(labels.max(initial=-1)) + 1
    out = np.arange(len(labels))[rows]
    out = out[labels[out] < 0]
    labels, strength = labels.copy(), strength.copy()
    if k == 0 or len(out) == 0:
        return labels, strength
    inside = np.flatnonzero(labels >= 0)
    member = sparse.csr_matrix((np.ones(len(inside)), (inside, labels[inside])), shape=(len(labels), k))
    near = graph[out]
    votes = (near @ member).tocsr()
    total = np.asarray(near.sum(axis=1)).ravel()
    best, most = _heaviest(votes)
    share = most / np.where(total > 0, total, 1)
    adopted = share >= STRENGTH_FLOOR
    labels[out[adopted]] = best[adopted]
    strength[out[adopted]] = share[adopted]
    return labels, strength


def _heaviest(votes: Any) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Column and value of the greatest entry of each CSR row, the first of equal ones; 0 and 0 in a row without any."""
    votes.sort_indices()
    held = np.diff(votes.indptr)
    best, most = np.zeros(len(held), dtype=np.int64), np.zeros(len(held))
    some = np.flatnonzero(held)
    if len(some):
        most[some] = np.maximum.reduceat(votes.data, votes.indptr[some])
        row = np.repeat(np.arange(len(held)), held)
        entries = np.flatnonzero(votes.data == most[row])
        rows, first = np.unique(row[entries], return_index=True)
        best[rows] = votes.indices[entries[first]]
    return best, most


def _without_strangers(
    labels: NDArray[np.int64], strength: NDArray[np.float64], vectors: NDArray[np.float32]
) -> Labelled:
    """Leave out what has next to nothing in common with its narrative, and close the gaps in the numbering."""
    kept = typicality(vectors, labels) >= COSINE_FLOOR
    without, none = np.where(kept, labels, -1), np.zeros(len(labels), dtype=np.int64)
    settled = numbered(without, np.where(kept, strength, 0.0), origin=none)
    return settled.labels, settled.strength
