"""What the worker does while no job waits: it looks where in finished runs there are findings, compares them with the
run before, and measures how steady their narratives are.

No job of anybody: there is no row for it, nobody waits for it, and it gives way to any job at once. What is left to do
is read from the disk, so that nothing has to be remembered; what was broken off is begun anew.
"""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from explore.errors import Refused
from explore.jobs.executor import settle_in
from explore.settings import Workspace

Chore = Callable[[Workspace, str], None]


class SpareTime:
    """At most one process beside the executor, which stays warm for the next job. `chore` runs in that process."""

    def __init__(self, workspace: Workspace, *, chore: Chore) -> None:
        self._workspace, self._chore = workspace, chore
        self._process: BaseProcess | None = None
        self._run = ""
        self._seen: set[str] = set()  # each run is tried once in a worker's life: a chore that fails would fail again

    def use(self) -> None:
        """Go on, or begin with the newest run that lacks something. Cheap: meant for every idle tick."""
        if self._process is not None and self._process.is_alive():
            return
        self._process = None
        run = self._next()
        if run is not None:
            self._run = run
            context = multiprocessing.get_context("spawn")
            self._process = context.Process(target=_do, args=(self._chore, self._workspace, run), daemon=True)
            self._process.start()

    def give_way(self) -> None:
        """End the process now; its run will be taken up again."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.is_alive():
            self._seen.discard(self._run)
            process.kill()
        process.join()

    def _next(self) -> str | None:
        folders = [path for path in self._workspace.runs.glob("[!.]*") if path.name not in self._seen]
        for folder in sorted(folders, key=_made_at, reverse=True):
            self._seen.add(folder.name)
            if lacks_something(folder):
                return folder.name
        return None


def lacks_something(folder: Path) -> bool:
    """Whether a run is there, and its moments or its stability are not, or are not what was written."""
    from explore.narratives import moments, stability_table

    lacks = (kept(folder) is None for kept in (moments.kept, stability_table.kept))
    return (folder / "manifest.json").is_file() and any(lacks)


def look_after(workspace: Workspace, run_id: str) -> None:
    """The chore: find the moments of one run where narratives emerge, which people look for first; compare it with the
    run that Compare puts beside it at first, so that nobody waits for it there; and measure its stability."""
    from explore.narratives import moments, stability
    from explore.narratives.run import open_run

    run = open_run(workspace, run_id)
    for step in (lambda: moments.measure(run), lambda: _compare(workspace, run_id)):
        try:
            step()
        except Refused:
            pass  # the run, or the one to compare it with, is damaged or was removed meanwhile
        except Exception:
            traceback.print_exc()  # what comes next is not to suffer from it
    stability.measure(run)


def _compare(workspace: Workspace, run_id: str) -> None:
    from explore.narratives.chain import by_time, chained, grown_from, pair_of
    from explore.narratives.run import list_runs, open_run
    from explore.posts.snapshots import list_snapshots

    grown = grown_from(list_snapshots(workspace))
    pair = pair_of(by_time(list_runs(workspace)), run_id, grown=grown)
    chained([open_run(workspace, one) for one in pair], cache=workspace.cache)


def _do(chore: Chore, workspace: Workspace, run_id: str) -> None:
    settle_in()
    chore(workspace, run_id)


def _made_at(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:  # removed meanwhile
        return 0.0
