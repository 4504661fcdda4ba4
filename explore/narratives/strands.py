"""Small signals inside large narratives: a strand that once stood out more clearly than what is around it is a
narrative of its own.

The levels of granularity are cut from one tree, so a finer cluster lies inside a coarser one. Each is scored in every
window of the snapshot's history; what is found at a finer level only would drown in the narrative around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.05
BASELINE_BINS, FEWEST_BASELINE_BINS = 7, 3
CLEARER = 2.0  # how many times the growth of the narrative around it
FEWEST_UNITS = 5
MOST_OF_IT = 0.5  # a strand holds less than this share of its narrative's messages, else it is the narrative

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class History:
    """Posts with a time, in bins counted back from the last one. All arrays of the same length.

    `bin`: 0 = the first bin that is covered whole; `unit`: code of the account or message; `message`: its position in
    the labels.
    """

    bin: Ints
    unit: Ints
    message: Ints

    @property
    def bins(self) -> int:
        """Number of bins."""
        return int(self.bin.max(initial=-1)) + 1


def history(at: Ints, unit: Ints, message: Ints, *, length: int) -> History:
    """`at`: microseconds since the epoch, shape (posts,). `length`: of a bin, in microseconds."""
    if len(at) == 0:
        return History(at, unit, message)
    age = (int(at.max()) - at) // length
    whole = (int(at.max()) - int(at.min()) + 1) // length
    inside = age < whole
    return History(whole - 1 - age[inside], unit[inside], message[inside])


def split(labels: Ints, finer: Sequence[Ints], past: History) -> Ints:
    """`labels` (narrative of each message, -1 = none) with the strands that stood out as narratives of their own.

    `finer`: labels of the same messages at finer levels. Of a strand and a strand within it, the clearer one is split
    off. New narratives are numbered after the others.
    """
    found = _candidates(labels, finer, past)
    labels = labels.copy()
    for strand in sorted(found, key=lambda one: (-one.clarity, one.members[0])):
        if (labels[strand.members] == strand.home).all():  # else a clearer strand took some of them
            labels[strand.members] = labels.max() + 1
    return labels


@dataclass(frozen=True)
class Strand:
    """`members`: messages; `home`: the narrative around them; `clarity`: low end of the growth in its best window."""

    members: Ints
    home: int
    clarity: float


def _candidates(labels: Ints, finer: Sequence[Ints], past: History) -> list[Strand]:
    """Strands that were flagged in some window, and grew clearly more than their narrative in it."""
    sizes = np.bincount(labels[labels >= 0], minlength=int(labels.max(initial=-1)) + 1)
    around = _compared(labels, past)
    levels = [(level, _compared(level, past)) for level in finer]
    chances = [(level, counted, counted.p_values()) for level, counted in levels]
    tests = max(1, sum(counted.covered.sum() * len(counted.now) for _, counted in levels))
    found = []
    for level, counted, p in chances:
        flagged = (
            p <= LEVEL / tests
        )  # Bonferroni over every strand and window, also those with too few units to be looked at
        for strand in np.flatnonzero(flagged.any(axis=1)):
            members = np.flatnonzero(level == strand)
            home = int(labels[members[0]])
            if home < 0 or (labels[members] != home).any() or len(members) >= MOST_OF_IT * sizes[home]:
                continue
            windows = np.flatnonzero(flagged[strand])
            low = counted.lows(int(strand), windows)
            clear = low > np.maximum(1.0, CLEARER * around.lows(home, windows))
            if clear.any():
                found.append(Strand(members, home, float(low[clear].max())))
    return found


@dataclass(frozen=True)
class _Compared:
    """Distinct units per label and bin, `now`, and in the up to seven bins before it, `base`; shape (k, bins).

    `now_active`, `base_active`: the same for all posts, shape (bins,). `covered`: bins that can be compared.
    """

    now: Ints
    base: Ints
    now_active: Ints
    base_active: Ints
    covered: NDArray[np.bool_]

    def p_values(self) -> Floats:
        """One-sided p of the conditional test of two Poisson rates (Przyborowski & Wilenski 1940), shape (k, bins).

        Null where fewer than five units are there or the bin cannot be compared.
        """
        from scipy import stats

        p = np.full(self.now.shape, np.nan)
        tested = (self.now >= FEWEST_UNITS) & self.covered
        share = self.now_active / np.maximum(1, self.now_active + self.base_active)
        share = np.broadcast_to(share, p.shape)[tested]
        p[tested] = stats.binom.sf(self.now[tested] - 1, self.now[tested] + self.base[tested], share)
        return p

    def lows(self, label: int, bins: Ints) -> Floats:
        """Low end (2.5 %, Jeffreys) of the rate ratio of one label in some bins that can be compared."""
        from scipy import stats

        share = stats.beta(self.now[label, bins] + 0.5, self.base[label, bins] + 0.5).ppf(0.025)
        low: Floats = share / (1 - share) * self.base_active[bins] / self.now_active[bins]
        return low


def _compared(labels: Ints, past: History) -> _Compared:
    bins = max(1, past.bins)
    first = np.maximum(0, np.arange(bins) - BASELINE_BINS)

    def before(table: Ints) -> Ints:
        running = np.concatenate([np.zeros((len(table), 1), dtype=np.int64), np.cumsum(table, axis=1)], axis=1)
        sums: Ints = running[:, :bins] - running[:, first]
        return sums

    now = _units(labels, past, k=int(labels.max(initial=-1)) + 1)
    active = _units(np.zeros_like(labels), past, k=1)
    base_active = before(active)[0]
    covered = (np.arange(bins) >= FEWEST_BASELINE_BINS) & (base_active > 0) & (active[0] > 0)
    return _Compared(now, before(now), active[0], base_active, covered)


def _units(labels: Ints, past: History, *, k: int) -> Ints:
    """Distinct units per label and bin, shape (k, bins)."""
    label = labels[past.message]
    keep = label >= 0
    bins, units = max(1, past.bins), int(past.unit.max(initial=0)) + 1
    cells = np.unique((label[keep] * bins + past.bin[keep]) * units + past.unit[keep]) // units
    return np.bincount(cells, minlength=k * bins).reshape(k, bins).astype(np.int64)
