"""The catalogue of bad inputs, numbered as in the safety notes: one small function a row, made when asked for.

Outcome "A": taken, and `says` is the stored text of the last post. "Q": nine good records come in and one is kept apart
for the reason `says`. "R": the file is refused with a message in which `says` is found (a regular expression).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from tests.posts.making import HEADER, csv_of, json_rows, jsonl_of, parquet_of, row, rows

GOOD, GOOD_JSON = rows(9), json_rows(9)
LATIN = "caf\xe9".encode("latin-1")
PLAIN = csv_of(*rows(2_000))
ZST = zstandard.ZstdCompressor()
AT = "2024-05-01T10:00:00Z"


@dataclass(frozen=True)
class BadInput:
    """One row of the catalogue; `number` has a letter behind it where a row has several shapes."""

    number: str
    what: str
    outcome: str
    says: str
    make: Callable[[], bytes]
    name: str = "p.csv"
    options: dict[str, Any] = field(default_factory=dict)


CATALOGUE: dict[str, BadInput] = {}


def case(
    number: str, outcome: str, says: str, name: str = "p.csv", **options: Any
) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Enter the function into the catalogue."""

    def enter(make: Callable[[], bytes]) -> Callable[[], bytes]:
        what = make.__name__.replace("_", " ")
        assert number not in CATALOGUE
        CATALOGUE[number] = BadInput(number, what, outcome, says, make, name, options)
        return make

    return enter


def one_csv(line: str) -> bytes:
    """Nine good rows of CSV with one line in the middle."""
    return csv_of(*GOOD[:5], line, *GOOD[5:])


def one_json(line: Any) -> bytes:
    return jsonl_of(*GOOD_JSON[:5], line, *GOOD_JSON[5:])


def text_csv(text: str) -> bytes:
    return csv_of(f"1,{AT},{text}")


def time_csv(when: str) -> bytes:
    return one_csv(f"10,{when},words of 10")


def parquet_with(rows_: int = 10, **columns: Any) -> bytes:
    usual = {
        "id": [str(n) for n in range(rows_)],
        "created_at": [AT] * rows_,
        "text": [f"words of a post {n}" for n in range(rows_)],
    }
    return parquet_of(usual | columns)


# --- CSV --------------------------------------------------------------------------------------------------------------


@case("1", "R", "is empty")
def empty() -> bytes:
    return b""


@case("2", "R", "no posts")
def header_only() -> bytes:
    return csv_of()


@case("3", "R", "--map text=COLUMN with one of 'when'|--map text=COLUMN with one of")
def text_column_missing() -> bytes:
    return b"id,when,amount\n1,2024-05-01,7\n2,2024-05-02,8\n"


@case("4", "R", "'text' more than once")
def duplicate_header() -> bytes:
    return b"id,text,text\n1,a b c,d e f\n"


@case("5", "Q", "nul")
def nul_in_a_cell() -> bytes:
    return one_csv(row(10, "nul \x00"))


@case("6", "Q", "bad_encoding")
def mixed_utf8_and_latin1() -> bytes:
    return csv_of(*GOOD) + b"10," + AT.encode() + b"," + LATIN + b"\n"


@case("7", "A", "naïve café")
def utf16_with_mark() -> bytes:
    return text_csv("naïve café").decode().encode("utf-16")


@case("8", "A", "naïve café")
def utf8_with_mark() -> bytes:
    return b"\xef\xbb\xbf" + text_csv("naïve café")


@case("9", "R", "not in UTF-8")
def undecodable() -> bytes:
    return csv_of() + b"".join(b"%d,%s,na\xefve caf\xe9\n" % (n, AT.encode()) for n in range(50))


@case("10", "A", 'two\nlines\r\nor "three"')
def embedded_newlines() -> bytes:
    return text_csv('"two\nlines\r\nor ""three"""')


@case("11", "Q", "open_quote")
def open_quote() -> bytes:
    return one_csv(f'10,{AT},"open')


