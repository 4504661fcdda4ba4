"""Erasing what one account posted: snapshots and runs are written anew without it, and the old ones deleted.

The order is such that a process killed at any point leaves no doubt: the new snapshots are complete before an old one
goes, the record says what is left to do, and the same request again does it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from explore.casework.database import reading, writing
from explore.casework.removals import (
    JOBS,
    REMOVALS,
    Removal,
    clear_cache,
    list_removals,
    record,
    refuse_busy,
    refuse_new_runs,
)
from explore.errors import Refused
from explore.files import put_away, refuse_held, remove_abandoned
from explore.narratives.run import RunConfig, list_runs
from explore.posts.erasing import Holding, authors, erased_copy, holding
from explore.posts.notes import carry_notes, remove_notes
from explore.posts.pseudonyms import pseudonym
from explore.posts.snapshots import Snapshot, list_snapshots, open_snapshot
from explore.progress import Progress, silent
from explore.settings import Workspace

SCRUBBED = "(removed with the posts of an account)"


@dataclass(frozen=True)
class Erasure:
    """What an erasure concerns. `account` is the pseudonym; `runs` are manifests of runs made from the snapshots.

    unfinished: an erasure of the same account that was interrupted.
    """

    account: str
    holdings: list[Holding] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    unfinished: Removal | None = None


def plan_erasure(workspace: Workspace, author_id: str, *, progress: Progress = silent) -> Erasure:
    """Look for an account in every snapshot. Raises Refused when it is in none, or a folder cannot be searched."""
    _refuse_unreadable(workspace)
    account = pseudonym(author_id, workspace.pseudonym_key())
    holdings = []
    kept = list_snapshots(workspace)
    for number, snapshot in enumerate(kept):
        progress("Looking for the account", number / len(kept))
        holdings.append(holding(snapshot, author_id))
    holdings = [one for one in holdings if one.posts]
    ids = {one.snapshot.id for one in holdings}
    runs = [manifest for manifest in list_runs(workspace) if manifest["snapshot"]["id"] in ids]
    open_ones = [one for one in list_removals(workspace) if one.account == account and one.ended_at is None]
    if not holdings and not open_ones:
        raise Refused("No snapshot holds a post of this account. Give its id exactly as it stands in the file.")
    return Erasure(account, holdings, runs, open_ones[0] if open_ones else None)


def erase_author(
    workspace: Workspace, author_id: str, *, now: datetime, explore_again: bool = True, progress: Progress = silent
) -> Removal:
    """Erase an account's posts from all snapshots and everything made from them, and record it without the text.

    `explore_again`: each deleted run is made anew from the new snapshot. Raises Refused, and changes nothing, while
    any job waits or runs, another process makes a snapshot or run, or the account is in no snapshot.
    """
    plan = plan_erasure(workspace, author_id, progress=progress)
    _refuse_writers(workspace)
    refuse_held([one.snapshot.folder for one in plan.holdings])
    removal = _begun(workspace, plan, now=now)
    became: dict[str, str | None] = {}
    for number, one in enumerate(plan.holdings):
        progress("Writing snapshots without the account", number / len(plan.holdings))
        made = erased_copy(one.snapshot, workspace, author_id=author_id, now=now)
        became[one.snapshot.id] = made.id if made else None
        if made:
            carry_notes(workspace, one.snapshot.id, made.id, now=now)
    for entry in removal.snapshots:
        entry["became"] = became.get(entry["id"], entry.get("became"))
    _note(workspace, removal)
    _delete_old(workspace, plan)
    removal = _explored_again(workspace, removal, now=now, wanted=explore_again, progress=progress)
    return _note(workspace, replace(removal, ended_at=now))


def erased_before(workspace: Workspace, snapshot: Snapshot) -> list[str]:
    """Pseudonyms of accounts in a snapshot that were erased from this workspace: an old file has brought them back."""
    gone = {one.account for one in list_removals(workspace) if one.account}
    if not gone or not snapshot.has_authors:
        return []
    key = workspace.pseudonym_key()
    return sorted(gone & {pseudonym(author, key) for author in authors(snapshot)})


def _refuse_unreadable(workspace: Workspace) -> None:
    """A folder whose manifest cannot be read is in no list, and may hold anything."""
    known = {snapshot.id for snapshot in list_snapshots(workspace)}
    folders = sorted(workspace.snapshots.glob("[!.]*")) if workspace.snapshots.is_dir() else []
    damaged = [folder.name for folder in folders if folder.name not in known]
    if damaged:
        raise Refused(f"Snapshot {damaged[0]} is damaged and cannot be searched; delete its folder first.")


def _refuse_writers(workspace: Workspace) -> None:
    """Tidy up after dead writers; refuse while one is alive."""
    for parent in (workspace.snapshots, workspace.runs):
        remove_abandoned(parent)
        if any(path.is_dir() for path in parent.glob(".*")):
            raise Refused("Another process is writing a snapshot or a run; wait for its end, then erase again.")


def _begun(workspace: Workspace, plan: Erasure, *, now: datetime) -> Removal:
    """The line in the record: the one of an interrupted erasure with what was found now, or a new one."""
    snapshots = [{"id": one.snapshot.id, "posts": one.posts, "became": None} for one in plan.holdings]
    runs = [
        {"id": run["id"], "snapshot": run["snapshot"]["id"], "config": run["config"], "became": None}
        for run in plan.runs
    ]
    with writing(workspace) as connection:
        refuse_busy(connection.execute(sa.select(JOBS).order_by(JOBS.c.id)).all())
        failed = sa.and_(JOBS.c.message != "", JOBS.c.state == "failed")
        connection.execute(sa.update(JOBS).where(failed).values(message=SCRUBBED))  # a refusal may quote a post
        if plan.unfinished is None:
            return record(
                connection, kind="erased", account=plan.account, started_at=now, snapshots=snapshots, runs=runs
            )
    before = plan.unfinished
    new = {entry["id"] for entry in [*snapshots, *runs]}
    return replace(
        before,
        snapshots=[*(one for one in before.snapshots if one["id"] not in new), *snapshots],
        runs=[*(one for one in before.runs if one["id"] not in new), *runs],
    )


def _delete_old(workspace: Workspace, plan: Erasure) -> None:
    """Delete what may hold the text: snapshots, runs, runs that cannot be read, vectors, uploads, logs."""
    with reading(workspace) as connection:
        jobs = connection.execute(sa.select(JOBS)).all()
    refuse_busy(jobs)
    runs = [workspace.runs / str(run["id"]) for run in plan.runs]
    with put_away([one.snapshot.folder for one in plan.holdings] + runs + _unreadable_runs(workspace)) as hide:
        hide()
        refuse_new_runs(workspace, {one.snapshot.id for one in plan.holdings}, [str(run["id"]) for run in plan.runs])
    for one in plan.holdings:
        remove_notes(workspace, one.snapshot.id)
    clear_cache(workspace)
    shutil.rmtree(workspace.uploads, ignore_errors=True)
    for log in (workspace.home / "logs").glob("*.log"):
        log.write_bytes(b"")  # a traceback may quote a post; the worker appends, so it goes on at the start


def _unreadable_runs(workspace: Workspace) -> list[Path]:
    known = {str(manifest["id"]) for manifest in list_runs(workspace)}
    folders = workspace.runs.glob("[!.]*") if workspace.runs.is_dir() else []
    return [folder for folder in folders if folder.is_dir() and folder.name not in known]


def _explored_again(
    workspace: Workspace, removal: Removal, *, now: datetime, wanted: bool, progress: Progress
) -> Removal:
    """Make the deleted runs anew; a run that cannot be made says why."""
    became = {entry["id"]: entry["became"] for entry in removal.snapshots}
    for entry in removal.runs:
        snapshot_id = became.get(entry["snapshot"])
        if entry.get("became") or entry.get("why_not"):
            continue
        if snapshot_id is None:
            entry["why_not"] = "No post of the snapshot is left."
        elif not wanted:
            entry["why_not"] = f"Not asked for; make it with: python -m explore run {snapshot_id}"
        else:
            entry |= _made_again(workspace, snapshot_id, entry["config"], now=now, progress=progress)
        _note(workspace, removal)
    return removal


def _made_again(
    workspace: Workspace, snapshot_id: str, config: dict[str, Any], *, now: datetime, progress: Progress
) -> dict[str, Any]:
    from explore.narratives.pipeline import explore  # brings umap and hdbscan along

    as_of = config.get("as_of")
    wanted = RunConfig(**config | {"as_of": datetime.fromisoformat(as_of) if as_of else None})
    try:
        run = explore(open_snapshot(workspace, snapshot_id), workspace, config=wanted, now=now, progress=progress)
    except Refused as refusal:
        return {"why_not": str(refusal)}
    return {"became": run.id}


def _note(workspace: Workspace, removal: Removal) -> Removal:
    """Bring the line in the record up to date."""
    values: dict[str, Any] = {name: getattr(removal, name) for name in ("ended_at", "snapshots", "runs")}
    with writing(workspace) as connection:
        connection.execute(sa.update(REMOVALS).where(REMOVALS.c.id == removal.id).values(**values))
    return removal
