"""Texts, links, tags, media and rare words that many accounts post at once are seen wherever their posts lie."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from explore.narratives import emergence, ranking
from explore.narratives.evidence import item_evidence
from explore.narratives.items import Items, items
from explore.narratives.run import Run, Timeline
from explore.narratives.windows import Window
from explore.posts.pseudonyms import pseudonym
from explore.settings import Workspace, workspace_at
from tests.narratives.conftest import Explored
from tests.narratives.making import at, micros, posts_of, without
from tests.narratives.writer import ACCOUNTS, DAYS, Writer

Ints = NDArray[np.int64]
RUMOUR = "bread is poisoned at the old mill, tell everyone"
NOTICE = "ferry timetable withdrawn until further notice"
GREETING = "good morning neighbours https://daily.example/news #hello #morning"
DAY_MICROS = 86_400_000_000


def day(as_of: float) -> Window:
    return Window(as_of=at(as_of))


def seen(made: Explored, window: Window | None, *, run: Run | None = None, emerging: Collection[int] = ()) -> Items:
    return items(run or made.run, made.snapshot, window, emerging=emerging)


def ids(found: Items, *, kind: str | None = None) -> list[str]:
    rows = found.rows if kind is None else found.rows[found.rows["kind"] == kind]
    return [str(each) for each in rows["item_id"]]


def row_of(found: Items, item_id: str) -> dict[str, object]:
    (place,) = found.rows.index[found.rows["item_id"] == item_id]
    return dict(found.rows.loc[place])


def text_id(found: Items, text: str) -> str:
    (item_id,) = found.rows.loc[(found.rows["kind"] == "text") & (found.rows["label"] == text), "item_id"]
    return str(item_id)


def changed(run: Run, *, fewest: int | None = None, **arrays: Ints) -> Run:
    """The run with other arrays in its timeline, or another size of its narratives."""
    again = Run(run.folder, dict(run.manifest) | ({"fewest_messages": fewest} if fewest else {}))
    again.__dict__["timeline"] = Timeline(**(vars(run.timeline) | arrays))
    return again


def with_narratives(made: Explored, word: str, narratives: Iterator[int]) -> Run:
    """The run with the posts that hold a word in these narratives, in their order."""
    narrative = made.run.timeline.narrative.copy()
    for row in [row for row, one in enumerate(made.posts) if word in one["text"].split()]:
        narrative[row] = next(narratives)
    return changed(made.run, narrative=narrative)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    """Sixteen days of chatter in no narrative; on the eighth twice as many as before with one tag; words of three
    events on the tenth, two on the thirteenth, one on the last."""
    writer = Writer(1)
    writer.chatter(60, days=16)
    writer.event("quake", "* quake", until=10)
    writer.event("early", "* quake", until=6, size=2)
    writer.event("handful", "* handful", until=10, size=4)
    for number in range(12):
        writer.say(f"{writer.words()} lonely", day=9.8 + number / 100, by=7)
    for number in range(21):
        writer.say(f"{writer.words()} #often", day=number / 3 + 0.01, by=number)
    writer.event("often", "* #often", until=8, size=14)
    writer.event("storm", "* storm harbour", until=13)
    writer.event("strike", "* strike", until=13, size=20)
    writer.event("comet", "* comet", until=16, size=40)
    return writer.explored(workspace_at(tmp_path_factory.mktemp("quiet") / "workspace"), "nothing")


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    """Chatter, a large calm narrative about bread, a greeting that is posted every day, and on the last day one event
    of each kind."""
    writer = Writer(2)
    writer.chatter(40)
    for number in range(20 * DAYS):
        writer.say(f"{writer.words()} bread", day=number / 20 + 0.01, by=writer.rng.randrange(ACCOUNTS))
    for number in range(15 * DAYS):
        account = 15 * (number // 15) % ACCOUNTS + number % 15
        writer.say(GREETING, day=number / 15 + 0.02, by=account, media_id="anthem")
    for number in range(27):
        writer.say(RUMOUR, day=13.6 + number / 660, by=f"mill{number}")
    writer.event("notice", NOTICE)
    writer.event("link", "* https://news.example/a-story", url="https://short.example/x")
    writer.event("tag", "* #March")
    writer.event("tags", "* #One #two *")
    writer.event("sound", "*", media_id="sound-77")
    writer.event("clip", "*", url="https://video.example/clip")
    return writer.explored(workspace_at(tmp_path_factory.mktemp("busy") / "workspace"), "bread")


@pytest.fixture(scope="module")
def seen_busy(busy: Explored) -> Items:
    return seen(busy, day(DAYS))


# --- every kind ------------------------------------------------------------------------------------------------------


def test_one_text_by_27_accounts_within_an_hour_is_a_row_although_its_narrative_is_large_and_calm(
    busy: Explored, seen_busy: Items
) -> None:
    item_id = text_id(seen_busy, RUMOUR)
    row = row_of(seen_busy, item_id)
    assert row["kind"] == "text"
    assert (row["now_authors"], row["base_authors"], row["n_posts"], row["n_messages"]) == (27, 0, 27, 1)
    assert (row["narrative_id"], row["narrative_share"], row["outside"]) == (0, 1.0, 0)
    assert row["state"] == "emerging"
    held = posts_of(busy.run)
    assert item_id.removeprefix("text:") in set(held.loc[held["narrative_id"] == 0, "message_id"])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("link", "https://news.example/a-story"),
        ("link", "https://video.example/clip"),
        ("tag", "#march"),
        ("tags", "#one #two"),
        ("media", "sound-77"),
    ],
)
def test_what_twelve_accounts_share_is_a_row_of_its_kind(seen_busy: Items, kind: str, value: str) -> None:
    row = row_of(seen_busy, f"{kind}:{value}")
    assert (row["kind"], row["label"], row["terms"]) == (kind, value, [])
    assert (row["now_authors"], row["base_authors"], row["n_posts"], row["n_messages"]) == (12, 0, 12, 12)
    assert (row["outside"], row["narrative_id"], row["narrative_share"]) == (12, -1, 0.0)
    assert (row["state"], row["marks"]) == ("emerging", [])


def test_nothing_else_is_a_row_and_what_everybody_posts_daily_is_none(seen_busy: Items) -> None:
    kinds = seen_busy.rows["kind"]
    assert set(seen_busy.rows.loc[(kinds != "words") & (kinds != "text"), "item_id"]) == {
        "link:https://news.example/a-story",
        "link:https://video.example/clip",
        "tag:#march",
        "tag:#one",
        "tag:#two",
        "tags:#one #two",
        "media:sound-77",
    }
    assert seen_busy.looked_at["media"] == 11, "the sounds of the chatter, the anthem and the new one"


def test_the_url_column_is_a_link_where_the_text_has_none(seen_busy: Items) -> None:
    assert "link:https://video.example/clip" in ids(seen_busy)
    assert "link:https://short.example/x" not in ids(seen_busy)


def test_rows_stand_by_state_and_by_how_many_more_there_are_than_was_to_be_expected(seen_busy: Items) -> None:
    rows = seen_busy.rows
    assert rows["item_id"].tolist() == rows.loc[ranking.order_of(rows), "item_id"].tolist()
    assert rows.loc[0, "label"] == RUMOUR


def test_what_is_not_proved_stands_behind_what_is_emerging_however_much_there_is_of_it(
    busy: Explored, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = emergence.judge

    def doubted(scored: pd.DataFrame) -> pd.DataFrame:
        judged = judge(scored)
        return judged.assign(state=judged["state"].mask(judged["now_authors"] == 27, "unproven"))

    monkeypatch.setattr(emergence, "judge", doubted)
    rows = seen(busy, day(DAYS)).rows
    assert rows["state"].tolist() == ["emerging"] * (len(rows) - 1) + ["unproven"]


def test_in_a_file_of_four_days_what_is_there_every_day_tells_how_much_items_vary(busy: Explored) -> None:
    """Each tag, link and sound has its days, so that even twelve posts on the last one are less of a surprise."""
    rng = np.random.default_rng(3)
    moved = micros(at(0.02))[0] + rng.integers(3 * DAY_MICROS, size=len(busy.posts))
    texts = pd.Series([one["text"] for one in busy.posts])
    shared = texts.str.extract(r"(#tag\dx|site\S+)", expand=False).fillna(texts.str[-1])
    for name in shared.unique():
        own = np.flatnonzero(shared == name)
        days = rng.choice(3, size=len(own), p=rng.dirichlet([2, 2, 2]))
        moved[own] = micros(at(0.02))[0] + days * DAY_MICROS + rng.integers(DAY_MICROS, size=len(own))
    moved[np.flatnonzero(texts.str.endswith("#March"))] = micros(at(3.9))[0]
    moved[0] = micros(at(0))[0]
    run = changed(busy.run, at=moved, narrative=np.zeros(len(moved), dtype=np.int64))
    row = row_of(seen(busy, day(4.01), run=run, emerging=[0]), "tag:#march")
    assert row["base_bins"] == 3
    assert float(str(row["dispersion"])) > 0.05


def test_posts_are_the_rows_in_the_snapshot_in_the_window_and_history_those_of_its_baseline_as_well(
    quiet: Explored,
) -> None:
    rows = {row: one["created_at"] for row, one in enumerate(quiet.posts) if "quake" in one["text"].split()}
    found = seen(quiet, day(10))
    assert [set(each.tolist()) for each in found.posts] == [{row for row, when in rows.items() if when >= at(9)}]
    assert [set(each.tolist()) for each in found.history] == [set(rows)]
    assert (len(found.posts[0]), len(found.history[0])) == (12, 14)


def test_what_most_posts_of_a_narrative_share_is_held_by_it(seen_busy: Items) -> None:
    assert seen_busy.holding == {0: frozenset({text_id(seen_busy, RUMOUR)})}


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "earlier"), [(6, 0), (24, 2)])
def test_an_event_of_twelve_posts_within_six_hours_is_found_in_six_hours_and_in_a_day(
    quiet: Explored, hours: int, earlier: int
) -> None:
    length = timedelta(hours=hours)
    found = seen(quiet, Window(as_of=at(10), length=length, baseline=7 * length))
    assert ids(found) == ["words:quake"]
    row = row_of(found, "words:quake")
    assert (row["kind"], row["label"], row["terms"]) == ("words", "quake", ["quake"])
    assert (row["now_authors"], row["base_authors"], row["n_posts"], row["n_messages"]) == (12, earlier, 12, 12)
    assert (row["outside"], row["state"]) == (12, "emerging")
    assert found.looked_at["words"] > 20


@pytest.mark.parametrize("as_of", [9.7, 11.5])
def test_before_the_event_and_long_after_it_nothing_is_found(quiet: Explored, as_of: float) -> None:
    assert ids(seen(quiet, day(as_of))) == []


def test_one_account_that_posts_twelve_times_and_four_accounts_are_no_rows(quiet: Explored) -> None:
    held = [one for one in quiet.posts if {"lonely", "handful"} & set(one["text"].split())]
    assert len(held) == 16
    assert ids(seen(quiet, day(10))) == ["words:quake"]


def test_what_a_narrative_holds_is_left_to_it_and_what_is_scattered_over_several_is_shown(quiet: Explored) -> None:
    inside = with_narratives(quiet, "quake", iter([0] * 14))
    assert ids(seen(quiet, day(10), run=inside)) == []
    scattered = with_narratives(quiet, "quake", iter([-1, -1, 0, 0, 0, 1, 1, 2, 2, *[-1] * 5]))
    row = row_of(seen(quiet, day(10), run=scattered), "words:quake")
    assert (row["outside"], row["narrative_id"], row["narrative_share"]) == (5, 0, 0.25)


def test_words_that_an_emerging_narrative_lifts_are_not_told_again(quiet: Explored) -> None:
    thirds = with_narratives(quiet, "quake", iter([0, 1, 2] * 5))
    assert ids(seen(quiet, day(10), run=thirds)) == ["words:quake"]
    assert ids(seen(quiet, day(10), run=thirds, emerging=[0, 1, 2])) == []


def test_texts_and_links_of_an_emerging_narrative_are_told_all_the_same(busy: Explored, seen_busy: Items) -> None:
    assert ids(seen(busy, day(DAYS), emerging=[0]), kind="text") == ids(seen_busy, kind="text")


def test_a_word_of_as_many_messages_as_a_narrative_needs_is_not_rare(quiet: Explored) -> None:
    assert ids(seen(quiet, day(16.001), run=changed(quiet.run, fewest=41))) == ["words:comet"]
    assert ids(seen(quiet, day(16.001), run=changed(quiet.run, fewest=40))) == []


def test_words_of_the_same_posts_are_one_row_and_other_events_are_others(quiet: Explored) -> None:
    found = seen(quiet, day(13))
    assert found.rows["label"].tolist() == ["strike", "storm · harbour"]
    assert found.rows["terms"].tolist() == [["strike"], ["storm", "harbour"]]


def test_words_of_one_text_only_are_left_to_the_text(seen_busy: Items) -> None:
    assert row_of(seen_busy, text_id(seen_busy, NOTICE))["outside"] == 12
    assert not {f"words:{word}" for word in NOTICE.split()} & set(ids(seen_busy))


def test_a_common_word_may_double_on_any_day_and_a_tag_may_not(quiet: Explored) -> None:
    assert ids(seen(quiet, day(8))) == ["tag:#often"]


# --- chance ----------------------------------------------------------------------------------------------------------


def test_the_rows_are_corrected_over_all_kinds_together(quiet: Explored) -> None:
    found = seen(quiet, day(10))
    assert {"words", "tag", "link", "media"} <= set(found.looked_at)
    assert "text" not in found.looked_at, "no text was posted by five accounts"
    row = row_of(found, "words:quake")
    assert row["q_value"] == pytest.approx(float(str(row["p_value"])) * sum(found.looked_at.values()))


@pytest.mark.parametrize("burst", [1, 8])
def test_chatter_gives_no_row_in_nineteen_of_twenty_histories_nor_does_more_of_it_on_the_last_day(
    busy: Explored, burst: int
) -> None:
    """Every post of the same people comes on any day by chance, on the last one `burst` times as likely."""
    rng = np.random.default_rng(burst)
    alarms = 0
    for _ in range(20):
        chosen = rng.choice(DAYS, size=len(busy.posts), p=np.array([1.0] * (DAYS - 1) + [burst]) / (DAYS - 1 + burst))
        moved = micros(at(0))[0] + chosen * DAY_MICROS + rng.integers(DAY_MICROS, size=len(busy.posts))
        moved[0] = micros(at(0))[0]
        alarms += len(seen(busy, day(DAYS), run=changed(busy.run, at=moved)).rows) > 0
    assert alarms <= 1


# --- what is not known -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [None, day(-3), day(2)])
def test_where_nothing_can_be_tested_there_is_no_row(quiet: Explored, window: Window | None) -> None:
    found = seen(quiet, window)
    assert found.rows.empty
    assert (found.posts, found.history, found.looked_at) == ((), (), {})


def test_without_accounts_messages_are_counted(workspace: Workspace) -> None:
    writer = Writer(4)
    writer.chatter(20)
    writer.event("quake", "* https://news.example/a-story")
    writer.event("copies", RUMOUR)
    writer.posts = without(writer.posts, "author_id")
    found = seen(writer.explored(workspace, "nothing"), day(DAYS))
    row = row_of(found, "link:https://news.example/a-story")
    assert (row["now_authors"], row["n_posts"]) == (12, 12)
    assert ids(found, kind="text") == []


# --- what is shown of them -------------------------------------------------------------------------------------------


def test_the_posts_of_an_item_show_pseudonyms_in_author_and_post_id(quiet: Explored) -> None:
    found = seen(quiet, day(10))
    item = found.rows.iloc[0].to_dict()
    shown = item_evidence(quiet.run, quiet.snapshot, item, found.history[0], window=day(10), key=b"k").examples
    names = {pseudonym(one["author_id"], b"k") for one in quiet.posts if "quake" in one["text"].split()}
    assert len(shown) > 3
    assert all("quake" in text.split() for text in shown["text"])
    assert set(shown["author"]) <= names
    assert [one.partition("-")[0] for one in shown["post_id"]] == shown["author"].tolist()


# --- runs that are there ---------------------------------------------------------------------------------------------


def test_what_a_run_found_to_be_a_narrative_is_told_by_no_word(streamed: Explored) -> None:
    assert ids(seen(streamed, day(DAYS)), kind="words") == []


def test_the_sample_has_no_word_beside_its_emerging_narratives(sample: Explored) -> None:
    window = ranking.window_for(sample.run)
    listed = ranking.emerging(sample.run, window)
    flagged = listed.loc[listed["flagged"], "narrative_id"].tolist()
    assert ids(seen(sample, window, emerging=flagged), kind="words") == []
