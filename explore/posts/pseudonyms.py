"""Account ids behind a keyed hash, so that a page or a briefing can tell accounts apart without naming them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

import pandas as pd

MADE_WITH_ACCOUNTS = ("post_id", "url", "media_id")  # platforms and exporters write the account's id into these


def pseudonym(author_id: str, key: bytes) -> str:
    """Six lower-case characters for an account, the same for the same key; without the key they lead nowhere.

    One in a billion pairs of accounts shares a pseudonym, so it is for showing and never for counting.
    """
    digest = hmac.new(key, author_id.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return base64.b32encode(digest)[:6].decode("ascii").lower()


def with_pseudonyms(posts: pd.DataFrame, key: bytes) -> pd.DataFrame:
    """Posts whose author_id holds pseudonyms (None = unknown), as do post_id, url and media_id where they hold it.

    See `masked` for what counts as the account's id inside of a value.
    """
    authors = [None if pd.isna(author) else str(author) for author in posts["author_id"]]
    names = {author: pseudonym(author, key) for author in {*authors} if author is not None}
    columns = {
        column: [
            masked(value, author, names[author]) if author is not None and isinstance(value, str) else value
            for value, author in zip(posts[column], authors, strict=True)
        ]
        for column in MADE_WITH_ACCOUNTS
        if column in posts
    }
    columns["author_id"] = [None if author is None else names[author] for author in authors]
    return posts.assign(**{name: pd.Series(made, posts.index, dtype=object) for name, made in columns.items()})


def masked(value: str, author_id: str, name: str) -> str:
    """The value with `name` wherever it holds the account's id as a whole part, in upper or lower case, without its @.

    A whole part is bounded by signs that are neither letters nor digits, or by an end: account 12 is in "12_7" and not
    in "312_7".
    """
    sought = author_id.strip().lstrip("@")
    if not sought or sought.lower() not in value.lower():
        return value
    return re.sub(rf"(?<![^\W_]){re.escape(sought)}(?![^\W_])", name, value, flags=re.IGNORECASE)
