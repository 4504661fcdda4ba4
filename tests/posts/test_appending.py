from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from explore.errors import Refused
from explore.posts.appending import append, options_like
from explore.posts.comparing import compare
from explore.posts.history import history
from explore.posts.notes import change_notes, read_notes
from explore.posts.readers import preview
from explore.posts.rewriting import rows_since
from explore.posts.schema import POSTS_SCHEMA
from explore.posts.snapshots import LoadOptions, LoadReport, Snapshot, list_snapshots, load, open_snapshot
from explore.settings import PROJECT, Workspace
from tests.posts.making import NOW, jsonl_of, saved

LATER = NOW + timedelta(days=1)


def line(number: int, text: str = "words", **values: Any) -> dict[str, Any]:
    when = "2024-05-01T10:00:00Z"
    return {"id": str(number), "created_at": when, "text": f"{text} {number}", "author": "me"} | values


def today(workspace: Workspace, folder: Path, lines: Sequence[Any], name: str = "today") -> Snapshot:
    report = load([saved(folder, jsonl_of(*lines), f"{name}.jsonl")], workspace, now=NOW)
    return open_snapshot(workspace, report.snapshot)


def appended(
    workspace: Workspace, folder: Path, base: Snapshot, lines: Sequence[Any], **said: Any
) -> tuple[LoadReport, Snapshot]:
    path = saved(folder, jsonl_of(*lines), "tomorrow.jsonl")
    options = options_like(base, preview(path), **said)
    report = append([path], workspace, base=base, options=options, now=LATER)
    assert report.accepted + report.quarantined + report.duplicates == report.records
    made = open_snapshot(workspace, report.snapshot)
    counts = made.manifest["counts"]
    assert counts["accepted"] + counts["quarantined"] + counts["duplicates"] == counts["records"]
    assert sum(made.manifest["reasons"].values()) == counts["quarantined"]
    return report, made


def posts_of(snapshot: Snapshot) -> list[dict[str, Any]]:
    table = pq.read_table(snapshot.posts_path)
    assert table.schema.equals(POSTS_SCHEMA)
    return table.to_pylist()


def test_an_appended_file_makes_a_new_snapshot_with_the_old_rows_first(workspace: Workspace, tmp_path: Path) -> None:
    base = today(workspace, tmp_path, [line(n) for n in range(5)])
    before = {path: path.read_bytes() for path in base.folder.iterdir()}
    report, made = appended(workspace, tmp_path, base, [line(n) for n in range(3, 8)])
    assert (report.records, report.accepted, report.duplicates) == (5, 3, 2)
    assert [post["post_id"] for post in posts_of(made)] == [str(n) for n in range(8)]
    assert posts_of(made)[:5] == posts_of(base)
    assert {path: path.read_bytes() for path in base.folder.iterdir()} == before
    assert made.manifest["counts"] == {"records": 10, "accepted": 8, "quarantined": 0, "duplicates": 2}
    assert [one["name"] for one in made.manifest["files"]] == ["today.jsonl", "tomorrow.jsonl"]
    assert (made.name, rows_since(made), made.loaded_at) == (base.name, NOW, LATER)
    assert [path for path in workspace.snapshots.iterdir() if path.name.startswith(".")] == []


def test_later_counts_win_and_are_kept_as_history(workspace: Workspace, tmp_path: Path) -> None:
    base = today(workspace, tmp_path, [line(1, views=10, likes=1), line(2, views=5), line(3)])
    _, made = appended(workspace, tmp_path, base, [line(1, views=30), line(2, likes=7), line(4, views=1)])
    now = {post["post_id"]: (post["views"], post["likes"]) for post in posts_of(made)}
    assert now == {"1": (30, 1), "2": (5, 7), "3": (None, None), "4": (1, None)}
    seen = history(made, "1")
    assert seen["seen_at"].tolist() == [pd.Timestamp(NOW), pd.Timestamp(LATER)]
    assert seen["views"].tolist() == [10, 30]
    assert seen["likes"].isna().tolist() == [False, True]
    assert (len(history(made, "3")), history(made, "4")["views"].tolist()) == (0, [1])
    assert history(base, "1")[["views", "likes"]].to_numpy().tolist() == [[10, 1]]


