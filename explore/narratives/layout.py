"""UMAP layouts of the messages: five dimensions to cluster in, two to look at, from one neighbour graph."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

PUSHED_PER_PULL = 3  # messages that a pair of neighbours is kept apart from, each time it is drawn together

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


def embed(graph: Any, start: Points, *, epochs: int, seed: int) -> Points:
    """Lay the graph out from `start`, shape (n, dimensions); the result has the same shape. One seeded thread."""
    from umap.umap_ import find_ab_params, simplicial_set_embedding

    _keep_what_is_compiled()
    a, b = find_ab_params(spread=1.0, min_dist=0.1 if start.shape[1] == 2 else 0.0)
    points, _ = simplicial_set_embedding(
        start,
        graph,
        n_components=start.shape[1],
        initial_alpha=1.0,
        a=a,
        b=b,
        gamma=1.0,
        negative_sample_rate=PUSHED_PER_PULL,
        n_epochs=epochs,
        init=start,
        random_state=np.random.RandomState(seed),
        metric="euclidean",
        metric_kwds={},
        densmap=False,
        densmap_kwds={},
        output_dens=False,
        parallel=False,
    )
    return np.asarray(points, dtype=np.float32)


def principal(vectors: Points, *, dimensions: int, seed: int) -> Points:
    """The first principal components, scaled to UMAP's starting range; missing ones are filled with seeded noise."""
    from sklearn.decomposition import PCA

    n, d = vectors.shape
    possible = min(dimensions, d, n)
    points = PCA(possible, svd_solver="covariance_eigh", random_state=seed).fit_transform(vectors)
    noise = np.random.default_rng(seed).normal(scale=1e-2, size=(n, dimensions))
    noise[:, :possible] += points
    spread = np.abs(noise).max() or 1.0
    return (10 * noise / spread).astype(np.float32)


@cache
def _keep_what_is_compiled() -> None:
    """Have umap's loops compiled once on this machine instead of once in every process, which takes four seconds.

    Where numba finds no folder that it may write to, they are compiled anew.
    """
    from umap import layouts, umap_

    loops = (
        umap_.smooth_knn_dist,
        umap_.compute_membership_strengths,
        layouts._nb_optimize_layout_euclidean_single_epoch,
    )
    with suppress(RuntimeError):
        for loop in loops:
            loop.enable_caching()
