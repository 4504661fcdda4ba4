"""Compare: what became of the narratives between two or more runs, and one narrative through all of them."""

from collections import Counter
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from explore import session
from explore.narratives.chain import Chain, by_time, grown_from, pair_of
from explore.narratives.lineage import Lineage
from explore.present import becoming, flows, words
from explore.present.redaction import calm
from pages import cards

MOST_RUNS = 5
ROWS_IN_SIGHT = 9


def runs_by_time() -> dict[str, dict[str, Any]]:
    """Manifests of the runs of snapshots that are there, the oldest posts first."""
    names = {snapshot.id: snapshot.name for snapshot in session.snapshots()}
    known = [one | {"name": names[one["snapshot"]["id"]]} for one in session.runs() if one["snapshot"]["id"] in names]
    return {one["id"]: dict(one) for one in by_time(known)}


def name_of(manifest: dict[str, Any], *, alone: bool) -> str:
    """A run by its snapshot; by its settings too where the snapshot has several."""
    config = manifest["config"]
    cut = f"as of {words.when(datetime.fromisoformat(config['as_of']))}, " if config["as_of"] else ""
    more = "" if alone else f" ({cut}{config['granularity']}, seed {config['seed']}, {manifest['id'][:6]})"
    return f"{calm(str(manifest['name']))}{more}"


def suggested(known: dict[str, dict[str, Any]]) -> list[str]:
    """The run that is looked at and the one that belongs beside it; the run alone where none does."""
    own = st.session_state.get(session.RUN)
    run = own if own in known else next(reversed(known))
    return pair_of(list(known.values()), run, grown=grown_from(session.snapshots()))


def compared(run_ids: list[str]) -> Chain:
    """The runs, each linked to the next; what takes long becomes a job, and the page ends here until it is done."""
    job = session.comparison(run_ids)
    if job is not None:
        st.text("These runs have not been compared yet. The result comes here by itself.")
        cards.job_card("compared", job=job)
        session.write_link((*session.LINK, *session.COMPARED))
        st.stop()
    return session.compared(run_ids)


