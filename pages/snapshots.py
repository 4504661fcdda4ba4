"""Snapshots: bring posts in, see what came in, explore it."""

import hashlib
from datetime import UTC
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import streamlit as st
from streamlit.elements.arrow import DataframeState
from streamlit.elements.lib.column_types import ColumnConfig

from explore import jobs, session
from explore.errors import Refused
from explore.posts.layout import Preview
from explore.posts.mapping import ColumnMapping, changed, corrected, like_times
from explore.posts.quality import Quality
from explore.posts.sample import as_stored, samples, unused
from explore.posts.schema import FIELD_NAMES, FIELDS
from explore.posts.snapshots import Snapshot, name_of
from explore.posts.uploads import are_kept
from explore.present import words
from explore.present.guesses import guessed
from explore.present.lacking import lost
from pages import cards, keeping

UPLOAD, ON_DISK = "Upload", "Path on this machine"
NOT_IN_FILE = "(not in this file)"
ENCODERS = {"lexical": "Lexical: any language, no model", "static": "Static model (model2vec folder)"}


def chosen_files() -> list[Path]:
    """What the person uploaded or named; uploads are kept in the workspace until they are loaded."""
    how = st.segmented_control("Where the file is", [UPLOAD, ON_DISK], default=UPLOAD, required=True)
    if how == ON_DISK:
        text = st.text_input("Path of the file", placeholder="for example exports/posts.parquet")
        return [Path(text.strip()).expanduser()] if text.strip() else []
    uploads = st.file_uploader(
        "CSV, TSV, JSONL or Parquet, also .gz or .zst; several files of one shape become one snapshot",
        accept_multiple_files=True,
    )
    return [session.keep_upload(upload) for upload in uploads]


def reading(begun: keeping.Start) -> dict[str, Any]:
    """How dates and separators are to be read, where the file leaves it open."""
    with st.popover("How to read it"):
        tz = st.text_input("Time zone of times that name none", value=begun.tz, help="For instance Europe/Berlin.")
        order = st.selectbox(
            "Dates like 01/03/2024", ORDERS, index=ORDERS.index(begun.date_order), format_func=DATE_ORDERS.__getitem__
        )
        delimiter = st.text_input(
            "Separator of a CSV file", value=begun.delimiter or "", max_chars=1, placeholder="found out by itself"
        )
        accept = st.toggle("Load even if over 20 % of the rows are bad")
    return {"tz": tz.strip() or "UTC", "date_order": order, "delimiter": delimiter or None, "accept_quarantine": accept}


ORDERS = [None, "dmy", "mdy"]
DATE_ORDERS = {None: "Not needed, or ask me", "dmy": "day/month/year", "mdy": "month/day/year"}


def mapping_editor(seen: Preview, found: ColumnMapping) -> ColumnMapping:
    """The detected mapping, field by field with sample values, to be corrected."""
    examples = samples(seen, found, key=session.workspace().pseudonym_key())
    table = pd.DataFrame(
        {
            "field": [field.name for field in FIELDS],
            "source": [found.columns.get(field.name, NOT_IN_FILE) for field in FIELDS],
            "values": [" │ ".join(value[:60] for value in examples.get(field.name, [])) for field in FIELDS],
            "meaning": [field.meaning for field in FIELDS],
        }
    )
    sources = [NOT_IN_FILE, *dict.fromkeys([*found.columns.values(), *seen.columns])]
    edited = st.data_editor(
        table,
        hide_index=True,
        disabled=["field", "values", "meaning"],
        column_config={
            "field": st.column_config.TextColumn("Field", width=110),
            "source": st.column_config.SelectboxColumn("Column of the file", options=sources, required=True, width=190),
            "values": st.column_config.TextColumn("First values", width=380),
            "meaning": st.column_config.TextColumn("What it is", width=380),
        },
        height=cards.height(len(FIELDS), most=len(FIELDS)),
        key=f"mapping-{hashlib.sha256(repr((seen.name, seen.size, seen.columns)).encode()).hexdigest()[:12]}",
    )
    now = dict(zip(edited["field"], edited["source"].replace(NOT_IN_FILE, ""), strict=True))
    changes = {name: source for name, source in now.items() if source != found.columns.get(name, "")}
    return corrected(found, seen, changes)


def what_is_missing(mapping: ColumnMapping) -> None:
    """What the product cannot tell about this file."""
    for sentence in lost(set(FIELD_NAMES) - set(mapping.columns)):
        st.caption(sentence)


def columns_left(seen: Preview, mapping: ColumnMapping) -> None:
    """The columns that no field takes, and whether one of them looks like the times that are missing."""
    left = unused(seen, mapping, key=session.workspace().pseudonym_key())
    suspects = [] if "created_at" in mapping.columns else like_times(seen, mapping)
    if suspects:
        st.warning("No column is read as the time, though one looks like times. Without times, nothing is emerging.")
        st.text(
            f"Looks like times: {', '.join(column[:80] for column in suspects[:3])}. Choose it for created_at above."
        )
    if left.empty:
        return
    with st.expander(f"{words.count(len(left), 'column')} of the file not used", expanded=bool(suspects)):
        st.dataframe(
            left.assign(values=[" │ ".join(value[:60] for value in values) for values in left["values"]]),
            hide_index=True,
            height=cards.height(len(left), most=8),
            column_config={
                "column": st.column_config.TextColumn("Column of the file", width=230),
                "values": st.column_config.TextColumn("First values (accounts as pseudonyms)", width=620),
            },
        )


