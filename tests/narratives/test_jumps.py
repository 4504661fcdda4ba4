"""Where a narrative went and when, on posts that can be counted by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd

from explore.narratives.jumps import MOST, Jumps, jumps
from tests.narratives.making import at


def posted(*rows: dict[str, Any]) -> pd.DataFrame:
    """Posts an hour apart by different accounts, unless the rows say more."""
    usual: dict[str, Any] = {"lang": None, "region": None, "link": [], "media_id": None}
    return pd.DataFrame(
        [
            usual | {"created_at": at(hour / 24), "author_id": f"a{hour}", "message_id": f"m{hour}"} | row
            for hour, row in enumerate(rows)
        ]
    ).astype({"created_at": "datetime64[us, UTC]"})


def told(found: Jumps) -> list[tuple[Any, ...]]:
    return list(found.places[["kind", "value", "posts", "units"]].itertuples(index=False, name=None))


def test_a_language_is_reached_when_the_third_account_posts_in_it() -> None:
    found = jumps(posted(*[{"lang": "pt"}] * 3, {"lang": "en"}, {"lang": "pt"}, *[{"lang": "en"}] * 2))
    assert told(found) == [("language", "pt", 4, 4), ("language", "en", 3, 3)]
    assert found.places["first_at"].tolist() == [at(0), at(3 / 24)]
    assert found.places["reached_at"].tolist() == [at(2 / 24), at(6 / 24)]


def test_an_account_that_posts_often_in_a_language_has_not_carried_it_there() -> None:
    found = jumps(posted(*[{"lang": "pt"}] * 3, *[{"lang": "en", "author_id": "one"}] * 40))
    assert told(found) == [("language", "pt", 3, 3)]
    assert found.stray["language"] == 1


def test_a_post_may_carry_several_links_and_most_carry_none() -> None:
    found = jumps(posted(*[{"link": ["x", "y"]}] * 3, {"link": ["x"]}, *[{}] * 4))
    assert told(found) == [("link", "x", 4, 4), ("link", "y", 3, 3)]
    assert found.unknown["link"] == 0.5


def test_regions_and_sounds_are_followed_too_and_the_unknown_is_no_language() -> None:
    found = jumps(posted(*[{"region": "Chile", "media_id": "s1", "lang": "und"}] * 3, {"lang": "und"}))
    assert told(found) == [("region", "Chile", 3, 3), ("media", "s1", 3, 3)]
    assert found.unknown["language"] == 1
    assert found.unknown["region"] == 0.25


def test_without_accounts_messages_are_counted() -> None:
    rows = [{"lang": "pt", "author_id": None}] * 4
    assert told(jumps(posted(*rows))) == [("language", "pt", 4, 4)]
    assert told(jumps(posted(*rows).assign(message_id="same"))) == []


def test_posts_without_a_time_went_nowhere_at_a_known_moment() -> None:
    found = jumps(posted(*[{"lang": "pt"}] * 4).assign(created_at=pd.NaT))
    assert found.places.empty
    assert told(jumps(posted(*[{"lang": "pt"}] * 4)[:0])) == []


def test_of_very_many_links_those_of_the_most_accounts_are_kept_in_the_order_of_time() -> None:
    rows = [{"link": [f"l{n:02}"], "created_at": at(n) + timedelta(hours=h)} for n in range(MOST) for h in range(4)]
    few = [{"link": ["early"], "created_at": at(-1)}] * 3
    assert [value for _, value, *_ in told(jumps(posted(*few, *rows)))] == [f"l{n:02}" for n in range(MOST)]
