"""How it spread, in words and as a swim-lane: figures and pseudonyms, never a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from explore.narratives.cosharing import MINUTES, SECONDS
from explore.present import lanes, spreading
from tests.present.handmade import spread

START = pd.Timestamp("2016-09-12 14:03:00Z")


def burst(seconds: float, **changes: Any) -> dict[str, Any]:
    usual = {"kind": "message", "accounts": 14, "posts": 14, "busiest": 9, "start": START}
    return usual | {"end": START + pd.Timedelta(seconds=seconds)} | changes


def test_a_burst_says_how_many_when_and_how_fast() -> None:
    assert spreading.burst(burst(90), SECONDS) == (
        "14 accounts posted this text within 90 seconds, from 12 Sep 2016 14:03 UTC."
    )
    said = spreading.burst(burst(4260, kind="link", posts=20), SECONDS)
    assert said.startswith("14 accounts posted this link within 71 min (20 posts), from")
    assert said.endswith("; 9 of them in one minute.")


def test_times_to_the_minute_are_not_told_to_the_second() -> None:
    assert "within one minute" in spreading.burst(burst(0), MINUTES)
    assert "within 3 min" in spreading.burst(burst(120), MINUTES)
    assert "within 1 second" in spreading.burst(burst(0), SECONDS)


def test_reposts_are_told_apart_from_copies() -> None:
    said = spreading.makeup(spread())
    assert said == (
        "Of 1,204 posts, 86 say the same as another account's post; 812 are reposts (“RT @…”) by 62 accounts. "
        "Reposting is ordinary sharing and is not counted as saying the same."
    )
    assert "none begins with “RT @…”, the only mark of a repost that is read." in spreading.makeup(spread(reposts=0))


def test_synchrony_is_told_with_what_chance_would_bring_about() -> None:
    said = spreading.together(spread())
    assert said.startswith(
        "31 times an account posted the same thing (text, link, tags or media) within 10 s after another account; by "
        "chance 4.2 would be expected."
    )
    assert "at most 1 in 1,000 is expected to be a false alarm" in said
    assert "no more of that than chance explains" in spreading.together(spread(q=0.4))
    assert spreading.together(spread(q=None)).endswith("That is too little to test.")
    assert "in the same minute as another account" in spreading.together(spread(pace=MINUTES))
    assert spreading.together(spread(followed=0)).startswith("No account posted the same thing")
    assert spreading.together(spread(chances=0)).endswith("in the same 2 min.")


@pytest.mark.parametrize(
    ("lacks", "said"),
    [
        ("accounts", "names no accounts"),
        ("times", "no times"),
        ("precision", "hour or the day"),
        ("version", "earlier version"),
    ],
)
def test_what_the_file_lacks_is_said(lacks: str, said: str) -> None:
    assert said in spreading.together(spread(lacks=lacks, pace=None))


def test_a_pair_is_told_by_its_posts_and_by_chance() -> None:
    row = spread().pairs.iloc[0].to_dict()
    assert spreading.pair(row, SECONDS) == (
        "k7f2qx and b3dd5a posted the same thing within 10 s of each other 14 times; by chance 0.3 would be expected."
    )
    assert "by chance less than 0.1" in spreading.pair(row | {"expected": 0.01}, SECONDS)


def test_pairs_elsewhere_are_counted() -> None:
    assert spreading.again(spread()) == (
        "2 pairs of accounts posted at least 2 different things within 10 s. 1 of these did so in other narratives as "
        "well."
    )
    assert "1 of the 2 with most" in spreading.again(spread(n_pairs=90))
    assert spreading.again(spread(n_pairs=0, pairs=spread().pairs[:0])).startswith("No two accounts")


def test_no_sentence_accuses_anybody() -> None:
    shown = spread()
    said = " ".join(
        [spreading.makeup(shown), spreading.together(shown), spreading.again(shown), *spreading.limits(SECONDS)]
        + [spreading.burst(row, SECONDS) for row in shown.bursts.to_dict("records")]
    ).casefold()
    words = ("bot ", "bots", "coordinated", "inauthentic", "fake", "troll", "campaign", "suspicious", "guilty", "ring")
    assert not [word for word in words if f" {word}" in said]
    assert "no proof of an agreement" in said


def test_the_swim_lane_has_a_lane_for_each_account_in_order_and_tells_the_item_from_the_rest() -> None:
    chart = lanes.swim_lane(spread(), 0).to_dict()
    layer = chart["layer"][0]["encoding"]
    assert layer["y"]["sort"] == ["k7f2qx", "b3dd5a"]
    assert layer["color"]["scale"]["domain"] == ["this text", "something else in this narrative"]
    assert "time in UTC, 12 Sep 2016" in layer["x"]["axis"]["title"]
    assert chart["title"]["subtitle"][0] == "The 2 accounts that posted it first, 12 more did"
    assert "14 accounts posted this text within 90 seconds" in chart["description"]


def test_a_swim_lane_holds_nothing_that_a_post_says() -> None:
    hostile = "<script>alert(1)</script> ![](http://127.0.0.1/x) @someone"
    shown = spread()
    chart = lanes.swim_lane(replace(shown, bursts=shown.bursts.assign(item=hostile)), 0)
    assert "<script" not in chart.to_json()
    assert "@someone" not in chart.to_json()


def test_posts_of_one_moment_leave_room_on_the_axis() -> None:
    shown = spread()
    still = replace(shown, pace=MINUTES, bursts=shown.bursts.assign(end=START))
    low, high = lanes.swim_lane(still, 0).to_dict()["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert pd.Timestamp(high) - pd.Timestamp(low) > pd.Timedelta(minutes=8)


def test_without_accounts_there_are_no_lanes() -> None:
    with pytest.raises(ValueError, match="no lanes"):
        lanes.swim_lane(spread(lacks="accounts", pace=None), 0)
