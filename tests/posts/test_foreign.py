"""Text files that are none of ours are called by their names, with the way to posts."""

from __future__ import annotations

from pathlib import Path

import pytest

from explore.errors import Refused
from explore.settings import Workspace
from tests.posts.bad_inputs import AT
from tests.posts.making import HEADER, csv_of, loaded, rows

NINE = csv_of(*rows(9)).decode()
MARKDOWN = f"| id | created_at | text |\n|----|:---:|---|\n| 1 | {AT} | words of one |\n| 2 | {AT} | more words |\n"
PSQL = f" id |      created_at      | text\n----+----------------------+------\n  1 | {AT} | words of one\n"
MYSQL = "+----+------+\n| id | text |\n+----+------+\n|  1 | words of one |\n+----+------+\n"
R_SPACES = '"id" "created_at" "text"\n"1" 101 "2024-05-01" "words of one"\n"2" 102 "2024-05-01" "more words"\n'
R_COMMAS = f'"id","created_at","text"\n"1",101,"{AT}","words of one"\n"2",102,"{AT}","more words"\n'

FOREIGN = {
    "Markdown": (MARKDOWN, "a Markdown table"),
    "a table as psql prints it": (PSQL, "drawn with lines"),
    "a table as mysql prints it": (MYSQL, "drawn with lines"),
    "RTF": (r"{\rtf1\ansi id,text\par 1,words}" + "\n", "RTF"),
    "a dump of MySQL": (
        "-- MySQL dump 10.13\n--\n/*!40101 SET NAMES utf8 */;\nINSERT INTO `p` VALUES (1,'a');\n",
        "SQL",
    ),
    "a dump of PostgreSQL": (
        "--\n-- PostgreSQL database dump\n--\n\nCOPY public.posts (id, text) FROM stdin;\n",
        "SQL",
    ),
    "SQL without a remark": ("INSERT INTO posts (id, text) VALUES (1, 'words of one');\n" * 3, "SQL"),
    "a dump of SQLite": ("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE p(id, text);\n", "SQL"),
    "two bars": (NINE.replace(",", "||"), r"by '\|\|', which is 2 characters"),
    "two colons": (NINE.replace("10:00:00Z", "").replace(",", "::"), "by '::', which is 2 characters"),
    "tildes": (NINE.replace(",", "~"), "say --delimiter '~'"),
    "a fixed width": (NINE.replace(",", "     "), "fixed width"),
    "single quotes": ("'id','text'\n'1','words of one'\n", "single quotes"),
    "spaces in front of quotes": ('"id", "text"\n"1", "words of one"\n', "a space in front of quoted cells"),
    "spaces in front of quotes below names without": (
        "id, created_at, text\n" + "".join(f'{n}, {AT}, "words of {n}"\n' for n in range(9)),
        "a space in front of quoted cells",
    ),
    "spaces in front of quotes around line breaks": (
        "id,created_at,text\n" + "".join(f'{n}, {AT}, "words of {n}\nand more\nand more"\n' for n in range(9)),
        "a space in front of quoted cells",
    ),
    "spaces in front of quotes around commas": (
        "id, text, at\n" + "".join(f'{n}, "words{"," * (n % 2)} of {n}", {AT}\n' for n in range(9)),
        "a space in front of quoted cells",
    ),
    "tabs and spaces in front of quotes": (
        "id\tcreated_at\ttext\n" + "".join(f'{n}\t{AT}\t "words of ""{n}"""\n' for n in range(9)),
        "a space in front of quoted cells",
    ),
    "single quotes below names without": ("id,at,text\n" + f"'1','{AT}','words of one'\n" * 9, "single quotes"),
    "lines that grep found in files": ('posts.jsonl:{"id": "1", "text": "a b"}\n' * 3, "grep -h"),
    "JSON packed into strings": ('"{\\"id\\": \\"1\\", \\"text\\": \\"a b\\"}"\n' * 3, "jq -c fromjson"),
    "the head of an answer": ('HTTP/1.1 200 OK\r\nDate: now\r\n\r\n{"id": "1", "text": "a b"}\n', "first empty line"),
    "an answer in pieces": ('1b\r\n{"id": "1", "text": "a b"}\n\r\n' * 3, r"grep '\^\{'"),
    "a pointer of Git LFS": ("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n", "git lfs pull"),
    "names and cells with other separators": (
        "id,at,author,text\n" + "".join(f"{n};{AT};bob;words, and more\n" for n in range(9)),
        "column names by ',' and what is below them by ';'",
    ),
    "quoted-printable": (
        "id,created_at,text\n" + "".join(f"{n},{AT},".ljust(75, "w") + f"=\n caf=C3=A9 {n}\n" for n in range(9)),
        "quopri -d",
    ),
    "an archive of X": ('window.YTD.tweets.part0 = [\n  {"tweet": {"id": "1"}}\n]\n', "a script around JSON"),
    "JSON with a callback": ('callback([{"id": "1", "text": "a b"}])\n', "a script around JSON"),
    "R with spaces": (R_SPACES, "write.csv"),
    "R with commas": (R_COMMAS, "one cell more than there are column names"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_it_is_named_with_the_mend(case: str, workspace: Workspace, tmp_path: Path) -> None:
    text, says = FOREIGN[case]
    with pytest.raises(Refused, match=says) as refusal:
        loaded(workspace, tmp_path, text.encode(), "p.txt")
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n1,{AT},-- MySQL dump\n",
        "text,id\nINSERT INTO posts is SQL,1\n",
        "text,id\n|---|---| is a table,1\n",
        "text\n[posts] in brackets\n",
        "text,id\n'a word',1\nb,'c'\n",
        "text\nposts:{a: b}\n12\n",
        'id;text;views\n1;"' + "one, two, three\n" * 30 + '";2\n2;words;3\n',
        "id,text,views\n1,a;b;c;d,2\n2,c;d;e;f,3\n",
        "text,id\nsee: a/b:c=d,1\nand: e/f:g=h,2\n",
        "text\nc++ and a~b~c\nd~e~f\n",
        "id,text,\n1,b two,\n2,c three,\n",
        "id|text\n1|words||of one\n2|b c\n",
    ],
)
def test_posts_about_such_things_are_posts(text: str, workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, text.encode(), accept_quarantine=True)
    assert report.accepted


def test_a_long_name_does_not_fill_the_message(workspace: Workspace, tmp_path: Path) -> None:
    twice = "x" * 5_000
    for text in (f"{twice},{twice}\n1,2\n", f"# {twice}\n1\n", f"5 {twice} a b c d,2\n1,2\n"):
        with pytest.raises(Refused) as refusal:
            loaded(workspace, tmp_path, text.encode())
        assert len(str(refusal.value)) < 250
