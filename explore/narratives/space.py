"""How the messages lie to each other: neighbours, a tree to cut narratives from, and a map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explore.narratives import clusters, graph, layout
from explore.narratives.vectors import Vectors, unit_rows
from explore.processes import Submit, in_this_process
from explore.progress import StageClock

LAYOUT_EPOCHS, MAP_EPOCHS = 50, 80
FEWEST_TO_CLUSTER = 15
LANDMARKS = 300_000
BESIDE_FROM = 20_000  # posts; below, another process takes longer to start than it would save

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

    @property
    def landmarks(self) -> int:
        """How many messages have a place of their own in the layout."""
        return len(self.tree) + 1 if len(self.tree) else len(self.vectors)


def lay_out(vectors: Vectors, *, seed: int, clock: StageClock, beside: Submit) -> tuple[Space, Callable[[], Points]]:
    """The space of the messages, and a function that waits for their places on the map, shape (n, 2).

    Beyond 300,000 messages, the first so many are laid out, and the others take their place among their nearest
    landmarks. The map is drawn beside this process once the neighbours are found.
    """
    from scipy import sparse

    n = len(vectors)
    if n < FEWEST_TO_CLUSTER:
        nowhere = np.zeros((n, 2), dtype=np.float32)
        return Space(vectors, sparse.csr_matrix((n, n), dtype=np.float32), np.empty((0, 4))), lambda: nowhere
    fitted = vectors[:LANDMARKS]
    clock("Finding neighbours", 0.2)
    index = graph.index_of(fitted)
    neighbours = graph.nearest(fitted, index)
    clock("Laying out", 0.4)
    weights = layout.fuzzy_graph(neighbours.indices, neighbours.distances, seed=seed)
    flat = layout.principal(fitted, dimensions=2, seed=seed)
    drawn = beside(layout.embed, weights, flat, epochs=MAP_EPOCHS, seed=seed)
    laid = layout.embed(weights, layout.principal(fitted, dimensions=5, seed=seed), epochs=LAYOUT_EPOCHS, seed=seed)
    tree = clusters.linkage(laid)
    if n == len(fitted):
        return Space(vectors, weights, tree), drawn
    clock("Placing the others", 0.55)
    near = graph.among(vectors[LANDMARKS:], index)
    others = layout.memberships(near.indices, near.distances, among=len(fitted))
    whole = sparse.vstack([weights, others], format="csr")
    whole.resize(n, n)
    return Space(vectors, whole, tree), lambda: _placed(drawn(), others)


def warm_up() -> None:
    """Import and compile what `lay_out` needs."""
    vectors = unit_rows(np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32))
    _, drawn = lay_out(vectors, seed=0, clock=StageClock(), beside=in_this_process)
    drawn()


def _placed(landmarks: Points, others: Any) -> Points:
    """Places of the landmarks, then of the others: the weighted mean of their nearest landmarks' places."""
    total = np.asarray(others.sum(axis=1)).ravel()
    places = (others @ landmarks) / np.where(total > 0, total, 1)[:, None]
    return np.concatenate([landmarks, places.astype(np.float32)])
