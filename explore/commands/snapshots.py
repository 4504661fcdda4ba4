"""Commands on snapshots that are there: look, name, compare, keep and remove.

What removes something says what it would remove, and does so only with --yes.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from explore.casework import removals
from explore.casework.erasure import Erasure, erase_author, plan_erasure
from explore.casework.removals import Removal
from explore.commands.output import AsJson, answer, progress_shown, records
from explore.errors import Refused
from explore.narratives.run import list_runs
from explore.posts.collection import RULES, Collection
from explore.posts.comparing import compare
from explore.posts.notes import Notes, change_notes, due_at, read_notes
from explore.posts.quality import Quality, quality
from explore.posts.rewriting import rows_since
from explore.posts.snapshots import Snapshot, list_snapshots, open_snapshot
from explore.present import exports, words
from explore.settings import Workspace, current_workspace

app = typer.Typer(no_args_is_help=True, help="List, name, compare, keep and remove snapshots.")

Wanted = Annotated[str, typer.Argument(metavar="SNAPSHOT", help="Id, its beginning, or name.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without, only say what would be done.")]


@app.command("list")
def list_command(as_json: AsJson = False) -> None:
    """List the snapshots, the one loaded last first."""
    workspace = current_workspace()
    explored = [manifest["snapshot"]["id"] for manifest in list_runs(workspace)]
    kept = [_card(workspace, one) | {"runs": explored.count(one.id)} for one in list_snapshots(workspace)]
    lines = [
        f"{one['id']}  {one['posts']:>10,} posts  {one['runs']:>3} runs  {one['name']}"
        + (f"  (kept until {one['due_at'][:10]})" if one["due_at"] else "")
        for one in kept
    ]
    answer({"snapshots": kept}, lines or ["No snapshot is loaded yet."], as_json=as_json)


@app.command("rename")
def rename_command(
    snapshot: Wanted, name: Annotated[str, typer.Argument(metavar="NAME")], as_json: AsJson = False
) -> None:
    """Give a snapshot another name."""
    workspace = current_workspace()
    found = open_snapshot(workspace, snapshot)
    notes = change_notes(workspace, found.id, now=datetime.now(UTC), name=name)
    answer({"id": found.id, "name": notes.name, "was": found.name}, [f"{found.id} is now '{notes.name}'."],
           as_json=as_json)  # fmt: skip


@app.command("describe")
def describe_command(
    snapshot: Wanted,
    note: Annotated[str | None, typer.Option(help="Keep a note with it; an empty one removes it.")] = None,
    keep_days: Annotated[int | None, typer.Option(min=1, help="Days after loading until `purge` removes it.")] = None,
    keep_forever: Annotated[bool, typer.Option("--keep-forever", help="Purge never removes it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what came in, what did not and what is odd; or note something on the snapshot."""
    workspace = current_workspace()
    found = open_snapshot(workspace, snapshot)
    if keep_forever and keep_days is not None:
        raise Refused("Say either --keep-days or --keep-forever.")
    changes: dict[str, Any] = {} if note is None else {"note": note}
    changes |= {"keep_days": keep_days} if keep_forever or keep_days is not None else {}
    if changes:
        change_notes(workspace, found.id, now=datetime.now(UTC), **changes)
    seen = quality(found, key=workspace.pseudonym_key())
    hangs = removals.dependents(workspace, found)
    facts = _card(workspace, found) | _quality_facts(seen) | {
        "files": found.manifest["files"],
        "mapping": found.manifest["mapping"],
        "preset": found.manifest["preset"],
        "load_notes": found.load_notes,
        "tz": found.manifest["tz"],
        "appended": len(found.manifest.get("appended", [])),
        "erased": found.manifest.get("erased", []),
        "runs": hangs.runs,
        "jobs": hangs.jobs,
    }  # fmt: skip
    answer(facts, _quality_lines(found, seen, read_notes(workspace, found.id)), as_json=as_json)


@app.command("compare")
def compare_command(
    first: Annotated[str, typer.Argument(metavar="SNAPSHOT_A")],
    second: Annotated[str, typer.Argument(metavar="SNAPSHOT_B")],
    as_json: AsJson = False,
) -> None:
    """Say which posts are in both snapshots, and what changed in them."""
    workspace = current_workspace()
    one, other = open_snapshot(workspace, first), open_snapshot(workspace, second)
    found = compare(one, other, key=workspace.pseudonym_key())
    facts = {
        "snapshots": [one.id, other.id],
        "compared_by": found.by,
        "both": found.both,
        "only_a": found.only_first,
        "only_b": found.only_second,
        "other_text": found.other_text,
        "other_counts": found.other_counts,
        "spans": [[moment.isoformat() if moment else None for moment in span] for span in found.spans],
        "changed": found.changed.to_dict("records"),
    }
    lines = [
        f"{found.both:,} posts are in both, {found.only_first:,} only in '{one.name}', "
        f"{found.only_second:,} only in '{other.name}' (compared by {found.by}).",
        f"Of those in both, {found.other_text:,} have another text and {found.other_counts:,} other counts.",
        *(f"{each.name}: {words.when(each.first_at)} to {words.when(each.last_at)}" for each in (one, other)
          if each.has_times),
    ]  # fmt: skip
    answer(facts, lines, as_json=as_json)


