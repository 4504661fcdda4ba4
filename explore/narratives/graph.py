"""Nearest neighbours of every message, found once and used by the layouts, the clusters and search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explore.narratives.vectors import in_one_thread

EXACT_BELOW = 20_000
NEIGHBOURS = 20
LANDMARKS_NEAR = 15
PROBES = 24
ROUNDS, POINTS_PER_LIST = 4, 40  # of training: a third of the time of faiss' own numbers, at the same recall
BATCH = 50_000


@dataclass(frozen=True)
class Neighbours:
    """`indices` and cosine `distances`, shape (n, k), nearest first; of messages among themselves, column 0 is the
    message itself at distance 0."""

    indices: NDArray[np.int32]
    distances: NDArray[np.float32]


def index_of(vectors: NDArray[np.float32]) -> Any:
    """An index to search the vectors by cosine.

    Exact up to 20,000 messages; beyond, faiss IVF with 4 sqrt(n) lists and 24 probes (of 60,000 messages in 200
    dimensions: .966 of the 20 nearest are found).
    """
    import faiss

    n, d = vectors.shape
    if n <= EXACT_BELOW:
        index: Any = faiss.IndexFlatIP(d)
    else:
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(d), d, int(4 * np.sqrt(n)), faiss.METRIC_INNER_PRODUCT)
        index.nprobe = PROBES
        index.cp.niter, index.cp.max_points_per_centroid = ROUNDS, POINTS_PER_LIST
        index.cp.min_points_per_centroid = 1  # below its own number faiss prints a warning, and does the same
        with in_one_thread():
            index.train(vectors)
    index.add(vectors)
    return index


def nearest(vectors: NDArray[np.float32], index: Any, *, k: int = NEIGHBOURS) -> Neighbours:
    """The k nearest messages of each message by cosine, itself included; `index`: of these very vectors.

    Fewer than k messages give fewer columns.
    """
    similarity, indices = _search(index, vectors, min(k, len(vectors)))
    return _self_first(indices, 1 - similarity)


def among(vectors: NDArray[np.float32], index: Any, *, k: int = LANDMARKS_NEAR) -> Neighbours:
    """The k nearest landmarks, those in the index, of each of other messages; -1 where the index left a place empty."""
    k = min(k, index.ntotal)
    found = [_search(index, vectors[at : at + BATCH], k) for at in range(0, len(vectors), BATCH)]
    similarity, indices = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Neighbours(indices.astype(np.int32), np.clip(1 - similarity, 0, 2))


def _search(index: Any, vectors: NDArray[np.float32], k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Cosines and places of the k nearest in the index, shape (n, k) each; the same on any number of cores.

    What faiss computes as a product of matrices differs in the last bit with the number of threads.
    """
    import faiss

    with in_one_thread():
        if isinstance(index, faiss.IndexFlat):
            return index.search(vectors, k)
        closeness, lists = index.quantizer.search(vectors, index.nprobe)
    return index.search_preassigned(vectors, k, lists, closeness)  # type: ignore[no-any-return]


def _self_first(indices: NDArray[np.int64], distances: NDArray[np.float32]) -> Neighbours:
    """Put each row's own index in column 0; fill places that the index left empty with the row itself, far away."""
    n, k = indices.shape
    own = np.arange(n)[:, None]
    distances = np.where(indices < 0, 1.0, distances)
    indices = np.where(indices < 0, own, indices)
    is_own = indices == own
    rank = np.where(is_own & (np.cumsum(is_own, axis=1) == 1), -1.0, np.clip(distances, 0, 2))
    missing = ~is_own.any(axis=1)
    indices[missing, -1], rank[missing, -1] = own[missing, 0], -1.0
    order = np.argsort(rank, axis=1, kind="stable")
    indices = np.take_along_axis(indices, order, axis=1)
    ranked = np.take_along_axis(rank, order, axis=1)
    ranked[:, :1] = 0 if k else ranked[:, :1]
    return Neighbours(indices=indices.astype(np.int32), distances=ranked.astype(np.float32))
