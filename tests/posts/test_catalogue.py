"""Bad inputs: what is taken, what is kept apart and what is refused, each with its reason or message."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard

from explore.errors import Refused
from explore.posts import sources
from explore.posts.snapshots import load
from explore.settings import Workspace
from tests.posts.making import (
    HEADER,
    NOW,
    csv_of,
    json_rows,
    jsonl_of,
    kept_apart,
    loaded,
    parquet_of,
    row,
    rows,
    saved,
)

GOOD = rows(9)
GOOD_JSON = json_rows(9)
REGIONS = [{"id": str(n), "text": f"words {n}", "region": "DE"} for n in range(1, 10)]
DATES = csv_of(*(row(n, when="01/03/2024") for n in range(9)))
CODED = pa.array(["coded"]).dictionary_encode()
LARGE = pa.array(["large"], pa.large_string())
QUOTED = csv_of('1,2024-05-01T10:00:00Z,"two\nlines\r\nor ""three"""')
LATIN = "caf\xe9".encode("latin-1")
NESTED = json.loads("[" * 70 + "]" * 70)


def one_bad(line: str) -> bytes:
    """Nine good rows of CSV with one line in the middle."""
    return csv_of(*GOOD[:5], line, *GOOD[5:])


def one_bad_json(line: Any) -> bytes:
    return jsonl_of(*GOOD_JSON[:5], line, *GOOD_JSON[5:])


def parquet_with(**columns: Any) -> bytes:
    usual = {
        "id": [str(n) for n in range(10)],
        "created_at": ["2024-05-01T10:00:00Z"] * 10,
        "text": [f"words of a post {n}" for n in range(10)],
    }
    return parquet_of(usual | columns)


KEPT_APART = {
    "NUL in a cell": ("p.csv", one_bad(row(10, "nul \x00")), "nul"),
    "one Latin-1 row": ("p.csv", csv_of(*GOOD) + b"10,2024-05-01T10:00:00Z," + LATIN + b"\n", "bad_encoding"),
    "open quote": ("p.csv", one_bad('10,2024-05-01T10:00:00Z,"open'), "open_quote"),
    "text after a closed quote": ("p.csv", one_bad('10,2024-05-01T10:00:00Z,"a" b'), "open_quote"),
    "extra column": ("p.csv", one_bad(row(10) + ",more"), "extra_column"),
    "short row": ("p.csv", one_bad("10,2024-05-01T10:00:00Z"), "short_row"),
    "cell of a million characters": ("p.csv", one_bad(row(10, "a" * 1_000_000)), "cell_too_long"),
    "rounded id": ("p.csv", one_bad("1.23E+18,2024-05-01T10:00:00Z,a rounded id"), "bad_id"),
    "no id": ("p.csv", one_bad(",2024-05-01T10:00:00Z,no id"), "no_id"),
    "no time": ("p.csv", one_bad("10,,no time"), "no_time"),
    "30 February": ("p.csv", one_bad(row(10, when="2024-02-30T10:00:00Z")), "bad_time"),
    "year 0001": ("p.csv", one_bad(row(10, when="0001-01-01T00:00:00Z")), "time_out_of_range"),
    "year 9999": ("p.csv", one_bad(row(10, when="9999-12-31T23:59:59Z")), "time_out_of_range"),
    "epoch zero": ("p.csv", one_bad(row(10, when="0")), "bad_time"),
    "blank text": ("p.csv", one_bad("10,2024-05-01T10:00:00Z,   "), "no_text"),
    "same id, other text": ("p.csv", one_bad("3,2024-05-01T10:00:00Z,something else"), "same_id_other_text"),
    "broken line": ("p.jsonl", one_bad_json('{"id": "10", "text"'), "broken_json"),
    "cut last line": ("p.jsonl", jsonl_of(*GOOD_JSON) + b'{"id": "10", "created_at": "2024-05', "broken_json"),
    "a line that is no object": ("p.jsonl", one_bad_json("[1, 2]"), "broken_json"),
    "duplicate keys": ("p.jsonl", one_bad_json('{"id": "10", "text": "one", "text": "two"}'), "duplicate_keys"),
    "NaN as text": ("p.jsonl", one_bad_json(GOOD_JSON[0] | {"id": "10", "text": float("nan")}), "bad_text"),
    "Infinity as id": ("p.jsonl", one_bad_json(GOOD_JSON[0] | {"id": float("inf")}), "bad_id"),
    "numeric text": ("p.jsonl", one_bad_json(GOOD_JSON[0] | {"id": "10", "text": 12}), "bad_text"),
    "list as text": ("p.jsonl", one_bad_json(GOOD_JSON[0] | {"id": "10", "text": ["a", "b"]}), "bad_text"),
    "object as id": ("p.jsonl", one_bad_json(GOOD_JSON[0] | {"id": {"a": 1}}), "bad_id"),
    "lone surrogate": ("p.jsonl", one_bad_json(GOOD_JSON[0] | {"id": "10", "text": "half \ud83d"}), "lone_surrogate"),
    "escaped NUL": ("p.jsonl", one_bad_json(GOOD_JSON[0] | {"id": "10", "text": "nul \x00"}), "nul"),
    "nested 70 deep": ("p.jsonl", one_bad_json(GOOD_JSON[0] | {"id": "10", "deep": NESTED}), "too_deep"),
    "nested 20,000 deep": ("p.jsonl", one_bad_json('{"text": ' + "[" * 20_000 + "]" * 20_000 + "}"), "too_deep"),
    "raw bytes that are no UTF-8": ("p.jsonl", jsonl_of(*GOOD_JSON) + b'{"text": "' + LATIN + b'"}\n', "bad_encoding"),
    "binary text": ("p.parquet", parquet_with(text=[b"words %d" % n for n in range(9)] + [LATIN]), "bad_encoding"),
    "invalid UTF-8 in a string column": (
        "p.parquet",
        parquet_with(text=pa.array([b"words %d" % n for n in range(9)] + [LATIN]).view(pa.string())),
        "bad_encoding",
    ),
    "views that are no number": (
        "p.csv",
        ("id,text,views\n" + "".join(f"{n},words of {n},{n}\n" for n in range(9)) + "9,words,12.3K\n").encode(),
        "bad_number",
    ),
    "a decimal id that was rounded": ("p.parquet", parquet_with(id=[float(n) for n in range(9)] + [1.5e18]), "bad_id"),
    "a number as id that JSON rounded": ("p.jsonl", one_bad_json('{"id": 1.5e18, "text": "words"}'), "bad_id"),
    "a list as region": ("p.jsonl", jsonl_of(*REGIONS, {"id": "0", "text": "a b", "region": ["DE"]}), "bad_value"),
}  # fmt: skip


