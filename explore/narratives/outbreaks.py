"""Texts and words that broke out: what is too small or too scattered to be a cluster, and was posted by many at once.

A dozen posts about something new are too few to have a direction of their own; the layout strews them over whatever is
least unlike them. A text pasted by twenty accounts is one message, and lies somewhere. Both give themselves away in
their counts: every text, and every word that no narrative holds, is scored in every window of the snapshot's history.
What stood out there is a narrative of its own, the clearest few of each window; `items` knows the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives.history import FEWEST_UNITS, Compared, History
from explore.narratives.origins import TEXT, WORDS
from explore.narratives.tokens import Tokens, content_uses

LEVEL = 0.05
FAST = 3.0  # times what was to be expected, at the low end of the interval: a common word may double on any day
HELD = 0.5  # from this share on a narrative holds a word or a text, and its own row tells of it
SAME_THING = 0.5  # words that share this part of their messages tell of one thing
SMALL = 30  # messages; in a small run a narrative needs fewer, and a word may still be in more
FEWEST_COPIES = 10  # units that post one text in a window: fewer is what people share every day
MOST_A_WINDOW = 5  # texts, and as many things told by words: where accounts copy for a living there are dozens a day
FEWEST_SPEAKERS = 6  # units that use a word in a window

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Outbreaks:
    """`labels`: narrative of each message, -1 = none; `origin`: TEXT or WORDS where it was set apart, else -1."""

    labels: Ints
    origin: Ints


def split(labels: Ints, spoken: Tokens, langs: Sequence[str | None], past: History, *, fewest: int) -> Outbreaks:
    """`labels` (narrative of each message, -1 = none) with the outbreaks as narratives of their own, numbered after the
    others: first the texts, then what shares a word.

    `spoken`: the messages' words; `langs`: their languages (null = unknown); `fewest`: messages that a narrative needs.
    """
    labels, origin = labels.copy(), np.full(len(labels), -1)
    for message in _texts(labels, past):
        labels[message], origin[message] = labels.max(initial=-1) + 1, TEXT
    for members in _worded(labels, origin < 0, spoken, langs, past, fewest=fewest):
        free = members[origin[members] < 0]
        if len(free):
            labels[free], origin[free] = labels.max(initial=-1) + 1, WORDS
    return Outbreaks(labels, origin)


def _texts(labels: Ints, past: History) -> list[int]:
    """Messages that stood out in some window in which less than half of their narrative's units posted them."""
    candidates = np.flatnonzero(_units(past, len(labels)) >= FEWEST_UNITS)
    counted = past.compared(candidates, np.arange(len(candidates)), k=len(candidates))
    around = _around(labels, past)
    texts, a_window = [], Counter[int]()
    for row, bin_ in _stood_out(counted.p_values(), counted.tests):
        home = labels[candidates[row]]
        if counted.now[row, bin_] < FEWEST_COPIES:
            continue
        part = 0.0 if home < 0 else counted.now[row, bin_] / around.now[home, bin_]
        full = a_window[bin_] >= MOST_A_WINDOW
        if not full and part < HELD and counted.lows(row, np.array([bin_]))[0] >= FAST:
            texts.append(int(candidates[row]))
            a_window[bin_] += 1
    return texts


