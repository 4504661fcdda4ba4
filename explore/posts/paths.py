"""Where a field comes from: a column, "a + b" (joined) or "a | b" (the first that says something)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Where one field comes from: the first of `choices` that says something; each is one column or several joined."""

    choices: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column for choice in self.choices for column in choice)


def parse_source(text: str, known: Collection[str] = ()) -> Source:
    """The columns that a source names; a `known` column is itself, whatever signs are in its name."""
    if text in known:
        return Source(((text,),))
    return Source(tuple(tuple(choice.split(" + ")) for choice in text.split(" | ")))
