"""Keys that tell copies, and the words that carry meaning, in many scripts and on hostile input."""

from __future__ import annotations

import time

import pytest

from explore.narratives.text import (
    content_words,
    is_cut_off,
    is_spaceless,
    key_words,
    message_key,
    stop_words,
    visible_words,
    words,
)

COPIES = {
    "a link": "Your polling place has moved https://t.co/Ab1",
    "another link": "https://example.org/x?y=1&z=2 your polling place has moved",
    "a link without a scheme": "your polling place has moved www.example.org/a t.co/xyz pic.twitter.com/q",
    "mentions": "@anna @bob.c your polling place has moved ＠dora",
    "a retweet": "RT @someone: Your polling place has moved",
    "a retweet with a colon": "RT: @someone your polling place has moved",
    "via": "via @someone: your polling place has moved",
    "case and white space": "  YOUR  polling\tplace\n\nhas MOVED ",
    "punctuation": "“Your polling place – has moved!!!” …",
    "emoji": "⚠️ your polling place has moved 👨‍👩‍👧 🇧🇷",
    "entities": "&quot;Your polling&nbsp;place&#160;has&#xA0;moved&quot; &gt;&gt;",
    "a hashtag sign": "your #polling place has moved",
    "full-width letters": "Ｙｏｕｒ polling place has moved",
    "zero-width characters": "your pol\u200bling place\ufeff has moved",
    "look-alikes of another alphabet": "Yоur роlling plаce has mоvеd",
    "look-alikes in every word": "Yоυr pοlling рlaсe hаs mονed",
    "a right-to-left override": "\u202eyour polling place has moved\u202c",
}


@pytest.mark.parametrize("how", COPIES)
def test_copies_share_a_key_whatever_surrounds_the_words(how: str) -> None:
    assert message_key(COPIES[how]) == "your polling place has moved"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tom & Jerry", "Tom &amp; Jerry"),
        ("don't panic", "don&#39;t panic"),
        ("don't panic", "don’t panic"),
        ("don't panic", "DON&#x27;T PANIC"),
        ("café", "cafe\u0301"),
        ("Straße", "STRASSE"),
        ("今日は雨 https://t.co/abc", "今日は雨https://t.co/xyz"),
        ("@tanakaさんの動画やばい", "@suzukiさんの動画やばい"),
        ("сделано в Москве c любoвью", "сделано в Москве c любовью"),
        ("the doors of the town hall close at ten #vote #NOW…", "The doors of the town hall close at ten! #local"),
        ("the doors of the town hall close at ten 🗳 #a https://t.co/x #b !", "the doors of the town hall close at ten"),
    ],
)
def test_two_ways_to_write_the_same_are_one_message(one: str, other: str) -> None:
    assert message_key(one) == message_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vote on Monday", "vote on Tuesday"),
        ("dog bites man", "man bites dog"),
        ("now here", "nowhere"),
        ("I stand with #Rome", "I stand with #Oslo"),
        ("#one tells the tale of a long day", "#two tells the tale of a long day"),
        ("https://t.co/abc", "https://t.co/abd"),
        ("😀", "😡"),
        ("!!!", "???"),
        ("@anna", "@bob"),
        ("RT is a channel", "is a channel"),
        ("مرحبا بكم", "مرحبا بك"),
        ("https://t.co/abc今日の地震", "https://t.co/abc昨日の地震"),
    ],
)
def test_different_words_or_nothing_but_different_links_stay_apart(one: str, other: str) -> None:
    assert message_key(one) != message_key(other)


def test_posts_without_words_have_a_key_and_no_words() -> None:
    for text in ("https://t.co/abc", "😀 😀", "@anna", "…"):
        assert message_key(text)
        assert words(text) == []


@pytest.mark.parametrize("text", ["हिन्दी में लिखा गया", "วัคซีน", "اللُّغَة العربية", "বাংলা ভাষা", "மதி", "שָׁלוֹם"])
def test_marks_that_write_vowels_are_kept(text: str) -> None:
    assert "".join(words(text)) == text.replace(" ", "")


def test_spaced_scripts_are_split_at_spaces() -> None:
    assert words("हिन्दी में लिखा") == ["हिन्दी", "में", "लिखा"]
    assert words("Der #Zug, er kommt (nicht)!") == ["der", "zug", "er", "kommt", "nicht"]
    assert words("Ёлка и Снег") == ["ёлка", "и", "снег"]


def test_japanese_is_cut_into_phrases_without_their_particles() -> None:
    found = words("水道水に危険な物質が含まれている")
    assert {"水道水", "物質"} <= set(found)
    assert all(len(word) < 8 for word in found)


def test_thai_is_cut_into_words() -> None:
    found = words("วัคซีนเป็นอันตรายต่อเด็ก")
    assert {"วัคซีน", "เด็ก"} <= set(found)
    assert "".join(found) == "วัคซีนเป็นอันตรายต่อเด็ก"


