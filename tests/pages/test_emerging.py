"""Emerging: headline, table, controls and detail, and the link that restores them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from explore import jobs
from explore.narratives import moments
from explore.narratives.run import Run
from explore.settings import workspace_at
from tests.narratives.making import Post, at, explored, narrative_of, post, run_with, without
from tests.pages.conftest import Open, choose, press, read, table

pytestmark = pytest.mark.usefixtures("full")


def test_the_page_says_what_grows_and_lists_it_first(open_app: Open) -> None:
    app = open_app()
    assert "1 story grew beyond what was to be expected in the last 24 h of the file (to 15 Mar 2026" in read(app)
    assert "of 57 active accounts posted this in the last 24 h; none in the 7 days before." in read(app)
    assert "At most 1 in 20 of such findings is expected to be a false alarm." in read(app)
    listed = table(app)
    assert listed["status"].to_list() == ["▲ emerging"]
    assert listed["growth"][0].startswith("none before, so at least ")
    assert listed["now"][0] == 41
    assert "battery" in listed["terms"][0]
    assert not app.exception


def test_narratives_without_a_finding_come_after_a_switch_and_stand_in_the_link(open_app: Open) -> None:
    app = open_app()
    assert app.toggle(key="all").label == "Also the 3 narratives without a finding"
    app.toggle(key="all").set_value(True).run()
    assert table(app)["status"].to_list()[0] == "▲ emerging"
    assert "▲ emerging" not in table(app)["status"].to_list()[1:]
    assert len(table(app)) == 4
    assert app.query_params["all"] == "yes"
    assert len(table(open_app(all="yes"))) == 4


def test_posts_of_the_first_narrative_show_as_inert_text(open_app: Open, posts: list[Post]) -> None:
    app = open_app()
    shown = {text.value for text in app.text}
    recall = {post["text"] for post in posts if "recall" in post["text"]}
    assert len(shown & recall) == 4
    assert not any(text in str(markdown.value) for markdown in app.markdown for text in shown)


def test_a_click_on_a_row_shows_it_below_and_puts_it_into_the_link(
    open_app: Open, kept: Run, posts: list[Post]
) -> None:
    app = open_app(all="yes")
    row = table(app)["terms"].str.contains("lluvia").to_list().index(True)
    second = table(app)["why"][row]
    choose(app, row=row)
    assert second in read(app)
    assert app.query_params["narrative"] == str(narrative_of(kept, posts, "lluvia"))
    press(app, "Open this narrative")
    assert app.title[0].value == "Narrative"
    assert second in read(app)


def test_the_filters_leave_what_passes_them(open_app: Open) -> None:
    app = open_app(all="yes")
    app.multiselect(key="lang").set_value(["de"]).run()
    assert len(table(app)) == 1
    assert "Also the 1 narrative without a finding" in app.toggle(key="all").label
    assert app.query_params["lang"] == "de"
    app.multiselect(key="lang").set_value([]).run()
    app.toggle(key="emerging").set_value(True).run()
    assert table(app)["status"].to_list() == ["▲ emerging"]
    assert app.query_params["emerging"] == "yes"
    app.toggle(key="emerging").set_value(False).run()
    app.text_input(key="search").set_value("BREAD").run()
    assert len(table(app)) == 1
    assert "bread" in table(app)["terms"][0]


def test_filters_that_nothing_passes_say_how_to_widen_them(open_app: Open) -> None:
    app = open_app()
    app.number_input(key="posts").set_value(10_000).run()
    assert app.info[0].value.startswith("Nothing passes these filters. Clear the languages or open “More filters”")
    assert not app.dataframe
    assert not app.exception


def test_where_nothing_is_a_finding_the_page_says_what_to_do(open_app: Open) -> None:
    app = open_app(as_of="2026-03-14T00:00Z")
    assert "None of 3 narratives grew beyond what was to be expected in the 24 h to 14 Mar 2026 00:00 UTC." in read(app)
    assert app.info[0].value.startswith(
        "Nothing to look at first at this moment. Move the moment, take a longer window"
    )
    assert not app.dataframe
    app.toggle(key="all").set_value(True).run()
    assert len(table(app)) == 3
    assert not app.exception


def test_another_window_changes_figures_words_and_link(open_app: Open) -> None:
    app = open_app()
    app.selectbox(key="window").set_value(72).run()
    assert "in the last 3 days" in read(app)
    assert app.query_params["window"] == "72"
    app.toggle(key="all").set_value(True).run()
    app.selectbox(key="window").set_value(1).run()
    assert "in the last 1 h" in read(app)
    assert table(app)["now"].max() < 40


def test_an_earlier_moment_is_marked_as_hindsight_and_counts_only_what_was_there(open_app: Open) -> None:
    app = open_app()
    assert "Hindsight" not in read(app)
    app.datetime_input(key="_moment").set_value(at(12)).run()
    assert "Hindsight: the narratives were formed from all posts of the run" in read(app)
    assert "None of 3 narratives grew beyond what was to be expected in the 24 h to 14 Mar 2026" in read(app)
    app.toggle(key="all").set_value(True).run()
    assert all("in the 24 h to 14 Mar 2026 00:00 UTC" in why for why in table(app)["why"])
    assert app.query_params["as_of"] == "2026-03-14T00:00:00Z"


def test_an_earlier_moment_can_be_explored_anew_as_of_then(open_app: Open, full: Run, home: Path) -> None:
    assert not [button for button in open_app().button if "as of then" in button.label]
    app = open_app(as_of="2026-03-14T00:00Z")
    press(app, "Form the narratives as of then")
    (job,) = jobs.list_jobs(workspace_at(home))
    assert job.run == {"snapshot": full.snapshot_id} | full.config.as_json() | {"as_of": "2026-03-14T00:00:00+00:00"}
    assert "Exploring posts" in read(app)


def test_a_run_as_of_then_that_is_there_is_shown_and_says_what_it_knows(
    open_app: Open, full: Run, home: Path, posts: list[Post]
) -> None:
    then = explored(workspace_at(home), posts, as_of=at(12))
    app = open_app(run=full.id, as_of="2026-03-14T00:00Z")
    press(app, "Form the narratives as of then")
    assert not jobs.list_jobs(workspace_at(home))
    assert app.query_params["run"] == then.id
    assert "Explored with the posts before 14 Mar 2026 00:00 UTC only" in read(app)
    assert "Hindsight" not in read(app)
    assert "of the file" not in read(app)
    assert "Explored with the posts before 14 Mar 2026 00:00 UTC only" in read(open_app("narrative", run=then.id))


def test_the_button_of_the_filters_counts_those_in_force(open_app: Open) -> None:
    assert filters(open_app()) == "More filters"
    app = open_app(posts=5, emerging="yes")
    assert filters(app) == "More filters (2)"
    app.text_input(key="search").set_value("bread").run()
    assert filters(app) == "More filters (3)"


def filters(app: AppTest) -> str:
    """What stands on the button of the popover."""
    popovers = [block.proto.popover.label for block in app.get("popover")]
    return next(label for label in popovers if label.startswith("More"))


def test_before_the_first_post_there_is_nothing_and_the_page_says_where_to_go(open_app: Open, kept: Run) -> None:
    assert kept.first_at is not None
    for page in ("emerging", "narrative", "map"):
        app = open_app(page, as_of=(kept.first_at - timedelta(days=400)).isoformat())
        assert "No narrative has a post before" in read(app)
        assert "Move the time forward" in app.info[0].value
        assert not app.exception


def test_the_baseline_can_be_longer(open_app: Open) -> None:
    app = open_app()
    app.selectbox(key="baseline").set_value(14).run()
    assert "none in the 12 days before (all that the snapshot holds)" in read(app)
    assert app.query_params["baseline"] == "14"


def test_a_link_restores_the_view(open_app: Open, kept: Run, posts: list[Post]) -> None:
    bread = narrative_of(kept, posts, "bread")
    link = {
        "all": "yes",
        "run": kept.id,
        "window": 72,
        "as_of": "2026-03-14T00:00Z",
        "lang": "en~es",
        "posts": 5,
        "baseline": 14,
    }
    app = open_app(**link, narrative=bread)
    assert app.selectbox(key="window").value == 72
    assert field(app) == at(12)
    assert app.multiselect(key="lang").value == ["en", "es"]
    assert app.number_input(key="posts").value == 5
    assert app.selectbox(key="baseline").value == 14
    assert app.query_params["narrative"] == str(bread)
    assert len(table(app)) == 2


@pytest.mark.parametrize(
    "link",
    [
        {"window": "5", "as_of": "yesterday", "baseline": "x", "lang": "xx~~yy", "region": "<b>", "posts": "-1"},
        {"window": "-24", "as_of": "99999-01-01", "emerging": "perhaps", "narrative": "-1", "posts": "9" * 30},
        {"narrative": "9" * 30, "as_of": "", "lang": "~", "baseline": "28 ", "window": "24.0"},
        {"narrative": "²", "snapshot": "../x", "run": "../../x"},
    ],
)
def test_a_link_with_nonsense_shows_the_page_all_the_same(open_app: Open, link: dict[str, str]) -> None:
    for page in ("emerging", "narrative"):
        app = open_app(page, **link)
        assert not app.exception
        assert not app.error
        assert app.title[0].value == page.capitalize()
        assert "41 of 57 active accounts posted this in the last 24 h" in read(app)


def field(app: AppTest) -> datetime:
    """The moment that the field shows, which knows no zone: it is UTC."""
    chosen = app.datetime_input(key="_moment").value
    assert chosen is not None
    return chosen.replace(tzinfo=UTC)


def shown_minute(run: Run) -> datetime:
    """The time of the last post as the field shows it."""
    assert run.last_at is not None
    return run.last_at.replace(second=0, microsecond=0)


def test_a_field_that_is_cleared_turns_back_to_where_the_file_opens(open_app: Open, kept: Run) -> None:
    app = open_app(as_of="2026-03-14T00:00Z")
    app.datetime_input(key="_moment").set_value(None).run()
    assert field(app) == shown_minute(kept)
    assert "Hindsight" not in read(app)


def test_while_the_moments_are_not_there_yet_one_line_says_that_they_come(open_app: Open) -> None:
    app = open_app()
    assert "Where in this file narratives were emerging is being looked up" in read(app)
    assert strips(app) == []


def test_a_strip_shows_the_moments_with_findings_and_a_click_goes_there(open_app: Open, full: Run) -> None:
    moments.measure(full)
    app = open_app()
    assert "Moments with findings: 1 of 14 days; the most on 15 Mar 2026" in read(app)
    assert "is being looked up" not in read(app)
    (strip,) = strips(app)
    key = re.search(r"moments-\w+-\d+", strip.proto.id)
    assert key is not None
    app.session_state[key[0]] = {"selection": {"moment": [{"moment": "2026-03-14T00:00:00+00:00"}]}}
    app.run()
    assert field(app) == at(12)
    assert app.query_params["as_of"] == "2026-03-14T00:00:00Z"
    assert "in the 24 h to 14 Mar 2026 00:00 UTC" in read(app)
    assert not app.exception


def test_a_file_without_times_has_no_strip(open_app: Open, home: Path, posts: list[Post]) -> None:
    run = explored(workspace_at(home), without(posts, "created_at"))
    moments.measure(run)
    app = open_app(run=run.id)
    assert strips(app) == []
    assert "looked up" not in read(app)
    assert not app.exception


def test_a_file_that_ends_thinly_opens_at_the_last_moment_that_can_be_judged(open_app: Open, home: Path) -> None:
    usual = [post(n, f"bread {n % 9}", created_at=at(n // 40 + 0.5), author_id=f"a{n % 40}") for n in range(480)]
    stray = [post(9000 + n, f"late {n}", created_at=at(13, second=n), author_id=f"s{n}") for n in range(7)]
    run = run_with(workspace_at(home), [*usual, *stray], groups=["bread"])
    app = open_app(run=run.id)
    said = "The file ends thinly: only 7 accounts in its last 24 h. Shown as of 14 Mar 2026 12:00 UTC"
    assert said in read(app)
    assert field(app) == at(12.5)
    assert app.query_params["as_of"] == "2026-03-14T12:00:00Z"
    press(app, "Go to its end")
    assert field(app) == at(13)
    assert said not in read(app)
    assert "Only 7 accounts active in these 24 h: too few to show much" in read(app)
    assert not app.exception


def strips(app: AppTest) -> list[Any]:
    """The strips of moments on the page."""
    return [chart for chart in app.get("vega_lite_chart") if "moments-" in chart.proto.id]


def test_a_moment_after_the_last_post_becomes_the_last_post(open_app: Open, kept: Run) -> None:
    app = open_app(as_of="2031-01-01T00:00Z")
    assert field(app) == shown_minute(kept)
    assert "Hindsight" not in read(app)


def test_the_last_post_is_counted_at_the_end_of_the_field_and_from_a_link(open_app: Open, kept: Run) -> None:
    assert kept.last_at is not None
    usual = open_app()
    for moment in (kept.last_at, shown_minute(kept)):
        app = open_app(as_of=moment.isoformat())
        assert field(app) == shown_minute(kept)
        assert "Hindsight" not in read(app)
        pd.testing.assert_frame_equal(table(app), table(usual))


def test_two_sessions_do_not_disturb_each_other(open_app: Open) -> None:
    one, other = open_app(all="yes"), open_app(all="yes")
    one.multiselect(key="lang").set_value(["de"]).run()
    one.selectbox(key="window").set_value(72).run()
    other.run()
    assert len(table(one)) == 1
    assert len(table(other)) == 4
    assert other.selectbox(key="window").value == 24
    assert "in the last 24 h" in read(other)
