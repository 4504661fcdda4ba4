from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from explore.settings import Workspace, workspace_at
from tests.posts.here import reading_here


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_at(tmp_path / "workspace")


@pytest.fixture(autouse=True)
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Loads read in this process, except in modules that say `READS_APART = True`: those use the real one."""
    if getattr(request.module, "READS_APART", False):
        yield
        return
    with reading_here(monkeypatch):
        yield
