"""A new snapshot made out of others: the folder, and the rows that stay, group by group as they were."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from explore.errors import Refused
from explore.files import new_folder, write_json
from explore.posts.snapshots import Snapshot, open_snapshot
from explore.settings import Workspace

_MEMORY = "1GB"


@contextmanager
def new_snapshot(workspace: Workspace, snapshot_id: str) -> Iterator[Path]:
    """A folder that becomes the snapshot when the block ends well. Raises Refused when the disk is full."""
    try:
        with new_folder(workspace.snapshots / snapshot_id) as folder:
            yield folder
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Refused("The disk is full; free some space and try again. Nothing was changed.") from None
        raise


@contextmanager
def queries(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection whose memory is bounded; what does not fit goes to `scratch`."""
    spill = str(scratch / ".spill")
    with duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": spill, "threads": 2}) as database:
        database.execute("SET TimeZone = 'UTC'")
        yield database


def groups(path: Path) -> Iterator[tuple[int, pa.Table]]:
    """The row groups of a Parquet file, each with the number of rows before it."""
    start = 0
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            yield start, table
            start += table.num_rows


def within(places: np.ndarray, start: int, count: int) -> slice:
    """Where in the ascending `places` those of the rows [start, start + count) stand."""
    low, high = np.searchsorted(places, [start, start + count])
    return slice(int(low), int(high))


def without(table: pa.Table, places: np.ndarray, start: int) -> pa.Table:
    """The rows of a group but for the ascending `places`."""
    keep = np.ones(table.num_rows, bool)
    keep[places[within(places, start, table.num_rows)] - start] = False
    return table.filter(pa.array(keep))


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """The manifest of a snapshot, in the order of the facts."""
    write_json(folder / "manifest.json", dict(facts))


def opened(workspace: Workspace, snapshot_id: str) -> Snapshot | None:
    """The complete snapshot with this id; None where there is none."""
    if not (workspace.snapshots / snapshot_id / "manifest.json").is_file():
        return None
    return open_snapshot(workspace, snapshot_id)


def rows_since(snapshot: Snapshot) -> datetime:
    """When the oldest rows of a snapshot were loaded (UTC); retention counts from then."""
    since = snapshot.manifest.get("rows_since")
    return datetime.fromisoformat(since) if since else snapshot.loaded_at
