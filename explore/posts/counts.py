"""Whole numbers as exporters write them; blank means unknown."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from explore.posts.batches import OTHER, Batch
from explore.posts.paths import Source
from explore.posts.schema import WRITTEN_NULLS
from explore.posts.strings import EXACT_BELOW, as_mask, as_strings, blank_rows
from explore.posts.verdicts import Verdict, as_shown, quoted

_NO_NUMBER = pa.array(["", *WRITTEN_NULLS])
_LARGEST = str(2**63 - 1)
_MAY_BE_NEGATIVE = frozenset({"likes", "replies"})  # scores are, and platforms' own reply counters sometimes slip


def read_counts(batch: Batch, source: Source, name: str, verdict: Verdict) -> pa.Array:
    """A column of whole numbers; blank means unknown."""
    parts = [_count(batch, column, name, verdict) for column in source.columns]
    return parts[0] if len(parts) == 1 else pc.coalesce(*parts)


def _count(batch: Batch, column: str, name: str, verdict: Verdict) -> pa.Array:
    raw, kinds = batch.columns[column], batch.kinds.get(column)

    def bad(where: np.ndarray, shown: Callable[[int], str] = lambda row: quoted(as_shown(raw, row))) -> None:
        verdict.reject(
            where, "bad_number",
            lambda row: f"column {quoted(column)} holds {shown(row)}, which is no count in plain digits, like 1234; "
            f"to go without that column say --map {name}=",
        )  # fmt: skip

    values = raw
    if pa.types.is_floating(raw.type):
        far = as_mask(pc.greater_equal(pc.abs(raw.cast(pa.float64())), float(EXACT_BELOW[raw.type.bit_width])))
        verdict.marks[name] = verdict.marks.get(name, False) | far
    if kinds is not None:
        bad(kinds == OTHER, lambda _: "true, false, a list or an object")
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), pa.int64())
    if pa.types.is_temporal(values.type):
        bad(as_mask(values.is_valid()))
        return pa.nulls(len(values), pa.int64())
    if not pa.types.is_integer(values.type):
        values, wrong = _written_counts(values, name, verdict)
        bad(wrong)
    try:
        values = values.cast(pa.int64())
    except pa.ArrowInvalid:  # unsigned and larger than anything that was ever counted
        too_large = as_mask(pc.greater(values, pa.scalar(2**63 - 1, values.type)))
        bad(too_large)
        values = pc.if_else(pa.array(too_large), pa.scalar(None, values.type), values).cast(pa.int64())
    if name not in _MAY_BE_NEGATIVE:
        bad(as_mask(pc.less(values, 0)))
    return values


def _written_counts(values: pa.Array, name: str, verdict: Verdict) -> tuple[pa.Array, np.ndarray]:
    """Counts written as text or as decimals, and which are none.

    12, 12.0 and -3 are taken, "", N/A and the like are unknown. 1.000 is no count: it is one in English and a thousand
    in German.
    """
    if pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
        written = (None if value is None or value != value else format(value, "f") for value in values.to_pylist())
        values = pa.array(written, pa.string(), size=len(values))
    texts = pc.utf8_trim_whitespace(as_strings(values, verdict))
    parts = pc.extract_regex(texts, r"^(?P<sign>[+-]?)(?P<whole>\d{1,19})(?:\.(?:0{0,2}|0{4,}))?$")
    sign, digits = pc.struct_field(parts, "sign"), pc.struct_field(parts, "whole")
    fits = as_mask(pc.or_(pc.less(pc.utf8_length(digits), len(_LARGEST)), pc.less_equal(digits, _LARGEST)))
    unknown = as_mask(pc.is_in(texts, value_set=_NO_NUMBER))
    verdict.unknown(name, pc.if_else(pa.array(unknown & ~blank_rows(texts)), texts, pa.scalar(None, pa.string())))
    wrong = ~fits & ~unknown & as_mask(texts.is_valid())
    written = pc.binary_join_element_wise(pc.replace_substring(sign, "+", ""), digits, "")
    return pc.if_else(pa.array(fits), written, pa.scalar(None, pa.string())).cast(pa.int64()), wrong
