"""One story, one row: narratives, texts, links, tags and words that are the same posts, told together.

An event shows as a narrative, as its hashtag, as the text that most copy, and as fragments of all three. Read one by
one they fill a page and say one thing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.narratives.emergence import NONE
from explore.narratives.items import Items
from explore.narratives.ranking import order_of
from explore.narratives.run import Run
from explore.narratives.wave import measured
from explore.narratives.windows import Window, micros_since_epoch

NARRATIVE = "narrative"
WAVE = ["onset", "onset_low", "onset_high", "wave_posts", "wave_authors", "wave_views"]
SAME_POSTS = 0.5  # a finding of which so much lies in a larger one is a part of it
LEADS = 0.5  # a narrative with so much of the largest part's units tells the story better than an item does

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Stories:
    """What is emerging or jumped as of a window, put together.

    `findings`, one row each, those of a story together, the story's head first and the stories in the order of
    `ranking.ranked`: story (0.. in the order of the list), is_head, kind ("narrative" or one of `items.KINDS`),
    narrative_id (for an item the narrative that holds most of it, -1 = none), item_id ("" for a narrative), label,
    n_posts (in the window), the wave (WAVE of `wave.measured`),
    and the columns of `emergence.score` and `emergence.judge`. `posts`: per finding, the rows
    in the snapshot of its posts in the window.
    """

    findings: pd.DataFrame
    posts: tuple[Ints, ...]


def stories(run: Run, window: Window | None, *, narratives: pd.DataFrame, items: Items) -> Stories:
    """Put the findings of a window together. `narratives`: of `ranking.emerging`; `items`: of the same window."""
    moved = narratives[narratives["state"] != NONE] if window is not None else narratives[:0]
    own = moved.assign(kind=NARRATIVE, item_id="")
    both = pd.concat([own, items.rows], ignore_index=True)
    if both.empty or window is None:
        return Stories(both.assign(story=[], is_head=[]), ())
    posts = [*_posts(run, window, moved["narrative_id"]), *items.posts]
    home = _homes(both, posts, items)
    heads = _heads(both, home)
    story = {head: place for place, head in enumerate(_ranked(both, heads))}
    both = both.assign(
        story=[story[head] for head in heads],
        is_head=[place == head for place, head in enumerate(heads)],
        n_posts=[len(each) for each in posts],
    )
    both = both.join(_waves(run, window, [*_lives(run, window, moved["narrative_id"]), *items.history]))
    order = both.sort_values(
        ["story", "is_head", "now_authors", "kind"], ascending=[True, False, False, True], kind="stable"
    ).index
    return Stories(both.loc[order].reset_index(drop=True), tuple(posts[place] for place in order))


def _ranked(findings: pd.DataFrame, heads: list[int]) -> list[int]:
    """The heads in the order of `ranking.ranked`, each with the state and the excess of its clearest part."""
    parts = findings.assign(head=heads)
    clearest = parts.loc[order_of(parts)].drop_duplicates("head")
    return [int(head) for head in clearest["head"]]


def _posts(run: Run, window: Window, narratives: pd.Series) -> list[Ints]:
    """The rows of each narrative's posts in the window."""
    line = run.timeline
    inside = (line.at >= micros_since_epoch(window.start)) & (line.at < micros_since_epoch(window.as_of))
    rows, held = run.rows[inside], line.narrative[inside]
    return [rows[held == narrative] for narrative in narratives]


def _lives(run: Run, window: Window, narratives: pd.Series) -> list[Ints]:
    """The rows of all posts of each narrative up to the end of the window."""
    line = run.timeline
    past = line.at < micros_since_epoch(window.as_of)
    rows, held = run.rows[past], line.narrative[past]
    return [rows[held == narrative] for narrative in narratives]


def _waves(run: Run, window: Window, lives: list[Ints]) -> pd.DataFrame:
    """The wave of each finding: WAVE of `wave.measured`. `lives`: the rows of its posts."""
    line = run.timeline
    place = np.searchsorted(run.rows, np.concatenate(lives))
    group = np.repeat(np.arange(len(lives)), [len(each) for each in lives])
    activity = line.before(window.as_of).activity
    own = line.at[place], line.unit[place], line.views[place]
    return measured(*own, group, k=len(lives), window=window, activity=activity)[WAVE]


def _homes(findings: pd.DataFrame, posts: list[Ints], items: Items) -> list[int]:
    """The finding that each is a part of, the larger first; itself where it is a story of its own.

    A part has half of its posts in the larger one, or is a narrative of which half have the tag, link or text that half
    of the larger one have, where that is a finding itself: a tag that the file was collected by is on everything.
    """
    size = findings["now_authors"].to_numpy()
    order = sorted(range(len(findings)), key=lambda i: (-size[i], findings["kind"].iloc[i] != NARRATIVE, i))
    numbers = findings["narrative_id"].astype(int).tolist()
    grown = set(findings["item_id"])
    holding = [
        items.holding.get(number, frozenset()) & grown if kind == NARRATIVE else frozenset()
        for number, kind in zip(numbers, findings["kind"], strict=True)
    ]
    sets = [set(each.tolist()) for each in posts]
    home = list(range(len(findings)))
    heads: list[int] = []
    for i in order:
        home[i] = next(
            (
                head
                for head in heads
                if len(sets[i] & sets[head]) >= SAME_POSTS * max(1, len(sets[i])) or holding[i] & holding[head]
            ),
            i,
        )
        if home[i] == i:
            heads.append(i)
    return home


def _heads(findings: pd.DataFrame, home: list[int]) -> list[int]:
    """The finding that tells each one's story: the largest part, or the largest narrative that is not much smaller."""
    size, kind = findings["now_authors"].tolist(), findings["kind"].tolist()
    tells = {}
    for largest in set(home):
        parts = [i for i, head in enumerate(home) if head == largest and kind[i] == NARRATIVE]
        best = max(parts, key=lambda i: (size[i], -i), default=largest)
        tells[largest] = best if size[best] >= LEADS * size[largest] else largest
    return [tells[head] for head in home]
