"""Narratives through several snapshots: ribbons from column to column, and one narrative's curve over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explore.narratives.chain import Chain
from explore.narratives.lifeline import Lifeline
from explore.present import becoming, words
from explore.present.redaction import calm
from explore.present.theme import DARK, LIGHT, Palette, themed, title

HEIGHT = 560  # pixels, which are the units of y too
HEAD, GAP, STUB = 44, 15, 12  # for the columns' names, between narratives so that labels fit, for all others together
SHOWN = 15  # narratives a column
BAR = 0.035  # width of a column's bar, in columns
STEPS = 16  # pieces a ribbon is drawn in
OTHERS = -1


@dataclass
class _Column:
    """One snapshot: `bars` has narrative_id, label, n_posts, share, top, height, sign; the last row is the others."""

    name: str
    bars: pd.DataFrame = field(default_factory=pd.DataFrame)

    def bar(self, narrative: int) -> pd.Series:
        """The bar of a narrative; that of the others where it has none of its own."""
        own = self.bars[self.bars["narrative_id"] == narrative]
        return own.iloc[0] if len(own) else self.bars.iloc[-1]


def flow(chain: Chain, names: Sequence[str], *, dark: bool = False) -> alt.LayerChart:
    """What became of the largest narratives of each run, drawn from left to right.

    `names` heads the columns. A bar is a narrative, as high as its share of its run's posts in narratives; a ribbon
    leaves with the share of posts that went and arrives with the share that came. All but the 15 largest of a run are
    one thin bar that is not to scale. Raises ValueError for fewer than two runs or where no run has a narrative.
    """
    if len(chain.runs) < 2 or not any(len(run.narratives) for run in chain.runs):
        raise ValueError("a flow needs two runs, and a narrative in one of them")
    palette = DARK if dark else LIGHT
    columns = _columns(chain, names)
    ribbons = pd.concat([_ribbons(chain, columns, step) for step in range(len(chain.steps))], ignore_index=True)
    last = chain.steps[-1]
    layers = [_ribbon_layer(ribbons, palette, len(columns)), *_bars(columns, palette), *_heads(columns, palette)]
    chart = alt.layer(*layers).properties(
        width="container",
        height=HEIGHT,
        title=title(
            f"What became of the {SHOWN} largest narratives of each snapshot",
            "Height: share of the posts in narratives.",
            "+ new, ▲ growing, = goes on, ▼ fading,",
            "< split off, > took in others; − gone in the next",
        ),
        description=f"Flow of narratives through {words.listed(list(names))}. {becoming.headline(last)}",
    )
    return themed(chart, palette)


def life(line: Lifeline, names: Sequence[str], *, dark: bool = False) -> alt.LayerChart:
    """One narrative's posts (area) and accounts (line) per step over all snapshots; grey where none was collected."""
    palette = DARK if dark else LIGHT
    curve = line.curve.assign(bin_end=line.curve["bin_start"] + line.step)
    top = 1.15 * max(1.0, float(curve[["posts", "units"]].max().max()))
    gaps = [] if curve["covered"].all() else [_uncollected(curve, line, palette)]
    layers = [*_counted(curve, line, top, palette), *gaps, _told_steps(curve, line, top)]
    total = int(curve["posts"].sum())
    small = [f"Posts and {line.unit} {words.per(line.step)}, time in UTC."]
    small += ["Grey: no snapshot covers this time."] if gaps else []
    if line.repeats:
        small.append(f"{words.count(line.repeats, 'post')} in more than one snapshot, counted once.")
    said = f"{words.count(total, 'post')} over {words.count(len(line.spans), 'snapshot')}"
    chart = alt.layer(*layers).properties(
        width="container",
        height=250,
        title=title(said, *small),
        description=f"{said}: {words.listed(list(names))}. {' '.join(small)}",
    )
    return themed(chart, palette)


# --- where the bars stand --------------------------------------------------------------------------------------------


