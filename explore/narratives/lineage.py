"""What became of the narratives of one run in another: new, growing, steady, fading, split, merged or gone.

Nothing is written into a run. How much of each narrative went where is cached under cache/lineage/ by the two run ids.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.errors import Refused
from explore.files import write_bytes
from explore.narratives import change, crossing, encoders, graph
from explore.narratives.change import Counts, Periods, Span
from explore.narratives.emergence import LEVEL, benjamini_hochberg
from explore.narratives.run import Run
from explore.narratives.vectors import Vectors
from explore.progress import Progress, StageClock, silent

VERSION = "lineage-2"
LINKED = (
    0.3  # share of either side from which a link counts; of what is truly new 1 to 3 % reach it (docs/decisions/0012)
)
MAINLY = 0.75  # share of what is linked from which one branch is the narrative itself and the others are offshoots
KINDS = ("new", "growing", "split", "merged", "fading", "steady", "gone")
SEED = 1
HERE_UP_TO = 10_000  # messages of both runs together that are compared within a second or two
PLACED_UP_TO = 25_000  # messages that the longer of two cuts has more; it has their vectors, so it takes 3 seconds

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Lineage:
    """The links from the narratives of one run to those of another.

    compared_by: in words, what told that messages belong together. periods: the times whose rates are compared; null
    without times. unit: "accounts", or "messages" where either run names no account. active_ratio: distinct units a
    day or hour in all posts, second over first; null without times. unrelated: whether the runs share no message and
    their known times neither overlap nor adjoin.
    links, one row a link, each narrative of both runs in at least one: a, b (narrative ids; b is null where `kind` is
    gone, a where it is new), kind, a_to_b (share of a's posts that belong to b), b_from_a (share of b's posts that
    belong to a), shared_messages (held by both), label_a, label_b, posts_a, posts_b, before, after (units per
    `periods.step`), and where a narrative goes on rate_ratio, rate_ratio_low, rate_ratio_high (95 %), q_value
    (Benjamini & Hochberg over those that go on). For what is new or gone, what became of its posts in the other run:
    spread (share that belongs to narratives it is not linked to) and outside (share that is in no narrative there).
    """

    run_a: str
    run_b: str
    compared_by: str
    periods: Periods | None
    unit: str
    active_ratio: float | None
    links: pd.DataFrame
    unrelated: bool = False


@dataclass(frozen=True)
class Flows:
    """How much went where: `forth` (share of each a's posts), `back` (share of each b's posts) and `shared` messages,
    each of shape (narratives of the first run, narratives of the second). `forth_outside`, `back_outside`: share of the
    posts of each that lies with posts of no narrative in the other run."""

    forth: Floats
    back: Floats
    shared: NDArray[np.int64]
    forth_outside: Floats
    back_outside: Floats
    compared_by: str


def lineage(first: Run, second: Run, *, cache: Path, progress: Progress = silent) -> Lineage:
    """Link the narratives of two runs, the earlier one first; any two runs will do, also of one snapshot.

    A narrative goes on where one link holds nearly all that is linked on both sides: growing or fading where the rate
    changed beyond chance (q at most .05), else steady, which without times, or where the second run reaches no further
    than the first, says only that no change is shown. A narrative of the second run of which the first explains less
    than three tenths is new, one without any link gone. Raises `Refused` where a run is deleted meanwhile.
    """
    with _while_there(first, second):
        return _lineage(first, second, cache, progress)


def takes_long(first: Run, second: Run, *, cache: Path) -> bool:
    """Whether `lineage` of these runs is a matter of many seconds, and not to be done while a person waits.

    What is kept takes no time. Of two runs of one snapshot the one that reaches further holds all messages of the other
    (unless another version made it): only what it has more is to be placed, and the vectors are there.
    """
    part, whole = sorted((first, second), key=_size)
    if _size(part) + _size(whole) <= HERE_UP_TO or _cached(first, second, cache) is not None:
        return False
    if part.snapshot_id != whole.snapshot_id or _size(whole) - _size(part) > PLACED_UP_TO:
        return True
    with _while_there(part, whole):
        return not part.messages["message_id"].isin(whole.messages["message_id"]).all()


def _size(run: Run) -> int:
    return int(run.manifest["counts"]["messages"])


@contextmanager
def _while_there(*runs: Run) -> Iterator[None]:
    """Raise `Refused` where a file is missing because its run was deleted meanwhile."""
    try:
        yield
    except FileNotFoundError:
        _ensure_there(*runs)
        raise


def _ensure_there(*runs: Run) -> None:
    for run in runs:
        if not run.folder.is_dir():
            raise Refused(f"Run {run.id} was removed while it was compared.")


def _lineage(first: Run, second: Run, cache: Path, progress: Progress) -> Lineage:
    flows = _cached(first, second, cache) or _made(first, second, cache, progress)
    links = _with_names(_linked(flows), first, second)
    spans = change.periods(_span(first), _span(second))
    unit = "accounts" if first.unit == second.unit == "accounts" else "messages"
    told = (first.id, second.id, flows.compared_by)
    if spans is None:
        return Lineage(*told, None, unit, None, _ordered(links))
    unrelated = not change.adjoin(spans.earlier, spans.later) and not _share_messages(first, second)
    earlier = _counts(first, unit, spans.earlier, spans)
    later = _counts(second, unit, spans.later, spans)
    links = _judged(links, earlier, later, spans)
    active = (later.active / later.steps) / (earlier.active / earlier.steps) if earlier.active else None
    return Lineage(*told, spans, unit, active, _ordered(links), unrelated)


def _share_messages(first: Run, second: Run) -> bool:
    return bool(first.messages["message_id"].isin(second.messages["message_id"]).any())


_RATES = ["before", "after", "rate_ratio", "rate_ratio_low", "rate_ratio_high"]


# --- how much went where ---------------------------------------------------------------------------------------------


def _made(first: Run, second: Run, cache: Path, progress: Progress) -> Flows:
    clock = StageClock(progress)
    used = "nothing else was needed"

    def encode(texts: list[str]) -> Vectors:
        nonlocal used
        clock("Comparing messages", 0.1)
        vectors, used = _vectors(first, second, texts)
        return vectors

    def index_of(vectors: Vectors) -> Any:
        clock("Placing messages", 0.6)
        return graph.index_of(vectors)

    clock("Reading both runs", 0.0)
    a, b = first.messages, second.messages
    crossed = crossing.cross(a, b, encode=encode, index_of=index_of)
    clock("Linking narratives", 0.95)
    k = (len(first.narratives), len(second.narratives))
    forth, forth_outside = _shares(a, crossed.forth, others=k[1])
    back, back_outside = _shares(b, crossed.back, others=k[0])
    shared = _sums(a["narrative_id"], crossed.forth, crossed.shared, shape=k).astype(np.int64)
    by = f"messages that both runs hold, by their id; {used}"
    flows = Flows(forth, back.T, shared, forth_outside, back_outside, by)
    _ensure_there(first, second)
    _keep(flows, _path(first, second, cache))
    clock.stop()
    return flows


def _vectors(first: Run, second: Run, texts: list[str]) -> tuple[Vectors, str]:
    """Comparable vectors of the messages of both runs, whose texts these are, and in words where they come from.

    A run that holds every message of the other has them: its encoder saw what it would see now.
    """
    for whole in (second, first):
        kept = _of_one(whole, pd.concat([first.messages["message_id"], second.messages["message_id"]]))
        if kept is not None:
            name = whole.manifest["encoder"]["name"]
            return kept, f"the others by the cosine of the vectors of run {whole.id}, which holds them all ({name})"
    encoder = _encoder(first, second)
    distinct = list(dict.fromkeys(texts))
    place = {text: row for row, text in enumerate(distinct)}
    made = encoder.encode(distinct, seed=SEED)[[place[text] for text in texts]]
    return (
        made,
        f"the others by the cosine of vectors made anew from the messages of both runs together ({encoder.name})",
    )


def _of_one(run: Run, message_ids: pd.Series) -> Vectors | None:
    """The run's own vectors of these messages, zeros for those without words; null unless it holds every one."""
    held = run.messages["message_id"]
    rows = pd.Series(np.arange(len(held)), index=held).reindex(message_ids)
    if rows.isna().any():
        return None
    vectors: Vectors = np.load(run.folder / "vectors.npy", allow_pickle=False)
    wordless = np.zeros((len(held) - len(vectors), vectors.shape[1]), dtype=np.float32)  # they stand last
    chosen: Vectors = np.vstack([vectors, wordless])[rows.to_numpy(dtype=np.int64)]
    return chosen


