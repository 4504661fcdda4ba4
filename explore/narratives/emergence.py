"""Which narratives grow faster now than their own baseline, tested and with an interval.

What is counted is distinct accounts per time bin (distinct messages where the snapshot has no accounts), never posts:
copies are not independent. The test is the conditional test of two rates, widened by how much the narratives of this
snapshot vary anyway (dispersion.py). The window and shorter parts of it are tested, with a correction for looking more
than once; Benjamini & Hochberg 1995 over all testable narratives of the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.errors import Refused
from explore.narratives.dispersion import Dispersion

LEVEL = 0.05
MIN_BASELINE_WINDOWS = 3
FEW_ACTIVE = 30  # active units in a window below which hardly any growth can be told from chance
SPARK_STEPS_PER_WINDOW = 4
PART_HOURS = (24, 6, 1)  # a window is also tested part by part, in the longest of these that fits it three times
FEWEST_PARTS, MOST_PARTS = 3, 24
DAY = timedelta(days=1)
SAME_HOURS, ADJACENT = "same hours of earlier days", "windows right before"

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


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
class Cells:
    """Distinct units in equally long windows and in the baseline windows that each is compared with.

    `units`: shape (k, tests, 1 + bins), `active` (of all posts, clustered or not): shape (tests, 1 + bins); first the
    tested window, then its baseline, newest first. `ends`: microseconds since the epoch, shape (tests,).
    """

    units: Ints
    active: Ints
    ends: Ints
    length: int
    baseline: str

    @property
    def now(self) -> Ints:
        """Units in the tested windows, shape (k, tests)."""
        now: Ints = self.units[:, :, 0]
        return now

    @property
    def base(self) -> Ints:
        """Units summed over the baseline windows, shape (k, tests)."""
        return np.asarray(self.units[:, :, 1:].sum(axis=2))

    @property
    def now_active(self) -> Ints:
        """Active units in the tested windows, shape (tests,)."""
        now: Ints = self.active[:, 0]
        return now

    @property
    def base_active(self) -> Ints:
        """Active units summed over the baseline windows, shape (tests,)."""
        return np.asarray(self.active[:, 1:].sum(axis=1))

    @property
    def bins(self) -> int:
        """Baseline windows that the snapshot covers whole."""
        return int(self.units.shape[2]) - 1

    @property
    def testable(self) -> bool:
        """Whether there are enough baseline windows, and anybody in them and in the tested ones."""
        return self.bins >= MIN_BASELINE_WINDOWS and bool((self.now_active > 0).all() and (self.base_active > 0).all())


@dataclass(frozen=True)
class Counts:
    """What was counted for k narratives.

    `whole`: the window (one test); `parts`: the shorter windows that it is made of, newest first, or null where it has
    none. `now_posts`, `base_posts`: posts, shape (k,). `spark`: shape (k, steps), units per quarter of a window over
    baseline and window, oldest first.
    """

    whole: Cells
    parts: Cells | None
    now_posts: Ints
    base_posts: Ints
    spark: Ints


def count(at: Ints, unit: Ints, narrative: Ints, *, k: int, window: Window, first_at: int) -> Counts:
    """Count units per narrative in the window, its parts and their baselines.

    `at`: microseconds since the epoch, shape (posts,); `unit`: code of the account or message; `narrative`: 0..k-1, or
    -1 for none. `first_at`: the snapshot's first post; baseline windows that begin before it are left out. A window
    shorter than a day is compared with the same hours of earlier days where the baseline holds three such days.
    """
    end, length = _micros_since_epoch(window.as_of), _micros(window.length)
    since = max(_micros_since_epoch(window.baseline_start), first_at)
    inside = (at >= min(since, end - length)) & (at < end)
    at, unit, narrative = at[inside], unit[inside], narrative[inside]
    whole = _cells(at, unit, narrative, k=k, end=end, length=length, tests=1, since=since)
    part = _part_length(window.length)
    parts = None
    if part is not None:
        tests = length // _micros(part)
        parts = _cells(at, unit, narrative, k=k, end=end, length=_micros(part), tests=tests, since=since)
    clustered, now = narrative >= 0, at >= end - length
    return Counts(
        whole=whole,
        parts=parts,
        now_posts=_tally(narrative[clustered & now], k),
        base_posts=_tally(narrative[clustered & ~now & (at >= end - (1 + whole.bins) * length)], k),
        spark=_spark(at, unit, narrative, k=k, window=window),
    )


def score(counts: Counts) -> pd.DataFrame:
    """Rate ratio, interval and p per narrative; one row a narrative, in the order of the counts.

    Columns of the window: now_authors, now_active, base_authors, base_active, base_bins, baseline (which windows),
    now_posts, base_posts, rate_ratio, rate_ratio_low, rate_ratio_high (95 %), dispersion, testable, spark. `p_value`
    (one-sided) is that of the window and its parts together. Of the clearest of these, the one with the smallest p:
    clearest_from, clearest_to (UTC), clearest_authors, clearest_active, clearest_base, clearest_base_active,
    clearest_bins, clearest_baseline, clearest_ratio, clearest_low (95 % for all parts at once).
    Where nothing was active now or before, or the baseline covers fewer than three windows, nothing is testable: the
    ratio stands where it can be computed and p is null.
    """
    whole = _tested(counts.whole, level=LEVEL)
    parts = _parts(counts)
    table = pd.DataFrame(
        {
            "now_authors": counts.whole.now[:, 0],
            "now_active": int(counts.whole.now_active[0]),
            "base_authors": counts.whole.base[:, 0],
            "base_active": int(counts.whole.base_active[0]),
            "base_bins": counts.whole.bins,
            "baseline": counts.whole.baseline,
            "now_posts": counts.now_posts,
            "base_posts": counts.base_posts,
            "rate_ratio": whole.ratio[:, 0],
            "rate_ratio_low": whole.low[:, 0],
            "rate_ratio_high": whole.high[:, 0],
            "dispersion": whole.dispersion,
            "p_value": _combined(whole, parts),
            "testable": counts.whole.testable,
            "spark": list(counts.spark.tolist()),
        }
    )
    return pd.concat([table, _clearest(counts, whole, parts)], axis=1)


def judge(scored: pd.DataFrame) -> pd.DataFrame:
    """Add q_value (over the rows given, which are the tests that were made) and flagged to a frame of `score`.

    Flagged: q at most 5 %, and the growth in the clearest window certainly above 1.
    """
    q = benjamini_hochberg(scored["p_value"].to_numpy(dtype=np.float64))
    flagged = scored["testable"] & (q <= LEVEL) & (scored["clearest_low"] > 1)
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


@dataclass(frozen=True)
class _Tests:
    """Outcome per narrative and tested window, each of shape (k, tests); p null where it cannot be tested."""

    p: Floats
    ratio: Floats
    low: Floats
    high: Floats
    dispersion: float


def _tested(cells: Cells, *, level: float) -> _Tests:
    now, base = cells.now, cells.base
    comparable = bool((cells.now_active > 0).all() and (cells.base_active > 0).all())
    if not comparable:
        nothing = np.full(now.shape, np.nan)
        return _Tests(nothing, nothing, nothing, nothing, np.nan)
    share = np.broadcast_to(cells.now_active / (cells.now_active + cells.base_active), now.shape)
    series = slice(None) if cells.baseline == SAME_HOURS else slice(1)  # otherwise all share one baseline
    found = Dispersion()
    if cells.testable:
        found = Dispersion.pooled(cells.units[:, series, 1:], cells.active[series, 1:])
    low, high = found.interval(now, base, share=share, windows=1 + cells.bins, level=level)
    p = np.full(now.shape, np.nan)
    if cells.testable:
        p = found.tail(now, base, share=share, windows=1 + cells.bins)
    ratio = (now + 0.5) / (base + 0.5) * (1 - share) / share
    return _Tests(p, ratio, low, high, found.alpha if cells.testable else np.nan)


def _parts(counts: Counts) -> _Tests | None:
    """The parts where the window itself can be tested and all of them can."""
    if counts.parts is None or not (counts.whole.testable and counts.parts.testable):
        return None
    return _tested(counts.parts, level=LEVEL / (1 + len(counts.parts.ends)))


def _combined(whole: _Tests, parts: _Tests | None) -> Floats:
    """One p for the window and its parts: half the error each (Bonferroni); the parts share theirs by Simes 1986."""
    if parts is None:
        return np.asarray(whole.p[:, 0])
    tests = parts.p.shape[1]
    simes = (np.sort(parts.p, axis=1) * tests / np.arange(1, tests + 1)).min(axis=1)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(whole.p[:, 0], simes)))


def _clearest(counts: Counts, whole: _Tests, parts: _Tests | None) -> pd.DataFrame:
    """The `clearest_` columns of `score`."""
    table = _described(counts.whole, whole, np.zeros(len(whole.p), dtype=np.int64))
    if parts is None or counts.parts is None:
        return table
    best = parts.p.argmin(axis=1)
    within = _described(counts.parts, parts, best)
    clearer = pd.Series(parts.p.min(axis=1) < whole.p[:, 0])
    return pd.DataFrame({name: within[name].where(clearer, table[name]) for name in table})


def _described(cells: Cells, tests: _Tests, which: Ints) -> pd.DataFrame:
    rows = np.arange(len(which))
    return pd.DataFrame(
        {
            "clearest_from": _times(cells.ends[which] - cells.length),
            "clearest_to": _times(cells.ends[which]),
            "clearest_authors": cells.now[rows, which],
            "clearest_active": cells.now_active[which],
            "clearest_base": cells.base[rows, which],
            "clearest_base_active": cells.base_active[which],
            "clearest_bins": cells.bins,
            "clearest_baseline": cells.baseline,
            "clearest_ratio": tests.ratio[rows, which],
            "clearest_low": tests.low[rows, which],
        }
    )


def _cells(at: Ints, unit: Ints, narrative: Ints, *, k: int, end: int, length: int, tests: int, since: int) -> Cells:
    """Units in the `tests` windows of this length before `end` and in their baselines back to `since`."""
    day = _micros(DAY)
    start = end - tests * length
    days = range(-(-tests * length // day), 1 + (start - since) // day)  # back to the same hours before the start
    like = length < day and len(days) >= MIN_BASELINE_WINDOWS
    step = day if like and tests == 1 else length
    if like:
        columns = [[test, *(test + back * day // step for back in days)] for test in range(tests)]
    else:
        columns = [[test, *range(tests, tests + max(0, (start - since) // length))] for test in range(tests)]
    age, place = (end - 1 - at) % step, (end - 1 - at) // step
    n = 1 + max(map(max, columns))
    keep = (age < length) & (place < n)
    place, unit, narrative = place[keep], unit[keep], narrative[keep]
    return Cells(
        units=_distinct_units(narrative, place, unit, shape=(k, n))[:, columns],
        active=_distinct_units(np.zeros_like(place), place, unit, shape=(1, n))[0, columns],
        ends=end - length * np.arange(tests, dtype=np.int64),
        length=length,
        baseline=SAME_HOURS if like else ADJACENT,
    )


def _distinct_units(narrative: Ints, place: Ints, unit: Ints, *, shape: tuple[int, int]) -> Ints:
    """How many distinct units each narrative has in each place, of this shape; narrative -1 is left out."""
    inside = narrative >= 0
    units = int(unit.max(initial=0)) + 1
    found = np.unique((narrative[inside] * shape[1] + place[inside]) * units + unit[inside]) // units
    return np.bincount(found, minlength=shape[0] * shape[1]).reshape(shape).astype(np.int64)


def _part_length(length: timedelta) -> timedelta | None:
    """The longest of the usual hours that makes three parts or more of the window, and not too many."""
    for part in map(_hours, PART_HOURS):
        if length % part == timedelta(0) and FEWEST_PARTS <= length // part <= MOST_PARTS:
            return part
    return None


def _tally(narrative: Ints, k: int) -> Ints:
    return np.bincount(narrative, minlength=k).astype(np.int64)


def _spark(at: Ints, unit: Ints, narrative: Ints, *, k: int, window: Window) -> Ints:
    """Units per narrative and quarter of a window, shape (k, steps)."""
    step = _micros(window.length) // SPARK_STEPS_PER_WINDOW
    steps = (window.bins + 1) * SPARK_STEPS_PER_WINDOW
    since = at - _micros_since_epoch(window.baseline_start)
    return _distinct_units(narrative, np.clip(since // step, 0, steps - 1), unit, shape=(k, steps))


def _times(micros: Ints) -> pd.Series:
    return pd.Series(pd.to_datetime(micros, unit="us", utc=True)).astype("datetime64[us, UTC]")
