"""Stretches of time that are compared: the window, its parts, and the windows before them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from explore.errors import Refused

MIN_BASELINE_WINDOWS = 3
FEW_ACTIVE = 30  # active units in a window below which hardly any growth can be told from chance
RECENT_HOURS = (24, 6, 1)  # the newest part of a window is the longest of these that fits it three times
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SAME_HOURS, ADJACENT = "same hours of earlier days", "windows right before"

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Window:
    """The half-open window [as_of - length, as_of) and the `baseline` right before it.

    The baseline is cut into whole bins as long as the window, counted back from the window's start.
    """

    as_of: datetime
    length: timedelta = timedelta(hours=24)
    baseline: timedelta = timedelta(days=7)

    @property
    def start(self) -> datetime:
        """First instant of the window."""
        return self.as_of - self.length

    @property
    def baseline_start(self) -> datetime:
        """First instant of the baseline."""
        return self.start - self.bins * self.length

    @property
    def bins(self) -> int:
        """Whole windows that the baseline holds."""
        return int(self.baseline // self.length)


@dataclass(frozen=True)
class Layout:
    """Windows of one length that do not overlap, by their first microsecond, newest first; the first is tested.

    `baseline`: which windows it is compared with, ADJACENT or SAME_HOURS.
    """

    starts: Ints
    length: int
    baseline: str

    def place(self, at: Ints) -> Ints:
        """The window that each post is in, 0 = the tested one, -1 = none."""
        last = len(self.starts) - 1
        found = np.searchsorted(self.starts[::-1], at, side="right") - 1
        begun = self.starts[::-1][np.maximum(found, 0)]
        return np.where((found >= 0) & (at < begun + self.length), last - found, -1)


def looks(window: Window, *, since: int) -> list[list[Layout]]:
    """What is tested: the window and its parts, each beside the windows before the window, then beside the same hours
    of earlier days where there are enough of them.

    Of a window of three days or more every day is a part, so that what happened on one of them is not diluted by the
    others; of a shorter one the newest part is. `since`: the first microsecond that the snapshot covers.
    """
    start, end = micros_since_epoch(window.start), micros_since_epoch(window.as_of)
    tested = [(start, end - start)]
    part = micros(_part(window.length))
    if part:
        parts = (end - start) // part if part == micros(DAY) else 1
        tested += [(end - (i + 1) * part, part) for i in range(parts)]
    ways = [
        [way(begin, length, before=start, since=since) for way in (_adjacent, _same_hours)] for begin, length in tested
    ]
    return [[layout for layout in each if layout is not None] for each in ways]


def suggest_window(at: Ints, unit: Ints, *, as_of: datetime) -> Window:
    """A window that suits the snapshot's density: the one closest to 24 h that can be tested and is not nearly empty.

    24 h is preferred because it compares whole days with whole days. Shorter (6 h, 1 h) when the snapshot before
    `as_of` spans less than four windows; longer (3 days, 7 days) when fewer than 30 units were active in it.
    """
    end = micros_since_epoch(as_of)
    before = at < end
    at, unit = at[before], unit[before]
    span = timedelta(microseconds=int(end - at.min())) if len(at) else timedelta(0)

    def fits(length: timedelta) -> bool:
        return span >= (MIN_BASELINE_WINDOWS + 1) * length

    length = next((w for w in map(_hours, (24, 6, 1)) if fits(w)), _hours(1))
    for longer in map(_hours, (72, 168)):
        active = len(np.unique(unit[at >= end - micros(length)]))
        if length >= _hours(24) and active < FEW_ACTIVE and fits(longer):
            length = longer
    return Window(as_of=as_of, length=length, baseline=7 * length)


def moment(text: str) -> datetime:
    """A time in ISO 8601 with T or space, with Z or an offset; no offset = UTC. Raises `Refused`."""
    try:
        read = datetime.fromisoformat(text.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter: before the year 1 or after 9999 once in UTC
        raise Refused(f"'{text}' is not a time. Write it like 2024-05-31T14:00Z.") from None


def micros(delta: timedelta) -> int:
    """Whole microseconds of a stretch of time."""
    return delta // timedelta(microseconds=1)


def micros_since_epoch(at: datetime) -> int:
    """Whole microseconds since 1970-01-01 UTC."""
    return micros(at - EPOCH)


def _hours(n: int) -> timedelta:
    return timedelta(hours=n)


def _part(length: timedelta) -> timedelta:
    """The longest of the usual hours that fits three times or more into the window; no time at all = none does."""
    return next((part for part in map(_hours, RECENT_HOURS) if 3 * part <= length), timedelta(0))


def _adjacent(tested: int, length: int, *, before: int, since: int) -> Layout:
    """A tested window and all windows between `since` and `before`, counted back from there."""
    bins = np.arange(1, 1 + max(0, before - since) // length, dtype=np.int64)
    return Layout(np.append(tested, before - length * bins), length, ADJACENT)


def _same_hours(tested: int, length: int, *, before: int, since: int) -> Layout | None:
    """A tested window shorter than a day and the same hours of the days before; null with fewer than three such."""
    day = micros(DAY)
    days = np.arange(-((before - tested - length) // day), 1 + (tested - since) // day, dtype=np.int64)
    if length >= day or len(days) < MIN_BASELINE_WINDOWS:
        return None
    return Layout(np.append(tested, tested - day * days), length, SAME_HOURS)
