"""Large events of the outside world, written down before anyone looked whether the data hold them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from calibration import Window
from detection import EVENT_SHARE, TOP, explored_posts
from numpy.typing import NDArray
from replays import thinned

from explore.narratives import ranking
from explore.narratives.run import Run
from explore.settings import Workspace

IRA, TELEGRAM = "ira_1m", "telegram_200k"
DAYS_BEFORE = {IRA: 14, TELEGRAM: 60}
WINDOW_HOURS = {IRA: (24,), TELEGRAM: (24, 72)}
BASELINE_WINDOWS = 7
HOURS_AFTER = (24, 48)
FEWEST_ACCOUNTS = 5  # fewer that tell of an event are a conversation
READ = 20  # flags that anybody reads
FEWEST_POSTS = 500  # fewer around an event tell nothing


@dataclass(frozen=True)
class OutsideEvent:
    """`moment`: UTC, when it was news. `words`: alternatives in lower case; each is one or more beginnings of words
    that a post about the event holds, all of them where there are several."""

    name: str
    data: str
    moment: datetime
    words: tuple[str, ...]


def _event(data: str, moment: str, name: str, *words: str) -> OutsideEvent:
    return OutsideEvent(name, data, datetime.fromisoformat(moment).replace(tzinfo=UTC), words)


# From memory, without a look at the posts. Neither list was changed afterwards for what was found or missed.
EVENTS: tuple[OutsideEvent, ...] = (
    _event(IRA, "2016-08-14 01:00", "Unrest in Milwaukee", "milwaukee"),
    _event(IRA, "2016-08-24 02:00", "Earthquake of Amatrice", "amatrice", "italy earthquake", "землетряс итал"),
    _event(IRA, "2016-09-11 14:00", "Clinton collapses", "pneumonia", "hillaryshealth", "hillary health", "пневмони"),
    _event(IRA, "2016-09-18 00:45", "Bomb in Chelsea, New York", "chelsea", "rahami", "new york explosion", "nyc bomb"),
    _event(
        IRA, "2016-09-21 00:00", "Unrest in Charlotte", "charlotte", "keithlamontscott", "keith scott", "keithscott"
    ),
    _event(IRA, "2016-09-27 01:00", "First presidential debate", "debate", "дебат"),
    _event(IRA, "2016-10-06 12:00", "Hurricane Matthew", "matthew", "hurricanematthew", "ураган мэтью"),
    _event(IRA, "2016-10-07 20:00", "Access Hollywood tape", "trumptape", "trump tape", "locker room", "billy bush"),
    _event(IRA, "2016-10-28 17:00", "Comey reopens the e-mails", "comey", "fbi email", "weiner", "фбр клинтон"),
    _event(IRA, "2016-11-08 12:00", "US election", "electionday", "electionnight", "election2016", "выборы сша"),
    _event(IRA, "2016-11-26 05:30", "Death of Fidel Castro", "castro", "fidel", "кастро", "фидел"),
    _event(IRA, "2016-12-19 16:15", "Ambassador Karlov shot", "karlov", "карлов", "ambassador russia", "посол турци"),
    _event(
        IRA, "2016-12-19 19:15", "Berlin Christmas market", "berlin", "breitscheidplatz", "берлин", "weihnachtsmarkt"
    ),
    _event(
        IRA, "2016-12-25 05:00", "Tu-154 falls near Sochi", "ту-154", "ту154", "tu154", "tu-154", "сочи", "минобороны"
    ),
    _event(IRA, "2017-01-20 15:00", "Inauguration", "inaugur", "инаугурац", "trumpinaugur"),
    _event(IRA, "2017-01-21 15:00", "Women's March", "womensmarch", "women march", "women's march"),
    _event(IRA, "2017-01-28 15:00", "Travel ban", "muslimban", "travelban", "travel ban", "muslim ban", "nobannowall"),
    _event(IRA, "2017-02-05 23:30", "Super Bowl LI", "superbowl", "super bowl", "sb51", "patriots falcons"),
    _event(IRA, "2017-03-22 15:00", "Westminster attack", "westminster", "london attack", "londonattack", "лондон"),
    _event(IRA, "2017-04-03 12:00", "Bomb in the Petersburg metro", "petersburg", "метро", "петербург", "питер"),
    _event(IRA, "2017-04-07 01:30", "US strike on Syria", "syria", "сири", "tomahawk", "томагавк", "syrien"),
    _event(IRA, "2017-05-07 18:00", "Macron elected", "macron", "макрон", "lepen", "le pen"),
    _event(IRA, "2017-05-09 22:00", "Comey dismissed", "comey", "джеймс коми"),
    _event(TELEGRAM, "2020-02-19 22:00", "Hanau", "hanau"),
    _event(TELEGRAM, "2020-03-22 16:00", "First lockdown in Germany", "kontaktverbot", "ausgangssperre", "lockdown"),
    _event(TELEGRAM, "2020-05-29 00:00", "George Floyd, unrest", "floyd", "minneapolis", "antifa riot", "riots"),
    _event(TELEGRAM, "2020-11-04 00:00", "US election 2020", "biden", "wahlbetrug", "us-wahl", "election"),
    _event(TELEGRAM, "2021-01-06 19:00", "Storm on the Capitol", "capitol", "kapitol"),
    _event(TELEGRAM, "2021-07-15 06:00", "Flood in the Ahr valley", "hochwasser", "flut", "ahrweiler", "ahrtal"),
    _event(TELEGRAM, "2021-08-15 12:00", "Fall of Kabul", "kabul", "taliban", "afghan"),
    _event(TELEGRAM, "2022-02-24 03:30", "Invasion of Ukraine", "ukrain", "kiew", "kyiv", "putin"),
    _event(
        TELEGRAM, "2022-09-27 10:00", "Nord Stream blown up", "nord stream", "nordstream", "nord-stream", "pipeline"
    ),
    _event(TELEGRAM, "2023-10-07 05:00", "Attack of Hamas on Israel", "hamas", "israel", "gaza"),
    _event(TELEGRAM, "2024-07-13 22:15", "Shots at Trump", "trump shot", "trump attentat", "assassination", "attentat"),
    _event(TELEGRAM, "2024-12-20 18:15", "Magdeburg Christmas market", "magdeburg"),
    _event(TELEGRAM, "2025-02-23 17:00", "Bundestag election 2025", "bundestagswahl", "btw25", "afd prozent"),
    _event(TELEGRAM, "2025-09-10 19:00", "Charlie Kirk shot", "kirk"),
)


def judged(
    event: OutsideEvent, source: pd.DataFrame, workspace: Workspace, *, granularity: str, most: int
) -> pd.DataFrame:
    """What the product says of an event a day and two days after; one row a moment and window.

    Columns: data, event, hours (after the moment), window (hours), told (accounts with a post about it in the window),
    flagged (whether a row about it is), most (accounts of the largest flagged row about it), rank (1 = first; of the
    first flagged row about it, else of the first row about it; null = no row is about it), state, label, accounts,
    expected and q of that row (state "" and no expected where the product has none), flags (of all narratives),
    narratives. Empty where the source ends before the event or has too few posts. `most`: posts to explore at most.
    """
    posts = posts_around(event, source, most=most)
    if len(posts) < FEWEST_POSTS or posts["created_at"].max() < event.moment:
        return pd.DataFrame()
    name = f"outside-{event.data}-{event.moment:%Y%m%d%H%M}-{most}"
    run = explored_posts(posts, name, workspace, granularity=granularity)
    holds = says(run.messages["text"], event.words)
    rows = [
        _row(event, run, holds, hours=hours, window_hours=window)
        for window in WINDOW_HOURS[event.data]
        for hours in HOURS_AFTER
    ]
    return pd.DataFrame(rows)


def posts_around(event: OutsideEvent, source: pd.DataFrame, *, most: int) -> pd.DataFrame:
    """The posts from some days before the event to two days after it, of fewer accounts where there are too many."""
    since = event.moment - timedelta(days=DAYS_BEFORE[event.data])
    until = event.moment + timedelta(hours=HOURS_AFTER[-1])
    inside = source[source["created_at"].between(since, until, inclusive="left")]
    if len(inside) <= most:
        return inside
    return thinned(inside, np.random.default_rng(int(event.moment.timestamp())), posts=most)


def says(texts: pd.Series, words: tuple[str, ...]) -> NDArray[np.bool_]:
    """Whether each text holds one of the alternatives, as `OutsideEvent.words` explains."""
    lower = texts.str.lower()
    found = np.zeros(len(texts), dtype=np.bool_)
    for alternative in words:
        beginnings = [lower.str.contains(rf"(?<!\w){re.escape(word)}") for word in alternative.split()]
        found |= np.logical_and.reduce(beginnings)
    return found


def _row(
    event: OutsideEvent, run: Run, holds: NDArray[np.bool_], *, hours: int, window_hours: int
) -> dict[str, object]:
    length = timedelta(hours=window_hours)
    window = Window(event.moment + timedelta(hours=hours), length, BASELINE_WINDOWS * length)
    table = ranking.emerging(run, window)
    line = run.timeline.before(window.as_of)
    inside = line.at >= int(window.start.timestamp() * 1e6)
    about = _about(table, line.narrative[inside], holds[line.message[inside]], event.words, k=len(run.narratives))
    told = {"data": event.data, "event": event.name, "hours": hours, "window": window_hours}
    told["told"] = len(np.unique(line.unit[inside & holds[line.message]]))
    counted = {"flags": int(table["flagged"].sum()), "narratives": len(table)}
    if not about.any():
        return told | {"flagged": False, "most": 0, "rank": np.nan, "state": "", "label": ""} | counted
    flagged = about & table["flagged"].to_numpy(dtype=np.bool_)
    best = int(np.flatnonzero(flagged if flagged.any() else about)[0])
    row = table.iloc[best]
    shown = {"flagged": bool(row["flagged"]), "rank": best + 1, "state": row.get("state", ""), "label": row["label"]}
    shown["most"] = table.loc[flagged, "now_authors"].max() if flagged.any() else 0
    shown |= {"accounts": row["now_authors"], "expected": row.get("expected_authors"), "q": row["q_value"]}
    return told | shown | counted


def _about(
    table: pd.DataFrame, narrative: NDArray[np.int64], holds: NDArray[np.bool_], words: tuple[str, ...], *, k: int
) -> NDArray[np.bool_]:
    """Whether each row is about the event: by its label and terms, or by enough of its posts in the window.

    Rows without a post in the window are about nothing.
    """
    posts = np.bincount(narrative[narrative >= 0], minlength=k)[table["narrative_id"]]
    telling = np.bincount(narrative[(narrative >= 0) & holds], minlength=k)[table["narrative_id"]]
    named = says(table["label"] + " " + table["terms"].map(" ".join), words)
    return np.asarray((posts > 0) & (named | (telling >= EVENT_SHARE * posts)))


def table(found: pd.DataFrame) -> pd.DataFrame:
    """One row an event: per window and moment, whether it is flagged, at which rank, of how many flags."""
    cells = found.assign(
        cell=[_cell(row) for row in found.to_dict("records")],
        look=[f"{window} h, +{hours} h" for window, hours in zip(found["window"], found["hours"], strict=True)],
    )
    wide = cells.pivot_table(index=["data", "event"], columns="look", values="cell", aggfunc="first", sort=False)
    return wide.fillna("").reset_index()


def totals(found: pd.DataFrame) -> pd.DataFrame:
    """One row a data set and look, and one for any look, in events: all; told by enough accounts to be found; flagged;
    among the first ten rows; with a third of the accounts that tell of it in one flagged row; unproven; without a row
    about it. Then flags a look, and looks with more flags than anybody reads."""
    marked = found.assign(
        look=[f"{window} h, +{hours} h" for window, hours in zip(found["window"], found["hours"], strict=True)],
        enough_told=found["told"] >= FEWEST_ACCOUNTS,
        first_ten=found["flagged"] & (found["rank"] <= TOP),
        a_third=found["flagged"] & (found["most"] >= EVENT_SHARE * found["told"]),
        unproven=found["state"].eq("unproven"),
        without_row=found["rank"].isna(),
        too_many=found["flags"] > READ,
    )
    per_event = dict.fromkeys(["enough_told", "flagged", "first_ten", "a_third", "unproven"], "max")
    per_event["without_row"] = "min"
    anyhow = marked.groupby(["data", "event"], sort=False).agg(per_event | {"flags": "mean", "too_many": "max"})
    both = pd.concat([marked, anyhow.reset_index().assign(look="any look")])
    sums = both.groupby(["data", "look"], sort=False).agg(
        events=("event", "size"), **{name: (name, "sum") for name in per_event},
        flags=("flags", "mean"), too_many=("too_many", "sum"),
    )  # fmt: skip
    return sums.rename(
        columns={"flags": "flags a look", "too_many": f"looks with more than {READ} flags"}
    ).reset_index()


def _cell(row: dict[str, object]) -> str:
    if pd.isna(row["rank"]):
        return f"no row about it ({row['told']} accounts tell; {row['flags']} flags)"
    verdict = "**yes**" if row["flagged"] else "unproven" if row["state"] == "unproven" else "no"
    place = f"row {row['rank']:.0f} of {row['narratives']}"
    accounts = f"{row['most'] or row['accounts']:.0f} accounts ({row['told']} tell)"
    return f"{verdict}, {place}, {accounts}, {row['flags']} flags"
