"""The frame: navigation, snapshot and run, then the chosen page."""

from collections import Counter
from typing import Any

import streamlit as st

from explore import session
from explore.present import encoding, words
from explore.present.redaction import calm
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
    unknown = session.keep_known(session.SNAPSHOT, explored, explored[0])
    names = Counter(snapshot.name for snapshot in snapshots.values())
    chosen = st.selectbox(
        "Snapshot",
        explored,
        format_func=lambda found: _snapshot_name(found, snapshots[found].name, alone=names[snapshots[found].name] == 1),
        key=session.SNAPSHOT,
        on_change=session.forget,
        args=(session.RUN, session.NARRATIVE, *session.OF_A_SNAPSHOT),
        persist_state="session",
    )
    own = [run for run, manifest in runs.items() if manifest["snapshot"]["id"] == chosen]
    unknown |= session.keep_known(session.RUN, own, own[0])
    st.selectbox(
        "Run",
        own,
        format_func=lambda run: _run_name(runs[run]),
        key=session.RUN,
        on_change=session.forget,
        args=(session.NARRATIVE,),
        persist_state="session",
    )
    shown = runs[st.session_state[session.RUN]]
    st.caption(_about(shown), help=encoding.compared(shown["encoder"]))
    unread = encoding.unread(shown["encoder"])
    if unread:
        st.warning(calm(unread))
    pick_granularity(shown)
    if unknown:
        session.forget(session.NARRATIVE)
        st.warning(f"The run that was asked for is not in this workspace. Run {shown['id'][:6]} is shown instead.")


def pick_granularity(shown: dict[str, Any]) -> None:
    """The same posts in fewer or more narratives: a run that is there is shown, another one becomes a job."""
    key = f"granularity-{shown['id']}"
    st.session_state.setdefault(key, shown["config"]["granularity"])
    st.segmented_control(
        "Narratives",
        ["broad", "medium", "fine"],
        key=key,
        help="Fewer and larger, or more and smaller narratives of the same posts. Takes seconds. What stands out in "
        "a large one is split off at every level.",
        on_change=lambda: session.cut_anew(shown, st.session_state[key]) if st.session_state[key] else None,
    )
    levels = {level: found["narratives"] for level, found in shown.get("levels", {}).items()}
    others = [f"{count:,} {level}" for level, count in levels.items() if level != shown["config"]["granularity"]]
    if others:
        st.caption(f"About {' or '.join(others)}, and what is split off")


def _snapshot_name(snapshot_id: str, name: str, *, alone: bool) -> str:
    return calm(name) if alone else f"{calm(name)} ({snapshot_id[:6]})"


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


page = session.navigate()
with cards.plainly():
    session.start()
    session.read_link()
    # who is reading a narrative is not carried off to another run: a card in the sidebar offers it
    if (page.title == "Snapshots" or not st.session_state.get(session.RUN)) and session.landed():
        st.switch_page(session.EMERGING_PAGE)
    with st.sidebar:
        cards.STYLE()
        pick_run()
        job = session.current_job()
        on_the_page = page.title == "Snapshots" or (page.title == "Compare" and job is not None and job.compare)
        if st.session_state.get(session.RUN) and job is not None and not on_the_page:
            cards.job_card("sidebar", job=job)
        st.toggle(
            "Cover post texts", key=session.COVER, persist_state="session", help="Each shows only when you ask for it."
        )
    page.run()
