"""Parts of the Narrative page: why point by point, where it went and when, and every one of its posts."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from explore import session
from explore.narratives.evidence import Evidence
from explore.present import doubts, reasons, timing, waves, words
from explore.present.redaction import calm
from explore.session import View
from pages import cards

A_PAGE = 50
CLIPPED = 600  # characters of a post in its row
MOMENT = "D MMM YYYY HH:mm"


def why(evidence: Evidence) -> None:
    """What was counted, compared and found, point by point; folded, because the finding stands above it."""
    with st.expander("Why, point by point"):
        for name, said in reasons.reasons(evidence.narrative, evidence.window, evidence.unit):
            st.write(f"**{name}.** {said}")
        for name, said in waves.explained(evidence):
            st.text(f"{name}. {said}")


def fooled(view: View, evidence: Evidence) -> None:
    """What could fool the finding, or that the checks found nothing, which is no clearance."""
    found = doubts.doubts(
        evidence,
        hindsight=view.is_hindsight,
        has_languages=view.snapshot.has_languages,
        measured=session.measured(view, int(evidence.narrative["narrative_id"])),
        collection=session.collection_of(view.snapshot),
    )
    with st.container(border=True):
        st.markdown("**What could fool this finding**")
        for doubt in found:
            st.write(f"- {doubt}")
        if not found:
            st.write(doubts.NONE_FOUND)


def where(evidence: Evidence) -> None:
    """The languages, regions, links and sounds that it reached, in sentences and in a table."""
    said = timing.spread(evidence.jumps, evidence.unit)
    if not said:
        return
    st.markdown("**Where it went, and when**")
    for sentence in said:
        st.text(sentence)
    shown = timing.places(evidence.jumps)
    if shown.empty:
        return
    st.dataframe(
        shown,
        hide_index=True,
        height=cards.height(len(shown), most=6),
        column_order=["kind", "value", "units", "reached_at", "after", "first_at", "posts"],
        column_config={
            "kind": st.column_config.TextColumn("What", width=76),
            "value": st.column_config.TextColumn("Which", width=108),
            "units": st.column_config.NumberColumn(evidence.unit.capitalize(), format="localized", width=76),
            "reached_at": st.column_config.DatetimeColumn(
                f"Third {evidence.unit[:-1]} (UTC)", format=MOMENT, timezone="UTC", width=126
            ),
            "after": st.column_config.TextColumn("After the first", width=96),
            "first_at": st.column_config.DatetimeColumn("First post (UTC)", format=MOMENT, timezone="UTC", width=126),
            "posts": st.column_config.NumberColumn("Posts", format="localized", width=60),
        },
    )


def every_post(view: View, narrative_id: int) -> None:
    """All posts, the newest first, in pages; searched by plain words and offered as CSV. Texts are table cells."""
    st.subheader("All posts", anchor=False)
    search_in, turn, export = st.columns([5, 2, 2], vertical_alignment="bottom")
    with search_in:
        search = st.text_input("Words in the posts", key=f"posts-search-{narrative_id}", placeholder="All posts")
    found = session.every_post(view, narrative_id, search=search, offset=0, limit=A_PAGE)
    pages = max(1, -(-found.total // A_PAGE))
    with turn:
        key = f"posts-page-{narrative_id}"
        st.session_state[key] = min(st.session_state.get(key, 1), pages)
        page = st.number_input(f"Page (of {words.number(pages)})", min_value=1, max_value=pages, key=key)
    if page > 1:
        offset = A_PAGE * (int(page) - 1)
        found = session.every_post(view, narrative_id, search=search, offset=offset, limit=A_PAGE)
    with export:
        st.download_button(
            "Download as CSV",
            data=lambda: session.exported(view, narrative_id, search=search),
            file_name=f"groundswell-posts-{view.run.id[:6]}-{narrative_id}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            disabled=not found.total,
            width="stretch",
        )
    st.caption(
        f"{words.count(found.total, 'post')}{' with these words' if search.strip() else ''}, the newest first. Texts "
        "are as they were posted, here and in the file: they may name people. Accounts are pseudonyms."
    )
    if len(found.posts):
        _table(found.posts, key=f"every-{narrative_id}-{page}-{search}")


def _table(posts: pd.DataFrame, *, key: str) -> None:
    """The posts as rows; the chosen one in full below. Where texts are covered, the rows have none."""
    covered = bool(st.session_state.get(session.COVER))
    columns = {
        "created_at": st.column_config.DatetimeColumn("Posted (UTC)", format=MOMENT, timezone="UTC", width=130),
        "author": st.column_config.TextColumn("Account", width=80),
        "lang": st.column_config.TextColumn("Language", width=80),
        "views": st.column_config.NumberColumn("Views", format="localized", width=70),
        "copies": st.column_config.NumberColumn("Copies", format="localized", width=64,
            help="Posts of this narrative that say the same."),
        "text": st.column_config.TextColumn("Text"),
    }  # fmt: skip
    empty = {name for name in ("author", "lang", "views", "created_at") if posts[name].isna().all()}
    chosen = st.dataframe(
        posts.drop(columns="text") if covered else posts.assign(text=posts["text"].map(_on_one_line)),
        column_config=columns,
        column_order=[name for name in columns if name not in empty],
        hide_index=True,
        height=cards.height(len(posts), most=12),
        on_select="rerun",
        selection_mode="single-row",
        key=key,
    )
    rows = [row for row in chosen.selection.get("rows") or [] if row < len(posts)]
    if rows:
        cards.posts(posts.iloc[rows].assign(why="chosen"), key=key)
    else:
        st.caption("Choose a row to read the whole post.")


def _on_one_line(text: str) -> str:
    return calm(" ".join(text.split())[:CLIPPED])
