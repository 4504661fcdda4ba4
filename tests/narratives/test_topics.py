"""Terms, labels and themes of given clusters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from explore.narratives import topics
from explore.narratives.encoders import Lexical
from explore.narratives.text import words
from explore.narratives.tokens import tokens, without_bare_links
from tests.narratives.making import ints

BREAD = ["fresh sourdough bread from the oven", "my sourdough bread again", "sourdough bread with butter, please"]
TRAINS = ["Der Zug nach Ulm fällt aus", "Wieder fällt der Zug aus", "Zug nach Ulm: fällt aus", "Zug nach Ulm"]


def described(
    *clusters: Sequence[str],
    out: Sequence[str] = (),
    langs: Sequence[str | None] | None = None,
    authors: Sequence[int] | None = None,
) -> topics.Topics:
    """Topics of clusters given as lists of texts, every message as typical as any other; `out` belongs to none."""
    texts = [*(text for cluster in clusters for text in cluster), *out]
    labels = ints(*(i for i, cluster in enumerate(clusters) for _ in cluster), *[-1] * len(out))
    vectors = Lexical().encode(texts, seed=1)
    return topics.describe(
        texts,
        langs or [None] * len(texts),
        labels,
        np.ones(len(texts)),
        vectors,
        without_bare_links(tokens(texts), texts),
        authors=None if authors is None else ints(*authors),
    )


def test_the_largest_cluster_is_narrative_zero_and_messages_follow() -> None:
    found = described(BREAD, TRAINS, out=["something else entirely"])
    assert found.narrative.tolist() == [1, 1, 1, 0, 0, 0, 0, -1]
    assert {"zug", "ulm", "fällt"} == set(found.terms[0])
    assert {"sourdough", "bread"} <= set(found.terms[1])


def test_terms_leave_out_stop_words_and_are_at_most_ten() -> None:
    found = described(BREAD, TRAINS, [f"w{i} v{i} u{i} t{i} common" for i in range(8)])
    assert max(len(terms) for terms in found.terms) == 10
    assert not {"the", "my", "with", "der", "nach", "aus"} & {term for terms in found.terms for term in terms}


def test_no_term_repeats_another_and_a_word_of_one_message_comes_last() -> None:
    texts = [f"vaccine vaccines clinic clinics nurse typo{i}" for i in range(12)]
    terms = described(texts, BREAD, TRAINS).terms[0]
    assert {"clinic", "nurse"} <= set(terms[:3])
    assert not any(term.startswith("typo") for term in terms[:3])
    assert sum(term.startswith("vaccin") for term in terms) == 1
    assert not any(one in other for one in terms for other in terms if one != other)


def test_words_that_always_stand_together_give_way_to_what_else_is_said() -> None:
    texts = [*["polling place moved"] * 9, *["queue at noon"] * 7]
    assert {"queue", "noon"} & set(described(texts, BREAD).terms[0][:2])


def test_links_handles_and_numbers_are_no_terms_and_no_label() -> None:
    texts = [
        f"sourdough bread t.me/bakers{i} @baker{i} https://x.example/{i} shop.example.com 4032x3024" for i in range(6)
    ]
    found = described(texts, TRAINS)
    assert set(found.terms[0]) == {"sourdough", "bread"}
    assert found.labels[0] == "sourdough bread"


def test_the_line_under_all_posts_of_one_account_names_nothing_and_a_slogan_of_many_does() -> None:
    cities = ["ulm", "bonn", "kiel", "trier", "jena", "hof", "celle", "wesel", "fulda", "gotha", "suhl", "peine"]
    texts = [f"storm damage at {city} follow blue paper today" for city in cities]
    own = described(texts, BREAD, authors=[*[7] * len(cities), *range(len(BREAD))])
    many = described(texts, BREAD, authors=range(len(cities) + len(BREAD)))
    assert own.labels[0] == "storm damage"
    assert not {"follow", "blue", "paper", "today"} & set(own.terms[0])
    assert "blue paper today" in many.labels[0]


def test_the_words_are_weighed_as_bertopic_weighs_them() -> None:
    from bertopic.vectorizers import ClassTfidfTransformer
    from sklearn.feature_extraction.text import CountVectorizer

    found = described(
        ["gold gold silver tin", "gold lead silver"], ["iron zinc", "zinc gold iron"], out=["lead tin tin"]
    )
    joined = ["gold gold silver tin gold lead silver", "iron zinc zinc gold iron", "lead tin tin"]
    counter = CountVectorizer()
    weight = ClassTfidfTransformer(reduce_frequent_words=True).fit_transform(counter.fit_transform(joined)).toarray()
    assert found.terms[1][0] == counter.get_feature_names_out()[weight[1].argmax()]
    assert found.terms[0][0] == counter.get_feature_names_out()[weight[0].argmax()]


def test_a_label_is_a_phrase_as_the_posts_wrote_it() -> None:
    found = described(BREAD, TRAINS)
    assert found.labels[1] == "sourdough bread"
    assert any(found.labels[0] in text for text in TRAINS)


def test_a_sentence_that_is_repeated_becomes_the_label_whole() -> None:
    texts = [f"{start} polling place moved vote by text" for start in ("Friends!", "Hey:", "Look,", "Wow!", "So…")]
    assert described(texts, BREAD).labels[0] == "polling place moved vote by text"


def test_a_hashtag_keeps_its_sign() -> None:
    assert described(["#SaveTheBees", "so #SaveTheBees", "and #SaveTheBees"], BREAD).labels[0] == "#SaveTheBees"


def test_a_japanese_label_is_a_run_without_spaces() -> None:
    texts = ["汐凪市の水道水が危険らしい", "汐凪市の水道水を飲むな", "また汐凪市の水道水の噂"]
    label = described(texts, BREAD).labels[0]
    assert " " not in label
    assert "水道水" in label
    assert any(label in text for text in texts)


@pytest.mark.parametrize(
    "phrase",
    ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0", "![x](http://a.example/b)"],
)
def test_hostile_text_in_a_label_stays_the_text_it_is(phrase: str) -> None:
    texts = [f"{phrase} {word}" for word in ("alpha", "beta", "gamma")]
    label = described(texts, BREAD).labels[0]
    assert 0 < len(label) <= 48
    assert set(words(label)) <= {word for text in texts for word in words(text)}


def test_a_long_label_is_clipped_with_an_ellipsis() -> None:
    word = "donaudampfschifffahrtsgesellschaftskapitänskajütenschlüssel"
    label = described([f"{word} {word}e {i}" for i in range(4)], BREAD).labels[0]
    assert len(label) == 48
    assert label.endswith("…")


def test_labels_are_told_apart() -> None:
    one = [f"big sale today {word}" for word in ("shoes", "shoes boots", "shoes heels")]
    two = [f"big sale today {word}" for word in ("phones", "phones chargers", "phones cables")]
    found = described(one, two, ["big sale today"] * 3)
    assert len({label.casefold() for label in found.labels}) == 3


@pytest.mark.parametrize(
    "clusters",
    [
        [["12 12"], ["the of and"]],
        [["gold 1", "gold 2", "gold 3"]],
        [["gold"]],
        [["the", "of"], ["gold"]],
    ],
)
def test_clusters_with_one_content_word_or_none_have_a_label(clusters: list[list[str]]) -> None:
    found = described(*clusters)
    assert len(found.labels) == len(clusters)
    assert all(found.labels)
    assert not {"-", "–"} & {term for terms in found.terms for term in terms}


def test_no_cluster_gives_no_topic() -> None:
    found = described(out=BREAD)
    assert found.narrative.tolist() == [-1, -1, -1]
    assert (found.terms, found.labels, found.themes) == ([], [], [])


def test_the_language_of_a_post_decides_which_words_say_nothing() -> None:
    texts = [["war es kalt", "war es spät"], ["war and peace", "war or peace"]]
    found = described(*texts, langs=["de", "de", "en", "en"])
    by_text = dict(zip([*texts[0], *texts[1]], found.narrative.tolist(), strict=True))
    assert "war" not in found.terms[by_text["war es kalt"]]
    assert "war" in found.terms[by_text["war and peace"]]


def test_a_stop_word_of_the_other_narratives_is_one_among_posts_of_another_language() -> None:
    english = [[f"the {word} of the town and the {word} in the city" for _ in range(4)] for word in ("ferry", "museum")]
    spanish = [f"la vida de los pueblos {i}, no es la vida de las ciudades" for i in range(8)]
    found = described(*english, [*spanish, "the pueblos in the mountain", "the pueblos"])
    assert not {"the", "in", "of", "and"} & {term for terms in found.terms for term in terms}
    assert {"vida", "pueblos"} <= set(found.terms[0])


def test_a_cluster_of_small_talk_has_no_phrase_for_a_name() -> None:
    texts = [*["cats sleep"] * 2, *["dogs bark"] * 2, *(f"word{i} other{i}" for i in range(40))]
    found = described(texts, BREAD)
    assert found.labels[0].startswith("Mixed: ")
    assert "sourdough bread" in found.labels[1]


def test_themes_hold_narratives_that_are_near_in_about_the_root_of_their_number() -> None:
    vectors = np.repeat(np.eye(3, dtype=np.float32), 3, axis=0)
    vectors += 0.01 * np.arange(9, dtype=np.float32)[:, None]
    assert themes_of(vectors) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert themes_of(vectors[:2]) == [0, 0]
    assert themes_of(vectors[[0, 1, 3]]) == [0, 0, 1]


def themes_of(vectors: NDArray[np.float32]) -> list[int]:
    """Themes of narratives of one message each, narrative i at vector i."""
    return topics._themes(np.arange(len(vectors)), vectors)


def test_the_same_clusters_get_the_same_words_again() -> None:
    assert described(BREAD, TRAINS).labels == described(BREAD, TRAINS).labels
    assert described(BREAD, TRAINS).terms == described(BREAD, TRAINS).terms
