"""Tomorrow's file added to today's snapshot: a new snapshot with the old rows first, and later counts kept beside them.

A post that comes again with the same text takes over the later counts, and both stand in metrics.parquet. One that
comes again with another text goes to quarantine: nothing that was accepted changes silently.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from explore.errors import Refused
from explore.files import remove_abandoned, scratch_folder
from explore.posts.batches import clip
from explore.posts.duplicates import EDGES, differences, met_differences
from explore.posts.history import COUNTED, METRICS, METRICS_SCHEMA
from explore.posts.layout import Preview
from explore.posts.mapping import mapped
from explore.posts.notes import carry_notes
from explore.posts.paths import parse_source
from explore.posts.rewriting import groups, new_snapshot, opened, queries, rows_since, within, without, write_manifest
from explore.posts.schema import FIELD_NAMES, POSTS_SCHEMA, QUARANTINE_SCHEMA
from explore.posts.snapshots import LoadOptions, LoadReport, Snapshot, load, open_snapshot
from explore.posts.telling import differing, spaced_apart
from explore.posts.writing import Facts, TableWriter
from explore.progress import Progress, StageClock, silent
from explore.settings import Workspace, workspace_at

_SAME_ID = "same_id_other_text"
_WHY = "an earlier file of this snapshot has this id with another text"
_MAX_DAMAGE = 0.2  # as for a load

# Posts of the new file that the snapshot knows, by place (row numbers from 0) in the new one
_MET = """
SELECT n.place AS new_place, b.place AS old_place, n.text = b.text AS same, n.views, n.shares, n.likes, n.replies
FROM (SELECT *, file_row_number AS place FROM read_parquet($new, file_row_number = true)) n
JOIN (SELECT post_id, text, file_row_number AS place FROM read_parquet($old, file_row_number = true)) b USING (post_id)
ORDER BY new_place
"""
_LASTING = tuple(name for name in FIELD_NAMES if name not in ("post_id", "text", *COUNTED))
_DIFFER = f"""
SELECT {differences(_LASTING, later="n", original="b")}
FROM read_parquet($new) n JOIN read_parquet($old) b USING (post_id) WHERE n.text = b.text
"""
# New ids that are those of the snapshot but for spaces around either
_SPACED = """
WITH news AS (SELECT post_id AS id FROM read_parquet($new)), olds AS (SELECT post_id AS id FROM read_parquet($old)),
new AS (SELECT id, regexp_replace(id, $edges, '', 'g') AS bare FROM news WHERE regexp_matches(id, $edges)),
old AS (SELECT id, regexp_replace(id, $edges, '', 'g') AS bare FROM olds WHERE regexp_matches(id, $edges))
SELECT count(DISTINCT id) FROM (
    SELECT new.id FROM new JOIN olds ON olds.id = new.bare
    UNION ALL SELECT news.id FROM news JOIN old ON old.bare = news.id
    UNION ALL SELECT new.id FROM new JOIN old USING (bare) WHERE new.id <> old.id)
