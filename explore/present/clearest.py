"""What a flag rests on where it is not the whole window beside all windows before: the part that is clearest, in words.

A `narrative` is one row of the frame of `narratives.emergence`. The test looks at the window and at its newest part,
each beside all windows before or beside the same hours of earlier days; the columns `clearest_…` say which it was. For
*Emerging*; where a narrative is explained point by point, `reasons` tells it with its own baseline.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from explore.narratives.windows import SAME_HOURS, Window
from explore.present import words


def clearest(narrative: Mapping[Any, Any], window: Window | None, unit: str, *, dated: bool = False) -> str:
    """Where growth is clearest: "Clearest in the last 6 h: 34 of 120 active accounts; 7 in the 28 windows of 6 h
    before."

    Empty where nothing is flagged (then the clearer look is chance's doing), and where the window beside all windows
    before, which `words.why` tells, is the clearest. `dated` names the end of the window instead of "last".
    """
    start = narrative.get("clearest_from")
    if window is None or not words.status(narrative).endswith("emerging") or start is None or pd.isna(start):
        return ""
    same_hours = narrative["clearest_baseline"] == SAME_HOURS
    if pd.Timestamp(start) <= window.start and not same_hours:
        return ""
    span = words.length((narrative["clearest_to"] - start).to_pytimedelta())
    end = f"the {span} to {words.when(window.as_of)}" if dated else f"the last {span}"
    noun = "active accounts" if unit == "accounts" else "different messages"
    base, bins = words.number(narrative["clearest_base"]), words.number(narrative["clearest_bins"])
    earlier = f"same {span} of {bins} earlier days" if same_hours else f"{bins} windows of {span} before"
    found, active = words.number(narrative["clearest_authors"]), words.number(narrative["clearest_active"])
    return f"Clearest in {end}: {found} of {active} {noun}; {base} in the {earlier}."