def _columns(chain: Chain, names: Sequence[str]) -> list[_Column]:
    columns: list[_Column] = []
    for step, (run, name) in enumerate(zip(chain.runs, names, strict=True)):
        links = chain.steps[step - 1].links if step else None
        bars = _largest(run.narratives)
        bars["sign"] = [_sign(links, narrative) for narrative in bars["narrative_id"]]
        if step < len(chain.steps):
            after = chain.steps[step].links
            bars["label"] += np.where(bars["narrative_id"].isin(after.loc[after["kind"] == "gone", "a"]), "  −", "")
        order = _order(bars, links, columns[-1]) if links is not None else np.arange(len(bars))
        columns.append(_Column(calm(name), bars.iloc[order].reset_index(drop=True)))
    fullest = max(float(column.bars["share"].iloc[:-1].sum()) for column in columns) or 1.0
    most = max(len(column.bars) for column in columns)
    scale = (HEIGHT - HEAD - STUB - most * GAP) / fullest
    for column in columns:
        heights = np.maximum(scale * column.bars["share"].to_numpy(dtype=np.float64), 1.0)
        heights[-1] = STUB if column.bars["n_posts"].iloc[-1] else 0
        column.bars["height"] = heights
        column.bars["top"] = HEAD + GAP / 2 + np.concatenate([[0], np.cumsum(heights + GAP)[:-1]])
    return columns


def _largest(narratives: pd.DataFrame) -> pd.DataFrame:
    """The largest narratives, and one row for all others."""
    ranked = narratives.sort_values(["n_posts", "narrative_id"], ascending=[False, True], kind="stable")
    own = ranked.head(SHOWN)[["narrative_id", "label", "n_posts"]]
    rest = ranked.iloc[SHOWN:]
    others = {"narrative_id": OTHERS, "label": f"{len(rest):,} others, not to scale", "n_posts": rest["n_posts"].sum()}
    bars = pd.concat([own, pd.DataFrame([others])], ignore_index=True)
    return bars.assign(share=bars["n_posts"] / max(int(narratives["n_posts"].sum()), 1), label=bars["label"].map(calm))


def _sign(links: pd.DataFrame | None, narrative: int) -> str:
    """What became of a narrative since the column before, as a sign."""
    if links is None or narrative == OTHERS:
        return ""
    kinds = set(links.loc[links["b"] == narrative, "kind"])
    first = next((kind for kind in ("new", "growing", "fading", "steady", "split", "merged") if kind in kinds), "")
    return becoming.KIND_WORDS[first].partition(" ")[0] if first else ""


def _order(bars: pd.DataFrame, links: pd.DataFrame, before: _Column) -> Any:
    """Bars in the order of what they come from, so that ribbons cross little; what is new below, the others last."""
    places = []
    for narrative in bars["narrative_id"]:
        own = links[(links["b"] == narrative) & links["a"].notna()]
        came = [(before.bars.index[before.bars["narrative_id"] == a], share)
                for a, share in zip(own["a"], own["b_from_a"], strict=True)]  # fmt: skip
        known = [(float(place[0]), share) for place, share in came if len(place)]
        weight = sum(share for _, share in known)
        places.append(sum(place * share for place, share in known) / weight if weight else float(len(before.bars)))
    places[-1] = np.inf
    return np.argsort(places, kind="stable")


# --- ribbons ---------------------------------------------------------------------------------------------------------


