"""What a reader hands over: some records as columns, and the records that could not even be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from explore.posts.schema import MAX_EXCERPT

NULL, STRING, NUMBER, OTHER, NAN = 0, 1, 2, 3, 4


@dataclass(frozen=True)
class Rejected:
    """One record for the quarantine: its number in its file (from 1), why, and the clipped original."""

    record: int
    reason: str
    why: str
    excerpt: str


@dataclass(frozen=True)
class Batch:
    """Some records of one file.

    columns: source column (or dotted path) -> arrow array, all as long as `records`.
    kinds: for JSON only, source column -> uint8 array of NULL, STRING, NUMBER, NAN or OTHER (bool, list, object).
    records: int64 record numbers in the file, from 1.
    excerpt: row index -> the record as it stood in the file, not yet clipped.
    rejected: records that could not be read at all.
    read: records met so far in the file, rejected ones included.
    met: what a person should know of the records -> how many there are; see `telling.py`.
    """

    columns: Mapping[str, pa.Array]
    records: np.ndarray
    excerpt: Callable[[int], str]
    read: int
    kinds: Mapping[str, np.ndarray] = field(default_factory=dict)
    rejected: tuple[Rejected, ...] = ()
    met: Counter[str] = field(default_factory=Counter)


def clip(text: str) -> str:
    """At most MAX_EXCERPT characters, storable: NUL and lone surrogates become visible escapes."""
    short = text if len(text) <= MAX_EXCERPT else text[: MAX_EXCERPT - 1] + "…"
    return short.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")


def encodable(text: str) -> bool:
    """Whether a text is whole: half a character of UTF-16 cannot be written as UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
