"""Processes that this one starts: they end with it, and some can work beside it."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, TypeVar

BESIDE = 2

Result = TypeVar("Result")


class Submit(Protocol):
    """Hands a function over; what it returns waits for the result and gives it."""

    def __call__(self, function: Callable[..., Result], *given: Any, **named: Any) -> Callable[[], Result]: ...


def end_with_parent() -> None:
    """Called in a process that multiprocessing started: it ends when its parent does, however that ends."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()
    if sys.platform == "linux":
        # the thread cannot act while native code keeps Python's lock for minutes; the kernel can
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


@contextmanager
def processes_beside(*, wanted: bool, warm_up: Callable[[], object]) -> Iterator[Submit]:
    """Yield a way to compute in two processes beside this one; each calls `warm_up` at once.

    Where they are not wanted, there is one core only, or one of them dies (of want of memory, say), the work is done in
    this process when its result is asked for: the result is the same.
    """
    if not wanted or (os.cpu_count() or 1) < 2:
        yield partial  # type: ignore[misc]  # a partial is called without arguments, as the protocol says
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(BESIDE, mp_context=spawn, initializer=_begin, initargs=(warm_up,)) as pool:

        def submit(function: Callable[..., Result], *given: Any, **named: Any) -> Callable[[], Result]:
            here = partial(function, *given, **named)
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

        for _ in range(BESIDE):
            submit(_nothing)  # has all of them start now
        yield submit


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
