"""What the pages share: cached loaders, the keys of the session, and the link that carries the view.

With present/pointmap/ the only module of explore/ that imports streamlit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from explore import jobs
from explore.errors import Refused
from explore.narratives import atlas, ranking
from explore.narratives.emergence import Window, moment
from explore.narratives.evidence import Evidence, evidence
from explore.narratives.run import Run, list_runs, open_run
from explore.posts import uploads
from explore.posts.layout import Preview
from explore.posts.quality import Quality, quality
from explore.posts.readers import preview
from explore.posts.snapshots import Snapshot, list_snapshots, open_snapshot
from explore.settings import PROJECT, Workspace, current_workspace

# Keys of st.session_state; those in LINK stand in the address too
SNAPSHOT, RUN, NARRATIVE = "snapshot", "run", "narrative"
WINDOW_HOURS, BASELINE_WINDOWS, AS_OF = "window", "baseline", "as_of"
LANGUAGES, REGIONS, FEWEST_POSTS, ONLY_EMERGING = "lang", "region", "posts", "emerging"
JOB = "job"
COVER = "cover"  # post texts show only when clicked
OPEN = "_open"  # a narrative to turn to at the next run, set by a click after the picker was drawn
LINK = (
    *(SNAPSHOT, RUN, NARRATIVE, WINDOW_HOURS, BASELINE_WINDOWS, AS_OF),
    *(LANGUAGES, REGIONS, FEWEST_POSTS, ONLY_EMERGING),
)
OF_A_SNAPSHOT = (WINDOW_HOURS, AS_OF, LANGUAGES, REGIONS)  # choices that another snapshot may not have
EMERGING_PAGE, NARRATIVE_PAGE, MAP_PAGE, SNAPSHOTS_PAGE = (
    f"pages/{name}.py" for name in ("emerging", "narrative", "map", "snapshots")
)
_SHARED = "_shared"
_FRAMED = "_framed"
_UNCOVERED = "_uncovered"

WINDOWS = {1: "1 hour", 6: "6 hours", 24: "24 hours", 72: "3 days", 168: "7 days"}
BASELINES = {7: "7 windows before", 14: "14 windows before", 28: "28 windows before"}
SAMPLE = PROJECT / "data" / "sample" / "synthetic_posts.csv.gz"
ICON = PROJECT / "explore" / "present" / "icon.png"  # a :material: icon would be fetched from a font host
SAMPLE_NAME = "Sample (synthetic)"


WindowKey = tuple[datetime, timedelta, timedelta] | None


@dataclass(frozen=True)
class View:
    """What is looked at: a run of a snapshot, and the window (null where the snapshot has no times)."""

    snapshot: Snapshot
    run: Run
    window: Window | None

    @property
    def is_hindsight(self) -> bool:
        """Whether the moment lies before the last explored post, so that the narratives know what came after."""
        return self.window is not None and self.run.last_at is not None and self.window.as_of < self.run.last_at


def workspace() -> Workspace:
    """The workspace of this process."""
    return current_workspace()


def now() -> datetime:
    """The one clock of the pages (UTC)."""
    return datetime.now(UTC)


def is_dark() -> bool:
    """Whether the browser shows the dark theme."""
    return st.context.theme.type == "dark"


# Loading


def snapshots() -> list[Snapshot]:
    """Every snapshot, the one loaded last first."""
    return list_snapshots(workspace())


def runs() -> list[dict[str, Any]]:
    """Manifests of all runs, newest first."""
    return list_runs(workspace())


@st.cache_resource(max_entries=6, show_spinner="Opening the run …")
def _opened(home: Path, run_id: str) -> Run:  # noqa: ARG001  # home is part of the cache key
    return open_run(workspace(), run_id)


def opened(run_id: str) -> Run:
    """The run, its files checked once per process. Raises `Refused`."""
    return _opened(workspace().home, run_id)


@st.cache_resource(max_entries=40, show_spinner="Scoring …")
def _listed(home: Path, run_id: str, window_key: WindowKey) -> pd.DataFrame:
    return ranking.emerging(_opened(home, run_id), _window(window_key))


def listed(view: View) -> pd.DataFrame:
    """The ranked narratives of a view. Shared between sessions: never change it in place."""
    return _listed(workspace().home, view.run.id, _window_key(view.window))


@st.cache_resource(max_entries=60, show_spinner="Gathering the evidence …")
def _evidence(home: Path, run_id: str, narrative_id: int, window_key: WindowKey, whole: bool) -> Evidence:
    run = _opened(home, run_id)
    window = _window(window_key)
    snapshot = open_snapshot(workspace(), run.snapshot_id)
    return evidence(run, snapshot, narrative_id, window=window, key=workspace().pseudonym_key(), whole=whole)


def gathered(view: View, narrative_id: int, *, whole: bool = False) -> Evidence:
    """The evidence for one narrative of a view. Raises `Refused`."""
    return _evidence(workspace().home, view.run.id, narrative_id, _window_key(view.window), whole)


@st.cache_resource(max_entries=6, show_spinner="Drawing the map …")
def _density(home: Path, run_id: str) -> pd.DataFrame:
    return atlas.density(_opened(home, run_id))


def density(view: View) -> pd.DataFrame:
    """Cells of the map of a view's run."""
    return _density(workspace().home, view.run.id)


