"""Parts that several pages show: the job that runs, a narrative's name and curve, posts (only ever as st.text)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pandas as pd
import streamlit as st

from explore import jobs, session
from explore.errors import Refused
from explore.narratives.evidence import Evidence
from explore.narratives.replay import Detection
from explore.present import briefing, charts, repeats, steadiness, words
from explore.present.redaction import calm
from explore.session import View

MEASURES: dict[charts.Measure, str] = {"posts": "Posts", "accounts": "Accounts", "views": "Views"}
ROW_PIXELS = 33  # 2.2 rem of the theme's font
COVER_AFTER = 280  # characters of a post that are shown before "more"

HEADING = st.components.v2.component(
    "groundswell_heading",
    html="<p><span></span></p><h2 dir='auto'></h2>",
    css="""
        h2 { font: 650 1.35rem/1.3 var(--st-font); color: var(--st-text-color); margin: 0; overflow-wrap: anywhere;
             max-height: 5.2em; overflow: hidden; unicode-bidi: isolate; }
        p { font: 600 0.85rem/1.4 var(--st-font); color: var(--st-gray-text-color); margin: 0 0 0.15rem; }
        .emerging { color: var(--st-orange-text-color); }
    """,
    js="""
        export default function ({ data, parentElement }) {
            const sign = parentElement.querySelector("span");
            sign.textContent = data.status;
            sign.className = data.status.includes("emerging") ? "emerging" : "";
            parentElement.querySelector("h2").textContent = data.label;
        }
    """,
)

# Posts begin at the side from which their own first letter is read, line by line. The theme's accent has to carry white
# words on a button, which leaves it too dark for words of its own on the dark paper: those are in ink.
STYLE = st.components.v2.component(
    "groundswell_style",
    css="""
        [data-testid="stText"] > * { display: block; unicode-bidi: plaintext; text-align: start; }
        [data-testid="stSliderThumbValue"], [data-variant="segmented_control"][data-selected],
        [role="tab"]:is([data-selected], [data-hovered], [data-focus-visible]),
        [data-testid^="stBaseButton-tertiary"]:is(:hover, :focus-visible, :active) { color: inherit !important; }
        .st-key-map, .st-key-map > *, .st-key-map [data-testid="stVegaLiteChart"] { height: max(640px, 100vh - 20rem); }
        @media (max-width: 1080px) {
            [data-testid="stColumn"] { min-width: min(13rem, 100%); }
            [data-testid="stHorizontalBlock"]:has([data-testid="stDataFrame"], [data-testid="stVegaLiteChart"])
                > [data-testid="stColumn"] { min-width: 100%; }
        }
    """,
    isolate_styles=False,
)


@contextmanager
def plainly() -> Iterator[None]:
    """What goes wrong inside is said in plain words; a fault of ours goes to the log with its traceback."""
    try:
        yield
    except Refused as refusal:
        st.error("This cannot be shown.")
        st.text(str(refusal))
        st.text(f"The workspace is the folder {session.workspace().home}")
        st.caption("Choose another run at the left, or go on with another page.")
    except Exception:
        logging.getLogger("groundswell").exception("A page failed")
        st.error("This page failed. That is a fault of Groundswell, not of your data.")
        st.text("The log (where Groundswell was started) has the details. Reload the page, or go on with another one.")


def view_or_stop() -> View:
    """The view of this session; where there is none, say what to do next and end the page."""
    view = session.view()
    if view is None:
        _nothing_yet()
        st.stop()
    return view


def _nothing_yet() -> None:
    job = session.current_job() or next(iter(session.latest_jobs()), None)
    if job is not None and not job.ended:
        st.subheader("Your first narratives are on their way", anchor=False)
        st.write("Once this is done, what grows beyond what was to be expected shows here.")
    else:
        st.subheader("Nothing has been explored yet", anchor=False)
        st.write(
            "Here you will see what grows in a snapshot beyond what was to be expected. Begin with a file of posts."
        )
        with st.container(horizontal=True):
            if st.button("Load a file of posts", type="primary"):
                st.switch_page(session.SNAPSHOTS_PAGE)
            if st.button("Explore the synthetic sample"):
                session.follow(session.explore_sample())
                st.rerun()
    job_card("page", job=job)


def told_as_of(view: View) -> None:
    """That the run knows only the posts before a moment, where it was made so."""
    as_of = view.run.config.as_of
    if as_of is not None:
        st.info(
            f"Explored with the posts before {words.when(as_of)} only: neither narratives nor figures know the rest."
        )


def nothing_listed(view: View) -> None:
    """Why there is no narrative to show, and how to get to one."""
    if view.window is not None and view.is_hindsight:
        st.info("Move the time forward on the Emerging page: the posts of every narrative come later.")
    else:
        st.info("Too few posts of this run say similar things. Load more posts, or explore them with granularity fine.")


def height(rows: int, *, most: int) -> int:
    """Pixels of a table: its head and all rows, or `most` and a half so that one sees that it goes on."""
    return round(ROW_PIXELS * (1 + (rows if rows <= most else most + 0.5))) + 3


def job_card(place: str, *, job: jobs.Job | None = None) -> None:
    """A job, by default the one this session waits for: stage, share, elapsed time, cancel; nothing without one."""
    job = job or session.current_job()
    if job is None:
        return
    if job.ended:
        _ended(job, place)
    else:
        _running(place, job.id)


@st.fragment(run_every=1.0)
def _running(place: str, job_id: int) -> None:
    with plainly():
        _progress(place, job_id)


def _progress(place: str, job_id: int) -> None:
    job = jobs.find_job(session.workspace(), job_id)
    if job is None or job.ended:
        st.rerun(scope="app")
    stage = job.stage or ("Waiting for the engine to start" if job.state == "waiting" else "Starting")
    seconds = int(job.elapsed(session.now()).total_seconds())
    with st.container(border=True):
        st.text(_doing(job))
        st.progress(job.done or 0.0, text=f"{stage} · {seconds // 60}:{seconds % 60:02d} min")
        st.caption("You can go on working, or close this tab: the job goes on.")
        if st.button("Cancel", key=f"cancel-{place}"):
            jobs.cancel(session.workspace(), job.id, now=session.now())
            st.rerun(scope="app")


def _doing(job: jobs.Job) -> str:
    if job.compare is not None:
        return job.title
    return f"Exploring {job.title}" if job.run is not None else f"Loading {job.title}"


def _ended(job: jobs.Job, place: str) -> None:
    """What became of a job, and how to go on."""
    if job.state == "done":
        if session.is_followed(job) and "run" in job.result:
            with st.container(border=True):
                st.text(f"{job.title} has been explored.")
                st.button("Look at it", key=f"look-{place}", type="primary", on_click=_look)
        return
    with st.container(border=True):
        st.text(f"{job.title}: {job.state}")
        st.text(job.message)
        with st.container(horizontal=True):
            if st.button("Try again", key=f"again-{place}"):
                try:
                    session.follow(jobs.start_again(session.workspace(), job.id, now=session.now()))
                    st.rerun()
                except Refused as refusal:
                    st.text(str(refusal))
            if session.is_followed(job) and st.button("Dismiss", key=f"dismiss-{place}"):
                session.follow(None)
                st.rerun()


def _look() -> None:
    session.landed()


def heading(label: str, status: str) -> None:
    """A narrative's name. It is made of words from posts, so it is set as text and never read as Markdown."""
    HEADING(data={"label": calm(label), "status": status}, key=f"heading-{label}")


