"""Whether a narrative is found again when a fifth of the messages is left out and everything is laid out anew.

Cluster-wise stability by resampling (Hennig 2007, "Cluster-wise assessment of cluster stability", Computational
Statistics & Data Analysis 52): the mean, over the resamples, of the best Jaccard overlap of a narrative's messages with
a narrative of the resample. Half is his point of dissolution. The layout is made anew with a seed of its own each time,
because on one and the same layout nearly everything is found again. What is kept from the run: its vectors, its
neighbours (those left in the resample) and its granularity, in proportion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives import clusters, freezing, layout, seal
from explore.narratives.run import Run
from explore.narratives.space import LAYOUT_EPOCHS, Space
from explore.narratives.stability_table import DISSOLVED, FILE, kept
from explore.progress import Progress, silent

SHARE = 0.8
MOST_DRAWS, FEWEST_DRAWS = 20, 5
MESSAGES_LAID_OUT = 500_000  # over all draws: about a minute on one core, until the fewest draws ask for more

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Grouped:
    """What was grouped and how: `narrative` (-1 = none), `n_posts` and `n_authors` per message with words, in the order
    of `space`; `sizes`: the fewest messages of a narrative, level after level (see `clusters.cut`)."""

    narrative: Ints
    n_posts: Ints
    n_authors: Ints
    sizes: Sequence[int]


def measure(run: Run, *, progress: Progress = silent) -> pd.DataFrame:
    """The stability of every narrative of `run`, as `kept` gives it, written beside the run when it is not there yet.

    Deterministic: the number of draws follows from the number of messages, their seeds from the run's. Raises `Refused`
    when the run is no longer there.
    """
    there = kept(run.folder)
    if there is not None:
        return there
    _, found, space, _ = freezing.reread(run)
    spoken = found[: len(space.vectors)]
    size = int(run.manifest["fewest_messages"])
    grouped = Grouped(
        narrative=run.messages["narrative_id"].to_numpy(dtype=np.int64)[: len(spoken)],
        n_posts=spoken["n_posts"].to_numpy(dtype=np.int64),
        n_authors=spoken["n_authors"].fillna(0).to_numpy(dtype=np.int64),
        sizes=clusters.ladder(size) if run.config.granularity in clusters.LEVELS else [size],
    )
    table = resampled(space, grouped, draws=draws_for(space.landmarks), seed=run.config.seed, progress=progress)
    seal.write(run.folder / FILE, table, identity=run.id)
    return table


def draws_for(messages: int) -> int:
    """How many resamples: as many as lay out 500,000 messages in all, but at least 5 and at most 20."""
    return int(np.clip(MESSAGES_LAID_OUT // max(messages, 1), FEWEST_DRAWS, MOST_DRAWS))


def resampled(space: Space, grouped: Grouped, *, draws: int, seed: int, progress: Progress = silent) -> pd.DataFrame:
    """Group `draws` resamples of 80 % of the messages anew and compare; columns as in `kept`.

    A narrative of which a resample holds no message is not compared there.
    """
    k = int(grouped.narrative.max(initial=-1)) + 1
    overlaps = np.full((draws, k), np.nan)
    for draw in range(draws if k else 0):
        progress("Measuring how steady the narratives are", draw / draws)
        rng = np.random.default_rng([seed, draw])
        n = len(grouped.narrative)
        sample = np.sort(rng.permutation(n)[: round(SHARE * n)])
        for again in _grouped_anew(space, grouped, sample, seed=int(rng.integers(2**31))):
            overlaps[draw] = np.fmax(overlaps[draw], best_overlap(grouped.narrative[sample], again, k=k))
    return _summed_up(overlaps)


def best_overlap(before: Ints, after: Ints, *, k: int) -> NDArray[np.float64]:
    """Best Jaccard overlap of each narrative 0..k-1 of `before` with one of `after`, shape (k,); -1 = in none.

    0 where its messages are in none of `after`; null where `before` holds none of it.
    """
    held = np.bincount(before[before >= 0], minlength=k)
    both = (before >= 0) & (after >= 0)
    pairs, shared = np.unique(np.column_stack([before[both], after[both]]), axis=0, return_counts=True)
    size_after = np.bincount(after[after >= 0], minlength=1)
    union = held[pairs[:, 0]] + size_after[pairs[:, 1]] - shared
    best = np.where(held > 0, 0.0, np.nan)
    np.maximum.at(best, pairs[:, 0], shared / union)
    return best


def _grouped_anew(space: Space, grouped: Grouped, sample: Ints, *, seed: int) -> list[Ints]:
    """Narratives of the messages in `sample`, found as the pipeline finds them, shape as `sample`; then those at the
    finer levels, from which strands are split off."""
    vectors = space.vectors[sample]
    graph = space.graph[sample][:, sample]
    m = int((sample < space.landmarks).sum())  # the landmarks stand first
    near, tree = graph[:m, :m], np.empty((0, 4))
    if near.nnz:
        start = layout.principal(vectors[:m], dimensions=5, seed=seed)
        tree = clusters.linkage(layout.embed(near, start, epochs=LAYOUT_EPOCHS, seed=seed))
    sizes = [max(2, round(SHARE * size)) for size in grouped.sizes]
    (labels, strength), *finer = clusters.cut(tree, sizes=sizes, n=len(sample))
    found = clusters.settle(
        labels,
        strength,
        graph,
        vectors=vectors,
        fewest=sizes[0],
        n_posts=grouped.n_posts[sample],
        n_authors=grouped.n_authors[sample],
        landmarks=m,
    )
    return [found.labels, *(each for each, _ in finer)]


def _summed_up(overlaps: NDArray[np.float64]) -> pd.DataFrame:
    """The table of `kept` from best overlaps, shape (draws, k)."""
    compared = ~np.isnan(overlaps)
    draws = compared.sum(axis=0)
    some = np.maximum(draws, 1)
    unknown = draws == 0
    return pd.DataFrame(
        {
            "narrative_id": np.arange(overlaps.shape[1]),
            "stability": np.where(unknown, np.nan, np.nansum(overlaps, axis=0) / some).round(4),
            "least": np.where(unknown, np.nan, np.where(compared, overlaps, 2.0).min(axis=0, initial=2.0)).round(4),
            "most": np.where(unknown, np.nan, np.where(compared, overlaps, -1.0).max(axis=0, initial=-1.0)).round(4),
            "found_again": (overlaps >= DISSOLVED).sum(axis=0),
            "draws": draws,
        }
    )
