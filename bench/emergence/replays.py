"""Weeks of real posts with real events hidden in them.

Backgrounds: reddit_2011 titles (no authors: made up, heavy-tailed, seeded) and ira_1m tweets (authors thinned to the
wanted size, all their posts kept). Events: on-topic posts of CrisisLex crises, each with an author of its own because
the data name none, at the times of the event's real volume curve, of a step or of an exponential growth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

DAYS = 15
POSTS = 10_000
SPREAD_HOURS = 24
SIZES = (25, 60, 120, 200)
DOUBLINGS = 6  # of an exponential growth: every four hours in a day
SHAPES = ("real curve", "step", "exponential")
FIRST_START, LAST_START = 12.0, 12.5  # days after the first post
HARD_POSTS = 20_000
HARD_ROUND = (((12, 24), (35, 72)), ((20, 24), (60, 72)), ((12, 72), (35, 24)), ((20, 72), (60, 24)))  # size, hours
SLOW_STARTS_EARLIER = 1.0  # days, so that three days of it fit in
CREDIBLE_AUTHORS = 3  # posts an author of reddit_2011 has on average
COLUMNS = ["post_id", "created_at", "author_id", "text"]


@dataclass(frozen=True)
class Event:
    """An event hidden in a replay: its posts are `post_id` "{name}:0", "{name}:1", ... in order of time.

    `hours`: over which they are spread.
    """

    name: str
    size: int
    shape: str
    hours: int = SPREAD_HOURS

    @property
    def slow(self) -> bool:
        """Whether it takes longer than a day."""
        return self.hours > SPREAD_HOURS


@dataclass(frozen=True)
class Replay:
    """`posts`: post_id, created_at, author_id, text, by time, over DAYS days from `start`."""

    name: str
    background: str
    start: pd.Timestamp
    posts: pd.DataFrame
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Sources:
    """The frames that replays are made from."""

    reddit: pd.DataFrame
    ira: pd.DataFrame
    crises: pd.DataFrame
    volumes: pd.DataFrame

    @classmethod
    def read(cls, data: Path) -> Sources:
        """From the folder that holds reddit_2011, ira_1m, crisis_events and crisis_volumes (.parquet)."""
        crises = pd.read_parquet(data / "crisis_events.parquet")
        return cls(
            reddit=pd.read_parquet(data / "reddit_2011.parquet", columns=["post_id", "created_at", "text"]),
            ira=pd.read_parquet(data / "ira_1m.parquet", columns=COLUMNS),
            crises=crises[crises["on_topic"]].assign(event=crises["event"].map(_key)),
            volumes=pd.read_parquet(data / "crisis_volumes.parquet").assign(
                event=lambda table: table["event"].map(_key)
            ),
        )


def replays(sources: Sources, n: int, *, seed: int) -> list[Replay]:
    """`n` replays, by turns on each background, with four events each: one of every size, shapes by turns."""
    names = sorted(set(sources.crises["event"]) & set(sources.volumes["event"]))
    rng = np.random.default_rng(seed)
    a_round = len(names) // len(SIZES) * len(SIZES)  # an event once a replay at most
    order = np.concatenate([rng.permutation(names)[:a_round] for _ in range(1 + n * len(SIZES) // a_round)])
    made = []
    for i in range(n):
        chosen = order[i * len(SIZES) : (i + 1) * len(SIZES)]
        events = [
            Event(str(name), size, SHAPES[(i + j + i // len(SHAPES)) % len(SHAPES)])
            for j, (name, size) in enumerate(zip(chosen, SIZES, strict=True))
        ]
        made.append(replay(sources, events, background=("reddit", "ira")[i % 2], seed=seed * 1000 + i))
    return made


def hard_replays(sources: Sources, n: int, *, seed: int) -> list[Replay]:
    """`n` replays of two small events each among HARD_POSTS posts of ira; sizes and speeds of HARD_ROUND by turns."""
    names = sorted(set(sources.crises["event"]) & set(sources.volumes["event"]))
    rng = np.random.default_rng([seed, HARD_POSTS])
    made = []
    for i in range(n):
        kinds = HARD_ROUND[i % len(HARD_ROUND)]
        chosen = _strangers(names, rng)
        events = [
            Event(name, size, SHAPES[(i + j) % len(SHAPES)], hours)
            for j, (name, (size, hours)) in enumerate(zip(chosen, kinds, strict=True))
        ]
        made.append(replay(sources, events, background="ira", seed=seed * 1000 + 500 + i, posts=HARD_POSTS))
    return made


def replay(sources: Sources, events: Sequence[Event], *, background: str, seed: int, posts: int = POSTS) -> Replay:
    """A background from a random day on with these events at hidden times between day 12 and day 12.5 (slow ones a day
    earlier); `posts`: about so many of a background of real accounts."""
    rng = np.random.default_rng(seed)
    source = sources.reddit if background == "reddit" else sources.ira
    last = (source["created_at"].max() - source["created_at"].min()).days - DAYS
    start = source["created_at"].min().floor("D") + timedelta(days=int(rng.integers(1, last)))
    inside = source[source["created_at"].between(start, start + timedelta(days=DAYS), inclusive="left")]
    slice_ = thinned(inside, rng, posts=posts) if background == "ira" else _with_authors(inside, rng)
    parts = [slice_[COLUMNS], *(_event_posts(sources, event, start, rng) for event in events)]
    everything = pd.concat(parts).sort_values("created_at", kind="stable").reset_index(drop=True)
    return Replay(f"{background}-{seed}", background, start, everything, tuple(events))


def _strangers(names: Sequence[str], rng: np.random.Generator) -> tuple[str, str]:
    """Two events without a word in common: two of one place may well be one narrative."""
    first, *others = (str(name) for name in rng.permutation(names))
    return first, next(name for name in others if not set(name.split()) & set(first.split()))


def _event_posts(sources: Sources, event: Event, start: pd.Timestamp, rng: np.random.Generator) -> pd.DataFrame:
    """`event.size` real posts in their own order, spread over `event.hours` from a hidden moment on."""
    real = sources.crises[sources.crises["event"] == event.name].sort_values("created_at", kind="stable")
    texts = real["text"].iloc[np.sort(rng.choice(len(real), size=event.size, replace=False))]
    hours = np.sort(_hours(sources, event, rng))
    earlier = SLOW_STARTS_EARLIER if event.slow else 0.0
    begin = start + timedelta(days=float(rng.uniform(FIRST_START, LAST_START)) - earlier)
    return pd.DataFrame(
        {
            "post_id": [f"{event.name}:{i}" for i in range(event.size)],
            "created_at": (begin + pd.to_timedelta(hours, unit="h")).floor("s"),
            "author_id": [f"{event.name}:{i}" for i in range(event.size)],
            "text": texts.to_numpy(),
        }
    )


def _hours(sources: Sources, event: Event, rng: np.random.Generator) -> np.ndarray:
    """Hours after the start, within `event.hours`: the event's busiest real time of that length, evenly, or doubling
    six times."""
    even = rng.uniform(size=event.size)
    if event.shape == "step":
        return even * event.hours
    if event.shape == "exponential":
        return event.hours / DOUBLINGS * np.log2(1 + even * (2**DOUBLINGS - 1))
    curve = sources.volumes.loc[sources.volumes["event"] == event.name, "created_at"].sort_values()
    at = curve.astype("datetime64[us, UTC]").astype("int64").to_numpy() / 3.6e9
    within = np.searchsorted(at, at + event.hours) - np.arange(len(at))
    busiest = int(within.argmax())
    day = at[busiest : busiest + within[busiest]] - at[busiest]
    return rng.choice(day, size=event.size, replace=len(day) < event.size)


def thinned(frame: pd.DataFrame, rng: np.random.Generator, *, posts: int) -> pd.DataFrame:
    """All posts of as many randomly chosen authors as come to about so many `posts`."""
    sizes = frame["author_id"].value_counts().sort_index()
    order = sizes.iloc[rng.permutation(len(sizes))]
    kept = order.index[order.cumsum() <= posts]
    return frame[frame["author_id"].isin(kept)]


def _with_authors(posts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Authors made up: a third as many as posts, the r-th most active in proportion to 1 / (r + 10)."""
    n = len(posts) // CREDIBLE_AUTHORS
    weights = 1 / (np.arange(n) + 10)
    authors = rng.choice(n, size=len(posts), p=weights / weights.sum())
    return posts.assign(author_id=[f"made-up {author}" for author in authors])


def _key(event: str) -> str:
    """One name for an event that the two files spell differently: its words without the year."""
    return " ".join(sorted(word for word in event.lower().split("_") if not word.isdigit()))
