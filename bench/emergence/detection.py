"""How soon and how cleanly a hidden event is flagged, beside BERTrend's rules, SigniTrend and Kleinberg's bursts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from replays import DAYS, Replay
from rivals import SIGMA, SLICE_HOURS, Verdict, bertrend, kleinberg, signitrend

from explore.narratives import emergence, ranking
from explore.narratives.pipeline import explore
from explore.narratives.run import Run, RunConfig
from explore.narratives.windows import Window
from explore.posts.snapshots import load, open_snapshot
from explore.settings import Workspace

NOW = datetime(2030, 1, 1, tzinfo=UTC)
HOUR = 3_600_000_000
FIRST_HOUR, LAST_HOUR = 11 * 24, DAYS * 24
FIRST_POSTS = 10
TOP = 10
WITHIN_HOURS = 24
EVENT_SHARE = 1 / 3  # a row is about the event when at least this much of its last 24 h is
AGAIN_HOURS = (0, 2, 6)  # hours after each event's tenth post at which everything is clustered anew
OURS = "Groundswell"
MEASURES = {  # column -> whether it is a share
    "recall at top 10": True,
    "hours to a flag in the top 10": False,
    "hours to any flag": False,
    "precision of rows": True,
    "wrong rows at an hour": False,
    "wrong flags a day": False,
}


@dataclass(frozen=True)
class Walk:
    """What each method showed hour by hour. `truth`: (hours, k, events), `posts_seen`: (hours, events)."""

    hours: Sequence[int]
    verdicts: Mapping[str, list[Verdict]]
    truth: NDArray[np.bool_]
    posts_seen: NDArray[np.int64]


def explored(replay: Replay, workspace: Workspace, *, granularity: str, as_of: datetime | None = None) -> Run:
    """The replay as a run of the product (kept in the workspace, so a second time costs nothing)."""
    return explored_posts(replay.posts, replay.name, workspace, granularity=granularity, as_of=as_of)


def explored_posts(
    posts: pd.DataFrame, name: str, workspace: Workspace, *, granularity: str, as_of: datetime | None = None
) -> Run:
    """The posts as a run of the product, kept in the workspace; `name`: of the file that is loaded, written anew."""
    file = workspace.home / f"{name}.parquet"
    workspace.home.mkdir(parents=True, exist_ok=True)
    posts.to_parquet(file, index=False)
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
        "BERTrend, now, first weak row": rolled.weak_only.cut(1),
        "SigniTrend": Verdict.by(significance[:, hour - 1] > SIGMA, significance[:, hour - 1]),
        "Kleinberg": Verdict.by(burst > 0, burst),
    }


def ours(run: Run, as_of: datetime) -> Verdict:
    """The product's flags and rows for a window of 24 h on 7 days."""
    past, k = run.timeline.before(as_of), len(run.narratives)
    scored = ranking.scored(past, run.origin, window=Window(as_of), first_at=int(run.timeline.at.min()))
    table = scored.assign(
        narrative_id=np.arange(k), n_posts=np.bincount(past.narrative[past.narrative >= 0], minlength=k)
    )
    judged = emergence.judge(table[table["n_posts"] > 0])
    rows = ranking.ranked(judged.assign(marks=[[]] * len(judged)))  # the order without what a person is told to mind
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


