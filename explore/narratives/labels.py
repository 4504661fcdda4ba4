"""A label a person can read: the phrase that most of a narrative's messages share, and what it leaves out beside it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explore.narratives.text import Piece
from explore.narratives.text import words as words_of

LABEL_CHARACTERS = 48
PARTS = 3
SAYS_ENOUGH = 0.6  # a label whose words stand in this share of the messages needs no second part
ADDS_ENOUGH = 0.1  # and three messages, in a narrative that has fifteen
SAYS_NOTHING = 0.25  # a label whose words stand in fewer names a small part of the narrative
GOES_ON = 0.6  # of the messages that hold a phrase hold a longer one too: then the short one was cut out of it
ALONE = 0.3  # a single word says less than a phrase that this share of its messages hold
BETWEEN = " · "
MIXED = "Mixed: "
_PILED = re.compile("[\u0300-\u036f]{3,}")

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Phrase:
    """A run of `words` that recurs in a narrative; `messages`: places of those that hold it, in order.

    `worth`: weight of its telling words by the root of their number.
    """

    words: tuple[str, ...]
    messages: Ints
    worth: float


@dataclass(frozen=True)
class Part:
    """A phrase as it is written in a label."""

    phrase: Phrase
    text: str

    @property
    def is_single(self) -> bool:
        """Whether it is one word without the sign of a tag."""
        return len(self.phrase.words) == 1 and not self.text.startswith("#")

    @property
    def score(self) -> float:
        """How often it recurs beyond its first time, times its worth; a single word counts less."""
        return _recurs(self.phrase) * (ALONE if self.is_single else 1.0)


Writer = Callable[[Phrase], str | None]


def parts(phrases: Sequence[Phrase], *, size: int, write: Writer) -> list[str]:
    """The parts of a narrative's label, best first, of which as many are shown as fit; none where nothing recurs.

    `size`: messages of the narrative. `write`: gives the way a phrase is written, null where it is never written in one
    go. The first part is the phrase with the most weight summed over messages, whole; what adds enough messages
    follows. Where all this stands in few messages, the narrative has no one subject, and its label says so.
    """
    holders = {one.words[0]: one.messages for one in phrases if len(one.words) == 1}
    chosen: list[Part] = []
    covered = np.zeros(size, dtype=bool)
    left = [one for one in phrases if one.worth > 0]
    while len(chosen) < PARTS and covered.mean() < SAYS_ENOUGH:
        part = _next(left, covered, write) if chosen else _first(left, write)
        if part is None:
            break
        chosen.append(_whole(part, phrases, write))
        said = chosen[-1].phrase
        for messages in (said.messages, *(holders[word] for word in said.words if word in holders)):
            covered[messages] = True
        left = _without(left, said)
    if len(chosen) == 1 and chosen[0].is_single:
        chosen += _beside(left, write, size=size)
    if covered.mean() < SAYS_NOTHING:
        return _mixed(phrases, write)
    return [part.text for part in chosen]


def written(phrase: Sequence[str], posts: Iterable[Sequence[Sequence[Piece]]]) -> str | None:
    """The way `phrase` is written most often in the clauses of some posts; of two, the one met first; null = never."""
    wanted = tuple(phrase)
    met = [_written(run) for clauses in posts for clause in clauses for run in _places(clause, wanted)]
    return Counter(met).most_common(1)[0][0] if met else None


def spare(phrases: Sequence[Phrase], *, size: int) -> list[str]:
    """The words of a narrative of `size` messages that can tell its label from another's, the most telling first."""
    return [one.words[0] for one in _words(phrases) if len(one.messages) >= _enough(size)]


def told_apart(found: Sequence[Sequence[str]], spare: Sequence[Sequence[str]]) -> list[str]:
    """Labels made distinct by the first of a narrative's `spare` words that its label does not hold, then by a number.

    `found`: the parts of each label. Joined they have at most 48 characters.
    """
    seen: set[str] = set()
    result = []
    for own, words in zip(found, spare, strict=True):
        label = _joined(own)
        others = [word for word in words if word.casefold() not in label.casefold()]
        tried = [label, *(_joined([label, word]) for word in others)]
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


def _first(phrases: Sequence[Phrase], write: Writer) -> Part | None:
    """The phrase with the best score that is written in one go."""
    best: Part | None = None
    for phrase in sorted(phrases, key=lambda one: (-_recurs(one), one.words)):
        if best is not None and _recurs(phrase) <= best.score:
            break
        text = write(phrase)
        part = Part(phrase, text) if text is not None else None
        if part is not None and (best is None or part.score > best.score):
            best = part
    return best


