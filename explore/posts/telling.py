"""What is said of a load: why it is refused, and what came in that a person should know before believing a figure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from explore.errors import Refused, brief
from explore.posts.checks import BLANK_BEFORE, ODD_ID
from explore.posts.choosing import is_not_posted
from explore.posts.disguises import guises
from explore.posts.jsonlines import MORE_IN, POSTS_IN
from explore.posts.layout import Preview
from explore.posts.mapping import ColumnMapping, like_times
from explore.posts.othernames import BOTH, ONLY_OTHER
from explore.posts.quotes import quote_notes
from explore.posts.reposts import repost_notes
from explore.posts.rivals import Rival, author_notes, choice_notes, rival_times
from explore.posts.schema import FIELDS, MENDS, REASONS
from explore.posts.shifts import NO_NUMBER
from explore.posts.staging import Staged

_DAYS_LOOKED_AT = 50  # values
_MIDNIGHT = re.compile(r"[T ]0?0:00(?::00(?:\.0+)?)?\s?(?:Z|UTC|[+]00:?00)?$")
_CLOCK = re.compile(r":|\d{9}|T\d{4}")  # also in numbers of seconds from 1970, and in 20240501T100000
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?:\s?[AaPp][Mm])?")
_ZONE_COLUMN = re.compile(r"(?:^|[\W_])(?:tz|time[\W_]?zone|(?:utc|gmt)[\W_]?offset)(?:$|[\W_])", re.IGNORECASE)
_ZONE_IN_NAME = re.compile(r"\((?!GMT\))(?:[A-Z]{2,4}T|(?:UTC|GMT)[+-]\d[\d:]*)\)$")
_NO_SHIFT = re.compile(r"(?:Etc/)?(?:UTC|GMT|Z)?(?:[+-]?0[0:.]*)?", re.IGNORECASE)
_MAX_DAMAGE = 0.2
_MAX_SILENT = 0.9  # share of the records without text, which exports of pictures and videos have, but hardly so many
_MANY_SILENT = 0.5
_LISTED = 3
_WORDS_SHOWN = 3


def refuse_damage(staged: Staged, quarantine: Path, *, accepted: bool) -> None:
    """Refuse a load with no usable post, or with more quarantined records than a person has `accepted`.

    `quarantine` is the file with the records, each with its reason in words.
    """
    records = staged.counts.records
    if not staged.counts.accepted:
        raise Refused(f"None of the {records:,} records can be used: {_told(staged, quarantine)}. {_mend(staged)}.")
    silent = staged.reasons.get("no_text", 0)
    if (staged.damaged > _MAX_DAMAGE * records or silent > _MAX_SILENT * records) and not accepted:
        apart = staged.damaged if staged.damaged > _MAX_DAMAGE * records else staged.damaged + silent
        share = f"{apart:,} of {records:,} records ({apart / records:.0%})"
        raise Refused(
            f"{share} would be quarantined: {_told(staged, quarantine)}. {_mend(staged)}, "
            "or say --accept-quarantine to load the rest."
        )


def refuse_one_of_several(marked: Mapping[str, int], mapping: ColumnMapping, staged: Staged) -> None:
    """Refuse a load whose text comes from lists of which only the first would be read. `marked`: see `Batch.met`."""
    for path in mapping.sources["text"].columns:
        count = marked.get(MORE_IN + path, 0)
        if count > _MAX_DAMAGE * staged.counts.records:
            before = re.split(r"\.\d+(?:\.|$)", path)[0]
            raise Refused(
                f"{counted(count, 'record holds', 'records hold')} several texts where '{brief(path)}' names the "
                "first, so the others would be lost; write one post a line, for example with: "
                f"jq -c '.{brief(before)}[]'"
            )


def load_notes(
    staged: Staged,
    told: Mapping[str, Any],
    *,
    mapping: ColumnMapping,
    preview: Preview,
    tz: str,
    date_order: str | None,
) -> list[str]:
    """Sentences on what came in, none where all is well.

    told: `written_nulls`, `repeats`, `marked` and `spaced` as the reader counted. tz: the zone of times that name none.
    """
    notes = [*choice_notes(preview, mapping), *author_notes(preview, mapping), *repost_notes(preview, mapping)]
    notes += filter(None, [no_times(preview, mapping), _silent(staged, mapping)])
    notes += filter(None, [_only_days(preview, mapping), _other_zone(staged, mapping, preview, tz)])
    rival = rival_times(preview, mapping, tz=tz, date_order=date_order)
    notes += [_contradicted(mapping, rival)] if rival else []
    notes += _marked(told["marked"], tz)
    notes += guises(told, preview.delimiter)
    notes += _not_read(told["marked"], mapping)
    notes += _other_names(told["marked"], mapping, preview)
    if preview.delimiter is not None:
        texts = [row.get(column) or "" for row in preview.rows for column in mapping.sources["text"].columns]
        notes += quote_notes(preview.layout.dialect, texts)
    notes += [
        f"{count:,} ids in {name} differ from another only by spaces around them; they count as different ids."
        for name, count in told["spaced"].items()
    ]
    notes += map(_rounded, staged.facts["rounded_ids"])
    notes += [_unknown(name, words) for name, words in told["written_nulls"].items()]
    if told["repeats"]:
        notes.append(
            f"{counted(told['repeats'], 'post says', 'posts say')} the same at the same time by the same account as "
            "one in an earlier file. The files have no post ids, so all were kept: check that no file holds the posts "
            "of another."
        )
    notes += filter(None, [differing(staged.differ, "the first")])
    ahead = int(staged.facts["more_than_a_day_ahead"])
    if ahead:
        last = datetime.fromisoformat(staged.facts["last_at"])
        notes.append(
            f"{counted(ahead, 'post is', 'posts are')} dated more than a day after this load, the last "
            f"{last:%Y-%m-%d %H:%M} UTC: "
            "check the clock, or name another column with --map created_at=COLUMN."
        )
    return notes


def no_times(preview: Preview, mapping: ColumnMapping) -> str:
    """That no column was taken for the time though some look like times; "" where that is not so."""
    suspects = [] if "created_at" in mapping.columns else like_times(preview, mapping)
    others = [column for column in suspects if is_not_posted(column)]
    if others and others == suspects:
        listed = ", ".join(f"'{brief(column)}'" for column in others[:_LISTED])
        return (
            f"No column was taken for the time, so nothing can be called emerging; {listed} would say another moment "
            "than that of posting, as of an edit or of an account. Where it is meant all the same say "
            f"--map created_at='{brief(others[0])}'."
        )
    suspects = [column for column in suspects if column not in others]
    if not suspects:
        return ""
    named = ", ".join(f"'{brief(column)}' ({brief(preview.samples(column, 1)[0])})" for column in suspects[:3])
    return (
        f"No column was taken for the time, so nothing can be called emerging; {named} looks like times. "
        f"Name it with --map created_at='{brief(suspects[0])}'."
    )


def differing(differ: Mapping[str, int], kept: str) -> str:
    """That duplicates, which were dropped, held something else than the post that was kept; "" where none did."""
    if not differ:
        return ""
    fields = ", ".join(f"{name} in {count:,}" for name, count in differ.items())
    return (
        f"Some duplicates, with the same id and text, differ from the post that was kept, which is {kept}: {fields}. "
        "Where author_id or created_at differ, check that the ids are the posts' own."
    )


def spaced_apart(ids: int) -> str:
    """That added ids are those of a snapshot but for spaces; "" where none is."""
    if not ids:
        return ""
    differ = counted(ids, "post id differs", "post ids differ")
    return f"{differ} from one in the snapshot only by spaces around it; they count as different posts."


def counted(number: int, one: str, many: str) -> str:
    """A number with the words that go with it."""
    return f"{number:,} {one if number == 1 else many}"


def _only_days(preview: Preview, mapping: ColumnMapping) -> str:
    """That the times of a file are days, and which column may hold the time of day; "" where that is not so."""
    source = mapping.sources.get("created_at")
    if source is None:
        return ""
    values = preview.samples(source.columns[0], _DAYS_LOOKED_AT)
    if not values or any(_CLOCK.search(_MIDNIGHT.sub("", value.strip())) for value in values):
        return ""
    clocks = [column for column in mapping.unused if _are_clocks(preview.samples(column, _DAYS_LOOKED_AT))]
    more = f" '{brief(clocks[0])}' was left out; write date and time into one column." if clocks else ""
    return (
        f"'{brief(source.columns[0])}' holds days without a time of day, so every post counts as of midnight and "
        f"nothing can be said of growth within a day.{more}"
    )


def _other_zone(staged: Staged, mapping: ColumnMapping, preview: Preview, tz: str) -> str:
    """That times without a zone were read as UTC though the file names another one; "" where that is not so."""
    if tz != "UTC" or not any(one.endswith("without zone") for one in staged.time_formats):
        return ""
    named = [column for column in mapping.sources["created_at"].columns if _ZONE_IN_NAME.search(column)]
    for column in filter(_ZONE_COLUMN.search, mapping.unused):
        values = preview.samples(column, _DAYS_LOOKED_AT)
        if not all(_NO_SHIFT.fullmatch(value.strip()) for value in values):
            named.append(f"{brief(column)} ({brief(values[0])})")
    if not named:
        return ""
    return (
        f"The times name no zone and were read as UTC, though there is '{brief(named[0])}': write the zone into the "
        "times, or say it with --tz."
    )


def _are_clocks(values: Sequence[str]) -> bool:
    return bool(values) and all(_TIME_OF_DAY.fullmatch(value.strip()) for value in values)


def _marked(marked: Mapping[str, int], tz: str) -> list[str]:
    """What was read otherwise than it is written. `marked`: see `Checked`."""
    times, naive, day, cut = (marked.get(name, 0) for name in ("times", "naive", "day", "cut"))
    notes = []
    if 0 < naive < times - day:
        name = "names no zone and was" if naive == 1 else "name no zone and were"
        notes.append(f"{naive:,} of {times:,} times {name} read as {tz}; say --tz where it is another.")
    if 0 < day < times:
        are, they = ("is a day", "it counts") if day == 1 else ("are days", "they count")
        notes.append(f"{day:,} of {times:,} times {are} without a time of day; {they} as of midnight {tz}.")
    if cut:
        are, were = ("is", "it was") if cut == 1 else ("are", "they were")
        notes.append(f"{cut:,} of {times:,} times {are} finer than a microsecond; {were} kept to the microsecond.")
    if weekday := marked.get("weekday", 0):
        name = "names" if weekday == 1 else "name"
        notes.append(
            f"{weekday:,} of {times:,} times {name} a day of the week that is not that of the date; the date was taken."
        )
    if marked.get("decimal_ms", 0):
        notes.append(
            "The times are decimal numbers, read as milliseconds from 1970. A file that Stata wrote counts from 1960: "
            "then every time is ten years too late; write such times out, like 2024-05-01T10:00:00Z."
        )
    if twice := marked.get("encoded_twice", 0):
        looks = counted(twice, "text looks", "texts look")
        notes.append(
            f"{looks} encoded twice ('Ã©' for 'é', 'â€™' for an apostrophe). Stored as in the file, so a search for "
            "their words may miss them. Export the file again as UTF-8, or mend all of it before loading, for example "
            "with: iconv -f UTF-8 -t WINDOWS-1252"
        )
    if hidden := marked.get("hidden", 0):
        notes.append(
            f"{counted(hidden, 'text seems', 'texts seem')} to be in an encoding that writes other scripts with plain "
            "letters (HZ, ISO-2022 or UTF-7, such as '~{<:Ky~}'). Stored as in the file: convert it to UTF-8 "
            "before loading."
        )
    if several := marked.get("lang", 0):
        names = counted(several, "record names", "records name")
        notes.append(f"{names} several languages, such as 'en,fr'; the first was taken.")
    counts = (field.name for field in FIELDS if field.kind == "count")
    notes += [_rounded_counts(name, marked[name]) for name in counts if marked.get(name)]
    return notes


def _contradicted(mapping: ColumnMapping, rival: Rival) -> str:
    """That two columns say different times, which was taken, and how to take the other."""
    taken = mapping.sources["created_at"].columns[0]
    return (
        f"'{brief(taken)}' was taken for the time of a post, and '{brief(rival.column)}' says another in "
        f"{rival.differ:,} of the first {counted(rival.both, 'record', 'records')} "
        f"('{brief(rival.taken_value)}' and '{brief(rival.value)}' in one post). "
        f"To take the other say --map created_at='{brief(rival.column)}'."
    )


def _not_read(marked: Mapping[str, int], mapping: ColumnMapping) -> list[str]:
    """What stands in the records of a file and was not taken. `marked`: see `Batch.met`."""
    notes = []
    for key, count in sorted(marked.items()):
        if key.startswith(POSTS_IN):
            path = key.removeprefix(POSTS_IN)
            notes.append(
                f"{counted(count, 'post stands', 'posts stand')} inside of other posts, in '{brief(path)}', and "
                "were not loaded as posts of their own; where they should count, write each on a line of its own."
            )
        elif key.startswith(ODD_ID) and count:
            notes.append(
                f"{key.removeprefix(ODD_ID)} in {counted(count, 'record', 'records')} is written as a spreadsheet, a "
                'data frame or a diff writes ids, like 12.0, ="12" or +12, and stored so; it will not match the same '
                "id of another file. Export ids as text."
            )
        elif key.startswith(BLANK_BEFORE) and count:
            notes.append(
                f"{key.removeprefix(BLANK_BEFORE)} begins with a blank in {counted(count, 'record', 'records')}, as "
                "where a file has blanks behind its commas, and is stored so; it will not match the same id without "
                "one. Delete the blanks between the cells and load again."
            )
        elif key.startswith(MORE_IN):
            path = key.removeprefix(MORE_IN)
            name = next((name for name, source in mapping.sources.items() if path in source.columns), path)
            notes.append(
                f"{counted(count, 'record holds', 'records hold')} several values for {name} (in '{brief(path)}'); "
                "the first was taken."
            )
        elif key.startswith(NO_NUMBER):
            path = key.removeprefix(NO_NUMBER)
            notes.append(
                f"{counted(count, 'record holds', 'records hold')} a word in '{brief(path)}', where nearly all others "
                "hold numbers; check that the values of these records are in the right columns."
            )
    return notes


def _other_names(marked: Mapping[str, int], mapping: ColumnMapping, preview: Preview) -> list[str]:
    """Fields that stand under another name in records that lack the one taken, as where two exporters took turns."""
    notes = []
    for key, count in sorted(marked.items()):
        name, _, other = key.removeprefix(ONLY_OTHER).partition("\t")
        if not key.startswith(ONLY_OTHER) or f"{BOTH}{name}\t{other}" in marked:
            continue
        taken = mapping.columns[name]
        mend = "load the records that have it as a file of their own"
        if other in preview.known:
            mend = f"to read either say --map {name}='{brief(taken)} | {brief(other)}'"
        notes.append(
            f"{name} was read from '{brief(taken)}' and is empty in {counted(count, 'record', 'records')} "
            f"where '{brief(other)}', another usual name of it, holds a value; {mend}."
        )
    return notes


def _silent(staged: Staged, mapping: ColumnMapping) -> str:
    """That most records hold no text, so that another column may be meant; "" where that is not so."""
    silent, records = staged.reasons.get("no_text", 0), staged.counts.records
    if silent <= _MANY_SILENT * records:
        return ""
    return (
        f"{silent:,} of {records:,} records ({silent / records:.0%}) hold no text in "
        f"'{brief(mapping.columns['text'])}' and were kept apart; where they are not pictures or videos without words, "
        "name another column with --map text=COLUMN."
    )


def _rounded_counts(name: str, records: int) -> str:
    return (
        f"{name} in {counted(records, 'record', 'records')} may be rounded: the file holds short decimal numbers, "
        "which skip whole numbers as large as these. Export counts as whole numbers."
    )


def _rounded(name: str) -> str:
    """That the ids in a field look rounded."""
    return (
        f"Every long number in {name} ends in 00: it looks rounded, as JavaScript and spreadsheets round, so different "
        "ids may have become one. Export the ids as text."
    )


def _unknown(name: str, words: Mapping[str, int]) -> str:
    """That a field is unknown in some records, and how that was written."""
    shown = sorted(words, key=lambda word: (-words[word], word))
    written = ", ".join(map(brief, shown[:_WORDS_SHOWN])) + (", …" if len(shown) > _WORDS_SHOWN else "")
    records = sum(words.values())
    told = counted(records, "record", "records")
    if name == "text":
        return f"{told} kept whose text says only {written}: people post such words, and exporters write them too."
    return f"{name} is unknown in {told} (written as {written})."


def _told(staged: Staged, quarantine: Path) -> str:
    """The commonest reasons in words, each with its first record."""
    commonest = list(staged.reasons.items())[:3]
    whys = _first_whys(quarantine, {reason for reason, _ in commonest})
    return "; ".join(
        f"{whys.get(reason, REASONS[reason])} ({count:,}, first in record {staged.firsts[reason]:,})"
        for reason, count in commonest
    )


def _first_whys(quarantine: Path, wanted: set[str]) -> dict[str, str]:
    """Reason code -> why the first record that has it was quarantined."""
    found: dict[str, str] = {}
    with pq.ParquetFile(quarantine) as file:
        for batch in file.iter_batches(columns=["reason", "why"]):
            for reason, why in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                found.setdefault(reason, why)
            if wanted <= found.keys():
                break
    return found


def _mend(staged: Staged) -> str:
    """What a person can do about the commonest reason."""
    if "same_id_other_text" in list(staged.reasons)[:1] and "post_id" in staged.facts["rounded_ids"]:
        return "The ids look rounded, as spreadsheets round (every long one ends in 00): export them as text"
    return MENDS.get(next(iter(staged.reasons), ""), "Correct the file or the mapping")
