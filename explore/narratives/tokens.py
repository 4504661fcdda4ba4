"""The words of all messages as numbers: counted once, when a run is made, and lent to every other cut of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives.text import function_words, has_bare_link, says_nothing, without_links, words
from explore.processes import Submit, in_this_process
from explore.progress import Progress, silent


@dataclass(frozen=True)
class Tokens:
    """The words of n messages. Those of message i are `vocabulary[c]` for c in `flat[starts[i] : starts[i + 1]]`.

    `flat`: shape (words,). `starts`: shape (n + 1,).
    """

    vocabulary: list[str]
    flat: NDArray[np.int32]
    starts: NDArray[np.int64]

    def __post_init__(self) -> None:
        self.flat.setflags(write=False)  # several stages read them
        self.starts.setflags(write=False)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def message(self) -> NDArray[np.int64]:
        """The message of each word, shape (words,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def of(self, messages: NDArray[np.int64]) -> Tokens:
        """The words of some of the messages, in the order of these; the vocabulary stays."""
        lengths = np.diff(self.starts)[messages]
        starts = np.append(0, np.cumsum(lengths))
        place = np.arange(starts[-1]) + np.repeat(self.starts[messages] - starts[:-1], lengths)
        return Tokens(self.vocabulary, self.flat[place], starts)

    def save(self, path: Path) -> None:
        """Write to `path` (npz); no word holds a line break, so one parts them."""
        np.savez(
            path,
            vocabulary=np.frombuffer("\n".join(self.vocabulary).encode(), dtype=np.uint8),
            flat=self.flat,
            lengths=np.diff(self.starts).astype(np.int32),
        )

    @staticmethod
    def load(path: Path) -> Tokens:
        """What `save` has written."""
        with np.load(path, allow_pickle=False) as kept:
            joined = kept["vocabulary"].tobytes().decode()
            starts = np.append(0, np.cumsum(kept["lengths"], dtype=np.int64))
            return Tokens(joined.split("\n") if joined else [], kept["flat"], starts)


@dataclass(frozen=True)
class Aids:
    """What an encoder may use: `spoken`, the words of the texts, where they are known already; a way to compute
    `beside` this process; and `progress` to tell."""

    spoken: Tokens | None = None
    beside: Submit = in_this_process
    progress: Progress = silent


UNAIDED = Aids()


def tokens(texts: Sequence[str]) -> Tokens:
    """The words of each text, without links that have a scheme."""
    found = [words(text) for text in texts]
    flat, distinct = pd.factorize(np.array([word for each in found for word in each], dtype=object))
    return Tokens(distinct.tolist(), flat.astype(np.int32), np.cumsum([0, *map(len, found)]))


def content_uses(spoken: Tokens, langs: Sequence[str | None]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Message and word of every use of a word that may describe something, each word once a message, by message.

    `langs`: of each message, null = unknown. Left out: what says nothing in any language, and the stop words of the
    message's language (English where it is unknown).
    """
    size = max(1, len(spoken.vocabulary))
    use = np.unique(spoken.message * size + spoken.flat)
    message, word = use // size, use % size
    telling = np.zeros(size, dtype=bool)
    used = np.unique(word)
    telling[used] = [not says_nothing(spoken.vocabulary[each]) for each in used]
    common = function_words(spoken.vocabulary)
    codes, distinct = pd.factorize(np.array([(lang or "en").split("-")[0] for lang in langs], dtype=object))
    kept = telling[word]
    for code, lang in enumerate(distinct):
        stop = np.zeros(size, dtype=bool)
        stop[common.get(lang, np.empty(0, dtype=np.int64))] = True
        kept &= (codes[message] != code) | ~stop[word]
    return message[kept], word[kept]


def without_bare_links(spoken: Tokens, texts: Sequence[str]) -> Tokens:
    """`spoken`, the words of `texts`, without those of links that have no scheme: "asp.net" tells what a text is about,
    but is no word to name it with."""
    linked = [place for place, text in enumerate(texts) if has_bare_link(text)]
    again = tokens([without_links(texts[place]) for place in linked])
    code = {word: number for number, word in enumerate(spoken.vocabulary)}
    known = np.array([code.setdefault(word, len(code)) for word in again.vocabulary], dtype=np.int32)
    both = Tokens(
        list(code),
        np.concatenate([spoken.flat, known[again.flat]]),
        np.append(spoken.starts, spoken.starts[-1] + again.starts[1:]),
    )
    order = np.arange(len(spoken))
    order[linked] = len(spoken) + np.arange(len(linked))
    chosen = both.of(order)
    used, flat = np.unique(chosen.flat, return_inverse=True)
    return Tokens([both.vocabulary[each] for each in used], flat.astype(np.int32), chosen.starts)
