"""What grows and is held by no narrative, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd

from explore.narratives.radar import Radar
from explore.narratives.windows import Window
from explore.present import pockets

WINDOW = Window(as_of=datetime(2026, 3, 8, tzinfo=UTC))


def pocket(**changes: Any) -> dict[str, Any]:
    return {
        "label": "quake",
        "n_posts": 13,
        "n_messages": 11,
        "outside": 9,
        "now_authors": 12,
        "now_active": 340,
        "base_authors": 0,
        "base_active": 2100,
        "base_bins": 7,
        "testable": True,
    } | changes


def test_the_headline_counts_the_pockets() -> None:
    def told(n: int, looked_at: int = 214) -> str:
        return pockets.headline(Radar(pd.DataFrame([pocket()] * n), looked_at))

    assert told(3) == "Held by no narrative: 3 small pockets are growing"
    assert told(1) == "Held by no narrative: 1 small pocket is growing"
    assert told(0) == "Held by no narrative: no small pocket is growing (214 words looked at)."
    assert told(0, looked_at=0) == "Held by no narrative: nothing that could be tested for growth."


def test_a_pocket_says_who_posts_it_and_where_its_posts_lie() -> None:
    assert pockets.why(pocket(), WINDOW, "accounts") == (
        "12 of 340 active accounts posted this in the last 24 h; none in the 7 days before. 13 posts in 11 different "
        "wordings: 9 in no narrative and 4 in narratives that are about something else."
    )
    assert pockets.why(pocket(outside=13), WINDOW, "accounts").endswith("wordings: 13 in no narrative.")
    assert pockets.why(pocket(outside=0), WINDOW, "accounts").endswith(
        "wordings: 13 in narratives that are about something else."
    )
