"""The ranked table as a person reads it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from explore.present import tables


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
