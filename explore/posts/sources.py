"""The bytes of a file: is it a plain, whole file, how is it packed, and its content as a stream of bounded reads."""

from __future__ import annotations

import io
import os
import re
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import zstandard

from explore.errors import Refused
from explore.files import sha256

MAX_EXPANDED = 64 * 2**30  # bytes; more than a billion posts
BOMB_RATIO = 1_000  # text that people wrote packs 3 to 50 times, copies of one post some 200 times
_BOMB_FROM = 32 * 2**20
_MAX_WINDOW = 128 * 2**20
_STEP = 2_048  # packed bytes a step: at most 64 MB of output at once, however hostile

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_PACKED = {_GZIP: "gzip", _ZSTD: "zstd"}
_STARTS = {"gzip": (_GZIP,), "zstd": (_ZSTD, *(bytes([0x50 + i]) + b"\x2a\x4d\x18" for i in range(16)))}
PICKLE = (
    "a Python pickle, which may run code when it is opened and is never opened here; have the posts written as CSV, "
    "JSONL or Parquet, for example with DataFrame.to_csv"
)
_FOREIGN = {
    **{bytes([0x80, protocol]): PICKLE for protocol in (2, 3, 4, 5)},
    b"PK\x03\x04": "a ZIP archive or an Excel workbook; unpack it, or save the sheet as CSV",
    b"BZh": "packed with bzip2; unpack it, or pack it with gzip or zstd",
    b"\xfd7zXZ": "packed with xz; unpack it, or pack it with gzip or zstd",
    b"7z\xbc\xaf": "a 7-Zip archive; unpack it",
    b"Rar!": "a RAR archive; unpack it",
    b"%PDF": "a PDF; export the posts as CSV, JSONL or Parquet",
    b"SQLite f": "an SQLite database; export the posts as CSV, JSONL or Parquet",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
    b"ARROW1": "an Arrow file; write it as Parquet",
    b"FEA1": "a Feather file; write it as Parquet",
    b"$FL2": "a file of SPSS; export the posts as CSV",
    b"$FL3": "a file of SPSS; export the posts as CSV",
    b"<stata_d": "a file of Stata; export the posts as CSV",
    b"RDX": "a file of R; write the posts with write.csv",
    b"X\n\0\0\0": "a file of R; write the posts with write.csv",
    b"\x89HDF": "an HDF5 file; export the posts as CSV, JSONL or Parquet",
    b"\x93NUMPY": "an array of NumPy; export the posts as CSV, JSONL or Parquet",
    b"\x04\x22\x4d\x18": "packed with lz4; unpack it, or pack it with gzip or zstd",
    b"\x89PNG": "a picture; have the posts exported as CSV, JSONL or Parquet",
    b"\xff\xd8\xff": "a picture; have the posts exported as CSV, JSONL or Parquet",
    b"Obj\x01": "an Avro file; write it as Parquet",
    b"ORC": "an ORC file; write it as Parquet",
}


@dataclass(frozen=True)
class InputFile:
    """One plain file; `compression` is "none", "gzip" or "zstd" by content, `stamp` changes when the file does."""

    path: Path
    name: str
    size: int
    compression: str
    stamp: tuple[int, int, int]


def look_at(path: Path) -> InputFile:
    """Check that `path` is a plain file with something in it. Raises Refused for links, pipes, folders, empty files."""
    name = _harmless(path.name)
    try:
        status = path.lstat()
    except OSError:
        raise Refused(f"There is no file '{name}'; check the path.") from None
    if stat.S_ISLNK(status.st_mode):
        raise Refused(f"'{name}' is a link; give the file itself.")
    if stat.S_ISDIR(status.st_mode):
        raise Refused(f"'{name}' is a folder; give the files in it.")
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"'{name}' is not a plain file; save the posts to a file first.")
    if status.st_size == 0:
        raise Refused(f"'{name}' is empty; export it again.")
    with _opened(path, name) as file:
        head = file.read(8)
    _refuse_foreign(head, name)
    packed = next((kind for kind, starts in _STARTS.items() if head.startswith(starts)), "none")
    return InputFile(path, name, status.st_size, packed, _stamp(status))


def digest(file: InputFile) -> str:
    """SHA-256 of the file's bytes as they are on disk."""
    value = sha256(file.path)
    ensure_unchanged(file)
    return value


def ensure_unchanged(file: InputFile) -> None:
    """Raise Refused when the file is no longer the one that was looked at."""
    try:
        same = _stamp(file.path.lstat()) == file.stamp
    except OSError:
        same = False
    if not same:
        raise Refused(f"'{file.name}' changed while it was read; wait until it is complete, then load it again.")


