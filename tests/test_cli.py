"""The command line: one JSON document on stdout, all else on stderr, and honest exit codes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from explore import cli
from explore.narratives.run import Run, open_run
from explore.settings import PROJECT, Workspace, workspace_at
from tests.narratives.making import FEW, FEW_GROUPS, START, at, post, run_with, stream, without, written

EMERGING = {
    "narrative_id", "theme_id", "label", "terms", "languages", "regions", "n_messages", "n_posts", "n_authors",
    "reach", "first_at", "last_at", "now_authors", "now_active", "base_authors", "base_active", "base_bins",
    "now_posts", "base_posts", "rate_ratio", "rate_ratio_low", "rate_ratio_high", "p_value", "q_value", "flagged",
    "testable", "copy_share", "repost_share", "unmarked_copy_share", "top_author_share", "spark",
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """The one document on stdout; NaN and Infinity are not JSON."""
        assert self.code == 0, self.err
        assert self.out.count("\n") == 1
        found: dict[str, Any] = json.loads(self.out, parse_constant=_refuse)
        return found

    def refusal(self) -> str:
        """The one line on stderr of a command that was refused."""
        assert (self.code, self.out) == (2, ""), self
        assert self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.err
        return self.err.strip()


Say = Callable[..., Said]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command in this process, in this test's workspace or the one given."""

    def run(*words: object, workspace: Workspace | None = None) -> Said:
        if workspace is not None:
            monkeypatch.setenv("EXPLORE_HOME", str(workspace.home))
        monkeypatch.setattr(sys, "argv", ["explore", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Said(int(str(ended.value.code)), *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Run]:
    """The handmade posts FEW with the narratives given."""
    workspace = workspace_at(tmp_path_factory.mktemp("few") / "workspace")
    return workspace, run_with(workspace, FEW, groups=FEW_GROUPS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "posts.csv", FEW)


def started(*words: object, home: Path, **environment: str) -> Said:
    """Runs a command in a process of its own, as a schedule would."""
    done = subprocess.run(
        [sys.executable, "-m", "explore", *map(str, words)],
        cwd=PROJECT,
        env={**os.environ, "EXPLORE_HOME": str(home), **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


# --- in processes of their own ---------------------------------------------------------------------------------------


def test_load_and_run_in_processes_of_their_own_give_the_bytes_of_a_run_made_here(
    say: Say, tmp_path: Path, workspace: Workspace
) -> None:
    elsewhere, posts = workspace_at(tmp_path / "elsewhere"), written(tmp_path / "posts.csv", stream())
    loaded = started("load", posts, "--json", home=elsewhere.home).json()
    ran = started("run", loaded["snapshot"], "--json", home=elsewhere.home, PYTHONHASHSEED="1").json()
    assert (ran["narratives"], ran["messages"]) == (4, 280)
    assert say("load", posts, "--json").json() == loaded
    assert say("run", loaded["snapshot"], "--json").json()["run"] == ran["run"]
    files = [open_run(each, ran["run"]).manifest["files"] for each in (elsewhere, workspace)]
    assert files[0] == files[1]
    listed = say("emerging", ran["run"], "--json").json()
    assert [one["flagged"] for one in listed["narratives"]] == [True, False, False, False]


def test_a_refusal_in_a_process_of_its_own_is_one_line_and_code_two(tmp_path: Path) -> None:
    said = started("load", tmp_path / "absent.csv", "--json", home=tmp_path / "home")
    assert "absent.csv" in said.refusal()
    assert not (tmp_path / "home").exists()


# --- load ------------------------------------------------------------------------------------------------------------


def test_load_reports_what_became_of_every_record(say: Say, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    lines = ["id,created_at,text", *(f"{i},2024-05-01T10:00:00Z,text {i}" for i in range(9))]
    path.write_text("\n".join([*lines, "9,2024-02-30T10:00:00Z,bad day", "8,2024-05-01T10:00:00Z,text 8", ""]))
    found = say("load", path, "--json").json()
    counted = {"records", "accepted", "quarantined", "duplicates", "reasons"}
    assert set(found) == counted | {"snapshot", "sha256", "notes", "mapping", "mapping_how", "columns_dropped"}
    assert (found["records"], found["accepted"], found["quarantined"], found["duplicates"]) == (11, 9, 1, 1)
    assert sum(found["reasons"].values()) == 1
    assert found["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_load_says_which_columns_were_read_and_which_were_not(say: Say, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("id,text,client,device\n1,hello there,a,b\n")
    told = say("load", path).out
    assert "Read post_id from 'id', text from 'text'." in told
    assert "Not used: 'client', 'device'." in told


def test_a_file_loaded_again_under_another_name_is_found_by_it(say: Say, file: Path) -> None:
    first = say("load", file, "--name", "week 31", "--json").json()
    again = say("load", file, "--name", "week 32", "--json").json()
    assert again["snapshot"] == first["snapshot"]
    assert [one["name"] for one in say("snapshots", "list", "--json").json()["snapshots"]] == ["week 32"]


def test_loading_the_same_file_again_gives_the_same_answer(say: Say, file: Path) -> None:
    assert say("load", file, "--json").json() == say("load", file, "--name", "again", "--json").json()


def test_columns_can_be_mapped_several_at_a_time_or_one_by_one(say: Say, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("a,b,c\nx1,hello there,u1\nx2,hello here,u2\n")
    together = say("load", path, "--map", "post_id=a", "text=b", "author_id=c", "--json").json()
    one_by_one = say("load", path, "--map", "post_id=a", "--map", "text=b", "--map", "author_id=c", "--json").json()
    assert together == one_by_one
    assert together["accepted"] == 2


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--map", "text"], "is not FIELD=COLUMN"),
        (["--map", "body=text"], "is not FIELD=COLUMN. Fields are"),
        (["--map", "text=absent"], "absent"),
        (["--tz", "Mars/Olympus"], "Mars/Olympus"),
        (["--date-order", "ymd"], "ymd"),
    ],
)
def test_a_load_that_cannot_be_is_refused_and_leaves_no_trace(
    say: Say, file: Path, home: Path, words: list[str], part: str
) -> None:
    assert part in say("load", file, *words, "--json").refusal()
    assert not home.exists()


# --- run -------------------------------------------------------------------------------------------------------------


def test_run_reports_the_run_and_what_it_took(say: Say, file: Path, workspace: Workspace) -> None:
    snapshot = say("load", file, "--name", "few", "--json").json()["snapshot"]
    found = say("run", snapshot[:8], "--json").json()
    assert set(found) == {
        "run", "path", "messages", "narratives", "themes", "unclustered_share", "timings", "peak_rss_mb"
    }  # fmt: skip
    assert Path(found["path"]) == workspace.runs / found["run"]
    assert Path(found["path"]).is_absolute()
    assert found["messages"] == 8
    assert all(seconds >= 0 for seconds in found["timings"].values())
    assert say("run", "few", "--json").json()["run"] == found["run"]


def test_a_relative_workspace_still_gives_absolute_paths(
    say: Say, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EXPLORE_HOME", "here")
    snapshot = say("load", file.name, "--json").json()["snapshot"]
    found = say("run", snapshot, "--json").json()
    assert found["path"] == str(tmp_path.resolve() / "here" / "runs" / found["run"])


def test_the_same_moment_in_another_zone_is_the_same_run(say: Say, file: Path) -> None:
    snapshot = say("load", file, "--json").json()["snapshot"]
    moments = ["2026-03-08T00:00:00Z", "2026-03-08 00:00", "2026-03-08T02:00+02:00", "2026-03-08"]
    runs = [say("run", snapshot, "--as-of", moment, "--json").json() for moment in moments]
    assert len({one["run"] for one in runs}) == 1
    assert runs[0]["messages"] == 3  # of the posts of six days
    assert say("run", snapshot, "--json").json()["run"] != runs[0]["run"]


def test_it_says_where_messages_go_before_they_are_sent(say: Say, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explore.narratives.endpoint.TIMEOUT", 0.001)
    monkeypatch.setattr("explore.narratives.endpoint.WAITS", ())
    monkeypatch.setenv("EXPLORE_EMBEDDING_MODEL", "tiny")
    snapshot = say("load", file, "--json").json()["snapshot"]
    said = say("run", snapshot, "--encoder", "http:http://127.0.0.1:1/v1/embeddings", "--json")
    first, second = said.err.splitlines()
    assert first == (
        "The text of the messages is sent to 127.0.0.1:1, without links and mentions, unless it was sent before."
    )
    assert "could not be reached" in second
    assert said.code == 2


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--encoder", "other:x"], "There is no encoder 'other:x'"),
        (["--encoder", "static:absent"], "not a model2vec folder"),
        (["--encoder", "https://example.org/?key=1"], "it holds no key, query or # part"),
        (["--granularity", "huge"], "Say broad, medium, fine or a number"),
        (["--as-of", "soon"], "'soon' is not a time"),
        (["--as-of", "1999-01-01"], "No post to explore before 1999-01-01"),
        (["--seed", "-1"], "--seed"),
        (["--seed", "x"], "--seed"),
    ],
)
def test_a_run_that_cannot_be_is_refused(
    say: Say, file: Path, workspace: Workspace, words: list[str], part: str
) -> None:
    snapshot = say("load", file, "--json").json()["snapshot"]
    assert part in say("run", snapshot, *words, "--json").refusal()
    assert not workspace.runs.exists()


def test_an_unknown_snapshot_is_refused(say: Say) -> None:
    assert "No snapshot 'nope'" in say("run", "nope", "--json").refusal()


# --- emerging --------------------------------------------------------------------------------------------------------


def test_emerging_lists_every_narrative_with_every_component(say: Say, few: tuple[Workspace, Run]) -> None:
    workspace, run = few
    found = say("emerging", run.id, "--json", workspace=workspace).json()
    assert (found["as_of"], found["window"], found["baseline"]) == ("2026-03-10T00:00:00.000001+00:00", "24h", "7d")
    assert [one["narrative_id"] for one in found["narratives"]] == [0, 1]
    assert all(set(one) >= EMERGING for one in found["narratives"])
    vote = found["narratives"][0]
    # of 5 accounts now and 3 before, one of them now with three posts, three are seen in all: with the chance p of a
    # post 1 - (1 - p)^3 + 7 p = 3, so p = 0.32888, and 3 - 3 p of the three are to be expected now; there are two looks
    assert (vote["now_authors"], vote["base_authors"]) == (3, 0)
    assert vote["p_value"] == pytest.approx(2 * ((3 - 3 * 0.32888) / 3) ** 3, rel=1e-4)
    assert (vote["flagged"], vote["testable"], vote["languages"]) == (False, True, ["en"])
    assert datetime.fromisoformat(vote["first_at"]) == at(7.1)


@pytest.mark.parametrize("moment", ["2026-03-07T12:00:00Z", "2026-03-07 12:00", "2026-03-07T17:30:00+05:30"])
def test_as_of_a_moment_only_what_was_there_is_listed(say: Say, few: tuple[Workspace, Run], moment: str) -> None:
    found = say("emerging", few[1].id, "--as-of", moment, "--json", workspace=few[0]).json()
    assert datetime.fromisoformat(found["as_of"]) == at(5.5)
    assert [(one["narrative_id"], one["n_posts"]) for one in found["narratives"]] == [(1, 2)]
    long_ago = say("emerging", few[1].id, "--as-of", "1999-01-01", "--json").json()
    assert (long_ago["narratives"], long_ago["pockets"]) == ([], [])


def test_top_window_and_baseline_are_as_asked_for(say: Say, few: tuple[Workspace, Run]) -> None:
    words = ("--top", 1, "--window", "12h", "--baseline", "3d")
    found = say("emerging", few[1].id, *words, "--json", workspace=few[0]).json()
    assert (found["window"], found["baseline"], len(found["narratives"])) == ("12h", "3d", 1)
    assert found["narratives"][0]["base_bins"] == 6
    assert len(found["narratives"][0]["spark"]) == 28
    assert found["narratives"][0]["now_posts"] == 1  # the post of half past seven days, just inside


def test_what_is_not_known_is_null_never_nan(say: Say, workspace: Workspace) -> None:
    run = run_with(workspace, without(FEW, "created_at", "author_id", "views"), groups=FEW_GROUPS)
    said = say("emerging", run.id, "--json")
    found = said.json()
    assert (found["as_of"], found["window"], found["baseline"]) == (None, None, None)
    assert "no times" in said.err
    for name in ("p_value", "q_value", "first_at", "reach", "n_authors", "rate_ratio", "top_author_share"):
        assert [one[name] for one in found["narratives"]] == [None, None], name


def test_figures_keep_their_precision(say: Say, workspace: Workspace) -> None:
    posts = [post(i, f"vote now {i % 9}", created_at=at(9, second=i), author_id=f"a{i}") for i in range(300)]
    early = [post(1000 + i, "hello", created_at=at(i / 100), author_id=f"b{i}") for i in range(900)]
    odd = [post(5000, "vote then", created_at=START + timedelta(days=9, microseconds=1_234_567), author_id="c")]
    run = run_with(workspace, [*early, *posts, *odd], groups=["vote"])
    found = say("emerging", run.id, "--json").json()["narratives"][0]
    assert 0 < found["p_value"] < 1e-30
    assert found["p_value"] == pytest.approx(run.narratives.loc[0, "p_value"], rel=1e-12)
    assert found["flagged"] is True
    late = say("emerging", run.id, "--as-of", "2026-03-11T00:00:01.234568Z", "--json").json()["narratives"][0]
    assert datetime.fromisoformat(late["last_at"]) == datetime(2026, 3, 11, 0, 0, 1, 234567, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--as-of", "soon"], "'soon' is not a time. Write it like"),
        (["--as-of", "0001-01-01T00:00+05:00"], "is not a time"),
        (["--as-of", "0001-01-01"], "before the year 1"),
        (["--window", "24"], "'24' is not a duration. Write it like 30m, 24h, 7d or 2w"),
        (["--window", "0h"], "'0h' is not a duration"),
        (["--baseline", "week"], "'week' is not a duration"),
        (["--window", "99999w", "--baseline", "99999w"], "before the year 1"),
        (["--top", "0"], "--top"),
        (["--nope"], "--nope"),
    ],
)
def test_a_list_that_cannot_be_is_refused(say: Say, few: tuple[Workspace, Run], words: list[str], part: str) -> None:
    assert part in say("emerging", few[1].id, *words, "--json", workspace=few[0]).refusal()


def test_an_unknown_run_is_refused(say: Say, few: tuple[Workspace, Run]) -> None:
    assert f"No run is called 'nope'. Known: {few[1].id}" in say("emerging", "nope", workspace=few[0]).refusal()


def test_without_json_a_person_reads_sentences(say: Say, few: tuple[Workspace, Run]) -> None:
    said = say("emerging", few[1].id, workspace=few[0])
    assert said.code == 0
    assert "in the last 24 h of the file (to 10 Mar 2026 00:00 UTC)" in said.out
    assert "3 of 5 active accounts posted this in the last 24 h" in said.out  # the fifth wrote the last post
    assert "{" not in said.out


def test_a_moment_that_was_asked_for_is_named(say: Say, few: tuple[Workspace, Run]) -> None:
    said = say("emerging", few[1].id, "--as-of", "2026-03-09T23:00", workspace=few[0]).out
    assert "in the 24 h to 9 Mar 2026 23:00 UTC" in said
    assert "last 24 h" not in said


def test_the_moment_of_the_last_post_holds_it(say: Say, few: tuple[Workspace, Run]) -> None:
    usual = say("emerging", few[1].id, "--json", workspace=few[0]).json()
    assert say("emerging", few[1].id, "--as-of", "2026-03-10T00:00Z", "--json").json() == usual
    assert say("emerging", few[1].id, "--as-of", usual["as_of"], "--json").json() == usual


def test_what_no_narrative_holds_is_listed_beside_them(say: Say, workspace: Workspace) -> None:
    quiet = [post(i, f"word{i % 40} thing{i % 7}", created_at=at(i / 25), author_id=f"q{i % 30}") for i in range(200)]
    event = [post(900 + i, f"quake {'abcdefghijkl'[i] * 4}", created_at=at(7.9), author_id=f"e{i}") for i in range(12)]
    run = run_with(workspace, sorted([*quiet, *event], key=lambda one: one["created_at"]), groups=["thing1"])
    words = ("emerging", run.id, "--as-of", at(8).isoformat())
    (pocket,) = say(*words, "--json").json()["pockets"]
    assert (pocket["label"], pocket["n_posts"], pocket["now_authors"], pocket["flagged"]) == ("quake", 12, 12, True)
    said = say(*words).out
    assert "1 story grew beyond what was to be expected" in said
    assert "words  ▲ emerging     quake" in said
    assert "In the window: 12 posts in 12 different wordings within 0 min, 12 in no narrative." in said


def test_a_list_says_with_which_baseline_it_was_judged(say: Say, few: tuple[Workspace, Run]) -> None:
    assert "The 24 h are compared with the 7 days before." in say("emerging", few[1].id, workspace=few[0]).out
    held = say("emerging", few[1].id, "--window", "6h", "--baseline", "9d").out
    assert "The 6 h are compared with the 7.8 days before, which is all that the snapshot holds of the 9 days" in held
    asked = say("emerging", few[1].id, "--window", "24h", "--baseline", "2d").out
    assert "a window of 24 h needs at least 3 days to be compared with, and 2 days were asked for" in asked
    assert "snapshot holds" not in asked


# --- moments ---------------------------------------------------------------------------------------------------------


def test_moments_are_those_of_the_window_that_suits_the_run_and_are_kept(say: Say, workspace: Workspace) -> None:
    run = run_with(workspace, FEW, groups=FEW_GROUPS)
    found = say("moments", run.id, "--json").json()
    assert (found["run"], found["window"], found["baseline"], found["step"]) == (run.id, "24h", "7d", "1h")
    assert len(found["moments"]) == 8 * 24 + 1
    assert set(found["moments"][0]) == {"as_of", "flagged", "new", "active", "judgeable"}
    assert datetime.fromisoformat(found["moments"][-1]["as_of"]) == run.end
    written = (run.folder / "moments.parquet").stat().st_mtime_ns
    assert say("moments", run.id, "--json").json() == found
    assert (run.folder / "moments.parquet").stat().st_mtime_ns == written
    assert "None of 193 hours can be judged." in say("moments", run.id).out


def test_moments_of_another_window_are_not_kept(say: Say, workspace: Workspace) -> None:
    run = run_with(workspace, FEW, groups=FEW_GROUPS)
    found = say("moments", run.id, "--window", "6h", "--baseline", "2d", "--json").json()
    assert (found["window"], found["baseline"]) == ("6h", "2d")
    assert not (run.folder / "moments.parquet").exists()


def test_without_times_there_are_no_moments_and_that_is_said(say: Say, workspace: Workspace) -> None:
    run = run_with(workspace, without(FEW, "created_at"), groups=FEW_GROUPS)
    said = say("moments", run.id, "--window", "6h", "--json")
    assert said.json() == {"run": run.id, "window": None, "baseline": None, "step": None, "moments": []}
    assert "no times" in said.err


@pytest.mark.parametrize(
    ("words", "part"),
    [(["--window", "24"], "'24' is not a duration"), (["--baseline", "99999w", "--window", "99999w"], "year 1")],
)
def test_moments_that_cannot_be_are_refused(say: Say, few: tuple[Workspace, Run], words: list[str], part: str) -> None:
    assert part in say("moments", few[1].id, *words, "--json", workspace=few[0]).refusal()


# --- stability -------------------------------------------------------------------------------------------------------


def test_stability_measures_a_run_and_the_next_time_reads_it(say: Say, workspace: Workspace) -> None:
    run = run_with(workspace, FEW, groups=FEW_GROUPS)
    found = say("stability", run.id, "--json").json()
    assert found["run"] == run.id
    assert Path(found["path"]).name == "stability.parquet"
    assert [set(one) for one in found["narratives"]] == [
        {"narrative_id", "stability", "least", "most", "found_again", "draws"}
    ] * 2
    written = Path(found["path"]).stat().st_mtime_ns
    assert say("stability", run.id, "--json").json() == found
    assert Path(found["path"]).stat().st_mtime_ns == written
    assert "of 20 trials" in say("stability", run.id).out
    assert open_run(workspace, run.id).id == run.id


def test_the_stability_of_an_unknown_run_is_refused(say: Say) -> None:
    assert "No run is called 'nope'" in say("stability", "nope").refusal()


# --- brief -----------------------------------------------------------------------------------------------------------


def test_brief_writes_one_page_and_says_where(say: Say, few: tuple[Workspace, Run], tmp_path: Path) -> None:
    page = tmp_path / "new folder" / "page.html"
    found = say("brief", few[1].id, 0, 1, "--out", page, "--json", workspace=few[0]).json()
    assert set(found) == {"path", "sha256"}
    assert Path(found["path"]) == page.resolve()
    assert found["sha256"] == hashlib.sha256(page.read_bytes()).hexdigest()
    content = page.read_text(encoding="utf-8")
    assert few[1].id in content
    assert "vote" in content.lower()
    assert not {"a1", "b1"} & set(content.split())


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["7"], "has no narrative 7"),
        (["0", "--as-of", "2026-03-03"], "has no narrative 0 with a post before 2026-03-03"),
        (["x"], "NARRATIVE"),
        ([], "NARRATIVE"),
    ],
)
def test_a_briefing_about_nothing_is_refused_and_not_written(
    say: Say, few: tuple[Workspace, Run], tmp_path: Path, words: list[str], part: str
) -> None:
    page = tmp_path / "page.html"
    assert part in say("brief", few[1].id, *words, "--out", page, "--json", workspace=few[0]).refusal()
    assert not page.exists()


def test_a_briefing_needs_a_place_that_can_be_written(say: Say, few: tuple[Workspace, Run], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = say("brief", few[1].id, 0, "--out", tmp_path / "file" / "page.html", workspace=few[0])
    assert "cannot be written" in said.refusal()
    assert "directory" in say("brief", few[1].id, 0, "--out", tmp_path).refusal()
    assert "--out" in say("brief", few[1].id, 0).refusal()


# --- the rest --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["bogus"], ["--bogus"], ["load"], ["run"], ["emerging"], ["load", "x.csv", "--map"]])
def test_wrong_use_is_one_line_and_code_two(say: Say, words: list[str]) -> None:
    assert say(*words).refusal()


def test_a_fault_of_ours_says_so_and_ends_with_one(say: Say, monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(cli, "load", broken)
    said = say("load", file, "--json")
    assert (said.code, said.out) == (1, "")
    assert "RuntimeError: out of order" in said.err
    assert "a fault of Groundswell" in said.err


def test_progress_goes_to_stderr_once_work_takes_longer_than_a_moment(
    say: Say, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "QUIET_SECONDS", -1.0)
    said = say("load", file, "--json")
    assert said.json()["accepted"] == len(FEW)
    lines = said.err.splitlines()
    assert len(lines) >= 3
    assert all(line.endswith(" …") for line in lines)
    assert len(set(lines)) == len(lines)


def test_the_version_is_told(say: Say) -> None:
    from explore import __version__

    assert say("--version").out == f"groundswell {__version__}\n"


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
