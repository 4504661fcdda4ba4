"""UMAP's stochastic gradient descent over a weighted graph, some three times as fast as umap's own loop.

The same objective, sampling and learning rate (McInnes, Healy & Melville 2018, section 4.2). What takes the time in
umap is raising distances to a power, five times for every edge drawn. Here the forces are read from a table whose cells
are one part in 128 of a squared distance wide, which moves a point less than the sampling does. One seeded thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]

BITS = 7  # of a distance's fraction that choose its cell
NEAREST, FARTHEST = -24, 14  # powers of two between which squared distances have cells of their own
FRACTION, BIAS = 23, 127  # of a single-precision number, IEEE 754
LONGEST_STEP = 4.0


@dataclass(frozen=True)
class Curve:
    """How likely two points at distance d are neighbours: 1 / (1 + a d^2b)."""

    a: float
    b: float

    def descend(self, graph: Any, start: Points, *, epochs: int, pushes: int, seed: int) -> Points:
        """Places that draw the neighbours of `graph` together and push others apart; as `start`, (n, dimensions).

        `graph`: scipy CSR of shape (n, n), weights above 0. `pushes`: random points that a point is pushed from, each
        time that an edge of it is drawn; an edge is drawn in a share of the epochs that is its weight over the largest.
        """
        heaviest = graph.data.max(initial=0)
        seldom = heaviest / (2 * epochs)  # or never: not drawn at all
        every = (heaviest / np.maximum(graph.data, seldom)).astype(np.float32)  # epochs from one drawing to the next
        points = np.array(start, dtype=np.float32, order="C")
        state = np.random.default_rng(seed).integers(1, 2**63, dtype=np.uint64)
        _compiled()(points, graph.indptr, graph.indices, every, epochs, pushes, *self.forces(), state)
        return points

    def forces(self) -> tuple[Points, Points]:
        """What a difference of places is multiplied by, pulling and pushing, in each cell of the squared distance."""
        cells = np.arange((BIAS + NEAREST) << BITS, (BIAS + FARTHEST) << BITS)
        middles = (cells << (FRACTION - BITS)) + (1 << (FRACTION - BITS - 1))
        squared = middles.astype(np.int32).view(np.float32).astype(np.float64)
        apart = self.a * squared**self.b + 1
        pulled = -2 * self.a * self.b * squared ** (self.b - 1) / apart
        pushed = 2 * self.b / ((0.001 + squared) * apart)
        return pulled.astype(np.float32), pushed.astype(np.float32)


@cache
def _compiled() -> Callable[..., None]:
    """`_move`, compiled once on this machine."""
    import numba

    return numba.njit(_move, fastmath=True, error_model="numpy", cache=True)  # type: ignore[no-any-return]


def _move(
    points: Any, indptr: Any, indices: Any, every: Any, epochs: int, pushes: int, pulled: Any, pushed: Any, state: Any
) -> None:
    """Moves `points` in place.

    The dimensions are not known when this is compiled, which costs a tenth: of two versions in one cache file, two
    processes that compile at once could mix up the parts.
    """
    dimensions = points.shape[1]
    first, last = (BIAS + NEAREST) << BITS, len(pulled) - 1
    n, longest = np.uint64(len(points)), np.float32(LONGEST_STEP)
    due = every.copy()
    here, gap = np.zeros(dimensions, np.float32), np.zeros(dimensions, np.float32)
    for epoch in range(epochs):
        rate = np.float32(1 - epoch / epochs)
        for own in range(len(points)):
            for axis in range(dimensions):
                here[axis] = points[own, axis]
            for edge in range(indptr[own], indptr[own + 1]):
                if due[edge] > epoch:
                    continue
                due[edge] += every[edge]
                for drawn in range(1 + pushes):
                    other = np.int64(indices[edge])
                    if drawn:
                        state ^= state << np.uint64(13)  # xorshift (Marsaglia 2003)
                        state ^= state >> np.uint64(7)
                        state ^= state << np.uint64(17)
                        other = np.int64(((state >> np.uint64(32)) * n) >> np.uint64(32))
                    squared = np.float32(0)
                    for axis in range(dimensions):
                        gap[axis] = here[axis] - points[other, axis]
                        squared += gap[axis] * gap[axis]
                    if squared == 0 or other == own:
                        continue
                    bits: Any = np.float32(squared).view(np.int32)
                    cell = min(max((bits >> (FRACTION - BITS)) - first, 0), last)
                    force = pushed[cell] if drawn else pulled[cell]
                    for axis in range(dimensions):
                        step = min(max(force * gap[axis], -longest), longest) * rate
                        here[axis] += step
                        if not drawn:
                            points[other, axis] -= step
            for axis in range(dimensions):
                points[own, axis] = here[axis]
