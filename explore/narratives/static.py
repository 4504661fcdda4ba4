"""Vectors from a model2vec folder of static word vectors (`static:DIR`), read from disk, never downloaded."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explore.errors import Refused
from explore.narratives.lexicon import Lexicon
from explore.narratives.text import words
from explore.narratives.tokens import UNAIDED, Aids, Tokens, tokens
from explore.narratives.vectors import Vectors, unit_rows

OWN_DIMENSIONS, OWN_WEIGHT = 50, 0.4
MODEL_FILES = ("config.json", "model.safetensors", "tokenizer.json")
READ_SHARE = 0.5  # of a message's letters in pieces longer than a letter: English models reach it in 1 of 800 messages
# in Arabic and 5 in 100 in Russian, and miss it in 5 of 800 in Portuguese or Indonesian and none in English


class Static:
    """Word vectors of a model, averaged, beside the snapshot's own words and their company with less weight.

    Names and tags of the day are in no model (docs/decisions/0004).
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
        self.version = f"static-5-{digest.hexdigest()}"

    def encode(self, texts: Sequence[str], *, seed: int, aids: Aids = UNAIDED) -> Vectors:
        """Mean of the model's vectors of a text's words, centred over all texts, beside what the snapshot says."""
        spoken = tokens(texts) if aids.spoken is None else aids.spoken
        own = aids.beside(_own, spoken, seed=seed)
        vectors = self._model.encode([" ".join(words(text)) for text in texts], use_multiprocessing=False)
        vectors = np.asarray(vectors, dtype=np.float32)
        empty = ~vectors.any(axis=1)
        vectors = unit_rows(vectors)
        vectors -= vectors[~empty].mean(axis=0) if not empty.all() else 0
        vectors[empty] = 0
        return unit_rows(np.hstack([unit_rows(vectors), *(OWN_WEIGHT * view for view in own())]).astype(np.float32))

    def unread(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Which texts the model can hardly read: over half of their letters are unknown or stand alone as letters.

        A model of another language spells its words out letter by letter, which says nothing of their meaning.
        """
        found = [words(text) for text in texts]
        read = self._letters_read(sorted({word for text in found for word in text}))
        return np.array(
            [sum(read[word] for word in text) < READ_SHARE * sum(map(len, text)) for text in found], dtype=bool
        )

    @cached_property
    def _model(self) -> Any:
        from model2vec import StaticModel

        try:
            return StaticModel.from_pretrained(str(self.folder))
        except Exception as error:
            raise Refused(f"The model in '{self.folder}' cannot be read: {error}") from error

    def _letters_read(self, vocabulary: list[str]) -> dict[str, int]:
        """Of each word, how many characters lie in known pieces of two letters or more; vowel signs are no letters."""
        unknown = self._model.unk_token_id
        pieces = self._model.tokenizer.encode_batch(vocabulary, add_special_tokens=False)
        return {
            word: sum(
                end - begin
                for number, (begin, end) in zip(piece.ids, piece.offsets, strict=True)
                if number != unknown and (len(word) == 1 or _letters(word[begin:end]) > 1)
            )
            for word, piece in zip(vocabulary, pieces, strict=True)
        }


def _own(spoken: Tokens, *, seed: int) -> list[Vectors]:
    """What the snapshot's own words say of the texts, and the company that they keep."""
    lexicon = Lexicon(spoken, seed=seed)
    if lexicon.is_empty:
        return []
    return [lexicon.latent(OWN_DIMENSIONS, characters=False), lexicon.company(OWN_DIMENSIONS)]


def _letters(piece: str) -> int:
    return sum(unicodedata.category(character)[0] != "M" for character in piece)
