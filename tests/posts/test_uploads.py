from pathlib import Path

import pytest

from explore.posts.uploads import are_kept, keep
from explore.settings import Workspace


@pytest.mark.parametrize(
    "name", ["posts.csv", "../../etc/posts.csv", "C:\\files\\posts.csv", "/posts.csv", ".posts.csv"]
)
def test_an_upload_stays_inside_the_workspace_under_its_own_name(workspace: Workspace, name: str) -> None:
    path = keep(workspace, name=name, ticket="../t-1", content=b"id,text")
    assert path == workspace.uploads / "t-1" / "posts.csv"
    assert path.read_bytes() == b"id,text"
    assert path.stat().st_mode & 0o077 == 0


def test_a_name_of_signs_only_becomes_posts(workspace: Workspace) -> None:
    assert keep(workspace, name="....", ticket="1", content=b"").name == "posts"


def test_only_what_was_uploaded_may_be_removed_after_the_load(workspace: Workspace, tmp_path: Path) -> None:
    kept = keep(workspace, name="a.csv", ticket="1", content=b"")
    assert are_kept(workspace, [kept])
    assert not are_kept(workspace, [kept, tmp_path / "mine.csv"])
