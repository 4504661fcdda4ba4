"""Several runs in the order of their time, linked one to the next, with every narrative's identity through them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from explore.narratives import change, identity
from explore.narratives.lineage import Lineage, lineage, takes_long
from explore.narratives.run import Run
from explore.posts.snapshots import Snapshot
from explore.progress import Progress, silent


@dataclass(frozen=True)
class Chain:
    """Runs in order, and the lineage from each to the next: one less than runs."""

    runs: list[Run]
    steps: list[Lineage]

    @cached_property
    def identities(self) -> pd.DataFrame:
        """The identity of every narrative of every run; see `identity.carried` for the columns."""
        sizes = [(run.id, len(run.narratives)) for run in self.runs]
        return identity.carried(sizes, [step.links for step in self.steps])

    def identity_of(self, run: Run, narrative: int) -> str:
        """The lineage_id of a narrative of one of the runs."""
        found = self.identities[self.identities["run"] == run.id].set_index("narrative_id")
        return str(found.loc[narrative, "lineage_id"])

    def members(self, lineage_id: str) -> list[tuple[int, ...]]:
        """The narratives of each run in order that have this identity: one, or none."""
        own = self.identities[self.identities["lineage_id"] == lineage_id]
        return [tuple(map(int, own.loc[own["step"] == step, "narrative_id"])) for step in range(len(self.runs))]


def chained(runs: Sequence[Run], *, cache: Path, progress: Progress = silent) -> Chain:
    """Link the runs, in the order given, each to the next."""
    steps = [lineage(first, second, cache=cache, progress=progress) for first, second in pairwise(runs)]
    return Chain(list(runs), steps)


def take_long(runs: Sequence[Run], *, cache: Path) -> bool:
    """Whether `chained` of these runs is a matter of many seconds."""
    return any(takes_long(first, second, cache=cache) for first, second in pairwise(runs))


def by_time(manifests: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Manifests of runs in the order of their posts; those without times last."""
    return sorted(manifests, key=lambda one: (one["last_at"] or "~", one["first_at"] or "~", one["created_at"]))


def grown_from(snapshots: Iterable[Snapshot]) -> dict[str, set[str]]:
    """The snapshots that each snapshot was appended to, by id."""
    return {one.id: {added["to"] for added in one.manifest.get("appended", [])} for one in snapshots}


def pair_of(
    manifests: Sequence[Mapping[str, Any]], run_id: str, *, grown: Mapping[str, Collection[str]]
) -> list[str]:  # fmt: skip
    """The run and the one to compare it with, in the order of their posts; the run alone where none belongs to it.

    That is a run of the same posts: of the same snapshot, of one that this was appended to, or the other way round; one
    that ends elsewhere in time first. Else the run nearest in time among those whose posts overlap or adjoin its own.
    Of several the earlier, the one made alike, the latest. `manifests`: as `by_time` gives them; `grown`: as
    `grown_from` gives it.
    """
    ids = [one["id"] for one in manifests]
    own = manifests[ids.index(run_id)]
    others = [one for one in manifests if one["id"] != run_id]
    kin = [one for one in others if _are_kin(one, own, grown)]
    near = [one for one in others if _adjoin(one, own)]
    found = max(kin or near, key=lambda one: _closeness(one, own, is_earlier=ids.index(one["id"]) < ids.index(run_id)),
                default=None)  # fmt: skip
    return [one["id"] for one in manifests if one is own or one is found]


def _are_kin(one: Mapping[str, Any], other: Mapping[str, Any], grown: Mapping[str, Collection[str]]) -> bool:
    a, b = one["snapshot"]["id"], other["snapshot"]["id"]
    return a == b or a in grown.get(b, ()) or b in grown.get(a, ())


def _adjoin(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    a, b = _span(one), _span(other)
    return a is not None and b is not None and change.adjoin(a, b)


def _closeness(one: Mapping[str, Any], own: Mapping[str, Any], *, is_earlier: bool) -> tuple[Any, ...]:
    """What `pair_of` prefers, the greater the better."""
    a, b = _span(one), _span(own)
    gap = change.gap(a, b) if a and b else timedelta(0)
    alike = one["config"]["granularity"] == own["config"]["granularity"]
    return one["last_at"] != own["last_at"], is_earlier, -gap, alike, one["last_at"] or ""


def _span(manifest: Mapping[str, Any]) -> change.Span | None:
    first, last = manifest["first_at"], manifest["last_at"]
    return (datetime.fromisoformat(first), datetime.fromisoformat(last)) if first and last else None
