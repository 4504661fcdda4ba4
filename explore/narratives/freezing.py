"""What a run's files hold, and writing them once.

vectors.npy, graph.npz, tree.npz and words.npz hold the messages with words, which stand first in messages.parquet.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore import __version__
from explore.files import new_folder, sha256, share, write_json
from explore.narratives import cosharing, origins, ranking, run, synchrony
from explore.narratives.emergence import judge
from explore.narratives.run import Run, RunConfig
from explore.narratives.space import Points, Space
from explore.narratives.tokens import Tokens
from explore.narratives.topics import Topics
from explore.narratives.vectors import Vectors, sums, unit_rows
from explore.narratives.windows import Window
from explore.posts.snapshots import Snapshot
from explore.progress import StageClock

USUAL_SHARE = 0.05
PACKAGES = ("bertopic", "faiss-cpu", "hdbscan", "model2vec", "numpy", "pandas", "scikit-learn", "scipy", "umap-learn")
LENT_FILES = ("graph.npz", "tree.npz", "vectors.npy", "words.npz")
EPOCH = pd.Timestamp(0, tz="UTC")
DESCRIBED = ["message_id", "text", "n_posts", "n_authors", "first_at", "last_at", "lang"]


def reread(base: Run) -> tuple[pd.DataFrame, pd.DataFrame, Space, Points]:
    """Posts (as `coded` gives them), messages, space and map of a frozen run, to cut it anew."""
    from scipy import sparse

    vectors: Vectors = np.load(base.folder / "vectors.npy", allow_pickle=False)
    n = len(vectors)
    with np.load(base.folder / "graph.npz", allow_pickle=False) as kept:
        graph = sparse.csr_matrix((kept["data"], kept["indices"], kept["indptr"]), shape=(n, n))
    with np.load(base.folder / "tree.npz", allow_pickle=False) as kept:
        tree = kept["tree"]
    xy = base.messages[["x", "y"]].to_numpy(dtype=np.float32)[:n]
    posts = pd.read_parquet(base.folder / "posts.parquet").drop(columns="narrative_id")
    return posts, base.messages[DESCRIBED], Space(vectors, graph, tree), xy


def unread(found: pd.DataFrame, unread: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Per language in which there are any: how many messages the encoder could hardly read, the most first.

    `found`: messages with lang (null = unknown); `unread`: which of them.
    """
    counts = found.assign(unread=unread).groupby("lang", dropna=False)["unread"].agg(["sum", "size"])
    counts = counts[counts["sum"] > 0].sort_values(["sum", "size"], ascending=False, kind="stable")
    return [
        {"lang": None if pd.isna(lang) else str(lang), "unread": int(row["sum"]), "messages": int(row["size"])}
        for lang, row in counts.iterrows()
    ]


def coded(posts: pd.DataFrame, found: pd.DataFrame, *, shared: pd.DataFrame) -> pd.DataFrame:
    """posts.parquet but for narrative_id: post_id, message_id, row (in the snapshot), created_at, author and message
    (codes), views, lang, region, and link, tags, media (codes), repost from `shared`, the posts' `cosharing.items`."""
    code = pd.Series(np.arange(len(found)), index=found["message_id"])
    author, _ = pd.factorize(posts["author_id"])
    return pd.DataFrame(
        {
            "post_id": posts["post_id"],
            "message_id": posts["message_id"],
            "row": posts["row"],
            "created_at": posts["created_at"],
            "author": author.astype(np.int32),
            "message": code.loc[posts["message_id"]].to_numpy().astype(np.int32),
            "views": posts["views"],
            "lang": posts["lang"],
            "region": posts["region"],
        }
    ).join(shared)


