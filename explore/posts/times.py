"""Times as exporters write them -> microseconds since 1970 in UTC, a whole column at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from explore.errors import Refused, brief
from explore.posts import clocks
from explore.posts.schema import WRITTEN_NULLS

OK, MISSING, BAD, OUT_OF_RANGE, UNCLEAR = 0, 1, 2, 3, 4
NAIVE, DAY, CUT, WEEKDAY = 1, 2, 4, 8  # bits of `Times.marks`

_FIRST = 315_532_800_000_000  # 1980-01-01: no platform's posts are older
_LAST = 4_102_444_800_000_000  # 2100-01-01

_MONTHS = {word: place for place, words in enumerate(clocks.MONTHS, 1) for word in words}
_MONTH_WORDS, _MONTH_NUMBERS = pa.array(list(_MONTHS)), np.array([0, *_MONTHS.values()], np.int64)
_CLOCK = r"(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?\s?(?P<ap>[AaPp]\.?[Mm]\.?)?"
# A comment such as (CET) counts only behind an offset: alone it would be dropped, and the time read in another zone
_ZONE = r"(?:\s?(?P<z>Z|z|UTC|GMT|(?:UTC|GMT)?[+-]\d{2}:?\d{2}|[+-]\d{2}|[A-Z]{3,5})(?:\s\([^)]*\))?)?"
_AFTER_NUMBERS = r"[/.-](?P<y>\d{4})(?:,?[T\s]\s?" + _CLOCK + _ZONE + ")?"
_DAY_NAME = r"(?:(?P<a>(?i:(?:Mon|Tue|Tues|Wed|Wednes|Thu|Thurs|Fri|Sat|Satur|Sun)(?:day)?)),?\s)?"
_DAYS = pa.array(["thu", "fri", "sat", "sun", "mon", "tue", "wed"])  # from 1970-01-01 on
_MONTH = r"(?P<b>[A-Za-zÀ-ÿ]{3,12})"

# Each pattern names what it finds: a (day's name) y m d H M S f (fraction) ap (am/pm) z (zone) b (month's name).
_PATTERNS = {
    "ISO 8601": r"(?P<y>\d{4})[-/](?P<m>\d{1,2})[-/](?P<d>\d{1,2})(?:[T\s]\s?" + _CLOCK + _ZONE + ")?",
    "Twitter": _DAY_NAME + _MONTH + r"\s(?P<d>\d{1,2})\s" + _CLOCK + _ZONE + r"\s(?P<y>\d{4})",
    "e-mail": _DAY_NAME
    + r"(?P<d>\d{1,2})[\s-]"
    + _MONTH
    + r"\.?,?[\s-](?P<y>\d{4})(?:,?\s(?:at\s)?"
    + _CLOCK
    + _ZONE
    + ")?",
    "month first": _DAY_NAME + _MONTH + r"\.?\s(?P<d>\d{1,2}),?\s(?P<y>\d{4})(?:,?\s(?:at\s)?" + _CLOCK + _ZONE + ")?",
    "compact": r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:T?(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2})" + _ZONE + ")?",
}
_BY_ORDER = {
    "dmy": r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})" + _AFTER_NUMBERS,
    "mdy": r"(?P<m>\d{1,2})[/.-](?P<d>\d{1,2})" + _AFTER_NUMBERS,
}

_FARTHEST = 14 * 60  # minutes from UTC of the clocks that are farthest ahead
_NOTHING = 1e-6  # microseconds, which binary fractions leave behind
_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_NUMBER = r"^(?:\d{9,18}|[1-4]\d{18})(?:\.\d+)?$"
_NO_TIME = pa.array(["", "NaT", *WRITTEN_NULLS])


@dataclass(frozen=True)
class Times:
    """A column of times: `micros` int64 (0 where state is not OK), `state` uint8, and the formats that were met.

    marks: uint8 bits: NAIVE, a time of day without a zone; DAY, no time of day; CUT, finer than the microsecond kept;
    WEEKDAY, beside the name of a day that the date does not fall on.
    """

    micros: np.ndarray
    state: np.ndarray
    marks: np.ndarray
    formats: frozenset[str] = field(default_factory=frozenset)


def zone(name: str) -> tzinfo:
    """The zone called `name`: an IANA name, "UTC" or an offset such as +03:00. Raises Refused for anything else."""
    offset = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{2}):?(\d{2})?", name)
    if offset and int(offset[2]) < 15:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    if name in {"UTC", "Z", "GMT"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Refused(f"Time zone '{name}' is not known; say --tz Europe/Berlin, --tz UTC or --tz +03:00.") from None


def parse_times(values: pa.Array, *, column: str, tz: tzinfo, date_order: str | None) -> Times:
    """Read a column of times of any arrow type.

    Times without a zone are taken as local time in `tz`, and so are those in an abbreviation that only `tz` explains.
    Numbers count from 1970 (or 1601), their unit told by their size; those that other clocks may mean are BAD.
    Raises Refused for dates such as 01/03/2024 while `date_order` is None and for floats too short to hold a time.
    """
    kind = values.type
    if pa.types.is_null(kind):
        return Times(
            np.zeros(len(values), np.int64), np.full(len(values), MISSING, np.uint8), np.zeros(len(values), np.uint8)
        )
    if pa.types.is_dictionary(kind):
        return parse_times(values.dictionary_decode(), column=column, tz=tz, date_order=date_order)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _stamps(values, tz=tz)
    if pa.types.is_floating(kind) and kind.bit_width < 64:
        _refuse_short_floats(values, column)
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        values = _as_text(values)
    return _texts(values, column=column, tz=tz, date_order=date_order)


def _refuse_short_floats(values: pa.Array, column: str) -> None:
    """Refuse times in floats of 32 bits and less: near 2024 they step by 128 s, in milliseconds by 131 s."""
    if any(value is not None and value == value for value in values.to_pylist()):
        raise Refused(
            f"The times in column '{brief(column)}' are {values.type.bit_width}-bit decimal numbers, too short to hold "
            "a time: moments minutes apart have become one. Export them as timestamps or whole numbers, or go without "
            "times with --map created_at=."
        )


def _as_text(values: pa.Array) -> pa.Array:
    """Numbers as digits; a decimal number keeps microseconds."""
    if pa.types.is_floating(values.type):
        return pa.array([None if v is None or v != v else f"{v:.6f}" for v in values.to_pylist()], pa.string())
    try:
        return values.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.nulls(len(values), pa.string())


def _stamps(values: pa.Array, *, tz: tzinfo) -> Times:
    """Arrow timestamps and dates; those without a zone are local to `tz`. Below a microsecond is cut off."""
    missing = values.is_null().to_numpy(zero_copy_only=False)
    aware = pa.types.is_timestamp(values.type) and values.type.tz is not None
    name = "timestamp" if pa.types.is_timestamp(values.type) else "date"
    if not pa.types.is_timestamp(values.type):
        values = values.cast(pa.timestamp("ms" if pa.types.is_date64(values.type) else "s"))
    ticks = values.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    per_second = _TICKS[values.type.unit]
    near = np.abs(ticks) < 2 * _LAST // 10**6 * per_second  # beyond, microseconds might overflow into another year
    seconds, rest = np.divmod(np.where(near, ticks, 0), per_second)
    micros = np.where(near, seconds * 10**6 + rest * 10**6 // per_second, _LAST)
    state = np.where(missing, MISSING, OK).astype(np.uint8)
    if not aware:
        micros = _localise(micros, state, tz)
    whole = 0 if aware else NAIVE if name == "timestamp" else DAY
    marks = np.where(rest * 10**6 % per_second > 0, whole | CUT, whole).astype(np.uint8)
    return _ranged(micros, state, marks, frozenset({name if aware else f"{name} without zone"}))


@dataclass(frozen=True)
class _Reading:
    """The rows that have one format: their microseconds, whether the date exists, whether the zone is missing.

    marks: see `Times`.
    """

    format: str
    rows: np.ndarray
    micros: np.ndarray
    real: np.ndarray
    naive: np.ndarray
    marks: np.ndarray


def _texts(values: pa.Array, *, column: str, tz: tzinfo, date_order: str | None) -> Times:
    """Parse each distinct text once, then spread the results."""
    coded = pc.utf8_trim_whitespace(values).dictionary_encode()
    distinct = coded.dictionary.cast(pa.string())
    micros = np.zeros(len(distinct) + 1, np.int64)
    state = np.full(len(distinct) + 1, BAD, np.uint8)
    marks = np.zeros(len(distinct) + 1, np.uint8)
    state[-1] = MISSING
    state[:-1][_mask(pc.is_in(distinct, value_set=_NO_TIME))] = MISSING
    formats: set[str] = set()
    for reading in _readings(distinct, np.flatnonzero(state == BAD), column=column, tz=tz, date_order=date_order):
        formats.add(reading.format + (" without zone" if reading.naive[reading.real].any() else ""))
        status = np.where(reading.real, OK, BAD).astype(np.uint8)
        micros[reading.rows] = _localise(reading.micros, status, tz, only=reading.naive)
        state[reading.rows], marks[reading.rows] = status, reading.marks
    codes = coded.indices.fill_null(len(distinct)).to_numpy(zero_copy_only=False)
    return _ranged(micros[codes], state[codes], marks[codes], frozenset(formats))


def _readings(
    distinct: pa.Array, left: np.ndarray, *, column: str, tz: tzinfo, date_order: str | None
) -> Iterator[_Reading]:
    """Every format that some of the rows `left` have, with these rows."""
    numbers, left = _split(distinct, left, _NUMBER)
    for reading in _epochs(distinct, numbers):
        yield reading
        numbers = np.setdiff1d(numbers, reading.rows)
    left = np.union1d(left, numbers)
    ordered = {f"dates {date_order}": _BY_ORDER[date_order]} if date_order else {}
    for name, pattern in (_PATTERNS | ordered).items():
        rows, left = _split(distinct, left, f"^(?:{pattern})$")
        if len(rows):
            yield _from_parts(name, rows, pc.extract_regex(distinct.take(pa.array(rows)), f"^(?:{pattern})$"), tz=tz)
    if date_order is None and len(left):
        _refuse_unordered(distinct.take(pa.array(left)), column)


def _split(texts: pa.Array, rows: np.ndarray, pattern: str) -> tuple[np.ndarray, np.ndarray]:
    """The rows whose text matches, and the others."""
    if not len(rows):
        return rows, rows
    hit = _mask(pc.match_substring_regex(texts.take(pa.array(rows)), pattern))
    return rows[hit], rows[~hit]


def _epochs(texts: pa.Array, rows: np.ndarray) -> Iterator[_Reading]:
    """Numbers of the clocks that are read, told by their size; exact to the microsecond."""
    if not len(rows):
        return
    parts = pc.extract_regex(texts.take(pa.array(rows)), r"^(?P<whole>\d+)(?:\.(?P<part>\d+))?$")
    whole = pc.struct_field(parts, "whole").cast(pa.int64()).to_numpy(zero_copy_only=False)
    part = pc.binary_join_element_wise("0.", pc.struct_field(parts, "part"), "0", "")
    share = part.cast(pa.float64()).to_numpy(zero_copy_only=False)
    for clock in clocks.READ:
        first, last = clock.ticks
        inside = (whole >= first) & (whole < last) & (whole % clock.whole == 0)
        if clock is clocks.NANOSECONDS:
            inside &= (whole % 10**3 > 0) & clocks.are_nanoseconds(whole[inside])
        if not inside.any():
            continue
        seconds, rest = np.divmod(whole[inside], clock.per_second)
        micros = (seconds - clock.since) * 10**6 + rest * 10**6 // clock.per_second
        more = share[inside] * 10**6 / clock.per_second
        micros += np.round(more).astype(np.int64)
        cut = (rest * 10**6 % clock.per_second > 0) | (np.abs(more - np.round(more)) > _NOTHING)
        all_, none = np.ones(len(micros), bool), np.zeros(len(micros), bool)
        yield _Reading(clock.name, rows[inside], micros, all_, none, np.where(cut, CUT, 0).astype(np.uint8))


def _from_parts(name: str, rows: np.ndarray, parts: pa.StructArray, *, tz: tzinfo) -> _Reading:
    """Microseconds from the named parts of a pattern; a date that does not exist is not real."""
    names = {parts.type.field(i).name for i in range(parts.type.num_fields)}
    year, day = _number(parts, "y"), _number(parts, "d")
    month = _month(parts) if "b" in names else _number(parts, "m")
    hour, minute, second = (_number(parts, key) for key in "HMS")
    hour, clock_ok = _hour24(hour, pc.struct_field(parts, "ap")) if "ap" in names else (hour, np.ones(len(rows), bool))
    micro = _number(parts, "f", digits=6) if "f" in names else np.zeros(len(rows), np.int64)
    first = (np.clip(year, 1, 9999) - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (
        np.clip(month, 1, 12) - 1
    )
    date = first.astype("datetime64[D]") + (day - 1)
    real = (month >= 1) & (month <= 12) & (day >= 1) & (date.astype("datetime64[M]") == first) & (year >= 1)
    real &= clock_ok & (hour < 24) & (minute < 60) & (second < 60)
    local = date.astype(np.int64) * 86_400 + hour * 3_600 + minute * 60 + second
    offset, naive = _offset(pc.struct_field(parts, "z"), local, tz)
    real &= np.abs(offset) <= _FARTHEST
    seconds = local - offset * 60
    day = _mask(pc.equal(pc.struct_field(parts, "H"), "")) if "H" in names else np.ones(len(rows), bool)
    cut = (
        _mask(pc.match_substring_regex(pc.struct_field(parts, "f"), r"^\d{6}0*[1-9]")) if "f" in names else ~real & real
    )
    marks = np.where(day, DAY, np.where(naive, NAIVE, 0)) | np.where(cut, CUT, 0)
    if "a" in names:
        named = pc.index_in(pc.utf8_slice_codeunits(pc.utf8_lower(pc.struct_field(parts, "a")), 0, 3), value_set=_DAYS)
        places = named.fill_null(-1).to_numpy(zero_copy_only=False)
        marks |= np.where((places >= 0) & (places != date.astype(np.int64) % 7), WEEKDAY, 0)
    return _Reading(name, rows, seconds * 10**6 + micro, real, naive, marks.astype(np.uint8))


def _number(parts: pa.StructArray, name: str, *, digits: int | None = None) -> np.ndarray:
    """A part as int64, 0 where absent; with `digits`, a decimal fraction cut or filled up to so many digits."""
    text = pc.struct_field(parts, name)
    if digits is not None:
        text = pc.utf8_slice_codeunits(pc.utf8_rpad(text, digits, "0"), 0, digits)
    text = pc.if_else(pc.equal(text, ""), "0", text)
    return np.asarray(text.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False))


def _month(parts: pa.StructArray) -> np.ndarray:
    """The month that a whole word names in a language we know, 0 for any other word."""
    places = pc.index_in(pc.utf8_lower(pc.struct_field(parts, "b")), value_set=_MONTH_WORDS)
    return np.asarray(_MONTH_NUMBERS[places.fill_null(-1).to_numpy(zero_copy_only=False) + 1])


def _hour24(hour: np.ndarray, half: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The hour of the day under am/pm, and whether the hour fits it."""
    letter = pc.utf8_lower(pc.utf8_slice_codeunits(half, 0, 1))
    am, pm = _mask(pc.equal(letter, "a")), _mask(pc.equal(letter, "p"))
    fits = ~(am | pm) | ((hour >= 1) & (hour <= 12))
    return np.where(am, hour % 12, np.where(pm, hour % 12 + 12, hour)), fits


