"""How much a narrative grew or faded from one run to the next, with an interval that knows how uneven days are.

Counted are distinct accounts (or messages) per day, never posts: copies are not independent. The variance is that of a
quasi-Poisson model (McCullagh & Nelder 1989, section 6.2), its dispersion estimated from the narrative's own days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LEVEL = 0.05
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DAYS_FROM = timedelta(days=2)  # shorter spans are counted by the hour
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Periods:
    """What is compared: the half-open spans `earlier` and `later` (UTC), in steps of `step` (a day or an hour).

    how: "apart" (each run's own span), "after" (the runs overlap: the whole first run, and of the second what comes
    after it), "together" (the second ends no later than the first: the time both cover).
    """

    earlier: Span
    later: Span
    how: str

    @property
    def step(self) -> timedelta:
        """A day where both spans hold two, else an hour."""
        return DAY if min(end - start for start, end in (self.earlier, self.later)) >= DAYS_FROM else HOUR


def periods(first: Span | None, second: Span | None) -> Periods | None:
    """The comparable times of two runs, from their first and last post; null where either has no times."""
    if first is None or second is None:
        return None
    a, b = ((start, end + timedelta(microseconds=1)) for start, end in (first, second))
    if b[0] >= a[1] or b[1] <= a[0]:
        return Periods(a, b, "apart")
    if b[1] > a[1]:
        return Periods(a, (a[1], b[1]), "after")
    both = (max(a[0], b[0]), b[1])
    return Periods(both, both, "together")


def gap(first: Span, second: Span) -> timedelta:
    """The time between two spans; nought where they overlap."""
    return max(first[0] - second[1], second[0] - first[1], timedelta(0))


def adjoin(first: Span, second: Span) -> bool:
    """Whether two spans overlap, or lie no farther apart than a day or the shorter of them lasts."""
    return gap(first, second) <= max(DAY, min(end - start for start, end in (first, second)))


@dataclass(frozen=True)
class Counts:
    """Distinct units per narrative and step: `each` of shape (k, steps); `steps` is the span's length in steps, which
    need not be whole. `active`: distinct units of all posts over the steps, summed."""

    each: Ints
    steps: float
    active: int

    @property
    def total(self) -> Ints:
        """Sum over the steps, shape (k,)."""
        summed: Ints = self.each.sum(axis=1)
        return summed


def count(at: Ints, unit: Ints, narrative: Ints, *, k: int, span: Span, step: timedelta) -> Counts:
    """Count units per narrative and step from the span's start.

    `at`: microseconds since the epoch, shape (posts,); `unit`: code; `narrative`: 0..k-1, or -1 for none.
    """
    start, end = (_micros(moment - EPOCH) for moment in span)
    inside = (at >= start) & (at < end)
    cell = (at[inside] - start) // _micros(step)
    table = pd.DataFrame({"narrative": narrative[inside], "cell": cell, "unit": unit[inside]})
    each = np.zeros((k, -(-(end - start) // _micros(step))), dtype=np.int64)
    distinct = table[table["narrative"] >= 0].drop_duplicates()
    np.add.at(each, (distinct["narrative"].to_numpy(), distinct["cell"].to_numpy()), 1)
    active = len(table[["cell", "unit"]].drop_duplicates())
    return Counts(each=each, steps=max((end - start) / _micros(step), 1.0), active=active)


def compare(earlier: Counts, later: Counts, pairs: Ints) -> pd.DataFrame:
    """Rates and their ratio for pairs of narratives, shape (n, 2): a row of `earlier` beside one of `later`.

    Columns: before, after (units per step), rate_ratio, rate_ratio_low, rate_ratio_high (95 %, Student's t with the
    degrees of freedom of the dispersion), p_value (two-sided). Half a unit is added to each side, so that none has a
    ratio. The dispersion is never taken as less than Poisson's.
    """
    from scipy import stats

    a, b = earlier.each[pairs[:, 0]], later.each[pairs[:, 1]]
    x, y = a.sum(axis=1) + 0.5, b.sum(axis=1) + 0.5
    freedom = max(a.shape[1] + b.shape[1] - 2, 0)
    uneven = np.maximum((_spread(a) + _spread(b)) / max(freedom, 1), 1.0)
    error = np.sqrt(uneven * (1 / x + 1 / y))
    log_ratio = np.log(y / later.steps) - np.log(x / earlier.steps)
    law = stats.t(freedom) if freedom else stats.norm()
    reach = float(law.ppf(1 - LEVEL / 2)) * error
    return pd.DataFrame(
        {
            "before": a.sum(axis=1) / earlier.steps,
            "after": b.sum(axis=1) / later.steps,
            "rate_ratio": np.exp(log_ratio),
            "rate_ratio_low": np.exp(np.minimum(log_ratio - reach, 700)),
            "rate_ratio_high": np.exp(np.minimum(log_ratio + reach, 700)),
            "p_value": 2 * law.sf(np.abs(log_ratio) / error),
        }
    )


def _spread(each: Ints) -> Floats:
    """Pearson's chi-square of each row around its mean; 0 where nothing was counted."""
    mean = each.mean(axis=1, keepdims=True)
    squares = np.divide((each - mean) ** 2, mean, out=np.zeros(each.shape), where=mean > 0)
    summed: Floats = squares.sum(axis=1)
    return summed


def _micros(delta: timedelta) -> int:
    return delta // timedelta(microseconds=1)
