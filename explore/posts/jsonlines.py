"""JSON, one object a line: numbers keep their digits, and nothing is guessed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TextIO

import numpy as np
import pyarrow as pa

from explore.errors import Refused
from explore.posts.batches import NAN, NULL, NUMBER, OTHER, STRING, Batch, Rejected, clip, encodable
from explore.posts.names import WRAPPERS
from explore.posts.othernames import OtherNames
from explore.posts.schema import REASONS

ROWS = 5_000
CHARACTERS = 16 * 2**20
MAX_LINE = 16 * 2**20
MAX_DEPTH = 64
PACKED = ("value", "payload", "message", "body", "data", "event", "record", "content", "post", "json", "raw", "_raw")

_Getters = dict[str, Callable[[dict[str, Any]], Any]]

_MONGO = frozenset({"$oid", "$date", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal"})
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"?')


class Number(str):
    """A JSON number with its digits as they stood in the file."""

    __slots__ = ()


class Constant(str):
    """NaN, Infinity or -Infinity, which are no JSON but are written all the same."""

    __slots__ = ()


class BadLine(Exception):
    """A line that cannot be taken; the argument is a reason code."""


# Where exporters put other posts inside of a post: the one that is shared, quoted or answered, and the answers
_HOLD_POSTS = frozenset(
    {"retweeted_status", "quoted_status", "retweeted_tweet", "quoted_tweet", "retweetedTweet", "quotedTweet"}
    | {"retweetedStatus", "quotedStatus", "inReplyToTweet", "reblog", "quote", "copy_history", "crosspost_parent_list"}
    | {
        "comments",
        "replies",
        "children",
        "answers",
        "topComments",
        "latestComments",
        "reply",
        "parent",
        "root",
        "embed",
    }
)
_TEXTS = ("text", "full_text", "body", "message", "content", "rawContent", "selftext", "textOriginal")
_LOOKED_INTO = _HOLD_POSTS.union(wrapper[:-1] for wrapper in WRAPPERS)
POSTS_IN, MORE_IN = "posts in ", "more in "  # in `Batch.met`, before the path of what was not read


def read_json_lines(
    lines: Iterable[str], columns: Sequence[str], *, packed: str = "", others: OtherNames | None = None
) -> Iterator[Batch]:
    """Yield the wanted keys (or dotted paths, a number picking from a list) in batches; broken lines come as rejected.

    `packed` is the key behind which each line holds its post as a string of JSON. `others` notes other names of fields.
    """
    rest = iter(lines)
    read = 0
    while part := _batch(rest):
        met: Counter[str] = Counter()
        getters = {column: getter(column, met) for column in columns}
        yield _columns(part, getters, packed, met, others, read=read)
        read += len(part)


def json_lines(text: TextIO, *, name: str) -> Iterator[str]:
    """Every line that is not blank. Raises Refused for a line beyond the limit.

    `text` must be opened with newline="\\n" and errors="surrogateescape", so that only a line feed ends a line.
    """
    while line := text.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise Refused(f"'{name}' has a line of more than {MAX_LINE // 2**20} MB; write one post a line.")
        if line.strip(" \t\r\n\ufeff"):
            yield line


def parse(line: str, packed: str = "") -> dict[str, Any]:
    """The object in a line; numbers as `Number`. Raises BadLine with a reason code."""
    found = _object(line)
    if packed and isinstance(inner := found.get(packed), str):
        found[packed] = _object(inner)
    return found


def packed_key(records: Sequence[dict[str, Any]]) -> str:
    """The key behind which every record holds its post as a string of JSON, as queues export them; "" without one."""
    for key in PACKED:
        values = [value for record in records if (value := record.get(key)) is not None]
        if values and all(map(_is_packed, values)):
            return key
    return ""


def rich_text(value: Any) -> str | None:
    """The text in a list of strings and {"type", "text"} pieces, as Telegram writes links and bold words; else None."""
    if not isinstance(value, list) or not any(isinstance(piece, dict) for piece in value):
        return None
    pieces = [piece.get("text") if isinstance(piece, dict) and "type" in piece else piece for piece in value]
    texts = [piece for piece in pieces if isinstance(piece, str) and not isinstance(piece, Number | Constant)]
    return "".join(texts) if len(texts) == len(pieces) else None


def _is_packed(value: Any) -> bool:
    try:
        return isinstance(value, str) and value.lstrip().startswith("{") and bool(_object(value))
    except BadLine:
        return False


def _object(line: str) -> dict[str, Any]:
    if line.count("[") + line.count("{") > MAX_DEPTH and _depth(line) > MAX_DEPTH:
        raise BadLine("too_deep")
    if not line.isascii() and not encodable(line):
        raise BadLine("bad_encoding")
    try:
        found = _DECODER.decode(line.strip(" \t\r\n\ufeff"))
    except (ValueError, RecursionError):
        raise BadLine("broken_json") from None
    if not isinstance(found, dict):
        raise BadLine("broken_json")
    return found


def getter(column: str, met: Counter[str] | None = None) -> Callable[[dict[str, Any]], Any]:
    """How to get a key or, where there is no such key, what a dotted path leads to; None where it leads nowhere.

    The getter raises BadLine where both are there. `met` counts lists of which the path picks one of several values.
    """
    path = column.split(".")

    def get(record: dict[str, Any]) -> Any:
        if len(path) == 1:
            return record.get(column)
        if column in record:
            if path[0] in record:  # {"user.id": 1, "user": {"id": 2}}: nobody can tell which one is meant
                raise BadLine("duplicate_keys")
            return record[column]
        several = False
        value: Any = record
        for place, step in enumerate(path):
            if isinstance(value, list) and step.isdigit() and met is not None:
                several |= any(_differs(other, value[0], path[place + 1 :]) for other in value[1:])
            value = _step(value, step)
        if several and met is not None:
            met[MORE_IN + column] += 1
        return value

    return get


def _step(value: Any, step: str) -> Any:
    """What a key, or a number in a list, leads to; None where it leads nowhere."""
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isdigit():
        return value[int(step)] if int(step) < len(value) else None
    return None


def _differs(other: Any, first: Any, path: Sequence[str]) -> bool:
    """Whether another item of a list says something, and not the same as the first, where the path leads."""
    for step in path:
        other, first = _step(other, step), _step(first, step)
    return other is not None and other != first


def _unique(pairs: list[tuple[str, Any]]) -> Any:
    """An object; a value in MongoDB's own words, such as {"$oid": "..."}, as itself."""
    if len(pairs) == 1 and pairs[0][0] in _MONGO and isinstance(pairs[0][1], str):
        sign, value = pairs[0]
        return Number(value) if sign.startswith("$number") else value
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadLine("duplicate_keys")
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=Number, parse_float=Number, parse_constant=Constant, strict=True
)


