"""Where a narrative went: the languages, regions, links and sounds it reached, and when."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

FEWEST = 3  # units that posted it there: one stray post is no jump
KINDS = {"language": "lang", "region": "region", "link": "link", "media": "media_id"}
MOST = 8  # of a kind

_NOWHERE = pd.DataFrame(columns=["kind", "value", "posts", "units", "first_at", "reached_at"])


@dataclass(frozen=True)
class Jumps:
    """Where at least FEWEST units (accounts, or messages where a post names none) posted a narrative.

    places: kind (of KINDS), value, posts, units, first_at (first post there) and reached_at (when the FEWEST-th unit
    had posted it there; UTC); by kind, the earliest reached first, of each kind the MOST with the most units.
    stray: kind -> values that fewer units posted, which are left out. unknown: share of posts whose language (region,
    ...) is not known; for links and media, that carry none.
    """

    places: pd.DataFrame = field(default_factory=lambda: _NOWHERE)
    stray: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, float] = field(default_factory=dict)


def jumps(posts: pd.DataFrame) -> Jumps:
    """Where the posts of a narrative were posted. Columns: created_at (UTC, ascending, null = not counted), author_id,
    message_id, lang, region, link (lists), media_id."""
    timed = posts[posts["created_at"].notna()]
    if timed.empty:
        return Jumps()
    unit = timed["author_id"].where(timed["author_id"].notna(), "message " + timed["message_id"])
    found, stray, unknown = [], {}, {}
    for kind, column in KINDS.items():
        each = pd.DataFrame({"value": timed[column], "unit": unit, "at": timed["created_at"]}).explode("value")
        each = each[each["value"].notna() & (each["value"] != "und")]
        every = _reached(each)
        reached = every[every["units"] >= FEWEST]
        found.append(_most(reached).assign(kind=kind))
        stray[kind] = len(every) - len(reached)
        unknown[kind] = 1 - each.index.nunique() / len(timed)
    return Jumps(pd.concat(found, ignore_index=True)[list(_NOWHERE)], stray, unknown)


def _reached(each: pd.DataFrame) -> pd.DataFrame:
    """One row a value: value, posts, units, first_at, reached_at. `each`: value, unit, at, by time."""
    units = each.drop_duplicates(["value", "unit"])
    third = units[units.groupby("value").cumcount() == FEWEST - 1].set_index("value")["at"]
    groups = each.groupby("value")
    table = groups.agg(posts=("at", "size"), units=("unit", "nunique"), first_at=("at", "min"))
    return table.assign(reached_at=third.reindex(table.index)).reset_index()


def _most(reached: pd.DataFrame) -> pd.DataFrame:
    kept = reached.sort_values(["units", "value"], ascending=[False, True], kind="stable").head(MOST)
    return kept.sort_values(["reached_at", "value"], kind="stable")
