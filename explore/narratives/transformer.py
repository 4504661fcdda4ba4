"""Vectors from a sentence-transformers model on this machine (`transformer:NAME_OR_DIR`), an extra."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explore.errors import Refused
from explore.narratives.text import as_written
from explore.narratives.tokens import UNAIDED, Aids
from explore.narratives.vectors import Vectors, unit_rows

AT_ONCE = 2_048  # messages between two signs of progress
INSTALL = ".venv/bin/python -m pip install '.[transformer]'"
OTHER_FORMATS = ["onnx/*", "openvino/*", "*.onnx", "*.bin", "*.h5", "*.ot", "*.msgpack", "*.pt", "*.pth"]


class Transformer:
    """A folder of a sentence-transformers model, or the name of one that is fetched only when that is allowed.

    Weights are read as safetensors and nothing else, and no code of the model's is run. `version` holds the bytes of
    the folder and the version of the package.
    """

    def __init__(self, where: str, *, may_download: bool) -> None:
        """Raises `Refused` when the package or the model is not there."""
        self._package = _package()
        self.folder = _folder(where, may_download=may_download)
        if not any(self.folder.rglob("*.safetensors")):
            raise Refused(
                f"'{where}' holds no weights as safetensors, and other formats can run code. Take another one."
            )
        self.name = f"transformer:{self.folder.name if Path(where).expanduser().is_dir() else where}"
        package = getattr(self._package, "__version__", "")
        self.version = f"transformer-1-{package}-{_digest(self.folder)}"

    def encode(self, texts: Sequence[str], *, seed: int, aids: Aids = UNAIDED) -> Vectors:  # noqa: ARG002
        """The model's vectors of the messages as written, without links, mentions and a leading RT; no seed decides."""
        model = self._model()
        written = [as_written(text) for text in texts]
        blocks = [] if written else [np.zeros((0, 1), dtype=np.float32)]
        for begin in range(0, len(written), AT_ONCE):
            aids.progress("Comparing messages", begin / len(written))
            found = model.encode(written[begin : begin + AT_ONCE], convert_to_numpy=True, show_progress_bar=False)
            blocks.append(np.asarray(found, dtype=np.float32))
        vectors = np.vstack(blocks)
        vectors[[not text for text in written]] = 0
        return unit_rows(vectors)

    def unread(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """All False: a transformer reads any text, well or badly."""
        return np.zeros(len(texts), dtype=bool)

    def _model(self) -> Any:
        try:
            return self._package.SentenceTransformer(
                str(self.folder),
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
        except Exception as error:
            raise Refused(f"The model in '{self.folder}' cannot be read: {error}") from error


def _package() -> Any:
    try:
        import sentence_transformers
    except ImportError:
        raise Refused(
            f"transformer: needs sentence-transformers, which is not installed (some 3 GB on Linux). Run {INSTALL}, "
            "or use lexical."
        ) from None
    return sentence_transformers


def _folder(where: str, *, may_download: bool) -> Path:
    """The model's folder: the one named, or the one that the model of this name is kept in. Raises `Refused`."""
    local = Path(where).expanduser()
    if local.is_dir():
        return local
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(where, local_files_only=not may_download, ignore_patterns=OTHER_FORMATS))
    except Exception as error:
        if may_download:
            raise Refused(f"The model '{where}' could not be fetched: {error}") from error
        raise Refused(
            f"'{where}' is no folder on this machine, and Groundswell fetches nothing unasked. Give the folder of a "
            "model, or set EXPLORE_ALLOW_DOWNLOAD=1 to fetch the one of that name."
        ) from None


def _digest(folder: Path) -> str:
    """SHA-256 over names and bytes of the folder's visible files."""
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path
