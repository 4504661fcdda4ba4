from __future__ import annotations

from pathlib import Path

import pytest

from explore.posts.pseudonyms import pseudonym
from explore.posts.quality import quality
from explore.posts.snapshots import Snapshot, open_snapshot
from explore.settings import Workspace
from tests.posts.making import csv_of, jsonl_of, loaded, row, rows

KEY = b"key"


def made(workspace: Workspace, folder: Path, content: bytes, name: str = "posts.csv") -> Snapshot:
    return open_snapshot(workspace, loaded(workspace, folder, content, name)[0].snapshot)


def test_counts_and_reasons_come_from_the_load(workspace: Workspace, tmp_path: Path) -> None:
    found = quality(made(workspace, tmp_path, csv_of(*rows(9), row(1), "10,soon,words")))
    assert (found.records, found.accepted, found.quarantined, found.duplicates) == (11, 9, 1, 1)
    assert found.reasons.to_dict("records") == [
        {"reason": "bad_time", "meaning": "the time cannot be read", "records": 1}
    ]


def test_the_most_active_accounts_are_shown_as_pseudonyms(workspace: Workspace, tmp_path: Path) -> None:
    lines = [{"text": f"words {n}", "author": "busy" if n < 6 else f"quiet{n}"} for n in range(8)]
    snapshot = made(workspace, tmp_path, jsonl_of(*lines, {"text": "nobody"}), "p.jsonl")
    found = quality(snapshot, key=KEY)
    assert found.accounts.iloc[0].to_dict() == {"account": pseudonym("busy", KEY), "posts": 6, "share": 6 / 9}
    assert (found.authors, found.top_authors) == (3, (6, 1, 1))
    assert "busy" not in repr(found)
    assert quality(snapshot).accounts.empty


def test_missing_fields_copies_and_languages_are_shares_of_the_posts(workspace: Workspace, tmp_path: Path) -> None:
    lines = [{"text": "same", "lang": "English"}, {"text": "same", "lang": "xx"}, {"text": "other"}, {"text": "same"}]
    found = quality(made(workspace, tmp_path, jsonl_of(*lines), "p.jsonl"))
    assert found.copy_share == 0.5
    assert (found.missing["text"], found.missing["lang"], found.missing["author_id"]) == (0, 0.75, 1)
    assert found.languages.to_dict("records")[0] == {"lang": "und", "posts": 3}


def test_a_snapshot_without_times_has_no_volume_and_no_findings(workspace: Workspace, tmp_path: Path) -> None:
    found = quality(made(workspace, tmp_path, jsonl_of({"text": "words"}), "p.jsonl"))
    assert (found.bin, len(found.volume), found.collection, found.first_at) == (None, 0, None, None)


@pytest.mark.parametrize("gone", [set(), {4}])
def test_a_hole_in_the_collection_is_found(workspace: Workspace, tmp_path: Path, gone: set[int]) -> None:
    lines = [
        row(day * 100 + n, when=f"2024-05-{day:02}T{n % 24:02}:{n % 60:02}:{n * 7 % 60:02}Z")
        for day in range(1, 11)
        if day not in gone
        for n in range(96)
    ]
    found = quality(made(workspace, tmp_path, csv_of(*lines)))
    assert found.collection is not None
    assert found.volume["posts"].sum() == len(lines)
    assert [str(start) for start in found.collection.holes["start"]] == [
        f"2024-05-{day:02} 00:00:00+00:00" for day in gone
    ]
    assert found.collection.spikes.empty