def _worded(
    labels: Ints, free: Bools, spoken: Tokens, langs: Sequence[str | None], past: History, *, fewest: int
) -> list[Ints]:
    """The messages of each thing that words stood out with, the clearest first. `free`: which may be set apart.

    Posts of a narrative that stood out itself in their window are told by it, and would lift every word they use.
    """
    around = _around(labels, past)
    told = np.vstack([around.p_values() <= LEVEL / max(1, around.tests), np.zeros((1, past.bins), dtype=bool)])
    untold = ~told[labels[past.message], past.bin]  # the last row answers for -1
    message, word = _uses(labels, free, untold, spoken, langs, past, fewest=fewest)
    k = int(word.max(initial=-1)) + 1
    counted = past.compared(message, word, k=k, counted=untold)
    order = np.argsort(word, kind="stable")
    starts = np.append(0, np.cumsum(np.bincount(word, minlength=k)))
    things: list[tuple[Ints, Ints]] = []
    a_window = Counter[int]()
    for row, bin_ in _stood_out(counted.p_values(), counted.tests):
        if counted.now[row, bin_] < FEWEST_SPEAKERS or counted.lows(row, np.array([bin_]))[0] < FAST:
            continue
        holding = np.sort(message[order[starts[row] : starts[row + 1]]])
        holding = holding[~told[labels[holding], bin_]]
        then = np.intersect1d(holding, past.message[past.bin == bin_])
        home = next((i for i, (_, lead) in enumerate(things) if _overlap(lead, then) >= SAME_THING), None)
        if home is None and a_window[bin_] < MOST_A_WINDOW:
            things.append((holding, then))
            a_window[bin_] += 1
        elif home is not None:
            members, lead = things[home]
            things[home] = (np.union1d(members, then), lead)
    return [members for members, _ in things]


def _around(labels: Ints, past: History) -> Compared:
    """The narratives themselves."""
    inside = np.flatnonzero(labels >= 0)
    return past.compared(inside, labels[inside], k=int(labels.max(initial=-1)) + 1)


def _stood_out(p: NDArray[np.float64], tests: int) -> list[tuple[int, int]]:
    """Rows and bins that stand out at a false discovery rate of LEVEL over all tests (Benjamini & Hochberg 1995), the
    clearest first; of each row its clearest bin."""
    row, bin_ = np.nonzero(~np.isnan(p))
    value = p[row, bin_]
    order = np.lexsort((bin_, row, value))
    passed = value[order] * tests / np.arange(1, len(order) + 1) <= LEVEL
    best = order[: np.flatnonzero(passed).max(initial=-1) + 1]
    first: dict[int, int] = {}
    for place in best.tolist():
        first.setdefault(int(row[place]), int(bin_[place]))
    return list(first.items())


def _uses(
    labels: Ints, free: Bools, untold: Bools, spoken: Tokens, langs: Sequence[str | None], past: History, *, fewest: int
) -> tuple[Ints, Ints]:
    """Message and word of every use of a word that may tell of something no narrative holds: content words that enough
    units use, in fewer messages than a narrative needs, not mostly one text, and not mostly within one narrative. All
    is counted over the whole past, so that it does not favour growth; messages that are not free and posts that are
    told already do not count."""
    message, word = content_uses(spoken, langs)
    message, word = message[free[message]], word[free[message]]
    messages = np.bincount(word, minlength=1)[word]
    rare = (messages > 1) & (messages < max(fewest, SMALL))
    uses = pd.DataFrame({"message": message[rare], "word": word[rare]})
    posts = np.bincount(past.message[untold], minlength=len(labels))
    uses = uses.assign(posts=posts[uses["message"]], narrative=labels[uses["message"]])
    every = uses.groupby("word")["posts"].sum()
    one_text = uses.groupby("word")["posts"].max()
    inside = uses[uses["narrative"] >= 0].groupby(["word", "narrative"])["posts"].sum().groupby("word").max()
    held = inside.reindex(every.index, fill_value=0)
    kept = every.index[(every >= FEWEST_UNITS) & (one_text < HELD * every) & (held < HELD * every)]
    uses = uses[uses["word"].isin(kept)]
    return uses["message"].to_numpy(dtype=np.int64), pd.factorize(uses["word"])[0].astype(np.int64)


def _units(past: History, n: int) -> Ints:
    """Distinct units per message, shape (n,)."""
    units = int(past.unit.max(initial=0)) + 1
    return np.bincount(np.unique(past.message * units + past.unit) // units, minlength=n)[:n].astype(np.int64)


def _overlap(one: Ints, other: Ints) -> float:
    """The part of the smaller of two sets of messages that both hold."""
    return len(np.intersect1d(one, other)) / max(1, min(len(one), len(other)))
