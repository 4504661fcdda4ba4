"""The whole past of a run, stretch after stretch: what stood out in any of them, beside what was to be expected."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explore.narratives.exposure import Effort, share_by_posting

BASELINE_BINS, FEWEST_BASELINE_BINS = 7, 3
FEWEST_UNITS = 5  # fewer in a bin are a conversation

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class History:
    """Posts with a time, in bins counted back from the last one. All arrays of the same length.

    `bin`: 0 = the first bin that is covered whole; `unit`: code of the account or message; `message`: its position in
    the labels; `known`: whether the unit is an account.
    """

    bin: Ints
    unit: Ints
    message: Ints
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, at: Ints, unit: Ints, message: Ints, known: NDArray[np.bool_], *, length: int) -> History:
        """`at`: microseconds since the epoch, shape (posts,). `length`: of a bin, in microseconds."""
        if len(at) == 0:
            return cls(at, unit, message, known)
        age = (int(at.max()) - at) // length
        whole = (int(at.max()) - int(at.min()) + 1) // length
        inside = age < whole
        return cls(whole - 1 - age[inside], unit[inside], message[inside], known[inside])

    @property
    def bins(self) -> int:
        """Number of bins, at least 1."""
        return max(1, int(self.bin.max(initial=-1)) + 1)

    def compared(self, message: Ints, label: Ints, *, k: int, counted: NDArray[np.bool_] | None = None) -> Compared:
        """Units per label and bin. `message`, `label`: one pair for each message of each of the labels 0..k-1.
        `counted`: which posts count; not given = all."""
        held, order = np.bincount(self.message, minlength=1), np.argsort(self.message, kind="stable")
        starts = np.append(0, np.cumsum(held))
        inside = message < len(held)
        message, label = message[inside], label[inside]
        lengths = held[message]
        first = np.repeat(starts[message] - (np.cumsum(lengths) - lengths), lengths)
        post, label = order[first + np.arange(len(first))], np.repeat(label, lengths)
        if counted is not None:
            post, label = post[counted[post]], label[counted[post]]
        units = int(self.unit.max(initial=0)) + 1
        cells = np.unique((label * self.bins + self.bin[post]) * units + self.unit[post]) // units
        now = np.bincount(cells, minlength=k * self.bins).reshape(k, self.bins).astype(np.int64)
        return Compared(now, _before(now), self)

    @cached_property
    def effort(self) -> Effort:
        """How many units made how many posts in each bin."""
        units = int(self.unit.max(initial=0)) + 1
        cell, posts = np.unique(self.bin * units + self.unit, return_counts=True)
        accounts = np.zeros(units, dtype=bool)
        accounts[self.unit[self.known]] = True
        return Effort.of(np.where(accounts[cell % units], posts, 1), cell // units, windows=self.bins)

    @cached_property
    def covered(self) -> NDArray[np.bool_]:
        """Bins that can be compared, shape (bins,)."""
        active = self.effort.active
        compared = _before(active[None])[0] > 0
        return np.asarray((np.arange(self.bins) >= FEWEST_BASELINE_BINS) & compared & (active > 0))

    def shares(self, seen: Ints, bin_: int) -> Floats:
        """The part of the units seen in a bin and the bins before it that was to be expected in the bin, shape as
        `seen`: the larger of what the active units and what their posts lead one to expect."""
        rows = np.arange(bin_, max(0, bin_ - BASELINE_BINS) - 1, -1)
        effort = Effort(self.effort.posts, self.effort.units[rows])
        return np.asarray(np.maximum(share_by_posting(effort, seen), effort.active[0] / effort.active.sum()))


@dataclass(frozen=True)
class Compared:
    """Distinct units per label and bin, `now`, and in the up to seven bins before it, `base`; shape (k, bins)."""

    now: Ints
    base: Ints
    past: History

    @cached_property
    def share(self) -> Floats:
        """What was to be expected, shape (k, bins); null where fewer than five units are there or the bin cannot be
        compared."""
        share = np.full(self.now.shape, np.nan)
        for bin_ in np.flatnonzero(self.past.covered).tolist():
            rows = np.flatnonzero(self.now[:, bin_] >= FEWEST_UNITS)
            if len(rows):
                share[rows, bin_] = self.past.shares(self.now[rows, bin_] + self.base[rows, bin_], bin_)
        return share

    @property
    def tests(self) -> int:
        """How many labels and bins could have stood out."""
        return int(self.past.covered.sum()) * len(self.now)

    def p_values(self) -> Floats:
        """One-sided p of the conditional test of two rates (Przyborowski & Wilenski 1940), shape (k, bins); null where
        nothing is compared."""
        from scipy import stats

        return np.asarray(stats.binom.sf(self.now - 1, self.now + self.base, self.share))

    def lows(self, label: int, bins: Ints) -> Floats:
        """Low end (2.5 %, Jeffreys) of the growth of one label in some bins; 0 where nothing is compared."""
        from scipy import stats

        share = self.share[label, bins]
        odds = stats.beta(self.now[label, bins] + 0.5, self.base[label, bins] + 0.5).ppf(0.025)
        return np.asarray(np.nan_to_num(odds / (1 - odds) * (1 - share) / share, nan=0.0))


def _before(table: Ints) -> Ints:
    """Sums over the up to seven columns before each."""
    bins = table.shape[1]
    running = np.concatenate([np.zeros((len(table), 1), dtype=np.int64), np.cumsum(table, axis=1)], axis=1)
    first = np.maximum(0, np.arange(bins) - BASELINE_BINS)
    return np.asarray(running[:, :bins] - running[:, first])
