"""The list an investigator reads first: every narrative as of a moment, the fastest-growing on top."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives import amplification, counting, emergence, file_end, origins, windows
from explore.narratives.run import Run, Timeline
from explore.narratives.windows import Window

STATES = [emergence.EMERGING, emergence.UNPROVEN, emergence.NONE]  # in the order of the list
MARKED = ("repost_share", "unmarked_copy_share")  # of the narrative's posts


def emerging(run: Run, window: Window | None) -> pd.DataFrame:
    """Every narrative with a post before `window.as_of`, ranked: flagged first, then by the low end of the growth.

    Columns: narrative_id, theme_id, label, terms, languages, regions (as of the run), n_messages, n_posts, n_authors,
    reach, first_at, last_at, copy_share, repost_share, unmarked_copy_share, top_author_share (these as of the moment;
    see `sizes`), and those of `emergence.score` and `emergence.judge`. Without a window (a snapshot without times)
    every narrative is listed, none is testable, and the largest come first.
    """
    if window is None:
        told = {name: np.nan for name in MARKED if name not in run.narratives}  # a run of an older version
        return ranked(run.narratives.assign(spark=[[] for _ in range(len(run.narratives))], **told))
    past = run.timeline.before(window.as_of)
    names = run.narratives[["narrative_id", "theme_id", "label", "terms", "languages", "regions"]]
    k = len(names)
    first_at = int(run.timeline.at.min()) if len(run.timeline.at) else 0
    scores = scored(past, run.origin, window=window, first_at=first_at)
    table = pd.concat([names.reset_index(drop=True), sizes(past, k=k), scores], axis=1)
    return ranked(emergence.judge(table[table["n_posts"] > 0]))


def scored(posts: Timeline, origin: pd.Series, *, window: Window, first_at: int) -> pd.DataFrame:
    """`emergence.score` of the narratives of a timeline. `origin`: of each, see `origins`; `first_at`: the snapshot's
    first post.

    What was set apart because it stood out once is no measure of how much narratives ordinarily vary.
    """
    counts = counting.count(
        posts.at,
        posts.unit,
        posts.narrative,
        k=len(origin),
        window=window,
        first_at=first_at,
        activity=posts.activity,
        ordinary=(origin == origins.NAMES[origins.CLUSTER]).to_numpy(dtype=bool),
    )
    return emergence.score(counts)


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
    what was to be expected, then by units now and posts.

    Narratives without a post in the window come last, whatever the prior makes of their growth.
    """
    return table.loc[order_of(table)].reset_index(drop=True)


def order_of(table: pd.DataFrame) -> pd.Index:
    """The index of a frame in the order of `ranked`."""
    by = ["_state", "_now", "excess_low", "now_authors", "n_posts", "narrative_id"]
    keyed = table.assign(_now=table["now_authors"] > 0, _state=table["state"].map(STATES.index))
    ascending = [True, False, False, False, False, True]
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
