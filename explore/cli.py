"""The command line, for schedules and notebooks: one JSON document on stdout with --json, all else on stderr."""

from __future__ import annotations

import sys
import traceback
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from explore import __version__
from explore.casework.erasure import erased_before
from explore.commands import comparing, emerging, moments, snapshots
from explore.commands.output import QUIET_SECONDS, AsJson, answer, progress_shown, records, say
from explore.commands.windows import AsOf, Baseline, Length, asked
from explore.errors import Refused, brief
from explore.narratives import wave
from explore.narratives.encoders import sent_to
from explore.narratives.evidence import evidence
from explore.narratives.replay import Detection, replay
from explore.narratives.run import Run, RunConfig, open_run
from explore.narratives.spread import spread, ties
from explore.narratives.stability import measure
from explore.narratives.stability_table import FILE, kept
from explore.narratives.windows import Window, moment
from explore.posts import mappings
from explore.posts.appending import append, options_like
from explore.posts.batches import encodable
from explore.posts.mapping import ColumnMapping
from explore.posts.notes import change_notes, checked
from explore.posts.quality import collection_of
from explore.posts.readers import preview
from explore.posts.schema import FIELD_NAMES, FIELDS
from explore.posts.snapshots import LoadOptions, Snapshot, load, open_snapshot
from explore.posts.times import zone
from explore.present import briefing, encoding, steadiness
from explore.progress import peak_rss_mb
from explore.settings import Workspace, current_workspace

_COLUMNS_TOLD = 12

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Groundswell: what is starting to move on a platform."
)

app.add_typer(snapshots.app, name="snapshots")
app.command("purge")(snapshots.purge_command)
app.command("lineage")(comparing.lineage_command)
app.command("emerging")(emerging.emerging_command)
app.command("moments")(moments.moments_command)


def main() -> None:
    """Run the command line: exit 0 done, 2 refused or wrong use (one line on stderr), 1 a fault of ours."""
    try:
        _refuse_no_text(sys.argv[1:])
        code = app(standalone_mode=False)
    except (Refused, typer.exceptions.TyperException) as error:
        say(" ".join(_told(error).split()))
        code = 2
    except typer.Abort:
        code = 130
    except Exception:  # the last line of defence: whatever else escapes is ours
        traceback.print_exc()
        say("This is a fault of Groundswell, not of your file. Please report the lines above.")
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _refuse_no_text(words: list[str]) -> None:
    """Raise Refused for a word that is no text, which no name, column or file of ours can be."""
    for word in words:
        if not encodable(word):
            shown = word.encode("utf-8", "backslashreplace").decode("utf-8")[:80]
            raise Refused(f"'{shown}' on the command line is not valid UTF-8; type it again, or rename the file.")


def _told(error: Exception) -> str:
    """What was wrong, with the name of the option where the parser knows it."""
    said = getattr(error, "format_message", error.__str__)
    return str(said())


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(f"groundswell {__version__}")
        raise typer.Exit


