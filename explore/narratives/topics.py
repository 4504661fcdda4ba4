"""What each narrative is about: BERTopic's c-TF-IDF terms, a label a person can read, and the themes above."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explore.narratives import labels as labelling
from explore.narratives.boilerplate import Kept, without_boilerplate
from explore.narratives.labels import Phrase
from explore.narratives.phrases import recurring
from explore.narratives.text import Piece, clauses, function_words, says_nothing
from explore.narratives.tokens import Tokens
from explore.narratives.vectors import unit_rows

TERMS = 10
CANDIDATES = 60
DIVERSITY = 0.2
SUPPORT = 0.5  # times the root of a narrative's messages must hold a term, at least two: a typing error is none
RARE = 0.01  # what the weight of others is multiplied by
SPOKEN = 0.2  # of a narrative's messages known to be in a language make its stop words count
GUESSED = 0.5  # of the stop words of the likeliest language, where no language is known
NEARLY = 0.9  # of the times a word is met it is a stop word: then it is one where the language is a guess
READ_CHARACTERS = 2_000  # of a message, where a label is looked for
READ_MESSAGES = 5  # of those that hold a phrase, to see how it is written


@dataclass(frozen=True)
class Topics:
    """`narrative`: narrative id per message, 0 = the one with most messages, -1 = none; shape (n,).

    Per narrative id, in order: `terms` (at most ten, most telling first), `labels`, `themes` (theme id).
    """

    narrative: NDArray[np.int64]
    terms: list[list[str]]
    labels: list[str]
    themes: list[int]


@dataclass(frozen=True)
class Words:
    """The words of the messages without boilerplate: codes in `vocabulary` one after the other, and their `message`.

    `counts`: the same as CSR of shape (messages, vocabulary). `kept`: which words of each message were counted.
    """

    vocabulary: list[str]
    flat: NDArray[np.int64]
    message: NDArray[np.int64]
    counts: Any
    kept: Kept


def describe(
    texts: Sequence[str],
    langs: Sequence[str | None],
    labels: NDArray[np.int64],
    typicality: NDArray[np.float64],
    vectors: NDArray[np.float32],
    tokens: Tokens,
    *,
    authors: NDArray[np.int64] | None = None,
) -> Topics:
    """Name the clusters `labels` (-1 = none) of the messages `texts`, whose words are `tokens`.

    `typicality`: cosine of each message to its cluster's mean; a phrase is written as the most typical messages do.
    `authors`: code of each message's account, -1 = unknown; with it, accounts' standing lines are left out.
    """
    if labels.max(initial=-1) < 0:
        return Topics(narrative=labels, terms=[], labels=[], themes=[])
    narrative = _by_size(labels)
    counted = _counted(tokens, narrative, np.full(len(texts), -1) if authors is None else authors)
    telling = _telling(counted, narrative, langs)
    weights = _weights(counted, telling, narrative)
    terms = _diverse(weights, counted, vectors)
    members = _most_typical_first(narrative, typicality)
    phrases = _phrases(counted, telling, weights, members)
    parts = [_parts(*each, texts=texts, counted=counted) for each in zip(phrases, members, terms, strict=True)]
    spare = [labelling.spare(own, size=len(held)) for own, held in zip(phrases, members, strict=True)]
    return Topics(narrative, terms, labelling.told_apart(parts, spare), _themes(narrative, vectors))


def warm_up() -> None:
    """Import bertopic, which takes seconds."""
    _class_weighting()


def _by_size(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The clusters numbered by the messages they hold, most first; -1 stays."""
    order = np.argsort(-np.bincount(labels[labels >= 0]), kind="stable")
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = -1
    return rank[labels]


def _counted(tokens: Tokens, narrative: NDArray[np.int64], authors: NDArray[np.int64]) -> Words:
    from scipy import sparse

    flat = tokens.flat.astype(np.int64)
    number = np.array([word[0].isdigit() for word in tokens.vocabulary], dtype=bool)
    lines = np.where(number[flat], -1, flat) if len(flat) else flat
    kept = without_boilerplate(lines, tokens.starts, authors=authors, labels=narrative)
    message = tokens.message
    place = np.arange(len(flat)) - tokens.starts[message]
    inside = (place >= kept.first[message]) & (place < kept.last[message])
    flat, message = flat[inside], message[inside]
    counts = sparse.csr_matrix(
        (np.ones(len(flat), dtype=np.float32), (message, flat)), shape=(len(narrative), len(tokens.vocabulary))
    )
    return Words(tokens.vocabulary, flat, message, counts, kept)


def _telling(counted: Words, narrative: NDArray[np.int64], langs: Sequence[str | None]) -> Any:
    """How often each narrative (row; the last stands for none) has each word that can describe it, CSR."""
    member = _membership(narrative)
    return _without_function_words((member @ counted.counts).tocoo(), counted.vocabulary, member, langs)


