"""Durations as a person types them, and as the command line prints them."""

from __future__ import annotations

import re
from datetime import timedelta

from explore.errors import Refused


def duration(text: str) -> timedelta:
    """A duration like 30m, 24h, 7d or 2w. Raises `Refused`."""
    found = re.fullmatch(r"(\d{1,5})([mhdw])", text.strip().lower())
    if not found or int(found[1]) == 0:
        raise Refused(f"'{text}' is not a duration. Write it like 30m, 24h, 7d or 2w.")
    unit = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[found[2]]
    return timedelta(**{unit: int(found[1])})


def short(delta: timedelta) -> str:
    """A duration in brief, as `duration` reads it: "24h", "7d", "90m"."""
    minutes = delta // timedelta(minutes=1)
    if minutes % 1440 == 0 and minutes > 1440:
        return f"{minutes // 1440}d"
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"