def _ribbons(chain: Chain, columns: list[_Column], step: int) -> pd.DataFrame:
    """Edges of the ribbons from one column to the next: ribbon, x, low, high, kind, told."""
    lineage, left, right = chain.steps[step], columns[step], columns[step + 1]
    drawn = lineage.links[lineage.links["a"].notna() & lineage.links["b"].notna()]
    ends = [(left.bar(int(a)), right.bar(int(b))) for a, b in zip(drawn["a"], drawn["b"], strict=True)]
    seen = [i for i, (one, other) in enumerate(ends) if not one["narrative_id"] == other["narrative_id"] == OTHERS]
    drawn, ends = drawn.iloc[seen], [ends[i] for i in seen]
    order = sorted(range(len(ends)), key=lambda i: (ends[i][0]["top"], ends[i][1]["top"]))
    leaves = _stacked(order, [pair[0] for pair in ends], drawn["a_to_b"].to_list())
    order.sort(key=lambda i: (ends[i][1]["top"], ends[i][0]["top"]))
    arrives = _stacked(order, [pair[1] for pair in ends], drawn["b_from_a"].to_list())
    pieces = []
    along = np.linspace(0, 1, STEPS + 1)
    smooth = along * along * (3 - 2 * along)
    for i, link in enumerate(drawn.to_dict("records")):
        (low_a, high_a), (low_b, high_b) = leaves[i], arrives[i]
        pieces.append(
            pd.DataFrame(
                {
                    "ribbon": f"{step}-{link['a']}-{link['b']}",
                    "x": step + BAR + along * (1 - BAR),
                    "low": low_a + (low_b - low_a) * smooth,
                    "high": high_a + (high_b - high_a) * smooth,
                    "kind": link["kind"],
                    "told": becoming.told(link, lineage),
                }
            )
        )
    blank = pd.DataFrame(columns=["ribbon", "x", "low", "high", "kind", "told"])
    return pd.concat(pieces, ignore_index=True) if pieces else blank


def _stacked(order: list[int], bars: list[pd.Series], shares: list[float]) -> dict[int, tuple[float, float]]:
    """Top and bottom of each ribbon's end, one below the other within its bar; thin ones stay visible."""
    used: dict[int, float] = {}
    ends = {}
    for i in order:
        bar = bars[i]
        is_stub = bar["narrative_id"] == OTHERS
        thick = 1.0 if is_stub else max(float(bar["height"]) * shares[i], 1.0)
        start = 0.0 if is_stub else used.get(int(bar["narrative_id"]), 0.0)
        low = float(bar["top"]) + min(start, max(float(bar["height"]) - thick, 0.0))
        ends[i] = (low, low + thick)
        used[int(bar["narrative_id"])] = start + thick
    return ends


def _ribbon_layer(ribbons: pd.DataFrame, palette: Palette, columns: int) -> alt.Chart:
    kinds = ["growing", "steady", "fading", "split", "merged"]
    colours = [palette.accent, palette.quiet, palette.quiet, palette.soft, palette.soft]
    layer: alt.Chart = (
        alt.Chart(ribbons)
        .mark_area(opacity=0.45, line=False, aria=False)
        .encode(
            x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, columns - 0.12], nice=False)),
            y=alt.Y("low:Q", axis=None, scale=alt.Scale(domain=[HEIGHT, 0], nice=False)),
            y2="high:Q",
            detail="ribbon:N",
            color=alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=colours), legend=None),
            tooltip=[alt.Tooltip("told:N", title="what became of it")],
        )
    )
    return layer


# --- bars, labels, heads ---------------------------------------------------------------------------------------------


def _bars(columns: list[_Column], palette: Palette) -> list[alt.Chart]:
    """Bars with their labels beside them, on an edge in the colour of the paper."""
    tables = [column.bars[column.bars["height"] > 0].assign(x=float(at)) for at, column in enumerate(columns)]
    bars = pd.concat(tables, ignore_index=True)
    posts = bars["n_posts"].map(lambda n: words.count(n, "post"))
    bars = bars.assign(
        x2=bars["x"] + BAR,
        bottom=bars["top"] + bars["height"],
        middle=bars["top"] + bars["height"] / 2,
        text=(bars["sign"] + " " + bars["label"]).str.strip(),
        told=posts + ", " + bars["share"].map(words.percent) + " of the posts in narratives",
        is_other=bars["narrative_id"] == OTHERS,
    )
    room = alt.ExprRef(f"width / {len(columns)} - 26")
    box = alt.Chart(bars).encode(y=alt.Y("top:Q", axis=None), y2="bottom:Q", x=alt.X("x:Q", axis=None), x2="x2:Q")
    colour = alt.condition("datum.is_other", alt.value(palette.quiet), alt.value(palette.accent))
    tips = [alt.Tooltip("label:N", title="narrative"), alt.Tooltip("told:N", title="size")]
    drawn = box.mark_rect(aria=False).encode(color=colour, tooltip=tips)
    base = alt.Chart(bars).encode(x="x2:Q", y="middle:Q", text="text:N")
    style: dict[str, Any] = {"align": "left", "dx": 5, "baseline": "middle", "fontSize": 11.5, "aria": False}
    edge = base.mark_text(stroke=palette.paper, strokeWidth=3.5, strokeJoin="round", limit=room, **style)
    ink = alt.condition("datum.is_other", alt.value(palette.muted), alt.value(palette.ink))
    return [drawn, edge, base.mark_text(limit=room, **style).encode(color=ink, tooltip=tips)]