def _weights(counted: Words, telling: Any, narrative: NDArray[np.int64]) -> list[dict[str, float]]:
    """BERTopic's c-TF-IDF weights of the words that describe each narrative, best first, at most sixty.

    Words that too few of its messages hold weigh a hundredth and so come after all others.
    """
    k = int(narrative.max()) + 1
    used = np.unique(telling.indices)
    if len(used) < 2:  # BERTopic fails on a vocabulary of one word
        return [{counted.vocabulary[i]: 1.0 for i in telling[topic].indices} for topic in range(k)]
    weighted = _class_weighting()(reduce_frequent_words=True).fit_transform(telling[:, used]).tocsr()
    held_by = (_membership(narrative) @ counted.counts.sign()).tocsr()[:, used]
    members = np.bincount(narrative[narrative >= 0], minlength=k)
    found = []
    for topic in range(k):
        row, held = weighted[topic], held_by[topic].toarray().ravel()
        rare = held[row.indices] < min(max(2, SUPPORT * members[topic] ** 0.5), members[topic])
        weight = row.data * np.where(rare, RARE, 1.0)
        best = np.lexsort((row.indices, -weight))[:CANDIDATES]
        found.append(
            {counted.vocabulary[used[i]]: float(w) for i, w in zip(row.indices[best], weight[best], strict=True)}
        )
    return found


def _membership(narrative: NDArray[np.int64]) -> Any:
    """Narratives by messages, CSR; the last row stands for the messages in none, as BERTopic has it."""
    from scipy import sparse

    k, n = int(narrative.max()) + 1, len(narrative)
    return sparse.csr_matrix((np.ones(n, dtype=np.float32), (narrative % (k + 1), np.arange(n))), shape=(k + 1, n))


def _without_function_words(by_class: Any, vocabulary: Sequence[str], member: Any, langs: Sequence[str | None]) -> Any:
    """Word counts of each class (COO in, CSR out) without what describes nothing in the languages it is written in.

    These are as its posts say, so that the German "war" and the English "war" are told apart. Where they do not say,
    its stop words tell, and what is a stop word nearly wherever it stands is one here too: the English posts among
    Spanish ones.
    """
    from scipy import sparse

    places = function_words(vocabulary)
    is_function = np.zeros((len(places), len(vocabulary)), dtype=bool)
    for row, place in enumerate(places.values()):
        is_function[row, place] = True
    known = _said(member, langs, languages=list(places))
    size = np.asarray(member.sum(axis=1))
    told = np.asarray(2 * known.sum(axis=1) >= size[:, 0])
    speaks = np.where(told[:, None], known >= SPOKEN * size, _guessed(by_class, is_function))

    some = np.flatnonzero(np.asarray(is_function.any(axis=0))[by_class.col])
    gone = np.zeros(by_class.nnz, dtype=bool)
    gone[some] = (speaks[by_class.row[some]] & is_function.T[by_class.col[some]]).any(axis=1)
    met, lost = (np.bincount(by_class.col, weight) for weight in (by_class.data, by_class.data * gone))
    silent = np.array([says_nothing(word) for word in vocabulary], dtype=bool)
    keep = ~silent[by_class.col] & ~gone & ~((lost >= NEARLY * met)[by_class.col] & ~told[by_class.row])
    kept = (by_class.data[keep], (by_class.row[keep], by_class.col[keep]))
    return sparse.csr_matrix(kept, shape=by_class.shape)


def _said(member: Any, langs: Sequence[str | None], *, languages: list[str]) -> NDArray[np.float64]:
    """How many messages of each class (row) are known to be in each language (column)."""
    from scipy import sparse

    code = {language: i for i, language in enumerate(languages)}
    said = np.array([code.get((lang or "").split("-")[0], -1) for lang in langs], dtype=np.int64)
    rows = np.flatnonzero(said >= 0)
    told = sparse.csr_matrix((np.ones(len(rows)), (rows, said[rows])), shape=(len(langs), len(languages)))
    known: NDArray[np.float64] = (member @ told).toarray()
    return known


