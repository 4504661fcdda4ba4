"""The list of findings as a person reads it: stories first, narratives without a finding only when asked for."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from explore.narratives.items import Items
from explore.narratives.stories import Stories
from explore.present import findings
from tests.present.handmade import WINDOW, narrative

SILENT = {"now_authors": 0, "now_posts": 0, "base_authors": 0, "flagged": False, "state": "none", "q_value": 1.0}
NOBODY = Stories(pd.DataFrame(), ())


def listed(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([narrative(regions=["ES"], **row) for row in rows or ({},)])


def found(*rows: dict[str, Any]) -> Stories:
    """Stories of these findings: NARRATIVE with changes, each a story of its own and its head unless it says so."""
    usual = {"kind": "narrative", "item_id": "", "is_head": True}
    table = pd.DataFrame([narrative(**(usual | {"story": place} | row)) for place, row in enumerate(rows)])
    return Stories(table, ())


def rows(narratives: pd.DataFrame, *, dated: bool = False) -> pd.DataFrame:
    """The rows of these narratives, those with a finding as stories."""
    moved = narratives[narratives["state"] != "none"].to_dict("records")
    return findings.rows(found(*moved) if moved else NOBODY, narratives, WINDOW, "accounts", rest=True, dated=dated)


def test_a_row_says_how_much_how_fast_and_how_sure() -> None:
    row = rows(listed()).iloc[0]
    assert row["status"] == "▲ emerging"
    assert (row["now"], row["before"], row["expected"], row["beyond"]) == (94, 1.6, 2.0, 90)
    assert row["growth"] == "47× (at least 31×)"
    assert row["chance"] == "1 in 1,000"
    assert (row["copies"], row["reposts"]) == (pytest.approx(100 * 253 / 1204), pytest.approx(100 * 120 / 1204))
    assert row["terms"] == "death toll, ramblas, van"
    assert row["why"].startswith("94 of 427 active accounts posted this in the last 24 h")


def test_where_the_run_does_not_tell_reposts_apart_all_count_as_copies() -> None:
    unmarked = {"repost_share": float("nan"), "unmarked_copy_share": float("nan")}
    row = rows(listed(unmarked)).iloc[0]
    assert row["copies"] == pytest.approx(31)
    assert pd.isna(row["reposts"])


def test_a_moment_in_the_past_is_named_in_the_sentence() -> None:
    row = rows(listed(), dated=True).iloc[0]
    assert "in the 24 h to 18 Aug 2017 02:00 UTC" in row["why"]


def test_growth_that_chance_explains_promises_no_figure() -> None:
    row = rows(listed({"flagged": False, "state": "none", "q_value": 0.6})).iloc[0]
    assert row["growth"] == "could be chance"
    assert row["chance"] == ""


def test_an_interval_on_both_sides_of_one_is_shown_whole() -> None:
    changes = {
        "flagged": False,
        "state": "none",
        "q_value": 1.0,
        "rate_ratio": 1.2,
        "rate_ratio_low": 0.7,
        "rate_ratio_high": 1.9,
    }
    assert rows(listed(changes))["growth"].item() == "1.2× (0.7× to 1.9×)"


def test_what_cannot_be_tested_or_is_silent_has_no_growth() -> None:
    untested = {"testable": False, "flagged": False, "state": "none", "base_bins": 0, "base_authors": 0}
    table = rows(listed(untested, SILENT | {"rate_ratio_low": 0.1}))
    assert table["growth"].to_list() == ["", ""]
    assert table["status"].to_list() == ["not testable", "silent"]
    assert pd.isna(table["before"][0])


def test_no_narrative_gives_no_row() -> None:
    table = findings.rows(NOBODY, listed()[:0], WINDOW, "accounts", rest=True)
    assert table.empty
    assert list(table.columns) == findings.COLUMNS


def test_narratives_without_a_finding_are_left_out_unless_they_are_asked_for() -> None:
    narratives = listed({}, SILENT | {"narrative_id": 13, "label": "Quiet"})
    for rest, names in ((False, ["Death toll climbs"]), (True, ["Death toll climbs", "Quiet"])):
        table = findings.rows(found({}), narratives, WINDOW, "accounts", rest=rest)
        assert table["finding"].to_list() == names


def test_a_text_stands_in_quotation_marks_on_one_line_and_clipped() -> None:
    item = {"kind": "text", "item_id": "text:m1", "label": "first line\nsecond " + "word " * 40}
    row = findings.rows(found(item), listed(), WINDOW, "accounts", rest=False).iloc[0]
    assert row["finding"].startswith("“first line second word")
    assert row["finding"].endswith("…”")
    assert (row["kind"], row["narrative_id"], row["item_id"]) == ("text", -1, "text:m1")


def test_a_text_that_is_covered_shows_in_no_row_and_no_part() -> None:
    text = {"kind": "text", "item_id": "text:m1", "label": "who did it"}
    stories = found(text, text | {"item_id": "text:m2", "story": 0, "is_head": False})
    table = findings.rows(stories, listed(), WINDOW, "accounts", rest=False, covered=True)
    assert table["finding"].to_list() == ["a text (covered)"]
    parts = findings.parts(stories, table.iloc[0].to_dict(), covered=True)
    assert parts["finding"].to_list() == ["a text (covered)"]


def test_where_the_posts_of_an_item_lie_is_said_with_the_time_that_is_counted() -> None:
    times = {"first_at": pd.Timestamp("2017-08-17 16:00Z"), "last_at": pd.Timestamp("2017-08-17 16:59Z")}
    said = findings.held({"n_posts": 14, "n_messages": 3, "outside": 12} | times)
    assert (
        said == "In the window: 14 posts in 3 different wordings within 59 min, 12 in no narrative and 2 in narratives."
    )


def test_parts_of_a_story_are_counted_and_told_below() -> None:
    part = {"kind": "tag", "item_id": "tag:#vote", "label": "#vote", "story": 0, "is_head": False}
    stories = found({}, part)
    table = findings.rows(stories, listed(), WINDOW, "accounts", rest=False)
    assert table["parts"].to_list() == [1]
    assert findings.parts(stories, table.iloc[0].to_dict())["finding"].to_list() == ["#vote"]


def test_what_makes_a_finding_less_than_it_looks_stands_beside_it() -> None:
    table = findings.rows(found({"marks": ["one_text", "not_found_again"]}), listed(), WINDOW, "accounts", rest=False)
    assert table["marks"].item() == "one text, grouping not firm"


def test_a_jump_that_is_not_proved_is_neither_emerging_nor_called_chance() -> None:
    jump = {"flagged": False, "state": "unproven", "reason": "varies", "q_value": 0.2}
    row = findings.rows(found(jump), listed(jump), WINDOW, "accounts", rest=False).iloc[0]
    assert row["status"] == "△ jump, not proven"
    assert "chance" not in row["growth"]
    assert row["chance"] == ""


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"search": "VOTE"}, ["#vote"]),
        ({"only_emerging": True}, ["Death toll climbs"]),
        ({"items": False}, ["Death toll climbs"]),
        ({"fewest_posts": 1000}, ["Death toll climbs"]),
    ],
)
def test_filters_leave_what_passes_them(asked: dict[str, Any], left: list[str]) -> None:
    tag = {"kind": "tag", "item_id": "tag:#vote", "label": "#vote", "terms": [], "n_posts": 20}
    tag |= {"state": "unproven", "flagged": False}
    table = findings.rows(found({}, tag), listed(), WINDOW, "accounts", rest=False)
    usual = {"search": "", "fewest_posts": 0, "only_emerging": False, "items": True}
    assert findings.passing(table, **(usual | asked))["finding"].to_list() == left


def test_the_headline_counts_stories_and_jumps_and_says_how_many_may_be_false() -> None:
    jump = {"flagged": False, "state": "unproven", "reason": "varies"}
    said = findings.headline(found({}, {}, jump), listed(), WINDOW, "accounts")
    assert said == (
        "2 stories grew beyond what was to be expected in the last 24 h of the file (to 18 Aug 2017 02:00 UTC); 1 jump "
        "that this file's history cannot prove. At most 1 in 20 of these is expected to be a false alarm."
    )


def test_without_a_finding_the_headline_says_so() -> None:
    calm = listed(SILENT)
    said = findings.headline(NOBODY, calm, WINDOW, "accounts", dated=True)
    assert said == "None of 1 narrative grew beyond what was to be expected in the 24 h to 18 Aug 2017 02:00 UTC."


def test_that_everybody_posts_more_is_told_first() -> None:
    said = findings.whole_file(listed({"now_active_posts": 427 * 16}), WINDOW, "accounts")
    assert "the 427 active accounts posted 16 times each, usually 2.1" in said
    assert findings.whole_file(listed(), WINDOW, "accounts") == ""


def test_that_many_more_are_active_is_told_first() -> None:
    said = findings.whole_file(listed({"now_active": 900, "now_active_posts": 1000}), WINDOW, "accounts")
    assert "900 accounts were active, usually 380" in said


def test_how_many_items_were_tested_is_said_by_kind() -> None:
    items = Items(pd.DataFrame(), (), (), {"text": 12, "words": 300}, {})
    assert findings.looked_at(items) == "Tested beside the narratives: 12 texts and 300 words."
