from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from explore.errors import Refused
from explore.posts.pseudonyms import pseudonym
from explore.present.exports import csv_bytes, neutral, write_csv

KEY = b"key"
FORMULA = tuple("=+-@|%\t\r\n")


def read_back(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@given(st.text())
@example("=1+1")
@example("  =1+1")
@example("\u200b\u202e＝cmd|' /C calc'!A0")
@example("﹣2")
@example("\ufeff@SUM(A1)")
@example("\x00\x1b=1")
@example("\u0301=1")
def test_no_text_cell_starts_like_a_formula(text: str) -> None:
    made = neutral(text)
    assert made in (text, f"'{text}")
    assert not made.startswith(FORMULA)
    seen = [unicodedata.normalize("NFKC", c) for c in made if unicodedata.category(c)[0] not in "CZM"]
    assert not "".join(seen).startswith(FORMULA)


@pytest.mark.parametrize("text", ["", "words", "1-2", "a = b", "#tag", "👩‍👩‍👧 =", "'quoted'", "نص"])
def test_ordinary_texts_are_left_as_they_are(text: str) -> None:
    assert neutral(text) == text


def test_a_table_reads_back_with_texts_numbers_moments_and_gaps() -> None:
    table = pd.DataFrame(
        {
            "text": ['=HYPERLINK("x")', 'two\nlines, "quoted"; ⇒', None],
            "views": pd.array([-3, None, 7], dtype="Int64"),
            "share": [0.5, -1.5, float("nan")],
            "at": pd.to_datetime(["2024-05-01T10:00:00Z", None, "2024-05-02T10:00:00Z"]),
            "=header": ["a", "b", "c"],
        }
    )
    assert read_back(csv_bytes(table, key=KEY)) == [
        ["text", "views", "share", "at", "'=header"],
        ['\'=HYPERLINK("x")', "-3", "0.5", "2024-05-01T10:00:00+00:00", "a"],
        ['two\nlines, "quoted"; ⇒', "", "-1.5", "", "b"],
        ["", "7", "", "2024-05-02T10:00:00+00:00", "c"],
    ]


def test_accounts_leave_as_pseudonyms() -> None:
    content = csv_bytes(pd.DataFrame({"author_id": ["alice@example", None], "text": ["a", "b"]}), key=KEY)
    assert read_back(content) == [["author", "text"], [pseudonym("alice@example", KEY), "a"], ["", "b"]]
    assert b"alice" not in content


def test_ids_of_posts_leave_without_the_account_they_are_made_with() -> None:
    ids = ["ImaPharrelFake-1672", "12_7", "312", "free"]
    table = pd.DataFrame({"post_id": ids, "author_id": ["ImaPharrelFake", "12", "12", None], "media_id": ids})
    first, second = (pseudonym(author, KEY) for author in ("ImaPharrelFake", "12"))
    left = [f"{first}-1672", f"{second}_7", "312", "free"]
    names = [first, second, second, ""]
    content = csv_bytes(table, key=KEY)
    assert read_back(content)[1:] == [[one, name, one] for one, name in zip(left, names, strict=True)]
    assert b"ImaPharrelFake" not in content


def test_tables_of_one_export_share_a_header() -> None:
    tables = (pd.DataFrame({"text": [text]}) for text in "ab")
    assert read_back(csv_bytes(tables, key=KEY)) == [["text"], ["a"], ["b"]]
    with pytest.raises(ValueError, match="at least one table"):
        csv_bytes([], key=KEY)


def test_a_lone_surrogate_is_written_visibly(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "out.csv", pd.DataFrame({"text": pd.Series(["\ud800"], dtype=object)}), key=KEY)
    assert path.read_bytes() == b'\xef\xbb\xbf"text"\r\n"\\ud800"\r\n'


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="cannot be written"):
        write_csv(tmp_path / "file" / "out.csv", pd.DataFrame({"text": ["a"]}), key=KEY)
