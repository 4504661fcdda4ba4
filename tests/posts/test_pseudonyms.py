from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from explore.posts.comparing import compare
from explore.posts.mapping import detect
from explore.posts.pseudonyms import masked, pseudonym, with_pseudonyms
from explore.posts.readers import preview
from explore.posts.sample import samples
from explore.posts.snapshots import Snapshot, open_snapshot
from explore.settings import Workspace
from tests.posts.making import loaded, saved

KEY = b"a key of the workspace"


@pytest.mark.parametrize(
    ("value", "author", "made"),
    [
        ("ImaPharrelFake-1672", "ImaPharrelFake", "NAME-1672"),
        ("1672_ImaPharrelFake", "ImaPharrelFake", "1672_NAME"),
        ("at://did:plc:ann/app.bsky.feed.post/3k", "did:plc:ann", "at://NAME/app.bsky.feed.post/3k"),
        ("https://x.example/Ann/status/7", "@ann", "https://x.example/NAME/status/7"),
        ("-100_7", "-100", "NAME_7"),
        ("a.c/1 abc/1", "a.c", "NAME/1 abc/1"),
        ("ann", "ann", "NAME"),
    ],
)
def test_an_account_that_is_a_whole_part_of_an_id_is_masked(value: str, author: str, made: str) -> None:
    assert masked(value, author, "NAME") == made


@pytest.mark.parametrize(
    ("value", "author"),
    [
        ("3124567", "12"),
        ("312_7", "12"),
        ("12345", "12"),
        ("annex-4", "ann"),
        ("jänn-4", "nn"),
        ("7", ""),
        ("a @ b", "@"),
    ],
)
def test_an_account_that_is_in_an_id_by_chance_leaves_it_alone(value: str, author: str) -> None:
    assert masked(value, author, "NAME") == value


def test_posts_without_an_account_or_an_id_stay_as_they_are() -> None:
    ids, authors = ["ann-1", None, "ann-3"], ["ann", "ann", None]
    posts = pd.DataFrame({"post_id": ids, "author_id": authors, "text": ["ann"] * 3}, dtype=object)
    made = with_pseudonyms(posts, KEY)
    name = pseudonym("ann", KEY)
    assert made["post_id"].tolist() == [f"{name}-1", None, "ann-3"]
    assert made["author_id"].tolist() == [name, name, None]
    assert made["text"].tolist() == ["ann"] * 3
    assert posts["author_id"].tolist() == authors
    assert with_pseudonyms(posts[:0], KEY).empty


def test_the_first_values_of_ids_and_links_name_no_account(tmp_path: Path) -> None:
    lines = [f"ann{n}-7,2024-05-01,ann{n} says words,ann{n},https://x.example/ann{n}/7" for n in range(3)]
    shown = preview(saved(tmp_path, "\n".join(["id,created_at,text,author_id,url", *lines, ""]).encode()))
    first = samples(shown, detect(shown), key=KEY)
    names = [pseudonym(f"ann{n}", KEY) for n in range(3)]
    assert first["author_id"] == names
    assert first["post_id"] == [f"{name}-7" for name in names]
    assert first["url"] == [f"https://x.example/{name}/7" for name in names]
    assert first["text"][0] == "ann0 says words"


def test_a_comparison_names_no_account_in_the_ids_of_changed_posts(workspace: Workspace, tmp_path: Path) -> None:
    def of(text: str) -> Snapshot:
        content = f"id,created_at,text,author_id\nann-7,2024-05-01T10:00:00Z,{text},ann\n"
        return open_snapshot(workspace, loaded(workspace, tmp_path, content.encode())[0].snapshot)

    found = compare(of("before"), of("after"), key=KEY)
    assert found.changed.to_dict("records") == [
        {"post_id": f"{pseudonym('ann', KEY)}-7", "first_text": "before", "second_text": "after"}
    ]
