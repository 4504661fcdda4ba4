"""How a narrative came to be one: the codes that the stages use, and their names in narratives.parquet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NAMES = ["cluster", "strand", "text", "words"]
CLUSTER, STRAND, TEXT, WORDS = range(len(NAMES))

Ints = NDArray[np.int64]


def names(narrative: Ints, origin: Ints, *, k: int) -> list[str]:
    """The origin of each of k narratives. `narrative`, `origin`: per message; -1 = none.

    What was set apart from a cluster has taken messages in since: so the highest code of its messages counts.
    """
    inside = narrative >= 0
    code = np.zeros(k, dtype=np.int64)
    np.maximum.at(code, narrative[inside], origin[inside])
    return [NAMES[each] for each in code]
