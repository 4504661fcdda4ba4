"""Figures as plain sentences: the same words on every page, in the briefing and on the command line.

A `narrative` is one row of the frame of `narratives.emergence`; missing values (None, NaN, NaT) read as "unknown".
`unit` says what was counted: "accounts", or "messages" where the file names no authors. `window` is None where the
snapshot has no times.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard

import pandas as pd

from explore.narratives.emergence import LEVEL, SHORT_HISTORY, UNPROVEN
from explore.narratives.windows import MIN_BASELINE_WINDOWS, Window
from explore.posts.languages import language_name

EMERGING, JUMP, FADING = "▲ emerging", "△ jump, not proven", "▼ fading"
CHANGED = (EMERGING, JUMP, FADING)  # where chance does not explain the ratio
KNOWN_TO = 1_000


def headline(narratives: pd.DataFrame, window: Window | None, unit: str, *, dated: bool = False) -> str:
    """How many narratives are emerging, and how many of those may be false alarms.

    `narratives`: the frame of `emergence`, flagged or not. `dated` names the end of the window instead of "last".
    """
    total = len(narratives)
    if total == 0:
        return f"No narrative has a post before {when(window.as_of)}." if window else "No narratives were found."
    tested = narratives["testable"].fillna(False).astype(bool)
    if window is None or not tested.any():
        first = narratives.iloc[0]
        return f"{count(total, 'narrative')}, none ranked by growth. {not_testable(first, window, unit)}"
    flagged = int(narratives["flagged"].fillna(False).astype(bool).sum())
    last = f"in the last {length(window.length)} of the file (to {when(window.as_of)})"
    span = _in_window(window, dated=True) if dated else last
    grew = f"{_some(flagged)} of {count(total, 'narrative')} grew beyond what was to be expected {span}"
    jumps = int((narratives["state"] == "unproven").sum())
    if jumps:
        grew += f"; {_some(jumps).lower()} more jumped, but this file's history cannot prove it"
    if flagged == 0:
        return f"{grew}."
    these = "these" if flagged > 1 else "such findings"
    return f"{grew}; at most {one_in(LEVEL)} of {these} is expected to be a false alarm."


def why(narrative: Mapping[str, Any], window: Window | None, unit: str, *, dated: bool = False) -> str:
    """Who posts this now against before, in one sentence, or why that cannot be tested."""
    if window is None:
        return not_testable(narrative, window, unit)
    now = _now(narrative, window, unit, dated=dated)
    if not _true(narrative.get("testable")):
        return f"{now}. {not_testable(narrative, window, unit)}"
    if narrative["now_authors"] == 0 and narrative["base_authors"] == 0:
        return f"{now}, nor {_span_before(narrative, window)}."
    return f"{now}; {_before(narrative, window, unit)}."


def shares(narrative: Mapping[str, Any], unit: str) -> str:
    """How many were to be expected beside how many came, the ratio, and how many are beyond at least; empty where it is
    not testable."""
    if not _true(narrative.get("testable")):
        return ""
    now = count(narrative["now_authors"], unit[:-1])
    known = "who is active and how much each posts" if unit == "accounts" else "how many different messages there are"
    if narrative["base_authors"] == 0:
        low = least(narrative["rate_ratio_low"])
        still = "Even a rate too low to have been seen makes that a growth of at least"
        return f"By {known}, none were to be expected, as none came before; {now} came. {still} {low}."
    ratio = f"{times(narrative['rate_ratio'])} as many (95 % interval {interval(narrative)})"
    came = f"By {known}, {number(narrative['expected_authors'])} were to be expected; {now} came, {ratio}"
    beyond = math.floor(float(narrative["excess_low"]))
    return f"{came}: at least {number(beyond)} beyond that." if beyond >= 1 else f"{came}."


def interval(narrative: Mapping[str, Any]) -> str:
    """The 95 % interval of the growth: "31× to 98×", open above where nobody posted it before; "unknown" if it is."""
    low, high = narrative.get("rate_ratio_low"), narrative.get("rate_ratio_high")
    if not _known(low) or not _known(high):
        return "unknown"
    return f"{least(low)} or more" if narrative.get("base_authors") == 0 else f"{least(low)} to {_upper(high)}"


def in_brief(narrative: Mapping[str, Any], window: Window, unit: str) -> str:
    """`why` in one short line, for a chart's title: "94 accounts in 24 h, before that 1.6 a day"; said where that could
    be chance."""
    now = f"{count(narrative['now_authors'], unit[:-1])} in {length(window.length)}"
    if not _true(narrative.get("testable")):
        return now
    base, bins = int(narrative["base_authors"]), int(narrative["base_bins"])
    before = f"before that {_rate(base / bins)} {per(window.length)}" if base else "none before that"
    return f"{now}, {before}{'' if status(narrative) in CHANGED else ': could be chance'}"


def not_testable(narrative: Mapping[str, Any] | pd.Series, window: Window | None, unit: str) -> str:
    """Why growth cannot be tested: no times, too short a baseline asked for, too little before the window, or nobody
    active."""
    if window is None:
        return "Not testable: the file has no times, so nothing can be said about growth."
    bins = int(narrative.get("base_bins") or 0)
    if bins == window.bins < MIN_BASELINE_WINDOWS:
        needed = length(MIN_BASELINE_WINDOWS * window.length)
        return (
            f"Not testable: a window of {length(window.length)} needs at least {needed} to be compared with, and "
            f"{length(window.baseline)} were asked for."
        )
    if bins < MIN_BASELINE_WINDOWS:
        held = f"only {length(bins * window.length)}" if bins else f"no whole {length(window.length)}"
        return (
            f"Not testable: the snapshot holds {held} before the window; at least {MIN_BASELINE_WINDOWS} windows of "
            f"{length(window.length)} are needed."
        )
    empty = "the window" if not int(narrative.get("now_active") or 0) else "the time before the window"
    return f"Not testable: there is no post at all in {empty}, so {unit} cannot be compared."


def growth(narrative: Mapping[str, Any]) -> str:
    """How much faster than before: "47× (at least 31×)"; empty where nobody posted it now or before.

    "none before, so at least 31×" where nobody did: only the lower bound, against a rate too low to be seen, is a
    finding. Where the lower bound is below 1 both ends are given, because growth is not established.
    """
    ratio, low, high = (narrative.get(key) for key in ("rate_ratio", "rate_ratio_low", "rate_ratio_high"))
    if _silent(narrative):
        return ""
    if not _known(ratio) or not _known(low):
        return "unknown"
    if float(low) < 1:
        return f"{times(ratio)} ({least(low)} to {_upper(high)})" if _known(high) else times(ratio)
    known = f"at least {least(low)}"
    return f"none before, so {known}" if narrative.get("base_authors") == 0 else f"{times(ratio)} ({known})"


def status(narrative: Mapping[str, Any]) -> str:
    """A sign and a word: "▲ emerging", "△ jump, not proven", "no clear change", "▼ fading", "silent" (no post) or "not
    testable"."""
    if narrative.get("state") == UNPROVEN:
        return JUMP
    if not _true(narrative.get("testable")):
        return "not testable"
    if _silent(narrative):
        return "silent"
    if _true(narrative.get("flagged")):
        return EMERGING
    high = narrative.get("rate_ratio_high")
    return FADING if _known(high) and float(high) < 1 else "no clear change"


