"""A snapshot without the posts of one account, written anew under an id of its own."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from explore.posts.history import METRICS, METRICS_SCHEMA
from explore.posts.rewriting import groups, new_snapshot, opened, queries, rows_since, without, write_manifest
from explore.posts.schema import POSTS_SCHEMA, QUARANTINE_SCHEMA, REASONS
from explore.posts.snapshots import Snapshot, open_snapshot
from explore.posts.writing import Facts, TableWriter
from explore.settings import Workspace

EXCERPT_REMOVED = "(removed with the posts of an account)"

_OWN = """
SELECT count(*) FILTER (author_id = $author) AS own,
       count(*) FILTER (author_id IS DISTINCT FROM $author AND text IN
           (SELECT text FROM read_parquet($path) WHERE author_id = $author)) AS others
FROM read_parquet($path)
"""
_PLACES = """
SELECT file_row_number AS place FROM read_parquet($metrics, file_row_number = true)
WHERE post_id IN (SELECT post_id FROM read_parquet($path) WHERE author_id = $author) ORDER BY place
"""


@dataclass(frozen=True)
class Holding:
    """What a snapshot holds of an account: its posts, and posts of others that say exactly the same."""

    snapshot: Snapshot
    posts: int
    same_by_others: int


def holding(snapshot: Snapshot, author_id: str) -> Holding:
    """Count the posts of an account."""
    with queries(snapshot.folder) as database:
        values = {"path": str(snapshot.posts_path), "author": author_id}
        own, others = database.execute(_OWN, values).fetchall()[0]
    return Holding(snapshot, own, others)


def authors(snapshot: Snapshot) -> list[str]:
    """The different accounts of a snapshot."""
    with duckdb.connect() as database:
        query = "SELECT DISTINCT author_id FROM read_parquet($path) WHERE author_id IS NOT NULL"
        return [str(row[0]) for row in database.execute(query, {"path": str(snapshot.posts_path)}).fetchall()]


def erased_copy(snapshot: Snapshot, workspace: Workspace, *, author_id: str, now: datetime) -> Snapshot | None:
    """The snapshot without the account's posts, under a new id; None where no post would be left.

    The excerpts of all quarantined records go too, and the values that their reasons quote: an excerpt is a cut
    record, and whose it is cannot be told for certain. Their counts and reasons stay. The same erasure gives the same
    id, which does not give the account away without the workspace's key. Raises Refused when the disk is full.
    """
    held = holding(snapshot, author_id).posts
    if held == snapshot.n_posts:
        return None
    identity = json.dumps(["without", snapshot.id, author_id]).encode("utf-8", "surrogatepass")
    made = hmac.new(workspace.pseudonym_key(), identity, hashlib.sha256).hexdigest()[:16]
    known = opened(workspace, made)
    if known is not None:
        return known
    with new_snapshot(workspace, made) as folder:
        facts = Facts(now + timedelta(days=1))
        with TableWriter(folder / "posts.parquet", POSTS_SCHEMA) as out:
            for _, table in groups(snapshot.posts_path):
                kept = table.filter(pc.fill_null(pc.not_equal(table["author_id"], author_id), True))
                out.write(kept)
                facts.add(kept)
        with TableWriter(folder / "quarantine.parquet", QUARANTINE_SCHEMA) as out:
            for _, table in groups(snapshot.quarantine_path):
                out.write(_without_excerpts(table))
        if (snapshot.folder / METRICS).is_file():
            with queries(folder) as database:
                files = {"metrics": str(snapshot.folder / METRICS), "path": str(snapshot.posts_path)}
                places = database.execute(_PLACES, files | {"author": author_id}).fetchnumpy()["place"]
            with TableWriter(folder / METRICS, METRICS_SCHEMA) as out:
                for start, table in groups(snapshot.folder / METRICS):
                    out.write(without(table, np.asarray(places, np.int64), start))
        shutil.rmtree(folder / ".spill", ignore_errors=True)
        write_manifest(folder, _manifest(made, snapshot, held, facts, now=now))
    return open_snapshot(workspace, made)


def _without_excerpts(table: pa.Table) -> pa.Table:
    """The records without what they said; why they were quarantined may quote them too."""
    general = [REASONS.get(reason, reason) for reason in table["reason"].to_pylist()]
    for name, texts in (("excerpt", [EXCERPT_REMOVED] * table.num_rows), ("why", general)):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), pa.array(texts, pa.string()))
    return table


def _manifest(made: str, snapshot: Snapshot, held: int, facts: Facts, *, now: datetime) -> dict[str, Any]:
    """As before, but for the id and the figures: accepted + quarantined + duplicates = records still holds."""
    before = snapshot.manifest
    counts = before["counts"]
    less = {"records": counts["records"] - held, "accepted": counts["accepted"] - held}
    erased = {"at": now.astimezone(UTC).isoformat(), "posts": held}
    return {
        **before,
        "id": made,
        "counts": counts | less,
        **facts.summary(),
        "erased": [*before.get("erased", []), erased],
        "rows_since": rows_since(snapshot).isoformat(),
    }
