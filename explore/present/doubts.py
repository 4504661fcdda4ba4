"""What could fool a finding, for page and briefing alike: the figures, the collecting, the grouping."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from explore.narratives.evidence import Evidence, Makeup
from explore.narratives.windows import Window
from explore.posts.collection import Collection
from explore.present import repeats, steadiness, words
from explore.present.steadiness import Measured

MOSTLY_COPIES = 0.5  # from half on, copies (or, with them, reposts) make the volume
MOSTLY_ONE_ACCOUNT = 0.25
A_HANDFUL = 10  # units in the window below which a few people explain everything
SHORT_BASELINE = 7  # bins; with fewer, a weekday or one news event can look like growth
OFTEN_UNKNOWN = 0.1  # share of posts without a language from which on it is said
MOST = 3  # holes that are told one by one
COPIES_CAN_BE = (
    "Copies can be a campaign, a shared quote, a news feed, or reposts whose mark the file does not keep; volume alone "
    "does not tell which."
)
REPOSTING_IS = "Reposting is ordinary sharing: the volume says how often it was passed on, not how many wrote it."
NONE_FOUND = (
    "None of the usual weaknesses was found: copies, one account, few of them, a short history, holes in the "
    "collection. That is no clearance: these checks do not look at who is behind the accounts, or why they post."
)


def doubts(
    evidence: Evidence,
    *,
    hindsight: bool = False,
    has_languages: bool = True,
    measured: Measured = None,
    collection: Collection | None = None,
) -> list[str]:
    """What could fool the finding about a narrative, most serious first; empty when nothing is known that could.

    `hindsight`: the as-of time lies before the run's last post, so the grouping has seen what came after.
    `has_languages`: whether the file names them. `measured`: as in `steadiness`. `collection`: of the snapshot.
    """
    narrative, window, unit = evidence.narrative, evidence.window, evidence.unit
    found = [
        *_about_copies(evidence),
        *_about_volume(narrative, unit),
        *(_about_baseline(narrative, window) if window else []),
        *(_about_collecting(narrative, window, collection) if window and collection else []),
        *_about_gaps(narrative, unit),
        *_about_languages(evidence.languages, has_languages=has_languages),
    ]
    if hindsight:
        found.append(
            "The posts were grouped with hindsight: later posts helped to tell this narrative apart, so on the day "
            "itself it may have been harder to see."
        )
    return found + steadiness.caveats(measured)


def collected(collection: Collection, *, begin: datetime, start: datetime, end: datetime) -> list[str]:
    """Holes and spikes of the collection that overlap the window [start, end) or its baseline [begin, start).

    Each hole changes the figures in its own way; spikes all in one, so these share a sentence.
    """
    holes, spikes = (
        found[(found["start"] < end) & (found["end"] > begin)].sort_values("start", ascending=False)
        for found in (collection.holes, collection.spikes)
    )
    told = [_hole(row, start=start) for row in holes.head(MOST).to_dict("records")]
    if len(holes) > MOST:
        more = words.count(len(holes) - MOST, "more hole")
        told.append(f"The collection has {more} in the time compared; the page Snapshots lists them.")
    return told + ([_spikes(spikes, start=start)] if len(spikes) else [])


def _about_volume(narrative: Mapping[str, Any], unit: str) -> list[str]:
    found = []
    top, now = (_figure(narrative, key) for key in ("top_author_share", "now_authors"))
    if top >= MOSTLY_ONE_ACCOUNT:
        found.append(f"One account wrote {words.percent(top)} of its posts.")
    if 0 < now < A_HANDFUL and words.status(narrative) == words.EMERGING:
        few = words.count(now, unit[:-1])
        found.append(f"Few are behind it so far: {few} in the window. A small group can be a coincidence.")
    return found


def _about_copies(evidence: Evidence) -> list[str]:
    """That copies make the volume, of the window or of all its posts; what that can be is said once."""
    now, ever = _copied_now(evidence.makeup, evidence.unit), _copied(evidence.narrative)
    all_now = evidence.makeup.posts == evidence.narrative.get("n_posts")
    found: list[str] = []
    for said, meaning in [now] if all_now else [now, ever]:
        if said:
            found.append(said if any(meaning in other for other in found) else f"{said} {meaning}".strip())
    return found


def _copied_now(makeup: Makeup, unit: str) -> tuple[str, str]:
    """That copies, reposts and copies, or one text make the window's posts, and what that can be; else empty."""
    most, told = max(MOSTLY_COPIES * makeup.posts, 2), makeup.reposts + makeup.unmarked
    largest = _largest(makeup, unit)
    then = f"; {largest}" if largest else ""
    posts = f"of its {words.number(makeup.posts)} posts"
    if makeup.unmarked >= most:
        unmarked = f"{words.number(makeup.unmarked)} {posts} are copies without a mark as reposts"
        return f"In the window, {unmarked}{then}.", COPIES_CAN_BE
    if told >= most:
        also = f" or copies without that mark ({words.number(makeup.unmarked)})" if makeup.unmarked else ""
        reposts = f"marked reposts ({words.number(makeup.reposts)}){also}" if also else "marked reposts"
        return f"In the window, {words.number(told)} {posts} are {reposts}{then}.", REPOSTING_IS
    return (f"In the window, {largest}.", "") if makeup.largest >= most else ("", "")


