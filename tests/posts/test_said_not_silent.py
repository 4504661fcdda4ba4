"""What cannot be stored as a person would expect is kept apart or told, never passed over."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from explore.posts.appending import append
from explore.posts.snapshots import LoadOptions, load, open_snapshot
from explore.settings import Workspace
from tests.posts.making import NOW, csv_of, json_rows, jsonl_of, kept_apart, loaded, row, rows, saved

AT = "2024-05-01T10:00:00Z"
WIDE = "id,created_at,text,author_id,lang,url"
LINKED = [f"{n},{AT},words of {n},{700 + n},en,https://example.org/{n}" for n in range(40)]


def wide(*lines: str) -> bytes:
    return "\n".join([WIDE, *lines, ""]).encode()


def told(workspace: Workspace, folder: Path, content: bytes, name: str = "p.csv", **options: Any) -> str:
    return " ".join(loaded(workspace, folder, content, name, **options)[0].notes)


def told_of(workspace: Workspace, folder: Path, *records: Any) -> str:
    return told(workspace, folder, jsonl_of(*records), "p.jsonl")


# --- rows whose values stand one column too far -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shifted", "holds"),
    [
        (f"99,{AT},hello,world,bob,en", "'url' holds 'en', where 40 of 41 values are links"),
        (f"99,{AT},hello, world,en,https://example.org/x", "'author_id' holds ' world', where 40 of 41"),
        (f"99,{AT},hello,and good bye,en,", "'author_id' holds 'and good bye'"),
    ],
)
def test_a_shifted_row_is_kept_apart_with_the_value_that_gave_it_away(
    shifted: str, holds: str, workspace: Workspace, tmp_path: Path
) -> None:
    report, found = loaded(workspace, tmp_path, wide(*LINKED, shifted))
    assert report.reasons == {"shifted_row": 1}
    assert len(found) == 40
    assert holds in kept_apart(workspace, report)[0]["why"]
    assert kept_apart(workspace, report)[0]["record"] == 41


@pytest.mark.parametrize(
    "link",
    ["", "N/A", "www.example.org/x", "youtu.be/x", "/r/x/1", "at://did:plc:x/app.bsky.feed.post/1", "spotify:track"],
)
def test_links_of_every_kind_and_none_are_no_shift(link: str, workspace: Workspace, tmp_path: Path) -> None:
    assert loaded(workspace, tmp_path, wide(*LINKED, f"99,{AT},hello,77,en,{link}"))[0].quarantined == 0


def test_a_column_of_which_fewer_values_are_links_may_hold_anything(workspace: Workspace, tmp_path: Path) -> None:
    others = [f"9{n},{AT},hello,77,en,none here" for n in range(4)]
    assert loaded(workspace, tmp_path, wide(*LINKED, *others))[0].quarantined == 0


def test_what_is_a_link_is_learnt_from_all_batches(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explore.posts.delimited.ROWS", 30)
    report, _ = loaded(workspace, tmp_path, wide(*LINKED, f"99,{AT},hello,world,bob,en"))
    assert report.reasons == {"shifted_row": 1}


def test_a_word_among_numbers_is_taken_and_told(workspace: Workspace, tmp_path: Path) -> None:
    report, found = loaded(workspace, tmp_path, wide(*LINKED, f"99,{AT},hello,deleted,en,"))
    assert found[-1]["author_id"] == "deleted"
    assert report.notes[0].startswith("1 record holds a word in 'author_id', where nearly all others hold numbers")


def test_objects_cannot_be_shifted(workspace: Workspace, tmp_path: Path) -> None:
    made = [{**one, "url": f"https://example.org/{n}"} for n, one in enumerate(json_rows(40))]
    assert loaded(workspace, tmp_path, jsonl_of({**made[0], "url": "en"}, *made[1:]), "p.jsonl")[0].quarantined == 0


# --- JSON: what a record holds besides what is taken ------------------------------------------------------------------


def test_the_full_text_of_a_cut_post_is_taken_wherever_it_comes_first(workspace: Workspace, tmp_path: Path) -> None:
    made = [{**one, "truncated": False} for one in json_rows(250)]
    made[240] |= {"truncated": True, "extended_tweet": {"full_text": "all of the words"}}
    found = loaded(workspace, tmp_path, jsonl_of(*made), "p.jsonl")[1]
    assert found[240]["text"] == "all of the words"
    assert found[0]["text"] == "words of a post 1"


@pytest.mark.parametrize("longer", [{"full_text": "all of it"}, {"note_tweet": {"text": "all of it"}}])
def test_a_full_text_beside_a_text_is_taken(longer: dict[str, Any], workspace: Workspace, tmp_path: Path) -> None:
    found = loaded(workspace, tmp_path, jsonl_of({**json_rows(1)[0], **longer}, *json_rows(3, 2)), "p.jsonl")[1]
    assert [post["text"] for post in found[:2]] == ["all of it", "words of a post 2"]


def test_a_place_that_an_export_uses_late_is_read(workspace: Workspace, tmp_path: Path) -> None:
    made: list[dict[str, Any]] = [{**one, "public_metrics": {"retweet_count": 1}} for one in json_rows(250)]
    made[249]["note_tweet"] = {"text": "all of the words"}
    assert loaded(workspace, tmp_path, jsonl_of(*made), "p.jsonl")[1][249]["text"] == "all of the words"


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        ({"retweeted_status": {"text": "older words"}}, "1 post stands inside of other posts, in 'retweeted_status'"),
        ({"replies": {"data": {"children": [{"data": {"body": "yes"}}]}}}, "1 post stands inside of other posts"),
        ({"replies": {"comments": [{"snippet": {"textOriginal": "yes"}}]}}, "in 'replies'"),
        ({"embed": {"record": {"value": {"text": "older words"}}}}, "1 post stands inside of other posts, in 'embed'"),
        ({"comments": [{"text": "yes"}, {"body": "no"}, "x"]}, "2 posts stand inside of other posts, in 'comments'"),
    ],
)
def test_posts_inside_of_posts_are_told(
    inside: dict[str, Any], says: str, workspace: Workspace, tmp_path: Path
) -> None:
    assert says in told_of(workspace, tmp_path, *json_rows(3), {**json_rows(1, 9)[0], **inside})


@pytest.mark.parametrize("inside", [{"comments": 5}, {"comments": []}, {"quoted_status": None}, {"reply": {"id": 1}}])
def test_what_is_no_post_inside_of_one_is_not_told(
    inside: dict[str, Any], workspace: Workspace, tmp_path: Path
) -> None:
    assert told_of(workspace, tmp_path, *({**one, **inside} for one in json_rows(3))) == ""


def test_the_first_of_several_languages_in_a_list_is_told(workspace: Workspace, tmp_path: Path) -> None:
    made = [
        {
            "uri": f"at://{n}",
            "author": {"did": f"did:{n}"},
            "record": {"text": f"words {n}", "createdAt": AT, "langs": langs},
        }
        for n, langs in enumerate([["en", "fr"], ["en"], ["en", "en"]])
    ]
    assert told_of(workspace, tmp_path, *made) == (
        "1 record holds several values for lang (in 'record.langs.0'); the first was taken."
    )


# --- times that contradict --------------------------------------------------------------------------------------------


def test_two_times_that_contradict_are_both_named(workspace: Workspace, tmp_path: Path) -> None:
    lines = [f"{n},2024-05-01 10:00:00,2024-05-0{n}T10:00:00Z,words {n}" for n in (1, 2, 3)]
    says = told(workspace, tmp_path, "\n".join(["id,created_at,timestamp,text", *lines, ""]).encode())
    assert "'created_at' was taken for the time of a post, and 'timestamp' says another in 2 of the first 3" in says
    assert "('2024-05-01 10:00:00' and '2024-05-02T10:00:00Z' in one post)" in says


@pytest.mark.parametrize("other", [AT, "1714557600", "2024-05-01", "2024-05-01 10:00", "", "2024-05-01T12:00:00"])
def test_two_times_that_agree_are_not_told(other: str, workspace: Workspace, tmp_path: Path) -> None:
    lines = [f"{n},{AT},{other},words {n}" for n in (1, 2, 3)]
    assert "says another" not in told(
        workspace, tmp_path, "\n".join(["id,created_at,timestamp,text", *lines, ""]).encode()
    )


def test_a_day_of_the_week_that_is_not_that_of_the_date_is_told(workspace: Workspace, tmp_path: Path) -> None:
    days = ["Wed, 01 May 2024 10:00:00 +0000", "Fri, 01 May 2024 10:00:00 +0000", "Thursday, 2 May 2024 10:00 UTC"]
    lines = [f'{n},"{day}",words {n}' for n, day in enumerate(days)]
    says = told(workspace, tmp_path, csv_of(*lines))
    assert "1 of 3 times names a day of the week that is not that of the date; the date was taken." in says


@pytest.mark.parametrize("when", ["01/05/24 10:00", "24-05-01", "1-May-24"])
def test_a_year_of_two_digits_is_kept_apart_as_such(when: str, workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, csv_of(*rows(9), row(99, when=when)), date_order="dmy")
    assert report.reasons == {"bad_time": 1}
    assert "the year has two digits" in kept_apart(workspace, report)[0]["why"]


@pytest.mark.parametrize(
    ("ticks", "shown"),
    [(253_402_300_800_000_000, "10000-01-01 00:00:00.000000"), (2**62, "4611686018427387904 us from 1970")],
)
def test_a_time_that_no_calendar_has_is_shown(ticks: int, shown: str, workspace: Workspace, tmp_path: Path) -> None:
    times = pa.array([1_714_557_600_000_000] * 9 + [ticks], pa.int64()).cast(pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"text": [f"words {n}" for n in range(10)], "created_at": times}), tmp_path / "p.parquet")
    report = load([tmp_path / "p.parquet"], workspace, now=NOW)
    assert report.reasons == {"time_out_of_range": 1}
    assert f"holds '{shown}'" in kept_apart(workspace, report)[0]["why"]


# --- texts in disguise ------------------------------------------------------------------------------------------------


def twice(text: str, codec: str = "cp1252") -> str:
    return text.encode().decode(codec)


@pytest.mark.parametrize(
    "text",
    [
        twice("déjà vu", "latin-1"),
        twice("it’s – “so”", "latin-1"),
        twice("it’s late"),
        twice("Привет мир", "latin-1"),
        twice("日本語", "latin-1"),
        twice("ok 😀", "latin-1"),
    ],
)
def test_a_text_that_was_encoded_twice_is_kept_and_told(text: str, workspace: Workspace, tmp_path: Path) -> None:
    report, found = loaded(workspace, tmp_path, csv_of(*rows(5), f"9,{AT},{text}"))
    assert found[-1]["text"] == text
    assert report.notes[0].startswith("1 text looks encoded twice")


@pytest.mark.parametrize("text", ["déjà vu", "IRMÃ” disse", "“SÃO” é", "ÂNGELA — Ã€", "naïve café’s", "Привет", "日本"])
def test_texts_with_accents_are_not_told(text: str, workspace: Workspace, tmp_path: Path) -> None:
    assert told(workspace, tmp_path, csv_of(*rows(5), f"9,{AT},{text}")) == ""


@pytest.mark.parametrize("codec", ["hz", "utf-7"])
def test_texts_that_hide_in_ascii_late_in_a_file_are_told(codec: str, workspace: Workspace, tmp_path: Path) -> None:
    late = [f"9{n},{AT},{'我们今天去北京看朋友'.encode(codec).decode()}" for n in range(3)]
    says = told(workspace, tmp_path, csv_of(*rows(9_000), *late))
    assert says.startswith("3 texts seem to be in an encoding that writes other scripts with plain letters")


@pytest.mark.parametrize("text", ["a+bcd=efg", "call +4915112345678 now", "~{}~ {x}", "C++ +abc+def/x"])
def test_signs_in_plain_texts_are_no_encoding(text: str, workspace: Workspace, tmp_path: Path) -> None:
    assert told(workspace, tmp_path, csv_of(*rows(5), f"9,{AT},{text}")) == ""


# --- accounts by their ids --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "account",
    [
        {"user": {"screen_name": "bob", "id_str": "77"}},
        {"username": "bob", "user": {"rest_id": "77"}},
        {"username": "bob", "user": {"legacy": {"id": "77"}}},
        {"author": "bob", "extra_author_attributes": {"id": "77"}},
    ],
)
def test_an_account_is_known_by_its_id(account: dict[str, Any], workspace: Workspace, tmp_path: Path) -> None:
    found = loaded(workspace, tmp_path, jsonl_of(*({**one, **account} for one in json_rows(3))), "p.jsonl")[1]
    assert found[0]["author_id"] == "77"


def test_crowdtangle_knows_an_account_by_its_facebook_id(workspace: Workspace, tmp_path: Path) -> None:
    header = "Page Name,User Name,Facebook Id,Post Created,Likes,URL,Message"
    lines = [f"A Page,apage,77,2022-05-01 10:00:00 EDT,{n},https://example.org/{n},words {n}" for n in range(3)]
    post = loaded(workspace, tmp_path, "\n".join([header, *lines, ""]).encode())[1][2]
    assert (post["author_id"], post["likes"], post["text"]) == ("77", 2, "words 2")
    assert post["created_at"] == datetime(2022, 5, 1, 14, tzinfo=UTC)


def test_items_of_dynamodb_are_read(workspace: Workspace, tmp_path: Path) -> None:
    typed = {"text": {"S": "words"}, "created_at": {"N": "1714557600"}, "views": {"N": "5"}}
    made = [{"Item": {"id": {"S": f"p{n}"}, **typed}} for n in range(3)]
    post = loaded(workspace, tmp_path, jsonl_of(*made), "p.jsonl")[1][1]
    assert (post["post_id"], post["text"], post["views"]) == ("p1", "words", 5)
    assert post["created_at"] == datetime(2024, 5, 1, 10, tzinfo=UTC)


# --- ids with spaces --------------------------------------------------------------------------------------------------


def test_added_ids_that_differ_only_by_spaces_are_told(workspace: Workspace, tmp_path: Path) -> None:
    first = saved(tmp_path, jsonl_of(*json_rows(5), {**json_rows(1)[0], "id": " 8"}), "a.jsonl")
    base = open_snapshot(workspace, load([first], workspace, now=NOW).snapshot)
    more = [{**one, "id": name} for one, name in zip(json_rows(4, 20), ["2 ", "8", " 30", "31"], strict=True)]
    report = append([saved(tmp_path, jsonl_of(*more), "b.jsonl")], workspace, base=base, options=LoadOptions(), now=NOW)
    assert report.accepted == 4
    assert [note for note in report.notes if "spaces" in note] == [
        "2 post ids differ from one in the snapshot only by spaces around it; they count as different posts."
    ]


def test_what_is_told_is_kept_with_the_snapshot(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, csv_of(*rows(5), f"9,{AT},{twice('it’s late')}"))
    manifest = json.loads((open_snapshot(workspace, report.snapshot).folder / "manifest.json").read_text())
    assert tuple(manifest["notes"]) == report.notes != ()


@pytest.mark.parametrize("odd", ["12.0", '="12"'])
def test_ids_as_a_spreadsheet_writes_them_are_kept_and_told(odd: str, workspace: Workspace, tmp_path: Path) -> None:
    made = [{**json_rows(1, n)[0], "author": odd if n == 2 else "12"} for n in range(3)]
    report, found = loaded(workspace, tmp_path, jsonl_of(*made), "p.jsonl")
    assert found[2]["author_id"] == odd
    assert report.notes[0].startswith("author_id in 1 record is written as a spreadsheet")


@pytest.mark.parametrize(("plus", "said"), [("id", 1), ("author", 0)])
def test_a_plus_in_front_of_a_number_is_odd_for_a_post_and_a_telephone_for_an_account(
    plus: str, said: int, workspace: Workspace, tmp_path: Path
) -> None:
    made = [{**one, "author": f"{n}", plus: f"+49{n}"} for n, one in enumerate(json_rows(3))]
    assert told(workspace, tmp_path, jsonl_of(*made), "p.jsonl").count("or a diff writes ids") == said


def test_long_posts_of_weibo_come_whole(workspace: Workspace, tmp_path: Path) -> None:
    made: list[dict[str, Any]] = [{**one, "isLongText": False} for one in json_rows(250)]
    made[240] |= {"isLongText": True, "longText": {"longTextContent": "all of the words"}}
    assert loaded(workspace, tmp_path, jsonl_of(*made), "p.jsonl")[1][240]["text"] == "all of the words"


@pytest.mark.parametrize("counts", [{"likes": {"count": 3}, "views": {"count": 9}}, {"likes": 3, "views": 9}])
def test_posts_of_vk_with_one_number_on_two_walls_are_two(
    counts: dict[str, Any], workspace: Workspace, tmp_path: Path
) -> None:
    made = [{"id": 1, "owner_id": -n, "from_id": 7, "date": 1714557600, "text": f"words {n}", **counts} for n in (1, 2)]
    report, found = loaded(workspace, tmp_path, jsonl_of(*made), "p.jsonl")
    assert (report.accepted, [post["post_id"] for post in found]) == (2, ["-1_1", "-2_1"])
    assert (found[0]["likes"], found[0]["views"]) == (3, 9)


def test_posts_as_the_web_pages_of_x_receive_them_come_whole(workspace: Workspace, tmp_path: Path) -> None:
    legacy = {"full_text": "words", "created_at": "Wed May 01 10:00:00 +0000 2024", "user_id_str": "77"}
    note = {"note_tweet_results": {"result": {"text": "all of the words"}}}
    made = [{"rest_id": str(n), "legacy": legacy} for n in range(250)]
    post = loaded(workspace, tmp_path, jsonl_of(*made, {**made[0], "rest_id": "999", "note_tweet": note}), "p.jsonl")[1]
    assert [post[-1][name] for name in ("post_id", "text", "author_id")] == ["999", "all of the words", "77"]
