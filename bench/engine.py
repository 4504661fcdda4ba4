"""The narrative engine beside BERTopic's defaults on the same vectors: labels (AMI, ARI, NMI) and speed."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from explore.narratives import space
from explore.narratives.pipeline import explore
from explore.narratives.run import Run, RunConfig
from explore.posts.snapshots import load, open_snapshot
from explore.settings import workspace_at

PER_SET = 11_000
TABLES = ("labels", "off-topic", "speed", "landmarks")
OFF_TOPIC = "off topic"
# Published by its authors on the same two sets (Yin & Wang, KDD 2014), K not known to the method
GSDMM = {"GoogleNews-TS": "NMI .928 ARI .789", "GoogleNews-S": "NMI .896 ARI .746"}


@dataclass(frozen=True)
class Labelled:
    """A set of posts with the topic that people gave each."""

    name: str
    posts: pd.DataFrame  # post_id, text, label


@dataclass(frozen=True)
class Outcome:
    """What a method made of a set: a narrative per post (-1 = none) and how long it took, in seconds."""

    labels: NDArray[np.int64]
    seconds: float


def main() -> None:
    """Read the arguments and print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "data", type=Path, help="folder with topic_benchmarks.parquet, crisis_events.parquet and others"
    )
    parser.add_argument("--encoder", action="append", help="lexical (default), static:DIR; repeatable")
    parser.add_argument("--only", choices=TABLES, help="one of the tables")
    parser.add_argument("--granularity", default="medium")
    parser.add_argument("--seed", type=int, default=1, help="of our runs in the label and off-topic tables")
    parser.add_argument("--posts", type=int, default=100_000, help="posts of ira_1m for the speed table")
    parser.add_argument("--runs", type=int, default=3, help="counted runs of the speed table")
    asked = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {_commit()}, {_today()}\n"
    )
    for encoder in asked.encoder or ["lexical"]:
        if asked.only in (None, "labels"):
            label_table(labelled_sets(asked.data), RunConfig(encoder, asked.granularity, asked.seed))
        if asked.only in (None, "off-topic"):
            off_topic_table(asked.data, RunConfig(encoder, asked.granularity, asked.seed))
        if asked.only in (None, "speed"):
            speed_table(asked.data / "ira_1m.parquet", encoder, posts=asked.posts, runs=asked.runs)
        if asked.only == "landmarks":
            landmark_table(asked.data, RunConfig(encoder, asked.granularity, asked.seed))


def labelled_sets(data: Path) -> Iterator[Labelled]:
    """The short-text benchmarks and the on-topic posts of 28 crises, shuffled, at most 11,000 posts each."""
    topics = pd.read_parquet(data / "topic_benchmarks.parquet")
    for name, posts in topics.groupby("dataset"):
        yield Labelled(str(name), _sampled(posts))
    crises = pd.read_parquet(data / "crisis_events.parquet").rename(columns={"event": "label"})
    yield Labelled("crisis_events on topic", _sampled(crises[crises["on_topic"]]))


def label_table(sets: Iterator[Labelled], config: RunConfig) -> None:
    """AMI, ARI and NMI over all posts, the unclustered counting as one cluster."""
    print(f"Labels, {_named(config)}: AMI / ARI / NMI, narratives, unclustered, seconds\n")
    print("| set | BERTopic defaults, same vectors | Groundswell | published GSDMM |\n| --- | --- | --- | --- |")
    scores: list[tuple[tuple[float, ...], tuple[float, ...]]] = []
    for labelled in sets:
        with tempfile.TemporaryDirectory() as home:
            run, ours = groundswell(labelled.posts, Path(home), config)
            theirs = bertopic(labelled.posts["text"].tolist(), _vectors_per_post(run, labelled.posts))
        truth = labelled.posts["label"].astype(str).to_numpy()
        scores.append((_agreement(truth, theirs.labels), _agreement(truth, ours.labels)))
        cells = [_cell(truth, theirs), _cell(truth, ours), GSDMM.get(labelled.name, "-")]
        print(f"| {labelled.name} | {' | '.join(cells)} |", flush=True)
    means = [np.mean([score[side] for score in scores], axis=0) for side in (0, 1)]
    print(f"| mean | {' | '.join(_numbers(mean) for mean in means)} | |\n")


def off_topic_table(data: Path, config: RunConfig) -> None:
    """Whether posts that belong to no event are swept into narratives of one."""
    crises = _with_off_topic(data)
    posts = _sampled(crises)
    with tempfile.TemporaryDirectory() as home:
        run, ours = groundswell(posts, Path(home), config)
        theirs = bertopic(posts["text"].tolist(), _vectors_per_post(run, posts))
    truth = posts["label"].astype(str).to_numpy()
    print(f"Off-topic posts of crisis_events ({(truth == OFF_TOPIC).mean():.1%} of {len(posts):,}), {_named(config)}\n")
    print("| | precision of event narratives | off-topic posts in them | on-topic posts in them | unclustered |")
    print("| --- | --- | --- | --- | --- |")
    for name, labels in (("BERTopic defaults, same vectors", theirs.labels), ("Groundswell", ours.labels)):
        print(f"| {name} | {_event_cells(truth, labels)} | {(labels < 0).mean():.0%} |")
    print()


