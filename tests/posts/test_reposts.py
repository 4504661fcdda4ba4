"""Columns that may mark reposts are told, because only the text is read for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from explore.posts.mapping import detect
from explore.posts.readers import preview
from explore.posts.reposts import repost_notes
from explore.settings import Workspace
from tests.posts.making import jsonl_of, loaded

WORDS = ["the tap water smells of chlorine", "trains stand still again", "who closed the bridge", "rain all week long"]
TOLD = "It is not used: only texts that begin with “RT @name” count as reposts, and "


def posts(*more: dict[str, Any], start: str = "") -> bytes:
    """A post for each of `more`, which has its other keys."""
    return jsonl_of(
        *(
            {"id": str(n), "created_at": f"2024-05-01T10:0{n}:00Z", "text": f"{start}{words}", "username": f"ann{n}"}
            | one
            for n, (words, one) in enumerate(zip(WORDS, more, strict=True))
        )
    )


def notes(folder: Path, *more: dict[str, Any], start: str = "") -> list[str]:
    path = folder / "posts.jsonl"
    path.write_bytes(posts(*more, start=start))
    seen = preview(path)
    return repost_notes(seen, detect(seen))


@pytest.mark.parametrize(
    ("mark", "none", "held"),
    [
        ({"post_type": "RETWEET"}, {"post_type": ""}, "Column 'post_type' may mark reposts ('RETWEET' in"),
        ({"post_type": "R"}, {"post_type": "Q"}, "Column 'post_type' may mark reposts ('R' in"),
        ({"tweet_type": "retweeted"}, {"tweet_type": "original"}, "Column 'tweet_type' may mark reposts ('retweeted'"),
        ({"kind_of_post": "repost"}, {"kind_of_post": "own"}, "Column 'kind_of_post' may mark reposts ('repost' in"),
        ({"is_retweet": True}, {"is_retweet": False}, "Column 'is_retweet' may mark reposts ('true' in"),
        ({"isForward": 1}, {"isForward": 0}, "Column 'isForward' may mark reposts ('1' in"),
        ({"retweeted": "yes"}, {"retweeted": "no"}, "Column 'retweeted' may mark reposts ('yes' in"),
        ({"fwd_from": {"from_id": 7, "date": "2024-04-30"}}, {"fwd_from": None}, "Column 'fwd_from' may mark"),
        ({"retweeted_status_id": "77"}, {"retweeted_status_id": ""}, "Column 'retweeted_status_id' may"),
    ],
)  # fmt: skip
def test_a_column_that_may_mark_reposts_is_told_with_how_often(
    mark: dict[str, Any], none: dict[str, Any], held: str, tmp_path: Path
) -> None:
    (said,) = notes(tmp_path, mark, none, mark, mark)
    assert said.startswith(held)
    assert "in 3 of the first 4 records" in said
    assert said.endswith(TOLD + "none of these texts does.")


def test_marks_that_the_texts_show_as_well_need_no_word(tmp_path: Path) -> None:
    assert notes(tmp_path, *[{"is_retweet": True}] * 4, start="RT @ann: ") == []


def test_texts_that_show_only_some_marks_are_counted(tmp_path: Path) -> None:
    shown = {"is_retweet": True, "text": "RT @ann: the bridge is closed"}
    (said,) = notes(tmp_path, shown, {"is_retweet": True}, {"is_retweet": True}, {"is_retweet": False})
    assert "('true' in 3 of the first 4 records)" in said
    assert said.endswith(TOLD + "2 of these texts do not.")


@pytest.mark.parametrize(
    "ordinary",
    [
        {"is_retweet": False, "retweeted_status_id": None},
        {"retweet_count": 4, "retweets": 1, "forwards": 2, "shares": 3},
        {"type": "R", "position": "forward", "is_reply": True, "is_quote": True},
        {"retweeted": 12},
    ],
)
def test_counts_and_columns_without_a_mark_need_no_word(ordinary: dict[str, Any], tmp_path: Path) -> None:
    assert notes(tmp_path, *[ordinary] * 4) == []


def test_several_columns_are_told_in_one_sentence(tmp_path: Path) -> None:
    both, one = {"is_forward": True, "forward_from": "news"}, {"is_forward": True, "forward_from": None}
    (said,) = notes(tmp_path, both, one, both, {"is_forward": False, "forward_from": None})
    assert said.startswith("Column 'is_forward' may mark reposts ('true' in 3 of")
    assert "; 'forward_from' may as well)" in said


def test_a_load_tells_it(workspace: Workspace, tmp_path: Path) -> None:
    report, _ = loaded(workspace, tmp_path, posts(*[{"is_forward": True}] * 4), "p.jsonl")
    assert [note for note in report.notes if "may mark reposts" in note]
