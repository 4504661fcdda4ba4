"""A text or a word that many posted at once becomes a narrative of its own; chatter and more posting do not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from explore.narratives.history import History
from explore.narratives.origins import TEXT, WORDS, names
from explore.narratives.outbreaks import Outbreaks, split
from explore.narratives.tokens import tokens
from tests.narratives.making import ints
from tests.narratives.writer import BANK

Ints = NDArray[np.int64]
DAYS, PER_DAY, ACCOUNTS = 14, 60, 300
EVENT_DAY, FEWEST = 12, 60


@dataclass
class Talk:
    """Posts by day and account, and their texts; a text is one message. `narrative`: of each text, 0 unless said."""

    posts: list[tuple[int, int, int]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    narrative: dict[int, int] = field(default_factory=dict)
    known: bool = True

    def say(self, text: str, *, day: int, by: Iterable[int], narrative: int = 0) -> int:
        """One text posted once by each account; its message."""
        message = len(self.texts)
        self.texts.append(text)
        self.narrative[message] = narrative
        self.posts += [(day, unit, message) for unit in by]
        return message

    def event(
        self, words: str, *, size: int, narratives: int = 4, day: int = EVENT_DAY, first: int = 1000
    ) -> list[int]:
        """So many posts by as many accounts that share these words only, scattered over some narratives."""
        rng = np.random.default_rng(first)
        return [
            self.say(f"{' '.join(rng.choice(BANK, 5))} {words}", day=day, by=[first + i], narrative=i % narratives)
            for i in range(size)
        ]

    def found(self, *, fewest: int = FEWEST) -> Outbreaks:
        bin_, unit, message = np.array(self.posts, dtype=np.int64).T
        unit = unit if self.known else message
        past = History(bin_, unit, message, np.full(len(bin_), self.known))
        return split(self.labels, tokens(self.texts), [None] * len(self.texts), past, fewest=fewest)

    @property
    def labels(self) -> Ints:
        return np.array([self.narrative[message] for message in range(len(self.texts))], dtype=np.int64)

    @property
    def calm(self) -> int:
        """The number that the first outbreak gets."""
        return int(self.labels.max()) + 1


def chatter(seed: int = 1, *, burst: int = 1, accounts: int = ACCOUNTS) -> Talk:
    """Posts of common words in four narratives by any account on any day, on the last one `burst` times as many."""
    rng, talk = np.random.default_rng(seed), Talk()
    for day in range(DAYS):
        for _ in range(PER_DAY * (burst if day == DAYS - 1 else 1)):
            text = " ".join(rng.choice(BANK, 6, replace=False))
            talk.say(text, day=day, by=[int(rng.integers(accounts))], narrative=int(rng.integers(4)))
    return talk


def set_apart(found: Outbreaks, *, calm: int) -> dict[int, list[int]]:
    """The messages of each new narrative."""
    return {label: np.flatnonzero(found.labels == label).tolist() for label in range(calm, found.labels.max() + 1)}


@pytest.mark.parametrize("narrative", [0, -1])
def test_a_text_by_twelve_accounts_in_a_day_is_a_narrative_of_its_own_wherever_it_lies(narrative: int) -> None:
    talk = chatter()
    copied = talk.say("ballots found in the river", day=EVENT_DAY, by=range(1000, 1012), narrative=narrative)
    found = talk.found()
    assert set_apart(found, calm=talk.calm) == {talk.calm: [copied]}
    assert found.origin[copied] == TEXT
    assert (np.delete(found.origin, copied) == -1).all()
    assert (np.delete(found.labels, copied) == np.delete(talk.labels, copied)).all()


@pytest.mark.parametrize(("accounts", "apart"), [(9, False), (10, True)])
def test_a_text_by_nine_accounts_is_what_people_share_every_day(accounts: int, apart: bool) -> None:
    talk = chatter()
    talk.say("ballots found in the river", day=EVENT_DAY, by=range(1000, 1000 + accounts))
    assert (talk.found().labels.max() == talk.calm) == apart


def test_a_text_that_is_most_of_its_narrative_is_that_narrative() -> None:
    talk = chatter()
    talk.say("ballots found in the river", day=EVENT_DAY, by=range(1000, 1012), narrative=4)
    for i in range(5):
        talk.say(f"ballots in the river {BANK[i]}", day=EVENT_DAY, by=[1100 + i], narrative=4)
    assert (talk.found().labels == talk.labels).all()


def test_a_text_that_twelve_accounts_post_every_day_stays_where_it_is() -> None:
    talk = chatter()
    usual = talk.say("good morning everybody", day=0, by=range(12))
    talk.posts += [(day, (12 * day + i) % ACCOUNTS, usual) for day in range(1, DAYS) for i in range(12)]
    assert (talk.found().labels == talk.labels).all()


def test_a_text_posted_twelve_times_by_one_account_stays_where_it_is() -> None:
    talk = chatter()
    talk.say("ballots found in the river", day=EVENT_DAY, by=[1000] * 12)
    assert (talk.found().labels == talk.labels).all()


def test_a_rare_word_by_eight_accounts_scattered_over_narratives_is_one_narrative() -> None:
    talk = chatter()
    event = talk.event("quake", size=8)
    found = talk.found()
    assert set_apart(found, calm=talk.calm) == {talk.calm: event}
    assert (found.origin[event] == WORDS).all()
    assert (found.origin >= 0).sum() == 8


def test_five_accounts_with_a_new_word_are_a_conversation() -> None:
    talk = chatter()
    talk.event("quake", size=5)
    assert (talk.found().labels == talk.labels).all()


def test_a_word_that_one_narrative_holds_is_left_to_it() -> None:
    talk = chatter()
    talk.event("quake", size=12, narratives=1)
    assert (talk.found().labels == talk.labels).all()


def test_a_word_that_a_growing_narrative_lifts_is_left_to_it() -> None:
    """What would be set apart is a piece of that narrative and the chatter of two weeks."""
    talk = chatter()
    for number in range(14):
        talk.say(f"instead {BANK[number]} {BANK[2 * number]}", day=number, by=[number], narrative=number % 4)
    for number in range(25):
        word = "instead" if number < 11 else BANK[30 + number]
        talk.say(f"ballots {word} {BANK[number]}", day=EVENT_DAY, by=[1000 + number], narrative=4)
    assert (talk.found().labels == talk.labels).all()


def test_what_no_narrative_holds_is_found_by_its_word() -> None:
    talk = chatter()
    event = talk.event("quake", size=8)
    talk.narrative |= dict.fromkeys(event, -1)
    assert set_apart(talk.found(), calm=talk.calm) == {talk.calm: event}


@pytest.mark.parametrize(("fewest", "apart"), [(41, True), (40, False)])
def test_a_word_in_as_many_messages_as_a_narrative_needs_is_not_rare(fewest: int, apart: bool) -> None:
    talk = chatter()
    talk.event("quake", size=40)
    assert (talk.found(fewest=fewest).labels.max() == talk.calm) == apart


def test_in_a_small_run_a_word_in_fewer_than_thirty_messages_is_rare() -> None:
    talk = chatter()
    event = talk.event("quake", size=29)
    assert set_apart(talk.found(fewest=5), calm=talk.calm) == {talk.calm: event}


def test_a_word_that_one_narrative_has_held_all_along_is_left_to_it() -> None:
    talk = chatter()
    for number in range(20):
        talk.say(f"{BANK[number]} quake", day=number % 12, by=[number], narrative=2)
    talk.event("quake", size=12)
    assert (talk.found().labels == talk.labels).all()


@pytest.mark.parametrize(("size", "apart"), [(24, False), (60, True)])
def test_a_common_word_may_be_posted_five_times_as_much_on_any_day_and_not_eleven_times(size: int, apart: bool) -> None:
    talk = chatter()
    for number in range(6 * DAYS):
        talk.say(f"{BANK[number]} quake", day=number // 6, by=[number], narrative=number % 4)
    talk.event("quake", size=size)
    assert (talk.found(fewest=200).labels.max() == talk.calm) == apart


def test_a_word_that_is_mostly_one_text_is_left_to_the_text() -> None:
    talk = chatter()
    talk.say("ballots found in the river", day=EVENT_DAY, by=range(1000, 1009), narrative=-1)
    talk.say("the river is wide", day=EVENT_DAY, by=[1100], narrative=0)
    talk.say("a river runs here", day=EVENT_DAY, by=[1101], narrative=1)
    assert (talk.found().labels == talk.labels).all()


def test_words_of_the_same_posts_are_one_narrative_and_another_event_is_another_the_clearest_first() -> None:
    talk = chatter()
    quake = talk.event("quake harbour", size=8)
    strike = talk.event("strike", size=16, first=2000)
    assert set_apart(talk.found(), calm=talk.calm) == {talk.calm: strike, talk.calm + 1: quake}


def test_a_narrative_of_a_word_holds_its_earlier_posts_as_well() -> None:
    talk = chatter()
    early = talk.event("quake", size=2, day=3, first=2000)
    event = talk.event("quake", size=12)
    assert set_apart(talk.found(), calm=talk.calm) == {talk.calm: early + event}


def test_a_text_that_was_set_apart_is_not_taken_by_its_words() -> None:
    talk = chatter()
    copied = talk.say("quake near the old harbour", day=EVENT_DAY, by=range(1200, 1212))
    event = talk.event("quake", size=20)
    found = talk.found()
    assert set_apart(found, calm=talk.calm) == {talk.calm: [copied], talk.calm + 1: event}
    assert names(found.labels, found.origin, k=talk.calm + 2)[-2:] == ["text", "words"]


def test_what_texts_leave_over_of_their_word_is_no_narrative() -> None:
    talk = chatter()
    copied = [talk.say(f"quake {BANK[i]}", day=EVENT_DAY, by=range(1200 + 20 * i, 1214 + 20 * i)) for i in range(3)]
    talk.event("quake", size=2)
    found = talk.found()
    assert sorted(set_apart(found, calm=talk.calm).values()) == [[one] for one in copied]


def test_ordinary_chatter_is_left_as_it_is_in_nineteen_of_twenty_histories() -> None:
    split_up = [chatter(seed).found().labels.max() > 3 for seed in range(20)]
    assert sum(split_up) <= 1


def test_eight_times_the_posting_by_the_same_people_sets_nothing_apart() -> None:
    split_up = [chatter(seed, burst=8, accounts=50).found().labels.max() > 3 for seed in range(10)]
    assert sum(split_up) == 0


def test_an_event_on_a_day_of_eight_times_the_posting_is_set_apart() -> None:
    talk = chatter(burst=8, accounts=50)
    event = talk.event("quake", size=30, day=DAYS - 1)
    assert set_apart(talk.found(), calm=talk.calm) == {talk.calm: event}


def test_where_no_account_is_known_messages_are_counted() -> None:
    talk = chatter()
    talk.known = False
    event = talk.event("quake", size=8)
    talk.say("ballots found in the river", day=EVENT_DAY, by=range(1200, 1212))  # is one message
    assert set_apart(talk.found(), calm=talk.calm) == {talk.calm: event}


@pytest.mark.parametrize("texts", [[], ["the same", "and more"]])
def test_without_a_post_with_a_time_nothing_is_set_apart(texts: list[str]) -> None:
    labels, none = np.zeros(len(texts), dtype=np.int64), ints()
    past = History.of(none, none, none, none.astype(bool), length=1)
    found = split(labels, tokens(texts), [None] * len(texts), past, fewest=5)
    assert found.labels.tolist() == labels.tolist()
    assert found.origin.tolist() == [-1] * len(texts)


@pytest.mark.parametrize("day", [0, 2])
def test_what_broke_out_before_there_was_anything_to_compare_with_is_left(day: int) -> None:
    talk = chatter()
    talk.event("quake", size=12, day=day)
    talk.say("ballots found in the river", day=day, by=range(1200, 1212))
    assert (talk.found().labels == talk.labels).all()


def test_the_given_labels_are_not_changed() -> None:
    talk = chatter()
    talk.event("quake", size=8)
    labels = talk.labels
    bin_, unit, message = np.array(talk.posts, dtype=np.int64).T
    past = History(bin_, unit, message, np.ones(len(bin_), dtype=bool))
    found = split(labels, tokens(talk.texts), [None] * len(talk.texts), past, fewest=FEWEST)
    assert (found.labels != labels).any()
    assert (labels == talk.labels).all()
