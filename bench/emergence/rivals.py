"""Other methods' published rules for the same narratives at the same hours, written anew from their papers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SLICE_HOURS, WINDOW_HOURS, SLOPE_HOURS = 48, 168, 336
SIGMA = 3.0
HALF_LIFE_HOURS, SMALLEST = 24.0, 1.0
STATES_RATIO, TRANSITION = 2.0, 1.0


@dataclass(frozen=True)
class Verdict:
    """`flagged` and `rank` (0 = first row; unflagged ones come after the flagged), each of shape (k,)."""

    flagged: NDArray[np.bool_]
    rank: Ints

    @classmethod
    def by(cls, flagged: NDArray[np.bool_], *keys: Floats) -> Verdict:
        """Flagged first, then by `keys` from large to small."""
        order = np.lexsort([-key for key in reversed(keys)] + [~flagged])
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return cls(flagged, rank)

    def cut(self, rows: int) -> Verdict:
        """Only the first few rows flagged, for as few false flags as another method."""
        return Verdict(self.flagged & (self.rank < rows), self.rank)


@dataclass(frozen=True)
class Signals:
    """BERTrend's classes at one moment, each of shape (k,)."""

    weak: NDArray[np.bool_]
    strong: NDArray[np.bool_]
    popularity: Floats

    @property
    def shown(self) -> Verdict:
        """Weak or strong, strong first, popular first."""
        return Verdict.by(self.weak | self.strong, self.strong.astype(float), self.popularity)

    @property
    def weak_only(self) -> Verdict:
        """Weak signals, popular first."""
        return Verdict.by(self.weak, self.popularity)

    @property
    def strong_only(self) -> Verdict:
        """Strong signals, popular first."""
        return Verdict.by(self.strong, self.popularity)


def bertrend(posts: Ints, hour: int) -> Signals:
    """BERTrend (Boutaleb et al. 2024) with 2-day slices of which the last ends at `hour`.

    `posts`: posts per narrative and hour, shape (k, hours). Popularity p grows by the slice's posts; in the n-th slice
    without any it is multiplied by exp(-0.01 n^2). Noise below the 10th percentile of all popularities of the last 7
    days or not rising over 14 days; weak up to the 75th; strong above. In its program a topic gets a class one slice
    after its first; here at once, in its favour.
    """
    slices = hour // SLICE_HOURS
    first = hour - slices * SLICE_HOURS
    counts = posts[:, first:hour].reshape(len(posts), slices, SLICE_HOURS).sum(axis=2)
    popularity = np.zeros(counts.shape)
    current, idle = np.zeros(len(posts)), np.zeros(len(posts))
    for i in range(slices):
        idle = np.where(counts[:, i] > 0, 0, idle + 1)
        current = np.where(counts[:, i] > 0, current + counts[:, i], current * np.exp(-0.01 * idle**2))
        popularity[:, i] = current
    recent = popularity[:, -(1 + WINDOW_HOURS // SLICE_HOURS) :]
    known = recent[recent > 1e-5]
    low, high = np.percentile(known, [10, 75]) if len(known) else (0.0, 0.0)
    rising = _slope(popularity[:, -(1 + SLOPE_HOURS // SLICE_HOURS) :]) > 0
    there = current > 1e-5
    return Signals(there & (current >= low) & (current <= high) & rising, there & (current > high), current)


def signitrend(posts: Ints) -> Floats:
    """SigniTrend's significance (Schubert et al., KDD 2014) after each hour, shape as `posts`: (k, hours).

    (x - max(EWMA, beta)) / (sqrt(EWMVar) + beta) against the averages of the hours before.
    """
    rate = 1 - 0.5 ** (1 / HALF_LIFE_HOURS)
    mean, variance = np.zeros(len(posts)), np.zeros(len(posts))
    found = np.zeros(posts.shape)
    for hour in range(posts.shape[1]):
        x = posts[:, hour]
        found[:, hour] = (x - np.maximum(mean, SMALLEST)) / (np.sqrt(variance) + SMALLEST)
        delta = x - mean
        mean = mean + rate * delta
        variance = (1 - rate) * (variance + rate * delta**2)
    return found


def kleinberg(posts: Ints, hour: int) -> Floats:
    """How much the burst state is better than the base state at `hour`, shape (k,); above 0 = in a burst.

    Kleinberg's two-state automaton for batches (KDD 2002) over the last 7 days, hour by hour: base rate r/d, burst rate
    twice that, the way up costs ln(hours).
    """
    since = max(0, hour - WINDOW_HOURS)
    seen, all_posts = posts[:, since:hour].astype(float), posts[:, since:hour].sum(axis=0).astype(float)
    base = np.clip(seen.sum(axis=1) / max(1.0, all_posts.sum()), 1e-9, 0.4)
    up = TRANSITION * np.log(max(2, hour - since))
    quiet, burst = np.zeros(len(posts)), np.full(len(posts), up)
    for i in range(seen.shape[1]):
        fits = [
            -(seen[:, i] * np.log(rate) + (all_posts[i] - seen[:, i]) * np.log1p(-rate))
            for rate in (base, base * STATES_RATIO)
        ]
        quiet, burst = np.minimum(quiet, burst) + fits[0], np.minimum(quiet + up, burst) + fits[1]
    return np.where(seen.any(axis=1), quiet - burst, -np.inf)


def _slope(values: Floats) -> Floats:
    """Least-squares slope of each row over its own non-zero columns; rows with fewer than two count as rising."""
    x = np.arange(values.shape[1], dtype=float)
    there = np.cumsum(values > 0, axis=1) > 0
    n = there.sum(axis=1)
    mean_x = (there * x).sum(axis=1) / np.maximum(n, 1)
    mean_y = (there * values).sum(axis=1) / np.maximum(n, 1)
    slope = (there * (x - mean_x[:, None]) * (values - mean_y[:, None])).sum(axis=1)
    return np.where(n >= 2, slope, 1.0)
