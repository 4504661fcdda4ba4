"""A label a person can read: the phrase that recurs most in a narrative, and what it leaves out beside it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from explore.narratives.text import Piece

LABEL_CHARACTERS = 48
PARTS = 3
PHRASE_WORDS = 8
FEWEST_WITH_PHRASE = 0.03  # of the messages looked at
SAYS_ENOUGH = 0.6  # a label whose words stand in this share of them needs no second part
ADDS_ENOUGH = 0.05
ALONE = 0.2  # a single word says less than a phrase that recurs a fifth as often
BETWEEN = " · "
_PILED = re.compile("[\u0300-\u036f]{3,}")


@dataclass
class Phrase:
    """A run of words: each time it was met, its weight by the root of its telling words, and its messages."""

    words: tuple[str, ...]
    worth: float
    single: bool
    met: list[Sequence[Piece]] = field(default_factory=list)
    messages: set[int] = field(default_factory=set)

    @property
    def text(self) -> str:
        """The way it was written most often; of two, the one met first."""
        return Counter(map(_written, self.met)).most_common(1)[0][0]


def parts(messages: Sequence[Sequence[Sequence[Piece]]], weights: Mapping[str, float]) -> list[str]:
    """The parts of a narrative's label, best first, of which as many are shown as fit.

    `messages`: clauses of the messages looked at. `weights`: what the words that describe the narrative weigh, best
    first. The first part is the phrase with the most weight summed over messages; it begins and ends with such words.
    Where its words stand in too few messages, what adds most messages follows; so it does after a single word.
    """
    top = max(weights.values(), default=1.0)
    found = _phrases(messages, {word: weight / top for word, weight in weights.items()})
    least = max(min(2, len(messages)), FEWEST_WITH_PHRASE * len(messages))
    usable = [phrase for phrase in found if len(phrase.messages) >= least]
    if not usable:
        return []
    best = max(usable, key=lambda one: (_score(one), one.words))
    chosen = _with_others(best, usable, _holders(found), n=len(messages))
    shown = [phrase.text for phrase in chosen]
    if best.single and len(chosen) == 1:
        shown += [word for word in weights if not repeats(word, best.words[0])][:1]
    return shown


def told_apart(found: Sequence[Sequence[str]], terms: Sequence[Sequence[str]]) -> list[str]:
    """Labels made distinct by the first of a narrative's terms that its label does not hold, then by a number.

    `found`: the parts of each label. Joined they have at most 48 characters.
    """
    seen: set[str] = set()
    result = []
    for own, described in zip(found, terms, strict=True):
        label = _joined(own)
        others = [term for term in described if term.casefold() not in label.casefold()]
        tried = [label, *(_joined([label, term]) for term in others)]
        name = next((one for one in tried if one.casefold() not in seen), None) or _numbered(label, seen)
        seen.add(name.casefold())
        result.append(name)
    return result


def clipped(text: str, most: int = LABEL_CHARACTERS) -> str:
    """At most so many characters, cut between words where there are any; a cut shows as "…"."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    at = text[:most].rfind(" ")
    return (head[:at] if at > most / 2 else head).rstrip() + "…"


def repeats(one: str, other: str) -> bool:
    """Whether two words are as good as one: one in the other, the same but for the ending, or overlapping pairs."""
    if one in other or other in one:
        return True
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if same >= 4 and max(len(one), len(other)) - same <= 3:
        return True
    return len(one) == len(other) == 2 and not one.isascii() and (one[1] == other[0] or other[1] == one[0])


def _phrases(messages: Sequence[Sequence[Sequence[Piece]]], weights: Mapping[str, float]) -> list[Phrase]:
    """Every run of words that could be a part, in the order they are met."""
    found: dict[tuple[str, ...], Phrase] = {}
    for number, message in enumerate(messages):
        for clause in message:
            for run in _runs(clause, weights):
                key = tuple(word for piece in run for word in piece.words)
                if key not in found:
                    own = [max(weights.get(word, 0.0) for word in piece.words) for piece in run]
                    worth = sum(own) / sum(each > 0 for each in own) ** 0.5
                    found[key] = Phrase(key, worth, single=len(run) == 1 and run[0].written[0] != "#")
                found[key].met.append(run)
                found[key].messages.add(number)
    return list(found.values())


