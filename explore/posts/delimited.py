"""CSV and TSV: every cell as text, every record accounted for.

A stray quote can open a cell and another, rows later, can close it: all rows between become part of one text, and the
file stays legal. So a record of several lines is looked into. Where its lines would be records by themselves, with
times and numbers like those of the record that they stand in, none of them is believed: a post may have been written
to look like rows of a file.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TextIO

import numpy as np
import pyarrow as pa

from explore.errors import Refused, brief
from explore.posts.batches import Batch, Rejected, clip, encodable
from explore.posts.names import NAMES, plain_name
from explore.posts.schema import MAX_CELL, REASONS

ROWS = 20_000
CHARACTERS = 16 * 2**20  # a batch ends early when its records are long
MAX_LINE = 16 * 2**20
SEPARATOR_LINE = r"sep=(.)\r?[\r\n]"  # what Excel writes above the column names
_FEWEST_NAMES = 3  # cells with names of columns that make a header; in narrow files all of them
_LONG_NUMBER = 6  # digits: ids and epochs have more, the numbers of a list fewer
_LONGEST_WORD = 40
_LONGEST_NAME = 60  # characters; the cells of a post's record are longer
_FEW_DIGITS = re.compile(r"(?!(?:\D*+\d){3})")  # as column names have; ids and times have more
_USUAL = frozenset(plain_name(one) for names in NAMES.values() for one in names)
_TIME = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|(?=.{8,40}$).*\d{1,2}:\d\d.*"  # a date, or a little with a clock in it
_OTHER, _ALIKE, _SAME = 0, 1, 2
_MANY_LINES, _MORE_CELLS = 16, 8  # a record of so many lines is looked into, and may have twice its cells and these
_TELLS_LITTLE = frozenset({"empty", "short", "word", "prose"})
_BLANK_QUOTE = re.compile(r'[ \t]+"')
_JAPANESE = "\x1b$B"  # begins Japanese in ISO-2022-JP; the escapes of a terminal go on with [


@dataclass(frozen=True)
class Dialect:
    """How cells are kept apart. `quote`: what they may stand in, doubled inside; "" where quotes are part of them.

    newline: what ends a record, a line feed (also behind a carriage return) or a carriage return alone.
    """

    delimiter: str = ","
    quote: str = '"'
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
        _refuse_other_header(part, header, read=read, name=name)
        yield _columns(part, header, places, dialect, read=read)
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
        lines.begin(dialect, most_cells=2 * width + _MORE_CELLS if width else 0)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reader = _reader(lines, dialect)
            yield _broken(lines, error)
            continue
        if len(lines.taken) > 1 and width and len(cells) != width and _broken_up(lines.taken, dialect, width):
            reader = _reader(lines, dialect)
            yield Record([], lines.give_back(), "open_quote")
            continue
        if len(lines.taken) > 1 and (inner := _swallowed(cells, lines.taken, dialect)):
            yield from inner
            continue
        if cells:
            width = width or len(cells)
            yield Record(cells, lines.taken[0] if len(lines.taken) == 1 else "".join(lines.taken))


def blank_before_quote(record: Record, cells: Sequence[str]) -> bool:
    """Whether one of a record's `cells` was meant to stand in quotes, which a blank in front of them kept from opening.

    Such a cell ends with a quote or has an odd number of them. One that holds the blank on purpose stands in quotes.
    """
    return any(
        _BLANK_QUOTE.match(cell)
        and (cell.rstrip().endswith('"') or cell.count('"') % 2)
        and '"' + cell.replace('"', '""') + '"' not in record.raw
        for cell in cells
    )


class _Lines:
    """The lines of a file, remembering those of the current record so that they can be given back."""

    def __init__(self, text: TextIO, name: str) -> None:
        self._text, self._name = text, name
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.begin(Dialect(), most_cells=0)

    def begin(self, dialect: Dialect, *, most_cells: int) -> None:
        """A record begins. One with more cells than `most_cells` is given up (csv.Error) while it is still open.

        Else each line of a file with an odd quote in every line would go on to the end of the file.
        """
        self.taken.clear()
        self._dialect, self._most_cells, self._look_at = dialect, most_cells, _MANY_LINES

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._most_cells and len(self.taken) == self._look_at:
            self._look_at *= 2
            if len(next(_reader(iter(self.taken), self._dialect, strict=False), [])) > self._most_cells:
                raise csv.Error("a quote that is not closed")
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


def _reader(lines: Iterator[str], dialect: Dialect, *, strict: bool = True) -> Iterator[list[str]]:
    if not dialect.quote:
        return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE, strict=strict)
    return csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=strict)


def _broken(lines: _Lines, error: csv.Error) -> Record:
    alone = len(lines.taken) == 1
    reason = "open_quote"
    if "field larger" in str(error) and alone:
        reason = "cell_too_long"
    elif "new-line character" in str(error) and alone:
        reason = "stray_newline"
    return Record([], lines.give_back(), reason)


def _broken_up(taken: Sequence[str], dialect: Dialect, width: int) -> bool:
    """Whether a record of several lines and the wrong width holds lines that are records by themselves."""
    return width > 1 and any(len(_alone(line, dialect)) == width for line in taken[1:])


def _alone(line: str, dialect: Dialect) -> list[str]:
    """The cells of a line read by itself; none where that cannot be done."""
    try:
        return next(_reader(iter([line]), dialect), [])
    except csv.Error:
        return []


def _swallowed(cells: Sequence[str], taken: Sequence[str], dialect: Dialect) -> list[Record]:
    """The records that a stray quote made one of, each rejected; none where it is a post with line breaks.

    Each line is read by itself and compared with the cells of the record that have no line break, as far as these come
    from another line. A time or a long number that looks the same is enough; where only short numbers or single words
    can be compared, every line must agree, and with two columns there must be four; numbers that count up are enough.
    """
    lines = [line for line in taken if line.strip()]
    width = len(cells)
    if width < 2 or not any(line.count(dialect.delimiter) >= width - 1 for line in lines[1:]):
        return []
    broken = [place for place, cell in enumerate(cells) if "\n" in cell or "\r" in cell]
    if not broken:
        return []
    kinds = [_kind(cell) for cell in cells]
    before, after = [*range(broken[0])], [*range(broken[-1] + 1, width)]
    others = [place for place in range(width) if place not in broken]
    alone = [
        _alone(lines[0], Dialect(dialect.delimiter, quote="")),
        *(_alone(line, dialect) for line in lines[1:]),
    ]
    verdicts = [_likeness(kinds, alone[0], after)]
    verdicts += [_likeness(kinds, one, others) for one in alone[1:-1]]
    verdicts.append(_likeness(kinds, alone[-1], before))
    numbered = all(len(one) == width for one in alone) and (
        any(_counts_up([cells[place], *(one[place] for one in alone[1:])]) for place in before)
        or any(_counts_up([*(one[place] for one in alone[:-1]), cells[place]]) for place in after)
    )
    if not numbered and _SAME not in verdicts and (_OTHER in verdicts or (width == 2 and len(lines) < 4)):
        return []
    starts = [place for place, verdict in enumerate(verdicts) if verdict != _OTHER or not place]
    ends = [*starts[1:], len(lines)]
    return [Record([], "".join(lines[start:end]), "swallowed") for start, end in zip(starts, ends, strict=True)]


def _counts_up(values: Sequence[str]) -> bool:
    """Whether values are numbers that go up by one, as the ids of neighbouring rows often do."""
    if not all(value.isdecimal() and len(value) < 19 for value in values):
        return False
    return all(int(after) == int(before) + 1 for before, after in pairwise(values))


def _kind(cell: str) -> str:
    """What a cell looks like: a time (its very shape), a long or a short number, a single word, nothing, or prose."""
    if not cell.strip():
        return "empty"
    if re.fullmatch(r"[-+]?\d+(?:[.,]\d+)?", cell):
        return "long" if len(cell) > _LONG_NUMBER else "short"
    if re.fullmatch(_TIME, cell):
        return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", cell))
    return "prose" if " " in cell or len(cell) > _LONGEST_WORD else "word"


def _likeness(own: Sequence[str], cells: Sequence[str], places: Sequence[int]) -> int:
    """How much the cells of a line look like those of a record: _SAME in a time or a long number, _ALIKE, or _OTHER."""
    if len(cells) != len(own):
        return _OTHER
    pairs = [(own[place], _kind(cells[place])) for place in places]
    telling = [(mine, other) for mine, other in pairs if mine not in _TELLS_LITTLE]
    if any(mine != other and other != "empty" for mine, other in telling):
        return _OTHER
    if telling:
        return _SAME if any(mine == other for mine, other in telling) else _OTHER
    usual = all(mine == other or "empty" in {mine, other} for mine, other in pairs)
    return _ALIKE if usual and (not pairs or any(mine == other != "prose" for mine, other in pairs)) else _OTHER


def _batch(found: Iterator[Record]) -> list[Record]:
    part: list[Record] = []
    size = 0
    for record in islice(found, ROWS):
        part.append(record)
        size += len(record.raw)
        if size >= CHARACTERS:
            break
    return part


def _columns(
    part: list[Record], header: Sequence[str], places: dict[str, int], dialect: Dialect, *, read: int
) -> Batch:
    """The good records as columns of strings, the others as rejected."""
    width = len(header)
    bad = _suspects(part, header, dialect, [*places.values()])
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


def _refuse_other_header(part: list[Record], header: Sequence[str], *, read: int, name: str) -> None:
    """Refuse a file in which other column names stand further down: below them, every value has another meaning."""
    names = set(header)
    least = min(len(header), max(_FEWEST_NAMES, len(header) // 2 + 1))
    for number, record in enumerate(part, read + 1):
        shared = 0 if len(header) == 1 or record.cells == header else len(names.intersection(record.cells))
        if shared and shared >= least:
            raise Refused(
                f"Record {number:,} of '{name}' holds column names in another order than the first line, as where two "
                "exports were joined; split the file there and load both parts."
            )
        if _FEW_DIGITS.match(record.raw) and _is_other_header(record.cells, header):
            raise Refused(
                f"Record {number:,} of '{name}' holds other column names ('{brief(', '.join(record.cells))}') than the "
                "first line, as where two exports were joined; split the file there and load both parts."
            )


def _is_other_header(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether most cells are names that columns usually go by, and not those of the header in other letters."""
    if len(cells) < _FEWEST_NAMES or any(len(cell) > _LONGEST_NAME for cell in cells):
        return False
    plain = [plain_name(cell) for cell in cells]
    usual = _USUAL.intersection(plain)
    return len(usual) >= max(_FEWEST_NAMES, len(cells) // 2 + 1) and plain != [plain_name(cell) for cell in header]


def _shape(record: Record, width: int) -> str:
    return "extra_column" if len(record.cells) > width else "short_row"


def _suspects(part: list[Record], header: Sequence[str], dialect: Dialect, places: Sequence[int]) -> dict[int, str]:
    """Records of the right width that are none all the same; usually few, which one look at the whole tells.

    A quote that a blank keeps from opening a cell counts in the columns at `places` only.
    """
    found = {index: "repeated_header" for index, record in enumerate(part) if record.cells == header}
    whole = "".join(record.raw for record in part)
    if dialect.quote == '"' and (' "' in whole or '\t"' in whole):
        width = len(header)
        found |= {
            index: "blank_before_quote"
            for index, record in enumerate(part)
            if len(record.cells) == width and blank_before_quote(record, [record.cells[place] for place in places])
        }
    if not any(sign in whole for sign in ("\x00", "\ufeff", _JAPANESE)) and encodable(whole):
        return found
    for index, record in enumerate(part):
        if not encodable(record.raw) or _JAPANESE in record.raw:
            found[index] = "bad_encoding"
        elif "\x00" in record.raw:
            found[index] = "nul"
        elif record.raw.startswith("\ufeff"):
            again = record.raw.lstrip("\ufeff").startswith(header[0]) and record.cells[1:] == header[1:]
            found[index] = "repeated_header" if again else "joined_files"
    return found
