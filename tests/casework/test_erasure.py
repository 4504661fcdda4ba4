from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from explore.casework import erasure
from explore.casework.database import writing
from explore.casework.erasure import erase_author, erased_before, plan_erasure
from explore.casework.removals import list_removals
from explore.errors import Refused
from explore.files import new_folder, write_json
from explore.jobs.queue import JOBS, submit
from explore.narratives.run import Run, list_runs, open_run
from explore.posts.appending import append, options_like
from explore.posts.erasing import EXCERPT_REMOVED
from explore.posts.history import METRICS, history
from explore.posts.notes import change_notes
from explore.posts.pseudonyms import pseudonym
from explore.posts.readers import preview
from explore.posts.snapshots import list_snapshots, open_snapshot
from explore.settings import Workspace
from tests.narratives.making import NOW, Post, explored, post, snapshot_of, stream, written

AUTHOR, SECRET = "author-4711-x", "zebrafish"
LATER = NOW + timedelta(days=1)


def posts_with(*extra: Post) -> list[Post]:
    """A stream, three posts of the account, one of which others copied, and a record that goes to quarantine."""
    theirs = [
        post(0, f"{SECRET} recall smoke charger warning {n}", author_id=AUTHOR, created_at=stream()[n]["created_at"])
        for n in range(3)
    ]
    posts = [*stream(), *theirs, *extra]
    return [one | {"post_id": f"p{number}"} for number, one in enumerate(posts)]


def traces(workspace: Workspace, *words: str) -> list[str]:
    """Files of the workspace in which a word stands: as bytes, or in a column once unpacked."""
    return [
        str(path.relative_to(workspace.home))
        for path in workspace.home.rglob("*")
        if path.is_file() and any(_stands_in(word, path) for word in words)
    ]


def _stands_in(word: str, path: Path) -> bool:
    content = path.read_bytes()
    if path.suffix == ".parquet":
        content += repr(pq.read_table(path).to_pylist()).encode()
    return any(word.encode(code) in content for code in ("utf-8", "utf-16-le", "utf-16-be"))


