"""The ranked list, on figures worked out by hand from the posts FEW."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from explore.narratives import emergence, finding_marks, ranking
from explore.narratives.run import Run, Timeline, open_run
from explore.narratives.windows import Window
from explore.settings import Workspace
from tests.narratives.conftest import Explored
from tests.narratives.making import BREAD, FEW, FEW_GROUPS, VOTE, at, micros, post, run_with, without

WINDOW = Window(as_of=at(8))  # right before the last post
END = at(8) + timedelta(microseconds=1)


def listed(explored: Explored, window: Window | None = WINDOW) -> pd.DataFrame:
    return ranking.emerging(explored.run, window).set_index("narrative_id")


def test_sizes_are_those_of_the_posts_before_the_moment(few: Explored) -> None:
    found = listed(few)
    sizes = ["n_messages", "n_posts", "n_authors", "reach", "copy_share", "top_author_share"]
    # 5 posts of 4 messages by 3 accounts; one message twice by two accounts; a1 wrote three
    assert found.loc[VOTE, sizes].tolist() == [4, 5, 3, 80, pytest.approx(0.4), pytest.approx(0.6)]
    # 4 posts of 2 messages by 2 accounts; the message that came thrice came from one account
    assert found.loc[BREAD, sizes].tolist() == [2, 4, 2, 24, 0, pytest.approx(0.75)]
    assert found.loc[BREAD, ["first_at", "last_at"]].tolist() == [at(1.5), at(7.9)]


RETOLD = [
    *(post(i, "vote by mail is safe", created_at=at(1 + i / 9), author_id=f"v{i}", lang="en") for i in range(3)),
    *(post(3 + i, "RT @v0: vote by mail is safe", created_at=at(2 + i / 9), author_id=f"w{i}", lang="en")
      for i in range(6)),
    post(9, "no vote today", created_at=at(7), author_id="x", lang="en"),
    post(10, "the last post", created_at=at(8), author_id="y", lang="en"),
]  # fmt: skip
SHARES = ["copy_share", "repost_share", "unmarked_copy_share"]


def test_reposts_are_told_apart_from_copies(workspace: Workspace) -> None:
    run = run_with(workspace, RETOLD, groups=("vote",))
    # ten posts: three pasted the same, six reposts of it, one of its own
    assert ranking.emerging(run, WINDOW)[SHARES].iloc[0].tolist() == pytest.approx([0.9, 0.6, 0.3])
    assert run.narratives[SHARES].iloc[0].tolist() == pytest.approx([0.9, 0.6, 0.3])
    early = ranking.emerging(run, Window(as_of=at(2)))
    assert early[SHARES].iloc[0].tolist() == [1, 0, 1]


def test_without_times_reposts_are_told_apart_too(workspace: Workspace) -> None:
    run = run_with(workspace, without(RETOLD, "created_at"), groups=("vote",))
    assert ranking.emerging(run, None)[SHARES].iloc[0].tolist() == pytest.approx([0.9, 0.6, 0.3])


@pytest.mark.parametrize("window", [WINDOW, None])
def test_a_run_of_a_version_that_did_not_look_for_marks_opens_without_them(
    workspace: Workspace, window: Window | None
) -> None:
    run = run_with(workspace, RETOLD, groups=("vote",))
    for name, columns in (("posts", ["repost"]), ("narratives", SHARES[1:])):
        file = run.folder / f"{name}.parquet"
        pd.read_parquet(file).drop(columns=columns).to_parquet(file)
    found = ranking.emerging(Run(run.folder, run.manifest), window)
    assert found["copy_share"].tolist() == pytest.approx([0.9])
    assert found[SHARES[1:]].isna().all(axis=None)


def test_growth_is_that_of_the_window_and_the_bins_before_it(few: Explored) -> None:
    found = listed(few)
    counts = ["now_authors", "base_authors", "now_posts", "base_posts", "now_active", "base_active", "base_bins"]
    assert found.loc[VOTE, counts].tolist() == [3, 0, 5, 0, 4, 4, 7]
    assert found.loc[BREAD, counts].tolist() == [1, 3, 1, 3, 4, 4, 7]
    # one of the accounts posts thrice now, three once, four once before; with x = 1 - p, of VOTE's three units
    # (1 - x^3) + 3 (1 - x) are expected now and 4 (1 - x) before, so x^3 + 7 x = 5, x = .671106, and 1.684425 now
    vote = 1.684425 / 3
    assert found.loc[VOTE, "p_value"] == pytest.approx(2 * vote**3, rel=1e-5)  # two looks: the window, its newest part
    assert found.loc[VOTE, "q_value"] == pytest.approx(4 * vote**3, rel=1e-5)
    assert found.loc[VOTE, "rate_ratio_low"] == pytest.approx(
        stats.f.ppf(0.025, 7, 1) * 7 * (1 - vote) / vote, rel=1e-5
    )
    # of BREAD's four: x^3 + 7 x = 4, x = .547928, and 2.191713 now
    bread = 2.191713 / 4
    assert found.loc[BREAD, "expected_authors"] == pytest.approx(3 * bread / (1 - bread), rel=1e-5)
    assert found.loc[BREAD, "rate_ratio"] == pytest.approx(1.5 / 3.5 * (1 - bread) / bread, rel=1e-5)
    assert found.loc[BREAD, "p_value"] == 1
    assert found["state"].tolist() == ["none", "none"]
    assert found["testable"].all()
    assert not found["flagged"].any()


def test_the_faster_growing_comes_first(few: Explored) -> None:
    assert listed(few).index.tolist() == [VOTE, BREAD]


def test_as_of_an_earlier_moment_later_posts_do_not_exist(few: Explored) -> None:
    found = listed(few, Window(as_of=at(5.5)))  # a post at that very moment is not before it
    assert found.index.tolist() == [BREAD]
    assert found.loc[BREAD, ["n_messages", "n_posts", "n_authors", "reach"]].tolist() == [1, 2, 1, 15]
    assert found.loc[BREAD, "last_at"] == at(4.5)
    # the window begins with the second post; four whole days before it are covered, the first post lies in them
    assert found.loc[BREAD, ["now_authors", "base_authors", "base_bins"]].tolist() == [1, 1, 4]


def test_before_the_first_post_nothing_is_listed(few: Explored) -> None:
    assert listed(few, Window(as_of=at(0))).empty
    assert listed(few, Window(as_of=at(-400))).empty


def test_without_a_window_the_largest_come_first_and_none_is_judged(workspace: Workspace) -> None:
    run = run_with(workspace, without(FEW, "created_at"), groups=FEW_GROUPS)
    found = ranking.emerging(run, ranking.window_for(run))
    assert found["n_posts"].tolist() == [5, 4]
    assert found[["p_value", "q_value", "first_at", "last_at"]].isna().all(axis=None)
    assert not found["testable"].any()
    assert not found["flagged"].any()
    assert found["spark"].tolist() == [[], []]


def test_a_snapshot_without_authors_counts_messages(workspace: Workspace) -> None:
    run = run_with(workspace, without(FEW, "author_id"), groups=FEW_GROUPS)
    found = ranking.emerging(run, WINDOW).set_index("narrative_id")
    assert run.unit == "messages"
    assert found["now_authors"].to_dict() == {VOTE: 4, BREAD: 1}
    assert found[["now_active", "base_active"]].iloc[0].tolist() == [5, 4]
    assert found["n_authors"].isna().all()
    assert found["top_author_share"].isna().all()


def test_a_snapshot_without_views_has_no_reach(workspace: Workspace) -> None:
    run = run_with(workspace, without(FEW, "views"), groups=FEW_GROUPS)
    assert ranking.emerging(run, WINDOW)["reach"].isna().all()


ORDERED = ["narrative_id", "state", "excess_low", "now_authors", "n_posts"]


def ordered(*rows: tuple[int, str, float, int, int], marks: dict[int, str] | None = None) -> list[int]:
    """The narratives of rows as in ORDERED, in the order of the list."""
    table = pd.DataFrame(rows, columns=ORDERED)
    marked = [[(marks or {})[number]] if number in (marks or {}) else [] for number in table["narrative_id"]]
    return list(ranking.ranked(table.assign(marks=marked))["narrative_id"])


def test_the_order_is_state_then_excess_then_size() -> None:
    assert ordered(
        (0, "none", 50.0, 90, 9), (1, "emerging", 1.1, 1, 1), (2, "emerging", 30.0, 40, 1), (3, "none", np.nan, 9, 9),
        (4, "unproven", 8.0, 20, 1), (5, "none", 5.0, 2, 3), (6, "none", 5.0, 2, 3), (7, "none", 5.0, 7, 1),
        (8, "none", -2.0, 2, 3), (9, "unproven", 9.0, 20, 1),
    ) == [2, 1, 9, 4, 0, 7, 5, 6, 8, 3]  # fmt: skip


def test_what_has_no_post_in_the_window_comes_last_of_its_state() -> None:
    assert ordered((0, "none", 3.0, 0, 9), (1, "none", -9.0, 1, 1), (2, "none", 2.0, 0, 9)) == [1, 0, 2]


def test_a_finding_that_one_account_made_stands_behind_the_other_findings_and_before_the_jumps() -> None:
    rows = [(0, "emerging", 90.0, 99, 9), (1, "emerging", 2.0, 9, 9), (2, "unproven", 99.0, 99, 9)]
    assert ordered(*rows) == [0, 1, 2]
    assert ordered(*rows, marks={0: finding_marks.ONE_ACCOUNT}) == [1, 0, 2]
    assert ordered(*rows, marks={0: finding_marks.ONE_TEXT}) == [0, 1, 2]


def test_a_hundred_accounts_where_forty_were_to_be_expected_come_before_eighteen_where_none_were() -> None:
    days = [at(day + 0.5, second=second) for day in range(7) for second in range(40)]
    large = [(moment, 1000 + i) for i, moment in enumerate(days)] + [(at(7.5, second=i), 5000 + i) for i in range(100)]
    small = [(at(7.5, second=i), 6000 + i) for i in range(18)]
    others = [(at(day + 0.5, second=second), 9000 + second) for day in range(8) for second in range(300)]
    posts = [*large, *small, *others]
    kind = np.repeat([0, 1, -1], [len(large), len(small), len(others)])
    found = ranking.scored(
        line(posts, kind), pd.Series(["cluster", "cluster"]), window=WINDOW, first_at=int(micros(at(0))[0])
    )
    judged = emergence.judge(found).assign(narrative_id=[0, 1], n_posts=[380, 18], marks=[[], []])
    assert judged["flagged"].all()
    assert judged["rate_ratio_low"].is_monotonic_increasing  # by its ratio the small one would be first
    assert ranking.ranked(judged)["narrative_id"].tolist() == [0, 1]
    assert judged["excess_low"].tolist() == sorted(judged["excess_low"], reverse=True)


def line(posts: list[tuple[datetime, int]], narrative: NDArray[np.int64]) -> Timeline:
    """Posts given as (time, account), each a message of its own."""
    unit = np.array([account for _, account in posts])
    return Timeline(
        at=micros(*(moment for moment, _ in posts)),
        unit=unit,
        author=unit,
        message=np.arange(len(posts)),
        narrative=narrative,
        views=np.full(len(posts), np.nan),
        repost=np.zeros(len(posts), dtype=np.int64),
    )


def test_the_suggested_window_ends_just_after_the_last_post_or_at_the_moment_asked_for(few: Explored) -> None:
    assert ranking.window_for(few.run) == Window(as_of=END)
    assert ranking.window_for(few.run, as_of=at(3)) == Window(
        as_of=at(3), length=timedelta(hours=6), baseline=timedelta(hours=42)
    )


def test_the_last_posts_of_a_file_are_in_its_last_window(workspace: Workspace) -> None:
    early = [post(i, "hello", created_at=at(i / 2), author_id=f"c{i % 4}") for i in range(14)]
    last = [post(100 + i, f"quake {i}", created_at=at(8), author_id=f"q{i}") for i in range(3)]
    run = run_with(workspace, [*early, *last], groups=("quake",))
    found = ranking.emerging(run, Window(as_of=END)).iloc[0]
    assert ranking.window_for(run) == Window(as_of=END)
    assert found[["n_posts", "now_posts", "now_authors", "now_active"]].tolist() == [3, 3, 3, 3]


def test_the_frozen_figures_are_those_of_the_list_with_the_last_post(few: Explored) -> None:
    fresh = listed(few, Window(as_of=END)).sort_index()
    frozen = open_run(few.workspace, few.run.id).narratives.set_index("narrative_id")
    shared = ["now_authors", "base_authors", "rate_ratio_low", "p_value", "q_value", "flagged", "copy_share"]
    pd.testing.assert_frame_equal(fresh[shared], frozen[shared], check_names=False)
