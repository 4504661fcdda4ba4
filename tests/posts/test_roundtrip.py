"""Any list of posts, written in any of our formats, reads back identical."""

from __future__ import annotations

import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explore.posts.schema import FIELD_NAMES, POSTS_SCHEMA
from explore.settings import workspace_at
from tests.posts.making import loaded, written

FORMATS = [f"{kind}{packing}" for kind in ("csv", "tsv", "jsonl", "parquet") for packing in ("", ".gz", ".zst")]
COLUMNS = list(FIELD_NAMES)

# Anything that fits into a text; a NUL, half a character, blank text and what begins Japanese in ISO-2022-JP are
# quarantined and tested there.
characters = st.characters(exclude_categories=("Cs",), exclude_characters="\x00")
nasty = st.text("\r\n\"',;\t|\\ {}[]\ufeff\u2028=#é語👩\u200d", min_size=1, max_size=12)
texts = (st.text(characters, min_size=1, max_size=40) | nasty).filter(
    lambda text: bool(text.strip()) and "\x1b$B" not in text
)
words = st.none() | (st.text("abc 1é語-_'\"\n\r;,\t", min_size=1, max_size=8)).filter(
    lambda text: text.strip() not in {"", "-"}  # a dash alone means unknown
)
# 1.2E+18 is a rounded id, and a mark in front of a record says that two files were joined: both are quarantined
ids = texts.filter(lambda text: not re.search(r"\d[eE]\+?\d|^\ufeff", text))
counts = st.none() | st.integers(0, 10**18 - 1)
moments = st.integers(0, 10**16).map(
    lambda micros: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros // 4)
)


@st.composite
def posts(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = draw(
        st.lists(
            st.tuples(ids, texts, moments, words, words, counts, counts),
            min_size=1,
            max_size=8,
            unique_by=lambda post: post[0],
        )
    )
    return [
        {
            "post_id": post_id,
            "created_at": at.isoformat(),
            "text": text,
            "author_id": author,
            "lang": "en",
            "region": region,
            "views": views,
            "shares": views,
            "likes": likes,
            "replies": likes,
            "url": author,
            "media_id": region,
        }
        for post_id, text, at, author, region, views, likes in found
    ]


@pytest.mark.parametrize("format_", FORMATS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(posts=posts())
def test_posts_read_back_identical(format_: str, posts: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = workspace_at(Path(folder) / "workspace")
        content = written(COLUMNS, posts, format_)
        report, stored = loaded(workspace, Path(folder), content, f"posts.{format_}")
        assert report.accepted == report.records == len(posts)
        assert [list(post) for post in stored] == [POSTS_SCHEMA.names] * len(posts)
        assert [post | {"created_at": post["created_at"].isoformat()} for post in stored] == posts


def test_reading_in_many_batches_keeps_every_row_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("delimited", "jsonlines", "columnar"):
        monkeypatch.setattr(f"explore.posts.{module}.ROWS", 7)
    monkeypatch.setattr("explore.posts.writing.ROW_GROUP", 10)
    made = [{"id": f"{n:04}", "text": f'number "{n}"\nof many'} for n in range(100)]
    for format_ in ("csv", "jsonl.gz", "parquet"):
        workspace = workspace_at(tmp_path / "workspaces" / format_)
        _, stored = loaded(workspace, tmp_path, written(["id", "text"], made, format_), format_)
        assert [(post["post_id"], post["text"]) for post in stored] == [(one["id"], one["text"]) for one in made]
