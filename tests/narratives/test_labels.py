"""Labels people can read: whole phrases in any script, told apart, inert and short."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest

from explore.narratives import labels
from explore.narratives.labels import Phrase
from explore.narratives.text import clauses, words
from tests.narratives.making import ints


def shown(texts: Sequence[str], **weights: float) -> str:
    """The label of messages whose telling words have these weights."""
    holders: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for place, text in enumerate(texts):
        found = words(text)
        for start in range(len(found)):
            for end in range(start + 1, min(start + 8, len(found)) + 1):
                holders[tuple(found[start:end])].add(place)
    phrases = []
    for run, held in holders.items():
        own = [weights[word] for word in run if word in weights]
        if len(held) > 1 and {run[0], run[-1]} <= set(weights) and len(set(run)) == len(run):
            phrases.append(Phrase(run, ints(*sorted(held)), sum(own) / len(own) ** 0.5))
    parts = labels.parts(
        phrases,
        size=len(texts),
        write=lambda phrase: labels.written(phrase.words, [clauses(texts[i]) for i in phrase.messages]),
    )
    return labels.told_apart([parts], [list(weights)])[0]


def test_the_phrase_that_recurs_is_the_label_as_it_is_written_most_often() -> None:
    texts = ["The Polling Place moved", "my polling place closed", "a Polling Place is gone", "Polling Place!"]
    assert shown(texts, polling=1.0, place=0.8) == "Polling Place"


def test_a_label_neither_begins_nor_ends_with_a_word_that_describes_nothing() -> None:
    texts = ["the religion of peace is", "the religion of peace was", "our religion of peace and"]
    assert shown(texts, religion=1.0, peace=0.8) == "religion of peace"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Odysee (livestream tonight)", "livestream tonight"),
        ("Odysee: “livestream tonight” now", "livestream tonight"),
        ("https://t.co/x livestream tonight @anna Odysee", "livestream tonight"),
    ],
)
def test_a_label_cuts_no_bracket_quotation_or_link(text: str, label: str) -> None:
    assert shown([text] * 3, livestream=1.0, tonight=0.9, odysee=0.3) == label


def test_a_phrase_of_few_messages_does_not_name_the_others() -> None:
    texts = [*["alpha beta gamma"] * 2, *["delta river"] * 9, *["delta"] * 9]
    assert shown(texts, delta=0.6, alpha=1.0, beta=0.9, gamma=0.9, river=0.2) == "delta river"


def test_what_the_first_phrase_leaves_out_follows() -> None:
    texts = ["Man arrested"] * 8 + ["deadly Shooting"] * 6 + ["House fire"] * 12 + ["rain"] * 10
    assert (
        shown(texts, arrested=1.0, man=0.9, shooting=0.8, fire=0.6, deadly=0.3)
        == "Man arrested · fire · deadly Shooting"
    )


def test_a_name_is_not_cut_in_two() -> None:
    texts = [*["Donald Trump rally"] * 6, *["Trump"] * 5, *["Donald Trump speaks"] * 3]
    assert shown(texts, donald=1.0, trump=0.4) == "Donald Trump"
    assert shown(["happy New Year all"] * 6 + ["happy new dress"], happy=1.0, new=0.8, year=0.1) == "happy New Year"


def test_a_word_that_most_messages_share_is_no_phrase_of_a_few() -> None:
    texts = ["Demons are real"] * 3 + [f"real {thing}" for thing in "abcdefghijklm"]
    assert shown(texts, real=0.8, demons=0.9) == "real · Demons"


def test_beside_a_single_word_stands_what_enough_messages_share_and_nothing_rare() -> None:
    often = ["Israel"] * 20 + ["Israel strikes Gaza"] * 4
    assert shown(often, israel=1.0, gaza=0.4) == "Israel · Gaza"
    assert shown([*["an article"] * 40, *["article renovation"] * 2], article=1.0, renovation=0.9) == "article"


def test_a_rare_word_tells_no_label_from_another() -> None:
    held = [Phrase(("common",), ints(*range(9)), 0.5), Phrase(("rare",), ints(0, 1), 1.0)]
    assert labels.spare(held, size=30) == ["common"]
    assert labels.spare(held, size=9) == ["common", "rare"]


def test_a_narrative_without_a_subject_is_called_mixed() -> None:
    texts = [f"thanks {i}" for i in range(3)] + [f"guess {i}" for i in range(2)] + [f"word{i}" for i in range(60)]
    assert shown(texts, thanks=1.0, guess=0.9) == "Mixed: thanks · guess"


def test_what_no_post_writes_in_one_go_is_no_phrase() -> None:
    assert shown(["big flood, warning"] * 5, flood=1.0, warning=0.9) == "flood · warning"


def test_a_hashtag_may_stand_alone_with_its_sign() -> None:
    assert shown(["#SaveTheBees now", "so #SaveTheBees", "#SaveTheBees"], savethebees=1.0) == "#SaveTheBees"


@pytest.mark.parametrize(
    ("text", "weights", "label"),
    [
        ("汐凪市の水道水に", {"汐凪市": 1.0, "水道水": 0.9}, "汐凪市の水道水"),
        ("疫苗有害，不要打", {"疫苗": 1.0, "有害": 0.9}, "疫苗有害"),
        ("วัคซีนเป็นอันตราย", {"วัคซีน": 1.0, "อันตราย": 0.9}, "วัคซีนเป็นอันตราย"),
        ("Взрыв в метро, снова", {"взрыв": 1.0, "метро": 0.9}, "Взрыв в метро"),
        ("اللقاح خطير، لا", {"اللقاح": 1.0, "خطير": 0.9}, "اللقاح خطير"),
        ("\u202eاللقاح\u202c خطير", {"اللقاح": 1.0, "خطير": 0.9}, "اللقاح خطير"),
    ],
)
def test_every_script_has_labels_that_stand_in_the_text(text: str, weights: dict[str, float], label: str) -> None:
    assert shown([text] * 3, **weights) == label


def test_words_under_piles_of_marks_and_faces_are_no_part() -> None:
    zalgo = "he\u0301\u0301\u0301\u0301\u0301xed"
    assert shown([f"{zalgo} good words"] * 3, **{zalgo: 1.0, "good": 0.5, "words": 0.5}) == "good words"


def test_parts_that_do_not_fit_are_left_out_and_a_long_word_is_cut_visibly() -> None:
    assert labels.told_apart([["a" * 30, "b" * 30, "c" * 10]], [[]]) == [f"{'a' * 30} · {'c' * 10}"]
    assert labels.told_apart([["a" * 90]], [[]]) == ["a" * 47 + "…"]
    assert labels.clipped("many words " * 9) == "many words many words many words many words…"
    assert labels.clipped("many " + "x" * 90) == "many " + "x" * 42 + "…"


def test_labels_are_told_apart_by_a_term_then_by_a_number_and_stay_short() -> None:
    long = "big sale of the year in every shop of the town"
    found = labels.told_apart([["Sale"], ["SALE"], ["sale"], [long], [long]], [["sale"], ["shoes"], ["sale"], [], []])
    assert found[:3] == ["Sale", "SALE · shoes", "sale (2)"]
    assert len({label.casefold() for label in found}) == 5
    assert max(map(len, found)) <= labels.LABEL_CHARACTERS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vote", "votes"),
        ("vaccine", "vaccines"),
        ("августа", "августе"),
        ("لقاح", "اللقاح"),
        ("疫苗", "苗有"),
        ("x", "x"),
    ],
)
def test_words_that_are_as_good_as_one(one: str, other: str) -> None:
    assert labels.repeats(one, other)
    assert labels.repeats(other, one)


@pytest.mark.parametrize(("one", "other"), [("polo", "policy"), ("war", "peace"), ("疫苗", "有害"), ("no", "on")])
def test_words_that_are_two(one: str, other: str) -> None:
    assert not labels.repeats(one, other)


def test_nothing_to_say_gives_no_part() -> None:
    assert labels.parts([], size=3, write=lambda _: "never") == []
    assert labels.parts([Phrase(("word",), ints(0, 1), 1.0)], size=2, write=lambda _: None) == []
