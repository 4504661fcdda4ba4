"""Emerging: which narratives grow faster than chance now, and why."""

import hashlib
from datetime import timedelta
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from explore import session
from explore.present import pockets, tables, waves, words
from explore.present.clearest import clearest
from explore.present.redaction import calm
from explore.session import View
from pages import cards

MOMENT = "D MMM YYYY HH:mm"
HOURLY_BELOW = timedelta(days=90)  # a longer slider goes by days: one key press should be worth making
POCKETS_SHOWN = 5
SEARCH = "search"
ROWS_IN_SIGHT = 7  # so that the detail below is in sight too


def controls(view: View, listed: pd.DataFrame) -> pd.DataFrame:
    """Window, moment and filters in one row; the rows that pass."""
    window, as_of, languages, more = st.columns([2, 4, 3, 2], vertical_alignment="bottom")
    with window:
        choose_window(view)
    with as_of:
        choose_moment(view)
    with languages:
        wanted_languages = choose("Languages", session.LANGUAGES, tables.choices(listed, "languages"))
    with more, st.popover(f"More filters{active_filters()}", width="stretch"):
        wanted_regions = choose("Regions", session.REGIONS, tables.choices(listed, "regions"))
        fewest = st.number_input(
            "At least this many posts", min_value=0, key=session.FEWEST_POSTS, persist_state="session"
        )
        only = st.toggle("Only emerging ones", key=session.ONLY_EMERGING, persist_state="session")
        baseline(view)
        search = st.text_input("Words in label or terms", key=SEARCH)
    return tables.filtered(
        listed,
        languages=wanted_languages,
        regions=wanted_regions,
        fewest_posts=int(fewest or 0),
        only_emerging=only,
        search=search,
    )


def active_filters() -> str:
    """How many of the choices in the popover are in force, for its button: " (2)"; empty where none is."""
    state = st.session_state
    given = [state.get(session.REGIONS), state.get(session.FEWEST_POSTS), state.get(session.ONLY_EMERGING)]
    given += [str(state.get(SEARCH) or "").strip(), state.get(session.BASELINE_WINDOWS) not in (None, 7)]
    count = sum(map(bool, given))
    return f" ({count})" if count else ""


def choose_window(view: View) -> None:
    if view.window is None:
        st.caption("The file has no times.")
        return
    hours = view.window.length // timedelta(hours=1)
    st.session_state[session.WINDOW_HOURS] = hours
    st.selectbox(
        "Window",
        list(session.WINDOWS),
        format_func=session.WINDOWS.__getitem__,
        key=session.WINDOW_HOURS,
        persist_state="session",
    )


def choose_moment(view: View) -> None:
    first, last = view.run.first_at, view.run.last_at
    if view.window is None or first is None or last is None or last - first < timedelta(hours=2):
        return
    st.session_state[session.AS_OF] = min(view.window.as_of, last)  # its right end stands for just after the last post
    st.slider(
        "As of (UTC): the window ends here",
        min_value=first,
        max_value=last,
        step=timedelta(hours=1) if last - first < HOURLY_BELOW else timedelta(days=1),
        format=MOMENT,
        key=session.AS_OF,
        persist_state="session",
    )


def choose(label: str, key: str, options: list[str]) -> list[str]:
    if not options:
        st.session_state.pop(key, None)
        st.multiselect(label, [], placeholder="Not in this file", disabled=True, key=f"no-{key}")
        return []
    st.session_state[key] = [value for value in st.session_state.get(key) or [] if value in options]
    name = words.language if key == session.LANGUAGES else str
    return st.multiselect(label, options, format_func=name, placeholder="All", key=key, persist_state="session")


def baseline(view: View) -> None:
    if view.window is None:
        return
    session.keep_known(session.BASELINE_WINDOWS, list(session.BASELINES), 7)
    st.selectbox(
        "Compared with",
        list(session.BASELINES),
        format_func=session.BASELINES.__getitem__,
        key=session.BASELINE_WINDOWS,
        persist_state="session",
    )


def table(view: View, shown: pd.DataFrame) -> int:
    """The ranked table; the position of the chosen row, at first that of the narrative that was looked at last."""
    ids = shown["narrative_id"].astype(int).to_list()
    order = words.order(shown, view.window)
    if order:
        st.write(order)
    st.caption(f"{len(shown)} shown. Choose one to read why it is listed.")
    asked = st.session_state.get(session.NARRATIVE)
    at = ids.index(asked) if asked in ids else 0
    columns = described(view, muted=bool(order))
    chosen = st.dataframe(
        tables.emerging(shown, view.window, view.run.unit, dated=view.is_hindsight),
        column_config=columns,
        column_order=told(view, shown, list(columns)),
        hide_index=True,
        height=cards.height(len(shown), most=ROWS_IN_SIGHT),
        on_select="rerun",
        selection_mode="single-cell",  # with rows as well, the mark stays on one row while a cell of another is chosen
        selection_default={"selection": {"rows": [], "columns": [], "cells": [(at, "narrative")]}},
        key=f"table-{hashlib.sha256(repr((view.run.id, view.window, ids)).encode()).hexdigest()[:12]}",
        alt="Narratives, the fastest-growing first; choose one to see why it is listed.",
    )
    cells = chosen.selection.get("cells") or []
    return int(cells[0][0]) if cells and int(cells[0][0]) < len(ids) else at


