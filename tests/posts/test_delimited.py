"""Records of CSV: what belongs together stays together, and what a stray quote joined is not believed."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest

from explore.errors import Refused
from explore.posts.delimited import Dialect, Record, records
from explore.settings import Workspace
from tests.posts.bad_inputs import AT
from tests.posts.making import csv_of, kept_apart, loaded, row, rows

STRAY = [*rows(20), row(21, '"a stray quote'), *rows(3, start=22), row(25) + '"', *rows(20, start=26)]


def test_rows_between_two_stray_quotes_are_kept_apart_one_by_one(workspace: Workspace, tmp_path: Path) -> None:
    report, posts = loaded(workspace, tmp_path, csv_of(*STRAY))
    assert (report.records, report.accepted, report.reasons) == (45, 40, {"swallowed": 5})
    assert [one["excerpt"].split(",")[0] for one in kept_apart(workspace, report)] == ["21", "22", "23", "24", "25"]
    assert not any("\n" in post["text"] for post in posts)


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("created_at,text", "2024-05-01 10:00:00,words of {}"),
        ("created_at,text", "Wed May 01 10:00:00 +0000 2024,words of {}"),
        ("author_id,text,views", "1136687737,words of {},"),
        ("id,text", "{},words of a post"),
        ("text,author", "words of {},ann"),
        ("text,id,created_at", "words of {},{},2024-05-01T10:00:00Z"),
        ("text,id", "words of many,{}"),
        ("id,author,text,views", "{},ann,words of a post,3"),
    ],
)
def test_whichever_columns_there_are_the_rows_are_not_stored_as_one_text(header: str, line: str) -> None:
    place = header.split(",").index("text")
    lines = [line.replace("{}", str(number)).split(",") for number in range(1, 9)]
    lines[2][place] = '"' + lines[2][place]
    lines[5][place] += '"'
    found = read("\n".join([header, *(",".join(one) for one in lines), ""]))
    assert [record.reason for record in found[1:]] == [None, None, *["swallowed"] * 4, None, None]


@pytest.mark.parametrize(
    "text",
    [
        "a list:\n1, milk, bread\n2, eggs, flour\n\nand more",
        "on 2024-05-01, at 10:00, we meet\nat the usual place, ok",
        "one\n\n\ntwo, three, four\n",
        "5,6,7\n8,9,10",
        "see https://example.org/a,b,c\nand, then, go",
        "he said no, never, and left\nyes, no, maybe",
    ],
)
@pytest.mark.parametrize("header", ["id,created_at,text", "created_at,text,author", "text,author,views"])
def test_a_post_with_line_breaks_and_commas_is_one_post(header: str, text: str) -> None:
    usual = {"id": "123456789", "created_at": AT, "author": "ann", "views": "3", "text": text}
    sink = io.StringIO(newline="")
    writer = csv.writer(sink)
    writer.writerow(header.split(","))
    writer.writerow([usual[column] for column in header.split(",")])
    found = read(sink.getvalue())
    assert [record.reason for record in found] == [None, None]
    assert text in found[1].cells


def test_a_post_that_quotes_rows_of_the_file_forges_no_posts(workspace: Workspace, tmp_path: Path) -> None:
    forged = f'30,{AT},"look:\n31,{AT},I never wrote this\nend"'
    report, posts = loaded(workspace, tmp_path, csv_of(*rows(20), forged))
    assert "31" not in [post["post_id"] for post in posts]
    assert report.reasons == {"swallowed": 2}


def test_pairs_of_stray_quotes_at_random_places_never_hide_a_row_in_a_text() -> None:
    chance = random.Random(4)  # noqa: S311 (not for secrets)
    for _ in range(200):
        lines = [f"{n},ann{n},{AT},words of {n},{n % 7}".split(",") for n in range(1, 30)]
        first, last = sorted(chance.sample(range(29), 2))
        lines[first][3] = '"' + lines[first][3]
        lines[last][3] += '"'
        found = read("\n".join(["id,author,created_at,text,views", *map(",".join, lines), ""]))
        assert sum(record.reason == "swallowed" for record in found) == last - first + 1
        assert len(found) == 30


def test_the_column_names_of_a_second_file_are_kept_apart(workspace: Workspace, tmp_path: Path) -> None:
    both = (
        b"id,text\n1,words of one\n2,words of two\n3,c d\n4,d e\n5,e f\n" + b"\xef\xbb\xbfid,text\n6,words of three\n"
    )
    report, posts = loaded(workspace, tmp_path, both)
    assert report.reasons == {"repeated_header": 1}
    assert [post["post_id"] for post in posts] == ["1", "2", "3", "4", "5", "6"]


def test_a_mark_in_front_of_a_record_stays_in_no_id(workspace: Workspace, tmp_path: Path) -> None:
    report, posts = loaded(workspace, tmp_path, csv_of(*rows(9), "\ufeff" + row(10)))
    assert report.reasons == {"joined_files": 1}
    assert not any(post["post_id"].startswith("\ufeff") for post in posts)


@pytest.mark.parametrize("delimiter", ["\x01", "\\x01", "\\001", "\\u0001", "^A", None])
def test_tables_of_hive_are_read(delimiter: str | None, workspace: Workspace, tmp_path: Path) -> None:
    lines = ["id\x01created_at\x01text", *(f'{n}\x01{AT}\x01he said "no", {n}' for n in range(9))]
    report, posts = loaded(
        workspace, tmp_path, "\n".join([*lines, f'9\x01{AT}\x01"all of it"\n']).encode(), delimiter=delimiter
    )
    assert report.accepted == 10
    assert [posts[0]["text"], posts[-1]["text"]] == ['he said "no", 0', '"all of it"']


@pytest.mark.parametrize(
    ("delimiter", "sign"), [("\\x1f", "\x1f"), (None, "\x1f"), ("^", "^"), (None, "^"), ("\\t", "\t")]
)
def test_rare_delimiters_are_read(delimiter: str | None, sign: str, workspace: Workspace, tmp_path: Path) -> None:
    content = csv_of(*rows(9)).replace(b",", sign.encode())
    report, posts = loaded(workspace, tmp_path, content, delimiter=delimiter)
    assert (report.accepted, posts[0]["text"]) == (9, "words of a post 1")


@pytest.mark.parametrize("delimiter", ["||", "\\x00", "\\x0a", "\\ud800", '"', "x" * 5_000])
def test_what_is_no_delimiter_is_refused(delimiter: str, workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is not one character") as refusal:
        loaded(workspace, tmp_path, csv_of(*rows(3)), delimiter=delimiter)
    assert len(str(refusal.value)) < 200


def read(text: str) -> list[Record]:
    return list(records(io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8", newline="\n"), Dialect()))
