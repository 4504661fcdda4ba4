"""How far a narrative's volume comes from copies and from few accounts.

A high share shows how the volume came about; it is no verdict on anybody.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def copy_share(narrative: Ints, message: Ints, author: Ints, *, k: int) -> NDArray[np.float64]:
    """Share of each narrative's posts whose message was posted by at least two accounts, shape (k,).

    `narrative`, `message`, `author`: codes per post; author -1 = unknown, and each such post counts as an account of
    its own. Null for a narrative without posts.
    """
    own = np.where(author >= 0, author, author.max(initial=-1) + 1 + np.arange(len(author)))
    pairs = np.unique(np.column_stack([message, own]), axis=0)
    accounts = np.bincount(pairs[:, 0], minlength=message.max(initial=-1) + 1)
    copied = accounts[message] >= 2
    return _per_post(np.bincount(narrative[copied & (narrative >= 0)], minlength=k), narrative, k=k)


def top_author_share(narrative: Ints, author: Ints, *, k: int) -> NDArray[np.float64]:
    """Share of each narrative's posts that its most active account wrote, shape (k,); null without accounts."""
    known = (narrative >= 0) & (author >= 0)
    pairs, counts = np.unique(np.column_stack([narrative[known], author[known]]), axis=0, return_counts=True)
    top = np.zeros(k, dtype=np.int64)
    np.maximum.at(top, pairs[:, 0], counts)
    share = _per_post(top, narrative, k=k)
    share[top == 0] = np.nan
    return share


def _per_post(counts: Ints, narrative: Ints, *, k: int) -> NDArray[np.float64]:
    posts = np.bincount(narrative[narrative >= 0], minlength=k)
    share: NDArray[np.float64] = np.divide(counts, posts, out=np.full(k, np.nan), where=posts > 0)
    return share