def landmark_table(data: Path, config: RunConfig, *, share: float = 0.4) -> None:
    """What it costs to lay out 40 % of the messages and place the others: all labelled posts, 200,000 at most."""
    topics = pd.read_parquet(data / "topic_benchmarks.parquet")
    policy = pd.read_parquet(data / "policy_labelled.parquet")
    topics["label"] = topics["dataset"] + topics["label"].astype(str)
    policy["label"] = policy["dataset"] + policy["label"].astype(str)
    every = pd.concat([_with_off_topic(data), topics, policy], ignore_index=True)
    posts = every.assign(post_id=every.index.astype(str)).sample(frac=1, random_state=0).head(200_000)
    posts = posts[["post_id", "text", "label"]].fillna({"label": "none given"})
    labels: dict[str, NDArray[np.int64]] = {}
    print(f"Landmarks, {len(posts):,} labelled posts, {_named(config)}: AMI / ARI / NMI, narratives, unclustered\n")
    print("| laid out | agreement with the labels |\n| --- | --- |")
    for name, laid_out in (("all messages", len(posts)), (f"{share:.0%} of them", round(share * len(posts)))):
        space.LANDMARKS = laid_out
        with tempfile.TemporaryDirectory() as home:
            _, ours = groundswell(posts, Path(home), config)
        labels[name] = ours.labels
        print(f"| {name} | {_cell(posts['label'].astype(str).to_numpy(), ours)} |", flush=True)
    print(f"\nWith each other: {_numbers(_agreement(*labels.values()))}\n")


def groundswell(posts: pd.DataFrame, home: Path, config: RunConfig) -> tuple[Run, Outcome]:
    """The product's own way: load the file, run it, read the run's files."""
    file = home / "posts.parquet"
    posts[["post_id", "text"]].to_parquet(file, index=False)
    workspace = workspace_at(home / "workspace")
    now = datetime.now(UTC)
    snapshot = open_snapshot(workspace, load([file], workspace, now=now).snapshot)
    since = time.perf_counter()
    run = explore(snapshot, workspace, config=config, now=now)
    seconds = time.perf_counter() - since
    found = pd.read_parquet(run.folder / "posts.parquet").set_index("post_id")["narrative_id"]
    return run, Outcome(found.reindex(posts["post_id"]).fillna(-1).to_numpy(dtype=np.int64), seconds)


def bertopic(texts: Sequence[str], vectors: NDArray[np.float32]) -> Outcome:
    """BERTopic with its own defaults and these vectors."""
    from bertopic import BERTopic

    model = BERTopic(embedding_model=None)
    since = time.perf_counter()
    labels, _ = model.fit_transform(list(texts), embeddings=vectors)
    return Outcome(np.asarray(labels, dtype=np.int64), time.perf_counter() - since)


def speed_table(file: Path, encoder: str, *, posts: int, runs: int) -> None:
    """Whole-process and warm seconds for posts to ranked narratives with a map, beside BERTopic's three steps."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        sample = pd.read_parquet(file).head(posts)
        sample.to_parquet(home / "posts.parquet", index=False)
        workspace = workspace_at(home / "workspace")
        snapshot = open_snapshot(workspace, load([home / "posts.parquet"], workspace, now=datetime.now(UTC)).snapshot)
        config = RunConfig(encoder, seed=1)
        warm, fresh = [], []
        for n in range(runs):
            fresh.append(_fresh_process(workspace.home, snapshot.id, encoder, seed=10 + n))
            since = time.perf_counter()
            run = explore(snapshot, workspace, config=RunConfig(encoder, seed=20 + n), now=datetime.now(UTC))
            warm.append(time.perf_counter() - since)
        run = explore(snapshot, workspace, config=config, now=datetime.now(UTC))
        theirs = _bertopic_steps(sample, _vectors_per_post(run, sample))
    total = sum(theirs.values())
    print(f"Speed, {len(sample):,} posts, encoder {encoder}, median of {runs} (seconds)\n")
    print("| step | seconds |\n| --- | --- |")
    for step, seconds in theirs.items():
        print(f"| BERTopic: {step} | {seconds:.1f} |")
    for name, spent in (("a fresh process, encoding included", fresh), ("a warm process, encoding included", warm)):
        middle = statistics.median(spent)
        print(
            f"| Groundswell: {name} | {middle:.1f} ({min(spent):.1f}-{max(spent):.1f}), {total / middle:.1f}x sooner |"
        )
    counts = run.manifest["counts"]
    print(f"\nStages of the last run: {run.manifest['seconds']}; peak MB {max(run.manifest['peak_rss_mb'].values())}")
    print(f"{counts['narratives']} narratives, {counts['unclustered_share']:.1%} of posts in none\n")


def _bertopic_steps(sample: pd.DataFrame, vectors: NDArray[np.float32]) -> dict[str, float]:
    """Seconds of fit_transform, topics_over_time and a 2-D map, as BERTopic's documentation has them."""
    from bertopic import BERTopic
    from umap import UMAP

    texts, model = sample["text"].tolist(), BERTopic(embedding_model=None)
    return {
        "fit_transform": _timed(lambda: model.fit_transform(texts, embeddings=vectors)),
        "topics_over_time": _timed(lambda: model.topics_over_time(texts, sample["created_at"].tolist(), nr_bins=20)),
        "2-D map": _timed(lambda: UMAP(n_neighbors=15, n_components=2, metric="cosine").fit_transform(vectors)),
    }


