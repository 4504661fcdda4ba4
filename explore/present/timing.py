"""When a narrative began, when it would have been flagged, and where it went, in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from explore.narratives.jumps import FEWEST, Jumps
from explore.narratives.replay import Detection
from explore.present import words
from explore.present.redaction import calm, domain

KINDS = {"language": "language", "region": "region", "link": "link", "media": "media item"}
NAMED = 4  # languages or regions that a sentence names
SAID_UNKNOWN = 0.05  # share of posts of unknown language from which on it is said


def detected(found: Detection, unit: str) -> str:
    """First post, tenth account and first flag in one line; that the narratives are hindsight's is said.

    Time to the flag counts from the beginning of the wave that was flagged; where that is not the first post of the
    narrative's life, this comes last.
    """
    one = unit[:-1]
    tenth = f"tenth {one} {later(found.tenth_at - found.first_at)}" if found.tenth_at else f"fewer than ten {unit}"
    life = f"{words.when(found.first_at)} · {tenth}"
    if found.onset is None or found.onset == found.first_at:
        return f"First post {life} · {_flagged(found)}"
    return f"Wave since {words.when(found.onset)} · {_flagged(found)} · first post of its life {life}"


def _flagged(found: Detection) -> str:
    every = f"looked at every {words.length(found.step)}"
    if found.is_cut:
        every += f" since {words.when(found.since)}"
    hindsight = "hindsight: with narratives formed from all posts of the run"
    if found.flagged_at is None:
        return f"not flagged in any of {words.count(found.looks, 'look')} ({every}; {hindsight})"
    still = found.last_flagged_at == found.until
    now = f"{'still' if still else 'no longer'} flagged as of {words.when(found.until)}"
    looks = words.count(found.looks, "look")
    last = "" if still else f", last on {words.when(found.last_flagged_at)}"
    often = f"{last}, and in {words.number(found.flagged_looks)} of {looks} in all"
    if found.flagged_looks == 1:
        often = f", in that look alone of {looks}"
    flag = found.wave_flagged_at or found.flagged_at
    if found.is_cut and flag == found.since:
        return f"{now}: was so already at the first look, {words.when(found.since)}{often} ({every}; {hindsight})"
    earlier = f"; an earlier wave on {words.when(found.flagged_at)}" if flag > found.flagged_at else ""
    at = f"{_after(flag, found)}on {words.when(flag)}{earlier}"
    return f"{now}: would first have been flagged {at}{often} ({every}; {hindsight})"


def _after(flag: datetime, found: Detection) -> str:
    """How long after the wave began that was flagged; nothing where it has no clear beginning."""
    if found.onset is None or flag <= found.onset:
        return ""
    return f"{lapse(flag - found.onset)} after {'its first post' if found.onset == found.first_at else 'it began'}, "


def spread(jumps: Jumps, unit: str) -> list[str]:
    """Where it went, one sentence a kind; languages and regions by name, with times. Region names are the file's."""
    return [said for kind in KINDS if (said := _spread(jumps, kind, unit))]


def _spread(jumps: Jumps, kind: str, unit: str) -> str:
    places = jumps.places[jumps.places["kind"] == kind]
    stray = jumps.stray.get(kind, 0)
    if places.empty and (not stray or kind in ("link", "media")):
        return ""
    noun, three = KINDS[kind], f"{FEWEST} {unit}"
    if places.empty:
        return f"No {noun} has {three} that posted it there.{_unknown(jumps, kind)}"
    if kind in ("link", "media"):
        verb = "was" if len(places) == 1 else "were"
        return f"{words.count(len(places), noun)} {verb} posted by {three} or more; the table says when."
    return f"{_named(places, kind, three)}{_left(kind, stray)}{_unknown(jumps, kind)}"


def _named(places: pd.DataFrame, kind: str, three: str) -> str:
    """Who came first, and how much later the others: by the third account, so that one stray post is no jump."""
    first = places.iloc[0]
    name, at = _value(kind, first["value"]), words.when(first["reached_at"])
    if len(places) == 1:
        return f"{three} had posted it in {name} by {at}; no other {KINDS[kind]} has as many."
    others = [
        f"in {_value(kind, row['value'])} {later(row['reached_at'] - first['reached_at'])}"
        for row in places.iloc[1:NAMED].to_dict("records")
    ]
    more = f", and in {words.number(len(places) - NAMED)} more after that" if len(places) > NAMED else ""
    return f"{three} had posted it in {name} by {at}, {words.listed(others)}{more}."


def _left(kind: str, stray: int) -> str:
    if not stray:
        return ""
    return f" Left out: {words.count(stray, KINDS[kind])} with fewer."


def _unknown(jumps: Jumps, kind: str) -> str:
    share = jumps.unknown.get(kind, 0)
    return f" The {KINDS[kind]} of {words.percent(share)} of the posts is unknown." if share >= SAID_UNKNOWN else ""


def places(jumps: Jumps, *, masked: bool = False) -> pd.DataFrame:
    """The table beside the sentences: kind, value, units, posts, first_at, reached_at (UTC), after (in words, since the
    first of its kind). Values are what the file says; `masked` leaves only the domain of a link."""
    rows = []
    for row in jumps.places.to_dict("records"):
        same = jumps.places.loc[jumps.places["kind"] == row["kind"], "reached_at"]
        after = row["reached_at"] - same.iloc[0]
        rows.append(
            {
                "kind": KINDS[row["kind"]].capitalize(),
                "value": _masked(row) if masked else _value(row["kind"], row["value"]),
                "units": row["units"],
                "posts": row["posts"],
                "first_at": row["first_at"],
                "reached_at": row["reached_at"],
                "after": later(after) if after else "first",
            }
        )
    return pd.DataFrame(rows, columns=["kind", "value", "units", "posts", "first_at", "reached_at", "after"])


def lapse(time: timedelta) -> str:
    """A time that went by: "12 min", "5 h", "3.4 h", "2.5 days"."""
    hours = time / timedelta(hours=1)
    if hours < 59.5 / 60:
        return f"{round(hours * 60)} min"
    if hours < 48:
        return f"{_tenth(hours)} h"
    return f"{_tenth(hours / 24)} days"


def later(time: timedelta) -> str:
    """How much later, "at the same time" within the minute."""
    return f"{lapse(time)} later" if time >= timedelta(minutes=1) else "at the same time"


def _tenth(amount: float) -> str:
    rounded = round(amount, 1) if amount < 10 else round(amount)
    return f"{rounded:,.0f}" if rounded == round(rounded) else f"{rounded:.1f}"


def _value(kind: str, value: Any) -> str:
    return words.language(value) if kind == "language" else calm(str(value))


def _masked(row: dict[Any, Any]) -> str:
    return calm(f"{domain(str(row['value']))}/…") if row["kind"] == "link" else _value(row["kind"], row["value"])
