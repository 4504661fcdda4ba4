"""The messages on a plane."""

from __future__ import annotations

import numpy as np

from explore.narratives import atlas, ranking
from explore.settings import Workspace
from tests.narratives.conftest import Explored
from tests.narratives.making import BREAD, VOTE, explored, post


def test_cells_hold_the_posts_that_lie_in_them(few: Explored) -> None:
    found = atlas.density(few.run, cells=8)
    # messages lie on the diagonal, one a cell, in the order of their first appearance
    assert found["posts"].tolist() == [1, 3, 1, 2, 1, 1, 1, 1]
    assert (found["x"] < found["x2"]).all()
    assert np.allclose(found["x"], found["y"])


def test_no_post_is_lost_but_strays_beyond_the_edge(streamed: Explored) -> None:
    posts = atlas.density(streamed.run)["posts"].sum()
    assert 0.98 * 280 <= posts <= 280


def test_a_narrative_sits_at_the_median_of_its_messages(few: Explored) -> None:
    found = atlas.places(few.run, ranking.emerging(few.run, None)).set_index("narrative_id")
    assert found.loc[BREAD, ["x", "y"]].tolist() == [1.5, 1.5]  # messages 1 and 2
    assert found.loc[VOTE, ["x", "y"]].tolist() == [4.5, 4.5]  # messages 3, 4, 5 and 6


def test_places_keep_the_order_and_choice_of_the_list(few: Explored) -> None:
    listed = ranking.emerging(few.run, None)
    assert atlas.places(few.run, listed[::-1])["narrative_id"].tolist() == listed["narrative_id"].tolist()[::-1]
    assert atlas.places(few.run, listed[:1])["narrative_id"].tolist() == listed["narrative_id"].tolist()[:1]


def test_posts_without_words_have_no_place(workspace: Workspace) -> None:
    run = explored(workspace, [post(1, "😀"), post(2, "https://x.example/a")])
    assert atlas.density(run).empty
    assert list(atlas.density(run).columns) == ["x", "y", "x2", "y2", "posts"]


def test_messages_in_one_point_are_one_cell(workspace: Workspace) -> None:
    run = explored(workspace, [post(1, "one thing"), post(2, "another matter"), post(3, "another matter")])
    assert atlas.density(run)["posts"].tolist() == [3]
