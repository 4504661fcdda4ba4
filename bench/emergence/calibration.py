"""How often anything is flagged where nothing happened: timelines shifted or shuffled, with a naive test beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives import emergence, ranking
from explore.narratives.dispersion import Dispersion
from explore.narratives.run import Run, Timeline
from explore.narratives.windows import Window

DAY = 86_400_000_000
NOMINAL = 0.05
LENGTHS = (timedelta(hours=24), timedelta(hours=6))
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Slice:
    """A stretch of a run's posts, `name` as the tables show it."""

    name: str
    line: Timeline
    narratives: int


def slices(run: Run, *, days: int, name: str) -> Iterator[Slice]:
    """The run's posts in stretches of this many days, oldest first, with their narratives numbered from 0."""
    line = run.timeline
    first, last = int(line.at.min()), int(line.at.max())
    for begin in range(first, last - days * DAY, days * DAY):
        inside = (line.at >= begin) & (line.at < begin + days * DAY)
        part = Timeline(**{field: values[inside] for field, values in vars(line).items()})
        held, codes = np.unique(part.narrative, return_inverse=True)
        numbered = codes - (1 if held.size and held[0] < 0 else 0)
        yield Slice(name, replace(part, narrative=numbered), int(numbered.max()) + 1)


def shifted(line: Timeline, rng: np.random.Generator) -> Timeline:
    """Each author's posts moved together by a random time, round the ends: habits stay, what happened goes."""
    first = int(line.at.min())
    span = int(line.at.max()) - first + 1
    _, author = np.unique(line.unit, return_inverse=True)
    offset = rng.integers(0, span, size=int(author.max()) + 1)
    return replace(line, at=first + (line.at - first + offset[author]) % span)


def shuffled(line: Timeline, rng: np.random.Generator) -> Timeline:
    """All times dealt out anew."""
    return replace(line, at=rng.permutation(line.at))


def careful(line: Timeline, k: int, window: Window) -> Flags:
    """The product's flags."""
    scored = ranking.scored(line, pd.Series(["cluster"] * k), window=window, first_at=int(line.at.min()))
    return emergence.judge(scored)["flagged"].to_numpy(dtype=np.bool_)


def naive(line: Timeline, k: int, window: Window) -> Flags:
    """Posts counted as if independent, a Poisson test for each narrative by itself at 5 %."""
    from scipy import stats

    past = line.before(window.as_of)
    age = (pd.Timestamp(window.as_of).value // 1000 - 1 - past.at) // (window.length // timedelta(microseconds=1))
    inside = (past.narrative >= 0) & (age <= window.bins)
    now = np.bincount(past.narrative[inside & (age == 0)], minlength=k)
    base = np.bincount(past.narrative[inside & (age > 0)], minlength=k)
    everything = np.array([(age == 0).sum(), ((age > 0) & (age <= window.bins)).sum()])
    p = stats.binom.sf(now - 1, now + base, everything[0] / max(1, everything.sum()))
    return np.asarray((p <= NOMINAL) & (now > 0))


def uncorrected(line: Timeline, k: int, window: Window) -> Flags:
    """Accounts counted and corrected for many narratives, but varying no more than chance: what dispersion buys."""
    with _poisson():
        return careful(line, k, window)


METHODS: dict[str, Callable[[Timeline, int, Window], Flags]] = {
    "Groundswell": careful,
    "accounts, Poisson, BH": uncorrected,
    "naive: posts, Poisson, no BH": naive,
}
NULLS: dict[str, Callable[[Timeline, np.random.Generator], Timeline]] = {
    "authors shifted": shifted,
    "all times shuffled": shuffled,
}


def null_draws(stretches: Sequence[Slice], *, draws: int, seed: int, progress: Callable[[str], None]) -> pd.DataFrame:
    """One row a draw, window and method: set, null, window, method, flags, narratives (with a post in it)."""
    rows = []
    for null, disturb in NULLS.items():
        for draw in range(draws):
            stretch = stretches[draw % len(stretches)]
            line = disturb(stretch.line, np.random.default_rng([seed, draw]))
            for length in LENGTHS:
                window = Window(_end(line), length)
                for method, flags in METHODS.items():
                    found = int(flags(line, stretch.narratives, window).sum())
                    rows.append(
                        {"set": stretch.name, "null": null, "window": f"{length // timedelta(hours=1)} h"}
                        | {"method": method, "flags": found, "narratives": stretch.narratives}
                    )
            if (draw + 1) % 50 == 0:
                progress(f"{stretch.name}: {null}, {draw + 1} of {draws} draws")
    return pd.DataFrame(rows)


def null_table(drawn: pd.DataFrame) -> pd.DataFrame:
    """Share of draws with any flag (Wilson 95 %) and flags a draw, per set, null, window and method.

    Where nothing happened every flag is false, so this share is the false discovery rate as well.
    """
    groups = drawn.assign(any=drawn["flags"] > 0).groupby(["set", "null", "window", "method"], sort=False)
    table = groups.agg(
        draws=("any", "size"), hit=("any", "sum"), flags=("flags", "mean"), narratives=("narratives", "mean")
    )
    low, high = wilson(table["hit"].to_numpy(), table["draws"].to_numpy())
    share = [
        f"{hit / n:.1%} ({a:.1%}-{b:.1%})" for hit, n, a, b in zip(table["hit"], table["draws"], low, high, strict=True)
    ]
    shown = table.assign(**{"draws with any flag": share, "flags a draw": table["flags"].round(2)}).reset_index()
    return shown[["set", "null", "window", "method", "draws", "draws with any flag", "flags a draw"]]


def real_windows(run: Run, *, name: str, n: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Real windows of a day at random noons: flags per method, and the rows that Groundswell flags, to be read."""
    line, k = run.timeline, len(run.narratives)
    rng = np.random.default_rng(seed)
    first = int(line.at.min()) // DAY + 9
    days = np.sort(rng.choice(np.arange(first, int(line.at.max()) // DAY), size=n, replace=False))
    totals, rows = [], []
    for day in days:
        window = Window(datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=int(day)))
        found = {method: flags(line.before(window.as_of), k, window) for method, flags in METHODS.items()}
        totals.append(
            {"set": name, "as_of": window.as_of} | {method: int(flags.sum()) for method, flags in found.items()}
        )
        table = ranking.emerging(run, window)
        rows.append(table[table["flagged"]].assign(set=name, as_of=window.as_of))
    return pd.DataFrame(totals), pd.concat(rows, ignore_index=True)


def wilson(hits: NDArray[np.int64], n: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's 95 % interval of a share."""
    z = 1.96
    middle = (hits + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * np.sqrt(hits * (n - hits) / n + z * z / 4)
    return np.maximum(0, middle - half), np.minimum(1, middle + half)


def _end(line: Timeline) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(line.at.max()) + 1)


@contextmanager
def _poisson() -> Iterator[None]:
    estimated = Dispersion.estimated
    none = classmethod(lambda cls, units, *_, **__: cls.none(len(units)))
    Dispersion.estimated = none  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Dispersion.estimated = estimated  # type: ignore[method-assign]
