"""The parent's side of the process that parses untrusted bytes: start it, ask it, outlive it.

Requests and answers are lines of JSON on pipes, so nothing that the process says can run code here. It ends when its
pipe closes, however the parent ended.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Self

from explore.errors import Refused
from explore.posts.limits import GB, MB, MEMORY_SPENT, Limits
from explore.progress import Progress, silent

COMMAND: tuple[str, ...] = (sys.executable, "-m", "explore.posts.child")
FULL = "The disk is full; free some space and load again. Nothing was changed."
_PROJECT = Path(__file__).resolve().parents[2]
_LONGEST_ANSWER = 64 * MB
_COMPLAINTS_SHOWN = 4_000  # bytes
_LOG = logging.getLogger(__name__)


class Apart:
    """A process of its own that reads the files called `names`; use with `with`, which ends it."""

    def __init__(self, names: Sequence[str], *, limits: Limits) -> None:
        self._limits = limits
        self._files = f"'{names[0]}'" if len(names) == 1 else f"One of '{names[0]}' and {len(names) - 1} other files"

    def __enter__(self) -> Self:
        # secrets stay here; the process has no use for them
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EXPLORE_")}
        self._complaints = tempfile.TemporaryFile()
        self._process = subprocess.Popen(  # noqa: S603 (our own module)
            [*COMMAND, json.dumps(asdict(self._limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            cwd=_PROJECT,
            env=environment,
        )
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018 (both piped)
        self._requests: IO[bytes] = self._process.stdin
        self._until = time.monotonic() + self._limits.seconds
        self._heard: queue.Queue[bytes] = queue.Queue(maxsize=64)
        self._over = threading.Event()
        self._listener = threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True)
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._process.kill()
        self._process.wait()
        with suppress(OSError):
            self._requests.close()
        self._complaints.close()
        self._listener.join()

    def ask(self, request: dict[str, Any], *, heard: Progress = silent) -> dict[str, Any]:
        """The answer to a request; `heard` is told the progress until then.

        Raises Refused with what the process refuses, and when it crashes, hangs or takes more than it may.
        """
        with suppress(OSError):  # it may be dead already; the next word, or its absence, will tell
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
        while True:
            said = self._next()
            if "stage" in said:
                heard(str(said["stage"]), said.get("done"))
            elif "refused" in said:
                raise Refused(str(said["refused"]))
            elif "answer" in said:
                return dict(said["answer"])
            else:
                raise Refused(self._unable(said))

    def _listen(self, output: IO[bytes]) -> None:
        """Pass on every line; b"" once there are no more."""
        with output:
            line = b"-"
            while line and not self._over.is_set():
                line = output.readline(_LONGEST_ANSWER)
                while not self._over.is_set():
                    with suppress(queue.Full):
                        self._heard.put(line, timeout=0.1)
                        break

    def _next(self) -> dict[str, Any]:
        """The next word of the process. Raises Refused when there is none in time, or none that can be understood."""
        left = self._until - time.monotonic()
        try:
            line = self._heard.get(timeout=max(0.0, min(self._limits.silence, left)))
        except queue.Empty:
            raise Refused(self._too_long()) from None
        if not line:
            raise Refused(self._death(self._process.wait()))
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise Refused(self._crashed("its answer made no sense"))
        return said

    def _unable(self, said: dict[str, Any]) -> str:
        """What to say when the process ran into one of its limits or into a fault of ours."""
        match said.get("unable"):
            case "disk":
                return FULL
            case "memory":
                return self._too_large()
            case "size":
                return f"{self._files} would take more than {self._limits.file_bytes // GB:,} GB on disk; split it."
        _LOG.error("reading %s failed:\n%s", self._files, said.get("fault"))
        return self._crashed(str(said.get("error"))[:200])

    def _death(self, code: int) -> str:
        if code in {MEMORY_SPENT, -getattr(signal, "SIGKILL", 9)}:
            return self._too_large()
        if code == -getattr(signal, "SIGXCPU", 24):
            return self._too_long()
        self._complaints.seek(max(0, self._complaints.tell() - _COMPLAINTS_SHOWN))
        _LOG.error(
            "reading %s ended with code %d:\n%s", self._files, code, self._complaints.read().decode(errors="replace")
        )
        return self._crashed(f"code {code}")

    def _too_large(self) -> str:
        return (
            f"{self._files} cannot be read within {self._limits.memory // GB} GB of memory, as files of posts can; "
            "check how it was exported. Nothing was changed."
        )

    def _too_long(self) -> str:
        return f"{self._files} kept its reader busy without an end and was given up; split it or export it again."

    def _crashed(self, why: str) -> str:
        return (
            f"{self._files} made its reader fail ({why}); the file is damaged or made to do harm. Nothing was changed."
        )
