"""Rows of float32 that stand for messages, one each, scaled to length one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def sums(vectors: Vectors, labels: NDArray[np.int64]) -> Vectors:
    """Sum of the vectors of each label 0.., shape (k, d); label -1 is none."""
    from scipy import sparse

    k, inside = int(labels.max(initial=-1)) + 1, np.flatnonzero(labels >= 0)
    members = sparse.csr_matrix(
        (np.ones(len(inside), dtype=np.float32), (labels[inside], inside)), shape=(k, len(labels))
    )
    summed: Vectors = np.asarray(members @ vectors)
    return summed


def unit_rows(vectors: Vectors) -> Vectors:
    """The rows scaled to length one; rows of zeros, and what rounding leaves of them, become zeros."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-6)
    return unit
