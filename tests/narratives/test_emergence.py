"""Counting authors, scoring growth and judging it, against tables worked out by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from explore.errors import Refused
from explore.narratives.counting import Cells, Counts, count
from explore.narratives.emergence import benjamini_hochberg, judge, score
from explore.narratives.windows import ADJACENT, SAME_HOURS, Window, moment, suggest_window
from tests.narratives.making import at, ints, micros

DAY = timedelta(days=1)
WINDOW = Window(as_of=at(8), length=DAY, baseline=3 * DAY)  # window = day 7, baseline = days 4, 5 and 6
LONG_AGO = int(micros(at(0))[0])


def counted(*posts: tuple[datetime, int, int], k: int = 1, window: Window = WINDOW, first: int = LONG_AGO) -> Counts:
    """The counts of posts given as (time, author, narrative)."""
    return count(
        micros(*(one[0] for one in posts)),
        ints(*(one[1] for one in posts)),
        ints(*(one[2] for one in posts)),
        k=k,
        window=window,
        first_at=first,
    )


def counts_of(
    now: list[int], base: list[int], *, now_active: int = 100, base_active: int = 700, bins: int = 7
) -> Counts:
    """Counts with the baseline spread over its bins as evenly as whole numbers can be: no over-dispersion."""
    past = np.array([[(n + i) // bins for i in range(bins)] for n in base])
    active = np.array([now_active, *((base_active + i) // bins for i in range(bins))])
    units = np.column_stack([now, past])
    zeros = np.zeros(len(now), dtype=np.int64)
    whole = Cells(units, active, start=LONG_AGO, length=86_400_000_000, baseline=ADJACENT)
    return Counts(((whole,),), zeros, zeros, np.zeros((len(now), 4), np.int64))


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


def test_a_baseline_that_is_no_whole_number_of_windows_is_cut_to_whole_ones() -> None:
    window = Window(as_of=at(8), length=DAY, baseline=timedelta(days=3, hours=20))
    assert (window.bins, window.start, window.baseline_start) == (3, at(7), at(4))
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


def test_growth_p_and_interval_are_those_of_the_conditional_binomial() -> None:
    row = score(counts_of([12], [20], now_active=150, base_active=900)).iloc[0]
    exact = stats.binomtest(12, 32, 150 / 1050, alternative="greater").pvalue
    assert row["p_value"] == pytest.approx(exact, rel=1e-9)
    # by hand: (12.5 / 20.5) x (900 / 150)
    assert row["rate_ratio"] == pytest.approx(3.6585365853658534)
    # the Jeffreys interval of the share, F distributed odds: an independent way to the same quantiles
    odds = [stats.f.ppf(q, 25, 41) * 12.5 / 20.5 * 6 for q in (0.025, 0.975)]
    assert [row["rate_ratio_low"], row["rate_ratio_high"]] == pytest.approx(odds, rel=1e-9)


def test_p_worked_out_by_hand() -> None:
    # three authors, all now, a quarter of the author-bins are now: (1/4)^3
    assert score(counts_of([3], [0], now_active=10, base_active=30)).loc[0, "p_value"] == pytest.approx(1 / 64)


def test_a_narrative_without_a_past_has_a_finite_estimate() -> None:
    row = score(counts_of([85], [0], now_active=109, base_active=700)).iloc[0]
    assert row["rate_ratio"] == pytest.approx(85.5 / 0.5 * 700 / 109)
    assert 1 < row["rate_ratio_low"] < row["rate_ratio"] < row["rate_ratio_high"] < math.inf


def test_a_narrative_with_nothing_now_is_no_sign_of_growth() -> None:
    row = score(counts_of([0], [5])).iloc[0]
    assert row["p_value"] == 1
    assert 0 < row["rate_ratio_low"] < row["rate_ratio"] < 1


def test_fewer_than_three_windows_of_baseline_cannot_be_tested() -> None:
    two, three = (judge(score(counts_of([50], [0], bins=bins))) for bins in (2, 3))
    assert not two["testable"].any()
    assert two["p_value"].isna().all()
    assert two["q_value"].isna().all()
    assert not two["flagged"].any()
    assert two["rate_ratio_low"].notna().all()
    assert three["flagged"].all()


@pytest.mark.parametrize("active", [{"now_active": 0}, {"base_active": 0}])
def test_without_anybody_active_now_or_before_nothing_is_said(active: dict[str, int]) -> None:
    found = judge(score(counts_of([0], [0], **active)))
    assert not found["testable"].any()
    assert found[["rate_ratio", "rate_ratio_low", "rate_ratio_high", "p_value"]].isna().all(axis=None)
    assert found[["clearest_from", "clearest_to", "clearest_low"]].isna().all(axis=None)
    assert not found["flagged"].any()


def test_false_discovery_rates_of_a_worked_example() -> None:
    p = np.array([0.01, np.nan, 0.04, 0.03, 0.005])
    # sorted .005 .01 .03 .04 times 4 over rank: .02 .02 .04 .04
    assert benjamini_hochberg(p) == pytest.approx([0.02, np.nan, 0.04, 0.04, 0.02], nan_ok=True)


def test_false_discovery_rates_agree_with_scipy_and_never_exceed_one() -> None:
    p = np.random.default_rng(5).uniform(size=200) ** 2
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p))
    assert benjamini_hochberg(np.array([0.9, 1.0])).tolist() == [1.0, 1.0]
    assert len(benjamini_hochberg(np.array([]))) == 0
    assert np.isnan(benjamini_hochberg(np.array([np.nan]))).all()


def test_a_flag_needs_the_low_end_of_the_growth_above_one_and_a_small_q() -> None:
    lows = {"clearest_low": [1.5, 0.99, 1.5, 1.5], "rate_ratio_low": [1.5, 1.5, 0.99, 1.5]}
    scored = pd.DataFrame({"p_value": [0.001, 0.001, 0.001, 0.9], **lows, "testable": True})
    assert judge(scored)["flagged"].tolist() == [True, False, False, False]


@pytest.mark.parametrize("authors", [1.0, 8.0, 20.0])
def test_steady_narratives_are_seldom_flagged(authors: float) -> None:
    rng = np.random.default_rng(11)
    runs = 100
    any_flag = sum(_flags(rng.poisson(authors, size=(8, 40))).any() for _ in range(runs))
    # at most 5 % of runs may have any flag: this many is what chance makes of 5 % in 999 of 1,000 such tests
    assert any_flag <= stats.binom.ppf(0.999, runs, 0.05)


@pytest.mark.parametrize(("authors", "share"), [(8.0, 0.6), (20.0, 0.99)])  # 24 instead of 8: found in 77 of 100
def test_a_tripled_narrative_among_forty_steady_ones_is_found(authors: float, share: float) -> None:
    rng = np.random.default_rng(12)
    runs = 100
    found = 0
    for _ in range(runs):
        per_bin = rng.poisson(authors, size=(8, 40))
        per_bin[7, 0] = rng.poisson(3 * authors)
        found += bool(_flags(per_bin)[0])
    assert found >= share * runs


def _flags(per_bin: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Flags where narrative j has `per_bin[i, j]` authors in bin i (7 = window) who write about nothing else."""
    bins, narratives = np.indices(per_bin.shape)
    bin_of, narrative = (np.repeat(each.ravel(), per_bin.ravel()) for each in (bins, narratives))
    start = micros(at(0))[0]
    when = start + bin_of * 86_400_000_000 + 3_600_000_000
    window = Window(as_of=at(8), length=DAY, baseline=7 * DAY)
    unit = np.arange(len(when))
    counts = count(when, unit, narrative, k=per_bin.shape[1], window=window, first_at=int(start))
    return np.asarray(judge(score(counts))["flagged"], dtype=np.bool_)


