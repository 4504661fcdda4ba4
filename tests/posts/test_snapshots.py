from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from explore.errors import Refused
from explore.files import sha256
from explore.posts.schema import POSTS_SCHEMA, QUARANTINE_SCHEMA
from explore.posts.snapshots import LoadOptions, list_snapshots, load, open_snapshot
from explore.settings import Workspace
from tests.posts.making import NOW, csv_of, json_rows, jsonl_of, loaded, row, rows, saved


def everything_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_snapshot_folder_holds_three_files_with_the_agreed_columns(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, csv_of(*rows(9), "10,soon,words"))
    folder = workspace.snapshots / report.snapshot
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "posts.parquet", "quarantine.parquet"]
    assert pq.read_schema(folder / "posts.parquet").equals(POSTS_SCHEMA)
    assert pq.read_schema(folder / "quarantine.parquet").equals(QUARANTINE_SCHEMA)
    assert pq.read_table(folder / "quarantine.parquet").to_pylist() == [
        {
            "file": "posts.csv",
            "record": 10,
            "reason": "bad_time",
            "why": "column 'created_at' holds 'soon': the time cannot be read",
            "excerpt": "10,soon,words\n",
        }
    ]


def test_the_manifest_says_what_was_loaded_and_how(workspace: Workspace, tmp_path: Path) -> None:
    content = b"id;created_at;text;mood\n" + b"".join(b"%d;2024-05-01 10:00;words %d;good\n" % (n, n) for n in range(9))
    report, _ = loaded(workspace, tmp_path, content, "may posts.csv", tz="Europe/Berlin")
    manifest = open_snapshot(workspace, report.snapshot).manifest
    wanted: dict[str, Any] = {
        "id": report.snapshot,
        "name": "may posts",
        "sha256": sha256(tmp_path / "may posts.csv"),
        "mapping": {"post_id": "id", "created_at": "created_at", "text": "text"},
        "preset": None,
        "time_formats": ["ISO 8601 without zone"],
        "tz": "Europe/Berlin",
        "counts": {"records": 9, "accepted": 9, "quarantined": 0, "duplicates": 0},
        "reasons": {},
        "has_times": True,
        "has_authors": False,
        "has_views": False,
        "has_languages": False,
        "first_at": "2024-05-01T08:00:00+00:00",
        "last_at": "2024-05-01T08:00:00+00:00",
        "columns_dropped": ["mood"],
        "loaded_at": NOW.isoformat(),
    }
    assert {key: manifest[key] for key in wanted} == wanted
    assert manifest["read_as"][0] | {"file": ""} == {
        "file": "",
        "format": "csv",
        "compression": "none",
        "encoding": "utf-8",
        "delimiter": ";",
        "quote": '"',
    }
    assert manifest["files"] == [{"name": "may posts.csv", "bytes": len(content), "sha256": report.sha256}]
    assert set(manifest["seconds"]) == set(manifest["peak_rss_mb"]) >= {"Checking posts", "Looking for duplicates"}


def test_loading_again_gives_the_same_id_and_counts_and_writes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    content = csv_of(*rows(9), "10,soon,words", row(1))
    first, _ = loaded(workspace, tmp_path, content)
    before = everything_in(workspace.home)
    assert load([tmp_path / "posts.csv"], workspace, now=NOW + timedelta(days=1)) == first
    assert everything_in(workspace.home) == before


def test_the_id_comes_from_bytes_mapping_and_options(workspace: Workspace, tmp_path: Path) -> None:
    content = csv_of(*rows(5))
    ids = [
        loaded(workspace, tmp_path, content)[0].snapshot,
        loaded(workspace, tmp_path, content, "other name.csv")[0].snapshot,
        loaded(workspace, tmp_path, content, tz="+01:00")[0].snapshot,
        loaded(workspace, tmp_path, content, columns={"created_at": ""})[0].snapshot,
        loaded(workspace, tmp_path, csv_of(*rows(6)))[0].snapshot,
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in ids)


def test_more_than_a_fifth_in_quarantine_needs_consent(workspace: Workspace, tmp_path: Path) -> None:
    content = csv_of(*rows(6), "7,soon,words", "8,later,words")
    with pytest.raises(
        Refused, match=r"2 of 8 records \(25%\) would be quarantined: .* the time cannot be read.*--accept-"
    ):
        loaded(workspace, tmp_path, content)
    assert not workspace.home.exists()
    report, _ = loaded(workspace, tmp_path, content, accept_quarantine=True)
    assert (report.accepted, report.reasons) == (6, {"bad_time": 2})


