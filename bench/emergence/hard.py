"""Small and slow events among real accounts: whether a row of the list is about them within a day or two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from detection import EVENT_SHARE, TOP
from numpy.typing import NDArray
from replays import Event, Replay

from explore.narratives import items, ranking, stories
from explore.narratives.run import Run
from explore.narratives.windows import Window
from explore.posts.snapshots import Snapshot

LOOKS = 12
HOURS_TO_FIND, SLOW_HOURS_TO_FIND = 24, 48
OWN_POSTS = 3  # of the event in the window: fewer make no narrative its own
NARRATIVE, STORY = "narrative", "story"
LISTS = {"narratives": (NARRATIVE,), "stories": (STORY,)}

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Row:
    """A row that a person sees: what it lists, whether it is flagged, and its posts in the window, as positions in the
    run's timeline."""

    kind: str
    label: str
    flagged: bool
    posts: Ints


def rows_of(run: Run, snapshot: Snapshot, window: Window) -> list[Row]:
    """Every row of the list as of `window`, in its order: the stories, then the narratives.

    The only place that knows what is listed: rows of another kind go in here, and into LISTS.
    """
    table = ranking.emerging(run, window)
    line = run.timeline
    inside = np.flatnonzero((line.at >= _micros(window.start)) & (line.at < _micros(window.as_of)))
    rows = [
        Row(NARRATIVE, str(label), bool(flagged), inside[line.narrative[inside] == narrative])
        for narrative, label, flagged in table[["narrative_id", "label", "flagged"]].itertuples(index=False)
    ]
    return [*_stories(run, snapshot, window, table), *rows]


def _stories(run: Run, snapshot: Snapshot, window: Window, table: pd.DataFrame) -> list[Row]:
    emerging = table.loc[table["flagged"], "narrative_id"].tolist()
    beside = items.items(run, snapshot, window, emerging=emerging)
    told = stories.stories(run, window, narratives=table, items=beside)
    place = pd.Series(np.arange(len(run.rows)), index=run.rows)
    flagged = told.findings.groupby("story")["flagged"].any()
    return [
        Row(STORY, str(row["label"]), bool(flagged[row["story"]]), place.loc[told.posts[i]].to_numpy(dtype=np.int64))
        for i, row in enumerate(told.findings.to_dict("records"))
        if row["is_head"]
    ]


def outcomes(run: Run, snapshot: Snapshot, replay: Replay) -> pd.DataFrame:
    """One row an event and list of LISTS.

    Columns: replay, event, size, hours (over which it is spread), list, found (hours after its first post; null =
    not within a day, two for a slow one), label (of the row that found it), own (whether any narrative ever was about
    it), best (largest share of its posts in one narrative), unheld (share in none), looks, wrong (flagged rows about no
    event, at all looks), told (its posts at the last look).
    """
    posts = pd.read_parquet(run.folder / "posts.parquet", columns=["post_id", "created_at"])
    ids = posts.loc[posts["created_at"].notna(), "post_id"]
    belongs = {event.name: ids.str.startswith(f"{event.name}:").to_numpy() for event in replay.events}
    return pd.concat(
        [_event_outcomes(run, snapshot, replay, event, belongs) for event in replay.events], ignore_index=True
    )


def _event_outcomes(
    run: Run, snapshot: Snapshot, replay: Replay, event: Event, belongs: dict[str, NDArray[np.bool_]]
) -> pd.DataFrame:
    own, line = belongs[event.name], run.timeline
    first = pd.to_datetime(int(line.at[own].min()), unit="us", utc=True).to_pydatetime()
    step = (SLOW_HOURS_TO_FIND if event.slow else HOURS_TO_FIND) // LOOKS
    hours = [step * (i + 1) for i in range(LOOKS)]
    seen = [rows_of(run, snapshot, Window(first + timedelta(hours=hour))) for hour in hours]
    held = line.narrative[own]
    told = {
        "replay": replay.name,
        "event": event.name,
        "size": event.size,
        "hours": event.hours,
        "own": any(_own(row, own) for rows in seen for row in rows),
        "best": np.bincount(held[held >= 0], minlength=1).max() / event.size,
        "unheld": float((held < 0).mean()),
        "told": int(own[line.at < _micros(first + timedelta(hours=hours[-1]))].sum()),
        "looks": LOOKS,
    }
    anything = np.logical_or.reduce(list(belongs.values()))
    return pd.DataFrame(
        [told | {"list": name} | _listed(seen, kinds, hours, own, anything) for name, kinds in LISTS.items()]
    )


def _listed(
    seen: Sequence[Sequence[Row]], kinds: Sequence[str], hours: Sequence[int], own: NDArray[np.bool_],
    anything: NDArray[np.bool_],
) -> dict[str, object]:  # fmt: skip
    """When the event was among the first rows of the list that shows these kinds, and what else was flagged there."""
    lists = [[row for row in rows if row.kind in kinds] for rows in seen]
    about = [[row for row in rows[:TOP] if row.flagged and _is_about(row, own)] for rows in lists]
    wrong = sum(row.flagged and not _is_about(row, anything) for rows in lists for row in rows)
    at = next((i for i, rows in enumerate(about) if rows), None)
    if at is None:
        return {"found": np.nan, "label": "", "wrong": wrong}
    return {"found": float(hours[at]), "label": f"{about[at][0].kind}: {about[at][0].label}", "wrong": wrong}


def _is_about(row: Row, event: NDArray[np.bool_]) -> bool:
    """Whether enough of the row's posts in the window are the event's."""
    mine = int(event[row.posts].sum())
    return mine > 0 and mine >= EVENT_SHARE * len(row.posts)


def _own(row: Row, event: NDArray[np.bool_]) -> bool:
    """Whether the row is a narrative about the event, flagged or not."""
    return row.kind == NARRATIVE and int(event[row.posts].sum()) >= OWN_POSTS and _is_about(row, event)


def table(found: pd.DataFrame) -> pd.DataFrame:
    """Per size and speed: events, how many are found in which list, and how many had a narrative of their own."""
    rows = [_counted(part, size=size, hours=hours) for (size, hours), part in found.groupby(["size", "hours"])]
    return pd.DataFrame([*rows, _counted(found, size="all", hours="")])


def _counted(part: pd.DataFrame, *, size: object, hours: object) -> dict[str, object]:
    events = part.drop_duplicates(["replay", "event"])
    row: dict[str, object] = {"size": size, "over hours": hours, "events": len(events)}
    for name in LISTS:
        row[f"found, {name}"] = int(part.loc[part["list"] == name, "found"].notna().sum())
    row["a narrative of their own"] = int(events["own"].sum())
    for name in LISTS:
        mine = part[part["list"] == name]
        row[f"wrong rows a look, {name}"] = round(mine["wrong"].sum() / mine["looks"].sum(), 2)
    return row


def each(found: pd.DataFrame) -> pd.DataFrame:
    """One row an event: when it was found in which list, and where its posts lie."""
    told = ["replay", "event", "size", "hours", "told", "own", "best", "unheld"]
    shown = found.drop_duplicates(["replay", "event"])[told].round(2).reset_index(drop=True)
    for name in LISTS:
        mine = found[found["list"] == name].reset_index(drop=True)
        shown[f"found, {name}"] = mine["found"]
    shown["row"] = mine["label"]
    return shown.rename(columns={"hours": "over hours", "told": "posts by then", "best": "largest share in one"})


def _micros(moment: object) -> int:
    return int(pd.Timestamp(moment).value // 1000)  # type: ignore[arg-type]
