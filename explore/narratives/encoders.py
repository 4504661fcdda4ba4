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
from numpy.typing import NDArray

from explore.errors import Refused
from explore.files import write_bytes
from explore.narratives.text import words

Vectors = NDArray[np.float32]

LEXICAL_DIMENSIONS = 100
LEXICAL_FIT_SAMPLE = 30_000
MODEL_FILES = ("config.json", "model.safetensors", "tokenizer.json")
CHARACTER_NGRAMS = range(3, 5)


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


def unit_rows(vectors: Vectors) -> Vectors:
    """The rows scaled to length one; rows of zeros, and what rounding leaves of them, become zeros."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-6)
    return unit


class Lexical:
    """Word and character TF-IDF reduced by a truncated SVD: any language, no model, no download.

    The characters of a post are the 3- and 4-grams of its words; they are counted once per distinct word, which gives
    the same matrix as counting them per post.
    """

    name = "lexical"
    version = "lexical-1"

    def encode(self, texts: Sequence[str], *, seed: int) -> Vectors:
        """Vectors of at most 100 dimensions, fitted on (a seeded sample of) the texts themselves."""
        from scipy import sparse
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

        tokens = [words(text) for text in texts]
        if not any(tokens):
            return np.zeros((len(texts), 1), dtype=np.float32)
        counter = CountVectorizer(analyzer=_same, dtype=np.float32)
        per_word = counter.fit_transform(tokens)
        grams = CountVectorizer(analyzer=_character_ngrams, dtype=np.float32)
        per_gram = per_word @ grams.fit_transform(counter.get_feature_names_out())
        blocks = [_frequent(block) for block in (per_word, per_gram)]
        weighted = [TfidfTransformer(sublinear_tf=True).fit_transform(block) for block in blocks if block.shape[1]]
        features = sparse.hstack(weighted, format="csr") if weighted else per_word
        sample = np.sort(np.random.default_rng(seed).permutation(features.shape[0])[:LEXICAL_FIT_SAMPLE])
        dimensions = min(LEXICAL_DIMENSIONS, features.shape[1] - 1, len(sample) - 1)
        if dimensions < 1:
            return unit_rows(np.asarray(features.todense(), dtype=np.float32))
        svd = TruncatedSVD(dimensions, n_iter=3, random_state=seed).fit(features[sample])
        return unit_rows((features @ svd.components_.T.astype(np.float32)).astype(np.float32))


class Static:
    """A model2vec folder of static word vectors (`static:DIR`), read from disk, never downloaded."""

    def __init__(self, folder: Path) -> None:
        missing = [name for name in MODEL_FILES if not (folder / name).is_file()]
        if missing:
            raise Refused(f"'{folder}' is not a model2vec folder: {', '.join(missing)} not found in it.")
        digest = hashlib.sha256()
        for name in MODEL_FILES:
            digest.update((folder / name).read_bytes())
        self.folder = folder
        self.name = f"static:{folder.name}"
        self.version = f"static-1-{digest.hexdigest()}"

    def encode(self, texts: Sequence[str], *, seed: int) -> Vectors:  # noqa: ARG002  # nothing random here
        """Mean of the word vectors of each text's words, centred over all texts."""
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
        return unit_rows(vectors)


def _same(tokens: list[str]) -> list[str]:
    return tokens


def _character_ngrams(word: str) -> list[str]:
    padded = f" {word} "
    return [padded[i : i + n] for n in CHARACTER_NGRAMS for i in range(len(padded) - n + 1)]


def _frequent(counts, *, most: int = 50_000):  # type: ignore[no-untyped-def]  # scipy sparse in and out
    """The columns found in at least two texts and in at most half of them, `most` of them by frequency."""
    document_frequency = np.diff(counts.tocsc().indptr)
    usable = (document_frequency >= 2) & (document_frequency <= max(2, counts.shape[0] // 2))
    keep = np.flatnonzero(usable)
    keep = keep[np.argsort(-document_frequency[keep], kind="stable")][:most]
    return counts[:, np.sort(keep)]


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
