"""Work that is done beside a process comes back, also when what it was given to dies."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from multiprocessing import active_children
from pathlib import Path

import pytest

from explore import processes
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


def lacks_memory_unless_in(process: int) -> str:
    if os.getpid() != process:
        raise MemoryError
    return "done"


def lacks_nothing() -> None:
    """Another warm-up, for which no other test begins a process."""


def never_ends(begun: Path) -> None:
    begun.touch()
    threading.Event().wait()


SEVERAL = processes._cores() > 1


def test_one_function_after_another_is_worked_on_in_the_same_other_process() -> None:
    found = []
    for _ in range(2):
        with process_beside(nothing, wanted=True) as beside:
            found.append(beside(who)())
    assert found[0] == found[1]
    assert (found[0] != os.getpid()) == SEVERAL


@pytest.mark.parametrize("warm_up", [nothing, fails])
def test_what_a_process_was_given_that_died_is_done_here(warm_up: Callable[[], None]) -> None:
    with process_beside(warm_up, wanted=True) as beside:
        first = beside(dies_unless_in, os.getpid())
        assert first() == "done"
        assert beside(dies_unless_in, os.getpid())() == "done"


def test_what_a_process_had_no_memory_for_is_done_here() -> None:
    with process_beside(nothing, wanted=True) as beside:
        assert beside(lacks_memory_unless_in, os.getpid())() == "done"


def test_after_one_that_died_another_process_begins() -> None:
    with process_beside(nothing, wanted=True) as dead:
        assert dead(dies_unless_in, os.getpid())() == "done"
    with process_beside(nothing, wanted=True) as beside:
        assert (beside(who)() != os.getpid()) == SEVERAL


def test_where_none_is_wanted_the_work_is_done_here_when_it_is_asked_for() -> None:
    with process_beside(lacks_nothing, wanted=False) as beside:
        assert beside(who)() == os.getpid()


def test_one_that_was_begun_is_used_also_by_who_would_not_have_begun_it() -> None:
    with process_beside(nothing, wanted=True) as beside:
        there = beside(who)()
    with process_beside(nothing, wanted=False) as beside:
        assert beside(who)() == there


def test_what_breaks_off_the_block_ends_the_process_and_waits_for_nothing(tmp_path: Path) -> None:
    there, begun = set(active_children()), tmp_path / "begun"
    with pytest.raises(KeyboardInterrupt), process_beside(nothing, wanted=True) as beside:  # noqa: PT012
        beside(never_ends, begun)
        while SEVERAL and not begun.exists():
            pass
        raise KeyboardInterrupt
    for child in set(active_children()) - there:
        child.join()
    with process_beside(nothing, wanted=True) as beside:
        assert (beside(who)() != os.getpid()) == SEVERAL


def test_on_one_core_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_cores", lambda: 1)
    with process_beside(lacks_nothing, wanted=True) as beside:
        assert beside(who)() == os.getpid()
