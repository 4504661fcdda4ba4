"""Two snapshots side by side: which posts are in both, and what changed in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from explore.posts.pseudonyms import with_pseudonyms
from explore.posts.rewriting import queries
from explore.posts.snapshots import Snapshot

_EXAMPLES = 10
_CLIPPED = 200

_PAIRS = """
CREATE TEMP TABLE pairs AS
SELECT a.key IS NOT NULL AS in_first, b.key IS NOT NULL AS in_second, coalesce(a.key, b.key) AS key,
       a.text_hash IS DISTINCT FROM b.text_hash AS other_text, a.counts IS DISTINCT FROM b.counts AS other_counts
FROM (SELECT {key} AS key, any_value(hash(text)) AS text_hash, any_value(hash(views, shares, likes, replies)) AS counts
      FROM read_parquet($first) GROUP BY ALL) a
FULL JOIN
     (SELECT {key} AS key, any_value(hash(text)) AS text_hash, any_value(hash(views, shares, likes, replies)) AS counts
      FROM read_parquet($second) GROUP BY ALL) b
ON a.key = b.key
"""
_CONTENT = "hash(text, created_at, author_id)"
_COUNTS = """
SELECT count(*) FILTER (in_first AND in_second), count(*) FILTER (NOT in_second), count(*) FILTER (NOT in_first),
       count(*) FILTER (in_first AND in_second AND other_text),
       count(*) FILTER (in_first AND in_second AND other_counts) FROM pairs
"""
_CHANGED = f"""
SELECT a.post_id, coalesce(a.author_id, b.author_id) AS author_id,
       left(a.text, {_CLIPPED}) AS first_text, left(b.text, {_CLIPPED}) AS second_text
FROM (SELECT key FROM pairs WHERE in_first AND in_second AND other_text ORDER BY key LIMIT {_EXAMPLES}) p
JOIN read_parquet($first) a ON a.post_id = p.key JOIN read_parquet($second) b ON b.post_id = p.key
ORDER BY a.post_id
"""


@dataclass(frozen=True)
class Comparison:
    """Posts in both snapshots and in one only; of those in both, how many have another text or other counts.

    by: "id", or "content" (text, time and account) where either snapshot has no ids of its own; then no text can
    have changed, and posts that say the same at the same time count once. spans: first and last post of each (UTC).
    changed: columns post_id, first_text, second_text (clipped), some examples.
    """

    by: str
    both: int
    only_first: int
    only_second: int
    other_text: int
    other_counts: int
    spans: tuple[tuple[datetime | None, datetime | None], tuple[datetime | None, datetime | None]]
    changed: pd.DataFrame = field(default_factory=pd.DataFrame)


def compare(first: Snapshot, second: Snapshot, *, key: bytes) -> Comparison:
    """Compare the posts of two snapshots; `key` makes the pseudonyms of accounts inside of post ids."""
    by_id = all("post_id" in one.manifest["mapping"] for one in (first, second))
    files = {"first": str(first.posts_path), "second": str(second.posts_path)}
    with TemporaryDirectory(prefix="groundswell-compare-") as scratch, queries(Path(scratch)) as database:
        database.execute(_PAIRS.format(key="post_id" if by_id else _CONTENT), files)
        both, only_first, only_second, other_text, other_counts = database.execute(_COUNTS).fetchall()[0]
        changed = database.execute(_CHANGED, files).df() if by_id else pd.DataFrame()
    if by_id:
        changed = with_pseudonyms(changed, key).drop(columns="author_id")
    spans = (first.first_at, first.last_at), (second.first_at, second.last_at)
    by = "id" if by_id else "content"
    return Comparison(by, both, only_first, only_second, other_text, other_counts, spans, changed)
