"""Deleting snapshots with everything made from them, by hand or because their time is over, and the record of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from explore.casework.database import UTCTime, reading, writing
from explore.errors import Refused
from explore.files import put_away
from explore.narratives.run import list_runs
from explore.posts.notes import due_at, read_notes, remove_notes
from explore.posts.rewriting import rows_since
from explore.posts.snapshots import Snapshot, list_snapshots
from explore.settings import Workspace

REMOVALS = sa.Table(
    "removals",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("account", sa.Text),
    sa.Column("started_at", UTCTime, nullable=False),
    sa.Column("ended_at", UTCTime),
    sa.Column("snapshots", sa.JSON, nullable=False),
    sa.Column("runs", sa.JSON, nullable=False),
)

# What is asked of the queue, whose table belongs to explore/jobs: is somebody at work on a snapshot?
JOBS = sa.table(
    "jobs", *(sa.column(n) for n in ("id", "title", "state", "message")),
    *(sa.column(n, sa.JSON) for n in ("load", "run", "result")),
)  # fmt: skip
UNDER_WAY = ("waiting", "running")


@dataclass(frozen=True)
class Removal:
    """One line of the record. `kind` is deleted, retention or erased; `account` the pseudonym, for an erasure.

    snapshots: id, posts removed and, for an erasure, `became` (None where nothing was left). runs: id, snapshot and,
    for an erasure, config and `became` or `why_not`. No text, no name, no account id. ended_at: None = under way.
    """

    id: int
    kind: str
    account: str | None
    started_at: datetime
    ended_at: datetime | None
    snapshots: list[dict[str, Any]]
    runs: list[dict[str, Any]]


@dataclass(frozen=True)
class Dependents:
    """What hangs on a snapshot: ids of its runs, of jobs that loaded or explored it, of snapshots appended to it.

    busy: jobs among them that wait or run. Snapshots appended to it hold its rows themselves and stay.
    """

    runs: list[str] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)
    busy: list[int] = field(default_factory=list)
    appended: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Due:
    """A snapshot whose time is over, since when, or a run whose snapshot is gone (`snapshot` None)."""

    id: str
    snapshot: Snapshot | None
    since: datetime | None


def dependents(workspace: Workspace, snapshot: Snapshot) -> Dependents:
    """What depends on a snapshot."""
    with reading(workspace) as connection:
        jobs = _jobs_on(connection, {snapshot.id})
    return Dependents(
        runs=[str(manifest["id"]) for manifest in list_runs(workspace, snapshot.id)],
        jobs=[job.id for job in jobs],
        busy=[job.id for job in jobs if job.state in UNDER_WAY],
        appended=[
            other.id
            for other in list_snapshots(workspace)
            if any(added["to"] == snapshot.id for added in other.manifest.get("appended", []))
        ],
    )


def delete_snapshot(workspace: Workspace, snapshot: Snapshot, *, now: datetime, kind: str = "deleted") -> Removal:
    """Delete a snapshot with its runs, notes and cached vectors, and record it.

    Raises Refused, and changes nothing, while a job that needs the snapshot waits or runs, or any process makes a run
    from it.
    """
    runs = [str(manifest["id"]) for manifest in list_runs(workspace, snapshot.id)]
    folders = [snapshot.folder, *(workspace.runs / run for run in runs)]
    with put_away(folders) as hide, writing(workspace) as connection:
        refuse_busy(_jobs_on(connection, {snapshot.id}))
        if not snapshot.folder.is_dir():
            raise Refused(f"Snapshot {snapshot.id} is no longer there; somebody else has just deleted it.")
        removal = record(
            connection,
            kind=kind,
            started_at=now,
            ended_at=now,
            snapshots=[{"id": snapshot.id, "posts": snapshot.n_posts}],
            runs=[{"id": run, "snapshot": snapshot.id} for run in runs],
        )
        hide()
        refuse_new_runs(workspace, {snapshot.id}, runs)
    remove_notes(workspace, snapshot.id)
    clear_cache(workspace)
    return removal


def due(workspace: Workspace, *, now: datetime) -> list[Due]:
    """What `purge` would remove: snapshots kept for longer than their days, and runs whose snapshot is gone."""
    kept = list_snapshots(workspace)
    moments = [(one, due_at(read_notes(workspace, one.id), rows_since(one))) for one in kept]
    over = [Due(one.id, one, moment) for one, moment in moments if moment is not None and moment <= now]
    folders = {path.name for path in workspace.snapshots.glob("*")} if workspace.snapshots.is_dir() else set()
    orphans = [run for run in list_runs(workspace) if run["snapshot"]["id"] not in folders]
    return over + [Due(str(run["id"]), None, None) for run in orphans]


def purge(workspace: Workspace, *, now: datetime) -> tuple[list[Removal], list[str]]:
    """Remove everything that is due; what was removed, and why anything was not, in sentences."""
    removed, refused = [], []
    for one in due(workspace, now=now):
        try:
            if one.snapshot is not None:
                removed.append(delete_snapshot(workspace, one.snapshot, now=now, kind="retention"))
            else:
                removed.append(_delete_run(workspace, one.id, now=now))
        except Refused as refusal:
            refused.append(f"{one.id}: {refusal}")
    return removed, refused


def list_removals(workspace: Workspace) -> list[Removal]:
    """The record, newest first."""
    with reading(workspace) as connection:
        return [_removal(row) for row in connection.execute(sa.select(REMOVALS).order_by(REMOVALS.c.id.desc()))]


def record(connection: Connection, **columns: Any) -> Removal:
    """Add a line to the record."""
    inserted = connection.execute(sa.insert(REMOVALS).values(**columns).returning(REMOVALS.c.id)).scalar_one()
    return _removal(connection.execute(sa.select(REMOVALS).where(REMOVALS.c.id == inserted)).one())


def refuse_busy(jobs: Sequence[Any]) -> None:
    """Raise Refused when a job among these waits or runs."""
    busy = [job for job in jobs if job.state in UNDER_WAY]
    if busy:
        verb = "is still running" if busy[0].state == "running" else "is still waiting"
        raise Refused(f"Job {busy[0].id} ('{busy[0].title}') {verb} and needs this; cancel it, or wait for its end.")


def refuse_new_runs(workspace: Workspace, snapshots: set[str], known: Sequence[str]) -> None:
    """Raise Refused when a run of the snapshots has come in that is not known; call it once no other can begin."""
    made = {str(run["id"]) for run in list_runs(workspace) if run["snapshot"]["id"] in snapshots}
    if made - set(known):
        raise Refused("A run of this was finished just now; look at it, then try again.")


def clear_cache(workspace: Workspace) -> None:
    """Forget all cached vectors: whose they are is not written on them, and they are made again when needed."""
    shutil.rmtree(workspace.cache, ignore_errors=True)


def _delete_run(workspace: Workspace, run: str, *, now: datetime) -> Removal:
    with put_away([workspace.runs / run]) as hide, writing(workspace) as connection:
        removal = record(connection, kind="retention", started_at=now, ended_at=now, snapshots=[], runs=[{"id": run}])
        hide()
    clear_cache(workspace)
    return removal


def _jobs_on(connection: Connection, snapshots: set[str]) -> list[Any]:
    """The jobs that loaded, appended to or explored one of the snapshots."""
    rows = connection.execute(sa.select(JOBS).order_by(JOBS.c.id)).all()
    named = ((row, [_of(row.run, "snapshot"), _of(row.result, "snapshot"), _of(row.load, "append")]) for row in rows)
    return [row for row, ids in named if snapshots & {one for one in ids if one}]


def _of(facts: Mapping[str, Any] | None, name: str) -> str | None:
    return (facts or {}).get(name)


def _removal(row: Any) -> Removal:
    return Removal(**{column.name: row._mapping[column.name] for column in fields(Removal)})
