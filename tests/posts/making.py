"""Handmade files for the tests of explore/posts."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from explore.posts.snapshots import LoadOptions, LoadReport, load, open_snapshot
from explore.settings import Workspace

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
HEADER = "id,created_at,text"


def row(number: int, text: str = "words of a post", when: str = "2024-05-01T10:00:00Z") -> str:
    return f"{number},{when},{text} {number}"


def rows(count: int, start: int = 1) -> list[str]:
    return [row(number) for number in range(start, start + count)]


def csv_of(*lines: str) -> bytes:
    """The usual header and some lines of CSV."""
    return "\n".join([HEADER, *lines, ""]).encode()


def jsonl_of(*records: Any) -> bytes:
    """Objects, or lines as they are, one a line."""
    return "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records).encode()


def json_rows(count: int, start: int = 1) -> list[dict[str, Any]]:
    return [
        {"id": str(n), "created_at": "2024-05-01T10:00:00Z", "text": f"words of a post {n}"}
        for n in range(start, start + count)
    ]


def parquet_of(columns: Mapping[str, Any], **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), sink, **options)
    return sink.getvalue()


def written(columns: Sequence[str], posts: Sequence[Mapping[str, Any]], format_: str) -> bytes:
    """Posts in one of our formats, packed where its name says so: "csv", "jsonl.zst", "parquet.gz" ..."""
    kind, _, packing = format_.partition(".")
    if kind in {"csv", "tsv"}:
        sink = io.StringIO(newline="")
        writer = csv.writer(sink, delimiter="\t" if kind == "tsv" else ",")
        writer.writerow(columns)
        writer.writerows([["" if post[c] is None else post[c] for c in columns] for post in posts])
        content = sink.getvalue().encode()
    elif kind == "jsonl":
        content = jsonl_of(*(dict(post) for post in posts))
    else:
        content = parquet_of({c: [post[c] for post in posts] for c in columns})
    pack = {"": bytes, "gz": gzip.compress, "zst": zstandard.ZstdCompressor().compress}[packing]
    return pack(content)


def saved(folder: Path, content: bytes, name: str = "posts.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def loaded(
    workspace: Workspace, folder: Path, content: bytes, name: str = "posts.csv", **options: Any
) -> tuple[LoadReport, list[dict[str, Any]]]:
    """Load the bytes as a file; the report and the stored posts. The invariant of a load is checked every time."""
    report = load([saved(folder, content, name)], workspace, options=LoadOptions(**options), now=NOW)
    assert report.accepted + report.quarantined + report.duplicates == report.records
    assert sum(report.reasons.values()) == report.quarantined
    posts = pq.read_table(open_snapshot(workspace, report.snapshot).posts_path).to_pylist()
    assert len(posts) == report.accepted
    return report, posts


def kept_apart(workspace: Workspace, report: LoadReport) -> list[dict[str, Any]]:
    found = pq.read_table(open_snapshot(workspace, report.snapshot).quarantine_path).to_pylist()
    assert len(found) == report.quarantined
    return found
