"""Frames as a person reads them: few columns, units in the header, numbers that sort as numbers."""

from __future__ import annotations

import pandas as pd

PER_CENT = "%.2f %%"  # how a page shows what `per_cent` gives, with the same decimals in every row


def per_cent(share: float) -> float:
    """A share (0-1) in per cent for a column of two decimals, in which it is not rounded to a false none or all."""
    value = round(100 * share, 2)
    return value if share in (0, 1) else min(max(value, 0.01), 99.99)


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
