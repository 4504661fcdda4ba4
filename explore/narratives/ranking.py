"""The list an investigator reads first: every narrative as of a moment, what grew most beyond expectation on top."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives import (
    amplification,
    counting,
    emergence,
    file_end,
    finding_marks,
    origins,
    stability_table,
    windows,
)
from explore.narratives.run import Run, Timeline
from explore.narratives.windows import Window

STATES = [emergence.EMERGING, emergence.UNPROVEN, emergence.NONE]  # in the order of the list
MARKED = ("repost_share", "unmarked_copy_share")  # of the narrative's posts


def emerging(run: Run, window: Window | None) -> pd.DataFrame:
    """Every narrative with a post before `window.as_of`, as `ranked` orders them.

    Columns: narrative_id, theme_id, label, terms, languages, regions (as of the run), origin (see `origins`),
    n_messages, n_posts, n_authors, reach, first_at, last_at, copy_share, repost_share, unmarked_copy_share,
    top_author_share (these as of the moment; see `sizes`), those of `emergence.score` and `emergence.judge`, and marks
    (`finding_marks.marks` of the findings and jumps). Without a window (a snapshot without times) every narrative is
    listed, none is testable, and the largest come first.
    """
    if window is None:
        return ranked(_without_times(run))
    past = run.timeline.before(window.as_of)
    names = run.narratives[["narrative_id", "theme_id", "label", "terms", "languages", "regions"]]
    names = names.reset_index(drop=True).assign(origin=run.origin.to_numpy())
    first_at = int(run.timeline.at.min()) if len(run.timeline.at) else 0
    scores = scored(past, run.origin, window=window, first_at=first_at)
    table = pd.concat([names, sizes(past, k=len(names)), scores], axis=1)
    judged = emergence.judge(table[table["n_posts"] > 0])
    return ranked(judged.assign(marks=_marks(judged, run, past, window)))


def _without_times(run: Run) -> pd.DataFrame:
    """The narratives of a run whose snapshot has no times; what a run of an older version does not tell is null."""
    untold: dict[str, object] = {name: np.nan for name in MARKED if name not in run.narratives}
    untold |= {"state": emergence.NONE, "reason": "", "excess_low": np.nan, "expected_authors": np.nan}
    n = len(run.narratives)
    return run.narratives.assign(spark=[[] for _ in range(n)], marks=[[] for _ in range(n)], **untold)


def _marks(judged: pd.DataFrame, run: Run, past: Timeline, window: Window) -> list[list[str]]:
    """`finding_marks.marks` of what is more than no clear change; none for the others."""
    inside = past.at >= windows.micros_since_epoch(window.start)
    found = judged.index[judged["state"] != emergence.NONE]
    marks = finding_marks.marks(
        found.tolist(),
        narrative=past.narrative[inside],
        message=past.message[inside],
        author=past.author[inside],
        texts=run.messages["text"],
        unstable=_unstable(run),
    )
    told = dict(zip(found, marks, strict=True))
    return [told.get(number, []) for number in judged.index]


def _unstable(run: Run) -> frozenset[int]:
    """Clusters that are not found again when a fifth of the messages is left out, once that is measured. What was set
    apart by what it says (a text, a word) does not depend on the layout."""
    table = stability_table.kept(run.folder)
    if table is None:
        return frozenset()
    dissolved = table["stability"] < stability_table.DISSOLVED
    return frozenset(table.loc[dissolved & (run.origin == "cluster").to_numpy(), "narrative_id"].astype(int))


def scored(posts: Timeline, origin: pd.Series, *, window: Window, first_at: int) -> pd.DataFrame:
    """`emergence.score` of the narratives of a timeline. `origin`: of each, see `origins`; `first_at`: the snapshot's
    first post.

    What was set apart because it stood out once is no measure of how much narratives ordinarily vary. Narratives
    without a post in window and baseline are scored once for all: in a file of years they are nearly all.
    """
    since, until = (windows.micros_since_epoch(moment) for moment in (window.baseline_start, window.as_of))
    there = np.unique(posts.narrative[(posts.narrative >= 0) & (posts.at >= since) & (posts.at < until)])
    place = np.full(len(origin) + 1, len(there))  # the last one, without a post, answers for all that are not there
    place[there] = np.arange(len(there))
    ordinary = (origin == origins.NAMES[origins.CLUSTER]).to_numpy(dtype=bool)
    counts = counting.count(
        posts.at,
        posts.unit,
        np.where(np.isin(posts.narrative, there), place[posts.narrative], -1),
        k=len(there) + 1,
        window=window,
        first_at=first_at,
        activity=posts.activity,
        ordinary=np.append(ordinary[there], False),
    )
    return emergence.score(counts).iloc[place[:-1]].reset_index(drop=True)


def sizes(posts: Timeline, *, k: int) -> pd.DataFrame:
    """Row i = narrative i. Columns: n_messages, n_posts, n_authors (null where no account is known), reach (sum of
    views, null where unknown), first_at, last_at, copy_share, repost_share and unmarked_copy_share (null where nobody
    looked for marks), top_author_share."""
    inside = posts.narrative >= 0
    table = pd.DataFrame(
        {
            "narrative": posts.narrative[inside],
            "message": posts.message[inside],
            "author": pd.array(posts.author[inside], dtype="Int64"),
            "views": posts.views[inside],
            "at": posts.at[inside],
        }
    )
    table.loc[table["author"] < 0, "author"] = pd.NA
    groups = table.groupby("narrative")
    found = groups.agg(
        n_messages=("message", "nunique"),
        n_posts=("message", "size"),
        n_authors=("author", "nunique"),
        first=("at", "min"),
        last=("at", "max"),
    )
    found["reach"] = groups["views"].sum(min_count=1)
    found = found.reindex(range(k))
    counts = found[["n_messages", "n_posts", "n_authors"]].fillna(0).astype("int64")
    return pd.DataFrame(
        {
            "n_messages": counts["n_messages"],
            "n_posts": counts["n_posts"],
            "n_authors": counts["n_authors"].astype("Int64").where(counts["n_authors"] > 0),
            "reach": found["reach"].round().astype("Int64"),
            "first_at": _times(found["first"]),
            "last_at": _times(found["last"]),
            "copy_share": amplification.copy_share(posts.narrative, posts.message, posts.author, k=k),
            **_marked(posts, k=k),
            "top_author_share": amplification.top_author_share(posts.narrative, posts.author, k=k),
        }
    )


def _marked(posts: Timeline, *, k: int) -> dict[str, NDArray[np.float64]]:
    """The shares of reposts and of copies that are none, by the names in MARKED."""
    if (posts.repost < 0).any():
        return {name: np.full(k, np.nan) for name in MARKED}
    marked = posts.repost == 1
    reposts = amplification.repost_share(posts.narrative, marked, k=k)
    unmarked = amplification.unmarked_copy_share(posts.narrative, posts.message, posts.author, marked, k=k)
    return dict(zip(MARKED, (reposts, unmarked), strict=True))


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Emerging first, then the unproven jumps, then those posted in the window; each by `excess_low`, the units beyond
    what was to be expected, then by units now and posts. What a mark demotes stands behind the others of its state.

    Narratives without a post in the window come last, whatever the prior makes of their growth.
    """
    return table.loc[order_of(table)].reset_index(drop=True)


def order_of(table: pd.DataFrame) -> pd.Index:
    """The index of a frame in the order of `ranked`."""
    by = ["_state", "_demoted", "_now", "excess_low", "now_authors", "n_posts", "narrative_id"]
    demoted = [not finding_marks.DEMOTING.isdisjoint(marks) for marks in table["marks"]]
    keyed = table.assign(_now=table["now_authors"] > 0, _state=table["state"].map(STATES.index), _demoted=demoted)
    ascending = [True, True, False, False, False, False, True]
    return keyed.sort_values(by, ascending=ascending, na_position="last", kind="stable").index


def window_for(run: Run, *, as_of: datetime | None = None) -> Window | None:
    """The window that suits the run's density as of `as_of`; null without times.

    Default: just after its last post, or the last moment that can be judged where the run ends thinly.
    """
    thin = None if as_of else file_end.thin_end(run)
    as_of = as_of or (thin.as_of if thin else run.end)
    if as_of is None:
        return None
    return windows.suggest_window(run.timeline.at, run.timeline.unit, as_of=as_of)


def _times(micros: pd.Series) -> pd.Series:
    return pd.to_datetime(micros.astype("Int64"), unit="us", utc=True).astype("datetime64[us, UTC]")
