"""Runs of words that recur in a narrative, against a count by hand and one by brute force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from explore.narratives.phrases import recurring
from tests.narratives.making import ints

Found = dict[tuple[int, tuple[int, ...]], list[int]]


def found(messages: Sequence[Sequence[int]], narrative: Sequence[int]) -> Found:
    """The messages that hold each run, by narrative and run."""
    flat = ints(*(word for message in messages for word in message))
    message = np.repeat(np.arange(len(messages)), [len(each) for each in messages])
    return {
        (int(runs.narrative[i]), tuple(runs.words[i].tolist())): runs.messages[
            runs.starts[i] : runs.starts[i + 1]
        ].tolist()
        for runs in recurring(flat, message, ints(*narrative))
        for i in range(len(runs.words))
    }


def test_runs_that_two_messages_of_a_narrative_hold_and_no_other() -> None:
    messages = [[1, 2, 3, 4], [9, 1, 2, 3], [1, 2, 1, 2], [1, 2], [5, 6], [5, 6], [7], [7]]
    assert found(messages, [0, 0, 0, 1, 1, 1, -1, -1]) == {
        (0, (1,)): [0, 1, 2],
        (0, (2,)): [0, 1, 2],
        (0, (3,)): [0, 1],
        (0, (1, 2)): [0, 1, 2],
        (0, (2, 3)): [0, 1],
        (0, (1, 2, 3)): [0, 1],
        (1, (5,)): [4, 5],
        (1, (6,)): [4, 5],
        (1, (5, 6)): [4, 5],
    }


def test_a_run_ends_with_its_message_and_has_eight_words_at_most() -> None:
    assert found([[1], [2], [1], [2]], [0, 0, 0, 0]) == {(0, (1,)): [0, 2], (0, (2,)): [1, 3]}
    assert max(len(run) for _, run in found([[*range(12)]] * 2, [0, 0])) == 8


def test_in_a_large_narrative_a_run_recurs_in_a_hundredth_of_it() -> None:
    messages = [[1]] * 3 + [[2]] * 4 + [[3 + i] for i in range(300)]
    assert set(found(messages, [0] * len(messages))) == {(0, (2,))}


def test_a_narrative_of_one_message_holds_its_runs() -> None:
    assert set(found([[4, 5]], [0])) == {(0, (4,)), (0, (5,)), (0, (4, 5))}
    assert found([], []) == {}
    assert found([[1], [1]], [-1, -1]) == {}


def test_the_runs_are_those_that_brute_force_finds() -> None:
    rng = np.random.default_rng(3)
    messages = [rng.integers(0, 6, size=rng.integers(0, 12)).tolist() for _ in range(80)]
    narrative = rng.integers(-1, 4, size=80).tolist()
    wanted: dict[tuple[int, tuple[int, ...]], set[int]] = defaultdict(set)
    for place, (message, own) in enumerate(zip(messages, narrative, strict=True)):
        for start in range(len(message)):
            for end in range(start + 1, min(start + 8, len(message)) + 1):
                wanted[own, tuple(message[start:end])].add(place)
    often = {run: sorted(held) for run, held in wanted.items() if run[0] >= 0 and len(held) >= 2}
    assert found(messages, narrative) == often
