"""The wave of a narrative, on posts whose figures can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives import wave as waving
from explore.narratives.counting import Activity
from explore.narratives.replay import Detection, replay
from explore.narratives.run import Run
from explore.narratives.wave import measured, wave, waves
from explore.narratives.windows import Window
from explore.settings import Workspace
from tests.narratives.conftest import Explored
from tests.narratives.making import BREAD, VOTE, at, micros, narrative_of, post, run_with

WINDOW = Window(as_of=at(8))
HOUR = timedelta(hours=1)


def of(moments: list[datetime], *, background: list[datetime] | None = None, window: Window = WINDOW) -> pd.Series:
    """The wave of one group that a new account posts at each moment; `background`: everybody else's posts."""
    others = background if background is not None else [at(n / 240) for n in range(8 * 240)]
    when, unit = micros(*moments, *others), np.arange(len(moments) + len(others))
    group = np.where(unit < len(moments), 0, -1)
    activity = Activity(when, unit, np.ones(len(unit), dtype=bool))
    views = np.full(len(unit), np.nan)
    return measured(when, unit, views, group, k=1, window=window, activity=activity).iloc[0]


def held(run: Run, narrative: int) -> NDArray[np.bool_]:
    """Which posts of the run's timeline a narrative holds."""
    mine: NDArray[np.bool_] = run.timeline.narrative == narrative
    return mine


def test_a_narrative_whose_first_post_lies_in_the_window_began_with_it(few: Explored) -> None:
    told = wave(few.run, WINDOW, held(few.run, VOTE))
    assert told is not None
    assert told.onset == told.onset_low == told.onset_high == told.first_at == at(7.1)
    assert (told.posts, told.units, told.views, told.share_of_life, told.is_older) == (5, 3, 80, 1, False)
    assert (told.peak_units, told.step) == (1, timedelta(minutes=30))


def test_a_steady_narrative_has_no_onset_and_tells_its_window_and_its_life(few: Explored) -> None:
    told = wave(few.run, WINDOW, held(few.run, BREAD))
    assert told is not None
    assert (told.onset, told.posts, told.units, told.views, told.life_posts) == (None, 1, 1, 9, 4)
    assert (told.first_at, told.peak_at) == (at(1.5), at(7.9) - timedelta(minutes=6))


def test_the_onset_of_an_older_narrative_is_the_first_post_of_its_wave_between_two_moments() -> None:
    told = of([at(-900), at(0.4), *(at(7.52) + n * timedelta(minutes=7) for n in range(60))])
    assert told["onset"] == at(7.52)
    assert at(7.4) < told["onset_low"] <= at(7.52) <= told["onset_high"] < at(7.6)
    assert (told["first_at"], told["life_posts"]) == (at(-900), 62)


def test_a_wave_that_is_older_than_the_window_began_before_it() -> None:
    told = of([at(0.4), *(at(5) + n * HOUR / 2 for n in range(144))])
    assert abs(told["onset"] - at(5)) <= HOUR
    assert told["wave_posts"] == 48


def test_more_posting_by_the_same_accounts_is_no_onset() -> None:
    """Forty accounts that post about everything, eight times as often on the last day: one post in ten is of it."""
    rng = np.random.default_rng(7)
    found = 0
    for _ in range(20):
        when = (
            micros(at(0))
            + np.concatenate([rng.integers(0, 7 * 86_400, 2_800), rng.integers(604_800, 691_200, 3_200)]) * 10**6
        )
        unit = rng.integers(0, 40, len(when))
        group = np.where(rng.random(len(when)) < 0.1, 0, -1)
        activity = Activity(when, unit, np.ones(len(when), dtype=bool))
        table = measured(when, unit, np.zeros(len(when)), group, k=1, window=WINDOW, activity=activity)
        found += int(table["onset"].notna().iloc[0])
    assert found <= 1


def test_where_the_file_begins_in_the_window_nobody_knows_when_it_began() -> None:
    told = of([at(7.5), at(7.6)], background=[at(7.4)])
    assert pd.isna(told["onset"])
    assert told["wave_posts"] == 2


def test_a_narrative_without_a_post_in_the_window_has_no_wave() -> None:
    told = of([at(1), at(2)])
    assert pd.isna(told["onset"])
    assert pd.isna(told["peak_at"])
    assert (told["wave_posts"], told["wave_authors"], told["life_posts"]) == (0, 0, 2)
    assert pd.isna(told["wave_views"])


def test_a_short_window_is_cut_into_steps_of_a_minute_at_least(few: Explored) -> None:
    told = wave(few.run, Window(as_of=at(7.25), length=timedelta(minutes=20), baseline=HOUR), held(few.run, VOTE))
    assert told is not None
    assert told.step == timedelta(minutes=1)


def test_many_waves_are_the_waves_of_each(streamed: Explored) -> None:
    window = Window(as_of=at(13.9))
    table = waves(streamed.run, window, [3, 0])
    assert list(table.columns[:7]) == [
        *("narrative_id", "onset", "onset_low", "onset_high", "wave_posts", "wave_authors", "wave_views")
    ]
    for row in table.to_dict("records"):
        told = wave(streamed.run, window, held(streamed.run, row["narrative_id"]))
        assert told is not None
        assert (told.posts, told.units) == (row["wave_posts"], row["wave_authors"])
        assert told.onset == (None if pd.isna(row["onset"]) else row["onset"])
    assert table["narrative_id"].tolist() == [3, 0]
    assert waves(streamed.run, window, []).empty


def test_what_is_not_there_yet_has_no_wave(few: Explored) -> None:
    assert wave(few.run, Window(as_of=at(7)), held(few.run, VOTE)) is None


def test_time_to_the_flag_counts_from_the_onset_of_the_wave_that_was_flagged(
    workspace: Workspace,
) -> None:
    posts = [post(0, "vote", created_at=at(0.1), author_id="old")]
    posts += [post(1 + n, f"talk {n}", created_at=at(n / 24), author_id=f"c{n % 30}") for n in range(14 * 24)]
    posts += [
        post(1000 + 100 * day + n, f"vote {day} {n}", created_at=at(day) + n * HOUR / 4, author_id=f"v{n}")
        for day in (4, 13)
        for n in range(60)
    ]
    run = run_with(workspace, posts, groups=["vote"])
    window = Window(as_of=at(14))
    found = replay(run, window)
    flags = np.zeros((len(found.looks), 1), dtype=bool)
    for look in (at(4.5), at(13.5), at(13.75)):
        flags[found.looks.index(look)] = True
    told = waving.detected(run, window, replace(found, flags=flags), 0)
    assert told is not None
    assert (told.flagged_at, told.wave_flagged_at) == (at(4.5), at(13.5))
    assert told.onset == at(13)
    flags[found.looks.index(at(13.5)) :] = False
    earlier = waving.detected(run, window, replace(found, flags=flags), 0)
    assert earlier is not None
    assert (earlier.wave_flagged_at, earlier.onset) == (at(4.5), at(4))


def test_what_was_never_flagged_has_no_flagged_wave(streamed: Explored) -> None:
    window = Window(as_of=at(14))
    bread = narrative_of(streamed.run, streamed.posts, "bread")
    told = waving.detected(streamed.run, window, replay(streamed.run, window), bread)
    assert isinstance(told, Detection)
    assert (told.flagged_at, told.wave_flagged_at, told.onset) == (None, None, None)
