"""Which narratives grow faster now than their own baseline, tested and with an interval.

What is counted is distinct accounts per time bin (distinct messages where the snapshot has no accounts), never posts:
copies are not independent. The test is the conditional test of two rates, widened by how much the narratives of this
snapshot vary anyway (dispersion.py). The window and its newest part are tested, with a correction for looking twice;
Benjamini & Hochberg 1995 over all testable narratives of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.errors import Refused
from explore.narratives.dispersion import Dispersion

LEVEL = 0.05
MIN_BASELINE_WINDOWS = 3
FEW_ACTIVE = 30  # active units in a window below which hardly any growth can be told from chance
SPARK_STEPS_PER_WINDOW = 4
RECENT_HOURS = (24, 6, 1)  # the newest part of a window is the longest of these that fits it three times
HABIT = 5  # fewer units than this at the same hours of all earlier days together are no habit
DAY = timedelta(days=1)
SAME_HOURS, ADJACENT = "same hours of earlier days", "windows right before"

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Columns = dict[
    str, NDArray[Any]
]  # by name, one value a narrative; frames of them take ten times as long to choose from


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
    """Distinct units in the window that is tested and in the baseline windows it is compared with, newest first.

    `units`: shape (k, 1 + bins); `active` (of all posts, clustered or not): shape (1 + bins,); the tested window first.
    `start`: its first microsecond since the epoch; `length`: in microseconds; `baseline`: which windows it is compared
    with.
    """

    units: Ints
    active: Ints
    start: int
    length: int
    baseline: str

    @property
    def now(self) -> Ints:
        """Units in the tested window, shape (k,)."""
        now: Ints = self.units[:, 0]
        return now

    @property
    def base(self) -> Ints:
        """Units summed over the baseline windows, shape (k,)."""
        return np.asarray(self.units[:, 1:].sum(axis=1))

    @property
    def now_active(self) -> int:
        """Active units in the tested window."""
        return int(self.active[0])

    @property
    def base_active(self) -> int:
        """Active units summed over the baseline windows."""
        return int(self.active[1:].sum())

    @property
    def bins(self) -> int:
        """Baseline windows that the snapshot covers whole."""
        return len(self.active) - 1

    @property
    def comparable(self) -> bool:
        """Whether anybody was active both in the tested window and before."""
        return self.now_active > 0 and self.base_active > 0

    @property
    def testable(self) -> bool:
        """Whether there are enough baseline windows, too."""
        return self.comparable and self.bins >= MIN_BASELINE_WINDOWS


@dataclass(frozen=True)
class Counts:
    """What was counted for k narratives.

    `looks`: the window, then its newest part where it has one; each beside the windows right before, then beside the
    same hours of earlier days where there are enough. `now_posts`, `base_posts`: posts, shape (k,). `spark`: shape
    (k, steps), units per quarter of a window over baseline and window, oldest first.
    """

    looks: tuple[tuple[Cells, ...], ...]
    now_posts: Ints
    base_posts: Ints
    spark: Ints

    @property
    def whole(self) -> Cells:
        """The window beside the windows right before."""
        return self.looks[0][0]


def count(at: Ints, unit: Ints, narrative: Ints, *, k: int, window: Window, first_at: int) -> Counts:
    """Count units per narrative in the window, its newest part and their baselines.

    `at`: microseconds since the epoch, shape (posts,); `unit`: code of the account or message; `narrative`: 0..k-1, or
    -1 for none. `first_at`: the snapshot's first post; baseline windows that begin before it are left out.
    """
    end, length = _micros_since_epoch(window.as_of), _micros(window.length)
    start, since = end - length, max(_micros_since_epoch(window.baseline_start), first_at)
    inside = (at >= min(since, start)) & (at < end)
    at, unit, narrative = at[inside], unit[inside], narrative[inside]
    parts = [length, *(_micros(part) for part in [_newest_part(window.length)] if part)]
    ways = [[way(end - part, part, before=start, since=since) for way in (_adjacent, _same_hours)] for part in parts]
    place = _adjacent(start, length, before=start, since=since).place(at)
    return Counts(
        looks=tuple(tuple(_cells(way, at, unit, narrative, k=k) for way in look if way) for look in ways),
        now_posts=_tally(narrative[(narrative >= 0) & (place == 0)], k),
        base_posts=_tally(narrative[(narrative >= 0) & (place > 0)], k),
        spark=_spark(at, unit, narrative, k=k, window=window),
    )


def score(counts: Counts) -> pd.DataFrame:
    """Rate ratio, interval and p per narrative; one row a narrative, in the order of the counts.

    Columns of the window and the windows right before: now_authors, now_active, base_authors, base_active, base_bins,
    now_posts, base_posts, rate_ratio, rate_ratio_low, rate_ratio_high (95 %), dispersion, testable, spark. `p_value`
    (one-sided) is that of the window and its newest part together. Of the clearer of the two, the one with the smaller
    p: clearest_from, clearest_to (UTC), clearest_authors, clearest_active, clearest_base, clearest_base_active,
    clearest_bins, clearest_baseline (which windows), clearest_ratio, clearest_low (95 % for both looks at once).
    Where nothing was active now or before, or the baseline covers fewer than three windows, nothing is testable: the
    ratio stands where it can be computed and p is null; so are the clearest times where there is nothing to compare.
    """
    whole = _tested(counts.whole, level=LEVEL)
    testable = counts.whole.testable
    looks = [ways for ways in counts.looks if ways[0].testable] if testable else []
    clearest = _look(looks[0], level=LEVEL / len(looks)) if looks else whole
    for ways in looks[1:]:
        other = _look(ways, level=LEVEL / len(looks))
        clearest = _where(other["p"] < clearest["p"], other, clearest)
    shown = ["from", "to", "authors", "active", "base", "base_active", "bins", "baseline", "ratio", "low"]
    return pd.DataFrame(
        {
            "now_authors": whole["authors"],
            "now_active": whole["active"],
            "base_authors": whole["base"],
            "base_active": whole["base_active"],
            "base_bins": whole["bins"],
            "now_posts": counts.now_posts,
            "base_posts": counts.base_posts,
            "rate_ratio": whole["ratio"],
            "rate_ratio_low": whole["low"],
            "rate_ratio_high": whole["high"],
            "dispersion": whole["dispersion"],
            "p_value": np.minimum(1.0, max(1, len(looks)) * clearest["p"]),  # Bonferroni
            "testable": testable,
            "spark": list(counts.spark.tolist()),
            **{f"clearest_{name}": clearest[name] for name in shown},
            "clearest_baseline": pd.array(clearest["baseline"], dtype="str"),
            "clearest_from": pd.DatetimeIndex(clearest["from"], tz="UTC"),
            "clearest_to": pd.DatetimeIndex(clearest["to"], tz="UTC"),
        }
    )


def judge(scored: pd.DataFrame) -> pd.DataFrame:
    """Add q_value (over the rows given, which are the tests that were made) and flagged to a frame of `score`.

    Flagged: q at most 5 %, and the growth certainly above 1 in the window as well as in its clearest part.
    """
    q = benjamini_hochberg(scored["p_value"].to_numpy(dtype=np.float64))
    grown = (scored["rate_ratio_low"] > 1) & (scored["clearest_low"] > 1)
    flagged = scored["testable"] & (q <= LEVEL) & grown
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
class _Layout:
    """Windows of one length that do not overlap, by their first microsecond, newest first; the first is tested."""

    starts: Ints
    length: int
    baseline: str

    def place(self, at: Ints) -> Ints:
        """The window that each post is in, 0 = the tested one, -1 = none."""
        last = len(self.starts) - 1
        found = np.searchsorted(self.starts[::-1], at, side="right") - 1
        begun = self.starts[::-1][np.maximum(found, 0)]
        return np.where((found >= 0) & (at < begun + self.length), last - found, -1)


def _adjacent(tested: int, length: int, *, before: int, since: int) -> _Layout:
    """A tested window and all windows between `since` and `before`, counted back from there."""
    bins = np.arange(1, 1 + max(0, before - since) // length, dtype=np.int64)
    return _Layout(np.append(tested, before - length * bins), length, ADJACENT)


def _same_hours(tested: int, length: int, *, before: int, since: int) -> _Layout | None:
    """A tested window shorter than a day and the same hours of the days before; null with fewer than three such."""
    day = _micros(DAY)
    days = np.arange(-((before - tested - length) // day), 1 + (tested - since) // day, dtype=np.int64)
    if length >= day or len(days) < MIN_BASELINE_WINDOWS:
        return None
    return _Layout(np.append(tested, tested - day * days), length, SAME_HOURS)


def _newest_part(length: timedelta) -> timedelta:
    """The longest of the usual hours that fits three times or more into the window; no time at all = none does."""
    return next((part for part in map(_hours, RECENT_HOURS) if 3 * part <= length), timedelta(0))


def _cells(layout: _Layout, at: Ints, unit: Ints, narrative: Ints, *, k: int) -> Cells:
    place, n = layout.place(at), len(layout.starts)
    inside = place >= 0
    place, unit, narrative = place[inside], unit[inside], narrative[inside]
    return Cells(
        units=_distinct_units(narrative, place, unit, shape=(k, n)),
        active=_distinct_units(np.zeros_like(place), place, unit, shape=(1, n))[0],
        start=int(layout.starts[0]),
        length=layout.length,
        baseline=layout.baseline,
    )


def _distinct_units(narrative: Ints, place: Ints, unit: Ints, *, shape: tuple[int, int]) -> Ints:
    """How many distinct units each narrative has in each place, of this shape; narrative -1 is left out."""
    inside = narrative >= 0
    units = int(unit.max(initial=0)) + 1
    found = np.unique((narrative[inside] * shape[1] + place[inside]) * units + unit[inside]) // units
    return np.bincount(found, minlength=shape[0] * shape[1]).reshape(shape).astype(np.int64)


def _tested(cells: Cells, *, level: float) -> Columns:
    """What was counted, ratio, interval and p of one window for each narrative; null where it cannot be tested."""
    now, base = cells.now, cells.base
    found = Dispersion.pooled(cells.units[:, 1:], cells.active[1:]) if cells.testable else Dispersion()
    nothing = np.full(len(now), np.nan)
    ratio, low, high, p = nothing, nothing, nothing, nothing
    if cells.comparable:
        share, windows = cells.now_active / (cells.now_active + cells.base_active), 1 + cells.bins
        ratio = (now + 0.5) / (base + 0.5) * (1 - share) / share
        low, high = found.interval(now, base, share=share, windows=windows, level=level)
        p = found.tail(now, base, share=share, windows=windows) if cells.testable else nothing
    begin, end = (cells.start, cells.start + cells.length) if cells.comparable else ("NaT", "NaT")
    same = {
        "from": np.datetime64(begin, "us"),
        "to": np.datetime64(end, "us"),
        "active": cells.now_active,
        "base_active": cells.base_active,
        "bins": cells.bins,
        "baseline": cells.baseline,
        "dispersion": found.alpha if cells.testable else np.nan,
    }
    own = {"authors": now, "base": base, "ratio": ratio, "low": low, "high": high, "p": p}
    return own | {name: np.full(len(now), value) for name, value in same.items()}


def _where(chosen: NDArray[np.bool_], one: Columns, other: Columns) -> Columns:
    """The rows of `one` that are chosen, else those of `other`."""
    return {name: np.where(chosen, one[name], other[name]) for name in one}


def _look(ways: Sequence[Cells], *, level: float) -> Columns:
    """A window against all windows before, or the same hours of earlier days for narratives with hours of their own.

    All windows tell more than the same hours do, but a narrative of the evenings would then emerge every evening: the
    same hours it is where the narrative was there then (HABIT), and more often than at all hours.
    """
    chosen = _tested(ways[0], level=level)
    for cells in ways[1:]:
        same = _tested(cells, level=level)
        more = same["base"] / same["base_active"] > chosen["base"] / chosen["base_active"]
        chosen = _where(more & (same["base"] >= HABIT), same, chosen)
    return chosen


def _tally(narrative: Ints, k: int) -> Ints:
    return np.bincount(narrative, minlength=k).astype(np.int64)


def _spark(at: Ints, unit: Ints, narrative: Ints, *, k: int, window: Window) -> Ints:
    """Units per narrative and quarter of a window, shape (k, steps)."""
    step = _micros(window.length) // SPARK_STEPS_PER_WINDOW
    steps = (window.bins + 1) * SPARK_STEPS_PER_WINDOW
    since = at - _micros_since_epoch(window.baseline_start)
    return _distinct_units(narrative, np.clip(since // step, 0, steps - 1), unit, shape=(k, steps))
