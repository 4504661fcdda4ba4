"""The descent has the forces of UMAP's objective and lays a graph out as well as umap's own loop does."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree
from umap.umap_ import find_ab_params, simplicial_set_embedding

from explore.narratives import layout
from explore.narratives.descent import Curve

ONE = 24 << 7  # the cell of the squared distance 1: 24 powers of two above the first, 128 cells each


def joined(*edges: tuple[int, int, float], n: int) -> sparse.csr_matrix:
    one, other, weight = (np.array(values) for values in zip(*edges, strict=True))
    there = sparse.csr_matrix((weight.astype(np.float32), (one, other)), shape=(n, n))
    return (there + there.T).tocsr()


def blobs(*, groups: int, each: int) -> tuple[sparse.csr_matrix, NDArray[np.float32]]:
    """Points around some places in ten dimensions: their fuzzy graph and their first two coordinates."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(groups, 1, 10), scale=2.5) + rng.normal(size=(groups, each, 10))
    points = points.reshape(-1, 10).astype(np.float32)
    distances, indices = cKDTree(points).query(points, k=15)
    graph = layout.fuzzy_graph(indices.astype(np.int32), distances.astype(np.float32), seed=0)
    return graph, points[:, :2]


def kept(graph: sparse.csr_matrix, places: NDArray[np.float32]) -> float:
    """The share of the ten nearest on the layout that are neighbours in the graph."""
    _, near = cKDTree(places).query(places, k=11)
    return float(np.mean([graph[row, near[row, 1:]].toarray().astype(bool).mean() for row in range(len(places))]))


def test_the_curves_are_those_that_umap_finds() -> None:
    assert find_ab_params(1.0, 0.1) == pytest.approx(astuple(layout.MAP_CURVE), rel=1e-6)
    assert find_ab_params(1.0, 0.0) == pytest.approx(astuple(layout.CLUSTER_CURVE), rel=1e-6)


def test_the_forces_at_distance_one_are_those_of_the_gradient() -> None:
    # a = b = 1: pulling -2 / (1 + 1), pushing 2 / ((.001 + 1) (1 + 1)); at squared distance 4: -2 / 5, 2 / (4.001 x 5)
    pulled, pushed = Curve(1.0, 1.0).forces()
    assert [pulled[ONE], pushed[ONE]] == pytest.approx([-1.0, 0.999], rel=0.01)
    assert [pulled[ONE + 256], pushed[ONE + 256]] == pytest.approx([-0.4, 0.09998], rel=0.01)


def test_neighbours_are_drawn_together_by_the_first_step_of_the_gradient() -> None:
    # one drawing of the edge from each end at rate 1/2 (epoch 1 of 2): both move by -1 x gap x 1/2 of the pull
    start = np.array([[0.0, 0.0], [1.0, 0.0]], dtype=np.float32)
    graph = joined((0, 1, 1.0), n=2)
    places = Curve(1.0, 1.0).descend(graph, start, epochs=2, pushes=0, seed=0)
    # first from 0: gap -1, step .5 each way, so both meet in the middle, where nothing pulls any more
    assert places == pytest.approx(np.array([[0.5, 0.0], [0.5, 0.0]]), abs=0.01)


def test_others_are_pushed_away() -> None:
    start = np.array([[0, 0], [0.1, 0], [0.2, 0.1], [0.1, 0.2]], dtype=np.float32)
    graph = joined((0, 1, 1.0), n=4)
    places = Curve(1.5, 0.9).descend(graph, start, epochs=30, pushes=5, seed=0)
    assert np.linalg.norm(places[0] - places[2:], axis=1).min() > 1
    assert np.linalg.norm(places[0] - places[1]) < np.linalg.norm(places[0] - places[2:], axis=1).min()


def test_an_edge_that_is_too_light_to_be_drawn_moves_nothing() -> None:
    start = np.array([[0, 0], [1, 0], [5, 0], [6, 0]], dtype=np.float32)
    graph = joined((0, 1, 1.0), (2, 3, 0.01), n=4)
    places = Curve(1.5, 0.9).descend(graph, start, epochs=50, pushes=0, seed=0)
    assert places[2:].tolist() == start[2:].tolist()
    assert places[1, 0] - places[0, 0] < 0.5


@pytest.mark.parametrize("dimensions", [2, 5])
def test_the_layout_keeps_as_many_neighbours_as_umaps_own(dimensions: int) -> None:
    graph, flat = blobs(groups=8, each=100)
    start = np.pad(flat, ((0, 0), (0, dimensions - 2))) + np.random.default_rng(1).normal(size=(800, dimensions))
    start = start.astype(np.float32)
    a, b = astuple(layout.MAP_CURVE if dimensions == 2 else layout.CLUSTER_CURVE)
    theirs, _ = simplicial_set_embedding(
        start, graph, dimensions, 1.0, a, b, 1.0, layout.PUSHED_PER_PULL, 100, start, np.random.RandomState(0),
        "euclidean", {}, False, {}, False,
    )  # fmt: skip
    ours = layout.embed(graph, start, epochs=100, seed=0)
    assert kept(graph, ours) > kept(graph, np.asarray(theirs)) - 0.02
    assert np.linalg.norm(ours.std(axis=0)) == pytest.approx(np.linalg.norm(np.std(theirs, axis=0)), rel=0.1)


def test_one_seed_gives_the_same_bytes_and_another_seed_other_places() -> None:
    graph, flat = blobs(groups=3, each=40)
    first, again, other = (layout.embed(graph, flat, epochs=20, seed=seed) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()
