"""How a file ends: thinly, all at once, or as it always was; on accounts counted by hand."""

from __future__ import annotations

from datetime import timedelta

from explore.narratives import ranking
from explore.narratives.file_end import ThinEnd, thin_end
from explore.narratives.run import Run
from explore.settings import Workspace
from tests.narratives.making import Post, at, post, run_with, without

HOUR = timedelta(hours=1)


def day(number: float, accounts: int) -> list[Post]:
    """One post of each of so many accounts, from one hour after the begin of the day on, a minute apart."""
    return [
        post(0, f"word{n % 7} thing", created_at=at(number) + HOUR + n * timedelta(minutes=1), author_id=f"a{n}")
        for n in range(accounts)
    ]


def run_of(workspace: Workspace, *days: list[Post]) -> Run:
    posts = [one | {"post_id": f"p{n}"} for n, one in enumerate(one for each in days for one in each)]
    return run_with(workspace, posts, groups=["word1"])


def busy(days: int, *, accounts: int = 60) -> list[list[Post]]:
    return [day(number, accounts) for number in range(days)]


def test_a_file_that_ends_as_it_was_is_judged_just_after_its_last_post(workspace: Workspace) -> None:
    run = run_of(workspace, *busy(9))
    assert thin_end(run) is None
    assert ranking.window_for(run).as_of == run.end  # type: ignore[union-attr]


def test_a_few_stray_posts_at_the_end_are_passed_over_to_the_last_moment_that_can_be_judged(
    workspace: Workspace,
) -> None:
    run = run_of(workspace, *busy(9), day(9.5, 7), day(10, 7))
    found = thin_end(run)
    # the last 60 accounts posted from one to two o'clock of day 8: at six of day 9 a window of 24 h holds none of them
    assert found == ThinEnd(as_of=at(9), end=run.end, length=timedelta(hours=24), active=7, usual=60)  # type: ignore[arg-type]
    window = ranking.window_for(run)
    assert window is not None
    assert (window.as_of, window.length) == (at(9), timedelta(hours=24))


def test_a_moment_that_is_asked_for_stays(workspace: Workspace) -> None:
    run = run_of(workspace, *busy(9), day(10, 7))
    assert ranking.window_for(run, as_of=at(10.5)).as_of == at(10.5)  # type: ignore[union-attr]


def test_a_last_window_under_a_quarter_of_the_usual_is_thin_however_many_it_holds(workspace: Workspace) -> None:
    assert thin_end(run_of(workspace, *busy(9, accounts=200), day(10, 49))) is not None
    assert thin_end(run_of(workspace, *busy(9, accounts=200), day(9, 51))) is None


def test_a_file_that_is_thin_all_along_is_judged_at_its_end_also_after_a_burst(workspace: Workspace) -> None:
    run = run_of(workspace, *busy(5, accounts=6), day(5, 80), *(day(number, 6) for number in range(6, 14)))
    assert thin_end(run) is None


def test_a_file_that_has_been_calm_for_long_is_judged_at_its_end_with_a_longer_window(workspace: Workspace) -> None:
    calm = [[one | {"author_id": f"c{number}-{n}"} for n, one in enumerate(day(number, 12))] for number in range(9, 30)]
    run = run_of(workspace, *busy(9), *calm)
    assert thin_end(run) is None
    window = ranking.window_for(run)
    assert window is not None
    assert (window.as_of, window.length) == (run.end, timedelta(days=3))


def test_a_file_that_dries_up_for_weeks_is_judged_where_it_still_held_enough(workspace: Workspace) -> None:
    found = thin_end(run_of(workspace, *busy(9), *(day(number, 3) for number in range(9, 40))))
    assert found is not None
    assert (found.as_of, found.active) == (at(9), 3)


def test_too_short_a_file_has_no_earlier_moment_to_judge(workspace: Workspace) -> None:
    assert thin_end(run_of(workspace, *busy(2), day(3.5, 2))) is None


def test_without_times_a_file_has_no_end(workspace: Workspace) -> None:
    assert thin_end(run_of(workspace, without(day(0, 40), "created_at"))) is None
