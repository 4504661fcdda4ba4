"""What a snapshot's own words say about each other: vectors without any model.

Two views of a text that complement each other: which words and letters it holds (latent semantic analysis of TF-IDF),
and which words its words keep company with (positive pointwise mutual information, Levy & Goldberg 2014, of what the
counts are sure of).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explore.narratives.text import words
from explore.narratives.vectors import Vectors, unit_rows

MOST_COLUMNS = 50_000
FIT_SAMPLE = 30_000
CHARACTER_NGRAMS = range(3, 5)
PIECES_WEIGHT = 2.0  # of the pieces beside the words: they join what grammar and spelling part, in any language
STRETCH = 32  # words that keep company with each other: a short text, or a piece of a long one
DOUBT = 0.85  # standard errors that are taken off a count: two words met once say little, and rare words meet once


class Lexicon:
    """The words of some texts, counted once. Everything is decided by the texts and the seed.

    A row of every result stands for the text in the same place; a text without a usable word has a row of zeros.
    """

    def __init__(self, texts: Sequence[str], *, seed: int) -> None:
        from sklearn.feature_extraction.text import CountVectorizer

        self._seed = seed
        self._tokens = [words(text) for text in texts]
        self.is_empty = not any(self._tokens)
        if not self.is_empty:
            counter = CountVectorizer(analyzer=_same, dtype=np.float32)
            self._counts = counter.fit_transform(self._tokens)
            self._vocabulary = counter.get_feature_names_out()

    def latent(self, dimensions: int, *, characters: bool) -> Vectors:
        """LSA of word TF-IDF, with the 3- and 4-letter pieces of the words beside it when `characters`.

        Shape (texts, at most `dimensions`), rows of length one. Pieces are counted once per distinct word, which gives
        the same matrix as counting them per text.
        """
        from scipy import sparse
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfTransformer

        blocks = [(1.0, _frequent(self._counts)), *([(PIECES_WEIGHT, _frequent(self._pieces()))] if characters else [])]
        weighted = [
            weight * TfidfTransformer(sublinear_tf=True).fit_transform(block)
            for weight, block in blocks
            if block.shape[1]
        ]
        features = sparse.hstack(weighted, format="csr") if weighted else self._counts
        sample = np.sort(np.random.default_rng(self._seed).permutation(features.shape[0])[:FIT_SAMPLE])
        possible = min(dimensions, features.shape[1] - 1, len(sample) - 1)
        if possible < 1:
            return unit_rows(np.asarray(features.todense(), dtype=np.float32))
        svd = TruncatedSVD(possible, n_iter=3, random_state=self._seed).fit(features[sample])
        return unit_rows((features @ svd.components_.T.astype(np.float32)).astype(np.float32))

    def company(self, dimensions: int) -> Vectors:
        """Mean of the texts' word vectors, which come from the company that words keep in these texts.

        Shape (texts, at most `dimensions`), rows of length one, without the direction that all texts share. No
        columns where fewer than three words occur in two texts. Words need no weights: the vector of one that keeps
        company with all alike is short.
        """
        keep = _usable(self._counts, most_common=1.0)
        if len(keep) < 3:
            return np.zeros((len(self._tokens), 0), dtype=np.float32)
        present = self._counts[:, keep].sign()
        return _without_shared(
            unit_rows((present @ self._word_vectors(keep, dimensions)).astype(np.float32)), seed=self._seed
        )

    def _pieces(self) -> Any:
        """Texts by 3- and 4-letter pieces, sparse counts."""
        from sklearn.feature_extraction.text import CountVectorizer

        per_word = CountVectorizer(analyzer=_character_ngrams, dtype=np.float32).fit_transform(self._vocabulary)
        return self._counts @ per_word

    def _word_vectors(self, keep: NDArray[np.int64], dimensions: int) -> Vectors:
        """Truncated SVD of the PPMI of the words `keep` with each other, shape (words, at most `dimensions`)."""
        from scipy import sparse
        from sklearn.utils.extmath import randomized_svd

        together = _together(self._tokens, self._vocabulary[keep]).tocoo()
        seen = np.asarray(together.sum(axis=1)).ravel()
        expected = seen[together.row] * seen[together.col] / seen.sum()
        information = np.log((together.data - DOUBT * np.sqrt(together.data)) / expected)
        positive = information > 0
        matrix = sparse.csr_matrix(
            (information[positive].astype(np.float32), (together.row[positive], together.col[positive])),
            shape=together.shape,
        )
        left, singular, _ = randomized_svd(matrix, min(dimensions, len(keep) - 1), n_iter=3, random_state=self._seed)
        vectors: Vectors = (left * np.sqrt(singular)).astype(np.float32)
        return vectors


def _together(tokens: Sequence[Sequence[str]], vocabulary: NDArray[Any]) -> Any:
    """In how many stretches of a text two words stand together, symmetric CSR of shape (words, words)."""
    from scipy import sparse

    code = {word: i for i, word in enumerate(vocabulary)}
    flat = np.array([code.get(word, -1) for text in tokens for word in text], dtype=np.int64)
    lengths = np.array([len(text) for text in tokens], dtype=np.int64)
    place = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    stretch = np.cumsum(place % STRETCH == 0) - 1
    known = flat >= 0
    held = sparse.csr_matrix(
        (np.ones(int(known.sum()), dtype=np.float32), (stretch[known], flat[known])),
        shape=(int(stretch[-1]) + 1, len(vocabulary)),
    ).sign()
    together = (held.T @ held).tocsr()
    together.setdiag(0)
    together.eliminate_zeros()
    return together


def _without_shared(vectors: Vectors, *, seed: int) -> Vectors:
    """The rows without their first singular direction, found on a seeded sample, scaled to length one again."""
    sample = vectors[np.random.default_rng(seed).permutation(len(vectors))[:FIT_SAMPLE]]
    _, directions = np.linalg.eigh(sample.T @ sample)
    shared = directions[:, -1:].astype(np.float32)
    rest: Vectors = (vectors - (vectors @ shared) @ shared.T).astype(np.float32)
    return unit_rows(rest)


def _same(tokens: list[str]) -> list[str]:
    return tokens


def _character_ngrams(word: str) -> list[str]:
    padded = f" {word} "
    return [padded[i : i + n] for n in CHARACTER_NGRAMS for i in range(len(padded) - n + 1)]


def _frequent(counts: Any) -> Any:
    """The columns found in at least two texts and in at most half of them, 50,000 of them by frequency."""
    return counts[:, _usable(counts, most_common=0.5)]


def _usable(counts: Any, *, most_common: float) -> NDArray[np.int64]:
    """Column numbers, ascending: found in at least two texts and at most this share of them, the most frequent."""
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    fitting = np.flatnonzero((frequency >= 2) & (frequency <= max(2, most_common * counts.shape[0])))
    return np.sort(fitting[np.argsort(-frequency[fitting], kind="stable")][:MOST_COLUMNS])
