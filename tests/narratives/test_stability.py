"""Stability: firm blobs are found again, pieces of noise are not; what was written is read back or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import sparse

from explore.errors import Refused
from explore.narratives import graph, layout
from explore.narratives.run import Run, open_run
from explore.narratives.space import Space
from explore.narratives.stability import Grouped, best_overlap, draws_for, measure, resampled
from explore.narratives.stability_table import FILE, kept
from explore.narratives.vectors import unit_rows
from tests.narratives.conftest import Explored
from tests.narratives.making import ints

Ints = NDArray[np.int64]


def space_of(vectors: NDArray[np.float32]) -> Space:
    near = graph.nearest(vectors, graph.index_of(vectors))
    weights = layout.fuzzy_graph(near.indices, near.distances, seed=1)
    return Space(vectors, weights, np.empty((0, 4)))


def blobs(*sizes: int, spread: float = 0.08) -> tuple[NDArray[np.float32], Ints]:
    """Unit vectors around so many directions at right angles, and the blob of each."""
    rng = np.random.default_rng(5)
    blob = np.repeat(np.arange(len(sizes)), sizes)
    vectors = np.eye(16)[blob] + rng.normal(scale=spread, size=(len(blob), 16))
    return unit_rows(vectors.astype(np.float32)), blob


def stability_of(vectors: NDArray[np.float32], narrative: Ints, *, size: int = 15, draws: int = 4) -> pd.DataFrame:
    once = np.ones(len(narrative), dtype=np.int64)
    return resampled(space_of(vectors), Grouped(narrative, once, once, [size]), draws=draws, seed=1)


def test_overlap_is_the_best_jaccard_counted_by_hand() -> None:
    before = ints(0, 0, 0, 0, 1, 1, 2, -1, -1)
    after = ints(0, 0, 0, 1, 1, -1, -1, 0, 1)
    found = best_overlap(before, after, k=4)
    assert found[:3].tolist() == [3 / 5, 1 / 4, 0.0]
    assert np.isnan(found[3])


def test_overlap_with_nothing_is_nothing() -> None:
    assert best_overlap(ints(0, 0, -1), ints(-1, -1, -1), k=1).tolist() == [0.0]
    assert best_overlap(ints(), ints(), k=0).tolist() == []


def test_blobs_far_from_each_other_are_found_again_every_time() -> None:
    found = stability_of(*blobs(80, 60, 50))
    assert (found["stability"] > 0.95).all()
    assert found["found_again"].tolist() == found["draws"].tolist() == [4, 4, 4]
    assert (found["least"] <= found["stability"]).all()
    assert (found["stability"] <= found["most"]).all()


def test_noise_cut_into_pieces_is_not_found_again() -> None:
    noise = unit_rows(np.random.default_rng(2).normal(size=(240, 16)).astype(np.float32))
    pieces = np.repeat(np.arange(6), 40)
    assert (stability_of(noise, pieces)["stability"] < 0.5).all()


def test_a_narrative_glued_from_two_blobs_overlaps_with_the_larger_one_only() -> None:
    vectors, blob = blobs(60, 60, 70)
    found = stability_of(vectors, np.where(blob == 2, 1, 0))["stability"]
    assert 0.4 < found[0] < 0.6
    assert found[1] > 0.95


def test_messages_beside_the_landmarks_are_grouped_through_them() -> None:
    vectors, blob = blobs(80, 60, 50)
    order = np.random.default_rng(3).permutation(len(blob))
    vectors, blob = vectors[order], blob[order]
    whole, landmarks = space_of(vectors), 150
    pointing = sparse.lil_matrix(whole.graph)
    pointing[:, landmarks:] = 0
    space = Space(vectors, sparse.csr_matrix(pointing), np.empty((landmarks - 1, 4)))
    once = np.ones(len(blob), dtype=np.int64)
    found = resampled(space, Grouped(blob, once, once, [12]), draws=3, seed=1)
    assert (found["stability"] > 0.9).all()


def test_no_narrative_gives_no_row() -> None:
    vectors, blob = blobs(20, 20)
    assert stability_of(vectors, np.full(len(blob), -1)).empty


def test_the_number_of_draws_follows_from_the_size() -> None:
    assert [draws_for(n) for n in (0, 20, 25_000, 65_000, 1_000_000)] == [20, 20, 20, 7, 5]


@pytest.fixture
def copied(streamed: Explored, tmp_path: Path) -> Run:
    """A copy of the streamed run that a test may write to."""
    shutil.copytree(streamed.run.folder, tmp_path / streamed.run.id)
    return Run(folder=tmp_path / streamed.run.id, manifest=streamed.run.manifest)


def test_a_run_is_measured_once_and_its_own_files_stay_as_they_were(copied: Run, streamed: Explored) -> None:
    assert kept(copied.folder) is None
    measured = measure(copied)
    again = kept(copied.folder)
    assert again is not None
    pd.testing.assert_frame_equal(measured, again)
    assert measured["narrative_id"].tolist() == copied.narratives["narrative_id"].tolist()
    assert measured["draws"].max() == 20
    assert measured["stability"].between(0, 1).all()
    written = (copied.folder / FILE).read_bytes()
    (copied.folder / FILE).unlink()
    measure(copied)
    assert (copied.folder / FILE).read_bytes() == written
    assert {path.name for path in copied.folder.iterdir()} == {FILE, *(p.name for p in streamed.run.folder.iterdir())}


def test_a_run_with_its_stability_opens_as_before(streamed: Explored, copied: Run) -> None:
    workspace = streamed.workspace
    measure(Run(folder=streamed.run.folder, manifest=streamed.run.manifest))
    try:
        assert open_run(workspace, streamed.run.id).id == streamed.run.id
        shutil.copy(streamed.run.folder / FILE, copied.folder.parent / FILE)
        assert kept(copied.folder.parent) is None, "the file of another run"
    finally:
        (streamed.run.folder / FILE).unlink()


def test_a_changed_file_counts_as_not_measured(copied: Run) -> None:
    measured = measure(copied)
    path = copied.folder / FILE
    measured.assign(stability=1.0).to_parquet(path, index=False)
    assert kept(copied.folder) is None
    path.write_bytes(b"PAR1")
    assert kept(copied.folder) is None


def test_a_run_too_small_to_cluster_is_measured_too(few: Explored, tmp_path: Path) -> None:
    shutil.copytree(few.run.folder, tmp_path / few.run.id)
    found = measure(Run(folder=tmp_path / few.run.id, manifest=few.run.manifest))
    assert len(found) == len(few.run.narratives)
    assert (found["stability"].fillna(0) == 0).all()


def test_a_run_that_was_removed_meanwhile_does_not_come_back(copied: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _ = copied.messages
    monkeypatch.setattr("explore.narratives.stability.resampled", lambda *_, **__: shutil.rmtree(copied.folder))
    with pytest.raises(Refused, match="removed while"):
        measure(copied)
    assert not copied.folder.exists()


def test_an_isolated_message_does_not_stop_the_layout() -> None:
    vectors, blob = blobs(40, 40)
    space = space_of(vectors)
    cut_off = space.graph.tolil()
    cut_off[0, :] = 0
    cut_off[:, 0] = 0
    space = Space(space.vectors, sparse.csr_matrix(cut_off), space.tree)
    once = np.ones(len(blob), dtype=np.int64)
    assert len(resampled(space, Grouped(blob, once, once, [10]), draws=1, seed=1)) == 2
