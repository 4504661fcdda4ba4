"""Standing lines of one account are told from the slogans of many and from what a post is about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from explore.narratives.boilerplate import without_boilerplate
from tests.narratives.making import ints

SUBJECTS = [f"north{i} river{i} flood{i} warning{i}" for i in range(20)]


def left(texts: Sequence[str], *, authors: Sequence[int], labels: Sequence[int] | None = None) -> list[str]:
    """The messages without their accounts' standing lines."""
    flat, _ = pd.factorize(np.array([word for text in texts for word in text.split()], dtype=object))
    starts = np.cumsum([0, *(len(text.split()) for text in texts)])
    found = without_boilerplate(flat, starts, authors=ints(*authors), labels=ints(*(labels or [0] * len(texts))))
    return [
        " ".join(text.split()[first:last]) for text, first, last in zip(texts, found.first, found.last, strict=True)
    ]


def test_the_line_that_ends_an_accounts_posts_is_left_out_whole() -> None:
    texts = [f"{subject} follow us for more news" for subject in SUBJECTS]
    assert left(texts, authors=[1] * 20) == SUBJECTS


def test_the_slogan_that_many_accounts_end_with_stays() -> None:
    texts = [f"{subject} follow us for more news" for subject in SUBJECTS]
    assert left(texts, authors=[i % 5 for i in range(20)]) == texts


def test_an_account_that_carries_half_of_a_line_owns_it() -> None:
    texts = [f"{subject} follow us for more news" for subject in SUBJECTS]
    own, others = left(texts, authors=[1] * 12 + [*range(2, 10)])[:12], texts[12:]
    assert own + others == SUBJECTS[:12] + texts[12:]


def test_a_line_ends_fewer_than_ten_messages_or_a_small_share_and_stays() -> None:
    few = [f"{subject} follow us for more news" for subject in SUBJECTS[:9]]
    assert left([*few, *SUBJECTS[9:]], authors=[1] * 20) == [*few, *SUBJECTS[9:]]
    many = [f"{subject} follow us" for subject in SUBJECTS[:10]] + [f"talk{i} of the{i} town{i}" for i in range(400)]
    assert left(many, authors=[1] * 410) == many


def test_a_line_that_begins_posts_of_several_narratives_is_left_out_and_a_headline_stays() -> None:
    texts = [f"your daily digest {subject}" for subject in SUBJECTS]
    assert left(texts, authors=[1] * 20, labels=[i % 4 for i in range(20)]) == SUBJECTS
    assert left(texts, authors=[1] * 20, labels=[0] * 12 + [1] * 8) == texts


def test_a_message_that_is_little_else_keeps_the_line() -> None:
    texts = [*(f"{subject} follow us for more" for subject in SUBJECTS), "follow us for more", "wow follow us for more"]
    assert left(texts, authors=[1] * 22)[-2:] == ["follow us for more", "wow follow us for more"]


def test_messages_of_unknown_accounts_are_left_as_they_are() -> None:
    texts = [f"{subject} follow us for more news" for subject in SUBJECTS]
    assert left(texts, authors=[-1] * 20) == texts
    assert left([], authors=[]) == []


def test_words_of_two_accounts_are_judged_apart() -> None:
    one = [f"{subject} follow the red page" for subject in SUBJECTS]
    two = [f"{subject}x subscribe to blue" for subject in SUBJECTS]
    assert left([*one, *two], authors=[1] * 20 + [2] * 20) == [*SUBJECTS, *(f"{subject}x" for subject in SUBJECTS)]
