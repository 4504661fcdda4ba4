"""Posts that a queue wrapped: unwrapped where every record is, never stored as JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from explore.errors import Refused
from explore.settings import Workspace
from tests.posts.bad_inputs import AT
from tests.posts.making import json_rows, jsonl_of, loaded, parquet_of


def queued(post: Any, wrap: Callable[[Any], Any], key: str) -> dict[str, Any]:
    return {"topic": "posts", "partition": 0, "offset": 17, "key": None, key: wrap(post)}


@pytest.mark.parametrize("wrap", [json.dumps, lambda post: post])
@pytest.mark.parametrize("key", ["value", "payload", "message", "body", "data"])
def test_posts_behind_a_key_are_unwrapped(key: str, wrap: Any, workspace: Workspace, tmp_path: Path) -> None:
    content = jsonl_of(*(queued(post, wrap, key) for post in json_rows(10)))
    report, posts = loaded(workspace, tmp_path, content, "p.jsonl")
    assert report.accepted == 10
    assert [posts[0][name] for name in ("post_id", "text")] == ["1", "words of a post 1"]
    assert posts[0]["created_at"].isoformat() == "2024-05-01T10:00:00+00:00"


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ("no JSON", "broken_json"),
        ('{"id": "1", "id": "2"}', "duplicate_keys"),
        ("[" * 100, "too_deep"),
        (None, "no_text"),
        (json.dumps(json_rows(1, start=11)[0] | {"text": "half \ud800"}), "lone_surrogate"),
    ],
)
def test_what_is_wrapped_badly_is_kept_apart(last: Any, reason: str, workspace: Workspace, tmp_path: Path) -> None:
    good = [queued(post, json.dumps, "value") for post in json_rows(300)]
    content = jsonl_of(*good, queued(last, lambda same: same, "value"))
    report, _ = loaded(workspace, tmp_path, content, "p.jsonl", columns={"post_id": "value.id"})
    assert (report.accepted, report.quarantined) == (300, 1)
    assert set(report.reasons) <= {reason, "no_id"}


def test_a_text_that_is_json_now_and_then_is_a_text(workspace: Workspace, tmp_path: Path) -> None:
    content = jsonl_of(*json_rows(9), json_rows(1, start=10)[0] | {"text": '{"a": 1, "b": 2}'})
    report, posts = loaded(workspace, tmp_path, content, "p.jsonl")
    assert (report.accepted, posts[9]["text"]) == (10, '{"a": 1, "b": 2}')


@pytest.mark.parametrize("name", ["p.jsonl", "p.csv", "p.parquet"])
def test_texts_that_are_all_json_objects_are_refused(name: str, workspace: Workspace, tmp_path: Path) -> None:
    texts = [json.dumps(post | {"created": AT}) for post in json_rows(10)]
    ids = [str(n) for n in range(10)]
    content = {
        "p.jsonl": jsonl_of(*({"k": n, "v": text} for n, text in zip(ids, texts, strict=True))),
        "p.csv": b"id\ttext\n" + "".join(f"{n}\t{t}\n" for n, t in zip(ids, texts, strict=True)).encode(),
        "p.parquet": parquet_of({"id": ids, "text": texts}),
    }[name]
    with pytest.raises(Refused, match=r"10 of 10 texts in .* are JSON objects"):
        loaded(workspace, tmp_path, content, name)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda post: json.dumps(json.dumps(post)),
        lambda post: json.dumps([post]),
        lambda post: base64.b64encode(json.dumps(post).encode()).decode(),
        lambda post: json.dumps(post) if int(post["id"]) % 2 else "plain words",
    ],
)
def test_posts_wrapped_in_another_way_are_refused(wrap: Any, workspace: Workspace, tmp_path: Path) -> None:
    content = jsonl_of(*(queued(post, wrap, "value") for post in json_rows(20)))
    with pytest.raises(Refused, match=r"texts in 'p\.jsonl' are JSON objects"):
        loaded(workspace, tmp_path, content, "p.jsonl")


@pytest.mark.parametrize(
    ("whole", "path"),
    [
        ({str(n): post for n, post in enumerate(json_rows(5))}, r"'\.\[\]'"),
        ({"title": "My export of posts", "items": json_rows(5)}, r"'\.items\[\]'"),
        ({"export": {"by key": {"a": json_rows(1)[0], "b": json_rows(1)[0]}}}, r"'\.export\[\"by key\"\]\[\]'"),
    ],
)
def test_one_object_with_the_posts_in_it_is_not_one_post(
    whole: Any, path: str, workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match=path):
        loaded(workspace, tmp_path, json.dumps(whole).encode(), "p.json")


def test_values_in_the_words_of_mongodb_are_read(workspace: Workspace, tmp_path: Path) -> None:
    post = {
        "_id": {"$oid": "65f0c0ffee65f0c0ffee65f0"},
        "created_at": {"$date": {"$numberLong": "1714557600000"}},
        "text": "words of a post",
        "views": {"$numberLong": "123456789012345678"},
    }
    _, posts = loaded(workspace, tmp_path, jsonl_of(post), "p.jsonl")
    assert posts[0]["post_id"] == "65f0c0ffee65f0c0ffee65f0"
    assert posts[0]["created_at"] == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert posts[0]["views"] == 123_456_789_012_345_678
