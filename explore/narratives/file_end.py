"""Whether a file ends thinly, and the last moment before that can be judged.

A collection often stops in the middle of a day, or a few stray posts come after it. A list as of the last post then
tells nothing, and a person would have to find out by hand where the file still holds enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from explore.narratives import windows
from explore.narratives.run import Run
from explore.narratives.windows import FEW_ACTIVE, MIN_BASELINE_WINDOWS, Window

USUAL_WINDOWS = 7  # windows before, whose median is the usual: as many as a baseline has
THIN_SHARE = 0.25  # of the usual: half a day, or a Sunday, holds more
STEPS_PER_WINDOW = 4
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ThinEnd:
    """How a file ends: `active` units in its last `length` (up to `end`), where `usual` are in the windows before
    `as_of`, the last moment that can be judged (UTC)."""

    as_of: datetime
    end: datetime
    length: timedelta
    active: int
    usual: int


def thin_end(run: Run) -> ThinEnd | None:
    """How the run's posts end, where that is thinly and an earlier moment can be judged; else null.

    Thin is a window with fewer than `FEW_ACTIVE` active units, or under a quarter of the median of the seven windows
    before it. A moment can be judged where its window is not thin, three windows or more lie before it, and their
    median holds `FEW_ACTIVE` too: a burst in a file that is thin all along is no such moment. A file that has been thin
    for longer than the window that suits its end, and holds enough in that one, does not end thinly: it is calm.
    """
    end, at, unit = run.end, run.timeline.at, run.timeline.unit
    if end is None or len(at) == 0:
        return None
    suited = windows.suggest_window(at, unit, as_of=end)
    length = min(suited.length, timedelta(hours=24))  # before it was made longer for want of active units
    order = np.argsort(at, kind="stable")
    spans = _Windows(at[order], unit[order], length)
    if not spans.is_thin(end):
        return None
    found = spans.last_judgeable(before=end)
    if found is None or (suited.length > length and found < suited.start and not spans.is_empty(suited)):
        return None
    return ThinEnd(found, end, length, spans.active(end), usual=round(spans.usual(found) or 0))


@dataclass(frozen=True)
class _Windows:
    """Windows of one length over posts by time. `at`: microseconds since the epoch; `unit`: who posted."""

    at: Ints
    unit: Ints
    length: timedelta

    def active(self, end: datetime) -> int:
        """Distinct units in the window that ends at `end`."""
        return self._distinct(end - self.length, end)

    def is_empty(self, window: Window) -> bool:
        """Whether a window, of any length, holds hardly anybody."""
        return self._distinct(window.start, window.as_of) < FEW_ACTIVE

    def usual(self, end: datetime) -> float | None:
        """Median active units of the windows before the one that ends at `end`; null where three do not fit."""
        fit = (end - self.length - self._first) // self.length
        if fit < MIN_BASELINE_WINDOWS:
            return None
        return float(np.median([self.active(end - n * self.length) for n in range(1, 1 + min(fit, USUAL_WINDOWS))]))

    def is_thin(self, end: datetime) -> bool:
        """Whether the window that ends at `end` holds few units, or few beside those before it."""
        active = self.active(end)
        return active < FEW_ACTIVE or active < THIN_SHARE * (self.usual(end) or 0)

    def last_judgeable(self, *, before: datetime) -> datetime | None:
        """The latest round moment that can be judged, a quarter of a window apart; null where there is none."""
        step = self.length / STEPS_PER_WINDOW
        end = EPOCH + (before - EPOCH) // step * step
        while end - (1 + MIN_BASELINE_WINDOWS) * self.length >= self._first:
            if not self.is_thin(end) and (self.usual(end) or 0) >= FEW_ACTIVE:
                return end
            end -= step
        return None

    @property
    def _first(self) -> datetime:
        return EPOCH + timedelta(microseconds=int(self.at[0]))

    def _distinct(self, start: datetime, end: datetime) -> int:
        first, last = np.searchsorted(self.at, [_micros(start), _micros(end)])
        return len(np.unique(self.unit[first:last]))


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)
