"""Lineage on real posts: is a narrative known again when its slice comes twice, is damaged, or a week has passed?

    .venv/bin/python bench/lineage.py FILE.parquet [--first 2016-10-27] [--weeks 4] [--home FOLDER]

FILE.parquet has post_id, created_at, author_id, text, lang. Each week becomes a snapshot and a run (medium, seed 1) in
FOLDER, where they are kept for the next time. The second week also comes with its rows shuffled, with a tenth of its
posts removed, with a tenth of its texts changed (one word in four replaced by another word of the week), and explored
with another seed. "Halves" cuts each week in two by time and treats the halves as two runs whose narratives are known.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd

from explore.narratives import crossing, encoders
from explore.narratives.chain import chained
from explore.narratives.lineage import KINDS, LINKED, VERSION
from explore.narratives.pipeline import explore
from explore.narratives.run import Run, RunConfig
from explore.posts.snapshots import LoadOptions, load, open_snapshot
from explore.settings import Workspace, workspace_at

COLUMNS = ["post_id", "created_at", "author_id", "text", "lang"]
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def main() -> None:
    """Make or reopen the runs and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--first", default="2016-10-27")
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        workspace = workspace_at((options.home or Path(scratch)) / "home")
        workspace.home.mkdir(parents=True, exist_ok=True)
        found = slices(options.file, pd.Timestamp(options.first, tz="UTC"), options.weeks)
        runs = {name: explored(workspace, name, posts) for name, posts in found.items()}
        weeks, second = list(runs)[: options.weeks], list(runs)[min(1, options.weeks - 1)]
        runs["another seed"] = explored(workspace, second, found[second], seed=2)
        variants = [(second, name) for name in (second, *list(runs)[options.weeks :])]
        print("| from | to | narratives | kept | kept by posts | " + " | ".join(KINDS) + " | seconds |")
        print("| --- " * (6 + len(KINDS)) + "|")
        for a, b in [*variants, *pairwise(weeks)]:
            print(compared(workspace, a, b, runs[a], runs[b]))
        print(f"\n{through(workspace, [runs[name] for name in weeks])}")
        for name in weeks:
            print(halves(name, runs[name]))


def compared(workspace: Workspace, a: str, b: str, first: Run, second: Run) -> str:
    """One row: how many of the first run's narratives, and of their posts, keep their identity."""
    (workspace.cache / "lineage" / f"{first.id}-{second.id}-{VERSION}.json").unlink(missing_ok=True)
    begun = time.perf_counter()
    chain = chained([first, second], cache=workspace.cache)
    seconds = time.perf_counter() - begun
    ids = chain.identities
    kept = ids.loc[ids["step"] == 0, "lineage_id"].isin(ids.loc[ids["step"] == 1, "lineage_id"]).to_numpy()
    posts = first.narratives["n_posts"]
    links = chain.steps[0].links
    counts = [links.loc[links["kind"] == kind, "a" if kind == "gone" else "b"].nunique() for kind in KINDS]
    shares = f"{kept.mean():.0%} | {posts[kept].sum() / posts.sum():.0%}"
    sizes = f"{len(first.narratives)} → {len(second.narratives)}"
    return f"| {a} | {b} | {sizes} | {shares} | {' | '.join(map(str, counts))} | {seconds:.1f} |"


def through(workspace: Workspace, weeks: list[Run]) -> str:
    """How far the identities of the first week reach."""
    ids = chained(weeks, cache=workspace.cache).identities
    first = set(ids.loc[ids["step"] == 0, "lineage_id"])
    left = [len(first & set(ids.loc[ids["step"] == step, "lineage_id"])) for step in range(len(weeks))]
    return f"Narratives of the first week still there in each week: {', '.join(map(str, left))}."


def halves(name: str, run: Run) -> str:
    """True and false links from a run's second half to its first, with a narrative's own posts there and without."""
    messages = run.messages.sort_values("first_at", kind="stable").reset_index(drop=True)
    early, late = messages[: len(messages) // 2], messages[len(messages) // 2 :].reset_index(drop=True)
    vectors = encoders.Lexical().encode(messages["text"].tolist(), seed=1)
    place = {text: row for row, text in enumerate(messages["text"])}

    def encode(texts: list[str]) -> np.ndarray:
        return vectors[[place[text] for text in texts]]

    label = late["narrative_id"].to_numpy()
    back = crossing.cross(early, late, encode=encode).back
    large = [narrative for narrative in range(len(run.narratives)) if (label == narrative).sum() >= 10]
    true = [(back[label == narrative] == narrative).mean() for narrative in large]
    false = []
    for narrative in large[::EVERY]:
        others = early[early["narrative_id"] != narrative].reset_index(drop=True)
        found = crossing.cross(others, late[label == narrative].reset_index(drop=True), encode=encode).back
        false.append(max(np.bincount(found[found >= 0]), default=0) / len(found))
    shares = [f"{(np.array(each) >= LINKED).mean():.0%}" for each in (true, false)]
    return (
        f"Halves of the {name}: linked to themselves {shares[0]} of {len(true)} narratives; "
        f"to another, where their own was taken away, {shares[1]} of {len(false)}."
    )


def slices(file: Path, first: pd.Timestamp, weeks: int) -> dict[str, pd.DataFrame]:
    """Name -> posts of each week, and of the second week in its variants."""
    starts = [first + pd.Timedelta(days=7 * number) for number in range(weeks)]
    end = starts[-1] + pd.Timedelta(days=7)
    posts = pd.read_parquet(file, columns=COLUMNS, filters=[("created_at", ">=", first), ("created_at", "<", end)])
    posts = posts.sort_values(["created_at", "post_id"], ignore_index=True)
    found = {
        f"week of {start.date()}": posts[(posts["created_at"] >= start) & (posts["created_at"] < start + WEEK)]
        for start in starts
    }
    second = list(found.values())[min(1, weeks - 1)]
    return found | {
        "rows shuffled": second.sample(frac=1, random_state=1),
        "a tenth removed": second.sample(frac=0.9, random_state=2).sort_index(),
        "a tenth changed": _changed(second, share=0.1, seed=3),
    }


WEEK = pd.Timedelta(days=7)
EVERY = 3  # of the narratives whose own is taken away: each needs a search of its own


def _changed(posts: pd.DataFrame, *, share: float, seed: int) -> pd.DataFrame:
    """The posts with a share of the texts changed: one word in four becomes another word of the week."""
    rng = np.random.default_rng(seed)
    bank = np.array([word for text in posts["text"] for word in text.split()], dtype=object)
    texts = posts["text"].to_numpy(dtype=object).copy()
    for place in rng.choice(len(texts), int(share * len(texts)), replace=False):
        words = np.array(texts[place].split() or [""], dtype=object)
        swapped = rng.choice(len(words), max(1, len(words) // 4), replace=False)
        words[swapped] = rng.choice(bank, len(swapped))
        texts[place] = " ".join(words)
    return posts.assign(text=texts)


def explored(workspace: Workspace, name: str, posts: pd.DataFrame, *, seed: int = 1) -> Run:
    """The run over the posts, made unless it is there."""
    path = workspace.home.parent / f"{name.replace(' ', '-')}.parquet"
    posts.to_parquet(path, index=False)
    report = load([path], workspace, options=LoadOptions(name=name), now=NOW)
    return explore(open_snapshot(workspace, report.snapshot), workspace, config=RunConfig(seed=seed), now=NOW)


if __name__ == "__main__":
    main()
