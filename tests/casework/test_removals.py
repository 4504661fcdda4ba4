from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from explore.casework import removals
from explore.casework.erasure import erase_author
from explore.casework.removals import delete_snapshot, dependents, due, list_removals, purge
from explore.errors import Refused
from explore.files import held, put_away, remove_abandoned, write_json
from explore.jobs.queue import cancel, claim, submit
from explore.narratives.pipeline import explore
from explore.posts.notes import change_notes, read_notes
from explore.posts.snapshots import LoadOptions, Snapshot, list_snapshots, load, open_snapshot
from explore.settings import Workspace

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


def a_snapshot(workspace: Workspace, folder: Path, name: str = "May") -> Snapshot:
    path = folder / f"{name}.csv"
    path.write_text(f"id,text\n1,words of {name}\n2,more words\n")
    return open_snapshot(workspace, load([path], workspace, options=LoadOptions(name=name), now=NOW).snapshot)


def a_run(workspace: Workspace, snapshot_id: str, run_id: str = "r1") -> Path:
    facts = {"id": run_id, "snapshot": {"id": snapshot_id}, "created_at": NOW.isoformat(), "config": {}, "files": {}}
    write_json(workspace.runs / run_id / "manifest.json", facts)
    return workspace.runs / run_id


def everything_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_deleting_takes_runs_notes_and_vectors_along_and_is_recorded(workspace: Workspace, tmp_path: Path) -> None:
    going, staying = a_snapshot(workspace, tmp_path), a_snapshot(workspace, tmp_path, "June")
    a_run(workspace, going.id)
    a_run(workspace, staying.id, "r2")
    change_notes(workspace, going.id, now=NOW, name="Case 7")
    (workspace.cache / "vectors").mkdir(parents=True)
    (workspace.cache / "vectors" / "v.npy").write_bytes(b"vectors")
    delete_snapshot(workspace, going, now=NOW)
    assert [one.id for one in list_snapshots(workspace)] == [staying.id]
    assert [path.name for path in workspace.runs.iterdir()] == ["r2"]
    assert read_notes(workspace, going.id).version == 0
    assert not workspace.cache.exists()
    (line,) = list_removals(workspace)
    assert (line.kind, line.started_at, line.account) == ("deleted", NOW, None)
    assert (line.snapshots, line.runs) == ([{"id": going.id, "posts": 2}], [{"id": "r1", "snapshot": going.id}])


