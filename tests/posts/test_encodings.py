"""Texts in other encodings are named and refused; plain texts with odd signs are not mistaken for them."""

from __future__ import annotations

import pytest

from explore.errors import Refused
from explore.posts.encodings import encoding_of

JAPANESE = "今日はとても良い天気ですね。選挙の投票に行きましょう"
CHINESE = "今天天气很好，我们一起去投票吧。这是一个谣言"
TRADITIONAL = "今天天氣很好，我們一起去投票吧。這是一個謠言"
KOREAN = "오늘은 날씨가 매우 좋습니다 투표하러 갑시다"
RUSSIAN = "Сегодня хорошая погода, идём голосовать"
FRENCH = "Déjà vu à l'été, très agréable"


def written(text: str, encoding: str, count: int) -> bytes:
    lines = [f"{n},2024-05-01T10:00:00Z,{text} {n}" for n in range(count)]
    return "\n".join(["id,created_at,text", *lines, ""]).encode(encoding)


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        (JAPANESE, "iso2022_jp", "ISO-2022-JP"),
        (KOREAN, "iso2022_kr", "ISO-2022-KR"),
        (CHINESE, "hz", "HZ"),
        (JAPANESE, "utf-7", "UTF-7"),
        (RUSSIAN, "utf-7", "UTF-7"),
        (FRENCH, "utf-7", "UTF-7"),
        (JAPANESE, "cp932", "Shift-JIS.*iconv -f CP932"),
        (JAPANESE, "euc_jp", "EUC-JP"),
        (CHINESE, "gb18030", "GB18030"),
        (TRADITIONAL, "big5", "Big5"),
        (KOREAN, "euc_kr", "EUC-KR"),
        (RUSSIAN, "cp1251", r"Windows-1251 \(Cyrillic\)"),
        (FRENCH, "cp1252", "perhaps it is Windows-1252"),
    ],
)
def test_another_encoding_is_named(text: str, encoding: str, named: str, count: int) -> None:
    with pytest.raises(Refused, match=named) as refusal:
        encoding_of(written(text, encoding, count), "p.csv")
    assert "UTF-8" in str(refusal.value)


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize(
    "text",
    [
        "+49123456 call me at +1-555-0100",
        "C++ and x+y=z, 1+1",
        "a+bcd #tag+abc+defg mail+tag@example.org",
        "https://example.org/?q=a+bcd+efgh",
        "2024-05-01T10:00:00+02:00",
        "\x1b[31mred\x1b[0m and \x1b$ and \x1b(B",
        "~5 people ~{ab~} ~{hello there!~} ~~",
        "~{abcd~}",
        "a" * 9_000,  # which EBCDIC reads as plain signs
        JAPANESE,
        KOREAN,
        RUSSIAN,
        FRENCH,
    ],
)
def test_utf8_with_odd_signs_is_utf8(text: str, count: int) -> None:
    assert encoding_of(written(text, "utf-8", count), "p.csv") == "utf-8"
