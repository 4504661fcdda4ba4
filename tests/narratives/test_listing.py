"""All posts of a narrative: in pages, searched, and as they go into an export."""

from __future__ import annotations

import pytest

from explore.narratives.listing import exported, listing
from explore.posts.pseudonyms import pseudonym
from explore.settings import Workspace
from tests.narratives.conftest import Explored
from tests.narratives.making import BREAD, VOTE, at, post, run_with, snapshot_of

KEY = b"a key for tests"


def test_all_posts_before_the_moment_are_there_the_newest_first(few: Explored) -> None:
    found = listing(few.run, few.snapshot, VOTE, as_of=at(7.45), key=KEY)
    assert found.total == 4
    assert found.posts["post_id"].tolist() == ["p3", "p2", "p1", "p0"]
    assert found.posts["author"].tolist() == [pseudonym(one, KEY) for one in ("a3", "a1", "a2", "a1")]
    assert found.posts["copies"].tolist() == [1, 1, 2, 2]
    assert found.posts["accounts"].tolist() == [1, 1, 2, 2]
    assert found.posts["reposts"].tolist() == [0, 0, 0, 0]
    assert "author_id" not in found.posts


def test_a_page_holds_so_many_and_the_total_stays(few: Explored) -> None:
    pages = [listing(few.run, few.snapshot, VOTE, as_of=None, offset=n, limit=2, key=KEY) for n in (0, 2, 4, 6)]
    assert [found.total for found in pages] == [5, 5, 5, 5]
    assert [len(found.posts) for found in pages] == [2, 2, 1, 0]


@pytest.mark.parametrize(
    ("search", "ids"),
    [("TEXT vote", ["p1", "p0"]), ("phone", ["p3"]), ("%", []), ("#vote place", ["p2"]), (".*", []), ("  ", None)],
)
def test_every_word_must_be_in_the_text_as_it_is_written(few: Explored, search: str, ids: list[str] | None) -> None:
    found = listing(few.run, few.snapshot, VOTE, as_of=None, search=search, key=KEY)
    assert found.posts["post_id"].tolist() == (ids if ids is not None else ["p4", "p3", "p2", "p1", "p0"])
    assert found.total == len(found.posts)


def test_a_search_that_finds_one_copy_says_how_many_there_are(few: Explored) -> None:
    found = listing(few.run, few.snapshot, BREAD, as_of=None, search="one!", key=KEY)
    assert (found.total, found.posts["copies"].tolist()) == (1, [3])


def test_an_export_holds_the_same_posts_by_time_and_no_link_that_names_an_account(few: Explored) -> None:
    table = exported(few.run, few.snapshot, VOTE, as_of=at(7.45), search="vote")
    assert table["post_id"].tolist() == ["p0", "p1", "p2", "p3"]
    assert list(table)[:3] == ["post_id", "created_at", "author_id"]
    assert "url" not in table


def test_the_ids_of_listed_posts_name_no_account(workspace: Workspace) -> None:
    posts = [post(i, f"vote {i}", created_at=at(7, second=i), author_id=f"ann{i}") for i in range(30)]
    posts = [one | {"post_id": f"{one['author_id']}_{one['post_id']}"} for one in posts]
    run = run_with(workspace, posts, groups=["vote"])
    shown = listing(run, snapshot_of(workspace, posts), 0, as_of=None, key=KEY).posts
    assert len(shown) == 30
    assert [one.split("_")[0] for one in shown["post_id"]] == shown["author"].tolist()
