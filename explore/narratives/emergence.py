"""Which narratives grow faster now than their own baseline, tested and with an interval.

What is counted is distinct accounts per time bin (distinct messages where the snapshot has no accounts), never posts:
copies are not independent. Formulas: conditional test of two Poisson rates (Przyborowski & Wilenski 1940), Jeffreys
interval for the share, Benjamini & Hochberg 1995 over all testable narratives of the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.errors import Refused

LEVEL = 0.05
MIN_BASELINE_WINDOWS = 3
FEW_ACTIVE = 30  # active units in a window below which hardly any growth can be told from chance
SPARK_STEPS_PER_WINDOW = 4

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """The half-open window [as_of - length, as_of) and the `baseline` right before it.

    The baseline is cut into whole bins as long as the window, counted back from the window's start, so that like hours
    are compared with like hours when the window is a number of days.
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
class Counts:
    """Distinct counted units (accounts or messages) per narrative, now and in the baseline.

    `now`, `base`, `now_posts`, `base_posts`: shape (k,); `base` sums over bins. `now_active`, `base_active`: the same
    for all posts of the snapshot, clustered or not. `base_bins`: baseline bins that the snapshot covers whole.
    `spark`: shape (k, steps), units per quarter of a window over baseline and window, oldest first.
    """

    now: Ints
    base: Ints
    now_posts: Ints
    base_posts: Ints
    now_active: int
    base_active: int
    base_bins: int
    spark: Ints


