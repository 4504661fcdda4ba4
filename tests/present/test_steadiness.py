"""How steady a narrative is, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from explore.present import steadiness


def row(stability: float, *, found_again: int = 17, draws: int = 20) -> dict[str, Any]:
    return {
        "narrative_id": 0,
        "stability": stability,
        "least": stability - 0.1,
        "most": stability + 0.1,
        "found_again": found_again,
        "draws": draws,
    }


def test_what_is_firm_is_found_again_in_so_many_trials() -> None:
    assert steadiness.sign(row(0.83)) == "found again"
    assert steadiness.found_again(row(0.83)) == "Found again in 17 of 20 trials without a fifth of the messages."
    assert "83 % on average (73 % to 93 %)" in steadiness.explained(row(0.83))
    assert steadiness.explained(row(0.83)).endswith("does not hang on a few messages.")
    assert steadiness.caveats(row(0.83)) == []


def test_below_one_half_it_is_unsteady_and_that_could_fool_a_finding() -> None:
    assert steadiness.sign(row(0.31)) == "unsteady"
    said = steadiness.found_again(row(0.31, found_again=2))
    assert said == (
        "Found again in 2 of 20 trials without a fifth of the messages. Unsteady: which posts belong to it changes "
        "a lot."
    )
    explained = steadiness.explained(row(0.31))
    assert explained.startswith("A check of the grouping: it says nothing about growth")
    assert "Unsteady, below half on average" in explained
    assert "A trial that holds none of its messages is not counted" in explained
    (caveat,) = steadiness.caveats(row(0.31))
    assert "31 % on average" in caveat
    assert steadiness.caveats(row(0.5)) == []


def test_what_is_not_measured_is_said_to_be_so_and_warns_of_nothing() -> None:
    for unknown in (None, row(np.nan, found_again=0, draws=0)):
        assert steadiness.sign(unknown) == "not measured"
        assert "measured" in steadiness.found_again(unknown)
        assert steadiness.explained(unknown) == ""
        assert steadiness.caveats(unknown) == []


def test_figures_read_from_a_frame_of_floats_are_whole() -> None:
    floats = {name: float(value) for name, value in row(0.9).items()}
    assert steadiness.found_again(floats) == "Found again in 17 of 20 trials without a fifth of the messages."
