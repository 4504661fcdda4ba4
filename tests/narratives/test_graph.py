"""Nearest neighbours by cosine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explore.narratives import graph
from explore.narratives.graph import Neighbours
from explore.narratives.vectors import unit_rows


def rows(*vectors: tuple[float, ...]) -> NDArray[np.float32]:
    return unit_rows(np.array(vectors, dtype=np.float32))


def near(vectors: NDArray[np.float32], *, k: int = 30) -> Neighbours:
    return graph.nearest(vectors, graph.index_of(vectors), k=k)


def test_neighbours_are_the_nearest_by_cosine_and_oneself_comes_first() -> None:
    found = near(rows((1, 0), (3, 1), (0, 1), (-1, 0)), k=3)
    assert found.indices.tolist() == [[0, 1, 2], [1, 0, 2], [2, 1, 0], [3, 2, 1]]
    cosine = 3 / 10**0.5
    assert np.allclose(found.distances[0], [0, 1 - cosine, 1], atol=1e-6)
    assert (found.distances[:, 0] == 0).all()


def test_every_message_stands_first_in_its_row_even_among_twins() -> None:
    vectors = np.repeat(unit_rows(np.random.default_rng(1).normal(size=(3, 8)).astype(np.float32)), 50, axis=0)
    found = near(vectors, k=5)
    assert found.indices[:, 0].tolist() == list(range(150))
    assert all(len(set(row)) == 5 for row in found.indices.tolist())
    assert (found.distances >= 0).all()
    assert np.allclose(found.distances, 0, atol=1e-5)


def test_fewer_messages_than_neighbours_give_fewer_columns() -> None:
    assert near(rows((1, 0), (0, 1))).indices.shape == (2, 2)
    assert near(rows((1, 0))).indices.tolist() == [[0]]


def test_rows_of_zeros_are_far_from_everything() -> None:
    found = near(rows((1, 0), (1, 0.1), (0, 0)), k=3)
    assert found.indices[:, 0].tolist() == [0, 1, 2]
    assert found.distances[2].tolist() == [0, 1, 1]


def test_the_index_for_many_messages_finds_most_of_the_true_neighbours() -> None:
    rng = np.random.default_rng(2)
    centres = rng.normal(size=(200, 16))
    vectors = unit_rows(
        (centres[rng.integers(200, size=20_500)] + 0.3 * rng.normal(size=(20_500, 16))).astype(np.float32)
    )
    found = near(vectors, k=10)
    assert (found.indices[:, 0] == np.arange(20_500)).all()
    assert (np.diff(found.distances, axis=1) >= 0).all()
    true = np.argsort(-(vectors[:100] @ vectors.T), axis=1)[:, :10]
    recall = np.mean([len(set(true[i]) & set(found.indices[i])) / 10 for i in range(100)])
    assert recall > 0.7


def test_others_find_their_nearest_in_the_index() -> None:
    index = graph.index_of(rows((1, 0, 0), (0, 1, 0), (-1, 0, 0)))
    found = graph.among(rows((3, 1, 0), (-1, 2, 0)), index, k=2)
    assert found.indices.tolist() == [[0, 1], [1, 2]]
    assert np.allclose(found.distances, [[1 - 3 / 10**0.5, 1 - 1 / 10**0.5], [1 - 2 / 5**0.5, 1 - 1 / 5**0.5]])
