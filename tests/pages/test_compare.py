"""Compare: what became of the narratives between runs, in words, a flow, a table and one curve."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import streamlit as st

from explore.jobs import list_jobs
from explore.narratives import lineage
from explore.narratives.chain import chained
from explore.narratives.run import Run
from explore.settings import workspace_at
from tests.narratives.making import Post, run_with, without
from tests.narratives.test_lineage import FIRST, SECOND, numbered, talk
from tests.pages.conftest import Open, press, read, specs, table

HOSTILE = "![x](http://127.0.0.1/x)"


def weeks(home: Path) -> list[Run]:
    """Two weeks: bread goes on, trams end, pay begins with words that would be an image in Markdown."""
    space = workspace_at(home)
    pay = [
        one | {"text": f"{HOSTILE} {one['text']}"}
        for one in talk("pay", days=SECOND, a_day=6, bank="strike union wage shift walkout picket")
    ]
    first = numbered(talk("bread", days=FIRST, a_day=6), talk("tram", days=FIRST, a_day=5))
    second = numbered(talk("bread", days=SECOND, a_day=6, seed=1), pay, start=999)
    return [
        run_with(space, posts, groups=groups)
        for posts, groups in ((first, ["bread", "tram"]), (second, ["bread", "pay"]))
    ]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    return weeks(tmp_path_factory.mktemp("weeks") / "workspace")


@pytest.fixture
def two(made: list[Run], home: Path) -> list[Run]:
    """Both weeks in this test's own workspace."""
    shutil.copytree(made[0].folder.parents[1], home)
    st.cache_resource.clear()
    return [Run(home / "runs" / run.id, run.manifest) for run in made]


def test_two_snapshots_are_compared_without_a_choice(open_app: Open, two: list[Run]) -> None:
    app = open_app("compare")
    assert not app.exception
    said = read(app)
    earlier = f"Since posts (medium, seed 1, {two[0].id[:6]})"  # both snapshots are called "posts"
    assert f"{earlier}: 2 narratives in the later run: 1 new and 1 going on" in said
    assert "Of the new, 1 had hardly anything like it before. 1 earlier one is gone." in said
    shown = table(app)
    assert shown["became"].to_list() == ["+ new", "− gone"]
    assert [shown["posts_now"].iloc[0], shown["posts_before"].iloc[1]] == [42, 35]
    flow, life = specs(app)
    assert "What became of" in " ".join(flow["title"]["text"])
    assert life["title"]["text"] == ["42 posts over 2 snapshots"]
    assert app.query_params["runs"] == "~".join(run.id for run in two)


def test_the_link_carries_the_runs_and_the_narrative_that_is_followed(open_app: Open, two: list[Run]) -> None:
    gone = open_app("compare", runs="~".join(run.id for run in two), followed="1-")
    assert "is gone: it had 35 posts" in read(gone)


@pytest.mark.usefixtures("two")
def test_what_goes_on_is_listed_when_asked_for(open_app: Open) -> None:
    app = open_app("compare")
    next(toggle for toggle in app.toggle if toggle.label.startswith("Also what goes on")).set_value(True).run()
    assert "= goes on" in table(app)["became"].to_list()


def test_a_narrative_opens_on_its_page_in_its_own_run(open_app: Open, two: list[Run]) -> None:
    app = open_app("compare", runs="~".join(run.id for run in two), followed="1-")
    press(app, "Open this narrative")
    assert not app.exception
    assert app.session_state["run"] == two[0].id
    assert app.session_state["narrative"] == 1


def test_runs_cut_differently_are_compared_with_a_caution(open_app: Open, two: list[Run], home: Path) -> None:
    fine = run_with(workspace_at(home), numbered(talk("bread", days=FIRST, a_day=6)), groups=["bread"],
                    granularity="fine")  # fmt: skip
    app = open_app("compare", runs=f"{fine.id}~{two[1].id}")
    assert "The runs differ in granularity (fine, then medium)" in read(app)


