"""How a narrative spread, gathered from kept runs of handmade posts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from explore.narratives import ranking, spread
from explore.narratives.evidence import evidence
from explore.narratives.run import Run
from explore.narratives.spread import Spread
from explore.narratives.windows import Window
from explore.posts.pseudonyms import pseudonym
from explore.posts.snapshots import open_snapshot
from explore.settings import Workspace
from tests.narratives.making import Post, at, post, run_with, without

KEY = b"k"
VOTE, BREAD = 0, 1


def posted(day: float, second: int, author: str, text: str) -> Post:
    return post(0, text, created_at=at(day, second=second), author_id=author, lang="en")


def together() -> list[Post]:
    """Six accounts with the same eight texts about votes within 5 s, two of them once about bread; one repost each."""
    numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
    ring = [
        posted(1 + n, 3_000 + i, f"r{i}", f"vote by mail now says number {number} @someone")
        for n, number in enumerate(numbers)
        for i in range(6)
    ]
    bread = [posted(9.5, i, f"r{i}", "bread is rising in every oven today") for i in range(2)]
    reposts = [posted(5, 7 * i, f"r{i}", "RT @paper: vote counts are delayed in the north again") for i in range(6)]
    others = [posted(1 + n / 7, 11 * n, f"o{n}", f"vote or bread number {n} from here") for n in range(40)]
    posts = sorted([*ring, *bread, *reposts, *others], key=lambda one: one["created_at"])
    return [one | {"post_id": f"p{i}"} for i, one in enumerate(posts)]


def gathered(workspace: Workspace, run: Run, narrative: int = VOTE, **given: Any) -> Spread:
    snapshot = open_snapshot(workspace, run.snapshot_id)
    return spread.spread(run, snapshot, narrative, ties=spread.ties(run), **({"as_of": None, "key": KEY} | given))


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return run_with(workspace, together(), groups=("vote", "bread is"))


def test_posts_copies_and_reposts_are_told_apart(workspace: Workspace, run: Run) -> None:
    found = gathered(workspace, run)
    assert (found.posts, found.reposts, found.reposters, found.copies) == (48 + 6 + 40, 6, 6, 48)
    listed = ranking.emerging(run, ranking.window_for(run)).set_index("narrative_id").loc[VOTE]
    last = gathered(workspace, run, as_of=run.end)
    assert listed["repost_share"] * listed["n_posts"] == pytest.approx(last.reposts)
    assert listed["unmarked_copy_share"] * listed["n_posts"] == pytest.approx(last.copies)


def test_a_shown_post_says_how_many_of_its_copies_are_reposts(workspace: Workspace, run: Run) -> None:
    window = Window(as_of=at(8))
    shown = evidence(run, open_snapshot(workspace, run.snapshot_id), VOTE, window=window, key=KEY).examples
    reposted = shown["text"].str.startswith("RT @paper")
    assert set(shown.loc[reposted, ["copies", "reposts"]].itertuples(index=False, name=None)) == {(6, 6)}
    assert (shown.loc[~reposted, "reposts"] == 0).all()


def test_what_came_together_is_tested_and_the_run_keeps_the_q_value(workspace: Workspace, run: Run) -> None:
    found = gathered(workspace, run)
    assert (found.followed, found.chances) == (40, 40)
    assert found.q == run.narratives["synchrony_q"][VOTE]
    assert found.q is not None
    assert found.q < 1e-6
    assert pd.isna(run.narratives["synchrony_q"][BREAD])
    assert gathered(workspace, run, BREAD).q is None


def test_each_text_of_six_accounts_is_a_burst_with_its_lanes(workspace: Workspace, run: Run) -> None:
    found = gathered(workspace, run)
    assert found.n_bursts == 8
    first = found.bursts.iloc[0]
    assert (first["kind"], first["accounts"], first["busiest"]) == ("message", 6, 6)
    assert first["end"] - first["start"] == timedelta(seconds=5)
    assert str(first["item"]).startswith("vote by mail now says number")
    lanes = found.lanes[found.lanes["burst"] == 0]
    assert sorted(lanes["account"]) == sorted(pseudonym(f"r{i}", KEY) for i in range(6))
    assert lanes["same"].all()


def test_pairs_of_accounts_say_where_else_they_posted_together(workspace: Workspace, run: Run) -> None:
    found = gathered(workspace, run)
    assert found.n_pairs == 15
    told = {frozenset((r.account, r.partner)): (r.co_shares, r.items, r.narratives) for r in found.pairs.itertuples()}
    both = frozenset(pseudonym(f"r{i}", KEY) for i in range(2))
    assert told.pop(both) == (8, 8, 2)
    assert set(told.values()) == {(8, 8, 1)}
    assert (found.pairs["expected"] < 2).all()


def test_only_what_came_before_the_moment_counts(workspace: Workspace, run: Run) -> None:
    found = gathered(workspace, run, as_of=at(4))
    assert (found.n_bursts, found.followed, found.reposts) == (3, 15, 0)
    assert set(found.pairs["co_shares"]) == {3}
    assert set(found.pairs["narratives"]) == {1}


@pytest.mark.parametrize(("columns", "lacks"), [(["author_id"], "accounts"), (["created_at"], "times")])
def test_without_accounts_or_times_it_says_so_and_the_run_holds_no_q_value(
    workspace: Workspace, columns: list[str], lacks: str
) -> None:
    run = run_with(workspace, without(together(), *columns), groups=("vote",))
    found = gathered(workspace, run)
    assert found.lacks == lacks
    assert (found.posts, found.reposts) == (94, 6)
    assert found.q is None
    assert run.narratives["synchrony_q"].isna().all()
    assert found.bursts.empty


def test_dates_without_a_clock_are_too_coarse(workspace: Workspace) -> None:
    posts = [one | {"created_at": one["created_at"].replace(hour=0, minute=0, second=0)} for one in together()]
    run = run_with(workspace, posts, groups=("vote",))
    assert gathered(workspace, run).lacks == "precision"
    assert run.narratives["synchrony_q"].isna().all()


def test_a_run_of_an_older_version_is_no_error(workspace: Workspace, run: Run) -> None:
    file = run.folder / "posts.parquet"
    pd.read_parquet(file).drop(columns=["repost", "link"]).to_parquet(file)
    found = gathered(workspace, run)
    assert (found.lacks, found.posts) == ("version", 0)


def test_ten_posts_are_enough_to_look_at(workspace: Workspace) -> None:
    run = run_with(workspace, together()[:10], groups=("vote",))
    found = gathered(workspace, run)
    assert found.posts == 10
    assert found.lacks is None