def test_posts_without_text_are_no_damage(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, csv_of(*rows(3), *(f"{n},2024-05-01T10:00:00Z," for n in range(10, 30))))
    assert (report.accepted, report.reasons) == (3, {"no_text": 20})


def test_a_file_without_times_authors_views_and_languages_works(workspace: Workspace, tmp_path: Path) -> None:
    report, posts = loaded(workspace, tmp_path, jsonl_of({"text": "only words"}), "words.jsonl")
    snapshot = open_snapshot(workspace, report.snapshot)
    assert not any((snapshot.has_times, snapshot.has_authors, snapshot.has_views, snapshot.has_languages))
    assert (snapshot.first_at, snapshot.last_at, snapshot.n_posts) == (None, None, 1)
    assert posts[0]["created_at"] is posts[0]["author_id"] is posts[0]["views"] is posts[0]["lang"] is None


def test_posts_without_ids_get_different_ones_and_the_manifest_says_so(workspace: Workspace, tmp_path: Path) -> None:
    report, posts = loaded(workspace, tmp_path, jsonl_of(*[{"text": "the same words"}] * 3), "words.jsonl")
    assert report.accepted == len({post["post_id"] for post in posts}) == 3
    assert "hash" in open_snapshot(workspace, report.snapshot).manifest["post_ids"]


def test_blank_authors_and_counts_become_null_and_languages_und(workspace: Workspace, tmp_path: Path) -> None:
    content = b"id,text,author,views,likes,lang\n1,words,me,12,-3,English\n2,words,,,N/A,\n3,words,you,7.0,,xx\n"
    _, posts = loaded(workspace, tmp_path, content)
    assert [post["author_id"] for post in posts] == ["me", None, "you"]
    assert [post["views"] for post in posts] == [12, None, 7]
    assert [post["likes"] for post in posts] == [-3, None, None]
    assert [post["lang"] for post in posts] == ["en", "und", "und"]


def test_posts_far_ahead_are_taken_and_counted(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, csv_of(row(1), row(2, when="2024-06-03T10:00:00Z")))
    assert open_snapshot(workspace, report.snapshot).manifest["more_than_a_day_ahead"] == 1


def test_several_files_become_one_snapshot(workspace: Workspace, tmp_path: Path) -> None:
    first = saved(tmp_path, csv_of(*rows(3)), "a.csv")
    second = saved(tmp_path, csv_of(row(3), row(4), "5,2024-05-01T10:00:00Z,"), "b.csv")
    report = load([first, second], workspace, now=NOW)
    assert (report.records, report.accepted, report.duplicates, report.reasons) == (6, 4, 1, {"no_text": 1})
    kept = pq.read_table(open_snapshot(workspace, report.snapshot).quarantine_path).to_pylist()
    assert (kept[0]["file"], kept[0]["record"]) == ("b.csv", 3)
    with pytest.raises(Refused, match=r"'c\.jsonl' has no column 'created_at'"):
        load([first, saved(tmp_path, jsonl_of({"id": "1", "text": "words"}), "c.jsonl")], workspace, now=NOW)


def test_a_conflict_in_the_second_file_names_it(workspace: Workspace, tmp_path: Path) -> None:
    first = saved(tmp_path, csv_of(*rows(9)), "a.csv")
    second = saved(tmp_path, csv_of(row(10), "3,2024-05-01T10:00:00Z,not the same"), "b.csv")
    report = load([first, second], workspace, now=NOW)
    kept = pq.read_table(open_snapshot(workspace, report.snapshot).quarantine_path).to_pylist()
    assert [(one["file"], one["record"], one["reason"]) for one in kept] == [("b.csv", 2, "same_id_other_text")]