def steady(view: View, narrative_id: int) -> None:
    """Whether the narrative is found again in resamples, with the figures in the help."""
    measured = session.measured(view, narrative_id)
    st.caption(steadiness.found_again(measured), help=steadiness.explained(measured) or None)


def curve(evidence: Evidence, *, key: str, detection: Detection | None = None) -> None:
    """The narrative over time, with a choice of what is counted."""
    if evidence.curve.empty:
        st.info("The file has no times, so there is no curve and nothing can be called emerging.")
        return
    measures = [m for m in MEASURES if m != "views" or evidence.curve["views"].notna().any()]
    label: dict[charts.Measure, str] = {**MEASURES, "accounts": evidence.unit.capitalize()}
    chosen = st.segmented_control(
        "Count",
        measures,
        default="posts",
        format_func=label.__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    chart = charts.curve(evidence, measure=chosen, detection=detection, dark=session.is_dark())
    st.altair_chart(chart, theme=None, key=f"{key}-chart")


def posts(examples: pd.DataFrame, *, key: str) -> None:
    """One card a post: why it is shown, who, when, reach; the text inert, and covered where the reader wants that."""
    covered = bool(st.session_state.get(session.COVER))
    for post in examples.to_dict("records"):
        with st.container(border=True):
            st.caption(_about(post))
            _text(calm(str(post["text"])), key=f"{key}-{post['post_id']}", covered=covered)


def _about(post: Mapping[str, Any]) -> str:
    """Our own words and figures only: never anything that a post says."""
    said = [str(post["why"])]
    said += [f"account {post['author']}"] if post["author"] else []
    said += [words.when(post["created_at"])] if pd.notna(post["created_at"]) else []
    said += [words.count(post["views"], "view")] if pd.notna(post["views"]) else []
    said += [repeats.repeated(post)]
    return " · ".join(filter(None, said))


def covered_text(text: str, *, key: str) -> None:
    """What was posted, inert, and covered where the reader wants that."""
    _text(text, key=key, covered=bool(st.session_state.get(session.COVER)))


def _text(text: str, *, key: str, covered: bool) -> None:
    if covered and not session.is_uncovered(key):
        st.button("Show the text", key=f"{key}-open", type="tertiary", on_click=session.uncover, args=(key,))
        return
    st.text(text if len(text) <= COVER_AFTER else text[:COVER_AFTER].rstrip() + " …")
    if len(text) > COVER_AFTER:
        with st.popover("more", type="tertiary"):
            st.text(text)


def offer_briefing(
    view: View, evidence: Evidence, *, name: str, more: Callable[[], dict[str, Any]] = dict[str, Any]
) -> None:
    """A button that makes the briefing about one finding; `more`: what else `briefing.render` takes, asked then."""
    with st.popover("Briefing", icon=":material/description:", type="primary", width="stretch"):
        st.write("One page that opens offline in any browser: finding, chart, redacted posts, source of every figure.")
        cover = st.toggle("Post texts show only when clicked", key="cover-briefing")
        st.download_button(
            "Download briefing",
            data=lambda: briefing.render(
                [evidence],
                snapshot=view.snapshot.manifest,
                run=view.run.manifest,
                now=session.now(),
                cover_posts=cover,
                collection=session.collection_of(view.snapshot),
                **more(),
            ),
            file_name=f"groundswell-briefing-{view.run.id[:6]}-{name}.html",
            mime="text/html",
            icon=":material/download:",
            on_click="ignore",
        )