@case("12", "Q", "extra_column")
def extra_column() -> bytes:
    return one_csv(row(10) + ",more")


@case("13", "Q", "short_row")
def short_row() -> bytes:
    return one_csv(f"10,{AT}")


@case("14", "A", "words of a post 1")
def cr_only() -> bytes:
    return csv_of(row(1)).replace(b"\n", b"\r")


@case("15", "A", "a, b and c")
def semicolons() -> bytes:
    return f"id;created_at;text\n1;{AT};a, b and c\n".encode()


@case("16", "Q", "cell_too_long")
def cell_of_a_million_characters() -> bytes:
    return one_csv(row(10, "a" * 1_000_000))


@case("17", "A", "N/A")
def text_that_reads_na() -> bytes:
    return text_csv("N/A")


@case("18", "A", "words")
def id_with_leading_zeros() -> bytes:
    return csv_of(f"007,{AT},words")


@case("19", "A", "words")
def id_of_twenty_digits() -> bytes:
    return csv_of(f"12345678901234567890,{AT},words")


@case("20", "R", "10,000 columns")
def ten_thousand_columns() -> bytes:
    return ",".join(f"c{n}" for n in range(10_000)).encode() + b"\n1\n"


@case("21", "A", '=HYPERLINK("x")')
def formula() -> bytes:
    return text_csv('"=HYPERLINK(""x"")"')


@case("22", "R", "looks like a post")
def headerless() -> bytes:
    return "\n".join(GOOD).encode()


# --- JSONL ------------------------------------------------------------------------------------------------------------


@case("23", "Q", "broken_json", "p.jsonl")
def broken_line() -> bytes:
    return one_json('{"id": "10", "text"')


@case("24", "Q", "broken_json", "p.jsonl")
def cut_last_line() -> bytes:
    return jsonl_of(*GOOD_JSON) + b'{"id": "10", "created_at": "2024-05'


@case("25", "Q", "duplicate_keys", "p.jsonl")
def duplicate_keys() -> bytes:
    return one_json('{"id": "10", "text": "one", "text": "two"}')


@case("26", "Q", "bad_text", "p.jsonl")
def nan_as_text() -> bytes:
    return one_json(GOOD_JSON[0] | {"id": "10", "text": float("nan")})


@case("26b", "Q", "bad_id", "p.jsonl")
def infinity_as_id() -> bytes:
    return one_json(GOOD_JSON[0] | {"id": float("inf")})


@case("27", "Q", "bad_text", "p.jsonl")
def numeric_text() -> bytes:
    return one_json(GOOD_JSON[0] | {"id": "10", "text": 12})


@case("28", "Q", "lone_surrogate", "p.jsonl")
def lone_surrogate() -> bytes:
    return one_json(GOOD_JSON[0] | {"id": "10", "text": "half \ud83d"})


@case("29", "Q", "nul", "p.jsonl")
def escaped_nul() -> bytes:
    return one_json(GOOD_JSON[0] | {"id": "10", "text": "nul \x00"})


@case("30", "Q", "too_deep", "p.jsonl")
def nested_twenty_thousand_deep() -> bytes:
    return one_json('{"text": ' + "[" * 20_000 + "]" * 20_000 + "}")


@case("30b", "Q", "too_deep", "p.jsonl")
def nested_65_deep() -> bytes:
    return one_json('{"id": "10", "x": ' + "[" * 64 + "]" * 64 + "}")


@case("31", "R", "jq", "p.json")
def top_level_list() -> bytes:
    return json.dumps(GOOD_JSON).encode()


@case("32", "A", "words of a post 1", "p.jsonl")
def three_thousand_keys() -> bytes:
    return jsonl_of(GOOD_JSON[0] | {f"k{n}": n for n in range(3_000)})


@case("33", "A", "a\u2028b\u0085c", "p.jsonl")
def line_separator_in_a_string() -> bytes:
    return json.dumps(GOOD_JSON[0] | {"text": "a\u2028b\u0085c"}, ensure_ascii=False).encode()


