"""Which window was judged, and beside what."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd

from explore.narratives.file_end import ThinEnd
from explore.narratives.windows import Window
from explore.present import windows
from tests.present.handmade import WINDOW, narrative

ENDING = ThinEnd(
    as_of=datetime(2016, 10, 12, tzinfo=UTC),
    end=datetime(2016, 10, 13, 9, tzinfo=UTC),
    length=timedelta(hours=24),
    active=7,
    usual=210,
)


def test_a_thin_end_is_told_with_the_moment_that_is_shown_instead() -> None:
    assert windows.thin_end(ENDING, "accounts") == (
        "The file ends thinly: only 7 accounts in its last 24 h. "
        "Shown as of 12 Oct 2016 00:00 UTC, the last moment that can be judged."
    )


def test_a_thin_end_of_many_accounts_names_the_usual_beside_them() -> None:
    said = windows.thin_end(replace(ENDING, active=45), "accounts")
    assert "only 45 accounts in its last 24 h, usually about 210." in said


def test_a_list_says_what_its_window_is_compared_with() -> None:
    listed = pd.DataFrame([narrative(base_bins=7)])
    assert windows.compared(listed, WINDOW) == "The 24 h are compared with the 7 days before."


def test_a_baseline_that_the_snapshot_does_not_hold_whole_is_named() -> None:
    asked = Window(as_of=WINDOW.as_of, baseline=timedelta(days=14))
    assert windows.compared(pd.DataFrame([narrative(base_bins=6)]), asked) == (
        "The 24 h are compared with the 6 days before, which is all that the snapshot holds of the 14 days asked for."
    )


def test_what_was_not_compared_names_no_baseline() -> None:
    assert windows.compared(pd.DataFrame([narrative(testable=False)]), WINDOW) == ""
    assert windows.compared(pd.DataFrame(), WINDOW) == ""
    assert windows.compared(pd.DataFrame([narrative()]), None) == ""


def test_a_window_with_hardly_anybody_is_warned_of() -> None:
    assert windows.thin(pd.DataFrame([narrative(now_active=1)]), WINDOW, "accounts").startswith(
        "Only 1 account active in these 24 h: too few to show much."
    )
    assert windows.thin(pd.DataFrame([narrative(now_active=30)]), WINDOW, "accounts") == ""
