"""What each narrative is about: BERTopic's c-TF-IDF terms, a label a person can read, and the themes above."""

from __future__ import annotations

import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explore.narratives.text import content_words, is_spaceless, visible_words, words

TERMS = 10
LABEL_TERMS = 30
LABEL_WORDS = range(1, 8)
LABEL_CHARACTERS = 60
TYPICAL_MESSAGES = 60
NO_WORDS = "- –"  # stands for a message without content words; neither can be a word
CLAUSE_END = re.compile(r"[.!?:;|…,。！？、،؟)\]}»”\"–—]$")


@dataclass(frozen=True)
class Topics:
    """`narrative`: narrative id per message, 0 = the one with most messages, -1 = none; shape (n,).

    Per narrative id, in order: `terms` (at most ten, most telling first), `labels`, `themes` (theme id).
    """

    narrative: NDArray[np.int64]
    terms: list[list[str]]
    labels: list[str]
    themes: list[int]


def describe(
    texts: Sequence[str],
    langs: Sequence[str | None],
    labels: NDArray[np.int64],
    typicality: NDArray[np.float64],
    vectors: NDArray[np.float32],
) -> Topics:
    """Name the clusters `labels` (-1 = none) of the messages `texts`.

    `typicality`: cosine of each message to its cluster's mean, which chooses the messages a label is taken from.
    """
    k = int(labels.max(initial=-1)) + 1
    if k == 0:
        return Topics(narrative=labels, terms=[], labels=[], themes=[])
    content = [content_words(words(text), lang) for text, lang in zip(texts, langs, strict=True)]
    narrative, weights = _ctfidf(content, labels, vectors)
    names = [
        _label([texts[i] for i in _most_typical(narrative == topic, typicality)], weights[topic]) for topic in range(k)
    ]
    terms = [list(weight)[:TERMS] for weight in weights]
    return Topics(narrative, terms, _told_apart(names, terms), _themes(narrative, vectors))


def warm_up() -> None:
    """Import bertopic, which takes seconds."""
    _bertopic()


def _ctfidf(
    content: Sequence[list[str]], labels: NDArray[np.int64], vectors: NDArray[np.float32]
) -> tuple[NDArray[np.int64], list[dict[str, float]]]:
    """BERTopic over given clusters: narrative id per message (0 = most messages) and term weights, best first."""
    from bertopic.cluster import BaseCluster
    from bertopic.dimensionality import BaseDimensionalityReduction
    from bertopic.vectorizers import ClassTfidfTransformer
    from sklearn.feature_extraction.text import CountVectorizer

    model = _bertopic()(
        language="multilingual",  # anything else strips every letter outside A-Z
        embedding_model=None,
        umap_model=BaseDimensionalityReduction(),
        hdbscan_model=BaseCluster(),
        vectorizer_model=CountVectorizer(tokenizer=str.split, token_pattern=None, lowercase=False),
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),
        top_n_words=LABEL_TERMS,
    )
    documents = [" ".join(found) or NO_WORDS for found in content]
    if len(set().union(*content)) < 2:  # BERTopic fails on a vocabulary of one word
        documents[0] = f"{documents[0]} {NO_WORDS}"
    narrative, _ = model.fit_transform(documents, embeddings=vectors, y=labels)
    found = np.asarray(narrative, dtype=np.int64)
    k = int(found.max()) + 1
    nothing = {"", *NO_WORDS.split()}
    weights = [
        {word: float(weight) for word, weight in model.get_topic(topic) if word not in nothing and weight > 0}
        for topic in range(k)
    ]
    return found, weights


def _bertopic() -> Any:
    with warnings.catch_warnings():  # importing it silences warnings for the whole process
        from bertopic import BERTopic
    return BERTopic


def _most_typical(member: NDArray[np.bool_], typicality: NDArray[np.float64]) -> NDArray[np.int64]:
    inside = np.flatnonzero(member)
    return inside[np.argsort(-typicality[inside], kind="stable")][:TYPICAL_MESSAGES]


def _label(typical: Sequence[str], weights: Mapping[str, float]) -> str:
    """The phrase that recurs most in the typical messages, weighted by the narrative's terms in it, as it was written.

    A long phrase wins when it is repeated nearly as often as its parts. Without any, the first terms are the label.
    """
    joint = "" if is_spaceless(" ".join(typical)) else " "
    phrases: dict[str, str] = {}
    scores: dict[str, float] = defaultdict(float)
    for text in typical:
        for key, phrase, score in _phrases(visible_words(text), weights, joint=joint):
            phrases.setdefault(key, phrase)
            scores[key] += score
    if not scores:
        return _clipped(" · ".join(list(weights)[:3]) or " ".join("".join(typical[:1]).split()))
    return _clipped(phrases[max(scores, key=lambda key: (scores[key], key))])


def _phrases(raw: Sequence[str], weights: Mapping[str, float], *, joint: str) -> list[tuple[str, str, float]]:
    """(key, phrase as written, weight of its terms) of each run of words that begins and ends with a term, holds no
    word twice and stays in its clause. A single word counts only as a hashtag."""
    plain = [" ".join(words(word)) for word in raw]
    weight = [max((weights.get(word, 0.0) for word in one.split()), default=0.0) for one in plain]
    found: dict[str, tuple[str, str, float]] = {}
    for start in np.flatnonzero(weight).tolist():
        for length in LABEL_WORDS:
            end = start + length
            if end > len(raw) or (length > 1 and CLAUSE_END.search(raw[end - 2])):
                break
            inside = plain[start:end]
            if not weight[end - 1] or len(set(inside)) < length or (length == 1 and raw[start][0] != "#"):
                continue
            found[" ".join(inside)] = (" ".join(inside), joint.join(raw[start:end]), sum(weight[start:end]))
    return list(found.values())


def _clipped(label: str) -> str:
    label = re.sub(r"\s+", " ", label).strip(" .,:;!?-–—\"'“”«»()[]|…、。")
    return label if len(label) <= LABEL_CHARACTERS else label[: LABEL_CHARACTERS - 1].rstrip() + "…"


def _told_apart(labels: Sequence[str], terms: Sequence[Sequence[str]]) -> list[str]:
    """Labels made distinct by the first of a narrative's terms that its label does not hold, then by a number."""
    seen: Counter[str] = Counter()
    result = []
    for label, own in zip(labels, terms, strict=True):
        if label.casefold() in seen:
            extra = next((term for term in own if term not in label.casefold()), "")
            label = f"{label} · {extra}" if extra else label
        name = f"{label} ({seen[label.casefold()] + 1})" if label.casefold() in seen else label
        seen[label.casefold()] += 1
        result.append(name)
    return result


def _themes(narrative: NDArray[np.int64], vectors: NDArray[np.float32]) -> list[int]:
    """Theme of each narrative: Ward linkage of the narratives' mean vectors, cut into about sqrt(k) groups."""
    from scipy.cluster.hierarchy import fcluster, linkage

    k = int(narrative.max()) + 1
    if k < 3:
        return [0] * k
    means = np.stack([vectors[narrative == topic].mean(axis=0) for topic in range(k)])
    groups = fcluster(linkage(means, method="ward"), t=max(2, round(k**0.5)), criterion="maxclust")
    order: dict[int, int] = {}
    return [order.setdefault(int(group), len(order)) for group in groups]
