"""From a snapshot to a run, end to end, on handmade posts and on the sample."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from explore.errors import Refused
from explore.narratives import ranking, space
from explore.narratives.encoders import Lexical
from explore.narratives.pipeline import explore, recluster
from explore.narratives.run import Run, RunConfig, list_runs
from explore.narratives.windows import Window
from explore.processes import Submit, process_beside
from explore.progress import silent
from explore.settings import Workspace, workspace_at
from tests.narratives.conftest import Explored
from tests.narratives.making import (
    NOW,
    at,
    explored,
    narrative_of,
    post,
    posts_of,
    snapshot_of,
    stream,
    without,
)

POSTS = {"post_id", "message_id", "narrative_id"}
MESSAGES = {
    "message_id", "text", "n_posts", "n_authors", "first_at", "last_at", "narrative_id", "strength", "x", "y"
}  # fmt: skip
NARRATIVES = {
    "narrative_id", "theme_id", "label", "terms", "n_messages", "n_posts", "n_authors", "reach", "first_at", "last_at",
    "now_authors", "base_authors", "rate_ratio", "rate_ratio_low", "p_value", "q_value", "flagged",
    "copy_share", "repost_share", "unmarked_copy_share", "top_author_share", "synchrony_q",
}  # fmt: skip


def never_begun() -> None:
    """A warm-up for which no process is begun."""


def frames(run: Run) -> dict[str, pd.DataFrame]:
    return {"posts": posts_of(run), "messages": run.messages, "narratives": run.narratives}


# --- what a run is ---------------------------------------------------------------------------------------------------


def test_a_run_has_the_files_and_columns_that_other_tools_rely_on(streamed: Explored) -> None:
    files = {path.name for path in streamed.run.folder.iterdir()}
    assert {"manifest.json", "posts.parquet", "messages.parquet", "narratives.parquet"} <= files
    assert {"vectors.npy", "graph.npz", "tree.npz"} <= files
    found = frames(streamed.run)
    assert set(found["posts"]) >= POSTS
    assert set(found["messages"]) >= MESSAGES
    assert set(found["narratives"]) >= NARRATIVES


def test_the_manifest_says_what_was_done_and_what_it_took(streamed: Explored) -> None:
    manifest = streamed.run.manifest
    assert manifest["snapshot"]["sha256"] == streamed.snapshot.sha256
    assert manifest["config"] == {"encoder": "lexical", "granularity": "medium", "seed": 1, "as_of": None}
    assert manifest["counts"] == {
        "posts": 280, "messages": 280, "narratives": 4, "themes": 2, "unclustered_share": 0.0,
    }  # fmt: skip
    assert manifest["created_at"] == NOW.isoformat()
    assert {"numpy", "umap-learn", "hdbscan", "bertopic"} <= set(manifest["packages"])
    assert len(manifest["seconds"]) >= 8
    assert set(manifest["seconds"]) == set(manifest["peak_rss_mb"])


def test_posts_messages_and_narratives_agree_with_each_other(streamed: Explored) -> None:
    found = frames(streamed.run)
    joined = found["posts"].merge(found["messages"], on="message_id", suffixes=("", "_of_message"))
    assert (joined["narrative_id"] == joined["narrative_id_of_message"]).all()
    inside = found["posts"][found["posts"]["narrative_id"] >= 0]
    assert inside.groupby("narrative_id").size().tolist() == found["narratives"]["n_posts"].tolist()
    assert found["narratives"]["narrative_id"].tolist() == list(range(len(found["narratives"])))
    assert found["posts"]["post_id"].tolist() == [one["post_id"] for one in streamed.posts]
    assert streamed.run.centroids.shape[0] == len(found["narratives"])
    vectors = np.load(streamed.run.folder / "vectors.npy", allow_pickle=False)
    assert len(vectors) == len(found["messages"])


def test_each_subject_is_a_narrative_and_the_new_one_is_flagged(streamed: Explored) -> None:
    found = {word: narrative_of(streamed.run, streamed.posts, word) for word in ("bread", "Zug", "lluvia", "recall")}
    assert len(set(found.values())) == 4
    table = streamed.run.narratives.set_index("narrative_id")
    assert table["flagged"].to_dict() == {number: word == "recall" for word, number in found.items()}
    assert table.loc[found["Zug"], "languages"].tolist() == ["de"]


# --- the same again --------------------------------------------------------------------------------------------------


def test_two_fresh_workspaces_give_the_same_bytes(streamed: Explored, workspace: Workspace) -> None:
    again = explored(workspace, streamed.posts)
    assert again.id == streamed.run.id
    assert again.folder != streamed.run.folder
    names = {path.name for path in streamed.run.folder.iterdir()}
    assert names == {path.name for path in again.folder.iterdir()}
    changed = [n for n in names if (again.folder / n).read_bytes() != (streamed.run.folder / n).read_bytes()]
    assert changed in ([], ["manifest.json"])


@pytest.mark.parametrize("wanted", [True, False])
def test_a_process_beside_the_run_changes_no_byte_of_it(
    streamed: Explored, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    used: list[bool] = []

    @contextmanager
    def beside(warm_up: Callable[[], object], **_: object) -> Iterator[Submit]:
        with process_beside(warm_up if wanted else never_begun, wanted=wanted) as submit:
            used.append(submit(os.getpid)() != os.getpid())
            yield submit

    monkeypatch.setattr("explore.narratives.pipeline.process_beside", beside)
    again = explored(workspace, streamed.posts)
    assert used == [wanted and (os.cpu_count() or 1) > 1]
    assert again.manifest["files"] == streamed.run.manifest["files"]


def test_the_number_of_threads_changes_no_byte_of_a_run(sample: Explored, tmp_path: Path) -> None:
    snapshot = sample.snapshot
    found = []
    for threads in ("1", "2"):
        home = tmp_path / threads
        shutil.copytree(snapshot.folder, home / "snapshots" / snapshot.id)
        environment = os.environ | {"EXPLORE_HOME": str(home), "OMP_NUM_THREADS": threads}
        command = [sys.executable, "-m", "explore", "run", snapshot.id]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        (made,) = list_runs(workspace_at(home))
        found.append(made["files"])
    assert found[0] == found[1]


def test_the_same_run_again_is_the_one_there_is(streamed: Explored) -> None:
    stages: list[str] = []
    before = {path.name: path.stat().st_mtime_ns for path in streamed.run.folder.iterdir()}
    again = explore(
        streamed.snapshot,
        streamed.workspace,
        now=NOW.replace(year=2030),
        progress=lambda stage, done=None: stages.append(stage),  # noqa: ARG005  # the name is part of Progress
    )
    assert stages == []
    assert again.manifest == streamed.run.manifest
    assert before == {path.name: path.stat().st_mtime_ns for path in again.folder.iterdir()}


def test_another_seed_is_another_run(streamed: Explored, workspace: Workspace) -> None:
    assert explored(workspace, streamed.posts, seed=2).id != streamed.run.id


def test_a_run_leaves_nothing_half_written(streamed: Explored) -> None:
    assert [path.name for path in streamed.workspace.runs.iterdir()] == [streamed.run.id]


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_run_as_of_a_moment_equals_the_run_of_a_file_cut_there(tmp_path: Path, shuffled: bool) -> None:
    posts = stream(each=40)
    if shuffled:
        random.Random(3).shuffle(posts)  # noqa: S311  # no secret
    moment = sorted(one["created_at"] for one in posts)[120]
    whole = explored(workspace_at(tmp_path / "a" / "workspace"), posts, as_of=moment)
    cut = explored(workspace_at(tmp_path / "b" / "workspace"), [one for one in posts if one["created_at"] < moment])
    assert whole.id != cut.id
    for name, table in frames(whole).items():
        pd.testing.assert_frame_equal(
            table.drop(columns="row", errors="ignore"), frames(cut)[name].drop(columns="row", errors="ignore")
        )
    assert whole.last_at == cut.last_at
    assert whole.last_at is not None
    assert whole.last_at < moment


# --- small and strange snapshots -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 3, 10])
def test_a_handful_of_posts_is_explored_and_has_no_narrative(workspace: Workspace, n: int) -> None:
    run = explored(workspace, stream()[:n])
    assert run.manifest["counts"] == {
        "posts": n, "messages": n, "narratives": 0, "themes": 0, "unclustered_share": 1.0,
    }  # fmt: skip
    assert set(run.narratives) >= NARRATIVES
    assert ranking.emerging(run, ranking.window_for(run)).empty


def test_one_text_by_many_accounts_is_one_narrative(workspace: Workspace) -> None:
    posts = [post(i, "Buy gold now, ask me how", created_at=at(i / 20), author_id=f"a{i}") for i in range(100)]
    run = explored(workspace, posts)
    assert run.manifest["counts"]["messages"] == 1
    found = run.narratives.iloc[0]
    assert (found["n_posts"], found["n_messages"], found["n_authors"], found["copy_share"]) == (100, 1, 100, 1)
    assert "gold" in found["label"]


@pytest.mark.parametrize("text", ["Buy gold now, ask me how", "मतदान केंद्र बदल गया है कल से"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_new_text_by_many_accounts_stands_apart_from_what_it_has_nothing_to_do_with(
    workspace: Workspace, text: str, seed: int
) -> None:
    copies = [post(9000 + i, text, created_at=at(13.1 + i / 100), author_id=f"z{i}") for i in range(40)]
    run = explored(workspace, [*copies, *stream(seed=seed)])
    by_post = posts_of(run).set_index("post_id")["narrative_id"]
    home = set(by_post[[one["post_id"] for one in copies]])
    assert len(home) == 1
    found = run.narratives.set_index("narrative_id").loc[home.pop()]
    assert (found["n_posts"], found["copy_share"], found["flagged"]) == (40, 1, True)


def test_one_text_by_one_account_is_no_narrative(workspace: Workspace) -> None:
    posts = [post(i, "Buy gold now", created_at=at(i / 20), author_id="a") for i in range(100)]
    assert explored(workspace, posts).narratives.empty


def test_posts_without_words_belong_to_no_narrative(workspace: Workspace) -> None:
    wordless = [
        post(1000 + i, "😀 " * i + f"https://x.example/{i}", created_at=at(3), author_id="a") for i in range(30)
    ]
    alone = explored(workspace, wordless)
    assert alone.manifest["counts"]["narratives"] == 0
    assert alone.messages["x"].isna().all()
    mixed = explored(workspace, [*wordless, *stream()])
    assert mixed.manifest["counts"]["narratives"] == 4
    by_post = posts_of(mixed).set_index("post_id")["narrative_id"]
    assert set(by_post[[one["post_id"] for one in wordless]]) == {-1}
    vectors = np.load(mixed.folder / "vectors.npy", allow_pickle=False)
    assert len(vectors) == 280 == mixed.messages["x"].notna().sum()


@pytest.mark.parametrize("texts", [[f"{i} {i + 1}" for i in range(40)], [f"gold {i}" for i in range(40)]])
def test_posts_of_numbers_or_one_word_are_explored(workspace: Workspace, texts: list[str]) -> None:
    run = explored(workspace, [post(i, text, created_at=at(i / 10), author_id=f"a{i}") for i, text in enumerate(texts)])
    assert run.manifest["counts"]["messages"] == 40


def test_without_authors_messages_are_counted(workspace: Workspace) -> None:
    run = explored(workspace, without(stream(), "author_id"))
    assert run.unit == "messages"
    assert run.narratives["n_authors"].isna().all()
    assert run.narratives["flagged"].sum() == 1


def test_without_times_there_are_narratives_and_no_emergence(workspace: Workspace) -> None:
    run = explored(workspace, without(stream(), "created_at"))
    assert (run.first_at, run.last_at) == (None, None)
    assert len(run.narratives) == 4
    assert run.narratives[["first_at", "p_value"]].isna().all(axis=None)
    assert not run.narratives["flagged"].any()
    with pytest.raises(Refused, match="has no times"):
        explored(workspace, without(stream(), "created_at"), as_of=at(3))


def test_with_nothing_but_text_there_are_narratives(workspace: Workspace) -> None:
    run = explored(workspace, without(stream(), "created_at", "author_id", "lang", "views", "post_id"))
    assert len(run.narratives) == 4
    assert run.narratives["reach"].isna().all()


def test_one_account_alone_makes_nothing_emerge(workspace: Workspace) -> None:
    run = explored(workspace, [one | {"author_id": "me"} for one in stream()])
    assert run.narratives["n_authors"].tolist() == [1, 1, 1, 1]
    assert run.narratives["top_author_share"].tolist() == [1, 1, 1, 1]
    assert not run.narratives["flagged"].any()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"encoder": "other"}, "There is no encoder 'other'"),
        ({"granularity": "huge"}, "Granularity 'huge' is not known"),
        ({"as_of": at(-1)}, "No post to explore before 2026-03-01"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_written(
    workspace: Workspace, config: dict[str, Any], words: str
) -> None:
    snapshot = snapshot_of(workspace, stream()[:20])
    with pytest.raises(Refused, match=words):
        explore(snapshot, workspace, config=RunConfig(**config), now=NOW, progress=silent)
    assert not workspace.runs.exists()


def test_another_granularity_from_a_kept_run_is_what_a_run_from_scratch_gives(tmp_path: Path) -> None:
    posts = stream(each=40)
    kept, fresh = workspace_at(tmp_path / "kept"), workspace_at(tmp_path / "fresh")
    medium = explored(kept, posts)
    snapshot = snapshot_of(kept, posts)
    fine = recluster(medium, snapshot, kept, granularity="7", now=datetime(2026, 1, 1, tzinfo=UTC))
    scratch = explored(fresh, posts, granularity="7")
    assert fine.id == scratch.id
    assert fine.manifest["cut_from"] == medium.id
    assert fine.manifest["files"] == scratch.manifest["files"]


def test_a_damaged_run_is_made_again(workspace: Workspace) -> None:
    first = explored(workspace, stream(each=20))
    (first.folder / "messages.parquet").write_bytes(b"damaged")
    again = explored(workspace, stream(each=20))
    assert again.id == first.id
    assert len(again.messages) == again.manifest["counts"]["messages"]


def test_beyond_the_landmarks_the_others_find_their_narratives(
    tmp_path: Path, streamed: Explored, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = posts_of(streamed.run).set_index("post_id")["narrative_id"]
    vectors = np.load(streamed.run.folder / "vectors.npy", allow_pickle=False)
    monkeypatch.setattr(space, "LANDMARKS", len(vectors) // 2)
    run = explored(workspace_at(tmp_path), streamed.posts)
    held = posts_of(run).set_index("post_id")["narrative_id"].reindex(whole.index)
    assert adjusted_rand_score(whole, held) > 0.9
    assert run.messages[["x", "y"]].notna().all(axis=None)
    with np.load(run.folder / "tree.npz", allow_pickle=False) as kept:
        assert len(kept["tree"]) == len(vectors) // 2 - 1
    again = explored(workspace_at(tmp_path / "again"), streamed.posts)
    assert again.manifest["files"] == run.manifest["files"]


# --- the sample ------------------------------------------------------------------------------------------------------


def sources_of(sample: Explored, truth: dict[str, Any]) -> dict[int, Counter[str]]:
    """Per narrative of the sample what its posts were made from: plants, or "chatter:…"."""
    found: dict[int, Counter[str]] = {}
    posts = posts_of(sample.run)
    for post_id, narrative in zip(posts["post_id"], posts["narrative_id"], strict=True):
        found.setdefault(int(narrative), Counter())[truth["posts"][post_id]] += 1
    return found


def planted(truth: dict[str, Any], *, expect: str) -> list[str]:
    names = [name for name, plant in truth["plants"].items() if plant["expect"] == expect]
    assert names
    return names


def test_the_planted_day_zero_narrative_is_flagged_and_in_the_top_five(sample: Explored, truth: dict[str, Any]) -> None:
    sources = sources_of(sample, truth)
    assert sample.run.end is not None
    for window in (Window(as_of=sample.run.end), ranking.window_for(sample.run)):
        top = ranking.emerging(sample.run, window).head(5)
        mostly = {int(n): sources[int(n)].most_common(1)[0][0] for n in top["narrative_id"]}
        place = top.set_index("narrative_id").loc[[n for n, name in mostly.items() if name == "day_zero_vote"]]
        assert len(place) == 1
        assert place["flagged"].all()


def test_every_planted_narrative_that_rises_is_flagged_and_kept_together(
    sample: Explored, truth: dict[str, Any]
) -> None:
    sources, flagged = sources_of(sample, truth), sample.run.narratives["flagged"]
    for name in planted(truth, expect="flagged"):
        home = max((n for n in sources if n >= 0), key=lambda n, name=name: sources[n][name])  # type: ignore[misc]
        assert flagged[home], name
        assert sources[home][name] > 0.8 * truth["plants"][name]["posts"], name
        assert sources[home][name] > 0.8 * sources[home].total(), name


def test_neither_ordinary_chatter_nor_a_steady_or_fading_plant_is_flagged(
    sample: Explored, truth: dict[str, Any]
) -> None:
    quiet = planted(truth, expect="not flagged")
    sources = sources_of(sample, truth)
    for number in sample.run.narratives.query("flagged")["narrative_id"]:
        made_from = sources[int(number)]
        still = sum(n for name, n in made_from.items() if name.startswith("chatter:") or name in quiet)
        assert still < 0.5 * made_from.total(), made_from.most_common(3)


def test_a_day_before_it_began_the_day_zero_narrative_is_not_listed(sample: Explored, truth: dict[str, Any]) -> None:
    first = pd.Timestamp(truth["plants"]["day_zero_vote"]["first_post"])
    sources = sources_of(sample, truth)
    home = max((n for n in sources if n >= 0), key=lambda n: sources[n]["day_zero_vote"])
    listed = ranking.emerging(sample.run, Window(as_of=first.to_pydatetime()))
    assert home not in set(listed["narrative_id"])
    assert len(listed) >= len(sample.run.narratives) - 1 - 3


def test_most_chatter_of_one_subject_lies_in_narratives_of_that_subject(
    sample: Explored, truth: dict[str, Any]
) -> None:
    sources = sources_of(sample, truth)
    own = sum(made_from.most_common(1)[0][1] for n, made_from in sources.items() if n >= 0)
    assert own > 0.9 * sum(made_from.total() for n, made_from in sources.items() if n >= 0)


def test_what_the_encoder_could_not_read_is_counted_by_language_and_kept_by_another_cut(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def few_languages(_: Lexical, texts: list[str]) -> Any:
        return np.array([any(letter in text for letter in "üäáé") for text in texts])

    monkeypatch.setattr(Lexical, "unread", few_languages)
    posts = stream(each=40)
    run = explored(workspace, posts)
    told = {each["lang"]: (each["unread"], each["messages"]) for each in run.manifest["encoder"]["unread"]}
    spanish = {one["text"] for one in posts if one["lang"] == "es"}
    assert set(told) == {"de", "es"}
    assert told["es"] == (sum(any(letter in text for letter in "áé") for text in spanish), len(spanish))
    fine = recluster(run, snapshot_of(workspace, posts), workspace, granularity="fine", now=NOW)
    assert fine.manifest["encoder"] == run.manifest["encoder"]