def _runs(clause: Sequence[Piece], weights: Mapping[str, float]) -> Iterator[Sequence[Piece]]:
    """Runs of a clause that begin and end with a word that describes, hold none twice and are short enough."""
    telling = [any(word in weights for word in piece.words) and _is_readable(piece.written) for piece in clause]
    for start in (i for i, tells in enumerate(telling) if tells):
        seen: set[tuple[str, ...]] = set()
        room = LABEL_CHARACTERS
        for end in range(start, min(start + PHRASE_WORDS, len(clause))):
            piece = clause[end]
            room -= len(piece.before) + len(piece.written)
            if piece.words in seen or room < 0:
                break
            seen.add(piece.words)
            if telling[end]:
                yield clause[start : end + 1]


def _is_readable(written: str) -> bool:
    """Whether a word begins as words do and no marks are piled on its letters."""
    return written.lstrip("#")[:1].isalnum() and not _PILED.search(written)


def _score(phrase: Phrase) -> float:
    """What a phrase is worth as the first part: how often it recurs beyond its first time, times its weight."""
    return max(len(phrase.messages) - 1, 0.1) * phrase.worth * (ALONE if phrase.single else 1.0)


def _written(run: Sequence[Piece]) -> str:
    """The run as it was written; a Japanese phrase loses the particles that end it."""
    last = run[-1]
    end = last.words[0] if len(last.words) == 1 and last.written.startswith(last.words[0]) else last.written
    inner = [("" if i == 0 else " " if piece.before.isspace() else piece.before) for i, piece in enumerate(run)]
    return "".join(before + (end if piece is last else piece.written) for before, piece in zip(inner, run, strict=True))


def _holders(found: Sequence[Phrase]) -> dict[str, set[int]]:
    """The messages that hold each telling word."""
    holders: dict[str, set[int]] = defaultdict(set)
    for phrase in found:
        if len(phrase.words) == 1:
            holders[phrase.words[0]] |= phrase.messages
    return holders


def _with_others(best: Phrase, usable: Sequence[Phrase], holders: Mapping[str, set[int]], *, n: int) -> list[Phrase]:
    """`best`, and up to two more that stand in the most messages without a word of the label so far."""
    chosen = [best]
    covered = best.messages.union(*(holders.get(word, ()) for word in best.words))
    while len(chosen) < PARTS and (len(covered) < SAYS_ENOUGH * n or (best.single and len(chosen) == 1)):
        room = LABEL_CHARACTERS - len(_joined([one.text for one in chosen])) - len(BETWEEN)
        said = {word for phrase in chosen for word in phrase.words}
        fitting = [
            one for one in usable if len(one.text) <= room and not any(repeats(a, b) for a in one.words for b in said)
        ]
        gains = [(len(one.messages - covered) * one.worth, one.words, one) for one in fitting]
        gain, _, other = max(gains, default=(0.0, (), best), key=lambda each: each[:2])
        enough = gain > 0 and len(other.messages - covered) >= ADDS_ENOUGH * n
        if not enough and not (gain > 0 and best.single and len(chosen) == 1):
            break
        chosen.append(other)
        covered = covered.union(other.messages, *(holders.get(word, ()) for word in other.words))
    return chosen


def _joined(own: Sequence[str]) -> str:
    """As many parts as fit, the last of several giving way."""
    label = clipped(own[0])
    for part in own[1:]:
        longer = label + BETWEEN + part
        label = longer if len(longer) <= LABEL_CHARACTERS else label
    return label


def _numbered(label: str, seen: set[str]) -> str:
    number = 2
    while (name := f"{clipped(label, LABEL_CHARACTERS - 5)} ({number})").casefold() in seen:
        number += 1
    return name
