"""Texts to vectors: what "similar" means.

Every encoder gives unit-length float32 rows; a text in which it knows nothing gets a row of zeros.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Protocol

import numpy as np

from explore.errors import Refused
from explore.files import write_bytes
from explore.narratives.lexicon import Lexicon
from explore.narratives.text import words
from explore.narratives.vectors import Vectors, unit_rows

LEXICAL_DIMENSIONS, COMPANY_WEIGHT = 100, 0.7
OWN_DIMENSIONS, OWN_WEIGHT = 50, 0.4
MODEL_FILES = ("config.json", "model.safetensors", "tokenizer.json")


class Encoder(Protocol):
    """Turns texts into vectors.

    `name` is what a person asked for; `version` changes whenever the same text could get another vector, and is part
    of the cache key.
    """

    name: str
    version: str

    def encode(self, texts: Sequence[str], *, seed: int) -> Vectors:
        """Unit-length rows, shape (len(texts), d)."""
        ...


def encoder_for(spec: str) -> Encoder:
    """The encoder that `spec` names: `lexical`, or `static:DIR` with a model2vec folder. Raises `Refused`."""
    kind, _, where = spec.partition(":")
    if kind == "lexical" and not where:
        return Lexical()
    if kind == "static" and where:
        return Static(Path(where).expanduser())
    raise Refused(f"There is no encoder '{spec}'. Say lexical, or static:DIR with a model2vec folder.")


def encode_cached(encoder: Encoder, texts: Sequence[str], *, seed: int, cache: Path) -> Vectors:
    """The vectors of `texts`, read from `cache` when the same encoder has seen the same texts with the same seed.

    A cached file that cannot be read or has the wrong shape is made again.
    """
    key = hashlib.sha256(json.dumps([encoder.version, seed, len(texts)]).encode())
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass")
        key.update(len(encoded).to_bytes(8, "big") + encoded)
    path = cache / "vectors" / f"{key.hexdigest()}.npy"
    cached = _read(path, rows=len(texts))
    if cached is not None:
        return cached
    vectors = encoder.encode(texts, seed=seed)
    buffer = BytesIO()
    np.save(buffer, vectors, allow_pickle=False)
    content = buffer.getvalue()
    write_bytes(path, hashlib.sha256(content).digest() + content)
    return vectors


class Lexical:
    """The snapshot's own words (see `Lexicon`): any language, no model, no download."""

    name = "lexical"
    version = "lexical-2"

    def encode(self, texts: Sequence[str], *, seed: int) -> Vectors:
        """Vectors of at most 200 dimensions: what a text holds, and the company its words keep."""
        lexicon = Lexicon(texts, seed=seed)
        if lexicon.is_empty:
            return np.zeros((len(texts), 1), dtype=np.float32)
        held, company = lexicon.latent(LEXICAL_DIMENSIONS, characters=True), lexicon.company()
        return unit_rows(np.hstack([held, COMPANY_WEIGHT * company]).astype(np.float32))


class Static:
    """A model2vec folder of static word vectors (`static:DIR`), read from disk, never downloaded.

    The snapshot's own latent semantics stand beside the model's, with less weight: names and tags of the day are in no
    model. It lifts five of six labelled sets and lowers one (docs/decisions/0004).
    """

    def __init__(self, folder: Path) -> None:
        missing = [name for name in MODEL_FILES if not (folder / name).is_file()]
        if missing:
            raise Refused(f"'{folder}' is not a model2vec folder: {', '.join(missing)} not found in it.")
        digest = hashlib.sha256()
        for name in MODEL_FILES:
            digest.update((folder / name).read_bytes())
        self.folder = folder
        self.name = f"static:{folder.name}"
        self.version = f"static-2-{digest.hexdigest()}"

    def encode(self, texts: Sequence[str], *, seed: int) -> Vectors:
        """Mean of the model's vectors of a text's words, centred over all texts, beside the snapshot's own LSA."""
        from model2vec import StaticModel

        try:
            model = StaticModel.from_pretrained(str(self.folder))
        except Exception as error:
            raise Refused(f"The model in '{self.folder}' cannot be read: {error}") from error
        vectors = model.encode([" ".join(words(text)) for text in texts], use_multiprocessing=False)
        vectors = np.asarray(vectors, dtype=np.float32)
        empty = ~vectors.any(axis=1)
        vectors = unit_rows(vectors)
        vectors -= vectors[~empty].mean(axis=0) if not empty.all() else 0
        vectors[empty] = 0
        lexicon = Lexicon(texts, seed=seed)
        own = [] if lexicon.is_empty else [OWN_WEIGHT * lexicon.latent(OWN_DIMENSIONS, characters=False)]
        return unit_rows(np.hstack([unit_rows(vectors), *own]).astype(np.float32))


def _read(path: Path, *, rows: int) -> Vectors | None:
    """A cached matrix whose bytes are still the ones written, else None."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content[32:]).digest() != content[:32]:
        return None
    vectors: Vectors = np.load(BytesIO(content[32:]), allow_pickle=False)
    return vectors if len(vectors) == rows else None
