"""Each record against the rules: accepted exactly as it was, or quarantined with a reason."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from explore.posts import clocks, times
from explore.posts.batches import NAN, NULL, NUMBER, OTHER, Batch, Rejected, clip
from explore.posts.counts import read_counts
from explore.posts.disguises import encoded_twice, escaped, escaped_breaks, hidden, words_in_json
from explore.posts.languages import language_codes, name_several, unknown_languages
from explore.posts.paths import Source
from explore.posts.schema import FIELDS, MAX_CELL, POSTS_SCHEMA, REASONS, WRITTEN_NULLS
from explore.posts.strings import as_mask, as_strings, blank_rows
from explore.posts.verdicts import Verdict, as_shown, quoted

# 1.23E+18, 1.78e18, 170E+16: a spreadsheet or a float rounded the id. 12e5 is left alone: base-36 ids look like that
_ROUNDED = r"^\s*[+-]?(?:\d+[.,]\d+[eE]\+?|\d+[eE]\+)\d+\s*$"
# Per field, what is as good as nothing; see WRITTEN_NULLS
_NULLS = {"text": WRITTEN_NULLS[:1], "post_id": WRITTEN_NULLS[:1], "region": tuple(set(WRITTEN_NULLS) - {"NA"})}
_IDS_OF_OTHERS = ("author_id", "media_id")
_IDS = ("post_id", *_IDS_OF_OTHERS)
ODD_ID = "odd id in "  # in `Checked.marked`, before the field: as spreadsheets and data frames write ids
BLANK_BEFORE = "blank before "  # in `Checked.marked`, before the field: of ids that begin with white space
_ODD_ID = r"""^\d+\.0+$|^="[^"]*"$"""
_ADDED = r"|^\+\d+$"  # as a diff writes ids of posts; those of accounts may be numbers of telephones
_TIME_REASONS = {
    times.MISSING: "no_time",
    times.BAD: "bad_time",
    times.OUT_OF_RANGE: "time_out_of_range",
    times.UNCLEAR: "local_time_unclear",
}
_TIME_MARKS = {"naive": times.NAIVE, "day": times.DAY, "cut": times.CUT, "weekday": times.WEEKDAY}


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


def check(batch: Batch, rules: Rules, *, offset: int = 0) -> Checked:
    """Turn the columns of a batch into posts and sort out the rows that cannot be taken.

    `offset` is the number of records in earlier files of the load; it makes invented ids differ between files.
    A null in author, views or any other optional column is accepted; a null time is not, where times are mapped.
    """
    verdict = Verdict(len(batch.records))
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
            columns[field.name] = read_counts(batch, sources[field.name], field.name, verdict)
        else:
            columns[field.name] = _words(batch, sources[field.name], field.name, verdict)
    if "post_id" not in sources:
        columns["post_id"] = _invented_ids(columns, batch.records + offset)
    keep = verdict.reason < 0
    table = pa.table([columns[name] for name in POSTS_SCHEMA.names], schema=POSTS_SCHEMA)
    marked = Counter({name: int(np.sum(rows & keep)) for name, rows in verdict.marks.items()})
    posts, rejected = table.filter(pa.array(keep)), _rejected(batch, verdict)
    return Checked(posts, batch.records[keep], rejected, formats, verdict.written_nulls, marked)


def _words(batch: Batch, source: Source, name: str, verdict: Verdict) -> pa.Array:
    """A column of text, ids or languages as strings."""
    values, kinds = _joined(batch, source, name, verdict)
    verdict.reject(kinds == OTHER, {"text": "bad_text", "post_id": "bad_id"}.get(name, "bad_value"))
    blank = blank_rows(values)
    if name == "text":
        verdict.reject(np.isin(kinds, (NUMBER, NAN)), "bad_text")
        values, verdict.marks["words_in_json"] = words_in_json(values)
        verdict.marks |= {"encoded_twice": encoded_twice(values), "hidden": hidden(values)}
        verdict.marks |= {"escaped": escaped(values), "escaped_breaks": escaped_breaks(values)}
        verdict.reject(blank_rows(values), "no_text")
        said_little = as_mask(pc.is_in(values, value_set=pa.array(WRITTEN_NULLS[1:])))
        verdict.unknown(name, pc.if_else(pa.array(said_little), values, pa.scalar(None, pa.string())))
    if name == "post_id":
        verdict.reject(kinds == NAN, "bad_id")
        verdict.reject(blank, "no_id")
        verdict.reject(as_mask(pc.match_substring_regex(values, _ROUNDED)), "bad_id")
        verdict.reject((kinds == NUMBER) & as_mask(pc.match_substring_regex(values, "[eE]")), "bad_id")
    if name in _IDS_OF_OTHERS:  # rounded ones would merge accounts that have nothing to do with each other
        verdict.reject(as_mask(pc.match_substring_regex(values, _ROUNDED)), "rounded_id")
        verdict.reject((kinds == NUMBER) & as_mask(pc.match_substring_regex(values, "[eE]")), "rounded_id")
    if name in _IDS:
        verdict.marks[BLANK_BEFORE + name] = as_mask(pc.match_substring_regex(values, r"^\s"))
        verdict.marks[ODD_ID + name] = as_mask(
            pc.match_substring_regex(values, _ODD_ID + (_ADDED if name == "post_id" else ""))
        )
    verdict.reject(as_mask(pc.greater(pc.utf8_length(values), MAX_CELL)), "cell_too_long")
    verdict.reject(as_mask(pc.match_substring(values, "\x00")), "nul")
    if name == "lang":
        codes = language_codes(values)
        verdict.marks["lang"] = name_several(values)
        verdict.unknown(name, unknown_languages(values, codes))
        return codes
    return values


