"""Files in, records out: what is in a file, and all of it in batches."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from explore.errors import Refused
from explore.posts import columnar
from explore.posts.apart import Apart
from explore.posts.batches import Batch
from explore.posts.coming import may_come
from explore.posts.delimited import read_delimited
from explore.posts.documents import refuse_posts_inside
from explore.posts.encodings import decoded
from explore.posts.foreign import refuse_missing_name
from explore.posts.jsonlines import BadLine, Constant, json_lines, packed_key, parse, read_json_lines, rich_text
from explore.posts.layout import (
    SAMPLE_ROWS,
    Layout,
    Preview,
    check_header,
    check_rows,
    sample_records,
    told_by,
)
from explore.posts.limits import Limits
from explore.posts.orders import file_to, preview_from
from explore.posts.othernames import OtherNames
from explore.posts.schema import REASONS
from explore.posts.sources import InputFile, look_at, open_content
from explore.posts.telegram import telegram_messages

_HEAD = 2**18
_SAMPLE_CHARACTERS = 2**22
_MAX_PATHS = 4_000
_ACTIONS = frozenset({"index", "create"})
_JSON = frozenset({"jsonl", "telegram"})
_GLANCE = Limits(seconds=20, silence=20)
_PAGE_KEYS = frozenset(
    {"data", "videos", "comments", "posts", "items", "results", "messages", "statuses", "tweets", "feed", "children"}
)


def preview(path: Path, *, delimiter: str | None = None) -> Preview:
    """Look at the first records of a file without reading all of it, in a process of its own.

    Raises Refused for what is no plain file, holds no posts or is none of our formats.
    """
    file = look_at(path)
    with Apart([file.name], limits=_GLANCE) as reader:
        return preview_apart(file, reader, delimiter=delimiter)


def preview_apart(file: InputFile, reader: Apart, *, delimiter: str | None) -> Preview:
    """`preview` of a file that was looked at before, by a process that is there."""
    return preview_from(reader.ask({"do": "preview", "file": file_to(file), "delimiter": delimiter}))


def preview_of(file: InputFile, *, delimiter: str | None = None) -> Preview:
    """`preview` in this process, which untrusted bytes may end."""
    with open_content(file) as content:
        head = _read_up_to(content, _HEAD)
    layout = told_by(head, name=file.name, compression=file.compression, delimiter=delimiter)
    if layout.format == "parquet":
        return _parquet_preview(file, layout)
    if layout.format in _JSON:
        return _json_preview(file, layout)
    return _delimited_preview(file, layout, head)


def read(
    file: InputFile,
    layout: Layout,
    columns: Sequence[str],
    *,
    moved: Callable[[float], None],
    others: OtherNames | None = None,
) -> Iterator[Batch]:
    """Every record of a file in batches; `moved` is told the share of the file that is behind.

    `others` notes, in JSON, other usual names of the fields.

    Raises Refused as soon as the file proves damaged; what came before is then worthless.
    """
    if layout.format == "parquet":
        with _seekable(file) as content:
            yield from columnar.read_parquet(content, columns, name=file.name, size=file.size, moved=moved)
        return
    with _text(file, layout) as (text, behind):
        if layout.format in _JSON:
            lines = _lines(text, layout, file.name)
            batches = read_json_lines(lines, columns, packed=layout.packed, others=others)
        else:
            batches = read_delimited(text, layout.dialect, columns, name=file.name)
        try:
            for batch in batches:
                moved(behind())
                yield batch
        except UnicodeDecodeError:
            raise Refused(f"'{file.name}' breaks off in the middle of a character; copy or export it again.") from None


def _delimited_preview(file: InputFile, layout: Layout, head: bytes) -> Preview:
    rows = sample_records(decoded(head, layout.encoding), layout.dialect)
    if not rows or rows[0].reason:
        raise Refused(f"The first line of '{file.name}' cannot be read as column names; check its quotes.")
    header = rows[0].cells
    check_header(header, name=file.name)
    refuse_missing_name(header, [row.cells for row in rows[1:]], file.name)
    if layout.dialect.quote == '"':
        check_rows(rows, name=file.name)
    good = [dict(zip(header, row.cells, strict=True)) for row in rows[1:] if len(row.cells) == len(header)]
    if not rows[1:]:
        raise Refused(f"'{file.name}' has column names and no posts; export it again.")
    return Preview(file.name, file.size, layout, tuple(header), tuple(_shown(row) for row in good), frozenset(header))


def _json_preview(file: InputFile, layout: Layout) -> Preview:
    """Sample lines with every path that leads to a value, in the order in which paths turn up."""
    records = _json_sample(file, layout)
    if not records:
        _refuse_lines(file, layout)
    if len(records) == 1:
        refuse_posts_inside(records[0], file.name)
    _refuse_actions(records, file.name)
    packed = packed_key(records)
    rows: list[dict[str, str | None]] = []
    known: dict[str, None] = {}
    pages: str | None = None
    for record in records:
        if packed and isinstance(inner := record.get(packed), str):
            record[packed] = parse(inner)
        row: dict[str, str | None] = {}
        _flatten(record, "", row, known)
        pages = pages or _page(record, "")
        rows.append(_shown(row))
    columns = tuple(path for path in known if any(row.get(path) is not None for row in rows))
    layout = replace(layout, packed=packed)
    return Preview(file.name, file.size, layout, columns, tuple(rows), frozenset({*known} | may_come(known)), pages)


def _refuse_actions(records: Sequence[Mapping[str, Any]], name: str) -> None:
    """Refuse lines of which every other one says what to do with the next, as Elasticsearch takes them."""
    actions = records[::2]
    if len(records) > 1 and all(len(one) == 1 and _ACTIONS & one.keys() for one in actions):
        raise Refused(
            f"'{name}' is made for the bulk loading of Elasticsearch, a line of instruction before each post; keep the "
            "posts and their ids with: jq -cn 'inputs as $a | input + {post_id: ($a[]._id)}' FILE"
        )


def _json_sample(file: InputFile, layout: Layout) -> list[dict[str, Any]]:
    """The first objects of a file, as many as a preview takes."""
    records: list[dict[str, Any]] = []
    size = 0
    with _text(file, layout) as (text, _):
        for line in _lines(text, layout, file.name):
            size += len(line)
            with suppress(BadLine):
                records.append(parse(line))
            if len(records) >= SAMPLE_ROWS or size > _SAMPLE_CHARACTERS:
                break
    return records


def _refuse_lines(file: InputFile, layout: Layout) -> None:
    """Refuse a file of JSON of which no line can be taken, with what is wrong with the first."""
    reason = "broken_json"
    with _text(file, layout) as (text, _):
        try:
            line = next(_lines(text, layout, file.name), "")
            parse(line)
        except BadLine as bad:
            reason = str(bad)
    if reason != "broken_json":
        raise Refused(f"No line of '{file.name}' can be taken: {REASONS[reason]} in the first; export it again.")
    if line.rstrip().endswith("},"):
        raise Refused(f"Lines of '{file.name}' end with a comma; take it off, for example with: sed 's/,\\s*$//' FILE")
    raise Refused(
        f"No line of '{file.name}' is a JSON object; write one post a line without commas between them, "
        "for example with: jq -c ."
    )


def _lines(text: TextIO, layout: Layout, name: str) -> Iterator[str]:
    return telegram_messages(text, name=name) if layout.format == "telegram" else json_lines(text, name=name)


def _parquet_preview(file: InputFile, layout: Layout) -> Preview:
    with _seekable(file) as content:
        columns, known, rows = columnar.first_rows(content, SAMPLE_ROWS, name=file.name)
    if not rows:
        raise Refused(f"'{file.name}' has columns and no posts; export it again.")
    return Preview(file.name, file.size, layout, columns, rows, known)


def _flatten(value: Any, path: str, row: dict[str, str | None], known: dict[str, None]) -> None:
    """Every value in a record under its dotted path; of a list the first."""
    if path and len(known) < _MAX_PATHS:
        known[path] = None
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not key.isascii() and key.encode("utf-8", "ignore").decode() != key:
                continue  # half a character in a name: nothing can be mapped to it
            _flatten(inner, f"{path}.{key}" if path else key, row, known)
    elif isinstance(value, list):
        if (text := rich_text(value)) is not None:
            row[path] = text
        elif value:
            _flatten(value[0], f"{path}.0", row, known)
    elif path in known:
        row[path] = _as_shown(value)


def _as_shown(value: Any) -> str | None:
    if value is None or isinstance(value, Constant):
        return None
    return value if isinstance(value, str) else json.dumps(value)


def _shown(row: Mapping[str, str | None]) -> dict[str, str | None]:
    """A sample row that can be stored and shown: what cannot be encoded becomes a replacement character."""
    return {k: None if v is None else v.encode("utf-8", "replace").decode("utf-8") for k, v in row.items()}


def _page(value: Any, path: str) -> str | None:
    """The path to a list of objects that each have an id, which is how pages of an API's answers look."""
    if isinstance(value, list):
        posts = value and all(isinstance(item, Mapping) and ("id" in item or "uri" in item) for item in value)
        return path if posts and path.split(".")[-1] in _PAGE_KEYS else None
    if isinstance(value, Mapping) and path.count(".") < 2:
        found = (_page(inner, f"{path}.{key}" if path else key) for key, inner in value.items())
        return next((one for one in found if one), None)
    return None


def _read_up_to(content: BinaryIO, size: int) -> bytes:
    """The first `size` bytes, or all where there are fewer."""
    parts: list[bytes] = []
    while size > 0 and (part := content.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


@contextmanager
def _text(file: InputFile, layout: Layout) -> Iterator[tuple[TextIO, Callable[[], float]]]:
    """A file as text, line ends kept, bytes that are no text marked; and the share of it that is behind."""
    content = open_content(file)
    errors = "surrogatepass" if layout.encoding == "utf-16" else "surrogateescape"
    newline = "\n" if layout.format in _JSON else layout.dialect.newline
    raw: Any = content.raw
    with io.TextIOWrapper(content, encoding=layout.encoding, errors=errors, newline=newline) as text:
        yield text, lambda: min(1.0, raw.position() / file.size)


@contextmanager
def _seekable(file: InputFile) -> Iterator[BinaryIO]:
    """A file that one can jump in; a packed one is unpacked to a nameless temporary file."""
    with open_content(file) as content:
        if file.compression == "none":
            yield content
            return
        with tempfile.TemporaryFile() as plain:
            shutil.copyfileobj(content, plain, 2**20)
            plain.seek(0)
            yield plain
