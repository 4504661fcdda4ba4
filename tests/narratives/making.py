"""Handmade posts, snapshots and runs for the tests of explore/narratives and of the command line."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explore.narratives import clusters, outbreaks, pipeline, space
from explore.narratives.pipeline import explore
from explore.narratives.run import Run, RunConfig
from explore.narratives.space import Points, Space
from explore.narratives.vectors import Vectors
from explore.posts.snapshots import LoadOptions, Snapshot, load, open_snapshot
from explore.settings import Workspace

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
START = datetime(2026, 3, 2, tzinfo=UTC)
COLUMNS = ("post_id", "created_at", "author_id", "text", "lang", "views", "shares", "url", "media_id")

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


def run_with(workspace: Workspace, posts: Sequence[Post], *, groups: Sequence[str], **config: Any) -> Run:
    """A run whose narratives are given instead of found: group i holds the messages with the word `groups[i]`.

    Everything else is done as always. Narratives come ordered by their number of messages. The first message lies at
    (0, 0) on the map, the second at (1, 1) and so on.
    """

    texts: list[str] = []
    compared = pipeline._compared

    def noted(*given: Any, **named: Any) -> pipeline.Compared:
        told = compared(*given, **named)
        texts[:] = told.found["text"][: len(told.vectors)]
        return told

    def in_a_row(vectors: Vectors, **_: Any) -> tuple[Space, Callable[[], Points]]:
        n = len(vectors)
        xy = np.repeat(np.arange(n, dtype=np.float32)[:, None], 2, axis=1)
        lies = Space(vectors, sparse.csr_matrix((n, n)), np.empty((0, 4)))
        return lies, lambda: xy

    def by_word(*_: Any, **__: Any) -> clusters.Clusters:
        labels = np.full(len(texts), -1, dtype=np.int64)
        for label, word in enumerate(groups):
            labels[pd.Series(texts).str.contains(word)] = label
        return clusters.Clusters(labels, np.where(labels >= 0, 1.0, 0.0), origin=np.zeros_like(labels))

    def none(labels: np.ndarray[Any, np.dtype[np.int64]], *_: Any, **__: Any) -> outbreaks.Outbreaks:
        return outbreaks.Outbreaks(labels, np.full(len(labels), -1, dtype=np.int64))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "_compared", noted)
        patch.setattr(space, "lay_out", in_a_row)
        patch.setattr(clusters, "settle", by_word)
        patch.setattr(outbreaks, "split", none)
        return explored(workspace, posts, **config)


# Two narratives to check figures on by hand, and two posts outside; days are counted from START
FEW: list[Post] = [
    post(9, "hello everybody", created_at=at(0), author_id="c1", lang="en", views=1),
    post(5, "bread tips one", created_at=at(1.5), author_id="b1", lang="en", views=7),
    post(6, "bread tips ONE!", created_at=at(4.5), author_id="b1", lang="de", views=8),
    post(7, "bread tips two", created_at=at(5.5), author_id="b2", lang="en"),
    post(0, "vote by text #Vote https://x.example/a", created_at=at(7.1), author_id="a1", lang="en", views=10),
    post(1, "Vote by text (https://x.example/a). #VOTE", created_at=at(7.2), author_id="a2", lang="en", views=50),
    post(2, "vote at another place #vote", created_at=at(7.3), author_id="a1", lang="und", views=20),
    post(3, "vote on the phone instead", created_at=at(7.4), author_id="a3", lang="en"),
    post(4, "no vote today", created_at=at(7.5), author_id="a1", lang="en", views=0),
    post(8, "bread tips one", created_at=at(7.9), author_id="b1", lang="en", views=9),
    post(10, "the last post", created_at=at(8), author_id="c2", lang="en", views=1000),
]
FEW_GROUPS = ("[Vv]ote", "bread")
VOTE, BREAD = 0, 1
