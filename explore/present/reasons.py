"""Why a narrative is listed, point by point, in words that can be read to a lawyer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from explore.narratives.emergence import LEVEL
from explore.narratives.windows import SAME_HOURS, Window
from explore.present import words

COUNTED = {
    "accounts": "Accounts, each once in a stretch of time however often it posts. Posts and views are not tested.",
    "messages": (
        "Different messages, each once in a stretch of time however often it is posted, because the file names no "
        "accounts."
    ),
}


def reasons(narrative: Mapping[str, Any], window: Window | None, unit: str) -> list[tuple[str, str]]:
    """Who counts, which window, which baseline, what changed, how sure: name and sentence.

    `narrative`: as in `words`. Where growth cannot be tested, the last point says why.
    """
    if window is None:
        return [("Not tested", words.not_testable(narrative, window, unit))]
    points = [
        ("What is counted", COUNTED[unit]),
        (
            "The window",
            f"{words.length(window.length)}, from {words.when(window.start)} up to {words.when(window.as_of)}.",
        ),
    ]
    if not narrative.get("testable"):
        return [*points, ("Not tested", words.not_testable(narrative, window, unit))]
    changed = words.status(narrative) in words.CHANGED  # else a ratio promises what chance explains
    shares = words.shares(narrative, unit) if changed else ""
    return [
        *points,
        ("The baseline", _baseline(narrative, window)),
        ("What changed", f"{words.why(narrative, window, unit, dated=True)} {shares}".strip()),
        *_clearest(narrative, window, unit),
        ("How sure", _sure(narrative)),
    ]


def small(q: float) -> str:
    """A q-value to three decimals, "below 0.001" under that."""
    return "below 0.001" if q < 0.001 else f"{q:.3f}"


def _baseline(narrative: Mapping[str, Any], window: Window) -> str:
    bins = int(narrative["base_bins"])
    begin = words.when(window.start - bins * window.length)
    clipped = " That is all that the snapshot holds before the window." if bins < window.bins else ""
    times = f"The {words.number(bins)} times {words.length(window.length)} right before the window"
    return f"{times}, from {begin} up to {words.when(window.start)}.{clipped}"


def _clearest(narrative: Mapping[str, Any], window: Window, unit: str) -> list[tuple[str, str]]:
    """The part of the window, or the baseline, by which growth is clearest, where it is not the whole as told above."""
    end, begin = narrative.get("clearest_to"), narrative.get("clearest_from")
    if words.status(narrative) != words.EMERGING or begin is None or end is None:
        return []
    length, bins = (end - begin).to_pytimedelta(), int(narrative["clearest_bins"])
    same_hours = narrative["clearest_baseline"] == SAME_HOURS
    if length == window.length and not same_hours:
        return []
    before = (
        f"At the same hours of the {words.number(bins)} days before"
        if same_hours
        else (f"In the {words.number(bins)} times {words.length(length)} before the window")
    )
    rate, active = narrative["clearest_base"] / bins, round(narrative["clearest_base_active"] / bins)
    usual = words.number(rate) if rate >= 0.05 or rate == 0 else "fewer than 0.1"
    counted = f"{words.number(narrative['clearest_authors'])} of {words.number(narrative['clearest_active'])} active"
    said = f"In the {words.length(length)} to {words.when(end)}: {counted} {unit}. {before} it was {usual} of "
    return [("Where it is clearest", f"{said}{words.number(active)} on average.")]


def _sure(narrative: Mapping[str, Any]) -> str:
    q = narrative.get("q_value")
    said = words.certainty(narrative)
    if q is None or pd.isna(q):
        return said
    return (
        f"{said} The q-value is {small(float(q))}, with how many narratives were tested and how much they vary anyway "
        f"allowed for; emerging needs {LEVEL} or less. The 95 % interval of the growth is {words.interval(narrative)}."
    )
