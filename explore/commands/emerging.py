"""The command `emerging`: what grows beyond what was to be expected, story by story and narrative by narrative."""

from __future__ import annotations

from typing import Annotated, Any

import pandas as pd
import typer

from explore.commands.durations import short
from explore.commands.output import AsJson, answer, records
from explore.commands.windows import AsOf, Baseline, Length, asked
from explore.narratives import items, ranking
from explore.narratives.emergence import NONE
from explore.narratives.run import open_run
from explore.narratives.stories import NARRATIVE, WAVE, Stories, stories
from explore.narratives.windows import Window
from explore.posts.snapshots import open_snapshot
from explore.present import findings, windows, words
from explore.settings import current_workspace

SHOWN = 20  # rows for a person, unless another number is asked for
OF_A_STORY = [
    "kind",
    "narrative_id",
    "item_id",
    "label",
    "state",
    "now_authors",
    "base_authors",
    "excess_low",
    "n_posts",
]
OF_A_POCKET = {"item_id": "pocket_id"}  # items of rare words, under their older name


def emerging_command(
    run_id: Annotated[str, typer.Argument(metavar="RUN")],
    top: Annotated[int | None, typer.Option(min=1, help="Only the first N.")] = None,
    as_of: AsOf = None,
    window: Length = "24h",
    baseline: Baseline = "7d",
    as_json: AsJson = False,
) -> None:
    """List what grows beyond what was to be expected, the most accounts first, with every component of the score."""
    workspace = current_workspace()
    run = open_run(workspace, run_id)
    chosen = asked(run, as_of=as_of, window=window, baseline=baseline)
    listed = ranking.emerging(run, chosen)
    flagged = listed.loc[listed["flagged"], "narrative_id"].tolist()
    beside = items.items(run, open_snapshot(workspace, run.snapshot_id), chosen, emerging=flagged)
    told = stories(run, chosen, narratives=listed, items=beside)
    rows = beside.rows.drop(columns="spark", errors="ignore")
    facts = {
        "as_of": chosen.as_of.isoformat() if chosen else None,
        "window": short(chosen.length) if chosen else None,
        "baseline": short(chosen.baseline) if chosen else None,
        "unit": run.unit,
        "narratives": records(_with_stories(listed.head(top) if top else listed, told)),
        "stories": _stories(told, top=top),
        "items": records(rows),
        "pockets": records(_pockets(rows)),
    }
    dated = as_of is not None
    cut = dated or run.config.as_of is not None  # else the window ends with the file
    lines = [
        findings.whole_file(listed, chosen, run.unit),
        findings.headline(told, listed, chosen, run.unit, dated=cut),
    ]
    lines += [windows.compared(listed, chosen)]
    lines += [windows.thin(listed, chosen, run.unit), findings.looked_at(beside)]
    lines = [line for line in lines if line] + _told(told, chosen, run.unit, dated=dated, top=top or SHOWN)
    answer(facts, lines + _rest(listed, chosen, run.unit, dated=dated, top=top or SHOWN), as_json=as_json)


def _told(told: Stories, window: Window | None, unit: str, *, dated: bool, top: int) -> list[str]:
    """Two lines a story: what it is, and why it is listed."""
    lines = []
    for row in told.findings[told.findings["is_head"]].head(top).to_dict("records") if len(told.findings) else []:
        parts = int((told.findings["story"] == row["story"]).sum()) - 1
        number = row["narrative_id"] if row["kind"] == NARRATIVE else findings.KINDS[row["kind"]]
        marks = findings.marked_as(row)
        more = [] if row["kind"] == NARRATIVE else [findings.held(row)]
        more += [f"with {words.count(parts, 'part')}"] if parts else []
        lines += [
            f"{number:>5}  {words.status(row):<14} {findings.name(row)}",
            f"       {' · '.join([words.why(row, window, unit, dated=dated), *more, *([marks] if marks else [])])}",
        ]
    return lines


def _rest(listed: pd.DataFrame, window: Window | None, unit: str, *, dated: bool, top: int) -> list[str]:
    """The narratives without a finding, where there is room for them."""
    rest = listed[listed["state"] == NONE].head(max(0, top - int((listed["state"] != NONE).sum())))
    lines = ["Narratives without a finding:"] if len(rest) else []
    for row in rest.to_dict("records"):
        lines += [
            f"{row['narrative_id']:>5}  {words.status(row):<14} {row['label']}",
            f"       {words.why(row, window, unit, dated=dated)}",
        ]
    return lines


def _with_stories(listed: pd.DataFrame, told: Stories) -> pd.DataFrame:
    """The narratives with `story` (null without a finding), whether each is its story's head, and its wave."""
    columns = ["story", "is_head", *WAVE]
    if told.findings.empty:
        return listed.assign(**{name: None for name in columns if name != "is_head"}, is_head=False)
    own = told.findings[told.findings["kind"] == NARRATIVE].set_index("narrative_id")[columns]
    joined = listed.join(own, on="narrative_id")
    return joined.assign(story=joined["story"].astype("Int64"), is_head=joined["is_head"].fillna(False).astype(bool))


def _stories(told: Stories, *, top: int | None) -> list[dict[str, Any]]:
    if told.findings.empty:
        return []
    found = []
    for story, parts in told.findings.groupby("story"):
        if top is not None and int(str(story)) >= top:
            break
        rows = records(parts[["is_head", *OF_A_STORY]])
        found.append(
            {
                "story": int(str(story)),
                "head": next(row for row in rows if row["is_head"]),
                "parts": [row for row in rows if not row["is_head"]],
            }
        )
    return found


def _pockets(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["kind"] == items.WORDS].rename(columns=OF_A_POCKET) if len(rows) else rows
