"""Words as numbers: they give the words again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explore.narratives.tokens import Tokens, tokens, without_bare_links


def said(found: Tokens) -> list[list[str]]:
    """The words of each message."""
    parts = zip(found.starts, found.starts[1:], strict=False)
    return [[found.vocabulary[code] for code in found.flat[a:b]] for a, b in parts]


def test_the_numbers_of_a_message_give_its_words_again_without_links() -> None:
    found = tokens(["Big flood https://t.co/x", "", "A FLOOD!", "汐凪市の水道水"])
    assert said(found) == [["big", "flood"], [], ["a", "flood"], ["汐凪市", "水道水"]]
    assert found.message.tolist() == [0, 0, 2, 2, 3, 3]


def test_links_without_a_scheme_are_among_the_words_until_they_are_taken_out() -> None:
    texts = ["Learn asp.net", "Big flood", "flood t.me/channel big", "big.com"]
    found = tokens(texts)
    assert said(found)[0] == ["learn", "asp", "net"]
    left = without_bare_links(found, texts)
    assert said(left) == [["learn"], ["big", "flood"], ["flood", "big"], []]
    assert sorted(left.vocabulary) == ["big", "flood", "learn"]


@pytest.mark.parametrize("texts", [["Big flood", "", "наводнение и ещё", "汐凪市の水道水"], ["😀"], []])
def test_words_are_read_as_they_were_written(tmp_path: Path, texts: list[str]) -> None:
    found = tokens(texts)
    found.save(tmp_path / "words.npz")
    again = Tokens.load(tmp_path / "words.npz")
    assert again.vocabulary == found.vocabulary
    assert again.flat.tolist() == found.flat.tolist()
    assert again.starts.tolist() == found.starts.tolist()


def test_no_message_has_no_word() -> None:
    found = tokens([])
    assert (found.vocabulary, found.flat.tolist(), found.starts.tolist()) == ([], [], [0])


def test_the_words_of_some_messages_are_theirs_in_the_order_asked_for() -> None:
    found = tokens(["one two", "", "three", "four five six"]).of(np.array([3, 1, 0]))
    assert said(found) == [["four", "five", "six"], [], ["one", "two"]]
    assert len(found) == 3
