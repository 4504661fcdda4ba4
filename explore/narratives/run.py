"""A run on disk: one exploration of one snapshot with one configuration and seed, written once, read ever after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from explore import __version__
from explore.errors import Refused
from explore.files import read_json, sha256
from explore.narratives.counting import Activity
from explore.narratives.tokens import Tokens
from explore.settings import Workspace

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class RunConfig:
    """What decides the result of a run, besides the snapshot and Groundswell's version.

    `encoder`: as `encoders.encoder_for` takes it. `granularity`: broad, medium, fine or the fewest messages of a
    narrative, as text. `as_of`: only posts before this time (UTC) are explored; null = all.
    """

    encoder: str = "lexical"
    granularity: str = "medium"
    seed: int = 1
    as_of: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """The configuration with the time as ISO 8601."""
        return asdict(self) | {"as_of": self.as_of.isoformat() if self.as_of else None}


@dataclass(frozen=True)
class Timeline:
    """Every explored post in five arrays of the same length, in snapshot order.

    `at`: microseconds since the epoch (posts without a time are not in here); `unit`: code of what is counted (the
    account, or the message where the post has no account); `author`: code, -1 = unknown; `message`: code;
    `narrative`: 0.., -1 = none; `views`: null where unknown; `repost`: whether the post is marked as one, 1 or 0, -1 =
    unknown (a run of a version that did not look).
    """

    at: Ints
    unit: Ints
    author: Ints
    message: Ints
    narrative: Ints
    views: NDArray[np.float64]
    repost: Ints

    @property
    def activity(self) -> Activity:
        """Who was active when."""
        return Activity(self.at, self.unit, self.author >= 0)

    def before(self, as_of: datetime) -> Timeline:
        """Only the posts before `as_of`."""
        keep = self.at < (as_of - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        return Timeline(**{name: values[keep] for name, values in vars(self).items()})


@dataclass(frozen=True)
class Run:
    """An opened run. Frames and arrays are read when first asked for."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def id(self) -> str:
        """16 hexadecimal characters."""
        return str(self.manifest["id"])

    @property
    def snapshot_id(self) -> str:
        """The snapshot that was explored."""
        return str(self.manifest["snapshot"]["id"])

    @property
    def config(self) -> RunConfig:
        """What the run was asked for."""
        told = dict(self.manifest["config"])
        return RunConfig(**{**told, "as_of": _time(told["as_of"])})

    @property
    def unit(self) -> str:
        """What emergence counts: "accounts", or "messages" where the snapshot names no account."""
        return str(self.manifest["unit"])

    @property
    def last_at(self) -> datetime | None:
        """Time of the last explored post (UTC); null where the snapshot has no times."""
        return _time(self.manifest["last_at"])

    @property
    def end(self) -> datetime | None:
        """Where a window ends that is to hold the last post too: windows are half-open. Null without times."""
        return None if self.last_at is None else just_after(self.last_at)

    def end_at(self, asked: datetime) -> datetime:
        """Where a window ends that is asked to end at `asked`: at `end` where that is the time of the last post, in
        full, or to the second or the minute as times are shown; else at `asked`."""
        last = self.last_at
        if last is None:
            return asked
        shown = (last, last.replace(microsecond=0), last.replace(second=0, microsecond=0))
        return just_after(last) if asked in shown else asked

    @property
    def first_at(self) -> datetime | None:
        """Time of the first explored post (UTC); null where the snapshot has no times."""
        return _time(self.manifest["first_at"])

    @cached_property
    def narratives(self) -> pd.DataFrame:
        """narratives.parquet, one row a narrative, narrative_id = row number."""
        return pd.read_parquet(self.folder / "narratives.parquet")

    @cached_property
    def rows(self) -> Ints:
        """The row in the snapshot of each post of the timeline."""
        posts = pd.read_parquet(self.folder / "posts.parquet", columns=["row", "created_at"])
        return np.asarray(posts.loc[posts["created_at"].notna(), "row"], dtype=np.int64)

    @cached_property
    def words(self) -> Tokens:
        """The words of the messages that have any, which stand first."""
        return Tokens.load(self.folder / "words.npz")

    @property
    def origin(self) -> pd.Series:
        """How each narrative came to be one, see `origins`; "cluster" in a run of a version that did not say."""
        if "origin" in self.narratives:
            return self.narratives["origin"]
        return pd.Series("cluster", index=self.narratives.index)

    @cached_property
    def messages(self) -> pd.DataFrame:
        """messages.parquet, one row a message, in the order of vectors.npy."""
        return pd.read_parquet(self.folder / "messages.parquet")

    @cached_property
    def centroids(self) -> NDArray[np.float32]:
        """Mean vector of each narrative, unit length, shape (k, d)."""
        centroids: NDArray[np.float32] = np.load(self.folder / "centroids.npy", allow_pickle=False)
        return centroids

    @cached_property
    def timeline(self) -> Timeline:
        """The posts as arrays."""
        file = self.folder / "posts.parquet"
        marked = {"repost"} & set(pq.read_schema(file).names)
        columns = ["created_at", "author", "message", "narrative_id", "views", *marked]
        return timeline(pd.read_parquet(file, columns=columns))