def _depth(line: str) -> int:
    """How deep brackets are nested, strings left out."""
    depth = deepest = 0
    for character in _STRINGS.sub("", line):
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _batch(lines: Iterator[str]) -> list[str]:
    part: list[str] = []
    size = 0
    for line in lines:
        part.append(line)
        size += len(line)
        if len(part) >= ROWS or size >= CHARACTERS:
            break
    return part


def _columns(
    part: list[str], getters: _Getters, packed: str, met: Counter[str], others: OtherNames | None, *, read: int
) -> Batch:
    values: dict[str, list[Any]] = {column: [] for column in getters}
    numbers: list[int] = []
    rejected: list[Rejected] = []
    for number, line in enumerate(part, read + 1):
        try:
            row = _row(line, getters, packed, met, others)
        except BadLine as bad:
            reason = str(bad)
            rejected.append(Rejected(number, reason, REASONS[reason], clip(line)))
            continue
        numbers.append(number)
        for column, value in row.items():
            values[column].append(value)
    kinds = {column: np.fromiter(map(_kind, found), np.uint8, len(found)) for column, found in values.items()}
    arrays = {column: pa.array(map(_text, found), pa.string(), size=len(found)) for column, found in values.items()}
    raws = [part[number - read - 1] for number in numbers]
    return Batch(arrays, np.array(numbers, np.int64), raws.__getitem__, read + len(part), kinds, tuple(rejected), met)


def _row(line: str, getters: _Getters, packed: str, met: Counter[str], others: OtherNames | None) -> dict[str, Any]:
    """The wanted values of a line. Raises BadLine."""
    record = parse(line, packed)
    row = {column: get(record) for column, get in getters.items()}
    for column, value in row.items():
        if isinstance(value, list) and (text := rich_text(value)) is not None:
            row[column] = text
    if "\\u" in line and not all(encodable(value) for value in row.values() if isinstance(value, str)):
        raise BadLine("lone_surrogate")
    _note_posts_in(record, "", met)
    if others is not None:
        others.note(record, row, met)
    return row


def _note_posts_in(record: dict[str, Any], path: str, met: Counter[str]) -> None:
    """Count the posts that stand inside of a record, or of the object that wraps it, by the path to them."""
    for key in _LOOKED_INTO.intersection(record):
        if key in _HOLD_POSTS:
            if posts := _count_posts(record[key]):
                met[POSTS_IN + path + key] += posts
        elif not path and isinstance(record[key], dict):
            _note_posts_in(record[key], f"{key}.", met)


def _count_posts(value: Any) -> int:
    """How many objects with a text an object or a list holds, itself included; those inside of them do not count."""
    if isinstance(value, dict):
        if any(isinstance(value.get(key), str) for key in _TEXTS):
            return 1
        value = list(value.values())
    return sum(map(_count_posts, value)) if isinstance(value, list) else 0


def _kind(value: Any) -> int:
    if value is None:
        return NULL
    if isinstance(value, Number):
        return NUMBER
    if isinstance(value, Constant):
        return NAN
    return STRING if isinstance(value, str) else OTHER


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str) and not isinstance(value, Constant) else None
