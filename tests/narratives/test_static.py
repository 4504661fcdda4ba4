"""Static word vectors: a folder on disk, a version of its bytes, and what it cannot read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explore.errors import Refused
from explore.narratives.encoders import encoder_for
from explore.narratives.static import Static
from explore.narratives.vectors import Vectors

WORDS = ("bread", "oven", "flour", "battery", "fire", "smoke")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model2vec folder with six words: three point one way, three another."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    vocabulary = {word: number for number, word in enumerate(["[UNK]", *WORDS])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106  # a token, no password
    vectors = [[0, 0, 0], [1, 0.1, 0], [1, 0, 0.1], [1, 0, 0], [0, 1, 0.1], [0.1, 1, 0], [0, 1, 0]]
    return saved(tmp_path / "model", tokenizer, vectors)


@pytest.fixture
def english(tmp_path: Path) -> Path:
    """A model2vec folder that knows two English words and spells Russian ones letter by letter."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece

    pieces = ["[UNK]", "bread", "oven", "##s", "a", *"водат", *(f"##{letter}" for letter in "водат")]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106  # a token, no password
    return saved(tmp_path / "english", tokenizer, np.eye(len(pieces), 4).tolist())


def saved(folder: Path, tokenizer: Any, vectors: list[list[float]]) -> Path:
    from model2vec import StaticModel
    from tokenizers.pre_tokenizers import Whitespace

    tokenizer.pre_tokenizer = Whitespace()
    StaticModel(np.array(vectors, dtype=np.float32), tokenizer, normalize=True).save_pretrained(folder)
    return folder


def norms(vectors: Vectors) -> list[float]:
    return [round(float(norm), 5) for norm in np.linalg.norm(vectors, axis=1)]


def test_a_static_model_is_read_from_its_folder(model: Path) -> None:
    encoder = encoder_for(f"static:{model}")
    vectors = encoder.encode(["bread oven", "Flour, bread!", "battery fire", "smoke", "nothing known", "😀"], seed=1)
    assert norms(vectors) == [1.0] * 4 + [0.0] * 2
    assert vectors[0] @ vectors[1] > 0.9
    assert vectors[2] @ vectors[3] > 0.9
    assert vectors[0] @ vectors[2] < -0.5  # centred: the two ways point apart


def test_a_static_model_knows_no_difference_between_identical_texts(model: Path) -> None:
    vectors = Static(model).encode(["bread"] * 7, seed=1)
    assert np.allclose(vectors, vectors[0])
    assert not Static(model).encode(["😀 !"], seed=1).any()


def test_a_static_model_has_the_name_of_its_folder_and_a_version_of_its_bytes(model: Path) -> None:
    before = Static(model)
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | {"note": "changed"}))
    assert before.name == Static(model).name == "static:model"
    assert before.version != Static(model).version


def test_a_folder_that_is_no_model_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"folder: config\.json, model\.safetensors, tokenizer\.json not found"):
        encoder_for(f"static:{tmp_path}")
    with pytest.raises(Refused, match="not a model2vec folder"):
        encoder_for(f"static:{tmp_path / 'absent'}")


def test_a_model_that_cannot_be_read_is_refused(model: Path) -> None:
    (model / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(Refused, match="cannot be read"):
        Static(model).encode(["bread"], seed=1)


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("bread ovens", False),
        ("a bread", False),
        ("вода", True),  # only its letters are known
        ("вода вода bread bread bread", False),
        ("вода вода вода bread", True),
        ("totally unknown", True),
        ("\U0001f600", False),  # without words there is nothing to read
    ],
)
def test_a_message_spelt_letter_by_letter_is_unread(english: Path, text: str, unread: bool) -> None:
    assert Static(english).unread(["bread", text]).tolist() == [False, unread]
