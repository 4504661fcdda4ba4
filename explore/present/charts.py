"""Every Altair chart of Groundswell: the look is in `theme`, the density map in `density`.

Time is on x, in UTC, and the axis says so; counts are step areas, accounts a line, the usual range a grey band, the
window shaded; orange means emerging and nothing else. Each chart is as wide as its container (360 to 1,200 px) and
carries a description for screen readers. In Streamlit: `st.altair_chart(chart, theme=None)`, so that this theme holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import altair as alt
import pandas as pd

from explore.narratives.evidence import Evidence
from explore.narratives.replay import Detection
from explore.narratives.windows import Window
from explore.present import words
from explore.present.density import density_map
from explore.present.marks import GAP, Mark, Place, placed
from explore.present.theme import DARK, LIGHT, Palette, themed, title
from explore.present.time_axis import CLOCK, ticks

__all__ = ["Measure", "curve", "density_map", "volume"]

Measure = Literal["posts", "accounts", "views"]
ROW_PIXELS = 15  # of a row of names
ROW = ROW_PIXELS / 200  # of the height of a curve


def curve(
    evidence: Evidence, *, measure: Measure = "posts", detection: Detection | None = None, dark: bool = False
) -> alt.LayerChart:
    """The narrative over time, with its window and, for posts and accounts, the usual range of accounts.

    `detection`: its first post, tenth account, the beginning of its wave and its first flag are marked where they lie
    on the curve.

    "posts" draws posts as area and accounts as line, "accounts" accounts alone, "views" the views alone. The title
    states the finding.
    Raises ValueError where the curve is empty (a file without times) or the views are unknown.
    """
    window = evidence.window
    if window is None or evidence.curve.empty:
        raise ValueError("a narrative without times has no curve")
    if measure == "views" and evidence.curve["views"].isna().all():
        raise ValueError("a snapshot without view counts has no curve of views")
    palette = DARK if dark else LIGHT
    bins = _closed(evidence.curve.sort_values("bin_start", ignore_index=True), evidence.bin)
    flagged = bool(evidence.narrative.get("flagged"))
    names = {"posts": ["posts", evidence.unit], "accounts": [evidence.unit], "views": ["views"]}[measure]
    usual = measure != "views" and not evidence.expected.empty
    highest = [bins[_column(name)].max() for name in names] + ([evidence.expected["high"].max()] if usual else [])
    marks = [_beginning(window, palette, flagged=flagged), _peak(bins, names[0], palette)]
    encodings = _CurveScales(
        bins,
        names,
        with_usual=usual,
        highest=max(1.0, *map(float, highest)),
        marks=[*marks, *_milestones(detection, evidence.unit, palette)],
        row=ROW,
        bin_length=evidence.bin,
        palette=palette,
    )
    layers = [_shaded(window, encodings, flagged=flagged), *(_usual(evidence, encodings) if usual else [])]
    layers += [_series(bins, name, encodings, area=i == 0) for i, name in enumerate(names)]
    layers += [*_named(encodings), _hover(bins, encodings)]
    chart = alt.layer(*layers).properties(
        width="container",
        # with title, legend and axis where the page fits the chart into it, as Streamlit does
        height=290 + ROW_PIXELS * encodings.rows,
        title=title(_finding(evidence, window, measure), encodings.counted),
        description=_spoken(evidence, window, bins, names),
    )
    return themed(chart, palette)


def volume(
    bins: pd.DataFrame, *, holes: pd.DataFrame | None = None, spikes: pd.DataFrame | None = None, dark: bool = False
) -> alt.LayerChart:
    """A snapshot's posts over time. `bins`: bin_start (UTC), posts; evenly spaced, at least one row.

    `holes` and `spikes`: start, end (UTC), usual and, for spikes, posts, as `posts.collection` finds them. Holes are
    grey bands from top to bottom, so that one does not look like a trend that fades; spikes are marked at the top.
    """
    if bins.empty:
        raise ValueError("a snapshot without times has no volume over time")
    palette = DARK if dark else LIGHT
    starts = bins["bin_start"]
    step = starts.iloc[1] - starts.iloc[0] if len(starts) > 1 else timedelta(days=1)
    closed = _closed(bins, step)
    encodings = _CurveScales(
        closed,
        ["posts"],
        with_usual=False,
        highest=max(1.0, float(bins["posts"].max())),
        marks=[_peak(closed, "posts", palette)],
        row=0.13,  # of a plot of some 120 pixels
        bin_length=step,
        palette=palette,
    )
    total = words.count(int(bins["posts"].sum()), "post")
    quiet = int((bins["posts"] == 0).sum())
    gaps = f"; none in {words.number(quiet)} of {words.stretches(len(bins), step)}" if quiet else ""
    span = f"{words.when(starts.iloc[0])} to {words.when(starts.iloc[-1] + step)}"
    bands = [_holes(holes, encodings)] if holes is not None and len(holes) else []
    spiked = [_spikes(spikes, encodings)] if spikes is not None and len(spikes) else []
    small_print = [encodings.counted, *_marks_told(holes, spikes)]
    chart = alt.layer(
        _series(encodings.bins, "posts", encodings, area=True),
        *bands,
        *_named(encodings),
        _hover(encodings.bins, encodings),
        *spiked,
    ).properties(
        width="container",
        height=135 + 45 * len(small_print),  # with title and small print where the page fits the chart into it
        title=title(f"{total}{gaps}", *small_print),
        description=" ".join([f"{total}, {span}{gaps}.", *_marks_told(holes, spikes)]),
    )
    return themed(chart, palette)


@dataclass(frozen=True)
class _CurveScales:
    """What the layers of one time chart share. `bins`: bin_start, bin_end and the counted columns.

    marks: what is named above the `highest` value, in rows that take the share `row` of the height each.
    """

    bins: pd.DataFrame
    names: list[str]
    with_usual: bool
    highest: float
    marks: list[Mark]
    row: float
    bin_length: timedelta
    palette: Palette

    @property
    def named(self) -> list[tuple[Mark, Place]]:
        """The marks that lie on the axis, each with its place."""
        low, high = self.bins["bin_start"].min(), self.bins["bin_end"].max()
        marks = [mark for mark in self.marks if low <= mark.at <= high]
        return list(zip(marks, placed(marks, low=low, high=high), strict=True))

    @property
    def rows(self) -> int:
        """How many rows the names take."""
        return 1 + max((place.row for _, place in self.named), default=0)

    @property
    def top(self) -> float:
        """The end of the y axis."""
        return self.highest / (1 - self.rows * self.row)

    def x(self, *, leading: bool = False) -> alt.X:
        """Time. Only the leading layer names the domain: Vega warns of a conflict where several name the same."""
        low, high = self.bins["bin_start"].min(), self.bins["bin_end"].max()
        domain = [low.isoformat(), high.isoformat()]
        days = f"{low.day} {low:%b %Y} to {high.day} {high:%b %Y}"
        return alt.X(
            "bin_start:T",
            scale=alt.Scale(type="utc", nice=False, domain=domain if leading else alt.Undefined),
            axis=alt.Axis(
                title=f"time in UTC, {days}",
                labelExpr=CLOCK,
                values=[tick.isoformat() for tick in ticks(low, high)],
                labelOverlap="parity",
                labelSeparation=6,
                labelBound=10,  # pixels over the edge, where the padding ends; a date that is cut reads as another
            ),
        )

    def y(self, field: str) -> alt.Y:
        brief = "format(datum.value, datum.value < 10000 ? ',d' : '~s')"
        counted = f"datum.value <= {self.highest}"
        axis = alt.Axis(
            title=None,
            tickCount=round(4 * self.top / self.highest),
            labelExpr=f"{counted} ? {brief} : ''",
            gridOpacity=alt.condition(counted, alt.value(1), alt.value(0)),
            tickMinStep=1,
        )
        return alt.Y(f"{field}:Q", scale=alt.Scale(domain=[0, self.top], nice=False), axis=axis)

    def color(self) -> alt.Color:
        """Colour by the column `series`; makes the legend where there is more than one."""
        domain = [*self.names, *([self.usual] if self.with_usual else [])]
        paint = {"posts": self.palette.soft, self.usual: self.palette.quiet}
        colours = [paint.get(each, self.palette.accent) for each in domain]
        legend = alt.Legend(title=None) if len(domain) > 1 else None
        return alt.Color("series:N", scale=alt.Scale(domain=domain, range=colours), legend=legend)

    @property
    def usual(self) -> str:
        return "usual range"

    @property
    def counted(self) -> str:
        """What the y axis shows, for the subtitle: "posts and accounts an hour"."""
        return f"{words.listed(self.names).capitalize()} {words.per(self.bin_length)}"


def _closed(bins: pd.DataFrame, step: timedelta) -> pd.DataFrame:
    return bins.assign(bin_end=bins["bin_start"] + step)


def _column(name: str) -> str:
    return "authors" if name in ("accounts", "messages") else name


def _stepped(frame: pd.DataFrame) -> pd.DataFrame:
    """With one more row at the end of the last bin: a step area needs it to give that bin its width."""
    return pd.concat([frame, frame.tail(1).assign(bin_start=frame["bin_end"].iloc[-1])], ignore_index=True)


def _series(bins: pd.DataFrame, name: str, scales: _CurveScales, *, area: bool) -> alt.Chart:
    base = alt.Chart(_stepped(bins)[["bin_start", _column(name)]].assign(series=name))
    drawn = (
        base.mark_area(interpolate="step-after", fillOpacity=0.28, line={"strokeWidth": 1.2}, aria=False)
        if area
        else base.mark_line(interpolate="step-after", strokeWidth=2, aria=False)
    )
    layer: alt.Chart = drawn.encode(x=scales.x(leading=area), y=scales.y(_column(name)), color=scales.color())
    return layer


def _usual(evidence: Evidence, scales: _CurveScales) -> list[alt.Chart]:
    band = evidence.expected.sort_values("bin_start")
    band = _stepped(_closed(band, evidence.bin))
    base = alt.Chart(band[["bin_start", "low", "expected", "high"]].assign(series=scales.usual))
    shaded = base.mark_area(interpolate="step-after", opacity=0.35, aria=False).encode(
        x=scales.x(), y=scales.y("low"), y2="high:Q", color=scales.color()
    )
    middle = base.mark_line(interpolate="step-after", strokeDash=[4, 3], strokeWidth=1.2, aria=False).encode(
        x=scales.x(), y=scales.y("expected"), color=scales.color()
    )
    return [shaded, middle]


def _shaded(window: Window, scales: _CurveScales, *, flagged: bool) -> alt.Chart:
    frame = pd.DataFrame({"bin_start": [window.start], "bin_end": [window.as_of]})
    colour = scales.palette.alert if flagged else scales.palette.quiet
    layer: alt.Chart = (
        alt.Chart(frame)
        .mark_rect(color=colour, opacity=0.13, clip=True, aria=False)
        .encode(x=scales.x(), x2="bin_end:T")
    )
    return layer


def _beginning(window: Window, palette: Palette, *, flagged: bool) -> Mark:
    name = f"the {words.length(window.length)} in question"
    return Mark(window.start, name, palette.alert_text if flagged else palette.muted)


def _milestones(found: Detection | None, unit: str, palette: Palette) -> list[Mark]:
    if found is None:
        return []
    flag = found.wave_flagged_at or found.flagged_at
    named = {"first post": found.first_at, f"tenth {unit[:-1]}": found.tenth_at, "first flag": flag}
    if found.onset is not None and found.onset > found.first_at:
        named["wave begins"] = found.onset
    return [Mark(at, name, palette.ink, 0.0) for name, at in named.items() if at is not None]


def _peak(bins: pd.DataFrame, name: str, palette: Palette) -> Mark:
    """The middle of the highest bin. `bins`: bin_start, bin_end and the counted columns."""
    column = _column(name)
    row = bins.loc[bins[column].astype(float).fillna(0).idxmax()]
    length = row["bin_end"] - row["bin_start"]
    clock = f", {row['bin_start']:%H:%M}" if length < timedelta(days=1) else ""
    said = f"peak {words.compact(row[column])} on {row['bin_start'].day} {row['bin_start']:%b}{clock}"
    return Mark(row["bin_start"] + length / 2, said, palette.ink, float(row[column]))


def _named(scales: _CurveScales) -> list[alt.Chart]:
    """The names in their rows, and a thin line from each to its foot."""
    layers: list[alt.Chart] = []
    for mark, place in scales.named:
        beside = place.align != "center"
        head = scales.top * (1 - (place.row + (0 if beside else 1)) * scales.row)
        base = alt.Chart(
            pd.DataFrame({"bin_start": [mark.at], "head": [head], "foot": [mark.foot], "text": [mark.name],
                          "height": [scales.top * (1 - (place.row + 0.5) * scales.row)]})
        )  # fmt: skip
        if mark.foot is not None:
            line = base.mark_rule(color=scales.palette.muted, strokeWidth=1, strokeDash=[2, 2], aria=False)
            layers.append(line.encode(x=scales.x(), y=scales.y("head"), y2="foot:Q"))
        name = base.mark_text(
            align=place.align, dx={"left": GAP, "center": 0, "right": -GAP}[place.align], color=mark.colour, aria=False
        )
        layers.append(name.encode(x=scales.x(), y=scales.y("height"), text="text:N"))
    return layers


def _holes(holes: pd.DataFrame, scales: _CurveScales) -> alt.Chart:
    """Bands with an outline, so that a hole of an hour shows among months."""
    frame = pd.DataFrame({"bin_start": holes["start"], "bin_end": holes["end"]})
    quiet = scales.palette.quiet
    layer: alt.Chart = (
        alt.Chart(frame)
        .mark_rect(color=quiet, stroke=quiet, strokeWidth=1, fillOpacity=0.35, clip=True, aria=False)
        .encode(x=scales.x(), x2="bin_end:T")
    )
    return layer


def _spikes(spikes: pd.DataFrame, scales: _CurveScales) -> alt.Chart:
    frame = pd.DataFrame({"bin_start": spikes["start"] + (spikes["end"] - spikes["start"]) / 2}).assign(
        said=[
            f"{words.count(one.posts, 'post')} from {words.when(one.start)}, usually {words.number(one.usual)}"
            for one in spikes.itertuples()
        ]
    )
    layer: alt.Chart = (
        alt.Chart(frame)
        .mark_point(shape="triangle-down", filled=True, size=45, color=scales.palette.muted, opacity=1, aria=False)
        .encode(x=scales.x(), y=alt.value(-5), tooltip=alt.Tooltip("said:N", title="spike"))
    )
    return layer


def _marks_told(holes: pd.DataFrame | None, spikes: pd.DataFrame | None) -> list[str]:
    """What the marks mean, where there are any."""
    told = [f"Grey: {words.count(len(holes), 'hole')} in the collection."] if holes is not None and len(holes) else []
    if spikes is not None and len(spikes):
        told.append(f"▼ {words.count(len(spikes), 'spike')} far above the days around.")
    return told


def _hover(bins: pd.DataFrame, scales: _CurveScales) -> alt.Chart:
    """An unseen bar a bin that carries the tooltip."""
    columns = [c for c in ("posts", "authors", "views") if c in bins and not bins[c].isna().all()]
    frame = bins[["bin_start", "bin_end", *columns]].assign(
        at=bins["bin_start"].map(words.when), zero=0, top=scales.top
    )
    titles = {"authors": next((n for n in scales.names if _column(n) == "authors"), "accounts")}
    tips = [alt.Tooltip("at:N", title=f"from, {words.length(scales.bin_length)}")]
    tips += [alt.Tooltip(f"{c}:Q", title=titles.get(c, c), format=",d") for c in columns]
    layer: alt.Chart = (
        alt.Chart(frame)
        .mark_rect(opacity=0, aria=False)
        .encode(x=scales.x(), x2="bin_end:T", y=scales.y("zero"), y2="top:Q", tooltip=tips)
    )
    return layer


def _finding(evidence: Evidence, window: Window, measure: Measure) -> str:
    if measure == "views":
        return f"Seen {words.compact(evidence.curve['views'].sum())} times in all"
    return words.in_brief(evidence.narrative, window, evidence.unit)


def _spoken(evidence: Evidence, window: Window, bins: pd.DataFrame, names: list[str]) -> str:
    """The chart for those who cannot see it."""
    peaks = [f"{name} peak at {words.number(bins[_column(name)].max())}" for name in names]
    span = f"{words.when(bins['bin_start'].min())} to {words.when(bins['bin_end'].max())}"
    finding = words.why(evidence.narrative, window, evidence.unit, dated=True)
    return f"{words.listed(names).capitalize()} {words.per(evidence.bin)}, {span}. {finding} {words.listed(peaks)}."
