"""How a file is laid out, told by its first bytes, and a look at its first records."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from explore.errors import Refused, brief
from explore.posts.delimited import SEPARATOR_LINE, Dialect, Record, blank_before_quote, records
from explore.posts.encodings import decoded, encoding_of
from explore.posts.foreign import (
    refuse_foreign_text,
    refuse_lines_above,
    refuse_mixed_separators,
    refuse_other_separators,
)
from explore.posts.names import NAMES, latin, plain_name
from explore.posts.prefixes import refuse_wrapped
from explore.posts.quotes import is_quoted, is_single_quoted
from explore.posts.telegram import is_telegram_export

SAMPLE_ROWS = 200
_DELIMITERS = (",", "\t", ";", "|", "^", "\x01", "\x1f")
_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "^a": "\x01"}
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([0-7]{3}))", re.IGNORECASE)
_MAX_COLUMNS = 2_000
_MAX_HEADER = 200  # characters; longer "names" are the text of a post
_MAX_WORDS = 4
_SEPARATOR_LINE = re.compile(r"\ufeff?" + SEPARATOR_LINE)
_CONCORDANCE = re.compile("\ufeff?þ[^þ\n]*þ\x14þ")  # how the load files of lawyers begin
_LIST = re.compile(r"\[\s*[\[{\"\d\]tfn-]")
_JOINED = re.compile(r'[^"]"[,;|\t]"[^"]')  # between the names of a header: what a program put between its cells
_SINGLE_QUOTED = re.compile(r"\s*'.*'\s*", re.DOTALL)
_DATA = re.compile(r"[-+]?\d[\d.,:/ TZ+-]*|https?://\S+|\d{4}-\d\d-\d\d.*")


@dataclass(frozen=True)
class Layout:
    """format: "csv", "tsv", "jsonl", "telegram" or "parquet". compression: "none", "gzip" or "zstd".

    encoding and dialect say how text is read; for Parquet they mean nothing. packed: the key behind which each line of
    JSON holds its post as a string of JSON.
    """

    format: str
    compression: str
    encoding: str = "utf-8"
    dialect: Dialect = field(default_factory=Dialect)
    packed: str = ""


@dataclass(frozen=True)
class Preview:
    """The first records of a file, every value as the text it stands for, without reading the whole file.

    columns: names and dotted paths that hold values. known: these, the paths above them, and those that later records
    of JSON may have.
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
    encoding = encoding_of(head, name)
    text = head.decode(encoding, "ignore").lstrip("\ufeff \t\r\n")
    if text.startswith("\x1e"):
        raise Refused(f"'{name}' has a sign before each record (RFC 7464); remove it first, for example: tr -d '\\036'")
    refuse_foreign_text(text, name)
    if _LIST.match(text):
        raise Refused(f"'{name}' is one JSON list; write one post a line first, for example with: jq -c '.[]'")
    refuse_wrapped(decoded(head, encoding).strip("\ufeff\r\n"), name)
    if is_telegram_export(text):
        return Layout("telegram", compression, encoding)
    if text.startswith("{"):
        _refuse_document(text, name)
        return Layout("jsonl", compression, encoding)
    if not text:
        raise Refused(f"'{name}' holds nothing but white space; export it again.")
    refuse_lines_above(text, name)
    dialect = _dialect(decoded(head, encoding), delimiter)
    if not _agreement(decoded(head, encoding), dialect)[0]:
        refuse_mixed_separators(text, name)
    if delimiter is not None or _SEPARATOR_LINE.match(text):
        _refuse_wrong_delimiter(decoded(head, encoding), dialect.delimiter, name, named=delimiter is not None)
    elif _is_odd(dialect.delimiter, text.partition("\n")[0]):
        refuse_other_separators(text, name)
    return Layout("tsv" if dialect.delimiter == "\t" else "csv", compression, encoding, dialect)


def check_header(header: list[str], *, name: str) -> None:
    """Raise Refused for a first line that cannot be column names."""
    if len(header) > _MAX_COLUMNS:
        raise Refused(f"'{name}' has {len(header):,} columns, at most {_MAX_COLUMNS:,} are read; keep those you need.")
    if not all(map(_is_text, header)):
        raise Refused(f"The column names of '{name}' hold characters that are no text; save it as UTF-8.")
    twice = [column for column, times in Counter(header).items() if times > 1]
    if twice and not twice[0].strip():
        raise Refused(
            f"{header.count(twice[0])} columns of '{name}' have no name; delete them or name them. Where the names "
            "stand in a later line, delete what is above it."
        )
    if twice:
        raise Refused(f"'{name}' names the column '{brief(twice[0])}' more than once; rename one of them.")
    if all(map(_SINGLE_QUOTED.fullmatch, header)):
        raise _single_quotes(name)
    if any(_JOINED.search(cell) for cell in header):
        raise Refused(
            f"'{name}' has quotes between its cells and none at both ends of a line ('{brief(header[0])}'); put them "
            "there too, for example with: sed 's/.*/\"&\"/' FILE"
        )
    if any(re.match(r'\s+"', cell) for cell in header):
        raise _blank_before_quotes(name)
    if len(header) == 1 and header[0].startswith("#"):
        raise Refused(
            f"'{name}' begins with a remark ('{brief(header[0])}'); remove what stands above the column names."
        )
    most_words = 1 if len(header) == 1 else _MAX_WORDS
    data = [
        cell
        for cell in header
        if _DATA.fullmatch(cell.strip()) or len(cell) > _MAX_HEADER or len(cell.split()) > most_words
    ]
    usual = {plain_name(one) for names in NAMES.values() for one in names}
    if data and not any(plain_name(cell) in usual for cell in header):
        raise Refused(f"The first line of '{name}' looks like a post ('{brief(data[0])}'); put column names above it.")


