"""The clusters of a tree, checked by hand and against hdbscan's own."""

from __future__ import annotations

import numpy as np
import pytest
from hdbscan import HDBSCAN
from hdbscan._hdbscan_tree import compute_stability, condense_tree, get_clusters
from numpy.typing import NDArray

from explore.narratives.hierarchy import Hierarchy

# Messages 0-2 lie .5 apart, 3-5 lie .25 apart, the groups 1 apart, and 6 lies 2 from all.
TWO_GROUPS = np.array(
    [[3, 4, 0.25, 2], [7, 5, 0.25, 3], [0, 1, 0.5, 2], [9, 2, 0.5, 3], [10, 8, 1.0, 6], [11, 6, 2.0, 7]]
)


def names_of(labels: NDArray[np.int64]) -> list[set[int]]:
    """The clusters as sets of messages, by their first message."""
    return sorted(({*np.flatnonzero(labels == each).tolist()} for each in range(labels.max() + 1)), key=min)


def random_tree(seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 200))  # room for two clusters of nine
    points = np.round(rng.normal(size=(n, 2)) * rng.integers(1, 6), int(rng.integers(0, 3)))
    points += rng.integers(0, 4, size=(n, 1)) * 5
    model = HDBSCAN(min_cluster_size=5, min_samples=int(rng.integers(1, 6))).fit(points)
    tree: NDArray[np.float64] = model.single_linkage_tree_.to_numpy()
    return tree


def test_two_groups_are_two_clusters_and_the_message_far_from_both_is_in_none() -> None:
    labels, strength = Hierarchy(TWO_GROUPS).excess_of_mass(3)
    assert names_of(labels) == [{0, 1, 2}, {3, 4, 5}]
    assert strength.tolist() == [1, 1, 1, 1, 1, 1, 0]


def test_a_message_on_the_edge_of_its_cluster_has_less_strength() -> None:
    loose = TWO_GROUPS.copy()
    loose[3, 2] = 0.8  # message 2 leaves its cluster at a density of 1.25 where the others stay until 2
    _, strength = Hierarchy(loose).excess_of_mass(2)
    assert strength[[0, 1, 2]].tolist() == [1, 1, 1.25 / 2]


def test_no_cluster_is_smaller_than_asked() -> None:
    assert Hierarchy(TWO_GROUPS).excess_of_mass(4)[0].max() == -1


def test_messages_that_are_all_alike_are_no_cluster_of_their_own() -> None:
    alike = np.array([[0, 1, 0.0, 2], [4, 2, 0.0, 3], [5, 3, 0.0, 4]])
    assert (Hierarchy(alike).excess_of_mass(3)[0] == -1).all()


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("size", [2, 3, 5, 9])
def test_the_clusters_are_those_of_hdbscan(seed: int, size: int) -> None:
    tree = random_tree(seed)
    labels, strength = Hierarchy(tree).excess_of_mass(size)
    condensed = condense_tree(tree, size)
    theirs, certainty, _ = get_clusters(condensed, compute_stability(condensed), "eom", False, False, 0.0, 0)
    assert names_of(labels) == names_of(theirs)
    assert strength == pytest.approx(certainty)