def just_after(last_at: datetime) -> datetime:
    """The first moment after a post: the end of the half-open window that holds it last."""
    return last_at + timedelta(microseconds=1)


def timeline(posts: pd.DataFrame) -> Timeline:
    """Arrays of the columns created_at, author, message, narrative_id, views and, where it is there, repost."""
    posts = posts[posts["created_at"].notna()]
    author = posts["author"].to_numpy(dtype=np.int64)
    message = posts["message"].to_numpy(dtype=np.int64)
    return Timeline(
        at=posts["created_at"].astype("datetime64[us, UTC]").astype("int64").to_numpy(),
        unit=np.where(author >= 0, author, author.max(initial=-1) + 1 + message),
        author=author,
        message=message,
        narrative=posts["narrative_id"].to_numpy(dtype=np.int64),
        views=posts["views"].to_numpy(dtype=np.float64, na_value=np.nan),
        repost=posts["repost"].to_numpy(dtype=np.int64) if "repost" in posts else np.full(len(posts), -1),
    )


def run_id(snapshot_id: str, config: RunConfig, *, encoder_version: str) -> str:
    """The id that the same snapshot, configuration, encoder and version always give."""
    identity = [snapshot_id, config.as_json() | {"encoder": encoder_version}, __version__]
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def open_run(workspace: Workspace, wanted: str) -> Run:
    """The run with this id, or the only one whose id begins so (six characters or more). Raises `Refused`.

    A file that is missing or whose bytes are not the ones written is refused: wrong figures are worse than none.
    """
    known = [folder.name for folder in _folders(workspace)]
    found = [name for name in known if name == wanted or (len(wanted) >= 6 and name.startswith(wanted))]
    if len(found) != 1:
        raise Refused(f"{'No' if not found else 'More than one'} run is called '{wanted}'. Known: {_listed(known)}.")
    folder = workspace.runs / found[0]
    try:
        manifest = read_json(folder / "manifest.json")
        digests = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        raise _damaged(found[0], "manifest.json") from None
    for name, digest in digests.items():
        if not (folder / name).is_file() or sha256(folder / name) != digest:
            raise _damaged(found[0], name)
    return Run(folder=folder, manifest=manifest)


def list_runs(workspace: Workspace, snapshot_id: str | None = None) -> list[dict[str, Any]]:
    """Manifests of the runs (of one snapshot), newest first; folders without a readable manifest are passed over."""
    manifests = []
    for folder in _folders(workspace):
        try:
            manifest = read_json(folder / "manifest.json")
            wanted = snapshot_id in (None, manifest["snapshot"]["id"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        manifests += [manifest] if wanted else []
    return sorted(manifests, key=lambda manifest: str(manifest["created_at"]), reverse=True)


def _damaged(run: str, name: str) -> Refused:
    return Refused(f"Run {run} is damaged: {name} is not what was written. Run it again.")


def _folders(workspace: Workspace) -> list[Path]:
    if not workspace.runs.is_dir():
        return []
    return sorted(path for path in workspace.runs.iterdir() if path.is_dir() and not path.name.startswith("."))


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "") if names else "none yet"


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
