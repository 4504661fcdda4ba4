"""Since when and how large, in words: the wave that is in the window first, the life of the narrative second.

`dated` names the end of the window instead of "last".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explore.narratives.evidence import Evidence
from explore.narratives.outside import Outside
from explore.narratives.wave import Wave
from explore.narratives.windows import Window
from explore.present import words
from explore.present.redaction import apart

NAMED = 5  # telling words that a sentence names


def wave(evidence: Evidence, *, dated: bool = False) -> str:
    """Since when, how many posts and accounts it has in the window, and how many more speak of it elsewhere; empty
    without times."""
    told, window = evidence.wave, evidence.window
    if told is None or window is None:
        return ""
    return f"{since(told)} {size(told, evidence.outside, window, evidence.unit, dated=dated)}"


def since(told: Wave) -> str:
    """When the wave began, and between which moments: "Since 6 Oct 2016 04:10 UTC (between 03:50 and 04:30)."."""
    if told.onset is None:
        return "No clear beginning of a wave." if told.posts else "No wave."
    if told.onset == told.first_at:
        return f"Since its first post, {words.when(told.onset)}{_between(told)}."
    return f"Since {words.when(told.onset)}{_between(told)}."


def size(told: Wave, elsewhere: Outside | None, window: Window, unit: str, *, dated: bool = False) -> str:
    """Posts, accounts and views in the window, and the range of all accounts that posted of it."""
    span = words.length(window.length)
    begin = f"In the {span} to {words.when(window.as_of)}" if dated else f"In the last {span}"
    if not told.posts:
        return f"{begin}: no post."
    by = f" by {words.count(told.units, unit[:-1])}" if unit == "accounts" else ""
    seen = "" if told.views is None else f", seen {words.count(told.views, 'time')}"
    return f"{begin}: {words.count(told.posts, 'post')}{by}{seen}{_in_all(elsewhere, unit)}."


def life(narrative: Mapping[str, Any], told: Wave | None, unit: str) -> str:
    """How large it is in its whole life, and that it is older than its wave where it is."""
    whole = f"{words.size(narrative, unit)} {words.since(narrative)}"
    if narrative.get("item_id"):  # of a text, link, tag or word no more is known
        return f"In the window and its baseline: {whole}"
    if told is None:
        return whole
    if told.posts == told.life_posts:
        return f"That is its whole life: {whole}"
    share = f"{words.percent(told.share_of_life)} of its posts are in the window"
    older = "The narrative itself is older" if told.is_older else "All of its life"
    return f"{older} ({share}): {whole}"


def explained(evidence: Evidence) -> list[tuple[str, str]]:
    """How the beginning was found and what was counted elsewhere, name and sentences; nothing without times."""
    told = evidence.wave
    if told is None:
        return []
    counted = _counted(evidence.outside)
    return [("Since when", _found(told, evidence.unit)), *([("In all", counted)] if counted else [])]


def _found(told: Wave, unit: str) -> str:
    """How the beginning was found."""
    if told.onset is not None and told.onset == told.first_at:
        return "The file goes back further, and this is the first post of it."
    looked = f"Its {unit} every {words.length(told.step)} of window and baseline, beside how much everybody posted:"
    if told.onset is None:
        return f"{looked} no moment from which on they are clearly more, or they were so from the start."
    return (
        f"{looked} the most likely moment at which they rose; that it lies between the two times holds in about 95 of "
        "100 cases, for a rise that is sudden. Shown is the first post since then."
    )


def _counted(elsewhere: Outside | None) -> str:
    """By which words and links posts elsewhere were counted; empty where there are none."""
    if elsewhere is None or not (elsewhere.words or elsewhere.links):
        return ""
    shown = ", ".join(map(apart, elsewhere.words[:NAMED]))
    links = words.count(len(elsewhere.links), "link") if elsewhere.links else ""
    by = words.listed([part for part in (f"the words {shown}" if shown else "", links) if part])
    return (
        f"Posts outside this narrative were counted by what is much more frequent in it than elsewhere: {by}. The low "
        "figure takes those with such a link or two such words, the high one those with any; some of these are about "
        "something else."
    )


def _between(told: Wave) -> str:
    low, high = told.onset_low, told.onset_high
    if low is None or high is None or low == high:
        return ""
    one_day = low.date() == high.date() == told.onset.date() if told.onset else False
    clock = "%H:%M" if one_day else "%-d %b %H:%M"
    return f" (between {low:{clock}} and {high:{clock}})"


def _in_all(elsewhere: Outside | None, unit: str) -> str:
    if elsewhere is None or not (elsewhere.words or elsewhere.links):
        return "; nothing tells of it elsewhere"
    low, high = elsewhere.low_units, elsewhere.high_units
    if not elsewhere.high_posts:
        return "; no post elsewhere has its telling words or links"
    many = words.number(low) if low == high else f"{words.number(low)} to {words.number(high)}"
    posted = f"{unit} posted of it in all" if unit == "accounts" else f"different {unit} speak of it in all"
    more = elsewhere.low_posts, elsewhere.high_posts
    extra = words.number(more[0]) if more[0] == more[1] else f"{words.number(more[0])} to {words.number(more[1])}"
    return f"; {many} {posted}, with {extra} more posts outside this narrative"
