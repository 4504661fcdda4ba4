"""The swim-lane of a burst: one lane an account, one mark a post, time in UTC."""

from __future__ import annotations

from datetime import timedelta

import altair as alt
import pandas as pd

from explore.narratives.cosharing import Pace
from explore.narratives.spread import Spread
from explore.present import spreading, words
from explore.present.theme import DARK, LIGHT, themed, title

LANE_HEIGHT = 19  # pixels
LEAST_UNITS = 8  # of the times' precision on the axis: posts of one second or minute do not fill the chart
EDGE = 0.03  # of the span, free at both sides


def swim_lane(spread: Spread, place: int, *, dark: bool = False) -> alt.LayerChart:
    """Who posted what while a burst lasted: the burst's item filled, the narrative's other posts hollow.

    `place`: row of `spread.bursts`. The accounts come in the order in which they posted the item.
    """
    if spread.pace is None:
        raise ValueError("a narrative without times or accounts has no lanes")
    palette, pace = DARK if dark else LIGHT, spread.pace
    burst = spread.bursts.iloc[place]
    what = f"this {spreading.NOUNS[burst['kind']]}"
    other = "something else in this narrative"
    lanes = spread.lanes[spread.lanes["burst"] == place]
    marks = lanes.assign(
        posted=lanes["same"].map({True: what, False: other}),
        when=lanes["at"].map(lambda at: _exactly(at, pace)),
        account=lanes["account"],
    )[["account", "at", "posted", "when"]]
    accounts = list(dict.fromkeys(marks.loc[marks["posted"] == what, "account"]))
    kinds = [what, other] if (marks["posted"] == other).any() else [what]
    shapes = alt.Scale(domain=kinds, range=["circle", "diamond"][: len(kinds)])
    chart = alt.Chart(marks).mark_point(filled=True, size=70, opacity=0.9, strokeWidth=1.5, aria=False).encode(
        x=alt.X("at:T", scale=_scale(burst, pace), axis=_axis(burst, pace)),
        y=alt.Y(
            "account:N",
            sort=accounts,
            axis=alt.Axis(title=None, grid=True, labelLimit=90, labelFont="monospace", labelOverlap=False),
        ),
        color=alt.Color(
            "posted:N",
            scale=alt.Scale(domain=kinds, range=[palette.accent, palette.quiet][: len(kinds)]),
            legend=alt.Legend(title=None, columns=1) if len(kinds) > 1 else None,
        ),
        shape=alt.Shape("posted:N", scale=shapes, legend=None),
        tooltip=[
            alt.Tooltip("account:N", title="account"),
            alt.Tooltip("when:N", title="posted"),
            alt.Tooltip("posted:N", title="what"),
        ],
    )  # fmt: skip
    told = spreading.burst(burst.to_dict(), pace)
    hidden = int(burst["accounts"]) - len(accounts)
    first = f"The {len(accounts)} accounts that posted it first, {hidden} more did"
    small_print = [first if hidden else "One lane an account"]
    small_print += ["Times are to the minute"] if pace.unit == timedelta(minutes=1) else []
    drawn = alt.layer(chart).properties(
        width="container",
        height=LANE_HEIGHT * len(accounts) + 130,  # with title, legend and axis where the page fits the chart into it
        title=title(f"{words.count(burst['accounts'], 'account')}, one {spreading.NOUNS[burst['kind']]}", *small_print),
        description=f"One lane an account, one mark a post. {told}",
    )
    return themed(drawn, palette)


def _bounds(burst: pd.Series, pace: Pace) -> tuple[pd.Timestamp, pd.Timestamp]:
    short = max(timedelta(0), LEAST_UNITS * pace.unit - (burst["end"] - burst["start"])) / 2
    begin, end = burst["start"] - short, burst["end"] + short
    edge = (end - begin) * EDGE
    return begin - edge, end + edge


def _scale(burst: pd.Series, pace: Pace) -> alt.Scale:
    return alt.Scale(type="utc", nice=False, domain=[each.isoformat() for each in _bounds(burst, pace)])


def _axis(burst: pd.Series, pace: Pace) -> alt.Axis:
    begin, end = _bounds(burst, pace)
    clock = "%H:%M:%S" if end - begin < timedelta(minutes=5) else "%H:%M"
    day = f"{begin.day} {begin:%b %Y}"
    days = day if begin.date() == end.date() else f"{day} to {end.day} {end:%b %Y}"
    return alt.Axis(title=f"time in UTC, {days}", format=clock, tickCount=6, labelOverlap="parity", labelSeparation=6)


def _exactly(at: pd.Timestamp, pace: Pace) -> str:
    return f"{at.day} {at:%b %Y %H:%M:%S} UTC" if pace.unit < timedelta(minutes=1) else words.when(at)
