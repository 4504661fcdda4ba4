"""The commands on snapshots, as a person or a schedule gives them."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explore import cli
from explore.casework import erasure
from explore.jobs.queue import submit
from explore.posts.notes import change_notes
from explore.posts.snapshots import list_snapshots, open_snapshot
from explore.settings import Workspace, workspace_at
from tests.casework.test_removals import NOW, a_run

Command = Callable[..., Any]
AUTHOR = "=author\u202e-77"


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command with --json; what it printed, or the line on stderr where it was refused."""

    def run(*words: str | Path, exits: int = 0) -> Any:
        monkeypatch.setattr(sys, "argv", ["explore", *map(str, words), "--json"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert (ended.value.code, said.err if exits == 0 else "") == (exits, "")
        if exits:
            assert len(said.err.strip().splitlines()) == 1
            return said.err.strip()
        return json.loads(said.out)

    return run


@pytest.fixture
def week(tmp_path: Path) -> Path:
    """Nine posts of three accounts and one bad record."""
    lines = [f'{n},2024-05-0{n}T10:00:00Z,"words, of {n}",{AUTHOR if n % 3 else "b"},{n}' for n in range(1, 10)]
    path = tmp_path / "week.csv"
    path.write_text("\n".join(["id,created_at,text,author,views", *lines, f"10,soon,=HYPERLINK(1),{AUTHOR},1\n"]))
    return path


def test_snapshots_are_listed_named_and_described(command: Command, week: Path) -> None:
    assert command("snapshots", "list") == {"snapshots": []}
    made = command("load", week, "--name", "Week")["snapshot"]
    assert command("snapshots", "rename", "Week", "Case 7") == {"id": made, "name": "Case 7", "was": "Week"}
    said = command("snapshots", "describe", "Case 7", "--note", "from the vendor", "--keep-days", "30")
    assert (said["note"], said["keep_days"], said["accepted"], said["reasons"]) == (
        "from the vendor", 30, 9, {"bad_time": 1},
    )  # fmt: skip
    assert [one["posts"] for one in said["accounts"]] == [6, 3]
    assert all(re.fullmatch("[a-z2-7]{6}", one["account"]) for one in said["accounts"])
    assert said["collection"]["precision"] == "hour"
    (listed,) = command("snapshots", "list")["snapshots"]
    assert (listed["id"], listed["name"], listed["runs"], listed["posts"]) == (made, "Case 7", 0, 9)
    assert listed["due_at"][:10] > listed["loaded_at"][:10]
    assert command("snapshots", "describe", made, "--keep-forever")["keep_days"] is None
    assert "either" in command("snapshots", "describe", made, "--keep-forever", "--keep-days", "3", exits=2)
    assert "No snapshot 'Week'" in command("snapshots", "rename", "Week", "x", exits=2)


def test_no_command_prints_an_account_id(command: Command, week: Path, tmp_path: Path) -> None:
    command("load", week, "--name", "Week")
    out = tmp_path / "apart.csv"
    printed = [
        command("snapshots", "list"),
        command("snapshots", "describe", "Week"),
        command("snapshots", "compare", "Week", "Week"),
        command("snapshots", "quarantine", "Week", "--out", out),
        command("snapshots", "delete", "Week"),
        command("snapshots", "erase-author", AUTHOR),
    ]
    assert AUTHOR not in json.dumps(printed, ensure_ascii=False)
    assert AUTHOR not in out.read_text(encoding="utf-8-sig")


def test_tomorrows_file_is_appended_and_compared(command: Command, week: Path, tmp_path: Path) -> None:
    first = command("load", week, "--name", "Week", "--keep-days", "9")
    more = tmp_path / "more.csv"
    more.write_text(
        'id,created_at,text,author,views\n9,2024-05-09T10:00:00Z,"words, of 9",b,99\n11,2024-05-10T00:00:00Z,new,c,1\n'
    )
    second = command("load", more, "--append", "Week", "--name", "Both")
    assert (second["records"], second["accepted"], second["duplicates"]) == (2, 1, 1)
    found = command("snapshots", "compare", "Week", "Both")
    assert found["snapshots"] == [first["snapshot"], second["snapshot"]]
    assert [found[key] for key in ("both", "only_a", "only_b", "other_text", "other_counts")] == [9, 0, 1, 0, 1]
    assert command("snapshots", "describe", "Both")["keep_days"] == 9
    assert command("snapshots", "delete", "Week")["appended"] == [second["snapshot"]]


def test_a_saved_mapping_reads_the_next_file(command: Command, tmp_path: Path, workspace: Workspace) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.csv").write_text(f"k;when;one;two\n{name};01/03/2024 10:00;words one;words two {name}\n")
    how = ["--map", "text=two", "--map", "created_at=when", "--tz", "Europe/Berlin", "--date-order", "dmy"]
    command("load", tmp_path / "a.csv", *how, "--save-mapping", "vendor")
    command("load", tmp_path / "b.csv", "--mapping", "vendor")
    manifest = open_snapshot(workspace, "b").manifest
    assert (manifest["mapping"], manifest["tz"]) == ({"created_at": "when", "text": "two"}, "Europe/Berlin")
    assert manifest["first_at"] == "2024-03-01T09:00:00+00:00"
    assert "No mapping is saved as 'x'" in command("load", tmp_path / "b.csv", "--mapping", "x", exits=2)


def test_a_fitting_mapping_is_pointed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text("k,one,two\n1,words one,words two\n")
    (tmp_path / "b.csv").write_text("k,one,two\n2,words one,words two\n")
    for words in (["a.csv", "--map", "text=two", "--save-mapping", "vendor"], ["b.csv", "--map", "text=one"]):
        monkeypatch.setattr(sys, "argv", ["explore", "load", str(tmp_path / words[0]), *words[1:]])
        with pytest.raises(SystemExit, match="0"):
            cli.main()
    assert "say --mapping 'vendor'" in capsys.readouterr().err


def test_the_quarantine_opens_safely_in_a_spreadsheet(command: Command, week: Path, tmp_path: Path) -> None:
    command("load", week, "--name", "Week")
    out = tmp_path / "apart.csv"
    assert command("snapshots", "quarantine", "Week", "--out", out) == {"path": str(out), "records": 1}
    table = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert table == [["file", "record", "reason", "why"], ["week.csv", "10", "bad_time", "the time cannot be read"]]
    command("snapshots", "quarantine", "Week", "--out", out, "--excerpts")
    assert "=HYPERLINK(1)" in out.read_text(encoding="utf-8-sig")
    assert "cannot be written" in command("snapshots", "quarantine", "Week", "--out", week / "apart.csv", exits=2)


def test_deleting_says_first_what_depends_on_it(command: Command, week: Path, workspace: Workspace) -> None:
    made = command("load", week, "--name", "Week")["snapshot"]
    a_run(workspace, made)
    said = command("snapshots", "delete", "Week")
    assert (said["deleted"], said["posts"], said["runs"]) == (False, 9, ["r1"])
    job = submit(workspace, title="Week", run={"snapshot": made}, now=NOW)
    assert command("snapshots", "delete", "Week")["busy"] == [job.id]
    assert f"Job {job.id} ('Week') is still waiting" in command("snapshots", "delete", "Week", "--yes", exits=2)
    assert [one.id for one in list_snapshots(workspace)] == [made]


def test_deleting_with_yes_is_recorded(command: Command, week: Path, workspace: Workspace) -> None:
    made = command("load", week, "--name", "Week")["snapshot"]
    assert command("snapshots", "delete", "Week", "--yes")["deleted"] is True
    assert list_snapshots(workspace) == []
    (line,) = command("snapshots", "removals")["removals"]
    assert (line["kind"], line["snapshots"]) == ("deleted", [{"id": made, "posts": 9}])


def test_a_purge_lists_first_and_removes_with_yes(command: Command, week: Path, workspace: Workspace) -> None:
    made = command("load", week, "--name", "Week")["snapshot"]
    assert command("purge", "--yes")["due"] == []
    manifest = workspace.snapshots / made / "manifest.json"
    facts = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(facts | {"loaded_at": "2024-01-01T00:00:00+00:00"}))
    change_notes(workspace, made, now=NOW, keep_days=90)
    said = command("purge")
    assert (said["purged"], said["due"][0]["id"], said["due"][0]["since"]) == (False, made, "2024-03-31T00:00:00+00:00")
    assert len(list_snapshots(workspace)) == 1
    assert command("purge", "--yes")["removed"][0]["kind"] == "retention"
    assert list_snapshots(workspace) == []


def test_an_account_is_erased_with_yes(
    command: Command, week: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = command("load", week, "--name", "Week")["snapshot"]
    said = command("snapshots", "erase-author", AUTHOR)
    assert (said["erased"], said["snapshots"]) == (False, [{"id": made, "posts": 6, "same_text_by_others": 0}])
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{AUTHOR}\n"))
    said = command("snapshots", "erase-author", "-", "--yes", "--no-runs")
    (left,) = list_snapshots(workspace)
    assert (said["erased"], left.n_posts, left.name) == (True, 3, "Week")
    assert said["removal"]["snapshots"][0]["became"] == left.id != made
    assert "No snapshot holds a post" in command("snapshots", "erase-author", AUTHOR, exits=2)


def test_a_file_that_brings_back_an_erased_account_is_loaded_with_a_warning(
    command: Command, week: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command("load", week)
    command("snapshots", "erase-author", AUTHOR, "--yes")
    monkeypatch.setattr(sys, "argv", ["explore", "load", str(week)])
    with pytest.raises(SystemExit, match="0"):
        cli.main()
    (account,) = {one.account for one in erasure.list_removals(workspace_at(home))}
    assert f"Account {account} was erased before" in capsys.readouterr().err


NO_TEXT = "\udcff"


@pytest.mark.parametrize(
    "words",
    [
        ["snapshots", "erase-author", NO_TEXT],
        ["load", "week.csv", "--name", NO_TEXT],
        ["load", "week.csv", "--delimiter", NO_TEXT],
        ["load", f"{NO_TEXT}.csv"],
        ["load", "week.csv", "--map", "text=" + " | ".join(["text"] * 70)],
        ["load", "week.csv", "--map", "text=" + " + ".join(["text"] * 70)],
        ["load", "week.csv", "--map", "text=text", "--map", "text=author"],
        ["load", "week.csv", "--save-mapping", ""],
        ["load", "week.csv", "--save-mapping", "\u202e"],
        ["load", "week.csv", "--tz", ""],
        ["load", "week.csv", "--tz", " "],
    ],
)
def test_words_that_mean_nothing_are_refused_in_one_line(
    words: list[str], command: Command, week: Path, workspace: Workspace
) -> None:
    said = command(*[week if word == "week.csv" else word for word in words], exits=2)
    assert "Traceback" not in said
    assert not workspace.snapshots.exists()


def test_what_is_open_after_a_load_is_said_on_stderr_and_in_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text("id,text,author\n1,words,NULL\n2,words,ann\n")
    monkeypatch.setattr(sys, "argv", ["explore", "load", str(tmp_path / "a.csv"), "--json"])
    with pytest.raises(SystemExit):
        cli.main()
    said = capsys.readouterr()
    assert said.err == "author_id is unknown in 1 record (written as NULL).\n"
    assert json.loads(said.out)["notes"] == [said.err.strip()]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_new_workspace_is_its_owners_alone_and_a_shared_one_stays_shared(
    command: Command, week: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mode(path: Path) -> int:
        return path.stat().st_mode & 0o777

    command("load", week, "--name", "Week")
    command("snapshots", "delete", "Week")
    assert (mode(workspace.home), mode(workspace.home / "groundswell.db")) == (0o700, 0o600)
    shared = week.parent / "shared"
    shared.mkdir()
    shared.chmod(0o770)
    monkeypatch.setenv("EXPLORE_HOME", str(shared))
    command("load", week, "--name", "Week")
    command("snapshots", "delete", "Week")
    assert (mode(shared), mode(shared / "groundswell.db")) == (0o770, 0o660)
