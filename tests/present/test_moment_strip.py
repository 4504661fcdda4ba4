"""The strip of moments and its words, on a handmade fortnight."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from explore.narratives.moments import Moments
from explore.narratives.windows import Window
from explore.present import moment_strip

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIRST = pd.Timestamp("2016-10-02", tz="UTC")


def moments(*flagged: int, thin: int = 0, step: timedelta = DAY, window: timedelta = DAY) -> Moments:
    """As many moments as figures, the first `thin` of which cannot be judged."""
    n = len(flagged)
    return Moments(
        window=window,
        baseline=7 * window,
        step=step,
        table=pd.DataFrame(
            {"as_of": [FIRST + i * step for i in range(n)], "flagged": flagged, "new": flagged, "active": [211] * n,
             "judgeable": [i >= thin for i in range(n)]}
        ),
    )  # fmt: skip


def drawn(found: Moments, *, dark: bool = False) -> tuple[dict[str, Any], list[pd.DataFrame]]:
    """The strip as Vega-Lite, and the rows of its layers: window, grey, orange, outline, what is clicked."""
    shown = Window(as_of=(FIRST + DAY).to_pydatetime())
    spec = moment_strip.strip(found, shown=shown, unit="accounts", dark=dark).to_dict()
    return spec, [pd.DataFrame(spec["datasets"][layer["data"]["name"]]) for layer in spec["layer"]]


def test_the_headline_counts_the_days_with_findings_and_names_the_day_with_most() -> None:
    # the window that ends at midnight of the 7th holds the 6th
    assert moment_strip.headline(moments(0, 0, 1, 0, 2, 9, 1)) == (
        "Moments with findings: 4 of 7 days; the most on 6 Oct 2016"
    )


def test_moments_that_are_no_whole_days_are_named_by_their_window() -> None:
    assert moment_strip.headline(moments(0, 3, step=HOUR)) == (
        "Moments with findings: 1 of 2 hours; the most in the 24 h to 2 Oct 2016 01:00 UTC"
    )
    assert "1 of 2 looks, 4 days apart; the most in the 24 h to" in moment_strip.headline(moments(0, 3, step=4 * DAY))


def test_where_nothing_was_found_or_could_be_judged_the_headline_says_which() -> None:
    assert moment_strip.headline(moments(0, 0)) == "No moment with findings in 2 days"
    assert moment_strip.headline(moments(0, 0, thin=2)) == "None of 2 days can be judged"


def test_the_explanation_names_window_baseline_and_what_grey_means() -> None:
    said = moment_strip.explained(moments(0, 1, thin=1), "accounts")
    assert "in the 24 h up to that moment, compared with the 7 days before" in said
    assert "Grey: 1 of them cannot be judged, because fewer than 30 accounts were active or too little lies" in said
    assert "Grey" not in moment_strip.explained(moments(0, 1), "accounts")


def test_findings_are_orange_and_what_cannot_be_judged_is_a_grey_tick() -> None:
    found = moments(0, 0, 4, 1, 0, thin=2)
    for dark in (False, True):
        spec, (_, grey, orange, _, clicked) = drawn(found, dark=dark)
        assert (len(grey), orange["flagged"].tolist(), len(clicked)) == (2, [4, 1], 5)
        assert grey["flagged"].max() < 0.1
        colours = [layer["mark"]["color"] for layer in spec["layer"][1:3]]
        assert colours == (["#8b9499", "#e08a4f"] if dark else ["#83898d", "#c2571a"])


def test_a_click_gives_the_moment_and_the_tooltip_its_date_and_figures() -> None:
    spec, (window, _, _, outline, clicked) = drawn(moments(0, 2))
    assert [one["name"] for one in spec["params"]] == [moment_strip.CLICKED]
    assert clicked[moment_strip.CLICKED].tolist() == ["2016-10-02T00:00:00+00:00", "2016-10-03T00:00:00+00:00"]
    tips = [one["title"] for one in spec["layer"][-1]["encoding"]["tooltip"]]
    assert tips == ["24 h to", "emerging", "active accounts", "can be judged"]
    assert clicked["at"].tolist() == ["2 Oct 2016 00:00 UTC", "3 Oct 2016 00:00 UTC"]
    assert len(window) == len(outline) == 1
    assert spec["description"].startswith("Moments with findings: 1 of 2 days")


def test_of_too_many_moments_a_bar_shows_the_one_with_most_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moment_strip, "MOST_BARS", 3)
    _, (_, _, orange, _, clicked) = drawn(moments(0, 5, 1, 0, 0, 0, 2))
    assert clicked["flagged"].tolist() == [5, 0, 2]
    assert clicked[moment_strip.CLICKED].str[:10].tolist() == ["2016-10-03", "2016-10-05", "2016-10-08"]
    assert clicked["start"].iloc[1] == clicked["end"].iloc[0]
    assert orange["flagged"].tolist() == [5, 2]


def test_a_file_without_times_has_no_strip_and_no_lines() -> None:
    with pytest.raises(ValueError, match="no moments"):
        drawn(moments())
    assert moment_strip.lines(moments(), "accounts") == []


def test_the_command_line_lists_the_moments_with_findings() -> None:
    assert moment_strip.lines(moments(0, 2), "accounts") == [
        "Moments with findings: 1 of 2 days; the most on 2 Oct 2016.",
        "Windows of 24 h, compared with the 7 days before.",
        "3 Oct 2016 00:00 UTC      2 emerging, 2 of them new, of 211 active accounts",
    ]
