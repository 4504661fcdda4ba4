"""How clocks, zones and months are written: what is read, and what a time that is not read would mean.

A number is taken for a time only where one clock gives a moment from 2000 to 2099: no other clock in use comes near.
Everything else is quarantined with the dates that it might be, because nobody can tell which one is meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

FROM, UNTIL = 946_684_800, 4_102_444_800  # seconds: 2000-01-01 and 2100-01-01
_SINCE_1601 = 11_644_473_600  # seconds from 1601 to 1970
_SINCE_2001 = -978_307_200
_SINCE_YEAR_1 = 62_135_596_800
_OTHER_YEAR = re.compile(r"(?:\d{1,2}[-/.]\d{1,2}[-/.])?(1[34]\d\d|25[2-9]\d)(?:[-/. T]|$)")
_SHORT_YEAR = re.compile(r"\d{1,2}([-/.])\d{1,2}\1\d\d(?:\D|$)|\d{1,2}[- ][^\W\d]{3,9}\.?[- ]\d\d(?:\D|$)")
_ABBREVIATION = re.compile(r"\d:\d\d\S*\s?\b([A-Z]{3,5})(?: \d{4})?$")


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
# An id of X/Twitter is as large as a time in nanoseconds, but next to never a whole number of microseconds.
READ = (
    Clock("epoch s", 1),
    Clock("epoch ms", 10**3),
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

# Abbreviations that mean one offset (minutes) wherever they are used today. CST, CDT, IST, BST, PST, AST, MST, SST and
# their like have several; they are read only where the declared zone uses them itself.
_ONE_MEANING = {
    "UTC": 0, "GMT": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "MSK": 180,
    "EST": -300, "EDT": -240, "MDT": -360, "PDT": -420, "AKST": -540, "AKDT": -480,
    "JST": 540, "KST": 540, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780,
}  # fmt: skip

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


def offsets(tz: tzinfo) -> dict[str, int]:
    """Abbreviation -> minutes ahead of UTC: those with one meaning, and those that the zone `tz` itself uses today."""
    found = dict(_ONE_MEANING)
    for month in (1, 7):
        moment = datetime(2024, month, 15, 12, tzinfo=tz)
        name, ahead = moment.tzname() or "", moment.utcoffset() or timedelta()
        if name.isalpha():
            found[name] = int(ahead / timedelta(minutes=1))
    return found


def are_nanoseconds(numbers: np.ndarray) -> bool:
    """Whether different numbers (n,) int64 as large as times in nanoseconds are such times and not ids of X/Twitter.

    The last 12 bits of an id are 0 or little more; those of a time are spread evenly, below 64 in 1 of 64.
    """
    different = np.unique(numbers)
    return len(different) >= _FEWEST_TICKS and float(np.mean(different % _IN_A_MILLISECOND < _FEW_IN_IT)) < 0.3


def meanings(text: str) -> str:
    """What a time that is not read might be, in words, and how to mend it; "" where there is nothing to say."""
    if re.fullmatch(r"\d{5,20}(?:[.,]\d+)?", text):
        found = _as_number(int(re.split("[.,]", text)[0]))
        if found:
            return f"it is {' or '.join(found)}; write such times out, like 2024-05-01T10:00:00Z"
    if year := _OTHER_YEAR.match(text):
        return f"the year {year[1]} is of another calendar (Buddhist, Persian, Islamic); write it as in 2024-05-01"
    if _SHORT_YEAR.match(text):
        return "the year has two digits, so day, month and year cannot be told apart; write it as in 2024-05-01"
    zone = _ABBREVIATION.search(text)
    if zone and zone[1] not in _ONE_MEANING:
        return f"{zone[1]} is not the same in all countries; say which is meant with --tz, like --tz America/Chicago"
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