def _largest(makeup: Makeup, unit: str) -> str:
    """What part of the window's posts is its most posted text, in words; empty where none came twice."""
    if makeup.largest < 2:
        return ""
    marked = f", {repeats.marked(makeup.largest_reposts)}" if makeup.largest_reposts else ""
    by = f", by {words.count(makeup.largest_accounts, 'account')}" if unit == "accounts" else ""
    return f"{words.number(makeup.largest)} of the {words.count(makeup.posts, 'post')} are one text{marked}{by}"


def _copied(narrative: Mapping[str, Any]) -> tuple[str, str]:
    """The same of all its posts; a run that does not tell reposts and copies apart calls both copies."""
    told = not pd.isna(narrative.get("repost_share", float("nan")))
    reposts = _figure(narrative, "repost_share")
    copies = _figure(narrative, "unmarked_copy_share" if told else "copy_share")
    size = (
        f"{words.count(narrative.get('n_posts'), 'post')} in "
        f"{words.count(narrative.get('n_messages'), 'different wording')}"
    )
    if copies >= MOSTLY_COPIES:
        marks = "without a mark as reposts" if told else "or reposts, which this run does not tell apart"
        return f"{words.percent(copies)} of its posts are copies {marks} ({size}).", COPIES_CAN_BE
    if reposts + copies >= MOSTLY_COPIES:
        also = f" and {words.percent(copies)} copies without that mark" if copies else ""
        return f"{words.percent(reposts)} of its posts are marked reposts{also} ({size}).", REPOSTING_IS
    return "", ""


def _about_baseline(narrative: Mapping[str, Any], window: Window) -> list[str]:
    bins = int(narrative.get("base_bins") or 0)
    if words.status(narrative) == "not testable" or bins >= min(SHORT_BASELINE, window.bins):
        return []
    return [
        f"The comparison rests on {words.length(bins * window.length)} only, all that the snapshot holds before the "
        "window; a weekday or one news event can look like growth."
    ]


def _about_collecting(narrative: Mapping[str, Any], window: Window, collection: Collection) -> list[str]:
    begin = window.start - int(narrative.get("base_bins") or 0) * window.length
    return collected(collection, begin=begin, start=window.start, end=window.as_of)


def _hole(row: Mapping[Any, Any], *, start: datetime) -> str:
    effect = "what was posted then is not counted" if row["end"] > start else "the comparison rests on less"
    return f"The collection has no posts {_between(row, start=start)}: {effect}."


def _spikes(spikes: pd.DataFrame, *, start: datetime) -> str:
    """The only spike, or how many there are and the largest."""
    largest = spikes.sort_values("posts", ascending=False, kind="stable").iloc[0].to_dict()
    said = f"{words.count(largest['posts'], 'post')} {_between(largest, start=start)}"
    if len(spikes) == 1:
        return f"The collection has {said}: an event, or something that was collected twice."
    inside = int((spikes["end"] > start).sum())
    return (
        f"The collection has {words.count(len(spikes), 'spike')} in the time compared, {inside or 'none'} of them in "
        f"the window: events, or something that was collected twice. The largest: {said}. The page Snapshots lists "
        "them."
    )


def _between(row: Mapping[Any, Any], *, start: datetime) -> str:
    """When a hole or a spike was, on which side of the window's start, and what was usual."""
    in_window, in_baseline = row["end"] > start, row["start"] < start
    where = "window and baseline" if in_window and in_baseline else "the window" if in_window else "the baseline"
    between = f"between {words.when(row['start'])} and {words.when(row['end'])}, inside {where}"
    return f"{between}, where {words.number(row['usual'])} were usual"


def _about_gaps(narrative: Mapping[str, Any], unit: str) -> list[str]:
    found = []
    if unit == "messages":
        found.append(
            "The file names no authors, so different messages are counted instead of accounts: one person writing "
            "many versions would look like many people."
        )
    reach = narrative.get("reach")
    if reach is None or pd.isna(reach):
        found.append("Reach is unknown: the file has no view counts.")
    return found


def _about_languages(languages: pd.DataFrame, *, has_languages: bool) -> list[str]:
    if not has_languages:
        return ["Languages are unknown: the file does not name them."]
    unknown, total = languages.loc[languages["lang"] == "und", "posts"].sum(), languages["posts"].sum()
    share = unknown / total if total else 0.0
    return [f"The language of {words.percent(share)} of its posts is unknown."] if share >= OFTEN_UNKNOWN else []


def _figure(narrative: Mapping[str, Any], key: str) -> float:
    """A figure of a narrative, 0 where it is unknown."""
    value = narrative.get(key)
    return 0.0 if value is None or pd.isna(value) else float(value)
