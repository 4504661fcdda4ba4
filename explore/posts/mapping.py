"""Which column of a file is which of our fields: by the shape of a known export, then by name, then by content."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from explore.errors import Refused, brief
from explore.posts.choosing import by_content, by_name, last_resort, mean_length
from explore.posts.layout import Preview
from explore.posts.paths import Preset, Source, parse_source
from explore.posts.presets import recognised
from explore.posts.schema import FIELD, FIELD_NAMES

_ERROR = re.compile(r"errors?\.")
_DATED = re.compile(
    r"(?:19|20)\d\d\s*[-/.年]\s*\d|\d[-/.]\s?(?:19|20)\d\d|\d[-/.]\d{1,2}[-/.]\d\d\b"
    r"|\b(?:19|20)\d\d\b.*\d:\d\d|\d:\d\d.*\b(?:19|20)\d\d\b"
    r"|\b\d{1,2}\W{1,2}[^\W\d]+\W{1,2}(?:de )?(?:19|20)\d\d\b|^[^\W\d]+\W{1,2}\d{1,2}\W{1,2}(?:19|20)\d\d\b"
)
_TIMELY_NAME = re.compile(r"time|date|created|posted|publish|fecha|datum|zeit|tick|epoch", re.IGNORECASE)
_MOST_GUESSED = 200  # columns; looking into more would keep a page waiting


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
    if found := recognised(lambda path: _has(preview, path)):
        wrapper, preset = found
        return _finished(preview, *_by_preset(preview, preset, wrapper), preset.name)
    columns = by_name(preview)
    how = dict.fromkeys(columns, "name")
    for name, column in by_content(preview, columns).items():
        columns[name], how[name] = column, "content"
    if "text" not in columns and (poor := last_resort(preview)) and poor not in columns.values():
        columns["text"], how["text"] = poor, "name"
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


def changed(mapping: ColumnMapping, preview: Preview) -> dict[str, str]:
    """What a person changed about what `detect` finds: with these `corrected` makes the mapping again, and what was
    guessed stays known as a guess."""
    found = detect(preview).columns
    chosen = {name: source for name, source in mapping.columns.items() if mapping.how[name] == "you"}
    return chosen | {name: "" for name in found if name not in mapping.columns}


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
    likely = sorted(preview.columns, key=lambda column: -mean_length(preview, column))[:6]
    names = ", ".join(f"'{brief(column)}'" for column in likely)
    raise Refused(f"No column of '{preview.name}' looks like the text; say --map text=COLUMN with one of {names}.")


def mapped(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest, or what it says of files that were added, tells `LoadReport` of the columns."""
    dropped = tuple(manifest.get("columns_dropped", ()))
    return {"mapping": manifest["mapping"], "mapping_how": manifest.get("mapping_how", {}), "columns_dropped": dropped}


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
