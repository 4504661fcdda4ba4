from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from explore.narratives.outside import Outside
from explore.narratives.wave import Wave
from explore.present import waves
from tests.present.handmade import BEGAN, ELSEWHERE, WAVE, WINDOW, evidence, narrative, without_times

OLDER = replace(
    WAVE,
    onset_low=BEGAN - timedelta(minutes=20),
    onset_high=BEGAN + timedelta(minutes=9),
    first_at=datetime(2014, 5, 1, tzinfo=UTC),
)


def test_the_wave_comes_with_its_beginning_its_size_and_all_who_posted_of_it() -> None:
    told = replace(evidence(), wave=OLDER)
    assert waves.wave(told) == (
        "Since 17 Aug 2017 16:21 UTC (between 16:01 and 16:30). In the last 24 h: 1,180 posts by 94 accounts, seen "
        "1,200,000 times; 98 to 112 accounts posted of it in all, with 6 to 31 more posts outside this narrative."
    )
    assert "In the 24 h to 18 Aug 2017 02:00 UTC: 1,180 posts" in waves.wave(told, dated=True)


def test_a_narrative_that_began_with_its_wave_is_said_to_begin_with_its_first_post() -> None:
    assert waves.since(WAVE) == "Since its first post, 17 Aug 2017 16:21 UTC."


def test_the_times_between_which_it_began_both_name_their_day_where_one_is_of_another() -> None:
    wide = replace(OLDER, onset_low=BEGAN - timedelta(hours=20))
    assert waves.since(wide) == "Since 17 Aug 2017 16:21 UTC (between 16 Aug 20:21 and 17 Aug 16:30)."


@pytest.mark.parametrize(
    ("wave", "said"),
    [
        (replace(OLDER, onset=None), "No clear beginning of a wave. In the last 24 h: 1,180 posts"),
        (replace(OLDER, onset=None, posts=0, units=0), "No wave. In the last 24 h: no post."),
    ],
)
def test_without_a_clear_beginning_none_is_said(wave: Wave, said: str) -> None:
    assert waves.wave(replace(evidence(), wave=wave)).startswith(said)


def test_life_comes_second_and_says_that_it_is_older_than_its_wave() -> None:
    whole = "1,204 posts in 61 different wordings, by 188 accounts."
    assert waves.life(narrative(), OLDER, "accounts").startswith(
        f"The narrative itself is older (98 % of its posts are in the window): {whole}"
    )
    assert waves.life(narrative(), replace(WAVE, posts=1204), "accounts").startswith(f"That is its whole life: {whole}")
    assert waves.life(narrative(), None, "accounts").startswith(whole)


@pytest.mark.parametrize(
    ("elsewhere", "said"),
    [
        (None, "94 accounts, seen 1,200,000 times; nothing tells of it elsewhere."),
        (replace(ELSEWHERE, low_posts=0, high_posts=0), "; no post elsewhere has its telling words or links."),
        (
            replace(ELSEWHERE, low_posts=4, high_posts=4, low_units=97, high_units=97),
            "; 97 accounts posted of it in all, with 4 more posts outside this narrative.",
        ),
    ],
)
def test_what_is_known_of_posts_elsewhere_is_said_as_far_as_it_is(elsewhere: Outside | None, said: str) -> None:
    assert waves.size(WAVE, elsewhere, WINDOW, "accounts").endswith(said)


def test_where_messages_are_counted_and_views_unknown_neither_accounts_nor_views_are_named() -> None:
    said = waves.size(replace(WAVE, views=None), ELSEWHERE, WINDOW, "messages")
    assert said.startswith("In the last 24 h: 1,180 posts; 98 to 112 different messages speak of it in all")


def test_how_both_were_found_is_explained() -> None:
    first, elsewhere = waves.explained(evidence())
    assert first == ("Since when", "The file goes back further, and this is the first post of it.")
    assert "the words toll, ramblas and 2 links" in elsewhere[1]
    since = dict(waves.explained(replace(evidence(), wave=OLDER)))["Since when"]
    assert since.startswith("Its accounts every 30 min of window and baseline, beside how much everybody posted")
    assert "about 95 of 100" in since
    unclear = dict(waves.explained(replace(evidence(), wave=replace(OLDER, onset=None), outside=None)))
    assert "no moment" in unclear["Since when"]
    assert "In all" not in unclear


def test_without_times_there_is_no_wave() -> None:
    assert waves.wave(without_times()) == ""
    assert waves.explained(without_times()) == []
