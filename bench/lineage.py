"""Lineage on real posts: is a narrative known again when its slice comes twice, is damaged, or a week has passed?

    .venv/bin/python bench/lineage.py FILE.parquet [--first 2016-10-27] [--weeks 4] [--home FOLDER]

FILE.parquet has post_id, created_at, author_id, text, lang. Each week becomes a snapshot and a run (medium, seed 1) in
FOLDER, where they are kept for the next time. The second week also comes with its rows shuffled, with a tenth of its
posts removed, with a tenth of its texts changed (one word in four replaced by another word of the week), and explored
with another seed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd

from explore.narratives.pipeline import explore
from explore.narratives.run import Run, RunConfig
from explore.posts.snapshots import LoadOptions, load, open_snapshot
from explore.settings import Workspace, workspace_at

COLUMNS = ["post_id", "created_at", "author_id", "text", "lang"]
NOW = datetime(2030, 1, 1, tzinfo=UTC)


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
