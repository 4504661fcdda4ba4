"""A narrative, its hashtag, its copied text and its fragments are one story; other events are others."""

from __future__ import annotations

import pytest

from explore.narratives import ranking
from explore.narratives.items import Items, items
from explore.narratives.stories import Stories, stories
from explore.narratives.windows import Window
from explore.settings import workspace_at
from tests.narratives.conftest import Explored
from tests.narratives.making import at, narrative_of
from tests.narratives.writer import DAYS, Writer

GROUPS = ("battery", "gather", "levee", "bridge", "strike")
WINDOW = Window(as_of=at(DAYS))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    """Chatter and the last day's events; every post has the tag that the file was collected by.

    A recall: 35 accounts in a narrative, ten of them with one text; 40 with its tag. A march: 60 accounts with its tag,
    twelve of them in a narrative. A flood: 30 accounts in a narrative and twelve in another, of both about two thirds
    with one tag. A strike: 37 accounts in a narrative.
    """
    writer = Writer(5)
    writer.chatter(60)
    writer.event("recall", "* battery #recall", size=25)
    writer.event("copied", "battery on fire again #recall", size=10)
    writer.event("besides", "* #recall", size=5)
    writer.event("march", "* #march", size=48)
    writer.event("fragment", "* gather #march", size=12)
    writer.event("levee", "* levee #flood", size=18)
    writer.event("untagged", "* levee", size=12)
    writer.event("bridge", "* bridge #flood", size=8)
    writer.event("plain", "* bridge", size=4)
    writer.event("strike", "* strike", size=37)
    writer.posts = [one | {"text": f"{one['text']} #collected"} for one in writer.posts]
    return writer.explored(workspace_at(tmp_path_factory.mktemp("told") / "workspace"), *GROUPS)


def found_items(made: Explored, window: Window | None) -> Items:
    listed = ranking.emerging(made.run, window)
    flagged = listed.loc[listed["flagged"], "narrative_id"].tolist()
    return items(made.run, made.snapshot, window, emerging=flagged)


def put_together(made: Explored, window: Window | None) -> Stories:
    listed = ranking.emerging(made.run, window)
    return stories(made.run, window, narratives=listed, items=found_items(made, window))


@pytest.fixture(scope="module")
def found(told: Explored) -> Stories:
    return put_together(told, WINDOW)


@pytest.fixture(scope="module")
def named(told: Explored, found: Stories) -> list[list[str]]:
    """Per story its findings, the head first: the word of a narrative, the id of an item, "text" for one."""
    words = {narrative_of(told.run, told.posts, word): word for word in GROUPS}
    rows: list[list[str]] = [[] for _ in range(found.findings["story"].nunique())]
    for row in found.findings.itertuples():
        item = "text" if row.kind == "text" else str(row.item_id)
        rows[row.story].append(words[row.narrative_id] if row.kind == "narrative" else item)
    return rows


def story_with(named: list[list[str]], finding: str) -> list[str]:
    (story,) = [each for each in named if finding in each]
    return story


def test_a_narrative_its_hashtag_and_its_copied_text_are_one_story_with_the_narrative_as_head(
    named: list[list[str]],
) -> None:
    recall = story_with(named, "battery")
    assert recall[0] == "battery"
    assert set(recall) >= {"tag:#recall", "text"}


def test_a_tag_much_larger_than_its_narrative_is_the_head(named: list[list[str]]) -> None:
    march = story_with(named, "gather")
    assert march[0] == "tag:#march"


def test_two_fragments_with_the_same_dominating_tag_are_one_story(named: list[list[str]]) -> None:
    flood = story_with(named, "bridge")
    assert flood[0] == "levee"
    assert "tag:#flood" in flood


def test_unrelated_events_are_stories_of_their_own_although_one_tag_is_on_every_post(named: list[list[str]]) -> None:
    assert [each[0] for each in sorted(named)] == ["battery", "levee", "strike", "tag:#march"]
    assert story_with(named, "strike") == ["strike"]


def test_the_story_with_the_largest_excess_is_first_whatever_part_has_it(
    found: Stories, named: list[list[str]]
) -> None:
    assert [each[0] for each in named] == ["tag:#march", "battery", "strike", "levee"]
    heads = found.findings[found.findings["is_head"]].set_index("story")["excess_low"]
    assert heads[1] < heads[2], "the recall stands before the strike by its tag"


def test_the_findings_of_a_story_stand_together_its_head_first(found: Stories) -> None:
    rows = found.findings
    assert rows["story"].is_monotonic_increasing
    assert rows["story"].unique().tolist() == list(range(4))
    assert rows.groupby("story")["is_head"].agg(list).map(lambda heads: heads[0] and sum(heads) == 1).all()


def test_every_finding_of_the_narratives_and_the_items_is_in_one_story(told: Explored, found: Stories) -> None:
    listed = ranking.emerging(told.run, WINDOW)
    moved = set(listed.loc[listed["state"] != "none", "narrative_id"])
    own = found.findings["kind"] == "narrative"
    assert found.findings.loc[own, "narrative_id"].is_unique
    assert set(found.findings.loc[own, "narrative_id"]) == moved
    assert (found.findings.loc[own, "item_id"] == "").all()
    others = found_items(told, WINDOW).rows
    assert sorted(found.findings.loc[~own, "item_id"]) == sorted(others["item_id"])


def test_posts_are_the_rows_in_the_snapshot_of_the_window(told: Explored, found: Stories) -> None:
    assert [len(each) for each in found.posts] == found.findings["n_posts"].tolist()
    by_id = dict(zip(found.findings["item_id"], found.posts, strict=True))
    tagged = {row for row, one in enumerate(told.posts) if "#recall" in one["text"]}
    assert set(by_id["tag:#recall"].tolist()) == tagged
    narrative = found.findings.index[found.findings["narrative_id"].eq(narrative_of(told.run, told.posts, "strike"))]
    struck = {row for row, one in enumerate(told.posts) if "strike" in one["text"].split()}
    assert [set(found.posts[place].tolist()) for place in narrative] == [struck]


@pytest.mark.parametrize("window", [None, Window(as_of=at(-3)), Window(as_of=at(10)), Window(as_of=at(2))])
def test_without_findings_there_is_no_story(told: Explored, window: Window | None) -> None:
    none = put_together(told, window)
    assert none.findings.empty
    assert {"story", "is_head", "kind"} <= set(none.findings)
    assert none.posts == ()
