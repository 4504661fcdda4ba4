"""The radar: a dozen posts about something new are seen although they make no narrative; a quiet stream is quiet."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explore.narratives import radar, ranking
from explore.narratives.radar import Radar
from explore.narratives.run import Run, Timeline, timeline
from explore.narratives.windows import Window
from explore.posts.pseudonyms import pseudonym
from explore.settings import workspace_at
from tests.narratives.conftest import Explored
from tests.narratives.making import Post, at, explored, micros, post, snapshot_of

SIX_HOURS = Window(as_of=at(14), length=timedelta(hours=6), baseline=timedelta(hours=42))
DAY = Window(as_of=at(14))
SYLLABLES = ("ba", "ke", "lo", "mi", "nu", "ra", "se", "ti", "vo", "xu", "da", "fe")


def chatter(*, accounts: int = 150, per_day: int = 90, days: int = 14, seed: int = 1) -> list[Post]:
    """Posts of a few common words each that follow no event: any word at any time from anybody."""
    rng = random.Random(seed)  # noqa: S311  # handmade posts, no secret
    bank = [a + b + c for a in SYLLABLES for b in SYLLABLES for c in "nrs"]
    moments = sorted(rng.uniform(0, days) for _ in range(per_day * days))
    return [
        post(
            number,
            " ".join(rng.sample(bank, 6)),
            created_at=at(moment),
            author_id=f"u{rng.randrange(accounts)}",
        )
        for number, moment in enumerate(moments)
    ]


def event(word: str, *, size: int = 12, until: float = 14, seed: int = 3, **values: object) -> list[Post]:
    """So many posts by as many accounts in the six hours before `until` that share one word and nothing else."""
    rng = random.Random(seed)  # noqa: S311  # handmade posts, no secret
    bank = [a + b + c for a in SYLLABLES for b in SYLLABLES for c in "nrs"]
    return [
        post(
            9000 + seed * 100 + number,
            " ".join([*rng.sample(bank, 5), word]),
            **{"created_at": at(until - 0.24 * rng.random() - 0.001), "author_id": f"{word}{number}", **values},
        )
        for number in range(size)
    ]


def run_of(posts: list[Post], *, narrative: dict[str, int] | None = None, fewest: int = 60) -> Run:
    """A run of one message a text, whose posts belong to the narrative of the word they hold, else to none."""
    posts = sorted(posts, key=lambda one: one["created_at"])
    frame = pd.DataFrame(posts)
    message, texts = pd.factorize(frame["text"])
    author, _ = pd.factorize(frame["author_id"])
    held = [next((n for word, n in (narrative or {}).items() if word in text.split()), -1) for text in frame["text"]]
    told = frame.assign(author=author, message=message, narrative_id=held, views=np.nan)
    told["created_at"] = pd.to_datetime(told["created_at"], utc=True)
    run = Run(folder=Path("nowhere"), manifest={"id": "r", "fewest_messages": fewest})
    run.__dict__["timeline"] = timeline(told)
    run.__dict__["messages"] = pd.DataFrame(
        {"message_id": [f"m{n}" for n in range(len(texts))], "text": list(texts), "lang": None}
    )
    return run


def seen(run: Run, window: Window | None, *, emerging: Sequence[int] = ()) -> Radar:
    return radar.radar(run, window, emerging=emerging)


def labels(found: Radar) -> list[str]:
    return [str(label) for label in found.pockets["label"]]


def test_an_event_of_twelve_posts_within_six_hours_is_found_in_six_hours_and_in_a_day() -> None:
    run = run_of([*chatter(), *event("quake")])
    for window in (SIX_HOURS, DAY):
        found = seen(run, window)
        assert labels(found) == ["quake"]
        row = found.pockets.iloc[0]
        assert (row["now_authors"], row["base_authors"], row["n_posts"], row["n_messages"]) == (12, 0, 12, 12)
        assert row["outside"] == 12
        assert row["q_value"] < 0.001
        assert found.looked_at > 50


def test_before_the_event_and_long_after_it_nothing_is_found() -> None:
    run = run_of([*chatter(days=16), *event("quake", until=10)])
    for as_of in (at(9.7), at(13)):
        assert labels(seen(run, Window(as_of=as_of))) == []


def test_a_quiet_stream_gives_no_pocket_in_nineteen_of_twenty_shifted_timelines() -> None:
    run = run_of([*chatter(seed=2), *event("quake", seed=4, until=6)])
    alarms = [bool(labels(seen(shifted(run, seed), DAY))) for seed in range(40)]
    assert sum(alarms) <= 2


def shifted(run: Run, seed: int) -> Run:
    """The run with the timeline of each account turned by an amount of its own: whatever grows then is chance."""
    line = run.timeline
    turn = np.random.default_rng(seed).integers(0, 14 * 86_400_000_000, line.unit.max() + 1)
    begin = int(micros(at(0))[0])
    moved = dataclasses.replace(line, at=begin + (line.at - begin + turn[line.unit]) % (14 * 86_400_000_000))
    order = np.argsort(moved.at, kind="stable")
    again = Run(folder=run.folder, manifest=run.manifest)
    again.__dict__["timeline"] = Timeline(**{name: values[order] for name, values in vars(moved).items()})
    again.__dict__["messages"] = run.messages
    return again


def test_one_account_that_writes_twelve_posts_is_no_pocket() -> None:
    assert labels(seen(run_of([*chatter(), *event("quake", author_id="u1")]), DAY)) == []


def test_four_accounts_are_too_few() -> None:
    assert labels(seen(run_of([*chatter(), *event("quake", size=4)]), DAY)) == []


def test_twelve_accounts_with_one_text_are_a_pocket() -> None:
    copies = [one | {"text": "the same words about quake"} for one in event("quake")]
    found = seen(run_of([*chatter(), *copies]), DAY).pockets
    assert (len(found), found["n_messages"][0], found["n_posts"][0]) == (1, 1, 12)


def test_what_a_narrative_holds_is_left_to_it_and_what_is_scattered_over_several_is_shown() -> None:
    posts = [*chatter(), *event("quake")]
    assert labels(seen(run_of(posts, narrative={"quake": 0}), DAY)) == []
    some = sorted(post["text"].split()[0] for post in event("quake"))[::2]
    found = seen(run_of(posts, narrative={word: n for n, word in enumerate(some)}), DAY).pockets
    assert found["label"].tolist() == ["quake"]
    assert 0 < found["outside"][0] < 12


def test_words_that_an_emerging_narrative_lifts_are_not_told_again() -> None:
    posts = [*chatter(), *event("quake", size=16)]
    halves = {word: n % 3 for n, word in enumerate(one["text"].split()[0] for one in event("quake", size=16))}
    assert labels(seen(run_of(posts, narrative=halves), DAY)) == ["quake"]
    assert labels(seen(run_of(posts, narrative=halves), DAY, emerging=[0, 1, 2])) == []


def test_a_word_of_as_many_messages_as_a_narrative_needs_is_no_small_pocket() -> None:
    posts = [*chatter(), *event("quake", size=40)]
    assert labels(seen(run_of(posts, fewest=41), DAY)) == ["quake"]
    assert labels(seen(run_of(posts, fewest=40), DAY)) == []


def test_words_of_the_same_posts_are_one_pocket_and_other_events_are_others() -> None:
    twin = [one | {"text": f"{one['text']} harbour"} for one in event("quake")]
    found = seen(run_of([*chatter(), *twin, *event("strike", seed=5, size=20)]), DAY)
    assert labels(found) == ["strike", "quake · harbour"]
    assert found.pockets["pocket_id"].tolist() == [0, 1]


def test_without_accounts_messages_are_counted() -> None:
    posts = [one | {"author_id": None} for one in [*chatter(), *event("quake")]]
    assert labels(seen(run_of(posts), DAY)) == ["quake"]


@pytest.mark.parametrize("window", [None, Window(as_of=at(-3)), Window(as_of=at(2))])
def test_where_nothing_can_be_tested_there_is_no_pocket(window: Window | None) -> None:
    found = seen(run_of([*chatter(), *event("quake", until=2)]), window)
    assert found.pockets.empty
    assert found.looked_at == 0


def test_the_posts_of_a_pocket_are_those_in_the_window_with_pseudonyms(tmp_path: Path) -> None:
    workspace = workspace_at(tmp_path / "workspace")
    posts = sorted([*chatter(per_day=20), *event("quake")], key=lambda one: one["created_at"])
    run = explored(workspace, posts)
    found = seen(run, DAY).pockets
    assert found["label"].tolist() == ["quake"]
    shown = radar.examples(run, snapshot_of(workspace, posts), found["message_ids"][0], window=DAY, key=b"k")
    assert len(shown) == 4
    assert all("quake" in text for text in shown["text"])
    assert set(shown["author"]) <= {pseudonym(f"quake{n}", b"k") for n in range(12)}
    assert shown["created_at"].is_monotonic_decreasing
    assert (shown[["copies", "accounts"]] == 1).all(axis=None)


def test_the_ids_of_posts_of_a_pocket_name_no_account(tmp_path: Path) -> None:
    workspace = workspace_at(tmp_path / "workspace")
    posts = sorted([*chatter(per_day=20), *event("quake")], key=lambda one: one["created_at"])
    posts = [one | {"post_id": f"{one['author_id']}-{one['post_id']}"} for one in posts]
    run = explored(workspace, posts)
    found = seen(run, DAY).pockets
    shown = radar.examples(run, snapshot_of(workspace, posts), found["message_ids"][0], window=DAY, key=b"k")
    assert len(shown) == 4
    assert [one.split("-")[0] for one in shown["post_id"]] == shown["author"].tolist()


def test_what_a_run_found_to_be_a_narrative_is_no_pocket(streamed: Explored) -> None:
    assert labels(seen(streamed.run, DAY)) == []


def test_the_sample_has_no_pocket_beside_its_emerging_narratives(sample: Explored) -> None:
    listed = ranking.emerging(sample.run, ranking.window_for(sample.run))
    flagged = listed.loc[listed["flagged"], "narrative_id"].tolist()
    assert labels(seen(sample.run, ranking.window_for(sample.run), emerging=flagged)) == []
