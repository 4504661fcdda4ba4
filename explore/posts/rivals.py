"""Columns that were guessed, or that another one rivals: what is told of them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from explore.errors import Refused, brief
from explore.posts.choosing import (
    filled,
    is_sure_text,
    likely_texts,
    likely_times,
    mean_length,
    own_columns,
)
from explore.posts.layout import Preview
from explore.posts.mapping import ColumnMapping
from explore.posts.names import AUTHOR_IDS, DISPLAY_NAMES, HANDLES, NAMES, plain_name
from explore.posts.times import DAY, NAIVE, OK, Times, parse_times, zone

_MINUTE, _QUARTER, _DAY_OF = 60 * 10**6, 15 * 60 * 10**6, 24 * 3_600 * 10**6  # microseconds
_FARTHEST = 14 * 4 * _QUARTER  # clocks that are farthest from UTC
_CLAIM = frozenset(plain_name(name) for name in NAMES["created_at"])
_AUTHORS = frozenset(plain_name(name) for name in NAMES["author_id"])
_SURE_AUTHORS = frozenset(plain_name(name) for name in (*AUTHOR_IDS, *HANDLES))
_SHOWN_NAMES = frozenset(map(plain_name, DISPLAY_NAMES))
_USERS_NAME = re.compile(r"user[./]name$", re.IGNORECASE)  # what an account shows, though plainly as a user name is
_LISTED = 3
_START, _ALIKE = 20, 0.5  # characters; texts that mostly begin alike are two ways of writing one
_MEANT = {"text": "the text", "created_at": "the time of a post"}


@dataclass(frozen=True)
class Rival:
    """A column that says another time than the one taken, in `differ` of `both` records; with one of them."""

    column: str
    differ: int
    both: int
    taken_value: str
    value: str


def rival_times(preview: Preview, mapping: ColumnMapping, *, tz: str, date_order: str | None) -> Rival | None:
    """The first column that goes by a usual name of the time and contradicts the one taken, in the first records.

    A day agrees with every time on it. A time without a zone agrees with one in a known zone where they are always
    whole quarters of an hour apart: it is the local time of whoever exported it.
    """
    source = mapping.sources.get("created_at")
    if source is None:
        return None
    taken = source.columns[0]
    prefix, _, _ = taken.rpartition(".")
    claims = [column for column in mapping.unused if _claims(column, prefix)]
    times = _read(preview, taken, tz, date_order)
    for column in (*source.columns[1:], *claims):
        other = _read(preview, column, tz, date_order)
        if times is None or other is None:
            continue
        both = (times.state == OK) & (other.state == OK)
        apart = np.abs(times.micros - other.micros)
        days = (times.marks | other.marks) & DAY > 0
        differ = both & (apart >= np.where(days, _DAY_OF + _FARTHEST, _MINUTE))
        if differ.any() and not _is_local(times, other, both):
            row = preview.rows[int(np.argmax(differ))]
            return Rival(column, int(differ.sum()), int(both.sum()), row[taken] or "", row[column] or "")
    return None


@dataclass(frozen=True)
class Guess:
    """That the column `taken` was chosen for a field by its name or by what it holds; `others` are as likely."""

    field: str
    taken: str
    others: tuple[str, ...]
    by_name: bool


@dataclass(frozen=True)
class AccountDoubt:
    """That the column `taken` for the account may hold several people.

    finer: a column that tells apart posts that have the same value there, `shared`; null where the reason is that
    people choose what `taken` shows.
    """

    taken: str
    finer: str | None = None
    shared: str = ""


def guesses(preview: Preview, mapping: ColumnMapping) -> list[Guess]:
    """The text or the time where it was chosen by what columns hold, or where others are as likely."""
    found = []
    free = own_columns(preview, set(preview.columns) - set(mapping.unused))
    for field, likely in (("text", likely_texts), ("created_at", likely_times)):
        how = mapping.how.get(field)
        if how not in {"name", "content"}:
            continue
        taken = mapping.sources[field].columns[-1]
        others = likely(preview, free)
        if field == "text":
            others = [one for one in others if _rivals_text(preview, taken, one, by_name=how == "name")]
        if how == "content" or (others and field == "text"):
            found.append(Guess(field, mapping.columns[field], tuple(others), how == "name"))
    return found


def account_doubts(preview: Preview, mapping: ColumnMapping) -> list[AccountDoubt]:
    """Where accounts are told apart by a name that two may share, or by a column in which another sees several."""
    if mapping.how.get("author_id") != "name":
        return []
    taken = mapping.sources["author_id"].columns[0]
    shown = bool(_USERS_NAME.search(taken)) or _goes_by(taken, _SHOWN_NAMES)
    if not shown and _goes_by(taken, _SURE_AUTHORS):
        return []
    doubts = [AccountDoubt(taken)] if shown else []
    for column in mapping.unused:
        shared = _goes_by(column, _AUTHORS) and _shared_by_several(preview, taken, column)
        if shared:
            return [*doubts, AccountDoubt(taken, column, shared)]
    return doubts


def choice_notes(preview: Preview, mapping: ColumnMapping) -> list[str]:
    """`guesses` as sentences for the command line."""
    return [_chosen(guess) for guess in guesses(preview, mapping)]


def author_notes(preview: Preview, mapping: ColumnMapping) -> list[str]:
    """`account_doubts` as sentences for the command line."""
    return [
        f"'{brief(doubt.taken)}' was taken for the account, and '{brief(doubt.finer)}' tells apart posts that have the "
        f"same there, as '{brief(doubt.shared)}'. Where it is the account say --map author_id='{brief(doubt.finer)}'."
        if doubt.finer
        else f"Accounts are told apart by '{brief(doubt.taken)}', the name that they show: two people can share it and "
        "count as one account. Where the file has ids or handles, say --map author_id=COLUMN."
        for doubt in account_doubts(preview, mapping)
    ]


def _goes_by(column: str, names: frozenset[str]) -> bool:
    """Whether a column, or what stands in it inside of a wrapper or an account, goes by one of some plain names."""
    parts = column.split(".")
    return any(plain_name("".join(parts[place:])) in names for place in range(len(parts)))


def _shared_by_several(preview: Preview, taken: str, other: str) -> str | None:
    """A value of a column beside which another holds different values in the first records."""
    seen: dict[str, str] = {}
    for row in preview.rows:
        mine, its = (row.get(taken) or "").strip(), (row.get(other) or "").strip()
        if mine and its and seen.setdefault(mine, its) != its:
            return mine
    return None


def _chosen(guess: Guess) -> str:
    """A sentence on a choice among columns and how to make another."""
    why = "by its name" if guess.by_name else "by what it holds, not by a usual name"
    listed = ", ".join(f"'{brief(one)}'" for one in guess.others[:_LISTED])
    rivals = f"; {listed} {'is' if len(guess.others) == 1 else 'are'} as likely" if guess.others else ""
    taken = f"'{brief(guess.taken)}' was taken for {_MEANT[guess.field]}"
    return f"{taken} {why}{rivals}. To take another say --map {guess.field}=COLUMN."


def _rivals_text(preview: Preview, taken: str, other: str, *, by_name: bool) -> bool:
    """Whether a column with words may be the text instead: as full, not the same words, a name as sure or as long."""
    if filled(preview, other) < filled(preview, taken):
        return False
    long = 2 * mean_length(preview, other) >= mean_length(preview, taken)
    if by_name and not is_sure_text(other) and (is_sure_text(taken) or not long):
        return False
    both = [(mine, its) for row in preview.rows if (mine := row.get(taken)) and (its := row.get(other))]
    alike = sum(mine.strip()[:_START] == its.strip()[:_START] for mine, its in both)
    return alike <= _ALIKE * len(both)


def _claims(column: str, prefix: str) -> bool:
    """Whether a column stands beside the one taken and goes by a usual name of the time of a post."""
    before, _, name = column.rpartition(".")
    return before == prefix and plain_name(name) in _CLAIM


def _read(preview: Preview, column: str, tz: str, date_order: str | None) -> Times | None:
    """The times of a column in the first records; None where they cannot be read."""
    values = pa.array([row.get(column) for row in preview.rows], pa.string())
    with suppress(Refused):
        return parse_times(values, column=column, tz=zone(tz), date_order=date_order)
    return None


def _is_local(times: Times, other: Times, both: np.ndarray) -> bool:
    """Whether the other times are those taken on a clock of another zone."""
    apart = np.abs(times.micros - other.micros)[both]
    naive = (other.marks[both] & NAIVE > 0).all() and not (times.marks[both] & NAIVE).any()
    return bool(naive and (apart % _QUARTER == 0).all() and (apart <= _FARTHEST).all() and len({*apart.tolist()}) < 3)
