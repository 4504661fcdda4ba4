"""From a snapshot to a run, stage by stage. Reads like a table of contents."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore import __version__
from explore.errors import Refused
from explore.narratives import clusters, encoders, freezing, graph, layout, messages, nearcopies, run, topics
from explore.narratives.freezing import Space
from explore.narratives.run import Run, RunConfig
from explore.narratives.text import words
from explore.narratives.vectors import unit_rows
from explore.posts.snapshots import Snapshot
from explore.progress import Progress, StageClock, silent
from explore.settings import Workspace

LAYOUT_EPOCHS, MAP_EPOCHS = 50, 100
FEWEST_TO_CLUSTER = 15


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
    Raises `Refused` when the encoder or granularity is unknown, or when there is no post to explore.
    """
    encoder = encoders.encoder_for(config.encoder)
    identity = {"name": encoder.name, "version": encoder.version}
    return _explore(snapshot, workspace, config, identity, now, progress, encoder=encoder)


def recluster(
    base: Run, snapshot: Snapshot, workspace: Workspace, *, granularity: str, now: datetime, progress: Progress = silent
) -> Run:
    """The run of `base` at another granularity, from its vectors, graph and layout: what `explore` would give."""
    config = replace(base.config, granularity=granularity)
    return _explore(snapshot, workspace, config, dict(base.manifest["encoder"]), now, progress, base=base)


def _explore(
    snapshot: Snapshot, workspace: Workspace, config: RunConfig, identity: dict[str, str], now: datetime,
    progress: Progress, *, encoder: encoders.Encoder | None = None, base: Run | None = None,
) -> Run:  # fmt: skip
    clusters.level(config.granularity)  # refuses a wrong word before the work starts
    run_id = run.run_id(snapshot.id, config, encoder_version=identity["version"])
    kept = _kept(workspace, run_id)
    if kept is not None:
        return kept
    clock = StageClock(progress)
    base = base or _sibling(workspace, snapshot.id, config, identity["version"])
    if base is not None:
        clock("Reading the run that is there")
        posts, found, space = freezing.reread(base)
    else:
        assert encoder is not None  # noqa: S101  # without a base there is one
        posts, found, space = _arranged(snapshot, workspace, config, encoder, clock=clock)

    clock("Clustering")
    spoken = found[: len(space.vectors)]
    sizes = _sizes(space.tree, config.granularity, n=len(spoken))
    cut = clusters.cut(
        space.tree,
        space.graph,
        vectors=space.vectors,
        sizes=clusters.ladder(sizes["chosen"]) if config.granularity in clusters.LEVELS else [sizes["chosen"]],
        n_posts=spoken["n_posts"].to_numpy(dtype=np.int64),
        n_authors=spoken["n_authors"].fillna(0).to_numpy(dtype=np.int64),
    )
    clock("Naming narratives")
    typicality = freezing.typicality(space.vectors, cut.labels)
    langs = spoken["lang"].astype(object).where(spoken["lang"].notna(), None).tolist()
    named = topics.describe(spoken["text"].tolist(), langs, cut.labels, typicality, space.vectors)

    clock("Scoring emergence")
    found = freezing.placed(found, space, named, strength=cut.strength, typicality=typicality)
    posts = freezing.with_narratives(posts, found)
    narratives = freezing.narratives(posts, named)
    clock.stop()

    facts = freezing.facts_of(snapshot, config, posts, found, narratives, clock=clock, now=now)
    origin = {"id": run_id, "encoder": identity, "fewest_messages": sizes, "cut_from": base.id if base else None}
    freezing.write(
        workspace.runs / run_id, origin | facts, posts=posts, found=found, narratives=narratives, space=space
    )
    return run.open_run(workspace, run_id)


def _sibling(workspace: Workspace, snapshot_id: str, config: RunConfig, encoder_version: str) -> Run | None:
    """A whole run of the same posts that differs in nothing but the granularity."""
    wanted = config.as_json() | {"granularity": None}
    for manifest in run.list_runs(workspace, snapshot_id):
        same = manifest["config"] | {"granularity": None} == wanted and manifest["version"] == __version__
        if same and manifest["encoder"]["version"] == encoder_version:
            return _kept(workspace, str(manifest["id"]))
    return None


