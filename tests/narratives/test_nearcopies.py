"""Small edits do not make a new message; other facts, other claims and forms filled in otherwise do."""

from __future__ import annotations

from random import Random

import pandas as pd
import pytest

from explore.narratives.messages import keys
from explore.narratives.nearcopies import Text, gather, similarity
from tests.narratives.making import at

CLAIM = "the council will close all nine polling places in the northern district before sunday says a leaked letter"
LONG = " ".join(f"word{letter}{other}" for letter in "abcdefg" for other in "hijkl")


def messages(*texts: str, hours: list[float] | None = None) -> list[str]:
    """The representative of each text, posted one an hour unless said otherwise, as the first text with its key."""
    posts = pd.Series(list(texts), dtype="str")
    times = pd.Series([at(hour) for hour in hours or range(len(texts))])
    found = keys(posts)
    first = dict(zip(reversed(found.tolist()), reversed(texts), strict=True))
    return [first[key] for key in gather(found, posts, times)]


@pytest.mark.parametrize(
    "copy",
    [
        f"BREAKING: {CLAIM}",
        f"{CLAIM} via @channel",
        f"RT @a: {CLAIM.replace('all ', '')} https://t.co/x",
        CLAIM.replace("leaked", "laeked"),
        CLAIM.replace("district", "distrikt"),
        CLAIM.replace("council", "councils"),
        CLAIM[: CLAIM.index("ter")] + "… https://t.co/x",
        " ".join(CLAIM.split()[:12]) + " bef…",
        "A leaked letter says: " + CLAIM.removesuffix("says a leaked letter"),
    ],
)
def test_a_small_edit_makes_no_new_message(copy: str) -> None:
    assert messages(CLAIM, copy) == [CLAIM, CLAIM]


@pytest.mark.parametrize(
    "other",
    [
        CLAIM.replace("nine", "ten"),
        CLAIM.replace("nine", "9"),
        CLAIM.replace("northern", "southern"),
        CLAIM.replace("sunday", "monday"),
        CLAIM.replace("will", "will not"),
        f"fake: {CLAIM}",
        f"{CLAIM} and here is what I think of this and of all of them",
        " ".join(CLAIM.split()[:12]),
        " ".join(CLAIM.split()[:9]) + "…",
        "a leaked district says the northern letter in places before all nine polling sunday will close the council",
    ],
)
def test_another_fact_another_claim_or_another_order_is_another_message(other: str) -> None:
    assert messages(CLAIM, other) == [CLAIM, other]


def test_numbers_tell_long_texts_apart_too() -> None:
    assert messages(f"7 {LONG}", f"8 {LONG}") == [f"7 {LONG}", f"8 {LONG}"]


def test_a_changed_word_makes_no_new_message_of_a_long_text() -> None:
    assert messages(LONG, LONG.replace("wordbh", "else")) == [LONG, LONG]


def test_a_slip_of_the_pen_never_changes_the_first_letter() -> None:
    texts = [f"it will cost the town a whole {word} to build that new bridge" for word in ("million", "billion")]
    assert messages(*texts) == texts


def test_short_texts_are_copies_only_word_for_word() -> None:
    assert messages("vote for the mayor now", "please vote for the mayor now", "Vote for the mayor NOW!") == [
        "vote for the mayor now",
        "please vote for the mayor now",
        "vote for the mayor now",
    ]


def test_a_form_filled_in_with_names_stays_as_many_messages() -> None:
    texts = [f"{name} is following me now thanks ready for your follow too" for name in ("anna", "bela", "carl")]
    assert messages(*texts) == texts


def test_copies_drift_from_the_first_post_only_so_far() -> None:
    known = LONG.split()[:20]
    drift = [" ".join(known[n:] + [f"new{n}er{i}" for i in range(n)]) for n in range(8)]
    longer = [" ".join(known + [f"added{'abcdefghij'[i]}" for i in range(n)]) for n in range(10)]
    assert messages(*drift) == drift
    found = messages(*longer)
    assert found[:6] == [longer[0]] * 6  # five words more are a fifth of 25
    assert found[6:] == [longer[6]] * 4


