"""Malformed files beyond the catalogue: no crash, no hang, and no value that changed without a word."""

from __future__ import annotations

import gzip
import json
import random
import struct
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from explore.errors import Refused
from explore.posts.apart import Apart
from explore.posts.limits import Limits
from explore.posts.readers import preview, preview_apart
from explore.posts.sources import look_at
from explore.settings import Workspace
from tests.posts.bad_inputs import AT, GOOD, GOOD_JSON, LATIN, ZST, one_csv, one_json, parquet_with, text_csv
from tests.posts.making import HEADER, csv_of, json_rows, jsonl_of, loaded, parquet_of, row, rows, saved, written

TEN = 1_714_557_600  # 2024-05-01T10:00:00Z
WHOLE = parquet_with()


def counted(*views: str) -> bytes:
    lines = (f"{n},words of {n},{value}" for n, value in enumerate([*map(str, range(9)), *views]))
    return "\n".join(["id,text,views", *lines, ""]).encode()


def counted_json(views: str) -> bytes:
    lines = (f'{{"id": "{n}", "text": "words of {n}", "views": {value}}}' for n, value in enumerate([*range(9), views]))
    return jsonl_of(*lines)


def with_footer_length(length: int) -> bytes:
    return WHOLE[:-8] + struct.pack("<I", length) + b"PAR1"


def stamped(unit: str, last: int, zone: str | None = None) -> bytes:
    ticks = {"ms": 10**3, "us": 10**6, "ns": 10**9}[unit] * TEN
    return parquet_with(created_at=pa.array([ticks] * 9 + [last], pa.timestamp(unit, zone)))


UTF16_HALF = csv_of(*GOOD, f"10,{AT},half ~").decode().encode("utf-16").replace(b"~\x00", b"\x3d\xd8")

