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
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class _Beside:
    """A process beside this one and the pool that hands it its work."""

    pool: ProcessPoolExecutor
    process: BaseProcess


_there: dict[Callable[[], object], _Beside] = {}


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


@contextmanager
def process_beside(warm_up: Callable[[], object], *, wanted: bool) -> Iterator[Submit]:
    """Yield a way to compute in one process beside this one, which calls `warm_up` first and stays for the next time.

    Where none is wanted and none was begun, there is one core only, or it dies or cannot begin (for want of memory,
    say), the work is done in this process when its result is asked for: the result is the same. What breaks off the
    block ends the process too: nobody waits for what it still does.
    """
    pool = start_beside(warm_up) if wanted or warm_up in _there else None
    try:
        yield in_this_process if pool is None else _submit_to(pool)
    except BaseException:
        _end(warm_up)
        raise


def start_beside(warm_up: Callable[[], object]) -> ProcessPoolExecutor | None:
    """Begin the process that `process_beside` will use, unless it is there; null where there is one core only."""
    if _cores() < 2:
        return None
    if warm_up in _there:
        with suppress(BrokenProcessPool):
            _there[warm_up].pool.submit(_nothing)
            return _there[warm_up].pool
    others = set(multiprocessing.active_children())
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_begin, initargs=(warm_up,))
    try:
        pool.submit(_nothing)  # has the process begin now
    except OSError:
        return None
    (process,) = set(multiprocessing.active_children()) - others
    _there[warm_up] = _Beside(pool, process)
    return pool


def _submit_to(pool: ProcessPoolExecutor) -> Submit:
    def submit(function: Callable[..., Result], *given: Any, **named: Any) -> Callable[[], Result]:
        here = in_this_process(function, *given, **named)
        try:
            there = pool.submit(function, *given, **named)
        except BrokenProcessPool:
            return here

        def result() -> Result:
            try:
                return there.result()
            except (BrokenProcessPool, MemoryError):
                return here()

        return result

    return submit


def _end(warm_up: Callable[[], object]) -> None:
    beside = _there.pop(warm_up, None)
    if beside is not None:
        beside.process.kill()
        beside.pool.shutdown(wait=False, cancel_futures=True)


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
