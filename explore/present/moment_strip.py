"""Where to look in a whole file: a slim strip with one bar a moment, and the words about it.

The height of a bar goes by the square root of how many narratives were emerging, so that one shows beside a hundred;
orange means emerging, grey that the moment cannot be judged. The figures stand in the tooltip.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import altair as alt
import pandas as pd

from explore.narratives.moments import Moments
from explore.narratives.windows import FEW_ACTIVE, Window
from explore.present import words
from explore.present.theme import DARK, LIGHT, Palette, themed
from explore.present.time_axis import CLOCK, ticks

HEIGHT = 72  # pixels, with the axis
MOST_BARS = 400  # beyond, several moments share a bar, which shows the one with most findings
CLICKED = "moment"  # the selection, and the field that it gives
ROOM = 1.4  # the axis ends above the highest bar, so that the window is seen around it
GAP = 0.06  # of a bar's width at either side
TICK = 0.08  # height of the sign for a moment that cannot be judged
PENDING = "Where in this file narratives were emerging is being looked up; a strip of it will stand here."
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def headline(found: Moments) -> str:
    """At how many moments something was emerging: "Moments with findings: 12 of 90 days; the most on 6 Oct 2016"."""
    table = found.table
    hits = int((table["flagged"] > 0).sum())
    if not table["judgeable"].any() and not hits:
        return f"None of {_looks(len(table), found.step)} can be judged"
    if not hits:
        return f"No moment with findings in {_looks(len(table), found.step)}"
    most = table.loc[table["flagged"].idxmax(), "as_of"]
    return f"Moments with findings: {words.number(hits)} of {_looks(len(table), found.step)}; {_most(most, found)}"


def explained(found: Moments, unit: str) -> str:
    """What the bars mean, what was looked at, and what a click does."""
    thin = int((~found.table["judgeable"]).sum())
    grey = f" Grey: {words.number(thin)} of them cannot be judged, because fewer than {FEW_ACTIVE} {unit} were active "
    grey += "or too little lies before."
    return (
        f"A bar says how many narratives were emerging in the {words.length(found.window)} up to that moment, compared "
        f"with the {words.length(found.baseline)} before.{grey if thin else ''} "
        "The shaded part is the window shown below. Click to go to a moment. "
        "Hindsight: the narratives were formed from all posts of the run."
    )


def lines(found: Moments, unit: str) -> list[str]:
    """The moments with findings for the command line, one a line, under what was looked at."""
    if found.table.empty:
        return []
    hits = found.table[found.table["flagged"] > 0]
    span = f"{words.length(found.window)}, compared with the {words.length(found.baseline)} before"
    return [
        f"{headline(found)}.",
        f"Windows of {span}.",
        *(
            f"{words.when(one.as_of)}  {words.number(one.flagged):>5} emerging, {words.number(one.new)} of them new, "
            f"of {words.count(one.active, f'active {unit[:-1]}')}"
            for one in hits.itertuples()
        ),
    ]


def strip(found: Moments, *, shown: Window, unit: str, dark: bool = False) -> alt.LayerChart:
    """The strip over the whole file, with the window `shown` shaded; a click selects the field `CLICKED`, an ISO time.

    Raises ValueError where there is no moment (a file without times).
    """
    if found.table.empty:
        raise ValueError("a file without times has no moments")
    palette = DARK if dark else LIGHT
    bars = _bars(found)
    top = max(1, int(bars["flagged"].max()))
    time = _time(bars)
    unknown = bars[(bars["flagged"] == 0) & ~bars["judgeable"]].assign(flagged=top * TICK**2)  # the square root's
    layers = [
        _window(shown, time, palette, fill=0.2, line=0),
        _drawn(unknown, time, palette.quiet, top=top),
        _drawn(bars[bars["flagged"] > 0], time, palette.alert, top=top),
        _window(shown, time, palette, fill=0, line=1.5),
        _clickable(bars, time, found.window, unit),
    ]
    chart = alt.layer(*layers).properties(
        width="container", height=HEIGHT, description=f"{headline(found)}. {explained(found, unit)}"
    )
    return themed(chart, palette)


def clicked(event: Any) -> datetime | None:
    """The moment that a selection of the strip names, as Streamlit gives it; null where nothing is selected."""
    chosen = event["selection"].get(CLICKED)
    return datetime.fromisoformat(str(chosen[0][CLICKED])) if chosen else None


def _looks(n: int, step: timedelta) -> str:
    nouns = {DAY: "day", HOUR: "hour"}
    return words.count(n, nouns[step]) if step in nouns else f"{words.count(n, 'look')}, {words.length(step)} apart"


def _most(as_of: pd.Timestamp, found: Moments) -> str:
    """The moment with most findings: as a day where a moment is a whole day, else by its window."""
    if found.window == found.step == DAY:
        day = as_of - timedelta(microseconds=1)
        return f"the most on {day.day} {day:%b %Y}"
    return f"the most in the {words.length(found.window)} to {words.when(as_of)}"


def _bars(found: Moments) -> pd.DataFrame:
    """One row a bar: start, end, the moment of most findings in it, and its figures."""
    table = found.table.assign(start=found.table["as_of"].shift().fillna(found.table["as_of"].iloc[0] - found.step))
    share = -(-len(table) // MOST_BARS)
    group = pd.Series(range(len(table)), index=table.index) // share
    most = table.loc[table.groupby(group)["flagged"].idxmax()].reset_index(drop=True)
    ends = table.groupby(group).agg(start=("start", "first"), end=("as_of", "last"), judgeable=("judgeable", "any"))
    bars = most.drop(columns=["start", "judgeable"]).join(ends.reset_index(drop=True))
    return bars.assign(**{CLICKED: bars["as_of"].map(lambda moment: moment.isoformat())})


def _time(bars: pd.DataFrame) -> alt.X:
    """The axis that the layers share: the whole file, in UTC."""
    low, high = bars["start"].min(), bars["end"].max()
    axis = alt.Axis(
        title=None,
        labelExpr=CLOCK,
        values=[tick.isoformat() for tick in ticks(low, high)],
        labelOverlap="parity",
        labelSeparation=6,
        labelBound=10,
    )
    domain = [low.isoformat(), high.isoformat()]
    return alt.X("start:T", scale=alt.Scale(type="utc", nice=False, domain=domain), axis=axis)


def _window(shown: Window, time: alt.X, palette: Palette, *, fill: float, line: float) -> alt.Chart:
    """The window: shaded behind the bars, and outlined before them, so that a day shows among years."""
    frame = pd.DataFrame({"start": [shown.start], "end": [shown.as_of]})
    marked = alt.Chart(frame).mark_rect(
        color=palette.accent, stroke=palette.accent, fillOpacity=fill, strokeWidth=line, clip=True, aria=False
    )
    layer: alt.Chart = marked.encode(x=time, x2="end:T")
    return layer


def _drawn(bars: pd.DataFrame, time: alt.X, colour: str, *, top: int) -> alt.Chart:
    """Bars from the ground, apart from each other; the line around them keeps a day among years visible."""
    height = alt.Y("flagged:Q", scale=alt.Scale(type="sqrt", domain=[0, ROOM * top], nice=False), axis=None)
    gap = GAP * (bars["end"] - bars["start"])
    frame = pd.DataFrame(
        {"start": bars["start"] + gap, "end": bars["end"] - gap, "flagged": bars["flagged"], "ground": 0}
    )
    marked = alt.Chart(frame).mark_rect(color=colour, stroke=colour, strokeWidth=0.5, aria=False)
    layer: alt.Chart = marked.encode(x=time, x2="end:T", y=height, y2="ground:Q")
    return layer


def _clickable(bars: pd.DataFrame, time: alt.X, window: timedelta, unit: str) -> alt.Chart:
    """Unseen columns from top to bottom that carry tooltip and click."""
    frame = bars[["start", "end", "flagged", "active", CLICKED]].assign(
        at=bars["as_of"].map(words.when), judged=bars["judgeable"].map({True: "yes", False: "no"})
    )
    tips = [
        alt.Tooltip("at:N", title=f"{words.length(window)} to"),
        alt.Tooltip("flagged:Q", title="emerging", format=",d"),
        alt.Tooltip("active:Q", title=f"active {unit}", format=",d"),
        alt.Tooltip("judged:N", title="can be judged"),
    ]
    click = alt.selection_point(name=CLICKED, fields=[CLICKED], on="click", empty=False)
    marked = alt.Chart(frame).mark_rect(opacity=0, cursor="pointer", aria=False)
    layer: alt.Chart = marked.encode(x=time, x2="end:T", tooltip=tips).add_params(click)
    return layer
