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

from explore.narratives.history import Compared, History

LEVEL = 0.05
CLEARER = 2.0  # how many times the growth of the narrative around it
MOST_OF_IT = 0.5  # a strand holds less than this share of its narrative's messages, else it is the narrative

Ints = NDArray[np.int64]


def split(labels: Ints, finer: Sequence[Ints], past: History) -> Ints:
    """`labels` (narrative of each message, -1 = none) with the strands that stood out as narratives of their own.

    `finer`: labels of the same messages at finer levels. Of a strand and a strand within it, the clearer one is split
    off. New narratives are numbered after the others.
    """
    strands = _candidates(labels, finer, past)
    labels = labels.copy()
    for strand in sorted(strands, key=lambda one: (-one.clarity, one.members[0])):
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
    tests = max(1, sum(counted.tests for _, counted in levels))
    strands = []
    for level, counted in levels:
        # Bonferroni over every strand and window, also those with too few units to be looked at
        flagged = counted.p_values() <= LEVEL / tests
        for strand in np.flatnonzero(flagged.any(axis=1)):
            members = np.flatnonzero(level == strand)
            home = int(labels[members[0]])
            if home < 0 or (labels[members] != home).any() or len(members) >= MOST_OF_IT * sizes[home]:
                continue
            windows = np.flatnonzero(flagged[strand])
            low = counted.lows(int(strand), windows)
            clear = low > np.maximum(1.0, CLEARER * around.lows(home, windows))
            if clear.any():
                strands.append(Strand(members, home, float(low[clear].max())))
    return strands


def _compared(labels: Ints, past: History) -> Compared:
    inside = np.flatnonzero(labels >= 0)
    return past.compared(inside, labels[inside], k=int(labels.max(initial=-1)) + 1)
