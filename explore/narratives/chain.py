"""Several runs in the order of their time, linked one to the next, with every narrative's identity through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import pandas as pd

from explore.narratives import identity
from explore.narratives.lineage import Lineage, lineage
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
