"""What became of a narrative, as plain sentences: the same on the Compare page and on the command line.

A `link` is one row of `Lineage.links`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from explore.narratives.lineage import KINDS, LINKED, Lineage
from explore.present import words
from explore.present.redaction import apart, calm

KIND_WORDS = {
    "new": "+ new",
    "growing": "▲ growing",
    "split": "< split off",
    "merged": "> merged",
    "fading": "▼ fading",
    "steady": "= goes on",
    "gone": "− gone",
}
_MANY = {
    "new": "new",
    "growing": "growing",
    "split": "split off",
    "merged": "merged",
    "fading": "fading",
    "steady": "going on without a change beyond chance",
    "gone": "gone",
}
LEFT_TO_RIGHT = (
    "\N{LEFT-TO-RIGHT MARK}"  # our sentence is read from the left, also where it begins with a name that is not
)
UNRELATED = (
    "These two files share no post, and their times do not touch: what is called new or gone may only be in the other "
    "file."
)
FOOLING_RATIO = 1.25  # from such a change of everything on, the change of one narrative may be the collection's


def headline(lineage: Lineage) -> str:
    """How many narratives are new, growing and so on: "Of 36 narratives 13 are new, 2 growing and …; 7 are gone."."""
    links = lineage.links
    total = links["b"].nunique()
    if not total and not links["a"].nunique():
        return "Neither run has a narrative, so there is nothing to compare."
    counted = {kind: _narratives(links, kind) for kind in KINDS}
    unheard = int(((links["kind"] == "new") & (links["spread"] + links["outside"] < LINKED)).sum())
    parts = [f"{words.number(n)} {_MANY[kind]}" for kind, n in counted.items() if n and kind not in ("gone", "merged")]
    mergers = links.loc[links["kind"] == "merged", "a"].nunique()
    said = f"{words.count(total, 'narrative')} in the later run: {words.listed(parts)}." if parts else ""
    if not total:
        said = "The later run has no narrative."
    if counted["new"]:
        said += f" Of the new, {words.number(unheard) if unheard else 'none'} had hardly anything like it before."
    if mergers:
        said += f" {words.count(mergers, 'earlier one')} went into others."
    if counted["gone"]:
        said += f" {words.count(counted['gone'], 'earlier one')} {'is' if counted['gone'] == 1 else 'are'} gone."
    return said.strip()


def _narratives(links: pd.DataFrame, kind: str) -> int:
    """Narratives of a kind: of the later run, of the earlier where they are gone."""
    return int(links.loc[links["kind"] == kind, "a" if kind == "gone" else "b"].nunique())


def told(link: Mapping[Any, Any], lineage: Lineage) -> str:
    """One link in a sentence with its counts."""
    kind = link["kind"]
    if kind == "new":
        return f"{_named(link, 'b')} is new: {_size(link, 'b', lineage)}; {_elsewhere(link, 'before')}."
    if kind == "gone":
        return f"{_named(link, 'a')} is gone: it had {_size(link, 'a', lineage)}; {_elsewhere(link, 'later')}."
    to, of = words.percent(link["a_to_b"]), words.percent(link["b_from_a"])
    if kind == "split":
        size = _size(link, "b", lineage)
        return (
            f"{_named(link, 'b')} split off from {_named(link, 'a')}: {size}, {of} of them like it; {to} of its posts."
        )
    if kind == "merged":
        size = _size(link, "b", lineage)
        return f"{_named(link, 'a')} went into {_named(link, 'b')}: {to} of its posts, which are {of} of the {size}."
    return f"{_renamed(link)} {_changed(link, lineage)}."


def listed(lineage: Lineage, *, with_steady: bool = False) -> pd.DataFrame:
    """The links for a table, what has hardly anything like it before first; those that go on only when asked for.

    Columns: became (sign and word), narrative (the later name, of what is gone the earlier), posts_before, posts_now,
    told (a sentence), and a, b as in the links.
    """
    links = lineage.links if with_steady else lineage.links[lineage.links["kind"] != "steady"]
    unheard = (links["kind"] == "new") & (links["spread"] + links["outside"] < LINKED)
    links = links.assign(unheard=unheard).sort_values("unheard", ascending=False, kind="stable")
    rows = links.to_dict("records")
    return pd.DataFrame(
        {
            "became": [KIND_WORDS[row["kind"]] for row in rows],
            "narrative": [calm(str(row["label_a"] if row["kind"] == "gone" else row["label_b"])) for row in rows],
            "posts_before": links["posts_a"].to_list(),
            "posts_now": links["posts_b"].to_list(),
            "told": [f"{LEFT_TO_RIGHT}{told(row, lineage)}" for row in rows],
            "a": links["a"].to_list(),
            "b": links["b"].to_list(),
        }
    )


def cautions(lineage: Lineage, first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """What could fool this comparison, from the manifests of both runs; empty when nothing is known that could."""
    return [*_about_settings(first, second), *_about_times(lineage), *_about_collection(lineage)]


def days(first: datetime | None, last: datetime | None) -> str:
    """The days of a run in UTC: "27 Oct to 2 Nov 2016"; "no times" where it has none."""
    if first is None or last is None:
        return "no times"
    a, b = first.astimezone(UTC), last.astimezone(UTC)
    if a.date() == b.date():
        return f"{b.day} {b:%b} {b.year}"
    year = f" {a.year}" if a.year != b.year else ""
    return f"{a.day} {a:%b}{year} to {b.day} {b:%b} {b.year}"


def compared(lineage: Lineage) -> str:
    """What told that narratives belong together."""
    return f"Compared by {lineage.compared_by}."


def _about_settings(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    found = []
    for name, one, other in (
        ("granularity", first["config"]["granularity"], second["config"]["granularity"]),
        ("encoder", first["encoder"]["name"].split(":")[0], second["encoder"]["name"].split(":")[0]),
        ("seed", first["config"]["seed"], second["config"]["seed"]),
    ):
        if one != other:
            found.append(
                f"The runs differ in {name} ({one}, then {other}): what looks split, merged, new or gone may come "
                "from that and not from people. Explore both alike to be sure."
            )
    return found


def _about_times(lineage: Lineage) -> list[str]:
    periods = lineage.periods
    if periods is None:
        return ["A file has no times, so growing and fading cannot be told; what goes on is only known to go on."]
    if periods.how == "together":
        return ["The later run reaches no further in time than the earlier one, so growing and fading are not told."]
    if periods.how == "after":
        return [
            f"The snapshots overlap in time. To count no post twice, rates compare all of the earlier one with what "
            f"the later one holds after {words.when(periods.later[0])}."
        ]
    if periods.later[1] <= periods.earlier[0]:
        return ["The second run's posts are older than the first run's: read this backwards, or swap them."]
    return []


def _about_collection(lineage: Lineage) -> list[str]:
    found = []
    ratio, periods = lineage.active_ratio, lineage.periods
    if ratio is not None and periods is not None and not 1 / FOOLING_RATIO < ratio < FOOLING_RATIO:
        found.append(
            f"Over all posts the later run has {words.times(ratio)} the active {lineage.unit} "
            f"{words.per(periods.step)} of the earlier one: a change of that size in one narrative may be the "
            "collection's and not its own."
        )
    if lineage.unit == "messages":
        found.append("A file names no accounts, so different messages are counted: one person can write many.")
    return found


def _elsewhere(link: Mapping[Any, Any], when: str) -> str:
    """Whether the posts of what is new or gone have anything like them in the other run."""
    spread, outside = float(link["spread"]), float(link["outside"])
    if spread + outside < LINKED:
        return f"hardly anything like it {when}"
    parts = [(spread, "in other narratives"), (outside, "in none")]
    said = words.listed([f"{words.percent(share)} {where}" for share, where in parts if share >= 0.05])
    return f"posts like it were there {when}, but made no narrative of their own ({said})"


def _changed(link: Mapping[Any, Any], lineage: Lineage) -> str:
    """How the rate changed, as far as that was compared."""
    if lineage.periods is None or pd.isna(link["rate_ratio"]):
        return f"goes on: {words.count(link['posts_a'], 'post')}, then {words.number(link['posts_b'])}"
    step = words.per(lineage.periods.step)
    rates = f"from {_rate(link['before'])} to {_rate(link['after'])} {lineage.unit} {step}"
    low, high = words.least(link["rate_ratio_low"]), words.times(link["rate_ratio_high"])
    ratio = f"{words.times(link['rate_ratio'])}, 95 % interval {low} to {high}"
    if link["kind"] == "growing":
        return f"grew {rates} ({ratio})"
    if link["kind"] == "fading":
        return f"faded {rates} ({ratio})"
    return f"went {rates}, which could be chance ({ratio})"


def _size(link: Mapping[Any, Any], side: str, lineage: Lineage) -> str:
    said = words.count(link[f"posts_{side}"], "post")
    rate = link["before" if side == "a" else "after"]
    if lineage.periods is None or pd.isna(rate):
        return said
    return f"{said}, {_rate(rate)} {lineage.unit} {words.per(lineage.periods.step)}"


def _rate(rate: float) -> str:
    return words.number(rate) if rate >= 0.05 or rate == 0 else "under 0.1"


def _named(link: Mapping[Any, Any], side: str) -> str:
    return f"“{apart(str(link[f'label_{side}']))}”"


def _renamed(link: Mapping[Any, Any]) -> str:
    before = "" if link["label_a"] == link["label_b"] else f" (before: {_named(link, 'a')})"
    return f"{_named(link, 'b')}{before}"