def certainty(narrative: Mapping[str, Any]) -> str:
    """The q-value in words; says so where nothing could be tested."""
    q = narrative.get("q_value")
    if narrative.get("state") == UNPROVEN:
        return unproven(narrative)
    if not _known(q):
        return "Growth could not be tested."
    if float(q) > LEVEL:
        return f"No growth beyond what chance alone would show among this many {_tested_with(narrative)}."
    if not _true(narrative.get("flagged")):
        return "Not called emerging: its growth is not surely above 1 in the window as well as in its clearest part."
    as_clear = f"{_tested_with(narrative)} as clear as this one"
    return f"Of all {as_clear}, at most {one_in(float(q))} is expected to be a false alarm."


def unproven(narrative: Mapping[str, Any]) -> str:
    """Why a jump is not proved, and what would settle it."""
    jump = "A jump that chance alone does not explain. Not proven:"
    if narrative.get("reason") == SHORT_HISTORY:
        before = f"only {count(int(narrative.get('base_bins') or 0), 'window')} as long lie before it"
        needed = f"and {MIN_BASELINE_WINDOWS} are needed. A longer history or a shorter window settles it."
        return f"{jump} {before}, {needed}"
    return (
        f"{jump} the {_tested_with(narrative)} of this file vary so much from one window to the next that a jump of "
        "this size comes by itself now and then. The next hours, a longer history, or reading its posts settle it."
    )


