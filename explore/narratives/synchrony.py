"""Whether accounts post the same things closer together than chance explains.

Every post keeps its account, its item, its day and its stretch of a few minutes; only the moment inside the stretch is
chance (interval jitter: Date, Bienenstock & Geman 1998; Amarasingham et al. 2012). So daily rhythm, news and the rise
and fall of interest stay as they were. The rule that no time inside a stretch enters holds for all that is chosen here:
which posts, which item each stands for, which narratives are tested.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from explore.narratives.cosharing import Pace

LEVEL = 0.05  # a narrative is tested where its smallest possible p-value reaches this (Tarone 1990)

Floats = NDArray[np.float64]


def followed(posts: pd.DataFrame, pace: Pace, *, k: int) -> pd.DataFrame:
    """How often an account posted the same as another within `pace.near`, and how often by chance; row i = narrative i.

    `posts`: as `cosharing.stand_ins` gives them. Columns: followed, the posts that came
    near after another of the same item and stretch; chances, those that could have (each but the first of its item and
    stretch); expected, by chance; p_value (upper tail), null without a chance.

    The m posts of one item in one stretch fall on random units of it. The gaps between them are negatively associated,
    so a binomial count with their mean number is the wider one, and its tail errs on the side of no finding.
    """
    cells = posts.groupby(["item", "stretch"], sort=False)
    unit = posts["unit"]
    before = unit - cells["unit"].shift()
    size = cells["unit"].transform("size").to_numpy()
    share = (size - expected_clusters(size, pace)) / size  # of each post, so that a cell sums to its mean
    table = pd.DataFrame(
        {
            "followed": before <= pace.near,
            "chances": before.notna(),
            "expected": share,
            "narrative": posts["narrative"],
        }
    )
    sums = table.groupby("narrative").sum().reindex(range(k), fill_value=0)
    sums = sums.astype({"followed": "int64", "chances": "int64", "expected": "float64"})
    sums["p_value"] = _tail(sums["followed"], sums["chances"], sums["expected"])
    return sums


def corrected(found: pd.DataFrame) -> Floats:
    """Benjamini-Hochberg q-values of the narratives that can be tested, shape (k,); null for the others."""
    least = _tail(found["chances"], found["chances"], found["expected"])
    testable = least <= LEVEL  # null is not
    q = np.full(len(found), np.nan)
    if testable.any():
        q[testable] = stats.false_discovery_control(found["p_value"].to_numpy()[testable])
    return q


def expected_clusters(m: NDArray[np.int64], pace: Pace) -> Floats:
    """Mean number of runs of posts that are near each other, for m posts on random units of a stretch.

    A unit ends a run when it holds a post and the next `near` units hold none.
    """
    n = pace.stretch
    after = np.minimum(pace.near, n - 1 - np.arange(n))
    empty, empty_too = 1 - after / n, 1 - (after + 1) / n
    sizes, place = np.unique(m, return_inverse=True)
    means = (empty[None, :] ** sizes[:, None] - empty_too[None, :] ** sizes[:, None]).sum(axis=1)
    found: Floats = means[place]
    return found


def _tail(followed: pd.Series, chances: pd.Series, expected: pd.Series) -> Floats:
    """P(as many or more) for a binomial count; null without a chance."""
    n = chances.to_numpy()
    mean = np.divide(expected, n, out=np.full(len(n), np.nan), where=n > 0)
    tail: Floats = stats.binom.sf(followed.to_numpy() - 1, n, mean)
    return tail
