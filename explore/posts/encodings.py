"""The encoding of a text, told by its first bytes: what can be read, and a guess at what cannot."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable

from explore.errors import Refused

_SEVEN_BIT = {  # encodings that write other scripts with plain ASCII bytes -> what gives them away
    "ISO-2022-JP": rb"\x1b\$[@B](?:[\x21-\x7e]{2})+\x1b\([BJ]",
    "ISO-2022-KR": rb"\x0e(?:[\x21-\x7e]{2})+\x0f",
    "HZ": rb"~\{(?:[\x21-\x77][\x21-\x7e])+~\}",
    "UTF-7": rb"\+[A-Za-z0-9/+]{3,}",
}
_HIGH = re.compile(rb"[\x80-\xff]+")
_ENOUGH = 0.7  # share of the characters that must be common ones before an encoding is named
_ICONV = {"Shift-JIS": "CP932", "EUC-KR": "UHC"}
_CODE_PAGES = "perhaps a code page such as Windows-1251 (Cyrillic), 1253 (Greek), 1255 (Hebrew) or 1256 (Arabic)"
_SIGNS = "、。，！？‐–—‘’“”…"
_DIFFERENT = 4  # characters of the large scripts; a link with + in it may happen to read as one or two
_SURE = 0.9  # Korean text: nearly all of it is syllables, which Chinese read as Korean is not
_HOLE = re.compile(rb"\x00{16,}")
_MOSTLY = 0.9  # share of the NUL bytes at even, or odd, places
_PLAIN = 0.97  # share of the characters; posts of a mainframe have few accents
_ASCII = bytes(range(128))
_BREAKS = {0x85: "\n"}  # the line break of EBCDIC
_WORD_RUN = 2.5  # letters in a row beyond ASCII: words of another script, not a letter with an accent here and there


def encoding_of(head: bytes, name: str) -> str:
    """UTF-8 with or without mark, or UTF-16 with one; anything else is refused with a guess at what it is."""
    if head.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise Refused(f"'{name}' is in UTF-32; save it as UTF-8, {_mend('UTF-32')}.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.count(0) > len(head) / 5 or not head[0]:
        _refuse_nuls(head, name)
    if _is_ebcdic(head):
        breaks = r" | sed 's/\xc2\x85/\n/g'" if b"\x15" in head else ""
        raise Refused(f"'{name}' is in EBCDIC, as mainframes write; save it as UTF-8, {_mend('IBM037')} FILE{breaks}")
    _refuse_binary(head, name)
    lines = head.splitlines()
    lines = lines[:-1] if len(lines) > 1 and not head.endswith((b"\n", b"\r")) else lines
    wrong = sum(not _is_utf8(line) for line in lines)
    if wrong > max(1, len(lines) / 5) or (wrong and len(lines) < 3):
        _refuse_other(b"\n".join(lines), f"'{name}' is not in UTF-8 ({wrong / len(lines):.0%} of its first lines")
    if not wrong and (seven := _seven_bit(head, lines)):
        raise Refused(f"'{name}' is in {seven}; save it as UTF-8, {_mend(seven)}.")
    return "utf-8-sig" if head.startswith(b"\xef\xbb\xbf") else "utf-8"


def decoded(head: bytes, encoding: str) -> str:
    """The text in the first bytes of a file, which may end in the middle of a character; what is no text is marked."""
    errors = "surrogatepass" if encoding == "utf-16" else "surrogateescape"
    return codecs.getincrementaldecoder(encoding)(errors).decode(head)


def _refuse_nuls(head: bytes, name: str) -> None:
    """Refuse what is full of NUL bytes: holes in a file, UTF-16 that does not say so, or no text at all."""
    _refuse_binary(head.replace(b"\0", b""), name)
    if hole := _HOLE.search(head):
        rest = ", or put line breaks in their place: tr '\\000' '\\n' < FILE" if head.strip(b"\0") else ""
        raise Refused(
            f"'{name}' holds a block of NUL bytes (from byte {hole.start():,} on), as an interrupted copy or a crash "
            f"leaves where posts should be; copy or download it again{rest}."
        )
    evens, odds = head[::2].count(0), head[1::2].count(0)
    if max(evens, odds) > _MOSTLY * (evens + odds):
        encoding = "UTF-16BE" if evens > odds else "UTF-16LE"
        raise Refused(f"'{name}' seems to be {encoding} without a mark; save it as UTF-8, {_mend(encoding)}.")
    raise Refused(f"'{name}' is not CSV, JSONL or Parquet; export the posts in one of these.")


def _is_ebcdic(head: bytes) -> bool:
    """Whether the bytes are those of letters, digits and signs of EBCDIC; in other encodings they are mixed ones."""
    if 2 * len(head.translate(None, _ASCII)) < len(head):  # letters and digits of EBCDIC are beyond ASCII
        return False
    plain = head.decode("cp037").translate(_BREAKS)
    return sum(sign.isascii() and (sign.isprintable() or sign.isspace()) for sign in plain) > _PLAIN * len(head)


def _refuse_binary(head: bytes, name: str) -> None:
    """Refuse what is full of control characters; those that separate columns, and the shifts of encodings, are none."""
    first = head.partition(b"\n")[0]
    separators = {code for code in (1, 20, 30, 31) if code in first}
    codes = {*range(1, 9), *range(14, 27), *range(28, 32)} - separators
    if sum(map(head.count, codes)) > len(head) / 20 and b"\x1b$)C" not in head:
        raise Refused(f"'{name}' is not CSV, JSONL or Parquet; export the posts in one of these.")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _refuse_other(text: bytes, found: str) -> None:
    likely = _likely(text)
    if not likely:
        raise Refused(
            f"{found}; {_CODE_PAGES if _in_words(text) else 'perhaps it is Windows-1252'}); save it as UTF-8."
        )
    sure = f", {_mend(likely[0])}" if len(likely) == 1 else ""
    raise Refused(f"{found}; it looks like {' or '.join(likely)}); save it as UTF-8{sure}.")


def _mend(encoding: str) -> str:
    return f"for example with: iconv -f {_ICONV.get(encoding, encoding)} -t UTF-8"


def _in_words(text: bytes) -> bool:
    """Whether bytes beyond ASCII stand in rows, as words of another script do."""
    runs = [len(run) for run in _HIGH.findall(text)]
    return bool(runs) and sum(runs) / len(runs) >= _WORD_RUN


def _likely(text: bytes) -> list[str]:
    """Encodings under which the bytes are common characters of one language, the likeliest first."""
    shares = {name: _share(text, codec, is_common) for name, (codec, is_common) in _CANDIDATES.items()}
    found = sorted((name for name in shares if shares[name] >= _ENOUGH), key=lambda name: -shares[name])
    if not _in_words(text):
        return []
    if shares["EUC-KR"] > _SURE:
        return ["EUC-KR"]
    if (japanese := [name for name in found if name.endswith("JIS") or name == "EUC-JP"]) and _kana(text, japanese[0]):
        return japanese[:1]
    found = [name for name in found if name not in japanese]
    return [name for name in found if shares[name] > shares[found[0]] - 0.1]


def _kana(text: bytes, encoding: str) -> bool:
    """Whether a text holds the syllables without which there is no Japanese."""
    characters = [character for character in text.decode(_CANDIDATES[encoding][0]) if not character.isascii()]
    return sum("\u3040" <= character <= "\u30ff" for character in characters) > len(characters) / 5


def _share(text: bytes, codec: str, is_common: Callable[[str], bool]) -> float:
    """Share of the characters beyond ASCII that are common ones; 0 where the bytes cannot be read so."""
    try:
        characters = [character for character in text.decode(codec) if not character.isascii()]
    except UnicodeDecodeError:
        return 0.0
    return sum(map(is_common, characters)) / len(characters) if characters else 0.0


def _level_one(codec: str, first: int, last: int) -> Callable[[str], bool]:
    """Whether a character is among the common half of a standard's, or its punctuation: told by its lead byte."""

    def test(character: str) -> bool:
        try:
            lead = character.encode(codec)[0]
        except UnicodeEncodeError:
            return False
        return first <= lead <= last or lead in _PUNCTUATION

    return test


