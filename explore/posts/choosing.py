"""Which columns hold the text, the time and the id of a post: those with a usual name, else those that look like it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC

import numpy as np
import pyarrow as pa

from explore.posts.coming import LONGER_TEXTS
from explore.posts.layout import Preview
from explore.posts.names import NAMES, SURE_TEXTS, TYPED, WRAPPERS, plain_name
from explore.posts.times import OK, parse_times

_IN_LIST = re.compile(r"\.\d+(?:\.|$)")
_ERROR = re.compile(r"errors?\.")
_METRICS = re.compile(r"(?:public_metrics|metrics|statistics|stats)\.")
_SNOWFLAKE = re.compile(r"\d{16,20}")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# What stands under these is of an account, or of a post that this one quotes, shares or answers
_OF_ANOTHER = re.compile(
    r"(?:^|\.)(?:user|author|account|owner|creator|profile|channel|page|from|sender|actor"
    r"|(?:mention|quote|retweet|reblog|repost|crosspost|in_reply_to|parent|replied)\w*)\."
    r"|(?:^|[._])(?:quoted|retweeted|reblogged|reposted|parent|in_reply_to)_\w+$"
    r"|(?:^|[._])(?:bio|biography|(?:user|author|account|profile|channel|page)_(?:\w+_)?(?:description|about|info))$"
)
# Moments other than that of posting: of an account, a thread, an edit, or of whoever fetched the post
_NOT_POSTED = re.compile(
    r"(?:^|[\W_])(?:edit|edited|updated?|modified|modification|changed|index|indexed|harvested|downloaded|imported"
    r"|exported|ingested|inserted|loaded|processed|synced|archived|deleted|removed|expires?|expiry|scheduled|thread"
    r"|birth\w*|dob|joined|registered|since|last|seen|pinned|accounts?)(?:$|[\W_])"
    r"|(?:user|author|account|profile|channel|page)[\W_]*(?:created|joined|registered|since)"
    r"|scraped|collected|crawled|fetched|retrieved|captured",
    re.IGNORECASE,
)
_POSTED = (
    *("posted", "published", "publish", "created", "create", "submitted", "sent", "taken"),
    *("date", "time", "timestamp", "ts"),
)
_PATH = re.compile(r"[\w-]+(?:[./:][\w-]+){2,}/?", re.ASCII)  # app.bsky.feed.post/3k..., www.example.org/a
_NUMBER = re.compile(r"[\d\s.,:+-]*\d[\d\s.,:+-]*")
_MOST_GUESSED = 200  # columns; looking into more would keep a page waiting
_ENOUGH = 0.9  # share of the samples that must look like a time, before a column is taken for one
_FEW_VALUES, _OFTEN = 5, 3  # so few words, each so often: states of a record, such as open, closed, removed
_MOSTLY = 0.5
_SAMPLES = 50


def by_name(preview: Preview) -> dict[str, str]:
    """Columns that go by a usual name, each taken once; wrapped ones when that is where the text is.

    A column that is empty in all of the first records gives way to one that is not, a column of states or numbers
    under a name such as "status" or "tweet" to one with words.
    """
    best: dict[str, str] = {}
    for wrapper in WRAPPERS:
        known = _known(preview, wrapper)
        found: dict[str, str] = {}
        for name, usual in NAMES.items():
            hits = (known.get(plain_name(one)) for one in usual)
            free = [column for column in hits if column is not None and column not in found.values()]
            first = _CHOICES.get(name, _first_filled)(preview, free)
            if first is not None:
                found[name] = first
        if "text" in found:
            return found | {"text": _with_longer(preview, found["text"])}
        best = best or found
    return best


def by_content(preview: Preview, taken: Mapping[str, str]) -> dict[str, str]:
    """Columns for the text, the time and the id that no name gave away."""
    free = own_columns(preview, set(taken.values()))
    found: dict[str, str] = {}
    if "created_at" not in taken:
        times = likely_times(preview, free)
        found.update({"created_at": times[0]} if times else {})
    if "text" not in taken:
        words = likely_texts(preview, [column for column in free if column not in found.values()])
        found.update({"text": words[0]} if words else {})
    if "post_id" not in taken:
        ids = [column for column in free if column not in found.values() and _all_snowflakes(preview, column)]
        found.update({"post_id": ids[0]} if ids else {})
    return found


def last_resort(preview: Preview) -> str | None:
    """A column with a sure name of the text, or one with a usual name that holds neither numbers nor states."""
    for known in (_known(preview, wrapper) for wrapper in WRAPPERS):
        hits = (known.get(plain_name(one)) for one in NAMES["text"])
        for one in hits:
            if one and (is_sure_text(one) or not (_numbers(preview, one) or _states(preview, one))):
                return one
    return None


def own_columns(preview: Preview, used: Iterable[str]) -> list[str]:
    """Columns that hold something of the post itself, not of its account, another post or a list; not the used ones."""
    taken = set(used)
    return [
        column
        for column in preview.columns
        if column not in taken
        and not _ERROR.match(column)
        and not _IN_LIST.search(column)
        and not _OF_ANOTHER.search(_snake(column))
        and preview.samples(column, 1)
    ][:_MOST_GUESSED]


def likely_times(preview: Preview, columns: Iterable[str]) -> list[str]:
    """Those columns whose values are times of posting, the likeliest first: by name, then the outermost."""
    times = [one for one in columns if not is_not_posted(one) and _time_share(preview, one) >= _ENOUGH]
    return sorted(times, key=_time_rank)


def likely_texts(preview: Preview, columns: Iterable[str]) -> list[str]:
    """Those columns that hold words, the likeliest first: with a sure name of a text, then the longest."""
    words = [one for one in columns if wordy(preview, one) or (_leaf(one) == "text" and not _numbers(preview, one))]
    return sorted(words, key=lambda one: (text_rank(one), -mean_length(preview, one)))


def is_not_posted(column: str) -> bool:
    """Whether a column's name speaks of another moment than that of posting."""
    snake = _snake(column)
    return bool(_NOT_POSTED.search(snake) or _OF_ANOTHER.search(snake))