def _encoder(first: Run, second: Run) -> encoders.Encoder:
    """The encoder that made both runs where it is still there, else the one that needs no model."""
    versions = {run.manifest["encoder"]["version"] for run in (first, second)}
    try:
        encoder = encoders.encoder_for(first.config.encoder)
    except Refused:
        return encoders.Lexical()
    return encoder if versions == {encoder.version} else encoders.Lexical()


def _shares(messages: pd.DataFrame, other: NDArray[np.int64], *, others: int) -> tuple[Floats, Floats]:
    """Share of the posts of each narrative that belongs to each narrative of the other run, and to none of them."""
    own, weight = messages["narrative_id"], messages["n_posts"].to_numpy(dtype=np.float64)
    k = int(own.max()) + 1 if len(own) else 0
    placed = np.where(other == crossing.OUTSIDE, others, other)
    total = np.bincount(own[own >= 0], weights=weight[own >= 0], minlength=k)
    shares = _sums(own, placed, weight, shape=(k, others + 1)) / np.maximum(total, 1)[:, None]
    return shares[:, :others], shares[:, others]


def _sums(own: pd.Series, other: NDArray[np.int64], weight: NDArray[Any], *, shape: tuple[int, int]) -> Floats:
    label = own.to_numpy(dtype=np.int64)
    both = (label >= 0) & (other >= 0)
    sums = np.zeros(shape)
    np.add.at(sums, (label[both], other[both]), weight[both])
    return sums