def test_chinese_becomes_overlapping_pairs() -> None:
    assert words("疫苗有害") == ["疫苗", "苗有", "有害"]
    assert words("好") == ["好"]


def test_mixed_scripts_are_cut_where_they_meet() -> None:
    assert words("iPhone买了 ok") == ["iphone", "买了", "ok"]
    assert words("ニュースhttps://t.co/abc地震") == ["ニュース", "地震"]


@pytest.mark.parametrize(
    "run", ["水道水に危険な物質が含まれているという噂", "วัคซีนเป็นอันตรายต่อเด็ก", "疫苗有害不要打", "ភាសាខ្មែរ"]
)
def test_visible_words_lose_nothing_of_a_run_without_spaces(run: str) -> None:
    found = visible_words(run)
    assert "".join(found) == run
    assert visible_words(f"{run} #タグ") == [*found, *visible_words("#タグ")]


def test_visible_words_keep_what_was_written_but_links_mentions_and_retweets() -> None:
    assert visible_words("RT @a: Vote NOW, don&#39;t wait! https://t.co/x #Vote") == [
        ":", "Vote", "NOW,", "don't", "wait!", "#Vote",
    ]  # fmt: skip


def test_the_german_war_says_nothing_and_the_english_war_does() -> None:
    assert content_words(["war"], "de") == []
    assert content_words(["war"], "en") == ["war"]
    assert content_words(["war"], "en-GB") == ["war"]
    assert content_words(["der", "krieg", "war", "im", "osten"]) == ["krieg", "osten"]
    assert content_words(["the", "war", "in", "the", "east"]) == ["war", "east"]


def test_content_words_leave_out_the_web_numbers_and_single_letters() -> None:
    assert content_words(["rt", "amp", "https", "2024", "x", "vaccine"], "en") == ["vaccine"]


def test_words_that_english_lists_hold_by_mistake_still_describe() -> None:
    assert content_words(["fire", "bill", "system", "mine"], "en") == ["fire", "bill", "system", "mine"]


def test_a_language_without_a_list_keeps_its_words() -> None:
    assert stop_words("xx") == frozenset()
    assert content_words(["ขาว", "วัคซีน"], "th") == ["ขาว", "วัคซีน"]


def test_contractions_are_stop_words_as_words_gives_them() -> None:
    assert content_words(words("Don't, they're not; it isn't"), "en") == []


@pytest.mark.parametrize(
    ("text", "spaceless"),
    [("今日は雨です", True), ("วัคซีน", True), ("rain today", False), ("新型 iPhone 17 Pro Max", False), ("", False)],
)
def test_scripts_without_spaces_are_told(text: str, spaceless: bool) -> None:
    assert is_spaceless(text) is spaceless


HOSTILE = {
    "combining marks": "e" + "\u0301" * 500,
    "look-alikes of another alphabet": "Yоur роlling plаce has mоvеd",
    "look-alikes in every word": "Yоυr pοlling рlaсe hаs mονed",
    "a right-to-left override": "\u202egnp.exe\u202c safe",
    "controls": "".join(chr(code) for code in range(1, 32)) + "\x7f\x85",
    "a lone surrogate": "a \ud800 b",
    "non-characters": "\ufffe\uffff\U0010ffff a",
    "joined emoji": "👨‍👩‍👧‍👦" * 2_000,
    "one long word": "a" * 100_000,
    "many words": "a b " * 25_000,
    "long Japanese": "日本語の" * 25_000,
    "long Thai": "วัคซีน" * 16_000,
    "long Chinese": "疫苗有害" * 25_000,
    "spaces after RT": "RT" + " " * 100_000,
    "many at-signs": "@" * 100_000,
    "endless mention": "@" + "a.-" * 33_000,
    "many schemes": "http://" * 15_000,
    "many ampersands": "&a" * 50_000,
    "bad entities": "&#0;&#xD800;&#1114112;&#9999999;&bogus;" * 1_000,
    "dashes": "-" * 100_000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_text_neither_fails_nor_takes_long(what: str) -> None:
    text = HOSTILE[what]
    begun = time.perf_counter()
    assert isinstance(message_key(text), str)
    assert all(word and word == word.strip() for word in words(text))
    assert all(visible_words(text))
    assert is_spaceless(text) in (True, False)
    assert time.perf_counter() - begun < 5


def test_a_text_breaks_off_where_only_links_and_signs_follow_an_ellipsis() -> None:
    assert is_cut_off("the doors close at t…")
    assert is_cut_off("the doors close at ... https://t.co/x | @anna")
    assert not is_cut_off("the doors … close at ten")
    assert not is_cut_off("the doors close at ten.")
    assert not is_cut_off("")


def test_a_key_without_spaces_is_compared_by_pairs_of_characters() -> None:
    assert key_words("vote today") == ["vote", "today"]
    assert key_words("5人死亡 reuters") == ["5", "人死", "死亡", "reuters"]
