"""The density map: where posts lie in the space of narratives, with names that do not run into each other."""

from __future__ import annotations

import unicodedata

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.present import words
from explore.present.redaction import apart
from explore.present.theme import DARK, LIGHT, Palette, themed, title

LETTER = 6.6  # pixels of a Latin letter at 12 px
HEIGHT = 560  # pixels that the names are placed for; the chart may be higher
WIDTHS = (340, 560, 880)  # for which names are placed; a chart shows those of the widest that it holds
ZOOMS = (1, 1.5, 2, 3, 5, 8, 16)  # at which more names are placed
PROMINENT = 30  # so many names, and those of emerging narratives, may cover the marks of lesser ones
LINE, MARK = 9, 6  # half a line of names and half a mark, in pixels

Pixels = NDArray[np.float64]


def density_map(cells: pd.DataFrame, labels: pd.DataFrame, *, near: bool = False, dark: bool = False) -> alt.LayerChart:
    """Where the posts lie on the map, binned, with narrative names; a click on a mark selects "narrative".

    `cells`: x, y, x2, y2 (corners), posts. `labels`: x, y, label, flagged, narrative_id, n_posts. The emerging are
    named first, then the largest. Every label has a mark (▲ orange where emerging, ● else; the larger, the more posts)
    and a tooltip; its name is written where it does not run into one before it, which more do the closer one looks:
    Ctrl and the wheel, or `near`, which frames the labels alone. The chart is as high as its container.
    """
    palette = DARK if dark else LIGHT
    flagged = labels["flagged"].fillna(False).astype(bool)
    marked = labels.assign(
        flagged=flagged,
        status=flagged.map({True: "emerging", False: "other"}),
        short=labels["label"].map(_short),
    ).sort_values(["flagged", "n_posts"], ascending=False, kind="stable", ignore_index=True)
    frame = _frame(cells, marked, near=near and len(marked) > 1)
    inside = cells[(cells["x2"] > frame["x"][0]) & (cells["x"] < frame["x"][1])]
    inside = inside[(inside["y2"] > frame["y"][0]) & (inside["y"] < frame["y"][1])]
    emerging = int(flagged.sum())
    found = f"{words.count(len(labels), 'narrative')}, {words.number(emerging)} emerging"
    signs = ["Orange triangles: emerging."] if emerging else []
    shade = "Brighter" if dark else "Darker"
    chart = (
        alt.layer(_density(inside, frame, palette), _narrative_marks(marked, palette), *_names(marked, frame, palette))
        .resolve_scale(color="independent")
        .properties(
            width="container",
            height="container",
            title=title(
                found,
                *signs,
                f"Near: similar words. {shade}, larger: more posts.",
                "Ctrl + scroll: closer, more names. Double-click: back.",
            ),
            description=f"Map of {found}. {words.listed(list(marked.loc[marked['flagged'], 'label'].head(5)))}",
        )
    )
    return themed(chart, palette)


def theme_names(labels: pd.DataFrame) -> dict[int, str]:
    """A name for each theme, the largest first: its two largest narratives and how many there are.

    `labels`: theme_id, label, n_posts.
    """
    ordered = labels.sort_values("n_posts", ascending=False, kind="stable")
    sizes = ordered.groupby("theme_id")["n_posts"].sum().sort_values(ascending=False, kind="stable")
    own = ordered.groupby("theme_id")["label"].agg(list)
    return {
        int(theme): f"{words.listed([apart(_short(label)) for label in own[theme][:2]])} "
        f"({words.count(len(own[theme]), 'narrative')})"
        for theme in sizes.index
    }


def _frame(cells: pd.DataFrame, labels: pd.DataFrame, *, near: bool) -> dict[str, tuple[float, float]]:
    """The ends of both axes: around all posts, or around the labels alone."""
    found = {}
    for axis, end in (("x", "x2"), ("y", "y2")):
        values = labels[axis] if near else pd.concat([cells[axis], cells[end], labels[axis]])
        margin = 0.12 * float(values.max() - values.min()) if near else 0.0
        found[axis] = (float(values.min()) - margin, max(float(values.max()) + margin, float(values.min()) + 1e-9))
    return found


def _density(cells: pd.DataFrame, frame: dict[str, tuple[float, float]], palette: Palette) -> alt.Chart:
    shades = [palette.grid, palette.soft]
    layer: alt.Chart = (
        alt.Chart(cells[["x", "y", "x2", "y2", "posts"]])
        .mark_rect(aria=False, clip=True)
        .encode(
            x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=frame["x"], nice=False)),
            y=alt.Y("y:Q", axis=None, scale=alt.Scale(domain=frame["y"], nice=False)),
            x2="x2:Q",
            y2="y2:Q",
            color=alt.Color("posts:Q", scale=alt.Scale(type="log", range=shades), legend=None),
            tooltip=[alt.Tooltip("posts:Q", title="posts here", format=",d")],
        )
    )
    return layer


def _names(labels: pd.DataFrame, frame: dict[str, tuple[float, float]], palette: Palette) -> list[alt.Chart]:
    """The names for every width, each with an edge in the colour of the paper so that it reads on any shade."""
    span = frame["x"][1] - frame["x"][0]
    layers = []
    for width, wider in zip(WIDTHS, [*WIDTHS[1:], None], strict=True):
        written = _placed(labels, frame, width=width)
        fits = [f"width >= {width}" if width > WIDTHS[0] else "true", f"width < {wider}" if wider else "true"]
        closeness = f"{span} / abs(domain('x')[1] - domain('x')[0])"
        test = " && ".join([*fits, f"{closeness} > 0.99 * datum.zoom"])
        base = alt.Chart(written).encode(
            x="x:Q", y="y:Q", text="short:N", opacity=alt.condition(test, alt.value(1), alt.value(0))
        )
        colour = alt.condition("datum.flagged", alt.value(palette.alert_text), alt.value(palette.ink))
        edge = base.mark_text(stroke=palette.paper, strokeWidth=5, strokeJoin="round", fill=palette.paper, aria=False)
        layers += [_beside(edge), _beside(base.mark_text(aria=False).encode(fill=colour))]
    return layers


