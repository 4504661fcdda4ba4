"""How every chart names its time axis: round moments in UTC."""

from __future__ import annotations

import pandas as pd

CLOCK = (  # midnight as a date, New Year as a year, anything else as a time
    "utcFormat(datum.value, utchours(datum.value) || utcminutes(datum.value) ? '%H:%M' : "
    "utcmonth(datum.value) || utcdate(datum.value) > 1 ? '%-d %b' : '%Y')"
)
_TICK_STEPS = ("15min", "1h", "3h", "6h", "12h", "1D", "2D", "7D", "14D", "1MS", "3MS", "1YS", "5YS", "25YS")


def ticks(low: pd.Timestamp, high: pd.Timestamp) -> pd.DatetimeIndex:
    """At most twelve round times; on a narrow chart every other label gives way."""
    for step in _TICK_STEPS:
        first = low.floor("D") if step.endswith(("h", "min")) else low.normalize()
        round_times = pd.date_range(first, high, freq=step)
        if len(round_times[round_times >= low]) <= 12:
            break
    return round_times[round_times >= low]
