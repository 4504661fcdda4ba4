"""What is told of fields that a file does not hold."""

from __future__ import annotations

from explore.posts.schema import FIELD_NAMES
from explore.present.lacking import lost


def test_every_field_that_a_file_may_lack_has_its_cost_told() -> None:
    told = " ".join(lost(FIELD_NAMES)).lower()
    for word in ("times", "accounts", "languages", "regions", "views", "shares", "likes", "replies", "links", "media"):
        assert any(f"{before} {word}" in told for before in ("no", "or", "shares,"))


def test_counts_that_no_finding_rests_on_share_a_sentence() -> None:
    assert lost({"likes", "shares", "replies"})[0].startswith("No shares, likes or replies: ")
    assert lost({"likes", "shares"}) == [
        "No shares or likes: no finding rests on them; where posts are saved as CSV they stay empty."
    ]


def test_a_file_that_lacks_nothing_costs_nothing() -> None:
    assert lost(set()) == []