def described(view: View, *, muted: bool) -> dict[str, ColumnConfig]:
    """The columns with their units, the most telling first; `muted`: without colour, where no row is a finding."""
    unit = view.run.unit
    span = words.length(view.window.length) if view.window else "the window"
    return {
        "status": st.column_config.TextColumn("Status", width=112),
        "narrative": st.column_config.TextColumn("Narrative", width=200,
            help="Named by its most telling words. “Mixed: a · b · c”: no single subject; its most telling words."),
        "spark": st.column_config.AreaChartColumn(f"{unit.capitalize()} over time", width=122, y_min=0,
            color="gray" if muted else "green"),
        "growth": st.column_config.TextColumn("Growth", width=190,
            help=f"How many times the usual share of the active {unit}, and the low end of the 95 % interval. Where "
            "none was seen before, only the low end is known: the usual rate is then assumed as high as it may be."),
        "now": st.column_config.NumberColumn(f"In {span}", format="localized", width=72,
            help=f"{unit.capitalize()} in the window."),
        "before": st.column_config.NumberColumn("Usual before", format="%.1f", width=92,
            help=f"Mean {unit} per {span} in the baseline."),
        "why": st.column_config.TextColumn("In words", width=430),
        "copies": st.column_config.NumberColumn("Copies", format="%.0f %%", width=64,
            help="Share of posts that say the same as another account's post, those that begin with “RT @…” left out; "
            "reposts that only a column of the file marks are counted in. A run of an older "
            "version does not tell them apart: then they are counted in, and there is no column Reposts."),
        "reposts": st.column_config.NumberColumn("Reposts", format="%.0f %%", width=68,
            help=f"Share of posts that begin with {words.REPOST}: no column of the file is."),
        "posts": st.column_config.NumberColumn("Posts", format="localized", width=64),
        "reach": st.column_config.NumberColumn("Views", format="compact", width=64),
        "first_seen": st.column_config.DatetimeColumn("First seen (UTC)", format=MOMENT, timezone="UTC", width=130),
        "chance": st.column_config.TextColumn("False alarms", width=96,
            help="Of all narratives that stand out as clearly, at most this share is expected to be a false alarm."),
        "terms": st.column_config.TextColumn("Terms", width=260),
    }  # fmt: skip


def told(view: View, shown: pd.DataFrame, columns: list[str]) -> list[str]:
    """The columns that this file can fill."""
    filled = {"reach": "reach", "reposts": "repost_share"}
    empty = {name for name, column in filled.items() if shown[column].isna().all()}
    if view.window is None:
        empty |= {"status", "spark", "now", "before", "growth", "chance", "first_seen", "why"}
    return [name for name in columns if name not in empty]


def outside(view: View) -> None:
    """What grows and is held by no narrative: one line, and the posts for who opens it."""
    found = session.outside(view)
    if found.pockets.empty:
        st.caption(pockets.headline(found))
        return
    with st.expander(pockets.headline(found)):
        st.caption(pockets.EXPLAINED)
        for pocket in found.pockets.head(POCKETS_SHOWN).to_dict("records"):
            st.text(calm(pocket["label"]))
            st.write(pockets.why(pocket, view.window, view.run.unit, dated=view.is_hindsight))
            cards.posts(session.pocket_posts(view, pocket["message_ids"]), key=f"pocket{pocket['pocket_id']}")
        if len(found.pockets) > POCKETS_SHOWN:
            st.caption(f"The {POCKETS_SHOWN} fastest of {len(found.pockets)} are shown.")


def detail(view: View, narrative: dict[str, Any]) -> None:
    evidence = session.gathered(view, int(narrative["narrative_id"]))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        cards.heading(narrative["label"], words.status(narrative))
        why = words.why(narrative, view.window, view.run.unit, dated=view.is_hindsight)
        st.write(f"{why} {clearest(narrative, view.window, view.run.unit, dated=view.is_hindsight)}".strip())
        if evidence.wave is not None:
            st.write(waves.wave(evidence, dated=view.is_hindsight))
        cards.steady(view, int(narrative["narrative_id"]))
        if st.button("Open this narrative", type="primary", icon=":material/arrow_forward:"):
            st.switch_page(session.NARRATIVE_PAGE)
        cards.curve(evidence, key="emerging-curve")
    with right:
        st.subheader("Posts that show it", anchor=False)
        examples = evidence.examples.drop_duplicates("why").head(4)
        cards.posts(examples, key=f"e{narrative['narrative_id']}")


def hindsight(view: View) -> None:
    """That the narratives know what came after the moment, and how to form them without."""
    assert view.window is not None  # noqa: S101  # hindsight needs a moment
    st.caption("Hindsight: the narratives were formed from all posts of the run, also those after this moment.")
    st.button(
        "Form the narratives as of then",
        icon=":material/history:",
        help="Groups only the posts before this moment, as if the file ended there: a new run, in the queue.",
        on_click=session.form_as_of,
        args=(view.run.manifest, view.window.as_of),
    )


session.need_frame()
st.title("Emerging", anchor=False)
view = cards.view_or_stop()
listed = session.listed(view)
is_dated = view.is_hindsight or view.run.config.as_of is not None  # else the window ends with the file
st.markdown(words.headline(listed, view.window, view.run.unit, dated=is_dated))
thin = words.thin(listed, view.window, view.run.unit)
if thin:
    st.caption(thin)
cards.told_as_of(view)
if view.is_hindsight:
    hindsight(view)
shown = controls(view, listed)
if listed.empty:
    cards.nothing_listed(view)
elif shown.empty:
    st.info("No narrative passes these filters. Clear the languages or open “More filters” to widen them.")
else:
    chosen = shown.iloc[table(view, shown)].to_dict()
    outside(view)
    st.session_state[session.NARRATIVE] = int(chosen["narrative_id"])
    detail(view, chosen)
session.write_link(session.LINK)
