"""More posting is no emergence: made-up accounts whose habits stay the same while they post more or less, and events
among them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from explore.narratives.counting import Counts, count
from explore.narratives.dispersion import Dispersion
from explore.narratives.emergence import EMERGING, UNPROVEN, benjamini_hochberg, judge, score
from explore.narratives.windows import Window
from tests.narratives.making import at, micros

ACCOUNTS, NARRATIVES, DAYS = 300, 40, 14
NEW = NARRATIVES  # the narrative of an event
DAY = 86_400_000_000
START = int(micros(at(0))[0])

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class People:
    """`posts`: a day, shape (accounts,), heavy-tailed, 3 in the mean. `habits`: the part of them that is about each
    narrative, shape (accounts, narratives); the rest, 40 %, is about nothing that was clustered."""

    posts: Floats
    habits: Floats

    @classmethod
    def made(cls, rng: np.random.Generator, *, breadth: tuple[float, ...] = (0.05, 0.5, 5.0, 50.0)) -> People:
        """Accounts that keep to one subject (a breadth of .05) beside accounts that post about everything (50)."""
        posts = rng.pareto(1.3, size=ACCOUNTS) + 0.3
        popular = rng.dirichlet(np.full(NARRATIVES, 0.7))
        broad = rng.choice(breadth, size=ACCOUNTS)
        habits = [rng.dirichlet(np.maximum(each * popular, 1e-3)) for each in broad]
        return cls(3 * posts / posts.mean(), 0.6 * np.array(habits))

    def touching(self, *, times: float) -> Floats:
        """Accounts in each narrative on a day, in the mean, if all post so many times as much."""
        return np.asarray(-np.expm1(-times * self.posts[:, None] * self.habits).sum(axis=0))


@dataclass(frozen=True)
class Posts:
    at: Ints
    unit: Ints
    narrative: Ints

    def __add__(self, other: Posts) -> Posts:
        return Posts(*(np.concatenate(pair) for pair in zip(vars(self).values(), vars(other).values(), strict=True)))


def posted(people: People, rng: np.random.Generator, *, times: Floats, who: Ints | None = None) -> Posts:
    """`times`: how many times as much is posted on each day, shape (days,), by `who`, or by all; the others as ever."""
    each = np.ones((ACCOUNTS, len(times)))
    each[slice(None) if who is None else who] = times
    about = np.column_stack([people.habits, np.full(ACCOUNTS, 0.4)])
    n = rng.poisson(people.posts[:, None, None] * about[:, :, None] * each[:, None, :])
    unit, narrative, day = (np.repeat(where, n[n > 0]) for where in np.nonzero(n))
    return _on(day, unit, np.where(narrative == NARRATIVES, -1, narrative), rng)


def event(rng: np.random.Generator, *, day: int, accounts: int, narrative: int = NEW) -> Posts:
    """So many accounts post it, once each."""
    who = rng.choice(ACCOUNTS, size=accounts, replace=False)
    return _on(np.full(accounts, day), who, np.full(accounts, narrative), rng)


def last_day(times: float, *, days: int = DAYS) -> Floats:
    return np.append(np.ones(days - 1), times)


def a_day(which: int, times: float, *, days: int = DAYS) -> Floats:
    return np.where(np.arange(days) == which, times, 1.0)


def counted(posts: Posts, *, end: int = DAYS, length: int = 1, baseline: int = 7) -> Counts:
    window = Window(as_of=at(end), length=timedelta(days=length), baseline=timedelta(days=baseline))
    return count(posts.at, posts.unit, posts.narrative, k=NARRATIVES + 1, window=window, first_at=START)


def by_active(counts: Counts) -> NDArray[np.bool_]:
    """What is flagged where the share of active accounts is the null, as before 0.5."""
    cells = counts.whole
    share = np.full(len(cells.now), cells.now_active / cells.active.sum())
    around = np.broadcast_to(cells.active[1:], cells.units[:, 1:].shape).astype(np.float64)
    model = Dispersion.estimated(cells.units[:, 1:], around)
    p = model.tail(cells.now, cells.base, share=share, windows=1 + cells.bins)
    return np.asarray(benjamini_hochberg(p) <= 0.05)


def _on(day: Ints, unit: Ints, narrative: Ints, rng: np.random.Generator) -> Posts:
    """At any time of the day."""
    return Posts(START + day * DAY + rng.integers(0, DAY, size=len(day)), unit, narrative)


# --- nothing happens --------------------------------------------------------------------------------------------------


def test_more_or_less_posting_by_the_same_people_is_no_finding() -> None:
    flags, unproven, before = 0, 0, 0
    for seed in range(4):
        for times in (0.5, 2, 4, 8, 10):
            for part in (1, 3):
                rng = np.random.default_rng([seed, int(2 * times), part])
                who = rng.choice(ACCOUNTS, size=ACCOUNTS // part, replace=False)
                counts = counted(posted(People.made(rng), rng, times=last_day(times), who=who))
                states = judge(score(counts))["state"]
                flags, unproven = flags + (states == EMERGING).sum(), unproven + (states == UNPROVEN).sum()
                before += by_active(counts).sum()
    assert flags <= 1  # in 40 draws of 40 narratives
    assert unproven <= 1
    assert before > 200  # by active accounts


@pytest.mark.parametrize("breadth", [0.05, 0.5, 5.0, 50.0])
def test_it_is_none_whether_all_keep_to_a_subject_or_all_post_about_everything(breadth: float) -> None:
    flags = 0
    for seed in range(4):
        rng = np.random.default_rng([seed, 1])
        flags += judge(score(counted(posted(People.made(rng, breadth=(breadth,)), rng, times=last_day(8)))))[
            "flagged"
        ].sum()
    assert flags == 0


@pytest.mark.parametrize("most", [0.2, 0.8])
@pytest.mark.parametrize("busy", [True, False])
def test_it_is_none_whether_the_busy_post_more_or_the_quiet(busy: bool, most: float) -> None:
    flags, before = 0, 0
    for seed in range(3):
        rng = np.random.default_rng([seed, 2])
        people = People.made(rng)
        order = np.argsort(people.posts)
        part = int(most * ACCOUNTS)
        counts = counted(posted(people, rng, times=last_day(8), who=order[-part:] if busy else order[:part]))
        flags += judge(score(counts))["flagged"].sum()
        before += by_active(counts).sum()
    assert flags == 0
    assert before > 0 or (most == 0.2 and not busy)  # the quietest fifth hardly posts at all


def test_a_community_that_posts_eightfold_about_its_own_subjects_is_no_finding() -> None:
    flags = 0
    for seed in range(6):
        rng = np.random.default_rng([seed, 3])
        people = People.made(rng, breadth=(0.5,))
        fans = np.argsort(-people.habits[:, :4].sum(axis=1))[: ACCOUNTS // 8]
        flags += judge(score(counted(posted(people, rng, times=last_day(8), who=fans))))["flagged"].sum()
    assert flags <= 1


def test_quiet_accounts_with_one_subject_that_all_come_on_one_day_are_no_finding() -> None:
    flags, blind = 0, 0
    for seed in range(6):
        rng = np.random.default_rng([seed, 13])
        people = People.made(rng)
        fans, subject = np.arange(ACCOUNTS) < 60, np.arange(NARRATIVES) == 5
        quiet = People(
            np.where(fans, 0.3, people.posts), np.where(fans[:, None], subject[None, :] * 1.0, people.habits)
        )
        counts = counted(posted(quiet, rng, times=last_day(8), who=np.flatnonzero(fans)))
        flags += judge(score(counts))["flagged"].sum()
        blind += by_active(counts)[5]
    assert flags == 0
    assert blind == 6


@pytest.mark.parametrize("to", [3.0, 6.0])
def test_a_slow_rise_of_posting_is_no_finding(to: float) -> None:
    flags = 0
    for seed in range(4):
        rng = np.random.default_rng([seed, 4])
        flags += judge(score(counted(posted(People.made(rng), rng, times=np.geomspace(1, to, DAYS)))))["flagged"].sum()
    assert flags == 0


@pytest.mark.parametrize("account", [7, 99_999])
def test_one_account_that_floods_the_file_is_no_finding(account: int) -> None:
    flags = 0
    for seed in range(4):
        rng = np.random.default_rng([seed, 5])
        ever = posted(People.made(rng), rng, times=np.ones(DAYS))
        n = 3 * len(ever.at) // DAYS
        flood = _on(np.full(n, DAYS - 1), np.full(n, account), rng.integers(NARRATIVES, size=n), rng)
        flags += judge(score(counted(ever + flood)))["flagged"].sum()
    assert flags == 0


def test_a_last_hour_of_twentyfold_posting_is_no_finding_of_the_newest_part_either() -> None:
    flags = 0
    for seed in range(3):
        rng = np.random.default_rng([seed, 6])
        people = People.made(rng)
        more = posted(people, rng, times=np.array([20.0]))
        hour = replace(more, at=START + DAYS * DAY - DAY // 24 + (more.at - START) // 24)
        counts = counted(posted(people, rng, times=np.ones(DAYS)) + hour)
        assert [cells.length for (cells, *_) in counts.looks] == [DAY, DAY // 4]
        flags += judge(score(counts))["flagged"].sum()
        assert by_active(counts).sum() > 5
    assert flags == 0


def test_a_day_of_eightfold_posting_in_a_week_is_no_finding_of_the_week() -> None:
    flags = 0
    for seed in range(3):
        rng = np.random.default_rng([seed, 7])
        posts = posted(People.made(rng), rng, times=a_day(25, 8, days=28))
        flags += judge(score(counted(posts, end=28, length=7, baseline=21)))["flagged"].sum()
    assert flags == 0


# --- something happens ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("times", "accounts"), [(0.5, 8), (1, 8), (4, 10), (4, 15), (10, 25)])
def test_a_new_narrative_is_flagged_on_a_day_of_much_posting_too(times: float, accounts: int) -> None:
    for seed in range(3):
        rng = np.random.default_rng([seed, 8])
        posts = posted(People.made(rng), rng, times=last_day(times)) + event(rng, day=DAYS - 1, accounts=accounts)
        found = judge(score(counted(posts)))
        assert found.loc[NEW, "state"] == EMERGING
        assert found["flagged"].sum() == 1


def test_the_more_is_posted_the_more_accounts_a_new_narrative_needs() -> None:
    lows = []
    for times in (1, 2, 4, 8):
        rng = np.random.default_rng(9)
        posts = posted(People.made(rng), rng, times=last_day(times)) + event(rng, day=DAYS - 1, accounts=15)
        lows.append(score(counted(posts)).loc[NEW, "rate_ratio_low"])
    assert lows == sorted(lows, reverse=True)
    assert lows[0] > 3 * lows[-1] > 3


@pytest.mark.parametrize("bursts", [(12,), (11, 12)])
def test_days_of_much_posting_in_the_baseline_do_not_blind_the_next_day(bursts: tuple[int, ...]) -> None:
    blind = 0
    for seed in range(3):
        rng = np.random.default_rng([seed, 10])
        people = People.made(rng)
        times = np.where(np.isin(np.arange(DAYS), bursts), 8.0, 1.0)
        middle = int(np.argmin(np.abs(people.touching(times=1) - 8)))  # eight accounts a day
        ever = posted(people, rng, times=times)
        counts = counted(
            ever + event(rng, day=13, accounts=15) + event(rng, day=13, accounts=30, narrative=middle),
        )
        found = judge(score(counts))
        assert found.loc[[NEW, middle], "state"].tolist() == [EMERGING, EMERGING]
        assert found["flagged"].sum() == 2
        assert counts.whole.dispersion.pooled < 0.1
        blind += not by_active(counts)[middle]
    assert blind >= 2 or len(bursts) == 1  # around active accounts two such days are no event any more


def test_an_event_on_a_day_of_the_week_is_flagged_through_its_day() -> None:
    for seed in range(2):
        rng = np.random.default_rng([seed, 11])
        people = People.made(rng)
        middle = int(np.argmin(np.abs(people.touching(times=1) - 8)))
        ever = posted(people, rng, times=np.ones(28))
        posts = ever + event(rng, day=24, accounts=40, narrative=middle) + event(rng, day=22, accounts=12)
        found = judge(score(counted(posts, end=28, length=7, baseline=21)))
        assert found["base_bins"].unique().tolist() == [3]
        assert found.index[found["flagged"]].tolist() == [middle, NEW]
        assert found.loc[middle, ["clearest_from", "clearest_to", "clearest_bins"]].tolist() == [at(24), at(25), 21]
        assert found.loc[NEW, ["clearest_from", "clearest_to"]].tolist() == [at(22), at(23)]


def test_with_two_days_before_an_event_is_unproven_and_more_posting_is_nothing() -> None:
    for times, narrative_of_event in ((1.0, NEW), (8.0, -1)):
        rng = np.random.default_rng(12)
        people = People.made(rng)
        posts = posted(people, rng, times=last_day(times, days=3))
        posts += event(rng, day=2, accounts=20, narrative=narrative_of_event)
        found = judge(score(counted(posts, end=3)))
        assert not found["testable"].any()
        assert found.index[found["state"] == UNPROVEN].tolist() == ([NEW] if narrative_of_event == NEW else [])
        assert by_active_chance(counted(posts, end=3)).sum() > (0 if times == 1 else 5)


def by_active_chance(counts: Counts) -> NDArray[np.bool_]:
    """What chance does not explain where the share of active accounts is the null."""
    cells = counts.whole
    p = stats.binom.sf(cells.now - 1, cells.now + cells.base, cells.now_active / cells.active.sum())
    return np.asarray(benjamini_hochberg(p) <= 0.05)


# --- the interval -----------------------------------------------------------------------------------------------------


def held(rng: np.random.Generator, *, growth: float, breadth: tuple[float, ...], times: float = 4) -> list[list[bool]]:
    """Whether the low and the high end of narratives' growth hold what it is, on a day of so many times the posts.

    Two narratives of two to ten accounts a day grow, against what the habits of all accounts make of that day.
    """
    people = People.made(rng, breadth=breadth)
    usual, today = people.touching(times=1), people.touching(times=times)
    chosen = np.flatnonzero((usual >= 2) & (usual <= 10))[:2]
    posts = posted(people, rng, times=last_day(times))
    for narrative in chosen:
        there = posts.unit[(posts.narrative == narrative) & (posts.at >= START + (DAYS - 1) * DAY)]
        others = np.setdiff1d(np.arange(ACCOUNTS), there)
        n = min(len(others), rng.poisson((growth - 1) * today[narrative]))
        who = rng.choice(others, size=n, replace=False)
        posts += _on(np.full(n, DAYS - 1), who, np.full(n, narrative), rng)
    found = score(counted(posts)).loc[chosen, ["rate_ratio_low", "rate_ratio_high"]].to_numpy()
    return [[low <= growth, growth <= high] for low, high in found.tolist()]


@pytest.mark.parametrize("breadth", [(0.05,), (50.0,), (0.05, 0.5, 5.0, 50.0)])
@pytest.mark.parametrize("growth", [1.0, 3.0])
@pytest.mark.parametrize("times", [0.5, 4])
def test_the_interval_holds_the_true_growth_whatever_habits_people_have(
    growth: float, breadth: tuple[float, ...], times: float
) -> None:
    draws = [held(np.random.default_rng(s), growth=growth, breadth=breadth, times=times) for s in range(20)]
    low, high = np.mean([one for draw in draws for one in draw], axis=0)
    # 97.5 % each were there one expectation; what lies between the most and the least makes it more
    assert min(low, high) >= 0.92  # of 40 or so: more than three misses have a chance of 2 %
