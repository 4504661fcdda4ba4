"""Runs in a row, and a narrative looked up through them."""

from __future__ import annotations

from pathlib import Path

from explore.narratives.chain import chained
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
