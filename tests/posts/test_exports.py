"""Files as other people's exporters leave them: read rightly, told, or refused with the mend; never half understood."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from explore.errors import Refused
from explore.posts.mapping import detect
from explore.posts.readers import preview
from explore.settings import Workspace
from tests.posts.making import HEADER, csv_of, json_rows, jsonl_of, kept_apart, loaded, row, rows, saved

AT = "2024-05-01T10:00:00Z"
WIDE = "id,author,text,created_at,views"


def posts(count: int = 6, **more: Any) -> list[dict[str, Any]]:
    return [{**one, "author": f"a{n}", **more} for n, one in enumerate(json_rows(count))]


def notes(workspace: Workspace, folder: Path, content: bytes, name: str = "p.csv", **options: Any) -> str:
    return " ".join(loaded(workspace, folder, content, name, **options)[0].notes)


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "two exports joined, the second with its columns in another order": (
        "p.csv",
        f"{WIDE}\n1,bob,words here,{AT},5\nauthor,id,text,created_at,views\nann,2,more words,{AT},6\n".encode(),
        "Record 2 of 'p.csv' holds column names in another order",
    ),
    "two exports joined, the second with another column": (
        "p.csv",
        f"{WIDE}\n1,bob,words here,{AT},5\nid,author,text,created_at,likes\n2,ann,more words,{AT},6\n".encode(),
        "split the file there",
    ),
    "the answer of a service that failed": (
        "p.csv",
        b'{"error": {"message": "too many requests today", "code": 88}}\n',
        "is the error that a service answered",
    ),
    "a report's particulars above the names": (
        "p.csv",
        (
            "Report:,Mentions\nBrand:,X\n\nQuery,Date,Title,Snippet,Url,Author\n" + f"q,{AT},t,some words,u,a\n" * 5
        ).encode(),
        "seem to stand in line 4",
    ),
    "a title above the names": ("p.csv", b"Table 1\n" + csv_of(*rows(5)), "seem to stand in line 2"),
    "a second line of names": (
        "p.csv",
        f"Post,,Content,,\n{WIDE}\n1,bob,words here,{AT},5\n".encode(),
        "stand in line 2",
    ),
    "columns without names at the end": (
        "p.csv",
        "\n".join(f"{line},,," for line in [HEADER, *rows(5)]).encode(),
        "3 columns of 'p.csv' have no name; delete them",
    ),
    "single quotes around cells with commas": (
        "p.csv",
        csv_of(*(f"{n},{AT},'it's words, more'" for n in range(9))),
        "begin with a quote of another kind",
    ),
    "a space in front of quotes": (
        "p.csv",
        csv_of(*(f'{n},{AT}, "words, more"' for n in range(9))),
        "begin with a quote of another kind, or with a space",
    ),
    "objects without line ends": ("p.jsonl", jsonl_of(*json_rows(3)).replace(b"\n", b""), "with: jq -c ."),
    "the same key twice in every line": (
        "p.jsonl",
        b'{"id": "1", "text": "a b", "user": {"id": 1, "id": 2}}\n' * 3,
        "names the same key twice in the first",
    ),
    "years of another calendar": (
        "p.csv",
        csv_of(*(row(n, when="2567-05-01 10:00:00") for n in range(9))),
        "the year 2567 is of another calendar",
    ),
    "years of another calendar behind the day": (
        "p.csv",
        csv_of(*(row(n, when="1445-10-22") for n in range(9))),
        "the year 1445 is of another calendar",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_the_mend(case: str, workspace: Workspace, tmp_path: Path) -> None:
    name, content, message = REFUSED[case]
    with pytest.raises(Refused, match=message):
        loaded(workspace, tmp_path, content, name, accept_quarantine=True)
    assert not workspace.home.exists()


def test_a_post_may_speak_of_columns(workspace: Workspace, tmp_path: Path) -> None:
    content = f"{WIDE}\n1,author,text,{AT},5\n2,ann,id,{AT},6\n".encode()
    assert [post["text"] for post in loaded(workspace, tmp_path, content)[1]] == ["text", "id"]


def test_a_delimiter_that_is_not_in_the_names_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="',' does; leave --delimiter out"):
        loaded(workspace, tmp_path, csv_of(*rows(5)), delimiter="tab")


def test_one_column_may_have_any_delimiter(workspace: Workspace, tmp_path: Path) -> None:
    assert loaded(workspace, tmp_path, b"text\nhello there\n", delimiter=";")[0].accepted == 1


def test_a_key_that_is_also_a_path_is_not_guessed(workspace: Workspace, tmp_path: Path) -> None:
    odd = {"id": "99", "created_at": AT, "text": "some words", "user": {"id": "1"}, "user.id": "2"}
    whole = [{**one, "user": {"id": "7"}} for one in json_rows(9)]
    report, _ = loaded(workspace, tmp_path, jsonl_of(*whole, odd), "p.jsonl")
    assert report.reasons == {"duplicate_keys": 1}


def test_a_count_of_19_digits_is_read_whether_number_or_text(workspace: Workspace, tmp_path: Path) -> None:
    counts = [2**63 - 1, 2**63, 1_234_567_890_123_456_789]
    lines = [f"{n},bob,words {n},{AT},{count}" for n, count in enumerate([*range(9), *counts])]
    report, found = loaded(workspace, tmp_path, "\n".join([WIDE, *lines, ""]).encode())
    assert report.reasons == {"bad_number": 1}
    assert [post["views"] for post in found[9:]] == [2**63 - 1, 1_234_567_890_123_456_789]


def test_a_list_of_counts_is_called_by_its_name(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, jsonl_of(*posts(9, views=1), *posts(1, id="99", views=[5])), "p.jsonl")
    assert "holds true, false, a list or an object" in kept_apart(workspace, report)[0]["why"]


NANOSECONDS = [1_714_557_600_123_456_789 + 7_919_191_919 * n for n in range(9)]
OF_TWITTER = [(1_785_656_549_212_000_256 & ~0xFFF) + 4096 * 1_000_003 * n + n % 3 for n in range(9)]


def test_nanoseconds_are_read_to_the_microsecond_and_that_is_told(workspace: Workspace, tmp_path: Path) -> None:
    content = csv_of(*(row(n, when=str(tick)) for n, tick in enumerate(NANOSECONDS)))
    report, found = loaded(workspace, tmp_path, content)
    assert found[0]["created_at"] == datetime(2024, 5, 1, 10, 0, 0, 123_456, tzinfo=UTC)
    assert "kept to the microsecond" in " ".join(report.notes)


def test_ids_are_not_taken_for_nanoseconds(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="an id of X/Twitter"):
        loaded(workspace, tmp_path, csv_of(*(row(n, when=str(one)) for n, one in enumerate(OF_TWITTER))))


def test_days_without_a_time_of_day_are_told(workspace: Workspace, tmp_path: Path) -> None:
    lines = [f"{n},2024-05-01,10:0{n}:00,words of {n}" for n in range(5)]
    told = notes(workspace, tmp_path, "\n".join(["id,date,time,text", *lines, ""]).encode())
    assert "'date' holds days without a time of day" in told
    assert "'time' was left out" in told


@pytest.mark.parametrize("when", ["2024-05-01 10:00", "1714557600", "20240501T100000Z", "1 May 2024 10:00"])
def test_times_with_a_clock_are_no_days(when: str, workspace: Workspace, tmp_path: Path) -> None:
    assert "time of day" not in notes(workspace, tmp_path, csv_of(*(row(n, when=when) for n in range(5))))


@pytest.mark.parametrize("when", ["2024-05-01", "20240501", "2024-05-01T00:00:00Z", "1 May 2024"])
def test_days_are_told_however_written(when: str, workspace: Workspace, tmp_path: Path) -> None:
    assert "without a time of day" in notes(workspace, tmp_path, csv_of(*(row(n, when=when) for n in range(5))))


def test_words_that_name_no_language_are_told(workspace: Workspace, tmp_path: Path) -> None:
    lines = [f"{n},{AT},words {n},{lang}" for n, lang in enumerate(["English", "Klingon", "und", ""])]
    told = notes(workspace, tmp_path, "\n".join([HEADER + ",lang", *lines, ""]).encode())
    assert told == "lang is unknown in 1 record (written as Klingon)."


def test_a_word_that_would_colour_a_terminal_is_told_without_its_colour(workspace: Workspace, tmp_path: Path) -> None:
    content = csv_of().replace(b"text", b"text,lang") + f"1,{AT},words,\x1b[31mred\n".encode()
    assert "written as �[31mred" in notes(workspace, tmp_path, content)


def test_a_thousand_words_that_name_no_language_are_counted_in_a_few(workspace: Workspace, tmp_path: Path) -> None:
    lines = [f"{n},{AT},words {n},tongue{n}" for n in range(1_000)]
    told = notes(workspace, tmp_path, "\n".join([HEADER + ",lang", *lines, ""]).encode())
    assert told.startswith("lang is unknown in 1,000 records (written as other words, tongue0,")


@pytest.mark.parametrize(("step", "told"), [(100, True), (137, False)])
def test_ids_that_all_end_in_00_are_told(step: int, told: bool, workspace: Workspace, tmp_path: Path) -> None:
    made = [{**one, "author": 1_234_567_890_123_456_800 + step * n} for n, one in enumerate(json_rows(9))]
    said = notes(workspace, tmp_path, jsonl_of(*made), "p.jsonl")
    assert ("Every long number in author_id ends in 00" in said) is told


def test_one_of_anything_is_told_as_one(workspace: Workspace, tmp_path: Path) -> None:
    assert notes(workspace, tmp_path, csv_of(*rows(5), row(9, when="2027-01-01T00:00:00Z"))).startswith(
        "1 post is dated"
    )


def test_what_is_around_a_message_is_not_mixed_with_it(tmp_path: Path) -> None:
    inner = {"id": "5", "text": "some words", "date": "1714557600"}
    made = [{"id": str(n), "timestamp": 1_714_557_999, "message": inner} for n in range(5)]
    columns = detect(preview(saved(tmp_path, jsonl_of(*made), "p.jsonl"))).columns
    assert columns == {"post_id": "message.id", "created_at": "message.date", "text": "message.text"}


def test_long_names_are_cut_in_messages(workspace: Workspace, tmp_path: Path) -> None:
    content = f"id,{'x' * 5000}\n1,2\n".encode()
    for options in ({}, {"columns": {"text": "y" * 5000}}):
        with pytest.raises(Refused) as refused:
            loaded(workspace, tmp_path, content, **options)
        assert len(str(refused.value)) < 400


COUNTED: dict[str, dict[str, Any]] = {
    "Mastodon": {"reblogs_count": 1, "favourites_count": 2, "replies_count": 3, "views": 4},
    "VK": {"reposts": {"count": 1}, "likes": {"count": 2}, "comments": {"count": 3}, "views": {"count": 4}},
    "Meta Content Library": {"statistics": {"share_count": 1, "like_count": 2, "comment_count": 3, "views": 4}},
}


@pytest.mark.parametrize("platform", COUNTED)
def test_counts_are_found_where_platforms_put_them(platform: str, workspace: Workspace, tmp_path: Path) -> None:
    post = loaded(workspace, tmp_path, jsonl_of(*posts(3, **COUNTED[platform])), "p.jsonl")[1][0]
    assert [post[name] for name in ("shares", "likes", "replies", "views")] == [1, 2, 3, 4]


def test_comments_from_youtube_come_as_they_were_written(workspace: Workspace, tmp_path: Path) -> None:
    snippet = {
        "textDisplay": "you &amp; me<br>",
        "textOriginal": "you & me\n",
        "authorChannelId": {"value": "UC1"},
        "publishedAt": AT,
        "updatedAt": "2024-05-09T10:00:00Z",
        "likeCount": 2,
    }
    made = [{"kind": "youtube#comment", "id": str(n), "snippet": snippet} for n in range(3)]
    post = loaded(workspace, tmp_path, jsonl_of(*made), "p.jsonl")[1][0]
    assert (post["text"], post["author_id"], post["likes"]) == ("you & me\n", "UC1", 2)
    assert post["created_at"] == datetime(2024, 5, 1, 10, tzinfo=UTC)
