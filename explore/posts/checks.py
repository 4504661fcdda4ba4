"""Each record against the rules: accepted exactly as it was, or quarantined with a reason."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from explore.posts import clocks, times
from explore.posts.batches import NAN, NULL, NUMBER, OTHER, Batch, Rejected, clip
from explore.posts.languages import language_codes, name_several, unknown_languages
from explore.posts.paths import Source
from explore.posts.schema import FIELDS, MAX_CELL, POSTS_SCHEMA, REASONS, WRITTEN_NULLS

# 1.23E+18, 1.78e18, 170E+16: a spreadsheet or a float rounded the id. 12e5 is left alone: base-36 ids look like that
_ROUNDED = r"^\s*[+-]?(?:\d+[.,]\d+[eE]\+?|\d+[eE]\+)\d+\s*$"
_NO_NUMBER = pa.array(["", *WRITTEN_NULLS])
# Per field, what is as good as nothing; see WRITTEN_NULLS
_NULLS = {"text": WRITTEN_NULLS[:1], "post_id": WRITTEN_NULLS[:1], "region": tuple(set(WRITTEN_NULLS) - {"NA"})}
_IDS_OF_OTHERS = ("author_id", "media_id")
_EXACT_BELOW = {16: 2**11, 32: 2**24, 64: 2**53}  # bits of a float -> from here on it skips whole numbers
_LARGEST = str(2**63 - 1)
_WORDS_KEPT, _OTHER_WORDS = 50, "other words"  # for "unknown", of which a file may have any number
_VALUE_SHOWN = 40  # characters of a value that a reason quotes
_MAY_BE_NEGATIVE = frozenset({"likes", "replies"})  # scores are, and platforms' own reply counters sometimes slip
_TIME_REASONS = {
    times.MISSING: "no_time",
    times.BAD: "bad_time",
    times.OUT_OF_RANGE: "time_out_of_range",
    times.UNCLEAR: "local_time_unclear",
}
_TIME_MARKS = {"naive": times.NAIVE, "day": times.DAY, "cut": times.CUT}


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
    """The accepted posts (POSTS_SCHEMA) with their record numbers, the others, and the time formats that were met.

    written_nulls: our optional field -> a word for "unknown" such as NULL -> records in which it stood.
    marked: what a person should know of accepted posts -> how many there are; see `telling.py`.
    """

    posts: pa.Table
    records: np.ndarray
    rejected: tuple[Rejected, ...]
    time_formats: frozenset[str]
    written_nulls: Mapping[str, Counter[str]]
    marked: Counter[str]


class _Verdict:
    """The first reason against each row, and the words for "unknown" that were met."""

    def __init__(self, rows: int) -> None:
        self.codes: list[tuple[str, Callable[[int], str]]] = []
        self.reason = np.full(rows, -1, np.int16)
        self.written_nulls: dict[str, Counter[str]] = {}
        self.marks: dict[str, np.ndarray] = {}

    def reject(self, bad: np.ndarray, code: str, why: Callable[[int], str] | None = None) -> None:
        """Note a reason against rows; `why` says more about one of them than the reason does."""
        if bad.any():
            self.reason[bad & (self.reason < 0)] = len(self.codes)
            self.codes.append((code, why or (lambda _: REASONS[code])))

    def unknown(self, name: str, written: pa.Array) -> None:
        """Count words for "unknown"; the nulls among `written` are rows without one."""
        if written.null_count < len(written):
            found = pc.value_counts(written.drop_null())
            counts = self.written_nulls.setdefault(name, Counter())
            for word, count in zip(*(part.to_pylist() for part in found.flatten()), strict=True):
                counts[word if word in counts or len(counts) < _WORDS_KEPT else _OTHER_WORDS] += count


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
            columns[field.name], formats = _as_column(stamps), stamps.formats
        elif field.kind == "count":
            columns[field.name] = _counts(batch, sources[field.name], field.name, verdict)
        else:
            columns[field.name] = _words(batch, sources[field.name], field.name, verdict)
    if "post_id" not in sources:
        columns["post_id"] = _invented_ids(columns, batch.records + offset)
    keep = verdict.reason < 0
    table = pa.table([columns[name] for name in POSTS_SCHEMA.names], schema=POSTS_SCHEMA)
    marked = Counter({name: int(np.sum(rows & keep)) for name, rows in verdict.marks.items()})
    posts, rejected = table.filter(pa.array(keep)), _rejected(batch, verdict)
    return Checked(posts, batch.records[keep], rejected, formats, verdict.written_nulls, marked)


def _words(batch: Batch, source: Source, name: str, verdict: _Verdict) -> pa.Array:
    """A column of text, ids or languages as strings."""
    values, kinds = _joined(batch, source, name, verdict)
    verdict.reject(kinds == OTHER, {"text": "bad_text", "post_id": "bad_id"}.get(name, "bad_value"))
    blank = _blank(values)
    if name == "text":
        verdict.reject(np.isin(kinds, (NUMBER, NAN)), "bad_text")
        verdict.reject(blank, "no_text")
        said_little = _mask(pc.is_in(values, value_set=pa.array(WRITTEN_NULLS[1:])))
        verdict.unknown(name, pc.if_else(pa.array(said_little), values, pa.scalar(None, pa.string())))
    if name == "post_id":
        verdict.reject(kinds == NAN, "bad_id")
        verdict.reject(blank, "no_id")
        verdict.reject(_mask(pc.match_substring_regex(values, _ROUNDED)), "bad_id")
        verdict.reject((kinds == NUMBER) & _mask(pc.match_substring_regex(values, "[eE]")), "bad_id")
    if name in _IDS_OF_OTHERS:  # rounded ones would merge accounts that have nothing to do with each other
        verdict.reject(_mask(pc.match_substring_regex(values, _ROUNDED)), "rounded_id")
        verdict.reject((kinds == NUMBER) & _mask(pc.match_substring_regex(values, "[eE]")), "rounded_id")
    verdict.reject(_mask(pc.greater(pc.utf8_length(values), MAX_CELL)), "cell_too_long")
    verdict.reject(_mask(pc.match_substring(values, "\x00")), "nul")
    if name == "lang":
        codes = language_codes(values)
        verdict.marks["lang"] = name_several(values)
        verdict.unknown(name, unknown_languages(values, codes))
        return codes
    return values


def _joined(batch: Batch, source: Source, name: str, verdict: _Verdict) -> tuple[pa.Array, np.ndarray]:
    """The strings of a source, null where they say nothing, and their JSON kinds: the first choice that says something.

    Words for "unknown" are counted where no choice says anything.
    """
    choices = [_choice(batch, columns, name, verdict) for columns in source.choices]
    said = [_or_null(values, name) for values, _ in choices]
    values = said[0] if len(said) == 1 else pc.coalesce(*said)
    silent = _mask(values.is_null())
    if name not in ("text", "post_id") and silent.any():
        written = pc.coalesce(*(_or_null(each) for each, _ in choices))
        verdict.unknown(name, pc.if_else(pa.array(silent), written, pa.scalar(None, pa.string())))
    if len(choices) == 1:
        return values, choices[0][1]
    chosen = np.argmax([_mask(each.is_valid()) for each in said], axis=0)
    return values, np.choose(chosen, [kinds for _, kinds in choices])


def _choice(batch: Batch, columns: Sequence[str], name: str, verdict: _Verdict) -> tuple[pa.Array, np.ndarray]:
    """One column, or several joined: texts by an empty line where both say something, ids by _ where both are there."""
    damaged = "rounded_id" if name in _IDS_OF_OTHERS else "bad_id"
    parts = [_strings(batch.columns[column], verdict, damaged=damaged) for column in columns]
    kinds = [_kinds(batch, column) for column in columns]
    if len(parts) == 1:
        return parts[0], kinds[0]
    parts = [_or_null(part, name) for part in parts]
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


def _or_null(values: pa.Array, name: str | None = None) -> pa.Array:
    """Blank strings as null and, for a field of ours, what says as little there."""
    nothing = _blank(values)
    if name is not None:
        nulls = pa.array(_NULLS.get(name, WRITTEN_NULLS))
        nothing |= _mask(pc.is_in(pc.utf8_trim_whitespace(values), value_set=nulls))
    return pc.if_else(pa.array(nothing), pa.scalar(None, pa.string()), values) if nothing.any() else values


def _strings(values: pa.Array, verdict: _Verdict, *, damaged: str = "bad_id") -> pa.Array:
    """Any arrow column as strings; what cannot be one exactly is rejected, a rounded number as `damaged`."""
    kind = values.type
    if pa.types.is_string(kind):
        return _valid_utf8(values, verdict)
    if any(test(kind) for test in (pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)):
        return _valid_utf8(values.cast(pa.binary()), verdict)
    if pa.types.is_floating(kind):
        return _whole_ids(values, verdict, damaged)
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


def _whole_ids(values: pa.Array, verdict: _Verdict, damaged: str) -> pa.Array:
    """Ids that were stored as decimal numbers, as digits; those that may have been rounded are rejected."""
    numbers = values.cast(pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)
    exact = (
        np.isfinite(numbers) & (numbers == np.floor(numbers)) & (np.abs(numbers) < _EXACT_BELOW[values.type.bit_width])
    )
    verdict.reject(~exact & ~np.isnan(numbers), damaged)
    missing = ~_mask(values.is_valid()) | np.isnan(numbers)
    return pa.array(np.where(exact, numbers, 0).astype(np.int64), mask=missing).cast(pa.string())


def _counts(batch: Batch, source: Source, name: str, verdict: _Verdict) -> pa.Array:
    """A column of whole numbers; blank means unknown."""
    parts = [_count(batch, column, name, verdict) for column in source.columns]
    return parts[0] if len(parts) == 1 else pc.coalesce(*parts)


def _count(batch: Batch, column: str, name: str, verdict: _Verdict) -> pa.Array:
    raw, kinds = batch.columns[column], batch.kinds.get(column)

    def bad(where: np.ndarray, shown: Callable[[int], str] = lambda row: _quoted(_shown(raw, row))) -> None:
        verdict.reject(
            where, "bad_number",
            lambda row: f"column {_quoted(column)} holds {shown(row)}, which is no count in plain digits, like 1234; "
            f"to go without that column say --map {name}=",
        )  # fmt: skip

    values = raw
    if pa.types.is_floating(raw.type):
        far = _mask(pc.greater_equal(pc.abs(raw.cast(pa.float64())), float(_EXACT_BELOW[raw.type.bit_width])))
        verdict.marks[name] = verdict.marks.get(name, False) | far
    if kinds is not None:
        bad(kinds == OTHER, lambda _: "true, false, a list or an object")
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), pa.int64())
    if pa.types.is_temporal(values.type):
        bad(_mask(values.is_valid()))
        return pa.nulls(len(values), pa.int64())
    if not pa.types.is_integer(values.type):
        values, wrong = _written_counts(values, name, verdict)
        bad(wrong)
    try:
        values = values.cast(pa.int64())
    except pa.ArrowInvalid:  # unsigned and larger than anything that was ever counted
        too_large = _mask(pc.greater(values, pa.scalar(2**63 - 1, values.type)))
        bad(too_large)
        values = pc.if_else(pa.array(too_large), pa.scalar(None, values.type), values).cast(pa.int64())
    if name not in _MAY_BE_NEGATIVE:
        bad(_mask(pc.less(values, 0)))
    return values


def _written_counts(values: pa.Array, name: str, verdict: _Verdict) -> tuple[pa.Array, np.ndarray]:
    """Counts written as text or as decimals, and which are none.

    12, 12.0 and -3 are taken, "", N/A and the like are unknown. 1.000 is no count: it is one in English and a thousand
    in German.
    """
    if pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
        written = (None if value is None or value != value else format(value, "f") for value in values.to_pylist())
        values = pa.array(written, pa.string(), size=len(values))
    texts = pc.utf8_trim_whitespace(_strings(values, verdict))
    parts = pc.extract_regex(texts, r"^(?P<sign>[+-]?)(?P<whole>\d{1,19})(?:\.(?:0{0,2}|0{4,}))?$")
    sign, digits = pc.struct_field(parts, "sign"), pc.struct_field(parts, "whole")
    fits = _mask(pc.or_(pc.less(pc.utf8_length(digits), len(_LARGEST)), pc.less_equal(digits, _LARGEST)))
    unknown = _mask(pc.is_in(texts, value_set=_NO_NUMBER))
    verdict.unknown(name, pc.if_else(pa.array(unknown & ~_blank(texts)), texts, pa.scalar(None, pa.string())))
    wrong = ~fits & ~unknown & _mask(texts.is_valid())
    written = pc.binary_join_element_wise(pc.replace_substring(sign, "+", ""), digits, "")
    return pc.if_else(pa.array(fits), written, pa.scalar(None, pa.string())).cast(pa.int64()), wrong


def _stamps(batch: Batch, source: Source, rules: Rules, verdict: _Verdict) -> times.Times:
    """The first column of the source that has a time in each row; rows without a good one are rejected."""
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
            np.where(gap, part.micros, best.micros),
            np.where(gap, part.state, best.state),
            np.where(gap, part.marks, best.marks),
            best.formats | part.formats,
        )
    verdict.marks["times"] = best.state == times.OK
    verdict.marks |= {name: best.marks & bit > 0 for name, bit in _TIME_MARKS.items()}

    def why(row: int) -> str:
        column = next(c for c, part in zip(source.columns, parts, strict=True) if part.state[row] != times.MISSING)
        value = _shown(batch.columns[column], row)
        more = clocks.meanings(value.strip()) or REASONS[_TIME_REASONS[int(best.state[row])]]
        return f"column {_quoted(column)} holds {_quoted(value)}: {more}"

    for state, code in _TIME_REASONS.items():
        verdict.reject(best.state == state, code, None if state == times.MISSING else why)
    return best


def _written_times(values: pa.Array, verdict: _Verdict) -> pa.Array:
    """Times that are written out as valid text; all others as they are."""
    kind = values.type
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return _strings(values, verdict) if any(test(kind) for test in tests) else values


def _as_column(stamps: times.Times) -> pa.Array:
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
    reasons = [(row, *verdict.codes[verdict.reason[row]]) for row in rows]
    return tuple(
        Rejected(int(batch.records[row]), code, clip(why(row)), clip(batch.excerpt(row))) for row, code, why in reasons
    )


def _shown(values: pa.Array, row: int) -> str:
    """A value as people write it; "" for one that Python cannot hold."""
    try:
        value = values[row].as_py()
    except (ValueError, OverflowError, pa.ArrowException):
        return ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _quoted(text: str) -> str:
    """A value or the name of a column, clipped, as a reason quotes it."""
    return f"'{text if len(text) <= _VALUE_SHOWN else text[: _VALUE_SHOWN - 1] + '…'}'"


def _blank(values: pa.Array) -> np.ndarray:
    """Rows that are null or hold nothing but white space."""
    return ~_mask(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(values)), 0))


def _mask(values: pa.Array) -> np.ndarray:
    """A boolean arrow array as numpy, null as False."""
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False))
