"""What speaks of a narrative elsewhere, on posts whose figures can be worked out by hand."""

from __future__ import annotations

import pytest

from explore.narratives.outside import Outside, outside
from explore.narratives.windows import Window
from explore.settings import Workspace
from tests.narratives.conftest import Explored
from tests.narratives.making import BREAD, VOTE, Post, at, post, run_with, snapshot_of, without

WINDOW = Window(as_of=at(8))
FILLER = ["weather", "garden", "football", "music", "kitchen", "travel", "market", "school"]


def around(*others: str, day: float = 7.5) -> list[Post]:
    """Six accounts on the quake in Norvik with links, these other posts of a day, and ordinary talk."""
    quake = [
        post(n, f"quake shakes Norvik number{n} https://news.example/{n % 2}", created_at=at(7.2), author_id=f"q{n}")
        for n in range(6)
    ]
    talk = [
        post(100 + n, f"{FILLER[n % 8]} today {n}", created_at=at(n / 75), author_id=f"c{n % 20}") for n in range(599)
    ]
    told = [post(900 + n, text, created_at=at(day), author_id=f"o{n}") for n, text in enumerate(others)]
    return [*quake, *talk, *told]


def of(workspace: Workspace, posts: list[Post]) -> Outside:
    run = run_with(workspace, posts, groups=["quake shakes"])
    found = outside(run, snapshot_of(workspace, posts), 0, window=WINDOW)
    assert found is not None
    return found


def test_a_post_with_a_link_of_the_narrative_speaks_of_it(workspace: Workspace) -> None:
    found = of(workspace, around("look at this https://news.example/1!", "another https://else.example/1"))
    assert (found.low_posts, found.high_posts, found.low_units, found.high_units) == (1, 1, 7, 7)
    assert found.links == ("https://news.example/0", "https://news.example/1")


def test_one_telling_word_may_speak_of_it_and_words_that_always_come_together_are_one(workspace: Workspace) -> None:
    found = of(workspace, around("is Norvik safe?", "did the quake reach Norvik", "the weather in the garden"))
    assert set(found.words) == {"quake", "shakes", "norvik"}
    assert (found.low_posts, found.high_posts, found.low_units, found.high_units) == (0, 2, 6, 8)


def test_two_telling_words_that_are_not_one_name_speak_of_it(workspace: Workspace) -> None:
    posts = around("Norvik houses fell", "Norvik houses", "only houses")
    posts += [
        post(700 + n, f"quake shakes {word}{n}", created_at=at(7.3), author_id=f"r{n}")
        for n, word in enumerate(["houses "] * 5)
    ]
    found = of(workspace, posts)
    assert "houses" in found.words
    assert (found.low_posts, found.high_posts) == (2, 3)


def test_a_word_that_is_as_common_elsewhere_tells_nothing(workspace: Workspace) -> None:
    posts = around("just weather")
    mine = [one | {"text": f"{one['text']} weather"} if "quake" in one["text"] else one for one in posts]
    found = of(workspace, mine)
    assert "weather" not in found.words
    assert found.high_posts == 0


def test_posts_before_the_window_are_not_counted_but_tell_whether_a_word_is_its_own(workspace: Workspace) -> None:
    found = of(workspace, around(*["Norvik harbour news"] * 30, day=3.5))
    assert "norvik" not in found.words
    assert found.high_posts == 0
    assert of(workspace, around("Norvik", day=3.5)).high_posts == 0


def test_what_one_account_says_is_not_what_the_narrative_says(workspace: Workspace) -> None:
    posts = [one | {"author_id": "q"} if "quake" in one["text"] else one for one in around("Norvik", "quake")]
    assert of(workspace, posts).words == ()


def test_words_are_found_however_they_are_written(workspace: Workspace) -> None:
    found = of(workspace, around("NORVIK’S", "#norvik", "Norvikers", "see https://norvik.example/x"))
    assert (found.low_posts, found.high_posts) == (0, 1)


def test_without_accounts_messages_are_counted(workspace: Workspace) -> None:
    found = of(workspace, without(around("is Norvik safe?"), "author_id"))
    assert (found.high_posts, found.low_units, found.high_units) == (1, 6, 7)


@pytest.mark.parametrize(("narrative", "window"), [(VOTE, Window(as_of=at(7))), (BREAD, Window(as_of=at(7.8)))])
def test_without_a_post_in_the_window_there_is_nothing_to_compare(
    few: Explored, narrative: int, window: Window
) -> None:
    assert outside(few.run, few.snapshot, narrative, window=window) is None
