"""Values that look like others: never taken for what they are not."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from explore.errors import Refused
from explore.posts.snapshots import LoadOptions, LoadReport, load, open_snapshot
from explore.posts.times import zone
from explore.settings import Workspace

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = "id,created_at,text,author_id,views"
GOOD = [f"{i},2024-05-01T10:00:00Z,ordinary post {i},a{i},{i}" for i in range(20)]


def loaded(workspace: Workspace, folder: Path, *rows: str) -> tuple[LoadReport, pd.DataFrame]:
    file = folder / "posts.csv"
    file.write_text("\n".join([HEADER, *GOOD, *rows]) + "\n", encoding="utf-8")
    report = load([file], workspace, options=LoadOptions(), now=NOW)
    return report, pd.read_parquet(open_snapshot(workspace, report.snapshot).posts_path)


@pytest.mark.parametrize("views", ["1.000", "12.000"])
def test_a_thousand_with_a_dot_is_not_one(workspace: Workspace, tmp_path: Path, views: str) -> None:
    report, posts = loaded(workspace, tmp_path, f"99,2024-05-01T10:00:00Z,popular,b,{views}")
    assert report.reasons == {"bad_number": 1}
    assert "99" not in posts["post_id"].tolist()


@pytest.mark.parametrize(("views", "taken"), [("12.0", 12), ("12.", 12), ("12.00", 12), ("12.000000", 12)])
def test_a_whole_number_with_a_point_is_taken(workspace: Workspace, tmp_path: Path, views: str, taken: int) -> None:
    _, posts = loaded(workspace, tmp_path, f"99,2024-05-01T10:00:00Z,popular,b,{views}")
    assert posts.set_index("post_id")["views"]["99"] == taken


@pytest.mark.parametrize("rounded", ["1.78E+18", "1.780E18", "1.78e18", " 1.70E+18 ", "170E+16"])
def test_rounded_ids_are_kept_apart(workspace: Workspace, tmp_path: Path, rounded: str) -> None:
    report, _ = loaded(workspace, tmp_path, f"{rounded},2024-05-01T10:00:00Z,a post,b,1")
    assert report.reasons == {"bad_id": 1}


def test_a_rounded_account_is_kept_apart_because_it_would_merge_accounts(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, "99,2024-05-01T10:00:00Z,a post,1.78012E+18,1")
    assert report.reasons == {"rounded_id": 1}


@pytest.mark.parametrize("short", ["12e5", "1e18", "hon1m"])
def test_short_ids_that_look_like_numbers_are_ids(workspace: Workspace, tmp_path: Path, short: str) -> None:
    _, posts = loaded(workspace, tmp_path, f"{short},2024-05-01T10:00:00Z,a post,b,1")
    assert short in posts["post_id"].tolist()


def test_a_zone_in_brackets_alone_is_not_dropped(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, "99,2024-05-01 10:00 (EST),a post,b,1")
    assert report.reasons == {"bad_time": 1}


def test_json_behind_record_separators_is_refused_with_the_mend(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "posts.json"
    file.write_text('\x1e{"id": "1", "text": "a post"}\n' * 5, encoding="utf-8")
    with pytest.raises(Refused, match="RFC 7464"):
        load([file], workspace, now=NOW)


@pytest.mark.parametrize("offset", ["+99:99", "+24:00", "-24:00", "UTC+25"])
def test_an_offset_that_no_place_has_is_refused(offset: str) -> None:
    with pytest.raises(Refused, match="is not known"):
        zone(offset)


@pytest.mark.parametrize(
    ("again", "differs"),
    [
        ("3,2024-05-01T10:00:00Z,ordinary post 3,someone else,3", "author_id in 1"),
        ("3,2024-06-01T10:00:00Z,ordinary post 3,a3,3", "created_at in 1"),
        ("3,2024-05-01T10:00:00Z,ordinary post 3,a3,900", "views in 1"),
    ],
)
def test_a_duplicate_that_differs_in_more_than_its_text_is_told(
    again: str, differs: str, workspace: Workspace, tmp_path: Path
) -> None:
    report, posts = loaded(workspace, tmp_path, again, "4,2024-05-01T10:00:00Z,ordinary post 4,a4,")
    assert report.duplicates == 2
    assert len(report.notes) == 1
    assert f"which is the first: {differs}." in report.notes[0]
    assert posts.set_index("post_id").loc["3", ["author_id", "views"]].tolist() == ["a3", 3]


def test_a_duplicate_that_says_no_more_is_not_told(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, GOOD[3], "4,2024-05-01T10:00:00Z,ordinary post 4,,")
    assert (report.duplicates, report.notes) == (2, ())


def other_columns(workspace: Workspace, folder: Path, header: str, row: str, **said: str) -> LoadReport:
    file = folder / "posts.csv"
    file.write_text("\n".join([header, *(row.format(n=n) for n in range(20))]) + "\n", encoding="utf-8")
    return load([file], workspace, options=LoadOptions(**said), now=NOW)


def test_a_duplicate_whose_language_is_unknown_is_not_told(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("id,text,lang\n1,words of one,en\n1,words of one,\n2,words of two,\n2,words of two,de\n")
    notes = load([file], workspace, now=NOW).notes
    assert len(notes) == 1
    assert "lang in 1." in notes[0]


def test_a_separator_line_that_does_not_fit_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="',' does; delete the line sep="):
        other_columns(workspace, tmp_path, "sep=;\nid,created_at,text", "{n},2024-05-01T10:00:00Z,words of {n}")


@pytest.mark.parametrize(
    ("column", "zone_of_it", "shown"),
    [
        ("created_at,timezone", "America/New_York", "timezone (America/New_York)"),
        ("created_at,utc_offset", "-18000", "utc_offset (-18000)"),
        ("created_at (EST),other", "x", "created_at (EST)"),
    ],
)
def test_times_read_as_utc_beside_another_zone_are_told(
    column: str, zone_of_it: str, shown: str, workspace: Workspace, tmp_path: Path
) -> None:
    header, row = f"id,text,{column}", "{n},words of {n},2024-05-01 10:00:00," + zone_of_it
    report = other_columns(workspace, tmp_path, header, row)
    assert [shown in note for note in report.notes if "read as UTC" in note] == [True]
    declared = other_columns(workspace, tmp_path, header, row, tz="America/New_York")
    assert not any("zone" in note for note in declared.notes)


@pytest.mark.parametrize("zone_of_it", ["UTC", "+00:00", "0", "Etc/UTC", ""])
def test_times_read_as_utc_beside_utc_are_not_told(zone_of_it: str, workspace: Workspace, tmp_path: Path) -> None:
    row = "{n},words of {n},2024-05-01 10:00:00," + zone_of_it
    assert other_columns(workspace, tmp_path, "id,text,created_at,timezone", row).notes == ()


@pytest.mark.parametrize("column", ["user_created_at", "accountCreated", "scraped_at"])
def test_another_moment_is_not_taken_for_that_of_the_post(column: str, workspace: Workspace, tmp_path: Path) -> None:
    report = other_columns(workspace, tmp_path, f"id,text,{column}", "{n},words of {n},2024-05-01T10:00:00Z")
    assert f"--map created_at='{column}'" in report.notes[0]
    assert open_snapshot(workspace, report.snapshot).manifest["mapping"].get("created_at") is None


@pytest.mark.parametrize("name", ["teхt", "ТЕХТ", "ｔｅｘｔ", "te\u200bxt"])
def test_a_name_in_look_alike_letters_is_that_name(name: str, workspace: Workspace, tmp_path: Path) -> None:
    report = other_columns(workspace, tmp_path, f"id,title,{name}", "{n},a title {n},words of {n}")
    assert open_snapshot(workspace, report.snapshot).manifest["mapping"]["text"] == name


def test_two_names_that_only_look_alike_are_asked_about(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="say which one to take"):
        other_columns(workspace, tmp_path, "id,text,teхt", "{n},a title {n},words of {n}")


def test_a_column_named_in_another_alphabet_is_taken_for_none_by_its_name(workspace: Workspace, tmp_path: Path) -> None:
    report = other_columns(workspace, tmp_path, "id,text,автор", "{n},words of {n},bob")
    assert list(open_snapshot(workspace, report.snapshot).manifest["mapping"]) == ["post_id", "text"]


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("2024-05-01 10:00:00", "1 of 21 times names no zone"),
        ("2024-05-02", "1 of 21 times is a day without a time of day"),
        ("2024-05-01T10:00:00.1234567Z", "1 of 21 times is finer than a microsecond"),
        ("1714557600.1234567", "1 of 21 times is finer than a microsecond"),
    ],
)
def test_a_time_that_is_read_otherwise_than_the_others_is_told(
    when: str, told: str, workspace: Workspace, tmp_path: Path
) -> None:
    report, _ = loaded(workspace, tmp_path, f"99,{when},words,b,1")
    assert len(report.notes) == 1
    assert told in report.notes[0]


@pytest.mark.parametrize("when", ["2024-05-01T10:00:00.1234560Z", "2024-05-01T10:00:00+02:00", "1714557600"])
def test_a_time_that_says_all_is_not_told(when: str, workspace: Workspace, tmp_path: Path) -> None:
    assert loaded(workspace, tmp_path, f"99,{when},words,b,1")[0].notes == ()


def from_parquet(workspace: Workspace, folder: Path, **columns: pa.Array) -> LoadReport:
    texts = [f"words of {n}" for n in range(len(next(iter(columns.values()))))]
    pq.write_table(pa.table({"text": texts, **columns}), folder / "posts.parquet")
    return load([folder / "posts.parquet"], workspace, now=NOW)


def test_nanoseconds_of_a_parquet_file_that_are_cut_are_told(workspace: Workspace, tmp_path: Path) -> None:
    times = pa.array([1714557600_000000000, 1714557600_000000001], pa.timestamp("ns", tz="UTC"))
    notes = from_parquet(workspace, tmp_path, created_at=times).notes
    assert len(notes) == 1
    assert "1 of 2 times is finer than a microsecond" in notes[0]


@pytest.mark.parametrize(("type_", "whole"), [(pa.float32(), 2**24), (pa.float16(), 2**11)])
def test_counts_in_short_floats_are_told_from_where_they_are_rounded(
    type_: pa.DataType, whole: int, workspace: Workspace, tmp_path: Path
) -> None:
    views = pa.array(np.array([whole - 1, whole, whole + 2], type_.to_pandas_dtype()), type_)
    notes = from_parquet(workspace, tmp_path, views=views).notes
    assert len(notes) == 1
    assert "views in 2 records" in notes[0]


def test_the_first_of_several_languages_is_taken_and_that_is_told(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text('text,lang\none,"en,fr"\ntwo,"en,en"\nthree,"Catalan, Valencian"\nfour,fr\n')
    report = load([file], workspace, now=NOW)
    assert len(report.notes) == 1
    assert "1 record names several languages" in report.notes[0]
    assert pd.read_parquet(open_snapshot(workspace, report.snapshot).posts_path)["lang"][0] == "en"


def test_ids_that_differ_only_by_spaces_are_told_and_kept(workspace: Workspace, tmp_path: Path) -> None:
    rows = [f"{spaced},2024-05-01T10:00:00Z,words,b{spaced[:1].strip('7')},1" for spaced in (" 77", "77", "77 ", " 5")]
    report, posts = loaded(workspace, tmp_path, *rows)
    assert {" 77", "77", "77 "} <= {*posts["post_id"]}
    assert [note for note in report.notes if "only by spaces" in note] == [
        "5 ids in post_id differ from another only by spaces around them; they count as different ids.",
        "2 ids in author_id differ from another only by spaces around them; they count as different ids.",
    ]


def test_a_cell_whose_quotes_a_blank_kept_from_opening_is_kept_apart_and_its_neighbours_are_not(
    workspace: Workspace, tmp_path: Path
) -> None:
    rows = [f"{n},2024-05-01T10:00:00Z,words of {n},bob,1" for n in range(100, 130)]
    rows[3] = '103,2024-05-01T10:00:00Z, "words of 3",bob,1'
    rows[4] = '104,2024-05-01T10:00:00Z, "words of 4,bob,1'
    rows[5] = '105,2024-05-01T10:00:00Z, "What" he said,bob,1'
    rows[6] = '106,2024-05-01T10:00:00Z," ""words of 6""",bob,1'
    report, posts = loaded(workspace, tmp_path, *rows)
    assert report.reasons == {"blank_before_quote": 2}
    assert {*map(str, range(100, 130))} - {*posts["post_id"]} == {"103", "104"}
    texts = dict(zip(posts["post_id"], posts["text"], strict=True))
    assert (texts["105"], texts["106"]) == (' "What" he said', ' "words of 6"')


def test_ids_that_all_begin_with_a_blank_are_told(workspace: Workspace, tmp_path: Path) -> None:
    report, posts = loaded(
        workspace, tmp_path, *(f"{n}, 2024-05-01T10:00:00Z, words of {n}, bob, 1" for n in range(100, 109))
    )
    assert {*posts["author_id"][posts["post_id"].str.len() == 3]} == {" bob"}
    assert [note.partition(", as where")[0] for note in report.notes] == ["author_id begins with a blank in 9 records"]