def _path(first: Run, second: Run, cache: Path) -> Path:
    return cache / "lineage" / f"{first.id}-{second.id}-{VERSION}.json"


def _keep(flows: Flows, path: Path) -> None:
    """Write the entries that are not nought, after the digest of what is written."""
    a, b = np.nonzero((flows.forth > 0) | (flows.back > 0))
    told = {
        "shape": flows.forth.shape,
        "a": a.tolist(),
        "b": b.tolist(),
        **{name: getattr(flows, name)[a, b].tolist() for name in ("forth", "back", "shared")},
        **{name: getattr(flows, name).tolist() for name in ("forth_outside", "back_outside")},
        "compared_by": flows.compared_by,
    }
    content = json.dumps(told).encode()
    write_bytes(path, hashlib.sha256(content).hexdigest().encode() + b"\n" + content)


def _cached(first: Run, second: Run, cache: Path) -> Flows | None:
    """What was kept, unless it is missing or its bytes are not the ones written."""
    try:
        digest, _, content = _path(first, second, cache).read_bytes().partition(b"\n")
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest().encode() != digest:
        return None
    told = json.loads(content)
    dense: dict[str, Any] = {name: np.array(told[name], dtype=np.float64) for name in ("forth_outside", "back_outside")}
    for name, kind in (("forth", np.float64), ("back", np.float64), ("shared", np.int64)):
        dense[name] = np.zeros(told["shape"], dtype=kind)
        dense[name][told["a"], told["b"]] = told[name]
    return Flows(**dense, compared_by=told["compared_by"])


# --- which of it is a link, and of what kind -------------------------------------------------------------------------


def _linked(flows: Flows) -> pd.DataFrame:
    """Links with a, b, kind, a_to_b, b_from_a, shared_messages, spread, outside; where a narrative goes on, the kind is
    steady."""
    forth, back = flows.forth, flows.back
    large, descends = forth >= LINKED, back >= LINKED
    linked = large | descends
    is_new = np.where(linked, back, 0).sum(axis=0) < LINKED
    mainly_goes = _mainly(forth, descends)
    mainly_comes = _mainly(back.T, large.T).T & ~is_new
    a, b = np.nonzero(linked)
    goes, comes = mainly_goes[a, b], mainly_comes[a, b]
    into_more = np.where(goes == comes, forth[a, b] >= back[a, b], goes)
    kind = np.where(goes & comes, "steady", np.where(into_more, "merged", "split"))
    news = np.flatnonzero(is_new)
    gone = np.flatnonzero(~linked.any(axis=1))
    table = pd.DataFrame(
        {"a": a, "b": b, "kind": kind, "a_to_b": forth[a, b], "b_from_a": back[a, b], "shared": flows.shared[a, b]}
    )
    ends = pd.DataFrame(
        {
            "a": [*[pd.NA] * len(news), *gone],
            "b": [*news, *[pd.NA] * len(gone)],
            "kind": ["new"] * len(news) + ["gone"] * len(gone),
            "spread": [*np.where(linked, 0, back).sum(axis=0)[news], *forth.sum(axis=1)[gone]],
            "outside": [*flows.back_outside[news], *flows.forth_outside[gone]],
        }
    ).assign(a_to_b=0.0, b_from_a=0.0, shared=0)
    whole = pd.concat([each.astype({"a": "Int64", "b": "Int64", "kind": "str"}) for each in (table, ends)])
    return whole.rename(columns={"shared": "shared_messages"}).reset_index(drop=True)


