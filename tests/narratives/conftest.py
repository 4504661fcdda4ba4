"""Runs that several tests look at, made once; nobody writes to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from explore.narratives.pipeline import explore
from explore.narratives.run import Run, open_run
from explore.posts.snapshots import Snapshot, load, open_snapshot
from explore.settings import PROJECT, Workspace, workspace_at
from tests.narratives.making import FEW, FEW_GROUPS, NOW, Post, explored, run_with, stream

SAMPLE = PROJECT / "data" / "sample"


@dataclass(frozen=True)
class Explored:
    """A run with everything it came from."""

    workspace: Workspace
    posts: list[Post]
    run: Run

    @property
    def snapshot(self) -> Snapshot:
        return open_snapshot(self.workspace, self.run.snapshot_id)

    def again(self) -> Run:
        """The run opened afresh."""
        return open_run(self.workspace, self.run.id)


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    """The handmade posts FEW with the narratives given."""
    workspace = workspace_at(tmp_path_factory.mktemp("few") / "workspace")
    return Explored(workspace, FEW, run_with(workspace, FEW, groups=FEW_GROUPS))


@pytest.fixture(scope="session")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    """The 280 posts of `stream`, explored for real."""
    workspace = workspace_at(tmp_path_factory.mktemp("stream") / "workspace")
    return Explored(workspace, stream(), explored(workspace, stream()))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    """The whole sample of the project."""
    workspace = workspace_at(tmp_path_factory.mktemp("sample") / "workspace")
    report = load([SAMPLE / "synthetic_posts.csv.gz"], workspace, now=NOW)
    return Explored(workspace, [], explore(open_snapshot(workspace, report.snapshot), workspace, now=NOW))


@pytest.fixture(scope="session")
def truth() -> dict[str, Any]:
    """What the sample's generator planted."""
    found: dict[str, Any] = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    return found
