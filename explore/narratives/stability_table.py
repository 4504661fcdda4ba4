"""stability.parquet: how well each narrative of a run is found again, measured after the run and kept beside it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from explore.narratives import seal

FILE = "stability.parquet"
DISSOLVED = 0.5  # Hennig's point of dissolution: below it a narrative is not found again


def kept(folder: Path) -> pd.DataFrame | None:
    """stability.parquet of the run in `folder`, one row a narrative; null where it is not there, or is not what was
    written.

    Columns: narrative_id, stability (mean best Jaccard, 0-1), least, most (over the draws), found_again (draws with a
    best Jaccard of at least one half), draws (those that held one of its messages).
    """
    return seal.read(folder / FILE, identity=folder.name)
