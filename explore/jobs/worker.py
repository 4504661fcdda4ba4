"""The worker: takes one job after another, hands it to the executor and keeps its row up to date."""

from __future__ import annotations

import signal
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from explore.errors import Refused
from explore.jobs import queue
from explore.jobs.executor import INTERRUPTED, End, Execute, Executor, WarmUp, execute_job, warm_up_engine
from explore.jobs.leftovers import remove_half_written, remove_old_uploads, remove_stale, remove_uploads
from explore.jobs.names import my_name
from explore.jobs.queue import Job
from explore.jobs.spare import Chore, SpareTime, look_after
from explore.settings import Workspace, current_workspace

TICK_SECONDS = 0.25  # how often the queue and a running job are looked at; a row is written at most that often
HEARTBEAT_SECONDS = 2.0


def main(*, execute: Execute = execute_job, warm_up: WarmUp = warm_up_engine, chore: Chore = look_after) -> None:
    """Work for the workspace that the environment names, until told to stop.

    With --until-stdin-closes (how the web process starts it) the end of standard input is the end of the worker;
    without, it works on its own until a signal.
    """
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    if "--until-stdin-closes" in sys.argv:
        threading.Thread(target=_wait_for_end_of_input, args=(stop,), daemon=True).start()
    work(current_workspace(), execute=execute, warm_up=warm_up, chore=chore, stop=stop)


def work(
    workspace: Workspace,
    *,
    execute: Execute = execute_job,
    warm_up: WarmUp = warm_up_engine,
    chore: Chore = look_after,
    stop: threading.Event | None = None,
) -> None:
    """Do the jobs of a workspace one at a time, until `stop` is set; while none waits, do the chore for finished runs.

    `execute`, `warm_up` and `chore` run in processes of their own, so they must be importable there. Call it in the
    main thread: on Linux those processes die with the thread that started them.
    """
    stop, name = stop or threading.Event(), my_name()
    _tidy(workspace)
    executor = Executor(workspace, execute=execute, warm_up=warm_up)
    spare = SpareTime(workspace, chore=chore)
    try:
        while not stop.is_set():
            job = _next_job(workspace, worker=name)
            if job is None:
                spare.use()
                stop.wait(TICK_SECONDS)
                continue
            spare.give_way()
            if not executor.alive:
                executor = Executor(workspace, execute=execute, warm_up=warm_up)
            _see_through(workspace, job, executor, worker=name, stop=stop)
            executor = Executor(workspace, execute=execute, warm_up=warm_up)
    finally:
        spare.give_way()
        executor.kill()


def _tidy(workspace: Workspace) -> None:
    now = datetime.now(UTC)
    with suppress(Refused):  # a busy database: the next start will do
        needed = {path for job in queue.jobs_with_files(workspace) for path in (job.load or {})["paths"]}
        remove_stale(workspace, now=now)
        remove_old_uploads(workspace, needed=needed, now=now)


def _next_job(workspace: Workspace, *, worker: str) -> Job | None:
    """Clear away after dead workers, then claim; None when nothing waits or the database is busy (pages say so)."""
    now = datetime.now(UTC)
    try:
        for executor in queue.interrupt_lost(workspace, worker=worker, now=now):
            remove_half_written(workspace, process_id=executor)
        return queue.claim(workspace, worker=worker, now=now)
    except Refused:
        return None


def _see_through(workspace: Workspace, job: Job, executor: Executor, *, worker: str, stop: threading.Event) -> None:
    """Have the executor do the job and write what it reports; kill it when it is done, cancelled or we must stop."""
    row = _RunningRow(workspace, job, worker=worker)
    row.write(executor=executor.process_id)
    executor.start(job)
    end: End | None = None
    while end is None and row.is_ours:
        end = INTERRUPTED if stop.is_set() else executor.listen(TICK_SECONDS, row.news)
        row.write()
    executor.kill()
    remove_half_written(workspace, process_id=executor.process_id)
    if end is not None:
        row.finish(end, stop=stop)
    else:
        remove_uploads(workspace, job.load)


class _RunningRow:
    """The row of the job in work: gathers news, writes them and a heartbeat, and notices when it was cancelled."""

    def __init__(self, workspace: Workspace, job: Job, *, worker: str) -> None:
        self._workspace, self._job_id, self._worker = workspace, job.id, worker
        self._written = time.monotonic()
        self.news: dict[str, Any] = {}
        self.is_ours = True

    def write(self, **news: Any) -> None:
        """Write the news, or a heartbeat when one is due. A busy database is tried again at the next tick."""
        self.news.update(news)
        with suppress(Refused):
            if self.news or time.monotonic() - self._written > HEARTBEAT_SECONDS:
                now = datetime.now(UTC)
                self.is_ours = queue.write_news(
                    self._workspace, self._job_id, worker=self._worker, news=self.news, now=now
                )
                self._written = time.monotonic()
                self.news.clear()
            else:
                self.is_ours = queue.still_ours(self._workspace, self._job_id, worker=self._worker)

    def finish(self, end: End, *, stop: threading.Event) -> None:
        """Write how the job ended, however long the database is busy; told to stop, leave it to the next worker."""
        self.write(state=end.state, message=end.message, ended_at=datetime.now(UTC))
        while self.news and self.is_ours and not stop.wait(TICK_SECONDS):
            self.write()


def _wait_for_end_of_input(stop: threading.Event) -> None:
    while sys.stdin.buffer.read(1):
        pass
    stop.set()
