from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from explore.errors import Refused
from explore.posts.times import BAD, MISSING, OK, OUT_OF_RANGE, UNCLEAR, parse_times, zone

WHEN = datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)


def read(*values: Any, tz: str = "UTC", date_order: str | None = None) -> list[datetime | int]:
    """Each value as a time, or the state that says why it is none."""
    found = parse_times(pa.array(values), column="when", tz=zone(tz), date_order=date_order)
    stamps = found.micros.view("datetime64[us]").astype(object)
    return [
        at.replace(tzinfo=UTC) if state == OK else int(state) for at, state in zip(stamps, found.state, strict=True)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2018-10-10T20:19:24Z",
        "2018-10-10 20:19:24",
        "2018-10-10T22:19:24+02:00",
        "2018-10-10T16:19:24.000-0400",
        "2018-10-10 20:19:24 UTC",
        "2018/10/10 20:19:24",
        "1539202764",
        "1539202764000",
        "1539202764000000",
        "1539202764000000000",
        "1539202764.0",
        "Wed Oct 10 20:19:24 +0000 2018",
        "Wed, 10 Oct 2018 20:19:24 GMT",
        "Wed Oct 10 2018 22:19:24 GMT+0200 (Central European Summer Time)",
        "October 10, 2018 8:19:24 PM",
        "10 Oct 2018, 20:19:24",
        "10-Oct-2018 20:19:24",
        "10-Oct-2018 8:19:24PM",
        "20181010T201924Z",
        " 2018-10-10T20:19:24Z ",
    ],
)
def test_a_usual_way_to_write_a_time_is_read(text: str) -> None:
    assert read(text) == [WHEN]


def test_a_day_with_a_month_in_letters_between_dashes_is_read() -> None:
    assert read("10-Oct-2018", "10-OCT-2018", "10-Oct-18") == [datetime(2018, 10, 10, tzinfo=UTC)] * 2 + [BAD]


def test_fractions_of_a_second_are_kept_to_the_microsecond() -> None:
    assert read("2018-10-10T20:19:24.123456789Z") == [WHEN.replace(microsecond=123456)]
    assert read("1539202764.5", "1539202764123") == [
        WHEN.replace(microsecond=500_000),
        WHEN.replace(microsecond=123_000),
    ]


def test_times_without_zone_are_local_to_the_declared_zone() -> None:
    assert read("2018-10-10 22:19:24", tz="Europe/Berlin") == [WHEN]
    assert read("2018-10-10 23:19:24", tz="+03:00") == [WHEN]
    assert read("2018-10-10T20:19:24Z", tz="Europe/Berlin") == [WHEN]


def test_a_local_time_that_happened_twice_or_never_is_unclear() -> None:
    assert read("2018-10-28 02:30:00", "2018-03-25 02:30:00", tz="Europe/Berlin") == [UNCLEAR, UNCLEAR]


def test_dates_with_two_readings_need_an_order() -> None:
    with pytest.raises(
        Refused, match=r"Column 'when' holds '13/01/2024' and '01/13/2024'; say --date-order dmy or mdy"
    ):
        read("13/01/2024", "01/13/2024")
    with pytest.raises(Refused, match="read as dmy"):
        read("13/01/2024", "01/02/2024")
    assert read("10/10/2018 20:19:24", "13/01/2024", date_order="mdy") == [WHEN, BAD]
    assert read("01/03/2024", date_order="dmy") == [datetime(2024, 3, 1, tzinfo=UTC)]
    assert read("01.03.2024", date_order="mdy") == [datetime(2024, 1, 3, tzinfo=UTC)]


def test_what_is_no_time_says_why() -> None:
    assert read("2024-02-30", "2024-13-01", "25:00", "soon", "12", "") == [BAD, BAD, BAD, BAD, BAD, MISSING]
    assert read("0001-01-01T00:00:00Z", "9999-12-31", None, "null") == [OUT_OF_RANGE, OUT_OF_RANGE, MISSING, MISSING]
    assert read("2018-10-10T24:19:24Z", "2018-10-10 13:00 PM", "99999999999999999999") == [BAD, BAD, BAD]


def test_columns_of_other_types_are_read() -> None:
    assert read(1539202764, None) == [WHEN, MISSING]
    assert read(1539202764.0, float("nan")) == [WHEN, MISSING]
    assert read(date(2018, 10, 10)) == [datetime(2018, 10, 10, tzinfo=UTC)]
    assert read(WHEN) == [WHEN]
    assert read(np.datetime64("2018-10-10T22:19:24"), tz="Europe/Berlin") == [WHEN]
    assert read(True, False) == [BAD, BAD]
    assert read(None) == [MISSING]


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Refused, match="--tz"):
        zone("Mars/Phobos")
