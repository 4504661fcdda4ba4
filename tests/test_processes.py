"""Work that is done beside a process comes back, also when what it was given to dies."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from explore.processes import processes_beside


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


def test_two_functions_are_worked_on_in_other_processes() -> None:
    with processes_beside(wanted=True, warm_up=nothing) as beside:
        results = [beside(who), beside(who)]
        assert os.getpid() not in {result() for result in results} or os.cpu_count() == 1


@pytest.mark.parametrize("warm_up", [nothing, fails])
def test_what_a_process_was_given_that_died_is_done_here(warm_up: Callable[[], None]) -> None:
    with processes_beside(wanted=True, warm_up=warm_up) as beside:
        first = beside(dies_unless_in, os.getpid())
        assert first() == "done"
        assert beside(dies_unless_in, os.getpid())() == "done"


def test_where_none_is_wanted_the_work_is_done_here_when_it_is_asked_for() -> None:
    with processes_beside(wanted=False, warm_up=fails) as beside:
        assert beside(who)() == os.getpid()
