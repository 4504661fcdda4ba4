"""Emerging beyond narratives: texts, tags and rare words as rows, the parts of a story, and a file that grew whole."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from explore.narratives.run import Run
from explore.settings import Workspace, workspace_at
from tests.narratives.making import Post, at, narrative_of, post, run_with, without
from tests.pages.conftest import Open, choose, press, read, table

COPIED = "<img src=x onerror=alert(1)> ![x](http://127.0.0.1/y) **ferries** [stop](javascript:1) at noon"
OWN = ("sofa", "moon", "rope", "lamp", "fern", "jam", "kite", "owl", "pond", "raft", "toad", "urn")


HELD = r"In the window: 12 posts in 12 different wordings within [\d.]+ \w+, 12 in no narrative"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, posts: list[Post]) -> Run:
    """The stream, on whose last day twelve accounts post about a quake, each in words of its own and with one tag, and
    nine post one hostile text; none of it is in a narrative."""
    quake = [
        post(7000 + n, f"quake {word} #shake", created_at=at(13.9, second=n), author_id=f"e{n}")
        for n, word in enumerate(OWN)
    ]
    copies = [post(8000 + n, COPIED, created_at=at(13.8, second=n), author_id=f"f{n}") for n in range(9)]
    everything = sorted([*posts, *quake, *copies], key=lambda one: one["created_at"])
    workspace = workspace_at(tmp_path_factory.mktemp("stories") / "workspace")
    return run_with(workspace, everything, groups=["bread", "Zug", "lluvia", "battery"])


@pytest.fixture(autouse=True)
def eventful(made: Run, home: Path) -> None:
    """The run in this test's own workspace."""
    shutil.copytree(made.folder.parents[1], home)
    st.cache_resource.clear()


def row_of(app: AppTest, *, kind: str) -> int:
    """The position of the first row of a kind."""
    return int(table(app)["kind"].to_list().index(kind))


def texts(app: AppTest) -> list[str]:
    """The posts that stand on the page, uncovered."""
    return [text.value for text in app.text]


def test_what_is_no_narrative_is_a_row_of_its_kind(open_app: Open) -> None:
    app = open_app()
    assert "3 stories grew beyond what was to be expected" in read(app)
    assert set(table(app)["kind"]) == {"narrative", "tag", "text"}
    assert not app.exception


def test_a_tag_row_shows_its_posts_and_the_rare_word_as_a_part(open_app: Open) -> None:
    app = open_app()
    choose(app, row=row_of(app, kind="tag"))
    assert "12 of 78 active accounts posted this in the last 24 h; none in the 7 days before." in read(app)
    assert re.search(
        r"In the window: 12 posts in 12 different wordings within [\d.]+ \w+, 12 in no narrative.", read(app)
    )
    assert len([text for text in texts(app) if text.startswith("quake ")]) == 4
    assert [each.label for each in app.expander] == ["The same story: 1 part"]
    (parts,) = [frame.value for frame in app.dataframe[1:] if "kind" in frame.value]
    assert parts[["finding", "kind", "now"]].to_numpy().tolist() == [["quake · shake", "words", 12]]
    assert not app.exception


def test_a_text_row_shows_its_posts_as_inert_text(open_app: Open) -> None:
    app = open_app()
    choose(app, row=row_of(app, kind="text"))
    assert COPIED in texts(app)
    assert re.search(r"9 posts in 1 different wording within [\d.]+ \w+, 9 in no narrative.", read(app))
    spoken = [*app.markdown, *app.caption, *app.info, *app.subheader, *app.title]
    assert not [each for each in spoken if "ferries" in str(each.value)]
    assert not app.exception


def test_a_chosen_item_stands_in_the_link_and_the_link_shows_its_row_again(open_app: Open) -> None:
    app = open_app()
    choose(app, row=row_of(app, kind="tag"))
    assert app.query_params["item"] == "tag:#shake"
    assert "narrative" not in app.query_params
    again = open_app(**app.query_params)
    assert re.search(
        r"In the window: 12 posts in 12 different wordings within [\d.]+ \w+, 12 in no narrative.", read(again)
    )
    assert again.query_params["item"] == "tag:#shake"
    choose(again, row=row_of(again, kind="narrative"))
    assert "item" not in again.query_params
    assert "narrative" in again.query_params


