"""What is to be loaded and how it is read, agreed on before the first post is: which files, columns, zone and id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from explore.errors import Refused
from explore.posts.apart import Apart
from explore.posts.layout import Preview, refuse_alike
from explore.posts.mapping import ColumnMapping, corrected, detect, require_text
from explore.posts.orders import Order, file_to
from explore.posts.readers import preview_apart
from explore.posts.sources import InputFile, digest
from explore.posts.times import zone
from explore.progress import StageClock

_FORMAT = 10  # goes up when the same file would be read differently


@dataclass(frozen=True)
class LoadOptions:
    """How a person wants a file to be read; see the fields of the same name on the command line.

    columns: our field -> source (a column, a dotted path, "a + b" or "a | b"); "" leaves the field out.
    """

    name: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    tz: str = "UTC"
    date_order: str | None = None
    delimiter: str | None = None
    accept_quarantine: bool = False


@dataclass(frozen=True)
class Plan:
    """What is to be loaded and how; `id` is the snapshot's. same_files: each file left out, and the one like it."""

    id: str
    files: tuple[InputFile, ...]
    hashes: tuple[str, ...]
    sha256: str
    previews: tuple[Preview, ...]
    mapping: ColumnMapping
    order: Order
    same_files: tuple[tuple[str, str], ...]


def plan_for(files: tuple[InputFile, ...], options: LoadOptions, clock: StageClock, reader: Apart) -> Plan:
    """Look into the files, agree on a mapping and work out the id.

    Raises Refused for files that hold no posts or cannot be read together, and for options that do not fit them.
    """
    previews = tuple(preview_apart(file, reader, delimiter=options.delimiter) for file in files)
    mapping = corrected(detect(previews[0]), previews[0], options.columns)
    require_text(mapping, previews[0])
    refuse_alike(previews[0], mapping.columns, mapping.how)
    for preview in previews[1:]:
        corrected(ColumnMapping({}), preview, mapping.columns)
    if options.date_order not in {None, "dmy", "mdy"}:
        raise Refused(f"Date order '{options.date_order}' is not known; say --date-order dmy or mdy.")
    zone(options.tz)  # refuses an unknown one
    clock("Fingerprinting the file")
    hashes = tuple(digest(file) for file in files)
    like = _like_earlier(files, hashes, reader)
    same = tuple((files[later].name, files[first].name) for later, first in like.items())
    kept = [place for place in range(len(files)) if place not in like]
    files, hashes = tuple(files[place] for place in kept), tuple(hashes[place] for place in kept)
    previews = tuple(previews[place] for place in kept)
    layouts = tuple(preview.layout for preview in previews)
    order = Order(files, layouts, mapping.sources, options.tz, options.date_order)
    whole = hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
    return Plan(_identity(whole, mapping, options), files, hashes, whole, previews, mapping, order, same)


def _like_earlier(files: Sequence[InputFile], hashes: Sequence[str], reader: Apart) -> dict[int, int]:
    """Place of a file -> place of the first that holds the same, whatever they are called and however packed."""
    first: dict[str, int] = {}
    like: dict[int, int] = {}
    for place, (file, value) in enumerate(zip(files, hashes, strict=True)):
        if file.compression != "none" and len(files) > 1:
            value = str(reader.ask({"do": "fingerprint", "file": file_to(file)})["sha256"])
        if first.setdefault(value, place) != place:
            like[place] = first[value]
    return like


def _identity(whole: str, mapping: ColumnMapping, options: LoadOptions) -> str:
    """The snapshot's id: what goes in and how it is read; the name and consent to a quarantine change no post."""
    parts = [whole, mapping.columns, options.tz, options.date_order, options.delimiter, _FORMAT]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