"""


@dataclass(frozen=True)
class _Met:
    """Posts that come again: ascending places in the new and, for those with the same text, in the old rows.

    old: ascending; counts: our four counts of the later file, in the order of `old`. conflicts: places in the new rows
    of those with another text. differ: field that keeps its old value -> posts with the same text and another value.
    spaced: new ids that are those of old rows but for spaces around them.
    """

    new: np.ndarray
    old: np.ndarray
    counts: dict[str, pa.Array]
    conflicts: np.ndarray
    differ: dict[str, int]
    spaced: int


def append(
    paths: Sequence[Path],
    workspace: Workspace,
    *,
    base: Snapshot,
    options: LoadOptions,
    now: datetime,
    progress: Progress = silent,
) -> LoadReport:
    """Load files on top of `base` into a new snapshot; `base` stays as it is.

    The report is about the new files: accepted posts are those that `base` did not have, duplicates those that it had
    with the same text. `options_like` gives the options under which `base` was read. Raises Refused as `load` does,
    and where either side has no post ids of its own, so that it cannot be told which posts are the same.
    """
    _require_ids(base)
    clock = StageClock(progress)
    remove_abandoned(workspace.snapshots)
    with _scratch(workspace) as scratch:
        part = open_snapshot(scratch, load(paths, scratch, options=options, now=now, progress=clock).snapshot)
        _require_ids(part)
        identity = json.dumps(["append", base.id, part.id])
        made = hashlib.sha256(identity.encode()).hexdigest()[:16]
        known = opened(workspace, made)
        if known is None:
            _merge(made, workspace, base, part, options=options, now=now, clock=clock)
            carry_notes(workspace, base.id, made, now=now, name=options.name or "")
            known = open_snapshot(workspace, made)
    added = known.manifest["appended"][-1]
    notes = tuple(added.get("notes", ()))
    reasons = dict(added["reasons"])
    return LoadReport(known.id, added["sha256"], **added["counts"], reasons=reasons, notes=notes, **mapped(added))


def options_like(base: Snapshot, seen: Preview, *, tz: str | None = None, **said: Any) -> LoadOptions:
    """The options under which `base` was read, with what a person has said (None = nothing) on top.

    The columns of `base` are taken where the file has them all; otherwise its own columns decide.
    """
    before, mapping = base.manifest["options"], base.manifest["mapping"]
    sources = [parse_source(source, seen.known) for source in mapping.values()]
    fits = all(column in seen.known for source in sources for column in source.columns)
    columns = {name: mapping.get(name, "") for name in FIELD_NAMES} if fits else {}
    return LoadOptions(
        name=said.get("name"),
        columns=columns | (said.get("columns") or {}),
        tz=tz or before.get("tz", "UTC"),
        date_order=said.get("date_order") or before.get("date_order"),
        delimiter=said.get("delimiter") or before.get("delimiter"),
        accept_quarantine=bool(said.get("accept_quarantine")),
    )


def _require_ids(snapshot: Snapshot) -> None:
    if "post_id" not in snapshot.manifest["mapping"]:
        raise Refused(
            f"'{snapshot.name}' has no post ids of its own, so it cannot be told which posts come again; "
            "load all the files together instead, or name the column with --map post_id=COLUMN."
        )


@contextmanager
def _scratch(workspace: Workspace) -> Iterator[Workspace]:
    """A workspace of its own inside a hidden folder of the snapshots, gone at the end whatever happens."""
    with scratch_folder(workspace.snapshots, "append") as folder:
        yield workspace_at(folder)


def _merge(
    made: str,
    workspace: Workspace,
    base: Snapshot,
    part: Snapshot,
    *,
    options: LoadOptions,
    now: datetime,
    clock: StageClock,
) -> None:
    """Write the snapshot `made`: the rows of `base`, then those rows of `part` that it did not have."""
    clock("Comparing with the snapshot")
    with new_snapshot(workspace, made) as folder:
        met = _met(base, part, folder)
        _refuse_damage(part, met, options)
        clock("Writing the snapshot")
        facts = Facts(now + timedelta(days=1))
        with TableWriter(folder / "posts.parquet", POSTS_SCHEMA) as out:
            for table in _merged(base, part, met):
                out.write(table)
                facts.add(table)
        with TableWriter(folder / "quarantine.parquet", QUARANTINE_SCHEMA) as out:
            for table in (*_tables(base.quarantine_path), *_tables(part.quarantine_path), _apart(part, met)):
                out.write(table)
        _write_metrics(folder / METRICS, base, part, met, now=now)
        shutil.rmtree(folder / ".spill", ignore_errors=True)
        clock.stop()
        write_manifest(folder, _manifest(made, base, part, met, facts, options=options, now=now, clock=clock))


def _met(base: Snapshot, part: Snapshot, scratch: Path) -> _Met:
    with queries(scratch) as database:
        files = {"new": str(part.posts_path), "old": str(base.posts_path)}
        found: pa.Table = database.sql(_MET, params=files).to_arrow_table()
        differ = met_differences(_LASTING, database.execute(_DIFFER, files).fetchone())
        (spaced,) = database.execute(_SPACED, {**files, "edges": EDGES}).fetchone() or (0,)
    new = found["new_place"].to_numpy().astype(np.int64)
    same = found["same"].to_numpy().astype(bool)
    again = found.filter(pa.array(same)).sort_by("old_place")
    counts = {name: again[name].combine_chunks() for name in COUNTED}
    return _Met(new, again["old_place"].to_numpy().astype(np.int64), counts, new[~same], differ, int(spaced))


def _refuse_damage(part: Snapshot, met: _Met, options: LoadOptions) -> None:
    changed, posts = len(met.conflicts), part.n_posts
    if changed > _MAX_DAMAGE * posts and not options.accept_quarantine:
        raise Refused(
            f"{changed:,} of {posts:,} posts stand in the snapshot with another text and would be quarantined. "
            "Check that the column of the text is the same, or say --accept-quarantine to load the rest."
        )


def _merged(base: Snapshot, part: Snapshot, met: _Met) -> Iterator[pa.Table]:
    for start, table in groups(base.posts_path):
        yield _with_later_counts(table, met, start)
    for start, table in groups(part.posts_path):
        yield without(table, met.new, start)


def _with_later_counts(table: pa.Table, met: _Met, start: int) -> pa.Table:
    """A group of old rows with the later counts where the later file knows them."""
    here = within(met.old, start, table.num_rows)
    places = met.old[here] - start
    for name in COUNTED:
        later = met.counts[name][here]
        known = later.is_valid().to_numpy(zero_copy_only=False)
        mask = np.zeros(table.num_rows, bool)
        mask[places[known]] = True
        column = table[name].combine_chunks()
        column = column if isinstance(column, pa.Array) else pa.concat_arrays(column.chunks)
        table = table.set_column(
            table.schema.get_field_index(name),
            POSTS_SCHEMA.field(name),
            pc.replace_with_mask(column, pa.array(mask), later.drop_null()),
        )
    return table


def _apart(part: Snapshot, met: _Met) -> pa.Table:
    """The posts with another text than before, for the quarantine; their place in the file is not known any more."""
    rows: list[dict[str, Any]] = []
    file = ", ".join(one["name"] for one in part.manifest["files"])
    for start, table in groups(part.posts_path):
        places = met.conflicts[within(met.conflicts, start, table.num_rows)] - start
        for post in table.select(["post_id", "text"]).take(pa.array(places)).to_pylist():
            excerpt = clip(f"{post['post_id']}: {post['text']}")
            rows.append({"file": file, "record": None, "reason": _SAME_ID, "why": _WHY, "excerpt": excerpt})
    return pa.Table.from_pylist(rows, schema=QUARANTINE_SCHEMA)


def _write_metrics(target: Path, base: Snapshot, part: Snapshot, met: _Met, *, now: datetime) -> None:
    """What was counted at each load, where anything was."""
    before = base.folder / METRICS
    with TableWriter(target, METRICS_SCHEMA) as out:
        if before.is_file():
            for table in _tables(before):
                out.write(table)
        else:
            for _, table in groups(base.posts_path):
                out.write(_counted(table, base.loaded_at))
        for start, table in groups(part.posts_path):
            out.write(_counted(without(table, met.conflicts, start), now))


def _counted(posts: pa.Table, seen_at: datetime) -> pa.Table:
    """The posts with any count, as seen at a moment."""
    known = np.zeros(posts.num_rows, bool)
    for name in COUNTED:
        known |= np.asarray(posts[name].is_valid())
    kept = posts.select(["post_id", *COUNTED]).filter(pa.array(known))
    moments = pa.array([seen_at.astimezone(UTC)], METRICS_SCHEMA.field("seen_at").type)
    return kept.add_column(1, METRICS_SCHEMA.field("seen_at"), moments.take(pa.array(np.zeros(kept.num_rows, int))))


def _tables(path: Path) -> Iterator[pa.Table]:
    for _, table in groups(path):
        yield table


def _manifest(
    made: str,
    base: Snapshot,
    part: Snapshot,
    met: _Met,
    facts: Facts,
    *,
    options: LoadOptions,
    now: datetime,
    clock: StageClock,
) -> dict[str, Any]:
    old, new = base.manifest, part.manifest
    again, changed = len(met.old), len(met.conflicts)
    reasons = Counter(new["reasons"]) + Counter({_SAME_ID: changed} if changed else {})
    counts = new["counts"] | {
        "accepted": part.n_posts - again - changed,
        "quarantined": new["counts"]["quarantined"] + changed,
        "duplicates": new["counts"]["duplicates"] + again,
    }
    notes = [
        *part.load_notes,
        *filter(None, [spaced_apart(met.spaced), differing(met.differ, "the one in the snapshot")]),
    ]
    added = {
        "to": base.id,
        "sha256": part.sha256,
        "files": new["files"],
        "mapping": new["mapping"],
        "mapping_how": new["mapping_how"],
        "columns_dropped": new["columns_dropped"],
        "options": asdict(options),
        "counts": counts,
        "reasons": dict(reasons.most_common()),
        "notes": notes,
        "loaded_at": now.astimezone(UTC).isoformat(),
    }
    files = [*old["files"], *new["files"]]
    return {
        **old,
        "id": made,
        "name": options.name or base.name,
        "sha256": hashlib.sha256("".join(one["sha256"] for one in files).encode()).hexdigest(),
        "files": files,
        "read_as": [*old["read_as"], *new["read_as"]],
        "time_formats": sorted({*old["time_formats"], *new["time_formats"]}),
        "counts": {name: old["counts"][name] + counts[name] for name in counts},
        "reasons": dict((Counter(old["reasons"]) + reasons).most_common()),
        **facts.summary(),
        "columns_dropped": sorted({*old["columns_dropped"], *new["columns_dropped"]}),
        "versions": new["versions"],
        "notes": [*base.load_notes, *notes],
        "appended": [*old.get("appended", []), added],
        "rows_since": rows_since(base).isoformat(),
        "loaded_at": now.astimezone(UTC).isoformat(),
        "seconds": clock.seconds,
        "peak_rss_mb": clock.peak_rss_mb,
    }
