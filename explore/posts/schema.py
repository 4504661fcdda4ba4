"""Our fields, the columns of a snapshot and the reasons for which a record is quarantined."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Field:
    """One of our columns: its name, what it means in words, its kind and whether a file must have it.

    `kind` is "text" (verbatim), "id", "time", "language" or "count".
    """

    name: str
    meaning: str
    kind: str
    required: bool = False


FIELDS: tuple[Field, ...] = (
    Field("post_id", "the platform's id of the post; made from content and position where the file has none", "id"),
    Field("created_at", "when it was posted; without it nothing can be called emerging", "time"),
    Field("text", "what the post says, verbatim", "text", required=True),
    Field("author_id", "the account that posted; without it messages are counted instead of accounts", "id"),
    Field("lang", "language (name or code)", "language"),
    Field("region", "country or region", "text"),
    Field("views", "times it was seen (reach)", "count"),
    Field("shares", "shares, reposts or forwards", "count"),
    Field("likes", "likes, favourites, reactions or score", "count"),
    Field("replies", "replies or comments", "count"),
    Field("url", "a link to the post or in it", "text"),
    Field("media_id", "id of the sound, video or picture that it uses", "id"),
)

FIELD_NAMES: tuple[str, ...] = tuple(field.name for field in FIELDS)
FIELD = {field.name: field for field in FIELDS}

_TYPES = {"time": pa.timestamp("us", tz="UTC"), "count": pa.int64()}

POSTS_SCHEMA: pa.Schema = pa.schema([pa.field(field.name, _TYPES.get(field.kind, pa.string())) for field in FIELDS])

QUARANTINE_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("file", pa.string()),
        pa.field("record", pa.int64()),
        pa.field("reason", pa.string()),
        pa.field("why", pa.string()),
        pa.field("excerpt", pa.string()),
    ]
)

REASONS: dict[str, str] = {
    "no_text": "no text (a picture, a video or an empty post)",
    "bad_text": "the text is not text (a number, a list or an object)",
    "no_id": "no post id",
    "bad_id": "the post id is damaged (a rounded number, NaN or an object)",
    "rounded_id": "the id of the account, sound or video was rounded (1.78E+18), so different ones look the same",
    "same_id_other_text": "another post in the load has this id and a different text",
    "no_time": "no time, though the other posts have one",
    "bad_time": "the time cannot be read",
    "time_out_of_range": "the time is before 1980 or after 2099",
    "local_time_unclear": "this local time happened twice or never (clock change)",
    "bad_number": "a count is not a whole number",
    "bad_value": "a value is a list or an object where one value belongs",
    "extra_column": "more cells than the header has columns",
    "short_row": "fewer cells than the header has columns",
    "open_quote": "a quoted cell is not closed, or a quote stands in the wrong place",
    "blank_before_quote": "a blank in front of the quotes of a cell, which are then a part of it",
    "swallowed": "whole records inside a quoted cell: a stray quote took them in, or a post quotes a table",
    "shifted_row": "the values stand in the wrong columns, as where a comma is not in quotes",
    "repeated_header": "the column names once more, where two files were joined",
    "joined_files": "a byte order mark in front of the record, where two files were joined",
    "stray_newline": "a line break of another kind inside a cell without quotes",
    "cell_too_long": "a cell is longer than the limit",
    "nul": "a NUL character in the record",
    "bad_encoding": "bytes that are not valid text in the file's encoding",
    "broken_json": "the line is not a JSON object",
    "duplicate_keys": "a JSON object names the same key twice",
    "too_deep": "JSON nested more than 64 levels deep",
    "lone_surrogate": "half of a character (a lone surrogate)",
}

# What a person can do where most records of a file share a reason.
MENDS: dict[str, str] = {
    "no_text": "Name the column of the text with --map text=COLUMN",
    "no_time": "Name another column with --map created_at=COLUMN, or go without times with --map created_at=",
    "bad_time": "Write times like 2024-05-01T10:00:00Z, name another column with --map created_at=COLUMN, or go "
    "without times with --map created_at=",
    "local_time_unclear": "Name the time zone with --tz",
    "same_id_other_text": "Name the column of the ids with --map post_id=COLUMN, or go without with --map post_id=",
    "no_id": "Name the column of the ids with --map post_id=COLUMN, or go without with --map post_id=",
    "bad_id": "Export the ids as text, or name another column with --map post_id=COLUMN",
    "rounded_id": "Export the ids as text, or leave them out with --map author_id=",
    "open_quote": 'Write a quote inside a cell twice ("") and not behind a backslash',
    "blank_before_quote": "Delete the blank in front of such quotes, or write the posts as JSONL",
    "swallowed": "Look for a quote that stands alone in the first of them",
    "shifted_row": "Write texts with commas in double quotes",
    "extra_column": "Name the delimiter with --delimiter",
    "short_row": "Name the delimiter with --delimiter",
}

# How exporters write "unknown". What a post says and its id are kept as they are, except for the first, which nothing
# but a database writes: "null", "N/A" and "-" are things that people post. The region NA is Namibia.
WRITTEN_NULLS: tuple[str, ...] = (
    "\\N", "NULL", "Null", "null", "(null)", "None", "none", "NaN", "Nan", "nan", "N/A", "n/a", "#N/A", "<NA>",
    "undefined", "-", "NA",
)  # fmt: skip

NOT_COUNTED_AS_DAMAGE = frozenset({"no_text"})

MAX_CELL = 262_144  # characters; the longest post any platform in the presets allows is 100,000
MAX_EXCERPT = 300