def test_a_known_post_with_another_account_or_time_is_told_and_stays_as_it_was(
    workspace: Workspace, tmp_path: Path
) -> None:
    base = today(workspace, tmp_path, [line(n, views=1) for n in range(3)])
    later = [line(0, author="you"), line(1, created_at="2024-05-02T10:00:00Z", author="you"), line(2, views=2)]
    report, made = appended(workspace, tmp_path, base, later)
    assert len(report.notes) == 1
    assert "which is the one in the snapshot: created_at in 1, author_id in 2." in report.notes[0]
    assert made.load_notes == report.notes
    assert {(post["author_id"], post["created_at"].day) for post in posts_of(made)} == {("me", 1)}


def test_history_goes_on_over_a_third_file(workspace: Workspace, tmp_path: Path) -> None:
    base = today(workspace, tmp_path, [line(1, views=10)])
    _, second = appended(workspace, tmp_path, base, [line(1, views=20)])
    path = saved(tmp_path, jsonl_of(line(1, views=40), line(2, views=0)), "third.jsonl")
    report = append(
        [path], workspace, base=second, options=options_like(second, preview(path)), now=LATER + timedelta(days=1)
    )
    third = open_snapshot(workspace, report.snapshot)
    assert history(third, "1")["views"].tolist() == [10, 20, 40]
    assert (len(third.manifest["appended"]), rows_since(third)) == (2, NOW)


def test_a_known_post_with_another_text_is_kept_apart(workspace: Workspace, tmp_path: Path) -> None:
    base = today(workspace, tmp_path, [line(n) for n in range(9)])
    lines = [*(line(n) for n in range(7)), line(7, "edited", views=9)]
    report, made = appended(workspace, tmp_path, base, lines)
    assert (report.duplicates, report.reasons) == (7, {"same_id_other_text": 1})
    assert posts_of(made)[7] == posts_of(base)[7]
    apart = pq.read_table(made.quarantine_path).to_pylist()
    assert [(one["file"], one["record"], one["excerpt"]) for one in apart] == [("tomorrow.jsonl", None, "7: edited 7")]
    assert len(history(made, "7")) == 0


def test_many_changed_texts_need_consent(workspace: Workspace, tmp_path: Path) -> None:
    base = today(workspace, tmp_path, [line(n) for n in range(5)])
    lines = [line(n, "edited") for n in range(5)]
    with pytest.raises(Refused, match="5 of 5 posts stand in the snapshot with another text"):
        appended(workspace, tmp_path, base, lines)
    assert list_snapshots(workspace) == [base]
    report, made = appended(workspace, tmp_path, base, lines, accept_quarantine=True)
    assert (report.quarantined, made.n_posts) == (5, 5)


def test_the_same_append_gives_the_same_snapshot_and_report(workspace: Workspace, tmp_path: Path) -> None:
    base = today(workspace, tmp_path, [line(1)])
    first, made = appended(workspace, tmp_path, base, [line(2), line(1)])
    before = {path: path.read_bytes() for path in made.folder.iterdir()}
    again, _ = appended(workspace, tmp_path, base, [line(2), line(1)])
    assert again == first
    assert {path: path.read_bytes() for path in made.folder.iterdir()} == before


def test_what_was_kept_apart_before_stays_kept_apart(workspace: Workspace, tmp_path: Path) -> None:
    base = today(workspace, tmp_path, [*(line(n) for n in range(9)), "broken"])
    _, made = appended(workspace, tmp_path, base, [*(line(n) for n in range(9, 18)), "{}"])
    reasons = [one["reason"] for one in pq.read_table(made.quarantine_path).to_pylist()]
    assert reasons[0] == "broken_json"
    assert len(reasons) == made.manifest["counts"]["quarantined"] == 2


def test_files_without_ids_cannot_be_appended(workspace: Workspace, tmp_path: Path) -> None:
    base = today(workspace, tmp_path, [{"text": "words"}])
    with pytest.raises(Refused, match=r"no post ids of its own.*load all the files together"):
        appended(workspace, tmp_path, base, [{"text": "words"}])


