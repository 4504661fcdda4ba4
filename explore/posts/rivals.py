"""Two columns that both claim to say when a post was posted, and do not agree."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from explore.errors import Refused
from explore.posts.layout import Preview
from explore.posts.mapping import ColumnMapping
from explore.posts.names import NAMES, plain_name
from explore.posts.times import DAY, NAIVE, OK, Times, parse_times, zone

_MINUTE, _QUARTER, _DAY_OF = 60 * 10**6, 15 * 60 * 10**6, 24 * 3_600 * 10**6  # microseconds
_FARTHEST = 14 * 4 * _QUARTER  # clocks that are farthest from UTC
_CLAIM = frozenset(plain_name(name) for name in NAMES["created_at"])


@dataclass(frozen=True)
class Rival:
    """A column that says another time than the one taken, in `differ` of `both` records; with one of them."""

    column: str
    differ: int
    both: int
    taken_value: str
    value: str


def rival_times(preview: Preview, mapping: ColumnMapping, *, tz: str, date_order: str | None) -> Rival | None:
    """The first column that goes by a usual name of the time and contradicts the one taken, in the first records.

    A day agrees with every time on it. A time without a zone agrees with one in a known zone where they are always
    whole quarters of an hour apart: it is the local time of whoever exported it.
    """
    source = mapping.sources.get("created_at")
    if source is None:
        return None
    taken = source.columns[0]
    prefix, _, _ = taken.rpartition(".")
    claims = [column for column in mapping.unused if _claims(column, prefix)]
    times = _read(preview, taken, tz, date_order)
    for column in (*source.columns[1:], *claims):
        other = _read(preview, column, tz, date_order)
        if times is None or other is None:
            continue
        both = (times.state == OK) & (other.state == OK)
        apart = np.abs(times.micros - other.micros)
        days = (times.marks | other.marks) & DAY > 0
        differ = both & (apart >= np.where(days, _DAY_OF + _FARTHEST, _MINUTE))
        if differ.any() and not _is_local(times, other, both):
            row = preview.rows[int(np.argmax(differ))]
            return Rival(column, int(differ.sum()), int(both.sum()), row[taken] or "", row[column] or "")
    return None


def _claims(column: str, prefix: str) -> bool:
    """Whether a column stands beside the one taken and goes by a usual name of the time of a post."""
    before, _, name = column.rpartition(".")
    return before == prefix and plain_name(name) in _CLAIM


def _read(preview: Preview, column: str, tz: str, date_order: str | None) -> Times | None:
    """The times of a column in the first records; None where they cannot be read."""
    values = pa.array([row.get(column) for row in preview.rows], pa.string())
    with suppress(Refused):
        return parse_times(values, column=column, tz=zone(tz), date_order=date_order)
    return None


def _is_local(times: Times, other: Times, both: np.ndarray) -> bool:
    """Whether the other times are those taken on a clock of another zone."""
    apart = np.abs(times.micros - other.micros)[both]
    naive = (other.marks[both] & NAIVE > 0).all() and not (times.marks[both] & NAIVE).any()
    return bool(naive and (apart % _QUARTER == 0).all() and (apart <= _FARTHEST).all() and len({*apart.tolist()}) < 3)