def check_rows(rows: list[Record], *, name: str) -> None:
    """Raise Refused where the quotes of most records are of another kind, or a blank kept them from opening a cell.

    The header is the first row.

    Records with fewer cells do not count: they are what a text with line breaks then goes on in.
    """
    whole = [row for row in rows[1:] if len(row.cells) >= len(rows[0].cells)]
    if 2 * sum(blank_before_quote(row, row.cells) for row in whole) > len(whole):
        raise _blank_before_quotes(name)
    told = [[cell for cell in row.cells if cell.strip()] for row in whole]
    if 2 * sum(len(cells) > 1 and all(map(_SINGLE_QUOTED.fullmatch, cells)) for cells in told) > len(told):
        raise _single_quotes(name)


def _single_quotes(name: str) -> Refused:
    return Refused(f"'{name}' puts its cells in single quotes; write it with double quotes.")


def _blank_before_quotes(name: str) -> Refused:
    return Refused(f"'{name}' has a space in front of quoted cells; write it without, or as JSONL.")


def refuse_alike(preview: Preview, columns: Mapping[str, str], how: Mapping[str, str]) -> None:
    """Raise Refused where a column was taken by its name and another has the same name in other letters."""
    for field_name, column in columns.items():
        alike = [one for one in preview.columns if latin(one.strip()) == latin(column.strip())]
        if how.get(field_name) == "name" and len(alike) > 1:
            names = " and ".join(f"'{brief(one)}'" for one in alike)
            raise Refused(
                f"'{preview.name}' has the columns {names}; say which one to take: "
                f"--map {field_name}={brief(alike[0])} or --map {field_name}={brief(alike[1])}."
            )


def _is_text(cell: str) -> bool:
    """Whether a name could be decoded and holds no NUL."""
    return "\x00" not in cell and cell.encode("utf-8", "ignore").decode("utf-8") == cell


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
    if _CONCORDANCE.match(text) and delimiter in {None, "\x14"}:
        return Dialect("\x14", "þ")
    told = _SEPARATOR_LINE.match(text)
    if told and delimiter is None:
        delimiter = told[1]
    if delimiter is not None:
        wanted = _meant(delimiter)
        quotes = ("", '"') if wanted == "\x01" else ('"', "")
        tried = [Dialect(wanted, quote, newline) for newline in newlines for quote in quotes]
        best = max(_without_unquoted(text, tried), key=lambda one: _agreement(text, one)[0])
        return _with_single_quotes(text, best)
    tried = [Dialect("\x01", quote="", newline=newline) for newline in newlines]
    tried += [Dialect(one, newline=newline) for newline in newlines for one in _DELIMITERS]
    tried += [Dialect("\t", quote="", newline=newline) for newline in newlines]
    return _with_single_quotes(text, max(_without_unquoted(text, tried), key=lambda one: _agreement(text, one)))


def _without_unquoted(text: str, tried: list[Dialect]) -> list[Dialect]:
    """The dialects without those that would keep the quotes of cells that plainly stand in quotes."""
    return [
        one
        for one in tried
        if one.quote or one.delimiter == "\x01" or not is_quoted([row.cells for row in sample_records(text, one)])
    ]


def _with_single_quotes(text: str, found: Dialect) -> Dialect:
    """The dialect that was found, with single quotes where cells stand in these."""
    single = replace(found, quote="'")
    if not found.quote or "'" not in text:
        return found
    as_double, as_single = sample_records(text, found), sample_records(text, single)
    return single if as_single and is_single_quoted(as_double, as_single, found.delimiter) else found


def _refuse_wrong_delimiter(text: str, delimiter: str, name: str, *, named: bool) -> None:
    """Refuse a delimiter that a person `named`, or a line sep=, where only another one keeps the column names apart."""
    told = _SEPARATOR_LINE.match(text)
    text = text[told.end() :] if told else text
    header = text.lstrip("\ufeff").partition("\n")[0]
    found = _dialect(text, None).delimiter
    if delimiter not in header and found in header:
        mend = "leave --delimiter out, or name the one that separates the columns" if named else "delete the line sep="
        raise Refused(f"{delimiter!r} does not stand in the column names of '{name}', {found!r} does; {mend}.")


def _is_odd(delimiter: str, header: str) -> bool:
    """Whether a delimiter keeps no names apart, or stands between them twice each time."""
    return delimiter not in header or (
        delimiter * 2 in header.strip(delimiter) and delimiter not in header.replace(delimiter * 2, "")
    )


def _meant(delimiter: str) -> str:
    """The character that a person means: itself, its name, or an escape such as \\t or \\x01."""
    wanted = _DELIMITER_NAMES.get(delimiter.casefold(), delimiter)
    if escape := _ESCAPE.fullmatch(wanted):
        wanted = chr(int(escape[3], 8) if escape[3] else int(escape[1] or escape[2], 16))
    if len(wanted) != 1 or wanted in '"\r\n\x00\ufeff' or "\ud800" <= wanted <= "\udfff":
        raise Refused(
            f"Delimiter '{brief(delimiter)}' is not one character; say --delimiter ';', --delimiter tab or '\\x01'."
        )
    return wanted


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
