"""Telegram Desktop's result.json: one document with the messages of a chat, or of all chats, as one message a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TextIO

from explore.errors import Refused, brief
from explore.posts.jsonlines import MAX_LINE, json_lines

_SCALAR = r'(?:"(?:[^"\\]|\\.)*"|-?\d+|null)'
_ONE_CHAT = re.compile(r'\{\s*(?:"(?:name|type|id)"\s*:\s*' + _SCALAR + r'\s*,\s*)+"messages"\s*:\s*\[', re.DOTALL)
_ALL_CHATS = re.compile(
    r'\{\s*"(?:about|personal_information|profile_pictures|stories|contacts|frequent_contacts|sessions|other_data'
    r'|chats|left_chats)"\s*:.{0,4000}?telegram|\{\s*"(?:left_)?chats"\s*:\s*\{\s*"about"',
    re.DOTALL | re.IGNORECASE,
)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s"{}\[\]:,]+|"')


def is_telegram_export(text: str) -> bool:
    """Whether a file that begins so is an export of Telegram Desktop."""
    return bool(_ONE_CHAT.match(text) or _ALL_CHATS.match(text))


def telegram_messages(text: TextIO, *, name: str) -> Iterator[str]:
    """Every message as a line of JSON, with the `chat_id` of its chat: numbers of messages start anew in every chat.

    Raises Refused for a document that breaks off or is damaged in a way that moves messages into each other.
    """
    reader = _Document(name)
    for line in json_lines(text, name=name):
        yield from reader.messages_in(line)
    reader.ensure_complete()


class _Document:
    """Follows the brackets of a document and cuts the lists called "messages" into their elements."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._open: list[str] = []  # the brackets that are open, each with the key that it stands behind
        self._chats: list[str | None] = []  # for each open bracket the "id" that was met in it
        self._key = self._last = ""
        self._parts: list[str] = []
        self._messages = 0
        self._size = self._from = 0  # characters of the element under way; brackets that were open when it began

    def messages_in(self, line: str) -> Iterator[str]:
        """The messages that end in this line."""
        start = 0
        for token in _TOKEN.finditer(line):
            sign = token[0]
            if sign == '"':
                raise Refused(f"'{self._name}' is damaged near '{brief(line.strip())}'; export it again.")
            if sign in "{[":
                if self._in_list() and not self._from:
                    self._from, start = len(self._open), token.start()
                self._open.append(sign + self._key)
                self._chats.append(None)
                self._key = ""
            elif sign in "}]":
                self._close(sign)
                if self._from and len(self._open) == self._from:
                    self._keep(line[start : token.end()])
                    yield self._message()
                    self._from = 0
            elif sign == ":":
                self._key = self._last
            elif sign == ",":
                self._key = ""
            else:
                self._scalar(sign)
            self._last = sign
        if self._from:
            self._keep(line[start:])

    def ensure_complete(self) -> None:
        """Raise Refused for a document that is not closed, or without a message."""
        if self._open:
            raise Refused(f"'{self._name}' breaks off before its end; copy or export it again.")
        if not self._messages:
            raise Refused(f"'{self._name}' holds no messages; export the chat again, with its messages.")

    def _in_list(self) -> bool:
        return bool(self._open) and self._open[-1] == '["messages"'

    def _scalar(self, sign: str) -> None:
        if self._in_list() and not self._from:
            raise Refused(f"'{self._name}' holds '{brief(sign)}' where a message belongs; export it again.")
        if self._key == '"id"' and self._chats and not self._from:
            self._chats[-1] = sign
        if self._key:
            self._key = ""

    def _close(self, sign: str) -> None:
        if not self._open or self._open.pop()[0] != {"}": "{", "]": "["}[sign]:
            raise Refused(f"'{self._name}' is damaged: its brackets do not match; export it again.")
        self._chats.pop()
        self._key = ""

    def _keep(self, part: str) -> None:
        self._parts.append(part)
        self._size += len(part)
        if self._size > MAX_LINE:
            raise Refused(f"'{self._name}' has a message of more than {MAX_LINE // 2**20} MB; export it again.")

    def _message(self) -> str:
        whole = " ".join(part.strip(" \t\r\n") for part in self._parts)
        self._parts.clear()
        self._size = 0
        self._messages += 1
        chat = self._chats[-2] if len(self._chats) > 1 else None
        if chat is None or not whole.startswith("{"):
            return whole
        given = json.dumps(chat.strip('"'))
        return f'{{"chat_id": {given}{"," if whole.strip("{} ") else ""}{whole[1:]}'
