"""Map: every narrative has its mark, and a chosen mark says what it is."""

from __future__ import annotations

import pytest

from explore.narratives.run import Run
from explore.settings import Workspace
from tests.narratives.making import Post, explored, narrative_of, post
from tests.pages.conftest import Open, press, read, specs


@pytest.mark.usefixtures("full")
def test_a_chosen_mark_says_why_and_opens(open_app: Open, kept: Run, posts: list[Post]) -> None:
    app = open_app("map")
    assert "Choose a mark to read its narrative." in read(app)
    assert specs(app)[0]["title"]["text"] == ["4 narratives, 1 emerging"]
    recall = narrative_of(kept, posts, "recall")
    app.session_state[f"map-{kept.id}"] = {"selection": {"narrative": [{"narrative_id": recall}]}}
    app.run()
    assert "41 of 57 active accounts posted this in the last 24 h" in read(app)
    assert app.query_params["narrative"] == str(recall)
    press(app, "Open this narrative")
    assert app.title[0].value == "Narrative"
    assert app.query_params["narrative"] == str(recall)


@pytest.mark.usefixtures("full")
def test_a_click_beside_a_mark_shows_nothing(open_app: Open, kept: Run) -> None:
    app = open_app("map")
    app.session_state[f"map-{kept.id}"] = {"selection": {"narrative": [{"x": 1.0, "y": 2.0, "posts": 3}]}}
    app.run()
    assert not app.exception
    assert not app.error


@pytest.mark.usefixtures("full")
def test_a_mark_that_is_no_longer_there_shows_nothing(open_app: Open, kept: Run) -> None:
    app = open_app("map")
    app.session_state[f"map-{kept.id}"] = {"selection": {"narrative": [{"narrative_id": 77}]}}
    app.run()
    assert not app.exception
    assert not app.error


def test_too_few_posts_for_a_narrative_are_said_to_be_too_few(open_app: Open, workspace: Workspace) -> None:
    explored(workspace, [post(number, f"lonely words number {number}") for number in range(5)])
    for page in ("emerging", "narrative", "map"):
        app = open_app(page)
        assert "No narratives were found." in read(app)
        assert "Load more posts" in app.info[0].value
        assert not app.exception


@pytest.mark.usefixtures("full")
def test_a_theme_shows_its_narratives_alone(open_app: Open, kept: Run) -> None:
    app = open_app("map")
    themes = kept.narratives["theme_id"]
    assert themes.nunique() > 1
    picker = next(one for one in app.selectbox if one.key == f"theme-{kept.id}")
    picker.set_value(int(themes.iloc[0])).run()
    shown = int((themes == themes.iloc[0]).sum())
    assert specs(app)[0]["title"]["text"][0].startswith(f"{shown} narrative")
