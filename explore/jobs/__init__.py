"""Loads, runs and comparisons as jobs: rows in the database, done one at a time by a worker process beside the pages.

Three processes, so that no page waits for a fit and no fit outlives its reason:
- the web process submits, shows and cancels jobs; importing this package brings nothing heavy with it;
- the worker (`python -m explore.jobs`) claims jobs and keeps their rows up to date. It never computes, so it notices a
  cancel or the end of the web process within half a second;
- the executor, its child, is warmed up while idle, does one job and is then replaced: it can be killed at any moment,
  a crash or lack of memory costs that job only, and its peak memory is that job's.
"""

from explore.jobs.launch import ensure_worker, start_worker
from explore.jobs.queue import Job, cancel, find_comparison, find_job, list_jobs, start_again, submit
from explore.jobs.worker import work

__all__ = [
    "Job",
    "cancel",
    "ensure_worker",
    "find_comparison",
    "find_job",
    "list_jobs",
    "start_again",
    "start_worker",
    "submit",
    "work",
]
