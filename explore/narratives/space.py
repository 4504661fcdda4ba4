"""How the messages lie to each other: neighbours, a tree to cut narratives from, and a map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explore.narratives import clusters, graph, layout
from explore.narratives.graph import Neighbours
from explore.narratives.vectors import Vectors, unit_rows
from explore.processes import Submit
from explore.progress import StageClock

LAYOUT_EPOCHS, MAP_EPOCHS = 50, 80
FEWEST_TO_CLUSTER = 15
LANDMARKS = 300_000
BESIDE_FROM = 20_000  # messages; below, other processes take longer to start than the layouts to make

Points = NDArray[np.float32]


@dataclass(frozen=True)
class Space:
    """How the messages with words lie to each other; n of them, of which the first m are the landmarks (m = n mostly).

    `vectors`: unit rows, shape (n, d). `graph`: neighbour weights, CSR of shape (n, n); rows of other messages point to
    landmarks only. `tree`: HDBSCAN's single-linkage tree of the landmarks, shape (m - 1, 4).
    """

    vectors: Vectors
    graph: Any
    tree: NDArray[np.float64]


def lay_out(
    vectors: Vectors, *, seed: int, clock: StageClock, beside: Submit
) -> tuple[Callable[[], Space], Callable[[], Points]]:
    """Two functions that wait: for the space of the messages, and for their places on the map, shape (n, 2).

    Beyond 300,000 messages, the first so many are laid out, and the others take their place among their nearest
    landmarks. Both are made beside this process once the neighbours are found.
    """
    from scipy import sparse

    n = len(vectors)
    if n < FEWEST_TO_CLUSTER:
        nowhere = np.zeros((n, 2), dtype=np.float32)
        alone = Space(vectors, sparse.csr_matrix((n, n), dtype=np.float32), np.empty((0, 4)))
        return lambda: alone, lambda: nowhere
    fitted = vectors[:LANDMARKS]
    clock("Finding neighbours", 0.2)
    index = graph.index_of(fitted)
    neighbours = graph.nearest(fitted, index)
    laid = beside(_laid, neighbours, layout.principal(fitted, dimensions=5, seed=seed), seed=seed)
    drawn = beside(_drawn, neighbours, layout.principal(fitted, dimensions=2, seed=seed), seed=seed)
    others = graph.among(vectors[LANDMARKS:], index)

    def settled() -> Space:
        weights, tree = laid()
        wider = sparse.csr_matrix((weights.data, weights.indices, weights.indptr), shape=(len(fitted), n))
        whole = sparse.vstack([wider, others], format="csr") if n > len(fitted) else weights
        return Space(vectors, whole, tree)

    return settled, lambda: _placed(drawn(), others)


def _laid(neighbours: Neighbours, start: Points, *, seed: int) -> tuple[Any, NDArray[np.float64]]:
    """The graph of the messages, shape (n, n), and their tree."""
    weights = layout.fuzzy_graph(neighbours.indices, neighbours.distances, seed=seed)
    return weights, clusters.linkage(layout.embed(weights, start, epochs=LAYOUT_EPOCHS, seed=seed))


def _drawn(neighbours: Neighbours, start: Points, *, seed: int) -> Points:
    """The places of the messages on the map, shape (n, 2)."""
    weights = layout.fuzzy_graph(neighbours.indices, neighbours.distances, seed=seed)
    return layout.embed(weights, start, epochs=MAP_EPOCHS, seed=seed)


def warm_up() -> None:
    """Import and compile what `lay_out` needs."""
    vectors = unit_rows(np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32))

    def here(function: Callable[..., Any], *given: Any, **named: Any) -> Callable[[], Any]:
        return lambda: function(*given, **named)

    for made in lay_out(vectors, seed=0, clock=StageClock(), beside=here):
        made()


def _placed(landmarks: Points, others: Any) -> Points:
    """Places of the landmarks, then of the others: the weighted mean of their nearest landmarks' places."""
    if others.shape[0] == 0:
        return landmarks
    total = np.asarray(others.sum(axis=1)).ravel()
    places = (others[:, : len(landmarks)] @ landmarks) / np.where(total > 0, total, 1)[:, None]
    return np.concatenate([landmarks, places.astype(np.float32)])
