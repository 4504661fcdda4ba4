"""Posts that say the same thing become one message."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from explore.narratives.text import message_key


def keys(texts: pd.Series) -> pd.Series:
    """The `message_key` of each post, index as `texts`."""
    codes, distinct = pd.factorize(texts)
    found = np.array([message_key(text) for text in distinct], dtype=object)
    return pd.Series(found[codes] if len(found) else [], index=texts.index, dtype="str", name="key")


def ids(representatives: pd.Series) -> pd.Series:
    """Message id of each post from its representative's key: 16 hex characters of the key's BLAKE2b hash.

    The id depends on the words of the earliest post alone, so a message has the same id in every snapshot that holds it
    from its first post on.
    """
    codes, distinct = pd.factorize(representatives)
    found = np.array([hashlib.blake2b(key.encode(), digest_size=8).hexdigest() for key in distinct])
    return pd.Series(found[codes] if len(found) else [], index=representatives.index, dtype="str", name="message_id")


def describe(posts: pd.DataFrame) -> pd.DataFrame:
    """One row a message, ordered by first appearance.

    `posts` has message_id, text, created_at, author_id, lang in snapshot order. Columns of the result: message_id,
    text (verbatim, of its earliest post), lang (its most frequent known language, else null), n_posts,
    n_authors (null where no author is known), first_at, last_at (null without times).
    """
    ordered = posts.sort_values("created_at", kind="stable", na_position="last")
    groups = ordered.groupby("message_id", sort=False)
    found = groups.agg(
        text=("text", "first"),
        n_posts=("text", "size"),
        n_authors=("author_id", "nunique"),
        first_at=("created_at", "min"),
        last_at=("created_at", "max"),
    )
    found["lang"] = _usual_language(posts)
    found["n_authors"] = found["n_authors"].astype("Int64").where(found["n_authors"] > 0)
    return found.reset_index()


def _usual_language(posts: pd.DataFrame) -> pd.Series:
    known = posts.loc[posts["lang"].notna() & (posts["lang"] != "und"), ["message_id", "lang"]]
    counts = known.value_counts(sort=True).reset_index()
    return counts.drop_duplicates("message_id").set_index("message_id")["lang"]
