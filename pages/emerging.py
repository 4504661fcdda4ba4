"""Emerging: which narratives grow faster than chance now, and why."""

import hashlib
from datetime import timedelta
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from explore import session
from explore.narratives.emergence import NONE
from explore.present import findings, moment_strip, repeats, tables, waves, windows, words
from explore.present.clearest import clearest
from explore.session import View
from pages import cards

MOMENT = "D MMM YYYY HH:mm"
SEARCH = "search"
ROWS_IN_SIGHT = 7  # so that the detail below is in sight too


def controls(view: View, listed: pd.DataFrame) -> pd.DataFrame:
    """Window, moment and filters in one row; the rows that pass."""
    window, as_of, languages, more = st.columns([2, 3, 3, 2], vertical_alignment="bottom")
    with window:
        choose_window(view)
    with as_of:
        choose_moment(view)
    with languages:
        wanted_languages = choose("Languages", session.LANGUAGES, tables.choices(listed, "languages"))
    with more, st.popover(f"More filters{active_filters()}", width="stretch"):
        wanted_regions = choose("Regions", session.REGIONS, tables.choices(listed, "regions"))
        fewest = st.number_input(
            "At least this many posts", min_value=0, key=session.FEWEST_POSTS, persist_state="session"
        )
        only = st.toggle("Only emerging ones", key=session.ONLY_EMERGING, persist_state="session")
        baseline(view)
        search = st.text_input("Words in label or terms", key=SEARCH)
    narratives = tables.filtered(
        listed,
        languages=wanted_languages,
        regions=wanted_regions,
        fewest_posts=int(fewest or 0),
        only_emerging=only,
        search=search,
    )
    calm_ones = int((narratives["state"] == NONE).sum())
    everything = view.window is None or st.toggle(
        f"Also the {words.count(calm_ones, 'narrative')} without a finding",
        key=session.EVERYTHING,
        persist_state="session",
    )
    stories = session.stories_of(view)
    how = {"rest": everything, "dated": view.is_hindsight, "covered": is_covered()}
    shown = findings.rows(stories, narratives, view.window, view.run.unit, **how)
    narrowed = bool(wanted_languages or wanted_regions)
    return findings.passing(shown, search=search, fewest_posts=int(fewest or 0), only_emerging=only, items=not narrowed)


def active_filters() -> str:
    """How many of the choices in the popover are in force, for its button: " (2)"; empty where none is."""
    state = st.session_state
    given = [state.get(session.REGIONS), state.get(session.FEWEST_POSTS), state.get(session.ONLY_EMERGING)]
    given += [str(state.get(SEARCH) or "").strip(), state.get(session.BASELINE_WINDOWS) not in (None, 7)]
    count = sum(map(bool, given))
    return f" ({count})" if count else ""


def is_covered() -> bool:
    """Whether the reader wants texts to show only when clicked."""
    return bool(st.session_state.get(session.COVER))


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
    as_of = min(view.window.as_of, last)  # the last post stands for just after it
    st.session_state[session.AS_OF] = as_of
    st.session_state[session.MOMENT] = as_of.replace(tzinfo=None, second=0, microsecond=0)  # as the field shows it
    st.datetime_input(
        "As of (UTC): the window ends here",
        None,  # "now", which it begins with else, may be years after the file
        min_value=first,
        max_value=last,
        step=timedelta(hours=1),
        format="YYYY-MM-DD",
        key=session.MOMENT,
        on_change=session.turn_to_chosen,
    )


def where_to_look(view: View) -> None:
    """A strip over the whole file with all its findings; a click goes to a moment."""
    if view.window is None:
        return
    found = session.moments_of(view)
    if found is None:
        st.caption(moment_strip.PENDING)
        return
    st.caption(moment_strip.headline(found), help=moment_strip.explained(found, view.run.unit))
    clicked = st.altair_chart(
        moment_strip.strip(found, shown=view.window, unit=view.run.unit, dark=session.is_dark()),
        theme=None,
        on_select="rerun",
        key=f"moments-{view.run.id}-{view.window.as_of:%Y%m%d%H%M%S}",  # another moment, another strip: not clicked yet
    )
    moment = moment_strip.clicked(clicked)
    if moment is not None:
        session.turn_to(moment)
        st.rerun()


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
    """The list; the position of the chosen row, at first that of what was looked at last."""
    keys = [row_key(row) for row in shown[["narrative_id", "item_id"]].to_dict("records")]
    asked = (st.session_state.get(session.NARRATIVE), st.session_state.get(session.ITEM) or "")
    at = keys.index(asked) if asked in keys else 0
    columns = described(view)
    chosen = st.dataframe(
        shown,
        column_config=columns,
        column_order=told(view, shown, list(columns)),
        hide_index=True,
        height=cards.height(len(shown), most=ROWS_IN_SIGHT),
        on_select="rerun",
        selection_mode="single-cell",  # with rows as well, the mark stays on one row while a cell of another is chosen
        selection_default={"selection": {"rows": [], "columns": [], "cells": [(at, "finding")]}},
        key=f"table-{hashlib.sha256(repr((view.run.id, view.window, keys)).encode()).hexdigest()[:12]}",
        alt="Findings, the most accounts beyond what was to be expected first; choose one to see why it is listed.",
    )
    cells = chosen.selection.get("cells") or []
    return int(cells[0][0]) if cells and int(cells[0][0]) < len(keys) else at


