"""How soon and how cleanly a hidden event is flagged, beside BERTrend's rules, SigniTrend and Kleinberg's bursts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from replays import DAYS, Replay
from rivals import SIGMA, SLICE_HOURS, Verdict, bertrend, kleinberg, signitrend

from explore.narratives import emergence, ranking
from explore.narratives.pipeline import explore
from explore.narratives.run import Run, RunConfig
from explore.posts.snapshots import load, open_snapshot
from explore.settings import Workspace

NOW = datetime(2030, 1, 1, tzinfo=UTC)
HOUR = 3_600_000_000
FIRST_HOUR, LAST_HOUR = 11 * 24, DAYS * 24
FIRST_POSTS = 10
TOP = 10
WITHIN_HOURS = 24
EVENT_SHARE = 1 / 3  # a row is about the event when at least this much of its last 24 h is
AGAIN_HOURS = (3, 6, 12, 24)  # hours after the last event's tenth post at which everything is clustered anew
OURS = "Groundswell"


@dataclass(frozen=True)
class Walk:
    """What each method showed hour by hour. `truth`: (hours, k, events), `posts_seen`: (hours, events)."""

    hours: Sequence[int]
    verdicts: Mapping[str, list[Verdict]]
    truth: NDArray[np.bool_]
    posts_seen: NDArray[np.int64]


def explored(replay: Replay, workspace: Workspace, *, granularity: str, as_of: datetime | None = None) -> Run:
    """The replay as a run of the product (kept in the workspace, so a second time costs nothing)."""
    file = workspace.home / f"{replay.name}.parquet"
    workspace.home.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        replay.posts.to_parquet(file, index=False)
    snapshot = open_snapshot(workspace, load([file], workspace, now=NOW).snapshot)
    return explore(snapshot, workspace, config=RunConfig(granularity=granularity, as_of=as_of), now=NOW)


def walk(run: Run, replay: Replay, hours: Sequence[int]) -> Walk:
    """Every method's flags and ranks at these hours after the start, on the narratives of `run`."""
    line, k = run.timeline, len(run.narratives)
    start = int(replay.start.timestamp() * 1e6)
    hour_of = (line.at - start) // HOUR
    inside = line.narrative >= 0
    posts = np.zeros((k, DAYS * 24), dtype=np.int64)
    np.add.at(posts, (line.narrative[inside], hour_of[inside]), 1)
    events = _event_posts(run, replay)
    significance = signitrend(posts)
    verdicts: dict[str, list[Verdict]] = {}
    for hour in hours:
        for name, verdict in _verdicts(run, replay, posts, significance, hour).items():
            verdicts.setdefault(name, []).append(verdict)
    return Walk(
        hours=hours,
        verdicts=verdicts,
        truth=np.array([_about(events, posts, hour) for hour in hours]),
        posts_seen=np.array([events["all"][:, :hour].sum(axis=1) for hour in hours]),
    )


def _verdicts(
    run: Run, replay: Replay, posts: NDArray[np.int64], significance: NDArray[np.float64], hour: int
) -> dict[str, Verdict]:
    whole = hour // SLICE_HOURS * SLICE_HOURS
    own, rolled, burst = bertrend(posts, whole), bertrend(posts, hour), kleinberg(posts, hour)
    return {
        OURS: ours(run, replay.start.to_pydatetime() + timedelta(hours=hour)),
        "BERTrend, its 2-day slices": own.shown,
        "BERTrend, slices end now": rolled.shown,
        "BERTrend, now, weak only": rolled.weak_only,
        "BERTrend, now, strong only": rolled.strong_only,
        "SigniTrend": Verdict.by(significance[:, hour - 1] > SIGMA, significance[:, hour - 1]),
        "Kleinberg": Verdict.by(burst > 0, burst),
    }


def ours(run: Run, as_of: datetime) -> Verdict:
    """The product's flags and rows for a window of 24 h on 7 days."""
    past, k = run.timeline.before(as_of), len(run.narratives)
    window = emergence.Window(as_of=as_of)
    counts = emergence.count(
        past.at, past.unit, past.narrative, k=k, window=window, first_at=int(run.timeline.at.min())
    )
    table = emergence.score(counts).assign(
        narrative_id=np.arange(k), n_posts=np.bincount(past.narrative[past.narrative >= 0], minlength=k)
    )
    rows = ranking.ranked(emergence.judge(table[table["n_posts"] > 0]))
    rank = np.full(k, k, dtype=np.int64)
    rank[rows["narrative_id"]] = np.arange(len(rows))
    flagged = np.zeros(k, dtype=np.bool_)
    flagged[rows["narrative_id"]] = rows["flagged"]
    return Verdict(flagged, rank)