def with_narratives(posts: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """`posts` with the narrative of each, from its message in `found`."""
    narrative = found["narrative_id"].to_numpy()[posts["message"]].astype(np.int32)
    assigned = posts.copy()
    assigned.insert(2, "narrative_id", narrative)
    return assigned


def placed(
    found: pd.DataFrame,
    xy: Points,
    named: Topics,
    *,
    strength: NDArray[np.float64],
    typicality: NDArray[np.float64],
) -> pd.DataFrame:
    """The messages with narrative_id (-1 = none), strength (0-1), map position and typicality (null = nowhere)."""
    place = pd.DataFrame(
        {
            "narrative_id": named.narrative,
            "strength": strength,
            "x": xy[:, 0],
            "y": xy[:, 1],
            "typicality": typicality,
        }
    ).reindex(range(len(found)))
    place["narrative_id"] = place["narrative_id"].fillna(-1).astype("int32")
    place["strength"] = place["strength"].fillna(0.0)
    return pd.concat([found, place], axis=1)


def narratives(posts: pd.DataFrame, named: Topics, *, origin: NDArray[np.int64]) -> pd.DataFrame:
    """narratives.parquet: names, sizes, and emergence as of the last post with a window of 24 h on 7 days.

    `origin`: of `origins`, per message with words.
    """
    k = len(named.labels)
    names = pd.DataFrame(
        {
            "narrative_id": np.arange(k),
            "theme_id": np.array(named.themes, dtype=np.int64),
            "label": pd.array(named.labels, dtype="str"),
            "terms": pd.Series(named.terms, dtype=object),
            "languages": pd.Series(_usual(posts, "lang", k), dtype=object),
            "regions": pd.Series(_usual(posts, "region", k), dtype=object),
            "origin": pd.array(origins.names(named.narrative, origin, k=k), dtype="str"),
        }
    )
    line = run.timeline(posts)
    sizes = ranking.sizes(run.timeline(posts.fillna({"created_at": EPOCH})), k=k)
    if posts["created_at"].isna().all():
        sizes[["first_at", "last_at"]] = pd.NaT
    last_at = posts["created_at"].max()
    window = Window(as_of=run.just_after((EPOCH if pd.isna(last_at) else last_at).to_pydatetime()))
    first_at = int(line.at.min()) if len(line.at) else 0
    scored = judge(ranking.scored(line, names["origin"], window=window, first_at=first_at))
    return pd.concat([names, sizes, scored.drop(columns="spark"), _synchrony(posts, line.at, k=k)], axis=1)


def _synchrony(posts: pd.DataFrame, at: NDArray[np.int64], *, k: int) -> pd.Series:
    """synchrony_q of each narrative; null without accounts, without times to the minute, or with too little shared."""
    pace = cosharing.pace_of(at)
    q = np.full(k, np.nan)
    if pace is not None:
        shared = cosharing.stand_ins(cosharing.shareable(posts), pace)
        q = synchrony.corrected(synchrony.followed(shared, pace, k=k))
    return pd.Series(q, name="synchrony_q")


def write(
    folder: Path,
    facts: Mapping[str, Any],
    *,
    posts: pd.DataFrame,
    found: pd.DataFrame,
    narratives: pd.DataFrame,
    space: Space,
    tokens: Tokens,
    base: Run | None,
) -> None:
    """Write a run's files into `folder`, which appears whole or not at all; `facts` is the manifest but for digests.

    The space and the words of a run that was cut from `base` are the same, byte for byte, and are shared with it.
    """
    with new_folder(folder) as hidden:
        posts.to_parquet(hidden / "posts.parquet", index=False, compression="zstd")
        found.to_parquet(hidden / "messages.parquet", index=False, compression="zstd")
        narratives.to_parquet(hidden / "narratives.parquet", index=False, compression="zstd")
        spoken = found["narrative_id"].to_numpy(dtype=np.int64)[: len(space.vectors)]
        np.save(hidden / "centroids.npy", unit_rows(sums(space.vectors, spoken)), allow_pickle=False)
        digests = _digests(hidden.iterdir())
        if base is None:
            _write_space(hidden, space)
            tokens.save(hidden / "words.npz")
            digests |= _digests(hidden / name for name in LENT_FILES)
        else:
            for name in LENT_FILES:
                share(base.folder / name, hidden / name)
                digests[name] = base.manifest["files"][name]
        write_json(hidden / "manifest.json", {**facts, "files": dict(sorted(digests.items()))})


def _write_space(folder: Path, space: Space) -> None:
    weights = space.graph.tocsr()
    np.save(folder / "vectors.npy", space.vectors, allow_pickle=False)
    np.savez(folder / "graph.npz", data=weights.data, indices=weights.indices, indptr=weights.indptr)
    np.savez(folder / "tree.npz", tree=space.tree)


def facts_of(
    snapshot: Snapshot, config: RunConfig, posts: pd.DataFrame, found: pd.DataFrame, narratives: pd.DataFrame,
    *, clock: StageClock, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """What the manifest says of the data, the configuration and the work."""
    first_at, last_at = posts["created_at"].min(), posts["created_at"].max()
    return {
        "snapshot": {"id": snapshot.id, "sha256": snapshot.sha256, "name": snapshot.name},
        "config": config.as_json(),
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


def _digests(paths: Iterable[Path]) -> dict[str, str]:
    return {path.name: sha256(path) for path in sorted(paths)}
