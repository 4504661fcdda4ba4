"""Which column of a file is which of our fields: by the shape of a known export, then by name, then by content."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC

import numpy as np
import pyarrow as pa

from explore.errors import Refused, brief
from explore.posts.coming import LONGER_TEXTS
from explore.posts.layout import Preview
from explore.posts.names import NAMES, TYPED, WRAPPERS, plain_name
from explore.posts.paths import Source, parse_source
from explore.posts.presets import PRESETS, Preset
from explore.posts.schema import FIELD, FIELD_NAMES
from explore.posts.times import OK, parse_times

_IN_LIST = re.compile(r"\.\d+(?:\.|$)")
_ERROR = re.compile(r"errors?\.")
_METRICS = re.compile(r"(?:public_metrics|metrics|statistics|stats)\.")
_SNOWFLAKE = re.compile(r"\d{16,20}")
_DATED = re.compile(
    r"(?:19|20)\d\d\s*[-/.年]\s*\d|\d[-/.]\s?(?:19|20)\d\d|\d[-/.]\d{1,2}[-/.]\d\d\b"
    r"|\b(?:19|20)\d\d\b.*\d:\d\d|\d:\d\d.*\b(?:19|20)\d\d\b"
    r"|\b\d{1,2}\W{1,2}[^\W\d]+\W{1,2}(?:de )?(?:19|20)\d\d\b|^[^\W\d]+\W{1,2}\d{1,2}\W{1,2}(?:19|20)\d\d\b"
)
_TIMELY_NAME = re.compile(r"time|date|created|posted|publish|fecha|datum|zeit|tick|epoch", re.IGNORECASE)
# When an account was made, or a post was fetched: no guess at when it was posted
_NOT_POSTED = re.compile(
    r"(?:user|author|account|profile|channel|page)[\W_]*(?:created|joined|registered|since)"
    r"|scraped|collected|crawled|fetched|retrieved|captured",
    re.IGNORECASE,
)
_MOST_GUESSED = 200  # columns; looking into more would keep a page waiting
_ENOUGH = 0.9  # share of the samples that must look like a time, before a column is taken for one


@dataclass(frozen=True)
class ColumnMapping:
    """Our field -> source: a column, a dotted path, "a + b" (joined) or "a | b" (the first that says something).

    preset: the export that was recognised, in words. how: for each field what decided, "preset", "name", "content" or
    "you". unused: columns of the file that no field takes. sources: `columns`, taken apart.
    """

    columns: dict[str, str]
    preset: str | None = None
    how: dict[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    sources: dict[str, Source] = field(default_factory=dict)


def detect(preview: Preview) -> ColumnMapping:
    """The mapping that the columns of a file suggest; a field without a likely column is left out."""
    for wrapper in WRAPPERS:
        for preset in PRESETS:
            if all(_has(preview, wrapper + path) for path in preset.needs):
                return _finished(preview, *_by_preset(preview, preset, wrapper), preset.name)
    columns = _by_name(preview)
    how = dict.fromkeys(columns, "name")
    for name, column in _by_content(preview, columns).items():
        columns[name], how[name] = column, "content"
    return _finished(preview, columns, how, None)


def corrected(mapping: ColumnMapping, preview: Preview, changes: Mapping[str, str]) -> ColumnMapping:
    """The mapping with a person's changes: our field -> source, "" to leave a field out.

    Raises Refused for a field that we do not have and for a column that the file does not have, naming what there is.
    """
    columns, how = dict(mapping.columns), dict(mapping.how)
    for name, source in changes.items():
        if name not in FIELD:
            raise Refused(f"There is no field '{name}'; the fields are {', '.join(FIELD_NAMES)}.")
        columns.pop(name, None)
        how.pop(name, None)
        if source.strip():
            columns[name], how[name] = _existing(preview, source), "you"
    return _finished(preview, columns, how, mapping.preset)


def require_text(mapping: ColumnMapping, preview: Preview) -> None:
    """Raise Refused when no column holds the text, naming those that might."""
    if "text" in mapping.columns:
        return
    if preview.pages:
        raise Refused(
            f"Each line of '{preview.name}' holds a page of posts in '{preview.pages}'; "
            f"write one post a line first, for example with: jq -c '.{preview.pages}[]'"
        )
    if all(_ERROR.match(column) for column in preview.columns):
        said = brief(next(iter(preview.samples(preview.columns[0], 1)), ""))
        raise Refused(f"'{preview.name}' is the error that a service answered ('{said}'), not posts; fetch it again.")
    likely = sorted(preview.columns, key=lambda column: -_mean_length(preview, column))[:6]
    names = ", ".join(f"'{brief(column)}'" for column in likely)
    raise Refused(f"No column of '{preview.name}' looks like the text; say --map text=COLUMN with one of {names}.")


def like_times(preview: Preview, mapping: ColumnMapping) -> list[str]:
    """Unused columns whose values are dates, or numbers under a name that speaks of time, whoever may read them."""
    found = []
    for column in mapping.unused[:_MOST_GUESSED]:
        values = preview.samples(column, 20)
        dated = sum(len(value) < 60 and bool(_DATED.search(value)) for value in values)
        numbers = all(re.fullmatch(r"\d{5,19}(?:\.\d+)?", value) for value in values)
        if values and (dated > len(values) / 2 or (numbers and _TIMELY_NAME.search(column))):
            found.append(column)
    return found


def _by_preset(preview: Preview, preset: Preset, wrapper: str) -> tuple[dict[str, str], dict[str, str]]:
    """The columns of a preset that the file has."""
    columns = {}
    for name, source in preset.columns.items():
        choices = (tuple(wrapper + column for column in choice) for choice in parse_source(source).choices)
        found = [tuple(column for column in choice if _has(preview, column)) for choice in choices]
        if any(found):
            columns[name] = " | ".join(" + ".join(choice) for choice in found if choice)
    return columns, dict.fromkeys(columns, "preset")


def _by_name(preview: Preview) -> dict[str, str]:
    """Columns that go by a usual name, each taken once; wrapped ones when that is where the text is."""
    best: dict[str, str] = {}
    for wrapper in WRAPPERS:
        known = {}
        for column in reversed(preview.columns):
            if column.startswith(wrapper) and (wrapper or not column.startswith(WRAPPERS[1:])):
                bare = column[len(wrapper) :]
                bare = TYPED.sub("", bare) if wrapper == "Item." else bare
                known[plain_name(_METRICS.sub("", bare))] = column
        found: dict[str, str] = {}
        for name, usual in NAMES.items():
            hits = (known.get(plain_name(one)) for one in usual)
            free = (column for column in hits if column is not None and column not in found.values())
            first = next(free, None)
            if first is not None:
                found[name] = first
        if "text" in found:
            return found | {"text": _with_longer(preview, found["text"])}
        best = best or found
    return best


def _with_longer(preview: Preview, text: str) -> str:
    """The column of the text behind those beside it that hold the whole of a text that was cut."""
    before, dot, _ = text.rpartition(".")
    longer = [path for path in (before + dot + one for one in LONGER_TEXTS) if _has(preview, path) and path != text]
    return " | ".join([*longer, text])


def _by_content(preview: Preview, taken: Mapping[str, str]) -> dict[str, str]:
    """Columns for the text, the time and the id that no name gave away."""
    used = {*taken.values()}
    free = [
        column
        for column in preview.columns
        if column not in used
        and not _ERROR.match(column)
        and not _IN_LIST.search(column)
        and preview.samples(column, 1)
    ][:_MOST_GUESSED]
    found: dict[str, str] = {}
    if "created_at" not in taken:
        posted = (column for column in free if not _NOT_POSTED.search(column))
        times = [column for column in posted if _time_share(preview, column) >= _ENOUGH]
        found.update({"created_at": times[0]} if times else {})
    if "text" not in taken:
        words = [column for column in free if column not in found.values() and _wordy(preview, column)]
        longest = max(words, key=lambda column: _mean_length(preview, column), default=None)
        found.update({"text": longest} if longest else {})
    if "post_id" not in taken:
        ids = [column for column in free if column not in found.values() and _all_snowflakes(preview, column)]
        found.update({"post_id": ids[0]} if ids else {})
    return found


def _finished(preview: Preview, columns: dict[str, str], how: dict[str, str], preset: str | None) -> ColumnMapping:
    """The mapping in the order of our fields, with what it leaves unused."""
    ordered = {name: columns[name] for name in FIELD_NAMES if name in columns}
    sources = {name: parse_source(source, preview.known) for name, source in ordered.items()}
    used = {column for source in sources.values() for column in source.columns}
    unused = tuple(column for column in preview.columns if column not in used)
    return ColumnMapping(ordered, preset, {name: how[name] for name in ordered}, unused, sources)


def _existing(preview: Preview, source: str) -> str:
    """The source, once every column in it is known to be in the file."""
    for column in parse_source(source, preview.known).columns:
        if not _has(preview, column):
            near = difflib.get_close_matches(column, preview.columns, n=3) or list(preview.columns[:12])
            names = ", ".join(f"'{brief(one)}'" for one in near)
            raise Refused(f"'{preview.name}' has no column '{brief(column)}'; it has {names}.")
    return source


def _has(preview: Preview, path: str) -> bool:
    return path in preview.known


def _mean_length(preview: Preview, column: str) -> float:
    values = preview.samples(column, 50)
    return float(np.mean([len(value) for value in values])) if values else 0.0


def _wordy(preview: Preview, column: str) -> bool:
    """Whether most samples are several words (or long, in scripts without spaces) and not links."""
    values = preview.samples(column, 50)
    words = [value for value in values if (" " in value.strip() or len(value) > 25) and not value.startswith("http")]
    return bool(values) and len(words) > len(values) / 2 and _time_share(preview, column) < _ENOUGH


def _time_share(preview: Preview, column: str) -> float:
    """Share of the samples that are times; ids of 16 digits and more are not taken for tiny units of an epoch."""
    values = preview.samples(column, 50)
    if not values or all(_SNOWFLAKE.fullmatch(value) for value in values):
        return 0.0
    texts = pa.array(values, pa.string())
    orders = (parse_times(texts, column=column, tz=UTC, date_order=order) for order in ("dmy", "mdy"))
    return max(float(np.mean(found.state == OK)) for found in orders)


def _all_snowflakes(preview: Preview, column: str) -> bool:
    values = preview.samples(column, 50)
    return bool(values) and all(_SNOWFLAKE.fullmatch(value) for value in values)
