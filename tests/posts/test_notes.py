from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from explore.errors import Refused
from explore.posts.notes import carry_notes, change_notes, due_at, read_notes, remove_notes
from explore.posts.snapshots import list_snapshots, open_snapshot
from explore.settings import Workspace
from tests.posts.making import NOW, csv_of, loaded, rows


def test_a_new_name_is_used_everywhere_and_changes_no_file_of_the_snapshot(
    workspace: Workspace, tmp_path: Path
) -> None:
    report, _ = loaded(workspace, tmp_path, csv_of(*rows(3)), name="May")
    before = {path: path.read_bytes() for path in (workspace.snapshots / report.snapshot).iterdir()}
    change_notes(workspace, report.snapshot, now=NOW, name="  Week   32 ")
    renamed = open_snapshot(workspace, "Week 32")
    assert (renamed.id, renamed.manifest["name"], list_snapshots(workspace)) == (report.snapshot, "Week 32", [renamed])
    assert {path: path.read_bytes() for path in renamed.folder.iterdir()} == before
    with pytest.raises(Refused, match="No snapshot 'May'"):
        open_snapshot(workspace, "May")


def test_what_is_not_changed_stays(workspace: Workspace) -> None:
    change_notes(workspace, "s1", now=NOW, name="one", keep_days=30)
    change_notes(workspace, "s1", now=NOW, note="from the vendor")
    changed = change_notes(workspace, "s1", now=NOW, keep_days=None)
    assert (changed.name, changed.note, changed.keep_days, changed.version) == ("one", "from the vendor", None, 3)
    assert read_notes(workspace, "s1") == changed


def test_of_two_people_the_second_sees_what_the_first_said(workspace: Workspace) -> None:
    seen = read_notes(workspace, "s1").version
    change_notes(workspace, "s1", now=NOW, name="first", seen=seen)
    with pytest.raises(Refused, match="Somebody else has changed this snapshot meanwhile: it is called 'first'"):
        change_notes(workspace, "s1", now=NOW, name="second", seen=seen)
    assert read_notes(workspace, "s1").name == "first"


def test_changes_at_once_are_all_kept_in_some_order(workspace: Workspace) -> None:
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda n: change_notes(workspace, "s1", now=NOW, name=f"name {n}"), range(12)))
    folder = workspace.home / "notes" / "s1"
    assert read_notes(workspace, "s1").version == 12
    assert sorted(path.name for path in folder.iterdir()) == [f"{n:06}.json" for n in range(1, 13)]


def test_damaged_notes_are_passed_over(workspace: Workspace) -> None:
    change_notes(workspace, "s1", now=NOW, name="good")
    (workspace.home / "notes" / "s1" / "000002.json").write_text("{")
    assert read_notes(workspace, "s1").name == "good"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": " "}, "at least one character"),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"name": "a\u202eb"}, "none of them invisible"),
        ({"keep_days": 0}, "1 to 36,500 days, or for ever; 0 is neither"),
    ],
)
def test_notes_that_cannot_be_are_refused(workspace: Workspace, changes: dict[str, object], says: str) -> None:
    with pytest.raises(Refused, match=says):
        change_notes(workspace, "s1", now=NOW, **changes)
    assert read_notes(workspace, "s1").version == 0


def test_notes_can_be_carried_over_and_removed(workspace: Workspace) -> None:
    change_notes(workspace, "old", now=NOW, name="one", keep_days=7)
    carry_notes(workspace, "old", "new", now=NOW)
    remove_notes(workspace, "old")
    assert (read_notes(workspace, "new").name, read_notes(workspace, "new").keep_days) == ("one", 7)
    assert read_notes(workspace, "old").version == 0
    assert due_at(read_notes(workspace, "new"), NOW) == NOW + timedelta(days=7)
    assert due_at(read_notes(workspace, "old"), NOW) is None
