"""Files that a browser brought, kept in the workspace until they are loaded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from explore.files import own_folder, write_bytes
from explore.settings import Workspace


def keep(workspace: Workspace, *, name: str, ticket: str, content: bytes) -> Path:
    """Write an upload once, readable by its owner only, under what is harmless in its name. Returns its path.

    `ticket` tells uploads of the same name apart.
    """
    harmless = re.sub(r"[^\w.-]+", "_", name.replace("\\", "/").rsplit("/", 1)[-1]).lstrip(".") or "posts"
    path = workspace.uploads / re.sub(r"[^\w-]", "", ticket) / harmless[-120:]
    if not path.exists():
        own_folder(workspace.home)
        write_bytes(path, content, mode=0o600)
    return path


def are_kept(workspace: Workspace, paths: Sequence[Path]) -> bool:
    """Whether these are copies that `keep` made."""
    return all(path.is_relative_to(workspace.uploads) for path in paths)
