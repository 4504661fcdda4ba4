"""Layouts keep together what is near and are the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from explore.narratives import graph, layout
from explore.narratives.vectors import unit_rows

Points = NDArray[np.float32]


def groups(*, each: int = 40) -> Points:
    """Two obvious groups of unit vectors, one after the other."""
    rng = np.random.default_rng(3)
    centres = np.zeros((2, 10))
    centres[0, 0], centres[1, 1] = 1, 1
    return unit_rows((np.repeat(centres, each, axis=0) + 0.05 * rng.normal(size=(2 * each, 10))).astype(np.float32))


def laid_out(vectors: Points, *, dimensions: int, seed: int) -> Points:
    near = graph.nearest(vectors, graph.index_of(vectors), k=10)
    weights = layout.fuzzy_graph(near.indices, near.distances, seed=seed)
    start = layout.principal(vectors, dimensions=dimensions, seed=seed)
    return layout.embed(weights, start, epochs=30, seed=seed)


@pytest.mark.parametrize("dimensions", [2, 5])
def test_two_groups_lie_apart(dimensions: int) -> None:
    points = laid_out(groups(), dimensions=dimensions, seed=1)
    assert points.shape == (80, dimensions)
    one, other = points[:40], points[40:]
    spread = max(np.linalg.norm(each - each.mean(axis=0), axis=1).max() for each in (one, other))
    assert np.linalg.norm(one.mean(axis=0) - other.mean(axis=0)) > 2 * spread


def test_the_same_seed_gives_the_same_points_and_another_gives_others() -> None:
    one, again, other = (laid_out(groups(), dimensions=2, seed=seed) for seed in (1, 1, 2))
    assert one.tobytes() == again.tobytes()
    assert one.tobytes() != other.tobytes()


def test_the_graph_is_symmetric_and_joins_no_two_groups() -> None:
    vectors = groups()
    near = graph.nearest(vectors, graph.index_of(vectors), k=10)
    weights = layout.fuzzy_graph(near.indices, near.distances, seed=1)
    assert weights.shape == (80, 80)
    assert abs(weights - weights.T).max() < 1e-6
    assert weights[:40, 40:].nnz == 0


def test_starting_points_fill_missing_components_with_a_little_seeded_noise() -> None:
    flat = np.array([[1, 0], [0, 1], [1, 1]] * 10, dtype=np.float32)
    points = layout.principal(flat, dimensions=5, seed=4)
    assert points.shape == (30, 5)
    assert np.isclose(np.abs(points).max(), 10)
    assert 0 < np.abs(points[:, 2:]).max() < 1
    assert points.tobytes() == layout.principal(flat, dimensions=5, seed=4).tobytes()


def test_identical_vectors_can_be_laid_out() -> None:
    points = laid_out(np.tile(unit_rows(np.ones((1, 6), dtype=np.float32)), (30, 1)), dimensions=2, seed=1)
    assert np.isfinite(points).all()


def test_messages_beside_the_layout_belong_most_to_their_nearest_and_not_at_all_to_what_is_not_alike() -> None:
    indices = np.array([[4, 2, 0], [1, 3, -1], [0, 1, 2]], dtype=np.int32)
    distances = np.array([[0.1, 0.2, 0.6], [0.0, 0.3, 2.0], [1.0, 1.4, 2.0]], dtype=np.float32)
    found = layout.memberships(indices, distances, among=5).toarray()
    assert found.shape == (3, 5)
    assert found[0, 4] == 1 > found[0, 2] > found[0, 0] > 0
    assert found[1].astype(bool).tolist() == [False, True, False, True, False]
    assert not found[2].any()
