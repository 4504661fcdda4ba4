"""Rows of float32 that stand for messages, one each, scaled to length one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

AT_ONCE = 20_000  # rows that are copied to be compared

Vectors = NDArray[np.float32]


@contextmanager
def in_one_thread() -> Iterator[None]:
    """Linear algebra in one thread: the same to the last bit on any number of cores, and many times as fast as threads
    that wait for each other where something else uses the cores too."""
    import scipy.linalg  # noqa: F401  # its library has to be there to be told

    with threadpool_limits(1, user_api="blas"):
        yield


def sums(vectors: Vectors, labels: NDArray[np.int64]) -> Vectors:
    """Sum of the vectors of each label 0.., shape (k, d); label -1 is none."""
    from scipy import sparse

    k, inside = int(labels.max(initial=-1)) + 1, np.flatnonzero(labels >= 0)
    members = sparse.csr_matrix(
        (np.ones(len(inside), dtype=np.float32), (labels[inside], inside)), shape=(k, len(labels))
    )
    summed: Vectors = np.asarray(members @ vectors)
    return summed


def typicality(vectors: Vectors, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Cosine of each row to the mean of its label's rows, shape (n,); null for label -1."""
    found = np.full(len(labels), np.nan)
    inside, means = np.flatnonzero(labels >= 0), unit_rows(sums(vectors, labels))
    for begin in range(0, len(inside), AT_ONCE):
        rows = inside[begin : begin + AT_ONCE]
        found[rows] = np.einsum("ij,ij->i", vectors[rows], means[labels[rows]])
    return found


def unit_rows(vectors: Vectors) -> Vectors:
    """The rows scaled to length one; rows of zeros, and what rounding leaves of them, become zeros."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-6)
    return unit