def _japanese(kanji: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda character: "\u3040" <= character <= "\u30ff" or kanji(character)


_PUNCTUATION = frozenset({0xA1, 0xA3})  # rows of all these standards
_KANJI, _HANZI = _level_one("euc_jp", 0xB0, 0xCF), _level_one("gb2312", 0xB0, 0xD7)
_TRADITIONAL, _HANGUL = _level_one("big5", 0xA4, 0xC5), _level_one("euc_kr", 0xB0, 0xC8)
_CANDIDATES: dict[str, tuple[str, Callable[[str], bool]]] = {
    "Shift-JIS": ("cp932", _japanese(_KANJI)),
    "EUC-JP": ("euc_jp", _japanese(_KANJI)),
    "GB18030": ("gb18030", _HANZI),
    "Big5": ("cp950", _TRADITIONAL),
    "EUC-KR": ("cp949", _HANGUL),
}


def _seven_bit(head: bytes, lines: list[bytes]) -> str | None:
    """The encoding that hides other scripts in ASCII; a few escapes, tildes or plus signs in plain texts are none."""
    if head.startswith(b"+/v8"):
        return "UTF-7"
    if not head.isascii():
        return None
    for name, pattern in _SEVEN_BIT.items():
        hits = sum(re.search(pattern, line) is not None for line in lines)
        if hits >= min(3, max(1, len(lines) - 1)) and _reads_as(b"\n".join(lines), name):
            return name
    return None


def hidden_encoding(text: str) -> str | None:
    """The encoding that hides another script in a text of plain ASCII; None where there is none."""
    written = text.encode("ascii")
    found = (name for name, pattern in _SEVEN_BIT.items() if re.search(pattern, written) and _reads_as(written, name))
    return next(found, None)


def _reads_as(text: bytes, encoding: str) -> bool:
    """Whether all of it can be read so, and what is not ASCII then is letters for the most part."""
    try:
        found = [character for character in text.decode(encoding) if not character.isascii()]
    except UnicodeDecodeError:
        return False
    kinds = [unicodedata.category(character) for character in found]
    enough = len({*found}) >= _DIFFERENT or max(found, default="") < "\u0600"
    common = sum(map(_is_common, found)) >= _ENOUGH * len(found) > 0
    return enough and common and not {"Cn", "Co", "Cs", "Cc"} & {*kinds} and _one_script(found)


def _is_common(character: str) -> bool:
    """Whether it is a letter that people use: bytes that mean nothing come out as rare signs of the large scripts."""
    if "\u3400" <= character <= "\u9fff" or "\ua000" <= character <= "\ud7ff":
        return any(test(character) for test in (_KANJI, _HANZI, _TRADITIONAL, _HANGUL))
    return character.isalpha() or character in _SIGNS or character >= "\U0001f300"


def _one_script(characters: list[str]) -> bool:
    """Whether most letters are of the commonest script: numbers read as UTF-7 come out as a mixture."""
    scripts = [unicodedata.name(one, "?").split()[0] for one in characters if one.isalpha()]
    scripts = ["CJK" if one in {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"} else one for one in scripts]
    return max(map(scripts.count, {*scripts}), default=0) > 0.8 * len(scripts)