def _beside(names: alt.Chart) -> alt.Chart:
    """Texts moved from their marks by their own dx and dy."""
    names.mark.dx, names.mark.dy, names.mark.clip = alt.expr("datum.dx"), alt.expr("datum.dy"), True
    return names


def _narrative_marks(labels: pd.DataFrame, palette: Palette) -> alt.Chart:
    closer = alt.selection_interval(name="closer", bind="scales", zoom="wheel![event.ctrlKey]")
    picked = alt.selection_point(name="narrative", fields=["narrative_id"], on="click", empty=False)
    sizes = alt.Size("n_posts:Q", scale=alt.Scale(type="sqrt", range=[28, 150]), legend=None)
    layer: alt.Chart = (
        alt.Chart(labels[::-1])  # the most important on top
        .mark_point(filled=True, opacity=1, stroke=palette.paper, strokeWidth=1.2, clip=True)
        .encode(
            x="x:Q",
            y="y:Q",
            shape=alt.Shape("status:N", scale=_by_status("triangle-up", "circle"), legend=None),
            color=alt.Color("status:N", scale=_by_status(palette.alert, palette.ink), legend=None),
            size=alt.condition(picked, alt.value(260), sizes),
            tooltip=[
                alt.Tooltip("label:N", title="narrative"),
                alt.Tooltip("status:N"),
                alt.Tooltip("n_posts:Q", title="posts", format=",d"),
            ],
        )
        .add_params(picked, closer)
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


def _placed(labels: pd.DataFrame, frame: dict[str, tuple[float, float]], *, width: int) -> pd.DataFrame:
    """The labels whose names find room on a chart of this width, with dx, dy (pixels from the mark) and zoom.

    Judged with `_pixels` and `HEIGHT`. A name that has its place at one zoom keeps it at all closer ones, where marks
    lie further apart and names are as wide as before.
    """
    (left, right), (low, high) = frame["x"], frame["y"]
    marks = np.column_stack(
        [(labels["x"] - left) / (right - left) * width, (high - labels["y"]) / (high - low) * HEIGHT]
    ).astype(np.float64)
    halves = np.array([[_pixels(short) / 2, LINE] for short in labels["short"]]).reshape(-1, 2)
    found: dict[int, tuple[float, float, float]] = {}
    bold = labels["flagged"].to_numpy() | (np.arange(len(labels)) < PROMINENT)
    for zoom in ZOOMS:
        for own in range(len(labels)):
            if own not in found:
                lift = _lift(own, marks, halves, found, zoom=zoom, width=width, bold=bool(bold[own]))
                if lift is not None:
                    found[own] = (*lift, zoom)
    places = pd.DataFrame([found[own] for own in sorted(found)], columns=["dx", "dy", "zoom"], index=sorted(found))
    return labels.join(places, how="inner")


def _lift(
    own: int,
    marks: Pixels,
    halves: Pixels,
    found: dict[int, tuple[float, float, float]],
    *,
    zoom: float,
    width: int,
    bold: bool,
) -> tuple[float, float] | None:
    """Where beside its mark a name goes, in pixels: where it covers the fewest marks; null where there is no room."""
    across = halves[own][0]
    beside = np.array([[0, -16], [0, 16], [across + 10, 0], [-across - 10, 0]])
    away = marks - marks[own]
    covered = (np.abs(away * zoom - beside[:, None]) < halves[own] + MARK).all(axis=2).sum(axis=1)
    free = bold | (covered == 0)
    if zoom == 1:
        middles = marks[own][0] + beside[:, 0]
        free &= (middles >= across) & (middles <= width - across)
    if not free.any():
        return None
    named = np.fromiter(found, dtype=np.int64)
    lifted = np.array([found[one][:2] for one in named]).reshape(-1, 2)
    if _ever_meet(away[named], lifted, halves[named] + MARK / 2, zoom=zoom).any():
        return None  # its mark would lie under a name
    free &= ~_ever_meet(away[named], lifted - beside[:, None], halves[named] + halves[own], zoom=zoom).any(axis=1)
    free &= ~_ever_meet(away[named], -beside[:, None], halves[own] + MARK / 2, zoom=zoom).any(axis=1)
    best = int(np.argmin(np.where(free, covered, np.inf)))
    return (float(beside[best][0]), float(beside[best][1])) if free[best] else None


def _ever_meet(away: Pixels, shift: Pixels, room: Pixels, *, zoom: float) -> NDArray[np.bool_]:
    """Whether |t * away + shift| < room on both axes (the last dimension) for any t >= zoom."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.sort(np.stack([(-room - shift) / away, (room - shift) / away]), axis=0)
    still = np.broadcast_to(away == 0, ends.shape[1:])
    inside = np.broadcast_to(np.abs(shift) < room, still.shape)
    first = np.where(still, np.where(inside, zoom, np.inf), ends[0]).max(axis=-1)
    last = np.where(still, np.inf, ends[1]).min(axis=-1)
    found: NDArray[np.bool_] = np.maximum(first, zoom) < last
    return found
