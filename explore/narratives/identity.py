"""A narrative's identity through a chain of runs, although its words drift and its number changes from run to run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

DIGITS = 12


def carried(runs: Sequence[tuple[str, int]], steps: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Follow identities from run to run.

    `runs`: id and number of narratives of each run in order. `steps`: the links between each run and the next, with a,
    b, kind, a_to_b, b_from_a (see `lineage.Lineage`). An identity goes on where each narrative is the other's closest,
    by the geometric mean of both shares: after a split with the largest part, after a merger with the largest source.
    Columns of the result, one row a narrative and run: step (place of the run in the chain), run, narrative_id,
    lineage_id (hash of the run and number under which it was first seen), parent (lineage_id that it split from, else
    null).
    """
    found = []
    known: list[str] = []
    for step, (run, k) in enumerate(runs):
        own = [lineage_id(run, narrative) for narrative in range(k)]
        parents: list[str | None] = [None] * k
        if step:
            goes_on, splits = _closest(steps[step - 1]), _origins(steps[step - 1])
            parents = [known[splits[b]] if b in splits and b not in goes_on else None for b in range(k)]
            own = [known[goes_on[b]] if b in goes_on else own[b] for b in range(k)]
        found.append(
            pd.DataFrame(
                {
                    "step": step,
                    "run": run,
                    "narrative_id": np.arange(k),
                    "lineage_id": pd.array(own, dtype="str"),
                    "parent": pd.Series(parents, dtype=object),
                }
            )
        )
        known = own
    return pd.concat(found, ignore_index=True)


def lineage_id(run: str, narrative: int) -> str:
    """The identity of a narrative that is first seen in this run: 12 hexadecimal characters."""
    return hashlib.sha256(f"{run}:{narrative}".encode()).hexdigest()[:DIGITS]


def _closest(links: pd.DataFrame) -> dict[int, int]:
    """b -> a for the links where each is the other's closest, b not being new."""
    new = set(links.loc[links["kind"] == "new", "b"])
    linked = links[links["a"].notna() & links["b"].notna() & ~links["b"].isin(new)]
    ranked = linked.assign(closeness=np.sqrt(linked["a_to_b"] * linked["b_from_a"]))
    ranked = ranked.sort_values(["closeness", "a", "b"], ascending=[False, True, True], kind="stable")
    best = ranked[~ranked.duplicated("a") & ~ranked.duplicated("b")]
    return {int(b): int(a) for a, b in zip(best["a"], best["b"], strict=True)}


def _origins(links: pd.DataFrame) -> dict[int, int]:
    """b -> a for the narratives that split off."""
    split = links[links["kind"] == "split"].sort_values("b_from_a", ascending=False, kind="stable")
    split = split.drop_duplicates("b")
    return {int(b): int(a) for a, b in zip(split["a"], split["b"], strict=True)}
