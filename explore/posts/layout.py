"""How a file is laid out, told by its first bytes, and a look at its first records."""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from dataclasses import dataclass, field

from explore.errors import Refused
from explore.posts.delimited import SEPARATOR_LINE, Dialect, Record, records
from explore.posts.presets import NAMES

SAMPLE_ROWS = 200
_DELIMITERS = (",", "\t", ";", "|")
_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_MAX_COLUMNS = 2_000
_MAX_HEADER = 200  # characters; longer "names" are the text of a post
_MAX_WORDS = 4
_SEPARATOR_LINE = re.compile(r"\ufeff?" + SEPARATOR_LINE)
_DATA = re.compile(r"\s*(?:[-+]?\d[\d.,:/ TZ+-]*|https?://\S+|\d{4}-\d\d-\d\d.*)\s*")


@dataclass(frozen=True)
class Layout:
    """format: "csv", "tsv", "jsonl" or "parquet". compression: "none", "gzip" or "zstd".

    encoding and dialect say how text is read; for Parquet they mean nothing.
    """

    format: str
    compression: str
    encoding: str = "utf-8"
    dialect: Dialect = field(default_factory=Dialect)


@dataclass(frozen=True)
class Preview:
    """The first records of a file, every value as the text it stands for, without reading the whole file.

    columns: names and dotted paths that hold values. known: these and the paths above them.
    rows: about 200 records, column -> text or None. pages: a path under which each record holds a list of posts.
    """

    name: str
    size: int
    layout: Layout
    columns: tuple[str, ...]
    rows: tuple[dict[str, str | None], ...]
    known: frozenset[str] = field(default_factory=frozenset)
    pages: str | None = None

    @property
    def format(self) -> str:
        return self.layout.format

    @property
    def compression(self) -> str:
        return self.layout.compression

    @property
    def encoding(self) -> str:
        return self.layout.encoding

    @property
    def delimiter(self) -> str | None:
        return self.layout.dialect.delimiter if self.format in {"csv", "tsv"} else None

    def samples(self, column: str, count: int = 3) -> list[str]:
        """The first `count` different values of a column that are not blank."""
        found: dict[str, None] = {}
        for row in self.rows:
            value = row.get(column)
            if value is not None and value.strip():
                found[value] = None
            if len(found) >= count:
                break
        return list(found)


def told_by(head: bytes, *, name: str, compression: str, delimiter: str | None) -> Layout:
    """The layout of a file that begins with the (unpacked) bytes `head`. Raises Refused for what is none of ours."""
    if head.startswith(b"PAR1"):
        return Layout("parquet", compression)
    if head.startswith(b"PARE"):
        raise Refused(f"'{name}' is an encrypted Parquet file; decrypt it and load it again.")
    if head[257:262] == b"ustar":
        raise Refused(f"'{name}' is a tar archive; unpack it and load the files in it.")
    encoding = _encoding(head, name)
    text = head.decode(encoding, "ignore").lstrip("\ufeff \t\r\n")
    if text.startswith("\x1e"):
        raise Refused(f"'{name}' has a sign before each record (RFC 7464); remove it first, for example: tr -d '\\036'")
    if text.startswith("["):
        raise Refused(f"'{name}' is one JSON list; write one post a line first, for example with: jq -c '.[]'")
    if text.startswith("{"):
        _refuse_document(text, name)
        return Layout("jsonl", compression, encoding)
    if not text:
        raise Refused(f"'{name}' holds nothing but white space; export it again.")
    if text.startswith("<"):
        raise Refused(f"'{name}' is a web page or XML, not posts; export them as CSV, JSONL or Parquet.")
    dialect = _dialect(decoded(head, encoding), delimiter)
    return Layout("tsv" if dialect.delimiter == "\t" else "csv", compression, encoding, dialect)


def decoded(head: bytes, encoding: str) -> str:
    """The text in the first bytes of a file, which may end in the middle of a character; what is no text is marked."""
    errors = "surrogatepass" if encoding == "utf-16" else "surrogateescape"
    return codecs.getincrementaldecoder(encoding)(errors).decode(head)


