"""Emergence: how quiet it stays where nothing happens, and how soon it sees what does, beside other methods."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import calibration
import detection
import hard
import outside_events
import posting
import replays

from explore.posts.snapshots import open_snapshot
from explore.settings import Workspace, workspace_at

QUICK = {
    "draws": 200,
    "posts": 60_000,
    "replays": 8,
    "again": 4,
    "real": 10,
    "dealt": 20_000,
    "dealings": 20,
    "hard": 10,
}
FULL = {
    "draws": 400,
    "posts": 100_000,
    "replays": 24,
    "again": 8,
    "real": 20,
    "dealt": 40_000,
    "dealings": 60,
    "hard": 24,
}
AROUND_POSTS = 60_000  # at most, around an outside event
STRETCH_DAYS = {"ira_1m, first": 10, "ira_1m, later": 10, "telegram_200k, last": 60}
SEED = 1
BOOTSTRAPS = 2000


def main() -> None:
    """Read the arguments and print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "data", type=Path, help="folder with ira_1m.parquet, telegram_200k.parquet and the crisis files"
    )
    parser.add_argument("--only", choices=tuple(PARTS), help="one part; else all but hard and events")
    parser.add_argument(
        "--again", type=int, metavar="N", help="posting: N draws that form the narratives anew, no other"
    )
    parser.add_argument(
        "--n", type=int, help="posting: draws of each kind; hard: replays; events: only the first so many"
    )
    parser.add_argument("--from", dest="since", type=int, default=0, help="events: leave out the first so many")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="the default: under ten minutes on two cores")
    size.add_argument("--full", action="store_true", help="larger slices, more draws, more replays")
    parser.add_argument("--granularity", default="medium")
    parser.add_argument("--home", type=Path, help="keep the runs here, so that a second time costs less")
    asked = parser.parse_args()
    amounts = FULL if asked.full else QUICK
    pd.set_option("display.width", 220, "display.max_rows", 500, "display.max_columns", 30, "display.max_colwidth", 60)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {_commit()}, {_today()}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        workspace = workspace_at(asked.home or Path(folder))
        workspace.home.mkdir(parents=True, exist_ok=True)
        for part in [asked.only] if asked.only else USUAL:
            PARTS[part](asked.data, workspace, amounts | _asked(asked), granularity=asked.granularity)


def _asked(asked: argparse.Namespace) -> dict[str, int]:
    """The amounts that were asked for by name."""
    told = {"dealings": asked.n, "hard": asked.n, "until": asked.n, "dealt_again": asked.again, "since": asked.since}
    return {name: value for name, value in told.items() if value is not None}


def calibrate(data: Path, workspace: Workspace, amounts: dict[str, int], *, granularity: str) -> None:
    """The calibration tables: two nulls on three sets, and real windows to be read."""
    drawn, totals, to_read = [], [], []
    for name, posts in _sets(data, amounts["posts"]).items():
        ends = " to ".join(f"{posts['created_at'].agg(end):%Y-%m-%d}" for end in ("min", "max"))
        print(f"{name}: {len(posts):,} posts, {ends}", flush=True)
        file = f"{name.replace(', ', '-')}-{len(posts)}"
        run = detection.explored_posts(posts, file, workspace, granularity=granularity)
        stretches = list(calibration.slices(run, days=STRETCH_DAYS[name], name=name))
        drawn.append(calibration.null_draws(stretches, draws=amounts["draws"], seed=SEED, progress=_say))
        windows, rows = calibration.real_windows(run, name=name, n=amounts["real"], seed=SEED)
        totals.append(windows)
        to_read.append(rows)
    print("\nWhere nothing happened\n")
    print(_markdown(calibration.null_table(pd.concat(drawn))))
    real = pd.concat(totals)
    print(f"\nReal windows of 24 h on 7 days, {amounts['real']} random noons a set: flags a window\n")
    print(_markdown(real.drop(columns="as_of").groupby("set", sort=False).mean().round(2).reset_index()))
    quiet = real[real["Groundswell"] == 0]
    others = ", ".join(f"{method} {quiet[method].mean():.1f}" for method in list(calibration.METHODS)[1:])
    print(
        f"\nGroundswell flags nothing in {len(quiet)} of {len(real)} windows; rows that others flag in those: {others}"
    )
    print("\nWhat Groundswell flagged in the rest, to be read\n")
    columns = ["set", "as_of", "label", "now_authors", "now_active", "base_authors", "base_bins", "rate_ratio_low"]
    columns += ["clearest_from", "clearest_authors", "clearest_base", "dispersion", "q_value", "copy_share"]
    print(_markdown(pd.concat(to_read)[columns].round(3)))