def test_a_burst_in_the_last_hours_of_a_busy_narrative_is_seen_in_its_newest_part() -> None:
    steady = [(at(hour / 24 + 0.01), 100 + hour, 0) for hour in range(192)]  # one account an hour for eight days
    others = [(at(hour / 24 + 0.02), 1000 + 10 * hour + i, -1) for hour in range(192) for i in range(10)]
    burst = [(at(8) - timedelta(minutes=5 * i + 1), 9000 + i, 0) for i in range(18)]
    row = judged(*steady, *others, *burst).iloc[0]
    assert (row["now_authors"], row["base_authors"]) == (24 + 18, 7 * 24)
    assert (row["clearest_from"], row["clearest_to"]) == (at(7.75), at(8))
    assert (row["clearest_authors"], row["clearest_active"]) == (6 + 18, 6 + 18 + 60)
    assert (row["clearest_baseline"], row["clearest_base"], row["clearest_bins"]) == (ADJACENT, 7 * 24, 28)
    assert row["flagged"]
    assert row["clearest_low"] > row["rate_ratio_low"]


def test_looking_at_the_window_and_at_its_newest_part_costs_twice_the_smaller_p() -> None:
    posts = [(at(hour / 24 + 0.01), 100 + hour, hour % 2) for hour in range(192)] + [(at(7.5), 7, 0)]
    both = judged(*posts, k=2)
    counts = counted(*posts, k=2, window=WEEK)
    alone = score(Counts(counts.looks[:1], counts.now_posts, counts.base_posts, counts.spark))
    assert (both["p_value"] <= 2 * alone["p_value"]).all()
    closer = both["clearest_from"] == at(7)  # where the whole window is the clearer
    assert closer.any()
    assert both.loc[closer, "p_value"].to_numpy() == pytest.approx(
        np.minimum(1, 2 * alone.loc[closer, "p_value"].to_numpy())
    )


