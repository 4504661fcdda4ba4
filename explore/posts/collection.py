"""What the collecting did to a snapshot, rather than the people in it: holes, bursts and clocks that cannot be right.

The rules, with their thresholds, are in `RULES`, in words for the page; they are chosen to be silent on an honest
collection with nights, weekends and news, and each finding says what was seen and what the rule had expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

STEPS = tuple(timedelta(hours=hours) for hours in (1, 3, 6, 12, 24))
LIVELY = 0.5  # share of bins with posts from which the absence of posts says something
NEAR_DAYS = 7  # days before and after that say what is usual
FEWEST_DAYS = 3  # of these that must lie within the span
USUALLY = 0.8  # share of the same hours nearby that must hold posts
HOLE_POSTS = 10  # posts that the same hours nearby held together; Poisson: none instead of ten happens 1 in 22,000
SPIKE_Z, SPIKE_TIMES, SPIKE_POSTS = 8.0, 5.0, 50
SECOND_POSTS, SECOND_TIMES = 20, 10.0
FULL_HOUR_SHARE, FULL_HOUR_TIMES = 0.05, 5.0
MIDNIGHT_SHARE = 0.02

RULES = {
    "hole": (
        f"No post at all, where the same hours on up to {NEAR_DAYS} days before and after nearly always hold some "
        f"(at least {USUALLY:.0%} of them) and together {HOLE_POSTS} or more."
    ),
    "spike": (
        f"At least {SPIKE_POSTS} posts, {SPIKE_TIMES:.0f} times the median of {NEAR_DAYS} days around, and a robust "
        f"z of {SPIKE_Z:.0f} or more on square-rooted counts. Either an event, or something was collected twice."
    ),
    "second": (
        f"At least {SECOND_POSTS} posts in one second and {SECOND_TIMES:.0f} times what a second of that hour holds on "
        "average: a clock that writes in batches, or posts sent by a program."
    ),
    "full_hour": (
        f"At least {FULL_HOUR_SHARE:.0%} of the posts on a full hour and {FULL_HOUR_TIMES:.0f} times chance: "
        "times that were rounded, or posts sent on a schedule."
    ),
    "midnight": (
        f"At least {MIDNIGHT_SHARE:.0%} of the posts at exactly 00:00:00 UTC: dates without a time of day, "
        "or times in another zone than the one declared."
    ),
    "future": "Posts dated after they were loaded: a wrong clock or time zone.",
}

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ClockOddity:
    """A finding about times of posts. `kind` is a key of RULES; posts is how many, share is of all posts with a time.

    worst: where it was strongest (UTC), None where no moment stands out.
    """

    kind: str
    posts: int
    share: float
    worst: pd.Timestamp | None = None


@dataclass(frozen=True)
class Collection:
    """Findings about a collection over time; times are UTC.

    step: width of the bins looked at; None where there is too little to tell a hole from a quiet hour.
    holes: columns start, end, usual (posts that the same hours nearby held, median). spikes: columns start, end,
    posts, usual (median of the days around), z. precision: "second", "minute", "hour" or "day", the finest that the
    times show.
    """

    step: timedelta | None
    holes: pd.DataFrame
    spikes: pd.DataFrame
    clock: tuple[ClockOddity, ...]
    precision: str


def inspect(seconds: Ints, posts: Ints, *, loaded_at: float) -> Collection:
    """Look at a collection. `seconds`: distinct seconds since 1970, ascending; `posts`: posts in each of them.

    `loaded_at`: seconds since 1970. At least one second.
    """
    step, start, counts = _bins(seconds, posts)
    holes, spikes = (_holes(counts, step), _spikes(counts, step)) if step else (_no_holes(), _no_spikes())
    for found in (holes, spikes):
        if step:
            for column in ("start", "end"):
                moments = start + found[column].to_numpy(dtype=np.int64) * int(step.total_seconds())
                found[column] = pd.to_datetime(moments, unit="s", utc=True)
    precision = precision_of(seconds, posts)
    return Collection(step, holes, spikes, _clock(seconds, posts, precision, loaded_at), precision)


def _bins(seconds: Ints, posts: Ints) -> tuple[timedelta | None, int, Ints]:
    """The shortest bins of which at least half hold posts, from the first post to the last."""
    for step in STEPS:
        width = int(step.total_seconds())
        place = seconds // width - seconds[0] // width
        counts = np.bincount(place, weights=posts).astype(np.int64)
        days = len(counts) * width / 86_400
        if days >= FEWEST_DAYS + 1 and (counts > 0).mean() >= LIVELY:
            return step, int(seconds[0] // width) * width, counts
    return None, 0, np.zeros(0, np.int64)


def _holes(counts: Ints, step: timedelta) -> pd.DataFrame:
    """Runs of empty bins that the days around them do not explain: columns start, end (bin numbers), usual."""
    period = timedelta(days=1) // step
    edges = np.flatnonzero(np.diff(np.concatenate(([0], counts == 0, [0])).astype(np.int8)))
    reach = NEAR_DAYS * period
    total = np.concatenate(([0], np.cumsum(counts)))
    rows = []
    for first, end in edges.reshape(-1, 2).tolist():
        low, high = max(0, first - reach), min(len(counts), end + reach)
        around = (total[high] - total[low]) / max(high - low - (end - first), 1)
        if 4 * around * (end - first) < HOLE_POSTS:  # far too quiet around for a finding
            continue
        usual = _usual_of(counts, first, end, period)
        if usual >= HOLE_POSTS:
            rows.append((first, end, round(usual)))
    return pd.DataFrame(rows, columns=["start", "end", "usual"], dtype="int64")


def _usual_of(counts: Ints, first: int, end: int, period: int) -> float:
    """What the same hours on the days before `first` and after `end` held; hours that are often empty count nothing."""
    phases: dict[int, float] = {}
    for place in range(first, min(end, first + period)):
        before = np.arange(place - period, -1, -period)
        before = before[before < first][:NEAR_DAYS]
        after = np.arange(place + period, len(counts), period)
        after = after[after >= end][:NEAR_DAYS]
        near = counts[np.concatenate((before, after))]
        told = len(near) >= FEWEST_DAYS and (near > 0).mean() >= USUALLY
        phases[(place - first) % period] = float(np.median(near)) if told else 0.0
    return sum(phases[(place - first) % period] for place in range(first, end))


def _spikes(counts: Ints, step: timedelta) -> pd.DataFrame:
    """Bins far above the days around them: columns start, end (bin numbers), posts, usual, z; neighbours as one."""
    around = 2 * NEAR_DAYS * (timedelta(days=1) // step) + 1
    series = pd.Series(2 * np.sqrt(counts + 0.375))  # Anscombe: a Poisson count then has a spread of one everywhere
    window = series.rolling(around, center=True, min_periods=1)
    middle = window.median()
    spread = ((window.quantile(0.75) - window.quantile(0.25)) / 1.349).clip(lower=1.0)
    z = ((series - middle) / spread).to_numpy()
    usual = np.maximum((middle.to_numpy() / 2) ** 2 - 0.375, 0)
    high = (z >= SPIKE_Z) & (counts >= SPIKE_POSTS) & (counts >= SPIKE_TIMES * usual)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], high, [0])).astype(np.int8)))
    rows = [
        (first, end, int(counts[first:end].sum()), round(float(usual[first:end].sum())), float(z[first:end].max()))
        for first, end in edges.reshape(-1, 2).tolist()
    ]
    found = pd.DataFrame(rows, columns=["start", "end", "posts", "usual", "z"])
    return found.astype({"start": "int64", "end": "int64", "posts": "int64", "usual": "int64", "z": "float64"})


def precision_of(seconds: Ints, posts: Ints) -> str:
    """The finest unit that at least 1 in 100 posts shows."""
    for name, unit in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if posts[seconds % unit == 0].sum() >= 0.99 * posts.sum():
            return name
    return "second"


def _clock(seconds: Ints, posts: Ints, precision: str, loaded_at: float) -> tuple[ClockOddity, ...]:
    total = int(posts.sum())
    found = [
        _on(seconds > loaded_at, "future", seconds, posts, least=1),
        _crowded_seconds(seconds, posts) if precision == "second" else None,
    ]
    if precision in {"second", "minute"}:
        by_chance = (60 if precision == "minute" else 1) / 3_600
        least = max(FULL_HOUR_SHARE, FULL_HOUR_TIMES * by_chance) * total
        found.append(_on(seconds % 3_600 == 0, "full_hour", seconds, posts, least=least))
    if precision != "day":
        by_chance = {"second": 1, "minute": 60, "hour": 3_600}[precision] / 86_400
        least = max(MIDNIGHT_SHARE, FULL_HOUR_TIMES * by_chance) * total
        found.append(_on(seconds % 86_400 == 0, "midnight", seconds, posts, least=least))
    return tuple(one for one in found if one is not None)


def _crowded_seconds(seconds: Ints, posts: Ints) -> ClockOddity | None:
    hours, place = np.unique(seconds // 3_600, return_inverse=True)
    rate = np.bincount(place, weights=posts, minlength=len(hours))[place] / 3_600
    return _on((posts >= SECOND_POSTS) & (posts >= SECOND_TIMES * rate), "second", seconds, posts, least=1)


def _on(mask: NDArray[np.bool_], kind: str, seconds: Ints, posts: Ints, *, least: float) -> ClockOddity | None:
    """The posts of the masked seconds as a finding, where there are at least `least` of them and ten."""
    count = int(posts[mask].sum())
    if count < max(least, 1 if kind == "future" else 10):
        return None
    worst = int(seconds[mask][np.argmax(posts[mask])])
    return ClockOddity(kind, count, count / int(posts.sum()), pd.Timestamp(worst, unit="s", tz="UTC"))


def _no_holes() -> pd.DataFrame:
    return pd.DataFrame({"start": _NO_MOMENTS, "end": _NO_MOMENTS, "usual": pd.Series([], dtype="int64")})


def _no_spikes() -> pd.DataFrame:
    numbers = {"posts": pd.Series([], dtype="int64"), "usual": pd.Series([], dtype="int64")}
    return pd.DataFrame({"start": _NO_MOMENTS, "end": _NO_MOMENTS, **numbers, "z": pd.Series([], dtype="float64")})


_NO_MOMENTS = pd.DatetimeIndex([], tz="UTC")
