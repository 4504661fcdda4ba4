"""The lines an account puts under or over its posts whatever they are about: "Follow us for more news".

A slogan that many accounts repeat is what a campaign is about, and stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LINE_WORDS = range(2, 16)
FEWEST_MESSAGES = 10
OF_ITS_ACCOUNT = 0.03  # the share of an account's messages that carry the line
OF_THE_LINE = 0.5  # the share of the messages with the line that are this account's
FEWEST_LEFT = 2  # words that a message must hold besides
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Kept:
    """What is left of each message: its words from `first` up to, not including, `last`; both of shape (n,)."""

    first: NDArray[np.int64]
    last: NDArray[np.int64]


def without_boilerplate(
    flat: NDArray[np.int64], starts: NDArray[np.int64], *, authors: NDArray[np.int64], labels: NDArray[np.int64]
) -> Kept:
    """What is left of each message without its account's standing lines.

    `flat`: the words of all messages as codes, -1 for every number. `starts`: where each message begins in `flat`, and
    the end, shape (n + 1,). `authors`: code of each message's account, -1 = unknown. `labels`: its narrative.
    A line of 2 to 15 words is a standing one when it ends at least ten different messages of an account and 3 % of all
    it wrote, and half of the messages that end so are this account's. A line that begins messages counts only where
    they belong to several narratives, none of which has more than half: a headline says what its post is about.
    Lines in messages that hold next to nothing else are left.
    """
    length = np.diff(starts)
    tail = _standing(flat, starts[1:] - 1, -1, length=length, authors=authors)
    head = _standing(flat, starts[:-1], 1, length=length - tail, authors=authors, labels=labels)
    return Kept(first=head, last=length - tail)


def _standing(
    flat: NDArray[np.int64],
    edge: NDArray[np.int64],
    step: int,
    *,
    length: NDArray[np.int64],
    authors: NDArray[np.int64],
    labels: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Words of each message that make the longest standing line from its `edge` inwards; 0 = none."""
    found = np.zeros(len(edge), dtype=np.int64)
    written = np.bincount(authors[authors >= 0], minlength=1)
    rows = np.arange(len(edge))
    key = np.zeros(len(edge), dtype=np.uint64)
    for words in range(1, LINE_WORDS.stop):
        rows = rows[length[rows] >= words]
        if len(rows) < FEWEST_MESSAGES:
            break
        word = flat[edge[rows] + step * (words - 1)].astype(np.uint64) + np.uint64(2)
        key[rows] = (key[rows] * _FACTOR) ^ (word * _FACTOR >> np.uint64(7)) ^ word
        line = pd.factorize(key[rows])[0]
        own = _pairs(line, authors[rows])
        mine = np.bincount(own)[own]
        enough = (authors[rows] >= 0) & (mine >= FEWEST_MESSAGES) & (mine >= OF_ITS_ACCOUNT * written[authors[rows]])
        enough &= mine >= OF_THE_LINE * np.bincount(line)[line]
        if words in LINE_WORDS:
            standing = enough if labels is None else enough & _spread(own, labels[rows])
            found[rows[standing]] = words
        rows = rows[np.bincount(line)[line] >= FEWEST_MESSAGES]
    found[length - found < FEWEST_LEFT] = 0
    return found


def _spread(group: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether no narrative holds more than half of the members of each one's group."""
    together = _pairs(group, labels)
    most = np.zeros(int(group.max()) + 1, dtype=np.int64)
    np.maximum.at(most, group, np.bincount(together)[together])
    spread: NDArray[np.bool_] = (most <= np.bincount(group) / 2)[group]
    return spread


def _pairs(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number from 0 for each pair of codes, which are -1 or more."""
    number: NDArray[np.int64] = pd.factorize(one * (int(other.max(initial=-1)) + 2) + other + 1)[0]
    return number
