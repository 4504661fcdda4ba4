from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explore.posts.collection import RULES, Collection, inspect

START = 1_709_510_400  # Monday 4 March 2024, 00:00 UTC
LOADED = START + 60 * 86_400.0


def seconds_of(days: int = 14, *, per_hour: float = 30, seed: int = 1) -> np.ndarray:
    """Posts by day with quiet nights, at random seconds."""
    rng = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    busy = np.where((hours % 24 < 7), 0.1, 1.0) * per_hour
    counts = rng.poisson(busy)
    return np.sort(START + np.repeat(hours * 3600, counts) + rng.integers(0, 3600, counts.sum()))


def looked_at(moments: np.ndarray, *, loaded_at: float = LOADED) -> Collection:
    seconds, posts = np.unique(moments, return_counts=True)
    return inspect(seconds.astype(np.int64), posts.astype(np.int64), loaded_at=loaded_at)


def kinds(found: Collection) -> set[str]:
    return {one.kind for one in found.clock}


def hour(day: int, of_day: int) -> pd.Timestamp:
    return pd.Timestamp(START + day * 86_400 + of_day * 3600, unit="s", tz="UTC")


@pytest.mark.parametrize("seed", range(5))
def test_an_honest_collection_with_quiet_nights_has_no_findings(seed: int) -> None:
    found = looked_at(seconds_of(seed=seed))
    assert (len(found.holes), len(found.spikes), found.clock, found.precision) == (0, 0, (), "second")


def test_hours_without_posts_that_usually_hold_some_are_a_hole() -> None:
    moments = seconds_of()
    gap = (moments >= START + 6 * 86_400 + 10 * 3600) & (moments < START + 6 * 86_400 + 14 * 3600)
    found = looked_at(moments[~gap])
    assert found.holes[["start", "end"]].to_numpy().tolist() == [[hour(6, 10), hour(6, 14)]]
    assert found.holes["usual"].iloc[0] == pytest.approx(120, rel=0.2)


def test_a_hole_of_days_is_measured_against_the_days_on_both_sides() -> None:
    moments = seconds_of(20)
    gap = (moments >= START + 8 * 86_400) & (moments < START + 12 * 86_400)
    found = looked_at(moments[~gap])
    assert len(found.holes) == 1
    assert (found.holes["start"].iloc[0], found.holes["end"].iloc[0]) == (hour(8, 0), hour(12, 0))
    assert found.holes["usual"].iloc[0] > 1_500


def test_nights_and_weekends_that_are_always_empty_are_no_holes() -> None:
    moments = seconds_of(21, per_hour=40)
    hours = (moments // 3600) % 24
    assert len(looked_at(moments[(hours >= 8) & (hours < 20)]).holes) == 0


def test_a_burst_far_above_the_days_around_is_a_spike() -> None:
    moments = seconds_of()
    burst = np.random.default_rng(2).integers(START + 9 * 86_400 + 15 * 3600, START + 9 * 86_400 + 16 * 3600, 900)
    found = looked_at(np.sort(np.concatenate([moments, burst])))
    assert found.spikes["start"].tolist() == [hour(9, 15)]
    assert found.spikes["posts"].iloc[0] > 900
    assert found.spikes["z"].iloc[0] > 8


def test_many_posts_in_one_second_are_odd() -> None:
    moments = np.concatenate([seconds_of(), np.full(200, START + 5 * 86_400 + 43_217)])
    found = looked_at(np.sort(moments))
    assert kinds(found) == {"second"}
    assert found.clock[0].posts >= 200
    assert found.clock[0].worst == pd.Timestamp(START + 5 * 86_400 + 43_217, unit="s", tz="UTC")


def test_times_on_full_hours_are_odd() -> None:
    moments = seconds_of()
    moments[::5] -= moments[::5] % 3600
    assert "full_hour" in kinds(looked_at(np.sort(moments)))


def test_times_to_the_minute_are_no_oddity_by_themselves() -> None:
    moments = seconds_of(per_hour=100)
    found = looked_at(np.sort(moments - moments % 60))
    assert (found.precision, found.clock) == ("minute", ())


def test_dates_among_times_are_odd_and_dates_alone_are_a_precision() -> None:
    moments = seconds_of()
    mixed = moments.copy()
    mixed[::10] -= mixed[::10] % 86_400
    assert "midnight" in kinds(looked_at(np.sort(mixed)))
    alone = looked_at(np.sort(moments - moments % 86_400))
    assert (alone.precision, kinds(alone)) == ("day", set())


def test_posts_from_the_future_are_odd() -> None:
    moments = seconds_of()
    found = looked_at(moments, loaded_at=float(moments[-3]))
    assert [(one.kind, one.posts) for one in found.clock] == [("future", 2)]


def test_too_little_to_tell_is_said() -> None:
    found = looked_at(np.array([START, START + 86_400 * 50 + 17]))
    assert (found.step, len(found.holes), len(found.spikes), found.clock) == (None, 0, 0, ())


def test_every_finding_has_its_rule_in_words() -> None:
    assert set(RULES) == {"hole", "spike", "second", "full_hour", "midnight", "future"}
