"""Counting accounts, and what was to be expected of them, on posts made by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from explore.narratives.counting import Activity, Cells, Counts, count
from explore.narratives.dispersion import Dispersion
from explore.narratives.emergence import score
from explore.narratives.windows import ADJACENT, SAME_HOURS, Window
from tests.narratives.making import at, ints, micros

Ints = NDArray[np.int64]
DAY = timedelta(days=1)
WINDOW = Window(as_of=at(8), length=DAY, baseline=3 * DAY)  # window = day 7, baseline = days 4, 5 and 6
LONG_AGO = int(micros(at(0))[0])


def counted(*posts: tuple[datetime, int, int], k: int = 1, window: Window = WINDOW, first: int = LONG_AGO) -> Counts:
    """The counts of posts given as (time, author, narrative)."""
    return count(*arrays(*posts), k=k, window=window, first_at=first)


def arrays(*posts: tuple[datetime, int, int]) -> tuple[Ints, Ints, Ints]:
    """Times in microseconds, authors and narratives."""
    return micros(*(one[0] for one in posts)), ints(*(one[1] for one in posts)), ints(*(one[2] for one in posts))


def test_a_post_at_the_start_of_the_window_is_inside_and_one_at_its_end_is_not() -> None:
    tick = timedelta(microseconds=1)
    found = counted((at(7), 1, 0), (at(8) - tick, 2, 0), (at(8), 3, 0), (at(7) - tick, 4, 0))
    assert (found.whole.now[0], found.whole.base[0]) == (2, 1)
    assert (found.now_posts[0], found.base_posts[0]) == (2, 1)


def test_the_baseline_begins_whole_windows_before_the_window() -> None:
    tick = timedelta(microseconds=1)
    found = counted((at(4), 1, 0), (at(4) - tick, 2, 0))
    assert (found.whole.base[0], found.whole.base_active) == (1, 1)


def test_authors_are_counted_once_a_bin_and_posts_each_time() -> None:
    found = counted(
        (at(7.1), 1, 0), (at(7.2), 1, 0), (at(7.3), 2, 0),  # two authors now, three posts
        (at(6.1), 1, 0), (at(6.9), 1, 0),  # one author in the last bin of the baseline
        (at(5.1), 1, 0), (at(5.2), 3, 1),  # the same again in the bin before: another author-bin
    k=2)  # fmt: skip
    assert found.whole.now.tolist() == [2, 0]
    assert found.whole.base.tolist() == [2, 1]
    assert found.now_posts.tolist() == [3, 0]
    assert found.base_posts.tolist() == [3, 1]


def test_active_authors_are_those_of_all_posts_with_or_without_a_narrative() -> None:
    found = counted((at(7.1), 1, 0), (at(7.1), 2, -1), (at(7.2), 1, -1), (at(5.5), 9, -1), (at(6.5), 9, -1))
    assert (found.whole.now_active, found.whole.base_active) == (2, 2)
    assert (found.whole.now.tolist(), found.whole.base.tolist()) == ([1], [0])


def test_bins_that_the_snapshot_does_not_cover_whole_are_left_out() -> None:
    posts = ((at(4.5), 1, 0), (at(5.5), 1, 0), (at(7.5), 1, 0))
    exactly, late = (counted(*posts, first=int(micros(when)[0])) for when in (at(4), at(4, second=1)))
    assert (exactly.whole.bins, exactly.whole.base[0]) == (3, 2)
    assert (late.whole.bins, late.whole.base[0]) == (2, 1)


def test_a_baseline_reaches_no_further_than_whole_windows() -> None:
    window = Window(as_of=at(8), length=DAY, baseline=timedelta(days=3, hours=20))
    assert counted((at(3.5), 1, 0), window=window).whole.base[0] == 0


def test_a_baseline_shorter_than_the_window_holds_no_bin() -> None:
    found = counted((at(7.5), 1, 0), (at(6.9), 2, 0), window=Window(as_of=at(8), length=DAY, baseline=DAY / 2))
    assert (found.whole.bins, found.whole.base[0], found.whole.now[0]) == (0, 0, 1)
    assert not score(found)["testable"].any()


def test_no_post_at_all_gives_zeros() -> None:
    found = counted(k=2)
    assert found.whole.now.tolist() == found.whole.base.tolist() == [0, 0]
    assert (found.whole.now_active, found.whole.base_active) == (0, 0)
    assert score(found)["p_value"].isna().all()


def test_the_spark_holds_authors_per_quarter_of_a_window_oldest_first() -> None:
    found = counted((at(4.1), 1, 0), (at(7.99), 1, 0), (at(7.8), 1, 0), (at(7.76), 2, 0), (at(6.3), 5, 0))
    expected = [0] * 16
    expected[0], expected[9], expected[15] = 1, 1, 2
    assert found.spark.tolist() == [expected]


def test_a_window_shorter_than_a_day_is_compared_with_the_same_hours_of_earlier_days_as_well() -> None:
    six = timedelta(hours=6)
    posts = ((at(7.9), 5, 0), (at(6.8), 1, 0), (at(6.3), 2, 0))
    week, two_days = (counted(*posts, window=Window(as_of=at(8), length=six, baseline=d * DAY)) for d in (7, 2))
    assert [(way.baseline, way.bins, way.base[0]) for way in week.looks[0]] == [(ADJACENT, 28, 2), (SAME_HOURS, 7, 1)]
    assert [(way.baseline, way.bins, way.base[0]) for way in two_days.looks[0]] == [(ADJACENT, 8, 2)]
    assert [way.bins for way in week.looks[1]] == [7 * 24, 7]  # its last hour


def test_days_that_the_snapshot_does_not_cover_are_no_same_hours() -> None:
    window = Window(as_of=at(8), length=timedelta(hours=6), baseline=7 * DAY)
    three, two = (counted((at(7.9), 5, 0), window=window, first=int(micros(at(d))[0])) for d in (4.75, 4.76))
    assert [(way.baseline, way.bins) for way in three.looks[0]] == [(ADJACENT, 12), (SAME_HOURS, 3)]
    assert [(way.baseline, way.bins) for way in two.looks[0]] == [(ADJACENT, 11)]


def expected_of(*posts: tuple[datetime, int, int], k: int = 1, known: bool = True) -> Cells:
    """What is expected of the last of four days where the units are accounts, or messages."""
    when, unit, narrative = arrays(*posts)
    everybody = Activity(when, unit, np.full(len(when), known))
    return count(when, unit, narrative, k=k, window=WINDOW, first_at=LONG_AGO, activity=everybody).whole


def test_where_everybody_posts_as_ever_the_window_is_expected_to_be_like_the_others() -> None:
    posts = [(at(day + 0.5, second=unit), unit, unit % 4) for day in range(4, 8) for unit in range(40)]
    cells = expected_of(*posts, k=4)
    assert cells.share == pytest.approx([1 / 4] * 4)
    assert cells.posts.tolist() == cells.active.tolist() == [40] * 4


def test_an_account_that_posts_more_is_expected_in_more_narratives() -> None:
    once = [(at(day + 0.5, second=unit), unit, unit % 4) for day in range(4, 8) for unit in range(40)]
    eight = [(at(7.6, second=unit + 100 * i), unit, -1) for unit in range(40) for i in range(7)]
    cells = expected_of(*once, *eight, k=4)
    assert cells.posts.tolist() == [320, 40, 40, 40]
    assert cells.active.tolist() == [40] * 4
    assert (cells.share > 1 / 3).all()  # by active accounts it would be a quarter
    assert cells.least == pytest.approx([1 / 4] * 4)


@pytest.mark.parametrize(("known", "alike"), [(False, True), (True, False)])
def test_a_message_counts_once_however_often_it_is_posted(known: bool, alike: bool) -> None:
    once = [(at(day + 0.5, second=unit), 100 * day + unit, unit % 4) for day in range(4, 8) for unit in range(40)]
    again = [(at(7.6, second=unit + 100 * i), 700 + unit, unit % 4) for unit in range(40) for i in range(7)]
    few, often = (expected_of(*posts, k=4, known=known) for posts in (once, [*once, *again]))
    assert few.units.tolist() == often.units.tolist()
    assert np.allclose(few.share, often.share) is alike


def test_what_comes_after_the_window_or_before_the_baseline_changes_nothing() -> None:
    posts = [(at(day + 0.5, second=unit), unit, unit % 4) for day in range(4, 8) for unit in range(40)]
    outside = [(at(day, second=unit), unit, 0) for day in (3.5, 8.0, 9.5) for unit in range(40)]
    inner, outer = expected_of(*posts, k=4), expected_of(*posts, *outside, k=4)
    assert inner.share.tolist() == outer.share.tolist()
    assert inner.units.tolist() == outer.units.tolist()


def test_without_anybody_active_now_or_before_nothing_is_expected() -> None:
    now, before = expected_of((at(7.5), 1, 0)), expected_of((at(5.5), 1, 0))
    assert not now.comparable
    assert not before.comparable
    assert np.isnan([now.share, before.share]).all()


def test_days_of_eightfold_posting_in_the_baseline_say_nothing_of_how_much_narratives_vary() -> None:
    rng = np.random.default_rng(1)
    posts = [
        (at(day + 0.5, second=unit), unit, int(rng.integers(6 if day in (5, 6) else 20)))  # and of six subjects only
        for day in range(1, 8)
        for unit in range(100)
        for _ in range(8 if day in (5, 6) else 1)
    ]
    cells = counted(*posts, k=20, window=Window(as_of=at(8), length=DAY, baseline=6 * DAY)).whole
    assert (cells.posts / cells.active).tolist() == [1, 8, 8, 1, 1, 1, 1]
    around_active = np.broadcast_to(cells.active[1:], cells.units[:, 1:].shape).astype(np.float64)
    assert Dispersion.estimated(cells.units[:, 1:], around_active).pooled > 0.3
    assert cells.dispersion.pooled < 0.05


def test_where_all_are_there_but_post_less_a_new_narrative_is_measured_by_who_is_there() -> None:
    eight = [(at(day + 0.5, second=unit), unit, unit % 4) for day in (4, 5, 6) for unit in range(40) for _ in range(8)]
    one = [(at(7.5, second=unit), unit, 4 if unit < 6 else unit % 4) for unit in range(40)]
    cells = expected_of(*eight, *one, k=5)
    assert (cells.active.tolist(), cells.posts.tolist()) == ([40] * 4, [40, 320, 320, 320])
    assert cells.share[4] == pytest.approx(1 / 4)  # by posts it would be a 25th


def test_days_that_follow_the_posts_refute_that_only_who_is_there_counts() -> None:
    rng = np.random.default_rng(2)
    before = [
        (at(day + 0.5, second=unit), unit, int(rng.integers(30)))
        for day in (1, 2, 3, 4, 5, 6)
        for unit in range(200)
        for _ in range(5 if day % 2 else 3)
    ]
    now = [(at(7.5, second=unit), unit, 30 if unit < 6 else int(rng.integers(30))) for unit in range(200)]
    week = Window(as_of=at(8), length=DAY, baseline=6 * DAY)
    cells = counted(*before, *now, k=31, window=week).whole
    assert cells.active.tolist() == [200] * 7
    assert cells.share[30] < 1 / 7 - 0.03


def test_narratives_that_are_not_ordinary_are_measured_by_the_others() -> None:
    steady = [(at(day + 0.5, second=unit), 100 * day + unit, unit % 4) for day in range(1, 8) for unit in range(40)]
    wild = [
        (at(day + 0.5, second=unit), 5000 + unit, 4 + unit % 4 if day % 2 else -1)  # active every day all the same
        for day in range(1, 8)
        for unit in range(80)
    ]
    week = Window(as_of=at(8), length=DAY, baseline=6 * DAY)
    found = [
        count(*arrays(*steady, *wild), k=8, window=week, first_at=LONG_AGO, ordinary=ordinary).whole.dispersion
        for ordinary in (np.ones(8, dtype=bool), np.arange(8) < 4)
    ]
    assert found[0].own[4:].min() > 0.3
    assert found[1].own.max() == 0
