"""Posts and quarantine, written to disk a row group at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from explore.posts.batches import Rejected
from explore.posts.languages import UNKNOWN
from explore.posts.schema import POSTS_SCHEMA, QUARANTINE_SCHEMA

ROW_GROUP = 65_536
_BY_CHANCE = 5  # ids of 19 digits that all end in 00, which whole ones do in 1 of 10^10 cases
_ROW_GROUP_BYTES = 128 * 2**20


class TableWriter:
    """Collects tables and writes them as row groups; close it with `with`."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = pq.ParquetWriter(path, schema, compression="zstd", compression_level=3)
        self._schema = schema
        self._waiting: list[pa.Table] = []

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def close(self) -> None:
        """Write what is waiting and end the file; a second time does nothing."""
        if self._file.is_open:
            self.flush()
            self._file.close()

    def write(self, table: pa.Table) -> None:
        self._waiting.append(table)
        full = sum(t.num_rows for t in self._waiting) >= ROW_GROUP
        if full or sum(t.nbytes for t in self._waiting) >= _ROW_GROUP_BYTES:
            self.flush()

    def abandon(self) -> None:
        """End the file after an error: it will be thrown away, and a second error would hide the first."""
        self._waiting.clear()
        with suppress(OSError, pa.ArrowException):
            self._file.close()

    def flush(self) -> None:
        if any(table.num_rows for table in self._waiting):
            self._file.write_table(pa.concat_tables(self._waiting), row_group_size=2 * ROW_GROUP)
        self._waiting.clear()


def quarantine_table(rejected: Sequence[Rejected], *, file: str) -> pa.Table:
    """Rejected records of one file as rows of QUARANTINE_SCHEMA."""
    rows = [{"file": file, **asdict(one)} for one in rejected]
    return pa.Table.from_pylist(rows, schema=QUARANTINE_SCHEMA)


class Facts:
    """What can be said of a snapshot without reading it again. Posts after `ahead_of` are counted."""

    def __init__(self, ahead_of: datetime) -> None:
        self._limit = pa.scalar(ahead_of, POSTS_SCHEMA.field("created_at").type)
        self._ahead = 0
        self._known: Counter[str] = Counter()
        self._long: Counter[str] = Counter()  # field -> ids of 19 digits that end in anything but 00
        self._rounded: Counter[str] = Counter()  # field -> different ones that end in 00, in one table
        self._first: datetime | None = None
        self._last: datetime | None = None

    def add(self, posts: pa.Table) -> None:
        """Take note of some accepted posts."""
        for name in POSTS_SCHEMA.names:
            column = posts[name]
            missing = column.null_count
            if name == "lang":
                missing += pc.sum(pc.equal(column, UNKNOWN)).as_py() or 0
            self._known[name] += posts.num_rows - missing
        for name in ("post_id", "author_id"):
            long = posts[name].filter(pc.match_substring_regex(posts[name], r"^\d{19,20}$"))
            rounded = long.filter(pc.ends_with(long, "00"))
            self._long[name] += len(long) - len(rounded)
            self._rounded[name] = max(self._rounded[name], pc.count_distinct(rounded).as_py())
        self._ahead += pc.sum(pc.greater(posts["created_at"], self._limit)).as_py() or 0
        span = pc.min_max(posts["created_at"]).as_py()
        if span["min"] is not None:
            self._first = min(filter(None, (self._first, span["min"])))
            self._last = max(filter(None, (self._last, span["max"])))

    def summary(self) -> dict[str, Any]:
        """has_times, has_authors, has_views, has_languages, first_at and last_at (ISO 8601, UTC), `known` per field.

        rounded_ids: the fields of which every long id looks rounded.
        """
        return {
            "has_times": self._known["created_at"] > 0,
            "has_authors": self._known["author_id"] > 0,
            "has_views": self._known["views"] > 0,
            "has_languages": self._known["lang"] > 0,
            "first_at": _iso(self._first),
            "last_at": _iso(self._last),
            "more_than_a_day_ahead": self._ahead,
            "rounded_ids": [
                name for name, most in self._rounded.items() if most >= _BY_CHANCE and not self._long[name]
            ],
            "known": dict(self._known),
        }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
