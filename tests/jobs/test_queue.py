from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from explore.casework.database import writing
from explore.errors import Refused
from explore.jobs import cancel, find_comparison, find_job, list_jobs, start_again, submit
from explore.jobs.names import my_name
from explore.jobs.queue import JOBS, LOST_AFTER, claim, interrupt_lost, still_ours, write_news
from explore.settings import Workspace

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUN = {"snapshot": "s1"}


def test_jobs_are_listed_newest_first(workspace: Workspace) -> None:
    for title in ("one", "two", "three"):
        submit(workspace, title=title, run=RUN, now=NOW)
    assert [job.title for job in list_jobs(workspace, limit=2)] == ["three", "two"]


def test_a_job_comes_back_as_it_was_submitted(workspace: Workspace, tmp_path: Path) -> None:
    job = submit(
        workspace,
        title="posts.csv",
        load={"paths": [tmp_path / "posts.csv"], "options": {"tz": "Asia/Tokyo"}},
        run={"seed": 7, "as_of": NOW},
        now=NOW,
    )
    assert find_job(workspace, job.id) == job
    assert job.load == {"paths": [str(tmp_path / "posts.csv")], "options": {"tz": "Asia/Tokyo"}}
    assert job.run == {"seed": 7, "as_of": "2026-03-01T12:00:00+00:00"}
    assert job.submitted_at == NOW
    assert job.elapsed(NOW) == timedelta(0)


def test_the_latest_comparison_of_runs_is_found_by_the_runs_in_their_order(workspace: Workspace) -> None:
    first = submit(workspace, title="2 runs", compare=["a", "b"], now=NOW)
    submit(workspace, title="2 runs", compare=["b", "a"], now=NOW)
    submit(workspace, title="a run", run=RUN, now=NOW)
    assert find_comparison(workspace, ["a", "b"]) == first
    assert first.compare == ["a", "b"]
    cancel(workspace, first.id, now=NOW)
    again = start_again(workspace, first.id, now=NOW)
    assert find_comparison(workspace, ["a", "b"]) == again
    assert (again.id != first.id, again.compare, again.state) == (True, ["a", "b"], "waiting")
    assert find_comparison(workspace, ["a", "c"]) is None


def test_a_job_that_does_nothing_is_a_mistake(workspace: Workspace) -> None:
    with pytest.raises(ValueError, match="something to load"):
        submit(workspace, title="nothing", run={"seed": 1}, now=NOW)


def test_an_unknown_job_is_none_and_cannot_be_cancelled(workspace: Workspace) -> None:
    assert find_job(workspace, 99) is None
    with pytest.raises(Refused, match="no job 99"):
        cancel(workspace, 99, now=NOW)


def test_the_oldest_waiting_job_is_claimed_first_and_only_once(workspace: Workspace) -> None:
    first, second = (submit(workspace, title=title, run=RUN, now=NOW) for title in ("one", "two"))
    assert claim(workspace, worker="a:1:x", now=NOW).id == first.id
    assert claim(workspace, worker="b:1:x", now=NOW).id == second.id
    assert claim(workspace, worker="a:1:x", now=NOW) is None


def test_a_cancelled_waiting_job_is_never_claimed_and_its_upload_is_removed(workspace: Workspace) -> None:
    upload = _upload(workspace)
    load = {"paths": [upload], "options": {}, "remove_after": True}
    job = submit(workspace, title="posts.csv", load=load, now=NOW)
    assert cancel(workspace, job.id, now=NOW).state == "cancelled"
    assert claim(workspace, worker="a:1:x", now=NOW) is None
    assert not upload.exists()


def test_cancelling_an_ended_job_changes_nothing(workspace: Workspace) -> None:
    job = submit(workspace, title="one", run=RUN, now=NOW)
    claim(workspace, worker="a:1:x", now=NOW)
    write_news(workspace, job.id, worker="a:1:x", news={"state": "done", "ended_at": NOW}, now=NOW)
    assert cancel(workspace, job.id, now=NOW).state == "done"


def test_a_worker_whose_job_was_cancelled_cannot_write_to_it_any_more(workspace: Workspace) -> None:
    job = submit(workspace, title="one", run=RUN, now=NOW)
    claim(workspace, worker="a:1:x", now=NOW)
    assert still_ours(workspace, job.id, worker="a:1:x")
    cancel(workspace, job.id, now=NOW)
    assert not still_ours(workspace, job.id, worker="a:1:x")
    assert not write_news(workspace, job.id, worker="a:1:x", news={"state": "done"}, now=NOW)
    assert find_job(workspace, job.id).state == "cancelled"


def test_a_job_on_another_machine_is_lost_only_when_its_heartbeat_stopped(workspace: Workspace) -> None:
    job = submit(workspace, title="one", run=RUN, now=NOW)
    claim(workspace, worker="elsewhere:1:x", now=NOW)
    interrupt_lost(workspace, worker="a:1:x", now=NOW + LOST_AFTER)
    assert find_job(workspace, job.id).state == "running"
    interrupt_lost(workspace, worker="a:1:x", now=NOW + LOST_AFTER + timedelta(seconds=1))
    assert find_job(workspace, job.id).state == "interrupted"


def test_a_job_of_an_earlier_process_with_our_id_is_lost_at_once(workspace: Workspace) -> None:
    job = submit(workspace, title="one", run=RUN, now=NOW)
    before, now = my_name(), my_name()
    claim(workspace, worker=before, now=NOW)
    write_news(workspace, job.id, worker=before, news={"executor": 4321}, now=NOW)
    assert interrupt_lost(workspace, worker=now, now=NOW) == [4321]
    assert find_job(workspace, job.id).state == "interrupted"


def test_starting_again_does_only_what_is_left(workspace: Workspace, tmp_path: Path) -> None:
    load = {"paths": [tmp_path / "gone.csv"], "options": {}}
    job = submit(workspace, title="gone.csv", load=load, run={"seed": 7}, now=NOW)
    with pytest.raises(Refused, match="no longer there"):
        start_again(workspace, job.id, now=NOW)
    with writing(workspace) as connection:
        connection.execute(sa.update(JOBS).values(state="interrupted", result={"snapshot": "s1"}))
    again = start_again(workspace, job.id, now=NOW)
    assert (again.id != job.id, again.state, again.load) == (True, "waiting", None)
    assert again.run == {"seed": 7, "snapshot": "s1"}


def _upload(workspace: Workspace) -> Path:
    upload = workspace.uploads / "k3f" / "posts.csv"
    upload.parent.mkdir(parents=True)
    upload.write_text("text\n")
    return upload
