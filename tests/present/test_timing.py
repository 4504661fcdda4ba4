from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from explore.narratives.jumps import Jumps
from explore.narratives.replay import Detection
from explore.present import timing

FIRST = datetime(2024, 6, 3, 9, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FOUND = Detection(
    first_at=FIRST,
    tenth_at=FIRST + 3.4 * HOUR,
    flagged_at=FIRST + 5.1 * HOUR,
    last_flagged_at=FIRST + 53.1 * HOUR,
    since=FIRST + 5.1 * HOUR,
    until=FIRST + 53.1 * HOUR,
    looks=9,
    flagged_looks=7,
    step=6 * HOUR,
    is_cut=False,
    wave_flagged_at=FIRST + 5.1 * HOUR,
    onset=FIRST,
)


def place(kind: str, value: str, hours: float, *, units: int = 5) -> dict[str, object]:
    at = pd.Timestamp(FIRST) + hours * HOUR
    return {
        "kind": kind, "value": value, "posts": 9, "units": units, "first_at": at - HOUR, "reached_at": at,
    }  # fmt: skip


def went(*places: dict[str, object], **more: dict[str, float]) -> Jumps:
    return Jumps(pd.DataFrame(list(places)), **more)  # type: ignore[arg-type]


def test_first_post_tenth_account_and_first_flag_stand_in_one_line() -> None:
    assert timing.detected(FOUND, "accounts") == (
        "First post 3 Jun 2024 09:12 UTC · tenth account 3.4 h later · still flagged as of 5 Jun 2024 14:18 UTC: would "
        "first have been flagged 5.1 h after its first post, on 3 Jun 2024 14:18 UTC, and in 7 of 9 looks in all "
        "(looked at every 6 h; hindsight: with narratives formed from all posts of the run)"
    )


def test_a_flag_of_days_ago_is_said_to_be_over_before_anything_else() -> None:
    said = timing.detected(replace(FOUND, last_flagged_at=FIRST + 41.1 * HOUR, flagged_looks=3), "accounts")
    assert "· no longer flagged as of 5 Jun 2024 14:18 UTC: would first have been flagged 5.1 h after" in said
    assert "on 3 Jun 2024 14:18 UTC, last on 5 Jun 2024 02:18 UTC, and in 3 of 9 looks in all" in said
    once = timing.detected(replace(FOUND, last_flagged_at=FOUND.flagged_at, flagged_looks=1), "accounts")
    assert "no longer flagged as of 5 Jun 2024 14:18 UTC: would first have been flagged" in once
    assert "on 3 Jun 2024 14:18 UTC, in that look alone of 9 looks (looked at every 6 h" in once


def test_time_to_the_flag_counts_from_the_wave_and_the_first_post_of_its_life_comes_last() -> None:
    said = timing.detected(replace(FOUND, first_at=datetime(2018, 5, 1, tzinfo=UTC)), "accounts")
    assert said.startswith("Wave since 3 Jun 2024 09:12 UTC · still flagged as of")
    assert "would first have been flagged 5.1 h after it began, on 3 Jun 2024 14:18 UTC, and in 7 of 9 looks" in said
    assert said.endswith("· first post of its life 1 May 2018 00:00 UTC · tenth account 2,226 days later")


def test_an_earlier_wave_that_was_flagged_is_told_beside_the_flag_of_this_one() -> None:
    earlier = replace(FOUND, first_at=FIRST - 90 * HOUR, flagged_at=FIRST - 80 * HOUR)
    said = timing.detected(earlier, "accounts")
    assert "5.1 h after it began, on 3 Jun 2024 14:18 UTC; an earlier wave on 31 May 2024 01:12 UTC, and in" in said


def test_without_a_clear_beginning_no_time_to_the_flag_is_counted() -> None:
    said = timing.detected(replace(FOUND, onset=None), "accounts")
    assert "would first have been flagged on 3 Jun 2024 14:18 UTC, and in 7 of 9 looks" in said
    assert " after " not in said


def test_what_was_never_flagged_and_stayed_small_says_so() -> None:
    said = timing.detected(
        replace(FOUND, tenth_at=None, flagged_at=None, last_flagged_at=None, flagged_looks=0), "messages"
    )
    assert "fewer than ten messages · not flagged in any of 9 looks (looked at every 6 h; hindsight" in said


def test_a_narrative_older_than_the_first_look_is_not_given_a_time_to_its_flag() -> None:
    said = timing.detected(replace(FOUND, is_cut=True), "accounts")
    assert (
        "still flagged as of 5 Jun 2024 14:18 UTC: was so already at the first look, 3 Jun 2024 14:18 UTC, and" in said
    )
    assert "looked at every 6 h since 3 Jun 2024 14:18 UTC" in said
    assert "after its first post" not in said


def test_languages_stand_in_the_order_in_which_three_accounts_reached_them() -> None:
    found = went(place("language", "pt", 0), place("language", "en", 5), stray={"language": 2})
    assert timing.spread(found, "accounts") == [
        "3 accounts had posted it in Portuguese by 3 Jun 2024 09:12 UTC, in English 5 h later. "
        "Left out: 2 languages with fewer."
    ]


def test_one_language_is_no_jump_and_the_unknown_are_told() -> None:
    found = went(place("language", "pt", 0), unknown={"language": 0.4})
    assert timing.spread(found, "accounts") == [
        "3 accounts had posted it in Portuguese by 3 Jun 2024 09:12 UTC; no other language has as many. "
        "The language of 40 % of the posts is unknown."
    ]


def test_very_many_regions_are_counted_not_named() -> None:
    (said,) = timing.spread(went(*(place("region", f"R{n}", n) for n in range(7))), "accounts")
    assert said.endswith("in R1 1 h later, in R2 2 h later and in R3 3 h later, and in 3 more after that.")


def test_links_are_in_the_table_never_in_a_sentence() -> None:
    found = went(place("link", "https://evil.example/path?who=me", 0), place("link", "https://b.example/x", 0.5))
    assert timing.spread(found, "accounts") == ["2 links were posted by 3 accounts or more; the table says when."]
    table = timing.places(found)
    assert table["value"].tolist() == ["https://evil.example/path?who=me", "https://b.example/x"]
    assert table["after"].tolist() == ["first", "30 min later"]
    assert timing.places(found, masked=True)["value"].tolist() == ["evil.example/…", "b.example/…"]


def test_where_only_stray_posts_are_known_no_jump_is_claimed() -> None:
    found = Jumps(stray={"language": 3, "region": 0, "link": 9, "media": 0}, unknown={"language": 0.5})
    assert timing.spread(found, "accounts") == [
        "No language has 3 accounts that posted it there. The language of 50 % of the posts is unknown."
    ]
    assert timing.places(found).empty


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (0.2, "12 min"),
        (0.999, "1 h"),
        (1, "1 h"),
        (3.44, "3.4 h"),
        (9.96, "10 h"),
        (47.9, "48 h"),
        (60, "2.5 days"),
        (480, "20 days"),
    ],
)
def test_a_lapse_is_told_in_the_unit_that_suits_it(hours: float, said: str) -> None:
    assert timing.lapse(hours * HOUR) == said
