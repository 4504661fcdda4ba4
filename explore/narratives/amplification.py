"""How far a narrative's volume comes from copies, from reposts and from few accounts.

A repost says whose words it passes on, a copy does not: they are told apart. A high share shows how the volume came
about; it is no verdict on anybody.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives.text import is_repost

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def copy_share(narrative: Ints, message: Ints, author: Ints, *, k: int) -> NDArray[np.float64]:
    """Share of each narrative's posts whose message at least two accounts posted, reposts among them, shape (k,).

    `narrative`, `message`, `author`: codes per post; author -1 = unknown, and each such post counts as an account of
    its own. Null for a narrative without posts.
    """
    return _share(_copied(message, author), narrative, k=k)


def repost_share(narrative: Ints, repost: Bools, *, k: int) -> NDArray[np.float64]:
    """Share of each narrative's posts that are marked as reposts, shape (k,); null for a narrative without posts."""
    return _share(repost, narrative, k=k)


def unmarked_copy_share(narrative: Ints, message: Ints, author: Ints, repost: Bools, *, k: int) -> NDArray[np.float64]:
    """Share of each narrative's posts that are `unmarked_copies`, shape (k,); null for a narrative without posts."""
    return _share(unmarked_copies(message, author, repost), narrative, k=k)


def unmarked_copies(message: Ints, author: Ints, repost: Bools) -> Bools:
    """Which posts say the same as another account's post, neither of them marked as a repost.

    So a post that others only reposted is none, and one that others pasted is. Codes as for `copy_share`.
    """
    copied = np.zeros(len(message), dtype=bool)
    copied[~repost] = _copied(message[~repost], author[~repost])
    return copied


def top_author_share(narrative: Ints, author: Ints, *, k: int) -> NDArray[np.float64]:
    """Share of each narrative's posts that its most active account wrote, shape (k,); null without accounts."""
    known = (narrative >= 0) & (author >= 0)
    pairs, counts = np.unique(np.column_stack([narrative[known], author[known]]), axis=0, return_counts=True)
    top = np.zeros(k, dtype=np.int64)
    np.maximum.at(top, pairs[:, 0], counts)
    share = _per_post(top, narrative, k=k)
    share[top == 0] = np.nan
    return share


def repeats(posts: pd.DataFrame) -> pd.DataFrame:
    """How often the message of each post came among `posts` (message_id, author_id, text), with the same index.

    Columns: copies (posts of the message), accounts (that posted it; null where one of these posts names none), reposts
    (marked ones among them).
    """
    of = posts["message_id"]
    authors = posts["author_id"].groupby(of)
    copies = of.groupby(of).transform("size")
    accounts = authors.transform("nunique").astype(float).where(authors.transform("count") == copies)
    marked = posts["text"].map(is_repost).astype(bool)
    return pd.DataFrame({"copies": copies, "accounts": accounts, "reposts": marked.groupby(of).transform("sum")})


def _copied(message: Ints, author: Ints) -> Bools:
    """Which posts have a message that two accounts or more posted."""
    own = np.where(author >= 0, author, author.max(initial=-1) + 1 + np.arange(len(author)))
    pairs = np.unique(np.column_stack([message, own]), axis=0)
    accounts = np.bincount(pairs[:, 0], minlength=message.max(initial=-1) + 1)
    copied: Bools = accounts[message] >= 2
    return copied


def _share(which: Bools, narrative: Ints, *, k: int) -> NDArray[np.float64]:
    return _per_post(np.bincount(narrative[which & (narrative >= 0)], minlength=k), narrative, k=k)


def _per_post(counts: Ints, narrative: Ints, *, k: int) -> NDArray[np.float64]:
    posts = np.bincount(narrative[narrative >= 0], minlength=k)
    share: NDArray[np.float64] = np.divide(counts, posts, out=np.full(k, np.nan), where=posts > 0)
    return share