def _tested_with(narrative: Mapping[str, Any]) -> str:
    """What chance was reckoned over: narratives, or, for what is none, all that is looked at beside them."""
    return "texts, links, tags and words" if narrative.get("item_id") else "narratives"


def size(narrative: Mapping[str, Any], unit: str) -> str:
    """How large it is: posts, messages, accounts and reach as far as they are known."""
    said = f"{count(narrative.get('n_posts'), 'post')} in {count(narrative.get('n_messages'), 'different wording')}"
    if unit == "accounts":
        said += f", by {count(narrative.get('n_authors'), 'account')}"
    reach = narrative.get("reach")
    return f"{said}. {'Reach unknown' if not _known(reach) else 'Seen ' + count(reach, 'time')}."


def since(narrative: Mapping[str, Any]) -> str:
    """First and last post of the narrative in the snapshot."""
    first, last = narrative.get("first_at"), narrative.get("last_at")
    if not _known(first):
        return "The file has no times."
    return f"First seen {when(first)}, last seen {when(last)}."


# Figures and times


def when(ts: datetime | pd.Timestamp | None) -> str:
    """A time in UTC: "17 Aug 2016 16:21 UTC"; times without a zone are taken as UTC."""
    if not _known(ts):
        return "unknown"
    at = pd.Timestamp(ts)
    at = at.tz_localize(UTC) if at.tzinfo is None else at.tz_convert(UTC)
    return f"{at.day} {at:%b} {at.year} {at:%H:%M} UTC"


def length(td: timedelta) -> str:
    """A duration: "24 h", "7 days", "90 min"."""
    hours = td / timedelta(hours=1)
    if hours >= 48:
        days = hours / 24
        return f"{days:.0f} days" if days == round(days) else f"{days:.1f} days"
    if hours == round(hours) and hours >= 1:
        return f"{hours:.0f} h"
    return f"{td / timedelta(minutes=1):.0f} min"


def per(td: timedelta) -> str:
    """A rate's denominator: "a day", "an hour", "a week", "per 6 h"."""
    plain = {timedelta(hours=1): "an hour", timedelta(days=1): "a day", timedelta(days=7): "a week"}
    return plain.get(td, f"per {length(td)}")


def stretches(n: int, td: timedelta) -> str:
    """So many stretches of time in a row: "399 hours", "31 days", "399 weeks", "57 stretches of 3 h"."""
    nouns = {timedelta(hours=1): "hour", timedelta(days=1): "day", timedelta(days=7): "week"}
    noun = nouns.get(td)
    return count(n, noun) if noun else f"{count(n, 'stretch')} of {length(td)}"


def number(n: Any) -> str:
    """An amount with thousands separators; one decimal below 10 unless it is whole; "unknown" when missing."""
    if not _known(n):
        return "unknown"
    value = float(n)
    return f"{value:.1f}" if abs(value) < 9.95 and value != round(value) else f"{value:,.0f}"


def compact(n: Any) -> str:
    """A large amount in brief: "12.4 k", "1.2 m"; as `number` below 10,000."""
    if not _known(n) or abs(float(n)) < 10_000:
        return number(n)
    value = float(n)
    for scale, sign in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if abs(value) >= 0.9995 * scale:
            scaled = value / scale
            return f"{scaled:,.1f} {sign}" if abs(scaled) < 99.95 else f"{scaled:,.0f} {sign}"
    return number(value)


def count(n: Any, noun: str) -> str:
    """An amount with its noun: "1 account", "2,310 accounts", "an unknown number of accounts"."""
    if not _known(n):
        return f"an unknown number of {_plural(noun)}"
    return f"{number(n)} {noun if float(n) == 1 else _plural(noun)}"


