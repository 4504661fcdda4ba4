"""Who posted the same thing at the same time, worked out by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from explore.narratives import cosharing
from explore.narratives.cosharing import MINUTES, SECONDS
from tests.narratives.making import at, ints, micros


def shared(*posts: dict[str, Any]) -> pd.DataFrame:
    """Comparable posts of narrative 0; `s` is the second of the day, what is not given is not there."""
    rows = [
        {"row": i, "narrative": 0, "message": -1, "link": -1, "tags": -1, "media": -1, **post}
        for i, post in enumerate(posts)
    ]
    frame = pd.DataFrame(rows)
    frame["at"] = [micros(at(0, second=s))[0] for s in frame.pop("s")]
    return frame


def post_(s: int, author: int, **codes: int) -> dict[str, Any]:
    return {"s": s, "author": author, **codes}


def raw(*texts: str, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"text": texts, "url": None, "media_id": None}).assign(**columns)


# --- what can be shared ----------------------------------------------------------------------------------------------


def test_posts_share_a_link_whatever_stands_around_it() -> None:
    found = cosharing.items(raw("look https://a.example/x!", "(https://a.example/x)", "https://a.example/y", "no link"))
    assert found["link"].tolist() == [0, 0, 1, -1]


def test_a_host_alone_or_a_link_that_breaks_off_is_no_shared_link() -> None:
    found = cosharing.items(raw("https://a.example", "https://a.example/", "see https://t.co/ab…", "http://t.co/a..."))
    assert (found["link"] == -1).all()


def test_the_url_column_stands_in_where_the_text_has_no_link() -> None:
    found = cosharing.items(raw("one https://a.example/x", "two", "three", url=["https://b.example/1", "u", "u"]))
    assert found["link"].tolist() == [0, 1, 1]


def test_tags_must_be_two_in_the_same_order() -> None:
    found = cosharing.items(raw("#A #b now", "then #a ＃B", "#b #a", "#a only", "none"))
    assert found["tags"].tolist() == [0, 0, 1, -1, -1]


@pytest.mark.parametrize(("text", "repost"), [("RT @x: hello", True), (" rt : @x hello", True), ("ART @x", False),
                                              ("so true RT @x: hello", False), ("RT if you agree", False)])  # fmt: skip
def test_a_repost_begins_with_rt_and_a_handle(text: str, repost: bool) -> None:
    assert cosharing.items(raw(text))["repost"].tolist() == [repost]


def test_reposts_and_posts_without_account_time_or_narrative_are_not_compared() -> None:
    posts = pd.DataFrame(
        {
            "row": range(5), "narrative_id": [0, -1, 0, 0, 0], "author": [1, 1, -1, 1, 1],
            "created_at": pd.to_datetime([at(0), at(0), at(0), None, at(0)], utc=True), "message": 0, "link": -1,
            "tags": -1, "media": -1, "repost": [False, False, False, False, True],
        }
    )  # fmt: skip
    assert cosharing.shareable(posts)["row"].tolist() == [0]


def test_the_pace_follows_from_the_precision_of_the_times() -> None:
    seconds = micros(*(at(0, second=7 * n) for n in range(100)))
    assert cosharing.pace_of(seconds) == SECONDS
    assert cosharing.pace_of(seconds // 60_000_000 * 60_000_000) == MINUTES
    assert cosharing.pace_of(micros(*(at(n) for n in range(9)))) is None
    assert cosharing.pace_of(ints()) is None


# --- pairs -----------------------------------------------------------------------------------------------------------


def test_two_accounts_are_near_up_to_ten_seconds() -> None:
    found = cosharing.pairs(shared(post_(0, 5, message=1), post_(10, 3, message=1), post_(21, 4, message=1)), SECONDS)
    told = {(r.a, r.b): (r.apart, r.near) for r in found.itertuples()}
    assert told == {(3, 5): (10.0, True), (4, 5): (21.0, False), (3, 4): (11.0, False)}


def test_chance_is_that_of_two_random_seconds_of_the_same_two_minutes_or_of_neighbouring_ones() -> None:
    found = cosharing.pairs(shared(post_(0, 1, link=1), post_(100, 2, link=1), post_(130, 3, link=1)), SECONDS)
    chance = {(r.a, r.b): r.chance for r in found.itertuples()}
    n = np.arange(120)
    near = np.abs(n[:, None] - n[None, :]) <= 10
    near_next = np.abs(n[:, None] - (n[None, :] + 120)) <= 10
    assert chance[1, 2] == pytest.approx(near.mean())
    assert chance[2, 3] == pytest.approx(near_next.mean())


def test_posts_of_one_minute_are_near_and_of_the_next_are_not() -> None:
    found = cosharing.pairs(shared(post_(0, 1, tags=1), post_(0, 2, tags=1), post_(60, 3, tags=1)), MINUTES)
    assert {(r.a, r.b) for r in found[found["near"]].itertuples()} == {(1, 2)}
    assert found["chance"].tolist() == [pytest.approx(0.2)] * 3


def test_an_account_is_never_its_own_partner_and_counts_once_an_item_and_stretch() -> None:
    found = cosharing.pairs(shared(*(post_(s, s % 2, message=1) for s in range(6))), SECONDS)
    assert found[["a", "b"]].to_numpy().tolist() == [[0, 1]]


def test_two_posts_that_share_text_and_link_count_once() -> None:
    found = cosharing.pairs(shared(post_(0, 1, message=1, link=4), post_(2, 2, message=1, link=4)), SECONDS)
    assert found["kind"].tolist() == ["message"]


def test_accounts_are_partners_from_two_different_items_on() -> None:
    posts = shared(
        post_(0, 1, message=1), post_(4, 2, message=1), post_(1000, 1, message=2), post_(1006, 2, message=2),
        post_(2000, 1, message=3), post_(2003, 3, message=3), post_(4000, 1, message=3), post_(4003, 3, message=3),
    )  # fmt: skip
    found = cosharing.partners(cosharing.pairs(posts, SECONDS))
    assert found[["a", "b", "co_shares", "items", "narratives", "apart"]].to_numpy().tolist() == [[1, 2, 2, 2, 1, 5.0]]
    assert found["expected"][0] == pytest.approx(2 * (120 * 21 - 110) / 120**2)


def test_a_crowd_is_compared_with_the_next_fifty_only() -> None:
    found = cosharing.pairs(shared(*(post_(0, author, message=1) for author in range(120))), SECONDS)
    assert len(found) == sum(120 - step for step in range(1, 51))


def test_nothing_shared_gives_no_pairs_and_no_bursts() -> None:
    alone = shared(post_(0, 1, message=1), post_(0, 2, message=2))
    assert cosharing.pairs(alone, SECONDS).empty
    assert cosharing.partners(cosharing.pairs(alone, SECONDS)).empty
    assert cosharing.bursts(alone).empty
    assert cosharing.stand_ins(alone, SECONDS).empty


# --- bursts ----------------------------------------------------------------------------------------------------------


def test_a_burst_is_five_accounts_without_a_pause_of_more_than_ten_minutes() -> None:
    first = [post_(s, author, message=1) for author, s in enumerate((0, 600, 1200, 1201, 1202))]
    later = [post_(2000 + s, author, message=1) for author, s in enumerate((0, 1, 2, 3))]
    found = cosharing.bursts(shared(*first, *later))
    assert found[["accounts", "posts"]].to_numpy().tolist() == [[5, 5]]
    assert found["end"][0] - found["start"][0] == timedelta(seconds=1202) // timedelta(microseconds=1)


def test_one_burst_of_the_same_posts_is_told_by_its_text_and_not_by_its_link_as_well() -> None:
    both = [post_(author, author, message=1, link=7) for author in range(6)]
    assert cosharing.bursts(shared(*both))["kind"].tolist() == ["message"]
    assert cosharing.bursts(shared(*both, post_(9, 9, link=7)))["accounts"].tolist() == [7, 6]


# --- stand-ins -------------------------------------------------------------------------------------------------------


def test_a_post_stands_for_the_item_that_most_accounts_share() -> None:
    posts = shared(post_(0, 1, message=1, link=5), post_(1, 2, message=1, link=5), post_(2, 3, message=2, link=5))
    found = cosharing.stand_ins(posts, SECONDS)
    assert found["item"].nunique() == 1
    assert sorted(found["row"]) == [0, 1, 2]


def test_which_post_stands_for_an_account_does_not_depend_on_its_time() -> None:
    order = [post_(s, 1, message=1) for s in (3, 60, 100)] + [post_(5, 2, message=1)]
    moved = [post_(s, 1, message=1) for s in (100, 3, 60)] + [post_(5, 2, message=1)]
    rows = [set(cosharing.stand_ins(shared(*posts), SECONDS)["row"]) for posts in (order, moved)]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 2
