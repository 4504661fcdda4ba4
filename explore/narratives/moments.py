"""What *Emerging* would have said at every day, or hour, of a whole run: where to look in it.

Nobody waits for it: the worker makes it in its spare time, and it lies beside the run, with a seal of its own. The
narratives are the run's, formed from all of its posts: hindsight, as wherever an earlier moment is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from explore import __version__
from explore.narratives import ranking, replay, seal
from explore.narratives.replay import Look
from explore.narratives.run import Run
from explore.narratives.windows import FEW_ACTIVE, Window
from explore.progress import Progress, silent

FILE = "moments.parquet"
HOURLY_UP_TO = timedelta(days=10)
MOST_MOMENTS = 3_000  # eight years of days; a longer file is looked at every second day, fourth day and so on
COLUMNS = ("as_of", "flagged", "new", "active", "judgeable")
LENGTHS = ("window", "baseline", "step")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Moments:
    """The list at moments `step` apart and just after the last post, with windows of one length and one baseline.

    `table`: one row a moment, oldest first; columns as_of (end of the window, UTC), flagged (how many narratives), new
    (of these, not flagged at the moment before), active (units in the window), judgeable (whether growth could be
    tested and `FEW_ACTIVE` were active). Empty, and the lengths zero, where the run has no times.
    """

    window: timedelta
    baseline: timedelta
    step: timedelta
    table: pd.DataFrame


def measure(run: Run, *, progress: Progress = silent) -> Moments:
    """The moments of `run` with the window that suits it, kept beside it when they are not there yet.

    Raises `Refused` when the run is no longer there.
    """
    there = kept(run.folder)
    if there is not None:
        return there
    found = moments(run, ranking.window_for(run), progress=progress)
    hours = {f"{name}_hours": getattr(found, name) / HOUR for name in LENGTHS}
    seal.write(run.folder / FILE, found.table.assign(**hours), identity=_identity(run.folder))
    return found


def kept(folder: Path) -> Moments | None:
    """The moments kept beside the run in `folder`; null where they are not there, are not what was written, or are of
    another version, which may judge otherwise."""
    table = seal.read(folder / FILE, identity=_identity(folder))
    if table is None:
        return None
    window, baseline, step = (
        timedelta(hours=float(table[f"{name}_hours"].max()) if len(table) else 0.0) for name in LENGTHS
    )
    return Moments(window, baseline, step, table[list(COLUMNS)])


def moments(run: Run, window: Window | None, *, progress: Progress = silent) -> Moments:
    """Ask at every moment of the run what the list says, with windows and baselines as long as `window`'s.

    A day apart, at midnight UTC; an hour where the run spans ten days or less; and just after the last post.
    """
    if window is None or run.end is None or run.first_at is None:
        nothing = timedelta(0)
        return Moments(nothing, nothing, nothing, _table([], [], k=0))
    step = _step(run.end - run.first_at)
    ends = list(_ends(run.first_at, run.end, step=step))
    looks: list[Look] = []
    for look in replay.looked_at(replay.by_time(run.timeline), run.origin, window, ends):
        progress("Looking for moments with findings", len(looks) / len(ends))
        looks.append(look)
    return Moments(window.length, window.baseline, step, _table(ends, looks, k=len(run.narratives)))


def _step(span: timedelta) -> timedelta:
    step = HOUR if span <= HOURLY_UP_TO else 24 * HOUR
    while span > MOST_MOMENTS * step:
        step *= 2
    return step


def _ends(first_at: datetime, end: datetime, *, step: timedelta) -> Iterator[datetime]:
    """Whole steps after the first post, and the end."""
    moment = EPOCH + ((first_at - EPOCH) // step + 1) * step
    while moment < end:
        yield moment
        moment += step
    yield end


def _table(ends: list[datetime], looks: list[Look], *, k: int) -> pd.DataFrame:
    flagged = np.array([look.flagged for look in looks], dtype=bool).reshape(len(looks), k)
    before = np.vstack([np.zeros_like(flagged[:1]), flagged[:-1]])
    return pd.DataFrame(
        {
            "as_of": pd.DatetimeIndex(ends, tz="UTC").as_unit("us"),
            "flagged": flagged.sum(axis=1).astype("int64"),
            "new": (flagged & ~before).sum(axis=1).astype("int64"),
            "active": np.array([look.active for look in looks], dtype="int64"),
            "judgeable": np.array([look.testable and look.active >= FEW_ACTIVE for look in looks], dtype=bool),
        }
    )


def _identity(folder: Path) -> str:
    return f"{folder.name} {__version__}"