def row_key(row: dict[Any, Any]) -> tuple[int | None, str]:
    """What a row stands for: a narrative, or an item."""
    return (None if row["item_id"] else int(row["narrative_id"]), str(row["item_id"]))


def described(view: View) -> dict[str, ColumnConfig]:
    """The columns with their units, the most telling first."""
    unit = view.run.unit
    span = words.length(view.window.length) if view.window else "the window"
    return {
        "status": st.column_config.TextColumn("Status", width=118),
        "finding": st.column_config.TextColumn("What", width=204,
            help="Narratives are named by their most telling words; “Mixed: a · b · c” has no single subject. Texts "
            "stand in quotation marks."),
        "kind": st.column_config.TextColumn("Kind", width=78,
            help="A narrative, or one text, link, tag, sequence of tags, media item or rare word that grows by "
            "itself."),
        "spark": st.column_config.AreaChartColumn(f"{unit.capitalize()} over time", width=96, y_min=0, color="green"),
        "now": st.column_config.NumberColumn(f"In {span}", format="localized", width=66,
            help=f"{unit.capitalize()} in the window."),
        "expected": st.column_config.NumberColumn("Expected", format="%.1f", width=72,
            help=f"{unit.capitalize()} that were to be expected in the window, by who is active and how much each "
            "posts, from those of the baseline."),
        "beyond": st.column_config.NumberColumn("At least beyond", format="localized", width=96,
            help=f"{unit.capitalize()} beyond what was to be expected, the low end of the 95 % interval. The list is "
            "in this order, emerging before jumps that are not proved."),
        "parts": st.column_config.NumberColumn("Parts", format="localized", width=52,
            help="Other findings that are the same posts for the most part, or share a tag, link or text; they are "
            "listed below."),
        "marks": st.column_config.TextColumn("Mind", width=104,
            help="Half of the window's posts are one account's, or one text; the posts share a template; or the "
            "narrative is not found again when a fifth of the messages is left out."),
        "growth": st.column_config.TextColumn("Growth", width=170,
            help="How many times what was to be expected, and the low end of the 95 % interval. Where none was seen "
            "before, only the low end is known: the usual rate is then assumed as high as it may be."),
        "posts": st.column_config.NumberColumn("Posts", format="localized", width=60,
            help="Of a narrative all up to this moment; of anything else those in the window."),
        "reach": st.column_config.NumberColumn("Views", format="compact", width=60),
        "copies": st.column_config.NumberColumn("Copies", format="%.0f %%", width=60,
            help="Share of posts that say the same as another account's post, those that begin with “RT @…” left out; "
            "reposts that only a column of the file marks are counted in. A run of an older "
            "version does not tell them apart: then they are counted in, and there is no column Reposts."),
        "reposts": st.column_config.NumberColumn("Reposts", format="%.0f %%", width=66,
            help=f"Share of posts that begin with {repeats.REPOST}: no column of the file is."),
        "before": st.column_config.NumberColumn("Usual before", format="%.1f", width=88,
            help=f"Mean {unit} per {span} in the baseline."),
        "since": st.column_config.DatetimeColumn("Since (UTC)", format=MOMENT, timezone="UTC", width=130,
            help="When its wave began: the most likely change of its rate beside everybody's activity; empty where "
            "there is no clear beginning."),
        "first_seen": st.column_config.DatetimeColumn("First seen (UTC)", format=MOMENT, timezone="UTC", width=130),
        "chance": st.column_config.TextColumn("False alarms", width=90,
            help="Of all that stand out as clearly, at most this share is expected to be a false alarm."),
        "why": st.column_config.TextColumn("In words", width=430),
        "terms": st.column_config.TextColumn("Terms", width=260),
    }  # fmt: skip


def told(view: View, shown: pd.DataFrame, columns: list[str]) -> list[str]:
    """The columns that this file and these rows can fill."""
    empty = {name for name in ("reach", "reposts", "copies", "first_seen", "since") if shown[name].isna().all()}
    empty |= {name for name in ("marks", "parts") if not shown[name].astype(bool).any()}
    empty |= {"kind"} if set(shown["kind"]) == {"narrative"} else set()
    if view.window is None:
        empty |= {
            "status",
            "spark",
            "now",
            "before",
            "expected",
            "beyond",
            "growth",
            "chance",
            "first_seen",
            "since",
            "why",
        }
    return [name for name in columns if name not in empty]


def parts(view: View, chosen: dict[str, Any]) -> None:
    """What else is the same story, folded."""
    others = findings.parts(session.stories_of(view), chosen, covered=is_covered())
    if others.empty:
        return
    with st.expander(f"The same story: {words.count(len(others), 'part')}"):
        st.dataframe(
            others,
            hide_index=True,
            height=cards.height(len(others), most=ROWS_IN_SIGHT),
            column_config={
                "status": st.column_config.TextColumn("Status", width=118),
                "finding": st.column_config.TextColumn("What", width=260),
                "kind": st.column_config.TextColumn("Kind", width=90),
                "now": st.column_config.NumberColumn(view.run.unit.capitalize(), format="localized", width=80),
                "posts": st.column_config.NumberColumn("Posts", format="localized", width=70),
            },
        )