KEPT_APART: dict[str, tuple[str, bytes, str]] = {
    "half a character in UTF-16": ("p.csv", UTF16_HALF, "bad_encoding"),
    "a lone CR in a cell without quotes": ("p.csv", one_csv(f"10,{AT},a\rb"), "stray_newline"),
    "a lone LF in a file of CRs": (
        "p.csv",
        one_csv("10,AT,a~b").replace(b"\n", b"\r").replace(b"~", b"\n"),
        "stray_newline",
    ),
    "two records with a CR between": (
        "p.csv",
        (HEADER + "\r\n" + "\r\n".join([*GOOD, f"{row(10)}\r{row(11)}"])).encode(),
        "stray_newline",
    ),
    "a quote in an empty cell, then text": ("p.csv", one_csv(f'10,{AT},"" and more'), "open_quote"),
    "a quote behind a space": ("p.csv", one_csv(f'10,{AT}, "a, b"'), "extra_column"),
    "a million commas": ("p.csv", one_csv("," * 1_000_000), "extra_column"),
    "a million quotes": ("p.csv", one_csv('"' * 1_000_001), "cell_too_long"),
    "the end mark of DOS": ("p.csv", csv_of(*GOOD) + b"\x1a", "short_row"),
    "a header again, from two files in one": ("p.csv", one_csv("\ufeff" + HEADER), "repeated_header"),
    "thousands separated": ("p.csv", counted('"1,234"'), "bad_number"),
    "thousands apart": ("p.csv", counted("12 345"), "bad_number"),
    "infinite views": ("p.csv", counted("inf"), "bad_number"),
    "views that are true": ("p.csv", counted("true"), "bad_number"),
    "views in hex": ("p.csv", counted("0x1F"), "bad_number"),
    "views with an exponent": ("p.csv", counted("1e3"), "bad_number"),
    "views in Arabic digits": ("p.csv", counted("١٢"), "bad_number"),
    "half a view": ("p.csv", counted("2.5"), "bad_number"),
    "views below zero": ("p.csv", counted("-5"), "bad_number"),
    "views beyond 64 bits": ("p.csv", counted("9" * 20), "bad_number"),
    "views beyond 63 bits": (
        "p.parquet",
        parquet_with(views=pa.array([1] * 9 + [2**64 - 1], pa.uint64())),
        "bad_number",
    ),
    "infinite views in Parquet": ("p.parquet", parquet_with(views=[1.0] * 9 + [float("inf")]), "bad_number"),
    "views that are true in JSON": ("p.jsonl", counted_json("true"), "bad_number"),
    "views beyond all numbers": ("p.jsonl", counted_json("1E400"), "bad_number"),
    "an id with a gigantic exponent": (
        "p.jsonl",
        one_json(f'{{"id": 1e999999999, "created_at": "{AT}", "text": "words"}}'),
        "bad_id",
    ),
    "two objects on a line": (
        "p.jsonl",
        one_json('{"id": "10", "text": "a b"}{"id": "11", "text": "b c"}'),
        "broken_json",
    ),
    "a comma behind the last value": ("p.jsonl", one_json('{"id": "10", "text": "a b",}'), "broken_json"),
    "a raw tab in a string": ("p.jsonl", one_json('{"id": "10", "text": "a\tb"}'), "broken_json"),
    "the same key twice, deep inside": (
        "p.jsonl",
        one_json('{"id": "10", "text": "a b", "user": {"a": 1, "a": 2}}'),
        "duplicate_keys",
    ),
    "a time that is an object": (
        "p.jsonl",
        one_json({"id": "10", "text": "a b", "created_at": {"at": AT}}),
        "no_time",
    ),
    "an offset that no clock has": ("p.csv", one_csv(row(10, when="2024-05-01T10:00:00+99:99")), "bad_time"),
    "minutes of an offset that no clock has": ("p.csv", one_csv(row(10, when="2024-05-01T10:00:00+05:75")), "bad_time"),
    "a leap second": ("p.csv", one_csv(row(10, when="2016-12-31T23:59:60Z")), "bad_time"),
    "24 o'clock": ("p.csv", one_csv(row(10, when="2024-05-01T24:00:00Z")), "bad_time"),
    "a week": ("p.csv", one_csv(row(10, when="2024-W18-3")), "bad_time"),
    "a year of two digits": ("p.csv", one_csv(row(10, when="01/05/24 10:00")), "bad_time"),
    "a spreadsheet's error": ("p.csv", one_csv("#NAME?,#VALUE!,words"), "bad_time"),
    "nanoseconds out of range": ("p.parquet", stamped("ns", 2**63 - 1), "time_out_of_range"),
    "milliseconds out of range": ("p.parquet", stamped("ms", 2**62), "time_out_of_range"),
    "milliseconds that come around to 2024 when multiplied": (
        "p.parquet",
        stamped("ms", 2**64 // 1000 + TEN * 1000, "UTC"),
        "time_out_of_range",
    ),
    "a time that is no UTF-8": (
        "p.parquet",
        parquet_with(created_at=pa.array([AT.encode()] * 9 + [LATIN]).view(pa.string())),
        "bad_encoding",
    ),
}


@pytest.mark.parametrize("case", KEPT_APART)
def test_a_bad_record_is_kept_apart(case: str, workspace: Workspace, tmp_path: Path) -> None:
    name, content, reason = KEPT_APART[case]
    report, _ = loaded(workspace, tmp_path, content, name)
    assert (report.records, report.accepted, report.reasons) == (10, 9, {reason: 1})


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "UTF-16 that ends in half a unit": (
        "p.csv",
        text_csv("words").decode().encode("utf-16") + b"\x00",
        "middle of a character",
    ),
    "NUL in the header": ("p.csv", b"id,te\x00xt\n1,abc def\n", "column names"),
    "remarks above the header": (
        "p.csv",
        b"# exported on Monday\n# by me\n" + csv_of(*GOOD),
        "seem to stand in line 3",
    ),
    "remarks above unusual names": ("p.csv", b"# exported on Monday\n# by me\nfoo,bar\n1,2\n", "begins with a remark"),
    "names that differ in capitals only": (
        "p.csv",
        b"id,Text,text\n1,words of one,more words\n",
        "'Text' and 'text'; say which one to take: --map text=Text or --map text=text",
    ),
    "plain sentences": ("p.txt", b"hello there\nmore words here\nand again some\n", "looks like a post"),
    "an error page": ("p.csv", b"<!DOCTYPE html><html><body>404, not found</body></html>\n", "web page"),
    "XML": ("p.xml", b"\xef\xbb\xbf<?xml version='1.0'?>\n<posts><post>hello, there</post></posts>\n", "XML"),
    "two columns without a name": ("p.csv", b"id,,text,\n1,x,words,y\n", "2 columns of .* have no name"),
    "numbers, one a line": ("p.jsonl", b"1\n2\n3\n", "looks like a post"),
    "JSON ended by CR alone": ("p.jsonl", jsonl_of(*json_rows(3)).replace(b"\n", b"\r"), "one post a line"),
    "JSON with commas between lines": (
        "p.jsonl",
        jsonl_of(*json_rows(9)).replace(b"}\n", b"},\n"),
        "end with a comma; take it off",
    ),
    "Excel's day numbers": (
        "p.csv",
        csv_of("1,45413.5,words", "2,45414,words"),
        "2024-05-01 in days, as a spreadsheet counts them",
    ),
    "an empty gzip": ("p.csv.gz", gzip.compress(b""), "empty once unpacked"),
    "two bytes of gzip": ("p.csv.gz", b"\x1f\x8b", "cut short"),
    "the start of zstd": ("p.csv.zst", ZST.compress(b"")[:4], "cut short"),
    "gzip with zeros behind": ("p.csv.gz", gzip.compress(csv_of(*GOOD)) + bytes(512), "other bytes"),
    "nested bombs": ("p.csv.gz", gzip.compress(gzip.compress(bytes(50_000_000))), "packed twice"),
    "a bomb of spaces": ("p.csv.gz", gzip.compress(csv_of(*GOOD) + b" " * 100_000_000), "16 MB|no posts do"),
    "Parquet with a footer of 2 GB": ("p.parquet", with_footer_length(2**31 - 1), "damaged or cut"),
    "Parquet with a footer of 4 GB": ("p.parquet", with_footer_length(2**32 - 1), "damaged or cut"),
    "Parquet without a footer": ("p.parquet", with_footer_length(0), "damaged or cut"),
    "Parquet that is only its mark": ("p.parquet", b"PAR1PAR1", "damaged or cut"),
    "Parquet with a column name that is no text": (
        "p.parquet",
        parquet_with(zzzz=["1"] * 10).replace(b"zzzz", b"zz\xff\xfe"),
        "damaged or cut",
    ),
    "ids that are yes and no": ("p.parquet", parquet_with(id=[True, False] * 5), "holds yes or no"),
    "a time of day": ("p.parquet", parquet_with(created_at=pa.array([1] * 10, pa.time32("s"))), "holds times of day"),
    "text that is null": ("p.parquet", parquet_with(text=pa.nulls(10)), "no text"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_file_is_refused(case: str, workspace: Workspace, tmp_path: Path) -> None:
    name, content, message = REFUSED[case]
    with pytest.raises(Refused, match=message):
        loaded(workspace, tmp_path, content, name)
    assert not workspace.home.exists()


BOTH_CASES = f"id,Text,other,created_at\n1,words of one,two,{AT}\n".encode()
TAKEN: dict[str, tuple[str, bytes, dict[str, Any]]] = {
    "Excel's line about the separator": (
        "p.csv",
        f"sep=;\r\nid;created_at;text\r\n1;{AT};a, b\r\n".encode(),
        {"text": "a, b"},
    ),
    "the same behind a mark": (
        "p.csv",
        f"\ufeffsep=,\nid,created_at,text\n1,{AT},a b\n".encode(),
        {"text": "a b", "post_id": "1"},
    ),
    "a lone CR inside quotes": ("p.csv", text_csv('"a\rb"'), {"text": "a\rb"}),
    "a lone LF inside quotes in a file of CRs": (
        "p.csv",
        text_csv('"a~b"').replace(b"\n", b"\r").replace(b"~", b"\n"),
        {"text": "a\nb"},
    ),
    "quotes inside a cell without": ("p.csv", text_csv('he said "hi" to me'), {"text": 'he said "hi" to me'}),
    "odd separators of lines in a cell": (
        "p.csv",
        text_csv("a\x0bb\x0cc\u2028d\x1ce\x85f"),
        {"text": "a\x0bb\x0cc\u2028d\x1ce\x85f"},
    ),
    "colours of a terminal": ("p.csv", text_csv("\x1b[31mred"), {"text": "\x1b[31mred"}),
    "one column": ("p.csv", b"text\nhello there\n", {"text": "hello there"}),
    "one row and no line end": ("p.csv", b"text,id\nhello there,1", {"text": "hello there", "post_id": "1"}),
    "a comma behind the header": ("p.csv", b"id,text,\n1,b two,\n", {"text": "b two"}),
    "a column in front without a name": ("p.csv", b",id,text\n0,17,b two\n", {"post_id": "17"}),
    "negative zero views": ("p.csv", b"id,text,views\n1,a b,-0\n", {"views": 0}),
    "views with zeros in front": ("p.csv", b"id,text,views\n1,a b,0012\n", {"views": 12}),
    "the largest views": (
        "p.parquet",
        parquet_of({"id": ["1"], "text": ["a b"], "views": pa.array([2**63 - 1], pa.uint64())}),
        {"views": 2**63 - 1},
    ),
    "decimal ids": (
        "p.parquet",
        parquet_of({"id": pa.array([Decimal("12345678901234567890")], pa.decimal128(20, 0)), "text": ["a b"]}),
        {"post_id": "12345678901234567890"},
    ),
    "an id of 5,000 digits": (
        "p.jsonl",
        f'{{"id": {"9" * 5_000}, "text": "a b"}}\n'.encode(),
        {"post_id": "9" * 5_000},
    ),
    "100,000 keys": (
        "p.jsonl",
        jsonl_of(GOOD_JSON[0] | {f"k{n}": n for n in range(100_000)}),
        {"text": "words of a post 1"},
    ),
    "arrays 60 deep": (
        "p.jsonl",
        jsonl_of(GOOD_JSON[0] | {"x": json.loads("[" * 60 + "]" * 60)}),
        {"text": "words of a post 1"},
    ),
    "a NUL in a key that is not used": (
        "p.jsonl",
        jsonl_of(GOOD_JSON[0] | {"te\x00xt": 1, "\ud800": 2}),
        {"text": "words of a post 1"},
    ),
    "JSON in UTF-16": ("p.jsonl", jsonl_of(*json_rows(1)).decode().encode("utf-16"), {"post_id": "1"}),
    "JSON under a name of CSV": ("p.csv", jsonl_of(*json_rows(1)), {"post_id": "1"}),
    "a skippable frame first, as pzstd writes": (
        "p.zst",
        b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd" + ZST.compress(csv_of(row(1))),
        {"post_id": "1"},
    ),
    "20,000 empty gzip members first": (
        "p.gz",
        gzip.compress(b"") * 20_000 + gzip.compress(csv_of(row(1))),
        {"post_id": "1"},
    ),
    "nanoseconds": (
        "p.parquet",
        parquet_of({"text": ["a b"], "created_at": pa.array([TEN * 10**9 + 123_456_789], pa.timestamp("ns"))}),
        {"created_at": datetime(2024, 5, 1, 10, 0, 0, 123_456, tzinfo=UTC)},
    ),
    "a column name with a dot and a struct beside it": (
        "p.parquet",
        parquet_of({"id": ["1"], "text": ["a b"], "a.b": ["x"], "a": [{"b": "y"}]}),
        {"text": "a b"},
    ),
    "a name in capitals": ("p.csv", BOTH_CASES, {"text": "words of one"}),
}


@pytest.mark.parametrize("case", TAKEN)
def test_an_odd_file_comes_in_as_it_is(case: str, workspace: Workspace, tmp_path: Path) -> None:
    name, content, wanted = TAKEN[case]
    report, posts = loaded(workspace, tmp_path, content, name)
    assert (report.records, report.accepted) == (1, 1)
    assert {field: posts[0][field] for field in wanted} == wanted


def test_long_rows_are_read_in_small_batches(workspace: Workspace, tmp_path: Path) -> None:
    texts = [f"{n} " + "long words " * 20_000 for n in range(300)]
    report, posts = loaded(workspace, tmp_path, parquet_of({"text": texts}, compression="zstd"), "p.parquet")
    assert report.accepted == 300
    assert posts[-1]["text"] == texts[-1]
    seen = preview(tmp_path / "p.parquet")
    assert 10 < len(seen.rows) < 200


COLUMNS = ["id", "created_at", "text", "views"]
FORMATS = ["csv", "tsv", "jsonl", "parquet", "csv.gz", "csv.zst", "parquet.zst"]


@pytest.mark.parametrize("format_", FORMATS)
def test_flipped_bits_and_torn_bytes_never_crash(format_: str, workspace: Workspace, tmp_path: Path) -> None:
    """Every damaged copy is loaded with its counts in order, or refused in words that are no crash of ours."""
    made = [{"id": str(n), "created_at": AT, "text": f'words "{n}"\nof é', "views": n} for n in range(60)]
    whole = written(COLUMNS, made, format_)
    chance = random.Random(format_)  # noqa: S311 (not for secrets)
    for _ in range(40):
        try:
            loaded(workspace, tmp_path, _damaged(whole, chance), f"p.{format_}", accept_quarantine=True)
        except Refused as refusal:
            assert "made its reader fail" not in str(refusal)  # noqa: PT017 (either outcome is right)


def test_a_process_that_looks_at_damaged_parquet_lives_on(tmp_path: Path) -> None:
    """A segfault would end the process; that it answers to the end shows that there was none."""
    chance = random.Random(3)  # noqa: S311 (not for secrets)
    with Apart(["p.parquet"], limits=Limits()) as reader:
        for _ in range(60):
            path = saved(tmp_path, _damaged(WHOLE, chance), "p.parquet")
            try:
                preview_apart(look_at(path), reader, delimiter=None)
            except Refused as refusal:
                assert "made its reader fail" not in str(refusal)  # noqa: PT017 (either outcome is right)


def _damaged(content: bytes, chance: random.Random) -> bytes:
    """A copy with a few bits flipped, bytes cut out, doubled or put in."""
    torn = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 8])):
        place = chance.randrange(len(torn))
        match chance.randrange(4):
            case 0:
                torn[place] ^= 1 << chance.randrange(8)
            case 1:
                del torn[place : place + chance.choice([1, 5, 50])]
            case 2:
                torn[place:place] = torn[: chance.choice([1, 10])]
            case 3:
                torn[place:place] = chance.choice([b'"', b"\x00", b"\xff", b"\r", b"{", b"\\ud800", b",", b"[" * 99])
    return bytes(torn) or b" "


def test_many_good_rows_behind_an_open_quote_come_in_quickly(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, csv_of(f'1,{AT},"open', *rows(20_000, start=2)))
    assert (report.accepted, report.reasons) == (20_000, {"open_quote": 1})
