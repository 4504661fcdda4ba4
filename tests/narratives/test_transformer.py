"""The sentence-transformers encoder: what it asks of the package, and what it refuses.

The package is an extra that brings torch along, so a stand-in takes its place at the border.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from explore.errors import Refused
from explore.narratives import transformer
from explore.narratives.encoders import encoder_for
from explore.narratives.tokens import Aids
from explore.narratives.transformer import Transformer

Vectors = np.ndarray[Any, np.dtype[np.float32]]


class Model:
    """What sentence_transformers.SentenceTransformer is called with."""

    made: list[dict[str, Any]]
    seen: list[list[str]]

    def __init__(self, where: str, **options: Any) -> None:
        if not (Path(where) / "modules.json").is_file():
            raise OSError("modules.json not found")
        self.made.append({"where": where, **options})

    def encode(self, texts: Sequence[str], *, convert_to_numpy: bool, show_progress_bar: bool) -> Vectors:
        assert convert_to_numpy
        assert not show_progress_bar
        self.seen.append(list(texts))
        return np.array([[len(text), 1] for text in texts], dtype=np.float32)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    package = ModuleType("sentence_transformers")
    package.__version__ = "5.0.0"  # type: ignore[attr-defined]
    package.SentenceTransformer = type("Made", (Model,), {"made": [], "seen": []})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", package)
    return package


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    (folder / "1_Pooling").mkdir(parents=True)
    for name in ("modules.json", "model.safetensors", "1_Pooling/config.json"):
        (folder / name).write_text(name)
    return folder


def test_messages_become_unit_rows_of_the_models_vectors(package: Any, model: Path) -> None:
    vectors = encoder_for(f"transformer:{model}").encode(["RT @ana: abc https://t.co/x", "abcd", "@ana"], seed=1)
    assert package.SentenceTransformer.seen == [["abc", "abcd", ""]]
    expected = np.array([[3, 1], [4, 1]], dtype=np.float32)
    assert np.allclose(vectors[:2], expected / np.linalg.norm(expected, axis=1, keepdims=True))
    assert not vectors[2].any()
    assert vectors.dtype == np.float32


def test_a_local_model_is_read_without_network_code_or_pickles(package: Any, model: Path) -> None:
    Transformer(str(model), may_download=False).encode(["abc"], seed=1)
    assert package.SentenceTransformer.made == [
        {
            "where": str(model),
            "local_files_only": True,
            "trust_remote_code": False,
            "model_kwargs": {"use_safetensors": True},
        }
    ]


@pytest.mark.usefixtures("package")
def test_many_messages_are_encoded_in_parts_that_show_progress(model: Path) -> None:
    shares: list[float | None] = []
    many = ["abc"] * (2 * transformer.AT_ONCE)
    encoder = Transformer(str(model), may_download=False)
    vectors = encoder.encode(many, seed=1, aids=Aids(progress=lambda _, done=None: shares.append(done)))
    assert (len(vectors), shares) == (len(many), [0.0, 0.5])
    assert encoder.encode([], seed=1).shape[0] == 0


def test_the_version_follows_the_bytes_of_the_folder_and_the_package(package: Any, model: Path) -> None:
    def version() -> str:
        return Transformer(str(model), may_download=False).version

    first = version()
    assert version() == first
    (model / ".cache").mkdir()
    (model / ".cache" / "downloaded").write_text("now")
    assert version() == first
    (model / "1_Pooling" / "config.json").write_text("other pooling")
    second = version()
    package.__version__ = "5.0.1"
    assert len({first, second, version()}) == 3


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(Refused, match=r"not installed .*pip install '\.\[transformer\]'"):
        encoder_for(f"transformer:{model}")


@pytest.mark.usefixtures("package")
def test_a_name_is_not_fetched_unless_that_is_allowed(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    asked: list[tuple[str, bool]] = []

    def fetch(name: str, *, local_files_only: bool, ignore_patterns: list[str]) -> str:
        assert "*.bin" in ignore_patterns
        asked.append((name, local_files_only))
        if local_files_only:
            raise FileNotFoundError(name)
        return str(model)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    with pytest.raises(Refused, match=r"'some/model' is no folder on this machine.* EXPLORE_ALLOW_DOWNLOAD=1"):
        encoder_for("transformer:some/model")
    monkeypatch.setenv("EXPLORE_ALLOW_DOWNLOAD", "1")
    assert encoder_for("transformer:some/model").name == "transformer:some/model"
    assert asked == [("some/model", True), ("some/model", False)]


@pytest.mark.usefixtures("package")
def test_a_model_without_safetensors_is_refused(model: Path) -> None:
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    with pytest.raises(Refused, match="no weights as safetensors"):
        encoder_for(f"transformer:{model}")


@pytest.mark.usefixtures("package")
def test_a_model_that_cannot_be_read_is_refused(model: Path) -> None:
    (model / "modules.json").unlink()
    with pytest.raises(Refused, match=r"cannot be read: modules\.json not found"):
        Transformer(str(model), may_download=False).encode(["abc"], seed=1)
