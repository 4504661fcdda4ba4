"""The wave of a narrative that is in a window: since when, how large, and what part of its whole life it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives.counting import Activity
from explore.narratives.exposure import Effort
from explore.narratives.onset import Onset, onset
from explore.narratives.replay import Detection, Replay, detection
from explore.narratives.run import Run
from explore.narratives.windows import Window, micros, micros_since_epoch

STEPS = 48  # of a window
SHORTEST = timedelta(minutes=1)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Wave:
    """What a narrative does in a window, and the life it is a part of; times are UTC.

    onset: when the wave began, between onset_low and onset_high; null = it has no clear beginning. posts, units, views
    (null = unknown): in the window. peak_at, peak_units: the step of the window with most units, `step` long; null
    where it has no post there. first_at, life_posts: of its whole life up to the end of the window.
    """

    onset: datetime | None
    onset_low: datetime | None
    onset_high: datetime | None
    posts: int
    units: int
    views: float | None
    peak_at: datetime | None
    peak_units: int
    step: timedelta
    first_at: datetime
    life_posts: int

    @property
    def share_of_life(self) -> float:
        """Share of all its posts that are in the window."""
        return self.posts / self.life_posts

    @property
    def is_older(self) -> bool:
        """Whether the narrative had posts before this wave."""
        return self.onset is not None and self.first_at < self.onset


def waves(run: Run, window: Window, narrative_ids: Sequence[int]) -> pd.DataFrame:
    """The waves of these narratives, one row each in their order: narrative_id and the columns of `measured`."""
    line = run.timeline.before(window.as_of)
    group = np.full(max(len(run.narratives), 1), -1, dtype=np.int64)
    group[list(narrative_ids)] = np.arange(len(narrative_ids))
    mine = np.where(line.narrative >= 0, group[line.narrative], -1)
    table = measured(line.at, line.unit, line.views, mine, k=len(narrative_ids), window=window, activity=line.activity)
    return table.assign(narrative_id=np.asarray(narrative_ids, dtype=np.int64))[["narrative_id", *table]]


def wave(run: Run, window: Window, mine: NDArray[np.bool_]) -> Wave | None:
    """The wave of some posts, `mine` of the run's timeline; null where none is before the end of the window."""
    line, before = run.timeline.before(window.as_of), run.timeline.at < micros_since_epoch(window.as_of)
    group = np.where(mine[before], 0, -1)
    table = measured(line.at, line.unit, line.views, group, k=1, window=window, activity=line.activity)
    row = table.iloc[0]
    if not row["life_posts"]:
        return None
    times = {name: _moment(row[name]) for name in ("onset", "onset_low", "onset_high")}
    return Wave(
        **times,
        posts=int(row["wave_posts"]),
        units=int(row["wave_authors"]),
        views=None if pd.isna(row["wave_views"]) else float(row["wave_views"]),
        peak_at=_moment(row["peak_at"]),
        peak_units=int(row["peak_authors"]),
        step=_step(window),
        first_at=row["first_at"].to_pydatetime(),
        life_posts=int(row["life_posts"]),
    )


def detected(run: Run, window: Window, found: Replay, narrative_id: int) -> Detection | None:
    """`replay.detection` of one narrative, with the wave that was flagged and its onset."""
    told = detection(found, narrative_id)
    if told is None or told.flagged_at is None:
        return told
    mine = run.timeline.narrative == narrative_id
    now = wave(run, window, mine)
    since = now.onset if now else None
    hits = zip(found.looks, found.flags[:, narrative_id].tolist(), strict=True)
    flag = next((look for look, hit in hits if hit and since and look > since), None)
    if flag is None:
        flag = told.flagged_at
        then = wave(run, replace(window, as_of=flag), mine)
        since = then.onset if then else None
    return replace(told, wave_flagged_at=flag, onset=since)


def measured(
    at: Ints, unit: Ints, views: Floats, group: Ints, *, k: int, window: Window, activity: Activity
) -> pd.DataFrame:
    """The waves of any sets of posts, one row a group 0..k-1.

    `at` (microseconds since the epoch), `unit`, `views` (null = unknown), `group` (-1 = none): of posts before the end
    of the window, same length. `activity`: all posts of the snapshot before that.
    Columns: onset, onset_low, onset_high (UTC; null = no clear beginning), wave_posts, wave_authors (units),
    wave_views (null = unknown) in the window, peak_at (UTC, null = no post in it), peak_authors, first_at (UTC) and
    life_posts.

    A group whose first post lies in the window began with it, where the file goes back further. Else `onset` looks at
    the units of each step of the baseline and the window beside what was to be expected of them, from how much each
    active unit posted: more posting by the same people is no beginning.
    """
    grid = _Grid.of(window, since=int(activity.at.min(initial=micros_since_epoch(window.as_of))))
    kept = group >= 0
    at, unit, views, group = at[kept], unit[kept], views[kept], group[kept]
    units = _units(grid, at, unit, group, k=k)
    first = _first(at, group, k=k)
    now = at >= grid.window
    told = pd.DataFrame(_onsets(grid, at, group, units=units, first=first, activity=activity))
    sums = pd.Series(views[now]).groupby(group[now]).sum(min_count=1)
    peak = units[:, -STEPS:].argmax(axis=1)
    peak_units = np.take_along_axis(units[:, -STEPS:], peak[:, None], axis=1)[:, 0]
    peak_at = np.where(peak_units > 0, grid.start(grid.steps - STEPS + peak), np.nan)
    pairs = np.unique(np.column_stack([group[now], unit[now]]), axis=0)
    return pd.DataFrame(
        {
            **{name: _times(told[name]) for name in ("onset", "onset_low", "onset_high")},
            "wave_posts": np.bincount(group[now], minlength=k),
            "wave_authors": np.bincount(pairs[:, 0], minlength=k),
            "wave_views": sums.reindex(range(k)),
            "peak_at": _times(peak_at),
            "peak_authors": peak_units,
            "first_at": _times(first),
            "life_posts": np.bincount(group, minlength=k),
        }
    )


