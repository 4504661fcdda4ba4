"""The flow between snapshots, and one narrative's curve over them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from explore.narratives.chain import Chain
from explore.narratives.lifeline import Lifeline
from explore.narratives.run import Run
from explore.present import flows
from tests.narratives.making import at
from tests.present.test_becoming import BLANK, GROWING, NEW, lineage

SPAN = [(at(0), at(7)), (at(10), at(12))]


def run(name: str, posts: Sequence[int], labels: Sequence[str] = ()) -> Run:
    """A run that holds only the sizes and names of its narratives."""
    made = Run(Path(), {"id": name})
    names = [*labels, *[f"narrative {n}" for n in range(len(labels), len(posts))]]
    made.__dict__["narratives"] = pd.DataFrame(
        {"narrative_id": range(len(posts)), "label": names, "n_posts": list(posts)}
    )
    return made


def chart(chain: Chain, **options: Any) -> dict[str, Any]:
    names = [f"run {one.id}" for one in chain.runs]
    spec: dict[str, Any] = flows.flow(chain, names, **options).to_dict()
    return spec


def rows(spec: dict[str, Any], field: str) -> pd.DataFrame:
    """The data of the chart that has this field."""
    found = [data for data in spec["datasets"].values() if data and field in data[0]]
    return pd.DataFrame(found[0])


LINK = {**BLANK, **GROWING, "a": 0, "b": 0, "a_to_b": 0.5, "b_from_a": 0.25}


@pytest.fixture
def chain() -> Chain:
    return Chain([run("x", [60, 40]), run("y", [80, 20])], [lineage(LINK, {**NEW, "b": 1})])


def test_a_ribbon_leaves_with_the_share_that_went_and_arrives_with_the_share_that_came(chain: Chain) -> None:
    spec = chart(chain)
    bars = rows(spec, "bottom").set_index(["x", "narrative_id"])["height"]
    ribbon = rows(spec, "ribbon")
    thick = (ribbon["high"] - ribbon["low"]).to_list()
    assert thick[0] == pytest.approx(0.5 * bars[0, 0])
    assert thick[-1] == pytest.approx(0.25 * bars[1, 0])
    assert bars[1, 0] / bars[0, 0] == pytest.approx(80 / 60)  # shares of posts, on one scale


def test_a_ribbon_says_what_became_of_it_in_words(chain: Chain) -> None:
    told = set(rows(chart(chain), "ribbon")["told"])
    assert told == {
        "“bus strike” (before: “bus fares”) grew from 2 to 9 accounts a day (4.4×, 95 % interval 2.1× to 9.3×)."
    }


def test_signs_say_what_is_new_and_growing_without_any_colour(chain: Chain) -> None:
    text = rows(chart(chain), "bottom").set_index(["x", "narrative_id"])["text"]
    assert text[1, 1] == "+ narrative 1"
    assert text[1, 0] == "▲ narrative 0"


def test_all_but_the_largest_are_one_thin_bar_that_says_so() -> None:
    many = Chain([run("x", range(100, 60, -1)), run("y", [5])], [lineage()])
    bars = rows(chart(many), "bottom")
    first = bars[bars["x"] == 0]
    assert len(first) == flows.SHOWN + 1
    assert first["text"].iloc[-1] == "25 others, not to scale"
    assert first["height"].iloc[-1] == flows.STUB


@pytest.mark.parametrize("columns", [2, 5])
def test_bars_and_their_labels_never_lie_on_each_other_nor_leave_the_chart(columns: int) -> None:
    runs = [run(f"r{n}", [10 * (n + 1), *range(30, 1, -1)]) for n in range(columns)]
    bars = rows(chart(Chain(runs, [lineage(LINK)] * (columns - 1))), "bottom")
    assert bars["bottom"].max() <= flows.HEIGHT
    for _, column in bars.groupby("x"):
        ordered = column.sort_values("top")
        assert (ordered["middle"].diff().dropna() >= 14).all()


def test_two_runs_that_share_nothing_make_a_flow_without_ribbons() -> None:
    spec = chart(Chain([run("x", [3]), run("y", [])], [lineage()]))
    assert len(rows(spec, "bottom")) == 1


def test_a_flow_needs_two_runs_and_a_narrative() -> None:
    with pytest.raises(ValueError, match="two runs"):
        flows.flow(Chain([run("x", [3])], []), ["x"])
    with pytest.raises(ValueError, match="two runs"):
        flows.flow(Chain([run("x", []), run("y", [])], [lineage()]), ["x", "y"])


def test_labels_made_of_posts_cannot_turn_the_text_around_them() -> None:
    hostile = Chain([run("x", [3], ["a\u202eb"]), run("y", [3])], [lineage()])
    assert "a[U+202E]b" in rows(chart(hostile), "bottom")["text"].to_list()


def line(*, covered: Sequence[bool] = (True, True, True), repeats: int = 0) -> Lifeline:
    days = pd.date_range(at(0), periods=len(covered), freq="D")
    curve = pd.DataFrame({"bin_start": days, "posts": 4, "units": 2, "covered": covered})
    return Lifeline(curve, timedelta(days=1), SPAN, repeats, "id", "accounts")


def test_a_time_without_a_snapshot_is_grey_and_said() -> None:
    spec = flows.life(line(covered=[True, False, True]), ["x", "y"]).to_dict()
    said = " ".join(spec["title"]["subtitle"])
    assert "Grey: no snapshot covers this time." in said
    assert "time in UTC" in said
    grey = [layer for layer in spec["layer"] if layer["mark"].get("opacity") == 0.35]
    assert len(grey) == 1


def test_where_snapshots_cover_everything_nothing_is_grey() -> None:
    spec = flows.life(line(repeats=3), ["x", "y"], dark=True).to_dict()
    said = " ".join(spec["title"]["subtitle"])
    assert "Grey" not in said
    assert "3 posts in more than one snapshot, counted once." in said
    assert spec["description"].startswith("12 posts over 2 snapshots: x and y.")


def test_days_on_the_axis_of_a_life_have_their_year() -> None:
    spec = flows.life(line(), ["x", "y"]).to_dict()
    formats = {layer["encoding"]["x"]["axis"]["format"] for layer in spec["layer"]}
    assert formats == {"%-d %b %Y"}