def item_detail(view: View, chosen: dict[str, Any]) -> None:
    """One text, link, tag or word: why it is listed, its curve, its posts and accounts."""
    evidence = session.item_evidence(view, chosen["item_id"])
    item = evidence.narrative
    left, right = st.columns([3, 2], gap="medium")
    with left:
        cards.heading(chosen["finding"], words.status(item))
        st.write(words.why(item, view.window, view.run.unit, dated=view.is_hindsight))
        st.write(f"{words.shares(item, view.run.unit)} {words.certainty(item)}".strip())
        st.caption(findings.held(session.item_of(view, chosen["item_id"])))
        cards.curve(evidence, key="emerging-curve")
        parts(view, chosen)
        cards.offer_briefing(view, evidence, name=str(item["kind"]))
    with right:
        st.subheader("Posts that show it", anchor=False)
        cards.posts(evidence.examples.drop_duplicates("why").head(4), key=f"i{chosen['item_id']}")
        st.markdown("**Most active accounts**")
        if evidence.authors.empty:
            st.caption("The file names no accounts.")
            return
        st.dataframe(
            evidence.authors[["author", "posts"]],
            hide_index=True,
            height=cards.height(len(evidence.authors), most=5),
            column_config={
                "author": st.column_config.TextColumn("Account"),
                "posts": st.column_config.NumberColumn("Posts", format="localized"),
            },
        )


def detail(view: View, narrative: dict[str, Any], chosen: dict[str, Any]) -> None:
    evidence = session.gathered(view, int(narrative["narrative_id"]))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        cards.heading(narrative["label"], words.status(narrative))
        why = words.why(narrative, view.window, view.run.unit, dated=view.is_hindsight)
        st.write(f"{why} {clearest(narrative, view.window, view.run.unit, dated=view.is_hindsight)}".strip())
        if words.status(narrative) in words.CHANGED:  # else a ratio promises what chance explains
            st.write(f"{words.shares(narrative, view.run.unit)} {words.certainty(narrative)}".strip())
        if evidence.wave is not None:
            st.write(waves.wave(evidence, dated=view.is_hindsight))
        cards.steady(view, int(narrative["narrative_id"]))
        if st.button("Open this narrative", type="primary", icon=":material/arrow_forward:"):
            st.switch_page(session.NARRATIVE_PAGE)
        cards.curve(evidence, key="emerging-curve")
        parts(view, chosen)
    with right:
        st.subheader("Posts that show it", anchor=False)
        examples = evidence.examples.drop_duplicates("why").head(4)
        cards.posts(examples, key=f"e{narrative['narrative_id']}")


def thin_end(view: View) -> None:
    """That the file ends thinly, where the page shows the last moment before, and the way to its end."""
    found = session.thin_end(view)
    if found is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(windows.thin_end(found, view.run.unit))
        st.button("Go to its end", icon=":material/last_page:", on_click=session.turn_to, args=(found.end,))


def hindsight(view: View) -> None:
    """That the narratives know what came after the moment, and how to form them without."""
    assert view.window is not None  # noqa: S101  # hindsight needs a moment
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Hindsight: the narratives were formed from all posts of the run, also those after this moment.")
        st.button(
            "Form the narratives as of then",
            icon=":material/history:",
            help="Groups only the posts before this moment, as if the file ended there: a new run, in the queue.",
            on_click=session.form_as_of,
            args=(view.run.manifest, view.window.as_of),
        )


session.need_frame()
st.title("Emerging", anchor=False)
view = cards.view_or_stop()
listed = session.listed(view)
is_dated = view.is_hindsight or view.run.config.as_of is not None  # else the window ends with the file
whole_file = findings.whole_file(listed, view.window, view.run.unit)
if whole_file:
    st.warning(whole_file)
st.markdown(
    findings.headline(session.stories_of(view), listed, view.window, view.run.unit, dated=is_dated),
    help=findings.looked_at(session.items_of(view)) or None,
)
thin = windows.thin(listed, view.window, view.run.unit)
if thin:
    st.caption(thin)
thin_end(view)
cards.told_as_of(view)
if view.is_hindsight:
    hindsight(view)
where_to_look(view)
shown = controls(view, listed)
if listed.empty:
    cards.nothing_listed(view)
elif shown.empty:
    st.info(findings.nothing_shown(listed, everything=bool(st.session_state.get(session.EVERYTHING))))
else:
    chosen = shown.iloc[table(view, shown)].to_dict()
    narrative_id, item_id = row_key(chosen)
    st.session_state.update({session.NARRATIVE: narrative_id, session.ITEM: item_id or None})
    if narrative_id is None:
        item_detail(view, chosen)
    else:
        detail(view, listed.set_index("narrative_id", drop=False).loc[narrative_id].to_dict(), chosen)
session.write_link(session.LINK)