def open_content(file: InputFile) -> io.BufferedReader[Any]:
    """The unpacked bytes of a file. Reading raises Refused for cut, damaged, doubly packed or exploding archives."""
    raw = _opened(file.path, file.name)
    if file.compression == "none":
        return raw
    stream: io.BufferedReader[Any] = io.BufferedReader(_Unpacked(raw, file), buffer_size=2**18)
    head = stream.peek(8)[:8]
    if any(head.startswith(magic) for magic in _PACKED):
        stream.close()
        raise Refused(f"'{file.name}' is packed twice; unpack it once and load it again.")
    _refuse_foreign(head, file.name)
    if not head:
        stream.close()
        raise Refused(f"'{file.name}' is empty once unpacked; export it again.")
    return stream


class _Decoder(Protocol):
    """One gzip member or zstd frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


class _Unpacked(io.RawIOBase):
    """The members or frames of a packed file one after the other, a bounded step at a time."""

    def __init__(self, raw: BinaryIO, file: InputFile) -> None:
        self._raw, self._file = raw, file
        self._decoder = self._fresh()
        self._ready = memoryview(b"")
        self._packed = self._unpacked = 0
        self._rest = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        target = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while not self._ready and not self._ended:
            self._ready = memoryview(self._step())
        taken = min(len(target), len(self._ready))
        target[:taken] = self._ready[:taken]
        self._ready = self._ready[taken:]
        return taken

    def close(self) -> None:
        self._raw.close()
        super().close()

    def position(self) -> int:
        """Packed bytes that are behind."""
        return self._packed

    def _fresh(self) -> _Decoder:
        if self._file.compression == "gzip":
            return zlib.decompressobj(wbits=31)
        return zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()

    def _step(self) -> bytes:
        """Unpack the next few bytes; b"" when there is nothing yet, or at the end."""
        if self._decoder.eof and not self._next_part():
            self._ended = True
            return b""
        data, self._rest = self._rest or self._raw.read(_STEP), b""
        if not data:
            raise Refused(f"'{self._file.name}' is cut short; copy or download it again.")
        self._packed += len(data)
        try:
            out = self._decoder.decompress(data)
        except (zlib.error, zstandard.ZstdError) as error:
            raise Refused(self._damage(error)) from None
        self._guard(len(out))
        return out

    def _next_part(self) -> bool:
        """Whether another member or frame follows; anything else that follows is refused."""
        self._rest = self._decoder.unused_data
        while len(self._rest) < 4 and (more := self._raw.read(_STEP)):
            self._rest += more
        if self._rest and not self._rest.startswith(_STARTS[self._file.compression]):
            raise Refused(f"'{self._file.name}' has other bytes after its packed content; pack it again.")
        self._decoder = self._fresh()
        return bool(self._rest)

    def _damage(self, error: Exception) -> str:
        if "memory" in str(error).lower() or "window" in str(error).lower():
            return f"'{self._file.name}' needs more than 128 MB of window to unpack; pack it again without --long."
        return f"'{self._file.name}' is a damaged {self._file.compression} file; copy or download it again."

    def _guard(self, more: int) -> None:
        self._unpacked += more
        if self._unpacked > MAX_EXPANDED:
            raise Refused(f"'{self._file.name}' unpacks to more than {MAX_EXPANDED // 2**30} GB; split it.")
        if self._unpacked > _BOMB_FROM and self._unpacked > BOMB_RATIO * max(self._packed, _STEP):
            raise Refused(f"'{self._file.name}' unpacks to over {BOMB_RATIO:,} times its size, as no posts do.")


class _Plain(io.FileIO):
    """An open file that says how far it was read."""

    def position(self) -> int:
        """Bytes that are behind."""
        return self.tell()


def _harmless(name: str) -> str:
    """The last part of a file's name, whatever system it came from, without characters that cannot be seen."""
    last = re.split(r"[\\/]", name)[-1].lstrip(".") or "file"
    return "".join(c if c.isprintable() else "�" for c in last)[:200]


def _opened(path: Path, name: str) -> io.BufferedReader[Any]:
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    except PermissionError:
        raise Refused(f"'{name}' may not be read by this account; change its permissions.") from None
    except OSError as error:
        raise Refused(f"'{name}' cannot be opened ({error.strerror}).") from None
    return io.BufferedReader(_Plain(handle, "rb"), buffer_size=2**18)


def _refuse_foreign(head: bytes, name: str) -> None:
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise Refused(f"'{name}' is {what}.")


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino
