"""What was to be expected of a window, worked out by hand from who posted how much."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from explore.narratives.exposure import Effort, Taking, share_by_own, share_by_posting
from tests.narratives.making import ints

Ints = NDArray[np.int64]


def effort(*windows: dict[int, int]) -> Effort:
    """From one mapping a window, of posts to how many units made so many."""
    entries = [(posts, window) for window, each in enumerate(windows) for posts, n in each.items() for _ in range(n)]
    return Effort.of(ints(*(e[0] for e in entries)), ints(*(e[1] for e in entries)), windows=len(windows))


# --- occupancy: every post is equally likely to be about the narrative ------------------------------------------------


def test_units_are_counted_by_window_and_by_how_much_they_posted() -> None:
    found = effort({1: 2, 3: 1}, {}, {3: 4})
    assert found.posts.tolist() == [1, 3]
    assert found.units.tolist() == [[2, 1], [0, 0], [0, 4]]
    assert found.active.tolist() == [3, 0, 4]


def test_units_of_one_and_of_three_posts_worked_out_by_hand() -> None:
    # p = 1/2: a unit of three posts takes part with 7/8, one of a single post with 1/2; 7 of 8 and 1 of 2
    found = effort({3: 8}, {1: 2})
    assert found.expected(ints(8))[0] == pytest.approx([7, 1])
    assert share_by_posting(found, ints(8)) == pytest.approx([7 / 8])


def test_one_unit_seen_of_two_worked_out_by_hand() -> None:
    # x = 1 - p: (1 - x^3) + (1 - x) = 1, so 1 - x^3 = x; x = .6823278, the real root of x^3 + x = 1
    assert effort({3: 1}, {1: 1}).expected(ints(1))[0] == pytest.approx([0.6823278, 0.3176722], abs=1e-6)


def test_what_is_expected_sums_up_to_what_was_seen() -> None:
    seen = ints(1, 2, 7, 60, 220, 320)
    found = effort({1: 90, 4: 30}, {2: 100, 900: 3}, {1: 80, 50: 17}).expected(seen)
    assert found.sum(axis=1) == pytest.approx(seen)
    assert (found > 0).all()
    assert (found <= ints(120, 103, 97) * (1 + 1e-6)).all()  # never more than there were


def test_for_rare_narratives_each_post_counts() -> None:
    found = share_by_posting(effort({8: 2000}, {1: 2000}), ints(3))
    assert found == pytest.approx([8 / 9], abs=1e-3)


def test_for_narratives_that_hold_everybody_each_unit_counts() -> None:
    found = share_by_posting(effort({8: 300}, {1: 100}), ints(400))
    assert found == pytest.approx([3 / 4], abs=1e-6)


def test_the_more_were_seen_the_less_more_posting_explains() -> None:
    shares = share_by_posting(effort({8: 100}, {1: 100}), np.arange(1, 201))
    assert (np.diff(shares) < 0).all()
    assert 1 / 2 <= shares[-1] < shares[0] < 8 / 9


def test_the_more_is_posted_the_more_is_expected() -> None:
    shares = [share_by_posting(effort({posts: 100}, {4: 300}), ints(40))[0] for posts in (1, 2, 4, 8, 16, 40, 200)]
    assert shares == sorted(shares)
    assert len(set(shares)) == 7
    assert shares[2] == pytest.approx(1 / 4)  # as much as before


def test_one_unit_that_floods_is_still_one_unit() -> None:
    flood = share_by_posting(effort({1: 100, 100_000: 1}, {1: 100}), ints(50))[0]
    assert flood == pytest.approx((1 + 0.5 * 49) / 50, abs=1e-3)  # it is in; the others are shared half and half


def test_large_numbers_of_posts_go_by_classes_of_their_size() -> None:
    posts = np.unique(np.geomspace(1, 50_000, 300).astype(np.int64))
    found = Effort.of(posts, np.zeros(len(posts), dtype=np.int64), windows=1)
    assert len(found.posts) < 110
    counted = np.repeat(found.posts, found.units[0])
    assert counted == pytest.approx(posts, rel=0.06)
    assert counted[posts <= 32].tolist() == posts[posts <= 32].tolist()


def test_without_a_post_nothing_is_active() -> None:
    found = effort({}, {}, {})
    assert found.active.tolist() == [0, 0, 0]
    assert found.units.shape == (3, 1)


# --- own habits: those who took part before go on as they did ---------------------------------------------------------


def taking(posts: list[list[int]], *entries: tuple[int, int, int]) -> Taking:
    """`posts`: of each unit in each window, the tested one first; entries as (narrative, unit, window)."""
    narrative, unit, window = (ints(*(e[i] for e in entries)) for i in range(3))
    return Taking(narrative, unit, window, posts=np.array(posts))


def test_who_took_part_every_other_day_is_expected_with_a_half() -> None:
    steady = taking([[1, 1, 1, 1, 1]], (0, 0, 1), (0, 0, 3))
    assert share_by_own(steady, k=1) == pytest.approx([0.5 / 2.5])


def test_who_posts_twice_as_much_is_expected_more_often_but_not_twice_as_often() -> None:
    # half of the days, twice the posts: 1 - (1 - 1/2)^2 = 3/4, beside two seen before
    twice = taking([[2, 1, 1, 1, 1]], (0, 0, 1), (0, 0, 3))
    assert share_by_own(twice, k=1) == pytest.approx([0.75 / 2.75])


def test_days_without_a_post_are_no_days_of_keeping_away() -> None:
    # active on two days of four, took part in one, posts as ever; seen once, so another comes as often as that
    found = taking([[3, 3, 0, 3, 0]], (0, 0, 1))
    growth = max(3 / 6, 1 / 2)
    assert share_by_own(found, k=1) == pytest.approx([growth / (growth + 1)])


def test_units_seen_once_stand_for_those_who_are_new() -> None:
    # A: in two of four days, twice the posts: 3/4. B: in one of four: 1/4, seen once of three times in all.
    # So a third are new ones, and they come by what is posted: 3 now beside 8, 2 active beside 8.
    found = taking([[2, 1, 1, 1, 1], [1, 1, 1, 1, 1]], (0, 0, 1), (0, 0, 3), (0, 1, 2))
    expected = (1 - 1 / 3) * (3 / 4 + 1 / 4) + 1 * 3 / 8
    assert share_by_own(found, k=1) == pytest.approx([expected / (expected + 3)])


def test_who_always_took_part_is_expected_for_certain_when_posting_and_not_when_silent() -> None:
    entries = [(0, 0, window) for window in (1, 2, 3, 4)]
    there, away = (share_by_own(taking([[posts, 5, 5, 5, 5]], *entries), k=1)[0] for posts in (5, 0))
    assert there == pytest.approx(1 / 5)
    assert away == 0


def test_what_is_posted_in_the_tested_window_is_no_habit() -> None:
    posts = [[4, 1, 1, 1, 1], [1, 1, 1, 1, 1]]
    before = [(0, 0, 1), (0, 0, 2), (0, 1, 3)]
    with_event = [*before, *((0, unit, 0) for unit in (0, 1))]
    assert share_by_own(taking(posts, *before), k=1).tolist() == share_by_own(taking(posts, *with_event), k=1).tolist()


def test_narratives_that_nobody_took_part_in_before_have_no_habit() -> None:
    found = share_by_own(taking([[1, 1, 1]], (1, 0, 1), (2, 0, 0)), k=4)
    assert (found > 0).tolist() == [False, True, False, False]
    assert share_by_own(Taking(ints(), ints(), ints(), posts=np.empty((0, 4), dtype=np.int64)), k=2).tolist() == [0, 0]


def test_habits_grow_with_the_posts_of_the_window() -> None:
    entries = [(0, 0, 1), (0, 0, 3), (0, 1, 2)]
    shares = [share_by_own(taking([[n, 1, 1, 1, 1], [n, 1, 1, 1, 1]], *entries), k=1)[0] for n in (0, 1, 2, 4, 8)]
    assert shares == sorted(shares)
    assert len(set(shares)) == 5
