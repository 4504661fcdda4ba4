"""What grows and is held by no narrative, in words: what `narratives.radar` found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explore.narratives.radar import Radar
from explore.narratives.windows import Window
from explore.present import words

EXPLAINED = (
    "Posts that share a word, too few to be a narrative and held by none. Each has grown at least three times beyond "
    "what is usual, corrected for all words that were looked at."
)


def headline(found: Radar) -> str:
    """How many small pockets grow and are held by no narrative."""
    n = len(found.pockets)
    if found.looked_at == 0:
        return "Held by no narrative: nothing that could be tested for growth."
    if n == 0:
        return f"Held by no narrative: no small pocket is growing ({words.count(found.looked_at, 'word')} looked at)."
    return f"Held by no narrative: {words.count(n, 'small pocket')} {'is' if n == 1 else 'are'} growing"


def why(pocket: Mapping[Any, Any], window: Window | None, unit: str, *, dated: bool = False) -> str:
    """Who posts this now against before, and where its posts lie."""
    posts, outside = int(pocket["n_posts"]), int(pocket["outside"])
    lie = [
        f"{words.number(outside)} in no narrative" if outside else "",
        f"{words.number(posts - outside)} in narratives that are about something else" if posts > outside else "",
    ]
    size = f"{words.count(posts, 'post')} in {words.count(pocket['n_messages'], 'different wording')}"
    return f"{words.why(pocket, window, unit, dated=dated)} {size}: {words.listed([part for part in lie if part])}."
