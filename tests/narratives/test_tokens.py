"""Words as numbers: they give the words again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explore.narratives.tokens import Tokens, tokens


def test_the_numbers_of_a_message_give_its_words_again_without_links() -> None:
    found = tokens(["Big flood https://t.co/x", "", "t.me/channel A FLOOD!", "汐凪市の水道水"])
    said = [
        [found.vocabulary[code] for code in found.flat[a:b]]
        for a, b in zip(found.starts, found.starts[1:], strict=False)
    ]
    assert said == [["big", "flood"], [], ["a", "flood"], ["汐凪市", "水道水"]]
    assert found.message.tolist() == [0, 0, 2, 2, 3, 3]


@pytest.mark.parametrize("texts", [["Big flood", "", "наводнение и ещё", "汐凪市の水道水"], ["t.me/channel"], []])
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
    assert [found.vocabulary[code] for code in found.flat] == ["four", "five", "six", "one", "two"]
    assert found.starts.tolist() == [0, 3, 3, 5]
    assert len(found) == 3