def _mainly(share: Floats, counted: Bools) -> Bools:
    """Whether a link holds nearly all of what its row shares with the counted links and itself, and nowhere more."""
    total = np.where(counted, share, 0).sum(axis=1, keepdims=True) + np.where(counted, 0, share)
    part = np.divide(share, total, out=np.ones_like(share), where=total > 0)
    mainly: Bools = (part >= MAINLY) & (share >= share.max(axis=1, keepdims=True, initial=0))
    return mainly


def _with_names(links: pd.DataFrame, first: Run, second: Run) -> pd.DataFrame:
    for side, run in (("a", first), ("b", second)):
        known = run.narratives.set_index("narrative_id")
        links[f"label_{side}"] = links[side].map(known["label"]).astype(object).where(links[side].notna(), None)
        links[f"posts_{side}"] = links[side].map(known["n_posts"]).fillna(0).astype("int64")
    return links


# --- how fast it grew ------------------------------------------------------------------------------------------------


def _span(run: Run) -> Span | None:
    return (run.first_at, run.last_at) if run.first_at and run.last_at else None


def _counts(run: Run, unit: str, span: Span, periods: Periods) -> Counts:
    line = run.timeline
    counted = line.unit if unit == "accounts" else line.message
    k = len(run.narratives)
    return change.count(line.at, counted, line.narrative, k=k, span=span, step=periods.step)


def _judged(links: pd.DataFrame, earlier: Counts, later: Counts, periods: Periods) -> pd.DataFrame:
    """The links with rates, and growing or fading where what goes on changed beyond chance."""
    links = links.assign(**dict.fromkeys([*_RATES, "q_value"], np.nan))
    for side, column, counts in (("a", "before", earlier), ("b", "after", later)):
        there = links[side].notna()
        ids = links.loc[there, side].to_numpy(dtype=np.int64)
        links.loc[there, column] = counts.total[ids] / counts.steps
    if periods.how == "together":  # the same time, maybe the same posts: what differs is the clustering
        return links
    goes_on = links.index[links["kind"] == "steady"]
    rates = change.compare(earlier, later, links.loc[goes_on, ["a", "b"]].to_numpy(dtype=np.int64))
    links.loc[goes_on, _RATES] = rates[_RATES].to_numpy()
    q = benjamini_hochberg(rates["p_value"].to_numpy())
    links.loc[goes_on, "q_value"] = q
    links.loc[goes_on[(q <= LEVEL) & (rates["rate_ratio_low"] > 1)], "kind"] = "growing"
    links.loc[goes_on[(q <= LEVEL) & (rates["rate_ratio_high"] < 1)], "kind"] = "fading"
    return links


def _ordered(links: pd.DataFrame) -> pd.DataFrame:
    """By kind, then the largest first."""
    keyed = links.assign(rank=links["kind"].map(KINDS.index), size=links[["posts_a", "posts_b"]].max(axis=1))
    ordered = keyed.sort_values(["rank", "size", "a", "b"], ascending=[True, False, True, True], kind="stable")
    columns = ["a", "b", "kind", "a_to_b", "b_from_a", "shared_messages", "label_a", "label_b", "posts_a", "posts_b"]
    wanted = [*columns, *_RATES, "q_value", "spread", "outside"]
    return ordered.reindex(columns=wanted).reset_index(drop=True)
