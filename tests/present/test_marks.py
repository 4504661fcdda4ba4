from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from explore.present.marks import GAP, NARROWEST, Mark, Place, placed

LOW = datetime(2017, 8, 10, tzinfo=UTC)
SPAN = timedelta(days=8)
NAMES = ["the 24 h in question", "peak 1,204 on 17 Aug, 16:00", "first post", "tenth account", "first flag"]
WIDEST = 6.5  # pixels a character


def marks(*shares: float) -> list[Mark]:
    names = zip(NAMES, shares, strict=False)
    return [Mark(LOW + share * SPAN, name, "#000000", None if i == 0 else 0.0) for i, (name, share) in enumerate(names)]


def laid_out(*shares: float) -> list[Place]:
    return placed(marks(*shares), low=LOW, high=LOW + SPAN)


def ends(place: Place, name: str, *, at: float) -> tuple[float, float]:
    """Where a name begins and ends that is drawn for the pixel `at`."""
    width = WIDEST * len(name)
    return {
        "left": (at + GAP, at + GAP + width),
        "right": (at - GAP - width, at - GAP),
        "center": (at - width / 2, at + width / 2),
    }[place.align]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.sampled_from([NARROWEST, 420, 640, 1_200]))
def test_names_never_touch_each_other_or_leave_the_chart(shares: list[float], width: int) -> None:
    drawn = [
        (place.row, *ends(place, name, at=share * width))
        for place, name, share in zip(laid_out(*shares), NAMES, shares, strict=False)
    ]
    assert all(begin >= -0.01 and end <= width + 0.01 for _, begin, end in drawn)
    for (row, begin, end), (other_row, other_begin, other_end) in combinations(drawn, 2):
        assert row != other_row or begin >= other_end or other_begin >= end


def test_names_at_the_edges_read_inwards_and_share_a_row_when_they_are_far_apart() -> None:
    assert laid_out(1.0, 0.0) == [Place(0, "right"), Place(1, "left")]  # 130 and 176 of 300 pixels
    assert placed(marks(1.0, 0.5, 0.0)[::2], low=LOW, high=LOW + SPAN) == [Place(0, "right"), Place(0, "left")]


def test_a_long_name_in_the_middle_is_centred() -> None:
    assert laid_out(0.0, 0.5)[1].align == "center"


def test_a_line_goes_down_beside_the_names_below_it() -> None:
    _, _, first, tenth, flag = laid_out(0.0, 0.0, 0.9, 0.95, 0.99)
    assert flag.row < tenth.row < first.row
    _, _, first, tenth, flag = laid_out(1.0, 1.0, 0.01, 0.05, 0.1)
    assert first.row < tenth.row < flag.row
