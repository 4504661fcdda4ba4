"""Growth between two runs: which times are compared, and an interval that keeps its promise on uneven days."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from explore.narratives import change
from explore.narratives.change import DAY, HOUR, Counts, compare, count, periods
from tests.narratives.making import START, at, ints, micros

PAIR = np.array([[0, 0]])


def test_runs_apart_in_time_are_compared_over_their_own_spans() -> None:
    found = periods((at(0), at(7)), (at(10), at(14)))
    assert found is not None
    assert (found.how, found.step) == ("apart", DAY)
    assert [span[1] - span[0] for span in (found.earlier, found.later)] == [
        timedelta(days=7, microseconds=1),
        timedelta(days=4, microseconds=1),
    ]


def test_of_overlapping_runs_only_what_comes_after_the_first_counts_as_later() -> None:
    found = periods((at(0), at(7)), (at(3), at(9)))
    assert found is not None
    assert found.how == "after"
    assert found.later == (at(7) + timedelta(microseconds=1), at(9) + timedelta(microseconds=1))


def test_runs_of_the_same_time_are_compared_over_the_time_that_both_cover() -> None:
    found = periods((at(0), at(7)), (at(1), at(6)))
    assert found is not None
    assert (found.how, found.earlier) == ("together", found.later)


def test_without_times_there_is_nothing_to_compare() -> None:
    assert periods(None, (at(0), at(1))) is None


def test_a_day_is_the_step_unless_a_span_is_shorter_than_two() -> None:
    short = periods((at(0), at(1.5)), (at(2), at(30)))
    assert short is not None
    assert short.step == HOUR


def test_an_account_counts_once_a_day_however_much_it_posts() -> None:
    moments = micros(at(0.1), at(0.2), at(0.9), at(1.5), at(2.5))
    found = count(moments, ints(7, 7, 8, 7, 9), ints(0, 0, 0, 0, -1), k=2, span=(START, at(3)), step=DAY)
    assert found.each.tolist() == [[2, 1, 0], [0, 0, 0]]
    assert (found.active, found.steps) == (4, 3)


def test_the_ratio_and_its_interval_are_those_of_a_poisson_count_where_days_are_even() -> None:
    """By hand: 20.5 in 10 days against 80.5 in 10; the error of the log is sqrt(1/20.5 + 1/80.5), t with 18 degrees."""
    even = [Counts(np.full((1, 10), each), 10.0, 0) for each in (2, 8)]
    row = compare(*even, PAIR).iloc[0]
    assert row["rate_ratio"] == pytest.approx(80.5 / 20.5)
    reach = 2.1009 * np.sqrt(1 / 20.5 + 1 / 80.5)
    assert row["rate_ratio_low"] == pytest.approx(80.5 / 20.5 / np.exp(reach), rel=1e-4)
    assert row["rate_ratio_high"] == pytest.approx(80.5 / 20.5 * np.exp(reach), rel=1e-4)


def test_a_burst_on_one_day_is_no_growth() -> None:
    before = Counts(np.array([[60, 0, 0, 0, 0, 0, 0]]), 7.0, 0)
    after = Counts(np.array([[0, 0, 0, 180, 0, 0, 0]]), 7.0, 0)
    row = compare(before, after, PAIR).iloc[0]
    assert row["rate_ratio_low"] < 1 < row["rate_ratio_high"]


@pytest.mark.parametrize(("ratio", "scatter"), [(1.0, 0.0), (1.0, 1.0), (3.0, 1.0)])
def test_the_interval_covers_the_true_ratio_in_about_95_of_100_weeks(ratio: float, scatter: float) -> None:
    """Daily counts of two weeks, Poisson or over-dispersed (variance twice the mean), 2,000 times."""
    rng = np.random.default_rng(5)

    def week(mean: float) -> Counts:
        rate = rng.gamma(mean / scatter, scatter, size=(2000, 7)) if scatter else np.full((2000, 7), mean)
        return Counts(rng.poisson(rate), 7.0, 0)

    found = compare(week(12), week(12 * ratio), np.repeat(np.arange(2000)[:, None], 2, axis=1))
    covered = ((found["rate_ratio_low"] < ratio) & (found["rate_ratio_high"] > ratio)).mean()
    assert 0.93 <= covered <= 0.985


def test_nothing_on_either_side_gives_a_ratio_of_one_and_no_certainty() -> None:
    none = Counts(np.zeros((1, 1), dtype=np.int64), 1.0, 0)
    row = compare(none, none, PAIR).iloc[0]
    assert (row["rate_ratio"], row["p_value"]) == (1, 1)
    assert change.compare(none, none, np.empty((0, 2), dtype=np.int64)).empty