@app.command("load")
def load_command(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="CSV, TSV, JSONL or Parquet, also .gz or .zst.")],
    name: Annotated[str | None, typer.Option(help="What the snapshot is called.")] = None,
    map_: Annotated[list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Repeatable.")] = None,
    tz: Annotated[str | None, typer.Option(help="Zone of times that name none; UTC if not said.")] = None,
    date_order: Annotated[str | None, typer.Option(help="dmy or mdy, for dates like 01/03/2024.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Of a CSV file, when it is not found out.")] = None,
    accept_quarantine: Annotated[bool, typer.Option(help="Load even when over 20 % of the rows are bad.")] = False,
    append_to: Annotated[str | None, typer.Option("--append", metavar="SNAPSHOT", help="Add to a snapshot.")] = None,
    mapping: Annotated[str | None, typer.Option(metavar="NAME", help="Read it as a saved mapping says.")] = None,
    save_mapping: Annotated[str | None, typer.Option(metavar="NAME", help="Save how it was read.")] = None,
    keep_days: Annotated[int | None, typer.Option(min=1, max=36_500, help="Days until `purge` removes it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a file of posts and keep it as a snapshot."""
    workspace, now = current_workspace(), datetime.now(UTC)
    paths, pairs = _files_and_pairs(files, map_ or [])
    if tz is not None:
        zone(tz)  # refuses what is none, also where a saved mapping or a snapshot brings one
    base = open_snapshot(workspace, append_to) if append_to else None
    name = checked("name", name) if name is not None else None
    save_mapping = mappings.checked_name(save_mapping) if save_mapping is not None else None
    said = {"name": name, "columns": pairs, "tz": tz, "date_order": date_order, "delimiter": delimiter}
    options = _load_options(workspace, paths[:1], base, mapping, accept_quarantine=accept_quarantine, **said)
    with progress_shown(QUIET_SECONDS) as progress:
        if base is not None:
            report = append(paths, workspace, base=base, options=options, now=now, progress=progress)
        else:
            report = load(paths, workspace, options=options, now=now, progress=progress)
    _keep_how(workspace, paths[0], report.snapshot, options, save_mapping, hint=mapping is None and base is None)
    for account in erased_before(workspace, open_snapshot(workspace, report.snapshot)):
        say(f"Account {account} was erased before and is back with this file; erase it again.")
    if keep_days is not None:
        change_notes(workspace, report.snapshot, now=now, keep_days=keep_days)
    if base is not None and name is not None and open_snapshot(workspace, report.snapshot).name != name:
        change_notes(workspace, report.snapshot, now=now, name=name)  # it was there under another one
    for note in report.notes:
        say(note)
    facts = asdict(report)
    lines = [
        f"Snapshot {report.snapshot}: {report.accepted:,} of {report.records:,} records accepted, "
        f"{report.quarantined:,} quarantined, {report.duplicates:,} duplicates.",
        *(f"  {count:,} × {reason}" for reason, count in report.reasons.items()),
        *_columns_told(open_snapshot(workspace, report.snapshot)),
        f"Next: python -m explore run {report.snapshot}",
    ]
    answer(facts, lines, as_json=as_json)


def _columns_told(snapshot: Snapshot) -> list[str]:
    """Which columns were read as what, and which were not used."""
    taken = ", ".join(f"{field} from '{brief(source)}'" for field, source in snapshot.manifest["mapping"].items())
    left = [f"'{brief(column)}'" for column in snapshot.manifest["columns_dropped"]]
    more = f" and {len(left) - _COLUMNS_TOLD:,} more" if len(left) > _COLUMNS_TOLD else ""
    return [f"  Read {taken}.", *([f"  Not used: {', '.join(left[:_COLUMNS_TOLD])}{more}."] if left else [])]


@app.command("run")
def run_command(
    snapshot: Annotated[str, typer.Argument(metavar="SNAPSHOT", help="Id, its beginning, or name.")],
    encoder: Annotated[
        str, typer.Option(help="lexical, static:DIR, transformer:NAME_OR_DIR or http:URL (sends the messages there).")
    ] = "lexical",
    granularity: Annotated[str, typer.Option(help="broad, medium, fine or the fewest messages.")] = "medium",
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1)] = 1,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Find the narratives of a snapshot and which of them are emerging."""
    from explore.narratives.pipeline import explore  # brings umap and hdbscan along

    workspace = current_workspace()
    config = RunConfig(encoder, granularity, seed, moment(as_of) if as_of else None)
    host = sent_to(encoder)
    if host:
        say(f"The text of the messages is sent to {host}, without links and mentions, unless it was sent before.")
    with progress_shown(QUIET_SECONDS) as progress:
        run = explore(
            open_snapshot(workspace, snapshot), workspace, config=config, now=datetime.now(UTC), progress=progress
        )
    _tell_run(run, as_json=as_json)


@app.command("recluster")
def recluster_command(
    run_id: Annotated[str, typer.Argument(metavar="RUN")],
    granularity: Annotated[str, typer.Option(help="broad, medium, fine or the fewest messages.")],
    as_json: AsJson = False,
) -> None:
    """Make a run anew at another granularity, from the vectors and the layout that it has."""
    from explore.narratives.pipeline import recluster  # brings hdbscan along

    workspace = current_workspace()
    base = open_run(workspace, run_id)
    snapshot = open_snapshot(workspace, base.snapshot_id)
    with progress_shown(QUIET_SECONDS) as progress:
        run = recluster(base, snapshot, workspace, granularity=granularity, now=datetime.now(UTC), progress=progress)
    _tell_run(run, as_json=as_json)


def _tell_run(run: Run, *, as_json: bool) -> None:
    counts = run.manifest["counts"]
    facts = {
        "run": run.id,
        "path": str(run.folder.resolve()),
        **{name: counts[name] for name in ("messages", "narratives", "themes", "unclustered_share")},
        "timings": run.manifest["seconds"],
        "peak_rss_mb": peak_rss_mb(),
    }
    lines = [
        f"Run {run.id}: {counts['narratives']:,} narratives in {counts['themes']:,} themes.",
        f"{counts['posts']:,} posts are {counts['messages']:,} messages; "
        f"{counts['unclustered_share']:.0%} of the posts belong to no narrative.",
        *filter(None, [encoding.unread(run.manifest["encoder"])]),
        f"Next: python -m explore emerging {run.id}",
    ]
    answer(facts, lines, as_json=as_json)


@app.command("stability")
def stability_command(run_id: Annotated[str, typer.Argument(metavar="RUN")], as_json: AsJson = False) -> None:
    """Measure which narratives of a run are found again when a fifth of its messages is left out."""
    run = open_run(current_workspace(), run_id)
    with progress_shown(QUIET_SECONDS) as progress:
        table = measure(run, progress=progress)
    facts = {"run": run.id, "path": str((run.folder / FILE).resolve()), "narratives": records(table)}
    lines = [
        f"{row['narrative_id']:>5}  {steadiness.sign(row):<14} {label}\n       {steadiness.found_again(row)}"
        for row, label in zip(table.to_dict("records"), run.narratives["label"], strict=True)
    ]
    answer(facts, lines, as_json=as_json)


@app.command("brief")
def brief_command(
    run_id: Annotated[str, typer.Argument(metavar="RUN")],
    narratives: Annotated[list[int], typer.Argument(metavar="NARRATIVE…", help="Narrative ids of the run.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html", dir_okay=False)],
    as_of: AsOf = None,
    window: Length = "24h",
    baseline: Baseline = "7d",
    cover_posts: Annotated[bool, typer.Option("--cover-posts", help="Post texts show only when clicked.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write one self-contained HTML page about narratives, with its evidence locked."""
    workspace = current_workspace()
    run = open_run(workspace, run_id)
    chosen = asked(run, as_of=as_of, window=window, baseline=baseline)
    snapshot = open_snapshot(workspace, run.snapshot_id)
    key = workspace.pseudonym_key()
    found = [evidence(run, snapshot, narrative, window=chosen, key=key) for narrative in narratives]
    steady = kept(run.folder)
    tied, as_of_time = ties(run), chosen.as_of if chosen else None
    spreads = [spread(run, snapshot, each, ties=tied, as_of=as_of_time, key=key) for each in narratives]
    try:
        path, digest = briefing.write(
            out.resolve(),
            found,
            spreads=spreads,
            snapshot=snapshot.manifest,
            run=run.manifest,
            now=datetime.now(UTC),
            cover_posts=cover_posts,
            measured=[] if steady is None else steady.iloc[narratives].to_dict("records"),
            detections=_detections(run, chosen, narratives),
            collection=collection_of(snapshot),
        )
    except OSError as error:
        raise Refused(f"'{out}' cannot be written: {error.strerror}. Name another place with --out.") from None
    answer({"path": str(path), "sha256": digest}, [f"{path}", f"SHA-256 {digest}"], as_json=as_json)


def _detections(run: Run, window: Window | None, narratives: list[int]) -> list[Detection | None]:
    """When each narrative would have been flagged; none without times."""
    if window is None:
        return []
    replayed = replay(run, window)
    return [wave.detected(run, window, replayed, narrative) for narrative in narratives]


def _load_options(
    workspace: Workspace, first: list[Path], base: Snapshot | None, saved: str | None, **said: Any
) -> LoadOptions:
    """How to read the files: as a saved mapping says, as the snapshot was read that is appended to, or by itself."""
    if saved is not None:
        how = mappings.named(workspace, saved)
        columns = {name: how.columns.get(name, "") for name in FIELD_NAMES}
        usual = {"columns": columns | said.pop("columns"), "tz": how.tz, "date_order": how.date_order}
        return LoadOptions(**usual | {"delimiter": how.delimiter} | {name: v for name, v in said.items() if v})
    if base is not None and first:
        return options_like(base, preview(first[0], delimiter=said["delimiter"]), **said)
    return LoadOptions(**said | {"tz": "UTC" if said["tz"] is None else said["tz"]})


def _keep_how(
    workspace: Workspace, path: Path, snapshot_id: str, options: LoadOptions, name: str | None, *, hint: bool
) -> None:
    """Save the mapping under a name, or say which saved one would have fitted."""
    if name is not None:
        manifest = open_snapshot(workspace, snapshot_id).manifest
        mappings.save(
            workspace,
            preview(path, delimiter=options.delimiter),
            ColumnMapping(manifest["mapping"], manifest["preset"]),
            name=name,
            now=datetime.now(UTC),
            tz=options.tz,
            date_order=options.date_order,
            delimiter=options.delimiter,
        )
    elif hint and mappings.saved_mappings(workspace):
        fitting = mappings.recall(workspace, preview(path, delimiter=options.delimiter))
        if fitting is not None and fitting.columns != open_snapshot(workspace, snapshot_id).manifest["mapping"]:
            say(f"A mapping is saved for such files: to read them so, say --mapping '{fitting.name}'.")


def _files_and_pairs(files: list[str], pairs: list[str]) -> tuple[list[Path], dict[str, str]]:
    """Files and column mapping; `--map text=body author_id=user` leaves its later pairs among the files."""
    names = {field.name for field in FIELDS}
    late = [f for f in files if f.partition("=")[0] in names and "=" in f and not Path(f).exists()]
    mapping: dict[str, str] = {}
    for pair in [*pairs, *late]:
        field, equals, column = pair.partition("=")
        if not equals or field not in names:
            raise Refused(f"--map '{pair}' is not FIELD=COLUMN. Fields are {', '.join(sorted(names))}.")
        if field in mapping:
            raise Refused(f"--map says '{field}' twice ('{mapping[field]}' and '{column}'); say it once.")
        mapping[field] = column
    return [Path(f) for f in files if f not in late], mapping
