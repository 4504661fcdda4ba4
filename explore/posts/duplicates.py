"""Posts that were loaded twice: told apart on disk, exactly, with memory that does not grow with the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

_MEMORY = "1GB"

# Rows after the first of their id, and whether they say the same as the first.
_LATER = """
WITH posts AS (SELECT post_id, text, file_row_number AS place FROM read_parquet($path, file_row_number = true)),
twice AS (SELECT post_id, min(place) AS first FROM posts GROUP BY post_id HAVING count(*) > 1)
SELECT later.place, later.text = original.text AS same
FROM posts AS later
JOIN twice ON twice.post_id = later.post_id AND later.place > twice.first
JOIN posts AS original ON original.place = twice.first
ORDER BY later.place
"""


@dataclass(frozen=True)
class Duplicates:
    """Places (row numbers from 0, ascending int64) of posts whose id came before.

    same: with the same text, to be dropped and counted. other: with another text, to be quarantined.
    """

    same: np.ndarray
    other: np.ndarray

    @property
    def places(self) -> np.ndarray:
        return np.union1d(self.same, self.other)


def find_duplicates(posts: Path, *, scratch: Path) -> Duplicates:
    """Look through a Parquet file with `post_id` and `text` for ids that come again. `scratch` takes what spills."""
    import duckdb  # a look at the first records does without

    with duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": str(scratch), "threads": 2}) as database:
        found = database.execute(_LATER, {"path": str(posts)}).fetchnumpy()
    places = np.asarray(found["place"], dtype=np.int64)
    same = np.asarray(found["same"], dtype=bool)
    return Duplicates(places[same], places[~same])
