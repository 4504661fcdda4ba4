"""Mappings that a person has corrected and kept, offered again for the next file of the same shape."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from explore.errors import Refused
from explore.files import own_folder, read_json, write_json
from explore.posts.layout import Preview
from explore.posts.mapping import ColumnMapping, corrected, detect
from explore.posts.paths import parse_source
from explore.settings import Workspace

_NEARLY = 0.8  # JSON leaves out what is empty, so that files of one export differ by a few columns


@dataclass(frozen=True)
class SavedMapping:
    """How files of one shape are read: `columns` is our field -> source, `shape` the columns of the file."""

    name: str
    shape: tuple[str, ...]
    columns: dict[str, str]
    preset: str | None = None
    tz: str = "UTC"
    date_order: str | None = None
    delimiter: str | None = None
    saved_at: str = ""


@dataclass(frozen=True)
class Offer:
    """The mapping to show first for a file, and in words where it comes from. `saved` is None when it was detected."""

    mapping: ColumnMapping
    said: str
    saved: SavedMapping | None = field(default=None)


def offer(workspace: Workspace, preview: Preview) -> Offer:
    """The saved mapping for files like this one, else what its columns suggest."""
    found = detect(preview)
    saved = recall(workspace, preview)
    if saved is not None:
        same = set(saved.shape) == set(preview.columns)
        alike = "the same columns" if same else "nearly the same columns"
        said = f"Mapping '{saved.name}', saved on {saved.saved_at[:10]} for a file with {alike}"
        return Offer(apply(saved, preview), f"{said} ({found.preset})." if found.preset else f"{said}.", saved)
    if found.preset:
        return Offer(found, f"Recognised as {found.preset}.")
    return Offer(found, "Columns found by name and content.")


def save(
    workspace: Workspace,
    preview: Preview,
    mapping: ColumnMapping,
    *,
    name: str,
    now: datetime,
    tz: str = "UTC",
    date_order: str | None = None,
    delimiter: str | None = None,
) -> SavedMapping:
    """Keep a mapping under a name; an earlier one for the same columns is replaced. Raises Refused without a name."""
    saved = SavedMapping(
        checked_name(name),
        tuple(sorted(preview.columns)),
        mapping.columns,
        mapping.preset,
        tz,
        date_order,
        delimiter,
        now.astimezone(UTC).isoformat(),
    )
    own_folder(workspace.home)
    write_json(_path(workspace, saved.shape), asdict(saved))
    return saved


def checked_name(name: str) -> str:
    """The name as it is kept. Raises Refused for one that cannot be seen or is too long."""
    called = " ".join(name.split())
    if not called or len(called) > 100 or not called.isprintable():
        raise Refused("A saved mapping needs a name of 1 to 100 characters, none of them invisible.")
    return called


def recall(workspace: Workspace, preview: Preview) -> SavedMapping | None:
    """The mapping saved for exactly these columns, else the likest one whose columns the file has; None without."""
    everything = [one for one in saved_mappings(workspace) if _fits(one, preview)]
    best = max(everything, key=lambda one: (_overlap(one.shape, preview.columns), one.saved_at), default=None)
    return best if best and _overlap(best.shape, preview.columns) >= _NEARLY else None


def named(workspace: Workspace, name: str) -> SavedMapping:
    """The mapping saved last under a name. Raises Refused, saying which there are."""
    everything = saved_mappings(workspace)
    for one in everything:
        if one.name == name:
            return one
    known = ", ".join(f"'{one.name}'" for one in everything) or "none yet; save one with --save-mapping NAME"
    raise Refused(f"No mapping is saved as '{name}'; there are {known}.")


def saved_mappings(workspace: Workspace) -> list[SavedMapping]:
    """Every saved mapping, the newest first; damaged files are passed over."""
    found = []
    for path in (workspace.home / "mappings").glob("[0-9a-f]*.json"):
        try:
            facts = read_json(path)
            found.append(SavedMapping(**facts | {"shape": tuple(facts["shape"])}))
        except (OSError, ValueError, TypeError, KeyError):
            continue
    return sorted(found, key=lambda one: (one.saved_at, one.name), reverse=True)


def forget(workspace: Workspace, saved: SavedMapping) -> None:
    """Remove a saved mapping."""
    _path(workspace, saved.shape).unlink(missing_ok=True)


def apply(saved: SavedMapping, preview: Preview) -> ColumnMapping:
    """The saved mapping for the columns of this file. Raises Refused for a column that the file does not have."""
    return corrected(ColumnMapping({}, saved.preset), preview, saved.columns)


def _fits(saved: SavedMapping, preview: Preview) -> bool:
    sources = (parse_source(source, preview.known) for source in saved.columns.values())
    return all(column in preview.known for source in sources for column in source.columns)


def _overlap(one: Iterable[str], other: Iterable[str]) -> float:
    """Shared columns as a share of all columns of the two."""
    first, second = set(one), set(other)
    return len(first & second) / max(len(first | second), 1)


def _path(workspace: Workspace, shape: tuple[str, ...]) -> Path:
    digest = hashlib.sha256(json.dumps(shape).encode()).hexdigest()[:16]
    return workspace.home / "mappings" / f"{digest}.json"
