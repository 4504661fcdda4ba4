"""Since when: known changes are found again, and where nothing changed nothing is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from explore.narratives.onset import Onset, onset

STEPS, WINDOW, DRAWS = 384, 336, 200  # seven windows before, 48 steps each


def drawn(seed: int, rates: Sequence[float] | np.ndarray, *, times: float = 1.0) -> Onset | None:
    """The onset in counts of these rates, where activity has days and chance; `times` as much of it in the window."""
    rng = np.random.default_rng(seed)
    active = rng.uniform(0.5, 1.5, STEPS) * (1 + 0.5 * np.sin(np.arange(STEPS) / 24 * np.pi))
    active[WINDOW:] *= times
    return onset(rng.poisson(active * np.asarray(rates)), active * 10, window=WINDOW)


def stepped(before: float, after: float, moment: float) -> np.ndarray:
    """Rates that change at a moment within a step."""
    since = np.clip(np.arange(STEPS) + 1 - moment, 0, 1)
    return before + (after - before) * since


def stretches(*lengths_and_rates: tuple[int, float]) -> Onset | None:
    """The onset in counts without chance."""
    counts = np.concatenate([np.full(length, rate) for length, rate in lengths_and_rates]).astype(np.int64)
    return onset(counts, np.ones(len(counts)), window=len(counts) - 48)


@pytest.mark.parametrize(("before", "after", "step"), [(0.05, 1.5, 350), (0.5, 2.5, 345), (0.5, 1.5, 300)])
def test_a_beginning_of_known_time_lies_in_the_interval_in_ninety_of_a_hundred_draws(
    before: float, after: float, step: int
) -> None:
    within = found = 0
    for seed in range(DRAWS):
        moment = step + np.random.default_rng(seed + 1000).uniform()
        told = drawn(seed, stepped(before, after, moment))
        found += told is not None
        within += told is not None and told.earliest - 1 <= moment <= told.latest + 1
    assert found >= 0.95 * DRAWS
    assert within >= 0.9 * DRAWS


@pytest.mark.parametrize("rate", [0.05, 0.5, 5.0])
def test_steady_posting_has_no_beginning_in_ninety_five_of_a_hundred_draws(rate: float) -> None:
    assert sum(drawn(seed, np.full(STEPS, rate)) is not None for seed in range(DRAWS)) <= 0.05 * DRAWS


def test_twice_the_activity_of_everybody_is_no_beginning() -> None:
    assert sum(drawn(seed, np.full(STEPS, 1.0), times=2) is not None for seed in range(DRAWS)) <= 0.05 * DRAWS


def test_what_fades_has_no_beginning() -> None:
    assert sum(drawn(seed, stepped(2, 0.5, 350)) is not None for seed in range(DRAWS)) == 0


def test_a_wave_may_be_older_than_the_window() -> None:
    assert stretches((200, 0), (100, 3)) == Onset(200, 199, 200)


def test_an_earlier_burst_that_ended_is_not_the_beginning_of_the_wave() -> None:
    assert stretches((40, 0), (20, 20), (120, 0), (30, 5)) == Onset(180, 180, 180)


def test_a_wave_that_ebbs_in_the_window_began_where_it_rose() -> None:
    assert stretches((130, 0), (40, 20), (30, 4)) == Onset(130, 130, 130)


def test_a_wave_that_rises_in_two_leaps_began_with_the_first() -> None:
    found = stretches((150, 0), (10, 4), (40, 20))
    assert found is not None
    assert found.step == 150


def test_a_murmur_before_the_wave_is_not_its_beginning() -> None:
    found = stretches((100, 0), (60, 1), (40, 40))
    assert found is not None
    assert found.step == 160


@pytest.mark.parametrize("counts", [[0] * 96, [], [3] * 96])
def test_nothing_and_always_the_same_have_no_beginning(counts: list[int]) -> None:
    assert onset(np.array(counts, dtype=np.int64), np.ones(len(counts)), window=max(0, len(counts) - 48)) is None


def test_steps_in_which_nobody_was_active_tell_nothing() -> None:
    units, active = np.zeros(96, dtype=np.int64), np.ones(96)
    active[:60] = 0
    units[60:] = 4
    assert onset(units, active, window=48) is None
