"""Processes that this one starts: they end with it, and some can work beside it."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")

_there: dict[Callable[[], object], ProcessPoolExecutor] = {}


class Submit(Protocol):
    """Hands a function over; what it returns waits for the result and gives it."""

    def __call__(self, function: Callable[..., Result], *given: Any, **named: Any) -> Callable[[], Result]: ...


def end_with_parent() -> None:
    """Called in a process that multiprocessing started: it ends when its parent does, however that ends."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()
    if sys.platform == "linux":
        # the thread cannot act while native code keeps Python's lock for minutes; the kernel can
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def in_this_process(function: Callable[..., Result], *given: Any, **named: Any) -> Callable[[], Result]:
    """A `Submit` that computes here, when the result is asked for."""
    return partial(function, *given, **named)


def process_beside(warm_up: Callable[[], object], *, wanted: bool) -> Submit:
    """A way to compute in one process beside this one, which calls `warm_up` first and stays for the next time.

    Where it is not wanted (and not there already), there is one core only, or it dies (of want of memory, say), the
    work is done in this process when its result is asked for: the result is the same.
    """
    if (os.cpu_count() or 1) < 2 or not (wanted or warm_up in _there):
        return in_this_process
    pool = _started(warm_up)

    def submit(function: Callable[..., Result], *given: Any, **named: Any) -> Callable[[], Result]:
        here = in_this_process(function, *given, **named)
        try:
            there = pool.submit(function, *given, **named)
        except BrokenProcessPool:
            return here

        def result() -> Result:
            try:
                return there.result()
            except BrokenProcessPool:
                return here()

        return result

    return submit


def _started(warm_up: Callable[[], object]) -> ProcessPoolExecutor:
    """The pool of the one process, begun anew where it has died; the process starts now."""
    if warm_up in _there:
        with suppress(BrokenProcessPool):
            _there[warm_up].submit(_nothing)
            return _there[warm_up]
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_begin, initargs=(warm_up,))
    pool.submit(_nothing)
    _there[warm_up] = pool
    return pool


def _begin(warm_up: Callable[[], object]) -> None:
    end_with_parent()
    warm_up()


def _nothing() -> None:
    pass


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101 (this runs in a child)
    parent.join()
    os._exit(1)
