"""Each record against the rules: accepted exactly as it was, or kept apart with a reason."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from explore.posts import times
from explore.posts.batches import NAN, NULL, NUMBER, OTHER, Batch, Rejected, clip
from explore.posts.languages import language_codes
from explore.posts.paths import Source
from explore.posts.schema import FIELDS, MAX_CELL, POSTS_SCHEMA, REASONS

# 1.23E+18, 1.78e18, 170E+16: a spreadsheet or a float rounded the id. 12e5 is left alone: base-36 ids look like that
_ROUNDED = r"^\s*[+-]?(?:\d+[.,]\d+[eE]\+?|\d+[eE]\+)\d+\s*$"
_NO_NUMBER = pa.array(["", "null", "NULL", "None", "nan", "NaN", "N/A", "NA", "-"])
_MAY_BE_NEGATIVE = frozenset({"likes", "replies"})  # scores are, and platforms' own reply counters sometimes slip
_TIME_REASONS = {
    times.MISSING: "no_time",
    times.BAD: "bad_time",
    times.OUT_OF_RANGE: "time_out_of_range",
    times.UNCLEAR: "local_time_unclear",
}


@dataclass(frozen=True)
class Rules:
    """How to read a file: our field -> source, the zone of times without one, the order of numbers in dates."""

    sources: Mapping[str, Source]
    tz: tzinfo = UTC
    date_order: str | None = None

    @property
    def columns(self) -> list[str]:
        """Every column that is needed, each once."""
        return sorted({column for source in self.sources.values() for column in source.columns})


@dataclass(frozen=True)
class Checked:
    """The accepted posts (POSTS_SCHEMA) with their record numbers, the others, and the time formats that were met."""

    posts: pa.Table
    records: np.ndarray
    rejected: tuple[Rejected, ...]
    time_formats: frozenset[str]


class _Verdict:
    """The first reason against each row."""

    def __init__(self, rows: int) -> None:
        self.codes: list[str] = []
        self.reason = np.full(rows, -1, np.int16)

    def reject(self, bad: np.ndarray, code: str) -> None:
        if bad.any():
            self.reason[bad & (self.reason < 0)] = len(self.codes)
            self.codes.append(code)


def check(batch: Batch, rules: Rules, *, offset: int = 0) -> Checked:
    """Turn the columns of a batch into posts and sort out the rows that cannot be taken.

    `offset` is the number of records in earlier files of the load; it makes invented ids differ between files.
    A null in author, views or any other optional column is accepted; a null time is not, where times are mapped.
    """
    verdict = _Verdict(len(batch.records))
    columns: dict[str, pa.Array] = {}
    formats: frozenset[str] = frozenset()
    sources = rules.sources
    for field in FIELDS:
        if field.name not in sources:
            columns[field.name] = pa.nulls(len(batch.records), POSTS_SCHEMA.field(field.name).type)
        elif field.kind == "time":
            stamps = _stamps(batch, sources[field.name], rules, verdict)
            columns[field.name], formats = _times(stamps, verdict), stamps.formats
        elif field.kind == "count":
            columns[field.name] = _counts(batch, sources[field.name], verdict, negative=field.name in _MAY_BE_NEGATIVE)
        else:
            columns[field.name] = _words(batch, sources[field.name], field.name, verdict)
    if "post_id" not in sources:
        columns["post_id"] = _invented_ids(columns, batch.records + offset)
    keep = verdict.reason < 0
    table = pa.table([columns[name] for name in POSTS_SCHEMA.names], schema=POSTS_SCHEMA)
    return Checked(table.filter(pa.array(keep)), batch.records[keep], _rejected(batch, verdict), formats)


def _words(batch: Batch, source: Source, name: str, verdict: _Verdict) -> pa.Array:
    """A column of text, ids or languages as strings."""
    values, kinds = _joined(batch, source, name, verdict)
    verdict.reject(kinds == OTHER, {"text": "bad_text", "post_id": "bad_id"}.get(name, "bad_value"))
    blank = _blank(values)
    if name == "text":
        verdict.reject(np.isin(kinds, (NUMBER, NAN)), "bad_text")
        verdict.reject(blank, "no_text")
    if name == "post_id":
        verdict.reject(kinds == NAN, "bad_id")
        verdict.reject(blank, "no_id")
        verdict.reject(_mask(pc.match_substring_regex(values, _ROUNDED)), "bad_id")
        verdict.reject((kinds == NUMBER) & _mask(pc.match_substring_regex(values, "[eE]")), "bad_id")
    if name in ("author_id", "media_id"):  # rounded ones would merge accounts that have nothing to do with each other
        verdict.reject(_mask(pc.match_substring_regex(values, _ROUNDED)), "rounded_id")
        verdict.reject((kinds == NUMBER) & _mask(pc.match_substring_regex(values, "[eE]")), "rounded_id")
    verdict.reject(_mask(pc.greater(pc.utf8_length(values), MAX_CELL)), "cell_too_long")
    verdict.reject(_mask(pc.match_substring(values, "\x00")), "nul")
    if name == "lang":
        return language_codes(values)
    return _or_null(values) if blank.any() else values


def _joined(batch: Batch, source: Source, name: str, verdict: _Verdict) -> tuple[pa.Array, np.ndarray]:
    """The strings of a source and their JSON kinds: per row the first choice that says something."""
    choices = [_choice(batch, columns, name, verdict) for columns in source.choices]
    if len(choices) == 1:
        return choices[0]
    said = [_or_null(values) for values, _ in choices]
    chosen = np.argmax([_mask(values.is_valid()) for values in said], axis=0)
    return pc.coalesce(*said), np.choose(chosen, [kinds for _, kinds in choices])


def _choice(batch: Batch, columns: Sequence[str], name: str, verdict: _Verdict) -> tuple[pa.Array, np.ndarray]:
    """One column, or several joined: texts by an empty line where both say something, ids by _ where both are there."""
    parts = [_strings(batch.columns[column], verdict) for column in columns]
    kinds = [_kinds(batch, column) for column in columns]
    if len(parts) == 1:
        return parts[0], kinds[0]
    parts = [_or_null(part) for part in parts]
    if name == "text":
        return pc.binary_join_element_wise(*parts, "\n\n", null_handling="skip"), np.max(kinds, axis=0)
    return pc.binary_join_element_wise(*parts, "_"), np.where(np.isin(kinds, (OTHER, NAN)).any(axis=0), OTHER, kinds[0])


def _kinds(batch: Batch, column: str) -> np.ndarray:
    """The JSON kinds of a column; for arrow columns what their type comes to."""
    if column in batch.kinds:
        return batch.kinds[column]
    values = batch.columns[column]
    number = any(test(values.type) for test in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal))
    kind = NUMBER if number else OTHER if pa.types.is_boolean(values.type) else NULL
    return np.where(_mask(values.is_valid()), np.uint8(kind), np.uint8(NULL))


def _or_null(values: pa.Array) -> pa.Array:
    """Blank strings as null."""
    return pc.if_else(pa.array(_blank(values)), pa.scalar(None, pa.string()), values)


def _strings(values: pa.Array, verdict: _Verdict) -> pa.Array:
    """Any arrow column as strings; what cannot be one exactly is rejected."""
    kind = values.type
    if pa.types.is_string(kind):
        return _valid_utf8(values, verdict)
    if any(test(kind) for test in (pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)):
        return _valid_utf8(values.cast(pa.binary()), verdict)
    if pa.types.is_floating(kind):
        return _whole_ids(values, verdict)
    try:
        return values.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        verdict.reject(_mask(values.is_valid()), "bad_value")
        return pa.nulls(len(values), pa.string())


def _valid_utf8(values: pa.Array, verdict: _Verdict) -> pa.Array:
    """Bytes as strings; rows that are not UTF-8 are rejected."""
    try:
        values = values if pa.types.is_string(values.type) else values.view(pa.string())
        values.validate(full=True)
    except pa.ArrowInvalid:
        texts = [_decoded(value) for value in values.cast(pa.binary()).to_pylist()]
        verdict.reject(np.array([text is False for text in texts]), "bad_encoding")
        return pa.array([text or None for text in texts], pa.string())
    return values


def _decoded(value: bytes | None) -> str | bool | None:
    """The text in some bytes; False where they are not UTF-8."""
    try:
        return None if value is None else value.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _whole_ids(values: pa.Array, verdict: _Verdict) -> pa.Array:
    """Ids that were stored as decimal numbers, as digits; those that may have been rounded are rejected."""
    numbers = values.cast(pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)
    exact = np.isfinite(numbers) & (numbers == np.floor(numbers)) & (np.abs(numbers) < 2**53)
    verdict.reject(~exact & ~np.isnan(numbers), "bad_id")
    missing = ~_mask(values.is_valid()) | np.isnan(numbers)
    return pa.array(np.where(exact, numbers, 0).astype(np.int64), mask=missing).cast(pa.string())


def _counts(batch: Batch, source: Source, verdict: _Verdict, *, negative: bool) -> pa.Array:
    """A column of whole numbers; blank means unknown. `negative`: scores may be below zero."""
    parts = [_count(batch.columns[column], batch.kinds.get(column), verdict, negative) for column in source.columns]
    return parts[0] if len(parts) == 1 else pc.coalesce(*parts)


def _count(values: pa.Array, kinds: np.ndarray | None, verdict: _Verdict, negative: bool) -> pa.Array:
    if kinds is not None:
        verdict.reject(kinds == OTHER, "bad_number")
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), pa.int64())
    if pa.types.is_temporal(values.type):
        verdict.reject(_mask(values.is_valid()), "bad_number")
        return pa.nulls(len(values), pa.int64())
    if not pa.types.is_integer(values.type):
        values = _written_counts(values, verdict)
    try:
        values = values.cast(pa.int64())
    except pa.ArrowInvalid:  # unsigned and larger than anything that was ever counted
        too_large = _mask(pc.greater(values, pa.scalar(2**63 - 1, values.type)))
        verdict.reject(too_large, "bad_number")
        values = pc.if_else(pa.array(too_large), pa.scalar(None, values.type), values).cast(pa.int64())
    if not negative:
        verdict.reject(_mask(pc.less(values, 0)), "bad_number")
    return values


def _written_counts(values: pa.Array, verdict: _Verdict) -> pa.Array:
    """Counts written as text or as decimals: 12, 12.0 and -3 are taken, "", N/A and the like are unknown.

    1.000 is no count: it is one in English and a thousand in German.
    """
    if pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
        written = (None if value is None or value != value else format(value, "f") for value in values.to_pylist())
        values = pa.array(written, pa.string(), size=len(values))
    texts = pc.utf8_trim_whitespace(_strings(values, verdict))
    parts = pc.extract_regex(texts, r"^(?P<whole>[+-]?\d{1,18})(?:\.(?:0{0,2}|0{4,}))?$")
    unknown = _mask(pc.is_in(texts, value_set=_NO_NUMBER)) | _mask(texts.is_null())
    verdict.reject(_mask(parts.is_null()) & ~unknown, "bad_number")
    return pc.replace_substring_regex(pc.struct_field(parts, "whole"), r"^\+", "").cast(pa.int64())


def _stamps(batch: Batch, source: Source, rules: Rules, verdict: _Verdict) -> times.Times:
    """The first column of the source that has a time in each row."""
    parts = [
        times.parse_times(
            _written_times(batch.columns[column], verdict), column=column, tz=rules.tz, date_order=rules.date_order
        )
        for column in source.columns
    ]
    best = parts[0]
    for part in parts[1:]:
        gap = best.state == times.MISSING
        best = times.Times(
            np.where(gap, part.micros, best.micros), np.where(gap, part.state, best.state), best.formats | part.formats
        )
    return best


def _written_times(values: pa.Array, verdict: _Verdict) -> pa.Array:
    """Times that are written out as valid text; all others as they are."""
    kind = values.type
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return _strings(values, verdict) if any(test(kind) for test in tests) else values


def _times(stamps: times.Times, verdict: _Verdict) -> pa.Array:
    """The column of times; rows without a good one are rejected."""
    for state, code in _TIME_REASONS.items():
        verdict.reject(stamps.state == state, code)
    return pa.array(stamps.micros, mask=stamps.state != times.OK).cast(POSTS_SCHEMA.field("created_at").type)


def _invented_ids(columns: Mapping[str, pa.Array], records: np.ndarray) -> pa.Array:
    """Ids for a file that has none: a hash of what was posted, when and by whom, and the position in the load."""
    moments = columns["created_at"].cast(pa.int64()).to_pylist()
    rows = zip(columns["text"].to_pylist(), moments, columns["author_id"].to_pylist(), records.tolist(), strict=True)
    return pa.array(
        [f"{_short_hash(repr((text, at, author)))}-{record}" for text, at, author, record in rows], pa.string()
    )


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _rejected(batch: Batch, verdict: _Verdict) -> tuple[Rejected, ...]:
    rows = np.flatnonzero(verdict.reason >= 0).tolist()
    codes = [verdict.codes[verdict.reason[row]] for row in rows]
    return tuple(
        Rejected(int(batch.records[row]), code, REASONS[code], clip(batch.excerpt(row)))
        for row, code in zip(rows, codes, strict=True)
    )


def _blank(values: pa.Array) -> np.ndarray:
    """Rows that are null or hold nothing but white space."""
    return ~_mask(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(values)), 0))


def _mask(values: pa.Array) -> np.ndarray:
    """A boolean arrow array as numpy, null as False."""
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False))
