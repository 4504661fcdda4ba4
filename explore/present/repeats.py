"""How often the same was posted, and how much of that is marked as reposts, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from explore.present import words

REPOST = "“RT @…”, the only mark of a repost that is read"


def copies(narrative: Mapping[str, Any], unit: str) -> str:
    """How many of its posts begin as reposts do, and how many others say the same as another one."""
    n, reposts, unmarked = (narrative.get(key, math.nan) for key in ("n_posts", "repost_share", "unmarked_copy_share"))
    same = "the same as another account's post" if unit == "accounts" else "the same as another post"
    if any(pd.isna(figure) for figure in (n, reposts, unmarked)):
        share = words.percent(narrative.get("copy_share"))
        return f"{share} of its posts say {same}. This run is of a version that did not tell reposts apart."
    marked, others = (round(float(share) * int(n)) for share in (reposts, unmarked))
    said = f"{_some(marked)} of {words.count(n, 'post')} {'begin' if marked > 1 else 'begins'} with {REPOST}."
    if marked == n:
        return said
    rest = "the others" if marked else "them"
    return f"{said} {_some(others)} of {rest} {'say' if others > 1 else 'says'} {same}."


def repeated(post: Mapping[Any, Any]) -> str:
    """How often a post's text came, by how many accounts, and how many of those are marked reposts; empty where it came
    once: "the same text 24 times, 1 of them marked as a repost, by 19 accounts". `post`: copies, accounts, reposts."""
    if post["copies"] < 2:
        return ""
    by = "this account alone" if post["accounts"] == 1 else words.count(post["accounts"], "account")
    among = f", {marked(post['reposts'])}," if post["reposts"] else ""
    return f"the same text {words.number(post['copies'])} times{among} by {by}"


def marked(reposts: Any) -> str:
    """How many of the posts just named are marked reposts: "1 of them marked as a repost"."""
    return f"{words.number(reposts)} of them marked as {'a repost' if reposts == 1 else 'reposts'}"


def _some(n: int) -> str:
    return words.number(n) if n else "None"
