from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from explore.narratives.windows import Window
from explore.present import repeats, words
from tests.present.handmade import WINDOW, narrative


def headline(*rows: dict[str, object], window: object = WINDOW) -> str:
    return words.headline(pd.DataFrame(list(rows)), window, "accounts")  # type: ignore[arg-type]


def test_the_headline_counts_the_emerging_and_says_how_many_may_be_false() -> None:
    assert headline(narrative(), narrative(), narrative(flagged=False)) == (
        "2 of 3 narratives grew beyond what was to be expected in the last 24 h of the file (to 18 Aug 2017 02:00 "
        "UTC); at most 1 in 20 of these is expected to be a false alarm."
    )


def test_the_headline_names_the_end_of_the_window_when_it_is_not_now() -> None:
    said = words.headline(pd.DataFrame([narrative(flagged=False)]), WINDOW, "accounts", dated=True)
    assert said == "None of 1 narrative grew beyond what was to be expected in the 24 h to 18 Aug 2017 02:00 UTC."


def test_what_could_be_chance_is_said_in_brief_too() -> None:
    assert words.in_brief(narrative(), WINDOW, "accounts") == "94 accounts in 24 h, before that 1.6 a day"
    chance = narrative(flagged=False, q_value=0.6)
    assert words.in_brief(chance, WINDOW, "accounts") == "94 accounts in 24 h, before that 1.6 a day: could be chance"


@pytest.mark.parametrize(
    ("n", "hours", "said"),
    [(399, 1, "399 hours"), (1, 24, "1 day"), (399, 168, "399 weeks"), (57, 3, "57 stretches of 3 h"),
     (60, 28 * 24, "60 stretches of 28 days"), (1, 12, "1 stretch of 12 h")],
)  # fmt: skip
def test_a_row_of_bins_is_told_in_units_of_time(n: int, hours: int, said: str) -> None:
    assert words.stretches(n, timedelta(hours=hours)) == said


def test_a_list_that_cannot_be_tested_says_why_in_the_headline() -> None:
    assert headline(narrative(testable=False, flagged=False, base_bins=2)).endswith(
        "Not testable: the snapshot holds only 2 days before the window; at least 3 windows of 24 h are needed."
    )
    assert "the file has no times" in headline(narrative(testable=False), window=None)


def test_a_baseline_asked_for_that_is_too_short_is_not_blamed_on_the_snapshot() -> None:
    three_days = Window(as_of=WINDOW.as_of, length=timedelta(days=3))
    said = headline(narrative(testable=False, flagged=False, base_bins=2), window=three_days)
    assert said.endswith("a window of 3 days needs at least 9 days to be compared with, and 7 days were asked for.")
    assert "the snapshot holds only 3 days before" in headline(
        narrative(testable=False, flagged=False, base_bins=1), window=three_days
    )


def test_an_empty_list_has_a_headline() -> None:
    assert words.headline(pd.DataFrame(), WINDOW, "accounts") == "No narrative has a post before 18 Aug 2017 02:00 UTC."
    assert words.headline(pd.DataFrame(), None, "messages") == "No narratives were found."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"now_authors": 85, "now_active": 109, "base_authors": 0},
         "85 of 109 active accounts posted this in the last 24 h; none in the 7 days before."),
        ({"now_authors": 12, "now_active": 1400, "base_authors": 21},
         "12 of 1,400 active accounts posted this in the last 24 h; "
         "in the 7 days before it was 3 a day on average (of 380 active)."),
        ({"now_authors": 0},
         "None of 427 active accounts posted this in the last 24 h; "
         "in the 7 days before it was 1.6 a day on average (of 380 active)."),
        ({"now_authors": 0, "base_authors": 0},
         "None of 427 active accounts posted this in the last 24 h, nor in the 7 days before."),
        ({"base_authors": 0, "base_bins": 5},
         "94 of 427 active accounts posted this in the last 24 h; "
         "none in the 5 days before (all that the snapshot holds)."),
        ({"testable": False, "base_bins": 0},
         "94 of 427 active accounts posted this in the last 24 h. Not testable: the snapshot holds no whole 24 h "
         "before the window; at least 3 windows of 24 h are needed."),
        ({"testable": False, "now_authors": 0, "now_active": 0},
         "The snapshot holds no post in the last 24 h. Not testable: there is no post at all in the window, "
         "so accounts cannot be compared."),
        ({"now_authors": 1, "now_active": 1, "base_authors": 0},
         "1 of 1 active account posted this in the last 24 h; none in the 7 days before."),
    ],
)  # fmt: skip
def test_why_says_who_posts_now_against_before(changes: dict[str, object], said: str) -> None:
    assert words.why(narrative(**changes), WINDOW, "accounts") == said


