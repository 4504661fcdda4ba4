"""Map: where the posts lie, which narratives sit where, and which of them are emerging."""

import pandas as pd
import streamlit as st

from explore import session
from explore.narratives import atlas
from explore.present import density, words
from pages import cards


def choose_theme(run_id: str, places: pd.DataFrame) -> int | None:
    """The theme whose narratives alone are shown, closer and with more names; null for all."""
    names = density.theme_names(places)
    if len(names) < 2:
        return None
    chosen: int | None = st.selectbox(
        "Theme, by its largest narratives",
        list(names),
        index=None,
        format_func=names.__getitem__,
        placeholder="All",
        key=f"theme-{run_id}",
    )
    return chosen


session.need_frame()
st.title("Map", anchor=False)
view = cards.view_or_stop()
listed = session.listed(view)
cells = session.density(view)
if cells.empty or listed.empty:
    st.write(words.headline(listed, view.window, view.run.unit))
    cards.nothing_listed(view)
    session.write_link(session.LINK)
    st.stop()
st.write("Messages that use similar words lie close together. Choose a mark to read its narrative.")
places = atlas.places(view.run, listed)
theme = choose_theme(view.run.id, places)
if theme is not None:
    places = places[places["theme_id"] == theme]
columns = ["x", "y", "label", "flagged", "narrative_id", "n_posts"]
chart = density.density_map(cells, places[columns], near=theme is not None, dark=session.is_dark())
with st.container(key="map"):
    event = st.altair_chart(
        chart,
        theme=None,
        height="stretch",
        on_select="rerun",
        selection_mode="narrative",
        key=f"map-{view.run.id}{'' if theme is None else f'-{theme}'}",
    )
# A click beside a mark selects the cell under it, which names no narrative
chosen = [int(mark["narrative_id"]) for mark in event["selection"].get("narrative") or [] if "narrative_id" in mark]
for found in listed[listed["narrative_id"].isin(chosen[:1])].to_dict("records"):
    cards.heading(found["label"], words.status(found))
    st.write(words.why(found, view.window, view.run.unit, dated=view.is_hindsight))
    st.session_state[session.NARRATIVE] = int(found["narrative_id"])
    session.forget(session.ITEM)
    if st.button("Open this narrative", type="primary", icon=":material/arrow_forward:"):
        st.switch_page(session.NARRATIVE_PAGE)
session.write_link(session.LINK)
