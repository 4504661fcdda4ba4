"""Over-dispersion: estimated, tested against and put into the interval, by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from explore.narratives.dispersion import Dispersion
from explore.narratives.emergence import benjamini_hochberg

WINDOWS = 8
SHARE = 1 / WINDOWS
ACTIVE = np.full(WINDOWS - 1, 1000)


def varied(alpha: float, mean: float, *, narratives: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Gamma-Poisson counts, shape (narratives, windows); the first window is the one to test."""
    shape = (narratives, WINDOWS)
    rate = rng.gamma(1 / alpha, alpha, size=shape) if alpha else np.ones(shape)
    return rng.poisson(mean * rate).astype(np.int64)


def tails(units: NDArray[np.int64], model: Dispersion) -> NDArray[np.float64]:
    return model.tail(units[:, 0], units[:, 1:].sum(axis=1), share=SHARE, windows=WINDOWS)


def test_the_tail_worked_out_by_hand() -> None:
    # alpha 1 and four windows: beta-binomial with a = 1, b = 3; both of two units now: 1/4 x 2/5
    found = Dispersion(1.0).tail(np.array([2, 0]), np.array([0, 5]), share=1 / 4, windows=4)
    assert found == pytest.approx([0.1, 1.0])


@pytest.mark.parametrize("alpha", [0.05, 0.4, 2.0])
def test_the_tail_is_that_of_the_beta_binomial(alpha: float) -> None:
    now, base = np.array([3, 40, 7, 0, 900]), np.array([0, 100, 2, 9, 5000])
    a, b = WINDOWS * SHARE / alpha, WINDOWS * (1 - SHARE) / alpha
    expected = [
        stats.betabinom.pmf(np.arange(k, k + k0 + 1), k + k0, a, b).sum() for k, k0 in zip(now, base, strict=True)
    ]
    assert Dispersion(alpha).tail(now, base, share=SHARE, windows=WINDOWS) == pytest.approx(expected, rel=1e-6)


def test_without_over_dispersion_the_tail_is_that_of_the_binomial() -> None:
    now, base = np.array([3, 40]), np.array([1, 100])
    exact = [
        stats.binomtest(int(k), int(k + k0), SHARE, alternative="greater").pvalue
        for k, k0 in zip(now, base, strict=True)
    ]
    assert Dispersion().tail(now, base, share=SHARE, windows=WINDOWS) == pytest.approx(exact)
    nearly = Dispersion(2e-6).tail(now, base, share=SHARE, windows=WINDOWS)
    assert nearly == pytest.approx(exact, rel=1e-3)


@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.3, 1.0])
def test_the_dispersion_that_made_the_counts_is_found_again(alpha: float) -> None:
    rng = np.random.default_rng(3)
    found = [Dispersion.pooled(varied(alpha, 20, narratives=200, rng=rng)[:, 1:], ACTIVE).alpha for _ in range(10)]
    assert np.mean(found) == pytest.approx(alpha, rel=0.2, abs=0.01)


def test_busy_and_quiet_windows_are_no_dispersion() -> None:
    rng = np.random.default_rng(4)
    active = np.array([500, 2000, 100, 1500, 900, 3000, 700])
    units = rng.poisson(0.02 * active, size=(200, 7))
    assert Dispersion.pooled(units, active).alpha < 0.02
    assert Dispersion.pooled(units, ACTIVE).alpha > 0.3


def test_past_events_of_a_few_narratives_are_no_measure_of_the_others() -> None:
    rng = np.random.default_rng(5)
    steady = varied(0.05, 15, narratives=80, rng=rng)[:, 1:]
    events = varied(0.05, 2, narratives=20, rng=rng)[:, 1:]
    events[np.arange(20), rng.integers(0, 7, size=20)] += 100
    assert Dispersion.pooled(np.vstack([steady, events]), ACTIVE).alpha < 0.1


def test_narratives_that_are_all_in_one_window_each_still_give_an_interval_with_two_ends() -> None:
    bursts = np.zeros((40, 168), dtype=np.int64)
    bursts[np.arange(40), np.arange(40) * 4] = 30
    model = Dispersion.pooled(bursts, np.full(168, 50))
    low, high = model.interval(np.array([30, 0]), np.array([0, 30]), share=1 / 169, windows=169, level=0.05)
    assert np.isfinite([low, high]).all()
    assert (low < high).all()


