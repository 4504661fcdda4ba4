"""What the first records of a file would become, before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from explore.posts.batches import Batch
from explore.posts.checks import Checked, Rules, check
from explore.posts.layout import Preview, refuse_alike
from explore.posts.mapping import ColumnMapping, require_text
from explore.posts.times import zone

KEPT_APART = "kept_apart"


@dataclass(frozen=True)
class StoredSample:
    """rows: the columns of a snapshot, and `kept_apart` with the reason in words for records that would be quarantined.

    times: how times were read, in words ("epoch s", "ISO 8601 without zone, read as UTC"); None without times.
    """

    rows: pd.DataFrame
    times: str | None


def as_stored(
    preview: Preview, mapping: ColumnMapping, *, tz: str = "UTC", date_order: str | None = None, count: int = 20
) -> StoredSample:
    """The first `count` records as a load with this mapping would store them, in the order of the file.

    Raises Refused where the load would: no column for the text, an unknown zone, dates that can be read in two ways.
    """
    require_text(mapping, preview)
    refuse_alike(preview, mapping.columns, mapping.how)
    rules = Rules(mapping.sources, zone(tz), date_order)
    checked = check(_batch(preview, rules, count), rules)
    return StoredSample(_frame(checked), _told(checked.time_formats, tz))


def _batch(preview: Preview, rules: Rules, count: int) -> Batch:
    rows = preview.rows[:count]
    columns = {column: pa.array([row.get(column) for row in rows], pa.string()) for column in rules.columns}
    return Batch(columns, np.arange(1, len(rows) + 1, dtype=np.int64), lambda row: str(rows[row]), len(rows))


def _frame(checked: Checked) -> pd.DataFrame:
    good = checked.posts.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    good.index = pd.Index(checked.records)
    reasons = {one.record: one.why for one in checked.rejected}
    rows = good.reindex(sorted({*good.index, *reasons}))
    rows[KEPT_APART] = pd.Series([reasons.get(record) for record in rows.index], rows.index, dtype=object)
    return rows


def _told(formats: frozenset[str], tz: str) -> str | None:
    if not formats:
        return None
    return ", ".join(f"{one}, read as {tz}" if one.endswith("without zone") else one for one in sorted(formats))
