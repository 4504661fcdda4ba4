"""Texts to vectors: what "similar" means.

Every encoder gives unit-length float32 rows; a text in which it knows nothing gets a row of zeros. Only `http:` sends
texts anywhere, and only `transformer:NAME` can fetch anything, when the environment allows it.
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
from explore.narratives.endpoint import Endpoint
from explore.narratives.lexicon import Lexicon
from explore.narratives.static import Static
from explore.narratives.tokens import UNAIDED, Aids, tokens
from explore.narratives.transformer import Transformer
from explore.narratives.vectors import Vectors, unit_rows
from explore.settings import Environment

LEXICAL_DIMENSIONS = 100


class Encoder(Protocol):
    """Turns texts into vectors.

    `name` is what a person asked for; `version` changes whenever the same text could get another vector, and is part
    of the cache key.
    """

    name: str
    version: str

    def encode(self, texts: Sequence[str], *, seed: int, aids: Aids = UNAIDED) -> Vectors:
        """Unit-length rows, shape (len(texts), d)."""
        ...

    def unread(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Which texts are written in what the encoder knows next to nothing of, shape (len(texts),)."""
        ...


def encoder_for(spec: str) -> Encoder:
    """The encoder that `spec` names. Raises `Refused`.

    `lexical`; `static:DIR`, a model2vec folder; `transformer:NAME_OR_DIR`, a sentence-transformers model;
    `http:URL`, an OpenAI-compatible embeddings server, which gets one sentence of ours at once.
    """
    kind, _, where = spec.partition(":")
    if kind == "lexical" and not where:
        return Lexical()
    if kind == "static" and where:
        return Static(Path(where).expanduser())
    environment = Environment()
    if kind == "transformer" and where:
        return Transformer(where, may_download=environment.allow_download)
    url = _url(spec)
    if url:
        key = environment.embedding_key
        return Endpoint(url, model=environment.embedding_model, key=key.get_secret_value() if key else None)
    raise Refused(
        f"There is no encoder '{spec}'. Say lexical, or static:DIR with a model2vec folder, transformer:NAME_OR_DIR "
        "or http:URL."
    )


def sent_to(spec: str) -> str | None:
    """The host that the encoder of this name sends the messages to; null for those that work on this machine.

    Raises `Refused` where nothing may be sent to that address.
    """
    url = _url(spec)
    return Endpoint.host_of(url) if url else None


def encode_cached(
    encoder: Encoder,
    texts: Sequence[str],
    *,
    seed: int,
    cache: Path,
    aids: Aids = UNAIDED,
) -> Vectors:
    """The vectors of `texts`; read from `cache` when the same encoder has seen the same texts with the same seed.

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
    vectors = encoder.encode(texts, seed=seed, aids=aids)
    buffer = BytesIO()
    np.save(buffer, vectors, allow_pickle=False)
    content = buffer.getvalue()
    write_bytes(path, hashlib.sha256(content).digest() + content)
    return vectors


class Lexical:
    """The snapshot's own words (see `Lexicon`): any language, no model, no download."""

    name = "lexical"
    version = "lexical-5"

    def encode(self, texts: Sequence[str], *, seed: int, aids: Aids = UNAIDED) -> Vectors:
        """Vectors of at most 200 dimensions: what a text holds, and the company its words keep."""
        lexicon = Lexicon(tokens(texts) if aids.spoken is None else aids.spoken, seed=seed)
        if lexicon.is_empty:
            return np.zeros((len(texts), 1), dtype=np.float32)
        company = aids.beside(lexicon.company, LEXICAL_DIMENSIONS)
        held = lexicon.latent(LEXICAL_DIMENSIONS, characters=True)
        return unit_rows(np.hstack([held, company()]).astype(np.float32))

    def unread(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """All False: words are all it needs."""
        return np.zeros(len(texts), dtype=bool)


def _url(spec: str) -> str | None:
    """The address in http:URL; an address alone is taken as one too."""
    if spec.startswith(("http://", "https://")):
        return spec
    return spec.removeprefix("http:") if spec.startswith(("http:http://", "http:https://")) else None


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
