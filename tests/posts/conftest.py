from __future__ import annotations

from pathlib import Path

import pytest

from explore.settings import Workspace, workspace_at


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_at(tmp_path / "workspace")
