"""Files of writers that nobody thought of: told apart, told of or refused, and never read as something else."""

from __future__ import annotations

import zoneinfo
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from explore.errors import Refused
from explore.narratives import text as texts
from explore.posts import clocks, foreign, layout
from explore.posts.times import BAD, OK, parse_times, zone
from explore.settings import Workspace
from tests.posts.making import jsonl_of, loaded, parquet_of

AT = "2024-01-02T03:04:05Z"
NAMES = "id,created_at,author,text,views"
LINES = [f"{n},{AT},u{n},words of post {n},{n * 3}" for n in range(30)]
LONG = 50_000


def tabbed(*cells: list[str]) -> bytes:
    return "".join("\t".join(row) + "\n" for row in (NAMES.split(","), *cells)).encode()


def test_one_stray_quote_does_not_put_quotes_into_the_other_texts(workspace: Workspace, tmp_path: Path) -> None:
    good = [[str(n), AT, "u", f'"He said ""hi {n}"""', "3"] for n in range(30)]
    report, posts = loaded(workspace, tmp_path, tabbed(*good, ["99", AT, "u", '"hi" now', "3"]), "posts.tsv")
    assert report.reasons == {"open_quote": 1}
    assert {post["text"] for post in posts} == {f'He said "hi {n}"' for n in range(30)}


def test_a_stray_quote_among_cells_that_all_stand_in_quotes_costs_its_row(workspace: Workspace, tmp_path: Path) -> None:
    plain = [
        NAMES.split(","),
        *([str(n), AT, "u", f"words of {n}", "3"] for n in range(30)),
        ["9", AT, "u", 'a "b" c', ""],
    ]
    content = "".join("\t".join(f'"{cell}"' for cell in row) + "\n" for row in plain).encode()
    report, posts = loaded(workspace, tmp_path, content, "posts.tsv")
    assert (report.accepted, report.reasons) == (30, {"open_quote": 1})
    assert posts[0]["text"] == "words of 0"


def test_quotes_that_people_wrote_are_kept_and_told(workspace: Workspace, tmp_path: Path) -> None:
    said = [[str(n), AT, "u", f'"{n}" she said' if n % 2 else f'"words of {n}"', "3"] for n in range(10)]
    report, posts = loaded(workspace, tmp_path, tabbed(*said), "posts.tsv")
    assert [post["text"] for post in posts[:2]] == ['"words of 0"', '"1" she said']
    assert any("5 texts of the first 10 begin and end with one" in note for note in report.notes)


def test_quotes_between_the_cells_only_are_refused_with_a_mend(workspace: Workspace, tmp_path: Path) -> None:
    content = "".join('","'.join(line.split(",")) + "\n" for line in (NAMES, *LINES)).encode()
    with pytest.raises(Refused, match="quotes between its cells and none at both ends"):
        loaded(workspace, tmp_path, content)


def test_an_odd_quote_in_each_of_many_lines_ends_as_in_a_few(workspace: Workspace, tmp_path: Path) -> None:
    lines = [f'{n}","{AT}","u{n}","words of post {n}","0' for n in range(LONG)]
    with pytest.raises(Refused, match=f"None of the {LONG:,} records can be used: a quoted cell is not closed"):
        loaded(workspace, tmp_path, "\n".join([NAMES, *lines, ""]).encode())


def test_a_text_of_many_lines_with_commas_and_quotes_stays_whole(workspace: Workspace, tmp_path: Path) -> None:
    poem = "\n".join('a line, with commas, and a "quote", again' for _ in range(500))
    quoted = poem.replace('"', '""')
    _, posts = loaded(workspace, tmp_path, f'{NAMES}\n1,{AT},u,"{quoted}",3\n'.encode())
    assert [post["text"] for post in posts] == [poem]


@pytest.mark.parametrize("year", [2567, 9999])
def test_a_time_far_ahead_in_parquet_of_old_is_kept_apart_as_itself(
    workspace: Workspace, tmp_path: Path, year: int
) -> None:
    times = [datetime(2024, 1, 2, 3, 4, n) for n in range(9)] + [datetime(year, 1, 2, 3, 4)]  # noqa: DTZ001 (INT96)
    columns = {
        "id": [str(n) for n in range(10)],
        "text": ["words"] * 10,
        "created_at": pa.array(times, pa.timestamp("us")),
    }
    content = parquet_of(columns, use_deprecated_int96_timestamps=True)
    report, posts = loaded(workspace, tmp_path, content, "posts.parquet")
    assert report.reasons == {"time_out_of_range": 1}
    assert posts[0]["created_at"] == datetime(2024, 1, 2, 3, 4, tzinfo=UTC)


