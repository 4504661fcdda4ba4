"""Keys that differ by a small edit are gathered under the earliest of them. See docs/decisions/0009-near-duplicates.md.

Two keys of six words or more are near when their numbers and turning words are the same, at least half of their pairs
of neighbouring words too, and one of these holds: one only adds words, at most a fifth of all; or all but 6 % of the
words of both are shared. A word with a slip of the pen counts as shared. A text that breaks off ("...") is also near
the earlier text whose first ten words or more it repeats.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives.text import is_cut_off, key_words

FEWEST_WORDS = 6  # shorter texts are copies only when their keys are the same
ADDED, CHANGED, IN_ORDER = 0.8, 0.94, 0.5  # least Jaccard similarities; the judged pairs are in bench/RESULTS.md
OPENING = 10  # a text that breaks off repeats at least so many words
BANDS, ROWS = 20, 5  # MinHash: a pair of similarity .8 is compared with a probability of .9996
MOST_SLIPS = 8  # words with a slip of the pen; more are not looked for
WIDEST = 24  # representatives compared in one bucket; more are a form that people fill in
# Words that turn a claim around: en, de, fr, es, pt, ru, uk, id, ar
TURNING = {
    *("not", "no", "never", "dont", "doesnt", "didnt", "isnt", "arent", "wasnt", "werent", "cant", "wont"),
    *("fake", "false", "hoax", "debunked", "untrue", "fact", "factcheck"),
    *("nicht", "kein", "keine", "nie", "falsch", "pas", "jamais", "aucun", "faux"),
    *("nunca", "jamás", "ningún", "falso", "não", "nao", "mentira"),
    *("не", "нет", "ни", "никогда", "фейк", "ложь", "ні", "немає"),
    *("tidak", "bukan", "jangan", "hoaks", "لا", "ليس", "لم", "لن", "كاذب"),
}


def gather(keys: pd.Series, texts: pd.Series, created_at: pd.Series) -> pd.Series:
    """The key of each post's representative, index as `keys`: the key of the earliest post of its message.

    `keys` are those of `message_key`. In order of time (posts without a time last, equal times by key) a key joins the
    most similar representative that it is near, else it becomes one. A member is near its representative, never only
    near another member, so messages do not drift. The order of the rows plays no part.
    """
    posts = pd.DataFrame({"key": keys, "text": texts, "at": created_at})
    first = posts.sort_values(["at", "key", "text"], na_position="last").drop_duplicates("key")
    joined = _joined(first["key"].tolist(), first["text"].tolist())
    codes, distinct = pd.factorize(keys)
    found = pd.array([joined.get(key, key) for key in distinct], dtype="str")
    return pd.Series(found.take(codes), index=keys.index, name="key")


@dataclass(frozen=True, slots=True)
class Text:
    """A key and what is compared of it: its words, their set, the sorted numbers and turning words.

    `cut` is the last word of a text that breaks off, else empty.
    """

    key: str
    words: list[str]
    bag: frozenset[str]
    facts: list[str]
    cut: str

    @classmethod
    def of(cls, key: str, text: str) -> Text:
        """The key of `text`, taken apart."""
        found = key_words(key)
        cut = found[-1] if is_cut_off(text) else ""
        return cls(key, found, frozenset(found), sorted(filter(_is_fact, found)), cut)


def similarity(one: Text, other: Text) -> float:
    """Jaccard similarity of the words of two texts that are near, else 0."""
    shared = len(one.bag & other.bag)
    if shared < 0.7 * max(len(one.bag), len(other.bag)) or one.facts != other.facts:
        return 0.0
    pairs, others = set(pairwise(one.words)), set(pairwise(other.words))
    if len(pairs & others) < IN_ORDER * len(pairs | others):
        return 0.0
    mine, theirs = one.bag - other.bag, other.bag - one.bag
    slips = _slips(mine, theirs, {one.cut, other.cut}) if 0 < min(len(mine), len(theirs)) <= MOST_SLIPS else 0
    alike = (shared + slips) / (shared + len(mine) + len(theirs) - slips)
    return alike if alike >= (ADDED if slips == min(len(mine), len(theirs)) else CHANGED) else 0.0


def repeats_opening(one: Text, other: Text) -> bool:
    """Whether `one` breaks off and is the beginning of `other`; its last word may be half a word."""
    n = len(one.words) - 1
    known = bool(one.cut) and n >= OPENING and one.words[:n] == other.words[:n]
    return known and other.words[n : n + 1] != [] and other.words[n].startswith(one.cut)


def _joined(keys: Sequence[str], texts: Sequence[str]) -> dict[str, str]:
    """Key -> representative, of the keys that have joined one; `keys` in order of time."""
    joined: dict[str, str] = {}
    shelves: dict[int, list[Text]] = defaultdict(list)  # bucket -> its representatives in order of time
    for row, buckets in _buckets(keys):
        text = Text.of(keys[row], texts[row])
        others = list({other.key: other for bucket in buckets for other in shelves[bucket]}.values())
        nearest = max(others, key=lambda other: similarity(text, other), default=None)
        if nearest is None or not similarity(text, nearest):
            nearest = next((other for other in others if repeats_opening(text, other)), None)
        if nearest is not None:
            joined[text.key] = nearest.key
            continue
        for bucket in buckets:
            if len(shelves[bucket]) < WIDEST:
                shelves[bucket].append(text)
    return joined


def _buckets(keys: Sequence[str]) -> Iterator[tuple[int, list[int]]]:
    """(row, buckets) of the keys that share a bucket with another key, in order.

    The buckets are MinHash bands of the words (Broder 1997; Leskovec, Rajaraman and Ullman, chapter 3), each with the
    numbers and turning words, so that texts in which those differ do not meet; and one for the first words.
    """
    coded = _coded(keys)
    if not len(coded.rows):
        return
    places, buckets = [], []
    for band in _bands(coded):
        shared = _in_company(band)
        places.append(shared)
        buckets.append(band[shared])
    place, bucket = np.concatenate(places), np.concatenate(buckets)
    order = np.argsort(place, kind="stable")
    found, firsts = np.unique(place[order], return_index=True)
    for row, mine in zip(coded.rows[found].tolist(), np.split(order, firsts[1:]), strict=False):  # of none, [order]
        yield row, bucket[mine].tolist()


@dataclass(frozen=True)
class Coded:
    """The words of the keys that are long enough: `rows` (n) say which, `starts` (n) where each begins in `codes`."""

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    codes: NDArray[np.int32]
    hashes: NDArray[np.uint64]  # of each word, the same in every snapshot
    facts: NDArray[np.uint64]  # the hash where the word is a number or turns a claim, else 0


def _coded(keys: Sequence[str]) -> Coded:
    vocabulary: dict[str, int] = {}
    rows, starts, codes = array("q"), array("q"), array("i")
    for row, key in enumerate(keys):
        found = key_words(key)
        if len(found) >= FEWEST_WORDS:
            rows.append(row)
            starts.append(len(codes))
            codes.extend([vocabulary.setdefault(word, len(vocabulary)) for word in found])
    hashes = pd.util.hash_array(np.array(list(vocabulary), dtype=object), categorize=False)
    facts = np.where(np.fromiter(map(_is_fact, vocabulary), dtype=bool, count=len(vocabulary)), hashes, np.uint64(0))
    return Coded(np.array(rows), np.array(starts), np.array(codes), hashes, facts)


def _bands(coded: Coded) -> Iterator[NDArray[np.uint64]]:
    """The bucket of each text, once for the first words and once for each band."""
    lengths = np.diff(coded.starts, append=len(coded.codes))
    opening = np.arange(len(lengths), dtype=np.uint64)  # a bucket of its own
    long = np.flatnonzero(lengths >= OPENING)
    opening[long] = 0
    for place in range(OPENING):
        opening[long] = _stirred(opening[long], coded.hashes[coded.codes[coded.starts[long] + place]])
    yield opening
    facts = np.add.reduceat(coded.facts[coded.codes], coded.starts)
    rng = np.random.default_rng(0)
    for _ in range(BANDS):
        band = facts
        for factor in rng.integers(0, 2**63, size=ROWS, dtype=np.uint64):
            ranks = _stirred(coded.hashes ^ factor, factor)
            band = _stirred(band, np.minimum.reduceat(ranks[coded.codes], coded.starts))
        yield band


def _stirred(values: NDArray[np.uint64], more: NDArray[np.uint64] | np.uint64) -> NDArray[np.uint64]:
    """A hash of both, by the finaliser of splitmix64."""
    mixed = values * np.uint64(0x9E3779B97F4A7C15) + more
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _in_company(band: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The places whose value occurs at another place too."""
    order = np.argsort(band, kind="stable")
    same = np.diff(band[order]) == 0
    found: NDArray[np.int64] = order[np.append(same, False) | np.append(False, same)]
    return found


