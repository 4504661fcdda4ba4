"""Narrative: the finding and what could fool it, its posts and sources, its neighbours, and the briefing."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from explore.narratives import stability, stability_table
from explore.narratives.run import Run
from tests.narratives.making import Post, narrative_of
from tests.pages.conftest import Open, press, read, specs

pytestmark = pytest.mark.usefixtures("full")


def test_the_fastest_growing_narrative_is_shown_first_with_its_finding(open_app: Open) -> None:
    app = open_app("narrative")
    said = read(app)
    assert "41 of 57 active accounts posted this in the last 24 h; none in the 7 days before." in said
    assert (
        "By who is active and how much each posts, none were to be expected, as none came before; 41 accounts came."
        in said
    )
    assert "at most 1 in 1,000 is expected to be a false alarm" in said
    assert "70 posts in 70 different wordings, by 41 accounts. Seen 3,299 times. First seen 15 Mar 2026" in said
    assert "Terms: battery" in said
    assert not app.exception


def test_the_wave_stands_before_the_whole_life(open_app: Open, kept: Run, posts: list[Post]) -> None:
    said = read(open_app("narrative"))
    assert "Since its first post, 15 Mar 2026 00:35 UTC. In the last 24 h: 70 posts by 41 accounts" in said
    assert said.index("Since its first post") < said.index("That is its whole life: 70 posts")
    assert "Since when. The file goes back further" in said
    steady = read(open_app("narrative", narrative=narrative_of(kept, posts, "lluvia")))
    assert "No clear beginning of a wave. In the last 24 h:" in steady
    assert "of its posts are in the window): 70 posts" in steady


def test_how_steady_it_is_shows_once_it_is_measured(open_app: Open, full: Run) -> None:
    assert "Not measured yet: whether it is found again" in read(open_app("narrative"))
    stability.measure(full)
    said = read(open_app("narrative"))
    assert "Found again in 20 of 20 trials without a fifth of the messages." in said
    assert "edges are not firm" not in said


def test_an_unsteady_narrative_says_so_where_it_says_what_could_fool(
    open_app: Open, full: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = stability.measure(full).assign(stability=0.3, found_again=2)
    monkeypatch.setattr(stability_table, "kept", lambda _: table)
    said = read(open_app("narrative"))
    assert "Found again in 2 of 20 trials without a fifth of the messages. Unsteady" in said
    assert "Its edges are not firm" in said


def test_a_steady_narrative_gets_no_ratio_that_chance_explains(open_app: Open, kept: Run, posts: list[Post]) -> None:
    said = read(open_app("narrative", narrative=narrative_of(kept, posts, "lluvia")))
    assert "No growth beyond what chance alone would show" in said
    assert "That is " not in said.replace("That is no clearance", "")


def test_the_narrative_with_id_0_can_be_linked(open_app: Open) -> None:
    app = open_app("narrative", narrative=0)
    assert app.selectbox(key="narrative").value == 0
    assert app.query_params["narrative"] == "0"
    assert not app.warning


def test_a_narrative_that_the_run_does_not_have_is_not_passed_off_as_another(open_app: Open) -> None:
    app = open_app("narrative", narrative=99)
    assert "is not in this run at this moment" in app.warning[0].value


def test_another_narrative_can_be_picked_and_stands_in_the_link(open_app: Open, kept: Run, posts: list[Post]) -> None:
    app = open_app("narrative")
    bread = narrative_of(kept, posts, "bread")
    app.selectbox(key="narrative").set_value(bread).run()
    assert app.query_params["narrative"] == str(bread)
    assert "Terms: bread" in read(app)


def test_posts_are_inert_texts_and_each_says_why_it_is_shown(open_app: Open, posts: list[Post]) -> None:
    app = open_app("narrative")
    known = {post["text"] for post in posts}
    texts = [text.value for text in app.text if text.value in known]
    assert len(texts) == len(set(texts)) == 12
    reasons = [caption.value.partition(" · ")[0] for caption in app.caption]
    assert {"typical now", "most typical", "highest reach", "earliest", "latest", "most different"} <= set(reasons)
    which = next(box for box in app.selectbox if box.label == "Which posts")
    which.select("earliest").run()
    assert len([text for text in app.text if text.value in known]) == 2


def test_accounts_show_as_pseudonyms_only(open_app: Open, posts: list[Post]) -> None:
    app = open_app("narrative")
    shown = read(app) + "".join(frame.value.to_csv() for frame in app.dataframe)
    pseudonyms = next(frame.value for frame in app.dataframe if "share" in frame.value)["author"]
    assert (pseudonyms.str.len() == 6).all()
    named = re.compile(rf"\b({'|'.join({post['author_id'] for post in posts})})\b")
    assert not named.findall(shown)


def test_a_click_on_a_neighbour_turns_to_it(open_app: Open) -> None:
    app = open_app("narrative")
    neighbours = next(frame.value for frame in app.dataframe if "similarity" in frame.value)
    assert len(neighbours) == 3
    first = int(neighbours.iloc[0]["narrative_id"])
    own = app.query_params["narrative"]
    app.session_state[f"near-{own}"] = {"selection": {"rows": [], "columns": [], "cells": [(0, "label")]}}
    app.run()
    assert app.selectbox(key="narrative").value == first
    assert app.query_params["narrative"] == str(first)


def test_the_curve_can_show_the_whole_life(open_app: Open, kept: Run, posts: list[Post]) -> None:
    app = open_app("narrative", narrative=narrative_of(kept, posts, "bread"), window=1)
    before = begin(app)
    app.toggle(key="whole").set_value(True).run()
    assert begin(app) < before
    assert begin(app) <= "2026-03-02T02"


def test_covered_texts_show_one_by_one_and_stay_shown(open_app: Open, posts: list[Post]) -> None:
    known = {post["text"] for post in posts}
    app = open_app("narrative")
    app.toggle(key="cover").set_value(True).run()
    assert not [text for text in app.text if text.value in known]
    press(app, "Show the text")
    press(app, "Show the text")
    assert len([text for text in app.text if text.value in known]) == 2
    app.toggle(key="whole").set_value(True).run()
    assert len([text for text in app.text if text.value in known]) == 2
    app.switch_page("pages/emerging.py").run()
    assert len([button for button in app.button if button.label == "Show the text"]) == 4


def test_it_says_when_it_began_and_when_it_would_have_been_flagged(open_app: Open) -> None:
    app = open_app("narrative")
    said = read(app)
    assert "First post 15 Mar 2026 00:35 UTC · tenth account 4.9 h later · still flagged as of 15 Mar 2026" in said
    assert ": would first have been flagged" in said
    assert "(looked at every 6 h; hindsight: with narratives formed from all posts of the run)" in said
    assert '"field": "height"' in json.dumps(specs(app)[0])  # the marks


def test_it_says_why_point_by_point_and_where_it_went(open_app: Open) -> None:
    said = read(open_app("narrative"))
    assert "**The baseline.** The 7 times 24 h right before the window, from 7 Mar 2026 22:30 UTC" in said
    assert "3 accounts had posted it in English by 15 Mar 2026" in said
    assert "That is no clearance" in said


def test_every_post_is_listed_in_pages_searched_and_offered(open_app: Open, posts: list[Post]) -> None:
    app = open_app("narrative")
    battery = [post["text"] for post in posts if "battery" in post["text"].split()]
    assert every(app)["text"].to_list() == list(reversed(battery))[:50]
    number = app.query_params["narrative"]
    app.number_input(key=f"posts-page-{number}").set_value(2).run()
    assert every(app)["text"].to_list() == list(reversed(battery))[50:]
    smoke = [text for text in battery if "smoke" in text and "fire" in text]
    app.text_input(key=f"posts-search-{number}").set_value("SMOKE fire").run()
    assert every(app)["text"].to_list() == list(reversed(smoke))
    assert f"{len(smoke)} posts with these words, the newest first." in read(app)
    app.text_input(key=f"posts-search-{number}").set_value("nowhere").run()
    assert "0 posts with these words" in read(app)
    assert [each.proto.label for each in app.get("download_button")] == ["Download briefing", "Download as CSV"]
    assert not app.exception


def test_covered_texts_stand_in_no_table(open_app: Open) -> None:
    app = open_app("narrative")
    app.toggle(key="cover").set_value(True).run()
    assert "text" not in every(app)


def test_a_narrative_shows_its_number_for_the_command_line(open_app: Open) -> None:
    picker = open_app("narrative", narrative=2).selectbox(key="narrative")
    assert any(option.endswith(" · 2") for option in picker.options)


def every(app: AppTest) -> pd.DataFrame:
    """The table of all posts."""
    shown: pd.DataFrame = next(frame.value for frame in app.dataframe if {"copies", "author"} <= set(frame.value))
    return shown


def test_a_briefing_is_offered(open_app: Open) -> None:
    app = open_app("narrative")
    button = app.get("download_button")[0]
    assert button.proto.label == "Download briefing"
    assert "opens offline in any browser" in read(app)


def begin(app: AppTest) -> str:
    """Where the time axis of the curve begins."""
    axes = [layer["encoding"]["x"].get("scale", {}).get("domain") for layer in specs(app)[0]["layer"]]
    return str(next(domain for domain in axes if domain)[0])
