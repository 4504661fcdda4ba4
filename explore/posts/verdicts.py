"""What is held against the records of a batch, and what a person should know of those that are taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from explore.posts.schema import REASONS

_WORDS_KEPT, _OTHER_WORDS = 50, "other words"  # for "unknown", of which a file may have any number
_VALUE_SHOWN = 40  # characters of a value that a reason quotes


class Verdict:
    """The first reason against each row, and the words for "unknown" that were met."""

    def __init__(self, rows: int) -> None:
        self.codes: list[tuple[str, Callable[[int], str]]] = []
        self.reason = np.full(rows, -1, np.int16)
        self.written_nulls: dict[str, Counter[str]] = {}
        self.marks: dict[str, np.ndarray] = {}

    def reject(self, bad: np.ndarray, code: str, why: Callable[[int], str] | None = None) -> None:
        """Note a reason against rows; `why` says more about one of them than the reason does."""
        if bad.any():
            self.reason[bad & (self.reason < 0)] = len(self.codes)
            self.codes.append((code, why or (lambda _: REASONS[code])))

    def unknown(self, name: str, written: pa.Array) -> None:
        """Count words for "unknown"; the nulls among `written` are rows without one."""
        if written.null_count < len(written):
            found = pc.value_counts(written.drop_null())
            counts = self.written_nulls.setdefault(name, Counter())
            for word, count in zip(*(part.to_pylist() for part in found.flatten()), strict=True):
                counts[word if word in counts or len(counts) < _WORDS_KEPT else _OTHER_WORDS] += count


def as_shown(values: pa.Array, row: int) -> str:
    """A value as people write it; one that Python cannot hold, such as a far time, in arrow's words."""
    one = values.slice(row, 1)
    try:
        value = one[0].as_py()
    except (ValueError, OverflowError, pa.ArrowException):
        if not pa.types.is_timestamp(one.type):
            return ""
        written = one.cast(pa.timestamp(one.type.unit)).cast(pa.string())[0].as_py()
        ticks = one.cast(pa.int64())[0].as_py()
        value = f"{ticks} {one.type.unit} from 1970" if written.startswith("<") else written
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def quoted(text: str) -> str:
    """A value or the name of a column, clipped, as a reason quotes it."""
    return f"'{text if len(text) <= _VALUE_SHOWN else text[: _VALUE_SHOWN - 1] + '…'}'"
