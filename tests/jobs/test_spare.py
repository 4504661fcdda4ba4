"""Spare time: what finished runs lack is made while no job waits, and gives way to any job."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from explore.jobs.spare import SpareTime, lacks_something, look_after
from explore.narratives import moments
from explore.narratives.stability_table import FILE, kept
from explore.settings import Workspace
from tests.narratives.making import run_with
from tests.narratives.test_lineage import numbered, talk

pytestmark = pytest.mark.skipif(os.name == "nt", reason="looks at process ids the POSIX way")


def note(workspace: Workspace, run_id: str) -> None:
    with (workspace.home / "noted.txt").open("a") as file:
        file.write(f"{run_id}\n")


def never_end(workspace: Workspace, run_id: str) -> None:
    note(workspace, run_id)
    (workspace.home / "process.txt").write_text(str(os.getpid()))
    while True:
        time.sleep(1)


def fail(workspace: Workspace, run_id: str) -> None:
    note(workspace, run_id)
    raise MemoryError


@pytest.fixture
def begun() -> Iterator[list[SpareTime]]:
    """Whatever a test begins is ended after it."""
    found: list[SpareTime] = []
    yield found
    for each in found:
        each.give_way()


def run_in(workspace: Workspace, name: str, *, made_at: float) -> Path:
    folder = workspace.runs / name
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    os.utime(folder, (made_at, made_at))
    return folder


def test_runs_are_done_one_after_another_the_newest_first_and_each_once(
    workspace: Workspace, begun: list[SpareTime]
) -> None:
    for name, made_at in (("old", 1.0), ("new", 2.0)):
        run_in(workspace, name, made_at=made_at)
    (workspace.runs / ".half-written").mkdir()
    (workspace.runs / "no run").mkdir()
    begun.append(spare := SpareTime(workspace, chore=fail))
    _using(spare, until=lambda: len(_noted(workspace)) == 2)
    spare.use()
    assert _noted(workspace) == ["new", "old"]


def test_it_gives_way_at_once_and_takes_the_run_up_again(workspace: Workspace, begun: list[SpareTime]) -> None:
    run_in(workspace, "long", made_at=1.0)
    begun.append(spare := SpareTime(workspace, chore=never_end))
    process = workspace.home / "process.txt"
    _using(spare, until=lambda: process.exists() and bool(process.read_text()))
    first = int(process.read_text())
    spare.give_way()
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    _using(spare, until=lambda: len(_noted(workspace)) == 2)
    assert _noted(workspace) == ["long", "long"]


@pytest.mark.parametrize("lacking", ["moments", "stability"])
def test_a_run_that_has_all_is_left_alone_and_one_that_lacks_something_is_done_again(
    workspace: Workspace, begun: list[SpareTime], monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    for name in ("complete", "lacking"):
        run_in(workspace, name, made_at=1.0)
    for part in ("moments", "stability"):
        lacks = "lacking" if part == lacking else "nobody"
        monkeypatch.setattr(
            f"explore.narratives.{part}.kept", lambda folder, lacks=lacks: None if folder.name == lacks else folder
        )
    begun.append(spare := SpareTime(workspace, chore=note))
    _using(spare, until=lambda: bool(_noted(workspace)))
    spare.use()
    assert _noted(workspace) == ["lacking"]


def test_a_run_whose_files_are_not_what_was_written_lacks_them(workspace: Workspace) -> None:
    folder = run_in(workspace, "damaged", made_at=1.0)
    for name in (FILE, moments.FILE):
        (folder / name).write_bytes(b"PAR1")
    assert lacks_something(folder)


def test_a_run_is_compared_with_the_one_before_it_and_measured(workspace: Workspace) -> None:
    week, next_week = (
        run_with(workspace, numbered(talk("rain", days=range(day, day + 7), a_day=4), start=day), groups=["rain"])
        for day in (0, 7)
    )
    look_after(workspace, week.id)
    look_after(workspace, next_week.id)
    compared = [path.name for path in (workspace.cache / "lineage").iterdir()]
    assert [name.startswith(f"{week.id}-{next_week.id}") for name in compared] == [True]
    assert [kept(run.folder) is None for run in (week, next_week)] == [False, False]
    assert [lacks_something(run.folder) for run in (week, next_week)] == [False, False]


def test_the_moments_come_before_the_stability_which_does_not_suffer_from_their_fault(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    posts = numbered(talk("rain", days=range(7), a_day=4), start=0)
    run = run_with(workspace, posts, groups=["rain"])

    def broken(run: object) -> None:
        assert kept(run.folder) is None  # type: ignore[attr-defined]
        raise RuntimeError("out of order")

    monkeypatch.setattr("explore.narratives.moments.measure", broken)
    look_after(workspace, run.id)
    assert "RuntimeError: out of order" in capsys.readouterr().err
    assert kept(run.folder) is not None


def test_where_the_other_run_is_damaged_a_run_is_measured_all_the_same(workspace: Workspace) -> None:
    week, next_week = (
        run_with(workspace, numbered(talk("rain", days=range(day, day + 7), a_day=4), start=day), groups=["rain"])
        for day in (0, 7)
    )
    (week.folder / "messages.parquet").write_bytes(b"PAR1")
    look_after(workspace, next_week.id)
    assert kept(next_week.folder) is not None


def test_in_a_workspace_without_runs_there_is_nothing_to_do(workspace: Workspace) -> None:
    spare = SpareTime(workspace, chore=fail)
    spare.use()
    spare.give_way()
    assert _noted(workspace) == []


def _noted(workspace: Workspace) -> list[str]:
    path = workspace.home / "noted.txt"
    return path.read_text().split() if path.exists() else []


def _using(spare: SpareTime, *, until: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not until():
        assert time.monotonic() < ends
        spare.use()
        time.sleep(0.02)