def test_a_narrative_with_hours_of_its_own_does_not_emerge_every_day() -> None:
    evenings = [(at(day + 0.8, second=60 * i), 100 + 20 * day + i, 0) for day in range(8) for i in range(12)]
    others = [(at(hour / 24 + 0.02), 1000 + 10 * hour + i, 1 + i) for hour in range(192) for i in range(10)]
    row = judged(*evenings, *others, k=11).iloc[0]
    assert not row["flagged"]
    assert row["p_value"] > 0.5
    counts = counted(*evenings, *others, k=11, window=WEEK)
    all_hours = tuple(ways[:1] for ways in counts.looks)
    blind = Counts(all_hours, counts.now_posts, counts.base_posts, counts.spark)
    told = judge(score(blind))  # what comparing evenings with nights would have said
    assert (told["q_value"] <= 0.05).tolist() == [True] + [False] * 10
    assert told.loc[0, "clearest_low"] > 1


def test_a_window_shorter_than_a_day_is_compared_with_the_same_hours_of_earlier_days_as_well() -> None:
    six = timedelta(hours=6)
    posts = ((at(7.9), 5, 0), (at(6.8), 1, 0), (at(6.3), 2, 0))
    week, two_days = (counted(*posts, window=Window(as_of=at(8), length=six, baseline=d * DAY)) for d in (7, 2))
    assert [(way.baseline, way.bins, way.base[0]) for way in week.looks[0]] == [(ADJACENT, 28, 2), (SAME_HOURS, 7, 1)]
    assert [(way.baseline, way.bins, way.base[0]) for way in two_days.looks[0]] == [(ADJACENT, 8, 2)]
    assert [way.bins for way in week.looks[1]] == [7 * 24, 7]  # its last hour


def test_the_row_says_which_windows_it_was_compared_with() -> None:
    evenings = [(at(day + 0.8, second=60 * i), 100 + 20 * day + i, 0) for day in range(8) for i in range(12)]
    all_day = [(at(hour / 24 + 0.02), 1000 + 10 * hour + i, 1) for hour in range(192) for i in range(10)]
    found = judged(*evenings, *all_day, k=2, window=Window(as_of=at(8), length=timedelta(hours=6), baseline=7 * DAY))
    assert found.loc[0, "clearest_baseline"] == SAME_HOURS
    assert found["base_bins"].tolist() == [28, 28]
    assert found.loc[0, ["clearest_authors", "clearest_base", "clearest_bins"]].tolist() == [12, 84, 7]


