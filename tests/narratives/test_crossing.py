"""Where messages of one run belong in another, on vectors that are given."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from explore.narratives.crossing import NOWHERE, OUTSIDE, cross
from explore.narratives.graph import index_of
from explore.narratives.vectors import Vectors
from tests.narratives.making import at


def messages(*talks: tuple[str, int, int], day: float = 0) -> pd.DataFrame:
    """`talks`: direction as "north", how many, narrative. Texts say the direction and a number."""
    rows = [(f"{name} {day} {n}", narrative) for name, many, narrative in talks for n in range(many)]
    table = pd.DataFrame(rows, columns=["text", "narrative_id"])
    table["message_id"] = table["text"]
    moments = pd.Series([at(day + n / 1000) for n in range(len(table))])
    return table.assign(first_at=moments, last_at=moments)


def encode(texts: list[str]) -> Vectors:
    """North, east and up at right angles; "near" between north and east, nearer to north; the number sways a little."""
    ways = {"north": (1, 0, 0), "east": (0, 1, 0), "up": (0, 0, 1), "near": (1, 0.15, 0), "mute": (0, 0, 0)}
    found = []
    for text in texts:
        name, *_, number = text.split()
        sway = 0.0 if name == "mute" else 0.3
        found.append(np.array(ways[name], dtype=float) + sway * np.random.default_rng(int(number)).normal(size=3))
    vectors = np.array(found, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0).astype(np.float32)
    return unit


def refuse(_: list[str]) -> Vectors:
    raise AssertionError("nothing had to be compared")


def most(found: np.ndarray, of: pd.DataFrame, name: str) -> int:
    """Where most messages in a direction went."""
    return int(pd.Series(found[of["text"].str.startswith(name).to_numpy()]).mode().iloc[0])


FIRST = messages(("north", 30, 0), ("east", 30, 1))


def test_a_message_goes_where_the_messages_like_it_are_both_ways() -> None:
    second = messages(("east", 30, 0), ("near", 30, 1), day=9)
    crossed = cross(FIRST, second, encode=encode, index_of=index_of)
    assert [most(crossed.back, second, name) for name in ("east", "near")] == [1, 0]
    assert [most(crossed.forth, FIRST, name) for name in ("east", "north")] == [0, 1]
    assert not crossed.shared.any()


def test_what_is_like_nothing_goes_nowhere() -> None:
    second = messages(("up", 30, 0), day=9)
    crossed = cross(FIRST, second, encode=encode, index_of=index_of)
    assert most(crossed.back, second, "up") == NOWHERE
    assert most(crossed.forth, FIRST, "north") == NOWHERE


def test_what_is_like_messages_of_no_narrative_goes_outside() -> None:
    first = messages(("north", 30, -1), ("east", 30, 0))
    second = messages(("north", 30, 0), day=9)
    assert most(cross(first, second, encode=encode, index_of=index_of).back, second, "north") == OUTSIDE


def test_a_message_that_both_hold_is_where_the_other_run_put_it_whatever_its_vector() -> None:
    other = FIRST.assign(narrative_id=1 - FIRST["narrative_id"])
    crossed = cross(FIRST, other, encode=refuse, index_of=index_of)
    assert crossed.shared.all()
    assert (crossed.forth == 1 - FIRST["narrative_id"]).all()
    assert (crossed.back == FIRST["narrative_id"]).all()


def test_the_messages_nearest_in_time_speak_for_a_narrative() -> None:
    """A narrative that turned from north to east over time: what is like its end belongs to it, not to what it was."""
    turning = messages(("north", 200, 0), ("east", 200, 0))
    still = messages(("north", 100, 1), day=0.5)
    first = pd.concat([turning, still], ignore_index=True)
    second = messages(("near", 40, 0), ("east", 40, 1), day=9)
    crossed = cross(first, second, encode=encode, index_of=index_of)
    assert most(crossed.back, second, "east") == 0
    assert most(crossed.back, second, "near") == 1


def test_messages_without_words_belong_nowhere() -> None:
    second = messages(("mute", 5, 0), ("north", 30, 1), day=9)
    crossed = cross(FIRST, second, encode=encode, index_of=index_of)
    assert most(crossed.back, second, "mute") == NOWHERE
    assert most(crossed.back, second, "north") == 0


def test_narratives_of_one_or_two_messages_and_none_at_all_are_no_error() -> None:
    for few in (messages(("north", 1, 0), ("east", 2, 1)), messages(("north", 1, -1)), FIRST[:0]):
        crossed = cross(FIRST, few.assign(message_id="x" + few["message_id"]), encode=_any(encode), index_of=index_of)
        assert (len(crossed.forth), len(crossed.back)) == (len(FIRST), len(few))


def _any(encoder: Callable[[list[str]], Vectors]) -> Callable[[list[str]], Vectors]:
    return lambda texts: encoder(texts) if texts else np.empty((0, 3), dtype=np.float32)
