"""Every row of the catalogue of bad inputs, read as a person's file is read: in a process of its own."""

from __future__ import annotations

import os
import re
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from explore.errors import Refused
from explore.posts.snapshots import load, open_snapshot
from explore.settings import Workspace
from tests.posts.bad_inputs import CATALOGUE, PLAIN
from tests.posts.making import NOW, kept_apart, loaded, saved

READS_APART = True

CASES = [pytest.param(one, id=f"{one.number} {one.what}") for one in CATALOGUE.values()]
TEN = datetime(2024, 5, 1, 10, tzinfo=UTC)

# What a row says beyond its outcome: number -> (field of the last post, value).
STORED: dict[str, tuple[str, Any]] = {
    "18": ("post_id", "007"),
    "19": ("post_id", "12345678901234567890"),
    **dict.fromkeys(("50", "51", "52", "52b", "53b", "54"), ("created_at", TEN)),
}


def test_the_catalogue_is_complete() -> None:
    numbers = {int(re.sub(r"\D", "", number)) for number in CATALOGUE}
    assert numbers | {69, 70} == set(range(1, 71))


@pytest.mark.parametrize("one", [case for case in CASES if case.values[0].outcome == "R"])  # type: ignore[attr-defined]
def test_it_is_refused_and_the_workspace_stays_as_it_was(one: Any, workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=one.says) as refusal:
        loaded(workspace, tmp_path, one.make(), one.name, **one.options)
    assert "\n" not in str(refusal.value)
    assert not workspace.home.exists()


@pytest.mark.parametrize("one", [case for case in CASES if case.values[0].outcome == "Q"])  # type: ignore[attr-defined]
def test_one_record_is_kept_apart_with_the_reason(one: Any, workspace: Workspace, tmp_path: Path) -> None:
    report, posts = loaded(workspace, tmp_path, one.make(), one.name, **one.options)
    assert (report.records, report.accepted, report.reasons) == (10, 9, {one.says: 1})
    assert all(post["text"].startswith("words of") for post in posts)
    kept = kept_apart(workspace, report)[0]
    assert kept["reason"] == one.says
    assert kept["why"]
    assert 0 < len(kept["excerpt"]) <= 300


@pytest.mark.parametrize("one", [case for case in CASES if case.values[0].outcome == "A"])  # type: ignore[attr-defined]
def test_it_is_taken_verbatim(one: Any, workspace: Workspace, tmp_path: Path) -> None:
    report, posts = loaded(workspace, tmp_path, one.make(), one.name, **one.options)
    assert report.quarantined == 0
    assert report.duplicates == (1 if one.number == "59" else 0)
    assert posts[-1]["text"] == one.says
    if one.number in STORED:
        field, value = STORED[one.number]
        assert posts[-1][field] == value


def test_what_is_taken_with_a_remark_is_remarked(workspace: Workspace, tmp_path: Path) -> None:
    remarks = {"15": ("read_as", "delimiter", ";"), "32": (), "52": (), "57": (), "68": ()}
    manifests = {}
    for number in remarks:
        one = CATALOGUE[number]
        report, _ = loaded(workspace, tmp_path, one.make(), one.name)
        manifests[number] = open_snapshot(workspace, report.snapshot).manifest
    assert manifests["15"]["read_as"][0]["delimiter"] == ";"
    assert len(manifests["32"]["columns_dropped"]) == 3_000
    assert manifests["52"]["time_formats"] == ["epoch ms"]
    assert manifests["57"]["more_than_a_day_ahead"] == 1
    assert manifests["68"]["name"] == "x"
    assert {path.name for path in workspace.home.iterdir()} == {"snapshots"}


def test_69_links_and_pipes_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    plain = saved(tmp_path, PLAIN)
    link, pipe = tmp_path / "link.csv", tmp_path / "pipe.csv"
    link.symlink_to(plain)
    os.mkfifo(pipe)
    for path, message in ((link, "is a link"), (pipe, "not a plain file")):
        with pytest.raises(Refused, match=message):
            load([path], workspace, now=NOW)


def test_70_a_file_that_grows_while_it_is_read_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    path = saved(tmp_path, PLAIN * 20)
    done = threading.Event()

    def grow() -> None:
        with path.open("ab", buffering=0) as file:
            while not done.wait(0.01):
                file.write(b"9999,2024-05-01T10:00:00Z,late\n")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(Refused, match="changed while it was read"):
            load([path], workspace, now=NOW)
    finally:
        done.set()
        writer.join()
    assert not workspace.home.exists()
