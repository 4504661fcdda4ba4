"""The reading process may crash, hang, swell or be killed: the parent lives on and says so in a sentence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from explore.errors import Refused
from explore.files import new_folder, remove_abandoned
from explore.posts import apart
from explore.posts.apart import Apart
from explore.posts.limits import MB, Limits, limits_for
from explore.posts.snapshots import load, open_snapshot
from explore.settings import PROJECT, Workspace, workspace_at
from tests.posts.making import NOW, csv_of, rows, saved

READS_APART = True

posix = pytest.mark.skipif(os.name == "nt", reason="limits and signals of POSIX")


def behaving(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the reading process run this after it has put the limits on itself."""
    start = (
        "import sys, json, os, time; from explore.posts.limits import *; settle_in(Limits(**json.loads(sys.argv[1])))"
    )
    monkeypatch.setattr(apart, "COMMAND", (sys.executable, "-c", f"{start}\n{code}"))


SAYS = "print('{\"answer\": {}}', flush=True)\n"
MISBEHAVIOUR = {
    "crashes": ("os.kill(os.getpid(), 11)", "made its reader fail"),
    "aborts": ("os.abort()", "made its reader fail"),
    "ends early": ("sys.exit(0)", "made its reader fail"),
    "is killed": ("os.kill(os.getpid(), 9)", "2 GB of memory"),
    "swells": ("x = []\nwhile True: x.append(bytearray(2**24))", "GB of memory"),
    "leaps": ("try: bytearray(2**36)\nexcept MemoryError: print(json.dumps({'unable': 'memory'}))", "GB of memory"),
    "hangs": ("time.sleep(60)", "without an end"),
    "burns the processor": ("while True: pass", "without an end"),
    "talks without end": ("while True: print(json.dumps({'stage': 'a', 'done': 0.5}), flush=True)", "without an end"),
    "talks nonsense": ("print('{\"ans', flush=True)", "made no sense"),
    "says a very long word": ("print('[' * 100_000_000)", "made no sense"),
    "writes too large a file": (
        "import tempfile\ntry: f = tempfile.TemporaryFile(); f.seek(2**33 + 2**20); f.write(b'x'); f.flush()\n"
        "except OSError as e: print(json.dumps({'unable': 'size' if e.errno == 27 else str(e)}))",
        "GB on disk",
    ),
}  # fmt: skip


