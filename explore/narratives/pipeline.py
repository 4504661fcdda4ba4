"""From a snapshot to a run, stage by stage. Reads like a table of contents."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore import __version__
from explore.errors import Refused
from explore.files import held
from explore.narratives import (
    clusters,
    cosharing,
    encoders,
    freezing,
    layout,
    messages,
    nearcopies,
    origins,
    outbreaks,
    run,
    space,
    strands,
    topics,
    windows,
)
from explore.narratives.history import History
from explore.narratives.run import Run, RunConfig
from explore.narratives.space import BESIDE_FROM, Space
from explore.narratives.tokens import Aids, Tokens, tokens, without_bare_links
from explore.narratives.vectors import Vectors, typicality
from explore.posts.snapshots import Snapshot
from explore.processes import Submit, process_beside, start_beside
from explore.progress import Progress, StageClock, silent
from explore.settings import Workspace


class Compared(NamedTuple):
    """`posts`; their messages `found`, those with words first; the words `spoken` in these and their `vectors`; and a
    function that waits for what the posts could share with others (`cosharing.items`)."""

    posts: pd.DataFrame
    found: pd.DataFrame
    spoken: Tokens
    vectors: Vectors
    shared: Callable[[], pd.DataFrame]


def explore(
    snapshot: Snapshot,
    workspace: Workspace,
    *,
    config: RunConfig = RunConfig(),
    now: datetime,
    progress: Progress = silent,
) -> Run:
    """Explore `snapshot` and freeze the result under runs/<run id>/; an existing run of the same kind is returned.

    A run of the same posts with another granularity lends its vectors, graph, tree and map; only the cut is made anew.
    The snapshot cannot be deleted meanwhile. Raises `Refused` when it was, when the encoder or granularity is unknown,
    or when there is no post to explore.
    """
    encoder = encoders.encoder_for(config.encoder)
    identity = {"name": encoder.name, "version": encoder.version}
    with held(snapshot.folder):
        return _explore(snapshot, workspace, config, identity, now, progress, encoder=encoder)


def recluster(
    base: Run, snapshot: Snapshot, workspace: Workspace, *, granularity: str, now: datetime, progress: Progress = silent
) -> Run:
    """The run of `base` at another granularity, from its vectors, graph and layout: what `explore` would give.

    Raises `Refused` for a run of another version of Groundswell.
    """
    if base.manifest["version"] != __version__:
        raise Refused(f"Run {base.id} was made by version {base.manifest['version']}. Run it again with this one.")
    config = replace(base.config, granularity=granularity)
    with held(snapshot.folder):
        return _explore(snapshot, workspace, config, dict(base.manifest["encoder"]), now, progress, base=base)


def _explore(
    snapshot: Snapshot, workspace: Workspace, config: RunConfig, identity: dict[str, Any], now: datetime,
    progress: Progress, *, encoder: encoders.Encoder | None = None, base: Run | None = None,
) -> Run:  # fmt: skip
    clusters.level(config.granularity)  # refuses a wrong word before the work starts
    run_id = run.run_id(snapshot.id, config, encoder_version=identity["version"])
    kept = _kept(workspace, run_id)
    if kept is not None:
        return kept
    clock = StageClock(progress)
    base = base or _sibling(workspace, snapshot.id, config, identity["version"])
    wanted = base is None and snapshot.n_posts >= BESIDE_FROM
    with process_beside(layout.warm_up, wanted=wanted) as beside:
        if base is not None:
            clock("Reading the run that is there", 0.1)
            posts, found, lies, places = freezing.reread(base)
            spoken = Tokens.load(base.folder / "words.npz")
            levels, identity = dict(base.manifest["levels"]), dict(base.manifest["encoder"])
        else:
            assert encoder is not None  # noqa: S101  # without a base there is one
            posts, found, spoken, vectors, shared = _compared(
                snapshot, workspace, config, encoder, clock=clock, beside=beside
            )
            identity |= {"unread": freezing.unread(found, encoder.unread(found["text"].tolist()))}
            lies, drawn = space.lay_out(vectors, seed=config.seed, clock=clock, beside=beside)
            clock("Clustering", 0.65)
            posts = freezing.coded(posts, found, shared=shared())
            del shared  # and the texts of all posts with it
            spoken = without_bare_links(spoken, found["text"][: len(spoken)].tolist())
            levels = {name: asdict(level) for name, level in clusters.levels(lies.tree).items()}
        clock("Clustering", 0.7)
        sizes = _sizes(config.granularity, levels, lies)
        settled = _settled(posts, found, lies, spoken, sizes)
        clock("Naming narratives", 0.75)
        typical = typicality(lies.vectors, settled.labels)
        named = _named(posts, found, lies, spoken, settled.labels, typical)
        if base is None:
            clock("Drawing the map", 0.85)
            places = drawn()

    clock("Scoring emergence", 0.95)
    found = freezing.placed(found, places, named, strength=settled.strength, typicality=typical)
    posts = freezing.with_narratives(posts, found)
    narratives = freezing.narratives(posts, named, origin=settled.origin)
    clock.stop()

    facts = freezing.facts_of(snapshot, config, posts, found, narratives, clock=clock, now=now)
    origin = {"id": run_id, "encoder": identity, "fewest_messages": sizes[0], "levels": levels}
    origin["cut_from"] = base.id if base else None
    folder = workspace.runs / run_id
    frames = {"posts": posts, "found": found, "narratives": narratives}
    freezing.write(folder, origin | facts, **frames, space=lies, tokens=spoken, base=base)
    return run.open_run(workspace, run_id)


def _settled(
    posts: pd.DataFrame, found: pd.DataFrame, lies: Space, spoken: Tokens, sizes: list[int]
) -> clusters.Clusters:
    """The narratives of the messages."""
    worded = found[: len(lies.vectors)]
    past = _history(posts, n=len(worded))
    (labels, strength), *finer = clusters.cut(lies.tree, sizes=sizes, n=len(worded))
    with_strands = strands.split(labels, [each for each, _ in finer], past)
    settled = clusters.settle(
        with_strands,
        strength,
        lies.graph,
        vectors=lies.vectors,
        fewest=sizes[0],
        n_posts=worded["n_posts"].to_numpy(dtype=np.int64),
        n_authors=worded["n_authors"].fillna(0).to_numpy(dtype=np.int64),
        landmarks=lies.landmarks,
    )
    langs = worded["lang"].astype(object).where(worded["lang"].notna(), None).tolist()
    found_out = outbreaks.split(settled.labels, spoken, langs, past, fewest=sizes[0])
    origin = np.where(with_strands == labels, origins.CLUSTER, origins.STRAND)
    moved = found_out.origin >= 0
    return clusters.numbered(
        found_out.labels,
        np.where(moved, 1.0, settled.strength),
        origin=np.where(moved, found_out.origin, origin),
    )


def _named(
    posts: pd.DataFrame, found: pd.DataFrame, lies: Space, spoken: Tokens, labels: NDArray[np.int64],
    typical: NDArray[np.float64],
) -> topics.Topics:  # fmt: skip
    """The names of the narratives `labels`; see `topics.describe`."""
    worded = found[: len(labels)]
    langs = worded["lang"].astype(object).where(worded["lang"].notna(), None).tolist()
    authors = np.full(len(found), -1)
    authors[posts["message"].to_numpy()[::-1]] = posts["author"].to_numpy()[::-1]  # of its first post
    return topics.describe(
        worded["text"].tolist(), langs, labels, typical, lies.vectors, spoken, authors=authors[: len(labels)]
    )


def _history(posts: pd.DataFrame, *, n: int) -> History:
    """The posts of the first n messages in windows as long as suits them."""
    line = run.timeline(posts[posts["message"] < n].assign(narrative_id=-1))
    if len(line.at) == 0:
        return History.of(line.at, line.unit, line.message, line.author >= 0, length=1)
    window = windows.suggest_window(line.at, line.unit, as_of=run.just_after(posts["created_at"].max()))
    length = windows.micros(window.length)
    return History.of(line.at, line.unit, line.message, line.author >= 0, length=length)


def _sibling(workspace: Workspace, snapshot_id: str, config: RunConfig, encoder_version: str) -> Run | None:
    """A whole run of the same posts that differs in nothing but the granularity."""
    wanted = config.as_json() | {"granularity": None}
    for manifest in run.list_runs(workspace, snapshot_id):
        same = manifest["config"] | {"granularity": None} == wanted and manifest["version"] == __version__
        if same and manifest["encoder"]["version"] == encoder_version:
            return _kept(workspace, str(manifest["id"]))
    return None


def _compared(
    snapshot: Snapshot, workspace: Workspace, config: RunConfig, encoder: encoders.Encoder, *, clock: StageClock,
    beside: Submit,
) -> Compared:  # fmt: skip
    clock("Collapsing copies", 0.0)
    posts = _read_posts(snapshot, config.as_of)
    texts = pd.Index(posts["text"].unique())
    told = beside(tokens, texts.tolist())
    shared = beside(cosharing.items, posts[["text", "url", "media_id"]])
    keys = messages.keys(posts["text"])
    posts["message_id"] = messages.ids(nearcopies.gather(keys, posts["text"], posts["created_at"]))
    found = messages.describe(posts)
    found, spoken = _worded_first(found, told().of(texts.get_indexer(found["text"])))
    clock("Comparing messages", 0.05)
    aids = Aids(spoken, beside, progress=lambda stage, done=None: clock(stage, 0.05 + 0.1 * (done or 0)))
    vectors = encoders.encode_cached(
        encoder, found["text"][: len(spoken)].tolist(), seed=config.seed, cache=workspace.cache, aids=aids
    )
    return Compared(posts, found, spoken, vectors, shared)


def _kept(workspace: Workspace, run_id: str) -> Run | None:
    """The run where it is whole; a damaged one is removed, because it is about to be made again."""
    folder = workspace.runs / run_id
    if not folder.is_dir():
        return None
    try:
        return run.open_run(workspace, run_id)
    except Refused:
        shutil.rmtree(folder)
        return None


def warm_up() -> None:
    """Import and compile what a run needs, here and beside, so that the first run of a worker starts at once."""
    start_beside(layout.warm_up)
    topics.warm_up()
    space.warm_up()


def _read_posts(snapshot: Snapshot, as_of: datetime | None) -> pd.DataFrame:
    """The posts to explore with `row`, their position in the snapshot, in snapshot order."""
    columns = ["post_id", "created_at", "text", "author_id", "lang", "region", "views", "url", "media_id"]
    posts = pd.read_parquet(snapshot.posts_path, columns=columns)
    posts.insert(0, "row", np.arange(len(posts), dtype=np.int32))
    if as_of is not None:
        if posts["created_at"].isna().all():
            raise Refused("This snapshot has no times, so it cannot be explored as of one. Leave --as-of out.")
        posts = posts[posts["created_at"] < as_of].reset_index(drop=True)
    if posts.empty:
        raise Refused(f"No post to explore{f' before {as_of.isoformat()}' if as_of else ''}.")
    return posts


def _sizes(granularity: str, levels: Mapping[str, Mapping[str, int]], lies: Space) -> list[int]:
    """The fewest messages of a narrative, and where a level is asked for, of those found among what it leaves out.

    A number asked for counts all messages; where landmarks stand for them, it shrinks as they do.
    """
    level = clusters.level(granularity)
    if isinstance(level, str):
        return clusters.ladder(levels[level]["fewest_messages"])
    fitted = (len(lies.tree) + 1) / max(1, len(lies.vectors)) if len(lies.tree) else 1.0
    return [max(2, round(level * fitted))]


def _worded_first(found: pd.DataFrame, spoken: Tokens) -> tuple[pd.DataFrame, Tokens]:
    """The messages with those that hold words first, and these words: the others (links, emoji) cannot be compared.

    vectors.npy, graph.npz, tree.npz and words.npz hold the messages with words, in this order. Where there are more of
    them than landmarks, they stand in the order of their ids, which are hashes: the first so many are a fair sample.
    """
    worded = np.diff(spoken.starts) > 0
    order = np.argsort(~worded, kind="stable")
    n = int(worded.sum())
    if n > space.LANDMARKS:
        order[:n] = order[:n][np.argsort(found["message_id"].to_numpy()[order[:n]], kind="stable")]
    return found.iloc[order].reset_index(drop=True), spoken.of(order[:n])
