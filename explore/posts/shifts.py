"""Rows of CSV and TSV whose values stand one column too far: a comma without quotes, and a cell that is missing.

Such a row has as many cells as the others, so only what is in them gives it away: where nearly all values of a column
are links, numbers or single words, one that is none of these stands there by accident.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from explore.posts.batches import Batch, Rejected, clip
from explore.posts.paths import Source
from explore.posts.schema import WRITTEN_NULLS
from explore.posts.strings import as_mask, blank_rows
from explore.posts.verdicts import as_shown, quoted

_FEWEST, _MOST_OF_THEM = 20, 0.95  # values of a column, and the share of them that says what it holds
NO_NUMBER = "no number in "  # and the column: in `Batch.met`, records that hold a word where others hold numbers
_UNKNOWN = pa.array(WRITTEN_NULLS)


@dataclass(frozen=True)
class _Kind:
    """What the values of a column are, and what else may stand there. Patterns of RE2."""

    words: str
    usual: str
    possible: str


_LINK = r"^\s*(?:[A-Za-z][\w+.-]*:[^\s\d]|www\.|/)\S"
_LINKS = _Kind("links", _LINK, _LINK + r"|^\s*[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}(?:[/?#]\S*)?\s*$")
_NUMBERS = _Kind("numbers", r"^\s*-?\d+\s*$", r"^\s*\S+\s*$")  # a few accounts may go by a name
_WORDS = _Kind("single words", r"^\S+$", r"^\S")
_KINDS: Mapping[str, tuple[_Kind, ...]] = {
    "url": (_LINKS,),
    "post_id": (_NUMBERS,),
    "author_id": (_NUMBERS, _WORDS),
    "media_id": (_NUMBERS, _WORDS),
}


class Shifts:
    """Knows what the columns of one file hold, from all batches so far."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._kinds = [
            (column, kind)
            for name, kinds in _KINDS.items()
            if name in sources
            for column in sources[name].columns
            for kind in kinds
        ]
        self._values: Counter[str] = Counter()
        self._usual: Counter[tuple[str, str]] = Counter()

    def sorted_out(self, batch: Batch) -> Batch:
        """The batch without the rows that are shifted, which come as rejected."""
        bad: dict[int, str] = {}
        for column in {column for column, _ in self._kinds}:
            self._values[column] += int((~_silent(batch.columns[column])).sum())
        for column, kind in self._kinds:
            bad = {row: self._why(batch, column, kind, row) for row in self._unlike(batch, column, kind)} | bad
        if not bad:
            return batch
        keep = np.ones(len(batch.records), bool)
        keep[list(bad)] = False
        rows = np.flatnonzero(keep).tolist()
        rejected = [
            Rejected(int(batch.records[row]), "shifted_row", bad[row], clip(batch.excerpt(row))) for row in sorted(bad)
        ]
        return Batch(
            {column: values.filter(pa.array(keep)) for column, values in batch.columns.items()},
            batch.records[keep],
            lambda row: batch.excerpt(rows[row]),
            batch.read,
            rejected=(*batch.rejected, *rejected),
            met=batch.met,
        )

    def _unlike(self, batch: Batch, column: str, kind: _Kind) -> list[int]:
        """Rows that hold what no value of the column is."""
        values, silent = batch.columns[column], _silent(batch.columns[column])
        self._usual[column, kind.words] += int((_like(values, kind.usual) & ~silent).sum())
        known, usual = self._values[column], self._usual[column, kind.words]
        if known < _FEWEST or not _MOST_OF_THEM * known <= usual < known:
            return []
        found: list[int] = np.flatnonzero(~_like(values, kind.possible) & ~silent).tolist()
        if kind is _NUMBERS:
            others = int((~_like(values, kind.usual) & ~silent).sum()) - len(found)
            batch.met.update({NO_NUMBER + column: others} if others else {})
        return found

    def _why(self, batch: Batch, column: str, kind: _Kind, row: int) -> str:
        value, known = as_shown(batch.columns[column], row), self._values[column]
        return (
            f"column {quoted(column)} holds {quoted(value)}, where {self._usual[column, kind.words]:,} of {known:,} "
            f"values are {kind.words}: the row seems shifted, as by a comma without quotes"
        )


def _like(values: pa.Array, pattern: str) -> np.ndarray:
    return as_mask(pc.match_substring_regex(values, pattern))


def _silent(values: pa.Array) -> np.ndarray:
    nothing: np.ndarray = blank_rows(values) | as_mask(pc.is_in(pc.utf8_trim_whitespace(values), value_set=_UNKNOWN))
    return nothing