@app.command("quarantine")
def quarantine_command(
    snapshot: Wanted,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.csv", dir_okay=False)],
    excerpts: Annotated[
        bool, typer.Option("--excerpts", help="With the beginning of each record, which may name accounts.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the quarantined records, with the reasons, as a CSV that is safe to open in a spreadsheet."""
    workspace = current_workspace()
    found = open_snapshot(workspace, snapshot)
    tables = exports.quarantine(found, with_excerpts=excerpts)
    path = exports.write_csv(out.resolve(), tables, key=workspace.pseudonym_key())
    count = int(found.manifest["counts"]["quarantined"])
    answer({"path": str(path), "records": count}, [f"{path}: {words.count(count, 'record')}"], as_json=as_json)


@app.command("delete")
def delete_command(snapshot: Wanted, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a snapshot and its runs; without --yes, say what depends on it."""
    workspace = current_workspace()
    found = open_snapshot(workspace, snapshot)
    hangs = removals.dependents(workspace, found)
    if yes:
        removals.delete_snapshot(workspace, found, now=datetime.now(UTC))
    facts = {"deleted": yes, "snapshot": found.id, "posts": found.n_posts, "runs": hangs.runs, "jobs": hangs.jobs,
             "busy": hangs.busy, "appended": hangs.appended}  # fmt: skip
    lines = [
        f"{'Deleted' if yes else 'Would delete'} '{found.name}' ({found.id}): {words.count(found.n_posts, 'post')}, "
        f"{words.count(len(hangs.runs), 'run')}."
    ]
    if hangs.appended:
        lines.append(f"Its posts are also in {', '.join(hangs.appended)}, made by appending, which stays.")
    if hangs.busy and not yes:
        lines.append(f"Job {hangs.busy[0]} needs it: deleting is refused until that has ended.")
    answer(facts, lines + ([] if yes else ["Say --yes to delete."]), as_json=as_json)


@app.command("erase-author")
def erase_author_command(
    author: Annotated[str, typer.Argument(metavar="AUTHOR_ID", help="As in the file; - reads it from standard input.")],
    yes: Yes = False,
    no_runs: Annotated[bool, typer.Option("--no-runs", help="Delete runs and do not make them anew.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase an account's posts from all snapshots; snapshots and runs are made anew without them."""
    workspace = current_workspace()
    author_id = sys.stdin.read().strip("\r\n") if author == "-" else author
    with progress_shown() as progress:
        plan = plan_erasure(workspace, author_id, progress=progress)
        done = (
            erase_author(workspace, author_id, now=datetime.now(UTC), explore_again=not no_runs, progress=progress)
            if yes
            else None
        )
    answer(_erasure_facts(plan, done), _erasure_lines(plan, done), as_json=as_json)


@app.command("removals")
def removals_command(as_json: AsJson = False) -> None:
    """List what was deleted, purged and erased, the latest first."""
    found = removals.list_removals(current_workspace())
    lines = [
        f"{words.when(one.started_at)}  {one.kind:<9}  {words.count(len(one.snapshots), 'snapshot')}, "
        f"{words.count(len(one.runs), 'run')}{'' if one.ended_at else '  (interrupted: do it again)'}"
        for one in found
    ]
    answer({"removals": [_removal_facts(one) for one in found]}, lines or ["Nothing yet."], as_json=as_json)


def purge_command(yes: Yes = False, as_json: AsJson = False) -> None:
    """Remove snapshots that were kept for their days, and runs whose snapshot is gone; without --yes, list them."""
    workspace, now = current_workspace(), datetime.now(UTC)
    due = removals.due(workspace, now=now)
    removed, refused = removals.purge(workspace, now=now) if yes else ([], [])
    facts = {
        "purged": yes,
        "due": [
            {"id": one.id, "kind": "snapshot" if one.snapshot else "run", "name": one.snapshot and one.snapshot.name,
             "since": one.since and one.since.isoformat()}
            for one in due
        ],
        "removed": [_removal_facts(one) for one in removed],
        "refused": refused,
    }  # fmt: skip
    lines = [
        f"{one.id}  snapshot '{one.snapshot.name}', due since {words.when(one.since)}"
        if one.snapshot
        else f"{one.id}  run whose snapshot is gone"
        for one in due
    ] or ["Nothing is due."]
    lines += refused + (["Say --yes to remove them."] if due and not yes else [])
    answer(facts, lines, as_json=as_json)
    if refused:
        raise typer.Exit(2)


def _card(workspace: Workspace, snapshot: Snapshot) -> dict[str, Any]:
    """What every command says of a snapshot."""
    notes = read_notes(workspace, snapshot.id)
    over = due_at(notes, rows_since(snapshot))
    return {
        "id": snapshot.id,
        "name": snapshot.name,
        "note": notes.note,
        "keep_days": notes.keep_days,
        "due_at": over.isoformat() if over else None,
        "posts": snapshot.n_posts,
        "first_at": snapshot.first_at.isoformat() if snapshot.first_at else None,
        "last_at": snapshot.last_at.isoformat() if snapshot.last_at else None,
        "loaded_at": snapshot.loaded_at.isoformat(),
        "sha256": snapshot.sha256,
    }


def _quality_facts(seen: Quality) -> dict[str, Any]:
    return {
        **{name: getattr(seen, name) for name in ("records", "accepted", "quarantined", "duplicates")},
        "reasons": dict(zip(seen.reasons["reason"], seen.reasons["records"].tolist(), strict=True)),
        "missing": seen.missing,
        "languages": dict(zip(seen.languages["lang"], seen.languages["posts"].tolist(), strict=True)),
        "copy_share": seen.copy_share,
        "authors": seen.authors,
        "accounts": records(seen.accounts),
        "more_than_a_day_ahead": seen.ahead,
        "collection": _collection_facts(seen.collection) if seen.collection else None,
    }


def _collection_facts(found: Collection) -> dict[str, Any]:
    return {
        "precision": found.precision,
        "step_hours": found.step.total_seconds() / 3600 if found.step else None,
        "holes": records(found.holes),
        "spikes": records(found.spikes),
        "clock": [
            {"kind": one.kind, "posts": one.posts, "share": one.share,
             "worst": one.worst.isoformat() if one.worst is not None else None}
            for one in found.clock
        ],
        "rules": RULES,
    }  # fmt: skip


def _quality_lines(snapshot: Snapshot, seen: Quality, notes: Notes) -> list[str]:
    lines = [f"{snapshot.name} ({snapshot.id})", *([notes.note] if notes.note else [])]
    lines.append(
        f"{seen.accepted:,} of {seen.records:,} records accepted, {seen.quarantined:,} quarantined, "
        f"{seen.duplicates:,} duplicates; {seen.copy_share:.0%} of the posts repeat an earlier text."
    )
    lines += [f"  {row.records:,} × {row.meaning}" for row in seen.reasons.itertuples()]
    lines += snapshot.load_notes
    if snapshot.has_times:
        lines.append(f"Posts from {words.when(snapshot.first_at)} to {words.when(snapshot.last_at)}.")
    if not seen.accounts.empty:
        most = ", ".join(f"{row.account} ({row.posts:,})" for row in seen.accounts.head(5).itertuples())
        lines.append(f"{words.count(seen.authors or 0, 'account')}; most active: {most}.")
    if seen.collection is not None:
        lines += _findings(seen.collection)
    return lines


def _findings(found: Collection) -> list[str]:
    lines = [
        f"Hole: no post from {words.when(one.start)} to {words.when(one.end)}, usually about {one.usual:,}."
        for one in found.holes.itertuples()
    ]
    lines += [
        f"Spike: {one.posts:,} posts from {words.when(one.start)} to {words.when(one.end)}, usually {one.usual:,}."
        for one in found.spikes.sort_values("z", ascending=False).head(10).itertuples()
    ]
    return lines + [f"Clock: {one.posts:,} posts ({one.share:.1%}). {RULES[one.kind]}" for one in found.clock]


def _erasure_facts(plan: Erasure, done: Removal | None) -> dict[str, Any]:
    return {
        "erased": done is not None,
        "account": plan.account,
        "snapshots": [{"id": one.snapshot.id, "posts": one.posts, "same_text_by_others": one.same_by_others}
                      for one in plan.holdings],
        "runs": [str(run["id"]) for run in plan.runs],
        "removal": _removal_facts(done) if done else None,
    }  # fmt: skip


def _erasure_lines(plan: Erasure, done: Removal | None) -> list[str]:
    lines = [f"Account {plan.account}:"]
    for one in plan.holdings:
        also = f"; {one.same_by_others:,} posts of others say the same and stay" if one.same_by_others else ""
        lines.append(f"  {one.snapshot.id} '{one.snapshot.name}': {words.count(one.posts, 'post')}{also}")
    if done is None:
        lines.append(f"{words.count(len(plan.runs), 'run')} would be made anew. Say --yes to erase.")
        return lines
    lines += [f"  snapshot {one['id']} became {one['became'] or 'nothing: no post is left'}" for one in done.snapshots]
    lines += [f"  run {one['id']} became {one.get('became') or one.get('why_not')}" for one in done.runs]
    lines.append("Erased. The files they were loaded from, and briefings already sent, still hold the posts.")
    return lines


def _removal_facts(one: Removal) -> dict[str, Any]:
    return vars(one) | {
        "started_at": one.started_at.isoformat(),
        "ended_at": one.ended_at.isoformat() if one.ended_at else None,
    }
