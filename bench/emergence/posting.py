"""More posting is no emergence: real accounts whose posts are dealt to the days at random, more of them to the last.

Who posts what stays as it is; only when is drawn anew, so nothing emerges and every flag is false.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from calibration import DAY, Window, careful, wilson
from detection import explored_posts
from numpy.typing import NDArray
from replays import thinned

from explore.narratives import ranking
from explore.narratives.run import Run, Timeline
from explore.settings import Workspace

DAYS = 14
START = datetime(2017, 3, 1, tzinfo=UTC)
IRA_DAYS = 30
FACTORS = (0.5, 2.0, 4.0, 8.0, 10.0)
THIRD = 1 / 3
RISING_DAYS, DOUBLING_DAYS = 6, 2
FLOOD_SHARE = 0.5  # of the last day's posts
FLOODER_POSTS = 20  # an account with fewer has no habit to copy
AGAIN = ("as ever", "x8", "x8, a third of the accounts", "doubling every 2 days", "one account floods")

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Posting:
    """A way to post more or less without anything new.

    `weights`: of the days, for the chosen accounts; the others post as ever. `share`: of accounts that are chosen.
    `flood`: share of the last day's posts that one account's copies of its own posts make.
    """

    name: str
    weights: tuple[float, ...] = (1.0,) * DAYS
    share: float = 1.0
    flood: float = 0.0


@dataclass(frozen=True)
class Dealt:
    """Posts with new times: `source`, the position of each among the posts that were dealt, and `at`, microseconds."""

    source: Ints
    at: Ints


def kinds() -> list[Posting]:
    """All ways of posting that are tried, the one that changes nothing first."""
    last_day = {factor: (1.0,) * (DAYS - 1) + (factor,) for factor in FACTORS}
    rising = tuple(2.0 ** (max(0, day - (DAYS - 1 - RISING_DAYS)) / DOUBLING_DAYS) for day in range(DAYS))
    return [
        Posting("as ever"),
        *(Posting(f"x{factor:g}", weights) for factor, weights in last_day.items()),
        *(Posting(f"x{factor:g}, a third of the accounts", weights, THIRD) for factor, weights in last_day.items()),
        Posting(f"doubling every {DOUBLING_DAYS} days", rising),
        Posting("one account floods", flood=FLOOD_SHARE),
    ]


def deal(unit: Ints, posting: Posting, rng: np.random.Generator) -> Dealt:
    """Times for the posts of these accounts: the day by the weights, the hour by chance, each post by itself."""
    accounts, code = np.unique(unit, return_inverse=True)
    chosen = rng.random(len(accounts)) < posting.share if posting.share < 1 else np.ones(len(accounts), dtype=np.bool_)
    weights = np.asarray(posting.weights) / sum(posting.weights)
    day = np.where(
        chosen[code],
        rng.choice(DAYS, size=len(unit), p=weights),
        rng.integers(0, DAYS, size=len(unit)),
    )
    source, at = np.arange(len(unit)), _micros(START) + day * DAY + rng.integers(0, DAY, size=len(unit))
    if not posting.flood:
        return Dealt(source, at)
    copies = _flood(code, n=round((day == DAYS - 1).sum() * posting.flood / (1 - posting.flood)), rng=rng)
    times = _micros(START) + (DAYS - 1) * DAY + rng.integers(0, DAY, size=len(copies))
    return Dealt(np.concatenate([source, copies]), np.concatenate([at, times]))


def draws(runs: Mapping[str, Run], *, n: int, seed: int, progress: Callable[[str], None]) -> pd.DataFrame:
    """One row a draw on frozen narratives: set, posting, flags, narratives."""
    rows = []
    for name, run in runs.items():
        for i, posting in enumerate(kinds()):
            for draw in range(n):
                line = _taken(run.timeline, deal(run.timeline.unit, posting, np.random.default_rng([seed, i, draw])))
                flags = int(careful(line, len(run.narratives), window()).sum())
                rows.append(_row(name, posting, flags, len(run.narratives)))
            progress(f"{name}: {posting.name}, {n} draws")
    return pd.DataFrame(rows)


def draws_again(
    sets: Mapping[str, pd.DataFrame], workspace: Workspace, *, n: int, seed: int, granularity: str,
    progress: Callable[[str], None],
) -> pd.DataFrame:  # fmt: skip
    """As `draws`, but the narratives are formed anew from every dealt file; only the ways of posting in AGAIN."""
    rows = []
    for name, posts in sets.items():
        unit = pd.factorize(posts["author_id"])[0].astype(np.int64)
        for i, posting in _some(AGAIN):
            for draw in range(n):
                frame = _redated(posts, deal(unit, posting, np.random.default_rng([seed, i, draw])))
                file = f"posting-{name}-{len(posts)}-{seed}-{i}-{draw}"
                run = explored_posts(frame, file, workspace, granularity=granularity)
                table = ranking.emerging(run, window())
                rows.append(_row(name, posting, int(table["flagged"].sum()), len(table)))
                progress(f"{name}: {posting.name}, clustered anew, {rows[-1]['flags']} of {len(table)} flagged")
    return pd.DataFrame(rows)


def sets(data: Path, *, posts: int, seed: int) -> dict[str, pd.DataFrame]:
    """Posts to deal: a month of ira_1m, of fewer accounts, and the last of telegram_200k; about `posts` of each."""
    ira = pd.read_parquet(data / "ira_1m.parquet")
    since = ira["created_at"].iloc[len(ira) * 7 // 10].floor("D")
    month = ira[ira["created_at"].between(since, since + timedelta(days=IRA_DAYS), inclusive="left")]
    telegram = pd.read_parquet(data / "telegram_200k.parquet").sort_values("created_at", kind="stable")
    return {"ira_1m": thinned(month, np.random.default_rng(seed), posts=posts), "telegram_200k": telegram.tail(posts)}


def window() -> Window:
    """The last of the days, beside the seven before."""
    return Window(START + timedelta(days=DAYS))


def table(drawn: pd.DataFrame) -> pd.DataFrame:
    """Share of draws with any flag (Wilson 95 %) and flags a draw, per set and way of posting, and for all but the
    first of a set together."""
    everything = drawn[drawn["posting"] != kinds()[0].name].assign(posting="all but as ever")
    return pd.concat([_summary(drawn), _summary(everything)], ignore_index=True)


def _summary(drawn: pd.DataFrame) -> pd.DataFrame:
    groups = drawn.assign(any=drawn["flags"] > 0).groupby(["set", "posting"], sort=False)
    summed = groups.agg(
        draws=("any", "size"),
        hit=("any", "sum"),
        flags=("flags", "mean"),
        most=("flags", "max"),
        narratives=("narratives", "mean"),
    )
    low, high = wilson(summed["hit"].to_numpy(), summed["draws"].to_numpy())
    share = [
        f"{hit / n:.0%} ({a:.0%}-{b:.0%})"
        for hit, n, a, b in zip(summed["hit"], summed["draws"], low, high, strict=True)
    ]
    shown = summed.assign(
        **{"draws with any flag": share, "flags a draw": summed["flags"].round(2), "most flags": summed["most"]}
    ).reset_index()
    shown["narratives"] = shown["narratives"].round().astype(int)
    return shown[["set", "posting", "narratives", "draws", "draws with any flag", "flags a draw", "most flags"]]


def _some(names: Sequence[str]) -> Iterator[tuple[int, Posting]]:
    return ((i, posting) for i, posting in enumerate(kinds()) if posting.name in names)


def _flood(code: Ints, *, n: int, rng: np.random.Generator) -> Ints:
    """Positions of n posts of one account, drawn with replacement; an account with posts enough to have a habit."""
    sizes = np.bincount(code)
    able = np.flatnonzero(sizes >= min(FLOODER_POSTS, sizes.max()))
    return rng.choice(np.flatnonzero(code == rng.choice(able)), size=n)


def _taken(line: Timeline, dealt: Dealt) -> Timeline:
    taken = {field: values[dealt.source] for field, values in vars(line).items()}
    return Timeline(**taken | {"at": dealt.at})


def _redated(posts: pd.DataFrame, dealt: Dealt) -> pd.DataFrame:
    """The posts with their new times, in order of time, each with an id of its own."""
    frame = posts.iloc[dealt.source].assign(
        created_at=pd.to_datetime(dealt.at, unit="us", utc=True),
        post_id=[f"dealt:{i}" for i in range(len(dealt.source))],
    )
    return frame.sort_values("created_at", kind="stable").reset_index(drop=True)


def _row(name: str, posting: Posting, flags: int, narratives: int) -> dict[str, object]:
    return {"set": name, "posting": posting.name, "flags": flags, "narratives": narratives}


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000
