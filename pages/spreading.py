"""How a narrative spread: bursts with their swim-lane, pairs of accounts, and what could fool the figures."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from explore import session
from explore.narratives.cosharing import Pace
from explore.narratives.spread import Spread
from explore.present import lanes, spreading
from explore.present.redaction import excerpt
from explore.session import View
from pages import cards

CLIPPED = 160  # characters of what was posted, in the table
ROWS_IN_SIGHT = 5


def section(view: View, narrative_id: int) -> None:
    """The section of the narrative's page."""
    st.subheader("How it spread", anchor=False)
    spread = session.spread_of(view, narrative_id)
    st.write(spreading.makeup(spread))
    st.write(spreading.together(spread))
    if spread.pace is None:
        return
    if view.is_hindsight:
        st.caption("Counted up to the chosen moment, except where it says “over the whole run”.")
    if spread.n_bursts:
        table, lane = st.columns([2, 3], gap="medium")
        with table:
            chosen = bursts(spread, spread.pace, key=f"bursts-{narrative_id}")
        with lane:
            chart = lanes.swim_lane(spread, chosen, dark=session.is_dark())
            st.altair_chart(chart, theme=None, key=f"lanes-{narrative_id}")
    else:
        st.caption("No item was posted by five accounts or more in one burst.")
    pairs(spread)
    with st.container(border=True):
        st.markdown("**What could fool these figures**")
        for limit in spreading.limits(spread.pace):
            st.write(f"- {limit}")


def bursts(spread: Spread, pace: Pace, *, key: str) -> int:
    """The bursts to choose from, and the chosen one in words; its row."""
    st.markdown("**The same thing by many accounts at once**")
    shown = spread.bursts.assign(
        item=[excerpt(str(item), characters=CLIPPED) for item in spread.bursts["item"]],
        kind=spread.bursts["kind"].map(spreading.NOUNS),
        took=[spreading.span(spreading.lasted(row, pace)) for row in spread.bursts.to_dict("records")],
    )
    columns = {
        "accounts": st.column_config.NumberColumn("Accounts", format="localized", width=72),
        "took": st.column_config.TextColumn("Within", width=72),
        "kind": st.column_config.TextColumn("The same", width=64),
        "item": st.column_config.TextColumn("What was posted", width=150),
        "start": st.column_config.DatetimeColumn("From (UTC)", format="D MMM YYYY HH:mm", timezone="UTC", width=130),
    }
    chosen = st.dataframe(
        shown[list(columns)],
        column_config=columns,
        hide_index=True,
        height=cards.height(len(shown), most=ROWS_IN_SIGHT),
        on_select="rerun",
        selection_mode="single-cell",
        key=key,
        alt="Bursts, the largest first; choose one to see who posted when.",
    )
    cells = chosen.selection.get("cells") or []
    at = int(cells[0][0]) if cells and int(cells[0][0]) < len(shown) else 0
    more = spread.n_bursts - len(shown)
    st.caption(f"The {len(shown)} largest of {spread.n_bursts}." if more else "Choose one to see who posted when.")
    st.write(spreading.burst(spread.bursts.iloc[at].to_dict(), pace))
    cards.covered_text(excerpt(str(spread.bursts["item"].iloc[at])), key=f"{key}-{at}")
    return at


def pairs(spread: Spread) -> None:
    """Pairs of accounts that posted different things together, and the first of them in words."""
    st.markdown("**The same accounts together, again and again**")
    st.write(spreading.again(spread))
    if spread.n_pairs == 0 or spread.pace is None:
        return
    st.text(spreading.pair(spread.pairs.iloc[0].to_dict(), spread.pace))
    columns = {
        "account": st.column_config.TextColumn("Account", width=80),
        "partner": st.column_config.TextColumn("and account", width=80),
        "co_shares": st.column_config.NumberColumn("Times together", format="localized", width=100),
        "expected": st.column_config.NumberColumn("By chance", format="%.1f", width=80),
        "items": st.column_config.NumberColumn("Different things", format="localized", width=100),
        "apart": st.column_config.NumberColumn("Seconds apart (median)", format="%.0f", width=130),
        "narratives": st.column_config.NumberColumn("Narratives of the run", format="localized", width=120,
            help="In how many narratives of this run the two posted the same thing together."),
    }  # fmt: skip
    if spread.pace.unit >= timedelta(minutes=1):
        columns.pop("apart")  # always none
    st.dataframe(
        spread.pairs[list(columns)],
        column_config=columns,
        hide_index=True,
        height=cards.height(len(spread.pairs), most=ROWS_IN_SIGHT),
        alt="Pairs of accounts, those that posted together most often first.",
    )
