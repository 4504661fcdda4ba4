"""How steady a narrative is, in words: what `narratives.stability` measured, or that it has not been measured yet.

`measured`: one row of stability.parquet; null where there is none yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from explore.present.words import count, number, percent

UNSTEADY = 0.5  # mean overlap below which a cluster has dissolved (Hennig 2007)
A_FIFTH = "a fifth of the messages"
LEFT_OUT = f"{A_FIFTH} is left out"

Measured = Mapping[Any, Any] | None


def sign(measured: Measured) -> str:
    """One word: "found again", "unsteady", or "not measured"."""
    if not _compared(measured):
        return "not measured"
    return "unsteady" if _is_unsteady(measured) else "found again"


def found_again(measured: Measured) -> str:
    """The badge: "Found again in 17 of 20 trials without a fifth of the messages."; or that it is not measured yet."""
    if measured is None:
        return f"Not measured yet: whether it is found again when {LEFT_OUT}."
    if not _compared(measured):
        return f"Could not be measured: whether it is found again when {LEFT_OUT}."
    said = f"Found again in {number(measured['found_again'])} of {count(measured['draws'], 'trial')} without {A_FIFTH}"
    return f"{said}. Unsteady: which posts belong to it changes a lot." if _is_unsteady(measured) else f"{said}."


def explained(measured: Measured) -> str:
    """What the badge means, with the figures; empty where there are none."""
    if not _compared(measured):
        return ""
    assert measured is not None  # noqa: S101  # it was compared
    low, mean, high = (percent(measured[name]) for name in ("least", "stability", "most"))
    meant = (
        "Unsteady, below half on average: what it is about may hold, but its counts hang on which posts were "
        "grouped with it. Read the posts before you rely on them."
        if _is_unsteady(measured)
        else "Half or more on average: the narrative does not hang on a few messages."
    )
    return (
        "A check of the grouping: it says nothing about growth, or about whether the posts are true. In each trial "
        f"{LEFT_OUT}, picked by chance, and the rest is grouped anew. Found again: of the messages that this narrative "
        f"and its closest match in the trial hold, at least half are in both. That share was {mean} on average "
        f"({low} to {high}). A trial that holds none of its messages is not counted, so narratives have different "
        f"numbers of trials. {meant}"
    )


def caveats(measured: Measured) -> list[str]:
    """What could fool a finding about this narrative: that its edges are not firm; empty where they are, or unknown."""
    if not _compared(measured) or not _is_unsteady(measured):
        return []
    assert measured is not None  # noqa: S101  # it was compared
    return [
        f"Its edges are not firm: when {LEFT_OUT} and the rest is grouped anew, its closest match overlaps with it by "
        f"{percent(measured['stability'])} on average. Read the posts before you rely on its counts."
    ]


def _compared(measured: Measured) -> bool:
    return measured is not None and pd.notna(measured["stability"])


def _is_unsteady(measured: Measured) -> bool:
    return measured is not None and float(measured["stability"]) < UNSTEADY