def mixed(first: int, more: int, **also: Any) -> bytes:
    one = [{"id": str(n), "created_at": AT, "author": f"u{n}", "text": f"t {n}", "views": n} for n in range(first)]
    two = [
        {"id": f"b{n}", "created_at": AT, "username": f"u{n}", "text": f"t {n}", "view_count": n} for n in range(more)
    ]
    return jsonl_of(*one, *(record | also for record in two))


@pytest.mark.parametrize("first", [15, 400])
def test_a_field_that_goes_on_under_another_name_is_told(workspace: Workspace, tmp_path: Path, first: int) -> None:
    report, _ = loaded(workspace, tmp_path, mixed(first, 20), "posts.jsonl")
    told = [note for note in report.notes if "another usual name" in note]
    assert [note.split(",")[0] for note in told] == [
        "author_id was read from 'username' and is empty in 15 records where 'author'"
        if first < 200
        else "author_id was read from 'author' and is empty in 20 records where 'username'",
        "views was read from 'views' and is empty in 20 records where 'view_count'",
    ]
    assert ("--map author_id='username | author'" in told[0]) == (first < 200)


def test_two_names_side_by_side_are_no_news(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, mixed(0, 9, author="a", views=5) + mixed(0, 1), "posts.jsonl")
    assert not any("another usual name" in note for note in report.notes)


@pytest.mark.parametrize("tz", ["UTC", "Europe/Moscow"])
def test_moscow_time_is_that_of_its_years(tz: str) -> None:
    written = ["2010-12-01 12:00 MSK", "2013-05-01 12:00 MSK", "2013-12-01 12:00 MSK", "2020-05-01 12:00 MSK"]
    found = parse_times(pa.array(written), column="t", tz=zone(tz), date_order=None)
    hours = [datetime.fromtimestamp(int(micros) / 1e6, UTC).hour for micros in found.micros]
    assert (found.state == OK).all()
    assert hours == [9, 8, 8, 9]


def test_an_abbreviation_that_meant_two_times_is_read_only_where_the_zone_says_which() -> None:
    written = pa.array(["2017-05-01 12:00 KST", "2020-05-01 12:00 KST"])
    assert parse_times(written, column="t", tz=UTC, date_order=None).state.tolist() == [BAD, OK]
    assert parse_times(written, column="t", tz=zone("Asia/Seoul"), date_order=None).state.tolist() == [OK, OK]
    assert "several meanings then" in clocks.meanings("2017-05-01 12:00 KST")


def test_every_abbreviation_that_is_read_means_what_all_zones_then_called_so() -> None:
    zones = [zoneinfo.ZoneInfo(key) for key in sorted(zoneinfo.available_timezones()) if "/" in key]
    for moment in range(315_532_800, 1_735_689_600, 86_400 * 25):
        used: dict[str, set[int]] = defaultdict(set)
        for one in zones:
            local = datetime.fromtimestamp(moment, one)
            used[local.tzname() or ""].add(int((local.utcoffset() or timedelta()) / timedelta(minutes=1)))
        for name, offsets in used.items():
            for minutes in offsets:
                read = int(clocks.ahead_of_utc(name, np.array([moment + minutes * 60]), UTC)[0])
                assert read in (clocks.NO_OFFSET, minutes), (name, moment)
                assert read == clocks.NO_OFFSET or len(offsets) == 1, (name, moment)


ODD_BEGINNINGS = {
    "dashes": "-" * LONG + "\n",
    "dashes and spaces": "-- " + "- " * LONG + "\n",
    "remarks": "/**/" * LONG,
    "remarks that are not closed": "/*" * LONG + "\n",
    "blanks and a bar": "---" + " " * LONG + "|" + " " * LONG + "x\n",
    "bars": "| " * LONG + "x\n",
    "quotes and blanks": '"" ' * LONG + "x\n",
    "a script": "window." + "a." * LONG + " " * LONG + "\n",
    "keys": '{"name": ' + " " * LONG + "1, " + '"name": 1, ' * LONG + "x\n",
    "a number and blanks": "1" + " " * LONG + "x,text\n",
    "a day and blanks": '"2024-01-01' + " " * LONG + '\nx",text\n',
    "quotes": "'" + "' " * LONG + "x,text\n",
}


