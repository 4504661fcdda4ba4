from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explore.present.redaction import MARKS_KEPT, apart, calm, domain, excerpt, masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("RT @JohnDoe_99: hello", "RT @…: hello"),
        ("ask ＠jane.doe or u/some-body", "ask @… or @…"),
        ("hidden @\u200bname", "hidden @…"),
        ("see https://t.co/AbC?x=1#y now", "see t.co/… now"),
        ("www.example.org/path (http://u:p@host.example:8080/x)", "example.org/… (host.example/…)"),
        ("t.me/some_channel", "t.me/…"),
        ("cut off https://t.c… and http://[x", "cut off [link] and [link]"),
        ("mail maria.lopez+x@example.com today", "mail [e-mail] today"),
        ("call +34 612 345 678 or (030) 1234-5678", "call [phone] or [phone]"),
        ("call 0171/12345678", "call [phone]"),
    ],
)
def test_what_points_at_a_person_is_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "on 2017-08-18 02:00 UTC",
        "13 dead, 100 hurt",
        "1 000 000 people",
        "from 2016-2017",
        "e.g. this. And that",
        "#12345678",
    ],
)
def test_dates_and_amounts_stay(text: str) -> None:
    assert masked(text) == text


def test_domains_lose_user_port_and_www() -> None:
    assert domain("https://user:secret@www.example.org:8443/a") == "example.org"
    assert domain("youtube.com/watch") == "youtube.com"
    assert domain("http://[broken") == "[link]"


def test_characters_that_turn_the_text_are_named() -> None:
    assert calm("abc\u202egnp.exe") == "abc[U+202E]gnp.exe"
    assert calm("a\u200bb\x00c\x07") == "a[U+200B]bc"


def test_joined_emoji_and_arabic_stay_as_they_are() -> None:
    text = "👩‍👩‍👧 مرحبا\u200f می‌خواهم"
    assert calm(text) == text


def test_piled_up_marks_are_cut() -> None:
    assert len(calm("Z" + "\u0301" * 500 + "algo")) == 1 + MARKS_KEPT + 4


def test_long_posts_end_at_a_word() -> None:
    shown = excerpt("word " * 500)
    assert len(shown) <= 602
    assert shown.endswith("word …")
    assert excerpt("short") == "short"


@given(st.text(max_size=300))
def test_no_text_breaks_the_redaction_or_keeps_a_turning_character(text: str) -> None:
    shown = excerpt(text)
    assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\x00")


def test_a_name_that_is_read_from_the_right_is_set_apart_from_the_words_around_it() -> None:
    assert apart("הפגנה גדולה") == "\u2068הפגנה גדולה\u2069"
    assert apart("فردا \u2069 ساعت") == "\u2068فردا [U+2069] ساعت\u2069"  # it cannot step out
    assert apart("bus fares") == "bus fares"
