"""JSON documents that hold posts instead of being one: pages of an API, threads, tables by columns."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from explore.errors import Refused, brief
from explore.posts.jsonlines import Number
from explore.posts.names import NAMES

_FEWEST_WORDS = 3  # that make a value the text of a post
_DEEPEST = 3  # keys


def refuse_posts_inside(document: Mapping[str, Any], name: str) -> None:
    """Raise Refused for the only object of a file where the posts are in it, saying how to take them out."""
    if path := _posts_inside(document, ""):
        raise Refused(
            f"'{name}' is one JSON object with the posts in it; write one post a line first, "
            f"for example with: jq -c '{path}[]'"
        )
    if _is_by_columns(document):
        raise Refused(
            f"'{name}' holds a table column by column, as pandas writes it; write one post a line, for example with: "
            "to_json(..., orient='records', lines=True)"
        )


def _posts_inside(value: Mapping[str, Any], path: str) -> str | None:
    """The path to two objects or more with the same two keys or more, in a list or behind keys; for jq, "." at the top.

    Asked of a file with one object only: several of such objects are posts, each with what it holds.
    """
    inner = list(value.values())
    if len(inner) > 1 and _are_alike(inner):
        return path or "."
    is_post = any(_is_named_text(key) and isinstance(one, str) for key, one in value.items())
    for key, one in value.items():
        here = f"{path}.{key}" if re.fullmatch(r"[A-Za-z_]\w*", key) else f"{path}[{json.dumps(brief(key))}]"
        if isinstance(one, list) and len(one) > 1 and _are_alike(one, unnamed=not is_post):
            return here
        if isinstance(one, Mapping) and here.count(".") < _DEEPEST and (found := _posts_inside(one, here)):
            return found
    return None


def _are_alike(values: Sequence[Any], *, unnamed: bool = False) -> bool:
    """Whether values are objects that share two keys or more, one of which goes by a name of a text.

    unnamed: words under any key, also further in, are as good.
    """
    if not all(isinstance(value, Mapping) for value in values):
        return False
    shared = set.intersection(*(set(value) for value in values))
    return len(shared) > 1 and (any(map(_is_named_text, shared)) or (unnamed and any(map(_holds_words, values))))


def _is_named_text(key: str) -> bool:
    return key.casefold() in NAMES["text"]


def _holds_words(value: Any, depth: int = 0) -> bool:
    """Whether there are several words in a string, or in an object not far inside."""
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return any(_holds_words(inner, depth + 1) for inner in value.values())
    return isinstance(value, str) and not isinstance(value, Number) and len(value.split()) >= _FEWEST_WORDS


def _is_by_columns(document: Mapping[str, Any]) -> bool:
    """Whether an object is a table as pandas writes it: a value for each row under each column, or "split"."""
    if {"columns", "data"} <= document.keys() <= {"columns", "data", "index"}:
        return isinstance(document["columns"], list) and isinstance(document["data"], list)
    columns = list(document.values())
    if len(columns) < 2 or not all(isinstance(one, Mapping) and len(one) > 1 for one in columns):
        return False
    return all(one.keys() == columns[0].keys() for one in columns) and all(key.isdigit() for key in columns[0])
