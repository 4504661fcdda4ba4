"""What people say of a snapshot after it was loaded: its name, a note, how long it is kept.

The snapshot's own files never change. Each change is one more small file, notes/<snapshot id>/<version>.json, that
appears whole or not at all; of two changes at once the second one sees the first.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from explore.errors import Refused
from explore.files import read_json, write_new
from explore.settings import Workspace

MAX_NAME, MAX_NOTE = 200, 2_000  # characters
MAX_KEEP_DAYS = 36_500
_TRIES = 20


@dataclass(frozen=True)
class Notes:
    """name: "" where the one from the load still holds. keep_days: None = kept until somebody deletes it.

    version: 0 where nothing was ever said; it goes up by one with each change.
    """

    name: str = ""
    note: str = ""
    keep_days: int | None = None
    version: int = 0
    changed_at: str | None = None


def read_notes(workspace: Workspace, snapshot_id: str) -> Notes:
    """The newest notes of a snapshot; empty ones where there are none."""
    for path in sorted(_folder(workspace, snapshot_id).glob("[0-9]*.json"), reverse=True):
        try:
            return Notes(**read_json(path))
        except (OSError, ValueError, TypeError):
            continue
    return Notes()


def change_notes(
    workspace: Workspace, snapshot_id: str, *, now: datetime, seen: int | None = None, **changes: Any
) -> Notes:
    """Change the name, note or keep_days of a snapshot, and leave the rest as it is.

    `seen`: the version that the person looked at; when somebody else has changed the notes since, the change is
    refused and says what they are now. Without it the last change wins.
    """
    changes = {name: checked(name, value) for name, value in changes.items()}
    for _ in range(_TRIES):
        latest = read_notes(workspace, snapshot_id)
        if seen is not None and latest.version != seen:
            raise Refused(f"Somebody else has changed this snapshot meanwhile: {_told(latest)}. Look, then try again.")
        moment = now.astimezone(UTC).isoformat()
        changed = replace(latest, **changes, version=latest.version + 1, changed_at=moment)
        target = _folder(workspace, snapshot_id) / f"{changed.version:06}.json"
        if write_new(target, json.dumps(asdict(changed), ensure_ascii=False).encode()):
            return changed
    raise Refused("Many people are changing this snapshot at once. Try again in a moment.")


def carry_notes(workspace: Workspace, old: str, new: str, *, now: datetime, **changes: Any) -> None:
    """Give the snapshot `new` the notes of the snapshot `old`, unless it has some of its own."""
    notes = read_notes(workspace, old)
    said = {"name": notes.name, "note": notes.note, "keep_days": notes.keep_days} | changes
    if any(said.values()) and not read_notes(workspace, new).version:
        change_notes(workspace, new, now=now, **{name: value for name, value in said.items() if value})


def remove_notes(workspace: Workspace, snapshot_id: str) -> None:
    """Forget everything that was said of a snapshot."""
    shutil.rmtree(_folder(workspace, snapshot_id), ignore_errors=True)


def due_at(notes: Notes, rows_since: datetime) -> datetime | None:
    """When a snapshot whose oldest rows were loaded at `rows_since` is to be removed; None = never."""
    return None if notes.keep_days is None else rows_since + timedelta(days=notes.keep_days)


def _folder(workspace: Workspace, snapshot_id: str) -> Path:
    return workspace.home / "notes" / snapshot_id


def checked(name: str, value: Any) -> Any:
    """The value of a note's field as it is kept. Raises `Refused` for one that cannot be shown or kept."""
    if name == "keep_days":
        if value is not None and not 1 <= value <= MAX_KEEP_DAYS:
            raise Refused(f"A snapshot can be kept for 1 to {MAX_KEEP_DAYS:,} days, or for ever; {value} is neither.")
        return value
    most = MAX_NAME if name == "name" else MAX_NOTE
    text = " ".join(value.split()) if name == "name" else value.strip()
    if name == "name" and not text:
        raise Refused("A snapshot needs a name with at least one character.")
    if len(text) > most or not all(character.isprintable() or character == "\n" for character in text):
        raise Refused(f"A {name} has at most {most:,} characters, none of them invisible.")
    return text


def _told(notes: Notes) -> str:
    kept = "kept for ever" if notes.keep_days is None else f"kept for {notes.keep_days} days"
    named = f"it is called '{notes.name}' and " if notes.name else "it is "
    return f"{named}{kept}" + (f", with the note '{notes.note[:80]}'" if notes.note else "")