def test_a_snapshot_that_a_run_is_made_from_is_neither_deleted_nor_erased(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text,author\n1,words,ann\n2,more,bob\n")
    made = load([tmp_path / "a.csv"], workspace, options=LoadOptions(), now=NOW).snapshot
    snapshot = open_snapshot(workspace, made)
    before = everything_in(workspace.snapshots)
    with held(snapshot.folder), held(snapshot.folder):  # two runs at once
        with pytest.raises(Refused, match="A run is being made from this"):
            delete_snapshot(workspace, snapshot, now=NOW)
        with pytest.raises(Refused, match="A run is being made from this"):
            erase_author(workspace, "ann", now=NOW)
    assert (everything_in(workspace.snapshots), list_removals(workspace)) == (before, [])
    delete_snapshot(workspace, snapshot, now=NOW)
    with pytest.raises(Refused, match="was deleted meanwhile"), held(snapshot.folder):
        pass


def test_a_run_that_ends_while_its_snapshot_is_deleted_stops_the_deletion(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = a_snapshot(workspace, tmp_path)
    listed = removals.list_runs

    def one_moment_too_early(*given: Any) -> list[dict[str, Any]]:
        found = listed(*given)
        if not found:
            a_run(workspace, snapshot.id)
        return found

    monkeypatch.setattr(removals, "list_runs", one_moment_too_early)
    with pytest.raises(Refused, match="finished just now"):
        delete_snapshot(workspace, snapshot, now=NOW)
    assert (snapshot.folder.is_dir(), (workspace.runs / "r1").is_dir(), list_removals(workspace)) == (True, True, [])


def test_exploring_holds_the_snapshot(workspace: Workspace, tmp_path: Path) -> None:
    snapshot = a_snapshot(workspace, tmp_path)
    refused: list[str] = []

    def while_exploring(*_: Any) -> None:
        if not refused:
            with pytest.raises(Refused) as refusal:
                delete_snapshot(workspace, snapshot, now=NOW)
            refused.append(str(refusal.value))

    made = explore(snapshot, workspace, now=NOW, progress=while_exploring)
    assert "A run is being made from this" in refused[0]
    assert made.folder.is_dir()


def test_what_depends_on_a_snapshot_is_said(workspace: Workspace, tmp_path: Path) -> None:
    snapshot = a_snapshot(workspace, tmp_path)
    a_run(workspace, snapshot.id)
    waiting = submit(workspace, title="again", run={"snapshot": snapshot.id}, now=NOW)
    ended = submit(workspace, title="before", run={"snapshot": snapshot.id}, now=NOW)
    cancel(workspace, ended.id, now=NOW)
    submit(workspace, title="other", run={"snapshot": "somebody else"}, now=NOW)
    hangs = dependents(workspace, snapshot)
    assert (hangs.runs, hangs.jobs, hangs.busy) == (["r1"], [waiting.id, ended.id], [waiting.id])


@pytest.mark.parametrize("job", [{"run": True}, {"load": True}])
def test_a_snapshot_that_a_job_needs_is_not_deleted(workspace: Workspace, tmp_path: Path, job: dict[str, Any]) -> None:
    snapshot = a_snapshot(workspace, tmp_path)
    work = {"run": {"snapshot": snapshot.id}} if "run" in job else {"load": {"paths": ["x"], "append": snapshot.id}}
    submitted = submit(workspace, title="May again", now=NOW, **work)
    claim(workspace, worker="host:1:x", now=NOW)
    before = everything_in(workspace.snapshots)
    with pytest.raises(Refused, match=rf"Job {submitted.id} \('May again'\) is still running and needs this"):
        delete_snapshot(workspace, snapshot, now=NOW)
    assert everything_in(workspace.snapshots) == before
    cancel(workspace, submitted.id, now=NOW)
    delete_snapshot(workspace, snapshot, now=NOW)
    assert list_snapshots(workspace) == []


def test_a_delete_that_fails_halfway_puts_everything_back(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = a_snapshot(workspace, tmp_path)
    a_run(workspace, snapshot.id)
    before = everything_in(workspace.snapshots) | everything_in(workspace.runs)
    rename = Path.rename

    def fails_at_the_run(self: Path, target: Path) -> Path:
        if self.name == "r1":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_at_the_run)
    with pytest.raises(OSError, match="No space"):
        delete_snapshot(workspace, snapshot, now=NOW)
    assert everything_in(workspace.snapshots) | everything_in(workspace.runs) == before
    assert list_removals(workspace) == []


def test_what_is_being_deleted_is_not_tidied_up_by_others(workspace: Workspace, tmp_path: Path) -> None:
    snapshot = a_snapshot(workspace, tmp_path)

    def fail_after_the_tidying() -> None:
        with put_away([snapshot.folder]) as hide:
            hide()
            assert list_snapshots(workspace) == []
            remove_abandoned(workspace.snapshots)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_after_the_tidying()
    assert list_snapshots(workspace) == [snapshot]


def test_of_two_who_delete_at_once_one_is_told(workspace: Workspace, tmp_path: Path) -> None:
    snapshot = a_snapshot(workspace, tmp_path)
    told: list[str] = []

    def remove() -> None:
        try:
            delete_snapshot(workspace, snapshot, now=NOW)
        except Refused as refusal:
            told.append(str(refusal))

    people = [threading.Thread(target=remove) for _ in range(3)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert [("no longer there" in one) for one in told] == [True, True]
    assert len(list_removals(workspace)) == 1


def test_only_what_is_due_is_purged(workspace: Workspace, tmp_path: Path) -> None:
    short, long, forever = (a_snapshot(workspace, tmp_path, name) for name in ("short", "long", "forever"))
    change_notes(workspace, short.id, now=NOW, keep_days=30)
    change_notes(workspace, long.id, now=NOW, keep_days=31)
    later = NOW + timedelta(days=30)
    assert [(one.id, one.since) for one in due(workspace, now=later)] == [(short.id, later)]
    assert due(workspace, now=later - timedelta(seconds=1)) == []
    removed, refused = purge(workspace, now=later)
    assert ([one.kind for one in removed], refused) == (["retention"], [])
    assert {one.id for one in list_snapshots(workspace)} == {long.id, forever.id}


def test_a_purge_goes_on_past_a_snapshot_that_is_needed(workspace: Workspace, tmp_path: Path) -> None:
    for name in ("one", "two"):
        change_notes(workspace, a_snapshot(workspace, tmp_path, name).id, now=NOW, keep_days=1)
    busy = open_snapshot(workspace, "one")
    submit(workspace, title="busy", run={"snapshot": busy.id}, now=NOW)
    removed, refused = purge(workspace, now=NOW + timedelta(days=2))
    assert len(removed) == 1
    assert len(refused) == 1
    assert refused[0].startswith(f"{busy.id}: Job 1 ('busy') is still waiting")
    assert [one.id for one in list_snapshots(workspace)] == [busy.id]


def test_a_run_whose_snapshot_is_gone_is_purged(workspace: Workspace, tmp_path: Path) -> None:
    a_run(workspace, "gone", "orphan")
    a_run(workspace, a_snapshot(workspace, tmp_path).id, "kept")
    assert [one.id for one in due(workspace, now=NOW)] == ["orphan"]
    purge(workspace, now=NOW)
    assert [path.name for path in workspace.runs.iterdir()] == ["kept"]
