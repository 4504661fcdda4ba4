"""How good a snapshot is: what is missing, what is odd, what share is copies."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import duckdb
import numpy as np
import pandas as pd

from explore.posts.collection import Collection, inspect
from explore.posts.pseudonyms import pseudonym
from explore.posts.schema import FIELD_NAMES, REASONS
from explore.posts.snapshots import Snapshot

_MOST_BINS = 400
_BINS = tuple(timedelta(hours=hours) for hours in (1, 3, 6, 12, 24, 7 * 24, 28 * 24, 364 * 24))
_TOP = 10


@dataclass(frozen=True)
class Quality:
    """The quality report of a snapshot.

    reasons: columns reason, meaning, records, the commonest first. missing: our field -> share of posts without it.
    languages: columns lang, posts (ten commonest). bin, volume: columns bin_start (UTC), posts; every bin of the span
    with zeros included, so that a hole in the collection shows; None and empty without times. copy_share: share of
    posts whose text stood verbatim in an earlier post. authors: distinct ones, None when unknown. top_authors: posts
    of each of the ten most active authors, most active first; accounts: the same as columns account (pseudonym), posts,
    share of the posts, empty without a key. ahead: posts dated over a day after they were loaded. collection: holes,
    spikes and odd clocks, None without times.
    """

    records: int
    accepted: int
    quarantined: int
    duplicates: int
    reasons: pd.DataFrame
    missing: dict[str, float]
    languages: pd.DataFrame
    bin: timedelta | None
    volume: pd.DataFrame
    copy_share: float
    authors: int | None
    top_authors: tuple[int, ...] = field(default=())
    ahead: int = 0
    accounts: pd.DataFrame = field(default_factory=pd.DataFrame)
    first_at: datetime | None = None
    last_at: datetime | None = None
    collection: Collection | None = None


def quality(snapshot: Snapshot, *, key: bytes | None = None) -> Quality:
    """Read the quality of a snapshot from its manifest and its posts; `key` makes the pseudonyms of accounts."""
    manifest, posts = snapshot.manifest, max(snapshot.n_posts, 1)
    path = str(snapshot.posts_path)
    bin_length = _bin(snapshot)
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as database:
        database.execute("SET TimeZone = 'UTC'")
        texts = _one(database, "SELECT count(DISTINCT hash(text)) FROM read_parquet($path)", path)
        authors = _one(database, "SELECT count(DISTINCT author_id) FROM read_parquet($path)", path)
        most_active = database.execute(_AUTHORS, {"path": path}).fetchall()
        return Quality(
            **manifest["counts"],
            reasons=_reasons(manifest["reasons"]),
            missing={name: 1 - manifest["known"][name] / posts for name in FIELD_NAMES},
            languages=database.execute(_LANGUAGES, {"path": path}).df(),
            bin=bin_length,
            volume=_volume(database, path, bin_length),
            copy_share=1 - texts / posts,
            authors=authors or None,
            top_authors=tuple(count for _, count in most_active),
            ahead=int(manifest["more_than_a_day_ahead"]),
            accounts=_accounts(most_active, posts, key),
            first_at=snapshot.first_at,
            last_at=snapshot.last_at,
            collection=_collection(database, path, snapshot),
        )


def collection_of(snapshot: Snapshot) -> Collection | None:
    """What the collecting did to a snapshot, without the rest of the report; null without times."""
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as database:
        return _collection(database, str(snapshot.posts_path), snapshot)


_LANGUAGES = f"""
SELECT lang, count(*) AS posts FROM read_parquet($path) WHERE lang IS NOT NULL
GROUP BY lang ORDER BY posts DESC, lang LIMIT {_TOP}
"""
_AUTHORS = f"""
SELECT author_id, count(*) AS posts FROM read_parquet($path) WHERE author_id IS NOT NULL
GROUP BY author_id ORDER BY posts DESC, author_id LIMIT {_TOP}
"""
_SECONDS = """
SELECT epoch_us(created_at) // 1000000 AS second, count(*) AS posts FROM read_parquet($path)
WHERE created_at IS NOT NULL GROUP BY second ORDER BY second
"""
_VOLUME = """
SELECT (epoch_us(created_at) // $step) * $step AS start, count(*) AS posts FROM read_parquet($path)
WHERE created_at IS NOT NULL GROUP BY start ORDER BY start
"""


def _reasons(counts: dict[str, int]) -> pd.DataFrame:
    rows = [(code, REASONS[code], count) for code, count in counts.items()]
    return pd.DataFrame(rows, columns=["reason", "meaning", "records"])


def _bin(snapshot: Snapshot) -> timedelta | None:
    """The shortest bin that keeps the chart readable."""
    if snapshot.first_at is None or snapshot.last_at is None:
        return None
    span = snapshot.last_at - snapshot.first_at
    return next((step for step in _BINS if span / step <= _MOST_BINS), _BINS[-1])


def _volume(database: duckdb.DuckDBPyConnection, path: str, step: timedelta | None) -> pd.DataFrame:
    """Posts per bin, aligned to 1970 in UTC, without gaps."""
    if step is None:
        return pd.DataFrame({"bin_start": pd.DatetimeIndex([], tz="UTC"), "posts": pd.Series([], dtype="int64")})
    micros = step // timedelta(microseconds=1)
    found = database.execute(_VOLUME, {"path": path, "step": micros}).df()
    every = pd.Index(range(int(found["start"].min()), int(found["start"].max()) + 1, micros), name="start")
    posts = found.set_index("start")["posts"].reindex(every, fill_value=0)
    starts = pd.to_datetime(every.to_numpy(), unit="us", utc=True)
    return pd.DataFrame({"bin_start": starts, "posts": posts.to_numpy().astype("int64")})


def _collection(database: duckdb.DuckDBPyConnection, path: str, snapshot: Snapshot) -> Collection | None:
    if not snapshot.has_times:
        return None
    found = database.execute(_SECONDS, {"path": path}).fetchnumpy()
    seconds, posts = (np.asarray(found[name], dtype=np.int64) for name in ("second", "posts"))
    return inspect(seconds, posts, loaded_at=snapshot.loaded_at.timestamp())


def _accounts(most_active: list[tuple[str, int]], posts: int, key: bytes | None) -> pd.DataFrame:
    rows = [(pseudonym(author, key), count, count / posts) for author, count in most_active] if key else []
    return pd.DataFrame(rows, columns=["account", "posts", "share"])


def _one(database: duckdb.DuckDBPyConnection, query: str, path: str) -> int:
    row = database.execute(query, {"path": path}).fetchone()
    return int(row[0]) if row else 0
