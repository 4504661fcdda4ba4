"""How often a post had been seen, shared, liked and answered at each look at it.

metrics.parquet lies beside the posts of a snapshot that was made by appending: one row a post and load in which it
stood with any such count.
"""

from __future__ import annotations

import duckdb
import pandas as pd
import pyarrow as pa

from explore.posts.schema import POSTS_SCHEMA
from explore.posts.snapshots import Snapshot

METRICS = "metrics.parquet"
COUNTED: tuple[str, ...] = ("views", "shares", "likes", "replies")

METRICS_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("post_id", pa.string()),
        pa.field("seen_at", POSTS_SCHEMA.field("created_at").type),
        *(pa.field(name, pa.int64()) for name in COUNTED),
    ]
)


def history(snapshot: Snapshot, post_id: str) -> pd.DataFrame:
    """What was counted of a post at each load, oldest first: seen_at (UTC), views, shares, likes, replies.

    A snapshot that was loaded at once has one row a post, none where no count is known. `seen_at` is the time of the
    load; when the exporter looked is not in the file.
    """
    path = snapshot.folder / METRICS
    counted = ", ".join(COUNTED)
    known = " OR ".join(f"{name} IS NOT NULL" for name in COUNTED)
    source = "seen_at" if path.is_file() else "$loaded::TIMESTAMPTZ AS seen_at"
    values = {"path": str(path if path.is_file() else snapshot.posts_path), "post": post_id}
    values |= {} if path.is_file() else {"loaded": snapshot.loaded_at.isoformat()}
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        query = f"SELECT {source}, {counted} FROM read_parquet($path) WHERE post_id = $post AND ({known})"
        found = database.sql(f"{query} ORDER BY seen_at", params=values).to_arrow_table().to_pandas()
    return found.astype(dict.fromkeys(COUNTED, "Int64"))