def _offset(zones: pa.Array, local: np.ndarray, tz: tzinfo) -> tuple[np.ndarray, np.ndarray]:
    """Minutes ahead of UTC (a day for a zone that cannot be told), and whether no zone was given.

    local: the times (n,) in seconds from 1970, for abbreviations that changed their meaning.
    """
    parts = pc.extract_regex(zones, r"^(?:UTC|GMT)?(?P<sign>[+-])(?P<h>\d{2}):?(?P<m>\d{2})?$")
    shown = parts.is_valid()
    sign = np.where(_mask(pc.equal(pc.struct_field(parts, "sign"), "-")), -1, 1)
    minutes = _number(parts, "h") * 60 + _number(parts, "m")
    minutes = np.where(_number(parts, "m") < 60, minutes, clocks.NO_OFFSET)
    named = np.zeros(len(zones), np.int64)
    for name in pc.unique(zones.filter(pc.match_substring_regex(zones, "^[A-Z]{3,5}$"))).to_pylist():
        rows = _mask(pc.equal(zones, name))
        named[rows] = clocks.ahead_of_utc(name, local[rows], tz)
    return np.where(_mask(shown), sign * minutes, named), _mask(pc.equal(zones, ""))


def _localise(micros: np.ndarray, state: np.ndarray, tz: tzinfo, *, only: np.ndarray | None = None) -> np.ndarray:
    """UTC microseconds of local ones; marks in `state` those that happened twice or never."""
    rows = np.flatnonzero((state == OK) & (micros > _FIRST - 10**11) & (micros < _LAST + 10**11))
    rows = rows if only is None else rows[only[rows]]
    if tz is UTC or not len(rows):
        return micros
    import pandas as pd  # half a second, which only files with local times need

    stamps = pd.DatetimeIndex(micros[rows].view("datetime64[us]"))
    local = stamps.tz_localize(tz, ambiguous="NaT", nonexistent="NaT").tz_convert("UTC")
    micros = micros.copy()
    micros[rows] = np.where(local.isna(), 0, local.as_unit("us").asi8)
    state[rows[local.isna()]] = UNCLEAR
    return micros


