"""Writing so that a reader sees the old state or the new one, never half of it."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from explore.errors import Refused


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield a hidden folder beside `target`; when the block ends well, flush it to disk and rename it to `target`.

    The hidden name carries the process id, so that what a killed process left behind can be told and removed.
    An error in the block removes the hidden folder and leaves `target` as it was. When `target` has come into being
    meanwhile (the same content, written by another process), the new folder is dropped: identity lies in the name.
    """
    hidden, lock = _hidden_folder(target)
    try:
        yield hidden
        for path in hidden.rglob("*"):
            if path.is_file():
                _flush(path)
        _flush(hidden)
        try:
            hidden.rename(target)
        except OSError:
            if not target.is_dir():
                raise
        _flush(target.parent)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
        if lock is not None:
            os.close(lock)


@contextmanager
def scratch_folder(parent: Path, name: str) -> Iterator[Path]:
    """Yield a hidden folder in `parent` that is gone after the block, or once its killed writer is tidied up after."""
    hidden, lock = _hidden_folder(parent / name)
    try:
        yield hidden
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
        if lock is not None:
            os.close(lock)


@contextmanager
def put_away(folders: Sequence[Path]) -> Iterator[Callable[[], None]]:
    """Yield a function that hides the folders; after the block they are deleted, on an error they are put back.

    The hidden names are those of half-written folders, so that what a killed process leaves is tidied up after; until
    then a lock keeps others from doing so. Raises Refused, and hides none, while somebody reads one of them (`held`).
    """
    hidden: dict[Path, Path] = {}
    locks: list[int | None] = []

    def hide() -> None:
        for folder in folders:
            if folder.is_dir():
                locks.append(_lock_alone(folder))
                away = folder.with_name(f".{folder.name}-{os.getpid()}-{secrets.token_hex(4)}")
                folder.rename(away)
                hidden[folder] = away

    try:
        yield hide
    except BaseException:
        for folder, away in hidden.items():
            away.rename(folder)
        hidden.clear()
        raise
    finally:
        for away in hidden.values():
            shutil.rmtree(away, ignore_errors=True)
        for lock in locks:
            if lock is not None:
                os.close(lock)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep a folder from being put away while the block reads it; others may hold it too.

    The lock ends with its process. Raises Refused where the folder is gone or going. Without effect where the system
    has no such locks.
    """
    try:
        lock = _lock(folder, shared=True)
    except BlockingIOError:
        raise Refused(f"'{folder.name}' is just being deleted.") from None
    try:
        if not folder.is_dir():
            raise Refused(f"'{folder.name}' was deleted meanwhile.")
        yield
    finally:
        if lock is not None:
            os.close(lock)


def refuse_held(folders: Sequence[Path]) -> None:
    """Raise Refused while somebody reads one of the folders (`held`)."""
    for folder in folders:
        lock = _lock_alone(folder)
        if lock is not None:
            os.close(lock)


def remove_abandoned(parent: Path) -> None:
    """Remove the hidden folders in `parent` whose writer is dead, which its lock tells even from another container.

    Folders are left alone where the system has no such locks.
    """
    for folder in parent.glob(".*-*-*"):
        lock = None if folder.is_symlink() or not folder.is_dir() else _locked(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def own_folder(folder: Path) -> None:
    """Make a folder that only its owner may enter; one that is there stays as it is, since a team may share it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def write_bytes(target: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file under a hidden name, flush it and rename it to `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    hidden = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        hidden.chmod(mode)
        hidden.replace(target)
        _flush(target.parent)
    finally:
        hidden.unlink(missing_ok=True)


def write_new(target: Path, content: bytes) -> bool:
    """Write a file unless there is one of this name; whether it was written. Of two at once, one gets True."""
    hidden = target.with_name(f".{target.name}-{secrets.token_hex(8)}")
    write_bytes(hidden, content)
    try:
        os.link(hidden, target)
        _flush(target.parent)
    except FileExistsError:
        return False
    finally:
        hidden.unlink(missing_ok=True)
    return True


def share(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`, which is never written again; a copy where the disk has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def write_json(target: Path, content: Any) -> None:
    """Write `content` as indented UTF-8 JSON with `write_bytes`."""
    write_bytes(target, (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode())


def read_json(path: Path) -> Any:
    """The JSON document in `path`."""
    return json.loads(path.read_text(encoding="utf-8"))


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hidden_folder(target: Path) -> tuple[Path, int | None]:
    """A new hidden folder, and the lock on it that this process holds as long as it lives."""
    while True:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            hidden = Path(tempfile.mkdtemp(prefix=f".{target.name}-{os.getpid()}-", dir=target.parent))
        except FileNotFoundError:  # another writer gave up and took its empty parent folder away
            continue
        lock = _locked(hidden)
        if hidden.is_dir():  # else it was taken for abandoned in the moment before it was locked
            return hidden, lock
        if lock is not None:
            os.close(lock)


def _lock_alone(folder: Path) -> int | None:
    try:
        return _lock(folder)
    except BlockingIOError:
        raise Refused("A run is being made from this at the moment; wait for its end, then try again.") from None


def _locked(folder: Path) -> int | None:
    """A handle that locks a folder until it is closed; None where another process holds it or there are no locks."""
    try:
        return _lock(folder)
    except BlockingIOError:
        return None


def _lock(folder: Path, *, shared: bool = False) -> int | None:
    """A handle that locks a folder until it is closed; None where there are no locks.

    Raises BlockingIOError where somebody else holds it in a way that does not agree.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise
    except OSError:
        os.close(handle)
        return None
    return handle


def _flush(path: Path) -> None:
    """fsync a file or, where the system allows it, a folder."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        if os.name != "nt":
            raise
    finally:
        os.close(handle)
