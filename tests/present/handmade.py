"""One narrative, made by hand: nothing for a week, then ninety-four accounts in a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from explore.narratives.cosharing import SECONDS
from explore.narratives.evidence import Evidence
from explore.narratives.outside import Outside
from explore.narratives.spread import Spread
from explore.narratives.wave import Wave
from explore.narratives.windows import Window

WINDOW = Window(as_of=datetime(2017, 8, 18, 2, tzinfo=UTC))
NOW = datetime(2017, 8, 18, 9, 30, tzinfo=UTC)

NARRATIVE: dict[str, Any] = {
    "narrative_id": 12, "theme_id": 3, "label": "Death toll climbs", "terms": ["death toll", "ramblas", "van"],
    "n_messages": 61, "n_posts": 1204, "n_authors": 188, "reach": 1_240_500,
    "first_at": pd.Timestamp("2017-08-17 16:21:00Z"), "last_at": pd.Timestamp("2017-08-18 01:58:00Z"),
    "now_authors": 94, "now_active": 427, "base_authors": 11, "base_active": 2660, "base_bins": 7,
    "now_posts": 1180, "base_posts": 14, "rate_ratio": 46.9, "rate_ratio_low": 31.2, "rate_ratio_high": 98.4,
    "now_active_posts": 900, "base_active_posts": 5600, "expected_authors": 2.0, "excess_low": 90.9,
    "p_value": 1e-40, "q_value": 2e-38, "flagged": True, "testable": True, "state": "emerging", "reason": "",
    "marks": [], "origin": "cluster",
    "copy_share": 0.31, "repost_share": 120 / 1204, "unmarked_copy_share": 253 / 1204,
    "top_author_share": 0.08, "languages": ["en", "es"], "spark": [0, 0, 3, 40],
}  # fmt: skip

BEGAN = datetime(2017, 8, 17, 16, 21, tzinfo=UTC)
WAVE = Wave(
    onset=BEGAN, onset_low=BEGAN, onset_high=BEGAN, posts=1180, units=94, views=1_200_000.0,
    peak_at=datetime(2017, 8, 17, 20, tzinfo=UTC), peak_units=40, step=timedelta(minutes=30), first_at=BEGAN,
    life_posts=1204,
)  # fmt: skip
ELSEWHERE = Outside(
    low_posts=6, high_posts=31, low_units=98, high_units=112, words=("toll", "ramblas"),
    links=("https://t.co/a", "https://t.co/b"),
)  # fmt: skip

SNAPSHOT = {
    "id": "a3f09c1b2d4e5f60", "name": "Tweets of August", "sha256": "9f2c" * 16,
    "counts": {"accepted": 162_345}, "has_languages": True,
}  # fmt: skip
RUN = {
    "id": "7c1e9a0b44d2f310", "encoder": {"name": "lexical", "version": "1"},
    "config": {"granularity": "medium", "seed": 1, "as_of": None}, "version": "0.1.0",
    "last_at": "2017-08-18T02:00:00+00:00",
}  # fmt: skip


def narrative(**changes: Any) -> dict[str, Any]:
    return NARRATIVE | changes


def post(why: str, text: str, **changes: Any) -> dict[str, Any]:
    at = pd.Timestamp("2017-08-17 16:21:44Z")
    usual = {"why": why, "post_id": "898", "created_at": at, "author": "k7f2qx", "text": text, "lang": "en",
             "views": 12_400, "shares": 311, "copies": 214, "accounts": 97, "reposts": 0}  # fmt: skip
    return usual | changes


def evidence(*posts: dict[str, Any], **changes: Any) -> Evidence:
    """The evidence for NARRATIVE with these example posts; `changes` go to its narrative."""
    starts = pd.date_range(WINDOW.baseline_start, WINDOW.as_of, freq="6h", inclusive="left")
    posted = [0] * (len(starts) - 3) + [40, 900, 264]
    authors = [0] * (len(starts) - 3) + [20, 60, 30]
    return Evidence(
        narrative=narrative(**changes),
        window=WINDOW,
        unit="accounts",
        bin=timedelta(hours=6),
        curve=pd.DataFrame(
            {"bin_start": starts, "posts": posted, "authors": authors, "views": [100.0 * n for n in posted]}
        ),
        expected=pd.DataFrame({"bin_start": starts, "low": 0.0, "expected": 0.4, "high": 2.0}),
        examples=pd.DataFrame(list(posts) or [post("most typical", "The death toll climbs, says the police")]),
        links=pd.DataFrame(
            {"link": ["https://t.co/a", "https://t.co/b", "https://www.example.org/x?y"], "posts": [40, 9, 3],
             "authors": [30, 9, 3]}
        ),
        tags=pd.DataFrame({"tag": ["#barcelona"], "posts": [812], "authors": [121]}),
        authors=pd.DataFrame({"author": ["k7f2qx"], "posts": [96], "share": [0.08]}),
        languages=pd.DataFrame({"lang": ["en", "es"], "posts": [900, 300]}),
        neighbours=pd.DataFrame({"narrative_id": [4], "label": ["Turku"], "similarity": [0.5], "n_posts": [120]}),
        wave=WAVE,
        outside=ELSEWHERE,
    )  # fmt: skip


def without_times() -> Evidence:
    """The same of a file without times, authors and views."""
    nothing = {
        "first_at": pd.NaT, "last_at": pd.NaT, "testable": False, "flagged": False, "state": "none",
        "reach": None, "n_authors": None,
        "now_authors": 0, "now_active": 0, "base_authors": 0, "base_active": 0, "base_bins": 0,
        "rate_ratio": float("nan"), "rate_ratio_low": float("nan"), "rate_ratio_high": float("nan"),
        "p_value": float("nan"), "q_value": float("nan"), "top_author_share": None,
    }  # fmt: skip
    full = evidence(post("most typical", "Hello", created_at=pd.NaT, author=None, views=None, lang=None), **nothing)
    return replace(
        full, window=None, wave=None, outside=None, unit="messages",
        curve=full.curve[:0], expected=full.expected[:0], authors=full.authors[:0],
        links=full.links[:0], tags=full.tags[:0], languages=full.languages[:0], neighbours=full.neighbours[:0],
    )  # fmt: skip


def spread(**changes: Any) -> Spread:
    """How NARRATIVE spread: one burst, two pairs of accounts."""
    start = pd.Timestamp("2016-09-12 14:03:00Z")
    usual = Spread(
        lacks=None, pace=SECONDS, posts=1204, reposts=812, reposters=62, copies=86, followed=31, chances=60,
        expected=4.2, q=0.0004, n_bursts=1,
        bursts=pd.DataFrame(
            {"kind": ["message"], "item": ["The death toll climbs, says @police"], "accounts": [14], "posts": [15],
             "start": [start], "end": [start + timedelta(seconds=90)], "busiest": [9]}
        ),
        lanes=pd.DataFrame(
            {"burst": [0, 0, 0], "account": ["k7f2qx", "b3dd5a", "k7f2qx"],
             "at": [start, start + timedelta(seconds=4), start + timedelta(seconds=80)], "same": [True, True, False]}
        ),
        n_pairs=2,
        pairs=pd.DataFrame(
            {"account": ["k7f2qx", "k7f2qx"], "partner": ["b3dd5a", "zz2yxx"], "co_shares": [14, 2], "items": [14, 2],
             "apart": [3.0, 8.0], "expected": [0.3, 0.3], "narratives": [3, 1]}
        ),
    )  # fmt: skip
    return replace(usual, **changes)