def test_one_run_says_what_to_load_next(open_app: Open, two: list[Run]) -> None:
    shutil.rmtree(two[0].folder)
    app = open_app("compare")
    assert not app.exception
    assert "There is only one run yet" in read(app)
    assert "Load the next file of posts" in read(app)


def test_without_any_run_the_page_says_how_to_begin(open_app: Open) -> None:
    app = open_app("compare")
    assert "Nothing has been explored yet" in read(app)


def test_a_run_that_is_gone_is_left_out_and_said(open_app: Open, two: list[Run]) -> None:
    app = open_app("compare", runs=f"{two[0].id}~0123456789abcdef~{two[1].id}")
    assert "A run that was asked for is not in this workspace" in read(app)
    assert len(specs(app)) == 2


def test_without_times_there_is_no_curve_and_no_growth(open_app: Open, home: Path) -> None:
    def bare(posts: list[Post]) -> list[Post]:
        return without(posts, "created_at")

    space = workspace_at(home)
    bread = run_with(space, bare(numbered(talk("bread", days=FIRST, a_day=6))), groups=["bread"])
    tram = run_with(space, bare(numbered(talk("tram", days=FIRST, a_day=6))), groups=["tram"])
    app = open_app("compare", runs=f"{bread.id}~{tram.id}")
    assert not app.exception
    assert "A file has no times, so growing and fading cannot be told" in read(app)
    assert "The files have no times, so there is no curve." in read(app)


@pytest.mark.usefixtures("two")
def test_words_of_posts_are_never_read_as_markdown(open_app: Open) -> None:
    app = open_app("compare")
    marked = [str(each.value) for kind in ("markdown", "caption", "info", "warning") for each in app.get(kind)]
    assert marked
    assert not [text for text in marked if "127.0.0.1" in text or "pay" in text]


def test_what_takes_long_is_a_job_whose_end_brings_the_result(
    open_app: Open, two: list[Run], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lineage, "HERE_UP_TO", 0)
    app = open_app("compare")
    assert not app.exception
    said = read(app)
    assert "These runs have not been compared yet" in said
    assert "Comparing 2 runs" in said
    app.run()
    jobs = list_jobs(workspace_at(home))
    assert [(job.state, job.compare) for job in jobs] == [("waiting", [run.id for run in two])]
    press(app, "Cancel")
    assert "Comparing 2 runs: cancelled" in read(app)
    assert len(list_jobs(workspace_at(home))) == 1  # what was cancelled does not begin again by itself
    press(app, "Try again")
    assert [job.state for job in list_jobs(workspace_at(home))] == ["waiting", "cancelled"]
    chained(two, cache=workspace_at(home).cache)
    app.run()
    assert table(app)["became"].to_list() == ["+ new", "− gone"]


def test_runs_of_one_snapshot_up_to_different_moments_have_names_that_say_so(open_app: Open, two: list[Run]) -> None:
    manifest = json.loads((two[0].folder / "manifest.json").read_text())
    manifest["config"]["as_of"] = "2022-06-01T00:00:00+00:00"
    (two[0].folder / "manifest.json").write_text(json.dumps(manifest))
    app = open_app("compare")
    assert any("as of 1 Jun 2022 00:00 UTC" in name for name in app.multiselect[0].options)


def test_files_that_have_nothing_to_do_with_each_other_are_not_put_together_by_themselves(
    open_app: Open, two: list[Run], home: Path
) -> None:
    shutil.rmtree(two[0].folder)
    tram = numbered(talk("tram", days=range(900, 907), a_day=5), start=5000)
    far = run_with(workspace_at(home), tram, groups=["tram"])
    app = open_app("compare", snapshot=far.snapshot_id, run=far.id)
    assert not app.exception
    assert "Choose two runs or more" in read(app)
    asked = open_app("compare", runs=f"{two[1].id}~{far.id}")
    assert "These two files share no post" in read(asked)
