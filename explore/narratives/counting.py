"""Distinct accounts (or messages) in the window and before it, and how many of them were to be expected in each.

What is counted is distinct accounts per stretch of time (distinct messages where the snapshot has no accounts), never
posts: copies are not independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explore.narratives.dispersion import Dispersion, fit_of
from explore.narratives.exposure import Effort, Taking, share_by_own, share_by_posting
from explore.narratives.windows import MIN_BASELINE_WINDOWS, Layout, Window, looks, micros, micros_since_epoch

SPARK_STEPS_PER_WINDOW = 4
MIXTURES = (0.0, 0.5, 1.0)  # how far active units decide rather than posts
BURST = 2.0  # times the posts of a unit in a usual window
REFUTED = 1.92  # log likelihood below the best from which a mixture is left out (chi squared, 1 df, 5 %)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Activity:
    """All posts of a snapshot, clustered or not: who was active when. Arrays of the same length.

    `at`: microseconds since the epoch; `unit`: code of the account, or of the message where the post has none;
    `known`: whether it is an account. A message is in one narrative only, so how often it is posted tells nothing.
    """

    at: Ints
    unit: Ints
    known: NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """Distinct units in the window that is tested and in the baseline windows it is compared with, newest first.

    `units`: shape (k, 1 + bins); `active` (of all posts, clustered or not), `posts`: shape (1 + bins,); the tested
    window first. `share`: the part of a narrative's units that was to be expected in the tested window if nothing
    changed, shape (k,), the largest that may be; `least`: the smallest. `dispersion`: of the windows before. `start`:
    the tested window's first microsecond since the epoch; `length`: in microseconds; `baseline`: which windows it is
    compared with.
    """

    units: Ints
    active: Ints
    posts: Ints
    share: Floats
    least: Floats
    dispersion: Dispersion
    start: int
    length: int
    baseline: str

    @property
    def now(self) -> Ints:
        """Units in the tested window, shape (k,)."""
        now: Ints = self.units[:, 0]
        return now

    @property
    def base(self) -> Ints:
        """Units summed over the baseline windows, shape (k,)."""
        return np.asarray(self.units[:, 1:].sum(axis=1))

    @property
    def now_active(self) -> int:
        """Active units in the tested window."""
        return int(self.active[0])

    @property
    def base_active(self) -> int:
        """Active units summed over the baseline windows."""
        return int(self.active[1:].sum())

    @property
    def bins(self) -> int:
        """Baseline windows that the snapshot covers whole."""
        return len(self.active) - 1

    @property
    def comparable(self) -> bool:
        """Whether anybody was active both in the tested window and before."""
        return self.now_active > 0 and self.base_active > 0

    @property
    def testable(self) -> bool:
        """Whether there are enough baseline windows, too."""
        return self.comparable and self.bins >= MIN_BASELINE_WINDOWS


@dataclass(frozen=True)
class Counts:
    """What was counted for k narratives.

    `looks`: the window, then its parts (`windows.looks`); each beside the windows right before, then beside the same
    hours of earlier days where there are enough. `now_posts`, `base_posts`: posts, shape (k,). `spark`: shape
    (k, steps), units per quarter of a window over baseline and window, oldest first.
    """

    looks: tuple[tuple[Cells, ...], ...]
    now_posts: Ints
    base_posts: Ints
    spark: Ints

    @property
    def whole(self) -> Cells:
        """The window beside the windows right before."""
        return self.looks[0][0]


def count(
    at: Ints, unit: Ints, narrative: Ints, *, k: int, window: Window, first_at: int, activity: Activity | None = None,
    ordinary: NDArray[np.bool_] | None = None,
) -> Counts:  # fmt: skip
    """Count units per narrative in the window, its parts and their baselines.

    `at`: microseconds since the epoch, shape (posts,); `unit`: code of the account or message; `narrative`: 0..k-1, or
    -1 for none. `first_at`: the snapshot's first post; baseline windows that begin before it are left out.
    `activity`: all posts of the snapshot; not given = these are all, and every unit is an account. `ordinary`: shape
    (k,), which narratives tell how much narratives ordinarily vary; not given = all.
    """
    activity = activity or Activity(at, unit, np.ones(len(at), dtype=bool))
    end, length = micros_since_epoch(window.as_of), micros(window.length)
    start, since = end - length, max(micros_since_epoch(window.baseline_start), first_at)
    inside = (at >= min(since, start)) & (at < end) & (narrative >= 0)
    at, unit, narrative = at[inside], unit[inside], narrative[inside]
    ever = (activity.at >= min(since, start)) & (activity.at < end)
    everybody = Activity(activity.at[ever], activity.unit[ever], activity.known[ever])
    ordinary = np.ones(k, dtype=bool) if ordinary is None else ordinary
    ways = looks(window, since=since)
    place = ways[0][0].place(at)
    return Counts(
        looks=tuple(tuple(_cells(way, at, unit, narrative, everybody, ordinary) for way in look) for look in ways),
        now_posts=_tally(narrative[place == 0], k),
        base_posts=_tally(narrative[place > 0], k),
        spark=_spark(at, unit, narrative, k=k, window=window),
    )


def _cells(
    layout: Layout, at: Ints, unit: Ints, narrative: Ints, activity: Activity, ordinary: NDArray[np.bool_]
) -> Cells:
    k, n = len(ordinary), len(layout.starts)
    _, coded = np.unique(np.concatenate([activity.unit, unit]), return_inverse=True)
    everybody, unit = coded[: len(activity.unit)], coded[len(activity.unit) :]
    size = int(coded.max(initial=0)) + 1
    posts = _posts(layout.place(activity.at), everybody, shape=(size, n))
    weighed = np.where(np.isin(np.arange(size), everybody[activity.known])[:, None], posts, np.minimum(posts, 1))
    entries = _entries(narrative, layout.place(at), unit, units=size, windows=n)
    taking = Taking(*entries, posts=weighed)
    units = np.bincount(taking.narrative * n + taking.window, minlength=k * n).reshape(k, n).astype(np.int64)
    active = (posts > 0).sum(axis=0)
    share, least, dispersion = _expectation(units, taking, active, ordinary)
    return Cells(
        units=units,
        active=active,
        posts=posts.sum(axis=0),
        share=share,
        least=least,
        dispersion=dispersion,
        start=int(layout.starts[0]),
        length=layout.length,
        baseline=layout.baseline,
    )


def _expectation(
    units: Ints, taking: Taking, active: Ints, ordinary: NDArray[np.bool_]
) -> tuple[Floats, Floats, Dispersion]:
    """The tested window's share of each narrative's units if nothing changed, the largest of those that `exposure`
    knows, and the smaller of those by posts and by active units; and how much the narratives vary beside what was
    expected in the windows before."""
    k = len(units)
    if active[0] == 0 or active[1:].sum() == 0:
        return np.full(k, np.nan), np.full(k, np.nan), Dispersion.none(k)
    unit, window = np.nonzero(taking.posts)
    effort = Effort.of(taking.posts[unit, window], window, windows=len(active))
    covered = 1 + _ordinary(taking.posts[:, 1:].sum(axis=0), active[1:])
    earlier = Effort(effort.posts, effort.units[covered])
    seen = units[:, covered]
    by_posting = earlier.expected(np.maximum(seen.sum(axis=1), 1))
    by_active = seen.sum(axis=1, keepdims=True) * earlier.active / max(1, earlier.active.sum())
    mixed = [mixture * by_active + (1 - mixture) * by_posting for mixture in MIXTURES]
    fits = np.array([fit_of(seen[ordinary], expected[ordinary]) for expected in mixed])
    dispersion = Dispersion.estimated(seen, mixed[int(fits.argmax())], ordinary=ordinary)
    most = max(mixture for mixture, fit in zip(MIXTURES, fits, strict=True) if fit >= fits.max() - REFUTED)
    posting = share_by_posting(effort, units.sum(axis=1))
    equal = active[0] / active.sum()
    share = np.maximum(posting, most * equal + (1 - most) * posting)
    return np.maximum(share, share_by_own(taking, k=k)), np.minimum(posting, equal), dispersion


def _ordinary(posts: Ints, active: Ints) -> Ints:
    """Which of the earlier windows say how much narratives ordinarily vary: those with anybody active, without the ones
    in which a unit posted many times as much as usual, where enough are left."""
    each = posts / np.maximum(active, 1)
    usual = (active > 0) & (each <= BURST * np.median(each[active > 0]))
    return np.flatnonzero(usual if usual.sum() >= MIN_BASELINE_WINDOWS else active > 0)


def _posts(place: Ints, unit: Ints, *, shape: tuple[int, int]) -> Ints:
    """Posts of each unit in each window, of this shape."""
    inside = place >= 0
    cell = unit[inside] * shape[1] + place[inside]
    return np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape).astype(np.int64)


def _entries(narrative: Ints, place: Ints, unit: Ints, *, units: int, windows: int) -> tuple[Ints, Ints, Ints]:
    """Each narrative, unit and window in which the unit posted it, once."""
    inside = (place >= 0) & (narrative >= 0)
    entry = np.unique((narrative[inside] * windows + place[inside]) * units + unit[inside])
    cell = entry // units
    return cell // windows, entry % units, cell % windows


def _tally(narrative: Ints, k: int) -> Ints:
    return np.bincount(narrative, minlength=k).astype(np.int64)


def _spark(at: Ints, unit: Ints, narrative: Ints, *, k: int, window: Window) -> Ints:
    """Units per narrative and quarter of a window, shape (k, steps)."""
    step = micros(window.length) // SPARK_STEPS_PER_WINDOW
    steps = (window.bins + 1) * SPARK_STEPS_PER_WINDOW
    since = at - micros_since_epoch(window.baseline_start)
    size = int(unit.max(initial=0)) + 1
    place = np.clip(since // step, 0, steps - 1)
    narratives, _, cells = _entries(narrative, place, unit, units=size, windows=steps)
    return np.bincount(narratives * steps + cells, minlength=k * steps).reshape(k, steps).astype(np.int64)
