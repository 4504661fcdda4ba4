"""Handmade posts, snapshots and runs for the tests of explore/narratives and of the command line."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from explore.narratives.pipeline import explore
from explore.narratives.run import Run, RunConfig
from explore.posts.snapshots import LoadOptions, Snapshot, load, open_snapshot
from explore.settings import Workspace

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
START = datetime(2026, 3, 2, tzinfo=UTC)
COLUMNS = ("post_id", "created_at", "author_id", "text", "lang", "views", "shares")

Post = dict[str, Any]

# What is talked about: language, days of the fourteen it is talked about, and words to make sentences from
_TALK = {
    "bread": ("en", range(14), "bread", "oven flour sourdough crust bakery dough yeast loaf rye butter slice toast"),
    "trains": ("de", range(14), "Zug", "Bahnhof Gleis Verspätung Schaffner Fahrplan Lok Weiche Abteil Waggon Signal"),
    "rain": ("es", range(14), "lluvia", "paraguas tormenta nubes charco granizo relámpago gotas río humedad barro"),
    "recall": ("en", range(13, 14), "battery", "recall smoke charger burned scooter warning garage fire alarm brand"),
}


def post(number: int, text: str, **values: Any) -> Post:
    """One post; what is not given is unknown, but for the id."""
    return dict.fromkeys(COLUMNS) | {"post_id": f"p{number}", "text": text} | values


def at(day: float, *, second: int = 0) -> datetime:
    """A moment `day` days after the start."""
    return START + timedelta(days=day, seconds=second)


def stream(*, each: int = 70, seed: int = 1) -> list[Post]:
    """Three steady subjects in three languages over fourteen days and one that begins on the last day, by time."""
    rng = random.Random(seed)  # noqa: S311  # handmade posts, no secret
    posts: list[Post] = []
    for lang, days, subject, bank in _TALK.values():
        for _ in range(each):
            chosen = rng.sample(bank.split(), 5)
            chosen.insert(rng.randrange(6), subject)
            moment = at(rng.choice(days) + 0.02, second=rng.randrange(80_000))
            author = f"{lang}{rng.randrange(60)}"
            posts.append(
                post(0, " ".join(chosen), created_at=moment, author_id=author, lang=lang, views=rng.randrange(99))
            )
    posts.sort(key=lambda one: one["created_at"])
    return [one | {"post_id": f"p{number}"} for number, one in enumerate(posts)]


def without(posts: Iterable[Post], *columns: str) -> list[Post]:
    """The posts with these columns unknown."""
    return [one | dict.fromkeys(columns) for one in posts]


def written(path: Path, posts: Sequence[Post]) -> Path:
    """The posts as a CSV file with the columns that any of them has."""
    columns = [name for name in COLUMNS if any(one[name] is not None for one in posts)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([["" if one[name] is None else _cell(one[name]) for name in columns] for one in posts])
    return path


def snapshot_of(workspace: Workspace, posts: Sequence[Post], *, name: str = "posts") -> Snapshot:
    """The posts loaded from a CSV file beside the workspace."""
    workspace.home.parent.mkdir(parents=True, exist_ok=True)
    path = written(workspace.home.parent / f"{name}.csv", posts)
    return open_snapshot(workspace, load([path], workspace, options=LoadOptions(name=name), now=NOW).snapshot)


def explored(workspace: Workspace, posts: Sequence[Post], **config: Any) -> Run:
    """A run over the posts."""
    return explore(snapshot_of(workspace, posts), workspace, config=RunConfig(**config), now=NOW)


def narrative_of(run: Run, posts: Sequence[Post], word: str) -> int:
    """The narrative that holds most of the posts with this word."""
    wanted = {one["post_id"] for one in posts if word in one["text"].split()}
    held = posts_of(run).loc[lambda table: table["post_id"].isin(wanted), "narrative_id"]
    return int(held.mode().iloc[0])


def posts_of(run: Run) -> pd.DataFrame:
    return pd.read_parquet(run.folder / "posts.parquet")


def ints(*values: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def micros(*moments: datetime) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Microseconds since the epoch."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return ints(*((moment - epoch) // timedelta(microseconds=1) for moment in moments))


def _cell(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
