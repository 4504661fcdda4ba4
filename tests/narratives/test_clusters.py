"""Clusters from a tree, the messages they take in, and copies that stand alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from explore.errors import Refused
from explore.narratives import clusters
from tests.narratives.making import ints


def blobs(*centres: tuple[float, float], each: int = 30) -> NDArray[np.float32]:
    rng = np.random.default_rng(5)
    return (np.repeat(centres, each, axis=0) + 0.1 * rng.normal(size=(each * len(centres), 2))).astype(np.float32)


def cut(points: NDArray[np.float32], *, size: int, graph: Any = None, **given: Any) -> clusters.Clusters:
    """Clusters of the points; every message is one post of one account and alike, unless said otherwise."""
    n = len(points)
    ones = np.ones(n, dtype=np.int64)
    sizes: list[int] = given.pop("sizes", [size])
    usual: dict[str, Any] = {"n_posts": ones, "n_authors": ones, "vectors": np.ones((n, 1), dtype=np.float32)}
    graph = sparse.csr_matrix((n, n)) if graph is None else graph
    labels, strength = clusters.cut(clusters.linkage(points), sizes=sizes, n=n)[0]
    return clusters.settle(labels, strength, graph, fewest=size, landmarks=n, **(usual | given))


def through_landmarks(points: NDArray[np.float32], weights: NDArray[np.float64]) -> clusters.Clusters:
    """Clusters of messages of which the first lie at `points`, and all are neighbours by `weights`."""
    n = len(weights)
    (labels, strength), *_ = clusters.cut(clusters.linkage(points), sizes=[10], n=n)
    ones = np.ones(n, dtype=np.int64)
    given: dict[str, Any] = {"n_posts": ones, "n_authors": ones, "vectors": np.ones((n, 1), dtype=np.float32)}
    return clusters.settle(labels, strength, sparse.csr_matrix(weights), fewest=10, landmarks=len(points), **given)


def test_two_obvious_groups_are_two_clusters() -> None:
    found = cut(blobs((0, 0), (9, 9)), size=10)
    assert [set(found.labels[part].tolist()) - {-1} for part in (slice(0, 30), slice(30, 60))] in (
        [{0}, {1}],
        [{1}, {0}],
    )
    assert (found.labels >= 0).mean() > 0.8
    assert ((found.strength > 0) == (found.labels >= 0)).all()
    assert found.strength.max() <= 1


def test_a_tree_can_be_cut_again_at_another_size() -> None:
    points = blobs((0, 0), (1.5, 0), (20, 20), (21.5, 20), each=15)
    coarse, fine = cut(points, size=30), cut(points, size=5)
    assert (coarse.labels.max() + 1, fine.labels.max() + 1) == (2, 4)


def test_a_small_group_that_the_first_size_leaves_out_is_found_at_a_later_one() -> None:
    points = np.concatenate([blobs((0, 0), (9, 9)), blobs((40, 40), each=8)])
    plain, layered = cut(points, size=20), cut(points, size=20, sizes=[20, 7])
    assert plain.labels[60:].tolist() == [-1] * 8
    assert layered.labels[60:].tolist() == [2] * 8
    assert (layered.strength[60:] > 0).all()
    assert layered.labels[:60].tolist() == plain.labels[:60].tolist()


def test_a_later_size_does_not_take_a_narrative_apart() -> None:
    points = blobs((0, 0), (1.5, 0), (20, 20), (21.5, 20), each=15)
    assert cut(points, size=30, sizes=[30, 5]).labels.max() == 1


@pytest.mark.parametrize(("size", "sizes"), [(140, [140, 47, 16, 5]), (15, [15, 5]), (6, [6, 5]), (5, [5]), (3, [3])])
def test_the_ladder_goes_down_by_thirds_to_five_messages(size: int, sizes: list[int]) -> None:
    assert clusters.ladder(size) == sizes


def test_a_size_that_leaves_no_room_for_two_clusters_gives_none() -> None:
    found = cut(blobs((0, 0), (9, 9)), size=31)
    assert set(found.labels.tolist()) == {-1}
    assert not found.strength.any()


def test_the_same_points_give_the_same_clusters() -> None:
    one, again = (cut(blobs((0, 0), (3, 3), (6, 0)), size=8) for _ in range(2))
    assert one.labels.tobytes() == again.labels.tobytes()
    assert one.strength.tobytes() == again.strength.tobytes()


@pytest.mark.parametrize("n", [0, 1, 5])
def test_too_few_messages_have_no_tree(n: int) -> None:
    assert clusters.linkage(np.zeros((n, 5), dtype=np.float32)).shape == (0, 4)


def test_a_left_out_message_joins_the_narrative_that_holds_half_of_its_neighbours() -> None:
    points = np.concatenate([blobs((0, 0), (9, 9)), [[50, 50], [-50, 50], [50, -50], [-50, -50]]]).astype(np.float32)
    plain = cut(points, size=10)
    assert plain.labels[60:].tolist() == [-1] * 4
    weights = np.zeros((64, 64))
    inside = {label: np.flatnonzero(plain.labels == label)[0] for label in (0, 1)}
    weights[60, [inside[0], inside[1]]] = 0.6, 0.2  # three quarters
    weights[61, [inside[1], 62]] = 0.5, 0.5  # exactly half, the rest with a message that is out as well
    weights[62, [inside[0], inside[1], 63]] = 0.3, 0.3, 0.4  # no narrative holds half
    found = cut(points, size=10, graph=sparse.csr_matrix(weights))
    assert found.labels[60:].tolist() == [0, 1, -1, -1]
    assert found.strength[60:].tolist() == pytest.approx([0.75, 0.5, 0, 0])
    assert found.labels[:60][plain.labels[:60] >= 0].tolist() == plain.labels[:60][plain.labels[:60] >= 0].tolist()


def test_a_message_that_many_accounts_repeat_is_a_narrative_by_itself() -> None:
    n_posts, n_authors = ints(8, 8, 7, 500, 1), ints(5, 4, 7, 1, 1)
    found = cut(np.zeros((5, 2), dtype=np.float32), size=8, n_posts=n_posts, n_authors=n_authors)
    assert found.labels.tolist() == [0, -1, -1, -1, -1]
    assert found.strength.tolist() == [1, 0, 0, 0, 0]


def test_narratives_of_one_message_are_numbered_after_the_clusters() -> None:
    points = np.concatenate([blobs((0, 0), (9, 9)), [[50, 50]]]).astype(np.float32)
    counts = np.ones(61, dtype=np.int64)
    counts[60] = 20
    found = cut(points, size=10, n_posts=counts, n_authors=counts)
    assert found.labels[60] == 2 == found.labels.max()


def test_a_message_with_nothing_in_common_with_its_narrative_is_left_out() -> None:
    points = blobs((0, 0), (9, 9))
    vectors = np.zeros((60, 3), dtype=np.float32)
    vectors[:30, 0] = vectors[30:, 1] = 1
    plain = cut(points, size=10, vectors=vectors)
    members = np.flatnonzero(plain.labels == plain.labels[0])
    near, far = members[1:3]
    vectors[near] = 0.2, 0, 0.98  # has a little in common
    vectors[far] = 0, 0, 1
    found = cut(points, size=10, vectors=vectors)
    assert np.flatnonzero(found.labels != plain.labels).tolist() == [far]
    assert (found.labels[far], found.strength[far]) == (-1, 0)


def test_a_stranger_that_many_accounts_repeat_becomes_a_narrative_by_itself() -> None:
    points = blobs((0, 0), (9, 9))
    vectors = np.zeros((60, 3), dtype=np.float32)
    vectors[:30, 0] = vectors[30:, 1] = 1
    counts = np.ones(60, dtype=np.int64)
    vectors[0], counts[0] = (0, 0, 1), 40
    assert cut(points, size=10, vectors=vectors, n_posts=counts, n_authors=counts).labels[0] == 2


def test_a_cluster_of_messages_without_a_vector_is_none_and_leaves_no_gap() -> None:
    vectors = np.zeros((60, 2), dtype=np.float32)
    vectors[30:, 0] = 1
    found = cut(blobs((0, 0), (9, 9)), size=10, vectors=vectors)
    assert set(found.labels[:30].tolist()) == {-1}
    assert set(found.labels[30:].tolist()) - {-1} == {0}


@pytest.mark.parametrize(
    ("granularity", "level"), [("broad", "broad"), ("medium", "medium"), ("fine", "fine"), ("2", 2), ("500", 500)]
)
def test_granularity_is_a_word_or_a_number_of_messages(granularity: str, level: str | int) -> None:
    assert clusters.level(granularity) == level


def test_the_medium_level_is_the_size_at_which_the_fewest_messages_are_left_out() -> None:
    levels = clusters.levels(clusters.linkage(blobs(*((12 * i, 0) for i in range(10)))))
    medium = levels["medium"].fewest_messages
    assert 5 <= medium <= 30, "each blob holds 30 messages"
    assert levels["medium"].narratives == 10
    assert levels["broad"].fewest_messages == 3 * medium
    assert levels["fine"].fewest_messages == max(5, round(medium / 3))


def test_a_level_says_how_many_narratives_it_gives() -> None:
    points = blobs(*((12 * i + 2.5 * j, 0) for i in range(4) for j in range(2)), each=40)
    levels = clusters.levels(clusters.linkage(points))
    for level in levels.values():
        found = cut(points, size=level.fewest_messages, sizes=clusters.ladder(level.fewest_messages))
        assert level.narratives == found.labels.max() + 1
    counts = [levels[name].narratives for name in ("broad", "medium", "fine")]
    assert counts == sorted(counts)


def test_a_size_at_which_one_narrative_swallows_the_rest_is_not_suggested() -> None:
    levels = clusters.levels(clusters.linkage(blobs((0, 0))))
    assert [level.fewest_messages for level in levels.values()] == [24, 8, 5]


def test_a_message_beyond_the_landmarks_joins_the_narrative_of_most_of_its_neighbours() -> None:
    points = np.concatenate([blobs((0, 0), (9, 9)), [[50, 50]]]).astype(np.float32)
    weights = np.zeros((65, 65))
    weights[61, :3] = 0.5
    weights[62, [0, 60]] = 0.3, 0.4  # most with a landmark that is out itself
    weights[63, [1, 60]] = 0.6, 0.4
    weights[64, 59] = 0.2  # with a landmark of the second group
    found = through_landmarks(points, weights)
    assert found.labels[61:].tolist() == [found.labels[0], -1, found.labels[0], found.labels[59]]
    assert found.strength[61:] == pytest.approx([1, 0, 0.6, 1])


def test_messages_beyond_the_landmarks_are_seen_to_when_the_landmarks_are() -> None:
    points = np.concatenate([blobs((0, 0), (9, 9)), [[4.5, 4.5]]]).astype(np.float32)  # the last is left out at first
    weights = np.zeros((62, 62))
    weights[60, 0] = weights[61, 60] = 1
    found = through_landmarks(points, weights)
    assert found.labels[60:].tolist() == [found.labels[0]] * 2


@pytest.mark.parametrize("granularity", ["", "1", "0", "-5", "2.5", "huge", "²", "٣", "Medium"])
def test_any_other_granularity_is_refused(granularity: str) -> None:
    with pytest.raises(Refused, match="Say broad, medium, fine or a number of messages"):
        clusters.level(granularity)
