"""Several runs in the order of their time, linked one to the next, with every narrative's identity through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from explore.narratives import identity
from explore.narratives.lineage import Lineage, lineage, takes_long
from explore.narratives.run import Run
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


def pair_of(manifests: Sequence[Mapping[str, Any]], run_id: str) -> list[str]:
    """The run and the one to compare it with, in the order of their posts; the run alone where there is no other.

    That is the run of the snapshot before it, made alike where there is one. `manifests`: as `by_time` gives them.
    """
    ids = [one["id"] for one in manifests]
    own = manifests[ids.index(run_id)]
    others = [one for one in manifests if one["id"] != run_id]
    others = [one for one in others if one["snapshot"]["id"] != own["snapshot"]["id"]] or others
    alike = [one for one in others if one["config"]["granularity"] == own["config"]["granularity"]] or others
    earlier = [one for one in alike if ids.index(one["id"]) < ids.index(run_id)]
    other = (earlier or alike)[-1:]
    return [one["id"] for one in manifests if one["id"] == run_id or one in other]
