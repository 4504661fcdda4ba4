"""The look of every chart: a light and a dark palette, one Vega-Lite configuration, titles that fit."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

import altair as alt

FONT = '"Source Sans", "Source Sans 3", system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif'
TITLE_WIDTH = 46  # characters a line, so that a title fits 360 px


@dataclass(frozen=True)
class Palette:
    """Colours by meaning. Text has a contrast of at least 4.5 to `paper`, marks of at least 3 (tested)."""

    paper: str
    ink: str
    muted: str  # secondary text
    grid: str  # decoration only
    accent: str  # accounts; selected
    soft: str  # outline of the posts area
    alert: str  # emerging
    alert_text: str
    quiet: str  # what is usual: baseline, not flagged


LIGHT = Palette(
    paper="#fbfaf8", ink="#1d2327", muted="#5d666b", grid="#e4e0d8", accent="#0f6b6b", soft="#5b9a96",
    alert="#c2571a", alert_text="#a8480f", quiet="#83898d",
)  # fmt: skip
DARK = Palette(
    paper="#15191c", ink="#e6e3dc", muted="#a5adb1", grid="#2c3439", accent="#4fb3ac", soft="#3d8580",
    alert="#e08a4f", alert_text="#e99a64", quiet="#8b9499",
)  # fmt: skip


def configuration(palette: Palette) -> dict[str, Any]:
    """The Vega-Lite configuration of a palette."""
    text = {"labelFont": FONT, "titleFont": FONT}
    return {
        "background": "transparent",
        "font": FONT,
        "padding": {"left": 2, "right": 10, "top": 4, "bottom": 4},
        "view": {"stroke": None},
        "title": {"font": FONT, "subtitleFont": FONT, "color": palette.ink, "subtitleColor": palette.muted,
                  "fontSize": 15, "fontWeight": 600, "subtitleFontSize": 12.5, "anchor": "start", "frame": "bounds",
                  "offset": 10, "lineHeight": 19, "subtitlePadding": 5},
        "axis": {**text, "labelColor": palette.muted, "titleColor": palette.muted, "labelFontSize": 12,
                 "titleFontSize": 12, "titleFontWeight": "normal", "gridColor": palette.grid, "domain": False,
                 "ticks": False, "labelPadding": 6},
        "axisX": {"grid": False, "domain": True, "domainColor": palette.quiet, "ticks": True,
                  "tickColor": palette.quiet, "tickSize": 4, "titlePadding": 8},
        "legend": {**text, "labelColor": palette.ink, "titleColor": palette.muted, "labelFontSize": 12,
                   "orient": "top", "direction": "horizontal", "symbolStrokeWidth": 3, "offset": 4, "padding": 0,
                   "columnPadding": 10, "symbolOpacity": 1, "symbolType": "square", "symbolSize": 110, "labelLimit": 0},
        "text": {"font": FONT, "color": palette.ink, "fontSize": 12},
        "range": {"category": [palette.accent, palette.alert, palette.quiet]},
    }  # fmt: skip


def title(finding: str, *more: str) -> alt.TitleParams:
    """A title that says the finding, broken so that it fits a narrow chart, with lines of small print below."""
    return alt.TitleParams(textwrap.wrap(finding, TITLE_WIDTH), subtitle=list(more))


def themed(chart: alt.LayerChart | alt.FacetChart, palette: Palette) -> alt.LayerChart:
    """The chart with the configuration of its palette; it wins over any theme that is enabled elsewhere."""
    configured: alt.LayerChart = chart.configure(**configuration(palette))
    return configured


@alt.theme.register("groundswell", enable=True)
def _default_theme() -> alt.theme.ThemeConfig:
    """What a chart made elsewhere gets: the light theme."""
    return {"config": configuration(LIGHT)}  # type: ignore[typeddict-item]


alt.data_transformers.disable_max_rows()  # a density map has some 10,000 cells
