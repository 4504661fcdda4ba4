"""Amplification: calibration of synchrony, copy waves that surface, ordinary retweeting that does not, and speed.

    .venv/bin/python bench/amplification.py DATA [--only null waves crises speed] [--draws 200]

DATA holds ira_1m.parquet and crisis_events.parquet. The crises name no authors: each post gets its own, so no account
can come back; in the last rows of the table of crises the accounts are made up, heavy-tailed, at random. The nulls are
tried on retweets, which the product does not count.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from explore.narratives import cosharing, messages, synchrony
from explore.narratives.cosharing import MINUTES, SECONDS, Pace
from explore.narratives.pipeline import explore
from explore.narratives.run import Run
from explore.narratives.spread import MOST_BURSTS
from explore.posts.snapshots import load, open_snapshot
from explore.settings import workspace_at

SLICE = 100_000
SLICES = (0, 500_000)
WAVES = 50
NOW = datetime(2030, 1, 1, tzinfo=UTC)
# 10 s, or the same minute, against random moments of ever shorter stretches
STRETCHES = {
    "day": (Pace(SECONDS.unit, 10, 86_400), Pace(MINUTES.unit, 0, 1_440)),
    "hour": (Pace(SECONDS.unit, 10, 3_600), Pace(MINUTES.unit, 0, 60)),
    "10 min": (Pace(SECONDS.unit, 10, 600), Pace(MINUTES.unit, 0, 10)),
    "5 min": (Pace(SECONDS.unit, 10, 300), MINUTES),
    "2 min": (SECONDS, Pace(MINUTES.unit, 0, 2)),
}


def main() -> None:
    """Read the arguments and print the tables that were asked for."""
    tables = {"null": null_table, "waves": wave_table, "crises": crisis_table, "speed": speed_table}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="+", choices=tables, default=list(tables))
    parser.add_argument("--draws", type=int, default=200)
    asked = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}\n")
    for name in asked.only:
        tables[name](asked.data, asked.draws)
        print(flush=True)


def null_table(data: Path, _: int) -> None:
    """What ordinary retweets of real crises look like under nulls of several lengths, and what other copies do."""
    crises = crisis_posts(data)
    is_retweet = cosharing.items(crises)["repost"].to_numpy()
    print(
        "Crises of which p <= .05 | q <= .05, of those that can be tested; no coordination is known in the retweets\n"
    )
    print("| random moment of the same | retweets, 10 s | same minute | other copies, 10 s | same minute |")
    print("| --- | --- | --- | --- | --- |")
    for name, paces in STRETCHES.items():
        cells = [_called(crises[kept], pace) for kept in (is_retweet, ~is_retweet) for pace in paces]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def wave_table(data: Path, draws: int) -> None:
    """The largest same-text waves of slices of ira_1m, found by a plain group-by: do they surface? Then calibration."""
    posts = pd.read_parquet(data / "ira_1m.parquet", columns=["post_id", "created_at", "author_id", "text", "lang"])
    print(f"The {WAVES} texts of most accounts in {SLICE:,} posts of ira_1m; 95 % intervals (Wilson)\n")
    print(f"| from post | accounts | in a narrative | a burst | one of the {MOST_BURSTS} listed | q <= .05 | largest |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    kept = []
    for start in SLICES:
        part = posts.iloc[start : start + SLICE].reset_index(drop=True)
        with explored(part) as run:
            explored_posts = _read(run)
            print(f"| {start:,} | {' | '.join(_surfaced(part, explored_posts, run))} |", flush=True)
            kept.append((explored_posts, len(run.narratives), run.narratives["synchrony_q"]))
    print(
        f"\nCalibration: every time drawn anew within its stretch, {draws} draws a slice; p-values of what is tested\n"
    )
    print("| from post | narratives flagged as they are | p <= .05 | p <= .01 | p <= .001 | draws with any q <= .05 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for start, (explored_posts, k, q) in zip(SLICES, kept, strict=True):
        flagged = f"{int((q <= synchrony.LEVEL).sum())} of {int(q.notna().sum())} tested, of {k}"
        print(f"| {start:,} | {flagged} | {' | '.join(_calibration(explored_posts, k, draws))} |", flush=True)


def crisis_table(data: Path, _: int) -> None:
    """Ordinary retweeting of real crises: what the product shows of it."""
    print("28 crises, one run each; narratives with 95 % intervals (Wilson)\n")
    print("| accounts | narratives | reposts | with a burst | q <= .05 | with a pair of accounts | pairs |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    crises = crisis_posts(data)
    rng = np.random.default_rng(1)
    made_up = {"one a post": crises["author_id"]}
    for accounts in (20_000, 2_000):
        weight = 1 / np.arange(1, accounts + 1)
        made_up[f"{accounts:,} made up, weight 1/rank"] = pd.Series(
            rng.choice(accounts, len(crises), p=weight / weight.sum()).astype(str)
        )
    for name, authors in made_up.items():
        with explored(crises.assign(author_id=authors.to_numpy()).drop(columns=["event", "url", "media_id"])) as run:
            found, k = _read(run), len(run.narratives)
            shared = cosharing.shareable(found)
            near = cosharing.pairs(shared, SECONDS)
            each = [cosharing.partners(part).assign(narrative=i) for i, part in near.groupby("narrative")]
            pairs = pd.concat([cosharing.partners(near[:0]).assign(narrative=0), *each])
            cells = [
                f"{k}",
                f"{found['repost'].mean():.0%}",
                _rate(cosharing.bursts(shared)["narrative"].nunique(), k),
                _rate(int((run.narratives["synchrony_q"] <= synchrony.LEVEL).sum()), k),
                _rate(pairs["narrative"].nunique(), k),
                f"{len(pairs)}, {pairs['co_shares'].sum():.0f} co-shares, {pairs['expected'].sum():.0f} by chance",
            ]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


def speed_table(data: Path, _: int) -> None:
    """Seconds for what a run does, and for the pairs and bursts that a page asks for."""
    print("| posts | narratives | items s | synchrony s | pairs and bursts s |\n| --- | --- | --- | --- | --- |")
    everything = pd.read_parquet(data / "ira_1m.parquet", columns=["created_at", "author_id", "text"])
    for n, k in ((SLICE, 200), (len(everything), 1_000)):
        posts = everything.head(n).assign(url=None, media_id=None).reset_index(drop=True)
        since = time.perf_counter()
        items = cosharing.items(posts)
        itemised = time.perf_counter()
        coded = _coded(posts, items)
        coded["narrative_id"] = coded["message"] % k
        ready = time.perf_counter()
        shared = cosharing.shareable(coded)
        synchrony.corrected(synchrony.followed(cosharing.stand_ins(shared, MINUTES), MINUTES, k=k))
        tested = time.perf_counter()
        cosharing.partners(cosharing.pairs(shared, MINUTES))
        cosharing.bursts(shared)
        done = time.perf_counter()
        print(f"| {n:,} | {k:,} | {itemised - since:.1f} | {tested - ready:.1f} | {done - tested:.1f} |", flush=True)


def crisis_posts(data: Path) -> pd.DataFrame:
    """The posts of the crises by time, each with an account of its own."""
    posts = pd.read_parquet(data / "crisis_events.parquet", columns=["post_id", "created_at", "text", "event"])
    posts = posts[posts["created_at"].notna()].drop_duplicates("post_id")
    posts = posts.sort_values("created_at", kind="stable", ignore_index=True)
    return posts.assign(author_id=posts["post_id"], url=None, media_id=None)


@contextmanager
def explored(posts: pd.DataFrame) -> Iterator[Run]:
    """A run over the posts, in a workspace of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "posts.parquet"
        posts.to_parquet(file, index=False)
        workspace = workspace_at(Path(folder) / "workspace")
        snapshot = open_snapshot(workspace, load([file], workspace, now=NOW).snapshot)
        yield explore(snapshot, workspace, now=NOW)