def outcomes(replay: Replay, found: Walk) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row an event and method, and one row a method.

    The first: replay, background, method, event, size, shape, and hours from the tenth post to the first right flag
    (`delay`) and to the first among the ten first rows (`shown`); infinite = never. The second: right and wrong flagged
    rows over all hours, hours, wrong flags that began, days.
    """
    rows, totals = [], []
    told = {"replay": replay.name, "background": replay.background}
    tenth = [found.hours[i] for i in (found.posts_seen >= FIRST_POSTS).argmax(axis=0)]
    for method, verdicts in found.verdicts.items():
        flagged = np.array([verdict.flagged for verdict in verdicts])
        listed = flagged & np.array([verdict.rank < TOP for verdict in verdicts])
        for i, event in enumerate(replay.events):
            delays = [_first(found.hours, which & found.truth[:, :, i]) - tenth[i] for which in (flagged, listed)]
            rows.append(
                told
                | {"method": method, "event": event.name, "size": event.size, "shape": event.shape}
                | {"delay": delays[0], "shown": delays[1]}
            )
        true = found.truth.any(axis=2)
        wrong = flagged & ~true
        totals.append(
            told
            | {"method": method, "right": int((flagged & true).sum()), "wrong": int(wrong.sum())}
            | {
                "hours": len(found.hours),
                "began": int((wrong[1:] & ~flagged[:-1]).sum()),
                "days": len(found.hours) / 24,
            }
        )
    return pd.DataFrame(rows), pd.DataFrame(totals)


def foresight(replay: Replay, workspace: Workspace, hindsight: Walk, *, granularity: str) -> pd.DataFrame:
    """Whether ours flags each event in hindsight and, on narratives found anew up to then, in foresight.

    A few hours after each event's tenth post everything before is clustered anew. One row an event and such hour:
    replay, event, size, later (hours after its own tenth post), and whether it is flagged among the first ten rows:
    hindsight, foresight.
    """
    tenth = [hindsight.hours[i] for i in (hindsight.posts_seen >= FIRST_POSTS).argmax(axis=0)]
    rows = []
    for hour in sorted({hour + later for hour in tenth for later in AGAIN_HOURS}):
        as_of = replay.start.to_pydatetime() + timedelta(hours=hour)
        anew = walk(explored(replay, workspace, granularity=granularity, as_of=as_of), replay, [hour])
        seen = {"hindsight": (hindsight, hour - hindsight.hours[0]), "foresight": (anew, 0)}
        for i, event in enumerate(replay.events):
            row = {"replay": replay.name, "event": event.name, "size": event.size, "later": hour - tenth[i]}
            for kind, (which, at) in seen.items():
                verdict = which.verdicts[OURS][at]
                listed = verdict.flagged & (verdict.rank < TOP)
                row[kind] = bool((listed & which.truth[at, :, i]).any())
            rows.append(row)
    return pd.DataFrame(rows)


def table(events: pd.DataFrame, totals: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """One row a method, with 95 % intervals from drawing whole replays again."""
    names = events["replay"].unique()
    rng = np.random.default_rng(seed)
    picks = [np.arange(len(names)), *rng.integers(0, len(names), size=(draws, len(names)))]
    rows = []
    for method, own in events.groupby("method", sort=False):
        per_event = [own.loc[own["replay"] == name, ["delay", "shown"]].to_numpy() for name in names]
        flags = totals[totals["method"] == method].set_index("replay").loc[names]
        measured = np.array(
            [_measures(np.concatenate([per_event[i] for i in pick]), flags.iloc[pick]) for pick in picks]
        )
        low, high = np.quantile(measured[1:], [0.025, 0.975], axis=0, method="nearest")
        cells = [
            f"{_number(value, percent)} ({_number(a, percent)} to {_number(b, percent)})"
            for value, a, b, percent in zip(measured[0], low, high, MEASURES.values(), strict=True)
        ]
        rows.append({"method": method} | dict(zip(MEASURES, cells, strict=True)))
    return pd.DataFrame(rows)


def by(events: pd.DataFrame, column: str) -> pd.DataFrame:
    """Median hours to the flag among the first ten rows, per method (rows) and value of `column`."""
    medians = events.groupby(["method", column], sort=False)["shown"].median(numeric_only=False).unstack(column)
    return medians.map(lambda value: _number(value, False)).reset_index()


def both(found: pd.DataFrame) -> pd.DataFrame:
    """Hindsight and foresight at the same hours: share of events listed some hours after their tenth post, and the
    median of the first sampled hour at which they were."""
    rows = []
    for kind in ("hindsight", "foresight"):
        row: dict[str, object] = {"narratives": kind, "events": len(found.drop_duplicates(["replay", "event"]))}
        for later in AGAIN_HOURS:
            row[f"listed {later} h after the tenth post"] = f"{found.loc[found['later'] == later, kind].mean():.0%}"
        first = found["later"].astype(float).where(found[kind], np.inf).groupby([found["replay"], found["event"]]).min()
        row["median hours to a flag in the top 10, at sampled hours"] = _number(first.median(), False)
        rows.append(row)
    return pd.DataFrame(rows)


def missed(events: pd.DataFrame) -> pd.DataFrame:
    """Events that ours never listed within a day of the tenth post, with what the other methods made of them."""
    delays = events.pivot_table(
        index=["replay", "event", "size", "shape"], columns="method", values="shown", aggfunc="first"
    )
    late = delays[delays[OURS] > WITHIN_HOURS]
    return late.map(lambda value: _number(value, False)).reset_index()


def _measures(delays: NDArray[np.float64], totals: pd.DataFrame) -> list[float]:
    right, wrong, hours = totals["right"].sum(), totals["wrong"].sum(), totals["hours"].sum()
    return [
        float((delays[:, 1] <= WITHIN_HOURS).mean()),
        float(np.quantile(delays[:, 1], 0.5, method="higher")),
        float(np.quantile(delays[:, 0], 0.5, method="higher")),
        float(right / max(1, right + wrong)),
        float(wrong / hours),
        float(totals["began"].sum() / totals["days"].sum()),
    ]


def _first(hours: Sequence[int], yes: NDArray[np.bool_]) -> float:
    """The first hour at which any narrative is marked; infinite = never."""
    found = yes.any(axis=1)
    return float(hours[int(found.argmax())]) if found.any() else np.inf


def _number(value: float, percent: bool) -> str:
    if not np.isfinite(value):
        return "never"
    return f"{value:.0%}" if percent else f"{value:.2g}" if abs(value) < 10 else f"{value:.0f}"