def percent(share: Any) -> str:
    """A share (0-1) as a percentage; never rounded to a false none or all."""
    if not _known(share):
        return "unknown"
    value = float(share)
    if 0 < value < 0.01:
        return f"{100 * value:.1f} %" if value >= 0.0005 else "under 0.1 %"
    if 0.99 < value < 1:
        return "over 99 %"
    return f"{value:.0%}".replace("%", " %")


def _upper(high: Any) -> str:
    """The upper end of a growth: beyond 1,000 the figure says only that there is too little to tell."""
    return f"over {KNOWN_TO:,}×" if _known(high) and float(high) > KNOWN_TO else times(high)


def least(low: Any) -> str:
    """The lower end of a ratio as `times` writes it, rounded down, so that "at least" stays true."""
    if not _known(low):
        return "unknown"
    value = float(low)
    steps = 1 if value >= 10 else 10 if value >= 0.1 else 100
    return times(math.floor(value * steps) / steps)


def times(ratio: Any) -> str:
    """A ratio: "47×", "1.3×", "0.05×"."""
    if not _known(ratio):
        return "unknown"
    value = float(ratio)
    if value >= 9.95:
        return f"{value:,.0f}×" if value < 10_000 else f"{compact(value)}×"
    return f"{value:.1f}×" if value >= 0.095 else f"{value:.2f}×"


def one_in(share: float) -> str:
    """A small share as "1 in 20", rounded so that it never sounds surer than it is.

    Never beyond "1 in 1,000": the model behind it is not known that well.
    """
    if share >= 0.5:
        return percent(share)
    odds = round(1 / max(share, 0.001), 6)
    step = 10 ** max(0, math.floor(math.log10(odds)) - 1)
    return f"1 in {math.floor(odds / step) * step:,}"


def language(code: str | None) -> str:
    """The English name of a BCP-47 language code; the code itself where the name is not known."""
    if not _known(code) or code == "und":
        return "unknown"
    return language_name(str(code))


def listed(parts: Sequence[str]) -> str:
    """Words in a row: "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _now(narrative: Mapping[str, Any], window: Window, unit: str, *, dated: bool) -> str:
    now, active = int(narrative["now_authors"]), int(narrative.get("now_active") or 0)
    span = _in_window(window, dated=dated)
    if active == 0:
        return f"The snapshot holds no post {span}"
    if unit == "messages":
        verb = "is" if now == 1 else "are"
        return f"{_some(now)} of {count(active, 'different message')} {span} {verb} about this"
    return f"{_some(now)} of {count(active, 'active account')} posted this {span}"


def _before(narrative: Mapping[str, Any], window: Window, unit: str) -> str:
    base, bins = int(narrative["base_authors"]), int(narrative["base_bins"])
    span = _span_before(narrative, window)
    if base == 0:
        return f"none {span}"
    active = number(round(int(narrative["base_active"]) / bins))
    of = f"{active} active" if unit == "accounts" else f"{active} different"
    return f"{span} it was {_rate(base / bins)} {per(window.length)} on average (of {of})"


def _span_before(narrative: Mapping[str, Any], window: Window) -> str:
    bins = int(narrative["base_bins"])
    clipped = " (all that the snapshot holds)" if bins < window.bins else ""
    return f"in the {length(bins * window.length)} before{clipped}"


def _rate(rate: float) -> str:
    return number(rate) if rate >= 0.05 else "less than 0.1"


def _in_window(window: Window, *, dated: bool) -> str:
    span = length(window.length)
    return f"in the {span} to {when(window.as_of)}" if dated else f"in the last {span}"


def _some(n: int) -> str:
    return number(n) if n else "None"


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith("ch") else noun if noun.endswith("s") else f"{noun}s"


def _silent(narrative: Mapping[str, Any]) -> bool:
    return narrative.get("now_authors") == 0 and narrative.get("base_authors") == 0


def _true(value: Any) -> bool:
    return _known(value) and bool(value)


def _known(value: Any) -> TypeGuard[Any]:
    return value is not None and not bool(pd.isna(value))