def test_an_error_in_the_middle_leaves_nothing_behind(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded(workspace, tmp_path, csv_of(*rows(5)))
    before = everything_in(workspace.home)

    def broken(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("explore.posts.staging.find_duplicates", broken)
    with pytest.raises(Refused, match="disk is full"):
        loaded(workspace, tmp_path, csv_of(*rows(6)))
    assert everything_in(workspace.home) == before
    assert [path.name for path in workspace.snapshots.iterdir() if path.name.startswith(".")] == []


def test_a_stop_in_the_middle_leaves_nothing_behind(workspace: Workspace, tmp_path: Path) -> None:
    def stop(stage: str, done: float | None = None) -> None:  # noqa: ARG001 - the shape of Progress
        if stage == "Looking for duplicates":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load([saved(tmp_path, csv_of(*rows(5)))], workspace, now=NOW, progress=stop)
    assert not workspace.home.exists()


def test_progress_goes_forward_through_named_stages(workspace: Workspace, tmp_path: Path) -> None:
    heard: list[tuple[str, float | None]] = []
    path = saved(tmp_path, jsonl_of(*json_rows(50)), "p.jsonl")
    load([path], workspace, now=NOW, progress=lambda stage, done=None: heard.append((stage, done)))
    shares = [done for stage, done in heard if stage == "Checking posts" and done is not None]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert next(stage for stage, _ in heard) == "Looking at the file"


def test_a_snapshot_is_found_by_id_start_and_name(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, csv_of(*rows(3)), name="p.csv")
    named = load([saved(tmp_path, csv_of(*rows(4)))], workspace, options=LoadOptions(name="May"), now=NOW)
    assert open_snapshot(workspace, report.snapshot).id == report.snapshot
    assert open_snapshot(workspace, report.snapshot[:6]).id == report.snapshot
    assert open_snapshot(workspace, "May").id == named.snapshot
    with pytest.raises(Refused, match=f"No snapshot 'June': there are .*{named.snapshot}"):
        open_snapshot(workspace, "June")
    with pytest.raises(Refused, match="No snapshot"):
        open_snapshot(workspace, report.snapshot[:5])


def test_a_name_that_fits_twice_names_both(workspace: Workspace, tmp_path: Path) -> None:
    ids = [loaded(workspace, tmp_path, csv_of(*rows(n)))[0].snapshot for n in (3, 4)]
    with pytest.raises(Refused, match="fits several") as refusal:
        open_snapshot(workspace, "posts")
    assert all(one in str(refusal.value) for one in ids)


def test_an_empty_workspace_says_what_to_do(workspace: Workspace) -> None:
    assert list_snapshots(workspace) == []
    with pytest.raises(Refused, match="load a file first"):
        open_snapshot(workspace, "anything")


def test_the_list_is_newest_first_and_passes_over_what_is_broken(workspace: Workspace, tmp_path: Path) -> None:
    made = [
        load([saved(tmp_path, csv_of(*rows(n)))], workspace, now=NOW + timedelta(hours=n)).snapshot for n in (3, 4, 5)
    ]
    shutil.copytree(workspace.snapshots / made[0], workspace.snapshots / ".hidden")
    (workspace.snapshots / "stray.txt").write_text("not a snapshot")
    (workspace.snapshots / made[1] / "manifest.json").write_text("{half")
    assert [snapshot.id for snapshot in list_snapshots(workspace)] == [made[2], made[0]]


def test_a_damaged_snapshot_in_the_way_is_named_and_left_alone(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, csv_of(*rows(3)))
    (workspace.snapshots / report.snapshot / "manifest.json").write_text("{half")
    before = everything_in(workspace.home)
    with pytest.raises(Refused, match=f"Snapshot {report.snapshot} on disk is damaged; delete"):
        loaded(workspace, tmp_path, csv_of(*rows(3)))
    assert everything_in(workspace.home) == before


def test_a_snapshot_knows_its_span_and_its_age(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, csv_of(row(1), row(2, when="2024-05-03T10:00:00+02:00")))
    snapshot = open_snapshot(workspace, report.snapshot)
    assert snapshot.first_at == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert snapshot.last_at == datetime(2024, 5, 3, 8, tzinfo=UTC)
    assert (snapshot.loaded_at, snapshot.sha256) == (NOW, report.sha256)


def test_loading_nothing_or_with_wrong_options_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No file"):
        load([], workspace, now=NOW)
    for options, message in (
        ({"date_order": "ymd"}, "dmy or mdy"),
        ({"tz": "Nowhere"}, "--tz"),
        ({"delimiter": "ab"}, "one character"),
    ):
        with pytest.raises(Refused, match=message):
            loaded(workspace, tmp_path, csv_of(*rows(3)), **options)


def test_a_delimiter_can_be_forced(workspace: Workspace, tmp_path: Path) -> None:
    _, posts = loaded(workspace, tmp_path, b"id|text\n1|a,b;c\n", delimiter="|")
    assert posts[0]["text"] == "a,b;c"
    report, _ = loaded(workspace, tmp_path, b"id\ttext\n1\ta b\n", "p.txt", delimiter="tab")
    assert (
        json.loads((workspace.snapshots / report.snapshot / "manifest.json").read_text())["options"]["delimiter"]
        == "tab"
    )
