"""One narrative's curve through several snapshots."""

from __future__ import annotations

from pathlib import Path

from explore.narratives.lifeline import Member, lifeline
from explore.posts.snapshots import open_snapshot
from explore.settings import workspace_at
from tests.narratives.making import Post, at, post, run_with, without


def members_of(folder: Path, *files: list[Post]) -> list[Member]:
    """The only narrative, "bread", of a snapshot of each file."""
    members = []
    for number, posts in enumerate(files):
        space = workspace_at(folder / str(number) / "workspace")
        run = run_with(space, posts, groups=["bread"])
        members.append(Member(run, open_snapshot(space, run.snapshot_id), (0,)))
    return members


def loaf(number: int, day: float, author: str = "a") -> Post:
    return post(number, f"bread loaf oven number{number}", created_at=at(day), author_id=author)


def test_a_post_in_two_snapshots_counts_once(tmp_path: Path) -> None:
    first = [loaf(n, n / 2) for n in range(8)]
    line = lifeline(members_of(tmp_path, first, [*first[4:], loaf(20, 4.1, "b"), loaf(21, 4.2, "b")]))
    assert line is not None
    assert line.curve["posts"].to_list() == [2, 2, 2, 2, 2]
    assert line.curve["units"].to_list() == [1, 1, 1, 1, 1]
    assert (line.repeats, line.same_by, line.unit) == (4, "id", "accounts")


def test_the_same_id_is_not_the_same_post_where_a_file_has_no_ids_of_its_own(tmp_path: Path) -> None:
    first = [loaf(n, n / 2) for n in range(8)]
    bare = [{**one, "post_id": None} for one in first[4:]]
    line = lifeline(members_of(tmp_path, first, bare))
    assert line is not None
    assert (int(line.curve["posts"].sum()), line.repeats, line.same_by) == (8, 4, "content")


def test_a_time_that_no_snapshot_covers_is_told_from_silence(tmp_path: Path) -> None:
    first = [loaf(0, 0.5), loaf(1, 3.5)]
    line = lifeline(members_of(tmp_path, first, [loaf(20, 6.5), loaf(21, 7.5)]))
    assert line is not None
    assert line.curve["covered"].to_list() == [True, True, True, True, False, False, True, True]
    assert line.curve["posts"].to_list() == [1, 0, 0, 1, 0, 0, 1, 1]
    assert str(line.curve["bin_start"].dt.tz) == "UTC"


def test_without_accounts_messages_are_counted(tmp_path: Path) -> None:
    posts = without([loaf(0, 0.5), loaf(1, 0.6), {**loaf(0, 0.7), "post_id": "again"}, loaf(3, 4.5)], "author_id")
    line = lifeline(members_of(tmp_path, posts))
    assert line is not None
    assert (line.unit, line.curve["posts"].iloc[0], line.curve["units"].iloc[0]) == ("messages", 3, 2)


def test_without_times_there_is_no_curve(tmp_path: Path) -> None:
    assert lifeline(members_of(tmp_path, without([loaf(0, 1), loaf(1, 2)], "created_at"))) is None


def test_a_narrative_that_one_run_does_not_have_is_no_error(tmp_path: Path) -> None:
    one, other = members_of(tmp_path, [loaf(0, 0.5), loaf(1, 1.5)], [loaf(9, 2.5), loaf(10, 3.5)])
    line = lifeline([one, Member(other.run, other.snapshot, ())])
    assert line is not None
    assert line.curve["posts"].to_list() == [1, 1, 0, 0]
