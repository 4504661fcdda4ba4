"""Snapshots: loaded, checked, immutable sets of posts."""

from __future__ import annotations

import errno
import platform
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any

import pyarrow.parquet as pq

from explore import __version__
from explore.errors import Refused
from explore.files import new_folder, own_folder, read_json, remove_abandoned, write_json
from explore.posts.apart import FULL, Apart
from explore.posts.layout import Preview
from explore.posts.limits import limits_for
from explore.posts.mapping import mapped
from explore.posts.notes import change_notes, read_notes
from explore.posts.plans import LoadOptions, Plan, plan_for
from explore.posts.schema import POSTS_SCHEMA, QUARANTINE_SCHEMA
from explore.posts.sources import ensure_unchanged, look_at
from explore.posts.staging import POSTS, QUARANTINE, Staged
from explore.posts.telling import load_notes, refuse_damage, refuse_one_of_several
from explore.progress import Progress, StageClock, silent
from explore.settings import Workspace

__all__ = ["LoadOptions", "LoadReport", "Snapshot", "list_snapshots", "load", "name_of", "open_snapshot"]

_INVENTED = "made from a hash of text, time and author and the position in the load: the file has no ids"
_ENDINGS = frozenset({".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".pq", ".gz", ".zst", ".zstd"})


@dataclass(frozen=True)
class LoadReport:
    """What became of every record: accepted + quarantined + duplicates = records. notes: what a person should know.

    mapping: our field -> source. mapping_how: our field -> "preset", "name", "content" or "you". columns_dropped: the
    columns that no field takes.
    """

    snapshot: str
    sha256: str
    records: int
    accepted: int
    quarantined: int
    duplicates: int
    reasons: dict[str, int]
    notes: tuple[str, ...] = ()
    mapping: dict[str, str] = field(default_factory=dict)
    mapping_how: dict[str, str] = field(default_factory=dict)
    columns_dropped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """A snapshot on disk. Times are UTC; `first_at` and `last_at` are None where the file has no times."""

    id: str
    name: str
    folder: Path
    manifest: dict[str, Any]

    @property
    def posts_path(self) -> Path:
        return self.folder / "posts.parquet"

    @property
    def quarantine_path(self) -> Path:
        return self.folder / "quarantine.parquet"

    @property
    def n_posts(self) -> int:
        return int(self.manifest["counts"]["accepted"])

    @property
    def first_at(self) -> datetime | None:
        return _moment(self.manifest["first_at"])

    @property
    def last_at(self) -> datetime | None:
        return _moment(self.manifest["last_at"])

    @property
    def loaded_at(self) -> datetime:
        return datetime.fromisoformat(self.manifest["loaded_at"])

    @property
    def sha256(self) -> str:
        return str(self.manifest["sha256"])

    @property
    def load_notes(self) -> tuple[str, ...]:
        """What a person should know of how the posts came in."""
        return tuple(self.manifest.get("notes", ()))

    @property
    def has_times(self) -> bool:
        return bool(self.manifest["has_times"])

    @property
    def has_authors(self) -> bool:
        return bool(self.manifest["has_authors"])

    @property
    def has_views(self) -> bool:
        return bool(self.manifest["has_views"])

    @property
    def has_languages(self) -> bool:
        return bool(self.manifest["has_languages"])


_DEFAULTS = LoadOptions()


def load(
    paths: Sequence[Path],
    workspace: Workspace,
    *,
    options: LoadOptions = _DEFAULTS,
    now: datetime,
    progress: Progress = silent,
) -> LoadReport:
    """Read files of one shape into a snapshot; the same bytes, mapping and options lead to the same snapshot.

    A snapshot that is there already takes the name given. Of files with the same content the first is read. A process
    of its own reads them, so that no file can bring this one down. Nothing is written to the workspace unless the whole
    load succeeds. `now` becomes the time of loading. Raises Refused for files that cannot be used and when more than a
    fifth of the records would be quarantined.
    """
    if not paths:
        raise Refused("No file was given; name at least one.")
    clock = StageClock(progress)
    remove_abandoned(workspace.snapshots)
    clock("Looking at the file")
    files = tuple(look_at(Path(path)) for path in paths)
    limits = limits_for(sum(file.size for file in files))
    with Apart([file.name for file in files], limits=limits) as reader:
        plan = plan_for(files, options, clock, reader)
        known = _read(workspace.snapshots / plan.id)
        if known is None:
            known = _write(plan, workspace, options, now, clock, reader)
    clock.stop()
    if options.name is not None and _as_called_now(workspace, known).name != options.name:
        change_notes(workspace, known.id, now=now, name=options.name)
    reasons, once = dict(known.manifest["reasons"]), "'{}' holds the same as '{}' and was read only once."
    notes = (*(once.format(*pair) for pair in plan.same_files), *known.load_notes)
    counts = known.manifest["counts"]
    return LoadReport(known.id, known.sha256, **counts, reasons=reasons, notes=notes, **mapped(known.manifest))


def open_snapshot(workspace: Workspace, id_or_name: str) -> Snapshot:
    """The snapshot with this id, this unique start of an id (6 characters or more) or this name.

    Raises Refused when none or several fit, naming them.
    """
    everything = list_snapshots(workspace)
    exact = [snapshot for snapshot in everything if snapshot.id == id_or_name]
    starts = [s for s in everything if len(id_or_name) >= 6 and s.id.startswith(id_or_name)]
    found = exact or starts or [snapshot for snapshot in everything if snapshot.name == id_or_name]
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(f"'{id_or_name}' fits several snapshots: {_listed(found)}; use the id.")
    hint = f"there are {_listed(everything)}" if everything else "none is loaded yet; load a file first"
    raise Refused(f"No snapshot '{id_or_name}': {hint}.")


def list_snapshots(workspace: Workspace) -> list[Snapshot]:
    """Every complete snapshot, the one loaded last first. Hidden and damaged folders are passed over."""
    if not workspace.snapshots.is_dir():
        return []
    found = [_read(folder) for folder in workspace.snapshots.iterdir() if not folder.name.startswith(".")]
    kept = [_as_called_now(workspace, snapshot) for snapshot in found if snapshot is not None]
    return sorted(kept, key=lambda snapshot: (snapshot.loaded_at, snapshot.id), reverse=True)


def _as_called_now(workspace: Workspace, snapshot: Snapshot) -> Snapshot:
    """The snapshot under the name that people have given it since it was loaded."""
    name = read_notes(workspace, snapshot.id).name or snapshot.name
    return replace(snapshot, name=name, manifest={**snapshot.manifest, "name": name})


def _write(
    plan: Plan, workspace: Workspace, options: LoadOptions, now: datetime, clock: StageClock, reader: Apart
) -> Snapshot:
    """Read, check and store every record, or nothing."""
    target = workspace.snapshots / plan.id
    missing = [folder for folder in (target.parent, *target.parent.parents) if not folder.exists()]
    try:
        own_folder(workspace.home)
        with new_folder(target) as folder:
            told = reader.ask(_request(plan, folder, now), heard=clock)
            staged = Staged.from_json(told)
            for file in plan.files:
                ensure_unchanged(file)
            refuse_one_of_several(told["marked"], plan.mapping, staged)
            refuse_damage(staged, folder / QUARANTINE, accepted=options.accept_quarantine)
            _ensure_whole(folder, staged)
            clock.stop()
            clock.peak_rss_mb |= told["peak_rss_mb"]
            notes = load_notes(
                staged,
                told,
                mapping=plan.mapping,
                preview=plan.previews[0],
                tz=options.tz,
                date_order=options.date_order,
            )
            write_json(folder / "manifest.json", {**_manifest(plan, options, staged, now, clock), "notes": notes})
    except BaseException as error:
        for folder in missing:  # a refused load leaves no trace, not even an empty folder
            with suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Refused(FULL) from None
        raise
    snapshot = _read(target)
    if snapshot is None:
        raise Refused(f"Snapshot {plan.id} on disk is damaged; delete {target} and load again.")
    return snapshot


def _request(plan: Plan, folder: Path, now: datetime) -> dict[str, Any]:
    ahead_of = (now + timedelta(days=1)).isoformat()
    return {"do": "stage", "order": plan.order.to_json(), "folder": str(folder), "ahead_of": ahead_of}


def _ensure_whole(folder: Path, staged: Staged) -> None:
    """Believe the other process only when what it wrote is what it says."""
    counts = staged.counts
    rows = {}
    for name, schema in ((POSTS, POSTS_SCHEMA), (QUARANTINE, QUARANTINE_SCHEMA)):
        with pq.ParquetFile(folder / name) as file:
            rows[name] = file.metadata.num_rows if file.schema_arrow.equals(schema) else -1
    whole = rows == {POSTS: counts.accepted, QUARANTINE: counts.quarantined}
    if not whole or counts.accepted + counts.quarantined + counts.duplicates != counts.records:
        raise Refused("The reader wrote other posts than it counted, so nothing was kept; load the file again.")


def _manifest(plan: Plan, options: LoadOptions, staged: Staged, now: datetime, clock: StageClock) -> dict[str, Any]:
    """Everything that was done and found, for people and for later stages."""
    moment = now.astimezone(UTC)
    return {
        "id": plan.id,
        "name": options.name or name_of(plan.files[0].name),
        "sha256": plan.sha256,
        "files": [
            {"name": file.name, "bytes": file.size, "sha256": value}
            for file, value in zip(plan.files, plan.hashes, strict=True)
        ],
        "mapping": plan.mapping.columns,
        "mapping_how": plan.mapping.how,
        "preset": plan.mapping.preset,
        "options": asdict(options),
        "read_as": [_read_as(preview) for preview in plan.previews],
        "time_formats": list(staged.time_formats),
        "tz": options.tz,
        "post_ids": "from the file" if "post_id" in plan.mapping.columns else _INVENTED,
        "counts": asdict(staged.counts),
        "reasons": staged.reasons,
        **staged.facts,
        "columns_dropped": list(plan.mapping.unused),
        "versions": _versions(),
        "loaded_at": moment.isoformat(),
        "seconds": clock.seconds,
        "peak_rss_mb": clock.peak_rss_mb,
    }


def _read_as(preview: Preview) -> dict[str, Any]:
    return {
        "file": preview.name,
        "format": preview.format,
        "compression": preview.compression,
        "encoding": preview.encoding if preview.format != "parquet" else None,
        "delimiter": preview.delimiter,
        "quote": preview.layout.dialect.quote if preview.delimiter else None,
    }


def _versions() -> dict[str, str]:
    return {
        "groundswell": __version__,
        "python": platform.python_version(),
        "pyarrow": version("pyarrow"),
        "duckdb": version("duckdb"),
    }


def name_of(file: str) -> str:
    """A file's name without the endings that say how it is written."""
    while (stem := PurePath(file)).suffix.casefold() in _ENDINGS and stem.stem:
        file = stem.stem
    return file


def _read(folder: Path) -> Snapshot | None:
    """The snapshot in a folder; None where it is not whole."""
    try:
        manifest = read_json(folder / "manifest.json")
        snapshot = Snapshot(manifest["id"], manifest["name"], folder, manifest)
        whole = snapshot.id == folder.name and snapshot.posts_path.is_file() and snapshot.loaded_at is not None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return snapshot if whole else None


def _listed(snapshots: Sequence[Snapshot]) -> str:
    shown = ", ".join(f"{snapshot.id} ({snapshot.name})" for snapshot in snapshots[:5])
    return shown + (f" and {len(snapshots) - 5} more" if len(snapshots) > 5 else "")


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
