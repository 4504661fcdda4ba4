"""Identities along a chain of links."""

from __future__ import annotations

from typing import Any

import pandas as pd

from explore.narratives.identity import carried, lineage_id


def links(*rows: tuple[Any, Any, str, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["a", "b", "kind", "a_to_b", "b_from_a"])
    return table.astype({"a": "Int64", "b": "Int64"})


def ids(found: pd.DataFrame, step: int) -> list[str]:
    return found.loc[found["step"] == step, "lineage_id"].to_list()


def test_an_identity_is_that_of_the_run_and_number_where_it_was_first_seen() -> None:
    steps = [links((0, 1, "steady", 0.9, 0.9), (None, 0, "new", 0, 0)), links((1, 0, "growing", 0.8, 0.8))]
    found = carried([("first", 1), ("second", 2), ("third", 1)], steps)
    kept = lineage_id("first", 0)
    assert [ids(found, step) for step in range(3)] == [[kept], [lineage_id("second", 0), kept], [kept]]
    assert len(kept) == 12


def test_after_a_split_the_largest_part_keeps_the_identity_and_the_others_name_their_origin() -> None:
    found = carried([("x", 1), ("y", 2)], [links((0, 0, "split", 0.3, 0.9), (0, 1, "split", 0.6, 0.9))])
    assert ids(found, 1) == [lineage_id("y", 0), lineage_id("x", 0)]
    assert found.loc[found["step"] == 1, "parent"].to_list() == [lineage_id("x", 0), None]


def test_after_a_merger_the_identity_of_the_largest_source_goes_on() -> None:
    found = carried([("x", 2), ("y", 1)], [links((0, 0, "merged", 0.9, 0.3), (1, 0, "merged", 0.9, 0.6))])
    assert ids(found, 1) == [lineage_id("x", 1)]


def test_what_is_new_takes_no_identity_over_even_where_something_small_went_into_it() -> None:
    found = carried([("x", 1), ("y", 1)], [links((0, 0, "merged", 0.9, 0.02), (None, 0, "new", 0, 0))])
    assert ids(found, 1) == [lineage_id("y", 0)]


def test_no_two_narratives_of_a_run_share_an_identity() -> None:
    steps = [links((0, 0, "split", 0.4, 0.9), (0, 1, "split", 0.4, 0.9), (1, 1, "merged", 0.4, 0.4))]
    found = carried([("x", 2), ("y", 2)], steps)
    assert not found.duplicated(["step", "lineage_id"]).any()


def test_a_run_without_narratives_ends_all_identities() -> None:
    found = carried([("x", 1), ("y", 0), ("z", 1)], [links((0, None, "gone", 0, 0)), links((None, 0, "new", 0, 0))])
    assert found["lineage_id"].to_list() == [lineage_id("x", 0), lineage_id("z", 0)]
