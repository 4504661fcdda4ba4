"""Frames as a person reads them: few columns, units in the header, numbers that sort as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from explore.narratives.emergence import NONE
from explore.narratives.windows import Window
from explore.present import words

PER_CENT = "%.2f %%"  # how a page shows what `per_cent` gives, with the same decimals in every row


def emerging(listed: pd.DataFrame, window: Window | None, unit: str, *, dated: bool = False) -> pd.DataFrame:
    """The ranked list for a page, one row a narrative in the order of `listed`.

    Columns: status, narrative, spark (units per quarter of a window), now (units in the window), active (of so many),
    before (mean per window of the baseline), growth (words), chance (odds of a false alarm in words, where flagged),
    posts, reach, reposts (marked, per cent; null where the run does not tell), copies (per cent; without that mark
    where the run tells), first_seen, terms, why (a sentence; `dated` as in `words.why`).
    """
    copies = listed["unmarked_copy_share"].fillna(listed["copy_share"])
    rows = listed.to_dict("records")
    return pd.DataFrame(
        {
            "status": [words.status(row) for row in rows],
            "narrative": listed["label"].to_list(),
            "spark": listed["spark"].to_list(),
            "now": listed["now_authors"].to_list(),
            "active": listed["now_active"].to_list(),
            "before": (listed["base_authors"] / listed["base_bins"].where(listed["base_bins"] > 0)).round(1).to_list(),
            "growth": [_growth(row) for row in rows],
            "chance": [words.one_in(row["q_value"]) if row["flagged"] else "" for row in rows],
            "posts": listed["n_posts"].to_list(),
            "reach": listed["reach"].to_list(),
            "reposts": (100 * listed["repost_share"]).to_list(),
            "copies": (100 * copies).to_list(),
            "first_seen": listed["first_at"].to_list(),
            "terms": [", ".join(list(row["terms"])[:6]) for row in rows],
            "why": [words.why(row, window, unit, dated=dated) for row in rows],
        }
    )


def per_cent(share: float) -> float:
    """A share (0-1) in per cent for a column of two decimals, in which it is not rounded to a false none or all."""
    value = round(100 * share, 2)
    return value if share in (0, 1) else min(max(value, 0.01), 99.99)


def _growth(row: Mapping[Any, Any]) -> str:
    """The growth in words, but no figure that promises one where chance explains it as well."""
    if not row["testable"]:
        return ""
    unclear = row["rate_ratio_low"] >= 1 and row["state"] == NONE
    return "could be chance" if unclear else words.growth(row)


def filtered(
    listed: pd.DataFrame,
    *,
    languages: list[str],
    regions: list[str],
    fewest_posts: int,
    only_emerging: bool,
    search: str = "",
) -> pd.DataFrame:
    """The rows that have one of the languages and one of the regions (none asked for = any), enough posts, and the
    searched words in label or terms."""
    keep = listed["n_posts"] >= fewest_posts
    for column, wanted in (("languages", set(languages)), ("regions", set(regions))):
        if wanted:
            keep &= listed[column].map(lambda found, wanted=wanted: not wanted.isdisjoint(found)).astype(bool)
    if only_emerging:
        keep &= listed["flagged"]
    for word in search.casefold().split():
        told = listed["label"].str.casefold() + " " + listed["terms"].map(" ".join)
        keep &= told.str.contains(word, regex=False)
    return listed[keep].reset_index(drop=True)


def choices(listed: pd.DataFrame, column: str) -> list[str]:
    """The values of a list column (languages, regions), the most frequent first."""
    return [str(value) for value in listed[column].explode().dropna().value_counts().index]