def _joined(batch: Batch, source: Source, name: str, verdict: Verdict) -> tuple[pa.Array, np.ndarray]:
    """The strings of a source, null where they say nothing, and their JSON kinds: the first choice that says something.

    Words for "unknown" are counted where no choice says anything.
    """
    choices = [_choice(batch, columns, name, verdict) for columns in source.choices]
    said = [_or_null(values, name) for values, _ in choices]
    values = said[0] if len(said) == 1 else pc.coalesce(*said)
    silent = as_mask(values.is_null())
    if name not in ("text", "post_id") and silent.any():
        written = pc.coalesce(*(_or_null(each) for each, _ in choices))
        verdict.unknown(name, pc.if_else(pa.array(silent), written, pa.scalar(None, pa.string())))
    if len(choices) == 1:
        return values, choices[0][1]
    chosen = np.argmax([as_mask(each.is_valid()) for each in said], axis=0)
    return values, np.choose(chosen, [kinds for _, kinds in choices])


def _choice(batch: Batch, columns: Sequence[str], name: str, verdict: Verdict) -> tuple[pa.Array, np.ndarray]:
    """One column, or several joined: texts by an empty line where both say something, ids by _ where both are there."""
    damaged = "rounded_id" if name in _IDS_OF_OTHERS else "bad_id"
    parts = [as_strings(batch.columns[column], verdict, damaged=damaged) for column in columns]
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
    return np.where(as_mask(values.is_valid()), np.uint8(kind), np.uint8(NULL))


def _or_null(values: pa.Array, name: str | None = None) -> pa.Array:
    """Blank strings as null and, for a field of ours, what says as little there."""
    nothing = blank_rows(values)
    if name is not None:
        nulls = pa.array(_NULLS.get(name, WRITTEN_NULLS))
        nothing |= as_mask(pc.is_in(pc.utf8_trim_whitespace(values), value_set=nulls))
    return pc.if_else(pa.array(nothing), pa.scalar(None, pa.string()), values) if nothing.any() else values


def _stamps(batch: Batch, source: Source, rules: Rules, verdict: Verdict) -> times.Times:
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
    doubles = any(pa.types.is_float64(batch.columns[column].type) for column in source.columns)
    verdict.marks["decimal_ms"] = (best.state == times.OK) & (doubles and clocks.MILLISECONDS.name in best.formats)
    verdict.marks |= {name: best.marks & bit > 0 for name, bit in _TIME_MARKS.items()}

    def why(row: int) -> str:
        column = next(c for c, part in zip(source.columns, parts, strict=True) if part.state[row] != times.MISSING)
        value = as_shown(batch.columns[column], row)
        more = clocks.meanings(value.strip()) or REASONS[_TIME_REASONS[int(best.state[row])]]
        return f"column {quoted(column)} holds {quoted(value)}: {more}"

    for state, code in _TIME_REASONS.items():
        verdict.reject(best.state == state, code, None if state == times.MISSING else why)
    return best


def _written_times(values: pa.Array, verdict: Verdict) -> pa.Array:
    """Times that are written out as valid text; all others as they are."""
    kind = values.type
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return as_strings(values, verdict) if any(test(kind) for test in tests) else values


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


def _rejected(batch: Batch, verdict: Verdict) -> tuple[Rejected, ...]:
    rows = np.flatnonzero(verdict.reason >= 0).tolist()
    reasons = [(row, *verdict.codes[verdict.reason[row]]) for row in rows]
    return tuple(
        Rejected(int(batch.records[row]), code, clip(why(row)), clip(batch.excerpt(row))) for row, code, why in reasons
    )
