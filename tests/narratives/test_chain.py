"""Runs in a row, and a narrative looked up through them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from explore.narratives import lineage as links
from explore.narratives.chain import by_time, chained, pair_of, take_long
from tests.narratives.test_lineage import numbered, run_over, talk


def test_a_narrative_is_found_in_every_run_that_has_it_and_in_no_other(tmp_path: Path) -> None:
    runs = []
    for week, words in enumerate((["rain", "bread"], ["bread"], ["vote", "bread"])):
        days = range(7 * week, 7 * week + 7)
        posts = numbered(*[talk(word, days=days, a_day=5 + place, seed=week) for place, word in enumerate(words)],
                         start=1000 * week)  # fmt: skip
        runs.append(run_over(tmp_path / str(week), posts, *words))
    chain = chained(runs, cache=tmp_path / "cache")
    bread = chain.identity_of(runs[1], 0)
    assert [len(own) for own in chain.members(bread)] == [1, 1, 1]
    rain = next(one for one in chain.identities["lineage_id"] if not chain.members(one)[1])
    assert [len(own) for own in chain.members(rain)] == [1, 0, 0]


def test_a_single_run_is_a_chain_without_links(tmp_path: Path) -> None:
    run = run_over(tmp_path, numbered(talk("rain", days=range(7), a_day=4)), "rain")
    chain = chained([run], cache=tmp_path / "cache")
    assert (chain.steps, len(chain.identities)) == ([], 1)


def test_many_messages_are_long_to_compare_until_they_have_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    week, next_week = (
        run_over(tmp_path / str(first), numbered(talk("rain", days=range(first, first + 7), a_day=4)), "rain")
        for first in (0, 7)
    )
    assert not take_long([week, next_week], cache=cache)
    messages = week.manifest["counts"]["messages"] + next_week.manifest["counts"]["messages"]
    monkeypatch.setattr(links, "HERE_UP_TO", messages - 1)
    assert take_long([week, next_week], cache=cache)
    assert not take_long([week, week], cache=cache)  # the same posts
    chained([week, next_week], cache=cache)
    assert not take_long([week, next_week], cache=cache)
    assert take_long([next_week, week], cache=cache)


def manifest(run: str, snapshot: str, day: int | None, granularity: str = "medium") -> dict[str, Any]:
    moment = None if day is None else f"2026-03-{day:02d}"
    return {
        "id": run, "snapshot": {"id": snapshot}, "config": {"granularity": granularity},
        "first_at": moment, "last_at": moment, "created_at": run,
    }  # fmt: skip


MONDAY, TUESDAY, FINE = manifest("r1", "mon", 2), manifest("r2", "tue", 3), manifest("r3", "tue", 3, "fine")
TIMELESS, FAR = manifest("r0", "old", None), manifest("r4", "far", 28)
CUT, GROWN = manifest("r5", "tue", 2), manifest("r6", "both", 3)


@pytest.mark.parametrize(
    ("runs", "looked_at", "pair"),
    [
        ([TUESDAY, MONDAY], "r2", ["r1", "r2"]),
        ([TUESDAY, MONDAY], "r1", ["r1", "r2"]),  # nothing is earlier
        ([MONDAY, TUESDAY, FINE], "r3", ["r2", "r3"]),  # the same snapshot comes first, even made otherwise
        ([MONDAY, TUESDAY, FINE, CUT], "r2", ["r5", "r2"]),  # as of another moment there is something to compare
        ([MONDAY, FAR, GROWN], "r6", ["r1", "r6"]),  # appended to Monday's
        ([MONDAY, TUESDAY, GROWN], "r1", ["r1", "r6"]),
        ([MONDAY, FAR], "r4", ["r4"]),  # nothing to do with each other
        ([FAR, TIMELESS], "r4", ["r4"]),
        ([MONDAY, TUESDAY, FAR], "r1", ["r1", "r2"]),
        ([MONDAY], "r1", ["r1"]),
    ],
)
def test_a_run_is_compared_with_one_of_the_same_posts_or_the_nearest_in_time_or_none(
    runs: list[dict[str, Any]], looked_at: str, pair: list[str]
) -> None:
    assert pair_of(by_time(runs), looked_at, grown={"both": {"mon"}, "mon": set()}) == pair
