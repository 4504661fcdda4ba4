"""Fields of JSON that go by another usual name in some records, as where two exporters wrote into one file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from explore.posts.names import NAMES, WRAPPERS, plain_name
from explore.posts.paths import Source
from explore.posts.schema import WRITTEN_NULLS

# In `Batch.met`, before "field\tpath": records in which only the other name holds a value, and those in which both do
ONLY_OTHER, BOTH = "only other name ", "both names "
_USUAL = {name: frozenset(map(plain_name, usual)) for name, usual in NAMES.items()}
_NOTHING = frozenset({"", *WRITTEN_NULLS})
_MOST_KEYS = 2_000  # that are looked at; files with more have keys that are no names of fields


class OtherNames:
    """Looks, beside the column of each field, for keys that are usual names of the field and of no other."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._taken = {column for source in sources.values() for column in source.columns}
        self._fields: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for name, source in sources.items():
            prefixes = {_prefix(column) for column in source.columns}
            joined = any(len(choice) > 1 for choice in source.choices)
            if name in NAMES and len(prefixes) == 1 and not joined and (prefix := prefixes.pop()) in WRAPPERS:
                self._fields.setdefault(prefix, []).append((name, source.columns))
        self._seen: dict[str, set[str]] = {prefix: set() for prefix in self._fields}
        self._others: dict[str, list[tuple[str, tuple[str, ...], str]]] = {prefix: [] for prefix in self._fields}

    def note(self, record: Mapping[str, Any], row: Mapping[str, Any], met: Counter[str]) -> None:
        """Count the other names that hold values in a record; `row` has the values that were taken from it."""
        for prefix in self._fields:
            holder = record.get(prefix[:-1]) if prefix else record
            if not isinstance(holder, dict):
                continue
            if new := holder.keys() - self._seen[prefix]:
                self._learn(prefix, new)
            for name, columns, key in self._others[prefix]:
                if _says(holder.get(key)):
                    both = any(_says(row[column]) for column in columns)
                    met[f"{BOTH if both else ONLY_OTHER}{name}\t{prefix}{key}"] += 1

    def _learn(self, prefix: str, keys: set[str]) -> None:
        """Tell which of the keys, met for the first time, are other names of a field."""
        if len(self._seen[prefix]) > _MOST_KEYS:
            return
        self._seen[prefix] |= keys
        for key in sorted(keys):
            if prefix + key not in self._taken and len(key) < _MOST_KEYS:
                plain = plain_name(key)
                fields = self._fields[prefix]
                self._others[prefix] += [(name, columns, key) for name, columns in fields if plain in _USUAL[name]]


def _prefix(column: str) -> str:
    before, dot, _ = column.rpartition(".")
    return before + dot


def _says(value: Any) -> bool:
    return isinstance(value, str) and value.strip() not in _NOTHING
