"""What a process that reads untrusted bytes may use: memory, processor, time and disk."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MB, GB = 2**20, 2**30
MEMORY_SPENT = 71  # exit code of a process that found itself beyond its memory
_LOOK_EVERY = 0.05  # seconds


@dataclass(frozen=True)
class Limits:
    """memory: resident bytes. address_space: bytes, where the system enforces it. file_bytes: of any file it writes.

    seconds: of wall and of processor time in all. silence: seconds without a word, after which it counts as hung.
    """

    memory: int = 2 * GB
    address_space: int = 6 * GB  # allocators reserve more than they use; this stops a leap between two looks
    file_bytes: int = 8 * GB
    seconds: int = 900
    silence: int = 60


def limits_for(size: int) -> Limits:
    """The limits for input of `size` bytes: memory stays the same; time and disk grow with what there is to read.

    A million posts (some 200 MB) take under a minute; thirty times that is for slow and busy machines.
    """
    megabytes = size // MB
    return Limits(file_bytes=8 * GB + 8 * size, seconds=900 + 10 * megabytes, silence=60 + megabytes)


def settle_in(limits: Limits) -> None:
    """Put the limits on this process, for good. Where the system has no such limits, a watch on memory remains."""
    if sys.platform != "win32":
        import resource

        wanted = {
            resource.RLIMIT_AS: limits.address_space,
            resource.RLIMIT_CPU: limits.seconds,
            resource.RLIMIT_FSIZE: limits.file_bytes,
            resource.RLIMIT_CORE: 0,  # a core dump would hold posts
        }
        for what, most in wanted.items():
            _, hard = resource.getrlimit(what)
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            with suppress(ValueError, OSError):  # macOS takes no limit on the address space
                resource.setrlimit(what, (most, most))
    threading.Thread(target=_watch_memory, args=(limits.memory,), daemon=True).start()


def peak_memory() -> int:
    """The most resident memory that this process has used, in bytes."""
    if sys.platform == "win32":
        return _windows_peak()
    status = Path("/proc/self/status")
    if status.exists():  # Linux, where getrusage would count what the parent used before this process was started
        return int(status.read_text(encoding="ascii", errors="replace").partition("VmHWM:")[2].split()[0]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _watch_memory(most: int) -> None:
    while peak_memory() <= most:
        time.sleep(_LOOK_EVERY)
    os._exit(MEMORY_SPENT)


def _windows_peak() -> int:
    """PeakPagefileUsage (all that was committed) of this process, from PROCESS_MEMORY_COUNTERS."""
    words = (ctypes.c_size_t * 9)()  # two 32-bit words, then eight sizes
    kernel = ctypes.CDLL("kernel32")
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    kernel.K32GetProcessMemoryInfo.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong)
    kernel.K32GetProcessMemoryInfo(kernel.GetCurrentProcess(), ctypes.byref(words), ctypes.sizeof(words))
    return int(words[8])
