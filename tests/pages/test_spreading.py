"""Narrative, how it spread: bursts, lanes, pairs, inert texts, and what is said where there is nothing to tell."""

from __future__ import annotations

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from explore.files import read_json, sha256, write_json
from explore.narratives.run import Run
from explore.settings import Workspace
from tests.narratives.making import Post, run_with, without
from tests.narratives.test_spread import posted, together
from tests.pages.conftest import Open, read, specs, table

HOSTILE = "vote <script>alert(1)</script> ![x](http://127.0.0.1/y) **loud** @someone says so"


@pytest.fixture
def ringed(workspace: Workspace) -> Run:
    st.cache_resource.clear()
    return run_with(workspace, stream(), groups=("vote", "bread is"))


def stream() -> list[Post]:
    """The six accounts together, and a hostile text by seven within half a minute."""
    hostile = [posted(8.9, 5 * i, f"h{i}", HOSTILE) for i in range(7)]
    posts = sorted([*together(), *hostile], key=lambda one: one["created_at"])
    return [one | {"post_id": f"p{i}"} for i, one in enumerate(posts)]


def bursts(app: AppTest) -> list[int]:
    """Accounts of the bursts in the table."""
    return next(frame.value for frame in app.dataframe if "took" in frame.value)["accounts"].to_list()


def test_the_page_tells_bursts_pairs_and_chance(open_app: Open, ringed: Run) -> None:
    app = open_app("narrative", run=ringed.id, narrative=0)
    said = read(app)
    assert not app.exception
    assert "How it spread" in said
    assert "6 are reposts (“RT @…”) by 6 accounts" in said
    assert (
        "6 of 101 posts begin with “RT @…”, the only mark of a repost that is read. "
        "55 of the others say the same as another account's post." in said
    )
    assert "that is more than chance explains" in said
    assert "7 accounts posted this text within 30 seconds, from 10 Mar 2026 21:36 UTC." in said
    assert "15 pairs of accounts posted at least 2 different things within 10 s." in said
    assert "no proof of an agreement" in said
    assert bursts(app) == [7, *[6] * 8]


def test_a_copied_post_that_is_chosen_opens_and_says_by_how_many_it_came(open_app: Open, ringed: Run) -> None:
    app = open_app("narrative", run=ringed.id, narrative=0)
    app.text_input(key="posts-search-0").set_value("**loud**").run()
    app.session_state["every-0-1-**loud**"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run()
    assert not app.exception
    cards = [caption.value for caption in app.caption if caption.value.startswith("chosen · ")]
    assert [card.endswith("the same text 7 times by 7 accounts") for card in cards] == [True]


def test_the_list_shows_reposts_beside_copies(open_app: Open, ringed: Run) -> None:
    shown = table(open_app(run=ringed.id, all="yes")).set_index("posts")
    assert shown.loc[101, ["reposts", "copies"]].tolist() == pytest.approx([600 / 101, 5500 / 101])


def test_a_run_that_did_not_look_for_marks_is_shown_and_says_so(open_app: Open, ringed: Run) -> None:
    file = ringed.folder / "posts.parquet"
    pd.read_parquet(file).drop(columns="repost").to_parquet(file)
    facts = read_json(ringed.folder / "manifest.json")
    write_json(ringed.folder / "manifest.json", facts | {"files": facts["files"] | {"posts.parquet": sha256(file)}})
    listed = open_app(run=ringed.id)
    assert not listed.exception
    assert "reposts" not in listed.dataframe[0].proto.column_order
    app = open_app("narrative", run=ringed.id, narrative=0)
    assert not app.exception
    assert "60 % of its posts say the same as another account's post. This run is of a version" in read(app)


def test_the_lanes_show_the_burst_that_was_chosen(open_app: Open, ringed: Run) -> None:
    app = open_app("narrative", run=ringed.id, narrative=0)
    assert len(lane(app)) == 7
    app.session_state["bursts-0"] = {"selection": {"rows": [], "columns": [], "cells": [(2, "accounts")]}}
    app.run()
    assert len(lane(app)) == 6
    assert "6 accounts posted this text within 5 seconds" in read(app)


def test_what_was_posted_is_inert_and_names_no_account(open_app: Open, ringed: Run) -> None:
    app = open_app("narrative", run=ringed.id, narrative=0)
    cell = next(frame.value for frame in app.dataframe if "took" in frame.value)["item"][0]
    below = [text.value for text in app.text if "<script>" in text.value and "@…" in text.value]
    assert "@someone" not in cell
    assert len(below) == 1
    assert not [each for each in app.markdown if "<script>" in str(each.value) or "![x]" in str(each.value)]
    shown = read(app) + "".join(frame.value.to_csv() for frame in app.dataframe) + str(specs(app))
    assert not [name for name in (f"h{i}" for i in range(7)) if f",{name}," in shown or f"'{name}'" in shown]


def test_a_covered_text_shows_only_when_asked_for(open_app: Open, ringed: Run) -> None:
    app = open_app("narrative", run=ringed.id, narrative=0)
    app.toggle(key="cover").set_value(True).run()
    assert not [text for text in app.text if "<script>" in text.value]
    app.button(key="bursts-0-0-open").click().run()
    assert [text for text in app.text if "<script>" in text.value]


def test_without_accounts_the_page_says_so_and_shows_no_lanes(open_app: Open, workspace: Workspace) -> None:
    st.cache_resource.clear()
    run = run_with(workspace, without(stream(), "author_id"), groups=("vote",))
    app = open_app("narrative", run=run.id, narrative=0)
    assert not app.exception
    assert "The file names no accounts" in read(app)
    assert not [spec for spec in specs(app) if "One lane" in spec.get("description", "")]


def lane(app: AppTest) -> list[str]:
    """Accounts of the swim-lane."""
    chart = next(spec for spec in specs(app) if "One lane" in spec.get("description", ""))
    found: list[str] = chart["layer"][0]["encoding"]["y"]["sort"]
    return found