def count(at: Ints, unit: Ints, narrative: Ints, *, k: int, window: Window, first_at: int) -> Counts:
    """Count units per narrative in the window and in each baseline bin.

    `at`: microseconds since the epoch, shape (posts,); `unit`: code of the account or message; `narrative`: 0..k-1, or
    -1 for none. `first_at`: the snapshot's first post; baseline bins that begin before it are not covered and left out.
    """
    length = _micros(window.length)
    start = _micros_since_epoch(window.start)
    bins = max(0, min(window.bins, (start - first_at) // length))
    age = (start + length - 1 - at) // length  # 0 = window, 1 = the bin before it, ...
    inside = (age >= 0) & (age <= bins)
    age, unit, narrative, at = age[inside], unit[inside], narrative[inside], at[inside]
    present = _distinct(narrative, age, unit)
    active = _distinct(np.zeros_like(age), age, unit)
    is_now = present[:, 1] == 0
    clustered = narrative >= 0
    return Counts(
        now=_tally(present[is_now, 0], k),
        base=_tally(present[~is_now, 0], k),
        now_posts=_tally(narrative[clustered & (age == 0)], k),
        base_posts=_tally(narrative[clustered & (age > 0)], k),
        now_active=int((active[:, 1] == 0).sum()),
        base_active=int((active[:, 1] > 0).sum()),
        base_bins=int(bins),
        spark=_spark(at, unit, narrative, k=k, window=window),
    )


def score(counts: Counts) -> pd.DataFrame:
    """Rate ratio, interval and p per narrative; one row a narrative, in the order of the counts.

    Columns: now_authors, now_active, base_authors, base_active, base_bins, now_posts, base_posts, rate_ratio,
    rate_ratio_low, rate_ratio_high (95 %), p_value (one-sided), testable, spark.
    Where nothing was active now or before, or the baseline covers fewer than three windows, nothing is testable: the
    ratio stands where it can be computed and p is null.
    """
    from scipy import stats

    k = len(counts.now)
    comparable = counts.now_active > 0 and counts.base_active > 0
    testable = comparable and counts.base_bins >= MIN_BASELINE_WINDOWS
    exposure = counts.now_active / counts.base_active if comparable else np.nan
    share = stats.beta(counts.now + 0.5, counts.base + 0.5)
    low, high = (_odds(share.ppf(q)) / exposure for q in (LEVEL / 2, 1 - LEVEL / 2))
    if testable:
        null_share = counts.now_active / (counts.now_active + counts.base_active)
        p = stats.binom.sf(counts.now - 1, counts.now + counts.base, null_share)
    else:
        p = np.full(k, np.nan)
    return pd.DataFrame(
        {
            "now_authors": counts.now,
            "now_active": counts.now_active,
            "base_authors": counts.base,
            "base_active": counts.base_active,
            "base_bins": counts.base_bins,
            "now_posts": counts.now_posts,
            "base_posts": counts.base_posts,
            "rate_ratio": (counts.now + 0.5) / (counts.base + 0.5) / exposure,
            "rate_ratio_low": low,
            "rate_ratio_high": high,
            "p_value": p,
            "testable": testable,
            "spark": list(counts.spark.tolist()),
        }
    )


def judge(scored: pd.DataFrame) -> pd.DataFrame:
    """Add q_value (over the rows given, which are the tests that were made) and flagged to a frame of `score`."""
    q = benjamini_hochberg(scored["p_value"].to_numpy(dtype=np.float64))
    flagged = scored["testable"] & (q <= LEVEL) & (scored["rate_ratio_low"] > 1)
    return scored.assign(q_value=q, flagged=flagged)


def benjamini_hochberg(p: Floats) -> Floats:
    """Adjusted p-values (q), shape as `p`; null stays null and does not count as a test."""
    q = np.full(len(p), np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    if len(tested) == 0:
        return q
    order = tested[np.argsort(p[tested], kind="stable")]
    raised = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(1.0, np.minimum.accumulate(raised[::-1])[::-1])
    return q


def suggest_window(at: Ints, unit: Ints, *, as_of: datetime) -> Window:
    """A window that suits the snapshot's density: the one closest to 24 h that can be tested and is not nearly empty.

    24 h is preferred because it compares whole days with whole days. Shorter (6 h, 1 h) when the snapshot before
    `as_of` spans less than four windows; longer (3 days, 7 days) when fewer than 30 units were active in it.
    """
    end = _micros_since_epoch(as_of)
    before = at < end
    at, unit = at[before], unit[before]
    span = timedelta(microseconds=int(end - at.min())) if len(at) else timedelta(0)

    def fits(length: timedelta) -> bool:
        return span >= (MIN_BASELINE_WINDOWS + 1) * length

    length = next((w for w in map(_hours, (24, 6, 1)) if fits(w)), _hours(1))
    for longer in map(_hours, (72, 168)):
        active = len(np.unique(unit[at >= end - _micros(length)]))
        if length >= _hours(24) and active < FEW_ACTIVE and fits(longer):
            length = longer
    return Window(as_of=as_of, length=length, baseline=7 * length)


def moment(text: str) -> datetime:
    """A time in ISO 8601 with T or space, with Z or an offset; no offset = UTC. Raises `Refused`."""
    try:
        found = datetime.fromisoformat(text.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter: before the year 1 or after 9999 once in UTC
        raise Refused(f"'{text}' is not a time. Write it like 2024-05-31T14:00Z.") from None


def _hours(n: int) -> timedelta:
    return timedelta(hours=n)


def _micros(delta: timedelta) -> int:
    return delta // timedelta(microseconds=1)


def _micros_since_epoch(at: datetime) -> int:
    return _micros(at - datetime(1970, 1, 1, tzinfo=UTC))


def _distinct(narrative: Ints, age: Ints, unit: Ints) -> Ints:
    """Distinct (narrative, age) pairs per unit, shape (m, 2); narrative -1 is left out."""
    keep = narrative >= 0
    triples = np.column_stack([narrative[keep], age[keep], unit[keep]])
    if len(triples) == 0:
        return np.empty((0, 2), dtype=np.int64)
    ages, units = int(triples[:, 1].max()) + 1, int(triples[:, 2].max()) + 1
    codes = np.unique((triples[:, 0] * ages + triples[:, 1]) * units + triples[:, 2])
    cells = codes // units
    return np.column_stack([cells // ages, cells % ages])


def _tally(narrative: Ints, k: int) -> Ints:
    return np.bincount(narrative, minlength=k).astype(np.int64)


def _spark(at: Ints, unit: Ints, narrative: Ints, *, k: int, window: Window) -> Ints:
    """Units per narrative and quarter of a window, shape (k, steps)."""
    step = _micros(window.length) // SPARK_STEPS_PER_WINDOW
    steps = (window.bins + 1) * SPARK_STEPS_PER_WINDOW
    since = at - _micros_since_epoch(window.baseline_start)
    cells = _distinct(narrative, np.clip(since // step, 0, steps - 1), unit)
    spark = np.zeros((k, steps), dtype=np.int64)
    np.add.at(spark, (cells[:, 0], cells[:, 1]), 1)
    return spark


def _odds(share: Floats) -> Floats:
    return share / (1 - share)