@st.cache_resource(max_entries=20, show_spinner="Checking the snapshot …")
def _quality(home: Path, snapshot_id: str) -> Quality:  # noqa: ARG001  # home is part of the cache key
    return quality(open_snapshot(workspace(), snapshot_id), key=workspace().pseudonym_key())


def quality_of(snapshot: Snapshot) -> Quality:
    """The quality report of a snapshot."""
    return _quality(workspace().home, snapshot.id)


def _window_key(window: Window | None) -> WindowKey:
    return (window.as_of, window.length, window.baseline) if window else None


def _window(key: WindowKey) -> Window | None:
    return Window(*key) if key else None


# Uploads


def keep_upload(upload: UploadedFile) -> Path:
    """The path of an upload in the workspace; the load removes it."""
    return uploads.keep(workspace(), name=upload.name, ticket=upload.file_id, content=bytes(upload.getbuffer()))


@st.cache_resource(max_entries=20, show_spinner="Looking at the file …")
def _previewed(path: Path, stamp: tuple[int, int]) -> Preview:  # noqa: ARG001  # a changed file is looked at again
    return preview(path)


def previewed(path: Path) -> Preview:
    """The first records of a file, looked at once while the file stays as it is. Raises `Refused`."""
    try:
        found = path.stat()
        return _previewed(path, (found.st_mtime_ns, found.st_size))
    except OSError:
        return preview(path)


# The link


def read_link() -> None:
    """Take over what the address says, unless it says what this session wrote there itself."""
    written: Mapping[str, str] = st.session_state.get(_SHARED, {})
    for key in LINK:
        given = st.query_params.get(key)
        if given is not None and given != written.get(key):
            value = _from_link(key, given)
            if value is not None:
                st.session_state[key] = value
    st.session_state[_SHARED] = dict(st.query_params)


def write_link(keys: Sequence[str]) -> None:
    """Put the values of `keys` into the address; the rest of it goes."""
    values = {key: _to_link(st.session_state.get(key)) for key in keys}
    params = {key: value for key, value in values.items() if value and (key, value) != (FEWEST_POSTS, "0")}
    st.session_state[_SHARED] = params
    if dict(st.query_params) != params:
        st.query_params.from_dict(params)


def _from_link(key: str, given: str) -> Any:
    """The value that a part of the address stands for; None where it stands for nothing."""
    if key in (LANGUAGES, REGIONS):
        return given.split("~")
    if key == ONLY_EMERGING:
        return given == "yes"
    if key == AS_OF:
        try:
            return moment(given)
        except Refused:
            return None
    if key in (SNAPSHOT, RUN):
        return given
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None


def _to_link(value: Any) -> str:
    """The part of the address for a value; empty where there is nothing to say."""
    if value is None or value is False or value == []:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, list):
        return "~".join(map(str, value))
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


# Choosing


def keep_known(key: str, options: Sequence[Any], default: Any) -> bool:
    """Make the session's value of `key` one of `options`, else the default; whether something else was asked for."""
    asked = st.session_state.get(key)
    if asked in options:
        return False
    st.session_state[key] = default
    return asked is not None


def view() -> View | None:
    """What this session looks at; null where there is no run yet. Raises `Refused` when the run is damaged."""
    run_id = st.session_state.get(RUN)
    if run_id is None:
        return None
    run = opened(run_id)
    return View(snapshot=open_snapshot(workspace(), run.snapshot_id), run=run, window=_asked_window(run))


def _asked_window(run: Run) -> Window | None:
    """The window that the session asks for on this run, what suits the run where it asks for nothing."""
    suited = ranking.window_for(run)
    if suited is None or run.first_at is None:
        return None
    asked = st.session_state.get(AS_OF)
    as_of = min(max(asked, run.first_at), suited.as_of) if isinstance(asked, datetime) else suited.as_of
    hours = st.session_state.get(WINDOW_HOURS)
    length = timedelta(hours=hours) if hours in WINDOWS else suited.length
    windows = st.session_state.get(BASELINE_WINDOWS)
    return Window(as_of, length, (windows if windows in BASELINES else 7) * length)