def _called(posts: pd.DataFrame, pace: Pace) -> str:
    """Crises that a null calls synchronous, retweets counting like any other post."""
    posts = posts.reset_index(drop=True)
    coded = _coded(posts, cosharing.items(posts).assign(repost=False, link=-1, tags=-1))
    events, names = pd.factorize(posts["event"])
    coded["narrative_id"] = events
    shared = cosharing.stand_ins(cosharing.shareable(coded), pace)
    found = synchrony.followed(shared, pace, k=len(names))
    q = synchrony.corrected(found)
    testable = np.isfinite(q)
    flagged = int((found["p_value"][testable] <= synchrony.LEVEL).sum())
    return f"{flagged} \\| {int((q[testable] <= synchrony.LEVEL).sum())} of {int(testable.sum())}"


def _coded(posts: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """The columns of a run's posts that co-sharing reads, but for the narrative."""
    return items.assign(
        row=np.arange(len(posts)),
        author=pd.factorize(posts["author_id"])[0],
        message=pd.factorize(messages.keys(posts["text"]))[0],
        created_at=posts["created_at"],
    )


def _surfaced(posts: pd.DataFrame, found: pd.DataFrame, run: Run) -> list[str]:
    """Cells of the table of waves."""
    waves = posts.groupby("text")["author_id"].nunique().nlargest(WAVES)
    first = posts.reset_index().drop_duplicates("text").set_index("text")["index"].loc[waves.index]
    mine = found.set_index("row").loc[first, ["narrative_id", "message"]]
    bursts = cosharing.bursts(cosharing.shareable(found))
    bursts["rank"] = bursts.groupby("narrative").cumcount()
    by_text = bursts[bursts["kind"] == "message"].groupby("code")["rank"].min()
    rank = by_text.reindex(mine["message"]).to_numpy()
    inside = mine["narrative_id"].to_numpy() >= 0
    q = run.narratives["synchrony_q"].to_numpy()[mine["narrative_id"].to_numpy()]
    largest = f"{waves.iloc[0]} accounts: {'listed' if rank[0] < MOST_BURSTS else 'not listed'}"
    flagged = int((inside & (q <= synchrony.LEVEL)).sum())
    return [
        f"{waves.max()} to {waves.min()}",
        _rate(int(inside.sum()), WAVES),
        _rate(int(np.isfinite(rank).sum()), WAVES),
        _rate(int((rank < MOST_BURSTS).sum()), WAVES),
        _rate(flagged, WAVES),
        largest,
    ]


def _calibration(posts: pd.DataFrame, k: int, draws: int) -> list[str]:
    """How often chance alone is called synchrony, the posts, accounts and items as they are."""
    rng = np.random.default_rng(1)
    pace = MINUTES
    shared = cosharing.stand_ins(cosharing.shareable(posts), pace)
    p, any_flag = [], 0
    for _ in range(draws):
        unit = shared["stretch"] * pace.stretch + rng.integers(0, pace.stretch, len(shared))
        drawn = shared.assign(unit=unit).sort_values(["item", "unit"], kind="stable", ignore_index=True)
        found = synchrony.followed(drawn, pace, k=k)
        q = synchrony.corrected(found)
        p.append(found["p_value"].to_numpy()[np.isfinite(q)])
        any_flag += bool((q <= synchrony.LEVEL).any())
    every = np.concatenate(p)
    return [f"{np.mean(every <= level):.2%}" for level in (0.05, 0.01, 0.001)] + [_rate(any_flag, draws)]


def _read(run: Run) -> pd.DataFrame:
    return pd.read_parquet(run.folder / "posts.parquet")


def _rate(n: int, total: int) -> str:
    interval = binomtest(n, total).proportion_ci(method="wilson")
    return f"{n} of {total} ({interval.low:.0%}-{interval.high:.0%})"


if __name__ == "__main__":
    main()
