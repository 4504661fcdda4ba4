"""How every command speaks: one JSON document or some lines on stdout, progress on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import pandas as pd
import typer

from explore.progress import Progress

QUIET_SECONDS = 2.0

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@contextmanager
def progress_shown(quiet_seconds: float = QUIET_SECONDS) -> Iterator[Progress]:
    """Progress on stderr: a moving line on a terminal, else one line a stage once the work takes so many seconds.

    So what is refused at once, which is nearly always, is refused with one line.
    """
    seen, begun = "", time.monotonic()

    def show(stage: str, done: float | None = None) -> None:
        nonlocal seen
        if sys.stderr.isatty():
            share = "" if done is None else f" {done:.0%}"
            sys.stderr.write(f"\r\x1b[K{stage}{share} …")
            sys.stderr.flush()
        elif stage != seen and time.monotonic() - begun > quiet_seconds:
            say(f"{stage} …")
            seen = stage

    try:
        yield show
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")


def answer(facts: Any, lines: list[str], *, as_json: bool) -> None:
    """Print the facts as JSON, or the lines for a person."""
    typer.echo(json.dumps(facts, ensure_ascii=False) if as_json else "\n".join(lines))


def say(line: str) -> None:
    """Print a line on stderr."""
    typer.echo(line, err=True)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON can hold them: times as ISO 8601, nulls as null."""
    found: list[dict[str, Any]] = json.loads(
        table.to_json(orient="records", date_format="iso", date_unit="us", double_precision=15)
    )
    return found
