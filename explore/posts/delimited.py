"""CSV and TSV: every cell as text, every record accounted for."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TextIO

import numpy as np
import pyarrow as pa

from explore.errors import Refused
from explore.posts.batches import Batch, Rejected, clip, encodable
from explore.posts.schema import MAX_CELL, REASONS

ROWS = 20_000
CHARACTERS = 16 * 2**20  # a batch ends early when its records are long
MAX_LINE = 16 * 2**20
SEPARATOR_LINE = r"sep=(.)\r?[\r\n]"  # what Excel writes above the column names


@dataclass(frozen=True)
class Dialect:
    """How cells are kept apart. `quoting`: cells may stand in double quotes, doubled inside.

    newline: what ends a record, a line feed (also behind a carriage return) or a carriage return alone.
    """

    delimiter: str = ","
    quoting: bool = True
    newline: str = "\n"


@dataclass(frozen=True)
class Record:
    """One record: its cells, or the reason for which it has none; and the text it was read from."""

    cells: list[str]
    raw: str
    reason: str | None = None


def read_delimited(text: TextIO, dialect: Dialect, columns: Sequence[str], *, name: str) -> Iterator[Batch]:
    """Yield the wanted columns in batches; records of the wrong shape come as rejected.

    `text` must be opened with the newline of the dialect and errors="surrogateescape". The first record is the header.
    """
    found = records(text, dialect, name=name)
    header = next(found).cells
    places = {column: header.index(column) for column in columns}
    read = 0
    while part := _batch(found):
        yield _columns(part, places, width=len(header), read=read)
        read += len(part)


def records(text: TextIO, dialect: Dialect, *, name: str = "the file") -> Iterator[Record]:
    """Every record of a file, the header first; empty lines are none.

    A record with a quote that is never closed costs its first line only: reading goes on with the next line.
    """
    csv.field_size_limit(MAX_CELL)
    lines = _Lines(text, name)
    first = next(lines, "")
    if not re.fullmatch(SEPARATOR_LINE, first):
        lines.give_back(0)
    reader = _reader(lines, dialect)
    width = 0
    while True:
        lines.taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reader = _reader(lines, dialect)
            yield _broken(lines, error)
            continue
        if len(lines.taken) > 1 and width and len(cells) != width and _swallowed(lines.taken, dialect, width):
            reader = _reader(lines, dialect)
            yield Record([], lines.give_back(), "open_quote")
            continue
        if cells:
            width = width or len(cells)
            yield Record(cells, lines.taken[0] if len(lines.taken) == 1 else "".join(lines.taken))


class _Lines:
    """The lines of a file, remembering those of the current record so that they can be given back."""

    def __init__(self, text: TextIO, name: str) -> None:
        self._text, self._name = text, name
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._text.readline(MAX_LINE + 1)
        if not line:
            raise StopIteration
        if len(line) > MAX_LINE:
            raise Refused(f"'{self._name}' has a line of more than {MAX_LINE // 2**20} MB; export it again.")
        self.taken.append(line)
        return line

    def give_back(self, keep: int = 1) -> str:
        """Keep the first line of the current record (or none) and read the others again."""
        self._again.extendleft(reversed(self.taken[keep:]))
        return self.taken[0] if self.taken else ""


def _reader(lines: Iterator[str], dialect: Dialect) -> Iterator[list[str]]:
    if not dialect.quoting:
        return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE, strict=True)
    return csv.reader(lines, delimiter=dialect.delimiter, strict=True)


def _broken(lines: _Lines, error: csv.Error) -> Record:
    alone = len(lines.taken) == 1
    reason = "open_quote"
    if "field larger" in str(error) and alone:
        reason = "cell_too_long"
    elif "new-line character" in str(error) and alone:
        reason = "stray_newline"
    return Record([], lines.give_back(), reason)


def _swallowed(taken: Sequence[str], dialect: Dialect, width: int) -> bool:
    """Whether a record of several lines and the wrong width holds lines that are records by themselves."""
    return width > 1 and any(_width(line, dialect) == width for line in taken[1:])


def _width(line: str, dialect: Dialect) -> int:
    try:
        return len(next(_reader(iter([line]), dialect), []))
    except csv.Error:
        return 0


def _batch(found: Iterator[Record]) -> list[Record]:
    part: list[Record] = []
    size = 0
    for record in islice(found, ROWS):
        part.append(record)
        size += len(record.raw)
        if size >= CHARACTERS:
            break
    return part


def _columns(part: list[Record], places: dict[str, int], *, width: int, read: int) -> Batch:
    """The good records as columns of strings, the others as rejected."""
    bad = _suspects(part)
    good: list[Record] = []
    numbers: list[int] = []
    rejected: list[Rejected] = []
    for number, record in enumerate(part, read + 1):
        reason = record.reason or (_shape(record, width) if len(record.cells) != width else bad.get(number - read - 1))
        if reason is None:
            good.append(record)
            numbers.append(number)
        else:
            rejected.append(Rejected(number, reason, REASONS[reason], clip(record.raw)))
    arrays = {column: pa.array([r.cells[place] for r in good], pa.string()) for column, place in places.items()}
    raws = [record.raw for record in good]
    return Batch(arrays, np.array(numbers, np.int64), raws.__getitem__, read + len(part), rejected=tuple(rejected))


def _shape(record: Record, width: int) -> str:
    return "extra_column" if len(record.cells) > width else "short_row"


def _suspects(part: list[Record]) -> dict[int, str]:
    """Records with a NUL or with bytes that could not be decoded; usually none, which one look at the whole tells."""
    whole = "".join(record.raw for record in part)
    if "\x00" not in whole and encodable(whole):
        return {}
    found = {}
    for index, record in enumerate(part):
        if not encodable(record.raw):
            found[index] = "bad_encoding"
        elif "\x00" in record.raw:
            found[index] = "nul"
    return found
