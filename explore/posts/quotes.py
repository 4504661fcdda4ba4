"""Which quotes the cells of a file stand in, and what is said of those that were taken off or kept."""

from __future__ import annotations

import re
from collections.abc import Sequence

from explore.errors import brief
from explore.posts.delimited import Dialect, Record

_QUOTED = re.compile(r'"(?:[^"]|"")*+"')
_FEWEST = 3  # cells or texts
_EXPLAINED = 0.9  # share of the records of another width that single quotes must mend
_MANY = 0.5  # share of the texts


def is_quoted(rows: Sequence[Sequence[str]]) -> bool:
    """Whether most cells that begin with a double quote are closed and doubled as a writer of quotes does.

    rows: the cells as they stand, quotes included, the header first. Texts that people put in quotes are closed too;
    only doubled quotes, or names in quotes, tell that a writer did it.
    """
    header, *others = rows or [[]]
    cells = [cell for row in others for cell in row if cell.startswith('"') and cell != '"']
    closed = [cell for cell in cells if _QUOTED.fullmatch(cell)]
    by_writer = closed if all(map(_QUOTED.fullmatch, header)) else [cell for cell in closed if '""' in cell[1:-1]]
    return len(by_writer) > len(cells) - len(closed)


def is_single_quoted(as_double: Sequence[Record], as_single: Sequence[Record], delimiter: str) -> bool:
    """Whether a writer put cells into single quotes; the first records, read with either quote, the header first.

    Told by names or most records of which all cells stand in them, by records of another width that they mend, or by
    quotes that are doubled inside.
    Texts that begin and end with an apostrophe tell nothing, even where all of them do: some accounts write so.
    """
    header, *rows = as_single
    width = len(header.cells)
    fitting = [row for row in rows if len(row.cells) == width]
    misfits = sum(len(row.cells) != width for row in as_double[1:])
    left = len(rows) - len(fitting)
    if not width or len(as_double[0].cells) != width or left > misfits:
        return False
    if any(_QUOTED.fullmatch(cell) for row in fitting for cell in row.cells if len(cell) > 1):
        return False
    wrapped = [[_stands_in_single(row, cell, delimiter) for cell in row.cells] for row in (header, *fitting)]
    if all(wrapped[0]) or (width > 1 and 2 * sum(map(all, wrapped[1:])) > len(fitting)):
        return True
    if misfits and left <= (1 - _EXPLAINED) * misfits and any(map(any, wrapped[1:])):
        return True
    with_sign = [
        one
        for row, here in zip(fitting, wrapped[1:], strict=True)
        for cell, one in zip(row.cells, here, strict=True)
        if "'" in cell
    ]
    return len(with_sign) >= _FEWEST and all(with_sign)


def quote_notes(dialect: Dialect, texts: Sequence[str]) -> list[str]:
    """Sentences on quotes around cells; texts: the first ones, as they are stored."""
    if dialect.quote == "þ":
        signs = [text for text in texts if "®" in text]
        where = f"{_counted(signs)} of the first {len(texts):,}"
        return [f"The sign ® stands in {where}; load files write it for a line break. Stored so."] if signs else []
    if dialect.quote == "'":
        return ["Cells stand in single quotes, which were taken for the exporter's and left out ('it''s' for it's)."]
    bare = [text for text in map(str.strip, texts) if text]
    double = [text for text in bare if len(text) > 1 and text[0] == text[-1] == '"']
    single = [text for text in bare if len(text) > 1 and text[0] == text[-1] == "'"]
    notes = []
    if double and not dialect.quote:
        notes.append(
            f"Quotes were taken for a part of the cells: {_counted(double)} of the first {len(texts):,} begin and end "
            f"with one ({brief(double[0])}). Where an exporter put them there, look for one that stands alone, mend it "
            "and load again."
        )
    if len(single) >= max(_FEWEST, _MANY * len(bare)):
        notes.append(
            f"{_counted(single)} of the first {len(texts):,} begin and end with a single quote ({brief(single[0])}), "
            "stored as a part of them. Where an exporter put them there, write the file with double quotes."
        )
    return notes


def _stands_in_single(record: Record, cell: str, delimiter: str) -> bool:
    """Whether a cell, read without its single quotes, stood in them in its record."""
    quoted = "'" + cell.replace("'", "''") + "'"
    return quoted in record.raw and (record.raw.startswith(quoted) or delimiter + quoted in record.raw)


def _counted(texts: Sequence[str]) -> str:
    return f"{len(texts):,} text{'s' if len(texts) != 1 else ''}"