def test_the_reading_of_the_first_file_is_taken_over(workspace: Workspace, tmp_path: Path) -> None:
    first = saved(tmp_path, b"id;when;a;b\n1;01/03/2024 10:00;one;two\n", "a.csv")
    how = LoadOptions(columns={"text": "b", "created_at": "when"}, tz="Europe/Berlin", date_order="dmy", name="May")
    base = open_snapshot(workspace, load([first], workspace, options=how, now=NOW).snapshot)
    second = saved(tmp_path, b"id;when;a;b\n2;02/03/2024 10:00;three;four\n", "b.csv")
    report = append([second], workspace, base=base, options=options_like(base, preview(second)), now=LATER)
    posts = posts_of(open_snapshot(workspace, report.snapshot))
    assert [(post["text"], post["created_at"].isoformat()) for post in posts] == [
        ("two", "2024-03-01T09:00:00+00:00"),
        ("four", "2024-03-02T09:00:00+00:00"),
    ]
    assert options_like(base, preview(second), tz="UTC").tz == "UTC"


def test_name_note_and_retention_go_with_the_posts(workspace: Workspace, tmp_path: Path) -> None:
    base = today(workspace, tmp_path, [line(1)])
    change_notes(workspace, base.id, now=NOW, name="The case", keep_days=30)
    _, made = appended(workspace, tmp_path, open_snapshot(workspace, base.id), [line(2)])
    assert (made.name, read_notes(workspace, made.id).keep_days) == ("The case", 30)
    _, other = appended(workspace, tmp_path, base, [line(3)], name="Another")
    assert other.name == "Another"


def test_two_snapshots_are_compared_post_by_post(workspace: Workspace, tmp_path: Path) -> None:
    one = today(workspace, tmp_path, [line(1, views=1), line(2), line(3)], "one")
    other = today(workspace, tmp_path, [line(1, views=9), line(2, "edited"), line(4), line(5)], "other")
    found = compare(one, other, key=b"key")
    assert (found.by, found.both, found.only_first, found.only_second) == ("id", 2, 1, 2)
    assert (found.other_text, found.other_counts) == (1, 1)
    assert found.changed.to_dict("records") == [
        {"post_id": "2", "first_text": "words 2", "second_text": "edited 2"},
    ]
    assert found.spans[0] == (one.first_at, one.last_at)


def test_snapshots_without_ids_are_compared_by_content(workspace: Workspace, tmp_path: Path) -> None:
    one = today(workspace, tmp_path, [{"text": "same"}, {"text": "mine"}], "one")
    other = today(workspace, tmp_path, [{"text": "new"}, {"text": "same"}], "other")
    found = compare(one, other, key=b"key")
    assert (found.by, found.both, found.only_first, found.only_second, found.other_text) == ("content", 1, 1, 1, 0)


@pytest.mark.parametrize("stage", ["Checking posts", "Comparing with the snapshot", "Writing the snapshot"])
def test_an_append_that_is_killed_leaves_the_old_workspace_and_works_the_next_time(
    workspace: Workspace, tmp_path: Path, stage: str
) -> None:
    base = today(workspace, tmp_path, [line(n) for n in range(5)])
    more = saved(tmp_path, jsonl_of(*(line(n) for n in range(3, 8))), "tomorrow.jsonl")
    done = subprocess.run([sys.executable, "-c", _KILLED, str(workspace.home), base.id, str(more), stage], cwd=PROJECT)
    assert done.returncode == -signal.SIGKILL
    assert list_snapshots(workspace) == [base]
    report, made = appended(workspace, tmp_path, base, [line(n) for n in range(3, 8)])
    assert (report.accepted, len(list_snapshots(workspace))) == (3, 2)
    assert sorted(path.name for path in workspace.snapshots.iterdir()) == sorted([base.id, made.id])


_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from explore.posts.appending import append, options_like
from explore.posts.readers import preview
from explore.posts.snapshots import open_snapshot
from explore.settings import workspace_at

def progress(stage, done=None):
    if stage == sys.argv[4]:
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    workspace, path = workspace_at(Path(sys.argv[1])), Path(sys.argv[3])
    base = open_snapshot(workspace, sys.argv[2])
    options = options_like(base, preview(path))
    append([path], workspace, base=base, options=options, now=datetime.now(UTC), progress=progress)
"""


def test_a_full_disk_is_said_and_leaves_nothing(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = today(workspace, tmp_path, [line(1)])

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("explore.posts.appending.write_manifest", full)
    with pytest.raises(Refused, match="The disk is full"):
        appended(workspace, tmp_path, base, [line(2)])
    assert [path.name for path in workspace.snapshots.iterdir()] == [base.id]
