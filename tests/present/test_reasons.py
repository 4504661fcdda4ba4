from __future__ import annotations

import pandas as pd

from explore.narratives.windows import ADJACENT, SAME_HOURS
from explore.present.reasons import reasons
from tests.present.handmade import WINDOW, narrative


def points(unit: str = "accounts", **changes: object) -> dict[str, str]:
    return dict(reasons(narrative(**changes), WINDOW, unit))


def test_a_flag_says_who_counts_which_window_which_baseline_what_changed_and_how_sure() -> None:
    said = points()
    assert list(said) == ["What is counted", "The window", "The baseline", "What changed", "How sure"]
    assert said["The window"] == "24 h, from 17 Aug 2017 02:00 UTC up to 18 Aug 2017 02:00 UTC."
    assert said["The baseline"] == (
        "The 7 times 24 h right before the window, from 10 Aug 2017 02:00 UTC up to 17 Aug 2017 02:00 UTC."
    )
    assert said["What changed"].startswith(
        "94 of 427 active accounts posted this in the 24 h to 18 Aug 2017 02:00 UTC;"
    )
    assert "94 accounts came, 47× as many" in said["What changed"]
    assert "at most 1 in 1,000 is expected to be a false alarm" in said["How sure"]
    assert "The q-value is below 0.001, with how many" in said["How sure"]


def test_a_shorter_baseline_says_that_it_is_all_there_is() -> None:
    assert points(base_bins=4)["The baseline"].endswith("That is all that the snapshot holds before the window.")


def test_messages_are_counted_where_there_are_no_accounts() -> None:
    assert "names no accounts" in points("messages")["What is counted"]


def test_what_chance_explains_gets_no_ratio() -> None:
    said = points(flagged=False, q_value=0.6, rate_ratio=1.4, rate_ratio_low=0.7, rate_ratio_high=2.9)
    assert "That is" not in said["What changed"]
    assert said["How sure"].startswith("No growth beyond what chance alone would show")
    assert "is 0.600, with how many" in said["How sure"]


def test_what_cannot_be_tested_says_why_and_nothing_else() -> None:
    said = points(testable=False, flagged=False, base_bins=1)
    assert list(said) == ["What is counted", "The window", "Not tested"]
    assert "holds only 24 h before the window" in said["Not tested"]
    assert list(dict(reasons(narrative(testable=False), None, "accounts"))) == ["Not tested"]


def test_the_part_of_the_window_where_growth_is_clearest_is_said_with_its_own_baseline() -> None:
    end = pd.Timestamp(WINDOW.as_of)
    part = {
        "clearest_from": end - pd.Timedelta(hours=6), "clearest_to": end, "clearest_authors": 40,
        "clearest_active": 120,
        "clearest_base": 14, "clearest_base_active": 700, "clearest_bins": 7, "clearest_baseline": SAME_HOURS,
    }  # fmt: skip
    assert points(**part)["Where it is clearest"] == (
        "In the 6 h to 18 Aug 2017 02:00 UTC: 40 of 120 active accounts. "
        "At the same hours of the 7 days before it was 2 of 100 on average."
    )
    adjacent = part | {"clearest_baseline": ADJACENT, "clearest_bins": 28, "clearest_base": 1}
    assert points(**adjacent)["Where it is clearest"].endswith(
        "In the 28 times 6 h before the window it was fewer than 0.1 of 25 on average."
    )
    whole = adjacent | {"clearest_from": end - pd.Timedelta(hours=24)}
    assert "Where it is clearest" not in points(**whole)
    assert "Where it is clearest" not in points(**part, flagged=False)
