"""A burst inside a large narrative becomes a narrative of its own; ordinary chatter stays together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from explore.narratives import ranking
from explore.narratives.history import History
from explore.narratives.pipeline import recluster
from explore.narratives.strands import split
from explore.narratives.windows import Window
from explore.posts.snapshots import open_snapshot
from tests.narratives.conftest import Explored
from tests.narratives.making import NOW, posts_of

DAYS, PER_DAY, MESSAGES = 14, 60, 840
Ints = NDArray[np.int64]


def chatter(seed: int, *, burst: range = range(0), at: int = 12) -> History:
    """One message a post by one of 400 accounts at random; those of `burst` all on one day by accounts of their own."""
    rng = np.random.default_rng(seed)
    message = np.arange(MESSAGES)
    day = np.where(np.isin(message, burst), at, rng.integers(DAYS, size=MESSAGES))
    unit = np.where(np.isin(message, burst), 1_000 + message, rng.integers(400, size=MESSAGES))
    day[0], day[-1] = 0, DAYS - 1
    return History(day.astype(np.int64), unit.astype(np.int64), message, np.ones(MESSAGES, dtype=bool))


def one_narrative(**groups: range) -> tuple[Ints, Ints]:
    """Labels of one narrative of all messages, and of the groups within it."""
    finer = np.full(MESSAGES, -1)
    for label, members in enumerate(groups.values()):
        finer[members] = label
    return np.zeros(MESSAGES, dtype=np.int64), finer


def test_a_burst_that_its_narrative_hides_is_split_off() -> None:
    burst, calm = range(100, 125), range(200, 300)
    labels, finer = one_narrative(burst=burst, calm=calm)
    found = split(labels, [finer], chatter(1, burst=burst))
    assert np.flatnonzero(found == 1).tolist() == list(burst)
    assert (np.delete(found, burst) == 0).all()


def test_ordinary_chatter_is_left_together() -> None:
    parts = {f"part{i}": range(40 * i, 40 * i + 40) for i in range(20)}
    labels, finer = one_narrative(**parts)
    broken = sum(split(labels, [finer], chatter(seed)).max() > 0 for seed in range(100))
    assert broken <= 5, "one split in twenty quiet histories is what chance may make"


def test_what_is_most_of_a_narrative_is_the_narrative() -> None:
    labels, finer = one_narrative(burst=range(500))
    assert split(labels, [finer], chatter(2, burst=range(500))).max() == 0


def test_a_strand_as_clear_as_its_narrative_is_not_told_apart() -> None:
    burst = range(400)
    labels, finer = one_narrative(half=range(190))
    labels[400:] = -1  # the narrative is the burst, and half of it is no clearer
    assert split(labels, [finer], chatter(3, burst=burst)).max() == 0


def test_of_a_strand_and_one_within_it_the_clearer_is_split_off() -> None:
    burst = range(100, 130)
    labels, wide = one_narrative(wide=range(100, 220))
    _, narrow = one_narrative(narrow=burst)
    found = split(labels, [wide, narrow], chatter(4, burst=burst))
    assert np.flatnonzero(found == 1).tolist() == list(burst)
    assert found.max() == 1


@pytest.mark.parametrize("hours", [0, 30])
def test_a_history_too_short_for_a_baseline_splits_nothing(hours: int) -> None:
    at = np.linspace(0, hours * 3600e6, MESSAGES).astype(np.int64)
    labels, finer = one_narrative(burst=range(800, 840))
    messages, known = np.arange(MESSAGES), np.ones(MESSAGES, dtype=bool)
    past = History.of(at, messages, messages, known, length=int(24 * 3600e6))
    assert split(labels, [finer], past).max() == 0


def test_no_posts_with_a_time_split_nothing() -> None:
    none = np.array([], dtype=np.int64)
    labels, finer = one_narrative(burst=range(30))
    empty = History.of(none, none, none, none.astype(bool), length=1)
    assert (split(labels, [finer], empty) == labels).all()


def test_eight_times_the_posting_by_the_same_people_splits_nothing() -> None:
    """Every part of the narrative is about as large as before among the posts of the last day."""
    parts = {f"part{i}": range(40 * i, 40 * i + 40) for i in range(20)}
    labels, finer = one_narrative(**parts)
    rng = np.random.default_rng(6)
    broken = 0
    for _ in range(20):
        day = rng.choice(DAYS, size=MESSAGES, p=[1 / 21] * (DAYS - 1) + [8 / 21])
        day[:DAYS] = np.arange(DAYS)
        unit = rng.integers(60, size=MESSAGES)
        past = History(day.astype(np.int64), unit, np.arange(MESSAGES), np.ones(MESSAGES, dtype=bool))
        broken += split(labels, [finer], past).max() > 0
    assert broken <= 1


def test_messages_are_units_where_no_account_is_known() -> None:
    burst = range(100, 125)
    labels, finer = one_narrative(burst=burst)
    given = chatter(1, burst=burst)
    past = History(given.bin, given.message, given.message, np.zeros(MESSAGES, dtype=bool))
    assert np.flatnonzero(split(labels, [finer], past) == 1).tolist() == list(burst)


@pytest.mark.parametrize("granularity", ["broad", "fine"])
def test_the_planted_day_zero_narrative_stands_out_at_every_granularity(
    sample: Explored, truth: dict[str, Any], granularity: str
) -> None:
    snapshot = open_snapshot(sample.workspace, sample.run.snapshot_id)
    run = recluster(sample.run, snapshot, sample.workspace, granularity=granularity, now=NOW)
    assert run.end is not None
    top = ranking.emerging(run, Window(as_of=run.end)).head(3)
    posts = posts_of(run)
    sources = posts["post_id"].map(truth["posts"])
    assert "day_zero_vote" in [sources[posts["narrative_id"] == n].mode().iloc[0] for n in top["narrative_id"]]
