"""How the web process starts its worker, and keeps it started."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from explore.files import own_folder
from explore.settings import PROJECT, Workspace

WORKER = (sys.executable, "-m", "explore.jobs", "--until-stdin-closes")
LOG_BYTES = 5 * 2**20  # a worker that finds a longer log sets it aside
RESTART_SECONDS = 2.0  # a worker that cannot start is not tried again on every page run

_running: dict[tuple[Path, str], tuple[float, subprocess.Popen[bytes]]] = {}
_starting = threading.Lock()


def ensure_worker(workspace: Workspace) -> None:
    """Start this process's worker for the workspace unless it is alive. Cheap: meant for every page run."""
    key = (workspace.home, workspace.database_url)
    with _starting:
        since, worker = _running.get(key, (0.0, None))
        dead = worker is None or worker.poll() is not None
        if dead and time.monotonic() - since > RESTART_SECONDS:
            _running[key] = (time.monotonic(), start_worker(workspace))


def start_worker(workspace: Workspace, *, command: Sequence[str] = WORKER) -> subprocess.Popen[bytes]:
    """Start a worker that ends when this process does, however that ends.

    It waits for the end of its standard input, a pipe that only this process can write to. What it prints goes to
    logs/worker.log in the workspace.
    """
    environment = {**os.environ, "EXPLORE_HOME": str(workspace.home), "EXPLORE_DATABASE_URL": workspace.database_url}
    if workspace.pseudonym_secret is not None:
        environment["EXPLORE_PSEUDONYM_KEY"] = workspace.pseudonym_secret.get_secret_value()
    on_windows = ("BELOW_NORMAL_PRIORITY_CLASS", "CREATE_NEW_PROCESS_GROUP")
    with _open_log(workspace.home / "logs" / "worker.log") as log:
        return subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            list(command),
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl+C in the terminal is for the web process; the worker follows it
            creationflags=sum(getattr(subprocess, flag, 0) for flag in on_windows),
        )


def _open_log(path: Path) -> IO[bytes]:
    """For appending, readable by its owner only: a traceback may quote a post."""
    own_folder(path.parents[1])
    path.parent.mkdir(exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_name("worker.old.log"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
