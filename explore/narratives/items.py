"""What many accounts post besides a narrative: one text, link, tag, sequence of tags, sound or picture, or a rare word.

Each is counted and tested as narratives are, corrected over all of them together, wherever its posts lie: "one text by
27 accounts within 59 minutes, none before" is a finding even where the narrative around it is large and calm. Words
are those that are too rare to make a narrative and that no narrative holds: a dozen posts about something new share
one. Which items are looked at does not depend on whether a post lies in the window or before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives import counting, emergence
from explore.narratives.ranking import order_of
from explore.narratives.run import Run, Timeline
from explore.narratives.text import links, tags
from explore.narratives.tokens import content_uses
from explore.narratives.windows import Window, micros, micros_since_epoch
from explore.posts.snapshots import Snapshot

TEXT, LINK, TAG, TAGS, MEDIA, WORDS = KINDS = ("text", "link", "tag", "tags", "media", "words")
FEWEST = 5  # units in the window and before it: fewer are a conversation
FAST = 3.0  # times what was to be expected, at the low end: a common word may double on any day
HELD = 0.5  # from this share on a narrative holds a word, and its own row tells of it
SAME_THING = 0.5  # words that share this part of their posts tell of one thing
SMALL = 30  # messages; in a small run a narrative needs fewer, and a rare word may be in more
LABEL_WORDS = 4

Ints = NDArray[np.int64]

_TEXTS = """
    SELECT row, text, url, media_id
    FROM (SELECT text, url, media_id, file_row_number AS row FROM read_parquet($posts, file_row_number = true))
    SEMI JOIN (SELECT unnest($rows) AS row) USING (row)
