"""Synchrony against chance: counts by hand, its null by simulation, a planted ring, and what is no synchrony."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from explore.narratives import cosharing, synchrony
from explore.narratives.cosharing import MINUTES, SECONDS, Pace

HOUR, DAY = 3_600, 86_400
Draw = np.random.Generator


def cells(*groups: list[int], narratives: list[int] | None = None) -> pd.DataFrame:
    """Stand-ins: each group is one item in one stretch, the units at which different accounts posted it."""
    return pd.DataFrame(
        [
            {"narrative": (narratives or [0] * len(groups))[i], "item": i, "stretch": 0, "unit": unit}
            for i, group in enumerate(groups)
            for unit in sorted(group)
        ]
    ).assign(row=0)


def stream(seconds: np.ndarray[Any, Any], author: np.ndarray[Any, Any], message: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Comparable posts of one narrative."""
    n = len(seconds)
    codes = {"narrative": 0, "link": -1, "tags": -1, "media": -1}
    return pd.DataFrame(
        {"row": np.arange(n), "at": seconds.astype(np.int64) * 1_000_000, "author": author, "message": message, **codes}
    )


def ordinary(rng: Draw, *, accounts: int = 200, posts: int = 20, days: int = 1) -> pd.DataFrame:
    """Accounts that post on their own, now and then one of ten stock phrases."""
    n = accounts * posts
    message = np.where(rng.random(n) < 0.1, rng.integers(0, 10, n), 1_000 + np.arange(n))
    return stream(rng.integers(0, days * DAY, n), rng.integers(0, accounts, n), message)


def p_value(posts: pd.DataFrame, pace: Pace) -> float:
    return float(synchrony.followed(cosharing.stand_ins(posts, pace), pace, k=1)["p_value"].iloc[0])


def test_posts_near_after_another_are_counted_by_hand() -> None:
    found = synchrony.followed(cells([0, 10, 21, 25], [5, 90], narratives=[0, 1]), SECONDS, k=3)
    assert found["followed"].tolist() == [2, 0, 0]
    assert found["chances"].tolist() == [3, 1, 0]
    assert found["p_value"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize("pace", [SECONDS, MINUTES])
@pytest.mark.parametrize("m", [2, 3, 12])
def test_the_expected_number_is_that_of_random_moments(pace: Pace, m: int) -> None:
    rng = np.random.default_rng(1)
    units = np.sort(rng.integers(0, pace.stretch, (40_000, m)), axis=1)
    followed = (np.diff(units, axis=1) <= pace.near).sum(axis=1)
    expected = m - synchrony.expected_clusters(np.array([m]), pace)[0]
    assert expected == pytest.approx(followed.mean(), abs=4 * followed.std() / 200)


@pytest.mark.parametrize("pace", [SECONDS, MINUTES])
def test_chance_alone_is_called_synchrony_at_most_as_often_as_promised(pace: Pace) -> None:
    rng = np.random.default_rng(2)
    p = []
    for _ in range(400):
        groups = [list(rng.integers(0, pace.stretch, m)) for m in rng.integers(2, 12, 30)]
        p.append(synchrony.followed(cells(*groups), pace, k=1)["p_value"].iloc[0])
    for level in (0.05, 0.01):
        assert np.mean(np.array(p) <= level) <= level + 2 * np.sqrt(level * (1 - level) / 400)
    assert np.mean(np.array(p) <= 0.5) > 0.2  # careful, but not blind


def test_a_ring_of_six_in_a_stream_of_two_hundred_is_found_with_its_pairs() -> None:
    rng = np.random.default_rng(3)
    starts = rng.integers(0, DAY, 10)
    ring = stream(
        (starts[:, None] + rng.integers(0, 6, (10, 6))).ravel(), np.tile(np.arange(900, 906), 10),
        np.repeat(np.arange(10) + 9_000_000, 6),
    )  # fmt: skip
    alone = ordinary(rng)
    both = pd.concat([alone, ring], ignore_index=True).assign(row=lambda table: np.arange(len(table)))
    assert p_value(alone, SECONDS) > 0.01
    assert p_value(both, SECONDS) < 1e-6
    found = cosharing.partners(cosharing.pairs(both, SECONDS))
    planted = {(a, b) for a in range(900, 906) for b in range(a + 1, 906)}
    assert {(r.a, r.b) for r in found.itertuples()} == planted
    assert (found["co_shares"] >= 8).all()
    assert (found["expected"] < 2).all()


def test_independent_accounts_with_the_same_headline_in_the_news_hour_are_not_synchronous() -> None:
    rng = np.random.default_rng(4)
    p = [
        p_value(stream(12 * HOUR + rng.integers(0, HOUR, 200), np.arange(200), np.zeros(200)), SECONDS)
        for _ in range(100)
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.1


def test_times_to_the_minute_do_not_fake_synchrony() -> None:
    rng = np.random.default_rng(5)
    moments = 12 * HOUR + rng.integers(0, HOUR, 300) // 60 * 60
    posts = stream(moments, np.arange(300), np.zeros(300))
    assert cosharing.pace_of(posts["at"].to_numpy()) == MINUTES
    assert p_value(posts, MINUTES) > 0.05


def test_one_account_shares_with_nobody() -> None:
    posts = stream(np.arange(50), np.zeros(50), np.zeros(50))
    assert np.isnan(p_value(posts, SECONDS))


def test_too_little_to_ever_be_significant_is_not_tested_and_does_not_weigh_on_the_others() -> None:
    pair = [10, 12]  # two posts reach a p-value of 0.16 at best
    found = synchrony.followed(cells(pair, *[pair] * 3, narratives=[0, 1, 1, 1]), SECONDS, k=3)
    q = synchrony.corrected(found)
    assert np.isnan(q).tolist() == [True, False, True]
    assert q[1] == pytest.approx(found["p_value"][1])


def test_the_correction_is_benjamini_and_hochbergs() -> None:
    tight = [1, 2, 3, 4]
    loose = [0, 30, 60, 90]
    found = synchrony.followed(cells(tight, tight, loose, loose, narratives=[0, 0, 1, 1]), SECONDS, k=2)
    assert synchrony.corrected(found).tolist() == [pytest.approx(2 * found["p_value"][0]), pytest.approx(1.0)]
