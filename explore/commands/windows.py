"""The options that choose a window, and the window they ask for."""

from __future__ import annotations

from typing import Annotated

import typer

from explore.commands.durations import duration
from explore.commands.output import say
from explore.errors import Refused
from explore.narratives.run import Run
from explore.narratives.windows import Window, moment

AsOf = Annotated[str | None, typer.Option(metavar="TIME", help="ISO 8601; no offset = UTC.")]
Length = Annotated[str, typer.Option(help="For instance 6h, 24h, 3d.")]
Baseline = Annotated[str, typer.Option(help="What it is compared with, right before.")]


def asked(run: Run, *, as_of: str | None, window: str, baseline: str) -> Window | None:
    """The window asked for; null where the run has no times, which is said on stderr. Raises `Refused`."""
    length, before = duration(window), duration(baseline)
    if run.end is None:
        say("This snapshot has no times: nothing can be said about emergence.")
        return None
    chosen = Window(as_of=run.end_at(moment(as_of)) if as_of else run.end, length=length, baseline=before)
    try:
        _ = chosen.baseline_start
    except OverflowError:
        raise Refused(f"A window of {window} on {baseline} begins before the year 1. Say a shorter one.") from None
    return chosen
