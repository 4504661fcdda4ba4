"""Texts that say something else than they seem to: encoded twice, or written in an encoding that hides in ASCII."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from explore.posts.batches import encodable
from explore.posts.encodings import hidden_encoding
from explore.posts.strings import as_mask

# The bytes 80 to BF of UTF-8, as they come out where they are read as Windows-1252 or Latin-1
_REST = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_SUSPECT = f"[\u00c2-\u00f4][{_REST}]"
_SURE = re.compile(f"[\u00c2-\u00df][\u0080-\u00bf]|[\u00e0-\u00f4][{_REST}]{{2,3}}")
_RUN = re.compile(r"[^\x00-\x7f]+")
_MOST_RUNS = 0.75  # a text that was cut, or to which something was added, is not all of one piece
_ESCAPES = r"\\(?:[nrt\\]|\r?\n)"  # as MySQL, PostgreSQL, Hive and ClickHouse write what is not plain
_BREAK_ESCAPED = r"\\\r?\n"  # only a database writes a backslash in front of each line break
_WORDS_IN_JSON = r'(?s)^\s*\{\s*"text"\s*:.*\}\s*$'
_MOST_KEYS = 2  # in a piece of a text: the words, and what they mention or link to
_HIDING = r"~\{[!-w]|\x1b\$|\x1b\(|\x0e[!-~]|\+[A-Za-z0-9/+]{3,}"


def encoded_twice(texts: pa.Array) -> np.ndarray:
    """Which texts were in UTF-8, were read as another encoding and written anew: "Ã©" for "é"."""
    return _found(texts, as_mask(pc.match_substring_regex(texts, _SUSPECT)), _is_encoded_twice)


def hidden(texts: pa.Array) -> np.ndarray:
    """Which texts are in an encoding that writes other scripts with plain letters: "~{<:Ky~}"."""
    suspects = as_mask(pc.match_substring_regex(texts, _HIDING)) & as_mask(pc.string_is_ascii(texts))
    return _found(texts, suspects, lambda text: hidden_encoding(text) is not None)


def escaped(texts: pa.Array) -> np.ndarray:
    """Which texts hold what a database writes for a line break, a tab or a backslash: a backslash and a sign."""
    return as_mask(pc.match_substring_regex(texts, _ESCAPES))


def escaped_breaks(texts: pa.Array) -> np.ndarray:
    """Which texts have a backslash in front of a line break."""
    return as_mask(pc.match_substring_regex(texts, _BREAK_ESCAPED))


def words_in_json(texts: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """The texts, those written as pieces of JSON like {"text": "words"} as their words; and which these are."""
    suspects = np.flatnonzero(as_mask(pc.match_substring_regex(texts, _WORDS_IN_JSON)))
    inside = [_joined_pieces(text) for text in texts.take(pa.array(suspects)).to_pylist()]
    found = np.zeros(len(texts), bool)
    found[suspects] = [one is not None for one in inside]
    if not found.any():
        return texts, found
    return pc.replace_with_mask(texts, pa.array(found), pa.array([one for one in inside if one is not None])), found


def guises(told: Mapping[str, Any], delimiter: str | None) -> list[str]:
    """Sentences on texts that were taken out of JSON, and on escapes of a database, which are not undone.

    told: `marked` and `written_nulls` as the reader counted. Only files with a delimiter have escapes: tabs between
    columns, a null written as \\N and a backslash in front of a line break speak for a database.
    """
    marked, notes = told["marked"], []
    if count := marked.get("words_in_json", 0):
        texts = "1 text was" if count == 1 else f"{count:,} texts were"
        notes.append(f'{texts} written as JSON, like {{"text": "words"}}; the words in it were taken.')
    count, nulls = marked.get("escaped", 0), told["written_nulls"].values()
    database = delimiter == "\t" or marked.get("escaped_breaks", 0) or any("\\N" in words for words in nulls)
    if count and delimiter is not None and database:
        texts = "1 text holds" if count == 1 else f"{count:,} texts hold"
        notes.append(
            f"{texts} escapes as a database writes them (\\n for a line break, \\\\ for a backslash). Stored as in the "
            "file, so words beside them may be missed: export with double quotes and without escapes, as PostgreSQL's "
            "COPY ... WITH (FORMAT csv, HEADER) or ClickHouse's CSVWithNames do."
        )
    return notes


def _joined_pieces(text: str) -> str | None:
    """The words of {"text": ...}, {"text": ..., "mention": ...}, one after the other; None for all else."""
    try:
        pieces = json.loads(f"[{text}]")
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(piece, dict) and isinstance(piece.get("text"), str) for piece in pieces):
        return None
    if any(len(piece) > _MOST_KEYS for piece in pieces) or all(len(piece) > 1 for piece in pieces):
        return None
    words = "".join(piece["text"] for piece in pieces)
    return words if encodable(words) else None


def _found(texts: pa.Array, suspects: np.ndarray, test: Callable[[str], bool]) -> np.ndarray:
    """Those of the suspects that pass the test."""
    rows = np.flatnonzero(suspects)
    found = np.zeros(len(suspects), bool)
    found[rows] = [test(text) for text in texts.take(pa.array(rows)).to_pylist()]
    return found


def _is_encoded_twice(text: str) -> bool:
    """Whether nearly all that is beyond ASCII reads as UTF-8, once its characters are bytes again.

    A capital letter in front of a quote, as in "IRMÃ”", may read so by chance; it alone tells nothing.
    """
    runs = _RUN.findall(text)
    return _SURE.search(text) is not None and sum(map(_is_utf8_as_characters, runs)) >= _MOST_RUNS * len(runs)


def _is_utf8_as_characters(run: str) -> bool:
    try:
        b"".join(_byte(character) for character in run).decode("utf-8")
    except UnicodeError:
        return False
    return True


def _byte(character: str) -> bytes:
    """The byte that a character stands for in Windows-1252, or in Latin-1 where that has none."""
    return character.encode("latin-1" if "\x80" <= character <= "\x9f" else "cp1252")