def _guessed(by_class: Any, is_function: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each class (row) holds about as many stop words of each language (column) as of the likeliest."""
    hits = by_class @ is_function.T.astype(np.float32)
    guess: NDArray[np.bool_] = hits >= np.maximum(GUESSED * hits.max(axis=1, keepdims=True), 1)
    return guess


def _class_weighting() -> Any:
    with warnings.catch_warnings():  # importing it silences warnings for the whole process
        from bertopic.vectorizers import ClassTfidfTransformer
    return ClassTfidfTransformer


def _diverse(weights: Sequence[dict[str, float]], counted: Words, vectors: NDArray[np.float32]) -> list[list[str]]:
    """Ten terms a narrative by maximal marginal relevance (Carbonell & Goldstein 1998), none of which repeats another.

    Two words are alike as the mean vectors of the messages that hold them are.
    """
    place = {word: i for i, word in enumerate(counted.vocabulary)}
    used = sorted({place[word] for weight in weights for word in weight})
    row = {counted.vocabulary[i]: n for n, i in enumerate(used)}
    meaning = unit_rows(np.asarray(counted.counts[:, used].T @ vectors, dtype=np.float32))
    return [_chosen(weight, meaning[[row[word] for word in weight]]) for weight in weights]


def _chosen(weight: dict[str, float], meaning: NDArray[np.float32]) -> list[str]:
    """The first ten by (1 - d) x weight - d x likeness to the nearest of those before, d = 0.2."""
    names = list(weight)
    relevance = np.array(list(weight.values()))
    relevance = relevance / relevance.max(initial=1e-12)
    nearest = np.zeros(len(names))
    open_ = np.ones(len(names), dtype=bool)
    chosen: list[str] = []
    while open_.any() and len(chosen) < TERMS:
        score = np.where(open_, (1 - DIVERSITY) * relevance - DIVERSITY * nearest, -np.inf)
        best = int(score.argmax())
        open_[best] = False
        if not any(labelling.repeats(one, names[best]) for one in chosen):
            chosen.append(names[best])
            nearest = np.maximum(nearest, meaning @ meaning[best])
    return chosen


def _most_typical_first(narrative: NDArray[np.int64], typicality: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """The messages of each narrative."""
    order = np.lexsort((-typicality, narrative))
    edges = np.searchsorted(narrative[order], np.arange(narrative.max() + 2))
    return [order[start:end] for start, end in pairwise(edges)]


def _phrases(
    counted: Words, telling: Any, weights: Sequence[dict[str, float]], members: Sequence[NDArray[np.int64]]
) -> list[list[Phrase]]:
    """What could name each narrative: runs of words that recur in it, begin and end with a word that can describe it,
    hold one that does and none twice."""
    narrative, place = np.full((2, counted.counts.shape[0]), -1)
    for topic, own in enumerate(members):
        narrative[own], place[own] = topic, np.arange(len(own))
    found: list[list[Phrase]] = [[] for _ in members]
    for runs in recurring(counted.flat, counted.message, narrative):
        ends = [np.asarray(telling[runs.narrative, runs.words[:, end]]).ravel() > 0 for end in (0, -1)]
        for i in np.flatnonzero(ends[0] & ends[1]):
            topic = int(runs.narrative[i])
            words = tuple(counted.vocabulary[code] for code in runs.words[i])
            weight = [weights[topic][word] for word in words if word in weights[topic]]
            if weight and len(set(words)) == len(words):
                holders = np.sort(place[runs.messages[runs.starts[i] : runs.starts[i + 1]]])
                found[topic].append(Phrase(words, holders, sum(weight) / len(weight) ** 0.5))
    return found


def _parts(
    phrases: Sequence[Phrase],
    members: NDArray[np.int64],
    terms: Sequence[str],
    *,
    texts: Sequence[str],
    counted: Words,
) -> list[str]:
    """The parts of a narrative's label; its terms, where no phrase names it. `members`: most typical first."""

    @cache
    def read(place: int) -> list[list[Piece]]:
        message = int(members[place])
        return _pieces(texts[message], counted.kept, message)

    def write(phrase: Phrase) -> str | None:
        return labelling.written(phrase.words, map(read, phrase.messages[:READ_MESSAGES].tolist()))

    found = labelling.parts(phrases, size=len(members), write=write)
    return found or list(terms[:3]) or [_plain(texts[int(members[0])])]


def _pieces(text: str, kept: Kept, message: int) -> list[list[Piece]]:
    """The clauses of a message without its account's standing lines."""
    place = 0
    left = []
    for clause in clauses(text[:READ_CHARACTERS]):
        inside = []
        for piece in clause:
            if kept.first[message] <= place < kept.last[message]:
                inside.append(piece)
            place += len(piece.words)
        left.append(inside)
    return [clause for clause in left if clause]


def _plain(text: str) -> str:
    """The words of a post as they were written, for a narrative that nothing describes."""
    written = [piece.written for clause in clauses(text[:READ_CHARACTERS]) for piece in clause]
    return " ".join(written) or "-"


def _themes(narrative: NDArray[np.int64], vectors: NDArray[np.float32]) -> list[int]:
    """Theme of each narrative: Ward linkage of the narratives' mean vectors, cut into about sqrt(k) groups."""
    from scipy.cluster.hierarchy import fcluster, linkage

    k = int(narrative.max()) + 1
    if k < 3:
        return [0] * k
    members = _membership(narrative)[:k]
    means = np.asarray(members @ vectors) / np.asarray(members.sum(axis=1))
    groups = fcluster(linkage(means, method="ward"), t=max(2, round(k**0.5)), criterion="maxclust")
    order: dict[int, int] = {}
    return [order.setdefault(int(group), len(order)) for group in groups]
