"""The list of findings in words and columns: narratives, texts, links, tags and words, each story one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from explore.narratives import items
from explore.narratives.emergence import EMERGING, LEVEL, NONE, UNPROVEN
from explore.narratives.stories import NARRATIVE, Stories
from explore.narratives.windows import Window
from explore.present import timing, words
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
COVERED = "a text (covered)"
CLIPPED = 90  # characters of a text in a row


def rows(
    stories: Stories, listed: pd.DataFrame, window: Window | None, unit: str, *, rest: bool, dated: bool = False,
    covered: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """What *Emerging* lists: one row a story, in their order; with `rest` the narratives without a finding after them.
    `dated` names the end of the window instead of "last"; `covered`: texts do not show.

    `listed`: of `ranking.emerging`, the narratives that may be shown. Columns: status, finding (its name), kind, marks,
    parts (other findings folded into it), spark (units per quarter of a window), now, expected, before (mean per window
    of the baseline), beyond (units at least beyond what was to be expected), growth (words), since (when its wave
    began, null = no clear beginning), chance (odds of a false alarm in words, where flagged), why (a sentence), posts,
    reach, copies, reposts (per cent), first_seen, terms (these of the narrative, null for an item), narrative_id (-1
    for an item), item_id ("" for a narrative), text (what a search looks into).
    """
    heads = stories.findings[stories.findings["is_head"]] if len(stories.findings) else stories.findings
    parts = stories.findings.groupby("story").size() if len(stories.findings) else {}
    known = listed.set_index("narrative_id", drop=False)
    told = [
        _row(head, known.loc[head["narrative_id"]] if head["kind"] == NARRATIVE else None, window, unit, dated=dated)
        | {"finding": name(head, covered=covered)}
        | {"parts": int(parts[head["story"]]) - 1}
        for head in heads.to_dict("records")
        if head["kind"] != NARRATIVE or head["narrative_id"] in known.index
    ]
    if rest:
        calm_ones = listed[listed["state"] == NONE].to_dict("records")
        told += [
            _row(row | {"kind": NARRATIVE, "item_id": ""}, row, window, unit, dated=dated) | {"parts": 0}
            for row in calm_ones
        ]
    return pd.DataFrame(told, columns=COLUMNS)


COLUMNS = [
    *("status", "finding", "kind", "marks", "parts", "spark", "now", "expected", "before", "beyond", "growth"),
    *("since", "chance", "why", "posts", "reach", "copies", "reposts", "first_seen", "terms"),
    *("narrative_id", "item_id", "text"),
]


def _row(
    finding: Mapping[Any, Any], narrative: Mapping[Any, Any] | pd.Series | None, window: Window | None, unit: str, *,
    dated: bool,
) -> dict[str, Any]:  # fmt: skip
    """The cells of `rows` but for parts."""
    own: Mapping[Any, Any] | pd.Series = {} if narrative is None else narrative
    copies = own.get("unmarked_copy_share")
    copies = own.get("copy_share") if copies is None or pd.isna(copies) else copies
    bins = finding["base_bins"]
    tested = window is not None and pd.notna(finding["expected_authors"])
    return {
        "status": words.status(finding),
        "finding": name(finding),
        "kind": KINDS[finding["kind"]],
        "marks": marked_as(finding),
        "spark": finding["spark"],
        "now": finding["now_authors"],
        "expected": round(float(finding["expected_authors"]), 1) if tested else None,
        "before": round(float(finding["base_authors"]) / bins, 1) if bins else None,
        "beyond": max(0, int(float(finding["excess_low"]))) if tested else None,
        "growth": _growth(finding),
        "chance": words.one_in(finding["q_value"]) if finding["flagged"] else "",
        "why": words.why(finding, window, unit, dated=dated),
        "posts": own.get("n_posts", finding["n_posts"]),
        "reach": own.get("reach"),
        "copies": None if copies is None else 100 * copies,
        "reposts": 100 * own["repost_share"] if own.get("repost_share") is not None else None,
        "first_seen": own.get("first_at"),
        "since": finding.get("onset"),
        "terms": ", ".join(list(finding["terms"])[:6]),
        "narrative_id": int(finding["narrative_id"]) if narrative is not None else -1,
        "item_id": finding["item_id"],
        "text": f"{finding['label']} {' '.join(finding['terms'])}".casefold(),
    }


def _growth(row: Mapping[Any, Any]) -> str:
    """The growth in words, but no figure that promises one where chance explains it as well."""
    if not row["testable"] and row["state"] == NONE:
        return ""
    unclear = row["rate_ratio_low"] >= 1 and row["state"] == NONE
    return "could be chance" if unclear else words.growth(row)


def name(finding: Mapping[Any, Any], *, covered: bool = False) -> str:
    """What a finding is called, on one line; a text by its beginning, in quotation marks, or as covered."""
    if covered and finding["kind"] == items.TEXT:
        return COVERED
    label = " ".join(calm(str(finding["label"])).split())
    if finding["kind"] != items.TEXT:
        return label
    return f"“{label[:CLIPPED].rstrip()}…”" if len(label) > CLIPPED else f"“{label}”"


def passing(shown: pd.DataFrame, *, search: str, fewest_posts: int, only_emerging: bool, items: bool) -> pd.DataFrame:
    """The rows that have the searched words and enough posts; `only_emerging`: without jumps and without what has no
    finding; `items`: also texts, links, tags and words, which have no language and no region of their own."""
    keep = shown["posts"].fillna(0) >= fewest_posts
    for word in search.casefold().split():
        keep &= shown["text"].str.contains(word, regex=False).astype(bool)
    if only_emerging:
        keep &= shown["status"] == words.EMERGING
    if not items:
        keep &= shown["item_id"] == ""
    return shown[keep.astype(bool)].reset_index(drop=True)


def parts(stories: Stories, chosen: Mapping[Any, Any], *, covered: bool = False) -> pd.DataFrame:
    """The other findings of the story of which a row of `rows` is the head: status, finding, kind, now, posts."""
    found = stories.findings
    if found.empty:
        return pd.DataFrame(columns=["status", "finding", "kind", "now", "posts"])
    by_item = (found["item_id"] == chosen["item_id"]) & (found["kind"] != NARRATIVE)
    by_narrative = (found["narrative_id"] == chosen["narrative_id"]) & (found["kind"] == NARRATIVE)
    story = found.loc[by_item if chosen["item_id"] else by_narrative, "story"]
    others = found[found["story"].isin(story) & ~found["is_head"]]
    return pd.DataFrame(
        [
            {
                "status": words.status(row),
                "finding": name(row, covered=covered),
                "kind": KINDS[row["kind"]],
                "now": int(row["now_authors"]),
                "posts": int(row["n_posts"]),
            }
            for row in others.to_dict("records")
        ]
    )


def nothing_shown(listed: pd.DataFrame, *, everything: bool) -> str:
    """Why no row is left, and what to do."""
    if not everything and (listed["state"] == NONE).all():
        return (
            "Nothing to look at first at this moment. Move the moment, take a longer window, or switch on the "
            "narratives without a finding above."
        )
    return "Nothing passes these filters. Clear the languages or open “More filters” to widen them."


def headline(stories: Stories, listed: pd.DataFrame, window: Window | None, unit: str, *, dated: bool = False) -> str:
    """How many stories are findings, how many jumps are not proved, and how many of them may be false alarms.

    `listed`: of `ranking.emerging`. `dated` names the end of the window instead of "last".
    """
    if window is None or listed.empty or not listed["testable"].astype(bool).any():
        return words.headline(listed, window, unit, dated=dated)
    found = stories.findings
    states = found.groupby("story")["state"].agg(set) if len(found) else pd.Series(dtype=object)
    emerging = sum(EMERGING in each for each in states)
    jumps = sum(EMERGING not in each and UNPROVEN in each for each in states)
    span = words.length(window.length)
    end = f"in the {span} to {words.when(window.as_of)}" if dated else ""
    end = end or f"in the last {span} of the file (to {words.when(window.as_of)})"
    grew = f"{words.count(emerging, 'story')} grew beyond what was to be expected {end}"
    if not emerging:
        grew = f"None of {words.count(len(listed), 'narrative')} grew beyond what was to be expected {end}"
    if jumps:
        grew += f"; {words.count(jumps, 'jump')} that this file's history cannot prove"
    if not emerging:
        return f"{grew}."
    these = "these" if emerging > 1 else "such findings"
    return f"{grew}. At most {words.one_in(LEVEL)} of {these} is expected to be a false alarm."


def held(item: Mapping[Any, Any]) -> str:
    """Where an item's posts of the window lie, in how many wordings they came, and how long it took."""
    posts, outside = int(item["n_posts"]), int(item["outside"])
    size = f"{words.count(posts, 'post')} in {words.count(item['n_messages'], 'different wording')}"
    size += f" within {timing.lapse(item['last_at'] - item['first_at'])}"
    lie = [
        f"{words.number(outside)} in no narrative" if outside else "",
        f"{words.number(posts - outside)} in narratives" if posts > outside else "",
    ]
    return f"In the window: {size}, {words.listed([part for part in lie if part])}."


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