def test_without_authors_different_messages_are_counted() -> None:
    said = words.why(narrative(now_authors=1, base_authors=21), WINDOW, "messages")
    assert said == (
        "1 of 427 different messages in the last 24 h is about this; "
        "in the 7 days before it was 3 a day on average (of 380 different)."
    )


def test_growth_gives_the_estimate_and_its_low_end_rounded_down() -> None:
    assert words.growth(narrative(rate_ratio=46.9, rate_ratio_low=31.9)) == "47× (at least 31×)"
    assert words.growth(narrative(rate_ratio=2.04, rate_ratio_low=1.19)) == "2.0× (at least 1.1×)"


def test_growth_that_is_not_established_shows_both_ends() -> None:
    assert words.growth(narrative(rate_ratio=1.8, rate_ratio_low=0.7, rate_ratio_high=3.2)) == "1.8× (0.7× to 3.2×)"


def test_an_upper_end_that_nothing_is_known_of_is_not_told_to_the_digit() -> None:
    row = narrative(rate_ratio=19, rate_ratio_low=0.7, rate_ratio_high=71_800)
    assert words.growth(row) == "19× (0.7× to over 1,000×)"
    assert words.interval(row).endswith("to over 1,000×")


def test_growth_from_nothing_claims_only_its_low_end() -> None:
    row = narrative(base_authors=0, rate_ratio=1197.0, rate_ratio_low=300.8, rate_ratio_high=800_000.0)
    assert words.growth(row) == "none before, so at least 300×"
    assert words.interval(row) == "300× or more"
    assert "1,197" not in words.shares(row, "accounts")


def test_the_low_end_is_the_same_wherever_it_is_said_and_never_rounded_up() -> None:
    row = {"rate_ratio": 0.47, "rate_ratio_low": 0.3706, "rate_ratio_high": 0.61, "base_authors": 12, "now_authors": 4}
    assert words.interval(row) == "0.3× to 0.6×"
    assert words.growth(row) == "0.5× (0.3× to 0.6×)"
    assert [words.least(low) for low in (0.058, 0.1, 2.39, 12.9, None)] == ["0.05×", "0.1×", "2.3×", "12×", "unknown"]


def test_growth_that_cannot_be_computed_is_unknown() -> None:
    assert words.growth(narrative(rate_ratio=float("nan"), rate_ratio_low=float("nan"))) == "unknown"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "▲ emerging"),
        ({"flagged": False}, "no clear change"),
        ({"flagged": False, "rate_ratio_high": 0.8}, "▼ fading"),
        ({"testable": False, "flagged": False}, "not testable"),
        ({"testable": pd.NA}, "not testable"),
    ],
)
def test_status_is_a_sign_and_a_word(changes: dict[str, object], said: str) -> None:
    assert words.status(narrative(**changes)) == said


def test_certainty_never_claims_more_than_one_in_a_thousand() -> None:
    assert "at most 1 in 1,000 is expected" in words.certainty(narrative(q_value=1e-30))
    assert "at most 1 in 33 is expected" in words.certainty(narrative(q_value=0.03))
    assert words.certainty(narrative(q_value=0.4)).startswith("No growth beyond what chance alone")
    assert words.certainty(narrative(q_value=0.03, flagged=False)).startswith("Not called emerging: its growth is not")
    assert words.certainty(narrative(q_value=float("nan"))) == "Growth could not be tested."


def test_a_narrative_without_times_still_has_its_sentences() -> None:
    row = narrative(first_at=pd.NaT, testable=False, reach=None, n_authors=None)
    assert words.why(row, None, "messages").startswith("Not testable: the file has no times")
    assert words.since(row) == "The file has no times."
    assert words.size(row, "messages") == "1,204 posts in 61 different wordings. Reach unknown."


