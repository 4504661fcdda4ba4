"""Real worker processes with handmade jobs; see handmade_worker.py."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from explore.jobs import Job, cancel, find_job, start_worker, submit
from explore.jobs import launch as launching
from explore.settings import PROJECT, Workspace

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HANDMADE = (sys.executable, str(Path(__file__).with_name("handmade_worker.py")), "--until-stdin-closes")

Launch = Callable[[], "subprocess.Popen[bytes]"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the faults are made with POSIX signals")


@pytest.fixture
def launch(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Launch]:
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    started = []

    def start() -> subprocess.Popen[bytes]:
        started.append(start_worker(workspace, command=HANDMADE))
        return started[-1]

    yield start
    for worker in started:
        worker.stdin.close()
    for worker in started:
        worker.wait(10)


def test_a_job_submitted_before_there_is_a_worker_is_done(workspace: Workspace, launch: Launch) -> None:
    job = _submit(workspace, "quick")
    assert job.state == "waiting"
    launch()
    done = _wait(workspace, job, "done")
    assert done.result == {"snapshot": "s1", "run": "r1"}
    assert (done.stage, done.done, done.message) == ("Counting", 0.5, "")
    assert done.started_at <= done.ended_at
    assert done.elapsed(NOW) == done.ended_at - done.started_at


def test_what_goes_wrong_is_said_in_plain_words_and_the_next_job_is_done(workspace: Workspace, launch: Launch) -> None:
    refused, fault, memory, killed, quick = (
        _submit(workspace, title) for title in ("refused", "fault", "out of memory", "killed by the system", "quick")
    )
    launch()
    _wait(workspace, quick, "done")
    assert find_job(workspace, refused.id).message == "Column 'text' is missing; choose one of body, title."
    assert find_job(workspace, refused.id).result == {"snapshot": "s1"}
    assert find_job(workspace, memory.id).message.startswith("Memory ran out")
    assert find_job(workspace, killed.id).state == "interrupted"
    assert "memory ran out" in find_job(workspace, killed.id).message
    failed = find_job(workspace, fault.id)
    assert failed.state == "failed"
    assert failed.message.startswith("Groundswell could not finish this job.")
    assert "secret detail" not in failed.message
    assert "ValueError: secret detail" in (workspace.home / "logs" / "worker.log").read_text()


def test_no_job_waits_for_what_is_done_in_spare_time(workspace: Workspace, launch: Launch) -> None:
    (workspace.runs / "finished").mkdir(parents=True)
    (workspace.runs / "finished" / "manifest.json").write_text("{}")
    chores = workspace.home / "chores.txt"
    worker = launch()
    _until(chores.exists, seconds=20)
    _wait(workspace, _submit(workspace, "quick"), "done")
    _until(lambda: len(chores.read_text().splitlines()) == 2, seconds=20)
    (run, first), (_, second) = (line.split() for line in chores.read_text().splitlines())
    assert run == "finished"
    assert not _lives(int(first))
    worker.stdin.close()
    _until(lambda: not _lives(int(second)), seconds=5)


def test_cancelling_ends_the_work_at_once_and_leaves_nothing_half_written(workspace: Workspace, launch: Launch) -> None:
    launch()
    job = _half_written(workspace)
    executor = int((workspace.home / "executor.txt").read_text())
    shown = find_job(workspace, job.id)
    assert (shown.state, shown.stage, shown.done) == ("running", "Writing", 0.25)
    assert list(workspace.runs.iterdir())
    assert cancel(workspace, job.id, now=NOW).state == "cancelled"
    _until(lambda: not _lives(executor), seconds=5)
    _until(lambda: not list(workspace.runs.iterdir()), seconds=5)
    assert find_job(workspace, job.id).message == "Cancelled."
    _wait(workspace, _submit(workspace, "quick"), "done")


def test_a_killed_worker_leaves_an_interrupted_job_and_the_next_worker_goes_on(
    workspace: Workspace, launch: Launch
) -> None:
    worker = launch()
    job = _half_written(workspace)
    executor = int((workspace.home / "executor.txt").read_text())
    worker.kill()
    worker.wait()
    _until(lambda: not _lives(executor), seconds=5)
    after = _submit(workspace, "quick")
    launch()
    _wait(workspace, after, "done")
    assert find_job(workspace, job.id).state == "interrupted"
    assert "started again" in find_job(workspace, job.id).message
    assert not list(workspace.runs.iterdir())


def test_no_process_outlives_a_killed_web_process(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    web = subprocess.Popen([sys.executable, "-c", _WEB, str(workspace.home), *HANDMADE], stdout=subprocess.PIPE)
    worker = int(web.stdout.readline())
    job = _half_written(workspace)
    executor = int((workspace.home / "executor.txt").read_text())
    web.kill()
    web.wait()
    web.stdout.close()
    _until(lambda: not _lives(worker) and not _lives(executor), seconds=5)
    assert find_job(workspace, job.id).state == "interrupted"


def test_two_workers_never_do_one_job_twice(workspace: Workspace, launch: Launch) -> None:
    jobs = [_submit(workspace, "quick") for _ in range(6)]
    launch()
    launch()
    for job in jobs:
        _wait(workspace, job, "done")
    executed = (workspace.home / "executed.txt").read_text().split()
    assert sorted(map(int, executed)) == [job.id for job in jobs]


def test_the_worker_of_a_workspace_is_started_once_and_again_when_it_died(
    workspace: Workspace, launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr(launching, "start_worker", lambda _: started.append(launch()) or started[-1])
    monkeypatch.setattr(launching, "RESTART_SECONDS", 0.0)
    launching.ensure_worker(workspace)
    launching.ensure_worker(workspace)
    assert len(started) == 1
    started[0].kill()
    started[0].wait()
    launching.ensure_worker(workspace)
    assert len(started) == 2


def test_a_long_log_is_set_aside(workspace: Workspace, launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "LOG_BYTES", 10)
    log = workspace.home / "logs" / "worker.log"
    log.parent.mkdir(parents=True)
    log.write_text("more than ten bytes")
    launch()
    assert log.read_text() == ""
    assert log.with_name("worker.old.log").read_text() == "more than ten bytes"


_WEB = """
import sys, time
from pathlib import Path
from explore.jobs import start_worker
from explore.settings import workspace_at
worker = start_worker(workspace_at(Path(sys.argv[1])), command=sys.argv[2:])
print(worker.pid, flush=True)
time.sleep(60)
"""


def _submit(workspace: Workspace, title: str) -> Job:
    return submit(workspace, title=title, run={"snapshot": "s1"}, now=NOW)


def _half_written(workspace: Workspace) -> Job:
    """A job that is in the middle of writing a run, as its row shows."""
    job = _submit(workspace, "half-written")
    _until(lambda: find_job(workspace, job.id).stage == "Writing", seconds=15)
    return job


def _wait(workspace: Workspace, job: Job, state: str) -> Job:
    _until(lambda: find_job(workspace, job.id).ended, seconds=20)
    ended = find_job(workspace, job.id)
    assert ended.state == state, ended
    return ended


def _until(happens: Callable[[], bool], *, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def _lives(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process_id}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")
