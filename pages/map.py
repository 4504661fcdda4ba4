"""Map: where the posts lie, which narratives sit where, and which of them are emerging."""

import streamlit as st

from explore import session
from explore.narratives import atlas
from explore.present import density, words
from pages import cards

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
chart = density.density_map(cells, places[["x", "y", "label", "flagged", "narrative_id"]], dark=session.is_dark())
event = st.altair_chart(chart, theme=None, on_select="rerun", selection_mode="narrative", key=f"map-{view.run.id}")
# A click beside a mark selects the cell under it, which names no narrative
chosen = [int(mark["narrative_id"]) for mark in event["selection"].get("narrative") or [] if "narrative_id" in mark]
for found in listed[listed["narrative_id"].isin(chosen[:1])].to_dict("records"):
    cards.heading(found["label"], words.status(found))
    st.write(words.why(found, view.window, view.run.unit, dated=view.is_hindsight))
    st.session_state[session.NARRATIVE] = int(found["narrative_id"])
    if st.button("Open this narrative", type="primary", icon=":material/arrow_forward:"):
        st.switch_page(session.NARRATIVE_PAGE)
session.write_link(session.LINK)