"""


@dataclass(frozen=True)
class Items:
    """The items that are emerging or jumped as of a window, in the order of `ranking.ranked`.

    `rows`: item_id ("tag:#example"), kind (of KINDS), label (what was posted; the words of a pocket), terms (those
    words), message_ids, n_messages, n_posts (in the window), outside (how many of these are in no narrative), first_at,
    last_at (of these, UTC), narrative_id (the one that holds most of them, -1 = none), narrative_share (of the posts
    that lie there), marks (none), and the columns of `emergence.score` and `emergence.judge`. `posts`: for each row the
    rows in the snapshot of its posts in the window; `history`: the same in the window and its baseline. `looked_at`:
    how many were tested, by kind. `holding`: per narrative the items that at least half of its posts in the window
    have (no words).
    """

    rows: pd.DataFrame
    posts: tuple[Ints, ...]
    history: tuple[Ints, ...]
    looked_at: dict[str, int]
    holding: dict[int, frozenset[str]]


def items(run: Run, snapshot: Snapshot, window: Window | None, *, emerging: Collection[int]) -> Items:
    """The items that grow beyond what was to be expected as of `window`; none without times.

    `emerging`: narratives that are flagged as of the window. Their posts are not looked at for words: they are shown
    already, and would lift every common word.
    """
    if window is None:
        return Items(pd.DataFrame(), (), (), {}, {})
    line, rows = _between(run, window)
    uses = _shared(_uses(run, snapshot, line, rows, besides=emerging), line)
    code, value = pd.factorize(uses["kind"].astype(str) + ":" + uses["value"])
    post = uses["post"].to_numpy(dtype=np.int64)
    earlier = line.at[post] < micros_since_epoch(window.start)
    first_at = int(run.timeline.at.min()) if len(run.timeline.at) else 0
    counts = counting.count(
        line.at[post],
        line.unit[post],
        code.astype(np.int64),
        k=len(value),
        window=window,
        first_at=first_at,
        activity=line.activity,
        ordinary=_at_home(code[earlier], line.at[post][earlier], window, k=len(value), first_at=first_at),
    )
    judged = emergence.judge(emergence.score(counts)).assign(item_id=value)
    kind = judged["item_id"].map(lambda item_id: item_id.partition(":")[0]).astype(str)
    looked_at = {name: int(n) for name, n in kind[judged["testable"]].value_counts().items()}
    moved = (judged["state"] != emergence.NONE) & (judged["now_authors"] >= FEWEST)
    moved &= (kind != WORDS) | (judged["rate_ratio_low"] >= FAST)
    found = judged.assign(kind=kind)[moved]
    found = found.loc[order_of(found.assign(n_posts=found["now_posts"], narrative_id=0, marks=[()] * len(found)))]
    own = {place: np.unique(post[code == place]) for place in found.index}
    start = micros_since_epoch(window.start)
    posts = {place: each[line.at[each] >= start] for place, each in own.items()}
    table = _described(found, posts, run, line)
    return Items(
        table.reset_index(drop=True),
        posts=tuple(rows[posts[place]] for place in table.index),
        history=tuple(rows[own[place]] for place in table.index),
        looked_at=looked_at,
        holding=_holding(uses[~earlier], line, window),
    )


def _between(run: Run, window: Window) -> tuple[Timeline, Ints]:
    """The posts of the window and its baseline, and their rows in the snapshot."""
    line = run.timeline
    keep = (line.at >= micros_since_epoch(window.baseline_start)) & (line.at < micros_since_epoch(window.as_of))
    return Timeline(**{name: values[keep] for name, values in vars(line).items()}), run.rows[keep]


def _uses(run: Run, snapshot: Snapshot, line: Timeline, rows: Ints, *, besides: Collection[int]) -> pd.DataFrame:
    """Every item of every post, once a post: post (position in `line`), kind, value."""
    told = _read(snapshot, _TEXTS, rows).set_index("row").loc[rows]
    code, distinct = pd.factorize(told["text"])

    def each(kind: str, read: Callable[[str], Iterable[str]]) -> pd.DataFrame:
        values = [list(dict.fromkeys(read(text))) for text in distinct]
        lengths = np.array([len(each) for each in values], dtype=np.int64)
        flat = np.array([value for each in values for value in each], dtype=object)
        first = np.cumsum(lengths) - lengths
        many = lengths[code]
        place = np.repeat(first[code], many) + np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        return pd.DataFrame({"post": np.repeat(np.arange(len(code)), many), "kind": kind, "value": flat[place]})

    messages = run.messages["message_id"].to_numpy()[line.message]
    whole = pd.DataFrame({"post": np.arange(len(line.at)), "kind": TEXT, "value": messages})
    media = pd.DataFrame({"post": np.arange(len(rows)), "kind": MEDIA, "value": told["media_id"].to_numpy()})
    url = pd.DataFrame({"post": np.arange(len(rows)), "kind": LINK, "value": told["url"].to_numpy()})
    found = [whole, each(LINK, links), each(TAG, tags), each(TAGS, _sequence), media.dropna()]
    linked = np.isin(url["post"], found[1]["post"])
    found += [url[~linked].dropna(), _words(run, line, besides=besides)]
    return pd.concat(found, ignore_index=True)


def _sequence(text: str) -> list[str]:
    """The tags of a post as one item, where there are two or more."""
    found = tags(text)
    return [" ".join(found)] if len(found) > 1 else []


def _shared(uses: pd.DataFrame, line: Timeline) -> pd.DataFrame:
    """The uses of the items that enough units posted."""
    unit = line.unit[uses["post"].to_numpy(dtype=np.int64)]
    code, _ = pd.factorize(uses["kind"].astype(str) + ":" + uses["value"].astype(str))
    units = int(unit.max(initial=0)) + 1
    held = np.bincount(np.unique(code.astype(np.int64) * units + unit) // units)
    return uses[held[code] >= FEWEST].astype({"value": str}).reset_index(drop=True)


def _at_home(code: NDArray[np.int64], at: Ints, window: Window, *, k: int, first_at: int) -> NDArray[np.bool_]:
    """Which items were there in at least half of the windows before that the snapshot covers whole: those that say how
    much items ordinarily vary."""
    start, length = micros_since_epoch(window.start), micros(window.length)
    windows = max(0, min(window.bins, (start - first_at) // length))
    bin_ = (start - 1 - at) // length
    inside = bin_ < windows
    there = np.unique(code[inside] * np.int64(max(1, windows)) + bin_[inside]) // max(1, windows)
    return np.asarray(2 * np.bincount(there, minlength=k) >= max(1, windows))


def _words(run: Run, line: Timeline, *, besides: Collection[int]) -> pd.DataFrame:
    """The uses of rare content words that no narrative holds, in posts that are not in one of `besides`.

    Rare: in fewer messages than a narrative needs, but in more than one. All is counted over window and baseline
    together, so that it does not favour growth.
    """
    post = np.flatnonzero(~np.isin(line.narrative, list(besides)))
    spoken = run.words
    there = np.unique(line.message[post])
    there = there[there < len(spoken)]  # messages without words come after them
    langs = run.messages["lang"].astype(object).where(run.messages["lang"].notna(), None)
    message, word = content_uses(spoken.of(there), langs.iloc[there].tolist())
    messages = np.bincount(word, minlength=1)[word]
    rare = (messages > 1) & (messages < max(int(run.manifest["fewest_messages"]), SMALL))
    told = pd.DataFrame({"message": there[message[rare]], "word": word[rare]})
    posts = pd.DataFrame({"post": post, "message": line.message[post], "narrative": line.narrative[post]})
    uses = posts.merge(told, on="message")
    every = np.bincount(uses["word"], minlength=1)
    inside = uses[uses["narrative"] >= 0].groupby(["word", "narrative"]).size().groupby("word").max()
    held = inside.reindex(range(len(every)), fill_value=0).to_numpy()
    uses = uses[(held < HELD * every)[uses["word"].to_numpy()]]
    value = [spoken.vocabulary[each] for each in uses["word"]]
    return pd.DataFrame({"post": uses["post"].to_numpy(), "kind": WORDS, "value": np.array(value, dtype=object)})


def _holding(uses: pd.DataFrame, line: Timeline, window: Window) -> dict[int, frozenset[str]]:
    """Per narrative the items that at least half of its posts in the window have; words left out."""
    inside = line.at >= micros_since_epoch(window.start)
    posts = np.bincount(line.narrative[inside & (line.narrative >= 0)])
    told = uses[uses["kind"] != WORDS]
    told = told.assign(narrative=line.narrative[told["post"].to_numpy(dtype=np.int64)])
    counts = told[told["narrative"] >= 0].groupby(["narrative", "kind", "value"]).size()
    held = counts[counts.to_numpy() >= HELD * posts[counts.index.get_level_values("narrative")]]
    holding: dict[int, frozenset[str]] = {}
    for narrative, kind, value in held.index:
        holding[int(narrative)] = holding.get(int(narrative), frozenset()) | {f"{kind}:{value}"}
    return holding


def _described(found: pd.DataFrame, posts: dict[int, Ints], run: Run, line: Timeline) -> pd.DataFrame:
    """One row an item, with the index of `found`; words that share their posts are one row, what grew most first."""
    merged = _merged(found, posts)
    kept = found.loc[list(merged)]
    own = [posts[place] for place in kept.index]
    value = [item_id.partition(":")[2] for item_id in kept["item_id"]]
    text = run.messages.set_index("message_id")["text"]
    label = [
        text[each] if kind == TEXT else " · ".join(merged[place][:LABEL_WORDS]) if kind == WORDS else each
        for place, kind, each in zip(kept.index, kept["kind"], value, strict=True)
    ]
    homes = [_home(line.narrative[each]) for each in own]
    codes = run.messages["message_id"].to_numpy()
    return kept.assign(
        label=label,
        terms=[merged[place] for place in kept.index],
        message_ids=[sorted(codes[np.unique(line.message[each])]) for each in own],
        n_messages=[len(np.unique(line.message[each])) for each in own],
        n_posts=[len(each) for each in own],
        outside=[int((line.narrative[each] < 0).sum()) for each in own],
        first_at=_moments([int(line.at[each].min()) for each in own], kept.index),
        last_at=_moments([int(line.at[each].max()) for each in own], kept.index),
        narrative_id=[home for home, _ in homes],
        narrative_share=[share for _, share in homes],
        marks=[[] for _ in own],
    )


def _merged(found: pd.DataFrame, posts: dict[int, Ints]) -> dict[int, list[str]]:
    """The rows that stay, with their words: a word joins the first one with which it shares half of the posts of the
    rarer of the two."""
    merged: dict[int, list[str]] = {}
    for place, kind, item_id in zip(found.index, found["kind"], found["item_id"], strict=True):
        value = item_id.partition(":")[2]
        leads = [lead for lead, terms in merged.items() if terms] if kind == WORDS else []
        home = next((lead for lead in leads if _overlap(posts[lead], posts[place]) >= SAME_THING), place)
        merged.setdefault(home, [])
        if kind == WORDS:
            merged[home].append(value)
    return merged


def _moments(micros_: list[int], index: pd.Index) -> pd.Series:
    times = pd.to_datetime(np.array(micros_, dtype=np.int64), unit="us", utc=True)
    return pd.Series(times, index=index).astype("datetime64[us, UTC]")


def _home(narrative: Ints) -> tuple[int, float]:
    """The narrative that holds most of some posts, and their share that lies there; -1 and 0 where none does."""
    inside = narrative[narrative >= 0]
    if len(inside) == 0:
        return -1, 0.0
    counts = np.bincount(inside)
    return int(counts.argmax()), float(counts.max() / len(narrative))


def _overlap(one: Ints, other: Ints) -> float:
    return len(np.intersect1d(one, other, assume_unique=True)) / max(1, min(len(one), len(other)))


def _read(snapshot: Snapshot, sql: str, rows: Ints) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        wanted = {"posts": str(snapshot.posts_path), "rows": [int(row) for row in rows]}
        return connection.execute(sql, wanted).df()
