"""When a narrative would first have been flagged: looked up on posts whose figures can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from explore.narratives import ranking, replay
from explore.narratives.windows import Window
from explore.settings import Workspace
from tests.narratives.conftest import Explored
from tests.narratives.making import BREAD, VOTE, at, explored, narrative_of, stream

SIX_HOURS = timedelta(hours=6)


def test_the_replay_flags_at_every_look_what_the_list_flags_there(streamed: Explored) -> None:
    window = Window(as_of=at(13.9))
    found = replay.replay(streamed.run, window)
    assert found.step == SIX_HOURS
    assert found.looks[-1] == at(13.9)
    assert len(found.looks) == 56  # every six hours since the first post, which is half an hour into the first day
    assert found.flags.any()
    for look, flags in zip(found.looks, found.flags, strict=True):
        listed = ranking.emerging(streamed.run, Window(as_of=look))
        assert set(listed.loc[listed["flagged"], "narrative_id"]) == set(flags.nonzero()[0])


def test_a_narrative_is_first_flagged_at_a_look_after_its_first_post(streamed: Explored) -> None:
    run, posts = streamed.run, streamed.posts
    recall = narrative_of(run, posts, "battery")
    told = replay.detection(replay.replay(run, Window(as_of=at(14))), recall)
    assert told is not None
    first_ten: dict[str, object] = {}
    for one in posts:
        if "battery" in one["text"].split() and len(first_ten) < 10:
            first_ten.setdefault(one["author_id"], one["created_at"])
    assert told.tenth_at == list(first_ten.values())[-1]
    assert told.first_at < told.tenth_at
    assert told.flagged_at is not None
    assert told.first_at < told.flagged_at <= at(14)
    assert (told.since, told.until, told.last_flagged_at) == (at(13.25), at(14), at(14))
    assert told.looks == 4
    assert 0 < told.flagged_looks <= 4
    assert not told.is_cut


def test_what_is_never_flagged_has_no_first_flag_and_few_accounts_no_tenth(few: Explored) -> None:
    found = replay.replay(few.run, Window(as_of=at(8)))
    told = replay.detection(found, BREAD)
    assert told is not None
    assert (told.first_at, told.tenth_at, told.flagged_at, told.flagged_looks) == (at(1.5), None, None, 0)
    assert (told.since, told.looks, told.last_flagged_at) == (at(1.75), 26, None)


def test_the_last_flag_is_the_newest_look_that_flagged_it_and_not_that_of_the_as_of_time(streamed: Explored) -> None:
    found = replay.replay(streamed.run, Window(as_of=at(14)))
    recall = narrative_of(streamed.run, streamed.posts, "battery")
    over = replace(found, flags=found.flags.copy())
    over.flags[-2:, recall] = False
    over.flags[-4:-2, recall] = True
    told = replay.detection(over, recall)
    assert told is not None
    assert (told.flagged_at, told.last_flagged_at, told.until) == (at(13.25), at(13.5), at(14))


def test_what_is_not_there_yet_has_no_detection(few: Explored) -> None:
    assert replay.detection(replay.replay(few.run, Window(as_of=at(7))), VOTE) is None


def test_before_the_first_post_nothing_is_flagged(few: Explored) -> None:
    found = replay.replay(few.run, Window(as_of=at(-3)))
    assert found.looks == (at(-3),)
    assert not found.flags.any()


def test_looks_lie_further_apart_where_they_would_be_too_many(few: Explored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "MOST_LOOKS", 16)
    found = replay.replay(few.run, Window(as_of=at(8)))
    assert (found.step, len(found.looks)) == (timedelta(hours=12), 16)
    monkeypatch.setattr(replay, "MOST_LOOKS", 4)
    found = replay.replay(few.run, Window(as_of=at(8)))
    assert (found.step, found.looks) == (timedelta(days=1), (at(5), at(6), at(7), at(8)))
    told = replay.detection(found, BREAD)
    assert told is not None
    assert (told.since, told.looks, told.is_cut) == (at(5), 4, True)
    vote = replay.detection(found, VOTE)
    assert vote is not None
    assert (vote.since, vote.is_cut) == (at(8), False)


def test_without_narratives_there_is_nothing_to_flag(workspace: Workspace) -> None:
    found = replay.replay(explored(workspace, stream()[:3]), Window(as_of=at(2)))
    assert found.flags.shape == (len(found.looks), 0)
    assert found.times.empty