def test_days_that_the_snapshot_does_not_cover_are_no_same_hours() -> None:
    window = Window(as_of=at(8), length=timedelta(hours=6), baseline=7 * DAY)
    three, two = (counted((at(7.9), 5, 0), window=window, first=int(micros(at(d))[0])) for d in (4.75, 4.76))
    assert [(way.baseline, way.bins) for way in three.looks[0]] == [(ADJACENT, 12), (SAME_HOURS, 3)]
    assert [(way.baseline, way.bins) for way in two.looks[0]] == [(ADJACENT, 11)]


def test_a_narrative_of_day_zero_is_scored_like_any_other() -> None:
    others = [(at(hour / 24 + 0.02), 1000 + 10 * hour + i, -1) for hour in range(192) for i in range(10)]
    row = judged(*others, *((at(7.9, second=i), i, 0) for i in range(8))).iloc[0]
    assert (row["base_authors"], row["clearest_base"]) == (0, 0)
    assert row["flagged"]


def test_without_enough_windows_neither_the_window_nor_its_part_is_tested() -> None:
    posts = [(at(6 + hour / 24), hour, 0) for hour in range(48)] + [(at(7.9, second=i), 100 + i, 0) for i in range(30)]
    row = judged(*posts, first=int(micros(at(6))[0])).iloc[0]
    assert (row["base_bins"], row["testable"], row["flagged"]) == (1, False, False)
    assert (row["clearest_from"], row["clearest_authors"]) == (at(7), row["now_authors"])


WEEK = Window(as_of=at(8), length=DAY, baseline=7 * DAY)


def judged(*posts: tuple[datetime, int, int], k: int = 1, window: Window = WEEK, first: int = LONG_AGO) -> pd.DataFrame:
    """Posts as (time, author, narrative), scored for the last of eight days."""
    return judge(score(counted(*posts, k=k, window=window, first=first)))


def test_a_busy_fortnight_gets_a_day_on_a_week() -> None:
    assert suggested(days=14, authors=200) == Window(as_of=at(14), length=DAY, baseline=7 * DAY)


@pytest.mark.parametrize(("days", "hours"), [(4, 24), (3.99, 6), (1, 6), (0.99, 1), (4 / 24, 1), (1 / 24, 1)])
def test_a_few_hours_of_data_get_a_shorter_window(days: float, hours: int) -> None:
    found = suggested(days=days, authors=200)
    assert (found.length, found.baseline) == (timedelta(hours=hours), 7 * timedelta(hours=hours))


@pytest.mark.parametrize(("days", "length"), [(11, 1), (12, 3), (27, 3), (28, 7), (2000, 7)])
def test_sparse_data_get_a_longer_window_where_they_span_four_of_it(days: int, length: int) -> None:
    assert suggested(days=days, authors=5).length == timedelta(days=length)


def test_a_window_is_suggested_for_the_moment_not_for_what_came_after() -> None:
    crowded = np.concatenate([micros(*(at(day) for day in range(14))), micros(*[at(20)] * 500)])
    found = suggest_window(crowded, np.arange(len(crowded)), as_of=at(14))
    assert (found.as_of, found.length) == (at(14), 3 * DAY)


def test_a_window_is_suggested_even_where_nothing_was_posted() -> None:
    assert suggest_window(ints(), ints(), as_of=at(3)).length == timedelta(hours=1)


def suggested(*, days: float, authors: int) -> Window:
    """For posts spread evenly over the days before the moment, the authors taking turns every hour."""
    posts = np.linspace(micros(at(0))[0], micros(at(days))[0], 5000, endpoint=False).astype(np.int64)
    return suggest_window(posts, np.arange(len(posts)) % authors, as_of=at(days))


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-31T14:00Z",
        "2024-05-31T14:00:00+00:00",
        "2024-05-31 14:00",
        "2024-05-31T16:00+02:00",
        " 2024-05-31T08:30:00-05:30 ",
    ],
)
def test_a_moment_is_iso_with_or_without_an_offset(text: str) -> None:
    assert moment(text) == datetime(2024, 5, 31, 14, tzinfo=UTC)
    assert moment(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2024-02-30", "31.05.2024", "1717164000", "0001-01-01T00:00+05:00", "9999-12-31T23:00-05:00"],
)
def test_what_is_no_moment_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Refused, match=r"is not a time\. Write it like 2024-05-31T14:00Z"):
        moment(text)
