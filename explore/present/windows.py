"""Which window was judged, and beside what, in words."""

from __future__ import annotations

import pandas as pd

from explore.narratives.file_end import ThinEnd
from explore.narratives.windows import FEW_ACTIVE, Window
from explore.present import words


def thin_end(found: ThinEnd, unit: str) -> str:
    """That a file ends thinly, and which moment is shown instead."""
    usual = f", usually about {words.number(found.usual)}" if found.active >= FEW_ACTIVE else ""
    return (
        f"The file ends thinly: only {words.count(found.active, unit[:-1])} in its last {words.length(found.length)}"
        f"{usual}. Shown as of {words.when(found.as_of)}, the last moment that can be judged."
    )


def thin(narratives: pd.DataFrame, window: Window | None, unit: str) -> str:
    """A warning when hardly anybody was active in the window, else empty."""
    active = 0 if narratives.empty else int(narratives["now_active"].iloc[0])
    if window is None or active >= FEW_ACTIVE:
        return ""
    return (
        f"Only {words.count(active, unit[:-1])} active in these {words.length(window.length)}: too few to show much. "
        "Take a longer window, or move the time back to where the file holds more."
    )


def compared(narratives: pd.DataFrame, window: Window | None) -> str:
    """With which baseline a list was judged: "The 24 h are compared with the 7 days before."; empty without a test.

    `narratives`: the frame of `emergence`.
    """
    if window is None or narratives.empty or not narratives["testable"].fillna(False).any():
        return ""
    held = int(narratives["base_bins"].iloc[0])
    said = f"The {words.length(window.length)} are compared with the {words.length(held * window.length)} before"
    if held == window.bins:
        return f"{said}."
    return f"{said}, which is all that the snapshot holds of the {words.length(window.baseline)} asked for."
