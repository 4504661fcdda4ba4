"""What the worker does while no job waits: it compares finished runs with the one before, and measures how steady their
narratives are.

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
        """Go on, or begin with the newest run that has no stability. Cheap: meant for every idle tick."""
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
            if lacks_stability(folder):
                return folder.name
        return None


def lacks_stability(folder: Path) -> bool:
    """Whether a run is there, and its stability is not, or is not what was written."""
    from explore.narratives.stability import kept

    return (folder / "manifest.json").is_file() and kept(folder) is None


def look_after(workspace: Workspace, run_id: str) -> None:
    """The chore: compare one run with the run that Compare puts beside it at first, so that nobody waits for it there,
    and then measure its stability."""
    from explore.narratives.chain import by_time, chained, grown_from, pair_of
    from explore.narratives.run import list_runs, open_run
    from explore.narratives.stability import measure
    from explore.posts.snapshots import list_snapshots

    run = open_run(workspace, run_id)
    try:
        grown = grown_from(list_snapshots(workspace))
        pair = pair_of(by_time(list_runs(workspace)), run_id, grown=grown)
        chained([open_run(workspace, one) for one in pair], cache=workspace.cache)
    except Refused:
        pass  # the other run is damaged, or was removed meanwhile
    except Exception:
        traceback.print_exc()  # the stability is not to suffer from it
    measure(run)


def _do(chore: Chore, workspace: Workspace, run_id: str) -> None:
    settle_in()
    chore(workspace, run_id)


def _made_at(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:  # removed meanwhile
        return 0.0