def _next(phrases: Sequence[Phrase], covered: NDArray[np.bool_], write: Writer) -> Part | None:
    """The phrase that adds the most weight over messages not `covered`, and enough of them."""
    added = [len(one.messages) - int(covered[one.messages].sum()) for one in phrases]
    least = _enough(len(covered))
    for i in sorted(range(len(phrases)), key=lambda i: (-added[i] * phrases[i].worth, phrases[i].words)):
        if added[i] >= least:
            text = write(phrases[i])
            if text is not None:
                return Part(phrases[i], text)
    return None


def _beside(phrases: Sequence[Phrase], write: Writer, *, size: int) -> list[Part]:
    """What a single word that says enough most often stands with: "Israel" with "Gaza"."""
    part = _next(phrases, np.zeros(size, dtype=bool), write)
    return [part] if part is not None else []


def _mixed(phrases: Sequence[Phrase], write: Writer) -> list[str]:
    """Three words that tell it most, as those of a mixture."""
    left = _words(phrases)
    found: list[str] = []
    for phrase in _words(phrases):
        text = write(phrase) if len(found) < PARTS and phrase in left else None
        if text is not None:
            found.append(text)
            left = _without(left, phrase)
    return [MIXED + found[0], *found[1:]] if found else []


def _enough(size: int) -> float:
    """The fewest messages of a narrative that what follows in its label must add."""
    return max(ADDS_ENOUGH * size, min(3.0, size / 5))


def _words(phrases: Sequence[Phrase]) -> list[Phrase]:
    """The single words, most telling first; by the root of their messages, for the most frequent tell little."""
    single = [one for one in phrases if len(one.words) == 1]
    return sorted(single, key=lambda one: (-one.worth * len(one.messages) ** 0.5, one.words))


def _without(phrases: Sequence[Phrase], said: Phrase) -> list[Phrase]:
    """The phrases that repeat no word of another."""
    return [one for one in phrases if not any(repeats(a, b) for a in one.words for b in said.words)]


def _whole(part: Part, phrases: Sequence[Phrase], write: Writer) -> Part:
    """The longest phrase around `part` that most of its messages hold: "Donald" goes on as "Donald Trump"."""
    least = GOES_ON * len(part.phrase.messages)
    longer = [
        one for one in phrases if len(one.messages) >= least and len(one.words) > len(part.phrase.words)
        and _holds(one.words, part.phrase.words)
    ]  # fmt: skip
    for phrase in sorted(longer, key=lambda one: (-len(one.words), -len(one.messages), one.words)):
        text = write(phrase)
        if text is not None:
            return Part(phrase, text)
    return part


def _holds(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return any(words[i : i + len(wanted)] == wanted for i in range(len(words) - len(wanted) + 1))


def _recurs(phrase: Phrase) -> float:
    return max(len(phrase.messages) - 1, 0.1) * phrase.worth


def _places(clause: Sequence[Piece], wanted: tuple[str, ...]) -> Iterator[Sequence[Piece]]:
    """The runs of a clause that are these words, readable and short enough."""
    for start, piece in enumerate(clause):
        if piece.words[0] != wanted[0]:
            continue
        found: tuple[str, ...] = ()
        for end in range(start, len(clause)):
            found += clause[end].words
            run = clause[start : end + 1]
            if found == wanted or (not piece.written.isascii() and tuple(words_of(_written(run))) == wanted):
                if _is_shown(run):
                    yield run
                break
            if len(found) >= len(wanted):
                break


def _is_shown(run: Sequence[Piece]) -> bool:
    """Whether a run begins and ends as words do and fits a label, but for a single word, which may be cut."""
    fits = len(run) == 1 or len(_written(run)) <= LABEL_CHARACTERS
    return fits and _is_readable(run[0].written) and _is_readable(run[-1].written)


def _is_readable(written: str) -> bool:
    """Whether a word begins as words do and no marks are piled on its letters."""
    return written.lstrip("#")[:1].isalnum() and not _PILED.search(written)


def _written(run: Sequence[Piece]) -> str:
    """The run as it was written; a Japanese phrase loses the particles that end it."""
    last = run[-1]
    end = last.words[0] if len(last.words) == 1 and last.written.startswith(last.words[0]) else last.written
    inner = [("" if i == 0 else " " if piece.before.isspace() else piece.before) for i, piece in enumerate(run)]
    return "".join(before + (end if piece is last else piece.written) for before, piece in zip(inner, run, strict=True))


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
