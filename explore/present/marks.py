"""Named moments above a time chart: each name in a row and on a side where it touches no other, at any width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

NARROWEST = 300  # pixels of the plot of a chart 360 px wide; whatever is apart there is farther apart on a wider one
CHARACTER = 6.5  # pixels that a character takes at most on average, at 12 px, in the widest of the theme's fonts
GAP = 5  # pixels between a moment and its name, and between two names


@dataclass(frozen=True)
class Mark:
    """A moment to be named. foot: the height on the y axis at which a line from the name ends; null for no line."""

    at: datetime
    name: str
    colour: str
    foot: float | None = None


@dataclass(frozen=True)
class Place:
    """Where a name stands: row 0 is the highest. align: the end of the name that is at the moment, as Vega calls it."""

    row: int
    align: Literal["left", "center", "right"]


def placed(marks: Sequence[Mark], *, low: datetime, high: datetime) -> list[Place]:
    """A place for each mark between `low` and `high`, the ends of the time axis.

    Names read towards the middle of the chart. Of names that would touch, the one nearer to its own edge stands
    higher: its line goes down beside the others and not through them. Names without a line come first.
    """
    shares = [(mark.at - low) / (high - low) for mark in marks]
    spans = [_span(share, mark.name) for share, mark in zip(shares, marks, strict=True)]
    order = sorted(range(len(marks)), key=lambda i: (marks[i].foot is not None, -abs(shares[i] - 0.5)))
    rows: dict[int, int] = {}
    for i in order:
        rows[i] = max((row + 1 for j, row in rows.items() if _touch(spans[i], spans[j])), default=0)
    return [Place(rows[i], span.align) for i, span in enumerate(spans)]


@dataclass(frozen=True)
class _Span:
    """Pixels from `begin` to `end` of the narrowest plot."""

    begin: float
    end: float
    align: Literal["left", "center", "right"]


def _span(share: float, name: str) -> _Span:
    """What a name takes whose moment lies at this share of the axis."""
    at, width = share * NARROWEST, len(name) * CHARACTER
    after, before = _Span(at, at + GAP + width, "left"), _Span(at - GAP - width, at, "right")
    for span in (after, before) if share <= 0.5 else (before, after):
        if span.begin >= 0 and span.end <= NARROWEST:
            return span
    return _Span(at - width / 2, at + width / 2, "center")


def _touch(one: _Span, other: _Span) -> bool:
    return one.begin < other.end + GAP and other.begin < one.end + GAP
