"""Parts of the Snapshots page: how a file is read again, what was odd in collecting, and what is kept how long."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from explore import jobs, session
from explore.casework import removals
from explore.casework.erasure import erase_author, plan_erasure
from explore.errors import Refused
from explore.posts import mappings
from explore.posts.appending import options_like
from explore.posts.collection import RULES
from explore.posts.comparing import compare
from explore.posts.layout import Preview
from explore.posts.mapping import ColumnMapping, corrected, detect
from explore.posts.notes import change_notes, due_at, read_notes
from explore.posts.quality import Quality
from explore.posts.rewriting import rows_since
from explore.posts.snapshots import Snapshot
from explore.present import charts, exports, tables, words
from explore.present.lacking import lost
from explore.present.redaction import calm
from pages import cards

NEW = "A new snapshot"


def append_target(kept: list[Snapshot]) -> Snapshot | None:
    """The snapshot that the files are added to; None for a new one."""
    names = {snapshot.id: f"Add to {snapshot.name} ({snapshot.id[:6]})" for snapshot in kept}
    chosen = st.selectbox(
        "What it becomes",
        [NEW, *names],
        format_func=lambda one: names.get(one, one),
        key="append-to",
        help="Added to a snapshot, posts with a known id update their counts; the old snapshot stays as it is.",
    )
    return next((snapshot for snapshot in kept if snapshot.id == chosen), None)


@dataclass(frozen=True)
class Start:
    """How a file would be read before anybody corrects it, and in words why so."""

    mapping: ColumnMapping
    said: str
    tz: str = "UTC"
    date_order: str | None = None
    delimiter: str | None = None


def start(seen: Preview, base: Snapshot | None) -> Start:
    """As the snapshot was read that the file is added to, else as a saved mapping says, else as its columns suggest."""
    if base is not None:
        how = options_like(base, seen)
        columns = {name: source for name, source in how.columns.items() if source}
        mapping = corrected(ColumnMapping({}), seen, columns) if columns else detect(seen)
        return Start(mapping, f"Read as {base.name} was.", how.tz, how.date_order, how.delimiter)
    offered = mappings.offer(session.workspace(), seen)
    if offered.saved is None:
        return Start(offered.mapping, offered.said)
    return Start(offered.mapping, offered.said, offered.saved.tz, offered.saved.date_order, offered.saved.delimiter)


def keep_mapping(seen: Preview, mapping: ColumnMapping, options: dict[str, Any]) -> None:
    """Save how this file is read, for the next one with the same columns."""
    with st.popover("Save this mapping"):
        name = st.text_input("Name of the mapping", key="mapping-name", placeholder="for example vendor export")
        if st.button("Save", key="mapping-save", disabled=not name.strip()):
            how = {key: options[key] for key in ("tz", "date_order", "delimiter")}
            mappings.save(session.workspace(), seen, mapping, name=name, now=session.now(), **how)
            st.success("Saved. It is offered for the next file with these columns.")


def volume(found: Quality) -> None:
    """The posts over time, with holes and spikes of the collection, and each finding in words."""
    seen = found.collection
    if seen is None or found.volume.empty:
        st.info("The file has no times, so there is no volume over time and nothing can be called emerging.")
        return
    chart = charts.volume(found.volume, holes=seen.holes, spikes=seen.spikes, dark=session.is_dark())
    st.altair_chart(chart, theme=None, key="volume")
    rows = [
        *(("hole", one.start, one.end, 0, one.usual) for one in seen.holes.itertuples()),
        *((one.kind, one.worst, None, one.posts, None) for one in seen.clock),
        *(
            ("spike", one.start, one.end, one.posts, one.usual)
            for one in seen.spikes.sort_values("z", ascending=False).itertuples()
        ),
    ]
    if not rows:
        st.caption("No hole, spike or odd clock was found in the collection.")
        return
    table = pd.DataFrame(rows, columns=["finding", "start", "end", "posts", "usual"])
    st.dataframe(
        table.assign(finding=table["finding"].map(FINDINGS)).astype({"usual": "Int64"}),
        hide_index=True,
        height=38 + 33 * min(len(table), 6),
        column_config={
            "finding": st.column_config.TextColumn("What", width=130),
            "start": moment("From (UTC)"),
            "end": moment("To (UTC)"),
            "posts": st.column_config.NumberColumn("Posts", format="localized"),
            "usual": st.column_config.NumberColumn("Usually", format="localized"),
        },
    )
    for kind in dict.fromkeys(table["finding"]):
        st.caption(f"{FINDINGS[kind]}: {RULES[kind]}")


FINDINGS = {
    "hole": "Hole",
    "spike": "Spike",
    "second": "Same second",
    "full_hour": "Full hours",
    "midnight": "Midnight",
    "future": "In the future",
}


def moment(label: str) -> ColumnConfig:
    return st.column_config.DatetimeColumn(label, format="D MMM YYYY HH:mm", timezone="UTC")


def missing(found: Quality) -> None:
    """Which fields the posts lack, and what an investigator goes without for those that none of them has."""
    table = pd.DataFrame({"field": list(found.missing), "missing": map(tables.per_cent, found.missing.values())})
    share = st.column_config.ProgressColumn("Posts without it", min_value=0, max_value=100, format=tables.PER_CENT)
    st.dataframe(
        table,
        hide_index=True,
        height=cards.height(len(table), most=7),
        column_config={"field": "Field", "missing": share},
    )
    for sentence in lost({name for name, share in found.missing.items() if share == 1}):
        st.caption(sentence)


def accounts(found: Quality) -> None:
    """The most active accounts, as pseudonyms."""
    if found.accounts.empty:
        return
    st.markdown("**Most active accounts**")
    st.dataframe(
        found.accounts.assign(share=found.accounts["share"].map(tables.per_cent)),
        hide_index=True,
        column_config={
            "account": "Account (pseudonym)",
            "posts": st.column_config.NumberColumn("Posts", format="localized"),
            "share": st.column_config.NumberColumn("Share", format=tables.PER_CENT),
        },
    )


def quarantine_download(snapshot: Snapshot, found: Quality) -> None:
    """The quarantined records, with reasons, as a file that is safe to open in a spreadsheet."""
    if found.quarantined:
        st.download_button(
            f"Save the list of {words.count(found.quarantined, 'quarantined record')}",
            data=lambda: exports.csv_bytes(exports.quarantine(snapshot), key=session.workspace().pseudonym_key()),
            file_name=f"quarantine-{snapshot.id}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def manage(snapshot: Snapshot, kept: list[Snapshot]) -> None:
    """Name, note and days; compare; delete; erase an account."""
    names, comparing, deleting, erasing = st.tabs(["Name and days", "Compare", "Delete", "Erase an account"])
    with names:
        notes_form(snapshot)
    with comparing:
        comparison(snapshot, [other for other in kept if other.id != snapshot.id])
    with deleting:
        deletion(snapshot)
    with erasing:
        erasure_form()


def notes_form(snapshot: Snapshot) -> None:
    notes = read_notes(session.workspace(), snapshot.id)
    with st.form(f"notes-{snapshot.id}", border=False):
        name = st.text_input("Name", value=snapshot.name, max_chars=200)
        note = st.text_area("Note", value=notes.note, height=80)
        days = st.number_input(
            "Days to keep", min_value=1, value=notes.keep_days, help="Empty: until somebody deletes it."
        )
        saved = st.form_submit_button("Save")
    over = due_at(notes, rows_since(snapshot))
    if over is not None:
        st.caption(f"A purge removes it after {words.when(over)}.")
    version = st.session_state.setdefault(f"notes-seen-{snapshot.id}", notes.version)
    if saved:
        changes = {"name": name, "note": note, "keep_days": None if days is None else int(days)}
        try:
            change_notes(session.workspace(), snapshot.id, now=session.now(), seen=version, **changes)
        except Refused as refusal:
            refused(refusal)
            st.session_state[f"notes-seen-{snapshot.id}"] = notes.version
        else:
            st.session_state.pop(f"notes-seen-{snapshot.id}")
            st.rerun()


def comparison(snapshot: Snapshot, others: list[Snapshot]) -> None:
    if not others:
        st.caption("There is no other snapshot to compare with.")
        return
    names = {other.id: f"{other.name} ({other.id[:6]})" for other in others}
    chosen = st.selectbox("Compare with", [None, *names], format_func=lambda one: names.get(one, "choose one"))
    other = next((one for one in others if one.id == chosen), None)
    if other is None:
        return
    found = compare(snapshot, other, key=session.workspace().pseudonym_key())
    st.text(
        f"{words.count(found.both, 'post')} are in both, {words.number(found.only_first)} only in {snapshot.name}, "
        f"{words.number(found.only_second)} only in {other.name} (compared by {found.by}). Of those in both, "
        f"{words.number(found.other_text)} have another text and {words.number(found.other_counts)} other counts."
    )
    if not found.changed.empty:
        st.dataframe(found.changed, hide_index=True)


def deletion(snapshot: Snapshot) -> None:
    hangs = removals.dependents(session.workspace(), snapshot)
    goes = f"{words.count(snapshot.n_posts, 'post')} and {words.count(len(hangs.runs), 'run')}"
    st.text(f"Delete '{calm(snapshot.name)}', {goes}")
    if hangs.appended:
        st.text("Its posts are also in snapshots that were made by adding to it; these stay.")
    sure = st.checkbox(f"I am sure: {goes} go for good", key=f"sure-{snapshot.id}")
    if st.button("Delete this snapshot", disabled=not sure or bool(hangs.busy), icon=":material/delete:"):
        try:
            removals.delete_snapshot(session.workspace(), snapshot, now=session.now())
        except Refused as refusal:
            refused(refusal)
        else:
            st.rerun()
    if hangs.busy:
        st.caption(f"Job {hangs.busy[0]} needs it and has not ended.")


def erasure_form() -> None:
    """Erase an account from every snapshot; the runs are made anew by jobs, since the page never fits."""
    st.caption("Its posts go from every snapshot, and the runs are made anew. The files you loaded are yours to mend.")
    author = st.text_input("Id of the account, as in the file", key="erase-author")
    if not author:
        return
    try:
        plan = plan_erasure(session.workspace(), author)
        posts = words.count(sum(one.posts for one in plan.holdings), "post")
        st.text(
            f"Account {plan.account}: {posts} in {words.count(len(plan.holdings), 'snapshot')}, "
            f"{words.count(len(plan.runs), 'run')} to make anew."
        )
        if not st.button("Erase for good", icon=":material/person_off:"):
            return
        done = erase_author(session.workspace(), author, now=session.now(), explore_again=False)
    except Refused as refusal:
        refused(refusal)
        return
    became = {one["id"]: one["became"] for one in done.snapshots}
    for run in done.runs:
        if became.get(run["snapshot"]):
            again = {"snapshot": became[run["snapshot"]], **run["config"]}
            jobs.submit(session.workspace(), title="After an erasure", run=again, now=session.now())
    del st.session_state["erase-author"]
    st.rerun()


def refused(refusal: Refused) -> None:
    """A refusal may quote a file or a name, so its sentence is shown as text."""
    st.error("That was not done.")
    st.text(str(refusal))
