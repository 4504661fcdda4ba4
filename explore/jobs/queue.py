"""The table `jobs`: what pages ask of it and what workers do with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from explore.casework.database import UTCTime, reading, writing
from explore.errors import Refused
from explore.jobs.leftovers import remove_uploads
from explore.jobs.names import is_gone
from explore.settings import Workspace

LOST_AFTER = timedelta(seconds=20)  # ten missed heartbeats

FIRST_STAGE = "Getting ready"
INTERRUPTED = "This job was interrupted because Groundswell was closed or its worker ended. It can be started again."

JOBS = sa.Table(
    "jobs",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("done", sa.Float),
    sa.Column("submitted_at", UTCTime, nullable=False),
    sa.Column("started_at", UTCTime),
    sa.Column("ended_at", UTCTime),
    sa.Column("load", sa.JSON(none_as_null=True)),
    sa.Column("run", sa.JSON(none_as_null=True)),
    sa.Column("compare", sa.JSON(none_as_null=True)),
    sa.Column("result", sa.JSON, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("worker", sa.Text),  # see names.py
    sa.Column("executor", sa.Integer),  # process id, so that what it left half-written can be told
    sa.Column("heartbeat_at", UTCTime),
    sa.Index("jobs_state", "state"),
)


@dataclass(frozen=True)
class Job:
    """One load, one run, a load followed by a run of what it loaded, or a comparison of runs.

    `state` is waiting, running, done, failed, cancelled or interrupted. `stage` and `done` (0-1, None = unknown) say
    where a running job is. `result` holds what is finished so far: snapshot (id), load (the report), run (id).
    `message` says in plain words why a job failed, was cancelled or interrupted; it is empty otherwise.
    """

    id: int
    title: str
    state: str
    stage: str
    done: float | None
    submitted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    load: dict[str, Any] | None
    run: dict[str, Any] | None
    compare: list[str] | None
    result: dict[str, Any]
    message: str

    @property
    def ended(self) -> bool:
        """Whether nothing will happen to this job any more."""
        return self.state not in ("waiting", "running")

    def elapsed(self, now: datetime) -> timedelta:
        """How long the job has been, or was, worked on; zero before its start."""
        return (self.ended_at or now) - self.started_at if self.started_at else timedelta(0)


def submit(
    workspace: Workspace,
    *,
    title: str,
    load: Mapping[str, Any] | None = None,
    run: Mapping[str, Any] | None = None,
    compare: Sequence[str] | None = None,
    now: datetime,
) -> Job:
    """Put a job in the queue.

    `load`: paths, options (fields of LoadOptions), remove_after (True for uploads: the files go once they are loaded),
    append (id of the snapshot that they are added to).
    `run`: fields of RunConfig, and snapshot (an id) unless a load comes first.
    `compare`: ids of runs, each to be linked to the next.
    """
    if load is None and not (run or {}).get("snapshot") and not compare:
        raise ValueError("a job needs something to load, a snapshot to run, or runs to compare")
    if load is not None:
        load = {**load, "paths": [str(Path(path).absolute()) for path in load["paths"]]}
    row: dict[str, Any] = {"compare": list(compare) if compare else None}
    row |= {"title": title, "state": "waiting", "stage": "", "submitted_at": now, "result": {}, "message": ""}
    with writing(workspace) as connection:
        inserted = connection.execute(
            sa.insert(JOBS).values(**row, load=_as_json(load), run=_as_json(run)).returning(JOBS.c.id)
        )
        return _read(connection, inserted.scalar_one())


def start_again(workspace: Workspace, job_id: int, *, now: datetime) -> Job:
    """A new job that does what an ended one left undone. Raises Refused when the file it would load is gone."""
    with reading(workspace) as connection:
        job = _read(connection, job_id)
    if job.run is not None and "snapshot" in job.result:
        return submit(workspace, title=job.title, run={**job.run, "snapshot": job.result["snapshot"]}, now=now)
    if job.load is not None and not all(Path(path).exists() for path in job.load["paths"]):
        raise Refused("The file of this job is no longer there. Choose it again.")
    return submit(workspace, title=job.title, load=job.load, run=job.run, compare=job.compare, now=now)


def find_job(workspace: Workspace, job_id: int) -> Job | None:
    """The job with this id, or None."""
    with reading(workspace) as connection:
        row = connection.execute(sa.select(JOBS).where(JOBS.c.id == job_id)).one_or_none()
    return _job(row) if row is not None else None


def find_comparison(workspace: Workspace, run_ids: Sequence[str]) -> Job | None:
    """The latest job that compares these runs in this order, or None."""
    comparisons = sa.select(JOBS).where(JOBS.c["compare"].is_not(None)).order_by(JOBS.c.id.desc())
    with reading(workspace) as connection:
        return next((job for job in map(_job, connection.execute(comparisons)) if job.compare == list(run_ids)), None)


def list_jobs(workspace: Workspace, *, limit: int = 20) -> list[Job]:
    """The latest jobs, newest first."""
    with reading(workspace) as connection:
        rows = connection.execute(sa.select(JOBS).order_by(JOBS.c.id.desc()).limit(limit)).all()
    return [_job(row) for row in rows]


def cancel(workspace: Workspace, job_id: int, *, now: datetime) -> Job:
    """Cancel a job that waits or runs; the worker then kills the process that does it. An ended job stays as it is."""
    changes = {"state": "cancelled", "ended_at": now, "message": "Cancelled."}
    with writing(workspace) as connection:
        before = _read(connection, job_id)
        not_ended = JOBS.c.state.in_(("waiting", "running"))
        cancelled = connection.execute(sa.update(JOBS).where(JOBS.c.id == job_id, not_ended).values(**changes))
        after = _read(connection, job_id)
    if cancelled.rowcount and before.state == "waiting":
        remove_uploads(workspace, after.load)
    return after


def claim(workspace: Workspace, *, worker: str, now: datetime) -> Job | None:
    """Take the oldest waiting job for this worker, or None. No two workers ever get the same one."""
    waiting = sa.select(JOBS.c.id).where(JOBS.c.state == "waiting").order_by(JOBS.c.id).limit(1)
    with reading(workspace) as connection:
        if connection.scalar(waiting) is None:
            return None
    with writing(workspace) as connection:
        job_id = connection.scalar(waiting.with_for_update(skip_locked=True))
        if job_id is None:
            return None
        changes = {"state": "running", "stage": FIRST_STAGE, "started_at": now, "heartbeat_at": now, "worker": worker}
        connection.execute(sa.update(JOBS).where(JOBS.c.id == job_id).values(**changes))
        return _read(connection, job_id)


def still_ours(workspace: Workspace, job_id: int, *, worker: str) -> bool:
    """Whether the job is still running with this worker: nobody cancelled it or took it for lost."""
    with reading(workspace) as connection:
        return connection.scalar(sa.select(JOBS.c.id).where(*_running_with(job_id, worker))) is not None


def write_news(workspace: Workspace, job_id: int, *, worker: str, news: Mapping[str, Any], now: datetime) -> bool:
    """Write changed columns and a heartbeat into the row of a running job; False when it is no longer ours."""
    with writing(workspace) as connection:
        update = sa.update(JOBS).where(*_running_with(job_id, worker)).values(**news, heartbeat_at=now)
        return connection.execute(update).rowcount == 1


def interrupt_lost(workspace: Workspace, *, worker: str, now: datetime) -> list[int]:
    """Mark running jobs of dead workers as interrupted: their process is gone, or silent for LOST_AFTER.

    Returns the process ids of executors that are certainly dead with their worker.
    """
    running = sa.select(JOBS.c.id, JOBS.c.worker, JOBS.c.executor, JOBS.c.heartbeat_at).where(JOBS.c.state == "running")
    with reading(workspace) as connection:
        rows = connection.execute(running.where(JOBS.c.worker != worker)).all()
    gone = [row for row in rows if is_gone(row.worker)]
    for row in rows:
        if row in gone or now - row.heartbeat_at > LOST_AFTER:
            news = {"state": "interrupted", "ended_at": now, "message": INTERRUPTED}
            write_news(workspace, row.id, worker=row.worker, news=news, now=now)
    return [row.executor for row in gone if row.executor is not None]


def jobs_with_files(workspace: Workspace) -> list[Job]:
    """The jobs that still need the files they name."""
    with reading(workspace) as connection:
        rows = connection.execute(sa.select(JOBS).where(JOBS.c.state.in_(("waiting", "running")))).all()
    return [_job(row) for row in rows if row.load is not None]


def _running_with(job_id: int, worker: str) -> tuple[sa.ColumnElement[bool], ...]:
    return JOBS.c.id == job_id, JOBS.c.state == "running", JOBS.c.worker == worker


def _read(connection: Connection, job_id: int) -> Job:
    row = connection.execute(sa.select(JOBS).where(JOBS.c.id == job_id)).one_or_none()
    if row is None:
        raise Refused(f"There is no job {job_id} in this workspace.")
    return _job(row)


def _job(row: Row[Any]) -> Job:
    return Job(**{name.name: row._mapping[name.name] for name in fields(Job)})


def _as_json(settings: Mapping[str, Any] | None) -> Any:
    """With moments as ISO text and paths as text, as the row keeps them."""
    return None if settings is None else json.loads(json.dumps(dict(settings), default=_as_text))


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{value!r} cannot be kept in a job")