def names_of(known: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Every run by a name that no other has."""
    counts = Counter(one["name"] for one in known.values())
    return {run: name_of(one, alone=counts[one["name"]] == 1) for run, one in known.items()}


def choose(known: dict[str, dict[str, Any]]) -> list[str]:
    """The runs to compare, in the order of their posts."""
    asked = [run for run in st.session_state.get(session.RUNS) or [] if run in known]
    missing = len(st.session_state.get(session.RUNS) or []) - len(asked)
    st.session_state[session.RUNS] = (
        asked[:MOST_RUNS] if len(asked) > 1 or (asked and not missing) else suggested(known)
    )
    chosen = st.multiselect(
        "Runs to compare, put in the order of their posts",
        list(known),
        format_func=names_of(known).__getitem__,
        key=session.RUNS,
        max_selections=MOST_RUNS,
        persist_state="session",
    )
    if missing > 0:
        st.warning("A run that was asked for is not in this workspace; it is left out.")
    return [run for run in known if run in chosen]


def heads(chain: Chain, known: dict[str, dict[str, Any]]) -> list[str]:
    """A name and the days of each run, for the columns of the flow."""
    return [f"{calm(str(known[run.id]['name']))}\n{becoming.days(run.first_at, run.last_at)}" for run in chain.runs]


def choose_since(chain: Chain, known: dict[str, dict[str, Any]]) -> Lineage:
    """The lineage to the last run from an earlier one: the one before it unless another is asked for."""
    *earlier, last = chain.runs
    if len(earlier) == 1:
        return chain.steps[0]
    ids = [run.id for run in reversed(earlier)]
    session.keep_known(session.SINCE, ids, ids[0])
    chosen = st.selectbox(
        "Since", ids, format_func=names_of(known).__getitem__, key=session.SINCE, persist_state="session"
    )
    return compared([chosen, last.id]).steps[0]


def table(lineage: Lineage) -> pd.Series | None:
    """What is new; the chosen row, at first the one that the link names."""
    with_steady = st.toggle("Also what goes on without a change", key="with-steady")
    rows = becoming.listed(lineage, with_steady=with_steady)
    if rows.empty:
        st.info("Every narrative goes on without a change beyond chance. Switch them on to read them.")
        return None
    wanted = st.session_state.get(session.FOLLOWED)
    marks = [mark_of(row) for row in rows.to_dict("records")]
    at = marks.index(wanted) if wanted in marks else 0
    chosen = st.dataframe(
        rows,
        column_config=DESCRIBED,
        column_order=list(DESCRIBED),
        hide_index=True,
        height=cards.height(len(rows), most=ROWS_IN_SIGHT),
        on_select="rerun",
        selection_mode="single-cell",
        selection_default={"selection": {"rows": [], "columns": [], "cells": [(at, "narrative")]}},
        key=f"became-{lineage.run_a}-{lineage.run_b}-{with_steady}",
        alt="What became of the narratives; choose one to follow it through all runs.",
    )
    cells = chosen.selection.get("cells") or []
    place = int(cells[0][0]) if cells and int(cells[0][0]) < len(rows) else at
    st.session_state[session.FOLLOWED] = marks[place]
    return rows.iloc[place]


def mark_of(row: dict[Any, Any]) -> str:
    """A row as the link names it: from a to b."""
    return "-".join("" if pd.isna(row[side]) else str(int(row[side])) for side in ("a", "b"))


DESCRIBED = {
    "became": st.column_config.TextColumn("What became of it", width=120),
    "narrative": st.column_config.TextColumn("Narrative", width=220),
    "posts_before": st.column_config.NumberColumn("Posts before", format="localized", width=92),
    "posts_now": st.column_config.NumberColumn("Posts now", format="localized", width=82),
    "told": st.column_config.TextColumn("In words", width=720),
}


def detail(chain: Chain, lineage: Lineage, row: pd.Series, names: list[str]) -> None:
    """One narrative: the sentence, its curve over all runs, and the way to its page."""
    is_gone = bool(pd.isna(row["b"]))
    run = next(one for one in chain.runs if one.id == (lineage.run_a if is_gone else lineage.run_b))
    narrative = int(row["a"] if is_gone else row["b"])
    cards.heading(str(row["narrative"]), str(row["became"]))
    st.text(str(row["told"]))
    line = session.followed(chain, chain.identity_of(run, narrative))
    if line is None:
        st.info("The files have no times, so there is no curve.")
    else:
        st.altair_chart(flows.life(line, names, dark=session.is_dark()), theme=None, key="life")
    opened = st.button(
        "Open this narrative",
        type="primary",
        icon=":material/arrow_forward:",
        on_click=session.open_narrative,
        args=(run.snapshot_id, run.id, narrative),
    )
    if opened:
        st.switch_page(session.NARRATIVE_PAGE)


def one_run_only() -> None:
    """Why there is nothing to compare yet, and what to load."""
    st.subheader("There is only one run yet", anchor=False)
    st.write(
        "Here you will see what became of its narratives: which are new, growing, split, merged, fading or gone. "
        "Load the next day's or week's file on Snapshots and explore it with the same settings. To see how the cut "
        "matters, choose another granularity at the left instead."
    )
    if st.button("Load the next file of posts", type="primary"):
        st.switch_page(session.SNAPSHOTS_PAGE)


session.need_frame()
st.title("Compare", anchor=False)
cards.view_or_stop()
known = runs_by_time()
if len(known) < 2:
    one_run_only()
    session.write_link((*session.LINK, *session.COMPARED))
    st.stop()
chosen = choose(known)
if len(chosen) < 2:
    st.info(
        "Choose two runs or more. A run of the same file, or of one whose times overlap or adjoin, is put beside the "
        "run you look at by itself; of a file that has nothing to do with it, none is."
    )
    session.write_link((*session.LINK, *session.COMPARED))
    st.stop()
chain = compared(chosen)
names = heads(chain, known)
last = chain.steps[-1]
called = names_of(known)
if any(step.unrelated for step in chain.steps):
    st.warning(becoming.UNRELATED)
st.text(f"Since {called[last.run_a]}: {becoming.headline(last)}")
for caution in dict.fromkeys(
    said for step in chain.steps for said in becoming.cautions(step, known[step.run_a], known[step.run_b])
):
    st.caption(caution)
if any(len(run.narratives) for run in chain.runs):
    st.altair_chart(flows.flow(chain, names, dark=session.is_dark()), theme=None, key=f"flow-{'-'.join(chosen)}")
st.subheader("What is new", anchor=False)
lineage = choose_since(chain, known)
st.text(f"Since {called[lineage.run_a]}, in {called[lineage.run_b]}")
row = table(lineage) if len(lineage.links) else None
if row is not None:
    detail(chain, lineage, row, names)
st.caption(becoming.compared(lineage))
session.write_link((*session.LINK, *session.COMPARED))
