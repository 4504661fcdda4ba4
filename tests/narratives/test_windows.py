"""Windows, their parts and the windows they are compared with; moments and suggestions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from explore.errors import Refused
from explore.narratives.windows import ADJACENT, SAME_HOURS, Layout, Window, looks, moment, suggest_window
from tests.narratives.making import at, ints, micros

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LONG_AGO = int(micros(at(0))[0])


def looked(length: timedelta, *, as_of: float = 28, since: float = 0) -> list[list[Layout]]:
    return looks(Window(as_of=at(as_of), length=length), since=int(micros(at(since))[0]))


def begins(layout: Layout) -> list[float]:
    """First moments of the windows, in days after the start."""
    return [float((start - LONG_AGO) / 86_400_000_000) for start in layout.starts]


def test_a_baseline_that_is_no_whole_number_of_windows_is_cut_to_whole_ones() -> None:
    window = Window(as_of=at(8), length=DAY, baseline=timedelta(days=3, hours=20))
    assert (window.bins, window.start, window.baseline_start) == (3, at(7), at(4))


@pytest.mark.parametrize(
    ("length", "part", "parts"),
    [(7 * DAY, DAY, 7), (3 * DAY, DAY, 3), (2 * DAY, 6 * HOUR, 1), (DAY, 6 * HOUR, 1), (6 * HOUR, HOUR, 1)],
)
def test_every_day_of_a_long_window_is_a_part_and_the_newest_hours_of_a_short_one(
    length: timedelta, part: timedelta, parts: int
) -> None:
    whole, *rest = (ways[0] for ways in looked(length))
    assert len(rest) == parts
    assert {each.length for each in rest} == {part // timedelta(microseconds=1)}
    newest = rest[0].starts[0] + rest[0].length
    assert newest == whole.starts[0] + whole.length
    tested = sorted(int(each.starts[0]) for each in rest)
    assert tested == [newest - (parts - i) * rest[0].length for i in range(parts)]  # side by side


def test_a_window_too_short_for_parts_is_looked_at_once() -> None:
    assert len(looked(2 * HOUR)) == 1


def test_every_part_is_compared_with_what_was_before_the_window_never_with_the_window_itself() -> None:
    _, *days = looked(7 * DAY)
    assert [begins(ways[0])[0] for ways in days] == [27, 26, 25, 24, 23, 22, 21]
    assert all(begins(ways[0])[1:] == list(range(20, -1, -1)) for ways in days)


def test_a_window_shorter_than_a_day_is_compared_with_the_same_hours_of_earlier_days_as_well() -> None:
    whole, hour = looked(6 * HOUR, as_of=4)
    assert [way.baseline for way in whole] == [ADJACENT, SAME_HOURS]
    assert begins(whole[1]) == [3.75, 2.75, 1.75, 0.75]
    assert begins(hour[1]) == pytest.approx([4 - 1 / 24, 3 - 1 / 24, 2 - 1 / 24, 1 - 1 / 24])


def test_fewer_than_three_earlier_days_are_no_same_hours() -> None:
    whole, *_ = looked(6 * HOUR, as_of=4, since=0.76)
    assert [way.baseline for way in whole] == [ADJACENT]


def test_a_post_is_in_the_window_that_begins_with_it_and_not_in_the_one_that_ends_there() -> None:
    layout = Layout(starts=ints(100, 40, 20), length=10, baseline=ADJACENT)
    found = layout.place(ints(19, 20, 29, 30, 40, 99, 100, 109, 110))
    assert found.tolist() == [-1, 2, 2, -1, 1, -1, 0, 0, -1]


def test_a_busy_fortnight_gets_a_day_on_a_week() -> None:
    assert suggested(days=14, authors=200) == Window(as_of=at(14), length=DAY, baseline=7 * DAY)


@pytest.mark.parametrize(("days", "hours"), [(4, 24), (3.99, 6), (1, 6), (0.99, 1), (4 / 24, 1), (1 / 24, 1)])
def test_a_few_hours_of_data_get_a_shorter_window(days: float, hours: int) -> None:
    found = suggested(days=days, authors=200)
    assert (found.length, found.baseline) == (timedelta(hours=hours), 7 * timedelta(hours=hours))


@pytest.mark.parametrize(("days", "length"), [(11, 1), (12, 3), (27, 3), (28, 7), (2000, 7)])
def test_sparse_data_get_a_longer_window_where_they_span_four_of_it(days: int, length: int) -> None:
    assert suggested(days=days, authors=5).length == timedelta(days=length)


def test_a_window_is_suggested_for_the_moment_not_for_what_came_after() -> None:
    crowded = np.concatenate([micros(*(at(day) for day in range(14))), micros(*[at(20)] * 500)])
    found = suggest_window(crowded, np.arange(len(crowded)), as_of=at(14))
    assert (found.as_of, found.length) == (at(14), 3 * DAY)


def test_a_window_is_suggested_even_where_nothing_was_posted() -> None:
    assert suggest_window(ints(), ints(), as_of=at(3)).length == timedelta(hours=1)


def suggested(*, days: float, authors: int) -> Window:
    """For posts spread evenly over the days before the moment, the authors taking turns every hour."""
    posts = np.linspace(micros(at(0))[0], micros(at(days))[0], 5000, endpoint=False).astype(np.int64)
    return suggest_window(posts, np.arange(len(posts)) % authors, as_of=at(days))


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-31T14:00Z",
        "2024-05-31T14:00:00+00:00",
        "2024-05-31 14:00",
        "2024-05-31T16:00+02:00",
        " 2024-05-31T08:30:00-05:30 ",
    ],
)
def test_a_moment_is_iso_with_or_without_an_offset(text: str) -> None:
    assert moment(text) == datetime(2024, 5, 31, 14, tzinfo=UTC)
    assert moment(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2024-02-30", "31.05.2024", "1717164000", "0001-01-01T00:00+05:00", "9999-12-31T23:00-05:00"],
)
def test_what_is_no_moment_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Refused, match=r"is not a time\. Write it like 2024-05-31T14:00Z"):
        moment(text)
