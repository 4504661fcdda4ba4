"""What dead writers and finished loads leave on disk, and when it is safe to remove it."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from explore.settings import Workspace

STALE_AFTER = timedelta(hours=1)  # no load or run goes that long without touching its folder
UPLOADS_KEPT = timedelta(days=1)  # uploads whose load did not succeed stay this long, for another try

# `explore.files.new_folder` writes to ".<name>-<process id>-<random>" and renames at the end
_HIDDEN = re.compile(r"\..+-(?P<process_id>\d+)-[a-z0-9_]{8}")


def remove_stale(workspace: Workspace, *, now: datetime) -> None:
    """Remove hidden folders in snapshots/ and runs/ that nobody touched for STALE_AFTER."""
    for folder in _hidden_folders(workspace):
        if now - _last_change(folder) > STALE_AFTER:
            shutil.rmtree(folder, ignore_errors=True)


def remove_half_written(workspace: Workspace, *, process_id: int) -> None:
    """Remove the hidden folders of one process that is known to be dead."""
    for folder in _hidden_folders(workspace):
        named = _HIDDEN.fullmatch(folder.name)
        if named and int(named["process_id"]) == process_id:
            shutil.rmtree(folder, ignore_errors=True)


def remove_uploads(workspace: Workspace, load: Mapping[str, Any] | None) -> None:
    """Remove the files of a load that says `remove_after`. Files outside the workspace's uploads are never touched."""
    if load is None or not load.get("remove_after"):
        return
    for path in map(Path, load["paths"]):
        if path.resolve().is_relative_to(workspace.uploads.resolve()):
            _remove_file(path, workspace.uploads)


def remove_old_uploads(workspace: Workspace, *, needed: Collection[str], now: datetime) -> None:
    """Remove uploads older than UPLOADS_KEPT, except the paths in `needed`."""
    for path in list(workspace.uploads.rglob("*")):
        if path.is_file() and str(path) not in needed and now - _changed(path) > UPLOADS_KEPT:
            _remove_file(path, workspace.uploads)


def _hidden_folders(workspace: Workspace) -> Iterator[Path]:
    for parent in (workspace.snapshots, workspace.runs):
        yield from [path for path in parent.glob(".*") if path.is_dir() and not path.is_symlink()]


def _last_change(folder: Path) -> datetime:
    return max(map(_changed, [folder, *folder.rglob("*")]))


def _changed(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.lstat().st_mtime, UTC)
    except FileNotFoundError:  # its writer is alive and just removed it
        return datetime.max.replace(tzinfo=UTC)


def _remove_file(path: Path, uploads: Path) -> None:
    """Remove an upload, and the folder that was made for it when it is then empty."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        if path.parent != uploads:
            path.parent.rmdir()
