from __future__ import annotations

from dataclasses import astuple, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from explore.narratives.replay import Detection
from explore.present import charts, density
from explore.present.theme import DARK, LIGHT, Palette
from tests.present.handmade import WINDOW, evidence, without_times


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def colours(spec: Any) -> set[str]:
    """Every colour that a chart names anywhere."""
    if isinstance(spec, dict):
        return set().union(*map(colours, spec.values()), set())
    if isinstance(spec, list):
        return set().union(*map(colours, spec), set())
    return {spec} if isinstance(spec, str) and len(spec) == 7 and spec.startswith("#") and spec[1:].isalnum() else set()


def without_data(chart: Any) -> dict[str, Any]:
    spec: dict[str, Any] = chart.to_dict()
    del spec["datasets"]
    return spec


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_text_and_marks_stand_out_from_the_paper(palette: Palette) -> None:
    for text in (palette.ink, palette.muted, palette.alert_text):
        assert contrast(text, palette.paper) >= 4.5
    for mark in (palette.accent, palette.soft, palette.alert, palette.quiet):
        assert contrast(mark, palette.paper) >= 3


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("measure", ["posts", "accounts", "views"])
def test_every_curve_uses_only_the_colours_of_its_palette(measure: Any, dark: bool) -> None:
    used = colours(without_data(charts.curve(evidence(), measure=measure, dark=dark)))
    assert used
    assert used <= set(astuple(DARK if dark else LIGHT))


def test_first_post_tenth_account_and_first_flag_are_marked_where_they_lie_on_the_curve() -> None:
    first = WINDOW.start + timedelta(hours=2)
    flag = first + timedelta(hours=4)
    found = Detection(first, None, flag, flag, first, flag, 3, 1, timedelta(hours=6), is_cut=False)
    drawn = str(charts.curve(evidence(), detection=found).to_dict())
    assert "first post" in drawn
    assert "first flag" in drawn
    assert "tenth account" not in drawn
    assert "first flag" not in str(charts.curve(evidence()).to_dict())
    before = replace(found, first_at=WINDOW.baseline_start - timedelta(days=9))
    waving = str(charts.curve(evidence(), detection=replace(found, onset=flag - timedelta(hours=1))).to_dict())
    assert "wave begins" in waving
    assert "wave begins" not in drawn
    assert "first post" not in str(charts.curve(evidence(), detection=before).to_dict())


def test_the_curve_stays_below_the_names() -> None:
    first = WINDOW.start + timedelta(hours=2)
    found = Detection(first, first, first, first, first, first, 3, 1, timedelta(hours=6), is_cut=False)
    spec = charts.curve(evidence(), detection=found).to_dict()
    named = [row["height"] for rows in spec["datasets"].values() for row in rows if "height" in row]
    (top,) = {
        layer["encoding"]["y"]["scale"]["domain"][1]
        for layer in spec["layer"]
        if "scale" in str(layer.get("encoding", {}).get("y"))
    }
    assert len(set(named)) == 5  # the window, the peak and three that are the same moment: one row each
    assert 900 < min(named) < max(named) < top


def test_the_curve_says_its_finding_and_its_time_zone() -> None:
    spec = charts.curve(evidence()).to_dict()
    assert spec["title"]["text"] == ["94 accounts in 24 h, before that 1.6 a day"]
    assert spec["title"]["subtitle"] == ["Posts and accounts per 6 h"]
    assert "94 of 427 active accounts" in spec["description"]
    assert "time in UTC, 10 Aug 2017 to 18 Aug 2017" in str(spec)
    assert spec["width"] == "container"


def test_the_window_is_orange_only_when_the_narrative_is_emerging() -> None:
    assert LIGHT.alert in colours(without_data(charts.curve(evidence())))
    assert LIGHT.alert not in colours(without_data(charts.curve(evidence(flagged=False)))["layer"])


def test_the_usual_range_is_drawn_for_accounts_and_not_for_views() -> None:
    assert "usual range" in str(charts.curve(evidence(), measure="accounts").to_dict())
    assert "usual range" not in str(charts.curve(evidence(), measure="views").to_dict())
    unknown = replace(evidence(), expected=evidence().expected[:0])
    assert "usual range" not in str(charts.curve(unknown).to_dict())


def test_messages_are_called_messages() -> None:
    spec = charts.curve(replace(evidence(), unit="messages")).to_dict()
    assert spec["title"]["text"][0].startswith("94 messages in 24 h")
    assert "accounts" not in str(spec["layer"])