def run_settings(key: str) -> dict[str, Any]:
    """Encoder, granularity and seed of a run, with defaults that most people want."""
    with st.popover("How to explore it"):
        levels: list[Literal["broad", "medium", "fine"]] = ["broad", "medium", "fine"]
        granularity = st.segmented_control(
            "Granularity",
            levels,
            default="medium",
            required=True,
            key=f"{key}-granularity",
            help="Fine finds smaller narratives: it needs a third of the messages that medium needs.",
        )
        kind = st.selectbox("Encoder", list(ENCODERS), format_func=ENCODERS.__getitem__, key=f"{key}-encoder")
        folder = st.text_input("Model folder", key=f"{key}-folder") if kind == "static" else ""
        seed = st.number_input(
            "Seed", min_value=0, value=1, key=f"{key}-seed", help="The same seed gives the same result."
        )
    encoder = f"static:{folder.strip()}" if kind == "static" else "lexical"
    return {"granularity": granularity, "encoder": encoder, "seed": int(seed)}


def add() -> None:
    """File, mapping, go."""
    files = chosen_files()
    if not files:
        return
    try:
        seen = session.previewed(files[0])
        base = keeping.append_target(kept) if kept else None
        begun = keeping.start(seen, base)
        st.text(f"{seen.name}: {describe(seen)}. {begun.said}")
        mapping = mapping_editor(seen, begun.mapping)
        what_is_missing(mapping)
        columns_left(seen, mapping)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            usual = name_of(seen.name)
            name = st.text_input("Name of the snapshot", value=usual, width=320).strip()
            given = name if name != usual or base else ""  # else a snapshot that is there keeps the name it has
            options = {"name": given or None, "columns": changed(mapping, seen), **reading(begun)}
            run = run_settings("new")
            keeping.keep_mapping(seen, mapping, options)
            go = st.button("Load and explore", type="primary", icon=":material/play_arrow:")
        for sentence in guessed(seen, mapping, tz=options["tz"], date_order=options["date_order"]):
            st.text(sentence)
        key = session.workspace().pseudonym_key()
        stored = as_stored(seen, mapping, key=key, tz=options["tz"], date_order=options["date_order"], count=5)
    except Refused as refusal:
        st.error("This file cannot be loaded like this.")
        st.text(str(refusal))
        if "--map" in str(refusal):
            st.caption("“--map” is for the command line; here you choose the column in the table above.")
        elif "--" in str(refusal):
            st.caption("Options with two dashes are for the command line; here they stand under “How to read it”.")
        return
    st.caption("As the first rows would be stored" + (f"; times read as {stored.times}" if stored.times else ""))
    reasons = stored.rows["quarantined"].dropna()
    if not reasons.empty:  # the column stands far to the right
        st.text(f"{len(reasons)} of these {len(stored.rows)} rows would be quarantined: {reasons.iloc[0]}.")
    st.dataframe(stored.rows, hide_index=True, height=cards.height(len(stored.rows), most=5))
    if go:
        load = {
            "paths": [str(path) for path in files],
            "options": options,
            "remove_after": are_kept(session.workspace(), files),
        }
        load |= {"append": base.id} if base else {}
        title = str(options["name"] or seen.name)
        session.follow(jobs.submit(session.workspace(), title=title, load=load, run=run, now=session.now()))
        st.rerun()


def describe(seen: Preview) -> str:
    packed = "" if seen.compression == "none" else f", {seen.compression}"
    separated = f", separated by {SEPARATORS.get(seen.delimiter, seen.delimiter)}" if seen.delimiter else ""
    quoted = QUOTES.get(seen.layout.dialect.quote, "") if seen.delimiter else ""
    return f"{seen.format.upper()}{packed}{separated}{quoted}, {words.number(seen.size)} bytes"


SEPARATORS = {
    ",": "commas",
    ";": "semicolons",
    "\t": "tabs",
    "|": "bars",
    "\x01": "the control character 01, as Hive writes",
    "\x14": "the control character 14, as Concordance writes",
}
QUOTES = {"'": ", cells in single quotes (')", "þ": ", cells between þ and þ"}  # double quotes, or none, are usual


