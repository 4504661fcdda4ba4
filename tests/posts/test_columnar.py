"""Columns of Parquet that are no text: taken exactly, or refused by the name of what they hold."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest

from explore.errors import Refused
from explore.settings import Workspace
from tests.posts.bad_inputs import LATIN, parquet_with
from tests.posts.making import loaded

WORDS = [f"words of {n}" for n in range(10)]

REFUSED: dict[str, tuple[Any, str]] = {
    "lists": (pa.array([[one] for one in WORDS]), "holds lists"),
    "large lists": (pa.array([[one] for one in WORDS], pa.large_list(pa.string())), "holds lists"),
    "lists of one": (pa.array([[one] for one in WORDS], pa.list_(pa.string(), 1)), "holds lists"),
    "maps": (pa.array([[("a", one)] for one in WORDS], pa.map_(pa.string(), pa.string())), "holds maps"),
    "durations": (pa.array([5] * 10, pa.duration("s")), "holds durations"),
    "times of day": (pa.array([5] * 10, pa.time64("us")), "holds times of day"),
    "seconds of a day": (pa.array([5] * 10, pa.time32("s")), "holds times of day"),
    "yes and no": (pa.array([True, False] * 5), "holds yes or no"),
    "yes and no in bytes": (
        pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1] * 10, pa.int8())),
        "as 'arrow.bool8'",
    ),
}


@pytest.mark.parametrize("column", ["text", "id", "created_at", "author"])
@pytest.mark.parametrize("case", REFUSED)
def test_a_type_that_no_field_can_be_is_named(case: str, column: str, workspace: Workspace, tmp_path: Path) -> None:
    values, says = REFUSED[case]
    columns = {"text": column} if column == "text" else {}
    with pytest.raises(Refused, match=says):
        loaded(workspace, tmp_path, parquet_with(**{column: values}), "p.parquet", columns=columns)


TEXTS: dict[str, Any] = {
    "of a fixed size": pa.array([one.encode() for one in WORDS], pa.binary(10)),
    "binary": pa.array([one.encode() for one in WORDS]),
    "views of binary": pa.array([one.encode() for one in WORDS], pa.binary_view()),
    "views": pa.array(WORDS, pa.string_view()),
    "large": pa.array(WORDS, pa.large_string()),
    "coded": pa.array(WORDS).dictionary_encode(),
    "large and coded": pa.array(WORDS, pa.large_string()).dictionary_encode(),
}


@pytest.mark.parametrize("case", TEXTS)
def test_text_of_every_kind_is_read(case: str, workspace: Workspace, tmp_path: Path) -> None:
    report, posts = loaded(workspace, tmp_path, parquet_with(text=TEXTS[case], author=TEXTS[case]), "p.parquet")
    assert report.accepted == 10
    assert [post["text"] for post in posts] == WORDS
    assert [post["author_id"] for post in posts] == WORDS


def test_bytes_of_a_fixed_size_that_are_no_text_are_kept_apart(workspace: Workspace, tmp_path: Path) -> None:
    texts = pa.array([b"abcd"] * 8 + [LATIN, b"ab\x00\x00"], pa.binary(4))
    report, _ = loaded(workspace, tmp_path, parquet_with(text=texts), "p.parquet")
    assert report.reasons == {"bad_encoding": 1, "nul": 1}


IDS: dict[str, tuple[Any, str]] = {
    "UUIDs": (
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([UUID(int=n).bytes for n in range(10)], pa.binary(16))),
        "00000000-0000-0000-0000-000000000009",
    ),
    "decimals": (pa.array([Decimal(10**20 + n) for n in range(10)]), "100000000000000000009"),
    "half floats": (pa.array(np.arange(10).astype(np.float16)), "9"),
    "unsigned": (pa.array([2**64 - 10 + n for n in range(10)], pa.uint64()), str(2**64 - 1)),
}


@pytest.mark.parametrize("case", IDS)
def test_ids_of_every_kind_keep_their_digits(case: str, workspace: Workspace, tmp_path: Path) -> None:
    values, last = IDS[case]
    _, posts = loaded(workspace, tmp_path, parquet_with(id=values), "p.parquet")
    assert posts[-1]["post_id"] == last


@pytest.mark.parametrize(("field", "reason"), [("id", "bad_id"), ("author", "rounded_id")])
@pytest.mark.parametrize(
    "numbers",
    [
        np.array([1, 2**11 - 1, 2**11], np.float16),
        np.array([1, 2**24 - 1, 123_456_789], np.float32),
        np.array([1, 2**53 - 1, 2**53], np.float64),
    ],
    ids=str,
)
def test_ids_in_floats_too_short_for_them_are_kept_apart(
    numbers: Any, field: str, reason: str, workspace: Workspace, tmp_path: Path
) -> None:
    ids = pa.array(np.append(np.arange(7).astype(numbers.dtype) + 10, numbers))
    report, posts = loaded(workspace, tmp_path, parquet_with(**{field: ids}), "p.parquet")
    assert report.reasons == {reason: 1}
    name = {"id": "post_id", "author": "author_id"}[field]
    assert [post[name] for post in posts][-2:] == ["1", str(int(numbers[1]))]


def test_times_in_floats_too_short_for_them_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    seconds = pa.array((1_709_632_800 + 61 * np.arange(10)).astype(np.float32))
    with pytest.raises(Refused, match=r"'created_at' are 32-bit decimal numbers, too short"):
        loaded(workspace, tmp_path, parquet_with(created_at=seconds), "p.parquet")


def test_times_in_long_floats_are_read(workspace: Workspace, tmp_path: Path) -> None:
    _, posts = loaded(workspace, tmp_path, parquet_with(created_at=pa.array([1_709_632_861.25] * 10)), "p.parquet")
    assert posts[0]["created_at"].isoformat() == "2024-03-05T10:01:01.250000+00:00"
