"""How clocks, zones and months are written: what is read, and what a time that is not read would mean.

A number is taken for a time only where one clock gives a moment from 2000 to 2099: no other clock in use comes near.
Everything else is quarantined with the dates that it might be, because nobody can tell which one is meant.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

import numpy as np

FROM, UNTIL = 946_684_800, 4_102_444_800  # seconds: 2000-01-01 and 2100-01-01
_SINCE_1601 = 11_644_473_600  # seconds from 1601 to 1970
_SINCE_2001 = -978_307_200
_SINCE_YEAR_1 = 62_135_596_800
_OTHER_YEAR = re.compile(r"(?:\d{1,2}[-/.]\d{1,2}[-/.])?(1[34]\d\d|25[2-9]\d)(?:[-/. T]|$)")
_SHORT_YEAR = re.compile(r"\d{1,2}([-/.])\d{1,2}\1\d\d(?:\D|$)|\d{1,2}[- ][^\W\d]{3,9}\.?[- ]\d\d(?:\D|$)")
_ZONE_NAME = re.compile(r"\[([A-Z][\w+-]*(?:/[\w+-]+)*)\]$|\d\s([A-Z]\w+(?:/[\w+-]+)+)$")
_WRITTEN_OUT = re.compile(r"\d.*\b(?:19|20)\d\d\b|\b(?:19|20)\d\d\b.*\d")
_ABBREVIATION = re.compile(r"\d:\d\d\S*\s?\b([A-Z]{3,5})(?: \d{4})?$")

NO_OFFSET = 24 * 60  # minutes; where an abbreviation tells none
_OLDEST, _DAY = 315_532_800, 86_400  # seconds: 1980-01-01, and how long no zone changes its clocks twice
_LONGEST = 100  # characters of a time; what is longer is not looked into


@dataclass(frozen=True)
class Clock:
    """A clock whose numbers are ticks, so many per second, from `since` seconds before 1970."""

    name: str
    per_second: int
    since: int = 0
    whole: int = 1

    @property
    def ticks(self) -> tuple[int, int]:
        """The numbers [first, last) that this clock shows from 2000 to 2099; only multiples of `whole` are its own."""
        return (FROM + self.since) * self.per_second, (UNTIL + self.since) * self.per_second


# A clock that ticks below the microsecond, as time.time_ns() does
NANOSECONDS = Clock("epoch ns, cut to µs", 10**9)
_FEWEST_TICKS = 5  # different numbers, before a column of them is believed
_IN_A_MILLISECOND, _FEW_IN_IT = 2**12, 2**6  # ids of X/Twitter count posts of one millisecond in their last bits
MILLISECONDS = Clock("epoch ms", 10**3)
# An id of X/Twitter is as large as a time in nanoseconds, but next to never a whole number of microseconds.
READ = (
    Clock("epoch s", 1),
    MILLISECONDS,
    Clock("epoch µs", 10**6),
    Clock("epoch ns", 10**9, whole=10**3),
    NANOSECONDS,
    Clock("Windows file time", 10**7, _SINCE_1601),
    Clock("WebKit µs", 10**6, _SINCE_1601),
)
# What other clocks would make of a number: words, ticks a second, seconds before 1970, years that are believed
_UNREAD = (
    ("seconds from 1970", 1, 0, 1980, 2040),
    ("milliseconds from 1970", 10**3, 0, 1980, 2040),
    ("microseconds from 1970", 10**6, 0, 1980, 2040),
    ("nanoseconds from 1970", 10**9, 0, 1980, 2040),
    ("seconds from 2001, as Apple does", 1, _SINCE_2001, 2004, 2040),
    ("milliseconds from 2001, as Apple does", 10**3, _SINCE_2001, 2004, 2040),
    ("microseconds from 2001, as Apple does", 10**6, _SINCE_2001, 2004, 2040),
    ("nanoseconds from 2001, as Apple does", 10**9, _SINCE_2001, 2004, 2040),
    ("ticks from the year 1, as .NET does", 10**7, _SINCE_YEAR_1, 2000, 2040),
)
_DAYS = range(36_526, 73_051)  # 2000-01-01 to 2099-12-31 as spreadsheets count days
_SPREADSHEET = datetime(1899, 12, 30, tzinfo=UTC)

# Abbreviations that mean one offset (minutes) wherever they are used. CST, CDT, IST, BST, PST, AST, MST, SST and their
# like have several; they are read only where the declared zone uses them itself.
_ONE_MEANING = {
    "UTC": 0, "GMT": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180,
    "EST": -300, "EDT": -240, "MDT": -360, "AKST": -540, "AKDT": -480,
    "JST": 540, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780,
}  # fmt: skip


@dataclass(frozen=True)
class Period:
    """While an abbreviation meant `minutes` ahead of UTC, in seconds from 1970 [start, end)."""

    name: str
    minutes: int
    start: float = -math.inf
    end: float = math.inf


# Those that changed: Moscow's winter time was that of the whole year 2011-2014 and an hour more; it was not used from
# 1991-03-31 to 1992-01-19. North Korea's clocks were half an hour behind South Korea's from 2015-08-15 to 2018-05-04.
# The Philippines had a PDT in the summer of 1990.
_CHANGED = (
    Period("MSK", 180, end=670_374_000),
    Period("MSK", 180, 695_779_200, 1_301_180_400),
    Period("MSK", 240, 1_301_180_400, 1_414_274_400),
    Period("MSK", 180, 1_414_274_400),
    Period("KST", 540, end=1_439_564_400),
    Period("KST", 540, start=1_525_446_000),
    Period("PDT", -420, end=643_219_200),
    Period("PDT", -420, start=649_177_200),
)
_EVERYWHERE = (*(Period(name, minutes) for name, minutes in _ONE_MEANING.items()), *_CHANGED)

# Months by whole words, in English, German, French, Spanish, Italian, Portuguese and Dutch.
MONTHS: tuple[tuple[str, ...], ...] = tuple(
    tuple(line.split())
    for line in """
