"""Columns that may mark reposts. None of them is read, only the text is, so what they would say is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explore.errors import brief
from explore.posts.choosing import own_columns
from explore.posts.layout import Preview
from explore.posts.mapping import ColumnMapping
from explore.posts.names import plain_name
from explore.posts.schema import WRITTEN_NULLS

REPOST = re.compile(r"\s*+RT\b\s*+:?\s*+[@＠]\w", re.IGNORECASE)  # what a text begins with that passes on another's

# Names as `plain_name` writes them. These are filled where a post passes on another one:
_ORIGINAL = re.compile(
    r"(?:retweeted(?:status|tweet)|retweet(?:ed)?(?:of|from)|reblog(?:of|from)|repost(?:ed)?(?:of|from)"
    r"|crosspostparent|copyhistory)(?:(?:status|tweet|post)?id|idstr|list|user|name)*|reblog|retweet(?:ed)?id|repostid"
    r"|fwdfrom|forward(?:ed)?(?:origin|from)(?:name|id|chat|channel|messageid|peer)*"
)
# ... these say yes or no, and these what kind of post it is:
_FLAG = re.compile(
    r"(?:is|was)(?:a)?(?:rt|retweet|repost|forward|reblog|share|reshare)(?:ed|d)?|(?:retweet|repost|forward)ed"
)
_KIND = re.compile(r"(?:post|tweet|message|status|content|activity)?(?:type|kind)")
_POST_KIND = re.compile(r"(?:post|tweet|message|status)(?:type|kind)")
_REPOSTS = frozenset(
    {"retweet", "retweets", "retweeted", "repost", "reposts", "reposted", "reblog", "reblogged", "crosspost"}
)
_KINDS = _REPOSTS | {"rt", "forward", "forwarded", "share", "shared", "reshare"}
_YES, _NO = frozenset({"true", "t", "yes", "y", "1", "10"}), frozenset({"false", "f", "no", "n", "0", "00"})
_NOTHING = frozenset({"", *map(plain_name, WRITTEN_NULLS), *_NO})
_MOST_KINDS = 20  # different values; a column with more is no list of kinds


@dataclass(frozen=True)
class Mark:
    """A column that may mark reposts, in `marked` of the first `records`; the text says so as well in `said` of them.

    value: what it holds there most often; "" for one that is filled there and empty elsewhere.
    """

    column: str
    value: str
    marked: int
    records: int
    said: int


def repost_marks(preview: Preview, mapping: ColumnMapping) -> list[Mark]:
    """The unused columns that mark posts whose texts do not say that they are reposts, the one with most first."""
    free = own_columns(preview, set(preview.columns) - set(mapping.unused))
    values: dict[str, list[str]] = {column: _kinds(preview, column) for column in free}
    for column in mapping.unused:
        if original := _original(column):
            seen = [(row.get(column) or "").strip() for row in preview.rows]
            kept = values.get(original) or [""] * len(seen)
            values[original] = [
                "filled" if had or not _is_nothing(one) else "" for had, one in zip(kept, seen, strict=True)
            ]
    texts = mapping.sources["text"].columns if "text" in mapping.sources else ()
    says = [any(REPOST.match(row.get(column) or "") for column in texts) for row in preview.rows]
    marks = [_mark(column, found, says, is_filled=_original(column) == column) for column, found in values.items()]
    return sorted((one for one in marks if one.said < one.marked), key=lambda one: one.said - one.marked)


def repost_notes(preview: Preview, mapping: ColumnMapping) -> list[str]:
    """`repost_marks` as one sentence; none where there is no such column."""
    marks = repost_marks(preview, mapping)
    if not marks:
        return []
    first, others = marks[0], [f"'{brief(one.column)}'" for one in marks[1:3]]
    held = f"'{brief(first.value)}'" if first.value else "filled"
    also = f"; {' and '.join(others)} may as well" if others else ""
    lack = "none of these texts does" if not first.said else f"{first.marked - first.said:,} of these texts do not"
    return [
        f"Column '{brief(first.column)}' may mark reposts ({held} in {first.marked:,} of the first {first.records:,} "
        f"records{also}). It is not used: only texts that begin with “RT @name” count as reposts, and {lack}."
    ]


def _original(column: str) -> str:
    """The part of a path that names the post that was passed on; "" where none does."""
    parts = column.split(".")
    for place, part in enumerate(parts):
        if _ORIGINAL.fullmatch(plain_name(part)):
            return ".".join(parts[: place + 1])
    return ""


def _kinds(preview: Preview, column: str) -> list[str]:
    """The values of a column that call a post a repost, "" for the rest, one a record."""
    values = [(row.get(column) or "").strip() for row in preview.rows]
    name, different = plain_name(column.rpartition(".")[2]), {plain_name(value) for value in values}
    if _FLAG.fullmatch(name) and different <= _YES | _NOTHING:
        meant = _YES
    elif len(different) > _MOST_KINDS:
        meant = frozenset()
    else:
        meant = _KINDS if _KIND.fullmatch(name) else _REPOSTS
        meant |= {"r"} if _POST_KIND.fullmatch(name) else set()
    return [value if plain_name(value) in meant else "" for value in values]


def _is_nothing(value: str) -> bool:
    return plain_name(value) in _NOTHING


def _mark(column: str, found: Sequence[str], says: Sequence[bool], *, is_filled: bool) -> Mark:
    counts: Mapping[str, int] = Counter(value for value in found if value)
    value = "" if is_filled or not counts else max(counts, key=lambda one: (counts[one], one))
    said = sum(bool(one) and also for one, also in zip(found, says, strict=True))
    return Mark(column, value, sum(counts.values()), len(found), said)
