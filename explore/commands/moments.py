"""The command `moments`: at which days, or hours, of a run there is something to see."""

from __future__ import annotations

from typing import Annotated

import typer

from explore.commands.durations import duration, short
from explore.commands.output import QUIET_SECONDS, AsJson, answer, progress_shown, records, say
from explore.errors import Refused
from explore.narratives.moments import Moments, measure, moments
from explore.narratives.run import Run, open_run
from explore.narratives.windows import Window
from explore.present import moment_strip
from explore.progress import Progress
from explore.settings import current_workspace


def moments_command(
    run_id: Annotated[str, typer.Argument(metavar="RUN")],
    window: Annotated[
        str | None, typer.Option(help="For instance 6h, 24h, 3d; what suits the run if not said.")
    ] = None,
    baseline: Annotated[str | None, typer.Option(help="What it is compared with, right before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say at every day of a run (every hour of a short one) how many narratives were emerging then."""
    run = open_run(current_workspace(), run_id)
    with progress_shown(QUIET_SECONDS) as progress:
        found = _moments(run, window, baseline, progress)
    if found.table.empty:
        say("This snapshot has no times: nothing can be said about emergence.")
    lengths = {name: short(getattr(found, name)) or None for name in ("window", "baseline", "step")}
    facts = {
        "run": run.id,
        **(dict.fromkeys(lengths) if found.table.empty else lengths),
        "moments": records(found.table),
    }
    answer(facts, moment_strip.lines(found, run.unit), as_json=as_json)


def _moments(run: Run, window: str | None, baseline: str | None, progress: Progress) -> Moments:
    """Those kept beside the run, or with another window where one is asked for."""
    if (window is None and baseline is None) or run.end is None:
        return measure(run, progress=progress)
    asked = Window(run.end, duration(window or "24h"), duration(baseline or "7d"))
    try:
        _ = (run.first_at or run.end) - asked.length - asked.baseline
    except OverflowError:
        raise Refused(f"A window of {window} on {baseline} begins before the year 1. Say a shorter one.") from None
    return moments(run, asked, progress=progress)
