"""Since when: the change points of a count over time, and the one at which the wave of a window began.

Counts per step are Poisson with a rate times what was to be expected of the step (its exposure), and the rate is
constant between change points. These are found one after the other (binary segmentation, Scott & Knott 1974): each is
the most likely one of its stretch, kept where it makes the counts much more likely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Log likelihood that a change point has to add. Chi squared with 2 df at 1 % asks for 4.6 of a single one; here the
# best of hundreds is taken. In flat series this finds an onset in less than 1 of 100.
ENOUGH = 7.0
# Log likelihood below the best up to which a step may be the right one. 1.92 (chi squared, 1 df, 5 %) is that of a
# smooth likelihood, which a change point has not: in simulations it held 87 to 95 % of the true moments, this 95 to 98.
WITHIN = 3.0
RISEN = 0.1  # of the rise from the quiet rate to the window's from which on a stretch belongs to the wave

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Onset:
    """The first step of a wave: the most likely one, and the first and the last that may be it."""

    step: int
    earliest: int
    latest: int


def onset(units: Ints, exposure: Floats, *, window: int) -> Onset | None:
    """When the wave began that is in the steps from `window` on; null where it has no clear beginning.

    `units`, `exposure`: per step, oldest first. The wave is the run of stretches up to the highest one of the window
    whose rates are clearly above the quietest stretch's: a tenth of the rise that the window shows. There is none where
    no change point makes the counts much more likely, where the window's rate is not much above the quietest, and where
    the wave is as old as the steps.
    """
    edges = [0, *_change_points(units, exposure, 0, len(units)), len(units)]
    if len(edges) == 2:
        return None
    counts, expected = (np.add.reduceat(each, edges[:-1]) for each in (units, exposure))
    rates = counts / np.maximum(expected, 1e-300)
    quiet = int(rates.argmin())
    now, now_expected = units[window:].sum(), exposure[window:].sum()
    gain = _gain(counts[quiet], expected[quiet], now, now_expected)
    level = rates[quiet] + RISEN * (now / max(now_expected, 1e-300) - rates[quiet])
    if gain < ENOUGH or level <= rates[quiet]:
        return None
    held = max(int(np.searchsorted(edges, window, side="right")) - 1, 0)
    first = held + int(rates[held:].argmax())
    while first > 0 and rates[first - 1] > level:
        first -= 1
    return None if first == 0 else _between(units, exposure, edges[first - 1], edges[first + 1])


def _change_points(units: Ints, exposure: Floats, start: int, end: int) -> list[int]:
    """First steps of the stretches that begin between `start` and `end`."""
    gains = _gains(units[start:end], exposure[start:end])
    if gains.max(initial=0) < ENOUGH:
        return []
    middle = start + 1 + int(gains.argmax())
    sides = [_change_points(units, exposure, *side) for side in ((start, middle), (middle, end))]
    return [*sides[0], middle, *sides[1]]


def _between(units: Ints, exposure: Floats, start: int, end: int) -> Onset:
    """The most likely change point between two others, and those nearly as likely."""
    gains = _gains(units[start:end], exposure[start:end])
    likely = np.flatnonzero(gains >= gains.max() - WITHIN)
    first = start + 1
    return Onset(first + int(gains.argmax()), first + int(likely[0]), first + int(likely[-1]))


def _gains(units: Ints, exposure: Floats) -> Floats:
    """Log likelihood that a change before each step but the first adds, shape (steps - 1,)."""
    before, expected = np.cumsum(units), np.cumsum(exposure)
    if not len(units):
        return np.empty(0)
    return _gain(before[:-1], expected[:-1], before[-1] - before[:-1], expected[-1] - expected[:-1])


def _gain(before: Ints, exposure_before: Floats, after: Ints, exposure_after: Floats) -> Floats:
    """Log likelihood of two rates beyond that of one; 0 where one side was not exposed."""
    one = _log_likelihood(before + after, exposure_before + exposure_after)
    two = _log_likelihood(before, exposure_before) + _log_likelihood(after, exposure_after)
    return np.where((exposure_before > 0) & (exposure_after > 0), two - one, 0.0)


def _log_likelihood(count: Ints, exposure: Floats) -> Floats:
    """Of the most likely rate, without what does not depend on it: count x log(count / exposure)."""
    return np.asarray(count * np.log(np.maximum(count, 1) / np.maximum(exposure, 1e-12)))
