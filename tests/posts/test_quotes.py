"""Cells in single quotes are read as their writer meant them, and apostrophes that people wrote stay."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from explore.settings import Workspace
from tests.posts.bad_inputs import AT
from tests.posts.making import HEADER, csv_of, loaded, rows

TAKEN_OFF = "Cells stand in single quotes"
WORDS = ["plain words", "it's a word", "one, two", "two\nlines", "''", "'so' they said"]
PLAIN = ["one", "of", "these", "few", "plain", "words"]


def by_writer(texts: Sequence[str], *, header_too: bool = False, every: bool = False) -> bytes:
    """Posts as Python's writer puts them into single quotes: all cells, or those that need it."""
    sink = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
    writer = csv.writer(sink, quotechar="'", quoting=quoting, lineterminator="\n")
    (writer.writerow if header_too else csv.writer(sink, lineterminator="\n").writerow)(HEADER.split(","))
    writer.writerows([n, AT, text] for n, text in enumerate(texts))
    return sink.getvalue().encode()


@pytest.mark.parametrize(
    "content",
    [
        by_writer(WORDS),
        by_writer(WORDS, every=True),
        by_writer(WORDS, every=True, header_too=True),
        by_writer(WORDS * 300),
        csv_of(*(f"'{n}','{AT}','{text}'" for n, text in enumerate(PLAIN))),
    ],
)
def test_cells_in_single_quotes_are_read_without_them(content: bytes, workspace: Workspace, tmp_path: Path) -> None:
    report, found = loaded(workspace, tmp_path, content)
    assert report.quarantined == 0
    assert [post["text"] for post in found[:6]] in (WORDS, PLAIN)
    assert {post["post_id"] for post in found} == {str(n) for n in range(len(found))}
    assert report.notes[0].startswith(TAKEN_OFF)


def test_texts_in_single_quotes_below_plain_names_are_read_without_them(workspace: Workspace, tmp_path: Path) -> None:
    report, found = loaded(workspace, tmp_path, csv_of(*(f"{n},{AT},'hello, world {n}'" for n in range(5))))
    assert [post["text"] for post in found] == [f"hello, world {n}" for n in range(5)]
    assert report.notes[0].startswith(TAKEN_OFF)


@pytest.mark.parametrize(
    "lines",
    [
        [*rows(9), f"10,{AT},'so' they said", f"11,{AT},'tis nothing", f"12,{AT},rock 'n' roll"],
        [*rows(9), f"10,{AT},'all of it'", f"11,{AT},'and this'", f"12,{AT},'and that'"],
        [f"{n},{AT},'Ndrangheta {n}" for n in range(9)],
        [f"1,{AT},'quoted'", f"2,{AT},'and again'"],
        [f"{n},{AT},\"'hello, world {n}'\"" for n in range(9)],
    ],
)
def test_apostrophes_that_people_wrote_stay(lines: list[str], workspace: Workspace, tmp_path: Path) -> None:
    report, found = loaded(workspace, tmp_path, csv_of(*lines))
    assert [post["text"] for post in found] == [line.split(",", 2)[2].strip('"') for line in lines]
    assert not any(note.startswith(TAKEN_OFF) for note in report.notes)


@pytest.mark.parametrize("words", ["it's all", "all of it"])
def test_single_quotes_that_nothing_but_themselves_tells_of_stay_and_are_told(
    words: str, workspace: Workspace, tmp_path: Path
) -> None:
    report, found = loaded(workspace, tmp_path, csv_of(*(f"{n},{AT},'{words} {n}'" for n in range(9))))
    assert found[0]["text"] == f"'{words} 0'"
    assert report.notes == (
        f"9 texts of the first 9 begin and end with a single quote ('{words} 0'), stored as a part of them. Where an "
        "exporter put them there, write the file with double quotes.",
    )


def test_load_files_of_lawyers_are_read_and_their_line_breaks_told(workspace: Workspace, tmp_path: Path) -> None:
    texts = ["one, two", 'it\'s "quoted"', "two® lines", "two\nlines"]
    lines = [HEADER.split(","), *([f"{n}", AT, text] for n, text in enumerate(texts))]
    content = "\ufeff" + "".join("\x14".join(f"þ{cell}þ" for cell in line) + "\r\n" for line in lines)
    report, found = loaded(workspace, tmp_path, content.encode(), "load.dat")
    assert [(post["post_id"], post["text"]) for post in found] == [(f"{n}", text) for n, text in enumerate(texts)]
    assert report.notes[0].startswith("The sign ® stands in 1 text of the first 4")


def test_a_thorn_in_a_text_is_a_letter(workspace: Workspace, tmp_path: Path) -> None:
    words = ["þetta er þ", "það", "þþ"]
    report, found = loaded(workspace, tmp_path, csv_of(*(f"{n},{AT},{word}" for n, word in enumerate(words))))
    assert [post["text"] for post in found] == words
    assert report.notes == ()
