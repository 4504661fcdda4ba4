"""Snapshots: loaded, checked, immutable sets of posts."""

from __future__ import annotations

import errno
import hashlib
import json
import platform
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath
from typing import Any

import duckdb
import pyarrow as pa

from explore import __version__
from explore.errors import Refused
from explore.files import new_folder, read_json, write_json
from explore.posts.checks import Rules, check
from explore.posts.layout import Preview
from explore.posts.mapping import ColumnMapping, corrected, detect, require_text
from explore.posts.readers import preview_of, read
from explore.posts.schema import MENDS, REASONS
from explore.posts.sources import InputFile, digest, ensure_unchanged, look_at
from explore.posts.staging import Counts, Staging
from explore.posts.times import zone
from explore.posts.writing import Facts
from explore.progress import Progress, StageClock, silent
from explore.settings import Workspace

_FORMAT = 1  # goes up when the same file would be read differently
_MAX_DAMAGE = 0.2
_INVENTED = "made from a hash of text, time and author and the position in the load: the file has no ids"
_ENDINGS = frozenset({".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".pq", ".gz", ".zst", ".zstd"})


@dataclass(frozen=True)
class LoadOptions:
    """How a person wants a file to be read; see the fields of the same name on the command line.

    columns: our field -> source (a column, a dotted path, "a + b" or "a | b"); "" leaves the field out.
    """

    name: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    tz: str = "UTC"
    date_order: str | None = None
    delimiter: str | None = None
    accept_quarantine: bool = False


@dataclass(frozen=True)
class LoadReport:
    """What became of every record: accepted + quarantined + duplicates = records."""

    snapshot: str
    sha256: str
    records: int
    accepted: int
    quarantined: int
    duplicates: int
    reasons: dict[str, int]


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

    Nothing is written to the workspace unless the whole load succeeds. `now` becomes the time of loading. Raises
    Refused for files that cannot be used and when more than a fifth of the records would be quarantined.
    """
    if not paths:
        raise Refused("No file was given; name at least one.")
    clock = StageClock(progress)
    plan = _plan([Path(path) for path in paths], options, clock)
    known = _read(workspace.snapshots / plan.id)
    if known is None:
        known = _write(plan, workspace, options, now, clock)
    clock.stop()
    return LoadReport(known.id, known.sha256, **known.manifest["counts"], reasons=dict(known.manifest["reasons"]))


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
    return sorted((s for s in found if s is not None), key=lambda s: (s.loaded_at, s.id), reverse=True)


@dataclass(frozen=True)
class _Plan:
    """What is to be loaded and how; `id` is the snapshot's."""

    id: str
    files: tuple[InputFile, ...]
    hashes: tuple[str, ...]
    sha256: str
    previews: tuple[Preview, ...]
    mapping: ColumnMapping
    rules: Rules


def _plan(paths: Sequence[Path], options: LoadOptions, clock: StageClock) -> _Plan:
    """Look at the files, agree on a mapping and work out the id."""
    clock("Looking at the file")
    files = tuple(look_at(path) for path in paths)
    previews = tuple(preview_of(file, delimiter=options.delimiter) for file in files)
    mapping = corrected(detect(previews[0]), previews[0], options.columns)
    require_text(mapping, previews[0])
    for preview in previews[1:]:
        corrected(ColumnMapping({}), preview, mapping.columns)
    if options.date_order not in {None, "dmy", "mdy"}:
        raise Refused(f"Date order '{options.date_order}' is not known; say --date-order dmy or mdy.")
    rules = Rules(mapping.sources, zone(options.tz), options.date_order)
    clock("Fingerprinting the file")
    hashes = tuple(digest(file) for file in files)
    whole = hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
    return _Plan(_identity(whole, mapping, options), files, hashes, whole, previews, mapping, rules)


def _identity(whole: str, mapping: ColumnMapping, options: LoadOptions) -> str:
    """The snapshot's id: what goes in and how it is read; the name and consent to a quarantine change no post."""
    parts = [whole, mapping.columns, options.tz, options.date_order, options.delimiter, _FORMAT]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _write(plan: _Plan, workspace: Workspace, options: LoadOptions, now: datetime, clock: StageClock) -> Snapshot:
    """Read, check and store every record, or nothing."""
    target = workspace.snapshots / plan.id
    missing = [folder for folder in (target.parent, *target.parent.parents) if not folder.exists()]
    try:
        with new_folder(target) as folder:
            with Staging(folder, [file.name for file in plan.files]) as staging:
                _stage(plan, staging, clock)
                clock("Looking for duplicates")
                counts, facts = staging.finish(ahead_of=now + timedelta(days=1))
                _refuse_damage(staging, counts, options)
            clock.stop()
            manifest = _manifest(plan, options, staging, counts, facts, now, clock)
            write_json(folder / "manifest.json", manifest)
    except BaseException as error:
        for folder in missing:  # a refused load leaves no trace, not even an empty folder
            with suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Refused("The disk is full; free some space and load again. Nothing was changed.") from None
        raise
    snapshot = _read(target)
    if snapshot is None:
        raise Refused(f"Snapshot {plan.id} on disk is damaged; delete {target} and load again.")
    return snapshot


def _stage(plan: _Plan, staging: Staging, clock: StageClock) -> None:
    """Check every batch of every file."""
    total = sum(file.size for file in plan.files)
    before = earlier = 0
    for index, (file, preview) in enumerate(zip(plan.files, plan.previews, strict=True)):
        read_until = 0

        def moved(share: float, *, before: int = before, size: int = file.size) -> None:
            clock("Checking posts", (before + share * size) / total)

        for batch in read(file, preview.layout, plan.rules.columns, moved=moved):
            staging.reject(batch.rejected, file=index)
            staging.add(check(batch, plan.rules, offset=earlier), file=index)
            read_until = batch.read
        ensure_unchanged(file)
        before, earlier = before + file.size, earlier + read_until


def _refuse_damage(staging: Staging, counts: Counts, options: LoadOptions) -> None:
    """Refuse a load with no usable post, or with more quarantined records than a person has agreed to."""
    if not counts.accepted:
        raise Refused(f"None of the {counts.records:,} records can be used: {_told(staging)}. {_mend(staging)}.")
    if staging.damaged > _MAX_DAMAGE * counts.records and not options.accept_quarantine:
        share = f"{staging.damaged:,} of {counts.records:,} records ({staging.damaged / counts.records:.0%})"
        raise Refused(
            f"{share} would be quarantined: {_told(staging)}. {_mend(staging)}, "
            "or say --accept-quarantine to load the rest."
        )


def _told(staging: Staging) -> str:
    """The commonest reasons in words, each with an example."""
    lines = []
    for reason, count in staging.reasons.most_common(3):
        first = staging.examples[reason][0]
        lines.append(f"{REASONS[reason]} ({count:,}, first in record {first.record:,})")
    return "; ".join(lines)


def _mend(staging: Staging) -> str:
    """What a person can do about the commonest reason."""
    return MENDS.get(staging.reasons.most_common(1)[0][0], "Correct the file or the mapping")


def _manifest(
    plan: _Plan,
    options: LoadOptions,
    staging: Staging,
    counts: Counts,
    facts: Facts,
    now: datetime,
    clock: StageClock,
) -> dict[str, Any]:
    """Everything that was done and found, for people and for later stages."""
    moment = now.astimezone(UTC)
    return {
        "id": plan.id,
        "name": options.name or _name_of(plan.files[0].name),
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
        "time_formats": sorted(staging.time_formats),
        "tz": options.tz,
        "post_ids": "from the file" if "post_id" in plan.mapping.columns else _INVENTED,
        "counts": asdict(counts),
        "reasons": dict(staging.reasons.most_common()),
        **facts.summary(),
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
        "quoting": preview.layout.dialect.quoting if preview.delimiter else None,
    }


def _versions() -> dict[str, str]:
    return {
        "groundswell": __version__,
        "python": platform.python_version(),
        "pyarrow": pa.__version__,
        "duckdb": duckdb.__version__,
    }


def _name_of(file: str) -> str:
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