@case("34", "R", "line of more than 16 MB", "p.jsonl")
def a_line_of_200_megabytes() -> bytes:
    return one_json(GOOD_JSON[0] | {"text": "a" * 200_000_000})


# --- Parquet, zstd, gzip ----------------------------------------------------------------------------------------------


@case("35", "R", "damaged or cut", "p.parquet")
def parquet_cut_short() -> bytes:
    return parquet_with()[:-20]


@case("36", "R", "ZIP archive")
def zip_renamed() -> bytes:
    return b"PK\x03\x04" + b"\x00" * 100


@case("37", "R", "holds lists", "p.parquet")
def nested_text() -> bytes:
    return parquet_with(text=[["a"]] * 10)


@case("38", "Q", "bad_encoding", "p.parquet")
def binary_text() -> bytes:
    return parquet_with(text=[b"words of %d" % n for n in range(9)] + [LATIN])


@case("39", "Q", "bad_encoding", "p.parquet")
def invalid_utf8_in_a_string_column() -> bytes:
    return parquet_with(text=pa.array([b"words of %d" % n for n in range(9)] + [LATIN]).view(pa.string()))


@case("40", "R", "times its size, as no posts do", "p.parquet")
def dictionary_bomb() -> bytes:
    """A million rows of one text of a megabyte: a terabyte in a few kilobytes."""
    coded = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), pa.array(["a b " * 2**18]))
    return parquet_of({"text": coded}, compression="zstd")


@case("40b", "R", "times its size, as no posts do", "p.parquet")
def dictionary_bomb_in_a_string_column() -> bytes:
    """The same without the hint that it was a dictionary when it was written."""
    coded = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), pa.array(["a b " * 2**18]))
    return parquet_of({"text": coded}, compression="zstd", store_schema=False)


@case("41", "R", "damaged", "p.parquet")
def flipped_bytes() -> bytes:
    whole = parquet_with()
    return whole[:200] + bytes(200) + whole[400:]


class _Secret(pa.ExtensionType):  # type: ignore[misc]
    """A type that the reader does not know."""

    def __init__(self) -> None:
        super().__init__(pa.string(), "acme.secret")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, *_: Any) -> _Secret:
        return cls()


@case("42", "R", "acme.secret", "p.parquet")
def unknown_extension_type() -> bytes:
    values = pa.array([f"words of {n}" for n in range(10)])
    return parquet_with(text=pa.ExtensionArray.from_storage(_Secret(), values))


@case("43", "R", "as no posts do", "p.csv.zst")
def zstd_bomb() -> bytes:
    return ZST.compress(csv_of(*rows(3)) + b"\n" * 300_000_000)


@case("44", "R", "cut short", "p.csv.zst")
def zstd_cut_short() -> bytes:
    return ZST.compress(PLAIN)[:-10]


@case("44b", "R", "cut short", "p.csv.gz")
def gzip_cut_short() -> bytes:
    return gzip.compress(PLAIN)[:-10]


@case("45", "R", "other bytes", "p.csv.zst")
def junk_behind_zstd() -> bytes:
    return ZST.compress(PLAIN) + b"and more"


@case("45b", "R", "other bytes", "p.csv.gz")
def junk_behind_gzip() -> bytes:
    return gzip.compress(PLAIN) + b"and more"


@case("46", "R", "128 MB", "p.csv.zst")
def window_beyond_128_megabytes() -> bytes:
    settings = zstandard.ZstdCompressionParameters(window_log=28, compression_level=1)
    packer = zstandard.ZstdCompressor(compression_params=settings).compressobj()
    return packer.compress(PLAIN) + packer.flush()


@case("47", "A", "words of a post 2", "p.csv.zst")
def several_frames() -> bytes:
    return ZST.compress(csv_of(row(1))) + ZST.compress(row(2).encode())


@case("48", "R", "packed twice", "p.csv.zst")
def zstd_inside_zstd() -> bytes:
    return ZST.compress(ZST.compress(PLAIN))