def _ranged(micros: np.ndarray, state: np.ndarray, marks: np.ndarray, formats: frozenset[str]) -> Times:
    """Mark what lies outside the plausible years; 0 wherever there is no good time."""
    outside = (state == OK) & ((micros < _FIRST) | (micros >= _LAST))
    state = np.where(outside, OUT_OF_RANGE, state).astype(np.uint8)
    return Times(np.where(state == OK, micros, 0), state, marks, formats)


def _refuse_unordered(texts: pa.Array, column: str) -> None:
    """Refuse dates of which nobody can tell whether the day or the month comes first."""
    dates = texts.filter(pc.match_substring_regex(texts, f"^(?:{_BY_ORDER['dmy']})$"))
    if not len(dates):
        return
    parts = pc.extract_regex(dates, f"^(?:{_BY_ORDER['dmy']})$")
    first, second = _number(parts, "d"), _number(parts, "m")
    shown = [dates[int(np.argmax(first))].as_py()]
    if (other := dates[int(np.argmax(second))].as_py()) not in shown:
        shown.append(other)
    hint = ""
    if first.max() > 12 >= second.max():
        hint = " These read as dmy."
    elif second.max() > 12 >= first.max():
        hint = " These read as mdy."
    examples = " and ".join(f"'{text}'" for text in shown)
    raise Refused(f"Column '{column}' holds {examples}; say --date-order dmy or mdy.{hint}")


def _mask(values: pa.Array) -> np.ndarray:
    """A boolean arrow array as numpy, null as False."""
    return np.asarray(values.fill_null(False).to_numpy(zero_copy_only=False))
