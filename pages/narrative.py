"""Narrative: why it is listed, how it developed, which posts show it, and where they come from."""

import pandas as pd
import streamlit as st

from explore import session
from explore.narratives.evidence import Evidence
from explore.narratives.replay import Detection
from explore.present import repeats, tables, timing, waves, words
from explore.present.redaction import apart
from explore.session import View
from pages import cards, spreading, tracing

ALL = "all that were picked, each with its reason"


def choose(listed: pd.DataFrame) -> int:
    names = {
        int(number): f"{apart(label)} · {number}"
        for number, label in zip(listed["narrative_id"], listed["label"], strict=True)
    }
    asked = st.session_state.get(session.NARRATIVE)
    if session.keep_known(session.NARRATIVE, list(names), next(iter(names))):
        first = next(iter(names))
        st.warning(f"Narrative {asked} is not in this run at this moment. Narrative {first} is shown instead.")
    chosen = st.selectbox(
        "Narrative · its number (in the order of Emerging)",
        list(names),
        format_func=names.__getitem__,
        key=session.NARRATIVE,
        persist_state="session",
    )
    return int(chosen)


def finding(view: View, evidence: Evidence, detection: Detection | None) -> None:
    narrative, unit = evidence.narrative, evidence.unit
    cards.heading(narrative["label"], words.status(narrative))
    st.write(words.why(narrative, view.window, unit, dated=view.is_hindsight))
    changed = words.status(narrative) in words.CHANGED  # else a ratio promises what chance explains
    st.write(f"{words.shares(narrative, unit) if changed else ''} {words.certainty(narrative)}".strip())
    if evidence.wave is not None:
        st.write(waves.wave(evidence, dated=view.is_hindsight))
    st.write(waves.life(narrative, evidence.wave, unit))
    st.write(repeats.copies(narrative, unit))
    if detection is not None:
        st.write(timing.detected(detection, unit))
    cards.steady(view, int(narrative["narrative_id"]))
    st.text("Terms: " + ", ".join(map(apart, narrative["terms"])))
    tracing.fooled(view, evidence)
    tracing.why(evidence)


def sources(evidence: Evidence) -> None:
    shown = [
        ("Links", evidence.links, {"link": "Link", "posts": "Posts", "authors": "Accounts"}),
        ("Tags", evidence.tags, {"tag": "Tag", "posts": "Posts", "authors": "Accounts"}),
        (
            "Most active accounts",
            evidence.authors.assign(share=evidence.authors["share"].map(tables.per_cent)),
            {"author": "Account", "posts": "Posts", "share": "Share"},
        ),
        (
            "Languages",
            evidence.languages.assign(lang=evidence.languages["lang"].map(words.language)),
            {"lang": "Language", "posts": "Posts"},
        ),
    ]
    places = [st.container(), *st.columns(2), st.container()]  # links are long; tags and accounts share a row
    for place, (title, frame, names) in zip(places, shown, strict=True):
        with place:
            st.markdown(f"**{title}**")
            if frame.empty:
                st.caption("None in these posts." if title != "Most active accounts" else "The file names no accounts.")
                continue
            config = {
                name: st.column_config.TextColumn(label)
                for name, label in names.items()
                if name not in ("posts", "authors", "share")
            }
            config |= {
                name: st.column_config.NumberColumn(names[name], format="localized", width="small")
                for name in ("posts", "authors")
                if name in names
            }
            config["share"] = st.column_config.NumberColumn("Share", format=tables.PER_CENT, width="small")
            st.dataframe(
                frame[list(names)], column_config=config, hide_index=True, height=cards.height(len(frame), most=6)
            )


def neighbours(evidence: Evidence) -> None:
    st.markdown("**Nearest narratives**")
    if evidence.neighbours.empty:
        st.caption("There is no other narrative.")
        return
    config = {
        "label": st.column_config.TextColumn("Narrative"),
        "n_posts": st.column_config.NumberColumn("Posts", format="localized", width="small"),
        "similarity": st.column_config.ProgressColumn(
            "Similarity", min_value=0, max_value=1, format="%.2f", width="small"
        ),
    }
    chosen = st.dataframe(
        evidence.neighbours,
        column_config=config,
        column_order=list(config),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-cell",
        key=f"near-{evidence.narrative['narrative_id']}",
    )
    if chosen.selection.get("cells"):
        st.session_state[session.OPEN] = int(evidence.neighbours.iloc[chosen.selection["cells"][0][0]]["narrative_id"])
        st.rerun()


def offer_briefing(view: View, evidence: Evidence) -> None:
    narrative_id = int(evidence.narrative["narrative_id"])
    cards.offer_briefing(
        view,
        evidence,
        name=str(narrative_id),
        more=lambda: {
            "spreads": [session.spread_of(view, narrative_id)],
            "measured": [session.measured(view, narrative_id)],
            "detections": [session.detected(view, narrative_id)],
        },
    )


session.need_frame()
st.title("Narrative", anchor=False)
view = cards.view_or_stop()
listed = session.listed(view)
if listed.empty:
    st.write(words.headline(listed, view.window, view.run.unit))
    cards.nothing_listed(view)
    session.write_link(session.LINK)
    st.stop()
session.forget(session.ITEM)  # from here on this narrative is what was looked at last
cards.told_as_of(view)
session.take_over_opened()
pick, whole_life, brief = st.columns([5, 2, 2], vertical_alignment="bottom")
with pick:
    narrative_id = choose(listed)
with whole_life:
    whole = st.toggle("Whole life on the curve", key="whole")
evidence = session.gathered(view, narrative_id, whole=whole)
with brief:
    offer_briefing(view, evidence)
left, right = st.columns([3, 2], gap="medium")
with left:
    detection = session.detected(view, narrative_id)
    finding(view, evidence, detection)
    cards.curve(evidence, key="narrative-curve", detection=detection)
    tracing.where(evidence)
    sources(evidence)
    neighbours(evidence)
with right:
    st.subheader("Posts", anchor=False)
    reasons = list(dict.fromkeys(evidence.examples["why"]))
    why = st.selectbox("Which posts", [ALL, *reasons], label_visibility="collapsed")
    posts = evidence.examples if why == ALL else evidence.examples[evidence.examples["why"] == why]
    cards.posts(posts, key=f"n{narrative_id}")
spreading.section(view, narrative_id)
tracing.every_post(view, narrative_id)
session.write_link(session.LINK)
