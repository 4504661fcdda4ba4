"""UMAP layouts of the messages: five dimensions to cluster in, two to look at, from one neighbour graph."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explore.narratives.descent import Curve
from explore.narratives.vectors import in_one_thread

PUSHED_PER_PULL = 3  # messages that a pair of neighbours is kept apart from, each time it is drawn together
# a and b of umap.umap_.find_ab_params(spread=1, min_dist=.1 and 0): room on the map, none where clusters are sought
MAP_CURVE = Curve(1.5769434602697652, 0.8950608778515733)
CLUSTER_CURVE = Curve(1.93280839734315, 0.7904949732233831)

SIDE = 10  # of the square, cube ... that a layout starts in

Points = NDArray[np.float32]


def fuzzy_graph(indices: NDArray[np.int32], distances: Points, *, seed: int) -> Any:
    """UMAP's weighted neighbour graph, a symmetric scipy CSR matrix of shape (n, n).

    `indices`, `distances`: the nearest neighbours of each of n messages, itself first; shape (n, k).
    """
    from umap.umap_ import fuzzy_simplicial_set

    _keep_what_is_compiled()
    graph, _, _ = fuzzy_simplicial_set(
        indices,  # for its length alone: the neighbours are given
        n_neighbors=indices.shape[1],
        random_state=np.random.RandomState(seed),
        metric="cosine",
        knn_indices=indices,
        knn_dists=distances,
    )
    return graph.tocsr()


def memberships(indices: NDArray[np.int32], distances: Points, *, among: int) -> Any:
    """How strongly messages belong to their nearest of the `among` ones laid out: UMAP's weights, CSR (n, among).

    `indices`, `distances`: shape (n, k), nearest first, -1 = none. The nearest weighs 1; what is not alike at all (a
    distance of one and more) weighs nothing.
    """
    from scipy import sparse
    from umap.umap_ import compute_membership_strengths, smooth_knn_dist

    _keep_what_is_compiled()
    breadth, nearest = smooth_knn_dist(distances, float(distances.shape[1]))
    row, column, weight, _ = compute_membership_strengths(indices, distances, breadth, nearest, bipartite=True)
    known = (indices.ravel() >= 0) & (distances.ravel() < 1)
    entries = (weight[known], (row[known], column[known]))
    return sparse.csr_matrix(entries, shape=(len(indices), among), dtype=np.float32)


def embed(graph: Any, start: Points, *, epochs: int, seed: int) -> Points:
    """Lay the graph out from `start`, shape (n, dimensions); the result has the same shape. One seeded thread."""
    curve = MAP_CURVE if start.shape[1] == 2 else CLUSTER_CURVE
    low, high = start.min(axis=0), start.max(axis=0)
    start = SIDE * (start - low) / np.where(high > low, high - low, 1)
    return curve.descend(graph, start, epochs=epochs, pushes=PUSHED_PER_PULL, seed=seed)


def principal(vectors: Points, *, dimensions: int, seed: int) -> Points:
    """The first principal components, scaled to UMAP's starting range; missing ones are filled with seeded noise."""
    from sklearn.decomposition import PCA

    n, d = vectors.shape
    possible = min(dimensions, d, n)
    with in_one_thread():
        points = PCA(possible, svd_solver="covariance_eigh", random_state=seed).fit_transform(vectors)
    noise = np.random.default_rng(seed).normal(scale=1e-2, size=(n, dimensions))
    noise[:, :possible] += points
    spread = np.abs(noise).max() or 1.0
    return (10 * noise / spread).astype(np.float32)


def warm_up() -> None:
    """Compile the loop that `embed` runs, for the map and for clusters."""
    from scipy import sparse

    pair = sparse.csr_matrix(np.array([[0, 1], [1, 0]], dtype=np.float32))
    for dimensions in (2, 5):
        embed(pair, np.eye(2, dimensions, dtype=np.float32), epochs=1, seed=0)


@cache
def _keep_what_is_compiled() -> None:
    """Have umap's loops compiled once on this machine instead of once in every process, which takes seconds.

    umap itself needs a folder that numba may write to (NUMBA_CACHE_DIR names one).
    """
    from umap import umap_

    umap_.smooth_knn_dist.enable_caching()
    umap_.compute_membership_strengths.enable_caching()