def uncover(post: str) -> None:
    """Show a covered post in this session, for as long as it lasts."""
    st.session_state[_UNCOVERED] = {*st.session_state.get(_UNCOVERED, ()), post}


def is_uncovered(post: str) -> bool:
    """Whether this session asked to see the post."""
    return post in st.session_state.get(_UNCOVERED, ())


def cut_anew(manifest: Mapping[str, Any], granularity: str) -> None:
    """Look at the same posts cut broader or finer; a cut that is not there yet becomes a job."""
    wanted = dict(manifest["config"]) | {"granularity": granularity}
    snapshot = manifest["snapshot"]
    for kept in runs():
        if (kept["snapshot"]["id"], kept["config"], kept["encoder"]) == (snapshot["id"], wanted, manifest["encoder"]):
            st.session_state[RUN] = kept["id"]
            forget(NARRATIVE)
            return
    run = {"snapshot": snapshot["id"], **wanted}
    follow(jobs.submit(workspace(), title=str(snapshot["name"]), run=run, now=now()))


def take_over_opened() -> None:
    """Turn to the narrative that was clicked in the last run. Before the picker is drawn."""
    if OPEN in st.session_state:
        st.session_state[NARRATIVE] = st.session_state.pop(OPEN)


def look_at(snapshot_id: str, run_id: str) -> None:
    """Turn to a run; what was chosen on another one is forgotten."""
    forget(NARRATIVE, *OF_A_SNAPSHOT)
    st.session_state.update({SNAPSHOT: snapshot_id, RUN: run_id})


def forget(*keys: str) -> None:
    """Drop choices that mean something else, or nothing, on what is looked at next."""
    for key in keys:
        st.session_state.pop(key, None)


def navigate(*, icons: bool = True) -> Any:
    """The navigation; the page to run. An icon is fetched from a font host for the tab, unless the tab has one."""
    pages = {
        EMERGING_PAGE: "trending_up",
        NARRATIVE_PAGE: "article",
        MAP_PAGE: "scatter_plot",
        SNAPSHOTS_PAGE: "inventory_2",
    }
    return st.navigation(
        [
            st.Page(
                path,
                title=Path(path).stem.capitalize(),
                icon=f":material/{icon}:" if icons else None,
                default=path == EMERGING_PAGE,
            )
            for path, icon in pages.items()
        ]
    )


def need_frame() -> None:
    """Called first on every page: run app.py around it when Streamlit did not.

    A server whose first visitor opens /narrative takes pages/ for the old kind of app and runs the page alone. Calling
    st.navigation ends that for the whole server, and the rerun comes back framed.
    """
    if _FRAMED not in st.session_state:
        navigate(icons=False)
        st.rerun()


# Jobs


def start() -> None:
    """Called at every run of the app: a worker is there, and a new workspace explores the sample."""
    st.session_state[_FRAMED] = True
    jobs.ensure_worker(workspace())
    _first_start(workspace().home)


@st.cache_resource
def _first_start(home: Path) -> None:  # noqa: ARG001  # home is the cache key
    """Explore the sample in a workspace where nothing was ever loaded. Once per process and workspace."""
    space = workspace()
    if SAMPLE.is_file() and not list_snapshots(space) and not jobs.list_jobs(space, limit=1):
        explore_sample()


def explore_sample() -> jobs.Job:
    """Put the sample into the queue."""
    load = {"paths": [str(SAMPLE)], "options": {"name": SAMPLE_NAME}, "remove_after": False}
    return jobs.submit(workspace(), title=SAMPLE_NAME, load=load, run={}, now=now())


def follow(job: jobs.Job | None) -> None:
    """Wait for a job and land on its result; None stops waiting."""
    st.session_state[JOB] = job.id if job else None


def current_job() -> jobs.Job | None:
    """The job this session follows, else the one that runs or waits; null where there is none."""
    followed = st.session_state.get(JOB)
    if followed is not None:
        return jobs.find_job(workspace(), followed)
    return next((job for job in jobs.list_jobs(workspace()) if not job.ended), None)


def latest_jobs() -> list[jobs.Job]:
    """The last few jobs of the workspace, newest first."""
    return jobs.list_jobs(workspace(), limit=8)


def is_followed(job: jobs.Job) -> bool:
    """Whether this session waits for the job."""
    return st.session_state.get(JOB) == job.id


def landed() -> bool:
    """Whether the followed job has just ended well; the session then looks at its run."""
    followed = st.session_state.get(JOB)
    job = jobs.find_job(workspace(), followed) if followed is not None else None
    if job is None or job.state != "done":
        return False
    follow(None)
    if "run" in job.result:
        look_at(job.result["snapshot"], job.result["run"])
    return "run" in job.result
