"""What the first records of a file would become, before anything is stored; accounts show as pseudonyms."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from explore.posts.batches import Batch
from explore.posts.checks import Checked, Rules, check
from explore.posts.layout import Preview, refuse_alike
from explore.posts.mapping import ColumnMapping, require_text
from explore.posts.pseudonyms import MADE_WITH_ACCOUNTS, masked, pseudonym, with_pseudonyms
from explore.posts.times import zone

QUARANTINED = "quarantined"
_MAY_NAME_ACCOUNTS = re.compile(
    r"user|author|account|handle|screen|sender|owner|profile|from|channel|page|name|mail|phone|\bdid\b", re.IGNORECASE
)


@dataclass(frozen=True)
class StoredSample:
    """rows: the columns of a snapshot, and `quarantined` with the reason in words for records that would not come in.

    times: how times were read, in words ("epoch s", "ISO 8601 without zone, read as UTC"); None without times.
    """

    rows: pd.DataFrame
    times: str | None


def samples(preview: Preview, mapping: ColumnMapping, *, key: bytes, count: int = 3) -> dict[str, list[str]]:
    """For each mapped field the first `count` different values of its columns that are not blank.

    Accounts show as pseudonyms, also inside the fields that platforms make with them.
    """
    accounts = _columns_of(mapping, "author_id")
    others = {column for name in MADE_WITH_ACCOUNTS for column in _columns_of(mapping, name)}
    shown = replace(preview, rows=tuple(_row_masked(row, accounts, others, key) for row in preview.rows))
    return {
        name: [value for column in source.columns for value in shown.samples(column, count)][:count]
        for name, source in mapping.sources.items()
    }


def unused(preview: Preview, mapping: ColumnMapping, *, key: bytes, count: int = 3) -> pd.DataFrame:
    """Columns that no field takes, with their first values: columns `column`, `values` (lists), without blank ones.

    What may name accounts, by the name of the column, shows as pseudonyms.
    """
    accounts = {column for column in mapping.unused if _MAY_NAME_ACCOUNTS.search(column)}
    rows = [(column, _values(preview, column, accounts, key, count)) for column in mapping.unused]
    return pd.DataFrame([row for row in rows if row[1]], columns=["column", "values"])


def as_stored(
    preview: Preview,
    mapping: ColumnMapping,
    *,
    key: bytes,
    tz: str = "UTC",
    date_order: str | None = None,
    count: int = 20,
) -> StoredSample:
    """The first `count` records as a load with this mapping would store them, in the order of the file.

    Raises Refused where the load would: no column for the text, an unknown zone, dates that can be read in two ways.
    """
    require_text(mapping, preview)
    refuse_alike(preview, mapping.columns, mapping.how)
    rules = Rules(mapping.sources, zone(tz), date_order)
    checked = check(_batch(preview, rules, count), rules)
    return StoredSample(with_pseudonyms(_frame(checked), key), _told(checked.time_formats, tz))


def _batch(preview: Preview, rules: Rules, count: int) -> Batch:
    rows = preview.rows[:count]
    columns = {column: pa.array([row.get(column) for row in rows], pa.string()) for column in rules.columns}
    return Batch(columns, np.arange(1, len(rows) + 1, dtype=np.int64), lambda row: str(rows[row]), len(rows))


def _frame(checked: Checked) -> pd.DataFrame:
    good = checked.posts.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    good.index = pd.Index(checked.records)
    reasons = {one.record: one.why for one in checked.rejected}
    rows = good.reindex(sorted({*good.index, *reasons}))
    rows[QUARANTINED] = pd.Series([reasons.get(record) for record in rows.index], rows.index, dtype=object)
    return rows


def _row_masked(row: dict[str, str | None], accounts: set[str], others: set[str], key: bytes) -> dict[str, str | None]:
    """A record whose account columns hold pseudonyms, which stand for the account's id in the `others` too."""
    named = {column: value for column in accounts if (value := row.get(column)) and value.strip()}
    made = {column: value for column in others if (value := row.get(column))}
    for author in named.values():
        name = pseudonym(author, key)
        made = {column: masked(value, author, name) for column, value in made.items()}
    return row | made | {column: pseudonym(author, key) for column, author in named.items()}


def _columns_of(mapping: ColumnMapping, field: str) -> set[str]:
    return set(mapping.sources[field].columns) if field in mapping.sources else set()


def _values(preview: Preview, column: str, accounts: set[str], key: bytes, count: int) -> list[str]:
    values = preview.samples(column, count)
    return [pseudonym(value, key) for value in values] if column in accounts else values


def _told(formats: frozenset[str], tz: str) -> str | None:
    if not formats:
        return None
    return ", ".join(f"{one}, read as {tz}" if one.endswith("without zone") else one for one in sorted(formats))
