"""The one way out for tables: CSV that no spreadsheet takes for formulas, with accounts as pseudonyms."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from explore.errors import Refused
from explore.files import write_bytes
from explore.posts.pseudonyms import with_pseudonyms
from explore.posts.schema import QUARANTINE_SCHEMA, REASONS
from explore.posts.snapshots import Snapshot

AUTHOR = "author_id"
_DANGEROUS = frozenset("=+-@|%\t\r\n\u2212")  # the minus sign is taken for a hyphen by some spreadsheets
_BATCH = 20_000


def neutral(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet might take it for a formula.

    What counts is the first character that is neither white space nor invisible, in its plain form (NFKC): full-width
    and small variants of the signs are meant too. A text that starts with a tab or a line break is always marked.
    """
    if text[:1] in _DANGEROUS or text[:1] in {"\v", "\f", "\x85", "\u2028", "\u2029"}:
        return f"'{text}"
    for character in text:
        plain = unicodedata.normalize("NFKC", character).lstrip()
        if plain and unicodedata.category(plain[0])[0] not in "CZ" and not unicodedata.combining(plain[0]):
            return f"'{text}" if plain[0] in _DANGEROUS else text
    return text


def csv_bytes(tables: Iterable[pd.DataFrame] | pd.DataFrame, *, key: bytes) -> bytes:
    """Tables of the same columns as one CSV: UTF-8 with a mark, every cell quoted, texts and headers `neutral`.

    The column author_id becomes `author` and holds pseudonyms made with `key`, which also stand for the account inside
    the ids of its posts (see `with_pseudonyms`). Numbers stay numbers, moments are
    ISO 8601, missing values empty cells. Raises ValueError without a table.
    """
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    header: list[str] | None = None
    for table in [tables] if isinstance(tables, pd.DataFrame) else tables:
        if header is None:
            header = ["author" if name == AUTHOR else str(name) for name in table.columns]
            writer.writerow([neutral(name) for name in header])
        told = with_pseudonyms(table, key) if AUTHOR in table else table
        columns = [_cells(told[name]) for name in told.columns]
        writer.writerows(zip(*columns, strict=True))
    if header is None:
        raise ValueError("an export needs at least one table")
    return b"\xef\xbb\xbf" + sink.getvalue().encode("utf-8", "backslashreplace")


def write_csv(path: Path, tables: Iterable[pd.DataFrame] | pd.DataFrame, *, key: bytes) -> Path:
    """Write `csv_bytes` to a file, whole or not at all. Raises Refused where the place cannot be written."""
    try:
        write_bytes(path, csv_bytes(tables, key=key))
    except OSError as error:
        raise Refused(f"'{path}' cannot be written: {error.strerror}. Name another place.") from None
    return path


def quarantine(snapshot: Snapshot, *, with_excerpts: bool = False) -> Iterator[pd.DataFrame]:
    """The quarantine of a snapshot for an export: file, record, reason, why; at least one (empty) table.

    `with_excerpts` adds the beginning of each record as it stood in the file, which may name accounts in plain words:
    only for people who may see the file itself. Without, `why` is the reason in general, which quotes no value.
    """
    columns = [name for name in QUARANTINE_SCHEMA.names if with_excerpts or name != "excerpt"]
    with pq.ParquetFile(snapshot.quarantine_path) as file:
        yield QUARANTINE_SCHEMA.empty_table().select(columns).to_pandas()
        for batch in file.iter_batches(_BATCH, columns=columns):
            table = batch.to_pandas(integer_object_nulls=True)
            yield table if with_excerpts else table.assign(why=table["reason"].map(REASONS))


def _cells(column: pd.Series) -> list[str]:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        write: Callable[[Any], str] = str
    elif pd.api.types.is_datetime64_any_dtype(column):
        write = pd.Timestamp.isoformat
    else:
        write = _as_text
    return ["" if missing else write(value) for value, missing in zip(column, column.isna(), strict=True)]


def _as_text(value: Any) -> str:
    """Numbers as they are written, everything else as a text that is no formula."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return neutral(str(value))
