"""Where a field comes from: a column, "a + b" (joined) or "a | b" (the first that says something)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from explore.errors import Refused

MOST_COLUMNS = 16  # that one field may come from


@dataclass(frozen=True)
class Preset:
    """The shape of one export: the columns that give it away, and where our fields are in it.

    A source is a column or dotted path, "a + b" (joined: texts by an empty line, ids by _) or "a | b" (the first that
    says something).
    """

    name: str
    needs: tuple[str, ...]
    columns: dict[str, str]


@dataclass(frozen=True)
class Source:
    """Where one field comes from: the first of `choices` that says something; each is one column or several joined."""

    choices: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column for choice in self.choices for column in choice)


def parse_source(text: str, known: Collection[str] = ()) -> Source:
    """The columns that a source names; a `known` column is itself, whatever signs are in its name.

    Raises Refused for more than MOST_COLUMNS.
    """
    if text in known:
        return Source(((text,),))
    source = Source(tuple(tuple(choice.split(" + ")) for choice in text.split(" | ")))
    if len(source.columns) > MOST_COLUMNS:
        raise Refused(
            f"A field can come from {MOST_COLUMNS} columns at most; '{text[:60]}…' names {len(source.columns)}."
        )
    return source
