"""A frozen run: found by its id, refused when it is damaged."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explore.errors import Refused
from explore.narratives.run import Run, RunConfig, list_runs, open_run, run_id, timeline
from explore.settings import Workspace, workspace_at
from tests.narratives.conftest import Explored
from tests.narratives.making import at, micros

FILES = [
    "centroids.npy",
    "graph.npz",
    "messages.parquet",
    "narratives.parquet",
    "posts.parquet",
    "tree.npz",
    "vectors.npy",
    "words.npz",
]


@pytest.fixture
def copied(few: Explored, tmp_path: Path) -> tuple[Workspace, Path]:
    """A workspace with a copy of the run that a test may harm, and the run's folder."""
    workspace = workspace_at(tmp_path / "copy")
    folder = workspace.runs / few.run.id
    shutil.copytree(few.run.folder, folder)
    return workspace, folder


def test_a_run_is_opened_by_its_id_or_the_beginning_of_it(few: Explored) -> None:
    for wanted in (few.run.id, few.run.id[:6]):
        found = open_run(few.workspace, wanted)
        assert (found.id, found.snapshot_id, found.unit) == (few.run.id, few.snapshot.id, "accounts")
    assert (few.run.first_at, few.run.last_at) == (at(0), at(8))


def test_a_window_that_ends_at_the_last_posts_time_as_shown_holds_that_post() -> None:
    last = at(8, second=40) + timedelta(microseconds=5)
    run = Run(Path(), {"last_at": last.isoformat()})
    just_after = last + timedelta(microseconds=1)
    assert run.end == just_after
    for shown in (at(8), at(8, second=40), last, just_after):
        assert run.end_at(shown) == just_after
    for other in (at(8, second=39), at(8, second=41), at(7)):  # a moment that is not the last post's is taken as said
        assert run.end_at(other) == other


def test_without_times_a_run_has_no_end() -> None:
    assert Run(Path(), {"last_at": None}).end is None


@pytest.mark.parametrize("wanted", ["", "nope", "0", "../runs", "*"])
def test_an_unknown_run_is_refused_with_the_ones_there_are(few: Explored, wanted: str) -> None:
    with pytest.raises(Refused, match=f"Known: {few.run.id}"):
        open_run(few.workspace, wanted)


def test_in_an_empty_workspace_there_is_no_run(workspace: Workspace) -> None:
    assert list_runs(workspace) == []
    with pytest.raises(Refused, match="none yet"):
        open_run(workspace, "abcdef")


def test_a_beginning_that_fits_two_runs_is_refused(copied: tuple[Workspace, Path]) -> None:
    workspace, folder = copied
    shutil.copytree(folder, folder.with_name(folder.name[:8] + "00000000"))
    with pytest.raises(Refused, match="More than one run"):
        open_run(workspace, folder.name[:8])
    assert open_run(workspace, folder.name).id == folder.name


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("harm", ["one bit", "cut", "gone"])
def test_a_damaged_file_is_refused_by_name(copied: tuple[Workspace, Path], name: str, harm: str) -> None:
    workspace, folder = copied
    content = (folder / name).read_bytes()
    if harm == "gone":
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content[:-1] + (bytes([content[-1] ^ 1]) if harm == "one bit" else b""))
    with pytest.raises(Refused, match=f"damaged: {name} is not what was written"):
        open_run(workspace, folder.name)


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", '{"files": 3}'])
def test_a_damaged_manifest_is_refused_and_passed_over_in_the_list(
    copied: tuple[Workspace, Path], content: str | None
) -> None:
    workspace, folder = copied
    (folder / "manifest.json").unlink()
    if content is not None:
        (folder / "manifest.json").write_text(content)
    with pytest.raises(Refused, match=r"damaged: manifest\.json"):
        open_run(workspace, folder.name)
    assert list_runs(workspace) == []


def test_runs_are_listed_newest_first_and_by_snapshot(copied: tuple[Workspace, Path]) -> None:
    workspace, folder = copied
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, created, snapshot in (("b" * 16, "2026-06-02", "s2"), ("c" * 16, "2026-05-01", "s2")):
        (workspace.runs / name).mkdir()
        changed = manifest | {"id": name, "created_at": created, "snapshot": {"id": snapshot}}
        (workspace.runs / name / "manifest.json").write_text(json.dumps(changed))
    (workspace.runs / ".half-written").mkdir()
    assert [one["id"] for one in list_runs(workspace)] == ["b" * 16, folder.name, "c" * 16]
    assert [one["id"] for one in list_runs(workspace, "s2")] == ["b" * 16, "c" * 16]


def test_the_id_follows_from_snapshot_configuration_and_encoder() -> None:
    base = run_id("s", RunConfig(), encoder_version="v")
    assert base == run_id("s", RunConfig(), encoder_version="v")
    others = [
        run_id("t", RunConfig(), encoder_version="v"),
        run_id("s", RunConfig(), encoder_version="w"),
        run_id("s", RunConfig(granularity="fine"), encoder_version="v"),
        run_id("s", RunConfig(seed=2), encoder_version="v"),
        run_id("s", RunConfig(as_of=at(1)), encoder_version="v"),
    ]
    assert len({base, *others}) == 6


def test_the_timeline_holds_the_posts_with_a_time_and_what_is_counted() -> None:
    table = pd.DataFrame(
        {
            "created_at": pd.to_datetime([at(1), None, at(0), at(2)], utc=True).astype("datetime64[us, UTC]"),
            "author": [3, 0, -1, 3],
            "message": [0, 1, 1, 2],
            "narrative_id": [0, 0, -1, 1],
            "views": pd.array([5, 1, None, 7], dtype="Int64"),
        }
    )
    found = timeline(table)
    assert found.at.tolist() == micros(at(1), at(0), at(2)).tolist()
    assert found.unit.tolist() == [3, 5, 3]  # the post without an account counts as its message, after all accounts
    assert np.array_equal(found.views, [5, np.nan, 7], equal_nan=True)


@pytest.mark.parametrize("year", [1970, 2026, 2040, 9000])
def test_a_post_at_the_very_moment_is_not_before_it(few: Explored, year: int) -> None:
    moment = datetime.fromisoformat(f"{year}-07-08T09:10:11.123457+00:00")
    line = few.run.timeline
    exact = type(line)(**{name: values[:2].copy() for name, values in vars(line).items()})
    exact.at[:] = micros(moment, moment - timedelta(microseconds=1))
    assert exact.before(moment).at.tolist() == micros(moment - timedelta(microseconds=1)).tolist()
