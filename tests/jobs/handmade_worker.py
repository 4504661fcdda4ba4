"""A worker whose jobs are handmade: what one does is its title. Started as a script by the tests."""

import ctypes
import os
import signal
from collections.abc import Iterator
from typing import Any

from explore.errors import Refused
from explore.files import new_folder
from explore.jobs import Job
from explore.jobs.worker import main
from explore.progress import Progress
from explore.settings import Workspace


def execute(job: Job, workspace: Workspace, *, progress: Progress) -> Iterator[dict[str, Any]]:
    yield {"snapshot": "s1"}
    with (workspace.home / "executed.txt").open("a") as file:
        file.write(f"{job.id}\n")
    match job.title:
        case "quick":
            progress("Counting", 0.5)
        case "refused":
            raise Refused("Column 'text' is missing; choose one of body, title.")
        case "fault":
            raise ValueError("secret detail")
        case "out of memory":
            raise MemoryError
        case "killed by the system":
            os.kill(os.getpid(), signal.SIGKILL)
        case "half-written":
            with new_folder(workspace.runs / "r1") as folder:
                (folder / "posts.parquet").write_text("half")
                (workspace.home / "executor.txt").write_text(str(os.getpid()))
                progress("Writing", 0.25)
                _compute()
    yield {"run": "r1"}


def _compute() -> None:
    """Like a fit: native code that keeps Python's lock, so that no other thread of this process can act."""
    while True:
        ctypes.PyDLL(None).sleep(3)


def warm_up() -> None:
    pass


def chore(workspace: Workspace, run_id: str) -> None:
    with (workspace.home / "chores.txt").open("a") as file:
        file.write(f"{run_id} {os.getpid()}\n")
    _compute()


if __name__ == "__main__":
    main(execute=execute, warm_up=warm_up, chore=chore)
