"""Emerging: which narratives grow faster than chance now, and why."""

from datetime import timedelta

import pandas as pd
import streamlit as st

from explore import session
from explore.present import tables, words
from explore.session import View
from pages import cards

MOMENT = "D MMM YYYY HH:mm"


def controls(view: View, listed: pd.DataFrame) -> pd.DataFrame:
    """Window, moment and filters in one row; the rows that pass."""
    window, as_of, languages, more = st.columns([2, 4, 3, 2], vertical_alignment="bottom")
    with window:
        choose_window(view)
    with as_of:
        choose_moment(view)
    with languages:
        wanted_languages = choose("Languages", session.LANGUAGES, tables.choices(listed, "languages"))
    with more, st.popover("More filters", width="stretch"):
        wanted_regions = choose("Regions", session.REGIONS, tables.choices(listed, "regions"))
        fewest = st.number_input(
            "At least this many posts", min_value=0, key=session.FEWEST_POSTS, persist_state="session"
        )
        only = st.toggle("Only emerging ones", key=session.ONLY_EMERGING, persist_state="session")
        baseline(view)
        search = st.text_input("Words in label or terms", key="search")
    return tables.filtered(
        listed,
        languages=wanted_languages,
        regions=wanted_regions,
        fewest_posts=int(fewest or 0),
        only_emerging=only,
        search=search,
    )


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
    st.session_state[session.AS_OF] = view.window.as_of
    st.slider(
        "As of (UTC): the window ends here",
        min_value=first,
        max_value=last,
        step=timedelta(hours=1),
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
    """The ranked table; the position of the chosen row."""
    unit, window = view.run.unit, view.window
    span = words.length(window.length) if window else ""
    columns = {
        "status": st.column_config.TextColumn("", width=90),
        "narrative": st.column_config.TextColumn("Narrative", width=270),
        "spark": st.column_config.AreaChartColumn(f"{unit.capitalize()} over time", width=130, y_min=0, color="green"),
        "now": st.column_config.NumberColumn(f"Last {span}", format="localized", width=80,
            help=f"{unit.capitalize()} in the window."),
        "before": st.column_config.NumberColumn("Usual before", format="%.1f", width=86,
            help=f"Mean {unit} per {span} in the baseline."),
        "growth": st.column_config.TextColumn("Growth", width=140,
            help=f"How many times the usual share of the active {unit}; in brackets the 95 % interval."),
        "chance": st.column_config.NumberColumn("Chance q", format="%.2g", width=84,
            help="Of all narratives that stand out at least as clearly, the share expected to be false alarms."),
        "copies": st.column_config.NumberColumn("Copies", format="%.0f %%", width=64,
            help="Share of posts whose message was posted by two or more accounts."),
        "posts": st.column_config.NumberColumn("Posts", format="localized", width=64),
        "reach": st.column_config.NumberColumn("Views", format="compact", width=64),
        "first_seen": st.column_config.DatetimeColumn("First seen (UTC)", format=MOMENT, timezone="UTC", width=130),
        "terms": st.column_config.TextColumn("Terms", width=260),
        "why": st.column_config.TextColumn("In words", width=420),
    }  # fmt: skip
    order = [name for name in columns if name != "reach" or shown["reach"].notna().any()]
    if window is None:
        order = [
            name
            for name in order
            if name not in ("status", "spark", "now", "before", "growth", "chance", "first_seen", "why")
        ]
    chosen = st.dataframe(
        tables.emerging(shown, window, unit),
        column_config=columns,
        column_order=order,
        hide_index=True,
        height=min(430, 38 + 35 * len(shown)),
        on_select="rerun",
        selection_mode=["single-row-required", "single-cell"],
        key=f"table-{view.run.id}-{len(shown)}",
        alt="Narratives, the fastest-growing first; choose a row to see why it is listed.",
    )
    return position(chosen.selection, len(shown))


def position(selection: dict, rows: int) -> int:  # type: ignore[type-arg]
    cells, chosen = selection.get("cells") or [], selection.get("rows") or []
    found = cells[0][0] if cells else chosen[0] if chosen else 0
    return int(found) if int(found) < rows else 0


def detail(view: View, narrative: dict) -> None:  # type: ignore[type-arg]
    evidence = session.gathered(view, int(narrative["narrative_id"]))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        cards.heading(narrative["label"], words.status(narrative))
        st.write(words.why(narrative, view.window, view.run.unit, dated=view.is_hindsight))
        cards.curve(evidence, key="emerging-curve")
        if st.button("Open this narrative", type="primary", icon=":material/arrow_forward:"):
            st.session_state[session.NARRATIVE] = int(narrative["narrative_id"])
            st.switch_page(session.NARRATIVE_PAGE)
    with right:
        st.subheader("Posts that show it", anchor=False)
        examples = evidence.examples.drop_duplicates("why").head(4)
        cards.posts(examples, key=f"e{narrative['narrative_id']}")


session.need_frame()
st.title("Emerging", anchor=False)
view = cards.view_or_stop()
listed = session.listed(view)
st.markdown(words.headline(listed, view.window, view.run.unit, dated=view.is_hindsight))
thin = words.thin(listed, view.window, view.run.unit)
if thin:
    st.caption(thin)
if view.is_hindsight:
    st.caption("Hindsight: the narratives were formed from all posts of the run, also those after this moment.")
shown = controls(view, listed)
if shown.empty:
    st.info("No narrative passes these filters. Clear the languages or open “More filters” to widen them.")
else:
    chosen = shown.iloc[table(view, shown)].to_dict()
    detail(view, chosen)
session.write_link(session.LINK)
