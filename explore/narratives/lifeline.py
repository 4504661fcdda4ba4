"""One narrative over time through several runs: its posts per step, each post once however many snapshots hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
import pandas as pd

from explore.narratives.run import Run
from explore.posts.snapshots import Snapshot

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
Span = tuple[datetime, datetime]

_POSTS = """
    SELECT s.post_id, s.created_at, s.author_id, r.message_id
    FROM (SELECT row, message_id FROM read_parquet($run_posts)
          WHERE list_contains($narratives, narrative_id) AND created_at IS NOT NULL) r
    JOIN (SELECT post_id, created_at, author_id, file_row_number AS row
          FROM read_parquet($posts, file_row_number = true)) s USING (row)
    ORDER BY s.created_at, row
"""


@dataclass(frozen=True)
class Member:
    """The narratives of one run that are the one that is followed; none where it is not there."""

    run: Run
    snapshot: Snapshot
    narratives: tuple[int, ...]


@dataclass(frozen=True)
class Lifeline:
    """A narrative's posts over the time of several snapshots.

    curve: bin_start (UTC, every step from the first snapshot's first post to the last one's last), posts, units,
    covered (whether any snapshot reaches into the step: elsewhere nothing was collected, which is not silence).
    spans: first and last post of each run. repeats: posts that more than one snapshot held, counted once. same_by:
    "id", or "content" where a file has no ids of its own (same message, time and account). unit: accounts or messages.
    """

    curve: pd.DataFrame
    step: timedelta
    spans: list[Span]
    repeats: int
    same_by: str
    unit: str


def lifeline(members: Sequence[Member]) -> Lifeline | None:
    """Count the posts of the members per step; null where none of the runs has times."""
    spans = [(one.run.first_at, one.run.last_at) for one in members]
    known = [(first, last) for first, last in spans if first is not None and last is not None]
    if not known:
        return None
    by_id = all("post_id" in one.snapshot.manifest["mapping"] for one in members)
    posts = pd.concat([_posts(one) for one in members], ignore_index=True)
    once = posts.drop_duplicates(["post_id"] if by_id else ["message_id", "created_at", "author_id"])
    unit = "accounts" if all(one.run.unit == "accounts" for one in members) else "messages"
    step, curve = _curve(once, known, unit=unit)
    return Lifeline(curve, step, known, len(posts) - len(once), "id" if by_id else "content", unit)


def _posts(member: Member) -> pd.DataFrame:
    """post_id, created_at, author_id, message_id of the member's posts, oldest first."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(
            _POSTS,
            {
                "run_posts": str(member.run.folder / "posts.parquet"),
                "posts": str(member.snapshot.posts_path),
                "narratives": list(member.narratives),
            },
        ).df()


def _curve(posts: pd.DataFrame, spans: list[Span], *, unit: str) -> tuple[timedelta, pd.DataFrame]:
    """Width of a step and the steps over all spans, aligned to midnight UTC."""
    begins, ends = min(first for first, _ in spans), max(last for _, last in spans)
    step = HOUR if ends - begins < 3 * DAY else DAY if ends - begins < 365 * DAY else WEEK
    first = pd.Timestamp(begins).floor(min(step, DAY))
    steps = int((pd.Timestamp(ends) - first) // step) + 1
    curve = pd.DataFrame({"bin_start": pd.date_range(first, periods=steps, freq=step)})
    cell = ((posts["created_at"] - first) // step).astype("int64")
    column = "author_id" if unit == "accounts" else "message_id"
    counts = posts.groupby(cell)
    curve["posts"] = counts.size().reindex(range(steps), fill_value=0)
    curve["units"] = counts[column].nunique().reindex(range(steps), fill_value=0)
    covered = pd.Series(False, index=curve.index)
    for start, end in spans:
        covered |= (curve["bin_start"] + step > start) & (curve["bin_start"] <= end)
    return step, curve.assign(covered=covered)