def text_rank(column: str) -> int:
    """The place of a column's last name among the sure names of a text; their number for any other."""
    leaf = plain_name(_leaf(column))
    return _SURE.index(leaf) if leaf in _SURE else len(_SURE)


def is_sure_text(column: str) -> bool:
    """Whether a column's last name is one that only the text of a post goes by."""
    return text_rank(column) < len(_SURE)


def filled(preview: Preview, column: str) -> float:
    """Share of the first records in which a column says something."""
    return sum(bool((row.get(column) or "").strip()) for row in preview.rows) / max(len(preview.rows), 1)


def mean_length(preview: Preview, column: str) -> float:
    """Characters in the samples of a column."""
    values = preview.samples(column, _SAMPLES)
    return float(np.mean([len(value) for value in values])) if values else 0.0


def wordy(preview: Preview, column: str) -> bool:
    """Whether most samples are several words (or long, in scripts without spaces) and not links, times or states."""
    values = preview.samples(column, _SAMPLES)
    words = [value for value in values if _are_words(value.strip())]
    return len(words) > len(values) / 2 and not _states(preview, column) and _time_share(preview, column) < _ENOUGH


_SURE = [plain_name(one) for one in SURE_TEXTS]


def _known(preview: Preview, wrapper: str) -> dict[str, str]:
    """Plain name -> column inside a wrapper; of several with the same name the first that is not empty."""
    known: dict[str, str] = {}
    for column in preview.columns:
        if not column.startswith(wrapper) or (not wrapper and column.startswith(WRAPPERS[1:])):
            continue
        bare = column[len(wrapper) :]
        bare = TYPED.sub("", bare) if wrapper == "Item." else bare
        name = plain_name(_METRICS.sub("", bare))
        if name not in known or (preview.samples(column, 1) and not preview.samples(known[name], 1)):
            known[name] = column
    return known


def _first_filled(preview: Preview, hits: Sequence[str]) -> str | None:
    """The first that is not empty, else the first."""
    return next((one for one in hits if preview.samples(one, 1)), hits[0] if hits else None)


