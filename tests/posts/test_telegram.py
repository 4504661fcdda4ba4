"""Telegram Desktop's result.json is read message by message."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from explore.errors import Refused
from explore.settings import Workspace
from tests.posts.making import loaded


def message(number: int, text: Any, **more: Any) -> dict[str, Any]:
    usual = {
        "id": number,
        "type": "message",
        "date": "2024-05-01T12:00:00",
        "date_unixtime": "1714557600",
        "from": "Ann",
        "from_id": "user7",
        "text": text,
        "text_entities": [],
    }
    return usual | more


def chat(number: int, *messages: Any) -> dict[str, Any]:
    return {"name": "A [chat] {of}", "type": "public_channel", "id": number, "messages": list(messages)}


PIECES = ["see ", {"type": "link", "text": "https://example.org"}, " and ", {"type": "bold", "text": 'the "end"'}, "\n"]
SERVICE = {"id": 9, "type": "service", "date": "2024-05-01T12:00:00", "actor_id": "user7", "text": ""}


@pytest.mark.parametrize("indent", [1, 4, None])
def test_one_chat(indent: int | None, workspace: Workspace, tmp_path: Path) -> None:
    whole = chat(55, message(1, "plain words"), message(2, PIECES), message(3, "a ] } , { b"), SERVICE)
    content = json.dumps(whole, indent=indent, ensure_ascii=False).encode()
    report, posts = loaded(workspace, tmp_path, content, "result.json")
    assert (report.records, report.accepted, report.reasons) == (4, 3, {"no_text": 1})
    assert [post["post_id"] for post in posts] == ["55_1", "55_2", "55_3"]
    assert [post["text"] for post in posts] == [
        "plain words",
        'see https://example.org and the "end"\n',
        "a ] } , { b",
    ]
    assert {post["author_id"] for post in posts} == {"user7"}
    assert posts[0]["created_at"] == datetime(2024, 5, 1, 10, tzinfo=UTC)


def test_all_chats_of_an_account(workspace: Workspace, tmp_path: Path) -> None:
    chats = {"about": "This page lists all chats", "list": [chat(1, message(1, "a b")), chat(2, message(1, "c d"))]}
    whole = {
        "about": "Here is the data you requested. Remember: Telegram is ad free",
        "contacts": {"about": "", "list": [{"user_id": 3, "first_name": "x", "messages": "none"}]},
        "chats": chats,
    }
    report, posts = loaded(workspace, tmp_path, json.dumps(whole, indent=1).encode(), "result.json")
    assert report.accepted == 2
    assert [(post["post_id"], post["text"]) for post in posts] == [("1_1", "a b"), ("2_1", "c d")]


def test_an_older_export_without_unix_times(workspace: Workspace, tmp_path: Path) -> None:
    old = [{key: value for key, value in message(n, "a b").items() if key != "date_unixtime"} for n in (1, 2)]
    _, posts = loaded(workspace, tmp_path, json.dumps(chat(5, *old), indent=1).encode(), tz="+02:00")
    assert posts[0]["created_at"] == datetime(2024, 5, 1, 10, tzinfo=UTC)


def test_messages_as_lines_of_json(workspace: Workspace, tmp_path: Path) -> None:
    lines = "".join(json.dumps(message(n, PIECES if n else "a b")) + "\n" for n in range(3))
    report, posts = loaded(workspace, tmp_path, lines.encode(), "p.jsonl")
    assert report.accepted == 3
    assert posts[2]["text"].startswith("see https://example.org and")


@pytest.mark.parametrize("numbers", [1, 2.5, ["a"], [["a"]], {"type": "bold"}, [{"type": "bold", "text": 5}]])
def test_a_text_of_another_kind_is_kept_apart(numbers: Any, workspace: Workspace, tmp_path: Path) -> None:
    whole = chat(5, *(message(n, "a b") for n in range(9)), message(10, numbers))
    report, _ = loaded(workspace, tmp_path, json.dumps(whole, indent=1).encode(), "result.json")
    assert report.reasons == {"bad_text": 1}


@pytest.mark.parametrize("cut", [10, 200, 500])
def test_a_document_that_breaks_off_is_refused(cut: int, workspace: Workspace, tmp_path: Path) -> None:
    content = json.dumps(chat(5, *(message(n, "a b") for n in range(9))), indent=1).encode()
    with pytest.raises(Refused, match=r"breaks off|damaged"):
        loaded(workspace, tmp_path, content[:-cut], "result.json")


@pytest.mark.parametrize("damage", [('"a b"', '"a b'), ("\n  }", "\n  ]"), ('"text": "a b"', '"text": "a "b"')])
def test_a_damaged_document_never_moves_messages_into_each_other(
    damage: tuple[str, str], workspace: Workspace, tmp_path: Path
) -> None:
    content = json.dumps(chat(5, *(message(n, "a b") for n in range(30))), indent=1).replace(*damage, 1)
    with pytest.raises(Refused, match="damaged"):
        loaded(workspace, tmp_path, content.encode(), "result.json")


def test_a_bad_value_in_one_message_costs_that_message(workspace: Workspace, tmp_path: Path) -> None:
    whole = json.dumps(chat(5, *(message(n, "a b") for n in range(9))), indent=1)
    report, _ = loaded(workspace, tmp_path, whole.replace('"id": 3', '"id": 03x').encode(), "result.json")
    assert (report.accepted, report.reasons) == (8, {"broken_json": 1})


def test_a_chat_without_messages_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="holds no messages"):
        loaded(workspace, tmp_path, json.dumps(chat(5), indent=1).encode(), "result.json")
