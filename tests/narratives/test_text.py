"""Keys that tell copies, and the words that carry meaning, in many scripts and on hostile input."""

from __future__ import annotations

import time

import pytest

from explore.narratives.text import (
    clauses,
    function_words,
    is_cut_off,
    key_words,
    message_key,
    says_nothing,
    stop_words,
    without_links,
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


def written(text: str) -> list[list[str]]:
    """The clauses of a text, each as its words stand there."""
    return [[piece.written for piece in clause] for clause in clauses(text)]


@pytest.mark.parametrize(
    "run", ["水道水に危険な物質が含まれているという噂", "วัคซีนเป็นอันตรายต่อเด็ก", "疫苗有害不要打", "ភាសាខ្មែរ"]
)
def test_clauses_lose_nothing_of_a_run_without_spaces(run: str) -> None:
    assert ["".join(clause) for clause in written(run)] == [run]
    assert "".join(written(f"{run} #タグ")[0]) == f"{run}#タグ"


def test_clauses_keep_what_was_written_but_links_mentions_and_retweets() -> None:
    assert written("RT @a: Vote NOW, don&#39;t wait! https://t.co/x t.me/chan #Vote") == [
        ["Vote", "NOW"], ["don't", "wait"], ["#Vote"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Odysee (livestream tonight)", [["Odysee"], ["livestream", "tonight"]]),
        ("warns of 'Mold in “New York” now", [["warns", "of"], ["Mold", "in"], ["New", "York"], ["now"]]),
        ("anti-war rally", [["anti", "war", "rally"]]),
        ("U.S. troops leave. More soon", [["U", "S", "troops", "leave"], ["More", "soon"]]),
        ("1,000 dead", [["1", "000", "dead"]]),
        ("one line\nanother", [["one", "line"], ["another"]]),
        ("اللقاح خطير، لا تأخذه", [["اللقاح", "خطير"], ["لا", "تأخذه"]]),
        ("#a #b", [["#a", "#b"]]),
    ],
)
def test_punctuation_brackets_and_quotations_end_a_clause(text: str, found: list[list[str]]) -> None:
    assert written(text) == found


def test_what_hides_or_turns_the_direction_is_gone_and_fancy_letters_are_plain() -> None:
    assert written("\u202eevil\u202c zero\u200bwidth \u2066x\u2069 𝕋𝕣𝕦𝕖") == [["evil", "zerowidth", "x", "True"]]
    assert written("🅅🄾🄻🅄🄽🅃🅰️🅁🄸🅂🅃 🅩🅉🅐") == [["VOLUNTARIST", "ZZA"]]
    assert written("می\u200cخواهم") == [["می\u200cخواهم"]]


@pytest.mark.parametrize("text", ["Odysee: (now) don't #Tag 汐凪市の水道水が", "Straße ＡＢＣ 12,5 %", "疫苗, iPhone"])
def test_the_words_of_the_clauses_are_the_words_of_the_text(text: str) -> None:
    assert {word for clause in clauses(text) for piece in clause for word in piece.words} == set(words(text))


def test_links_without_a_scheme_are_links_too() -> None:
    assert without_links("join t.me/channel or shop.example.com, and/or 9/11 at 3.5").split() == [
        "join", "or", ",", "and/or", "9/11", "at", "3.5",
    ]  # fmt: skip


def test_the_german_war_says_nothing_and_the_english_war_does() -> None:
    found = function_words(["war", "krieg", "the"])
    assert found["de"].tolist() == [0]
    assert found["en"].tolist() == [2]


@pytest.mark.parametrize("word", ["rt", "amp", "https", "2024", "x", "4032x3024", "8pm", "46k", "的苗"])
def test_web_words_numbers_sizes_and_single_letters_say_nothing(word: str) -> None:
    assert says_nothing(word) == (word != "8pm")


@pytest.mark.parametrize("word", ["vaccine", "15th", "g20", "ос", "疫苗", "ไทย"])
def test_words_with_a_digit_and_short_words_may_say_something(word: str) -> None:
    assert not says_nothing(word)


def test_words_that_english_lists_hold_by_mistake_still_describe() -> None:
    assert stop_words("en").isdisjoint(["fire", "bill", "system", "mine"])


def test_a_language_without_a_list_has_no_stop_words() -> None:
    assert stop_words("xx") == frozenset()


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "Don't, they're not; it isn't just"),
        ("fr", "c'est qu'il d'une l'on"),
        ("it", "dell'altro c'è"),
        ("el", "και το της που"),
        ("ro", "în și să"),
        ("th", "ที่และเป็น"),
        ("pt", "não é para"),
        ("id", "yang dan tidak"),
    ],
)
def test_stop_words_are_as_words_gives_them(lang: str, text: str) -> None:
    assert set(words(text)) <= stop_words(lang)


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
    assert all(piece.written and piece.words for clause in clauses(text) for piece in clause)
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


def test_marks_piled_on_a_letter_leave_the_words_around_them_alone() -> None:
    piled = "a" + "\u0301\u0316" * 100_000
    assert words(f"Flood {piled} rising") == words(f"Flood {piled[:31]} rising")
    assert message_key(f"Flood {piled} rising").split()[0] == "flood"
