"""Parquet, a batch of rows at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from explore.errors import Refused, brief
from explore.posts.batches import Batch
from explore.posts.limits import MB
from explore.posts.schema import MAX_CELL
from explore.posts.sources import BOMB_RATIO

ROWS = 50_000
MAX_COLUMNS = 2_000
_BATCH_BYTES = 64 * MB
_FEW_ROWS = 100  # so many tell how large rows are
_BOMB_FROM = 256 * MB  # a million copies of one post are no bomb
_SHOWN = 4 * MB  # characters of a preview
_NO_VALUES: tuple[tuple[Callable[[pa.DataType], bool], str, str], ...] = (
    (pa.types.is_list, "lists", "as text, for example joined with commas"),
    (pa.types.is_large_list, "lists", "as text, for example joined with commas"),
    (pa.types.is_fixed_size_list, "lists", "as text, for example joined with commas"),
    (pa.types.is_map, "maps of keys to values", "as columns of their own"),
    (pa.types.is_struct, "objects", "as columns of their own, or name one of its fields with a dot"),
    (pa.types.is_union, "values of several types", "as text"),
    (pa.types.is_duration, "durations", "as a point in time, a number or text"),
    (pa.types.is_time, "times of day", "with the date"),
    (pa.types.is_boolean, "yes or no", "as text"),
)
_KNOWN_EXTENSIONS = frozenset({"arrow.json", "arrow.uuid"})


def first_rows(
    content: BinaryIO, count: int, *, name: str
) -> tuple[tuple[str, ...], frozenset[str], tuple[dict[str, str | None], ...]]:
    """Columns (dotted paths into structs), all known paths, and the first rows with values as text."""
    with _opened(content, name) as file:
        columns = [path for field in file.schema_arrow for path in _leaves(field.name, field.type)]
        try:
            part = next(file.iter_batches(batch_size=count, use_threads=False), None)
        except (pa.ArrowException, OSError) as error:
            raise Refused(_damage(name, 0, error)) from None
        if part is None:
            return tuple(columns), frozenset(columns), ()
        rows = tuple(_shown_rows(part, columns))
    return tuple(columns), frozenset(columns), rows


def read_parquet(
    content: BinaryIO, columns: Sequence[str], *, name: str, size: int, moved: Callable[[float], None]
) -> Iterator[Batch]:
    """Yield the wanted columns (names or dotted paths) in batches, in the order of the file.

    `size` is that of the file on disk: few bytes that become very many rows are refused.
    """
    with _opened(content, name) as file:
        top = sorted({_top(column, file.schema_arrow) for column in columns})
        _refuse_unknown_types(file.schema_arrow, top, name)
        read, unpacked, total = 0, 0, max(file.metadata.num_rows, 1)
        try:
            for part in file.iter_batches(batch_size=_batch_rows(file, top), columns=top, use_threads=False):
                records = np.arange(read + 1, read + 1 + part.num_rows, dtype=np.int64)
                read += part.num_rows
                arrays = {column: _pick(part, column) for column in columns}
                _refuse_no_values(arrays, name)
                unpacked += sum(values.nbytes for values in arrays.values())
                if unpacked > max(_BOMB_FROM, BOMB_RATIO * size):
                    raise Refused(f"'{name}' unpacks to over {BOMB_RATIO:,} times its size, as no posts do.")
                moved(read / total)
                yield Batch(arrays, records, _excerpts(part), read)
        except (pa.ArrowException, OSError) as error:
            raise Refused(_damage(name, read, error)) from None


def _opened(content: BinaryIO, name: str) -> pq.ParquetFile:
    """Open a Parquet file. Raises Refused for one that is cut short, damaged, encrypted or far too wide."""
    try:
        file = pq.ParquetFile(
            content,
            buffer_size=MB,
            page_checksum_verification=True,
            coerce_int96_timestamp_unit="us",  # in nanoseconds, a time in the year 2567 comes out as one in 1982
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        if "encrypt" in str(error).lower():
            raise Refused(f"'{name}' is an encrypted Parquet file; decrypt it and load it again.") from None
        raise Refused(f"'{name}' is a damaged or cut Parquet file; copy or export it again.") from None
    names = file.schema_arrow.names
    if len(names) > MAX_COLUMNS:
        raise Refused(f"'{name}' has {len(names):,} columns, at most {MAX_COLUMNS:,} are read; keep those you need.")
    if len(set(names)) < len(names):
        raise Refused(f"'{name}' names a column more than once; rename one of them.")
    return file


def _damage(name: str, read: int, error: Exception) -> str:
    reason = str(error).splitlines()[0][:120]
    return f"'{name}' is damaged near row {read + 1:,} ({reason}); copy or export it again."


def _batch_rows(file: pq.ParquetFile, columns: Sequence[str]) -> int:
    """How many rows to read at once, so that a batch stays small in memory however long the rows are."""
    few = next(file.iter_batches(batch_size=min(_FEW_ROWS, ROWS), columns=columns, use_threads=False), None)
    if few is None or not few.num_rows:
        return ROWS
    each = sum(_plain(few.column(i)).nbytes for i in range(few.num_columns)) // few.num_rows
    return int(max(1, min(ROWS, _BATCH_BYTES // max(each, 1))))


def _refuse_unknown_types(schema: pa.Schema, columns: Sequence[str], name: str) -> None:
    """Refuse to read what stands behind the name of a type that nobody here knows."""
    for column in columns:
        field = schema.field(column)
        told = (field.metadata or {}).get(b"ARROW:extension:name", b"").decode("utf-8", "replace")
        kind = field.type.extension_name if isinstance(field.type, pa.BaseExtensionType) else told
        if kind and kind not in _KNOWN_EXTENSIONS:
            raise Refused(
                f"'{name}' keeps column '{brief(column)}' as '{brief(kind)}', a type of its own; export it as text."
            )


def _refuse_no_values(arrays: Mapping[str, pa.Array], name: str) -> None:
    """Refuse columns of a type that none of our fields can be."""
    for column, values in arrays.items():
        for test, what, mend in _NO_VALUES:
            if test(values.type):
                raise Refused(
                    f"Column '{brief(column)}' of '{name}' holds {what}, which no field can be; export it {mend}."
                )


def _shown_rows(part: pa.RecordBatch, columns: Sequence[str]) -> Iterator[dict[str, str | None]]:
    """The rows of a batch as text, as many as fit into a preview; cells cut where they are beyond what is taken."""
    left = _SHOWN
    for place in range(part.num_rows):
        one = part.slice(place, 1)
        row = {column: _clipped(_as_text(_values(_pick(one, column))[0])) for column in columns}
        left -= sum(len(value) for value in row.values() if value is not None)
        yield row
        if left < 0:
            return


def _clipped(text: str | None) -> str | None:
    return None if text is None else text[: MAX_CELL + 1]


def _values(values: pa.Array) -> list[Any]:
    """Python values; bytes that are no UTF-8 as what can be read of them."""
    if pa.types.is_timestamp(values.type):  # arrow's own words: Python's times know no nanoseconds and no year 10000
        zone = values.type.tz and "UTC"
        return list(values.cast(pa.timestamp(values.type.unit, zone)).cast(pa.string()).to_pylist())
    try:
        return list(values.to_pylist())
    except UnicodeDecodeError:
        raw = values.cast(pa.binary()).to_pylist()
        return [None if value is None else value.decode("utf-8", "replace") for value in raw]


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else str(value)


def _leaves(path: str, kind: pa.DataType) -> list[str]:
    if pa.types.is_struct(kind):
        fields = [kind.field(i) for i in range(kind.num_fields)]
        return [leaf for field in fields for leaf in _leaves(f"{path}.{field.name}", field.type)]
    return [path]


def _top(column: str, schema: pa.Schema) -> str:
    """The column of the file that a name or dotted path starts in."""
    return column if column in schema.names else column.split(".")[0]


def _pick(part: pa.RecordBatch, column: str) -> pa.Array:
    if column in part.schema.names:
        return _plain(part.column(column))
    top, *path = column.split(".")
    return _plain(pc.struct_field(part.column(top), path))


def _plain(values: pa.Array) -> pa.Array:
    """Dictionary columns as the values they stand for, known extension types as what they are stored as."""
    if isinstance(values.type, pa.BaseExtensionType):
        is_uuid = values.type.extension_name == "arrow.uuid"
        values = _uuids(values.storage) if is_uuid else values.storage
    values = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    return values.cast(pa.binary()) if pa.types.is_fixed_size_binary(values.type) else values


def _uuids(values: pa.Array) -> pa.Array:
    """Ids of 16 bytes as they are usually written."""
    return pa.array((None if raw is None else str(UUID(bytes=raw)) for raw in values.to_pylist()), pa.string())


def _excerpts(part: pa.RecordBatch) -> Callable[[int], str]:
    """Rows of a batch as JSON, made only when asked for."""

    def excerpt(row: int) -> str:
        try:
            return json.dumps(part.slice(row, 1).to_pylist()[0], ensure_ascii=False, default=str)
        except (UnicodeDecodeError, ValueError, OverflowError):
            return "(cannot be shown)"

    return excerpt