def test_a_link_to_an_item_that_is_no_finding_here_shows_the_first_row(open_app: Open) -> None:
    app = open_app(item="tag:<b>#other</b>")
    assert not app.exception
    assert not app.error
    assert "41 of 78 active accounts posted this" in read(app)
    assert "item" not in app.query_params


def test_covered_texts_of_an_item_show_one_by_one(open_app: Open) -> None:
    app = open_app(item="tag:#shake")
    app.toggle(key="cover").set_value(True).run()
    assert not [text for text in texts(app) if text.startswith("quake ")]
    press(app, "Show the text")
    assert len([text for text in texts(app) if text.startswith("quake ")]) == 1


def test_covered_texts_are_in_no_row_and_no_heading(open_app: Open) -> None:
    app = open_app()
    app.toggle(key="cover").set_value(True).run()
    choose(app, row=row_of(app, kind="text"))
    assert "a text (covered)" in table(app)["finding"].to_list()
    assert "ferries" not in " ".join(table(app)["finding"])
    assert "ferries" not in read(app)


def test_a_language_leaves_narratives_only_and_a_search_looks_into_items(open_app: Open) -> None:
    app = open_app()
    app.multiselect(key="lang").set_value(["en"]).run()
    assert set(table(app)["kind"]) == {"narrative"}
    app.multiselect(key="lang").set_value([]).run()
    app.text_input(key="search").set_value("FERRIES").run()
    assert table(app)["kind"].to_list() == ["text"]
    assert not app.exception


def test_what_was_tested_beside_the_narratives_is_said(open_app: Open) -> None:
    assert "Of all texts, links, tags and words as clear as this one" in read(open_app(item="tag:#shake"))
    said = open_app().markdown[0].help
    assert said.startswith("Tested beside the narratives: ")


def test_an_item_has_its_briefing(open_app: Open) -> None:
    app = open_app(item="tag:#shake")
    assert [each.proto.label for each in app.get("download_button")] == ["Download briefing"]


def test_back_from_a_narrative_the_list_stands_at_that_narrative(open_app: Open, made: Run, posts: list[Post]) -> None:
    app = open_app(item="tag:#shake", all="yes")
    app.switch_page("pages/narrative.py").run()
    bread = narrative_of(made, posts, "bread")
    app.selectbox(key="narrative").set_value(bread).run()
    assert "item" not in app.query_params
    app.switch_page("pages/emerging.py").run()
    assert app.query_params["narrative"] == str(bread)
    assert "12 posts in 12 different wordings" not in read(app)


def test_a_calm_file_has_no_warning_and_one_in_which_everybody_posts_more_has_one(
    open_app: Open, workspace: Workspace
) -> None:
    assert not open_app(as_of="2026-03-14T00:00Z").warning
    daily = [(day, account, 1) for day in range(13) for account in range(40)] + [
        (13, account, 1 + n) for account in range(40) for n in range(4)
    ]
    grown = [
        post(n, f"bread loaf {n}", created_at=at(day + 0.5, second=60 * who + 9 * turn), author_id=f"a{who}")
        for n, (day, who, turn) in enumerate(daily)
    ]
    run = run_with(workspace, grown, groups=["bread"])
    app = open_app(run=run.id)
    said = "The whole file grew in this window: the 40 active accounts posted 4 times each, usually 1."
    assert said in app.warning[0].value
    assert not app.exception


def test_where_the_file_names_no_accounts_an_item_says_so(
    open_app: Open, workspace: Workspace, posts: list[Post]
) -> None:
    shake = [post(7000 + n, f"quake {word} #shake", created_at=at(13.9, second=n)) for n, word in enumerate(OWN)]
    everything = sorted([*without(posts, "author_id"), *shake], key=lambda one: one["created_at"])
    run = run_with(workspace, everything, groups=["bread", "Zug", "lluvia", "battery"])
    app = open_app(run=run.id, item="tag:#shake")
    assert app.query_params["item"] == "tag:#shake"
    assert "The file names no accounts." in read(app)
    assert not app.exception
