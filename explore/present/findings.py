"""The list of findings in words and columns: narratives, texts, links, tags and words, each story one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from explore.narratives import items
from explore.narratives.emergence import EMERGING, UNPROVEN
from explore.narratives.stories import NARRATIVE, Stories
from explore.narratives.windows import Window
from explore.present import words
from explore.present.redaction import calm

KINDS = {
    NARRATIVE: "narrative",
    items.TEXT: "text",
    items.LINK: "link",
    items.TAG: "tag",
    items.TAGS: "tag sequence",
    items.MEDIA: "media item",
    items.WORDS: "words",
}
MARKS = {
    "one_account": "one account",
    "one_text": "one text",
    "template": "one template",
    "not_found_again": "grouping not firm",
}
WHOLE_FILE = 2.0  # times as much as usual, from which on the growth of the whole file is told first
CLIPPED = 90  # characters of a text in a row


def table(stories: Stories, window: Window | None, unit: str) -> pd.DataFrame:
    """One row a story, in the order of the list.

    Columns: status, finding (its head's name), kind, spark (units per quarter of a window), now, expected, beyond
    (units at least beyond what was to be expected), growth (words), posts (in the window), parts (other findings folded
    into it), marks, why (a sentence), place (of the head in `stories.findings`).
    """
    findings = stories.findings
    heads = findings[findings["is_head"]] if len(findings) else findings
    parts = findings.groupby("story").size() if len(findings) else pd.Series(dtype="int64")
    rows = heads.to_dict("records")
    return pd.DataFrame(
        {
            "status": [words.status(row) for row in rows],
            "finding": [name(row) for row in rows],
            "kind": [KINDS[row["kind"]] for row in rows],
            "spark": [row["spark"] for row in rows],
            "now": [int(row["now_authors"]) for row in rows],
            "expected": [round(float(row["expected_authors"]), 1) for row in rows],
            "beyond": [max(0, int(float(row["excess_low"]))) for row in rows],
            "growth": [words.growth(row) for row in rows],
            "posts": [int(row["n_posts"]) for row in rows],
            "parts": [int(parts[row["story"]]) - 1 for row in rows],
            "marks": [marked_as(row) for row in rows],
            "why": [words.why(row, window, unit) for row in rows],
            "place": heads.index.to_list(),
        }
    )


def name(finding: Mapping[Any, Any]) -> str:
    """What a finding is called, on one line; a text by its beginning, in quotation marks."""
    label = " ".join(calm(str(finding["label"])).split())
    if finding["kind"] != items.TEXT:
        return label
    return f"“{label[:CLIPPED].rstrip()}…”" if len(label) > CLIPPED else f"“{label}”"


def headline(stories: Stories, window: Window | None, unit: str, *, dated: bool = False) -> str:
    """How many stories are findings, and how many are jumps that are not proved."""
    if window is None:
        return "The file has no times, so nothing can be said about growth."
    findings = stories.findings
    states = findings.groupby("story")["state"].agg(set) if len(findings) else pd.Series(dtype=object)
    emerging = sum(EMERGING in each for each in states)
    jumps = sum(EMERGING not in each and UNPROVEN in each for each in states)
    span = words.length(window.length)
    end = f"the {span} to {words.when(window.as_of)}" if dated else f"the last {span} of the file"
    said = f"{words.count(emerging, 'story')} grew beyond what was to be expected in {end}" if emerging else ""
    if jumps:
        jump = f"{words.count(jumps, 'jump')} that this file's history cannot prove"
        said = f"{said}; {jump}" if said else f"Nothing proven to grow in {end}; {jump}"
    return f"{said or f'Nothing grew beyond what was to be expected in {end}'}. Counted in {unit}."


def held(item: Mapping[Any, Any]) -> str:
    """Where an item's posts of the window lie, and in how many wordings they came."""
    posts, outside = int(item["n_posts"]), int(item["outside"])
    size = f"{words.count(posts, 'post')} in {words.count(item['n_messages'], 'different wording')}"
    lie = [
        f"{words.number(outside)} in no narrative" if outside else "",
        f"{words.number(posts - outside)} in narratives" if posts > outside else "",
    ]
    return f"{size}: {words.listed([part for part in lie if part])}."


def looked_at(found: items.Items) -> str:
    """How many texts, links, tags and words were tested beside the narratives."""
    if not found.looked_at:
        return ""
    kinds = [words.count(found.looked_at[kind], KINDS[kind]) for kind in items.KINDS if found.looked_at.get(kind)]
    return f"Tested beside the narratives: {words.listed(kinds)}."


def marked_as(finding: Mapping[Any, Any]) -> str:
    """What makes a finding less than it looks, in a few words: "one text, grouping not firm"; empty where nothing."""
    marks = finding.get("marks")
    return ", ".join(MARKS[mark] for mark in marks) if marks is not None and not isinstance(marks, float) else ""


def whole_file(narratives: pd.DataFrame, window: Window | None, unit: str) -> str:
    """That everybody posted much more, or many more were active, than before; empty where that is not so."""
    if window is None or narratives.empty or not bool(narratives["testable"].any()):
        return ""
    row = narratives.iloc[0]
    now, before = int(row["now_active"]), row["base_active"] / row["base_bins"]
    each = row["now_active_posts"] / max(now, 1)
    usual = row["base_active_posts"] / max(float(row["base_active"]), 1.0)
    if each >= WHOLE_FILE * usual:
        grew = f"the {words.count(now, 'active ' + unit[:-1])} posted {words.number(each)} times each, usually "
        grew += words.number(usual)
    elif now >= WHOLE_FILE * before:
        grew = f"{words.count(now, unit[:-1])} were active, usually {words.number(before)}"
    else:
        return ""
    return (
        f"The whole file grew in this window: {grew}. Did the collection change, or the world? What everybody does "
        "more of is not counted as growth."
    )
