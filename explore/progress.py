"""How a long piece of work says where it is."""

from __future__ import annotations

import sys
import time
from typing import Protocol


class Progress(Protocol):
    """Called with the stage in an investigator's words and, where it is known, the share of it that is done (0-1)."""

    def __call__(self, stage: str, done: float | None = None) -> None: ...


def silent(stage: str, done: float | None = None) -> None:
    """Report to nobody."""


def peak_rss_mb() -> float | None:
    """Peak resident memory of this process so far in MiB; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


class StageClock:
    """Forwards progress and keeps seconds and peak memory per stage for the manifest.

    A stage ends when the next one is named, or at `stop()`.
    """

    def __init__(self, progress: Progress = silent) -> None:
        self._progress = progress
        self._stage: str | None = None
        self._since = 0.0
        self.seconds: dict[str, float] = {}
        self.peak_rss_mb: dict[str, float | None] = {}

    def __call__(self, stage: str, done: float | None = None) -> None:
        if stage != self._stage:
            self.stop()
            self._stage, self._since = stage, time.perf_counter()
        self._progress(stage, done)

    def stop(self) -> None:
        """Close the current stage."""
        if self._stage is None:
            return
        spent = time.perf_counter() - self._since
        self.seconds[self._stage] = round(self.seconds.get(self._stage, 0.0) + spent, 3)
        self.peak_rss_mb[self._stage] = peak_rss_mb()
        self._stage = None
