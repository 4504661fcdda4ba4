"""The process that parses untrusted bytes: it answers requests until its pipe closes, and can be killed at any moment.

`python -m explore.posts.child LIMITS` reads a request a line (JSON) and says words a line: {"stage", "done"} while it
works, then one of {"answer"}, {"refused"} or {"unable"}. It writes nothing but into the folder that it is told.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

from explore.errors import Refused
from explore.posts.limits import MB, Limits, peak_memory, settle_in

CHECKING, DUPLICATES = "Checking posts", "Looking for duplicates"  # stages, as people read them

Say = Callable[[dict[str, Any]], None]


def main() -> None:
    """Settle in, then answer."""
    settle_in(Limits(**json.loads(sys.argv[1])))
    _leave_pandas_out()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it too, and decides
    if sys.platform == "linux":
        # the thread that waits for the pipe cannot act while native code keeps Python's lock; the kernel can
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    voice = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer

    def say(word: dict[str, Any]) -> None:
        voice.write(json.dumps(word).encode() + b"\n")
        voice.flush()

    for request in _requests():
        say(answer(request, say))


def answer(request: dict[str, Any], say: Say) -> dict[str, Any]:
    """The last word on a request; errors become words too."""
    try:
        return {"answer": _TASKS[request["do"]](request, say)}
    except Refused as error:
        return {"refused": str(error)}
    except Exception as error:
        return _unable(error)


def _preview(request: dict[str, Any], _: Say) -> dict[str, Any]:
    from explore.posts.orders import file_from, preview_to
    from explore.posts.readers import preview_of

    return preview_to(preview_of(file_from(request["file"]), delimiter=request["delimiter"]))


def _fingerprint(request: dict[str, Any], _: Say) -> dict[str, Any]:
    """SHA-256 of what is in a packed file."""
    from explore.posts.orders import file_from
    from explore.posts.sources import open_content

    found = hashlib.sha256()
    with open_content(file_from(request["file"])) as content:
        while part := content.read(2**20):
            found.update(part)
    return {"sha256": found.hexdigest()}


def _stage(request: dict[str, Any], say: Say) -> dict[str, Any]:
    """Check every batch of every file into the folder of the order."""
    from explore.posts.checks import check
    from explore.posts.duplicates import count_repeats, count_spaced
    from explore.posts.orders import Order
    from explore.posts.othernames import OtherNames
    from explore.posts.readers import read
    from explore.posts.shifts import Shifts
    from explore.posts.sources import ensure_unchanged
    from explore.posts.staging import POSTS, Staging

    order = Order.from_json(request["order"])
    peaks: dict[str, float] = {}
    total = sum(file.size for file in order.files)
    before = earlier = 0
    starts: list[int] = []
    written_nulls: dict[str, Counter[str]] = {}
    marked: Counter[str] = Counter()
    folder = Path(request["folder"])
    with Staging(folder, [file.name for file in order.files]) as staging:
        for index, (file, layout) in enumerate(zip(order.files, order.layouts, strict=True)):
            read_until = 0
            starts.append(earlier)
            shifts = Shifts(order.sources if layout.format in {"csv", "tsv"} else {})

            def moved(share: float, *, before: int = before, size: int = file.size) -> None:
                say({"stage": CHECKING, "done": (before + share * size) / total})

            others = OtherNames(order.sources)
            for batch in read(file, layout, order.rules.columns, moved=moved, others=others):
                batch = shifts.sorted_out(batch)
                staging.reject(batch.rejected, file=index)
                marked.update(batch.met)
                checked = check(batch, order.rules, offset=earlier)
                staging.add(checked, file=index)
                marked.update(checked.marked)
                for name, words in checked.written_nulls.items():
                    written_nulls.setdefault(name, Counter()).update(words)
                read_until = batch.read
            ensure_unchanged(file)
            before, earlier = before + file.size, earlier + read_until
        peaks[CHECKING] = _peak_mb()
        say({"stage": DUPLICATES, "done": None})
        staged = staging.finish(ahead_of=datetime.fromisoformat(request["ahead_of"]))
    invented = "post_id" not in order.sources
    repeats = count_repeats(folder / POSTS, starts, scratch=folder / ".spill") if invented else 0
    spaced = count_spaced(folder / POSTS, scratch=folder / ".spill")
    peaks[DUPLICATES] = _peak_mb()
    return staged.to_json() | {
        "peak_rss_mb": peaks,
        "written_nulls": written_nulls,
        "repeats": repeats,
        "marked": marked,
        "spaced": spaced,
    }


def _peak_mb() -> float:
    return round(peak_memory() / MB, 1)


_TASKS: dict[str, Callable[[dict[str, Any], Say], dict[str, Any]]] = {
    "preview": _preview,
    "fingerprint": _fingerprint,
    "stage": _stage,
}


def _unable(error: Exception) -> dict[str, Any]:
    """What stood in the way: "disk", "memory" or "size"; anything else is a fault of ours, with its traceback."""
    told, kind = str(error), type(error).__name__
    if (isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}) or "No space left" in told:
        return {"unable": "disk"}
    if (isinstance(error, OSError) and error.errno == errno.EFBIG) or "File too large" in told:
        return {"unable": "size"}
    if isinstance(error, MemoryError) or "OutOfMemory" in kind or "bad_alloc" in told or "malloc of size" in told:
        return {"unable": "memory"}
    if isinstance(error, RuntimeError) and "can't start new thread" in told:
        return {"unable": "memory"}
    return {"unable": "fault", "error": kind, "fault": traceback.format_exc()}


def _leave_pandas_out() -> None:
    """Let pyarrow believe that there is no pandas: it imports it at the first list, which takes longer than a preview.

    Our own imports of pandas, for local times, go on working.
    """
    sys.meta_path.insert(0, _NoPandas())
    import pyarrow as pa

    pa.array([None])
    del sys.meta_path[0]


class _NoPandas(MetaPathFinder):
    """Finds no pandas."""

    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == "pandas":
            raise ImportError(fullname)


def _requests() -> Iterator[dict[str, Any]]:
    """The requests; the process ends at once, whatever it is doing, when the pipe closes."""
    waiting: queue.Queue[bytes] = queue.Queue()

    def wait() -> None:
        for line in sys.stdin.buffer:
            waiting.put(line)
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
    while True:
        yield json.loads(waiting.get())


if __name__ == "__main__":
    main()
