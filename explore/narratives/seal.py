"""Tables that are made after a run and lie beside it: the run's manifest cannot know them, so each carries a seal.

The seal is the digest of the content and of an identity (the run's id, and what else must be the same), in the metadata
of the Parquet file. What does not agree with it counts as not there, and is made again.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from explore.errors import Refused
from explore.files import write_bytes


def write(file: Path, table: pd.DataFrame, *, identity: str) -> None:
    """Write the table beside its run. Raises `Refused` where the run's folder is no longer there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not file.parent.is_dir():
        raise Refused(f"Run {file.parent.name} was removed while {file.name} was made.")
    made = pa.Table.from_pandas(table, preserve_index=False)
    made = made.replace_schema_metadata({"sha256": _digest(table, identity)})
    sink = io.BytesIO()
    pq.write_table(made, sink, compression="zstd")
    write_bytes(file, sink.getvalue())


def read(file: Path, *, identity: str) -> pd.DataFrame | None:
    """The table; null where the file is not there, or is not what was written for this identity."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_table(file)
        table = found.to_pandas()
        digest = (found.schema.metadata or {}).get(b"sha256", b"").decode()
    except (OSError, ValueError, pa.ArrowException):
        return None
    return table if digest == _digest(table, identity) else None


def _digest(table: pd.DataFrame, identity: str) -> str:
    content: Sequence[Any] = [
        identity,
        list(table.columns),
        table.astype(object).where(table.notna(), None).to_numpy().tolist(),
    ]
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()  # times as text
