"""Reading in this process: the same words as over the pipes, without the third of a second that a process takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from explore.errors import Refused
from explore.posts import child
from explore.posts.apart import Apart
from explore.progress import Progress, silent


class Here(Apart):
    """Stands in for `Apart` where a test is about what is read, not about who reads it."""

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def ask(self, request: dict[str, Any], *, heard: Progress = silent) -> dict[str, Any]:
        def say(word: dict[str, Any]) -> None:
            heard(word["stage"], word["done"])

        said = json.loads(json.dumps(child.answer(json.loads(json.dumps(request)), say)))
        if "refused" in said:
            raise Refused(said["refused"])
        if "answer" not in said:
            raise Refused(self._unable(said))
        answer: dict[str, Any] = said["answer"]
        return answer


@contextmanager
def reading_here(monkeypatch: Any) -> Iterator[None]:
    """Every load and preview reads in this process."""
    with monkeypatch.context() as patch:
        patch.setattr("explore.posts.snapshots.Apart", Here)
        patch.setattr("explore.posts.readers.Apart", Here)
        yield
