"""What the pages read, cached for all sessions of the process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from explore.errors import Refused
from explore.narratives import (
    atlas,
    file_end,
    items,
    listing,
    moments,
    ranking,
    replay,
    spread,
    stability_table,
    stories,
    wave,
)
from explore.narratives.chain import Chain, chained
from explore.narratives.evidence import Evidence, evidence
from explore.narratives.evidence import item_evidence as evidence_of
from explore.narratives.file_end import ThinEnd
from explore.narratives.items import Items
from explore.narratives.lifeline import Lifeline, Member, lifeline
from explore.narratives.listing import Listing
from explore.narratives.moments import Moments
from explore.narratives.replay import Detection, Replay
from explore.narratives.run import Run, list_runs, open_run
from explore.narratives.spread import Spread, Ties
from explore.narratives.stories import Stories
from explore.narratives.windows import Window
from explore.posts import uploads
from explore.posts.collection import Collection
from explore.posts.layout import Preview
from explore.posts.quality import Quality, quality
from explore.posts.quality import collection_of as inspected
from explore.posts.readers import preview
from explore.posts.snapshots import Snapshot, list_snapshots, open_snapshot
from explore.present import exports
from explore.settings import Workspace, current_workspace

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


@st.cache_resource(max_entries=20, show_spinner=False)
def _suited(home: Path, run_id: str) -> tuple[Window | None, ThinEnd | None]:
    run = _opened(home, run_id)
    return ranking.window_for(run), file_end.thin_end(run)


def suited_window(run: Run) -> Window | None:
    """The window at which a run opens; null without times."""
    return _suited(workspace().home, run.id)[0]


def thin_end(view: View) -> ThinEnd | None:
    """How the file of a view ends, where that is thinly and the view is of the last moment that can be judged."""
    found = _suited(workspace().home, view.run.id)[1]
    return found if found and view.window and view.window.as_of == found.as_of else None


def moments_of(view: View) -> Moments | None:
    """Where in the file there is something to see; null as long as that is not made."""
    return moments.kept(view.run.folder)


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


def measured(view: View, narrative_id: int) -> dict[Any, Any] | None:
    """How steady a narrative is, one row of `stability_table.kept`; null as long as that is not measured."""
    table = stability_table.kept(view.run.folder)
    return None if table is None else table.set_index("narrative_id").loc[narrative_id].to_dict()


@st.cache_resource(max_entries=20, show_spinner="Looking when each narrative would have been flagged …")
def _replayed(home: Path, run_id: str, window: Window) -> Replay:
    return replay.replay(_opened(home, run_id), window)


def detected(view: View, narrative_id: int) -> Detection | None:
    """When a narrative and its wave began and would first have been flagged; null without times."""
    if view.window is None:
        return None
    replayed = _replayed(workspace().home, view.run.id, view.window)
    return wave.detected(view.run, view.window, replayed, narrative_id)


def every_post(view: View, narrative_id: int, *, search: str, offset: int, limit: int) -> Listing:
    """One page of a narrative's posts up to the moment of a view, those with every word of `search`."""
    as_of, key = view.window.as_of if view.window else None, workspace().pseudonym_key()
    where = {"offset": offset, "limit": limit}
    return listing.listing(view.run, view.snapshot, narrative_id, as_of=as_of, search=search, key=key, **where)


def exported(view: View, narrative_id: int, *, search: str) -> bytes:
    """All that `every_post` pages through, as CSV with pseudonyms."""
    as_of = view.window.as_of if view.window else None
    table = listing.exported(view.run, view.snapshot, narrative_id, as_of=as_of, search=search)
    return exports.csv_bytes(table, key=workspace().pseudonym_key())


@st.cache_resource(max_entries=40, show_spinner="Looking at texts, links, tags and words …")
def _items(home: Path, run_id: str, window_key: WindowKey) -> Items:
    listed, run = _listed(home, run_id, window_key), _opened(home, run_id)
    emerging = listed.loc[listed["flagged"], "narrative_id"].tolist()
    return items.items(run, open_snapshot(workspace(), run.snapshot_id), _window(window_key), emerging=emerging)


