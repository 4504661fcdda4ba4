"""The command `lineage`: one JSON document, or what became of each narrative in words."""

from __future__ import annotations

import pytest

from explore.narratives.run import Run
from explore.settings import Workspace
from tests.narratives.making import run_with
from tests.narratives.test_lineage import FIRST, SECOND, numbered, talk
from tests.test_cli import Say, say

__all__ = ["say"]


@pytest.fixture
def weeks(workspace: Workspace) -> list[Run]:
    first = numbered(talk("bread", days=FIRST, a_day=6), talk("tram", days=FIRST, a_day=5))
    second = numbered(talk("bread", days=SECOND, a_day=6, seed=1), start=999)
    return [run_with(workspace, first, groups=["bread", "tram"]), run_with(workspace, second, groups=["bread"])]


def test_links_are_one_document_with_kind_and_overlap(say: Say, weeks: list[Run]) -> None:
    found = say("lineage", weeks[0].id, weeks[1].id[:6], "--json").json()
    assert list(found) == ["run_a", "run_b", "compared_by", "unit", "rates", "links"]
    assert (found["run_a"], found["run_b"], found["unit"]) == (weeks[0].id, weeks[1].id, "accounts")
    assert found["rates"]["how"] == "apart"
    assert found["rates"]["per"] == "day"
    steady, gone = found["links"]
    assert (steady["a"], steady["b"], steady["kind"]) == (0, 0, "steady")
    assert min(steady["a_to_b"], steady["b_from_a"]) > 0.5
    assert steady["rate_ratio_low"] < 1 < steady["rate_ratio_high"]
    assert (gone["a"], gone["b"], gone["kind"], gone["label_b"]) == (1, None, "gone", None)


def test_without_json_every_narrative_is_told_in_words(say: Say, weeks: list[Run]) -> None:
    said = say("lineage", weeks[0].id, weeks[1].id)
    assert said.code == 0
    assert "− gone (1)" in said.out
    assert "is gone: it had 35 posts" in said.out
    assert "= goes on (1)" in said.out


def test_a_run_that_is_not_there_is_refused(say: Say, weeks: list[Run]) -> None:
    assert "nowhere" in say("lineage", weeks[0].id, "nowhere").refusal()
