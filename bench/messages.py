"""Messages: how many, how soon, and whether what is gathered was judged to be the same (precision, recall).

    .venv/bin/python bench/messages.py FILE.parquet [--posts N] [--judged PAIRS.parquet] [--joined PAIRS.parquet]

PAIRS.parquet has id_a, id_b (post_id) and same (the verdict of reading both). For --judged the pairs are drawn by
similarity and have stratum and w, the share of all texts that a pair stands for. For --joined they are drawn from the
texts that joined an earlier one, so that only precision can be told.
"""

from __future__ import annotations

import argparse
import platform
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from explore.narratives import messages, nearcopies

REPLICATES = 2000


def main() -> None:
    """Gather the posts and print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--posts", type=int)
    parser.add_argument("--judged", type=Path)
    parser.add_argument("--joined", type=Path)
    asked = parser.parse_args()
    posts = pd.read_parquet(asked.file, columns=["post_id", "created_at", "text"]).head(asked.posts)
    found = gathered(posts)
    by_post = found.set_index(posts["post_id"].astype(str)).groupby(level=0).first()
    if asked.judged:
        judged_table(pd.read_parquet(asked.judged), by_post)
    if asked.joined:
        joined_table(pd.read_parquet(asked.joined), by_post)


def gathered(posts: pd.DataFrame) -> pd.DataFrame:
    """The key and the representative of each post; prints counts, seconds and memory."""
    since, before = time.perf_counter(), _peak_mb()
    keys = messages.keys(posts["text"])
    keyed, with_keys = time.perf_counter(), _peak_mb()
    representatives = nearcopies.gather(keys, posts["text"], posts["created_at"])
    done = time.perf_counter()
    print(f"{platform.machine()}, Python {platform.python_version()}, {len(posts):,} posts\n")
    print("| | messages | copies among posts | seconds | peak MB |\n| --- | --- | --- | --- | --- |")
    print(f"| reading | | | | {before:,.0f} |")
    print(f"| the same key | {_counts(keys)} | {keyed - since:.1f} | {with_keys:,.0f} |")
    print(f"| and near-duplicates | {_counts(representatives)} | {done - keyed:.1f} | {_peak_mb():,.0f} |\n")
    return pd.DataFrame({"key": keys.to_numpy(), "representative": representatives.to_numpy()})


def judged_table(pairs: pd.DataFrame, by_post: pd.DataFrame) -> None:
    """Weighted precision and recall, with intervals from resampling the pairs of each stratum."""
    print(f"{len(pairs)} pairs judged, {pairs['same'].sum()} the same message\n")
    print("| | gathered | precision | recall |\n| --- | --- | --- | --- |")
    for name, column in (("the same key", "key"), ("and near-duplicates", "representative")):
        merged = _together(pairs, by_post[column])
        if not merged.any():
            print(f"| {name} | 0 | - | 0.000 |")
            continue
        draws = [_rates(pairs.loc[rows], merged[rows]) for rows in _resampled(pairs)]
        low, high = np.nanpercentile(draws, [2.5, 97.5], axis=0)
        rates = zip(_rates(pairs, merged), low, high, strict=True)
        cells = [f"{rate:.3f} ({least:.3f}-{most:.3f})" for rate, least, most in rates]
        print(f"| {name} | {merged.sum()} | {' | '.join(cells)} |")
    print()


def joined_table(pairs: pd.DataFrame, by_post: pd.DataFrame) -> None:
    """Precision of what was joined, with Wilson's interval."""
    from scipy.stats import binomtest

    joined = pairs[_together(pairs, by_post["representative"])]
    right, n = int(joined["same"].sum()), len(joined)
    interval = binomtest(right, n).proportion_ci(method="wilson")
    print(f"{n} of {len(pairs)} judged pairs are joined now; {right} of them are the same message:")
    print(f"precision {right / n:.3f} ({interval.low:.3f}-{interval.high:.3f})")


def _together(pairs: pd.DataFrame, group: pd.Series) -> NDArray[np.bool_]:
    one, other = (group.reindex(pairs[side].astype(str)).to_numpy(dtype=object) for side in ("id_a", "id_b"))
    together: NDArray[np.bool_] = one == other
    return together


def _rates(pairs: pd.DataFrame, merged: NDArray[np.bool_]) -> tuple[float, float]:
    """Weighted precision and recall."""
    weight, same = pairs["w"].to_numpy(), pairs["same"].to_numpy()
    both, gathered, wanted = (float(weight[rows].sum()) for rows in (merged & same, merged, same))
    return both / gathered if gathered else float("nan"), both / wanted if wanted else float("nan")


def _resampled(pairs: pd.DataFrame) -> Sequence[NDArray[np.int64]]:
    """Row numbers drawn with replacement within each stratum."""
    rng = np.random.default_rng(0)
    strata = list(pairs.reset_index(drop=True).groupby("stratum").indices.values())
    return [np.concatenate([rng.choice(rows, len(rows)) for rows in strata]) for _ in range(REPLICATES)]


def _counts(groups: pd.Series) -> str:
    n = groups.nunique()
    return f"{n:,} | {1 - n / len(groups):.1%}"


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
