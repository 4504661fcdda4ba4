"""The density map: where posts lie in the space of narratives, with names that do not run into each other."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import altair as alt
import pandas as pd

from explore.present import words
from explore.present.theme import DARK, LIGHT, Palette, themed, title

LETTER = 6.6  # pixels of a Latin letter at 12 px
HEIGHT = 560  # pixels
WIDE, NARROW = 800, 340  # widths for which names are placed
BETWEEN = 620  # wider charts show the names placed for WIDE, others those that also fit NARROW


def density_map(cells: pd.DataFrame, labels: pd.DataFrame, *, dark: bool = False) -> alt.LayerChart:
    """Where the posts lie on the map, binned, with narrative names; a click on a mark selects "narrative".

    `cells`: x, y, x2, y2 (corners), posts. `labels`: x, y, label, flagged, narrative_id, most important first. Every
    label has a mark (▲ orange where emerging, ● else) and a tooltip; its name is written only where it does not run
    into one before it: one set of names for wide charts, a smaller one for narrow ones.
    """
    palette = DARK if dark else LIGHT
    flagged = labels["flagged"].fillna(False).astype(bool)
    marked = labels.assign(
        flagged=flagged,
        status=flagged.map({True: "emerging", False: "other"}),
        short=labels["label"].map(_short),
    )
    wide, narrow = (_name_places(marked, cells, width=width) for width in (WIDE, NARROW))
    marked = marked.assign(
        name_y=wide, fits_narrow=[a is not None and a == b for a, b in zip(wide, narrow, strict=True)]
    )
    emerging = int(flagged.sum())
    found = f"{words.count(len(labels), 'narrative')}, {words.number(emerging)} emerging"
    signs = ["Orange triangles: emerging."] if emerging else []
    shade = "Brighter" if dark else "Darker"
    chart = (
        alt.layer(_density(cells, palette), _narrative_marks(marked, palette), *_names(marked, palette))
        .resolve_scale(color="independent")
        .properties(
            width="container",
            height=HEIGHT,
            title=title(found, *signs, f"Near: similar words. {shade}: more posts."),
            description=f"Map of {found}. {words.listed(list(marked.loc[flagged, 'label'].head(5)))}",
        )
    )
    return themed(chart, palette)


def _density(cells: pd.DataFrame, palette: Palette) -> alt.Chart:
    shades = [palette.grid, palette.soft]
    layer: alt.Chart = (
        alt.Chart(cells[["x", "y", "x2", "y2", "posts"]])
        .mark_rect(aria=False)
        .encode(
            x=alt.X("x:Q", axis=None, scale=alt.Scale(zero=False, nice=False)),
            y=alt.Y("y:Q", axis=None, scale=alt.Scale(zero=False, nice=False)),
            x2="x2:Q",
            y2="y2:Q",
            color=alt.Color("posts:Q", scale=alt.Scale(type="log", range=shades), legend=None),
            tooltip=[alt.Tooltip("posts:Q", title="posts here", format=",d")],
        )
    )
    return layer


def _names(labels: pd.DataFrame, palette: Palette) -> list[alt.Chart]:
    """The names, each with an edge in the colour of the paper so that it reads on any shade."""
    written = labels[labels["name_y"].notna()]
    room = alt.condition(f"width > {BETWEEN} || datum.fits_narrow", alt.value(1), alt.value(0))
    base = alt.Chart(written).encode(x="x:Q", y="name_y:Q", text="short:N", opacity=room)
    colour = alt.condition("datum.flagged", alt.value(palette.alert_text), alt.value(palette.ink))
    edge = base.mark_text(stroke=palette.paper, strokeWidth=5, strokeJoin="round", fill=palette.paper, aria=False)
    return [edge, base.mark_text(aria=False).encode(fill=colour)]


def _narrative_marks(labels: pd.DataFrame, palette: Palette) -> alt.Chart:
    picked = alt.selection_point(name="narrative", fields=["narrative_id"], on="click", empty=False)
    layer: alt.Chart = (
        alt.Chart(labels)
        .mark_point(filled=True, opacity=1, stroke=palette.paper, strokeWidth=1.5)
        .encode(
            x="x:Q",
            y="y:Q",
            shape=alt.Shape("status:N", scale=_by_status("triangle-up", "circle"), legend=None),
            color=alt.Color("status:N", scale=_by_status(palette.alert, palette.ink), legend=None),
            size=alt.condition(picked, alt.value(260), alt.value(90)),
            tooltip=[alt.Tooltip("label:N", title="narrative"), alt.Tooltip("status:N")],
        )
        .add_params(picked)
    )  # fmt: skip
    return layer


def _by_status(emerging: str, other: str) -> alt.Scale:
    return alt.Scale(domain=["emerging", "other"], range=[emerging, other])


def _short(label: str) -> str:
    """The label, cut with "…" where it would be wider than some 34 Latin letters."""
    kept = label
    while _pixels(kept) > 34 * LETTER:
        kept = kept[:-1]
    return label if kept == label else f"{kept.rstrip()}…"


def _pixels(text: str) -> float:
    """Roughly how wide a text of 12 px is; Chinese, Japanese and Korean signs are twice as wide as letters."""
    return sum(LETTER * (2 if unicodedata.east_asian_width(sign) in "WF" else 1) for sign in text)


def _name_places(labels: pd.DataFrame, cells: pd.DataFrame, *, width: int) -> list[float | None]:
    """The y of each name: just above or below its mark, or None where it would run into a name or a mark.

    Judged with `_pixels` and 17 px a line. An emerging narrative's name may cover marks, never names.
    """
    left, low = cells["x"].min(), cells["y"].min()
    across, up = max(cells["x2"].max() - left, 1e-9) / width, max(cells["y2"].max() - low, 1e-9) / HEIGHT
    marks = [((x - left) / across, (y - low) / up) for x, y in zip(labels["x"], labels["y"], strict=True)]
    taken: list[_Box] = []
    places: list[float | None] = []
    for own, short, flagged in zip(marks, labels["short"], labels["flagged"], strict=True):
        others = [_Box(mx, my, 5, 5) for mx, my in marks if (mx, my) != own and not flagged]
        choices = [_Box(own[0], own[1] + lift, _pixels(short) / 2, 9) for lift in (16, -16)]
        free = [box for box in choices if box.within(width) and not any(box.meets(o) for o in [*taken, *others])]
        taken += free[:1]
        places.append(low + free[0].y * up if free else None)
    return places


@dataclass(frozen=True)
class _Box:
    """A centre and half a width and height, in pixels."""

    x: float
    y: float
    across: float
    up: float

    def meets(self, other: _Box) -> bool:
        return abs(self.x - other.x) < self.across + other.across and abs(self.y - other.y) < self.up + other.up

    def within(self, width: float) -> bool:
        return self.x - self.across >= -10 and self.x + self.across <= width + 10
