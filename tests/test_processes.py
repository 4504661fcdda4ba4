"""Work that is done beside a process comes back, also when what it was given to dies."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from explore.processes import process_beside


def nothing() -> None:
    """A warm-up without anything to warm."""


def fails() -> None:
    raise MemoryError


def who() -> int:
    return os.getpid()


def dies_unless_in(process: int) -> str:
    if os.getpid() != process:
        os._exit(1)
    return "done"


def test_one_function_after_another_is_worked_on_in_the_same_other_process() -> None:
    first, second = (process_beside(nothing, wanted=True)(who)() for _ in range(2))
    assert first == second
    assert first != os.getpid() or os.cpu_count() == 1


@pytest.mark.parametrize("warm_up", [nothing, fails])
def test_what_a_process_was_given_that_died_is_done_here(warm_up: Callable[[], None]) -> None:
    beside = process_beside(warm_up, wanted=True)
    first = beside(dies_unless_in, os.getpid())
    assert first() == "done"
    assert beside(dies_unless_in, os.getpid())() == "done"


def test_after_one_that_died_another_process_begins() -> None:
    dead = process_beside(nothing, wanted=True)
    assert dead(dies_unless_in, os.getpid())() == "done"
    assert process_beside(nothing, wanted=True)(who)() != os.getpid() or os.cpu_count() == 1


def test_where_none_is_wanted_the_work_is_done_here_when_it_is_asked_for() -> None:
    assert process_beside(fails, wanted=False)(who)() == os.getpid()


def test_one_that_is_there_is_used_also_by_who_would_not_have_begun_it() -> None:
    there = process_beside(nothing, wanted=True)(who)()
    assert process_beside(nothing, wanted=False)(who)() == there