jan january januar jänner janvier janv ene enero gen gennaio janeiro januari
feb february februar février févr fév febrero febbraio fev fevereiro februari
mar march märz mär mrz mars marzo março maart mrt
apr april avril avr abr abril aprile
may mai mayo mag maggio maio mei
jun june juni juin junio giu giugno junho
jul july juli juillet juil julio lug luglio julho
aug august août aou ago agosto augustus
sep sept september septembre septiembre set settembre setembro
oct october okt oktober octobre octubre ott ottobre out outubro
nov november novembre noviembre novembro
dec december dez dezember déc décembre dic diciembre dicembre dezembro
""".strip().split("\n")
)


def ahead_of_utc(name: str, local: np.ndarray, tz: tzinfo) -> np.ndarray:
    """Minutes ahead of UTC (n,) of local times (n,), in seconds from 1970, beside an abbreviation; else NO_OFFSET.

    What the zone `tz` itself called so then comes first; next what was called so everywhere; last the only thing that
    `tz` ever called so.
    """
    own = [period for period in _periods(tz) if period.name == name]
    found = _at_the_time(own, local)
    if (missing := found == NO_OFFSET).any():
        found = np.where(missing, _at_the_time([one for one in _EVERYWHERE if one.name == name], local), found)
    ever = {period.minutes for period in own}
    return np.where(found == NO_OFFSET, ever.pop(), found) if len(ever) == 1 else found


def _at_the_time(periods: Sequence[Period], local: np.ndarray) -> np.ndarray:
    """The offset in force at local times (n,); NO_OFFSET where there is none or several."""
    least, most = np.full(len(local), NO_OFFSET), np.full(len(local), -NO_OFFSET)
    for period in periods:
        moments = local - period.minutes * 60
        inside = (moments >= period.start) & (moments < period.end)
        least = np.where(inside, np.minimum(least, period.minutes), least)
        most = np.where(inside, np.maximum(most, period.minutes), most)
    return np.where(least == most, least, NO_OFFSET)


@lru_cache(maxsize=8)
def _periods(tz: tzinfo) -> tuple[Period, ...]:
    """What a zone called its time from 1980 to 2100, in order; only abbreviations of letters."""
    found: list[Period] = []
    before, start = _called(tz, _OLDEST), -math.inf
    for day in range(_OLDEST, UNTIL, _DAY):
        if (after := _called(tz, day + _DAY)) == before:
            continue
        found.append(Period(*before, start, _end(tz, before, day)))
        before, start = after, found[-1].end
    return tuple(one for one in (*found, Period(*before, start)) if one.name.isalpha())


def _end(tz: tzinfo, before: tuple[str, int], day: int) -> int:
    """The second of a day from which a zone calls its time otherwise than `before`."""
    return day + bisect_left(range(day, day + _DAY), True, key=lambda moment: _called(tz, moment) != before)


def _called(tz: tzinfo, moment: int) -> tuple[str, int]:
    """The abbreviation and the minutes ahead of UTC in a zone at a moment, in seconds from 1970."""
    local = datetime.fromtimestamp(moment, tz)
    return local.tzname() or "", int((local.utcoffset() or timedelta()) / timedelta(minutes=1))


def are_nanoseconds(numbers: np.ndarray) -> bool:
    """Whether different numbers (n,) int64 as large as times in nanoseconds are such times and not ids of X/Twitter.

    The last 12 bits of an id are 0 or little more; those of a time are spread evenly, below 64 in 1 of 64.
    """
    different = np.unique(numbers)
    return len(different) >= _FEWEST_TICKS and float(np.mean(different % _IN_A_MILLISECOND < _FEW_IN_IT)) < 0.3


def meanings(text: str) -> str:
    """What a time that is not read might be, in words, and how to mend it; "" where there is nothing to say."""
    if len(text) > _LONGEST:
        return ""
    if re.fullmatch(r"\d{5,20}(?:[.,]\d+)?", text):
        found = _as_number(int(re.split("[.,]", text)[0]))
        if found:
            return f"it is {' or '.join(found)}; write such times out, like 2024-05-01T10:00:00Z"
    if year := _OTHER_YEAR.match(text):
        return f"the year {year[1]} is of another calendar (Buddhist, Persian, Islamic); write it as in 2024-05-01"
    if _SHORT_YEAR.match(text):
        return "the year has two digits, so day, month and year cannot be told apart; write it as in 2024-05-01"
    if named := _ZONE_NAME.search(text):
        return (
            f"it names a zone, {named[1] or named[2]}, which is not read; write the offset in its place, "
            "like 2024-05-01T10:00:00+02:00"
        )
    zone = _ABBREVIATION.search(text)
    if zone and zone[1] in {period.name for period in _CHANGED}:
        return f"{zone[1]} had no or several meanings then; write the offset, like +09:00, or say the zone with --tz"
    if zone and zone[1] not in _ONE_MEANING:
        return f"{zone[1]} is not the same in all countries; say which is meant with --tz, like --tz America/Chicago"
    if _WRITTEN_OUT.search(text):
        return "the time cannot be read; write such times like 2024-05-01T10:00:00Z"
    return ""


def _as_number(number: int) -> list[str]:
    """The dates that the clocks and ids in use would make of a number."""
    found = []
    for words, per_second, since, first, last in _UNREAD:
        seconds = number / per_second - since
        if 0 < seconds < UNTIL and first <= (moment := datetime.fromtimestamp(seconds, UTC)).year < last:
            found.append(f"{moment:%Y-%m-%d} in {words}")
    if number in _DAYS:
        found.append(f"{_SPREADSHEET + timedelta(days=number):%Y-%m-%d} in days, as a spreadsheet counts them")
    if 10**16 < number < 2**63:
        ids = (("X/Twitter", (number >> 22) / 1000 + 1_288_834_974.657), ("TikTok", number >> 32))
        found += [
            f"an id of {platform} ({datetime.fromtimestamp(seconds, UTC):%Y-%m-%d})"
            for platform, seconds in ids
            if 1_300_000_000 < seconds < UNTIL - FROM
        ]
    return found