def shelf(snapshots: list[Snapshot]) -> Snapshot:
    """The snapshots; the chosen one, which is that of the sidebar until a row is clicked: then the sidebar follows."""
    ids = [snapshot.id for snapshot in snapshots]
    aside = st.session_state.get(session.SNAPSHOT)
    begin = ids.index(aside) if aside in ids else 0
    key = f"shelf-{len(ids)}-{ids[begin]}"
    explored = pd.Series([manifest["snapshot"]["id"] for manifest in session.runs()], dtype="str").value_counts()
    table = pd.DataFrame(
        {
            "name": [snapshot.name for snapshot in snapshots],
            "posts": [snapshot.n_posts for snapshot in snapshots],
            "first": [snapshot.first_at for snapshot in snapshots],
            "last": [snapshot.last_at for snapshot in snapshots],
            "runs": [int(explored.get(snapshot.id, 0)) for snapshot in snapshots],
            "loaded": [snapshot.loaded_at.astimezone(UTC) for snapshot in snapshots],
        }
    )
    chosen = st.dataframe(
        table,
        hide_index=True,
        column_config={
            "name": st.column_config.TextColumn("Snapshot", width=190),
            "posts": st.column_config.NumberColumn("Posts", format="localized"),
            "first": moments("First post (UTC)"),
            "last": moments("Last post (UTC)"),
            "runs": st.column_config.NumberColumn("Runs"),
            "loaded": moments("Loaded (UTC)"),
        },
        on_select=lambda: turn_to(snapshots[chosen_row(st.session_state[key], begin)], explored=explored),
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [begin], "columns": [], "cells": []}},
        key=key,
    )
    return snapshots[chosen_row(chosen, begin)]


def chosen_row(state: DataframeState, otherwise: int) -> int:
    rows = state["selection"].get("rows") or [otherwise]
    return int(rows[0])


def turn_to(snapshot: Snapshot, *, explored: pd.Series) -> None:
    """Let the sidebar follow to a snapshot that it offers: one that has runs."""
    if snapshot.id in explored and snapshot.id != st.session_state.get(session.SNAPSHOT):
        session.forget(session.RUN, session.NARRATIVE, *session.OF_A_SNAPSHOT)
        st.session_state[session.SNAPSHOT] = snapshot.id


def moments(label: str) -> ColumnConfig:
    return st.column_config.DatetimeColumn(label, format="D MMM YYYY HH:mm", timezone="UTC")


def report(snapshot: Snapshot) -> None:
    """What came in, and what did not."""
    found = session.quality_of(snapshot)
    cards.heading(snapshot.name, "Quality of the snapshot")
    st.write(accounts_of(found))
    for note in snapshot.load_notes:
        st.text(note)
    if any("--map" in note for note in snapshot.load_notes):
        st.caption("“--map” is for the command line; here, add the file again and choose the column in its table.")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        keeping.volume(found)
    with right:
        keeping.missing(found)
        keeping.accounts(found)
    if not found.reasons.empty:
        st.markdown("**Quarantined**")
        st.dataframe(
            found.reasons[["meaning", "records"]],
            hide_index=True,
            column_config={"meaning": "Why", "records": "Records"},
        )
    keeping.quarantine_download(snapshot, found)
    st.caption(f"Snapshot {snapshot.id} · SHA-256 of the file {snapshot.sha256}")


def accounts_of(found: Quality) -> str:
    said = (
        f"{words.count(found.accepted, 'post')} of {words.count(found.records, 'record')} came in; "
        f"{words.number(found.quarantined)} were quarantined, {words.number(found.duplicates)} were exact repeats. "
        f"{words.percent(found.copy_share)} of the posts repeat the text of an earlier one."
    )
    if found.authors:
        most = words.count(found.top_authors[0], "post")
        said += f" {words.count(found.authors, 'account')}; the most active one wrote {most}."
    if found.ahead:
        said += (
            f" {words.count(found.ahead, 'post')} carry a date more than a day after they were loaded: check the clock."
        )
    return said


def explore_again(snapshot: Snapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run = run_settings("again")
        if st.button("Explore this snapshot", icon=":material/play_arrow:"):
            run = {"snapshot": snapshot.id, **run}
            session.follow(jobs.submit(session.workspace(), title=snapshot.name, run=run, now=session.now()))
            st.rerun()


def history() -> None:
    """What became of the latest loads and runs, also of those that were started in a tab that is closed."""
    latest = session.latest_jobs()
    if not latest:
        return
    st.subheader("Latest loads and runs", anchor=False)
    table = pd.DataFrame(
        {
            "submitted": [job.submitted_at for job in latest],
            "title": [job.title for job in latest],
            "state": [job.state for job in latest],
            "message": [job.message for job in latest],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "submitted": moments("Started (UTC)"),
            "title": st.column_config.TextColumn("What", width=220),
            "state": st.column_config.TextColumn("State", width=90),
            "message": st.column_config.TextColumn("Why it did not end well", width=620),
        },
    )


session.need_frame()
st.title("Snapshots", anchor=False)
kept = session.snapshots()
st.write("A snapshot is a file of posts, checked and kept as it came in. Bring one in, and explore it for narratives.")
with st.container(border=True):
    st.subheader("Add posts", anchor=False)
    add()
cards.job_card("page")
if kept:
    st.subheader("Loaded", anchor=False)
    selected = shelf(kept)
    explore_again(selected)
    report(selected)
    keeping.manage(selected, kept)
history()
session.write_link(session.LINK)
