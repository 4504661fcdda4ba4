"""What goes over the pipe to the process that reads, and comes back, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from explore.posts.checks import Rules
from explore.posts.delimited import Dialect
from explore.posts.layout import Layout, Preview
from explore.posts.paths import Source
from explore.posts.sources import InputFile
from explore.posts.times import zone


@dataclass(frozen=True)
class Order:
    """Files of one shape and how to read them. `tz` is the name of the zone in `rules`."""

    files: tuple[InputFile, ...]
    layouts: tuple[Layout, ...]
    sources: Mapping[str, Source]
    tz: str
    date_order: str | None

    @property
    def rules(self) -> Rules:
        return Rules(self.sources, zone(self.tz), self.date_order)

    def to_json(self) -> dict[str, Any]:
        return {
            "files": [file_to(file) for file in self.files],
            "layouts": [asdict(layout) for layout in self.layouts],
            "sources": {name: [list(choice) for choice in source.choices] for name, source in self.sources.items()},
            "tz": self.tz,
            "date_order": self.date_order,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Order:
        return cls(
            tuple(map(file_from, told["files"])),
            tuple(map(_layout_from, told["layouts"])),
            {name: Source(tuple(map(tuple, choices))) for name, choices in told["sources"].items()},
            told["tz"],
            told["date_order"],
        )


def file_to(file: InputFile) -> dict[str, Any]:
    """A file for the other process, which works in another folder."""
    return asdict(file) | {"path": str(file.path.absolute())}


def file_from(told: Mapping[str, Any]) -> InputFile:
    """The file that was told with `file_to`."""
    size, changed, node = told["stamp"]
    return InputFile(Path(told["path"]), told["name"], told["size"], told["compression"], (size, changed, node))


def preview_to(preview: Preview) -> dict[str, Any]:
    """A preview without the names of its columns in every row."""
    places = {column: place for place, column in enumerate(preview.columns)}
    rows = [[[places[c], value] for c, value in row.items() if c in places] for row in preview.rows]
    return {
        "name": preview.name,
        "size": preview.size,
        "layout": asdict(preview.layout),
        "columns": list(preview.columns),
        "rows": rows,
        "known": sorted(preview.known),
        "pages": preview.pages,
    }


def preview_from(told: Mapping[str, Any]) -> Preview:
    """The preview that was told with `preview_to`."""
    columns = tuple(told["columns"])
    rows = tuple({columns[place]: value for place, value in row} for row in told["rows"])
    layout = _layout_from(told["layout"])
    return Preview(told["name"], told["size"], layout, columns, rows, frozenset(told["known"]), told["pages"])


def _layout_from(told: Mapping[str, Any]) -> Layout:
    return Layout(told["format"], told["compression"], told["encoding"], Dialect(**told["dialect"]), told["packed"])
