"""Vectors from a server that speaks OpenAI's embeddings protocol (`http:URL`): the messages leave this machine."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

import numpy as np
from numpy.typing import NDArray

from explore.errors import Refused
from explore.narratives.text import as_written
from explore.narratives.tokens import UNAIDED, Aids
from explore.narratives.vectors import Vectors, unit_rows

BATCH = 32  # what small servers take in one request
MOST_CHARACTERS = 2_000  # of a message: models read some 500 words and servers refuse more
MOST_BYTES, MOST_DIMENSIONS = 64_000_000, 16_384
TIMEOUT = 60.0
WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)  # seconds before each further try
LONGEST_WAIT = 60.0
PASSING = (429, 500, 502, 503, 504)
HERE = ("localhost", "127.0.0.1", "::1")
PROBE = "The water in the river rose by two metres on Tuesday."
MEANING = {
    401: "it wants a key. Set EXPLORE_EMBEDDING_KEY",
    403: "it did not accept the key. Look at EXPLORE_EMBEDDING_KEY",
    404: "it knows no such path or model. The URL ends in /v1/embeddings, the model is EXPLORE_EMBEDDING_MODEL",
    413: "it found the request too large. It must take 32 messages of 2,000 characters at once",
}


@dataclass(frozen=True)
class _Answer:
    status: int
    retry_after: float
    content: bytes


class Endpoint:
    """The embeddings that a server gives for messages as they were written, without links, mentions and a leading RT.

    Its `version` holds the address, the model's name and what the server answers to one fixed sentence, which is asked
    for at once: another model behind the same name has another version. The first 2,000 characters stand for a message.
    """

    def __init__(
        self, url: str, *, model: str | None, key: str | None = None, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Raises `Refused` when the address, the model or the server's answer to the probe cannot be used."""
        self._parts = _checked(url)
        if key and self._parts.scheme == "http" and self._parts.hostname not in HERE:
            raise Refused(
                f"The key would go to {self._parts.netloc} unencrypted. Use https, or unset EXPLORE_EMBEDDING_KEY."
            )
        if not model:
            raise Refused("Say which model the server is to use: set EXPLORE_EMBEDDING_MODEL to its name.")
        self._url, self._model, self._key, self._pause = url, model, key, pause
        self.host = self._parts.netloc
        self.name = f"http:{self.host} {model}"
        probe = self._asked([PROBE], waits=WAITS[:1])[0]
        self._dimensions = len(probe)
        strongest = np.argsort(-np.abs(probe), kind="stable")[:4]
        seen = sorted((int(place), bool(probe[place] > 0)) for place in strongest)
        identity = json.dumps([url, model, self._dimensions, seen]).encode()
        self.version = f"http-1-{hashlib.sha256(identity).hexdigest()}"

    @staticmethod
    def host_of(url: str) -> str:
        """The host, with its port where one is named, that an address leads to. Raises `Refused`."""
        return _checked(url).netloc

    def encode(self, texts: Sequence[str], *, seed: int, aids: Aids = UNAIDED) -> Vectors:  # noqa: ARG002
        """The server's vectors, in batches; it alone decides them, the seed does not. Raises `Refused`."""
        written = [as_written(text)[:MOST_CHARACTERS] for text in texts]
        filled = [place for place, text in enumerate(written) if text]
        vectors = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for begin in range(0, len(filled), BATCH):
            aids.progress(f"Sending messages to {self.host}", begin / len(filled))
            rows = filled[begin : begin + BATCH]
            found = self._asked([written[row] for row in rows], waits=WAITS)
            if found.shape[1] != self._dimensions:
                raise self._refused(f"gave {found.shape[1]} numbers a message, not {self._dimensions} as before")
            vectors[rows] = found
        return unit_rows(vectors)

    def unread(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """All False: what the server's model knows cannot be told from here."""
        return np.zeros(len(texts), dtype=bool)

    def _asked(self, texts: list[str], *, waits: Sequence[float]) -> Vectors:
        body = json.dumps({"model": self._model, "input": texts, "encoding_format": "float"}).encode()
        try:
            return _embeddings(self._sent(body, waits=waits), rows=len(texts))
        except _Unfit as error:
            raise self._refused(str(error)) from None

    def _sent(self, body: bytes, *, waits: Sequence[float]) -> bytes:
        """The content of the server's answer; a passing fault is tried again after each of `waits`."""
        for wait in (*waits, None):
            try:
                answer = self._request(body)
            except (OSError, HTTPException) as error:
                problem, least = f"could not be reached ({error or type(error).__name__})", 0.0
            else:
                if answer.status == HTTPStatus.OK:
                    return answer.content
                problem, least = f"answered {_status(answer.status)}", answer.retry_after
                if answer.status not in PASSING:
                    break
            if wait is not None:
                self._pause(min(max(wait, least), LONGEST_WAIT))
        raise self._refused(problem)

    def _request(self, body: bytes) -> _Answer:
        """One POST, no redirect followed."""
        kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=TIMEOUT)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self._key}"} if self._key else {})
        try:
            connection.request("POST", self._parts.path or "/", body=body, headers=headers)
            answer = connection.getresponse()
            content = answer.read(MOST_BYTES + 1)
            return _Answer(answer.status, _seconds(answer.getheader("Retry-After")), content)
        finally:
            connection.close()

    def _refused(self, problem: str) -> Refused:
        return Refused(f"The embedding server at {self.host} {problem}. Mend it and run again, or use lexical.")


class _Unfit(Exception):
    """What the server sent is not what was asked for."""


def _checked(url: str) -> SplitResult:
    """The parts of an address that texts may be sent to. Raises `Refused`."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise Refused(f"'{url}' is not the address of a server: {error}.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused(f"'{url}' is not the address of a server. Write it like http:https://host/v1/embeddings.")
    if parts.username or parts.password or parts.query or parts.fragment or not url.isascii() or not url.isprintable():
        raise Refused(
            "The address of an embedding server is kept with the run, so it holds no key, query or # part. "
            "Set EXPLORE_EMBEDDING_KEY instead."
        )
    return parts


def _embeddings(content: bytes, *, rows: int) -> Vectors:
    """The vectors of an answer in the order of the request, shape (rows, d). Raises `_Unfit`."""
    if len(content) > MOST_BYTES:
        raise _Unfit(f"sent more than {MOST_BYTES // 1_000_000} MB")
    try:
        held = {int(one["index"]): one["embedding"] for one in json.loads(content)["data"]}
        vectors = np.array([held[row] for row in range(rows)], dtype=np.float32)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _Unfit(f"did not send the {rows} vectors that were asked for") from None
    if len(held) != rows or vectors.ndim != 2 or not 0 < vectors.shape[1] <= MOST_DIMENSIONS:
        raise _Unfit(f"did not send the {rows} vectors that were asked for")
    if not np.isfinite(vectors).all():
        raise _Unfit("sent numbers that are none (NaN or infinite)")
    return vectors


def _status(code: int) -> str:
    if 300 <= code < 400:
        return f"{code}: it points to another address, which is not followed. Give that one if you trust it"
    phrase = next((each.phrase for each in HTTPStatus if each == code), "")
    return f"{code} {phrase}".strip() + (f": {MEANING[code]}" if code in MEANING else "")


def _seconds(header: str | None) -> float:
    """Retry-After in seconds; 0 where it is missing or a date."""
    return float(header) if header and header.isascii() and header.isdigit() else 0.0