@dataclass(frozen=True)
class _Grid:
    """Steps of `length` microseconds up to `end`, as many as lie after `since`; at least those of the window.

    `window`: where it begins; `before`: whether the file has posts before that.
    """

    end: int
    length: int
    steps: int
    window: int
    before: bool

    @classmethod
    def of(cls, window: Window, *, since: int) -> _Grid:
        end, length = micros_since_epoch(window.as_of), micros(_step(window))
        begin = micros_since_epoch(window.start)
        covered = (end - max(since, micros_since_epoch(window.baseline_start))) // length
        return cls(end, length, max(STEPS, covered), begin, since < begin)

    def start(self, step: Ints | int) -> Ints:
        """The first microsecond of a step."""
        return np.asarray(self.end - (self.steps - np.asarray(step)) * self.length)

    def step(self, at: Ints) -> Ints:
        """The step that each post is in; below 0 = before them."""
        return np.asarray(self.steps - 1 - (self.end - 1 - at) // self.length)


def _onsets(grid: _Grid, at: Ints, group: Ints, *, units: Ints, first: Floats, activity: Activity) -> dict[str, Floats]:
    """Columns onset, onset_low and onset_high in microseconds, null where there is no clear beginning."""
    began = (first >= grid.window) & grid.before
    found = {name: np.where(began, first, np.nan) for name in ("onset", "onset_low", "onset_high")}
    open_ = np.flatnonzero(~began & (units[:, -STEPS:].sum(axis=1) > 0))
    if not len(open_):
        return found
    exposure = _effort(grid, activity).expected(np.maximum(units[open_].sum(axis=1), 1))
    order = np.lexsort((at, group))
    at, edges = at[order], np.searchsorted(group[order], np.arange(len(units) + 1))
    for row, expected in zip(open_.tolist(), exposure, strict=True):
        told = onset(units[row], expected, window=grid.steps - STEPS)
        if told is not None:
            own = at[edges[row] : edges[row + 1]]
            found["onset"][row], found["onset_low"][row], found["onset_high"][row] = _moments(grid, own, told)
    return found


def _moments(grid: _Grid, own: Ints, told: Onset) -> tuple[int, int, int]:
    """The first post of the wave, and the earliest and latest moment at which it may have begun. `own`: by time.

    A wave may begin at the end of a step, which then shows nothing of it: the step before the earliest counts, too.
    """
    begin = int(own[np.searchsorted(own, grid.start(told.step))])
    low = max(int(grid.start(max(told.earliest - 1, 0))), int(own[0]))
    high = int(grid.start(told.latest + 1))
    return begin, min(low, begin), max(high, begin)


def _effort(grid: _Grid, activity: Activity) -> Effort:
    """How many units made how many posts in each step."""
    step = grid.step(activity.at)
    inside = step >= 0
    size = int(activity.unit.max(initial=0)) + 1
    cell, posts = np.unique(step[inside] * size + activity.unit[inside], return_counts=True)
    return Effort.of(posts, cell // size, windows=grid.steps)


def _units(grid: _Grid, at: Ints, unit: Ints, group: Ints, *, k: int) -> Ints:
    """Distinct units per group and step, shape (k, steps)."""
    step = grid.step(at)
    inside = step >= 0
    size = int(unit.max(initial=0)) + 1
    entries = np.unique((group[inside] * grid.steps + step[inside]) * size + unit[inside])
    return np.bincount(entries // size, minlength=k * grid.steps).reshape(k, grid.steps).astype(np.int64)


def _first(at: Ints, group: Ints, *, k: int) -> Floats:
    """When each group was first posted, in microseconds; never = null."""
    first = np.full(k, np.inf)
    np.minimum.at(first, group, at)
    return np.where(np.isinf(first), np.nan, first)


def _step(window: Window) -> timedelta:
    return max(window.length / STEPS, SHORTEST)


def _times(micros: Floats | pd.Series) -> pd.Series:
    whole = pd.Series(micros, dtype="float64").round().astype("Int64")
    return pd.to_datetime(whole, unit="us", utc=True).astype("datetime64[us, UTC]")


def _moment(at: pd.Timestamp) -> datetime | None:
    return None if pd.isna(at) else at.to_pydatetime()
