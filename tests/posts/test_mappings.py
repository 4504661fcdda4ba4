from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from explore.errors import Refused
from explore.posts import mappings
from explore.posts.layout import Preview
from explore.posts.mapping import ColumnMapping, corrected, detect
from explore.posts.readers import preview
from explore.settings import Workspace
from tests.posts.making import NOW, jsonl_of, saved


def seen(folder: Path, header: str, name: str = "posts.csv") -> Preview:
    cells = ",".join("some words" for _ in header.split(","))
    return preview(saved(folder, f"{header}\n{cells}\n".encode(), name))


def kept(workspace: Workspace, file: Preview, name: str = "ours", **changes: str) -> ColumnMapping:
    mapping = corrected(detect(file), file, changes)
    mappings.save(workspace, file, mapping, name=name, now=NOW, tz="Europe/Berlin", date_order="dmy")
    return mapping


def test_a_saved_mapping_is_offered_for_the_next_file_of_the_same_shape(workspace: Workspace, tmp_path: Path) -> None:
    mapping = kept(workspace, seen(tmp_path, "a,b,text"), text="b", author_id="a")
    offered = mappings.offer(workspace, seen(tmp_path, "b,text,a", "tomorrow.csv"))
    assert offered.mapping.columns == mapping.columns == {"text": "b", "author_id": "a"}
    assert offered.saved is not None
    assert (offered.saved.name, offered.saved.tz, offered.saved.date_order) == ("ours", "Europe/Berlin", "dmy")
    assert offered.said == "Mapping 'ours', saved on 2024-06-01 for a file with the same columns."


def test_a_file_of_another_shape_is_detected_by_itself(workspace: Workspace, tmp_path: Path) -> None:
    kept(workspace, seen(tmp_path, "a,b,text"), text="b")
    other = mappings.offer(workspace, seen(tmp_path, "id,body", "other.csv"))
    assert (other.saved, other.mapping.columns) == (None, {"post_id": "id", "text": "body"})


def test_json_that_leaves_out_an_empty_field_is_nearly_the_same_shape(workspace: Workspace, tmp_path: Path) -> None:
    full = {"k1": 1, "k2": 2, "k3": 3, "k4": 4, "body": "words", "note": "x"}
    file = preview(saved(tmp_path, jsonl_of(full), "a.jsonl"))
    kept(workspace, file, text="note")
    part = {name: value for name, value in full.items() if name != "k4"}
    offered = mappings.offer(workspace, preview(saved(tmp_path, jsonl_of(part), "b.jsonl")))
    assert "nearly the same columns" in offered.said
    assert offered.mapping.columns["text"] == "note"
    without = preview(saved(tmp_path, jsonl_of({k: v for k, v in full.items() if k != "note"}), "c.jsonl"))
    assert mappings.offer(workspace, without).saved is None


def test_a_recognised_export_is_named(workspace: Workspace, tmp_path: Path) -> None:
    file = seen(tmp_path, "id,video_description,create_time")
    assert mappings.offer(workspace, file).said == "Recognised as TikTok Research API videos."
    kept(workspace, file, text="video_description")
    assert "(TikTok Research API videos)" in mappings.offer(workspace, file).said


def test_a_later_mapping_for_the_same_columns_replaces_the_earlier(workspace: Workspace, tmp_path: Path) -> None:
    file = seen(tmp_path, "a,b,text")
    kept(workspace, file, "first", text="a")
    mappings.save(workspace, file, ColumnMapping({"text": "b"}), name="second", now=NOW + timedelta(days=1))
    assert [one.name for one in mappings.saved_mappings(workspace)] == ["second"]
    assert mappings.named(workspace, "second").columns == {"text": "b"}
    with pytest.raises(Refused, match="No mapping is saved as 'first'; there are 'second'"):
        mappings.named(workspace, "first")
    mappings.forget(workspace, mappings.named(workspace, "second"))
    assert mappings.saved_mappings(workspace) == []


def test_damaged_files_and_nameless_mappings_are_no_mappings(workspace: Workspace, tmp_path: Path) -> None:
    file = seen(tmp_path, "a,text")
    with pytest.raises(Refused, match="needs a name"):
        mappings.save(workspace, file, detect(file), name=" ", now=NOW)
    (workspace.home / "mappings").mkdir(parents=True)
    (workspace.home / "mappings" / "0123.json").write_text('{"name": 1}')
    assert mappings.saved_mappings(workspace) == []
