from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from explore.errors import Refused
from explore.posts import choosing, readers
from explore.posts.mapping import detect
from explore.posts.pseudonyms import pseudonym
from explore.posts.quality import quality
from explore.posts.readers import preview
from explore.posts.sample import as_stored, samples, unused
from explore.posts.snapshots import open_snapshot
from explore.posts.sources import InputFile
from explore.posts.times import Times, parse_times
from explore.settings import Workspace
from tests.posts.making import csv_of, loaded, parquet_of, row, rows, saved

KEY = b"a key of the workspace"


def test_the_first_rows_are_shown_as_they_would_be_stored(tmp_path: Path) -> None:
    shown = preview(saved(tmp_path, b"id,date,text,views,lang\n007,2024-05-01 12:00,a b,12,English\n8,soon,c d,,fr\n"))
    sample = as_stored(shown, detect(shown), key=KEY, tz="+02:00")
    assert sample.times == "ISO 8601 without zone, read as +02:00"
    assert sample.rows["post_id"].tolist()[0] == "007"
    assert sample.rows["created_at"].tolist()[0] == pd.Timestamp("2024-05-01 10:00", tz="UTC")
    assert (sample.rows["views"].tolist()[0], sample.rows["lang"].tolist()[0]) == (12, "en")
    assert sample.rows["quarantined"].tolist() == [None, "column 'date' holds 'soon': the time cannot be read"]


def test_a_sample_is_refused_where_the_load_would_be(tmp_path: Path) -> None:
    shown = preview(saved(tmp_path, csv_of(row(1, when="01/03/2024"))))
    with pytest.raises(Refused, match="--date-order"):
        as_stored(shown, detect(shown), key=KEY)
    assert as_stored(shown, detect(shown), key=KEY, date_order="mdy").rows["created_at"].dt.month.tolist() == [1]


def test_a_preview_says_how_the_file_is_written(tmp_path: Path) -> None:
    shown = preview(saved(tmp_path, b"\xef\xbb\xbfid;text\n1;a\n"))
    assert (shown.format, shown.compression, shown.encoding, shown.delimiter) == ("csv", "none", "utf-8-sig", ";")
    assert shown.columns == ("id", "text")
    parquet = preview(saved(tmp_path, parquet_of({"id": [1], "text": ["a"]}), "p.parquet"))
    assert (parquet.format, parquet.delimiter, parquet.rows) == ("parquet", None, ({"id": "1", "text": "a"},))


def test_a_preview_of_a_large_file_reads_only_its_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, csv_of(*rows(300_000)))
    behind: list[int] = []
    opened = readers.open_content

    @contextmanager
    def watched(file: InputFile) -> Iterator[Any]:
        with opened(file) as content:
            yield content
            behind.append(content.raw.position())

    monkeypatch.setattr(readers, "open_content", watched)
    assert len(preview(path).rows) == 200
    assert 0 < sum(behind) < 2**20 < path.stat().st_size


def test_of_two_thousand_columns_without_usual_names_few_are_searched_for_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = ",".join(f"column{n}" for n in range(2_000))
    line = ",".join(f"{n}" for n in range(2_000))
    path = saved(tmp_path, "\n".join([header, *[line] * 50]).encode())
    searched: list[str] = []

    def parsed(values: pa.Array, *, column: str, **how: Any) -> Times:
        searched.append(column)
        return parse_times(values, column=column, **how)

    monkeypatch.setattr(choosing, "parse_times", parsed)
    assert "text" not in detect(preview(path)).columns
    assert 0 < len(set(searched)) <= 200


def test_the_quality_report_counts_what_an_investigator_asks(workspace: Workspace, tmp_path: Path) -> None:
    lines = [
        "id,created_at,text,author,lang",
        "1,2024-05-01T10:00:00Z,the same words,a,English",
        "2,2024-05-01T10:30:00Z,the same words,a,German",
        "3,2024-05-01T13:00:00Z,other words,b,",
        "4,2024-05-01T13:00:00Z,,b,",
    ]
    report, _ = loaded(workspace, tmp_path, "\n".join(lines).encode())
    found = quality(open_snapshot(workspace, report.snapshot))
    assert (found.records, found.accepted, found.quarantined, found.duplicates) == (4, 3, 1, 0)
    assert found.reasons["reason"].tolist() == ["no_text"]
    assert found.missing["lang"] == pytest.approx(1 / 3)
    assert (found.missing["text"], found.missing["views"]) == (0, 1)
    assert dict(zip(found.languages["lang"], found.languages["posts"], strict=True)) == {"en": 1, "de": 1, "und": 1}
    assert found.volume["posts"].tolist() == [2, 0, 0, 1]
    assert found.volume["bin_start"].iloc[0] == pd.Timestamp("2024-05-01 10:00", tz="UTC")
    assert found.copy_share == pytest.approx(1 / 3)
    assert (found.authors, found.top_authors, found.ahead) == (2, (2, 1), 0)


def test_the_quality_of_posts_without_times_has_no_curve(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, b"id,text\n1,a\n")
    found = quality(open_snapshot(workspace, report.snapshot))
    assert (found.bin, len(found.volume), found.authors, found.copy_share) == (None, 0, None, 0)


def test_a_pseudonym_is_short_stable_and_bound_to_its_key() -> None:
    one = pseudonym("someone", b"key")
    assert one == pseudonym("someone", b"key")
    assert one != pseudonym("someone", b"other key")
    assert one != pseudonym("someone else", b"key")
    assert len(one) == 6
    assert one.isalnum()
    assert one == one.lower()
    assert len(pseudonym("", b"key")) == len(pseudonym("\ud83d", b"key")) == 6


def test_accounts_show_as_pseudonyms_before_anything_is_loaded(tmp_path: Path) -> None:
    lines = [f"7_ann{n},2024-05-01,words {n},ann{n},Ann Smith {n},blue" for n in range(3)]
    content = "\n".join(["id,created_at,text,author_id,display_name,colour", *lines, ""]).encode()
    shown = preview(saved(tmp_path, content))
    mapping = detect(shown)
    stored = as_stored(shown, mapping, key=KEY).rows
    first, left = samples(shown, mapping, key=KEY), unused(shown, mapping, key=KEY)
    assert first["author_id"] == stored["author_id"].tolist() == [pseudonym(f"ann{n}", KEY) for n in range(3)]
    assert stored["post_id"].tolist()[0] == f"7_{pseudonym('ann0', KEY)}"
    assert left["column"].tolist() == ["display_name", "colour"]
    assert left["values"].tolist()[1] == ["blue"]
    assert "nn" not in repr([first["author_id"], left["values"].tolist()[0], stored["author_id"].tolist()])
