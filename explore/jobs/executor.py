"""The process that does one job: warmed up while idle, then loads and runs, and can be killed at any moment."""

from __future__ import annotations

import errno
import faulthandler
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from explore.errors import Refused
from explore.jobs import queue
from explore.jobs.leftovers import remove_uploads
from explore.jobs.queue import Job
from explore.processes import end_with_parent
from explore.progress import Progress
from explore.settings import Workspace

KILLED = (
    "The system stopped this job, most likely because memory ran out. "
    "It can be started again; a smaller file needs less memory."
)
NO_MEMORY = "Memory ran out before this job was finished. Use a smaller file, or a machine with more memory."
DISK_FULL = "The disk is full, so this job could not be finished. Free some space and start it again."
FAULT = "Groundswell could not finish this job. This is a fault of ours; the log has the details (logs/worker.log)."

REPORT_SECONDS = 0.1  # progress within one stage is passed on at most this often
NICENESS = 10  # pages go first


class Execute(Protocol):
    """Does a job in the executor process and yields what it results in, part by part, as parts of `Job.result`."""

    def __call__(self, job: Job, workspace: Workspace, *, progress: Progress) -> Iterator[dict[str, Any]]:
        """Raises Refused with a sentence for the person who submitted the job."""


WarmUp = Callable[[], None]


@dataclass(frozen=True)
class End:
    """How a job ended: its last state and, unless it is done, why."""

    state: str
    message: str = ""


INTERRUPTED = End("interrupted", queue.INTERRUPTED)


class Executor:
    """The worker's handle on one executor process, which starts warming up at once."""

    def __init__(self, workspace: Workspace, *, execute: Execute, warm_up: WarmUp) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._result: dict[str, Any] = {}
        # not a daemon: loading may use a child process of its own
        self._process = context.Process(target=_serve, args=(theirs, workspace, execute, warm_up), daemon=False)
        self._process.start()
        theirs.close()

    @property
    def alive(self) -> bool:
        """Whether the process can still be given a job."""
        return self._process.is_alive()

    @property
    def process_id(self) -> int:
        """The id of the process; also that of its process group."""
        assert self._process.pid is not None  # noqa: S101 (it was started)
        return self._process.pid

    def start(self, job: Job) -> None:
        """Hand over the job. When the process has just died, `listen` will tell."""
        with suppress(OSError):
            self._connection.send(job)

    def listen(self, seconds: float, news: dict[str, Any]) -> End | None:
        """Gather what the process reports within `seconds` as columns of the job's row; give its end, if any."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                said = self._connection.recv() if self._connection.poll(left) else None
            except (EOFError, OSError):
                self._process.join(1)
                return self._death()
            if isinstance(said, End):
                return said
            if said is None:
                # a grandchild may hold the pipe open, so its silence alone does not tell
                return None if self.alive else self._death()
            self._take(said, news)
        return None

    def kill(self) -> None:
        """End the process and every process it started, now."""
        if hasattr(os, "killpg"):
            with suppress(OSError):
                os.killpg(self.process_id, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        self._connection.close()

    def _take(self, said: dict[str, Any], news: dict[str, Any]) -> None:
        if "result" in said:
            self._result |= said["result"]
            news["result"] = dict(self._result)
        else:
            news.update(said)

    def _death(self) -> End:
        """What it means that the process ended without a word."""
        if self._process.exitcode == -getattr(signal, "SIGKILL", 9):
            return End("interrupted", KILLED)
        return End("failed", FAULT)


def execute_job(job: Job, workspace: Workspace, *, progress: Progress) -> Iterator[dict[str, Any]]:
    """Load, if the job loads (on top of a snapshot, if it appends), then run, if it runs; compare, if it compares."""
    assert job.started_at is not None  # noqa: S101 (it was claimed)
    snapshot_id: str = (job.run or {}).get("snapshot", "")
    if job.load is not None:
        from explore.posts.snapshots import LoadOptions, load, open_snapshot

        options = LoadOptions(**job.load.get("options", {}))
        paths = [Path(path) for path in job.load["paths"]]
        if job.load.get("append"):
            from explore.posts.appending import append

            base = open_snapshot(workspace, job.load["append"])
            report = append(paths, workspace, base=base, options=options, now=job.started_at, progress=progress)
        else:
            report = load(paths, workspace, options=options, now=job.started_at, progress=progress)
        snapshot_id = report.snapshot
        yield {"snapshot": snapshot_id, "load": asdict(report)}
        remove_uploads(workspace, job.load)
    if job.run is not None:
        from explore.narratives.pipeline import explore
        from explore.narratives.run import RunConfig
        from explore.posts.snapshots import open_snapshot

        snapshot = open_snapshot(workspace, snapshot_id)
        config = RunConfig(**_run_settings(job.run))
        run = explore(snapshot, workspace, config=config, now=job.started_at, progress=progress)
        yield {"snapshot": snapshot.id, "run": run.id}
    if job.compare is not None:
        from explore.narratives.chain import chained
        from explore.narratives.run import open_run

        chained([open_run(workspace, one) for one in job.compare], cache=workspace.cache, progress=progress)


def warm_up_engine() -> None:
    """Import, and compile, what a run needs, so that the first run does not wait for it."""
    from explore.narratives.pipeline import warm_up

    warm_up()


def settle_in() -> None:
    """Be easy to kill, with all children, and the last to be served and the first to go when the machine is short."""
    faulthandler.enable()
    end_with_parent()
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
        os.nice(NICENESS)
    if sys.platform == "linux":
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500")


def _run_settings(run: dict[str, Any]) -> dict[str, Any]:
    """The fields of RunConfig, with the moment that the row keeps as text."""
    settings = {name: value for name, value in run.items() if name != "snapshot"}
    if isinstance(settings.get("as_of"), str):
        settings["as_of"] = datetime.fromisoformat(settings["as_of"])
    return settings


def _serve(connection: Connection, workspace: Workspace, execute: Execute, warm_up: WarmUp) -> None:
    """The executor's life: settle in, warm up, do one job, end."""
    settle_in()
    try:
        warm_up()
    except Exception:
        traceback.print_exc()  # the job will say so where it matters
    with suppress(EOFError, BrokenPipeError):  # the worker is gone
        job = connection.recv()
        connection.send(_do(job, workspace, execute, _Reporter(connection)))


def _do(job: Job, workspace: Workspace, execute: Execute, reporter: _Reporter) -> End:
    """Do the job; whatever goes wrong becomes a plain sentence, and the log gets the traceback."""
    try:
        for part in execute(job, workspace, progress=reporter):
            reporter.send({"result": part})
    except Refused as error:
        return End("failed", str(error))
    except Exception as error:
        print(f"job {job.id} of {job.submitted_at:%Y-%m-%d %H:%M:%S} UTC failed:", file=sys.stderr)
        traceback.print_exc()
        return End("failed", _in_plain_words(error))
    return End("done")


def _in_plain_words(error: Exception) -> str:
    if isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__:  # DuckDB has its own
        return NO_MEMORY
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return DISK_FULL
    return FAULT


class _Reporter:
    """Progress that goes to the worker: every new stage at once, shares of it now and then."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._sending = connection, threading.Lock()
        self._stage, self._sent = "", 0.0

    def __call__(self, stage: str, done: float | None = None) -> None:
        if stage == self._stage and time.monotonic() - self._sent < REPORT_SECONDS:
            return
        self._stage, self._sent = stage, time.monotonic()
        self.send({"stage": stage, "done": done})

    def send(self, news: dict[str, Any]) -> None:
        with self._sending:
            self._connection.send(news)
