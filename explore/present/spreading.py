"""How a narrative spread, as plain sentences: figures of what was posted, never a verdict on who posted it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pandas as pd

from explore.narratives.cosharing import BURST_GAP, FEWEST_CO_SHARES, FEWEST_IN_BURST, Pace
from explore.narratives.emergence import LEVEL
from explore.narratives.spread import Spread
from explore.present import repeats, words

NOUNS = {"message": "text", "link": "link", "tags": "set of tags", "media": "sound or picture"}
LACKING = {
    "accounts": "The file names no accounts, so nobody can say who posted the same thing as whom.",
    "times": "The file has no times, so nobody can say what was posted together.",
    "precision": "The times are to the hour or the day. To tell what was posted together takes minutes or seconds.",
    "version": "This run was made by an earlier version, which did not look at this. Explore the snapshot again.",
}


def makeup(spread: Spread) -> str:
    """What the posts are: copies, reposts and the rest."""
    if spread.lacks == "version":
        return ""
    said = f"Of {words.count(spread.posts, 'post')}"
    if spread.lacks is None:
        said += f", {_few(spread.copies)} say the same as another account's post"
    if spread.reposts == 0:
        marked = f"none begins with {repeats.REPOST}"
        return f"{said}{' and ' if spread.lacks is None else ', '}{marked}."
    by = f" by {words.count(spread.reposters, 'account')}" if spread.reposters else ""
    counted = " Reposting is ordinary sharing and is not counted as saying the same." if spread.lacks is None else ""
    return f"{said}{'; ' if spread.lacks is None else ', '}{_few(spread.reposts)} are reposts (“RT @…”){by}.{counted}"


def together(spread: Spread) -> str:
    """How often the same thing came close together, and how often chance brings that about."""
    if spread.pace is None:
        return LACKING[spread.lacks or "version"]
    what, close = "the same thing (text, link, tags or media)", closeness(spread.pace)
    if spread.chances == 0:
        return f"No two accounts posted {what} in the same {span(_stretch(spread.pace))}."
    another = f"{close} {'as' if spread.pace.near == 0 else 'after'} another account"
    if spread.followed == 0:
        posted = f"No account posted {what} {another}"
    else:
        times = "Once" if spread.followed == 1 else f"{words.number(spread.followed)} times"
        posted = f"{times} an account posted {what} {another}"
    return f"{posted}; by chance {amount(spread.expected)} would be expected. {_certainty(spread)}"


def burst(row: Mapping[str, Any], pace: Pace) -> str:
    """One item by many accounts in a short time: "14 accounts posted this text within 90 seconds, from 12 Sep …"."""
    took = lasted(row, pace)
    dense = took >= timedelta(minutes=2) and row["busiest"] > 2
    busiest = f"; {words.number(row['busiest'])} of them in one minute" if dense else ""
    what = f" this {NOUNS[row['kind']]}"
    again = f" ({words.count(row['posts'], 'post')})" if row["posts"] > row["accounts"] else ""
    posted = f"{words.count(row['accounts'], 'account')} posted{what} within {span(took)}{again}"
    return f"{posted}, from {words.when(row['start'])}{busiest}."


def lasted(row: Mapping[str, Any], pace: Pace) -> timedelta:
    """The longest that a burst can have taken: the last post may have come at the end of its minute or second."""
    between: timedelta = pd.Timedelta(row["end"] - row["start"]).to_pytimedelta()
    return between + pace.unit if pace.unit > timedelta(seconds=1) else max(between, pace.unit)


def pair(row: Mapping[str, Any], pace: Pace) -> str:
    """What two accounts posted together, as a sentence about the posts."""
    return (
        f"{row['account']} and {row['partner']} posted the same thing {closeness(pace)}"
        f"{'' if pace.near == 0 else ' of each other'} {words.number(row['co_shares'])} times; by chance "
        f"{amount(row['expected'])} would be expected."
    )


def again(spread: Spread) -> str:
    """How many pairs of accounts did so more than once, and how many of them elsewhere too."""
    if spread.pace is None:
        return ""
    rule = f"at least {FEWEST_CO_SHARES} different things {closeness(spread.pace)}"
    if spread.n_pairs == 0:
        return f"No two accounts posted {rule}."
    elsewhere = int((spread.pairs["narratives"] > 1).sum())
    listed = f"the {len(spread.pairs)} with most" if spread.n_pairs > len(spread.pairs) else "these"
    those = f" {words.number(elsewhere)} of {listed} did so in other narratives as well." if elsewhere else ""
    subject = "One pair of accounts" if spread.n_pairs == 1 else f"{words.number(spread.n_pairs)} pairs of accounts"
    return f"{subject} posted {rule}.{those}"


def limits(pace: Pace) -> list[str]:
    """What could fool these figures, and the thresholds behind them."""
    fooled = [
        "Tools that post at a set time, news feeds and automatic share buttons bring about the same picture. Posting "
        "together is no proof of an agreement, and posting apart is no proof of none.",
        f"“By chance” means: had each of these posts come at a random moment of the same {span(_stretch(pace))}. "
        "A busy hour or a piece of news is allowed for; a rush of reactions that is over sooner is not.",
        "Posts that were collected by keyword are part of what an account posted: who seems alike here may differ "
        "elsewhere. What marks a repost is “RT @…” at the beginning of its text and nothing else: reposts, boosts and "
        "forwards that a file marks in another column, or not at all, look like copies.",
        f"Listed are bursts of {FEWEST_IN_BURST} accounts or more, with no pause over {words.length(BURST_GAP)}, and "
        f"pairs of accounts with {FEWEST_CO_SHARES} different things or more.",
    ]
    if pace.unit == timedelta(minutes=1):
        fooled.insert(0, "The times are to the minute: two posts of one minute may be up to 60 s apart.")
    return fooled


def closeness(pace: Pace) -> str:
    """ "within 10 s" or "in the same minute"."""
    return f"within {pace.near * pace.unit.seconds} s" if pace.near else "in the same minute"


def span(td: timedelta) -> str:
    """A duration with seconds where it is short: "90 seconds", "71 min", "5.2 h"."""
    if td == timedelta(minutes=1):
        return "one minute"
    if td < timedelta(minutes=2):
        return words.count(max(1, round(td.total_seconds())), "second")
    return words.length(td) if td < timedelta(hours=3) else f"{td / timedelta(hours=1):.1f} h"


def amount(expected: float) -> str:
    """An expected count; never a false none."""
    return "less than 0.1" if expected < 0.05 else words.number(round(expected, 1))


def _certainty(spread: Spread) -> str:
    if spread.q is None:
        return "That is too little to test."
    if spread.q > LEVEL:
        return "Over the whole run, this narrative shows no more of that than chance explains."
    return (
        "Over the whole run, that is more than chance explains: of all narratives that stand out as clearly, at most "
        f"{words.one_in(spread.q)} is expected to be a false alarm."
    )


def _stretch(pace: Pace) -> timedelta:
    return pace.stretch * pace.unit


def _few(n: int) -> str:
    return words.number(n) if n else "none"
