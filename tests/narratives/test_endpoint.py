"""The encoder that asks a server: what is sent, what is refused, what is tried again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from explore.errors import Refused
from explore.narratives.encoders import encoder_for
from explore.narratives.endpoint import PROBE, Endpoint
from explore.narratives.tokens import Aids

Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Server:
    """A tiny embeddings server: answers each request with `reply(texts)` and remembers what it got."""

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    vector: Callable[[str], list[float]] = lambda text: [float(len(text)), 1.0, -2.0]

    def answer(self, asked: dict[str, Any]) -> Reply:
        """The next of `replies`, after the probe; else the vectors, last text first as the protocol allows."""
        if self.replies and asked["input"] != [PROBE]:
            return self.replies.pop(0)
        rows = [{"index": i, "embedding": self.vector(text)} for i, text in enumerate(asked["input"])]
        return 200, {}, json.dumps({"data": rows[::-1]}).encode()

    def texts(self) -> list[str]:
        """Every text that was sent, without the probe."""
        return [text for asked in self.asked for text in asked["input"] if text != PROBE]


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known.asked.append(asked)
            known.headers.append(dict(self.headers))
            status, headers, body = known.answer(asked)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Server(f"http://127.0.0.1:{running.server_port}/v1/embeddings")
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield known
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def pauses() -> list[float]:
    return []


def endpoint(server: Server, pauses: list[float], *, model: str = "tiny", key: str | None = None) -> Endpoint:
    return Endpoint(server.url, model=model, key=key, pause=pauses.append)


def data(*vectors: Any) -> bytes:
    return json.dumps({"data": [{"index": i, "embedding": vector} for i, vector in enumerate(vectors)]}).encode()


def test_messages_come_back_as_unit_rows_in_their_order(server: Server, pauses: list[float]) -> None:
    texts = [f"message {'x' * i}" for i in range(1, 71)]
    vectors = endpoint(server, pauses).encode(texts, seed=1)
    expected = np.array([[len(text), 1, -2] for text in texts], dtype=np.float32)
    assert np.allclose(vectors, expected / np.linalg.norm(expected, axis=1, keepdims=True))
    assert vectors.dtype == np.float32
    assert [len(asked["input"]) for asked in server.asked] == [1, 32, 32, 6]
    assert {asked["model"] for asked in server.asked} == {"tiny"}
    assert pauses == []


def test_links_mentions_and_what_is_too_long_stay_here(server: Server, pauses: list[float]) -> None:
    texts = ["RT @ana: Flood in Porto! https://t.co/x", "@ana https://t.co/x", "word " * 9_000]
    vectors = endpoint(server, pauses).encode(texts, seed=1)
    assert server.texts()[0] == "Flood in Porto!"
    assert [len(text) for text in server.texts()] == [15, 2_000]
    assert vectors.any(axis=1).tolist() == [True, False, True]


def test_it_says_where_messages_go_and_how_far_it_is(server: Server, pauses: list[float]) -> None:
    said: list[tuple[str, float | None]] = []
    encoder = endpoint(server, pauses)
    encoder.encode(["a b"] * 64, seed=1, aids=Aids(progress=lambda stage, done=None: said.append((stage, done))))
    assert said == [(f"Sending messages to {encoder.host}", share) for share in (0.0, 0.5)]


def test_no_messages_are_no_request(server: Server, pauses: list[float]) -> None:
    assert endpoint(server, pauses).encode([], seed=1).shape == (0, 3)
    assert len(server.asked) == 1


def test_the_key_goes_into_the_header_and_nowhere_else(server: Server, pauses: list[float]) -> None:
    encoder = endpoint(server, pauses, key="s3cret")
    assert server.headers[0]["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in encoder.name + encoder.version + str(server.asked)


def test_a_busy_server_is_asked_again_after_a_longer_and_longer_pause(server: Server, pauses: list[float]) -> None:
    server.replies = [(503, {}, b""), (429, {"Retry-After": "7"}, b""), (500, {"Retry-After": "9999"}, b"")]
    assert endpoint(server, pauses).encode(["one text"], seed=1).any()
    assert pauses == [1, 7, 60]


def test_a_server_that_stays_busy_is_refused_in_words(server: Server, pauses: list[float]) -> None:
    server.replies = [(503, {}, b"")] * 6
    with pytest.raises(Refused, match=r"at 127\.0\.0\.1:\d+ answered 503 Service Unavailable"):
        endpoint(server, pauses).encode(["one text"], seed=1)
    assert pauses == [1, 2, 4, 8, 16]


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ((401, {}, b""), "401 Unauthorized: it wants a key. Set EXPLORE_EMBEDDING_KEY"),
        ((404, {}, b""), "404 Not Found: it knows no such path or model"),
        ((302, {"Location": "http://127.0.0.1:9/"}, b""), "302: it points to another address, which is not followed"),
        ((200, {}, b"<html>"), "did not send the 2 vectors"),
        ((200, {}, b"[" * 100_000), "did not send the 2 vectors"),
        ((200, {}, data([1, 2, 3])), "did not send the 2 vectors"),
        ((200, {}, data([1, 2, 3], [1, 2])), "did not send the 2 vectors"),
        ((200, {}, data([1, 2, 3], [1, "x", 3])), "did not send the 2 vectors"),
        ((200, {}, data([1, 2, 3], [1, 2, 3], [1, 2, 3])), "did not send the 2 vectors"),
        ((200, {}, data([1, 2, 3], [1, 2, float("nan")])), "NaN"),
        ((200, {}, data([1, 2], [1, 2])), "gave 2 numbers a message, not 3 as before"),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused_at_once(
    server: Server, pauses: list[float], reply: Reply, told: str
) -> None:
    encoder = endpoint(server, pauses)
    server.replies = [reply]
    with pytest.raises(Refused) as refused:
        encoder.encode(["one text", "another"], seed=1)
    assert told in str(refused.value)
    assert pauses == []


def test_a_server_that_is_down_is_refused_with_what_happened(pauses: list[float]) -> None:
    with pytest.raises(Refused, match=r"at 127\.0\.0\.1:1 could not be reached .*refused.* use lexical"):
        Endpoint("http://127.0.0.1:1/v1/embeddings", model="tiny", pause=pauses.append)
    assert pauses == [1]


@pytest.mark.parametrize(
    ("url", "key", "told"),
    [
        ("ftp://example.org/x", None, "not the address of a server"),
        ("http://", None, "not the address of a server"),
        ("http://[::1/x", None, "not the address of a server"),
        ("http://localhost:99999/x", None, "not the address of a server"),
        ("http://user:pass@localhost/x", None, "holds no key"),
        ("http://localhost/x?key=1", None, "holds no key"),
        ("http://localhost/x\r\nHost: y", None, "holds no key"),
        ("http://example.org/x", "s3cret", "unencrypted"),
    ],
)
def test_an_address_that_nothing_may_be_sent_to_is_refused(url: str, key: str | None, told: str) -> None:
    with pytest.raises(Refused, match=told):
        Endpoint(url, model="tiny", key=key)


def test_another_model_has_another_version_even_under_the_same_name(server: Server, pauses: list[float]) -> None:
    first, same = endpoint(server, pauses), endpoint(server, pauses)
    named = endpoint(server, pauses, model="other")
    server.vector = lambda text: [1.0, float(len(text)), 2.0]
    swapped = endpoint(server, pauses)
    server.vector = lambda text: [float(len(text)), 1.0, -2.0, 0.0]
    longer = endpoint(server, pauses)
    assert first.version == same.version
    assert len({each.version for each in (first, named, swapped, longer)}) == 4


def test_the_last_digits_of_a_server_do_not_make_another_version(server: Server, pauses: list[float]) -> None:
    first = endpoint(server, pauses)
    server.vector = lambda text: [len(text) * 1.0001, 1.0001, -2.0001]
    assert endpoint(server, pauses).version == first.version


def test_model_and_key_come_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="set EXPLORE_EMBEDDING_MODEL"):
        encoder_for(f"http:{server.url}")
    monkeypatch.setenv("EXPLORE_EMBEDDING_MODEL", "from-outside")
    monkeypatch.setenv("EXPLORE_EMBEDDING_KEY", "s3cret")
    encoder = encoder_for(f"http:{server.url}")
    assert encoder.name.endswith(" from-outside")
    assert server.headers[0]["Authorization"] == "Bearer s3cret"
