"""Account ids behind a keyed hash, so that a page or a briefing can tell accounts apart without naming them."""

from __future__ import annotations

import base64
import hashlib
import hmac


def pseudonym(author_id: str, key: bytes) -> str:
    """Six lower-case characters for an account, the same for the same key; without the key they lead nowhere.

    One in a billion pairs of accounts shares a pseudonym, so it is for showing and never for counting.
    """
    digest = hmac.new(key, author_id.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return base64.b32encode(digest)[:6].decode("ascii").lower()