def detect(data: Path, workspace: Workspace, amounts: dict[str, int], *, granularity: str) -> None:
    """The detection tables: hindsight for every replay, foresight beside it for some."""
    events, totals, foresight = [], [], []
    made = replays.replays(replays.Sources.read(data), amounts["replays"], seed=SEED)
    for i, replay in enumerate(made):
        since = time.perf_counter()
        run = detection.explored(replay, workspace, granularity=granularity)
        walk = detection.walk(run, replay, range(detection.FIRST_HOUR, detection.LAST_HOUR))
        found, counted = detection.outcomes(replay, walk)
        events.append(found)
        totals.append(counted)
        if i < amounts["again"]:
            foresight.append(detection.foresight(replay, workspace, walk, granularity=granularity))
        seconds = time.perf_counter() - since
        _say(f"replay {i + 1} of {len(made)}: {replay.name}, {len(run.narratives)} narratives, {seconds:.0f} s")
    hindsight, flags = pd.concat(events), pd.concat(totals)
    for name, which in (("both backgrounds", None), ("reddit_2011", "reddit"), ("ira_1m", "ira")):
        kept = [table if which is None else table[table["background"] == which] for table in (hindsight, flags)]
        n = len(kept[0].drop_duplicates(["replay", "event"]))
        print(f"\nDetection on {name}, {kept[0]['replay'].nunique()} replays, {n} events\n")
        print(_markdown(detection.table(*kept, draws=BOOTSTRAPS, seed=SEED)))
    print("\nMedian hours from the tenth post to the flag among the first ten rows, by size and by shape\n")
    print(_markdown(detection.by(hindsight, "size")))
    print()
    print(_markdown(detection.by(hindsight, "shape")))
    print("\nNot among the first ten rows within a day of the tenth post: hours to there, per method\n")
    print(_markdown(detection.missed(hindsight)))
    print("\nHindsight and foresight (clustered anew as of the hour), Groundswell, the same hours\n")
    print(_markdown(detection.both(pd.concat(foresight))))


def deal(data: Path, workspace: Workspace, amounts: dict[str, int], *, granularity: str) -> None:
    """The tables of posting that changes while nothing emerges."""
    sets = posting.sets(data, posts=amounts["dealt"], seed=SEED)
    if again := amounts.get("dealt_again"):
        told = {"n": again, "seed": SEED, "granularity": granularity, "progress": _say}
        print("\nMore posting is no emergence, narratives formed anew from every file\n")
        print(_markdown(posting.table(posting.draws_again(sets, workspace, **told))))
        return
    runs = {
        name: detection.explored_posts(posts, f"posting-{name}-{len(posts)}", workspace, granularity=granularity)
        for name, posts in sets.items()
    }
    for name, posts in sets.items():
        print(f"{name}: {len(posts):,} posts of {posts['author_id'].nunique()} accounts, dealt to {posting.DAYS} days")
    print("\nMore posting is no emergence, frozen narratives, 24 h on 7 days\n")
    print(_markdown(posting.table(posting.draws(runs, n=amounts["dealings"], seed=SEED, progress=_say))))


def hide(data: Path, workspace: Workspace, amounts: dict[str, int], *, granularity: str) -> None:
    """The tables of small and slow events among real accounts."""
    made, found = replays.hard_replays(replays.Sources.read(data), amounts["hard"], seed=SEED), []
    for i, replay in enumerate(made):
        since = time.perf_counter()
        run = detection.explored(replay, workspace, granularity=granularity)
        found.append(hard.outcomes(run, open_snapshot(workspace, run.snapshot_id), replay))
        _say(f"hard replay {i + 1} of {len(made)}: {replay.name}, {time.perf_counter() - since:.0f} s")
    everything = pd.concat(found, ignore_index=True)
    print(f"\nSmall and slow events, two in each of {len(made)} replays of {replays.HARD_POSTS:,} posts\n")
    print(_markdown(hard.table(everything)))
    print("\nEach of them: hours from its first post to a flagged row about it among the first ten\n")
    print(_markdown(hard.each(everything)))


def remember(data: Path, workspace: Workspace, amounts: dict[str, int], *, granularity: str) -> None:
    """The tables of large events of the outside world."""
    found = []
    source = {name: pd.read_parquet(data / f"{name}.parquet") for name in outside_events.WINDOW_HOURS}
    for event in outside_events.EVENTS[amounts.get("since", 0) : amounts.get("until")]:
        since = time.perf_counter()
        told = {"granularity": granularity, "most": AROUND_POSTS}
        rows = outside_events.judged(event, source[event.data], workspace, **told)
        found.append(rows)
        outcome = "not in the file" if rows.empty else f"flagged {rows['flagged'].sum()} of {len(rows)}"
        _say(f"{event.data}, {event.name}: {outcome}, {time.perf_counter() - since:.0f} s")
    everything = pd.concat(found, ignore_index=True)
    if everything.empty:
        return
    print("\nLarge events of the outside world, written down before looking\n")
    print(_markdown(outside_events.totals(everything)))
    for _, own in everything.groupby("data", sort=False):
        print(f"\n{_markdown(outside_events.table(own))}")


PARTS = {"calibration": calibrate, "posting": deal, "detection": detect, "hard": hide, "events": remember}
USUAL = ("calibration", "posting", "detection")


def _sets(data: Path, posts: int) -> dict[str, pd.DataFrame]:
    ira = pd.read_parquet(data / "ira_1m.parquet")
    telegram = pd.read_parquet(data / "telegram_200k.parquet").sort_values("created_at", kind="stable")
    later = len(ira) * 7 // 10
    slices = (ira.iloc[:posts], ira.iloc[later : later + posts], telegram.tail(posts))
    return dict(zip(STRETCH_DAYS, slices, strict=True))


def _markdown(table: pd.DataFrame) -> str:
    lines = [list(map(str, table.columns)), ["---"] * len(table.columns)]
    lines += [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:g}" if isinstance(value, float | np.floating) else str(value).replace("|", "/")


def _say(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607
    return f"commit {done.stdout.strip() or 'unknown'}"


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


if __name__ == "__main__":
    main()
