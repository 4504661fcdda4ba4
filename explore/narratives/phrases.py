"""The runs of words that recur in each narrative, and the messages that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LONGEST = 8
FEWEST, OF_NARRATIVE = 2, 0.01  # messages that must hold a run, and their share of the narrative

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Runs:
    """Runs of one length, m of them, each of one narrative.

    `words`: codes, shape (m, length). `narrative`: shape (m,). The messages that hold run i stand in order in
    `messages` from `starts[i]` up to, not including, `starts[i + 1]`.
    """

    words: Ints
    narrative: Ints
    messages: Ints
    starts: Ints


def recurring(words: Ints, message: Ints, narrative: Ints) -> Iterator[Runs]:
    """The runs of one word, of two, and so on up to eight, as long as any recurs.

    `words`: the words of all messages one after the other, as codes from 0. `message`: that of each word, ascending.
    `narrative`: of each message, -1 = none. A run recurs when two messages of its narrative and 1 % of them hold it;
    of a longer run both ends but for one word do, so each length is sought only where the one before was found.
    """
    sizes = np.bincount(narrative[narrative >= 0], minlength=1)
    fewest = np.maximum(np.minimum(FEWEST, sizes), np.ceil(OF_NARRATIVE * sizes).astype(np.int64))
    inside = narrative[message] >= 0
    words, message = words[inside], message[inside]
    least = fewest[narrative[message]]
    place = np.arange(len(words))
    key = narrative[message] * (int(words.max(initial=0)) + 1) + words
    for length in range(1, LONGEST + 1):
        run, place = _often(key, place, message, least)
        if len(place) == 0:
            return
        first = place[np.unique(run, return_index=True)[1]]
        holders, starts = _holders(run, message[place])
        yield Runs(words[first[:, None] + np.arange(length)], narrative[message[first]], holders, starts)
        begins = np.full(len(words) + 1, -1)
        begins[place] = run
        place = place[begins[place + 1] >= 0]
        place = place[message[place + 1] == message[place]]
        key = begins[place] * (int(run.max()) + 1) + begins[place + 1]


def _often(key: Ints, place: Ints, message: Ints, least: Ints) -> tuple[Ints, Ints]:
    """Of the runs that begin at each of `place`, alike where their `key` is, those that recur: numbers and places."""
    run = pd.factorize(key)[0]
    met = np.bincount(run)[run] >= least[place]  # a cheap bound, which leaves few for the count of messages
    run, place = pd.factorize(run[met])[0], place[met]
    enough = np.diff(_holders(run, message[place])[1])[run] >= least[place]
    return pd.factorize(run[enough])[0], place[enough]


def _holders(run: Ints, message: Ints) -> tuple[Ints, Ints]:
    """The messages that hold each run, as in `Runs`: `messages` and `starts`."""
    most = int(message.max(initial=0)) + 1
    pairs = np.sort(run * most + message)  # np.unique would hash them, which takes ten times as long
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    return pairs % most, np.searchsorted(pairs // most, np.arange(int(run.max(initial=-1)) + 2))
