"""The moments of a run: the same list as *Emerging*, at every day or hour, kept beside the run."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from explore.errors import Refused
from explore.narratives import moments, ranking
from explore.narratives.moments import FILE, kept, measure
from explore.narratives.run import Run, open_run
from explore.narratives.windows import FEW_ACTIVE, Window
from explore.settings import Workspace
from tests.narratives.conftest import Explored
from tests.narratives.making import FEW, FEW_GROUPS, at, explored, run_with, stream, without

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def copied(streamed: Explored, tmp_path: Path) -> Run:
    """A copy of the streamed run that a test may write to."""
    shutil.copytree(streamed.run.folder, tmp_path / streamed.run.id)
    return Run(folder=tmp_path / streamed.run.id, manifest=streamed.run.manifest)


def test_every_day_says_what_the_list_says_at_its_midnight_and_just_after_the_last_post(streamed: Explored) -> None:
    run = streamed.run
    found = moments.moments(run, ranking.window_for(run))
    assert (found.window, found.baseline, found.step) == (DAY, 7 * DAY, DAY)
    assert found.table["as_of"].tolist() == [*(at(day) for day in range(1, 14)), run.end]
    before: set[int] = set()
    for moment in found.table.to_dict("records"):
        listed = ranking.emerging(run, Window(as_of=moment["as_of"].to_pydatetime()))
        flagged = set(listed.loc[listed["flagged"], "narrative_id"])
        assert (moment["flagged"], moment["new"]) == (len(flagged), len(flagged - before))
        assert moment["active"] == listed["now_active"].iloc[0]
        assert moment["judgeable"] == (listed["testable"].iloc[0] and moment["active"] >= FEW_ACTIVE)
        before = flagged
    assert found.table["flagged"].iloc[-1] == 1
    assert set(found.table["judgeable"]) == {True, False}  # the first three days have no baseline


def test_a_run_of_ten_days_or_less_is_looked_at_every_hour(few: Explored) -> None:
    found = moments.moments(few.run, Window(as_of=at(8), length=6 * HOUR, baseline=42 * HOUR))
    assert (found.window, found.baseline, found.step) == (6 * HOUR, 42 * HOUR, HOUR)
    assert found.table["as_of"].tolist() == [*(at(hour / 24) for hour in range(1, 8 * 24 + 1)), few.run.end]
    assert not found.table["judgeable"].any()  # ten accounts in all
    assert found.table["active"].max() == 3  # a1, a2 and a3


def test_a_file_of_too_many_days_is_looked_at_whole_with_longer_steps(
    streamed: Explored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moments, "MOST_MOMENTS", 5)
    found = moments.moments(streamed.run, Window(as_of=at(14)))
    assert found.step == 4 * DAY
    assert len(found.table) <= 6
    assert set(found.table["as_of"].diff().dropna().iloc[:-1]) == {4 * DAY}
    assert found.table["as_of"].iloc[-1] == streamed.run.end


def test_moments_are_made_once_and_the_run_stays_as_it_was(copied: Run, streamed: Explored) -> None:
    assert kept(copied.folder) is None
    made = measure(copied)
    again = kept(copied.folder)
    assert again is not None
    assert (again.window, again.baseline, again.step) == (made.window, made.baseline, made.step)
    pd.testing.assert_frame_equal(again.table, made.table)
    written = (copied.folder / FILE).read_bytes()
    (copied.folder / FILE).unlink()
    measure(copied)
    assert (copied.folder / FILE).read_bytes() == written
    assert {path.name for path in copied.folder.iterdir()} == {FILE, *(p.name for p in streamed.run.folder.iterdir())}


def test_a_run_with_its_moments_opens_as_before(workspace: Workspace) -> None:
    run = run_with(workspace, FEW, groups=FEW_GROUPS)
    measure(run)
    assert open_run(workspace, run.id).id == run.id


def test_what_is_not_what_was_written_or_of_another_version_counts_as_not_there(
    copied: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure(copied)
    with monkeypatch.context() as patch:
        patch.setattr(moments, "__version__", "0.0.1")
        assert kept(copied.folder) is None
    assert kept(copied.folder) is not None
    path = copied.folder / FILE
    pd.read_parquet(path).assign(flagged=9).to_parquet(path, index=False)
    assert kept(copied.folder) is None


def test_without_times_there_are_no_moments_and_that_is_kept_too(workspace: Workspace) -> None:
    run = run_with(workspace, without(FEW, "created_at"), groups=FEW_GROUPS)
    assert measure(run).table.empty
    again = kept(run.folder)
    assert again is not None
    assert again.table.empty
    assert list(again.table.columns) == list(moments.COLUMNS)


def test_without_narratives_nothing_is_flagged_at_any_moment(workspace: Workspace) -> None:
    found = measure(explored(workspace, stream()[:3])).table
    assert len(found) > 1
    assert found[["flagged", "new"]].eq(0).all(axis=None)


def test_a_run_that_was_removed_meanwhile_does_not_come_back(copied: Run) -> None:
    _ = copied.timeline, copied.narratives
    shutil.rmtree(copied.folder)
    with pytest.raises(Refused, match="removed while"):
        measure(copied)
    assert not copied.folder.exists()
