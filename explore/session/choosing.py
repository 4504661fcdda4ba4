"""What a session looks at: snapshot, run, narrative, window and page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import streamlit as st

from explore.narratives.run import Run
from explore.narratives.windows import Window
from explore.posts.snapshots import open_snapshot
from explore.session.keys import (
    AS_OF,
    BASELINE_WINDOWS,
    BASELINES,
    COMPARE_PAGE,
    EMERGING_PAGE,
    FRAMED,
    ITEM,
    MAP_PAGE,
    MOMENT,
    NARRATIVE,
    NARRATIVE_PAGE,
    OF_A_SNAPSHOT,
    OPEN,
    RUN,
    SNAPSHOT,
    SNAPSHOTS_PAGE,
    WINDOW_HOURS,
    WINDOWS,
)
from explore.session.loading import View, opened, suited_window, workspace

_UNCOVERED = "_uncovered"


def keep_known(key: str, options: Sequence[Any], default: Any) -> bool:
    """Make the session's value of `key` one of `options`, else the default; whether something else was asked for."""
    asked = st.session_state.get(key)
    if asked in options:
        return False
    st.session_state[key] = default
    return asked is not None


def view() -> View | None:
    """What this session looks at; null where there is no run yet. Raises `Refused` when the run is damaged."""
    run_id = st.session_state.get(RUN)
    if run_id is None:
        return None
    run = opened(run_id)
    return View(snapshot=open_snapshot(workspace(), run.snapshot_id), run=run, window=_asked_window(run))


def _asked_window(run: Run) -> Window | None:
    """The window that the session asks for on this run, what suits the run where it asks for nothing."""
    suited = suited_window(run)
    if suited is None or run.first_at is None or run.end is None:
        return None
    asked = st.session_state.get(AS_OF)
    as_of = suited.as_of
    if isinstance(asked, datetime):
        as_of = min(run.end_at(max(asked, run.first_at)), run.end)
    hours = st.session_state.get(WINDOW_HOURS)
    length = timedelta(hours=hours) if hours in WINDOWS else suited.length
    windows = st.session_state.get(BASELINE_WINDOWS)
    return Window(as_of, length, (windows if windows in BASELINES else 7) * length)


def turn_to(as_of: datetime) -> None:
    """Look at the file as of another moment, at the next run of the page."""
    st.session_state[AS_OF] = as_of


def turn_to_chosen() -> None:
    """Turn to the moment in the field, which knows no zone, or to where the run opens once it is cleared: for its
    callback."""
    chosen = st.session_state.get(MOMENT)
    if isinstance(chosen, datetime):
        turn_to(chosen.replace(tzinfo=UTC))
    else:
        forget(AS_OF)


def uncover(post: str) -> None:
    """Show a covered post in this session, for as long as it lasts."""
    st.session_state[_UNCOVERED] = {*st.session_state.get(_UNCOVERED, ()), post}


def is_uncovered(post: str) -> bool:
    """Whether this session asked to see the post."""
    return post in st.session_state.get(_UNCOVERED, ())


def take_over_opened() -> None:
    """Turn to the narrative that was clicked in the last run. Before the picker is drawn."""
    if OPEN in st.session_state:
        st.session_state[NARRATIVE] = st.session_state.pop(OPEN)


def look_at(snapshot_id: str, run_id: str) -> None:
    """Turn to a run; what was chosen on another one is forgotten."""
    forget(NARRATIVE, ITEM, *OF_A_SNAPSHOT)
    st.session_state.update({SNAPSHOT: snapshot_id, RUN: run_id})


def open_narrative(snapshot_id: str, run_id: str, narrative_id: int) -> None:
    """Turn to a narrative of any run, at the next run of the page: for a button's callback."""
    look_at(snapshot_id, run_id)
    st.session_state[OPEN] = narrative_id


def forget(*keys: str) -> None:
    """Drop choices that mean something else, or nothing, on what is looked at next."""
    for key in keys:
        st.session_state.pop(key, None)


def navigate(*, icons: bool = True) -> Any:
    """The navigation; the page to run. An icon is fetched from a font host for the tab, unless the tab has one."""
    pages = {
        EMERGING_PAGE: "trending_up",
        NARRATIVE_PAGE: "article",
        MAP_PAGE: "scatter_plot",
        COMPARE_PAGE: "compare_arrows",
        SNAPSHOTS_PAGE: "inventory_2",
    }
    return st.navigation(
        [
            st.Page(
                path,
                title=Path(path).stem.capitalize(),
                icon=f":material/{icon}:" if icons else None,
                default=path == EMERGING_PAGE,
            )
            for path, icon in pages.items()
        ]
    )


def need_frame() -> None:
    """Called first on every page: run app.py around it when Streamlit did not.

    A server whose first visitor opens /narrative takes pages/ for the old kind of app and runs the page alone. Calling
    st.navigation ends that for the whole server, and the rerun comes back framed.
    """
    if FRAMED not in st.session_state:
        navigate(icons=False)
        st.rerun()