@pytest.mark.parametrize(
    ("ts", "said"),
    [
        (datetime(2016, 8, 7, 16, 21, tzinfo=UTC), "7 Aug 2016 16:21 UTC"),
        (pd.Timestamp("2016-08-17 18:21", tz="Europe/Berlin"), "17 Aug 2016 16:21 UTC"),
        (datetime(2016, 8, 17, 16, 21), "17 Aug 2016 16:21 UTC"),  # noqa: DTZ001 - a time without a zone is the case
        (pd.NaT, "unknown"),
        (None, "unknown"),
    ],
)
def test_times_are_in_utc_and_say_so(ts: datetime | None, said: str) -> None:
    assert words.when(ts) == said


@pytest.mark.parametrize(
    ("hours", "said", "rate"),
    [(24, "24 h", "a day"), (168, "7 days", "a week"), (1, "1 h", "an hour"), (6, "6 h", "per 6 h"),
     (1.5, "90 min", "per 90 min"), (36, "36 h", "per 36 h"), (60, "2.5 days", "per 2.5 days")],
)  # fmt: skip
def test_lengths_and_rates_read_like_speech(hours: float, said: str, rate: str) -> None:
    assert words.length(timedelta(hours=hours)) == said
    assert words.per(timedelta(hours=hours)) == rate


def test_numbers_are_separated_shortened_and_counted() -> None:
    assert words.number(1234567) == "1,234,567"
    assert words.number(3.14) == "3.1"
    assert [words.compact(n) for n in (9_999, 12_345, 999_600, 2.5e9, None)] == [
        "9,999", "12.3 k", "1.0 m", "2.5 bn", "unknown"]  # fmt: skip
    assert words.count(1, "account") == "1 account"
    assert words.count(2310, "account") == "2,310 accounts"
    assert words.count(pd.NA, "view") == "an unknown number of views"


def test_a_share_is_never_rounded_to_none_or_all() -> None:
    shares = (0.0, 0.0001, 0.004, 0.915, 0.999, 1.0)
    assert [words.percent(share) for share in shares] == ["0 %", "under 0.1 %", "0.4 %", "92 %", "over 99 %", "100 %"]


def test_languages_have_names_where_they_are_known() -> None:
    assert [words.language(code) for code in ("pt-BR", "zh", "und", None, "xx")] == [
        "Portuguese", "Chinese", "unknown", "unknown", "xx"]  # fmt: skip


@pytest.mark.parametrize(
    ("reposts", "copies", "said"),
    [
        (
            41,
            30,
            f"41 of 120 posts begin with {repeats.REPOST}. 30 of the others say the same as another account's post.",
        ),
        (
            1,
            0,
            f"1 of 120 posts begins with {repeats.REPOST}. None of the others says the same as another account's post.",
        ),
        (
            0,
            30,
            f"None of 120 posts begins with {repeats.REPOST}. 30 of them say the same as another account's post.",
        ),
        (120, 0, f"120 of 120 posts begin with {repeats.REPOST}."),
    ],
)
def test_reposts_and_copies_are_told_apart_in_numbers(reposts: int, copies: int, said: str) -> None:
    told = {"n_posts": 120, "repost_share": reposts / 120, "unmarked_copy_share": copies / 120}
    assert repeats.copies(narrative(**told), "accounts") == said
    assert repeats.copies(narrative(**told), "messages") == said.replace("another account's post", "another post")


def test_a_run_that_did_not_look_for_marks_says_so() -> None:
    told = repeats.copies(narrative(repost_share=float("nan"), unmarked_copy_share=None), "accounts")
    assert told.startswith("31 % of its posts say the same as another account's post.")
    assert "did not tell reposts apart" in told


@pytest.mark.parametrize(
    ("copies", "accounts", "reposts", "said"),
    [
        (1, 1, 0, ""),
        (24, 24.0, 0, "the same text 24 times by 24 accounts"),
        (24, 1.0, 0, "the same text 24 times by this account alone"),
        (24, float("nan"), 0, "the same text 24 times by an unknown number of accounts"),
        (24, 19.0, 1, "the same text 24 times, 1 of them marked as a repost, by 19 accounts"),
        (1214, 1100.0, 180, "the same text 1,214 times, 180 of them marked as reposts, by 1,100 accounts"),
    ],
)
def test_how_often_a_text_came_names_how_many_accounts_and_reposts(
    copies: int, accounts: float, reposts: int, said: str
) -> None:
    assert repeats.repeated({"copies": copies, "accounts": accounts, "reposts": reposts}) == said
