"""The messages on a plane: how many posts lie where, and where each narrative sits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explore.narratives.run import Run

CELLS = 90
EDGE = 0.002  # share of the messages on either side that may lie outside the frame, so that strays do not shrink it


def density(run: Run, *, cells: int = CELLS) -> pd.DataFrame:
    """Posts per cell of a square grid over the map; empty cells are left out. Columns: x, y, x2, y2, posts."""
    placed = run.messages.dropna(subset=["x", "y"])
    if placed.empty:
        return pd.DataFrame(columns=["x", "y", "x2", "y2", "posts"])
    edges = [np.linspace(*_frame(placed[axis]), cells + 1) for axis in ("x", "y")]
    posts, _, _ = np.histogram2d(placed["x"], placed["y"], bins=edges, weights=placed["n_posts"])
    i, j = np.nonzero(posts)
    x, y = edges
    return pd.DataFrame({"x": x[i], "y": y[j], "x2": x[i + 1], "y2": y[j + 1], "posts": posts[i, j].astype(np.int64)})


def places(run: Run, listed: pd.DataFrame) -> pd.DataFrame:
    """The listed narratives with x and y, the median of their messages, in the order of `listed`."""
    inside = run.messages[run.messages["narrative_id"] >= 0].dropna(subset=["x", "y"])
    middle = inside.groupby("narrative_id")[["x", "y"]].median()
    return listed.join(middle, on="narrative_id", how="inner").reset_index(drop=True)


def _frame(values: pd.Series) -> tuple[float, float]:
    low, high = (float(values.quantile(q)) for q in (EDGE, 1 - EDGE))
    margin = (high - low) * 0.03 or 1.0
    return low - margin, high + margin