def items_of(view: View) -> Items:
    """The texts, links, tags and words that grow in a view. Shared between sessions: never change it in place."""
    return _items(workspace().home, view.run.id, _window_key(view.window))


def item_of(view: View, item_id: str) -> dict[Any, Any]:
    """One row of `items_of`. Raises `Refused` where it is none of them."""
    return dict(items_of(view).rows.iloc[_place_of(view, item_id)])


def item_evidence(view: View, item_id: str) -> Evidence:
    """The evidence for one item of `items_of`. Raises `Refused` where it is none of them."""
    assert view.window is not None  # noqa: S101  # without a window there is no item
    rows, key = items_of(view).history[_place_of(view, item_id)], workspace().pseudonym_key()
    return evidence_of(view.run, view.snapshot, item_of(view, item_id), rows, window=view.window, key=key)


def _place_of(view: View, item_id: str) -> int:
    places = np.flatnonzero(items_of(view).rows["item_id"] == item_id)
    if not len(places):
        raise Refused(f"'{item_id}' is no finding at this moment. Pick one from the list.")
    return int(places[0])


@st.cache_resource(max_entries=40, show_spinner=False)
def _stories(home: Path, run_id: str, window_key: WindowKey) -> Stories:
    beside = _items(home, run_id, window_key)
    run, window = _opened(home, run_id), _window(window_key)
    return stories.stories(run, window, narratives=_listed(home, run_id, window_key), items=beside)


def stories_of(view: View) -> Stories:
    """The findings of a view, put together. Shared between sessions: never change it in place."""
    return _stories(workspace().home, view.run.id, _window_key(view.window))


@st.cache_resource(max_entries=4, show_spinner="Looking for posts that came together …")
def _ties(home: Path, run_id: str) -> Ties:
    return spread.ties(_opened(home, run_id))


@st.cache_resource(max_entries=60, show_spinner="Looking who posted the same thing when …")
def _spread(home: Path, run_id: str, narrative_id: int, as_of: datetime | None) -> Spread:
    run, key = _opened(home, run_id), workspace().pseudonym_key()
    snapshot = open_snapshot(workspace(), run.snapshot_id)
    return spread.spread(run, snapshot, narrative_id, ties=_ties(home, run_id), as_of=as_of, key=key)


def spread_of(view: View, narrative_id: int) -> Spread:
    """How one narrative of a view spread. Raises `Refused`."""
    return _spread(workspace().home, view.run.id, narrative_id, view.window.as_of if view.window else None)


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


@st.cache_resource(max_entries=20, show_spinner=False)
def _collection(home: Path, snapshot_id: str) -> Collection | None:  # noqa: ARG001  # home is part of the cache key
    return inspected(open_snapshot(workspace(), snapshot_id))


def collection_of(snapshot: Snapshot) -> Collection | None:
    """What the collecting did to a snapshot; null without times."""
    return _collection(workspace().home, snapshot.id)


@st.cache_resource(max_entries=10, show_spinner="Comparing the runs …")
def _chained(home: Path, run_ids: tuple[str, ...]) -> Chain:
    return chained([_opened(home, run_id) for run_id in run_ids], cache=workspace().cache)


def compared(run_ids: Sequence[str]) -> Chain:
    """The runs in the order given, each linked to the next. Raises `Refused`."""
    return _chained(workspace().home, tuple(run_ids))


@st.cache_resource(max_entries=60, show_spinner="Following the narrative …")
def _followed(home: Path, run_ids: tuple[str, ...], lineage_id: str) -> Lifeline | None:
    chain = _chained(home, run_ids)
    members = zip(chain.runs, chain.members(lineage_id), strict=True)
    space = workspace()
    return lifeline([Member(run, open_snapshot(space, run.snapshot_id), own) for run, own in members])


def followed(chain: Chain, lineage_id: str) -> Lifeline | None:
    """A narrative's posts over the snapshots of all runs; null where none has times."""
    return _followed(workspace().home, tuple(run.id for run in chain.runs), lineage_id)


def _window_key(window: Window | None) -> WindowKey:
    return (window.as_of, window.length, window.baseline) if window else None


def _window(key: WindowKey) -> Window | None:
    return Window(*key) if key else None


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
