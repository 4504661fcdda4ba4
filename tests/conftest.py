"""What every test gets: an empty workspace of its own, whatever the environment says."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from explore.settings import Workspace, workspace_at

_OVERRIDES = (
    "EXPLORE_DATABASE_URL",
    "EXPLORE_PSEUDONYM_KEY",
    "EXPLORE_ALLOW_DOWNLOAD",
    "EXPLORE_EMBEDDING_MODEL",
    "EXPLORE_EMBEDDING_KEY",
)
_ELSEWHERE = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Turn away from the person's own workspace before any test module is imported."""
    elsewhere = tempfile.TemporaryDirectory(prefix="groundswell-tests-")
    config.stash[_ELSEWHERE] = elsewhere
    os.environ["EXPLORE_HOME"] = elsewhere.name
    for name in _OVERRIDES:
        os.environ.pop(name, None)


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_ELSEWHERE].cleanup()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that EXPLORE_HOME names in this test."""
    folder = tmp_path / "workspace"
    monkeypatch.setenv("EXPLORE_HOME", str(folder))
    for name in _OVERRIDES:
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def workspace(home: Path) -> Workspace:
    """This test's own workspace; its folder does not exist until something is written."""
    return workspace_at(home)
