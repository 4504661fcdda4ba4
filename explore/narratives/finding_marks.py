"""What makes a finding less than it looks: one account, one text, one template, or a grouping that does not hold.

Codes only. Those in DEMOTING put a finding behind the others of its state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives.text import stop_words, without_links

ONE_ACCOUNT, ONE_TEXT, TEMPLATE, NOT_FOUND_AGAIN = "one_account", "one_text", "template", "not_found_again"
DEMOTING = frozenset({ONE_ACCOUNT, TEMPLATE, NOT_FOUND_AGAIN})
HALF = 0.5
FEWEST_WORDINGS = 5  # different texts from which on a template shows
EDGE_WORDS = 2  # words at the beginning or the end that make a template

Ints = NDArray[np.int64]


def marks(
    narratives: Iterable[int],
    *,
    narrative: Ints,
    message: Ints,
    author: Ints,
    texts: pd.Series,
    unstable: frozenset[int],
) -> list[list[str]]:
    """The marks of each of `narratives`, from the posts of the window.

    `narrative`, `message`, `author` (-1 = unknown): codes per post; `texts`: by message code; `unstable`: narratives
    that are not found again when a fifth of the messages is left out.
    """
    found = []
    for number in narratives:
        own = narrative == number
        found.append(
            [
                *([ONE_ACCOUNT] if _largest_part(author[own & (author >= 0)], of=int(own.sum())) else []),
                *([ONE_TEXT] if _largest_part(message[own], of=int(own.sum())) else []),
                *([TEMPLATE] if is_template(texts.iloc[np.unique(message[own])]) else []),
                *([NOT_FOUND_AGAIN] if number in unstable else []),
            ]
        )
    return found


def is_template(texts: Sequence[str] | pd.Series) -> bool:
    """Whether half of some different texts begin or end with the same few words that name nothing: a mention ("via
    @name") or words too common to describe anything ("I just")."""
    if len(texts) < FEWEST_WORDINGS:
        return False
    pieces = [_pieces(text) for text in texts]
    for edge in (slice(None, EDGE_WORDS), slice(-EDGE_WORDS, None)):
        counts = Counter(tuple(words[edge]) for words in pieces if len(words) > 2 * EDGE_WORDS)
        if any(n >= HALF * len(texts) and _names_nothing(words) for words, n in counts.most_common(1)):
            return True
    return False


def _pieces(text: str) -> list[str]:
    """The pieces of a text between blanks in lower case: mentions stay, links go."""
    return [piece for piece in text.lower().split() if piece.startswith("@") or without_links(piece).strip()]


def _names_nothing(words: Sequence[str]) -> bool:
    common = stop_words("en")
    return any(word.startswith("@") for word in words) or all(word in common for word in words)


def _largest_part(codes: Ints, *, of: int) -> bool:
    """Whether one code makes half of `of` posts, and more than one."""
    most = int(np.unique(codes, return_counts=True)[1].max(initial=0))
    return most > 1 and most >= HALF * of
