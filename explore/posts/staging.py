"""A load under way: accepted posts and quarantine on disk, counts, and the duplicates taken out at the end."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from explore.errors import Refused, brief
from explore.posts.batches import Rejected, clip
from explore.posts.checks import Checked
from explore.posts.duplicates import Duplicates, find_duplicates
from explore.posts.schema import NOT_COUNTED_AS_DAMAGE, POSTS_SCHEMA, QUARANTINE_SCHEMA, REASONS
from explore.posts.writing import Facts, TableWriter, quarantine_table

POSTS, QUARANTINE = "posts.parquet", "quarantine.parquet"
_STAGED, _RECORDS, _SPILL = ".staged.parquet", ".records", ".spill"
_BASE64_OF_OBJECT = "eyJ"  # {" in base64
_MAYBE_JSON = rf'(?s)^\s*(?:\{{.*\}}|\[\s*\{{.*\]|"\s*\{{.*"|{_BASE64_OF_OBJECT}[A-Za-z0-9+/=]+)\s*$'
_SAME_ID = "same_id_other_text"


@dataclass(frozen=True)
class Counts:
    """accepted + quarantined + duplicates = records."""

    records: int
    accepted: int
    quarantined: int
    duplicates: int


@dataclass(frozen=True)
class Staged:
    """What is known of a load once its posts and its quarantine are written.

    reasons: reason code -> records, the commonest first. firsts: reason code -> the first record kept apart for it.
    facts: see `Facts.summary`. differ: see `Duplicates`.
    """

    counts: Counts
    reasons: dict[str, int]
    firsts: dict[str, int]
    time_formats: tuple[str, ...]
    facts: dict[str, Any]
    differ: dict[str, int]

    @property
    def damaged(self) -> int:
        """Records kept apart for another reason than that they hold no text."""
        return sum(count for reason, count in self.reasons.items() if reason not in NOT_COUNTED_AS_DAMAGE)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Staged:
        formats = tuple(told["time_formats"])
        return cls(Counts(**told["counts"]), told["reasons"], told["firsts"], formats, told["facts"], told["differ"])


class Staging:
    """Takes checked batches in order. Use with `with`; call `finish` inside it once every record is in."""

    def __init__(self, folder: Path, files: Sequence[str]) -> None:
        self._folder, self._files = folder, files
        self._posts = TableWriter(folder / _STAGED, POSTS_SCHEMA)
        self._quarantine = TableWriter(folder / QUARANTINE, QUARANTINE_SCHEMA)
        self._records = (folder / _RECORDS).open("wb")
        self._reasons: Counter[str] = Counter()
        self._firsts: dict[str, int] = {}
        self._time_formats: set[str] = set()
        self._accepted = self._objects = 0
        self._keys: tuple[str, ...] = ()

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for writer in (self._posts, self._quarantine):
            if kind is None:
                writer.close()
            else:
                writer.abandon()
        self._records.close()

    def add(self, checked: Checked, *, file: int) -> None:
        """Take the posts and the rejected records of one batch of the `file`-th file."""
        self._posts.write(checked.posts)
        places = np.empty((len(checked.records), 2), np.int64)
        places[:, 0], places[:, 1] = file, checked.records
        self._records.write(places.tobytes())
        self._accepted += checked.posts.num_rows
        self._time_formats.update(checked.time_formats)
        self._note_objects(checked.posts["text"])
        self.reject(checked.rejected, file=file)

    def reject(self, rejected: Sequence[Rejected], *, file: int) -> None:
        """Put records of the `file`-th file into quarantine."""
        self._quarantine.write(quarantine_table(rejected, file=self._files[file]))
        for one in rejected:
            self._reasons[one.reason] += 1
            self._firsts.setdefault(one.reason, one.record)

    def finish(self, *, ahead_of: datetime) -> Staged:
        """Take out the duplicates, write the final posts, tidy up. Raises Refused when texts are JSON objects."""
        if self._objects and self._objects >= self._accepted / 2:
            keys = ", ".join(f"'{brief(key)}'" for key in self._keys[:4])
            raise Refused(
                f"{self._objects:,} of {self._accepted:,} texts in '{self._files[0]}' are JSON objects (with {keys}), "
                "not what a post says; write the objects themselves, one a line, or say --map text=COLUMN."
            )
        self._posts.close()
        self._records.close()
        again = find_duplicates(self._folder / _STAGED, scratch=self._folder / _SPILL)
        facts = Facts(ahead_of)
        if len(again.places):
            self._rewrite(again, facts)
        else:
            (self._folder / _STAGED).rename(self._folder / POSTS)
            for table in _tables(self._folder / POSTS):
                facts.add(table)
        for name in (_STAGED, _RECORDS):
            (self._folder / name).unlink(missing_ok=True)
        _remove_folder(self._folder / _SPILL)
        self._quarantine.close()
        kept = self._accepted - len(again.places)
        quarantined = self._reasons.total()
        counts = Counts(kept + quarantined + len(again.same), kept, quarantined, len(again.same))
        reasons = dict(self._reasons.most_common())
        return Staged(counts, reasons, self._firsts, tuple(sorted(self._time_formats)), facts.summary(), again.differ)

    def _note_objects(self, texts: pa.ChunkedArray) -> None:
        """Count the texts that are JSON objects."""
        for text in texts.filter(pc.match_substring_regex(texts, _MAYBE_JSON)).to_pylist():
            keys = _keys(text)
            self._keys = self._keys or keys
            self._objects += len(keys) > 1

    def _rewrite(self, again: Duplicates, facts: Facts) -> None:
        """Write the posts without the duplicates; those with another text go to quarantine."""
        records = np.memmap(self._folder / _RECORDS, np.int64, "r").reshape(-1, 2)
        start = 0
        with TableWriter(self._folder / POSTS, POSTS_SCHEMA) as out:
            for table in _tables(self._folder / _STAGED):
                keep = np.ones(table.num_rows, bool)
                keep[_within(again.places, start, table.num_rows)] = False
                for place in _within(again.other, start, table.num_rows):
                    file, record = records[start + place].tolist()
                    self.reject([_conflict(table, int(place), record)], file=file)
                kept = table.filter(pa.array(keep))
                out.write(kept)
                facts.add(kept)
                start += table.num_rows
        del records


def _tables(path: Path) -> Iterator[pa.Table]:
    """The row groups of a Parquet file one after the other."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group)


def _keys(text: str) -> tuple[str, ...]:
    """The keys of the JSON object that a text is, also in a list, as a string of JSON or as base64; none elsewhere."""
    found: Any = text
    with suppress(ValueError, RecursionError):
        if text.startswith(_BASE64_OF_OBJECT):
            found = base64.b64decode(text, validate=True)
        found = json.loads(found)
        found = json.loads(found) if isinstance(found, str) else found
    found = found[0] if isinstance(found, list) and found else found
    return tuple(found) if isinstance(found, dict) else ()


def _within(places: np.ndarray, start: int, count: int) -> np.ndarray:
    """Those places that lie in [start, start + count), counted from `start`."""
    low, high = np.searchsorted(places, [start, start + count])
    return places[low:high] - start


def _conflict(table: pa.Table, place: int, record: int) -> Rejected:
    row = table.slice(place, 1)
    excerpt = f"{row['post_id'][0].as_py()}: {row['text'][0].as_py()}"
    return Rejected(record, _SAME_ID, REASONS[_SAME_ID], clip(excerpt))


def _remove_folder(folder: Path) -> None:
    """Remove a folder of plain files where it exists."""
    if folder.is_dir():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
