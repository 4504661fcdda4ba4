"""Which narratives grow faster now than was to be expected, tested and with an interval.

The test is the conditional test of two rates, with what was to be expected of the window from who was active and how
much each posted (exposure.py), widened by how much the narratives of this snapshot vary anyway (dispersion.py). The
window and its parts are tested, with a correction for looking more than once; Benjamini & Hochberg 1995 over all
testable narratives of the run.

Three states: "emerging"; "unproven", a jump that chance alone does not explain, but that this file's history cannot
prove; "none", no clear change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives.counting import Cells, Counts
from explore.narratives.dispersion import Dispersion

LEVEL = 0.05
HABIT = 5  # fewer units than this at the same hours of all earlier days together are no habit
JUMP_UNITS = 5  # fewer in the window are a conversation
JUMP_RATIO = 2.0  # a jump has at least doubled, chance allowed for
EMERGING, UNPROVEN, NONE = "emerging", "unproven", "none"
SHORT_HISTORY, VARIES = "short_history", "varies"  # why a jump is not proved

Floats = NDArray[np.float64]
# Columns by name, one value a narrative: frames of them take ten times as long to choose from
Columns = dict[str, NDArray[Any]]


def score(counts: Counts) -> pd.DataFrame:
    """Rate ratio, interval and p per narrative; one row a narrative, in the order of the counts.

    Columns of the window and the windows right before: now_authors, now_active, base_authors, base_active, base_bins,
    now_active_posts, base_active_posts (all posts of the snapshot in these times), now_posts, base_posts,
    expected_authors (units to be expected in the window if nothing changed, from those of the baseline), rate_ratio,
    rate_ratio_low, rate_ratio_high (95 %; growth beyond what was to be expected: the low end beside the most that can
    be expected, as the ratio is, the high end beside the least), excess_low
    (units beyond what was to be expected, the low end: now x (1 - 1 / rate_ratio_low), the attributable number of
    epidemiologists; below 0 where growth may be none), dispersion, testable, spark. `p_value` (one-sided) is that of
    the window and its parts together; `chance_p`, `chance_low` the same and the low end of the growth where narratives
    vary no more than chance. Of the clearest of these looks, the one with the smallest corrected p: clearest_from,
    clearest_to (UTC), clearest_authors, clearest_active, clearest_base, clearest_base_active, clearest_bins,
    clearest_baseline (which windows), clearest_ratio, clearest_low (95 % for all looks at once).
    Where nothing was active now or before, or the baseline covers fewer than three windows, nothing is testable: the
    ratio stands where it can be computed and p is null; so are the clearest times where there is nothing to compare.
    """
    whole = _tested(counts.whole, level=LEVEL)
    testable = counts.whole.testable
    looks = [ways for ways in counts.looks if ways[0].testable] if testable else []
    clearest = whole | {"p": whole["p"].copy()}
    for i, ways in enumerate(looks):
        times = _corrected(i, len(looks))
        look = _look(ways, level=LEVEL / times)
        look |= {name: np.minimum(1.0, times * look[name]) for name in ("p", "chance_p")}
        clearest = look if i == 0 else _where(look["p"] < clearest["p"], look, clearest)
    shown = ["from", "to", "authors", "active", "base", "base_active", "bins", "baseline", "ratio", "low"]
    return pd.DataFrame(
        {
            "now_authors": whole["authors"],
            "now_active": whole["active"],
            "base_authors": whole["base"],
            "base_active": whole["base_active"],
            "base_bins": whole["bins"],
            "now_active_posts": counts.whole.posts[0],
            "base_active_posts": counts.whole.posts[1:].sum(),
            "now_posts": counts.now_posts,
            "base_posts": counts.base_posts,
            "expected_authors": whole["expected"],
            "rate_ratio": whole["ratio"],
            "rate_ratio_low": whole["low"],
            "rate_ratio_high": whole["high"],
            "excess_low": whole["authors"] * (1 - 1 / whole["low"]),
            "dispersion": whole["dispersion"],
            "p_value": clearest["p"] if looks else np.full(len(whole["p"]), np.nan),
            "chance_p": clearest["chance_p"],
            "chance_low": whole["chance_low"],
            "testable": testable,
            "spark": list(counts.spark.tolist()),
            **{f"clearest_{name}": clearest[name] for name in shown},
            "clearest_baseline": pd.array(clearest["baseline"], dtype="str"),
            "clearest_from": pd.DatetimeIndex(clearest["from"], tz="UTC"),
            "clearest_to": pd.DatetimeIndex(clearest["to"], tz="UTC"),
        }
    )


def judge(scored: pd.DataFrame) -> pd.DataFrame:
    """Add q_value (over the rows given, which are the tests that were made), flagged, state and reason to a frame of
    `score`.

    Flagged: q at most 5 %, and the growth certainly above 1 in the window as well as in its clearest part. state:
    "emerging" where flagged; "unproven" for a jump to five units or more, at least doubled, that the same correction
    does not call chance if narratives vary no more than chance, with the reason why it is not proved: "short_history"
    (too few windows before) or "varies" (this file's narratives vary too much for it); else "none".
    """
    q = benjamini_hochberg(scored["p_value"].to_numpy(dtype=np.float64))
    grown = (scored["rate_ratio_low"] > 1) & (scored["clearest_low"] > 1)
    flagged = scored["testable"] & (q <= LEVEL) & grown
    beyond_chance = benjamini_hochberg(scored["chance_p"].to_numpy(dtype=np.float64)) <= LEVEL
    jump = beyond_chance & (scored["now_authors"] >= JUMP_UNITS) & (scored["chance_low"] >= JUMP_RATIO) & ~flagged
    reason = np.where(scored["testable"], VARIES, SHORT_HISTORY)
    return scored.assign(
        q_value=q,
        flagged=flagged,
        state=np.where(flagged, EMERGING, np.where(jump, UNPROVEN, NONE)),
        reason=np.where(jump, reason, ""),
    )


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


def _corrected(look: int, looks: int) -> int:
    """How many times the p of a look is raised (Bonferroni): half of the level is the window's, half its parts'."""
    if looks == 1:
        return 1
    return 2 if look == 0 else 2 * (looks - 1)


def _tested(cells: Cells, *, level: float) -> Columns:
    """What was counted, ratio, interval and p of one window for each narrative; null where it cannot be tested."""
    now, base = cells.now, cells.base
    varying, nothing = cells.dispersion, np.full(len(now), np.nan)
    columns = dict.fromkeys(("expected", "ratio", "low", "high", "chance_low", "p", "chance_p"), nothing)
    if cells.comparable:
        share, windows = cells.share, 1 + cells.bins
        columns["expected"] = base * share / (1 - share)
        columns["ratio"] = (now + 0.5) / (base + 0.5) * (1 - share) / share
        chance = Dispersion.none(len(now))
        columns["low"], _ = varying.interval(now, base, share=share, windows=windows, level=level)
        _, columns["high"] = varying.interval(now, base, share=cells.least, windows=windows, level=level)
        columns["chance_low"], _ = chance.interval(now, base, share=share, windows=windows, level=level)
        columns["chance_p"] = chance.tail(now, base, share=share, windows=windows)
        columns["p"] = varying.tail(now, base, share=share, windows=windows) if cells.testable else nothing
    begin, end = (cells.start, cells.start + cells.length) if cells.comparable else ("NaT", "NaT")
    alike = {
        "from": np.datetime64(begin, "us"),
        "to": np.datetime64(end, "us"),
        "active": cells.now_active,
        "base_active": cells.base_active,
        "bins": cells.bins,
        "baseline": cells.baseline,
    }
    dispersion = varying.own if cells.testable else nothing
    own = {"authors": now, "base": base, "dispersion": dispersion, **columns}
    return own | {name: np.full(len(now), value) for name, value in alike.items()}


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
        more = same["base"] * chosen["base_active"] > chosen["base"] * same["base_active"]
        chosen = _where(more & (same["base"] >= HABIT), same, chosen)
    return chosen
