"""Loading a million posts: seconds, rows a second and memory beside DuckDB's and pandas' own readers of the same file.

    .venv/bin/python bench/snapshots.py FILE.parquet [--rounds 3]

The posts of FILE.parquet are written as CSV (every third text with a line break, so that cells are quoted), JSONL.zst
and Parquet into a temporary folder. Each reader works in a process of its own. "Checks" is what a load does besides
reading cells: the processor time of the whole load less that of the reader alone, since other work on the machine
changes the time on the clock. The readers take turns in every round for the same reason.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import zstandard

FORMATS = {"CSV": "posts.csv", "JSONL.zst": "posts.jsonl.zst", "Parquet": "posts.parquet"}
LIMITS = {"CSV": 60, "Parquet": 25}
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def main() -> None:
    """Write the files, let every reader read them, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("READER", "PATH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(READERS[options.one[0]](Path(options.one[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = write_files(options.file, Path(folder))
        print(f"{rows:,} rows, median of {options.rounds}, Python {platform.python_version()}, {platform.machine()}\n")
        print(f"{'':11}{'':30}{'seconds':>8}{'CPU s':>7}{'rows/s':>11}{'peak MB':>9}")
        for format_, name in FORMATS.items():
            compare(format_, Path(folder) / name, rows, rounds=options.rounds)


def compare(format_: str, path: Path, rows: int, *, rounds: int) -> None:
    """Print one line a reader, and what the checks cost."""
    found: dict[str, float] = {}
    turns = [{reader: measure(reader, path) for reader in READERS} for _ in range(rounds)]
    for reader in READERS:
        runs = [turn[reader] for turn in turns]
        seconds = statistics.median(run["seconds"] for run in runs)
        spent = found[reader] = statistics.median(run["spent"] for run in runs)
        peak = max(run["peak"] for run in runs)
        wanted = LIMITS.get(format_) if reader == "groundswell load" else None
        verdict = "" if wanted is None else f"   {'within' if seconds < wanted else 'OVER'} {wanted} s"
        if short := {run["rows"] for run in runs} - {rows}:
            verdict += f"   read {short} rows"
        print(f"{format_:11}{reader:30}{seconds:8.1f}{spent:7.1f}{rows / seconds:11,.0f}{peak:9,.0f}{verdict}")
    extra = found["groundswell load"] - found["groundswell reader alone"]
    print(f"{'':11}checks, duplicates and writing cost {extra:.1f} CPU s of the load\n")


def measure(reader: str, path: Path) -> dict[str, float]:
    """Seconds and peak memory of one reader in a process of its own."""
    command = [sys.executable, __file__, str(path), "--one", reader, str(path)]
    done = subprocess.run(command, check=True, capture_output=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def write_files(source: Path, folder: Path) -> int:
    """The posts as CSV, JSONL.zst and Parquet; every third text gets a line break."""
    rows = 0
    with (
        pq.ParquetFile(source) as file,
        (folder / FORMATS["CSV"]).open("w", newline="", encoding="utf-8") as plain,
        zstandard.open(folder / FORMATS["JSONL.zst"], "wt", encoding="utf-8") as packed,
        pq.ParquetWriter(folder / FORMATS["Parquet"], file.schema_arrow) as columns,
    ):
        cells = csv.writer(plain)
        cells.writerow(file.schema_arrow.names)
        for batch in file.iter_batches(50_000):
            table = _with_line_breaks(pa.Table.from_batches([batch]))
            columns.write_table(table.cast(file.schema_arrow))
            for post in table.to_pylist():
                shown = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in post.items()}
                cells.writerow(shown.values())
                packed.write(json.dumps(shown, ensure_ascii=False) + "\n")
            rows += table.num_rows
    return rows


def _with_line_breaks(table: pa.Table) -> pa.Table:
    place = table.schema.get_field_index("text")
    texts = table["text"].combine_chunks()
    third = pa.array([n % 3 == 0 for n in range(len(texts))])
    broken = pc.replace_substring(texts, " ", "\n", max_replacements=1)
    return table.set_column(place, table.schema.field(place), pc.if_else(third, broken, texts))


# --- the readers, each run in a process of its own ----------------------------------------------------------------


def _timed(work: Callable[[], int]) -> dict[str, float]:
    """Seconds and peak MB of some work, and the rows that it says it read."""
    from explore.posts.limits import MB, peak_memory

    start, spent = time.perf_counter(), sum(os.times()[:4])
    rows = work()
    found = {"seconds": time.perf_counter() - start, "spent": sum(os.times()[:4]) - spent}
    return found | {"peak": peak_memory() / MB, "rows": rows}


def _load(path: Path) -> dict[str, float]:
    """The whole load, as a person starts it; the peak is that of the process that reads."""
    from explore.posts.snapshots import list_snapshots, load
    from explore.settings import workspace_at

    with tempfile.TemporaryDirectory() as folder:
        workspace = workspace_at(Path(folder))

        found = _timed(lambda: load([path], workspace, now=NOW).records)
        (snapshot,) = list_snapshots(workspace)
        return found | {"peak": max(snapshot.manifest["peak_rss_mb"].values())}


def _reader_alone(path: Path) -> dict[str, float]:
    """Our readers without any check: every cell of the mapped columns as text."""
    from explore.posts.mapping import detect
    from explore.posts.readers import preview_of, read
    from explore.posts.sources import look_at

    file = look_at(path)
    preview = preview_of(file)
    columns = sorted({c for source in detect(preview).sources.values() for c in source.columns})

    def work() -> int:
        return max(batch.read for batch in read(file, preview.layout, columns, moved=lambda _: None))

    return _timed(work)


def _duckdb(path: Path) -> dict[str, float]:
    """DuckDB's sniffing reader into a table in memory."""
    import duckdb

    def work() -> int:
        with duckdb.connect(config={"threads": 2}) as database:
            database.execute("CREATE TABLE posts AS SELECT * FROM " + _DUCKDB[path.suffix], {"path": str(path)})
            (rows,) = database.execute("SELECT count(*) FROM posts").fetchone() or (0,)
            return int(rows)

    return _timed(work)


_DUCKDB = {
    ".csv": "read_csv($path)",
    ".zst": "read_json($path, format = 'newline_delimited')",
    ".parquet": "read_parquet($path)",
}


def _pandas(path: Path) -> dict[str, float]:
    """pandas' reader into a frame."""
    import pandas as pd

    def work() -> int:
        if path.suffix == ".csv":
            return len(pd.read_csv(path))
        if path.suffix == ".parquet":
            return len(pd.read_parquet(path))
        return len(pd.read_json(path, lines=True))

    return _timed(work)


READERS: dict[str, Callable[[Path], dict[str, float]]] = {
    "groundswell load": _load,
    "groundswell reader alone": _reader_alone,
    "duckdb": _duckdb,
    "pandas": _pandas,
}

if __name__ == "__main__":
    main()
