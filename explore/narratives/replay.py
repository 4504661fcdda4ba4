"""When each narrative of a kept run would first have been flagged: the list of *Emerging*, asked again step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives import emergence, ranking
from explore.narratives.counting import SPARK_STEPS_PER_WINDOW
from explore.narratives.run import Run, Timeline
from explore.narratives.windows import Window

MOST_LOOKS = 400  # seconds; beyond, the looks are further apart, and at last only the newest are made
TENTH = 10
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Replay:
    """What the list would have flagged at `looks`: moments `step` apart, UTC, oldest first, the last is the as-of time.

    flags: shape (looks, k), whether narrative i was flagged. times: one row a narrative, columns first_at (first post)
    and tenth_at (when the tenth account, or message, had posted it); null where it did not come to that.
    """

    looks: tuple[datetime, ...]
    step: timedelta
    flags: Bools
    times: pd.DataFrame


@dataclass(frozen=True)
class Look:
    """What the list says at one moment: which of k narratives are flagged, shape (k,); how many units were active in
    the window; whether growth could be tested."""

    flagged: Bools
    active: int
    testable: bool


@dataclass(frozen=True)
class Detection:
    """When one narrative began and when it would first have been flagged (UTC; null = not up to the as-of time).

    last_flagged_at: the newest look that flagged it. looks: how often the list was asked after the first post, `step`
    apart, from `since` to `until`, the as-of time; flagged_looks: how many of them flagged it. is_cut: whether it had
    begun long before the first look. wave_flagged_at: the first look that flagged the wave of the as-of time; where
    none did, the first of all. onset: when the wave began that this look flagged; null = it has no clear beginning.
    """

    first_at: datetime
    tenth_at: datetime | None
    flagged_at: datetime | None
    last_flagged_at: datetime | None
    since: datetime
    until: datetime
    looks: int
    flagged_looks: int
    step: timedelta
    is_cut: bool
    wave_flagged_at: datetime | None = None
    onset: datetime | None = None


def replay(run: Run, window: Window) -> Replay:
    """Ask at each look what `ranking.emerging` would have flagged, with windows and baselines as long as `window`'s.

    The narratives are the run's own, formed from all of its posts: hindsight. The looks are a quarter of a window
    apart, or a half or a whole one where that would be too many; counted back from `window.as_of`.
    """
    past, k = by_time(run.timeline.before(window.as_of)), len(run.narratives)
    step, looks = _looks(past, window)
    flags = [look.flagged for look in looked_at(past, run.origin, window, looks)]
    times = {"first_at": _times(_nth_unit(past, 1, k=k)), "tenth_at": _times(_nth_unit(past, TENTH, k=k))}
    return Replay(looks, step, np.array(flags, dtype=bool).reshape(len(looks), k), pd.DataFrame(times))


def by_time(posts: Timeline) -> Timeline:
    """The posts, the earliest first."""
    order = np.argsort(posts.at, kind="stable")
    return Timeline(**{name: values[order] for name, values in vars(posts).items()})


def looked_at(posts: Timeline, origin: pd.Series, window: Window, looks: Iterable[datetime]) -> Iterator[Look]:
    """What `ranking.emerging` says at each of the `looks`, with windows and baselines as long as `window`'s.

    `posts`: of a run, as `by_time` gives them; `origin`: of its narratives.
    """
    first = _nth_unit(posts, 1, k=len(origin))
    for look in looks:
        yield _look(posts, origin, replace(window, as_of=look), listed=first < _micros(look))


def detection(found: Replay, narrative_id: int) -> Detection | None:
    """What a replay says of one narrative; null where it has no post before the as-of time."""
    first, tenth = found.times.loc[narrative_id, ["first_at", "tenth_at"]]
    if pd.isna(first):
        return None
    looks = [look for look in found.looks if look > first]
    flagged = found.flags[-len(looks) :, narrative_id]
    hits = [look for look, hit in zip(looks, flagged.tolist(), strict=True) if hit]
    return Detection(
        first_at=first.to_pydatetime(),
        tenth_at=None if pd.isna(tenth) else tenth.to_pydatetime(),
        flagged_at=hits[0] if hits else None,
        last_flagged_at=hits[-1] if hits else None,
        since=looks[0],
        until=looks[-1],
        looks=len(looks),
        flagged_looks=int(flagged.sum()),
        step=found.step,
        is_cut=looks[0] - first > found.step,
    )


def _looks(posts: Timeline, window: Window) -> tuple[timedelta, tuple[datetime, ...]]:
    """How far apart, and the moments up to the as-of time that have a post before them, oldest first."""
    span = window.as_of - _moment(int(posts.at[0])) if len(posts.at) else timedelta(0)
    step = window.length / SPARK_STEPS_PER_WINDOW
    while step < window.length and span > MOST_LOOKS * step:
        step *= 2
    looks = min(MOST_LOOKS, max(1, -(-span // step)))
    return step, tuple(window.as_of - back * step for back in reversed(range(looks)))


def _look(posts: Timeline, origin: pd.Series, window: Window, *, listed: Bools) -> Look:
    """What `ranking.emerging` says as of the window's end. `posts`: by time.

    `listed`: shape (k,), which have a post before it: the tests that count.
    """
    begin, end = np.searchsorted(posts.at, [_micros(window.baseline_start), _micros(window.as_of)])
    held = Timeline(**{name: values[begin:end] for name, values in vars(posts).items()})
    k, first_at = len(listed), int(posts.at[0]) if len(posts.at) else 0
    scored = ranking.scored(held, origin, window=window, first_at=first_at)
    flagged = np.zeros(k, dtype=bool)
    flagged[listed] = emergence.judge(scored[listed])["flagged"].to_numpy(dtype=bool)
    active, testable = (scored[name].max() if k else 0 for name in ("now_active", "testable"))
    return Look(flagged, active=int(active), testable=bool(testable))


def _nth_unit(posts: Timeline, n: int, *, k: int) -> Floats:
    """When the n-th unit had posted each narrative, in microseconds since the epoch, shape (k,); never = NaN."""
    table = pd.DataFrame({"narrative": posts.narrative, "unit": posts.unit, "at": posts.at})
    firsts = table[table["narrative"] >= 0].drop_duplicates(["narrative", "unit"])
    nth = firsts[firsts.groupby("narrative").cumcount() == n - 1].set_index("narrative")["at"]
    return np.asarray(nth.reindex(range(k)), dtype=np.float64)


def _times(micros: Floats) -> pd.Series:
    whole = pd.Series(micros).round().astype("Int64")
    return pd.to_datetime(whole, unit="us", utc=True).astype("datetime64[us, UTC]")


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