def _arranged(
    snapshot: Snapshot, workspace: Workspace, config: RunConfig, encoder: encoders.Encoder, *, clock: StageClock
) -> tuple[pd.DataFrame, pd.DataFrame, Space]:
    """The posts (see `freezing.coded`), their messages, and how the messages with words lie to each other."""
    clock("Collapsing copies")
    posts = _read_posts(snapshot, config.as_of)
    keys = messages.keys(posts["text"])
    posts["message_id"] = messages.ids(nearcopies.gather(keys, posts["text"], posts["created_at"]))
    found, worded = _worded_first(messages.describe(posts))
    clock("Comparing messages")
    texts = found["text"][:worded].tolist()
    vectors = encoders.encode_cached(encoder, texts, seed=config.seed, cache=workspace.cache)
    return freezing.coded(posts, found), found, _laid_out(vectors, seed=config.seed, clock=clock)


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
    """Import and compile what a run needs, so that the first run of a worker starts at once."""
    vectors = unit_rows(np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32))
    space = _laid_out(vectors, seed=0, clock=StageClock())
    clusters.suggest(space.tree, n=len(vectors))
    topics.warm_up()


def _read_posts(snapshot: Snapshot, as_of: datetime | None) -> pd.DataFrame:
    """The posts to explore with `row`, their position in the snapshot, in snapshot order."""
    posts = pd.read_parquet(
        snapshot.posts_path, columns=["post_id", "created_at", "text", "author_id", "lang", "region", "views"]
    )
    posts.insert(0, "row", np.arange(len(posts), dtype=np.int32))
    if as_of is not None:
        if posts["created_at"].isna().all():
            raise Refused("This snapshot has no times, so it cannot be explored as of one. Leave --as-of out.")
        posts = posts[posts["created_at"] < as_of].reset_index(drop=True)
    if posts.empty:
        raise Refused(f"No post to explore{f' before {as_of.isoformat()}' if as_of else ''}.")
    return posts


def _laid_out(vectors: NDArray[np.float32], *, seed: int, clock: StageClock) -> Space:
    """Neighbours, tree and map of the messages with words; of too few, there is none."""
    from scipy import sparse

    n = len(vectors)
    if n < FEWEST_TO_CLUSTER:
        nowhere = sparse.csr_matrix((n, n), dtype=np.float32)
        return Space(vectors, nowhere, np.empty((0, 4)), np.zeros((n, 2), dtype=np.float32))
    clock("Finding neighbours")
    neighbours = graph.nearest(vectors)
    weights = layout.fuzzy_graph(vectors, neighbours.indices, neighbours.distances, seed=seed)
    clock("Laying out")
    start = layout.principal(vectors, dimensions=5, seed=seed)
    points = layout.embed(weights, start, epochs=LAYOUT_EPOCHS, seed=seed)
    clock("Building the tree")
    tree = clusters.linkage(points)
    clock("Drawing the map")
    return Space(vectors, weights, tree, layout.embed(weights, points[:, :2].copy(), epochs=MAP_EPOCHS, seed=seed))


def _sizes(tree: NDArray[np.float64], granularity: str, *, n: int) -> dict[str, int]:
    """The fewest messages of a narrative: `chosen`, and for each named level where one was asked for."""
    level = clusters.level(granularity)
    if isinstance(level, int):
        return {"chosen": level}
    suggested = clusters.suggest(tree, n=n)
    return {"chosen": suggested[level]} | suggested


def _worded_first(found: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The messages with those that hold words first, and their number: the others (links, emoji) cannot be compared.

    vectors.npy, graph.npz and tree.npz hold the messages with words, in this order.
    """
    wordless = np.array([not words(text) for text in found["text"]], dtype=bool)
    order = np.argsort(wordless, kind="stable")
    return found.iloc[order].reset_index(drop=True), int((~wordless).sum())
