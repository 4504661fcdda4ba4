"""Jobs as a session sees them: what it waits for, and where it lands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import streamlit as st

from explore import jobs
from explore.narratives.chain import take_long
from explore.posts.snapshots import list_snapshots
from explore.session.choosing import forget, look_at
from explore.session.keys import AS_OF, FRAMED, JOB, NARRATIVE, RUN, SAMPLE, SAMPLE_NAME
from explore.session.loading import now, opened, runs, workspace


def start() -> None:
    """Called at every run of the app: a worker is there, and a new workspace explores the sample."""
    st.session_state[FRAMED] = True
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


def cut_anew(manifest: Mapping[str, Any], granularity: str) -> None:
    """Look at the same posts cut broader or finer; a cut that is not there yet becomes a job."""
    _explore_anew(manifest, granularity=granularity)


def form_as_of(manifest: Mapping[str, Any], as_of: datetime) -> None:
    """Look at narratives formed from the posts before `as_of` only; a run that is not there yet becomes a job."""
    _explore_anew(manifest, as_of=as_of.isoformat())


def _explore_anew(manifest: Mapping[str, Any], **changes: str) -> None:
    wanted = dict(manifest["config"]) | changes
    snapshot = manifest["snapshot"]
    for kept in runs():
        if (kept["snapshot"]["id"], kept["config"], _encoder(kept)) == (snapshot["id"], wanted, _encoder(manifest)):
            st.session_state[RUN] = kept["id"]
            forget(NARRATIVE, *([AS_OF] if "as_of" in changes else []))
            return
    run = {"snapshot": snapshot["id"], **wanted}
    follow(jobs.submit(workspace(), title=str(snapshot["name"]), run=run, now=now()))


def _encoder(manifest: Mapping[str, Any]) -> tuple[str, str]:
    return manifest["encoder"]["name"], manifest["encoder"]["version"]


def comparison(run_ids: Sequence[str]) -> jobs.Job | None:
    """The job that compares the runs, begun if nobody has asked for it yet; null where they can be shown at once."""
    runs = [opened(run_id) for run_id in run_ids]
    if not take_long(runs, cache=workspace().cache):
        return None
    job = jobs.find_comparison(workspace(), run_ids)
    if job is None or job.state == "done":  # done, and lost again: the cache goes with any snapshot that is deleted
        title = f"Comparing {len(run_ids)} runs"
        return jobs.submit(workspace(), title=title, compare=run_ids, now=now())
    return job


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
