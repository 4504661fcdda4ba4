import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from explore.files import new_folder
from explore.jobs.leftovers import (
    STALE_AFTER,
    UPLOADS_KEPT,
    remove_half_written,
    remove_old_uploads,
    remove_stale,
    remove_uploads,
)
from explore.settings import Workspace

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_only_the_hidden_folders_of_the_dead_process_are_removed(workspace: Workspace) -> None:
    with new_folder(workspace.snapshots / "mine") as mine:
        remove_half_written(workspace, process_id=os.getpid() + 1)
        assert mine.exists()
        remove_half_written(workspace, process_id=os.getpid())
        assert not mine.exists()
        mine.mkdir()
    assert (workspace.snapshots / "mine").exists()


def test_hidden_folders_go_an_hour_after_the_last_touch_and_finished_ones_stay(workspace: Workspace) -> None:
    old, fresh, finished = (workspace.runs / name for name in (".r1-abcdefgh", ".r2-abcdefgh", "r3"))
    for folder in (old, fresh, finished):
        _written(folder / "posts.parquet", at=NOW - 2 * STALE_AFTER)
        os.utime(folder, (0, 0))
    _written(fresh / "manifest.json", at=NOW - STALE_AFTER / 2)
    os.utime(fresh, (0, 0))
    remove_stale(workspace, now=NOW)
    assert sorted(path.name for path in workspace.runs.iterdir()) == [".r2-abcdefgh", "r3"]


def test_an_upload_goes_with_its_folder_and_a_file_of_the_person_never(workspace: Workspace, tmp_path: Path) -> None:
    upload = _written(workspace.uploads / "k3f" / "posts.csv", at=NOW)
    own = _written(tmp_path / "own.csv", at=NOW)
    remove_uploads(workspace, {"paths": [str(upload), str(own)], "remove_after": True})
    assert not upload.parent.exists()
    assert own.exists()


def test_a_load_that_does_not_say_so_keeps_its_upload(workspace: Workspace) -> None:
    upload = _written(workspace.uploads / "k3f" / "posts.csv", at=NOW)
    remove_uploads(workspace, {"paths": [str(upload)], "remove_after": False})
    remove_uploads(workspace, None)
    assert upload.exists()


def test_old_uploads_go_unless_a_job_needs_them(workspace: Workspace) -> None:
    before = NOW - UPLOADS_KEPT - timedelta(minutes=1)
    old, needed = (_written(workspace.uploads / name / "posts.csv", at=before) for name in ("a", "b"))
    fresh = _written(workspace.uploads / "c" / "posts.csv", at=NOW)
    remove_old_uploads(workspace, needed={str(needed)}, now=NOW)
    assert (old.exists(), needed.exists(), fresh.exists()) == (False, True, True)


def _written(path: Path, *, at: datetime) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("text\n")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path