def _is_fact(word: str) -> bool:
    """Whether the word is a number or turns a claim around."""
    return word in TURNING or any(map(str.isdigit, word))


def _slips(mine: frozenset[str], theirs: frozenset[str], cut: set[str]) -> int:
    """How many words of one side are a word of the other with a slip of the pen, or cut off."""
    left = sorted(theirs)
    for word in sorted(mine):
        match = next((other for other in left if _is_slip(word, other) or _is_cut(word, other, cut)), None)
        if match is not None:
            left.remove(match)
    return len(theirs) - len(left)


def _is_cut(one: str, other: str, cut: set[str]) -> bool:
    """Whether one word is the beginning of the other, at which its text breaks off."""
    return (one in cut and other.startswith(one)) or (other in cut and one.startswith(other))


def _is_slip(one: str, other: str) -> bool:
    """One letter more, less, other or swapped with its neighbour in five or more, never the first: million, billion."""
    shorter, longer = sorted((one, other), key=len)
    if one[0] != other[0] or len(shorter) < 5 or len(longer) - len(shorter) > 1:
        return False
    start = next((i for i, letter in enumerate(shorter) if letter != longer[i]), len(shorter))
    tails = shorter[start + 1 :], longer[start + 1 :]
    swapped = shorter[start : start + 2] == longer[start : start + 2][::-1] and tails[0][1:] == tails[1][1:]
    return shorter[start:] == tails[1] or tails[0] == tails[1] or swapped
