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

from explore.narratives.tokens import Tokens
from explore.narratives.vectors import Vectors, in_one_thread, unit_rows

MOST_COLUMNS = 50_000
FIT_SAMPLE = 30_000
CHARACTER_NGRAMS = range(3, 5)
LETTER_BITS = 16  # four letters are one number; no snapshot writes with more than 65,536 different ones
PIECES_WEIGHT = 2.0  # of the pieces beside the words: they join what grammar and spelling part, in any language
STRETCH = 32  # words that keep company with each other: a short text, or a piece of a long one
DOUBT = 0.85  # standard errors that are taken off a count: two words met once say little, and rare words meet once


class Lexicon:
    """The words of some texts, counted once. Everything is decided by the texts and the seed.

    A row of every result stands for the text in the same place; a text without a usable word has a row of zeros.
    """

    def __init__(self, spoken: Tokens, *, seed: int) -> None:
        from scipy import sparse

        self._seed = seed
        self._spoken = spoken
        self.is_empty = len(spoken.flat) == 0
        self._counts = sparse.csr_matrix(
            (np.ones(len(spoken.flat), dtype=np.float32), spoken.flat, spoken.starts),
            shape=(len(spoken), len(spoken.vocabulary)),
            copy=True,  # summing sorts in place
        )
        self._counts.sum_duplicates()

    def latent(self, dimensions: int, *, characters: bool) -> Vectors:
        """LSA of word TF-IDF, with the 3- and 4-letter pieces of the words beside it when `characters`.

        Shape (texts, at most `dimensions`), rows of length one. Pieces are counted once per distinct word, which gives
        the same matrix as counting them per text.
        """
        from scipy import sparse
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfTransformer

        blocks = [
            (1.0, _frequent(self._counts)),
            *([(PIECES_WEIGHT, _frequent(self._counts @ _pieces(self._spoken.vocabulary)))] if characters else []),
        ]
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
        with in_one_thread():
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
            return np.zeros((self._counts.shape[0], 0), dtype=np.float32)
        present = self._counts[:, keep].sign()
        return _without_shared(
            unit_rows((present @ self._word_vectors(keep, dimensions)).astype(np.float32)), seed=self._seed
        )

    def _word_vectors(self, keep: NDArray[np.int64], dimensions: int) -> Vectors:
        """Truncated SVD of the PPMI of the words `keep` with each other, shape (words, at most `dimensions`)."""
        from scipy import sparse
        from sklearn.utils.extmath import randomized_svd

        together = _together(self._spoken, keep).tocoo()
        seen = np.asarray(together.sum(axis=1)).ravel()
        expected = seen[together.row] * seen[together.col] / seen.sum()
        information = np.log((together.data - DOUBT * np.sqrt(together.data)) / expected)
        positive = information > 0
        matrix = sparse.csr_matrix(
            (information[positive].astype(np.float32), (together.row[positive], together.col[positive])),
            shape=together.shape,
        )
        k = min(dimensions, len(keep) - 1)
        with in_one_thread():
            left, singular, _ = randomized_svd(matrix, k, n_iter=3, random_state=self._seed)
        vectors: Vectors = (left * np.sqrt(singular)).astype(np.float32)
        return vectors


def _together(spoken: Tokens, keep: NDArray[np.int64]) -> Any:
    """In how many stretches of a text two of the words `keep` stand together, symmetric CSR of shape (words, words)."""
    from scipy import sparse

    code = np.full(len(spoken.vocabulary), -1)
    code[keep] = np.arange(len(keep))
    flat, lengths = code[spoken.flat], np.diff(spoken.starts)
    place = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    stretch = np.cumsum(place % STRETCH == 0) - 1
    known = flat >= 0
    held = sparse.csr_matrix(
        (np.ones(int(known.sum()), dtype=np.float32), (stretch[known], flat[known])),
        shape=(int(stretch[-1]) + 1, len(keep)),
    ).sign()
    together = (held.T @ held).tocsr()
    together.setdiag(0)
    together.eliminate_zeros()
    return together


def _without_shared(vectors: Vectors, *, seed: int) -> Vectors:
    """The rows without their first singular direction, found on a seeded sample, scaled to length one again."""
    sample = vectors[np.random.default_rng(seed).permutation(len(vectors))[:FIT_SAMPLE]]
    with in_one_thread():
        _, directions = np.linalg.eigh(sample.T @ sample)
        shared = directions[:, -1:].astype(np.float32)
        rest: Vectors = (vectors - (vectors @ shared) @ shared.T).astype(np.float32)
    return unit_rows(rest)


def _pieces(vocabulary: Sequence[str]) -> Any:
    """Words by their 3- and 4-letter pieces, the edges of a word counting as a letter; sparse counts."""
    from scipy import sparse

    padded = [f" {word} " for word in vocabulary]
    joined = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    letters = np.unique(joined, return_inverse=True)[1].astype(np.uint64) % 2**LETTER_BITS
    lengths = np.array([len(word) for word in padded])
    word = np.repeat(np.arange(len(padded)), lengths)
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(joined))  # letters to the end of the word
    blocks = []
    for size in CHARACTER_NGRAMS:
        begin = np.flatnonzero(left >= size)
        piece = np.zeros(len(begin), dtype=np.uint64)
        for place in range(size):
            piece = (piece << np.uint64(LETTER_BITS)) | letters[begin + place]
        distinct, column = np.unique(piece, return_inverse=True)
        entries = (np.ones(len(begin), dtype=np.float32), (word[begin], column))
        blocks.append(sparse.csr_matrix(entries, shape=(len(padded), len(distinct))))
    return sparse.hstack(blocks, format="csr")


def _frequent(counts: Any) -> Any:
    """The columns found in at least two texts and in at most half of them, 50,000 of them by frequency."""
    return counts[:, _usable(counts, most_common=0.5)]


def _usable(counts: Any, *, most_common: float) -> NDArray[np.int64]:
    """Column numbers, ascending: found in at least two texts and at most this share of them, the most frequent."""
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    fitting = np.flatnonzero((frequency >= 2) & (frequency <= max(2, most_common * counts.shape[0])))
    return np.sort(fitting[np.argsort(-frequency[fitting], kind="stable")][:MOST_COLUMNS])
