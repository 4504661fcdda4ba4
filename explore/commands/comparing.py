"""The command `lineage`: what became of the narratives of one run in another."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from explore.commands.output import QUIET_SECONDS, AsJson, answer, progress_shown, records
from explore.narratives.lineage import Lineage, lineage
from explore.narratives.run import open_run
from explore.present import becoming
from explore.settings import current_workspace

SHOWN = 15  # of a kind


def lineage_command(
    run_a: Annotated[str, typer.Argument(metavar="RUN_A", help="The earlier run: id, or its beginning.")],
    run_b: Annotated[str, typer.Argument(metavar="RUN_B", help="The later run.")],
    as_json: AsJson = False,
) -> None:
    """Say what became of the narratives of one run in another: new, growing, split, merged, fading, steady, gone."""
    workspace = current_workspace()
    first, second = open_run(workspace, run_a), open_run(workspace, run_b)
    with progress_shown(QUIET_SECONDS) as progress:
        found = lineage(first, second, cache=workspace.cache, progress=progress)
    lines = [becoming.UNRELATED] if found.unrelated else []
    lines += [becoming.headline(found), *becoming.cautions(found, first.manifest, second.manifest), ""]
    for kind, links in found.links.groupby("kind", sort=False):
        lines.append(f"{becoming.KIND_WORDS[str(kind)]} ({len(links):,})")
        lines += [f"  {_pair(link)}  {becoming.told(link, found)}" for link in links.head(SHOWN).to_dict("records")]
        lines += [f"  … and {len(links) - SHOWN:,} more; --json lists all"] if len(links) > SHOWN else []
    answer(_facts(found), lines, as_json=as_json)


def _facts(found: Lineage) -> dict[str, Any]:
    periods = found.periods
    compared = None
    if periods is not None:
        compared = {
            "how": periods.how,
            "earlier": [moment.isoformat() for moment in periods.earlier],
            "later": [moment.isoformat() for moment in periods.later],
            "per": "day" if periods.step.days else "hour",
            "active_ratio": found.active_ratio,
        }
    return {
        "run_a": found.run_a,
        "run_b": found.run_b,
        "compared_by": found.compared_by,
        "unit": found.unit,
        "rates": compared,
        "links": records(found.links),
    }


def _pair(link: dict[Any, Any]) -> str:
    ends = ["-" if link["kind"] == gone else str(link[side]) for side, gone in (("a", "new"), ("b", "gone"))]
    return " → ".join(f"{end:>4}" for end in ends)
