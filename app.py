"""The frame: navigation, snapshot and run, then the chosen page."""

from typing import Any

import streamlit as st

from explore import session
from explore.errors import Refused
from explore.present import words
from pages import cards

st.set_page_config(page_title="Groundswell", page_icon=str(session.ICON), layout="wide")


def pick_run() -> None:
    """Snapshot and run in the sidebar; the newest run of the newest explored snapshot unless the link says more."""
    snapshots = {snapshot.id: snapshot for snapshot in session.snapshots()}
    runs = {manifest["id"]: manifest for manifest in session.runs() if manifest["snapshot"]["id"] in snapshots}
    if not runs:
        st.session_state[session.RUN] = None
        return
    asked = runs.get(st.session_state.get(session.RUN, ""))
    explored = list(dict.fromkeys(manifest["snapshot"]["id"] for manifest in runs.values()))
    if asked and st.session_state.get(session.SNAPSHOT) not in explored:
        st.session_state[session.SNAPSHOT] = asked["snapshot"]["id"]
    session.keep_known(session.SNAPSHOT, explored, explored[0])
    chosen = st.selectbox(
        "Snapshot",
        explored,
        format_func=lambda found: snapshots[found].name,
        key=session.SNAPSHOT,
        persist_state="session",
    )
    own = [run for run, manifest in runs.items() if manifest["snapshot"]["id"] == chosen]
    session.keep_known(session.RUN, own, own[0])
    st.selectbox("Run", own, format_func=lambda run: _run_name(runs[run]), key=session.RUN, persist_state="session")
    st.caption(_about(runs[st.session_state[session.RUN]]))


def _run_name(manifest: dict[str, Any]) -> str:
    counts, config = manifest["counts"], manifest["config"]
    cut = f", as of {config['as_of'][:16]}" if config["as_of"] else ""
    return f"{words.count(counts['narratives'], 'narrative')}, {config['granularity']}{cut}"


def _about(manifest: dict[str, Any]) -> str:
    counts, config, encoder = manifest["counts"], manifest["config"], manifest["encoder"]
    return (
        f"{words.count(counts['posts'], 'post')} · {encoder['name'].split(':')[0]} encoder · "
        f"seed {config['seed']} · run {manifest['id'][:6]}"
    )


session.start()
session.read_link()
page = session.navigate()
if session.landed():
    st.switch_page(session.EMERGING_PAGE)
with st.sidebar:
    pick_run()
    if st.session_state.get(session.RUN) and page.title != "Snapshots":
        cards.job_card("sidebar")
    st.toggle(
        "Cover post texts", key=session.COVER, persist_state="session", help="Each shows only when you ask for it."
    )
try:
    page.run()
except Refused as refusal:
    st.error("This cannot be shown.")
    st.text(str(refusal))
