"""Posts that were loaded twice: told apart on disk, exactly, with memory that does not grow with the file."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from explore.posts.languages import UNKNOWN
from explore.posts.schema import FIELD_NAMES

if TYPE_CHECKING:
    import duckdb

_MEMORY = "1GB"

_TOLD_APART = ("post_id", "text")

# Rows after the first of their id, and whether they say the same as the first.
_PAIRS = """
WITH posts AS (SELECT *, file_row_number AS place FROM read_parquet($path, file_row_number = true)),
twice AS (SELECT post_id, min(place) AS first FROM posts GROUP BY post_id HAVING count(*) > 1)
SELECT {}
FROM posts AS later
JOIN twice ON twice.post_id = later.post_id AND later.place > twice.first
JOIN posts AS original ON original.place = twice.first
"""
_LATER = _PAIRS.format("later.place, later.text = original.text AS same") + "ORDER BY later.place"

# Invented ids are "hash of text, time and author"-"record in the load"; so the file of a post is known by its record.
_REPEATS = """
WITH posts AS (
    SELECT split_part(post_id, '-', 1) AS said,
           len(list_filter($starts, lambda start: start < CAST(split_part(post_id, '-', 2) AS BIGINT))) AS file
    FROM read_parquet($path)),
firsts AS (SELECT said, min(file) AS first FROM posts GROUP BY said)
SELECT count(*) FROM posts JOIN firsts USING (said) WHERE file > first
"""

# Spaces stand around next to no id, and where there are none nothing needs to be compared.
EDGES = r"^[\s\p{Z}]+|[\s\p{Z}]+$"
_SPACED = """
WITH spaced AS MATERIALIZED (
    SELECT DISTINCT {0} AS id, regexp_replace({0}, $edges, '', 'g') AS bare FROM read_parquet($path)
    WHERE regexp_matches({0}, $edges)),
bare AS (SELECT DISTINCT {0} AS id, {0} AS bare FROM read_parquet($path) SEMI JOIN spaced ON spaced.bare = {0}),
alike AS (SELECT count(*) AS number FROM (FROM spaced UNION ALL FROM bare) GROUP BY bare HAVING count(*) > 1)
SELECT coalesce(sum(number), 0) FROM alike
"""


@dataclass(frozen=True)
class Duplicates:
    """Places (row numbers from 0, ascending int64) of posts whose id came before.

    same: with the same text, to be dropped and counted. other: with another text, to be quarantined.
    differ: another field of ours -> how many of `same` hold something else there than the post that is kept.
    """

    same: np.ndarray
    other: np.ndarray
    differ: dict[str, int]

    @property
    def places(self) -> np.ndarray:
        return np.union1d(self.same, self.other)


def find_duplicates(posts: Path, *, scratch: Path) -> Duplicates:
    """Look through a Parquet file with `post_id` and `text` for ids that come again. `scratch` takes what spills."""
    with _database(scratch) as database:
        found = database.execute(_LATER, {"path": str(posts)}).fetchnumpy()
        places = np.asarray(found["place"], dtype=np.int64)
        same = np.asarray(found["same"], dtype=bool)
        differ = {}
        if same.any():
            names = [name for name in FIELD_NAMES if name not in _TOLD_APART]
            compared = _PAIRS.format(differences(names)) + "WHERE later.text = original.text"
            differ = met_differences(names, database.execute(compared, {"path": str(posts)}).fetchone())
    return Duplicates(places[same], places[~same], differ)


def differences(names: Iterable[str], *, later: str = "later", original: str = "original") -> str:
    """SQL that counts, field by field, the rows of `later` that hold something and not what `original` holds."""
    held = {name: f"nullif({later}.lang, '{UNKNOWN}')" if name == "lang" else f"{later}.{name}" for name in names}
    return ", ".join(
        f"count(*) FILTER ({value} IS NOT NULL AND {value} IS DISTINCT FROM {original}.{name})"
        for name, value in held.items()
    )


def met_differences(names: Iterable[str], counted: tuple[int, ...] | None) -> dict[str, int]:
    """The fields in which any rows differ, with how many."""
    return {name: count for name, count in zip(names, counted or (), strict=False) if count}


def count_repeats(posts: Path, starts: Sequence[int], *, scratch: Path) -> int:
    """Posts with invented ids that say the same at the same time by the same account as one in an earlier file.

    `starts`: for each file the number of records before it. `scratch` takes what spills, and is gone afterwards.
    """
    if len(starts) < 2:
        return 0
    with _database(scratch) as database:
        row = database.execute(_REPEATS, {"path": str(posts), "starts": list(starts)}).fetchone()
    shutil.rmtree(scratch, ignore_errors=True)
    return int(row[0]) if row else 0


def count_spaced(posts: Path, *, scratch: Path) -> dict[str, int]:
    """post_id and author_id -> how many different ids are those of another but for spaces around them; without 0."""
    with _database(scratch) as database:
        found = {
            name: database.execute(_SPACED.format(name), {"path": str(posts), "edges": EDGES}).fetchone()
            for name in ("post_id", "author_id")
        }
    shutil.rmtree(scratch, ignore_errors=True)
    return {name: int(row[0]) for name, row in found.items() if row and row[0]}


def _database(scratch: Path) -> duckdb.DuckDBPyConnection:
    import duckdb  # a look at the first records does without

    return duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": str(scratch), "threads": 2})
