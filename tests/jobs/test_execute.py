"""What the executor does with the rooms below, which are replaced by small fakes here."""

import subprocess
import sys
import types
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from explore.jobs.executor import execute_job
from explore.jobs.queue import Job
from explore.progress import silent
from explore.settings import PROJECT, Workspace

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    """What a fake was called with, also standing for its report, snapshot, options, configuration or run."""

    id: str
    values: Any = None
    snapshot: str = "s1"


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    calls: dict[str, Any] = {}
    snapshots = types.ModuleType("snapshots")
    snapshots.LoadOptions = lambda **options: options
    snapshots.load = lambda *given, **named: calls.update(load=(given, named)) or Said("report")
    snapshots.open_snapshot = lambda _, snapshot_id: Said(snapshot_id)
    run = types.ModuleType("run")
    run.RunConfig = lambda **config: config
    pipeline = types.ModuleType("pipeline")
    pipeline.explore = lambda *given, **named: calls.update(explore=(given, named)) or Said("r1")
    monkeypatch.setitem(sys.modules, "explore.posts.snapshots", snapshots)
    monkeypatch.setitem(sys.modules, "explore.narratives.run", run)
    monkeypatch.setitem(sys.modules, "explore.narratives.pipeline", pipeline)
    return calls


def test_a_load_on_top_of_a_snapshot_is_appended(
    workspace: Workspace, called: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    appending = types.ModuleType("appending")
    appending.append = lambda *given, **named: called.update(append=(given, named)) or Said("report", snapshot="s2")
    monkeypatch.setitem(sys.modules, "explore.posts.appending", appending)
    job = _job(load={"paths": ["more.csv"], "append": "s1"})
    assert [part["snapshot"] for part in execute_job(job, workspace, progress=silent)] == ["s2"]
    given, named = called["append"]
    assert (given, named["base"]) == (([Path("more.csv")], workspace), Said("s1"))
    assert "load" not in called


def test_a_load_is_followed_by_a_run_of_what_it_loaded(workspace: Workspace, called: dict[str, Any]) -> None:
    job = _job(load={"paths": ["posts.csv"], "options": {"tz": "UTC"}}, run={"seed": 7, "as_of": NOW.isoformat()})
    parts = list(execute_job(job, workspace, progress=silent))
    assert parts == [
        {"snapshot": "s1", "load": {"id": "report", "values": None, "snapshot": "s1"}},
        {"snapshot": "s1", "run": "r1"},
    ]
    given, named = called["load"]
    assert given == ([Path("posts.csv")], workspace)
    assert (named["options"], named["now"]) == ({"tz": "UTC"}, NOW)
    given, named = called["explore"]
    assert given == (Said("s1"), workspace)
    assert (named["config"], named["now"]) == ({"seed": 7, "as_of": NOW}, NOW)


def test_a_run_alone_explores_the_snapshot_it_names(workspace: Workspace, called: dict[str, Any]) -> None:
    parts = list(execute_job(_job(run={"snapshot": "s9"}), workspace, progress=silent))
    assert parts == [{"snapshot": "s9", "run": "r1"}]
    assert called["explore"][1]["config"] == {}
    assert "load" not in called


def test_an_upload_is_removed_once_it_is_loaded(workspace: Workspace, called: dict[str, Any]) -> None:  # noqa: ARG001 (the fakes)
    upload = workspace.uploads / "k3f" / "posts.csv"
    upload.parent.mkdir(parents=True)
    upload.write_text("text\n")
    job = _job(load={"paths": [str(upload)], "options": {}, "remove_after": True})
    assert [set(part) for part in execute_job(job, workspace, progress=silent)] == [{"snapshot", "load"}]
    assert not upload.exists()


def test_a_comparison_links_the_runs_it_names(
    workspace: Workspace, called: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sys.modules["explore.narratives.run"].open_run = lambda _, run_id: Said(run_id)  # type: ignore[attr-defined]
    chain = types.ModuleType("chain")
    chain.chained = lambda *given, **named: called.update(chained=(given, named))
    monkeypatch.setitem(sys.modules, "explore.narratives.chain", chain)
    assert list(execute_job(_job(compare=["r1", "r2"]), workspace, progress=silent)) == []
    given, named = called["chained"]
    assert (given, named["cache"]) == (([Said("r1"), Said("r2")],), workspace.cache)
    assert "explore" not in called


def test_a_page_that_imports_jobs_imports_nothing_heavy() -> None:
    heavy = "{'umap', 'bertopic', 'hdbscan', 'numba', 'sklearn', 'pandas', 'alembic'}"
    code = f"import sys, explore.jobs; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def _job(
    *, load: dict[str, Any] | None = None, run: dict[str, Any] | None = None, compare: list[str] | None = None
) -> Job:
    return Job(
        id=1,
        title="posts.csv",
        state="running",
        stage="",
        done=None,
        submitted_at=NOW,
        started_at=NOW,
        ended_at=None,
        load=load,
        run=run,
        compare=compare,
        result={},
        message="",
    )
