"""Over-dispersion: estimated, tested against and put into the interval, by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from explore.narratives.dispersion import GRID, Dispersion, fit_of
from explore.narratives.emergence import benjamini_hochberg

WINDOWS = 8
EVEN = 1 / WINDOWS


Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def varied(
    alpha: float | Floats, mean: float | Floats, *, narratives: int, rng: np.random.Generator, windows: int = WINDOWS
) -> Ints:
    """Gamma-Poisson counts, shape (narratives, windows); the first window is the one to test.

    `alpha`, `mean`: the same for all, or one each.
    """
    shape = (narratives, windows)
    each = np.broadcast_to(np.reshape(alpha, (-1, 1)), shape)
    rate = rng.gamma(1 / each, each) if np.all(each > 0) else np.ones(shape)
    return rng.poisson(np.reshape(mean, (-1, 1)) * rate).astype(np.int64)


def estimated(past: Ints) -> Dispersion:
    """From windows in which as much was to be expected of each as of any other."""
    return Dispersion.estimated(past, np.ones(past.shape))


def alike(alpha: float, k: int) -> Dispersion:
    return Dispersion(alpha, np.full(k, alpha))


def tails(units: Ints, model: Dispersion) -> Floats:
    even = np.full(len(units), EVEN)
    return model.tail(units[:, 0], units[:, 1:].sum(axis=1), share=even, windows=WINDOWS)


def ends(units: Ints, model: Dispersion, *, now: Ints | None = None) -> tuple[Floats, Floats]:
    now = units[:, 0] if now is None else now
    even = np.full(len(units), EVEN)
    return model.interval(now, units[:, 1:].sum(axis=1), share=even, windows=WINDOWS, level=0.05)


def test_the_tail_worked_out_by_hand() -> None:
    # alpha 1 and four windows: beta-binomial with a = 1, b = 3; both of two units now: 1/4 x 2/5
    found = alike(1.0, 2).tail(np.array([2, 0]), np.array([0, 5]), share=np.full(2, 1 / 4), windows=4)
    assert found == pytest.approx([0.1, 1.0])


@pytest.mark.parametrize("alpha", [0.05, 0.4, 2.0])
def test_the_tail_is_that_of_the_beta_binomial(alpha: float) -> None:
    now, base = np.array([3, 40, 7, 0, 900]), np.array([0, 100, 2, 9, 5000])
    share = np.array([0.125, 0.3, 0.9, 0.5, 0.14])  # each narrative has an expectation of its own
    a, b = WINDOWS * share / alpha, WINDOWS * (1 - share) / alpha
    expected = stats.betabinom.sf(now - 1, now + base, a, b)
    found = alike(alpha, 5).tail(now, base, share=share, windows=WINDOWS)
    assert found == pytest.approx(expected, rel=1e-6)


def test_each_narrative_is_tested_with_its_own_alpha() -> None:
    now, base, even = np.full(3, 9), np.full(3, 14), np.full(3, EVEN)
    model = Dispersion(0.1, np.array([0.0, 0.1, 1.0]))
    found = model.tail(now, base, share=even, windows=WINDOWS)
    alone = [alike(alpha, 3).tail(now, base, share=even, windows=WINDOWS)[0] for alpha in model.own]
    assert found == pytest.approx(alone)
    assert (np.diff(found) > 0).all()


def test_without_over_dispersion_the_tail_is_that_of_the_binomial() -> None:
    now, base, even = np.array([3, 40]), np.array([1, 100]), np.full(2, EVEN)
    exact = [
        stats.binomtest(int(k), int(k + k0), EVEN, alternative="greater").pvalue
        for k, k0 in zip(now, base, strict=True)
    ]
    assert Dispersion.none(2).tail(now, base, share=even, windows=WINDOWS) == pytest.approx(exact)
    assert alike(2e-6, 2).tail(now, base, share=even, windows=WINDOWS) == pytest.approx(exact, rel=1e-3)


@pytest.mark.parametrize("events", [0.0, 0.1])
@pytest.mark.parametrize("windows", [3, 7, 14, 28])
@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.3, 1.0])
def test_the_dispersion_that_made_the_counts_is_found_again(alpha: float, windows: int, events: float) -> None:
    rng = np.random.default_rng(3)
    k, hit = 250, int(250 * events)
    found = []
    for _ in range(20 if windows == 3 else 8):
        past = varied(alpha, 0.3 + rng.gamma(0.8, 8, size=k), narratives=k, rng=rng, windows=windows)
        past[np.arange(hit), rng.integers(windows, size=hit)] += rng.integers(15, 60, size=hit)
        model = estimated(past)
        found.append((model.pooled, np.median(model.own[hit:])))
    # the grid's steps are 40 to 50 % apart; in three windows an event looks much like an alpha of 1
    assert np.mean(found, axis=0) == pytest.approx([alpha, alpha], rel=0.35 if windows == 3 else 0.2, abs=0.01)


def test_busy_and_quiet_windows_are_no_dispersion() -> None:
    rng = np.random.default_rng(4)
    active = np.array([500, 2000, 100, 1500, 900, 3000, 700])
    units = rng.poisson(0.02 * active, size=(200, 7))
    expected = np.broadcast_to(active, units.shape).astype(np.float64)
    assert Dispersion.estimated(units, expected).pooled < 0.02
    assert estimated(units).pooled > 0.3
    assert fit_of(units, expected) > fit_of(units, np.ones(units.shape)) + 100


def test_the_scale_of_what_was_expected_does_not_matter() -> None:
    rng = np.random.default_rng(4)
    units = varied(0.3, 15, narratives=60, rng=rng)
    scales = rng.uniform(0.1, 90, size=(60, 1))
    one, other = estimated(units), Dispersion.estimated(units, np.ones(units.shape) * scales)
    assert one.pooled == other.pooled
    assert one.own == pytest.approx(other.own)


def test_past_events_of_a_few_narratives_are_no_measure_of_the_others() -> None:
    rng = np.random.default_rng(5)
    steady = varied(0.05, 15, narratives=80, rng=rng)[:, 1:]
    events = varied(0.05, 2, narratives=20, rng=rng)[:, 1:]
    events[np.arange(20), rng.integers(0, 7, size=20)] += 100
    model = estimated(np.vstack([steady, events]))
    assert model.pooled < 0.1
    assert model.own.max() < 0.2  # nor of what had the event


def test_a_narrative_that_varies_much_gets_more_than_a_quiet_one() -> None:
    rng = np.random.default_rng(13)
    found = np.array([estimated(_mixed_habits(rng)).own for _ in range(10)]).mean(axis=0)
    quiet, wild = found[:80], found[80:]
    assert np.median(quiet) < 0.1
    assert np.median(wild) > 0.4
    assert quiet.max() < wild.min()


def test_what_one_narrative_alone_seems_to_vary_is_drawn_towards_the_others() -> None:
    rng = np.random.default_rng(14)
    past = varied(0.1, 20, narratives=100, rng=rng)[:, 1:]
    own = estimated(past).own
    alone = past.var(axis=1, ddof=1) / past.mean(axis=1) ** 2 - 1 / past.mean(axis=1)  # by moments
    assert own.std() < 0.5 * alone.std()
    assert np.abs(own - 0.1).mean() < 0.5 * np.abs(alone - 0.1).mean()


def test_the_less_there_is_of_a_narrative_the_nearer_it_is_to_the_others() -> None:
    past = _mixed_habits(np.random.default_rng(15))
    one_burst, many_bursts = np.array([[0, 4, 0, 0, 4, 0, 0]]), np.array([[0, 80, 0, 0, 80, 0, 0]])
    model = estimated(np.vstack([past, one_burst, many_bursts, np.zeros_like(one_burst)]))
    few, many, none = model.own[-3:]
    assert none < few < many
    assert many > 2 * few


def _mixed_habits(rng: np.random.Generator) -> Ints:
    """Past windows of 80 narratives of alpha .05 and 20 of alpha 1."""
    return varied(np.repeat([0.05, 1.0], [80, 20]), 20, narratives=100, rng=rng)[:, 1:]


def test_narratives_that_are_all_in_one_window_each_still_give_an_interval_with_two_ends() -> None:
    bursts = np.zeros((40, 168), dtype=np.int64)
    bursts[np.arange(40), np.arange(40) * 4] = 30
    now, base = np.tile([30, 0], 20), np.tile([0, 30], 20)
    low, high = estimated(bursts).interval(now, base, share=np.full(40, 1 / 169), windows=169, level=0.05)
    assert np.isfinite([low, high]).all()
    assert (low < high).all()


@pytest.mark.parametrize("units", [np.zeros((3, 7)), np.eye(7)[:3], np.empty((0, 7)), np.full((3, 1), 9)])
def test_too_little_to_tell_is_no_dispersion(units: Floats) -> None:
    found = estimated(units.astype(np.int64))
    assert found.pooled == 0
    assert found.own.tolist() == [0] * len(units)


@pytest.mark.parametrize(("alpha", "mean"), [(0.0, 3), (0.1, 20), (0.3, 3), (0.3, 20), (1.0, 20)])
def test_nothing_is_flagged_too_often_where_narratives_only_vary(alpha: float, mean: float) -> None:
    rng = np.random.default_rng(6)
    runs, hits = 100, 0
    for _ in range(runs):
        units = varied(alpha, mean, narratives=40, rng=rng)
        hits += bool((benjamini_hochberg(tails(units, estimated(units[:, 1:]))) <= 0.05).any())
    assert hits <= stats.binom.ppf(0.999, runs, 0.05)  # what chance makes of 5 % in 999 of 1,000 such tests


def test_where_each_varies_in_its_own_way_false_flags_are_few() -> None:
    rng = np.random.default_rng(16)
    runs, own, pooled = 60, 0, 0
    for _ in range(runs):
        alpha = 0.1 * np.exp(1.4 * rng.normal(size=40))  # a tenth of them vary with .6 and more
        units = varied(alpha, 20, narratives=40, rng=rng)
        model = estimated(units[:, 1:])
        own += int((benjamini_hochberg(tails(units, model)) <= 0.05).sum())
        pooled += int((benjamini_hochberg(tails(units, alike(model.pooled, 40))) <= 0.05).sum())
    # three in a thousand narratives, in one run of ten (of 500): seven windows say little of how much each varies
    assert own <= 0.01 * 40 * runs
    assert pooled > 2 * own


def test_chance_alone_as_the_null_would_flag_in_most_runs() -> None:
    rng = np.random.default_rng(7)
    flagged = [
        (benjamini_hochberg(tails(varied(0.3, 20, narratives=40, rng=rng), Dispersion.none(40))) <= 0.05).any()
        for _ in range(40)
    ]
    assert np.mean(flagged) > 0.9


def test_a_narrative_ten_times_its_size_is_found_among_ones_that_vary() -> None:
    rng = np.random.default_rng(8)
    found = 0
    for _ in range(50):
        units = varied(0.2, 10, narratives=40, rng=rng)
        units[0, 0] = rng.poisson(100)
        found += bool(benjamini_hochberg(tails(units, estimated(units[:, 1:])))[0] <= 0.05)
    assert found >= 45


@pytest.mark.parametrize(
    ("alpha", "mean", "growth"), [(0.0, 10, 1), (0.0, 10, 4), (0.2, 20, 1), (0.2, 20, 4), (0.5, 20, 2)]
)
def test_the_interval_holds_the_true_growth_in_about_95_of_100_cases(alpha: float, mean: float, growth: float) -> None:
    rng = np.random.default_rng(9)
    n = 4000
    units = varied(alpha, mean, narratives=n, rng=rng)
    now = varied(alpha, mean * growth, narratives=n, rng=rng)[:, 0]
    low, high = ends(units, alike(alpha, n), now=now)
    assert 0.93 <= np.mean((low <= growth) & (growth <= high)) <= 0.97
    assert np.mean(low > growth) <= 0.035


def test_with_an_estimated_dispersion_it_still_does() -> None:
    rng = np.random.default_rng(10)
    held = []
    for _ in range(80):
        units = varied(0.3, 20, narratives=40, rng=rng)
        low, high = ends(units, estimated(units[:, 1:]))
        held.append(np.mean((low <= 1) & (high >= 1)))
    assert 0.93 <= np.mean(held) <= 0.97


def test_more_dispersion_means_a_wider_interval_around_the_same_estimate() -> None:
    now, base = np.full(4, 20), np.full(4, 30)
    model = Dispersion(0.1, np.array([0.0, 0.011, 0.1, 1.0]))
    lows, highs = model.interval(now, base, share=np.full(4, EVEN), windows=WINDOWS, level=0.05)
    assert lows.tolist() == sorted(lows, reverse=True)
    assert highs.tolist() == sorted(highs)
    assert (lows < 20.5 / 30.5 * 7).all()
    assert (highs > 20.5 / 30.5 * 7).all()
    assert lows[0] == pytest.approx(lows[1], rel=0.05)  # no jump from none to hardly any


def test_the_grid_of_alphas_ascends_and_ends_beyond_what_was_ever_seen() -> None:
    assert (np.diff(GRID) > 0).all()
    wild = varied(2.5, 30, narratives=200, rng=np.random.default_rng(17))
    assert GRID[0] < estimated(wild).pooled < GRID[-1]
