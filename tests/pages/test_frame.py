"""The frame around the pages: empty and thin workspaces, jobs in every state, damage and faults, several runs."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from explore import jobs, session
from explore.narratives.run import Run
from explore.session import waiting
from explore.settings import PROJECT, Workspace
from tests.narratives.making import Post, explored, stream, without, written
from tests.pages.conftest import Open, ended, press, read, running, table

PAGES = ("emerging", "narrative", "map", "snapshots")
PROGRAM = """
import sys
from explore import session
from explore.jobs import launch
from streamlit.testing.v1 import AppTest
launch.start_worker = lambda workspace: type("Idle", (), {"poll": lambda self: None})()
app = AppTest.from_file(sys.argv[1], default_timeout=60).run()
for page in ("narrative", "map", "snapshots"):
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception and not app.error, page
    assert app.title[0].value == page.capitalize()
print(*sys.modules)
"""


# Nothing explored yet


@pytest.mark.parametrize("page", ["emerging", "narrative", "map"])
def test_an_empty_workspace_says_what_to_do_next(open_app: Open, page: str) -> None:
    app = open_app(page)
    assert app.title[0].value == page.capitalize()
    assert "Nothing has been explored yet" in read(app)
    assert [button.label for button in app.button] == ["Load a file of posts", "Explore the synthetic sample"]
    press(app, "Load a file of posts")
    assert app.title[0].value == "Snapshots"
    assert not app.exception


def test_a_first_start_explores_the_sample_once(
    open_app: Open, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = written(tmp_path / "sample.csv", stream(each=3))
    monkeypatch.setattr(waiting, "SAMPLE", sample)
    for _ in range(2):
        assert "Your first narratives are on their way" in read(open_app())
    (job,) = jobs.list_jobs(workspace)
    assert job.load == {"paths": [str(sample)], "options": {"name": "Sample (synthetic)"}, "remove_after": False}
    assert job.run == {}


def test_the_sample_can_be_asked_for(
    open_app: Open, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app()
    monkeypatch.setattr(waiting, "SAMPLE", written(tmp_path / "sample.csv", stream(each=3)))
    press(app, "Explore the synthetic sample")
    assert [job.title for job in jobs.list_jobs(workspace)] == ["Sample (synthetic)"]
    assert "Exploring Sample (synthetic)" in read(app)


# Jobs


def test_a_job_in_work_shows_its_stage_and_can_be_cancelled(open_app: Open, workspace: Workspace) -> None:
    job = running(workspace, stage="Laying out", done=0.4)
    app = open_app()
    assert "Exploring August" in read(app)
    (progress,) = app.get("progress")
    assert progress.proto.value == 40
    assert progress.proto.text.startswith("Laying out · ")
    press(app, "Cancel")
    found = jobs.find_job(workspace, job.id)
    assert found is not None
    assert found.state == "cancelled"


@pytest.mark.parametrize(
    ("state", "message"),
    [("failed", "Column 'text' is missing; choose one of body, title."), ("cancelled", "Cancelled."),
     ("interrupted", "This job was interrupted.")],
)  # fmt: skip
def test_a_job_that_did_not_end_well_says_why_in_any_session(
    open_app: Open, workspace: Workspace, state: str, message: str
) -> None:
    ended(workspace, state=state, message=message)
    app = open_app()
    assert f"August: {state}" in read(app)
    assert message in read(app)
    press(app, "Try again")
    assert "The file of this job is no longer there. Choose it again." in read(app)
    assert not app.exception


def test_trying_again_puts_the_job_into_the_queue_once_more(
    open_app: Open, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "gone.csv", stream(each=3))
    ended(workspace, state="interrupted")
    app = open_app()
    press(app, "Try again")
    assert [job.state for job in jobs.list_jobs(workspace)] == ["waiting", "interrupted"]
    assert "Exploring August" in read(app)


def test_a_followed_job_that_failed_can_be_dismissed(open_app: Open, full: Run, workspace: Workspace) -> None:
    job = ended(workspace, state="failed", message="Memory ran out.")
    app = open_app()
    assert "Memory ran out." not in read(app)
    app.session_state["job"] = job.id
    app.run()
    assert "Memory ran out." in read(app)
    press(app, "Dismiss")
    assert "Memory ran out." not in read(app)
    assert full.id[:6] in read(app)


def test_a_followed_job_that_is_done_leads_to_its_run(open_app: Open, full: Run, workspace: Workspace) -> None:
    result = {"snapshot": full.snapshot_id, "run": full.id}
    job = running(workspace, state="done", result=result, ended_at=session.now())
    app = open_app("snapshots", lang="de")
    app.session_state["job"] = job.id
    app.run()
    assert app.title[0].value == "Emerging"
    assert app.query_params["run"] == full.id
    assert "lang" not in app.query_params


def test_who_is_reading_is_not_carried_off_when_a_job_is_done(
    open_app: Open, full: Run, workspace: Workspace, posts: list[Post]
) -> None:
    other = explored(workspace, posts[:150])
    result = {"snapshot": other.snapshot_id, "run": other.id}
    job = running(workspace, state="done", result=result, ended_at=session.now())
    app = open_app("narrative", run=full.id, narrative=2)
    app.session_state["job"] = job.id
    app.run()
    assert app.title[0].value == "Narrative"
    assert app.query_params["run"] == full.id
    assert "August has been explored." in read(app)
    press(app, "Look at it")
    assert app.query_params["run"] == other.id
    assert "August has been explored." not in read(app)
    assert not app.exception


@pytest.mark.usefixtures("full")
def test_a_job_title_is_never_read_as_markup(open_app: Open, workspace: Workspace) -> None:
    running(workspace, title="![x](http://127.0.0.1:9/x) :material/x: **August**")
    for page in PAGES:
        app = open_app(page)
        assert not [each for each in (*app.markdown, *app.caption, *app.subheader) if "August" in str(each.value)]
        assert not app.exception


def test_the_sidebar_says_how_messages_were_compared(open_app: Open, full: Run) -> None:
    app = open_app(run=full.id)
    about = next(each for each in app.sidebar.caption if "lexical encoder" in str(each.value))
    assert "Messages are compared by the words they share" in about.help
    assert not app.sidebar.warning


def test_the_sidebar_names_a_language_that_the_encoder_could_not_read(open_app: Open, full: Run) -> None:
    file = full.folder / "manifest.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    told["encoder"] |= {"name": "static:potion", "unread": [{"lang": "de", "unread": 60, "messages": 70}]}
    file.write_text(json.dumps(told), encoding="utf-8")
    app = open_app(run=full.id)
    assert "could hardly read 60 of 70 German messages" in str(app.sidebar.warning[0].value)


# Damage and faults


@pytest.mark.parametrize("page", ["emerging", "narrative", "map"])
def test_a_damaged_run_is_refused_in_words(open_app: Open, full: Run, page: str) -> None:
    with (full.folder / "narratives.parquet").open("ab") as file:
        file.write(b"!")
    app = open_app(page)
    said = read(app)
    assert app.error[0].value == "This cannot be shown."
    assert f"Run {full.id} is damaged: narratives.parquet is not what was written." in said
    assert str(full.folder.parents[1]) in said
    assert not app.dataframe
    assert not app.exception
    app.switch_page("pages/snapshots.py").run()
    assert "280 posts of 280 records came in" in read(app)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("page", PAGES)
def test_a_fault_of_ours_is_one_sentence_on_the_page_and_a_traceback_in_the_log(
    open_app: Open, page: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(session, "quality_of" if page == "snapshots" else "listed", fails)
    with caplog.at_level(logging.ERROR, logger="groundswell"):
        app = open_app(page)
    assert app.error[0].value == "This page failed. That is a fault of Groundswell, not of your data."
    assert "secret detail" not in read(app)
    assert "secret detail" in caplog.text
    assert "Traceback" in caplog.text
    assert not app.exception


def test_a_page_that_was_opened_without_the_frame_gets_it(
    open_app: Open, full: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # a server whose first visitor opens a page by its link
    monkeypatch.setenv("EXPLORE_HOME", str(full.folder.parents[1]))
    monkeypatch.setattr(jobs, "ensure_worker", lambda _: None)
    app = open_app("map")
    assert PagesManager.uses_pages_directory is False
    assert app.selectbox(key="run").value == full.id
    assert app.title[0].value == "Map"


# Thin snapshots


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("author_id", "different messages in the last 24 h are about this"),
        ("views", "Reach unknown"),
        ("lang", "of 57 active accounts posted this in the last 24 h"),
        ("created_at", "none ranked by growth. Not testable: the file has no times"),
    ],
)
def test_a_snapshot_that_lacks_a_column_shows_what_can_be_known(
    open_app: Open, workspace: Workspace, posts: list[Post], missing: str, words: str
) -> None:
    explored(workspace, without(posts, missing))
    said = []
    for page in PAGES:
        app = open_app(page)
        said.append(read(app))
        assert app.title[0].value == page.capitalize()
        assert not app.exception
        assert not app.error
        if page == "emerging":
            shown = [column for column in table(app) if column in column_order(app)]
            assert ("reach" in shown) == (missing != "views")
            assert ("growth" in shown) == (missing != "created_at")
    assert words in "\n".join(said)


def column_order(app: object) -> list[str]:
    return list(app.dataframe[0].proto.column_order)  # type: ignore[attr-defined]


# Several runs


def test_another_run_is_picked_and_what_was_chosen_on_the_first_is_forgotten(
    open_app: Open, full: Run, workspace: Workspace, posts: list[Post]
) -> None:
    other = explored(workspace, posts[: len(posts) // 2], seed=2)
    app = open_app("narrative", run=full.id, narrative=3, window=72, lang="en")
    assert app.selectbox(key="run").value == full.id
    app.selectbox(key="snapshot").set_value(other.snapshot_id).run()
    assert app.query_params["run"] == other.id
    assert "window" not in app.query_params or app.query_params["window"] != "72"
    assert "lang" not in app.query_params
    assert not app.warning
    assert not app.exception


def test_snapshots_of_the_same_name_can_be_told_apart(
    open_app: Open, full: Run, workspace: Workspace, posts: list[Post]
) -> None:
    other = explored(workspace, posts[:100])
    names = open_app().selectbox(key="snapshot").options
    assert sorted(names) == sorted(f"posts ({run.snapshot_id[:6]})" for run in (full, other))


def test_a_run_that_is_not_here_is_not_passed_off_as_another(open_app: Open, full: Run) -> None:
    first = open_app("narrative", run=full.id).query_params["narrative"]
    asked = next(str(number) for number in full.narratives["narrative_id"] if str(number) != first)
    app = open_app("narrative", run="0123456789abcdef", narrative=asked)
    assert "The run that was asked for is not in this workspace." in app.warning[0].value
    assert app.query_params["run"] == full.id
    assert app.query_params["narrative"] != asked


def test_a_deleted_snapshot_takes_its_runs_out_of_the_picker(open_app: Open, full: Run, workspace: Workspace) -> None:
    shutil.rmtree(workspace.snapshots / full.snapshot_id)
    st.cache_resource.clear()
    app = open_app()
    assert "Nothing has been explored yet" in read(app)
    assert not app.exception


# The house


def test_no_page_brings_the_engine_into_the_web_process(full: Run) -> None:
    environment = {**os.environ, "EXPLORE_HOME": str(full.folder.parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(PROJECT / "app.py")],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert set(done.stdout.split()) & {"umap", "bertopic", "hdbscan", "numba", "pynndescent", "torch", "faiss"} == set()


def test_the_sidebar_says_how_many_narratives_the_other_levels_would_give(open_app: Open, full: Run) -> None:
    broad, fine = (full.manifest["levels"][name]["narratives"] for name in ("broad", "fine"))
    said = f"About {broad} broad or {fine} fine, and what is split off"
    assert said in [caption.value for caption in open_app().sidebar.caption]
