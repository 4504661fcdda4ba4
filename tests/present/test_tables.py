"""The ranked table as a person reads it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from explore.present import tables
from tests.present.handmade import WINDOW, narrative

SILENT = {"now_authors": 0, "now_posts": 0, "base_authors": 0, "flagged": False, "q_value": 1.0}


def listed(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([narrative(regions=["ES"], **row) for row in rows or ({},)])


def test_a_row_says_how_much_how_fast_and_how_sure() -> None:
    row = tables.emerging(listed(), WINDOW, "accounts").iloc[0]
    assert row["status"] == "▲ emerging"
    assert (row["now"], row["active"], row["before"]) == (94, 427, 1.6)
    assert row["growth"] == "47× (at least 31×)"
    assert row["chance"] == "1 in 1,000"
    assert (row["copies"], row["reposts"]) == (pytest.approx(100 * 253 / 1204), pytest.approx(100 * 120 / 1204))
    assert row["terms"] == "death toll, ramblas, van"
    assert row["why"].startswith("94 of 427 active accounts posted this in the last 24 h")


def test_where_the_run_does_not_tell_reposts_apart_all_count_as_copies() -> None:
    unmarked = {"repost_share": float("nan"), "unmarked_copy_share": float("nan")}
    row = tables.emerging(listed(unmarked), WINDOW, "accounts").iloc[0]
    assert row["copies"] == pytest.approx(31)
    assert pd.isna(row["reposts"])


def test_a_moment_in_the_past_is_named_in_the_sentence() -> None:
    row = tables.emerging(listed(), WINDOW, "accounts", dated=True).iloc[0]
    assert "in the 24 h to 18 Aug 2017 02:00 UTC" in row["why"]


def test_growth_that_chance_explains_promises_no_figure() -> None:
    row = tables.emerging(listed({"flagged": False, "q_value": 0.6}), WINDOW, "accounts").iloc[0]
    assert row["growth"] == "could be chance"
    assert row["chance"] == ""


def test_an_interval_on_both_sides_of_one_is_shown_whole() -> None:
    changes = {"flagged": False, "q_value": 1.0, "rate_ratio": 1.2, "rate_ratio_low": 0.7, "rate_ratio_high": 1.9}
    assert tables.emerging(listed(changes), WINDOW, "accounts")["growth"].item() == "1.2× (0.7× to 1.9×)"


def test_what_cannot_be_tested_or_is_silent_has_no_growth() -> None:
    untested = {"testable": False, "flagged": False, "base_bins": 0, "base_authors": 0}
    table = tables.emerging(listed(untested, SILENT | {"rate_ratio_low": 0.1}), WINDOW, "accounts")
    assert table["growth"].to_list() == ["", ""]
    assert table["status"].to_list() == ["not testable", "silent"]
    assert pd.isna(table["before"][0])


def test_an_empty_list_is_an_empty_table() -> None:
    empty = listed()[:0]
    assert tables.emerging(empty, WINDOW, "accounts").empty
    assert tables.choices(empty, "languages") == []
    assert tables.filtered(empty, languages=["en"], regions=[], fewest_posts=1, only_emerging=True, search="x").empty


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({}, ["a", "b", "c"]),
        ({"languages": ["en"]}, ["a", "b"]),
        ({"languages": ["de", "es"]}, ["b", "c"]),
        ({"regions": ["FR"]}, ["c"]),
        ({"fewest_posts": 11}, ["b", "c"]),
        ({"only_emerging": True}, ["a"]),
        ({"search": "TOLL van"}, ["a"]),
        ({"search": "(.*"}, []),
        ({"languages": ["en"], "only_emerging": True, "fewest_posts": 11}, []),
    ],
)
def test_a_filter_keeps_the_rows_that_pass_in_their_order(asked: dict[str, Any], left: list[str]) -> None:
    table = pd.DataFrame(
        {
            "label": ["a", "b", "c"],
            "terms": [["death toll", "van"], ["rain"], ["bread"]],
            "languages": [["en"], ["en", "es"], ["de"]],
            "regions": [[], ["ES"], ["FR"]],
            "n_posts": [10, 11, 12],
            "flagged": [True, False, False],
        }
    )
    nothing: dict[str, Any] = {"languages": [], "regions": [], "fewest_posts": 0, "only_emerging": False, "search": ""}
    assert tables.filtered(table, **{**nothing, **asked})["label"].to_list() == left


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, 0.0), (1, 100.0), (0.0310, 3.1), (0.03108, 3.11), (0.000001, 0.01), (0.999999, 99.99)],
)
def test_a_share_in_a_column_is_never_rounded_to_none_or_all(share: float, shown: float) -> None:
    assert tables.per_cent(share) == shown


def test_choices_come_with_the_most_frequent_first() -> None:
    table = pd.DataFrame({"languages": [["de"], ["en", "es"], ["en"], []]})
    assert tables.choices(table, "languages") == ["en", "de", "es"]