@posix
@pytest.mark.parametrize("how", MISBEHAVIOUR)
def test_the_parent_outlives_a_reader_that(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, message = MISBEHAVIOUR[how]
    behaving(code, monkeypatch)
    limits = Limits() if how == "swells" else Limits(seconds=2, silence=1)
    with (
        Apart(["p.csv"], limits=limits) as reader,
        pytest.raises(Refused, match=message) as refusal,
    ):
        reader.ask({"do": "preview"})
    assert str(refusal.value).startswith("'p.csv' ")
    assert reader._process.returncode is not None


def test_the_reader_is_not_told_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORE_PSEUDONYM_KEY", "secret")
    behaving("print(json.dumps({'answer': {'names': list(os.environ)}}))", monkeypatch)
    with Apart(["p.csv"], limits=Limits()) as reader:
        names = reader.ask({})["names"]
    assert "PATH" in names
    assert not [name for name in names if name.startswith("EXPLORE_")]


@posix
def test_limits_hold_in_the_process_that_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    behaving(
        "import resource as r; print(json.dumps({'answer': {n: r.getrlimit(getattr(r, n))[1] for n in"
        " ('RLIMIT_CPU', 'RLIMIT_FSIZE', 'RLIMIT_CORE')}}))",
        monkeypatch,
    )
    limits = limits_for(100 * MB)
    with Apart(["p.csv"], limits=limits) as reader:
        found = reader.ask({})
    assert found == {"RLIMIT_CPU": limits.seconds, "RLIMIT_FSIZE": limits.file_bytes, "RLIMIT_CORE": 0}


def test_memory_does_not_grow_with_the_file_and_time_does() -> None:
    small, large = limits_for(1), limits_for(10_000 * MB)
    assert small.memory == large.memory
    assert small.seconds < large.seconds


@posix
def test_the_reader_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    path = saved(tmp_path, csv_of(*rows(20)))
    code = (
        "import sys, time; from pathlib import Path; from explore.posts.apart import Apart\n"
        "from explore.posts.limits import Limits\n"
        "with Apart(['p'], limits=Limits()) as reader:\n"
        " print(reader._process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, cwd=PROJECT)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert within(5, lambda: not alive(child))


def test_a_preview_loads_none_of_the_large_libraries(tmp_path: Path) -> None:
    """Each of them takes longer to import than the look at the file."""
    path = saved(tmp_path, csv_of(*rows(2_000)))
    code = (
        "import sys; from pathlib import Path; from explore.posts import child; child._leave_pandas_out();"
        " from explore.posts.orders import file_to; from explore.posts.sources import look_at;"
        " asked = {'do': 'preview', 'file': file_to(look_at(Path(sys.argv[1]))), 'delimiter': None};"
        " assert 'answer' in child.answer(asked, print);"
        " print(*{'pandas', 'duckdb', 'scipy', 'streamlit', 'bertopic'} & sys.modules.keys())"
    )
    found = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, cwd=PROJECT)
    assert (found.returncode, found.stdout.strip()) == (0, "")


def test_only_folders_of_dead_writers_are_removed(tmp_path: Path) -> None:
    dead = tmp_path / ".abc-123-xyz12345"
    dead.mkdir()
    (dead / "posts.parquet").write_text("half")
    (tmp_path / "kept").mkdir()
    with new_folder(tmp_path / "mine") as mine:
        code = "import sys; from pathlib import Path; from explore.files import *; remove_abandoned(Path(sys.argv[1]))"
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=PROJECT)
        assert mine.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "mine"]
    remove_abandoned(tmp_path / "nowhere")


@posix
def test_two_loads_of_the_same_file_at_once_make_one_snapshot(workspace: Workspace, tmp_path: Path) -> None:
    path = saved(tmp_path, csv_of(*rows(3_000)))
    with loader(path, workspace) as first, loader(path, workspace) as second:
        for each in (first, second):
            _tell(each, kill_at=-1)
        answers = [_told(each) for each in (first, second)]
    assert answers[0]["snapshot"] == answers[1]["snapshot"]
    assert [folder.name for folder in workspace.snapshots.iterdir()] == [answers[0]["snapshot"]]


ROUNDS = 25


@posix
def test_kill_9_at_any_moment_leaves_the_old_or_the_new_workspace(workspace: Workspace, tmp_path: Path) -> None:
    """25 kills spread over all checkpoints of a load; the same command then succeeds and sweeps what was left."""
    load([saved(tmp_path, csv_of(*rows(10)), "old.csv")], workspace, now=NOW)
    before = _content(workspace.home)
    path = saved(tmp_path, csv_of(*rows(3_000), rows(1)[0]), "new.csv")
    with loader(path, workspace) as process:
        _tell(process, kill_at=-1)
        new = workspace.snapshots / _told(process)["snapshot"]
        after = _content(workspace.home)
        shutil.rmtree(new)
        _tell(process, kill_at=-2)
        checkpoints = _told(process)
        assert len(checkpoints) > 10
        for attempt in range(ROUNDS):
            shutil.rmtree(new, ignore_errors=True)
            _tell(process, kill_at=attempt % len(checkpoints))
            assert _told(process) == "killed"
            assert _content(workspace.home, hidden=False) in (before, after)
        _tell(process, kill_at=-1)
        assert _told(process)["snapshot"] == new.name
    assert _content(workspace.home) == after