@pytest.fixture
def made_again(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Stand in for the slow exploration: what was asked to be made anew."""
    asked: list[dict[str, Any]] = []

    def note(_: Workspace, snapshot_id: str, config: dict[str, Any], **__: Any) -> dict[str, Any]:
        asked.append({"snapshot": snapshot_id, "config": config})
        return {"became": f"new-{len(asked)}"}

    monkeypatch.setattr(erasure, "_made_again", note)
    return asked


def test_an_erasure_leaves_no_trace_of_the_text(workspace: Workspace) -> None:
    bad = post(0, f"{SECRET} broken", created_at="soon", author_id=AUTHOR)
    run = explored(workspace, posts_with(bad))
    base = open_snapshot(workspace, run.snapshot_id)
    path = written(workspace.home.parent / "more.csv", [p | {"views": 7} for p in posts_with()[-5:]])
    append([path], workspace, base=base, options=options_like(base, preview(path)), now=LATER)
    change_notes(workspace, base.id, now=NOW, name="The case")
    (workspace.home / "logs").mkdir()
    (workspace.home / "logs" / "worker.log").write_text(f"a traceback that quotes {SECRET}")
    (workspace.uploads / "1").mkdir(parents=True)
    (workspace.uploads / "1" / "posts.csv").write_text(f"{AUTHOR},{SECRET}")
    _a_failed_job(workspace, f"The first line looks like a post ('{SECRET} and so on')")
    assert len({Path(trace).name for trace in traces(workspace, SECRET)}) >= 6

    done = erase_author(workspace, AUTHOR, now=LATER)

    assert traces(workspace, SECRET, AUTHOR) == []
    assert done.ended_at == LATER
    assert done.account == pseudonym(AUTHOR, workspace.pseudonym_key())
    assert sorted(one["posts"] for one in done.snapshots) == [3, 3]
    again = open_run(workspace, done.runs[0]["became"])
    assert (again.id != run.id, again.manifest["config"]) == (True, run.manifest["config"])
    assert [one["id"] for one in list_runs(workspace)] == [again.id]
    assert again.snapshot_id == open_snapshot(workspace, "The case").id
    assert again.manifest["counts"]["posts"] == run.manifest["counts"]["posts"] - 3


def test_everything_else_stays_as_it_was(workspace: Workspace, made_again: list[dict[str, Any]]) -> None:
    old = snapshot_of(workspace, posts_with())
    before = [one for one in pq.read_table(old.posts_path).to_pylist() if one["author_id"] != AUTHOR]
    done = erase_author(workspace, AUTHOR, now=LATER)
    new = open_snapshot(workspace, done.snapshots[0]["became"])
    assert pq.read_table(new.posts_path).to_pylist() == before
    counts = new.manifest["counts"]
    assert counts["accepted"] + counts["quarantined"] + counts["duplicates"] == counts["records"]
    assert (new.n_posts, old.n_posts - new.n_posts) == (len(before), 3)
    assert (new.loaded_at, new.name, new.manifest["erased"]) == (
        old.loaded_at, old.name, [{"at": LATER.isoformat(), "posts": 3}],
    )  # fmt: skip
    assert (list_snapshots(workspace), made_again) == ([new], [])


def test_posts_without_an_account_and_of_others_who_say_the_same_stay(workspace: Workspace) -> None:
    same = f"{SECRET} recall smoke charger warning 0"
    extra = [post(0, same, author_id="another", created_at=NOW), post(0, "nobody's", created_at=NOW)]
    snapshot_of(workspace, posts_with(*extra))
    (held,) = plan_erasure(workspace, AUTHOR).holdings
    assert (held.posts, held.same_by_others) == (3, 1)
    erase_author(workspace, AUTHOR, now=LATER)
    (new,) = list_snapshots(workspace)
    left = pq.read_table(new.posts_path).to_pylist()
    assert [one["author_id"] for one in left if one["text"] == same] == ["another"]
    assert "nobody's" in [one["text"] for one in left]


def test_excerpts_of_the_quarantine_go_and_their_reasons_stay(workspace: Workspace) -> None:
    snapshot_of(workspace, posts_with(post(0, "broken", created_at="soon")))
    erase_author(workspace, AUTHOR, now=LATER)
    (new,) = list_snapshots(workspace)
    (kept,) = pq.read_table(new.quarantine_path).to_pylist()
    assert kept["why"] == "the time cannot be read"  # without the value that it quoted
    assert (kept["reason"], kept["excerpt"], new.manifest["reasons"]) == ("bad_time", EXCERPT_REMOVED, {"bad_time": 1})


def test_a_snapshot_of_that_account_alone_is_gone(workspace: Workspace) -> None:
    snapshot_of(workspace, [post(n, f"words {n}", author_id=AUTHOR) for n in range(3)])
    done = erase_author(workspace, AUTHOR, now=LATER)
    assert (list_snapshots(workspace), done.snapshots[0]["became"]) == ([], None)


def test_an_account_that_is_nowhere_is_refused(workspace: Workspace) -> None:
    snapshot_of(workspace, stream(each=3))
    with pytest.raises(Refused, match="No snapshot holds a post of this account"):
        erase_author(workspace, AUTHOR, now=LATER)
    assert list_removals(workspace) == []


def test_an_erasure_waits_for_jobs_and_writers_and_unreadable_folders(workspace: Workspace) -> None:
    snapshot = snapshot_of(workspace, posts_with())
    with new_folder(workspace.runs / "r1"), pytest.raises(Refused, match="Another process is writing"):
        erase_author(workspace, AUTHOR, now=LATER)
    shutil.rmtree(workspace.runs)
    (workspace.snapshots / "damaged").mkdir()
    with pytest.raises(Refused, match="Snapshot damaged is damaged and cannot be searched"):
        erase_author(workspace, AUTHOR, now=LATER)
    (workspace.snapshots / "damaged").rmdir()
    submit(workspace, title="any", run={"snapshot": "other"}, now=NOW)
    with pytest.raises(Refused, match=r"Job 1 \('any'\) is still waiting"):
        erase_author(workspace, AUTHOR, now=LATER)
    assert (list_snapshots(workspace), list_removals(workspace)) == ([snapshot], [])


def test_a_run_that_cannot_be_made_anew_says_why(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    _a_run_of(workspace, snapshot_of(workspace, posts_with()).id)

    def refuse(*_: Any, **__: Any) -> Run:
        raise Refused("The model is gone.")

    monkeypatch.setattr("explore.narratives.pipeline.explore", refuse)
    done = erase_author(workspace, AUTHOR, now=LATER)
    assert done.runs[0]["why_not"] == "The model is gone."
    assert list_runs(workspace) == []


def test_runs_can_be_left_out(workspace: Workspace, made_again: list[dict[str, Any]]) -> None:
    _a_run_of(workspace, snapshot_of(workspace, posts_with()).id)
    done = erase_author(workspace, AUTHOR, now=LATER, explore_again=False)
    assert f"python -m explore run {done.snapshots[0]['became']}" in done.runs[0]["why_not"]
    assert (list_runs(workspace), made_again) == ([], [])


@pytest.mark.parametrize("killed_in", ["carry_notes", "_delete_old", "clear_cache", "_made_again", "_explored_again"])
def test_an_erasure_that_was_killed_is_finished_by_the_same_request(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, made_again: list[dict[str, Any]], killed_in: str
) -> None:
    _a_run_of(workspace, snapshot_of(workspace, posts_with()).id)
    whole = getattr(erasure, killed_in)

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(erasure, killed_in, killed)
    with pytest.raises(KeyboardInterrupt):
        erase_author(workspace, AUTHOR, now=LATER)
    assert list_removals(workspace)[0].ended_at is None
    monkeypatch.setattr(erasure, killed_in, whole)
    done = erase_author(workspace, AUTHOR, now=LATER)
    (line,) = list_removals(workspace)
    assert (line, line.ended_at) == (done, LATER)
    assert traces(workspace, SECRET, AUTHOR) == []
    assert [one["snapshot"] for one in made_again] == [done.snapshots[0]["became"]]
    assert done.runs[0]["became"] == "new-1"


def test_the_history_of_counts_goes_too(workspace: Workspace) -> None:
    posts = [one | {"views": 1} for one in posts_with()]
    base = snapshot_of(workspace, posts)
    path = written(workspace.home.parent / "more.csv", [one | {"views": 9} for one in posts[-5:]])
    append([path], workspace, base=base, options=options_like(base, preview(path)), now=LATER)
    erase_author(workspace, AUTHOR, now=LATER)
    new = next(one for one in list_snapshots(workspace) if (one.folder / METRICS).is_file())
    assert history(new, posts[-5]["post_id"])["views"].tolist() == [1, 9]
    assert len(history(new, posts[-1]["post_id"])) == 0


def test_a_file_that_brings_an_erased_account_back_is_noticed(workspace: Workspace) -> None:
    snapshot_of(workspace, posts_with())
    done = erase_author(workspace, AUTHOR, now=LATER)
    assert erased_before(workspace, open_snapshot(workspace, done.snapshots[0]["became"])) == []
    back = snapshot_of(workspace, posts_with())
    assert erased_before(workspace, back) == [done.account]


def _a_run_of(workspace: Workspace, snapshot_id: str) -> None:
    config = {"encoder": "lexical", "granularity": "medium", "seed": 1, "as_of": None}
    facts = {"id": "r1", "snapshot": {"id": snapshot_id}, "created_at": NOW.isoformat(), "config": config}
    write_json(workspace.runs / "r1" / "manifest.json", facts | {"files": {}})


def _a_failed_job(workspace: Workspace, message: str) -> None:
    job = submit(workspace, title="bad file", load={"paths": ["bad.csv"]}, now=NOW)
    with writing(workspace) as connection:
        connection.execute(sa.update(JOBS).where(JOBS.c.id == job.id).values(state="failed", message=message))
