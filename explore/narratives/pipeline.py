"""From a snapshot to a run, stage by stage. Reads like a table of contents."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore import __version__
from explore.errors import Refused
from explore.files import new_folder, sha256, write_json
from explore.narratives import clusters, encoders, graph, layout, messages, ranking, run, topics
from explore.narratives.emergence import Window, count, judge, score
from explore.narratives.run import Run, RunConfig
from explore.narratives.text import words
from explore.narratives.vectors import unit_rows
from explore.posts.snapshots import Snapshot
from explore.progress import Progress, StageClock, silent
from explore.settings import Workspace

LAYOUT_EPOCHS, MAP_EPOCHS = 50, 100
FEWEST_TO_CLUSTER = 15
USUAL_SHARE = 0.05
PACKAGES = ("bertopic", "faiss-cpu", "hdbscan", "model2vec", "numpy", "pandas", "scikit-learn", "scipy", "umap-learn")
EPOCH = pd.Timestamp(0, tz="UTC")


@dataclass(frozen=True)
class _Space:
    """What the messages with words became: vectors, neighbour graph, map positions, narrative, strength, and the fewest
    messages of a narrative."""

    vectors: NDArray[np.float32]
    graph: Any
    tree: NDArray[np.float64]
    xy: NDArray[np.float32]
    labels: NDArray[np.int64]
    strength: NDArray[np.float64]
    sizes: dict[str, int]


def explore(
    snapshot: Snapshot,
    workspace: Workspace,
    *,
    config: RunConfig = RunConfig(),
    now: datetime,
    progress: Progress = silent,
) -> Run:
    """Explore `snapshot` and freeze the result under runs/<run id>/; an existing run of the same kind is returned.

    Raises `Refused` when the encoder or granularity is unknown, or when there is no post to explore.
    """
    encoder = encoders.encoder_for(config.encoder)
    clusters.level(config.granularity)  # refuses a wrong word before the work starts
    run_id = run.run_id(snapshot.id, config, encoder_version=encoder.version)
    kept = _kept(workspace, run_id)
    if kept is not None:
        return kept
    clock = StageClock(progress)

    clock("Collapsing copies")
    posts = _read_posts(snapshot, config.as_of)
    posts["message_id"] = messages.collapse(posts["text"])
    found, worded = _worded_first(messages.describe(posts))
    spoken = found[:worded]
    texts = spoken["text"].tolist()

    clock("Comparing messages")
    vectors = encoders.encode_cached(encoder, texts, seed=config.seed, cache=workspace.cache)
    space = _cluster(vectors, spoken, config=config, clock=clock)

    clock("Naming narratives")
    typicality = _typicality(vectors, space.labels)
    langs = spoken["lang"].astype(object).where(spoken["lang"].notna(), None).tolist()
    named = topics.describe(texts, langs, space.labels, typicality, vectors)
    found = _placed(found, space, typicality=typicality, narrative=named.narrative)

    clock("Scoring emergence")
    posts = _assigned(posts, found)
    narratives = _narratives(posts, named)

    clock("Writing the run")
    centroids = _centroids(vectors, named.narrative)
    clock.stop()
    facts = _facts(run_id, snapshot, config, encoder, posts, found, narratives, clock=clock, now=now)
    facts["fewest_messages"] = space.sizes
    with new_folder(workspace.runs / run_id) as folder:
        _write(folder, facts, posts=posts, found=found, narratives=narratives, space=space, centroids=centroids)
    return run.open_run(workspace, run_id)


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
    rng = np.random.default_rng(0)
    vectors = unit_rows(rng.normal(size=(200, 8)).astype(np.float32))
    found = pd.DataFrame({"n_posts": np.ones(200, dtype=np.int64), "n_authors": np.ones(200, dtype=np.int64)})
    _cluster(vectors, found, config=RunConfig(), clock=StageClock())
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


def _cluster(vectors: NDArray[np.float32], found: pd.DataFrame, *, config: RunConfig, clock: StageClock) -> _Space:
    """Neighbours, layouts and clusters of the messages with words; of too few, only a message that many accounts
    repeat can be a narrative."""
    from scipy import sparse

    n = len(vectors)
    cut = partial(
        clusters.cut,
        vectors=vectors,
        n_posts=found["n_posts"].to_numpy(dtype=np.int64),
        n_authors=found["n_authors"].fillna(0).to_numpy(dtype=np.int64),
    )
    if n < FEWEST_TO_CLUSTER:
        nowhere = sparse.csr_matrix((n, n), dtype=np.float32)
        sizes = _sizes(np.empty((0, 4)), config.granularity, n=n)
        alone = cut(np.empty((0, 4)), nowhere, size=sizes["chosen"])
        xy = np.zeros((n, 2), dtype=np.float32)
        return _Space(vectors, nowhere, alone.tree, xy, alone.labels, alone.strength, sizes)
    clock("Finding neighbours")
    neighbours = graph.nearest(vectors)
    weights = layout.fuzzy_graph(vectors, neighbours.indices, neighbours.distances, seed=config.seed)
    clock("Laying out")
    start = layout.principal(vectors, dimensions=5, seed=config.seed)
    points = layout.embed(weights, start, epochs=LAYOUT_EPOCHS, seed=config.seed)
    clock("Clustering")
    tree = clusters.linkage(points)
    sizes = _sizes(tree, config.granularity, n=n)
    found_in = cut(tree, weights, size=sizes["chosen"])
    clock("Drawing the map")
    xy = layout.embed(weights, points[:, :2].copy(), epochs=MAP_EPOCHS, seed=config.seed)
    return _Space(vectors, weights, tree, xy, found_in.labels, found_in.strength, sizes)


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


def _placed(
    found: pd.DataFrame, space: _Space, *, typicality: NDArray[np.float64], narrative: NDArray[np.int64]
) -> pd.DataFrame:
    """The messages with narrative_id (-1 = none), strength (0-1), map position and typicality (null = nowhere)."""
    place = pd.DataFrame(
        {
            "narrative_id": narrative,
            "strength": space.strength,
            "x": space.xy[:, 0],
            "y": space.xy[:, 1],
            "typicality": typicality,
        }
    ).reindex(range(len(found)))
    place["narrative_id"] = place["narrative_id"].fillna(-1).astype("int32")
    place["strength"] = place["strength"].fillna(0.0)
    return pd.concat([found, place], axis=1)


def _centroids(vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Unit-length mean vector of each label 0.., shape (k, d)."""
    k = int(labels.max(initial=-1)) + 1
    sums = np.zeros((k, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, labels[labels >= 0], vectors[labels >= 0])
    return unit_rows(sums)


def _typicality(vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Cosine of each message to its narrative's mean; null outside narratives."""
    typicality = np.full(len(labels), np.nan)
    inside = labels >= 0
    typicality[inside] = (vectors[inside] * _centroids(vectors, labels)[labels[inside]]).sum(axis=1)
    return typicality


def _assigned(posts: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """posts.parquet: post_id, message_id, narrative_id, row (in the snapshot), created_at, author and message (codes),
    views, lang, region."""
    code = pd.Series(np.arange(len(found)), index=found["message_id"])
    message = code.loc[posts["message_id"]].to_numpy()
    author, _ = pd.factorize(posts["author_id"])
    return pd.DataFrame(
        {
            "post_id": posts["post_id"],
            "message_id": posts["message_id"],
            "narrative_id": found["narrative_id"].to_numpy()[message].astype(np.int32),
            "row": posts["row"],
            "created_at": posts["created_at"],
            "author": author.astype(np.int32),
            "message": message.astype(np.int32),
            "views": posts["views"],
            "lang": posts["lang"],
            "region": posts["region"],
        }
    )


def _narratives(posts: pd.DataFrame, named: topics.Topics) -> pd.DataFrame:
    """narratives.parquet: names, sizes, and emergence as of the last post with a window of 24 h on 7 days."""
    k = len(named.labels)
    names = pd.DataFrame(
        {
            "narrative_id": np.arange(k),
            "theme_id": np.array(named.themes, dtype=np.int64),
            "label": pd.array(named.labels, dtype="str"),
            "terms": pd.Series(named.terms, dtype=object),
            "languages": pd.Series(_usual(posts, "lang", k), dtype=object),
            "regions": pd.Series(_usual(posts, "region", k), dtype=object),
        }
    )
    line = run.timeline(posts)
    sizes = ranking.sizes(run.timeline(posts.fillna({"created_at": EPOCH})), k=k)
    if posts["created_at"].isna().all():
        sizes[["first_at", "last_at"]] = pd.NaT
    as_of = posts["created_at"].max()
    window = Window(as_of=(EPOCH if pd.isna(as_of) else as_of).to_pydatetime())
    first_at = int(line.at.min()) if len(line.at) else 0
    scored = judge(score(count(line.at, line.unit, line.narrative, k=k, window=window, first_at=first_at)))
    synchrony = pd.Series(np.nan, index=range(k), name="synchrony_q")
    return pd.concat([names, sizes, scored.drop(columns="spark"), synchrony], axis=1)


def _usual(posts: pd.DataFrame, column: str, k: int) -> list[list[str]]:
    """Per narrative the values of at least 5 % of its posts that have one, most frequent first; "und" is none."""
    known = posts[(posts["narrative_id"] >= 0) & posts[column].notna() & (posts[column] != "und")]
    counts = known.groupby(["narrative_id", column]).size().sort_values(ascending=False, kind="stable")
    total = known.groupby("narrative_id").size()
    found: list[list[str]] = [[] for _ in range(k)]
    for (narrative, value), held in counts.items():
        if held >= USUAL_SHARE * total[narrative]:
            found[narrative].append(str(value))
    return found


def _facts(
    run_id: str, snapshot: Snapshot, config: RunConfig, encoder: encoders.Encoder, posts: pd.DataFrame,
    found: pd.DataFrame, narratives: pd.DataFrame, *, clock: StageClock, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """The manifest but for the digests of the files."""
    first_at, last_at = posts["created_at"].min(), posts["created_at"].max()
    return {
        "id": run_id,
        "snapshot": {"id": snapshot.id, "sha256": snapshot.sha256, "name": snapshot.name},
        "config": config.as_json(),
        "encoder": {"name": encoder.name, "version": encoder.version},
        "unit": "accounts" if (posts["author"] >= 0).any() else "messages",
        "first_at": None if pd.isna(first_at) else first_at.isoformat(),
        "last_at": None if pd.isna(last_at) else last_at.isoformat(),
        "counts": {
            "posts": len(posts),
            "messages": len(found),
            "narratives": len(narratives),
            "themes": int(narratives["theme_id"].nunique()),
            "unclustered_share": round(float((posts["narrative_id"] < 0).mean()), 4),
        },
        "created_at": now.isoformat(),
        "version": __version__,
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "seconds": clock.seconds,
        "peak_rss_mb": clock.peak_rss_mb,
    }


def _write(
    folder: Path, facts: dict[str, Any], *, posts: pd.DataFrame, found: pd.DataFrame, narratives: pd.DataFrame,
    space: _Space, centroids: NDArray[np.float32],
) -> None:  # fmt: skip
    posts.to_parquet(folder / "posts.parquet", index=False, compression="zstd")
    found.to_parquet(folder / "messages.parquet", index=False, compression="zstd")
    narratives.to_parquet(folder / "narratives.parquet", index=False, compression="zstd")
    np.save(folder / "vectors.npy", space.vectors, allow_pickle=False)
    np.save(folder / "centroids.npy", centroids, allow_pickle=False)
    weights = space.graph.tocsr()
    np.savez(folder / "graph.npz", data=weights.data, indices=weights.indices, indptr=weights.indptr)
    np.savez(folder / "tree.npz", tree=space.tree)
    write_json(folder / "manifest.json", facts | {"files": _digests(folder.iterdir())})


def _digests(paths: Iterable[Path]) -> dict[str, str]:
    return {path.name: sha256(path) for path in sorted(paths)}
