"""Which part of the window a flag rests on, in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from explore.narratives.windows import ADJACENT, SAME_HOURS
from explore.present.clearest import clearest
from tests.present.handmade import WINDOW, narrative


def row(*, hours: int = 6, **changes: Any) -> dict[str, Any]:
    """NARRATIVE, clearest in the last `hours` of its day."""
    end = pd.Timestamp(WINDOW.as_of)
    found = {
        "clearest_from": end - pd.Timedelta(hours=hours), "clearest_to": end, "clearest_authors": 34,
        "clearest_active": 120, "clearest_base": 7, "clearest_base_active": 2810, "clearest_bins": 28,
        "clearest_baseline": ADJACENT, "clearest_ratio": 109.0, "clearest_low": 48.0,
    }  # fmt: skip
    return narrative(**found | changes)


def test_growth_that_is_clearest_in_the_newest_part_says_so_with_its_counts() -> None:
    told = clearest(row(), WINDOW, "accounts")
    assert told == "Clearest in the last 6 h: 34 of 120 active accounts; 7 in the 28 windows of 6 h before."


def test_the_same_hours_of_earlier_days_are_named_where_they_are_the_baseline() -> None:
    told = clearest(row(clearest_baseline=SAME_HOURS, clearest_bins=7), WINDOW, "accounts")
    assert told == "Clearest in the last 6 h: 34 of 120 active accounts; 7 in the same 6 h of 7 earlier days."
    assert "same 24 h of 7 earlier days" in clearest(
        row(hours=24, clearest_baseline=SAME_HOURS, clearest_bins=7), WINDOW, "accounts"
    )


def test_messages_are_counted_where_there_are_no_accounts_and_a_moment_can_be_named() -> None:
    told = clearest(row(), WINDOW, "messages", dated=True)
    assert told.startswith("Clearest in the 6 h to 18 Aug 2017 02:00 UTC: 34 of 120 different messages;")


def test_nothing_is_added_where_the_whole_window_is_the_clearest_or_nothing_is_flagged_or_known() -> None:
    assert clearest(row(hours=24), WINDOW, "accounts") == ""
    assert clearest(row(flagged=False), WINDOW, "accounts") == ""
    assert clearest(row(testable=False), WINDOW, "accounts") == ""
    assert clearest(row(clearest_from=pd.NaT), WINDOW, "accounts") == ""
    assert clearest(narrative(), WINDOW, "accounts") == ""
    assert clearest(row(), None, "accounts") == ""