def _heads(columns: list[_Column], palette: Palette) -> list[alt.Chart]:
    frame = pd.DataFrame({"x": [float(at) for at in range(len(columns))], "name": [one.name for one in columns]})
    layer: alt.Chart = (
        alt.Chart(frame)
        .mark_text(
            align="left", baseline="top", fontWeight=600, color=palette.ink, lineBreak="\n", aria=False,
            limit=alt.ExprRef(f"width / {len(columns)} - 8"),
        )
        .encode(x="x:Q", y=alt.value(4), text="name:N", tooltip=alt.Tooltip("name:N", title="run"))
    )  # fmt: skip
    return [layer]


# --- one narrative's life --------------------------------------------------------------------------------------------


def _uncollected(curve: pd.DataFrame, line: Lifeline, palette: Palette) -> alt.Chart:
    layer: alt.Chart = (
        alt.Chart(curve.loc[~curve["covered"], ["bin_start", "bin_end"]])
        .mark_rect(color=palette.quiet, opacity=0.35, clip=True, aria=False)
        .encode(x=_time(line.step), x2="bin_end:T")
    )
    return layer


def _counted(curve: pd.DataFrame, line: Lifeline, top: float, palette: Palette) -> list[alt.Chart]:
    ends = pd.concat([curve, curve.tail(1).assign(bin_start=curve["bin_end"].iloc[-1])], ignore_index=True)
    scale = alt.Scale(domain=["posts", line.unit], range=[palette.soft, palette.accent])
    colour = alt.Color("series:N", scale=scale, legend=alt.Legend(title=None))
    axis = alt.Axis(title=None, tickCount=4, tickMinStep=1, format=",d")
    y = alt.Scale(domain=[0, top], nice=False)
    posts = ends[["bin_start", "posts"]].assign(series="posts")
    units = ends[["bin_start", "units"]].assign(series=line.unit)
    area = alt.Chart(posts).mark_area(interpolate="step-after", fillOpacity=0.28, line={"strokeWidth": 1.2}, aria=False)
    drawn = alt.Chart(units).mark_line(interpolate="step-after", strokeWidth=2, aria=False)
    return [
        area.encode(x=_time(line.step), y=alt.Y("posts:Q", scale=y, axis=axis), color=colour),
        drawn.encode(x=_time(line.step), y=alt.Y("units:Q", scale=y, axis=axis), color=colour),
    ]


def _told_steps(curve: pd.DataFrame, line: Lifeline, top: float) -> alt.Chart:
    """An unseen bar a step that carries the tooltip."""
    frame = curve.assign(at=curve["bin_start"].map(words.when), zero=0, top=top)
    frame["collected"] = np.where(frame["covered"], "yes", "no snapshot covers this")
    tips = [
        alt.Tooltip("at:N", title=f"from, {words.length(line.step)}"),
        alt.Tooltip("posts:Q", format=",d"),
        alt.Tooltip("units:Q", title=line.unit, format=",d"),
        alt.Tooltip("collected:N"),
    ]
    layer: alt.Chart = (
        alt.Chart(frame)
        .mark_rect(opacity=0, aria=False)
        .encode(x=_time(line.step), x2="bin_end:T", y="zero:Q", y2="top:Q", tooltip=tips)
    )
    return layer


def _time(step: timedelta) -> alt.X:
    axis = alt.Axis(
        title="time in UTC",
        labelOverlap="parity",
        labelSeparation=8,
        # with the year: snapshots may lie years apart
        format="%-d %b %Y" if step >= timedelta(days=1) else "%-d %b %H:%M",
        tickCount=5,
    )
    return alt.X("bin_start:T", scale=alt.Scale(type="utc", nice=False), axis=axis)
