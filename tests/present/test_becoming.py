"""What became of a narrative, in words."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from explore.narratives.change import Periods
from explore.narratives.lineage import Lineage
from explore.present import becoming
from tests.narratives.making import at

BLANK: dict[str, Any] = {
    "a": pd.NA, "b": pd.NA, "kind": "steady", "a_to_b": 0.0, "b_from_a": 0.0, "shared_messages": 0, "label_a": None,
    "label_b": None, "posts_a": 0, "posts_b": 0, "before": None, "after": None, "rate_ratio": None,
    "rate_ratio_low": None, "rate_ratio_high": None, "q_value": None, "spread": None, "outside": None,
}  # fmt: skip
NEW = {"b": 0, "kind": "new", "label_b": "fuel strike", "posts_b": 40, "after": 5.0, "spread": 0.1, "outside": 0.1}
KNOWN = {**NEW, "b": 1, "label_b": "good morning", "spread": 0.02, "outside": 0.6}
GROWING = {
    "a": 0, "b": 2, "kind": "growing", "a_to_b": 0.8, "b_from_a": 0.7, "label_a": "bus fares", "label_b": "bus strike",
    "posts_a": 20, "posts_b": 90, "before": 2.0, "after": 9.0, "rate_ratio": 4.4, "rate_ratio_low": 2.1,
    "rate_ratio_high": 9.3, "q_value": 0.001,
}  # fmt: skip
SPLIT = {**GROWING, "b": 3, "kind": "split", "a_to_b": 0.06, "label_b": "fare dodgers", "rate_ratio": None}
GONE = {"a": 1, "kind": "gone", "label_a": "book fair", "posts_a": 12, "before": 1.5, "spread": 0.0, "outside": 0.0}
ALIKE = {"config": {"granularity": "medium", "seed": 1}, "encoder": {"name": "lexical"}}


def lineage(*links: dict[str, Any], how: str = "apart", times: bool = True, **facts: Any) -> Lineage:
    table = pd.DataFrame([BLANK | link for link in links], columns=list(BLANK)).astype({"a": "Int64", "b": "Int64"})
    table = table.astype(dict.fromkeys(list(BLANK)[10:], "float64"))
    later = (at(7), at(14)) if how != "backwards" else (at(-9), at(-2))
    periods = Periods((at(0), at(7)), later, how) if times else None
    known = {"unit": "accounts", "active_ratio": 1.0, "compared_by": "hand"} | facts
    return Lineage(run_a="x", run_b="y", periods=periods, links=table, **known)


def told(link: dict[str, Any], **facts: Any) -> str:
    return becoming.told(BLANK | link, lineage(link, **facts))


def test_the_headline_counts_narratives_and_says_how_much_of_the_new_is_unheard_of() -> None:
    said = becoming.headline(lineage(NEW, KNOWN, GROWING, SPLIT, GONE))
    assert said == (
        "4 narratives in the later run: 2 new, 1 growing and 1 split off. Of the new, 1 had hardly anything like it "
        "before. 1 earlier one is gone."
    )


def test_two_runs_without_narratives_are_nothing_to_compare() -> None:
    assert becoming.headline(lineage()) == "Neither run has a narrative, so there is nothing to compare."


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (NEW, "“fuel strike” is new: 40 posts, 5 accounts a day; hardly anything like it before."),
        (
            KNOWN,
            "“good morning” is new: 40 posts, 5 accounts a day; posts like it were there before, but made no narrative "
            "of their own (60 % in none).",
        ),
        (GONE, "“book fair” is gone: it had 12 posts, 1.5 accounts a day; hardly anything like it later."),
        (
            GROWING,
            "“bus strike” (before: “bus fares”) grew from 2 to 9 accounts a day (4.4×, 95 % interval 2.1× to 9.3×).",
        ),
        (
            SPLIT,
            "“fare dodgers” split off from “bus fares”: 90 posts, 9 accounts a day, 70 % of them like it; 6 % of its "
            "posts.",
        ),
        (
            {**GROWING, "kind": "steady", "label_b": "bus fares", "after": 2.2, "rate_ratio": 1.1,
             "rate_ratio_low": 0.7, "rate_ratio_high": 1.6},
            "“bus fares” went from 2 to 2.2 accounts a day, which could be chance (1.1×, 95 % interval 0.7× to 1.6×).",
        ),
    ],
)  # fmt: skip
def test_a_link_is_told_with_its_counts(link: dict[str, Any], said: str) -> None:
    assert told(link) == said


def test_without_times_no_rate_is_told() -> None:
    link = GROWING | dict.fromkeys(("before", "after", "rate_ratio"), float("nan")) | {"kind": "steady"}
    assert told(link, times=False) == "“bus strike” (before: “bus fares”) goes on: 20 posts, then 90."


def test_runs_made_alike_and_apart_in_time_need_no_caution() -> None:
    assert becoming.cautions(lineage(NEW), ALIKE, ALIKE) == []


@pytest.mark.parametrize(
    ("other", "facts", "said"),
    [
        ({"config": {"granularity": "fine", "seed": 1}}, {}, "differ in granularity (medium, then fine)"),
        ({"encoder": {"name": "static:x"}}, {}, "differ in encoder (lexical, then static)"),
        ({"config": {"granularity": "medium", "seed": 2}}, {}, "differ in seed (1, then 2)"),
        ({}, {"times": False}, "A file has no times"),
        ({}, {"how": "together"}, "reaches no further in time"),
        ({}, {"how": "after"}, "what the later one holds after 9 Mar 2026 00:00 UTC"),
        ({}, {"how": "backwards"}, "older than the first run's"),
        ({}, {"active_ratio": 1.6}, "1.6× the active accounts a day of the earlier one"),
        ({}, {"unit": "messages"}, "one person can write many"),
    ],
)
def test_what_could_fool_the_comparison_is_said(other: dict[str, Any], facts: dict[str, Any], said: str) -> None:
    (caution,) = becoming.cautions(lineage(NEW, **facts), ALIKE, ALIKE | other)
    assert said in caution


def test_the_table_puts_what_is_unheard_of_first_and_leaves_out_what_just_goes_on() -> None:
    steady = {**GROWING, "kind": "steady", "b": 5}
    found = lineage(KNOWN, NEW, GROWING, steady, GONE)
    assert becoming.listed(found)["narrative"].to_list() == ["fuel strike", "good morning", "bus strike", "book fair"]
    assert len(becoming.listed(found, with_steady=True)) == 5


def test_words_of_posts_cannot_turn_the_text_around_them() -> None:
    hostile = {**NEW, "label_b": "fuel \u202estrike\u0000"}
    row = becoming.listed(lineage(hostile)).iloc[0]
    assert row["narrative"] == "fuel [U+202E]strike"
    assert "\u202e" not in row["told"]


def test_our_sentence_is_read_from_the_left_also_where_it_begins_with_an_arabic_name() -> None:
    told = becoming.listed(lineage({**NEW, "label_b": "جبران باسيل"})).iloc[0]["told"]
    strong = next(sign for sign in told if unicodedata.bidirectional(sign) in {"L", "R", "AL"})
    assert unicodedata.bidirectional(strong) == "L"


def test_the_days_of_a_run_are_said_with_the_year_once() -> None:
    assert becoming.days(at(0), at(6.9)) == "2 Mar to 8 Mar 2026"
    assert becoming.days(at(0), at(0.5)) == "2 Mar 2026"
    assert becoming.days(at(0) - timedelta(days=100), at(0)) == "22 Nov 2025 to 2 Mar 2026"
    assert becoming.days(None, at(0)) == "no times"