@case("49", "R", "encrypted", "p.parquet")
def encrypted_parquet() -> bytes:
    return b"PARE" + parquet_with()[4:-4] + b"PARE"


# --- time -------------------------------------------------------------------------------------------------------------


@case("50", "A", "words")
def iso_with_an_offset() -> bytes:
    return csv_of("1,2024-05-01T12:00:00+02:00,words")


@case("51", "A", "words", tz="Europe/Berlin")
def naive_time() -> bytes:
    return csv_of("1,2024-05-01 12:00:00,words")


@case("52", "A", "words")
def epoch_in_milliseconds() -> bytes:
    return csv_of("1,1714557600000,words")


@case("52b", "A", "words")
def epoch_in_seconds() -> bytes:
    return csv_of("1,1714557600,words")


@case("53", "R", "'01/03/2024'; say --date-order dmy or mdy")
def date_of_unknown_order() -> bytes:
    return csv_of("1,01/03/2024,words of one")


@case("53b", "A", "words", date_order="dmy")
def date_of_declared_order() -> bytes:
    return csv_of("1,01/05/2024 10:00,words")


@case("54", "A", "words")
def time_as_twitter_writes_it() -> bytes:
    return csv_of("1,Wed May 01 10:00:00 +0000 2024,words")


@case("55", "Q", "bad_time")
def thirtieth_of_february() -> bytes:
    return time_csv("2024-02-30T10:00:00Z")


@case("56", "Q", "time_out_of_range")
def year_1() -> bytes:
    return time_csv("0001-01-01T00:00:00Z")


@case("56b", "Q", "time_out_of_range")
def year_9999() -> bytes:
    return time_csv("9999-12-31T23:59:59Z")


@case("57", "A", "words")
def a_week_ahead() -> bytes:
    return csv_of("1,2024-06-08T12:00:00Z,words")


@case("58", "Q", "local_time_unclear", tz="Europe/Berlin")
def hour_that_happened_twice() -> bytes:
    return time_csv("2024-10-27 02:30:00")


# --- content and paths ------------------------------------------------------------------------------------------------


@case("59", "A", "words of a post 9")
def same_post_twice() -> bytes:
    return csv_of(GOOD[0], *GOOD)


@case("60", "Q", "same_id_other_text")
def same_id_other_text() -> bytes:
    return one_csv(f"3,{AT},something else")


@case("61", "Q", "no_text")
def blank_text() -> bytes:
    return one_csv(f"10,{AT},  \u3000 ")


@case("62", "A", "👩‍👩‍👧 family")
def emoji_with_joiners() -> bytes:
    return text_csv("👩‍👩‍👧 family")


@case("63", "A", "\u202eabc مرحبا")
def right_to_left() -> bytes:
    return text_csv("\u202eabc مرحبا")


@case("64", "A", "a" + "\u0301" * 500)
def five_hundred_combining_marks() -> bytes:
    return text_csv("a" + "\u0301" * 500)


@case("65", "A", "<script>alert(1)</script>")
def script() -> bytes:
    return text_csv("<script>alert(1)</script>")


@case("66", "A", "![](http://127.0.0.1/x)")
def image_link() -> bytes:
    return text_csv("![](http://127.0.0.1/x)")


@case("67", "A", "the very same words")
def one_text_a_hundred_thousand_times() -> bytes:
    return csv_of(*(f"{n},{AT},the very same words" for n in range(100_000)))


@case("68", "A", "words", "..\\..\\x.csv")
def file_name_that_climbs() -> bytes:
    return text_csv("words")


# 69 (link, pipe) and 70 (growing while read) are no bytes: see test_bad_inputs.py


def written_rows(columns: dict[str, Any], **options: Any) -> bytes:
    """Parquet of any columns, for tests that need more than the usual three."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink, **options)
    return bytes(sink.getvalue())


def header_with(*more: str) -> str:
    return ",".join([HEADER, *more])
