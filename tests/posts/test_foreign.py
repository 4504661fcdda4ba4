"""Text files that are none of ours are called by their names, with the way to posts."""

from __future__ import annotations

import base64
import gzip
import pickle
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

ADDED = "".join(f"+{line}\n" for line in NINE.splitlines())
DIFF = "is a diff.*sed -n"


def before(prefix: str) -> str:
    """Nine posts and their names, each line with something in front of it; {} is its number."""
    return "".join(prefix.format(n) + f"{line}\n" for n, line in enumerate(NINE.splitlines(), 1))


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
    "single quotes that are not doubled": ("'id','text'\n'1','it's one'\n", "single quotes"),
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
    "single quotes below names without": ("id,at,text\n" + f"'1','{AT}','it's one'\n" * 9, "single quotes"),
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
    "a diff": (f"diff --git a/p b/p\nindex 1..2\n--- a/p\n+++ b/p\n@@ -1,2 +1,9 @@\n {ADDED[1:]}", DIFF),
    "a diff of a new file": (f"--- /dev/null\n+++ b/p.csv\n@@ -0,0 +1,9 @@\n{ADDED}", DIFF),
    "a diff without its head": (ADDED, DIFF),
    "a diff without its head that begins with the old names": (" " + ADDED[1:], DIFF),
    "a diff of JSON": ('+{"id": "1", "text": "a b"}\n' * 3, DIFF),
    "a diff of the old kind": ("0a1,9\n" + ADDED.replace("+", "> "), r"sed -n 's/\^> //p'"),
    "numbers of lines by grep": (before("{}:"), r"sed -E 's/\^ \*\[0-9\]\+://'"),
    "numbers of some lines by grep": (before("{}:").replace("4:", "14:"), r"front of each line \('1:'\)"),
    "names of files by grep": (before("may/p.csv:"), r"'s/\^may\\/p\\.csv://'"),
    "names of files and numbers of lines by grep": (before("p.csv:{}:"), r"'s/\^p\\.csv:\[0-9\]\+://'"),
    "numbers of lines by cat": (before("   {}\t"), r"'s/\^ \*\[0-9\]\+\\t//'"),
    "numbers of lines by cat, of tabs": (before("   {}\t").replace(",", "\t"), r"'s/\^ \*\[0-9\]\+\\t//'"),
    "lines that a mail quotes": (before("> "), r"sed -E 's/\^> //' FILE"),
    "lines of a log": (before("2024-05-01T10:00:0{}Z stdout F "), "as grep -n, mails and logs put there"),
    "JSON in lines of a log": ('May  1 10:00:00 host app[12]: {"id": "1", "text": "a b"}\n' * 3, "something in front"),
    "records that end with RS": (NINE.replace(",", "\x1f").replace("\n", "\x1e"), r"tr '\\n\\036' ' \\n' < FILE"),
    "records that end with RS and a line break": (NINE.replace("\n", "\x1e\n"), r"tr -d '\\036' < FILE"),
    "signs that show US and RS": (NINE.replace(",", "\u241f").replace("\n", "\u241e"), "ends its records"),
    "LTSV": ("".join(f"id:{n}\ttime:{AT}\ttext:see: this {n}\n" for n in range(9)), r"as LTSV does.*jq -Rc 'split"),
    "labels with commas": ("".join(f"id={n},text=words of {n}\n" for n in range(9)), "names the column in each cell"),
    "a pickle of protocol 0": ("(lp0\n(dp1\nVid\np2\nVtext\np3\ns.", "a Python pickle"),
    "a chat of WhatsApp": ("[01/05/2024, 10:00:00] Ann: words, and more\n" * 9, "WhatsApp"),
    "a chat of WhatsApp on Android": ("5/1/24, 10:00 PM - Ann: words, and more\n" * 9, "WhatsApp"),
    "objects that Python printed": ("{'id': '1', 'text': \"it's\"}\n" * 3, "json.dumps"),
    "a list that Python printed": ("[{'id': '1', 'text': \"it's\"},\n {'id': '2'}]\n", "json.dumps"),
    "YAML": ("- id: 1\n  text: words of one\n- id: 2\n  text: more words\n", "is YAML.*yq"),
    "a row over lines by mysql": ("*" * 27 + " 1. row " + "*" * 27 + "\n  id: 1\ntext: a b\n", r"prints it with \\G"),
    "a mailbox": ("From ann@x.org Wed May  1 10:00:00 2024\nSubject: a\n\nwords, and more\n" * 3, "holds mails"),
    "a mail": ("Received: from x\nDate: today\nSubject: a\n\nwords, and more\n", "holds mails"),
    "a web archive": ("WARC/1.0\nWARC-Type: response\n\nwords\n", "WARC"),
    "a message in PGP": ("-----BEGIN PGP MESSAGE-----\n\nhQEMA3\n", "is encrypted or signed"),
    "base64": (base64.encodebytes(NINE.encode()).decode(), "base64 -d"),
    "labels with blanks": (
        "".join(f'id={n} text="words of {n}" user=ann\n' for n in range(9)),
        "names the column in each",
    ),
    "orders for Elasticsearch": ('{"index": {"_id": "7"}}\n{"text": "a b"}\n' * 3, "jq -cn 'inputs as"),
    "JSON with a comma behind each line": ('{"id": "1", "text": "a b"},\n' * 3, r"sed 's/,\\s\*\$//'"),
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
        "text\n+1\n-1\n+1 to that\n",
        "text,id\n- so it is,1\n- or not,2\n+ more,3\n",
        f'id,created_at,text\n1,{AT},"a diff:\n+1\n-2"\n',
        "msg id,text\n1,msg of one\n2,msg of two\n3,msg of three\n",
        "time: id,text\n10:00,words of one\n10:01,of two\n10:02,of three\n",
        "text\nindex={a} b=c\nx=1 y=2\n",
        "date,text\n2024-05-01,10:00 - Ann: words\n",
        "text\nFrom ann@x.org in 2024\nSubject: a\n",
        "dc:id\tdc:text\n1\twords: of one\n2\tof two\n",
        "text\tid\nnote: see\tx:1\nnote: and\tx:2\n",
    ],
)
def test_posts_about_such_things_are_posts(text: str, workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, text.encode(), accept_quarantine=True)
    assert report.accepted


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (NINE.encode("cp037"), r"in EBCDIC.*iconv -f IBM037 -t UTF-8 FILE$"),
        (NINE.replace("\n", "\x85").encode("cp037"), r"in EBCDIC.*sed 's/"),
        (pickle.dumps([{"id": 1, "text": "a b"}] * 9, 2), "a Python pickle"),
        (pickle.dumps([{"id": 1, "text": "a b"}] * 9, 5), "a Python pickle"),
        (gzip.compress(pickle.dumps([{"id": 1, "text": "a b"}] * 9, 4)), "a Python pickle"),
        (NINE.encode()[:80] + bytes(9_000) + NINE.encode()[80:], "a block of NUL bytes .from byte 80 on"),
        (bytes(16) + NINE.encode() * 9, "a block of NUL bytes .from byte 0 on"),
        (b"$FL2@(#) SPSS DATA FILE" + bytes(99), "a file of SPSS"),
        (b"<stata_dta><header><release>118" + bytes(99), "a file of Stata"),
        (gzip.compress(b"X\n\x00\x00\x00\x03\x00\x04" + bytes(99)), "a file of R"),
        (b"FEA1" + bytes(99), "a Feather file"),
        (bytes([0, 1, 0, 0, *range(1, 9), *range(14, 26)]) * 9, "is not CSV, JSONL or Parquet"),
        (bytes(900), "a crash leaves where posts should be; copy or download it again.$"),
        (NINE.encode("utf-16-le"), "UTF-16LE without a mark"),
        (NINE.encode("utf-16-be"), "UTF-16BE without a mark"),
    ],
)
def test_bytes_that_are_no_text_are_named(content: bytes, says: str, workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=says) as refusal:
        loaded(workspace, tmp_path, content)
    assert len(str(refusal.value)) < 300


def test_a_few_nuls_cost_their_record(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, csv_of(*rows(99), f"100,{AT},wor{chr(0) * 40}ds"))
    assert report.reasons == {"nul": 1}


def test_a_long_name_does_not_fill_the_message(workspace: Workspace, tmp_path: Path) -> None:
    twice = "x" * 5_000
    for text in (f"{twice},{twice}\n1,2\n", f"# {twice}\n1\n", f"5 {twice} a b c d,2\n1,2\n"):
        with pytest.raises(Refused) as refusal:
            loaded(workspace, tmp_path, text.encode())
        assert len(str(refusal.value)) < 250