def _first_full(preview: Preview, hits: Sequence[str]) -> str | None:
    """The first that is not mostly empty while another is full."""
    most = max((filled(preview, one) for one in hits), default=0.0)
    return next((one for one in hits if not _is_bare(filled(preview, one), most)), None)


def _text(preview: Preview, hits: Sequence[str]) -> str | None:
    """The first that may be the text, where another column looks like it; None where only their content can tell."""
    for one in hits:
        if not preview.samples(one, 1) or _numbers(preview, one):
            continue
        if is_sure_text(one) or (wordy(preview, one) and not _has_fuller(preview, one)):
            return one
    return None


def _has_fuller(preview: Preview, column: str) -> bool:
    """Whether a column is empty in most records while another with words is filled in twice as many."""
    share = filled(preview, column)
    fuller = (one for one in own_columns(preview, ()) if _is_bare(share, filled(preview, one)))
    return share < _MOSTLY and any(wordy(preview, one) for one in fuller)


def _author(preview: Preview, hits: Sequence[str]) -> str | None:
    """The first that is not empty; "unique_id" alone is that of a post, and of an account only beside a nickname."""
    nickname = any(plain_name(_leaf(column)) == "nickname" for column in preview.columns)
    return _first_filled(preview, [one for one in hits if nickname or plain_name(one) != "uniqueid"])


_CHOICES: dict[str, Callable[[Preview, Sequence[str]], str | None]] = {
    "post_id": _first_full,
    "text": _text,
    "author_id": _author,
}


def _is_bare(share: float, most: float) -> bool:
    """Whether a column is empty in most records while another is filled in twice as many."""
    return share < _MOSTLY and 2 * share < most


def _with_longer(preview: Preview, text: str) -> str:
    """The column of the text behind those beside it that hold the whole of a text that was cut."""
    before, dot, _ = text.rpartition(".")
    longer = [path for path in (before + dot + one for one in LONGER_TEXTS) if path in preview.known and path != text]
    return " | ".join([*longer, text])


def _time_rank(column: str) -> tuple[bool, int, int]:
    words = re.split(r"[\W_]+", _leaf(column))
    rank = next((place for place, word in enumerate(_POSTED) if word in words), len(_POSTED))
    return rank == len(_POSTED), column.count("."), rank


def _are_words(value: str) -> bool:
    return not value.startswith("http") and (" " in value or (len(value) > 25 and not _PATH.fullmatch(value)))


def _states(preview: Preview, column: str) -> bool:
    """Whether a column says one of a few single words over and over."""
    values = [value for row in preview.rows if (value := (row.get(column) or "").strip())]
    different = set(values)
    few = len(different) <= _FEW_VALUES and len(values) >= _OFTEN * len(different)
    return bool(values) and few and not any(" " in value for value in different)


def _numbers(preview: Preview, column: str) -> bool:
    values = preview.samples(column, _SAMPLES)
    return bool(values) and all(_NUMBER.fullmatch(value) for value in values)


def _time_share(preview: Preview, column: str) -> float:
    """Share of the samples that are times; ids of 16 digits and more are not taken for tiny units of an epoch."""
    values = preview.samples(column, _SAMPLES)
    if not values or all(_SNOWFLAKE.fullmatch(value) for value in values):
        return 0.0
    texts = pa.array(values, pa.string())
    orders = (parse_times(texts, column=column, tz=UTC, date_order=order) for order in ("dmy", "mdy"))
    return max(float(np.mean(found.state == OK)) for found in orders)


def _all_snowflakes(preview: Preview, column: str) -> bool:
    values = preview.samples(column, _SAMPLES)
    return bool(values) and all(_SNOWFLAKE.fullmatch(value) for value in values)


def _snake(column: str) -> str:
    """A path in small letters, its words apart: quotedTweet.rawContent -> quoted_tweet.raw_content."""
    return re.sub(r"[\s-]+", "_", _CAMEL.sub("_", column)).lower()


def _leaf(column: str) -> str:
    """The last name of a path, without DynamoDB's sign for its type."""
    return _snake(TYPED.sub("", column) if column.startswith("Item.") else column).rpartition(".")[2]