@pytest.mark.parametrize("case", ODD_BEGINNINGS)
def test_a_long_odd_beginning_is_no_dump(case: str) -> None:
    assert "SQL" not in refusal(ODD_BEGINNINGS[case])


def refusal(text: str) -> str:
    """Why a file that begins so, and has names below, is refused; "" where it is not."""
    try:
        foreign.refuse_foreign_text(text, "p")
        layout.is_telegram_export(text)
        foreign.refuse_lines_above(f"{text}{NAMES}\n", "p")
        foreign.refuse_other_separators(text, "p")
        layout.check_header(layout.sample_records(text, layout.Dialect())[0].cells, name="p")
    except Refused as error:
        return str(error)
    return ""


@pytest.mark.parametrize("cell", ["1" + " " * LONG + "x", "2024-01-01" + " " * LONG + "\nx", "'" + "' " * LONG + "x"])
def test_a_name_far_too_long_is_the_text_of_a_post(cell: str) -> None:
    with pytest.raises(Refused, match="looks like a post"):
        layout.check_header([cell, "words"], name="p")


def test_a_dump_behind_long_remarks_is_a_dump() -> None:
    with pytest.raises(Refused, match="SQL"):
        foreign.refuse_foreign_text("/* a */" * LONG + "\nINSERT INTO p VALUES (1);\n", "p")
    with pytest.raises(Refused, match="SQL"):
        foreign.refuse_foreign_text("--" + "- " * LONG + "MySQL dump\n", "p")


@pytest.mark.parametrize("value", ["1:00" * LONG, "2024 " * LONG, "1/1/" * LONG, "9" * LONG])
def test_a_long_value_is_no_time_and_nothing_is_made_of_it(value: str) -> None:
    assert parse_times(pa.array([value]), column="t", tz=UTC, date_order="dmy").state.tolist() == [BAD]
    assert clocks.meanings(value) == ""


@pytest.mark.parametrize("sign", ["RT ", "@a.", "#", "www.", "a.b.", "-", "a'", "&#x", "https://", "t.co/", "\u3042a"])
def test_a_long_text_of_one_sign_has_one_key(sign: str) -> None:
    text = sign * LONG
    assert texts.message_key(text) == texts.message_key(text + " ")
    assert isinstance(texts.links(text) + texts.tags(text), list)
    assert texts.is_cut_off(text + "…")
    assert "\n" not in texts.as_written(text)


@pytest.mark.parametrize(
    "second", ["ID,Date,User,Message,Likes,Views", "post_id,author_id,created_at,message,view_count,like_count"]
)
def test_a_second_header_with_other_names_is_refused(workspace: Workspace, tmp_path: Path, second: str) -> None:
    lines = [f"{NAMES},likes", *(f"{line},5" for line in LINES), second, f"99,{AT},bob,words,1,70"]
    with pytest.raises(Refused, match=r"Record 31 of 'posts\.csv' holds other column names"):
        loaded(workspace, tmp_path, "\n".join([*lines, ""]).encode())


def test_a_post_of_such_words_is_a_post(workspace: Workspace, tmp_path: Path) -> None:
    content = f'{NAMES}\n1,{AT},views,message,3\n2,{AT},author,"id,date,user,message,likes",3\n'
    report, _ = loaded(workspace, tmp_path, content.encode())
    assert report.accepted == 2


@pytest.mark.parametrize(
    "table",
    [
        "┌────┬──────┐\n│ id │ text │\n├────┼──────┤\n│ 1  │ words│\n└────┴──────┘\n",
        "╭────┬──────╮\n│ id │ text │\n╞════╪══════╡\n│ 1  │ words│\n╰────┴──────╯\n",
        " id │ text\n────┼───────\n  1 │ words of one\n",
    ],
)
def test_a_table_in_boxes_is_refused(workspace: Workspace, tmp_path: Path, table: str) -> None:
    with pytest.raises(Refused, match="a table drawn with lines"):
        loaded(workspace, tmp_path, table.encode())
