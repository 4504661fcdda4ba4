"""Columns of any type as strings, exactly, or not at all."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from explore.posts.verdicts import Verdict

EXACT_BELOW = {16: 2**11, 32: 2**24, 64: 2**53}  # bits of a float -> from here on it skips whole numbers


def as_strings(values: pa.Array, verdict: Verdict, *, damaged: str = "bad_id") -> pa.Array:
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
        verdict.reject(as_mask(values.is_valid()), "bad_value")
        return pa.nulls(len(values), pa.string())


def _valid_utf8(values: pa.Array, verdict: Verdict) -> pa.Array:
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


def _whole_ids(values: pa.Array, verdict: Verdict, damaged: str) -> pa.Array:
    """Ids that were stored as decimal numbers, as digits; those that may have been rounded are rejected."""
    numbers = values.cast(pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)
    exact = (
        np.isfinite(numbers) & (numbers == np.floor(numbers)) & (np.abs(numbers) < EXACT_BELOW[values.type.bit_width])
    )
    verdict.reject(~exact & ~np.isnan(numbers), damaged)
    missing = ~as_mask(values.is_valid()) | np.isnan(numbers)
    return pa.array(np.where(exact, numbers, 0).astype(np.int64), mask=missing).cast(pa.string())


def blank_rows(values: pa.Array) -> np.ndarray:
    """Rows that are null or hold nothing but white space."""
    return ~as_mask(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(values)), 0))


def as_mask(values: pa.Array) -> np.ndarray:
    """A boolean arrow array as numpy, null as False."""
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False))