@pytest.mark.parametrize("units", [np.zeros((3, 7)), np.eye(7)[:3], np.empty((0, 7))])
def test_too_little_to_tell_is_no_dispersion(units: NDArray[np.float64]) -> None:
    assert Dispersion.pooled(units.astype(np.int64), ACTIVE).alpha == 0


@pytest.mark.parametrize(("alpha", "mean"), [(0.0, 3), (0.1, 20), (0.3, 3), (0.3, 20), (1.0, 20)])
def test_nothing_is_flagged_too_often_where_narratives_only_vary(alpha: float, mean: float) -> None:
    rng = np.random.default_rng(6)
    runs, hits = 150, 0
    for _ in range(runs):
        units = varied(alpha, mean, narratives=40, rng=rng)
        model = Dispersion.pooled(units[:, 1:], ACTIVE)
        hits += bool((benjamini_hochberg(tails(units, model)) <= 0.05).any())
    assert hits <= stats.binom.ppf(0.999, runs, 0.05)  # what chance makes of 5 % in 999 of 1,000 such tests


def test_chance_alone_as_the_null_would_flag_in_most_runs() -> None:
    rng = np.random.default_rng(7)
    flagged = [
        (benjamini_hochberg(tails(varied(0.3, 20, narratives=40, rng=rng), Dispersion())) <= 0.05).any()
        for _ in range(40)
    ]
    assert np.mean(flagged) > 0.9


def test_a_narrative_ten_times_its_size_is_found_among_ones_that_vary() -> None:
    rng = np.random.default_rng(8)
    found = 0
    for _ in range(50):
        units = varied(0.2, 10, narratives=40, rng=rng)
        units[0, 0] = rng.poisson(100)
        model = Dispersion.pooled(units[:, 1:], ACTIVE)
        found += bool(benjamini_hochberg(tails(units, model))[0] <= 0.05)
    assert found >= 45


@pytest.mark.parametrize(
    ("alpha", "mean", "growth"), [(0.0, 10, 1), (0.0, 10, 4), (0.2, 20, 1), (0.2, 20, 4), (0.5, 20, 2)]
)
def test_the_interval_holds_the_true_growth_in_about_95_of_100_cases(alpha: float, mean: float, growth: float) -> None:
    rng = np.random.default_rng(9)
    n = 4000
    units = varied(alpha, mean, narratives=n, rng=rng)
    now = varied(alpha, mean * growth, narratives=n, rng=rng)[:, 0]
    low, high = Dispersion(alpha).interval(now, units[:, 1:].sum(axis=1), share=SHARE, windows=WINDOWS, level=0.05)
    assert 0.93 <= np.mean((low <= growth) & (growth <= high)) <= 0.97
    assert np.mean(low > growth) <= 0.035


def test_with_an_estimated_dispersion_it_still_does() -> None:
    rng = np.random.default_rng(10)
    held = []
    for _ in range(100):
        units = varied(0.3, 20, narratives=40, rng=rng)
        model = Dispersion.pooled(units[:, 1:], ACTIVE)
        low, high = model.interval(units[:, 0], units[:, 1:].sum(axis=1), share=SHARE, windows=WINDOWS, level=0.05)
        held.append(np.mean((low <= 1) & (high >= 1)))
    assert 0.93 <= np.mean(held) <= 0.97


def test_more_dispersion_means_a_wider_interval_around_the_same_estimate() -> None:
    now, base = np.array([20]), np.array([30])
    ends = [Dispersion(a).interval(now, base, share=SHARE, windows=WINDOWS, level=0.05) for a in (0.0, 0.1, 1.0)]
    lows, highs = ([float(end[side][0]) for end in ends] for side in (0, 1))
    assert lows == sorted(lows, reverse=True)
    assert highs == sorted(highs)
    assert all(low < 20.5 / 30.5 * 7 < high for low, high in zip(lows, highs, strict=True))