def check_header(header: list[str], *, name: str) -> None:
    """Raise Refused for a first line that cannot be column names."""
    if len(header) > _MAX_COLUMNS:
        raise Refused(f"'{name}' has {len(header):,} columns, at most {_MAX_COLUMNS:,} are read; keep those you need.")
    if not all(map(_is_text, header)):
        raise Refused(f"The column names of '{name}' hold characters that are no text; save it as UTF-8.")
    twice = [column for column, times in Counter(header).items() if times > 1]
    if twice:
        raise Refused(f"'{name}' names the column '{twice[0][:80]}' more than once; rename one of them.")
    if len(header) == 1 and header[0].startswith("#"):
        raise Refused(f"'{name}' begins with a remark ('{header[0][:60]}'); remove what stands above the column names.")
    most_words = 1 if len(header) == 1 else _MAX_WORDS
    data = [
        cell for cell in header if _DATA.fullmatch(cell) or len(cell) > _MAX_HEADER or len(cell.split()) > most_words
    ]
    usual = {re.sub(r"[\W_]+", "", one) for names in NAMES.values() for one in names}
    if data and not any(re.sub(r"[\W_]+", "", cell.casefold()) in usual for cell in header):
        raise Refused(f"The first line of '{name}' looks like a post ('{data[0][:60]}'); put column names above it.")


def _is_text(cell: str) -> bool:
    """Whether a name could be decoded and holds no NUL."""
    return "\x00" not in cell and cell.encode("utf-8", "ignore").decode("utf-8") == cell


def _encoding(head: bytes, name: str) -> str:
    """UTF-8 with or without mark, or UTF-16 with one; anything else is refused with a guess at what it is."""
    if head.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise Refused(f"'{name}' is in UTF-32; save it as UTF-8.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.count(0) > len(head) / 5:
        raise Refused(f"'{name}' is no text that can be read (perhaps UTF-16 without a mark); save it as UTF-8.")
    controls = sum(head.count(code) for code in (*range(1, 9), *range(14, 27), *range(28, 32)))
    if controls > len(head) / 20:
        raise Refused(f"'{name}' is not CSV, JSONL or Parquet; export the posts in one of these.")
    lines = head.splitlines()[:-1] or head.splitlines()
    wrong = sum(not _is_utf8(line) for line in lines)
    if wrong > max(1, len(lines) / 5):
        share = f"{wrong / len(lines):.0%} of its first lines"
        raise Refused(f"'{name}' is not in UTF-8 ({share}; perhaps it is Windows-1252); save it as UTF-8.")
    return "utf-8-sig" if head.startswith(b"\xef\xbb\xbf") else "utf-8"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _refuse_document(text: str, name: str) -> None:
    """Refuse a JSON document that is spread over lines."""
    first, _, rest = text.partition("\n")
    if first.strip() == "{" and rest.strip():
        raise Refused(
            f"'{name}' is one JSON document over many lines; write one post a line first, for example with jq -c"
        )


def _dialect(text: str, delimiter: str | None) -> Dialect:
    """The delimiter, line end and use of quotes under which the most records agree with the header."""
    newlines = ("\n", "\r") if text.count("\r") > text.count("\r\n") else ("\n",)
    told = _SEPARATOR_LINE.match(text)
    if told and delimiter is None:
        delimiter = told[1]
    if delimiter is not None:
        wanted = _DELIMITER_NAMES.get(delimiter.casefold(), delimiter)
        if len(wanted) != 1 or wanted in '"\r\n':
            raise Refused(f"Delimiter '{delimiter}' is not one character; say --delimiter ';' or --delimiter tab.")
        tried = [Dialect(wanted, quoting, newline) for newline in newlines for quoting in (True, False)]
        return max(tried, key=lambda one: _agreement(text, one)[0])
    tried = [Dialect(one, newline=newline) for newline in newlines for one in _DELIMITERS]
    tried += [Dialect("\t", quoting=False, newline=newline) for newline in newlines]
    return max(tried, key=lambda one: _agreement(text, one))


def _agreement(text: str, dialect: Dialect) -> tuple[float, int]:
    """Share of the first records as wide as the header (0 where the header is one cell), and that width."""
    rows = sample_records(text, dialect)
    width = len(rows[0].cells) if rows else 0
    if width < 2:
        return 0.0, width
    others = rows[1:]
    fitting = sum(len(row.cells) == width for row in others)
    return (round(fitting / len(others), 2) if others else 1.0), width


def sample_records(text: str, dialect: Dialect) -> list[Record]:
    """The first records in a piece of text; the last, which may be cut, is left out where there are others."""
    rows: list[Record] = []
    content = io.BytesIO(text.encode("utf-8", "surrogatepass"))  # io.StringIO would change line feeds for newline="\r"
    for record in records(io.TextIOWrapper(content, "utf-8", "surrogatepass", newline=dialect.newline), dialect):
        rows.append(record)
        if len(rows) > SAMPLE_ROWS + 1:
            break
    return rows[:-1] if len(rows) > 2 and not text.endswith(("\n", "\r")) else rows
