"""Snapshots: what is here and how good it is, what a file would become, and the job that loads it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explore import jobs
from explore.narratives.run import Run
from explore.posts.snapshots import LoadOptions, list_snapshots, load
from explore.settings import Workspace, workspace_at
from tests.narratives.making import NOW, Post, at, explored, post, stream, without, written
from tests.pages.conftest import Open, ended, press, read, table


def by_path(app: AppTest, path: Path | str) -> AppTest:
    """Name a file on this machine."""
    app.segmented_control[0].set_value("Path on this machine").run()
    return app.text_input[0].set_value(str(path)).run()


@pytest.mark.usefixtures("full")
def test_snapshots_are_listed_with_their_quality(open_app: Open) -> None:
    app = open_app("snapshots")
    shelf = next(frame.value for frame in app.dataframe if "runs" in frame.value)
    assert shelf[["name", "posts", "runs"]].to_numpy().tolist() == [["posts", 280, 1]]
    assert "280 posts of 280 records came in; 0 were quarantined, 0 were exact repeats." in read(app)
    missing = next(frame.value for frame in app.dataframe if "missing" in frame.value).set_index("field")["missing"]
    assert missing["text"] == 0
    assert missing["region"] == 100
    assert "No regions: the region filter stays empty" in read(app)
    assert "No accounts" not in read(app)
    assert not app.exception


def test_records_that_were_quarantined_are_counted_with_their_reason(open_app: Open, workspace: Workspace) -> None:
    posts = [post(number, f"some words {number}", created_at=at(1, second=number)) for number in range(30)]
    bad = [post(99, "words of the thirtieth of February") | {"created_at": "2026-02-30T10:00:00Z"}]
    path = written(workspace.home.parent / "mixed.csv", [*posts, *bad])
    load([path], workspace, now=NOW)
    app = open_app("snapshots")
    assert "30 posts of 31 records came in; 1 were quarantined" in read(app)
    reasons = next(frame.value for frame in app.dataframe if "meaning" in frame.value)
    assert reasons["records"].to_list() == [1]


def test_a_path_that_leads_nowhere_is_refused_with_its_sentence(open_app: Open) -> None:
    app = by_path(open_app("snapshots"), "no/such/file.csv")
    assert app.error[0].value == "This file cannot be loaded like this."
    assert "There is no file 'file.csv'; check the path." in read(app)
    assert not app.exception
    assert not [button for button in app.button if button.label == "Load and explore"]


def test_a_file_without_a_text_column_is_refused_and_named(open_app: Open, tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("a,b\n1,2\n3,4\n")
    app = by_path(open_app("snapshots"), tmp_path / "numbers.csv")
    assert "here you choose the column in the table above" in read(app)
    assert not app.exception


def test_a_good_file_shows_its_mapping_before_anything_is_loaded(
    open_app: Open, workspace: Workspace, tmp_path: Path
) -> None:
    app = by_path(open_app("snapshots"), written(tmp_path / "export.csv", without(stream(each=10), "views")))
    said = read(app)
    assert "export.csv: CSV, separated by commas" in said
    assert "No views: reach stays unknown; the views of narratives and their curve are absent." in said
    assert "No times" not in said
    fields = table(app).set_index("field")["source"]
    assert fields["text"] == "text"
    assert fields["views"] == "(not in this file)"
    assert jobs.list_jobs(workspace) == []


def test_what_was_guessed_is_told_before_loading_in_the_words_of_the_page(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("id,created_at,words_of_it\n1,2024-05-01T10:00:00Z,rain all week\n2,2024-05-01T11:00:00Z,no bus\n")
    said = read(by_path(open_app("snapshots"), path))
    assert "text: column 'words_of_it' (guessed by what it holds" in said
    assert "Choose another above." in said
    assert "--map" not in said


def test_a_file_loaded_from_the_page_and_from_the_command_line_gives_the_same_report(
    open_app: Open, workspace: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "odd.csv"
    lines = [f"{n},2024-05-01T1{n}:00:00Z,rain all week {n},no bus today {n},u{n % 3}" for n in range(9)]
    path.write_text("\n".join(["id,at,words_of_it,other_words,display_name", *lines, ""]))
    press(by_path(open_app("snapshots"), path), "Load and explore")
    (job,) = jobs.list_jobs(workspace)
    assert job.load is not None
    here = load([path], workspace, options=LoadOptions(**job.load["options"]), now=NOW)
    there = load([path], workspace_at(tmp_path / "there"), now=NOW)
    assert here == there
    assert here.mapping_how["text"] == "content"
    assert any("was taken for the text by what it holds" in note for note in here.notes)
    said = read(open_app("snapshots"))
    assert set(here.notes) <= set(said.split("\n"))
    assert "here, add the file again and choose the column in its table." in said


def test_a_file_in_other_quotes_and_separators_says_so(open_app: Open, tmp_path: Path) -> None:
    posts = [["id", "created_at", "text"], *([str(n), "2024-05-01T10:00:00Z", f"it''s words {n}"] for n in range(5))]
    single = tmp_path / "single.csv"
    single.write_text("".join(",".join(f"'{cell}'" for cell in row) + "\n" for row in posts))
    assert "single.csv: CSV, separated by commas, cells in single quotes ('), " in read(
        by_path(open_app("snapshots"), single)
    )
    legal = tmp_path / "load.dat"
    legal.write_text("".join("\x14".join(f"þ{cell}þ" for cell in row) + "\n" for row in posts), encoding="utf-8")
    said = read(by_path(open_app("snapshots"), legal))
    assert "separated by the control character 14, as Concordance writes, cells between þ and þ, " in said


def test_load_and_explore_puts_one_job_into_the_queue(open_app: Open, workspace: Workspace, tmp_path: Path) -> None:
    path = written(tmp_path / "export.csv", stream(each=10))
    app = by_path(open_app("snapshots"), path)
    next(box for box in app.text_input if box.label == "Name of the snapshot").set_value("August").run()
    next(box for box in app.number_input if box.label == "Seed").set_value(7).run()
    press(app, "Load and explore")
    (job,) = jobs.list_jobs(workspace)
    assert (job.title, job.state) == ("August", "waiting")
    assert job.load is not None
    assert job.load["paths"] == [str(path)]
    assert job.load["remove_after"] is False
    assert job.load["options"]["name"] == "August"
    assert job.load["options"]["tz"] == "UTC"
    assert job.load["options"]["columns"] == {}
    assert job.run == {"granularity": "medium", "encoder": "lexical", "seed": 7}
    assert "Exploring August" in read(app)
    assert [button.label for button in app.button if button.label == "Cancel"] == ["Cancel"]


def test_an_upload_is_kept_in_the_workspace_until_it_is_loaded(
    open_app: Open, workspace: Workspace, tmp_path: Path
) -> None:
    content = written(tmp_path / "export.csv", stream(each=10)).read_bytes()
    app = open_app("snapshots")
    app.file_uploader[0].set_value(("../../evil name.csv", content, "text/csv")).run()
    assert "separated by commas" in read(app)
    press(app, "Load and explore")
    (job,) = jobs.list_jobs(workspace)
    assert job.load is not None
    kept = Path(job.load["paths"][0])
    assert kept.read_bytes() == content
    assert kept.is_relative_to(workspace.uploads)
    assert kept.name == "evil_name.csv"
    assert job.load["remove_after"] is True


def test_a_snapshot_can_be_explored_again(open_app: Open, full: Run, workspace: Workspace) -> None:
    app = open_app("snapshots")
    press(app, "Explore this snapshot")
    (job,) = jobs.list_jobs(workspace)
    assert job.load is None
    assert job.run == {"snapshot": full.snapshot_id, "granularity": "medium", "encoder": "lexical", "seed": 1}


def test_what_became_of_earlier_jobs_is_told_to_everyone(open_app: Open, workspace: Workspace) -> None:
    ended(workspace, title="August", state="failed", message="Column 'text' is missing.")
    app = open_app("snapshots")
    told = next(frame.value for frame in app.dataframe if "message" in frame.value)
    assert told[["title", "state", "message"]].to_numpy().tolist() == [
        ["August", "failed", "Column 'text' is missing."]
    ]


@pytest.mark.usefixtures("full")
def test_the_posts_of_a_file_are_never_read_as_markup(open_app: Open, tmp_path: Path) -> None:
    hostile: list[Post] = [post(n, f"![x](http://127.0.0.1:9/{n}) <script>{n}</script>") for n in range(20)]
    app = by_path(open_app("snapshots"), written(tmp_path / "hostile.csv", hostile))
    assert not [each for each in (*app.markdown, *app.caption) if "127.0.0.1" in str(each.value)]
    assert not app.exception


def test_a_column_of_times_that_nothing_takes_is_pointed_out(open_app: Open, tmp_path: Path) -> None:
    lines = [f"{n},some words of a post {n},user-{n},{n}. marraskuuta 2024" for n in range(1, 9)]
    (tmp_path / "vendor.csv").write_text("\n".join(["id,text,user_id,sent on", *lines, ""]))
    app = by_path(open_app("snapshots"), tmp_path / "vendor.csv")
    assert "Looks like times: sent on. Choose it for created_at above." in read(app)
    left = next(frame.value for frame in app.dataframe if "column" in frame.value).set_index("column")["values"]
    assert left["sent on"].startswith("1. marraskuuta 2024 │")
    assert not [frame for frame in app.dataframe if "user-1" in frame.value.to_string()]


def test_rows_that_would_be_quarantined_say_why_above_the_table(open_app: Open, tmp_path: Path) -> None:
    lines = [f"{n},some words of a post {n},{638_501_472_000_000_000 + n}" for n in range(8)]
    (tmp_path / "ticks.csv").write_text("\n".join(["id,text,timestamp", *lines, ""]))
    said = read(by_path(open_app("snapshots"), tmp_path / "ticks.csv"))
    assert "5 of these 5 rows would be quarantined: column 'timestamp' holds '638501472000000000'" in said
    assert "2024-05-01 in ticks from the year 1, as .NET does" in said


def test_the_snapshot_of_the_sidebar_is_the_one_that_is_shown_and_would_be_deleted(
    open_app: Open, full: Run, workspace: Workspace
) -> None:
    later = explored(workspace, stream(each=40, seed=2))
    app = open_app("snapshots", snapshot=full.snapshot_id, run=full.id)
    aside = next(box for box in app.selectbox if box.label == "Snapshot")
    assert aside.value == full.snapshot_id
    assert "Delete 'posts', 280 posts and 1 run" in read(app)
    assert f"Snapshot {full.snapshot_id} · SHA-256" in read(app)
    aside.set_value(later.snapshot_id).run()
    assert f"Snapshot {later.snapshot_id} · SHA-256" in read(app)
    assert "160 posts and 1 run" in read(app)
    next(box for box in app.checkbox if box.label.startswith("I am sure")).check().run()
    press(app, "Delete this snapshot")
    assert [one.id for one in list_snapshots(workspace)] == [full.snapshot_id]


def test_a_snapshot_without_a_run_is_shown_when_its_row_is_chosen(
    open_app: Open, full: Run, workspace: Workspace
) -> None:
    path = written(workspace.home.parent / "unexplored.csv", stream(each=10, seed=3))
    load([path], workspace, now=NOW)
    app = open_app("snapshots", snapshot=full.snapshot_id, run=full.id)
    shelf = next(frame for frame in app.dataframe if "runs" in frame.value)
    key = re.search(r"shelf-[0-9a-z-]+", shelf.proto.id)
    assert key is not None
    row = shelf.value["name"].tolist().index("unexplored")
    app.session_state[key[0]] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    app.run()
    assert "Delete 'unexplored', 40 posts and 0 runs" in read(app)
