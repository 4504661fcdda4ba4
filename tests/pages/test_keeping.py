"""The parts of the Snapshots page about keeping: each on a page of its own, in this test's workspace."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explore import jobs
from explore.casework.removals import list_removals
from explore.files import write_json
from explore.posts import mappings
from explore.posts.notes import change_notes, read_notes
from explore.posts.snapshots import LoadOptions, Snapshot, list_snapshots, load, open_snapshot
from explore.settings import Workspace
from tests.narratives.making import NOW


def quality_page() -> None:
    from explore import session
    from pages import keeping

    snapshot = session.snapshots()[0]
    found = session.quality_of(snapshot)
    keeping.volume(found)
    keeping.accounts(found)
    keeping.quarantine_download(snapshot, found)


def manage_page() -> None:
    import streamlit as st

    from explore import session
    from pages import keeping

    kept = session.snapshots()
    if kept:
        keeping.manage(kept[0], kept)
    else:
        st.text("nothing left")


def mapping_page() -> None:
    from pathlib import Path

    import streamlit as st

    from explore import session
    from explore.posts.mapping import changed
    from explore.posts.readers import preview
    from pages import keeping

    seen = preview(Path(st.text_input("path", key="path")))
    begun = keeping.start(seen, keeping.append_target(session.snapshots()))
    st.text(begun.said)
    keeping.keep_mapping(
        seen, begun.mapping, {"tz": begun.tz, "date_order": begun.date_order, "delimiter": begun.delimiter}
    )
    st.json(changed(begun.mapping, seen))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Twelve days of posts with a day missing, by two accounts, and one bad record."""
    lines = [
        f"{day}-{n},2024-05-{day:02}T{n % 24:02}:{n % 60:02}:{n * 7 % 60:02}Z,words {day} {n},"
        f"{'busy' if n % 3 else 'b'}"
        for day in range(1, 13)
        if day != 5
        for n in range(72)
    ]
    path = tmp_path / "posts.csv"
    path.write_text("\n".join(["id,created_at,text,author", *lines, "x,soon,bad,busy\n"]))
    return path


@pytest.fixture
def snapshot(workspace: Workspace, file: Path) -> Snapshot:
    return open_snapshot(workspace, load([file], workspace, options=LoadOptions(name="May"), now=NOW).snapshot)


def read(app: AppTest) -> str:
    return "\n".join(str(one.value) for one in [*app.text, *app.caption, *app.error, *app.markdown])


def shown(function: object) -> AppTest:
    app = AppTest.from_function(function, default_timeout=30).run()  # type: ignore[arg-type]
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    app.run()
    assert not app.exception
    return app


@pytest.mark.usefixtures("snapshot")
def test_the_quality_shows_the_hole_the_accounts_and_a_download() -> None:
    app = shown(quality_page)
    findings, accounts = (frame.value for frame in app.dataframe)
    assert findings["finding"].tolist() == ["Hole"]
    assert str(findings["start"].iloc[0]) == "2024-05-05 00:00:00+00:00"
    assert accounts["posts"].tolist() == [528, 264]
    assert "busy" not in str(accounts)
    assert [each.proto.label for each in app.get("download_button")] == ["Save the list of 1 quarantined record"]


def test_a_name_a_note_and_days_are_saved(workspace: Workspace, snapshot: Snapshot) -> None:
    app = shown(manage_page)
    app.text_input[0].set_value("Case 7")
    app.text_area[0].set_value("from the vendor")
    app.number_input[0].set_value(30)
    press(app, "Save")
    notes = read_notes(workspace, snapshot.id)
    assert (notes.name, notes.note, notes.keep_days) == ("Case 7", "from the vendor", 30)
    assert "A purge removes it after 1 Jul 2026" in read(app)


def test_the_second_of_two_people_sees_what_the_first_said(workspace: Workspace, snapshot: Snapshot) -> None:
    app = shown(manage_page)
    change_notes(workspace, snapshot.id, now=NOW, name="theirs")
    app.text_input[0].set_value("mine")
    press(app, "Save")
    assert "Somebody else has changed this snapshot meanwhile: it is called 'theirs'" in read(app)
    assert read_notes(workspace, snapshot.id).name == "theirs"


def test_two_snapshots_are_compared(workspace: Workspace, snapshot: Snapshot, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("id,created_at,text,author\n1-1,2024-05-01T01:01:07Z,edited,b\nnew,2024-05-01T01:01:07Z,new,b\n")
    made = load([other], workspace, now=NOW.replace(year=2020)).snapshot
    app = shown(manage_page)
    app.selectbox[0].set_value(made).run()
    assert "1 post are in both" in read(app) or "1 post is in both" in read(app)
    assert app.dataframe[0].value["post_id"].tolist() == ["1-1"]
    assert snapshot.id != made


@pytest.mark.usefixtures("snapshot")
def test_a_snapshot_is_deleted_once_somebody_is_sure(workspace: Workspace) -> None:
    app = shown(manage_page)
    assert next(button for button in app.button if button.label == "Delete this snapshot").disabled
    app.checkbox[0].check().run()
    assert "Delete 'May', 792 posts and 0 runs" in read(app)
    assert app.checkbox[0].label == "I am sure: 792 posts and 0 runs go for good"
    press(app, "Delete this snapshot")
    assert (read(app), list_snapshots(workspace)) == ("nothing left", [])


def test_a_snapshot_that_a_job_needs_cannot_be_deleted(workspace: Workspace, snapshot: Snapshot) -> None:
    jobs.submit(workspace, title="May", run={"snapshot": snapshot.id}, now=NOW)
    app = shown(manage_page)
    app.checkbox[0].check().run()
    assert next(button for button in app.button if button.label == "Delete this snapshot").disabled
    assert "Job 1 needs it and has not ended." in read(app)


def test_an_account_is_erased_and_its_runs_are_put_into_the_queue(workspace: Workspace, snapshot: Snapshot) -> None:
    config = {"encoder": "lexical", "granularity": "fine", "seed": 1, "as_of": None}
    run = {"id": "r1", "snapshot": {"id": snapshot.id}, "created_at": NOW.isoformat(), "config": config, "files": {}}
    write_json(workspace.runs / "r1" / "manifest.json", run)
    app = shown(manage_page)
    author = next(field for field in app.text_input if field.key == "erase-author")
    author.set_value("nobody").run()
    assert "No snapshot holds a post of this account." in read(app)
    author.set_value("busy").run()
    assert "528 posts in 1 snapshot, 1 run to make anew." in read(app)
    press(app, "Erase for good")
    (left,) = list_snapshots(workspace)
    assert (left.n_posts, left.name, list_removals(workspace)[0].kind) == (264, "May", "erased")
    (job,) = jobs.list_jobs(workspace)
    assert job.run == {"snapshot": left.id, **config}


def test_a_mapping_is_saved_and_offered_again(workspace: Workspace, snapshot: Snapshot, file: Path) -> None:
    app = AppTest.from_function(mapping_page, default_timeout=30)
    app.session_state["path"] = str(file)
    app.run()
    assert "Columns found by name and content." in read(app)
    next(field for field in app.text_input if field.key == "mapping-name").set_value("vendor").run()
    press(app, "Save")
    app.run()
    assert "Mapping 'vendor', saved on" in read(app)
    assert [one.name for one in mappings.saved_mappings(workspace)] == ["vendor"]
    app.selectbox[0].set_value(snapshot.id).run()
    assert "Read as May was." in read(app)
    assert '"author_id": "author"' in app.json[0].value
    assert '"views"' not in app.json[0].value