@pytest.mark.parametrize("case", KEPT_APART)
def test_a_bad_record_is_kept_apart_and_its_neighbours_come_in(case: str, workspace: Workspace, tmp_path: Path) -> None:
    name, content, reason = KEPT_APART[case]
    report, posts = loaded(workspace, tmp_path, content, name)
    assert (report.records, report.accepted, report.reasons) == (10, 9, {reason: 1})
    assert len({post["text"] for post in posts}) == 9
    kept = kept_apart(workspace, report)[0]
    assert kept["reason"] == reason
    assert len(kept["excerpt"]) <= 300
    assert kept["why"]


def bad_zip(*_: Any) -> bytes:
    return b"PK\x03\x04" + b"\x00" * 100


ZST = zstandard.ZstdCompressor()
PLAIN = csv_of(*rows(2_000))
PARQUET = parquet_with()
BOMB = ZST.compress(csv_of(*rows(3)) + b"\n" * 300_000_000)

REFUSED = {
    "empty": ("p.csv", b"", "is empty"),
    "header only": ("p.csv", csv_of(), "no posts"),
    "white space only": ("p.csv", b" \n\n  \n", "nothing but white space"),
    "no text column": ("p.csv", b"id,when,amount\n1,2024-05-01,7\n2,2024-05-02,8\n", "--map text=COLUMN"),
    "duplicate header": ("p.csv", b"id,text,text\n1,a b c,d e f\n", "more than once"),
    "undecodable": ("p.csv", b"id,text\n" + b"".join(b"%d,na\xefve caf\xe9\n" % n for n in range(50)), "not in UTF-8"),
    "10,000 columns": ("p.csv", ",".join(f"c{n}" for n in range(10_000)).encode() + b"\n1\n", "columns"),
    "no header": ("p.csv", "\n".join(GOOD).encode(), "looks like a post"),
    "UTF-32": ("p.csv", "id,text\n1,hello there\n".encode("utf-32"), "UTF-32"),
    "UTF-16 without a mark": ("p.csv", "id,text\n1,hello there\n".encode("utf-16-le"), "UTF-16"),
    "top-level list": ("p.json", json.dumps(GOOD_JSON).encode(), "jq"),
    "JSON document over lines": ("p.json", json.dumps({"posts": GOOD_JSON}, indent=1).encode(), "jq"),
    "a page of posts a line": ("p.jsonl", jsonl_of({"data": GOOD_JSON, "meta": {}}), "jq -c '.data[]'"),
    "a line of 17 MB": ("p.jsonl", one_bad_json(GOOD_JSON[0] | {"text": "a" * 17_000_000}), "line of more than 16 MB"),
    "Parquet cut short": ("p.parquet", PARQUET[:-20], "damaged or cut"),
    "Parquet with flipped bytes": ("p.parquet", PARQUET[:200] + bytes(200) + PARQUET[400:], "damaged"),
    "Parquet with nested text": ("p.parquet", parquet_with(text=[["a"]] * 10), "holds lists"),
    "Parquet with a footer that is encrypted": ("p.parquet", b"PARE" + PARQUET[4:-4] + b"PARE", "encrypted"),
    "Parquet without rows": ("p.parquet", parquet_of({"id": pa.array([], pa.string())}), "no posts"),
    "ZIP renamed": ("p.csv", bad_zip(), "ZIP archive"),
    "words instead of a header": ("p.csv", b"me,and then we all went home again\n" * 5, "looks like a post"),
    "undecodable header": ("p.csv", b"id,te\xfft\n1,some words\n2,some words\n", "column names"),
    "tar inside gzip": ("p.tar.gz", gzip.compress(bytes(257) + b"ustar" + bytes(300)), "tar archive"),
    "ZIP inside gzip": ("p.csv.gz", gzip.compress(bad_zip()), "ZIP archive"),
    "zstd cut short": ("p.csv.zst", ZST.compress(PLAIN)[:-10], "cut short"),
    "gzip cut short": ("p.csv.gz", gzip.compress(PLAIN)[:-10], "cut short"),
    "gzip with a flipped byte": ("p.csv.gz", gzip.compress(PLAIN)[:-8] + bytes(8), "damaged"),
    "zstd with junk behind": ("p.csv.zst", ZST.compress(PLAIN) + b"and more", "other bytes"),
    "gzip with junk behind": ("p.csv.gz", gzip.compress(PLAIN) + b"and more", "other bytes"),
    "zstd twice": ("p.csv.zst", ZST.compress(ZST.compress(PLAIN)), "packed twice"),
    "gzip inside zstd": ("p.csv.zst", ZST.compress(gzip.compress(PLAIN)), "packed twice"),
    "zstd bomb": ("p.csv.zst", BOMB, "as no posts do"),
    "dates of unknown order": ("p.csv", DATES, "--date-order dmy or mdy"),
    "every record bad": ("p.csv", csv_of(*(row(n, when="soon") for n in range(9))), "None of the 9 records"),
    "a time column that is empty": ("p.csv", csv_of("1,,some words", "2,,other words"), "--map created_at="),
    "Parquet with text that is numbers": ("p.parquet", parquet_with(text=list(range(10))), "not text"),
    "Parquet with text that is yes and no": ("p.parquet", parquet_with(text=[True, False] * 5), "holds yes or no"),
    "random bytes": ("p.csv", bytes((n * 7919) % 256 for n in range(1, 5000)), "p.csv"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_file_is_refused_and_the_workspace_stays_as_it_was(
    case: str, workspace: Workspace, tmp_path: Path
) -> None:
    name, content, message = REFUSED[case]
    with pytest.raises(Refused, match=message.replace("[", r"\[").replace("]", r"\]")) as refusal:
        loaded(workspace, tmp_path, content, name)
    assert "\n" not in str(refusal.value)
    assert not workspace.home.exists()


def test_a_zstd_window_beyond_128_mb_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    settings = zstandard.ZstdCompressionParameters(window_log=28, compression_level=1)
    packer = zstandard.ZstdCompressor(compression_params=settings).compressobj()
    with pytest.raises(Refused, match="128 MB"):
        loaded(workspace, tmp_path, packer.compress(PLAIN) + packer.flush(), "p.csv.zst")


def test_a_bomb_is_refused_before_much_of_it_is_unpacked(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked: list[int] = []
    step = sources._Unpacked._step

    def counted(content: sources._Unpacked) -> bytes:
        unpacked.append(len(out := step(content)))
        return out

    monkeypatch.setattr(sources._Unpacked, "_step", counted)
    with pytest.raises(Refused):
        loaded(workspace, tmp_path, BOMB, "p.csv.zst")
    assert sum(unpacked) < 150_000_000  # of 300 MB


def test_links_and_pipes_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    plain = saved(tmp_path, PLAIN)
    link, pipe = tmp_path / "link.csv", tmp_path / "pipe.csv"
    link.symlink_to(plain)
    os.mkfifo(pipe)
    for path, message in ((link, "is a link"), (pipe, "not a plain file"), (tmp_path, "is a folder")):
        with pytest.raises(Refused, match=message):
            load([path], workspace, now=NOW)
    with pytest.raises(Refused, match="There is no file"):
        load([tmp_path / "missing.csv"], workspace, now=NOW)


def test_a_file_that_grows_while_it_is_read_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    path = saved(tmp_path, PLAIN)

    def grow(stage: str, done: float | None = None) -> None:  # noqa: ARG001 - the shape of Progress
        if stage == "Checking posts":
            with path.open("ab") as file:
                file.write(b"9999,2024-05-01T10:00:00Z,late\n")

    with pytest.raises(Refused, match="changed while it was read"):
        load([path], workspace, now=NOW, progress=grow)
    assert not workspace.home.exists()


def test_an_open_quote_does_not_swallow_the_tail(workspace: Workspace, tmp_path: Path) -> None:
    content = csv_of(row(1), '2,2024-05-01T10:00:00Z,"never closed', *rows(3_000, start=3))
    report, posts = loaded(workspace, tmp_path, content)
    assert (report.records, report.accepted, report.reasons) == (3_002, 3_001, {"open_quote": 1})
    assert posts[-1]["post_id"] == "3002"


def test_an_open_quote_before_quoted_rows_costs_one_row(workspace: Workspace, tmp_path: Path) -> None:
    quoted = [f'"{n}","2024-05-01T10:00:00Z","said ""so"", {n}\nand more"' for n in range(2, 50)]
    report, posts = loaded(workspace, tmp_path, csv_of('"1","2024-05-01T10:00:00Z","open', *quoted))
    assert report.reasons == {"open_quote": 1}
    assert posts[0]["text"] == 'said "so", 2\nand more'


def test_an_open_quote_at_the_end_costs_one_row(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, csv_of(*rows(20), '21,2024-05-01T10:00:00Z,"open'))
    assert (report.accepted, report.reasons) == (20, {"open_quote": 1})


TAKEN = {
    "UTF-16 with a mark": ("p.csv", csv_of(row(1, "naïve café")).decode().encode("utf-16"), "naïve café 1"),
    "UTF-8 with a mark": ("p.csv", b"\xef\xbb\xbf" + csv_of(row(1)), "words of a post 1"),
    "embedded newlines": ("p.csv", QUOTED, 'two\nlines\r\nor "three"'),
    "CR only": ("p.csv", csv_of(row(1)).replace(b"\n", b"\r"), "words of a post 1"),
    "CRLF": ("p.csv", csv_of(row(1)).replace(b"\n", b"\r\n"), "words of a post 1"),
    "semicolons": ("p.csv", b"id;created_at;text\n1;2024-05-01;a, b and c\n", "a, b and c"),
    "tabs": ("p.tsv", b'id\tcreated_at\ttext\n1\t2024-05-01\t"quoted" words\n', '"quoted" words'),
    "the text N/A": ("p.csv", csv_of("1,2024-05-01T10:00:00Z,N/A"), "N/A"),
    "formula": ("p.csv", csv_of("1,2024-05-01T10:00:00Z,=1+1"), "=1+1"),
    "text with spaces around": ("p.csv", csv_of("1,2024-05-01T10:00:00Z,  a b  "), "  a b  "),
    "line separator in a string": ("p.jsonl", jsonl_of(GOOD_JSON[0] | {"text": "a\u2028b\u0085c"}), "a\u2028b\u0085c"),
    "line separator, raw": ("p.jsonl", '{"id":"1","text":"a\u2028b"}\n'.encode(), "a\u2028b"),
    "no newline at the end": ("p.csv", csv_of(row(1)).rstrip(), "words of a post 1"),
    "blank lines": ("p.csv", f"{HEADER}\n\n{row(1)}\n\n\n".encode(), "words of a post 1"),
    "3,000 keys": ("p.jsonl", jsonl_of(GOOD_JSON[0] | {f"k{n}": n for n in range(3_000)}), "words of a post 1"),
    "emoji with joiners": ("p.csv", csv_of("1,2024-05-01T10:00:00Z,👩‍👩‍👧 family"), "👩‍👩‍👧 family"),
    "right to left": ("p.csv", csv_of("1,2024-05-01T10:00:00Z,\u202eabc مرحبا"), "\u202eabc مرحبا"),
    "500 combining marks": ("p.csv", csv_of("1,2024-05-01T10:00:00Z,a" + "\u0301" * 500), "a" + "\u0301" * 500),
    "script": ("p.csv", csv_of("1,2024-05-01T10:00:00Z,<script>alert(1)</script>"), "<script>alert(1)</script>"),
    "image link": ("p.csv", csv_of("1,2024-05-01T10:00:00Z,![](http://127.0.0.1/x)"), "![](http://127.0.0.1/x)"),
    "several gzip members": ("p.csv.gz", gzip.compress(csv_of(row(1))) + gzip.compress(b"\n"), "words of a post 1"),
    "several zstd frames": ("p.zst", ZST.compress(csv_of(row(1))) + ZST.compress(b"\n"), "words of a post 1"),
    "a name that says otherwise": ("p.parquet", csv_of(row(1)), "words of a post 1"),
    "binary text that decodes": ("p.parquet", parquet_of({"id": ["1"], "text": [b"as bytes"]}), "as bytes"),
    "dictionary text": ("p.parquet", parquet_of({"id": ["1"], "text": CODED}), "coded"),
    "large string text": ("p.parquet", parquet_of({"id": ["1"], "text": LARGE}), "large"),
    "string view text": ("p.parquet", parquet_of({"id": ["1"], "text": pa.array(["view"], pa.string_view())}), "view"),
}  # fmt: skip


@pytest.mark.parametrize("case", TAKEN)
def test_an_unusual_file_comes_in_verbatim(case: str, workspace: Workspace, tmp_path: Path) -> None:
    name, content, text = TAKEN[case]
    report, posts = loaded(workspace, tmp_path, content, name)
    assert (report.records, report.quarantined) == (1, 0)
    assert posts[0]["text"] == text
    assert posts[0]["post_id"] == "1"


@pytest.mark.parametrize(
    "post_id", ["007", "12345678901234567890", "1e5x", "-5", "8e10", "1E9", " 7 ", "0x1F", "NaN", "null"]
)
def test_an_id_is_text_and_stays_as_it_is(post_id: str, workspace: Workspace, tmp_path: Path) -> None:
    _, from_csv = loaded(workspace, tmp_path, csv_of(f"{post_id},2024-05-01T10:00:00Z,some words"))
    _, from_json = loaded(workspace, tmp_path, jsonl_of(GOOD_JSON[0] | {"id": post_id}), "p.jsonl")
    assert from_csv[0]["post_id"] == from_json[0]["post_id"] == post_id


def test_a_json_number_keeps_every_digit(workspace: Workspace, tmp_path: Path) -> None:
    line = (
        '{"id": 12345678901234567890123, "created_at": 1714557600, "text": "some words", "author_id": 9007199254740993}'
    )
    _, posts = loaded(workspace, tmp_path, jsonl_of(line), "p.jsonl")
    assert (posts[0]["post_id"], posts[0]["author_id"]) == ("12345678901234567890123", "9007199254740993")


def test_the_same_post_twice_is_kept_once_and_counted(workspace: Workspace, tmp_path: Path) -> None:
    report, posts = loaded(workspace, tmp_path, csv_of(row(1), row(2), row(1), row(1)))
    assert (report.records, report.accepted, report.duplicates) == (4, 2, 2)
    assert [post["post_id"] for post in posts] == ["1", "2"]


def test_one_text_in_many_posts_comes_in_many_times(workspace: Workspace, tmp_path: Path) -> None:
    lines = (f"{n},2024-05-01T10:00:00Z,the very same words" for n in range(500))
    report, _ = loaded(workspace, tmp_path, csv_of(*lines))
    assert report.accepted == 500


def test_a_hostile_file_name_is_shown_harmless(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refusal:
        loaded(workspace, tmp_path, b"", "a\x1b[2J\nb.csv")
    assert "\x1b" not in str(refusal.value)
    assert "\n" not in str(refusal.value)
