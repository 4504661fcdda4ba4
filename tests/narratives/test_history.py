"""The whole past of a run in bins: who posted what in each, and what was to be expected of it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from explore.narratives.history import Compared, History
from tests.narratives.making import ints

Ints = NDArray[np.int64]


def past(*posts: tuple[int, int, int], known: bool = True) -> History:
    """A history of posts as (bin, unit, message)."""
    bin_, unit, message = np.array(posts, dtype=np.int64).reshape(-1, 3).T
    return History(bin_, unit, message, np.full(len(posts), known))


def one_label(history: History) -> Compared:
    """All messages of a history as label 0."""
    messages = np.unique(history.message)
    return history.compared(messages, np.zeros_like(messages), k=1)


# Two units a bin that post once, then two that post three times each: about messages 0, 1, 2 and so on
BUSIER = [(bin_, unit, 10 * bin_ + unit) for bin_ in range(3) for unit in range(2)] + [
    (3, unit, 30 + 3 * unit + i) for unit in range(2) for i in range(3)
]


def test_bins_are_counted_back_from_the_last_post_and_an_incomplete_first_one_is_left_out() -> None:
    at, known = ints(0, 5, 9, 10, 24), np.array([True, True, False, True, True])
    found = History.of(at, np.arange(5), np.arange(5), known, length=10)
    assert found.bin.tolist() == [0, 0, 0, 1], "the bins are (4, 14] and (14, 24]"
    assert found.message.tolist() == found.unit.tolist() == [1, 2, 3, 4]
    assert found.known.tolist() == [True, False, True, True]
    assert found.bins == 2


def test_a_history_shorter_than_one_bin_holds_nothing() -> None:
    found = History.of(ints(0, 5), ints(0, 1), ints(0, 1), np.ones(2, dtype=bool), length=10)
    assert (len(found.bin), found.bins) == (0, 1)


def test_no_post_at_all_is_an_empty_history() -> None:
    none = ints()
    found = History.of(none, none, none, none.astype(bool), length=10)
    assert found.bins == 1
    assert not found.covered.any()
    counted = found.compared(ints(0, 1), ints(0, 0), k=1)
    assert (counted.now.tolist(), counted.base.tolist(), counted.tests) == ([[0]], [[0]], 0)
    assert np.isnan(counted.p_values()).all()


def test_units_are_counted_once_a_label_and_bin_beside_the_bins_before() -> None:
    found = past((0, 1, 0), (0, 1, 0), (0, 1, 1), (0, 2, 1), (1, 2, 0), (2, 3, 2), (2, 3, 0))
    counted = found.compared(ints(0, 1, 2), ints(0, 0, 1), k=3)
    assert counted.now.tolist() == [[2, 1, 1], [0, 0, 1], [0, 0, 0]]
    assert counted.base.tolist() == [[0, 2, 3], [0, 0, 0], [0, 0, 0]]


def test_a_message_may_have_several_labels_and_one_without_posts_counts_for_none() -> None:
    found = past((0, 1, 0), (0, 2, 0), (1, 1, 1))
    counted = found.compared(ints(0, 0, 1, 9), ints(0, 1, 1, 2), k=3)
    assert counted.now.tolist() == [[2, 0], [2, 1], [0, 0]]


def test_the_baseline_is_the_seven_bins_before() -> None:
    counted = one_label(past(*((bin_, unit, 0) for bin_ in range(10) for unit in range(1 + (bin_ == 1)))))
    assert counted.base[0].tolist() == [0, 1, 3, 4, 5, 6, 7, 8, 8, 7]


def test_bins_with_three_before_them_that_anybody_was_active_in_are_covered() -> None:
    found = past((0, 0, 0), (1, 0, 0), (3, 0, 0), (5, 0, 0))
    assert found.covered.tolist() == [False, False, False, True, False, True]
    silent = past((0, 0, 0), (9, 0, 0))
    assert silent.covered.tolist() == [False] * 10, "nobody was active in the seven bins before the last"


def test_where_every_unit_posts_once_the_share_is_that_of_the_active_units() -> None:
    found = past(*((bin_, unit, unit) for bin_ in range(4) for unit in range(4 if bin_ == 3 else 2)))
    assert found.shares(ints(1, 5), 3) == pytest.approx([0.4, 0.4])


def test_where_units_post_more_the_share_is_that_of_their_posts() -> None:
    # each post is about it with probability p, q = 1 - p: 2 (1 - q^3) + 6 (1 - q) = 2, so q = 0.81773
    q = 0.8177316738868235
    assert q**3 + 3 * q == pytest.approx(3)
    found = past(*BUSIER)
    assert found.shares(ints(2), 3) == pytest.approx([1 - q**3])
    assert found.shares(ints(2), 3)[0] > 2 / 8, "two of eight active units"


def test_how_often_a_message_is_posted_raises_no_share_where_messages_are_the_units() -> None:
    assert past(*BUSIER, known=False).shares(ints(2), 3) == pytest.approx([2 / 8])


def test_where_units_post_less_the_share_stays_that_of_the_active_units() -> None:
    posts = [(bin_, unit, 100 * bin_ + 10 * unit + i) for bin_ in range(3) for unit in range(2) for i in range(3)]
    assert past(*posts, (3, 0, 900), (3, 1, 901)).shares(ints(2), 3) == pytest.approx([2 / 8])


def test_only_the_bin_and_the_seven_before_it_make_its_share() -> None:
    crowd = [(0, unit, 0) for unit in range(50)]
    found = past(*crowd, *((bin_, 0, 1) for bin_ in range(1, 9)))
    assert found.shares(ints(3), 8) == pytest.approx([1 / 8])
    assert found.shares(ints(3), 7) == pytest.approx([1 / 57])


def test_p_worked_out_by_hand_and_null_where_fewer_than_five_units_are_there() -> None:
    steady = [(bin_, unit, 1) for bin_ in range(4) for unit in range(10 if bin_ < 3 else 0)]
    five = past(*steady, *((3, unit, 0) for unit in range(5)), *((3, unit, 1) for unit in range(5, 10)))
    counted = five.compared(ints(0, 1), ints(0, 1), k=2)
    assert counted.p_values()[0, 3] == pytest.approx(0.25**5), "ten of forty active units are in the bin"
    assert np.isnan(counted.p_values()[:, :3]).all(), "no bin before these can be compared"
    assert counted.tests == 2
    four = past(*steady, *((3, unit, 0) for unit in range(4)), *((3, unit, 1) for unit in range(4, 10)))
    assert np.isnan(four.compared(ints(0), ints(0), k=1).p_values()).all()


def test_the_low_end_of_the_growth_is_that_of_jeffreys_interval_and_none_where_nothing_is_compared() -> None:
    posts = [(bin_, unit, 0 if unit < 6 and bin_ in (2, 3) else 1) for bin_ in range(4) for unit in range(10)]
    counted = past(*posts).compared(ints(0), ints(0), k=1)
    odds = stats.f.ppf(0.025, 13, 13)  # 2 x 6.5 on both sides: as many now as before
    assert counted.lows(0, ints(0, 3)) == pytest.approx([0, odds * 0.75 / 0.25])
