"""Times of other clocks, words for "unknown" and files given twice: read, kept apart or told, never silently taken."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from explore.errors import Refused
from explore.posts.clocks import MONTHS
from explore.posts.snapshots import LoadOptions, load, open_snapshot
from explore.posts.times import BAD, OK, parse_times, zone
from explore.settings import Workspace
from tests.posts.making import NOW, csv_of, kept_apart, loaded, row, rows, saved

AT = datetime(2024, 5, 1, 10, tzinfo=UTC)
EPOCH = int(AT.timestamp())


def read(text: str, *, tz: str = "UTC") -> datetime | int:
    found = parse_times(pa.array([text]), column="when", tz=zone(tz), date_order=None)
    if found.state[0] != OK:
        return int(found.state[0])
    moment: datetime = found.micros.view("datetime64[us]").astype(object)[0]
    return moment.replace(tzinfo=UTC)


def timed(*whens: object) -> bytes:
    return csv_of(*(row(number, when=str(when)) for number, when in enumerate(whens, 1)))


@pytest.mark.parametrize(
    "number", [(EPOCH + 11_644_473_600) * 10**7, (EPOCH + 11_644_473_600) * 10**6], ids=["FILETIME", "WebKit"]
)
def test_a_clock_that_no_other_comes_near_is_read(number: int) -> None:
    assert read(str(number)) == AT


OTHERS = {
    "NET ticks": (EPOCH + 62_135_596_800) * 10**7,
    "Apple seconds": EPOCH - 978_307_200,
    "Apple fraction": f"{EPOCH - 978_307_200}.25",
    "Apple nanoseconds": (EPOCH - 978_307_200) * 10**9,
    "spreadsheet day": 45413,
    "spreadsheet day and hour": 45413.4167,
}


@pytest.mark.parametrize("clock", OTHERS)
def test_a_number_of_another_clock_is_refused_with_the_dates_it_may_be(
    clock: str, workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match=r"column 'created_at' holds '.*2024-05-01 in .*; write such times out.*--map"):
        loaded(workspace, tmp_path, timed(*[OTHERS[clock]] * 9))


@pytest.mark.parametrize(("number", "date"), [(1785656549212000257, "2024-05-01"), (7364000000000000123, "2024-05-01")])
def test_ids_in_a_column_of_times_are_refused_as_ids(
    number: int, date: str, workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match=rf"an id of (X/Twitter|TikTok) \({date}\)"):
        loaded(workspace, tmp_path, timed(*[number] * 9))


def test_one_number_of_another_clock_is_quarantined_and_its_neighbours_come_in(
    workspace: Workspace, tmp_path: Path
) -> None:
    report, posts = loaded(workspace, tmp_path, timed(*[EPOCH] * 9, 738_237_600))
    assert (len(posts), report.reasons) == (9, {"bad_time": 1})
    (kept,) = kept_apart(workspace, report)
    assert "1993-05-24 in seconds from 1970 or 2024-05-24 in seconds from 2001" in kept["why"]


def test_times_after_the_load_are_told(workspace: Workspace, tmp_path: Path) -> None:
    report, posts = loaded(workspace, tmp_path, timed(EPOCH, EPOCH + 10 * 365 * 86_400))
    assert len(posts) == 2
    assert report.notes[0].startswith("1 post is dated more than a day after this load, the last 2034-04-29 10:00 UTC")


@pytest.mark.parametrize(
    ("text", "tz"),
    [
        ("2024-05-01 06:00:00 EDT", "UTC"),
        ("2024-05-01 12:00:00 CEST", "UTC"),
        ("Wed May 1 06:00:00 EDT 2024", "UTC"),
        ("May 1, 2024 3:00 AM PDT", "UTC"),
        ("2024-05-01 05:00:00 CDT", "America/Chicago"),
        ("2024-05-01 11:00:00 BST", "Europe/London"),
        ("2024-05-01 15:30:00 IST", "Asia/Kolkata"),
    ],
)
def test_an_abbreviated_zone_with_one_meaning_is_read(text: str, tz: str) -> None:
    assert read(text, tz=tz) == AT


@pytest.mark.parametrize("name", ["CST", "IST", "BST", "PST", "AST", "XYZ"])
def test_an_abbreviation_of_several_zones_is_not_guessed(name: str, workspace: Workspace, tmp_path: Path) -> None:
    assert read(f"2024-05-01 12:00:00 {name}") == BAD
    with pytest.raises(Refused, match=f"{name} is not the same in all countries; say which is meant with --tz"):
        loaded(workspace, tmp_path, timed(*[f"2024-05-01 12:00:00 {name}"] * 9))


def test_months_are_whole_words_of_one_month() -> None:
    words = [word for month in MONTHS for word in month]
    assert (len(MONTHS), len(words)) == (12, len(set(words)))
    assert [read(f"1 {name} 2024") for name in ("May", "mai", "Mayo", "maggio", "MEI")] == [AT.replace(hour=0)] * 5
    assert [read(f"3 {name} 2024") for name in ("marraskuuta", "Marvember", "listopad", "maja")] == [BAD] * 4
    assert read("listopad 3, 2024") == BAD
    assert read("about May 3 2024") == BAD


NULLS = ["\\N", "NULL", "null", "nan", "None", "N/A", "-"]


@pytest.mark.parametrize("written", NULLS)
def test_a_word_for_unknown_is_no_account_no_count_and_is_told(
    written: str, workspace: Workspace, tmp_path: Path
) -> None:
    lines = [f"{n},2024-05-01T10:00:00Z,words {n},{written},{written},{written}" for n in range(3)]
    content = "\n".join(["id,created_at,text,author,views,url", *lines, "9,2024-05-01T10:00:00Z,more,ann,7,u", ""])
    report, posts = loaded(workspace, tmp_path, content.encode())
    assert [(post["author_id"], post["views"], post["url"]) for post in posts] == [*[(None,) * 3] * 3, ("ann", 7, "u")]
    assert [f"{name} is unknown in 3 records (written as {written})." in report.notes
            for name in ("author_id", "views", "url")] == [True] * 3  # fmt: skip
    snapshot = open_snapshot(workspace, report.snapshot)
    assert (snapshot.load_notes, snapshot.manifest["known"]["author_id"]) == (report.notes, 1)


def test_unknown_in_the_first_choice_gives_way_to_the_second(workspace: Workspace, tmp_path: Path) -> None:
    content = b"id,text,a,b\n1,one,NULL,ann\n2,two,bob,x\n3,three,NULL,\n"
    report, posts = loaded(workspace, tmp_path, content, columns={"author_id": "a | b"})
    assert [post["author_id"] for post in posts] == ["ann", "bob", None]
    assert report.notes == ("author_id is unknown in 1 record (written as NULL).",)


def test_a_post_may_say_null_but_not_what_only_a_database_writes(workspace: Workspace, tmp_path: Path) -> None:
    report, posts = loaded(workspace, tmp_path, b"id,text,region\n1,NULL,NA\n2,-,DE\n3,\\N,DE\n\\N,words,DE\n",
        accept_quarantine=True)  # fmt: skip
    assert [(post["text"], post["region"]) for post in posts] == [("NULL", "NA"), ("-", "DE")]
    assert report.reasons == {"no_text": 1, "no_id": 1}
    assert report.notes[0].startswith("2 records kept whose text says only -, NULL:")


def test_a_count_that_is_none_names_its_column_and_its_value(workspace: Workspace, tmp_path: Path) -> None:
    lines = [f"{n},words {n},1,{'very ' * 20}many" for n in range(9)]
    with pytest.raises(Refused) as refused:
        loaded(workspace, tmp_path, "\n".join(["id,text,views,Likes", *lines, ""]).encode())
    assert "column 'Likes' holds 'very very" in str(refused.value)
    assert "…', which is no count in plain digits, like 1234; to go without that column say --map likes=" in str(
        refused.value
    )
    assert "views=" not in str(refused.value)
    assert "very " * 9 not in str(refused.value)


ANONYMOUS = b"created_at,text\n2024-05-01T10:00:00Z,one\n2024-05-01T11:00:00Z,two\n"


def test_the_same_file_under_another_name_or_packed_is_read_once(workspace: Workspace, tmp_path: Path) -> None:
    paths = [
        saved(tmp_path, ANONYMOUS, "a.csv"),
        saved(tmp_path, ANONYMOUS, "b.csv"),
        saved(tmp_path, gzip.compress(ANONYMOUS), "c.csv.gz"),
        saved(tmp_path, gzip.compress(ANONYMOUS, 1), "d.csv.gz"),
    ]
    report = load(paths, workspace, now=NOW)
    assert (report.records, report.accepted) == (2, 2)
    assert [note.split("'")[1::2] for note in report.notes] == [[f"{c}", "a.csv"] for c in
            ("b.csv", "c.csv.gz", "d.csv.gz")]  # fmt: skip
    assert report == load(paths, workspace, now=NOW)
    assert (report.snapshot, ()) == ((alone := load(paths[:1], workspace, now=NOW)).snapshot, alone.notes)


def test_rows_that_stand_in_two_files_without_ids_are_told(workspace: Workspace, tmp_path: Path) -> None:
    more = ANONYMOUS + b"2024-05-01T11:00:00Z,two\n2024-05-01T12:00:00Z,three\n"
    report = load([saved(tmp_path, ANONYMOUS, "a.csv"), saved(tmp_path, more, "b.csv")], workspace, now=NOW)
    assert report.accepted == 6
    assert report.notes[0].startswith("3 posts say the same at the same time")
    with_ids = load(
        [saved(tmp_path, csv_of(*rows(3)), "c.csv"), saved(tmp_path, csv_of(*rows(4)), "d.csv")], workspace, now=NOW
    )
    assert (with_ids.duplicates, with_ids.notes) == (3, ())


def test_a_column_that_looks_like_times_and_is_none_is_told(workspace: Workspace, tmp_path: Path) -> None:
    content = b"id,text,Lahetetty\n1,one,3. marraskuuta 2024\n2,two,4. marraskuuta 2024 klo 10:00\n"
    report, _ = loaded(workspace, tmp_path, content)
    assert "'Lahetetty' (3. marraskuuta 2024) looks like times" in report.notes[0]
    assert "--map created_at='Lahetetty'" in report.notes[0]


def test_crowdtangle_times_are_taken(workspace: Workspace, tmp_path: Path) -> None:
    content = b"Page Name,Post Created,Message,Likes\np,2023-05-01 12:00:00 EDT,words,3\n"
    report, posts = loaded(workspace, tmp_path, content)
    assert (posts[0]["created_at"], report.notes) == (datetime(2023, 5, 1, 16, tzinfo=UTC), ())


def test_a_name_given_to_a_snapshot_that_is_there_is_taken(workspace: Workspace, tmp_path: Path) -> None:
    file = saved(tmp_path, csv_of(*rows(3)))
    made = load([file], workspace, now=NOW, options=LoadOptions(name="first")).snapshot
    load([file], workspace, now=NOW, options=LoadOptions(name="second"))
    assert open_snapshot(workspace, made).name == "second"
    load([file], workspace, now=NOW)
    assert open_snapshot(workspace, made).name == "second"


def test_ids_that_a_spreadsheet_made_one_of_are_called_rounded(workspace: Workspace, tmp_path: Path) -> None:
    lines = [row(1_786_000_000_000_000_000 + n // 2 * 100_000, f"words {n}") for n in range(40)]
    with pytest.raises(Refused, match=r"The ids look rounded.*export them as text"):
        loaded(workspace, tmp_path, csv_of(*lines))