def test_the_last_step_has_its_width() -> None:
    spec = charts.curve(evidence(), measure="accounts").to_dict()
    series = [rows for rows in spec["datasets"].values() if rows[0].get("series") == "accounts"]
    assert series[0][-1]["bin_start"].startswith("2017-08-18T02:00")
    assert series[0][-1]["authors"] == 30


def test_a_curve_needs_times_and_views() -> None:
    with pytest.raises(ValueError, match="without times"):
        charts.curve(without_times())
    unseen = replace(evidence(), curve=evidence().curve.assign(views=float("nan")))
    with pytest.raises(ValueError, match="without view counts"):
        charts.curve(unseen, measure="views")
    assert charts.curve(unseen).to_dict()


def test_the_volume_names_its_peak_and_its_gaps() -> None:
    starts = pd.date_range("2017-08-10", periods=4, freq="1D", tz="UTC")
    spec = charts.volume(pd.DataFrame({"bin_start": starts, "posts": [5, 0, 12_000, 3]})).to_dict()
    assert spec["title"]["text"] == ["12,008 posts; none in 1 of 4 days"]
    assert "peak 12.0 k on 12 Aug" in str(spec["datasets"])


def test_a_volume_of_one_bin_is_drawn() -> None:
    one = pd.DataFrame({"bin_start": pd.to_datetime(["2017-08-10"], utc=True), "posts": [5]})
    assert charts.volume(one).to_dict()["title"]["text"] == ["5 posts"]


CELLS = pd.DataFrame({"x": [0.0, 9.0], "y": [0.0, 9.0], "x2": [1.0, 10.0], "y2": [1.0, 10.0], "posts": [3, 900]})