def test_a_copy_joins_the_message_it_is_most_like() -> None:
    first, second = f"{CLAIM} one two three four", f"{CLAIM} five six seven eight"
    assert messages(first, second, f"{CLAIM} five six seven") == [first, second, second]


def test_a_text_that_breaks_off_does_not_take_in_what_comes_after_it() -> None:
    cut = " ".join(CLAIM.split()[:11]) + "…"
    assert messages(cut, CLAIM) == [cut, CLAIM]


def test_the_earliest_post_stands_for_the_message_in_whatever_order_the_rows_come() -> None:
    rows = [(f"BREAKING: {CLAIM}", 2.0), (CLAIM, 1.0), (f"{CLAIM} via me", 1.0), ("vote today", 0.0), (LONG, 1.0)]
    rows += [(LONG.replace("wordbh", f"else{letter}"), 1.0) for letter in "abcdef"]
    outcomes = set()
    for seed in range(10):
        Random(seed).shuffle(rows)  # noqa: S311  # not for secrets
        texts, hours = zip(*rows, strict=True)
        outcomes.add(frozenset(zip(texts, messages(*texts, hours=list(hours)), strict=True)))
    assert len(outcomes) == 1
    assert dict(outcomes.pop())[f"BREAKING: {CLAIM}"] == CLAIM


def test_later_posts_never_change_the_messages_of_earlier_ones() -> None:
    words = LONG.split()
    random = Random(4)  # noqa: S311
    texts = [" ".join(random.sample(words, 2) + words[5 : 5 + random.randint(6, 20)]) for _ in range(60)]
    whole = messages(*texts)
    assert len(set(whole)) < len(set(texts))
    assert all(messages(*texts[:n]) == whole[:n] for n in range(1, 60, 7))


def test_posts_without_times_come_after_the_others_and_by_their_words() -> None:
    texts = pd.Series([CLAIM, f"breaking {CLAIM}", f"update {CLAIM}"], dtype="str")
    times = pd.Series([None, at(1), None]).astype("datetime64[us, UTC]")
    assert gather(texts, texts, times).tolist() == [f"breaking {CLAIM}", f"breaking {CLAIM}", f"update {CLAIM}"]


def test_scripts_without_spaces_are_gathered_by_their_characters() -> None:
    claim = "市議会は来週の日曜日までに北部地区の投票所をすべて閉鎖すると漏洩した手紙に書かれている"
    assert messages(claim, f"速報 {claim}", claim.replace("北部", "南部")) == [
        claim,
        claim,
        claim.replace("北部", "南部"),
    ]


def test_no_posts_and_posts_without_words_are_gathered_too() -> None:
    assert messages() == []
    assert messages("😀", "https://t.co/x", "vote today") == ["😀", "https://t.co/x", "vote today"]


def test_the_index_of_the_posts_is_kept() -> None:
    posts = pd.Series([CLAIM, "a", f"so true {CLAIM}"], index=[9, 4, 7], dtype="str")
    found = gather(posts, posts, pd.Series([at(0), at(1), at(2)], index=[9, 4, 7]))
    assert found.to_dict() == {9: CLAIM, 4: "a", 7: CLAIM}


def test_similarity_is_the_share_of_words_that_two_texts_have_in_common() -> None:
    ten = "one two three four five six seven eight nine ten"
    assert similarity(Text.of(ten, ten), Text.of(f"{ten} more", "")) == pytest.approx(10 / 11)
    assert similarity(Text.of(ten, ten), Text.of(f"{ten} a b c", "")) == 0  # 10 of 13


def test_every_pair_of_near_copies_is_found_among_thousands_of_others() -> None:
    """At similarity .8, the least that counts, 20 bands of 5 miss 4 pairs in 10,000: 300 pairs lose one at most."""
    random = Random(1)  # noqa: S311
    words = [f"w{''.join(random.choices('bcdfghklmnp', k=5))}" for _ in range(4000)]
    texts = [" ".join(random.sample(words, 12)) for _ in range(3000)]
    copies = [f"{text} added{'abc'[i % 3]} then some" for i, text in enumerate(texts[:300])]
    found = messages(*texts, *copies)
    assert sum(one == other for one, other in zip(found[3000:], texts, strict=False)) >= 299