def _event_posts(run: Run, replay: Replay) -> dict[str, NDArray[np.int64]]:
    """Posts of each event per hour: "all" (events, hours) and "in" its narratives (events, k, hours)."""
    frame = pd.read_parquet(run.folder / "posts.parquet", columns=["post_id", "created_at", "narrative_id"])
    start, hours = replay.start, DAYS * 24
    every = np.zeros((len(replay.events), hours), dtype=np.int64)
    within = np.zeros((len(replay.events), len(run.narratives), hours), dtype=np.int64)
    for i, event in enumerate(replay.events):
        own = frame[frame["post_id"].str.startswith(f"{event.name}:")]
        hour = ((own["created_at"] - start) // pd.Timedelta(hours=1)).to_numpy()
        narrative = own["narrative_id"].to_numpy()
        np.add.at(every[i], hour, 1)
        np.add.at(within[i], (narrative[narrative >= 0], hour[narrative >= 0]), 1)
    return {"all": every, "in": within}


def _about(events: Mapping[str, NDArray[np.int64]], posts: NDArray[np.int64], hour: int) -> NDArray[np.bool_]:
    """Whether each narrative's last 24 h are about each event, shape (k, events)."""
    since = max(0, hour - 24)
    of_event = events["in"][:, :, since:hour].sum(axis=2)
    total = posts[:, since:hour].sum(axis=1)
    return np.asarray(((of_event > 0) & (of_event >= EVENT_SHARE * total)).T)


def outcomes(replay: Replay, found: Walk, *, kind: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row an event and method (delay in hours from the tenth post, null = never; `top`), and one a method."""
    rows, totals = [], []
    tenth = [
        next((h for h, seen in zip(found.hours, found.posts_seen[:, i], strict=True) if seen >= FIRST_POSTS), None)
        for i in range(len(replay.events))
    ]
    for method, verdicts in found.verdicts.items():
        flagged = np.array([verdict.flagged for verdict in verdicts])
        first = np.array([verdict.rank < TOP for verdict in verdicts]) & flagged
        for i, event in enumerate(replay.events):
            right, shown = (flagged & found.truth[:, :, i]).any(axis=1), (first & found.truth[:, :, i]).any(axis=1)
            at = [h for h, yes in zip(found.hours, right, strict=True) if yes]
            zero = tenth[i] if tenth[i] is not None else found.hours[-1]
            soon = [h for h, yes in zip(found.hours, shown, strict=True) if yes and h <= zero + WITHIN_HOURS]
            rows.append(
                {"replay": replay.name, "background": replay.background, "kind": kind, "method": method}
                | {"event": event.name, "size": event.size, "shape": event.shape}
                | {"delay": at[0] - zero if at else np.nan, "top": bool(soon)}
            )
        true = found.truth.any(axis=2)
        wrong = flagged & ~true
        begun = wrong[1:] & ~flagged[:-1]
        days = (found.hours[-1] - found.hours[0]) / 24
        totals.append(
            {"replay": replay.name, "background": replay.background, "kind": kind, "method": method}
            | {"right": int((flagged & true).sum()), "wrong": int(wrong.sum()), "hours": len(found.hours)}
            | {"begun": int(begun.sum()), "days": days}
        )
    return pd.DataFrame(rows), pd.DataFrame(totals)


def again(replay: Replay, workspace: Workspace, hindsight: Walk, *, granularity: str) -> list[tuple[int, Walk]]:
    """Ours on narratives found anew from the posts up to each of a few hours: foresight."""
    tenth = [int(np.argmax(hindsight.posts_seen[:, i] >= FIRST_POSTS)) for i in range(len(replay.events))]
    base = hindsight.hours[max(tenth)]
    found = []
    for hour in (base + later for later in AGAIN_HOURS):
        as_of = replay.start.to_pydatetime() + timedelta(hours=hour)
        run = explored(replay, workspace, granularity=granularity, as_of=as_of)
        found.append((hour, walk(run, replay, [hour])))
    return found


def workspace_file(folder: Path) -> Path:
    """Where the replays and runs are kept."""
    return folder / "replays"