def labels(*rows: tuple[float, float, str, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["x", "y", "label", "flagged"])
    return frame.assign(narrative_id=range(len(frame)), n_posts=100)


def names_of(spec: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The rows of the names that are written, for each width from the narrowest."""
    fills = [one for one in spec["layer"] if one["mark"]["type"] == "text" and "fill" in one["encoding"]]
    return [spec["datasets"][one["data"]["name"]] for one in fills]


def names_by_width(spec: dict[str, Any]) -> list[dict[str, float]]:
    """For each width, from which zoom on a name is written."""
    return [{row["short"]: row["zoom"] for row in rows} for rows in names_of(spec)]


def written(spec: dict[str, Any]) -> set[str]:
    """The names on a wide chart that is not zoomed."""
    return {name for name, zoom in names_by_width(spec)[-1].items() if zoom == 1}


def test_a_click_on_the_map_selects_a_narrative() -> None:
    spec = charts.density_map(CELLS, labels((5, 5, "Ramblas", True))).to_dict()
    (picked,) = [param for param in spec["params"] if param["name"] == "narrative"]
    assert picked["select"]["fields"] == ["narrative_id"]
    assert spec["title"]["text"] == ["1 narrative, 1 emerging"]


def test_names_on_the_map_do_not_run_into_each_other() -> None:
    near = labels((5.0, 5.0, "First and rather long", True), (5.1, 5.0, "Second and rather long", True),
                  (5.2, 5.0, "Third and rather long", True), (2.0, 8.0, "Far away", False))  # fmt: skip
    spec = charts.density_map(CELLS, near).to_dict()
    assert written(spec) == {"First and rather long", "Second and rather long", "Far away"}
    assert any(len(rows) == 4 for rows in spec["datasets"].values())  # every narrative keeps its mark


def test_a_narrow_map_shows_fewer_names() -> None:
    rows = [(2.0 + i, 5.0, f"Name of some length {i}", False) for i in range(0, 7, 2)]
    narrow, *_, widest = names_by_width(charts.density_map(CELLS, labels(*rows)).to_dict())
    assert list(narrow.values()).count(1) < list(widest.values()).count(1) == 4


def test_the_emerging_are_named_first_then_the_largest() -> None:
    crowd = labels(*[(5 + i / 1e4, 5.0, f"Crowded narrative {i}", i == 7) for i in range(9)])
    spec = charts.density_map(CELLS, crowd.assign(n_posts=[10, 20, 900, 30, 40, 50, 60, 1, 80])).to_dict()
    for names in names_by_width(spec):
        assert min(names, key=names.__getitem__) == "Crowded narrative 7"
        assert names["Crowded narrative 7"] == names["Crowded narrative 2"] == 1  # above and below


def test_a_large_narrative_is_named_among_small_ones_and_they_are_when_one_looks_closer() -> None:
    small = [(5 + i % 9 / 3, 5 + i // 9 / 3, f"Small narrative {i}", False) for i in range(81)]
    crowd = labels(*small, (6.3, 6.3, "Large", False)).assign(n_posts=[*range(81), 5000])
    names = names_by_width(charts.density_map(CELLS, crowd).to_dict())[-1]
    assert names["Large"] == 1
    far = sum(zoom == 1 for zoom in names.values())
    assert 0 < far < 40
    assert len(names) > 1.5 * far


def test_names_do_not_meet_at_any_zoom() -> None:
    rng = np.random.default_rng(4)
    crowd = labels(*[(x, y, f"Narrative number {i}", False) for i, (x, y) in enumerate(rng.normal(5, 1, (90, 2)))])
    spec = charts.density_map(CELLS, crowd).to_dict()
    frame = [spec["layer"][0]["encoding"][axis]["scale"]["domain"] for axis in "xy"]
    for width, rows in zip((340, 560, 880), names_of(spec), strict=True):
        for zoom in np.geomspace(1, 20, 40):
            shown = [row for row in rows if row["zoom"] <= zoom]
            middles = np.array([
                [
                    zoom * width * (row["x"] - frame[0][0]) / (frame[0][1] - frame[0][0]) + row["dx"],
                    zoom * 560 * (frame[1][1] - row["y"]) / (frame[1][1] - frame[1][0]) + row["dy"],
                ]
                for row in shown
            ])  # fmt: skip
            apart = np.abs(middles[:, None] - middles[None])
            meets = (apart[..., 0] < 6 * len("Narrative number 1")) & (apart[..., 1] < 14)
            assert meets.sum() == len(shown)  # each meets itself alone


def test_the_names_of_a_theme_alone_get_its_frame() -> None:
    theme = labels((5.0, 5.0, "One narrative", False), (5.2, 5.2, "Another narrative", False))
    spec = charts.density_map(CELLS, theme, near=True).to_dict()
    low, high = spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert 4.9 < low < 5.0 < 5.2 < high < 5.3


def test_a_theme_is_named_by_its_largest_narratives() -> None:
    listed = pd.DataFrame(
        {"theme_id": [3, 3, 3, 1], "label": ["a", "b", "c", "d"], "n_posts": [1, 9, 5, 4], "flagged": [False] * 4}
    )
    assert density.theme_names(listed) == {3: "b and c (3 narratives)", 1: "d (1 narrative)"}


def test_wide_signs_get_the_room_they_need() -> None:
    spec = charts.density_map(CELLS, labels((5.0, 5.0, "汐凪市の水道水が危ないらしい" * 3, False))).to_dict()
    (name,) = written(spec)
    assert name.endswith("…")
    assert len(name) == 18


def test_a_map_without_narratives_is_drawn() -> None:
    spec = charts.density_map(CELLS, labels().astype({"flagged": bool, "x": float, "y": float}), dark=True).to_dict()
    assert spec["title"]["text"] == ["0 narratives, 0 emerging"]


def test_holes_are_bands_and_spikes_are_marked_above_the_volume() -> None:
    starts = pd.date_range("2024-05-01", periods=24, freq="h", tz="UTC")
    bins = pd.DataFrame({"bin_start": starts, "posts": [9] * 10 + [0] * 4 + [9] * 9 + [900]})
    holes = pd.DataFrame({"start": [starts[10]], "end": [starts[14]], "usual": [36]})
    spikes = pd.DataFrame({"start": [starts[23]], "end": [starts[23] + starts.freq], "usual": [9], "posts": [900]})
    spec = charts.volume(bins, holes=holes, spikes=spikes).to_dict()
    assert spec["title"]["subtitle"][1:] == [
        "Grey: 1 hole in the collection.",
        "▼ 1 spike far above the days around.",
    ]
    assert "Grey: 1 hole in the collection." in spec["description"]
    drawn = [layer["mark"]["type"] for layer in spec["layer"]]
    assert (drawn.count("rect"), drawn.count("point")) == (2, 1)
    said = [row["said"] for rows in spec["datasets"].values() for row in rows if "said" in row]
    assert said == ["900 posts from 1 May 2024 23:00 UTC, usually 9"]


def test_a_volume_without_findings_says_nothing_of_them() -> None:
    bins = pd.DataFrame({"bin_start": pd.date_range("2024-05-01", periods=3, tz="UTC"), "posts": [1, 2, 3]})
    none = pd.DataFrame({"start": [], "end": [], "usual": [], "posts": []})
    assert charts.volume(bins, holes=none, spikes=none).to_dict()["title"] == charts.volume(bins).to_dict()["title"]