@posix
def test_a_reader_that_is_killed_in_the_middle_leaves_nothing(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[Apart] = []

    class Kept(Apart):
        def __enter__(self) -> Kept:
            readers.append(self)
            super().__enter__()
            return self

    def kill(stage: str, done: float | None = None) -> None:  # noqa: ARG001 - the shape of Progress
        if stage == "Checking posts":
            readers[-1]._process.kill()

    monkeypatch.setattr("explore.posts.snapshots.Apart", Kept)
    with pytest.raises(Refused, match=r"'posts\.csv' cannot be read within 2 GB of memory"):
        load([saved(tmp_path, csv_of(*rows(50_000)))], workspace, now=NOW, progress=kill)
    assert not workspace.home.exists()


@posix
def test_a_full_disk_is_told_and_leaves_no_trace(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(small)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("a small disk can only be made by root, where the system lets it")
    try:
        workspace = workspace_at(small / "workspace")
        kept = load([saved(tmp_path, csv_of(*rows(10)), "old.csv")], workspace, now=NOW)
        before = _content(workspace.home)
        words = "".join(f"{n},2024-05-01T10:00:00Z,{sha256(str(n).encode()).hexdigest()}\n" for n in range(20_000))
        with pytest.raises(Refused, match="The disk is full"):
            load([saved(tmp_path, csv_of() + words.encode(), "new.csv")], workspace, now=NOW)
        assert _content(workspace.home) == before
        assert open_snapshot(workspace, kept.snapshot).n_posts == 10
    finally:
        subprocess.run(["umount", str(small)], check=True)


# --- helpers ----------------------------------------------------------------------------------------------------------

# Loads in a copy of itself for every number that it is told: -1 as usual, -2 to name the checkpoints, else to be killed
# at that checkpoint. Every change that the process makes on disk and every word that it hears is a checkpoint.
_LOADER = """
import json, os, signal, sys
from dataclasses import asdict
from datetime import datetime, UTC
from pathlib import Path
from explore.posts.snapshots import LoadOptions, load
from explore.settings import workspace_at
CHANGES = {"os.mkdir", "os.rename", "os.chmod", "os.rmdir", "os.remove", "subprocess.Popen", "tempfile.mkdtemp",
           "tempfile.mkstemp", "heard"}
met = []
def checkpoint(event, args):
    if event in CHANGES:
        if len(met) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        met.append(event)
for line in sys.stdin:
    kill_at = int(line)
    if os.fork() == 0:
        sys.addaudithook(checkpoint)
        report = load([Path(sys.argv[1])], workspace_at(Path(sys.argv[2])), now=datetime(2024, 6, 1, 12, tzinfo=UTC),
                      options=LoadOptions(name="new"), progress=lambda stage, done=None: checkpoint("heard", ()))
        print(json.dumps(met if kill_at == -2 else asdict(report)), flush=True)
        os._exit(0)
    _, status = os.wait()
    if status == signal.SIGKILL:
        print(json.dumps("killed"), flush=True)
"""


@contextmanager
def loader(path: Path, workspace: Workspace) -> Iterator[subprocess.Popen[bytes]]:
    """A process that loads the file whenever it is told to."""
    command = [sys.executable, "-c", _LOADER, str(path), str(workspace.home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT) as process:
        yield process


def _tell(process: subprocess.Popen[bytes], *, kill_at: int) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{kill_at}\n".encode())
    process.stdin.flush()


def _told(process: subprocess.Popen[bytes]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def _content(home: Path, *, hidden: bool = True) -> dict[str, int]:
    """Every file with its size (the manifest's counts seconds, so its size may differ); hidden folders on request."""
    files = (path for path in home.rglob("*") if path.is_file())
    shown = (p for p in files if hidden or not any(part.startswith(".") for part in p.relative_to(home).parts))
    return {str(p.relative_to(home)): 0 if p.name == "manifest.json" else p.stat().st_size for p in shown}


def alive(process_id: int) -> bool:
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        try:
            os.kill(process_id, 0)
        except OSError:
            return False
        return not Path("/proc").is_dir()
    return status.rpartition(")")[2].split()[0] != "Z"


def within(seconds: float, true: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.02)
    return False