def _fresh_process(home: Path, snapshot: str, encoder: str, *, seed: int) -> float:
    """Whole-process seconds of `python -m explore run`."""
    command = [sys.executable, "-m", "explore", "run", snapshot, "--encoder", encoder, "--seed", str(seed), "--json"]
    environment = os.environ | {"EXPLORE_HOME": str(home)}
    project = Path(__file__).resolve().parent.parent
    return _timed(lambda: subprocess.run(command, env=environment, cwd=project, check=True, capture_output=True))


def _timed(work: Callable[[], object]) -> float:
    since = time.perf_counter()
    work()
    return time.perf_counter() - since


def _vectors_per_post(run: Run, posts: pd.DataFrame) -> NDArray[np.float32]:
    """The run's message vectors, one row a post; posts without words get zeros."""
    vectors: NDArray[np.float32] = np.load(run.folder / "vectors.npy", allow_pickle=False)
    frame = pd.read_parquet(run.folder / "posts.parquet").set_index("post_id")
    message = frame["message"].reindex(posts["post_id"].astype(str)).fillna(len(vectors)).to_numpy(dtype=np.int64)
    padded = np.vstack([vectors, np.zeros((1, vectors.shape[1]), dtype=np.float32)])
    return padded[np.minimum(message, len(vectors))]


def _sampled(posts: pd.DataFrame) -> pd.DataFrame:
    shuffled = posts.sample(frac=1, random_state=0).head(PER_SET)
    return shuffled[["post_id", "text", "label"]].drop_duplicates("post_id").reset_index(drop=True)


def _with_off_topic(data: Path) -> pd.DataFrame:
    """crisis_events; what is off topic has one label of its own."""
    crises = pd.read_parquet(data / "crisis_events.parquet")
    return crises.assign(label=crises["event"].astype(str).where(crises["on_topic"], OFF_TOPIC))


def _event_cells(truth: NDArray[np.object_], labels: NDArray[np.int64]) -> str:
    """Of narratives most of whose posts are of one event: share of posts of it; share of off- and on-topic posts."""
    table = pd.DataFrame({"truth": truth, "narrative": labels}).query("narrative >= 0")
    usual = table.groupby("narrative")["truth"].agg(lambda names: names.value_counts().index[0])
    home = pd.Series(labels).map(usual).fillna(OFF_TOPIC).to_numpy()
    inside = home != OFF_TOPIC
    off = truth == OFF_TOPIC
    return f"{(truth[inside] == home[inside]).mean():.3f} | {inside[off].mean():.1%} | {inside[~off].mean():.1%}"


def _agreement(truth: NDArray[np.object_], labels: NDArray[np.int64]) -> tuple[float, float, float]:
    from sklearn import metrics

    return (
        metrics.adjusted_mutual_info_score(truth, labels),
        metrics.adjusted_rand_score(truth, labels),
        metrics.normalized_mutual_info_score(truth, labels),
    )


def _cell(truth: NDArray[np.object_], outcome: Outcome) -> str:
    k, out = len(set(outcome.labels[outcome.labels >= 0])), float((outcome.labels < 0).mean())
    return f"{_numbers(_agreement(truth, outcome.labels))}, {k}, {out:.0%}, {outcome.seconds:.0f} s"


def _numbers(values: Sequence[float] | NDArray[np.float64]) -> str:
    return " / ".join(f"{value:.3f}" for value in values)


def _named(config: RunConfig) -> str:
    return f"encoder {config.encoder.rpartition('/')[2]}, granularity {config.granularity}, seed {config.seed}"


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607
    return f"commit {done.stdout.strip() or 'unknown'}"


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


if __name__ == "__main__":
    main()
