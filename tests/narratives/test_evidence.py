"""Why a narrative is listed, on figures worked out by hand from the posts FEW."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from explore.errors import Refused
from explore.narratives.evidence import FIRST_OF_LIFE, REASONS, Evidence, Makeup, evidence, item_evidence
from explore.narratives.items import items
from explore.narratives.windows import Window
from explore.posts.pseudonyms import pseudonym
from explore.settings import Workspace
from tests.narratives.conftest import Explored
from tests.narratives.making import (
    BREAD,
    FEW,
    START,
    VOTE,
    Post,
    at,
    narrative_of,
    post,
    run_with,
    snapshot_of,
    without,
)
from tests.narratives.writer import Writer

KEY = b"a key for tests"
WINDOW = Window(as_of=at(8))
HOUR = timedelta(hours=1)


def of(few: Explored, narrative: int, *, window: Window | None = WINDOW, whole: bool = False) -> Evidence:
    return evidence(few.run, few.snapshot, narrative, window=window, key=KEY, whole=whole)


def from_posts(workspace: Workspace, posts: list[Post], *, window: Window | None = WINDOW) -> Evidence:
    """Evidence for the largest narrative of posts of which those with "vote" belong together."""
    run = run_with(workspace, posts, groups=["[Vv]ote"])
    return evidence(run, snapshot_of(workspace, posts), 0, window=window, key=KEY)


def test_it_is_about_the_row_of_the_list_and_says_what_is_counted(few: Explored) -> None:
    found = of(few, VOTE)
    assert (found.narrative["narrative_id"], found.narrative["n_posts"], found.narrative["now_authors"]) == (0, 5, 3)
    assert (found.unit, found.window) == ("accounts", WINDOW)


def test_the_curve_holds_every_hour_and_every_post_before_the_moment(few: Explored) -> None:
    found = of(few, VOTE)
    curve = found.curve
    assert found.bin == HOUR
    assert curve["bin_start"].tolist() == [START + hour * HOUR for hour in range(8 * 24)]
    assert (curve["posts"].sum(), curve["authors"].sum(), curve["views"].sum()) == (5, 5, 80)
    busy = curve[curve["posts"] > 0].set_index("bin_start")
    hours = [at(7) + hour * HOUR for hour in (2, 4, 7, 9, 12)]  # 7.1 days is 2:24 on day 7, and so on
    assert busy.index.tolist() == hours
    assert busy["views"].tolist() == [10, 50, 20, 0, 0]


def test_an_account_counts_once_a_step_of_the_curve(workspace: Workspace) -> None:
    posts = [post(i, f"vote {i}", created_at=at(i / 10), author_id="same" if i % 2 else f"a{i}") for i in range(80)]
    found = from_posts(
        workspace, posts, window=Window(as_of=at(8), length=timedelta(days=4), baseline=timedelta(days=4))
    )
    per_step = pd.Series([one["author_id"] for one in posts]).groupby(
        [(one["created_at"] - START) // found.bin for one in posts]
    )
    wanted = per_step.nunique().reindex(range(len(found.curve)), fill_value=0)
    assert found.curve["authors"].tolist() == wanted.tolist()
    assert found.curve["posts"].sum() == 80


def test_the_whole_curve_begins_with_the_narrative(few: Explored) -> None:
    short = Window(as_of=at(8), length=timedelta(hours=12), baseline=timedelta(hours=36))
    curve = of(few, BREAD, window=short, whole=True).curve
    assert curve["bin_start"].iloc[0] <= at(1.5) < curve["bin_start"].iloc[1]
    assert curve["bin_start"].iloc[-1] < at(8)
    assert curve["posts"].sum() == 4


def test_the_whole_life_of_a_new_narrative_shows_no_less_than_the_usual_span(few: Explored) -> None:
    usual, whole = (of(few, VOTE, whole=whole).curve for whole in (False, True))
    assert whole["bin_start"].iloc[0] == usual["bin_start"].iloc[0] < at(7)


def test_a_shorter_window_has_a_curve_of_itself_its_baseline_and_as_long_again(few: Explored) -> None:
    window = Window(as_of=at(8), length=timedelta(hours=12), baseline=timedelta(hours=36))
    found = of(few, BREAD, window=window)
    assert (found.curve["bin_start"].iloc[0], found.bin) == (at(4), timedelta(minutes=30))
    assert found.curve["posts"].sum() == 3
    assert len(found.curve) == 192


def test_the_steps_meet_the_start_of_the_window(few: Explored) -> None:
    window = Window(as_of=at(7.95), length=timedelta(hours=7), baseline=timedelta(hours=49))
    found = of(few, BREAD, window=window)
    assert window.start in found.curve["bin_start"].tolist()
    assert found.curve["bin_start"].iloc[-1] + found.bin == window.as_of


def test_what_is_expected_is_the_mean_of_the_baseline_in_a_poisson_band(few: Explored) -> None:
    expected = of(few, BREAD).expected
    assert expected["bin_start"].tolist() == [START + hour * HOUR for hour in range(8 * 24)]
    mean = 3 / (7 * 24)
    assert expected["expected"].unique() == pytest.approx([mean])
    assert expected["low"].unique().tolist() == [0]
    assert expected["high"].unique().tolist() == [stats.poisson.ppf(0.975, mean)] == [0]
    assert of(few, VOTE).expected[["low", "expected", "high"]].max().tolist() == [0, 0, 0]


def test_nothing_is_expected_of_a_narrative_that_cannot_be_tested(few: Explored) -> None:
    short = of(few, BREAD, window=Window(as_of=at(8), length=timedelta(days=3), baseline=timedelta(days=6)))
    assert short.expected.empty
    assert not short.narrative["testable"]


def test_examples_say_why_they_are_shown_and_show_a_message_twice_only_where_it_prevails(few: Explored) -> None:
    found = of(few, VOTE).examples
    examples = found[1:].reset_index(drop=True)
    assert "by text" in found["text"][0]  # two of the five posts in the window
    assert found["post_id"].is_unique
    assert len(examples) == 4  # four messages
    keys = [text.casefold().split("#")[0].split("https")[0].split("(")[0].strip() for text in examples["text"]]
    assert len(set(keys)) == 4
    # the first post is the first, the one most seen is its copy, and the last is the last
    assert found["why"].tolist() == ["typical now", "most typical", "highest reach", "earliest", "latest"]
    assert set(examples["author"]) <= {pseudonym(name, KEY) for name in ("a1", "a2", "a3")}
    copied = examples[examples["text"].str.contains("by text")].iloc[0]
    assert (copied["copies"], copied["accounts"], copied["reposts"]) == (2, 2, 0)
    assert (of(few, BREAD).examples["accounts"] == 1).all()  # three copies by one account, one of another


def test_examples_cover_every_reason_where_there_are_enough_messages(streamed: Explored) -> None:
    recall = narrative_of(streamed.run, streamed.posts, "recall")
    found = evidence(streamed.run, streamed.snapshot, recall, window=Window(as_of=at(14)), key=KEY)
    examples = found.examples
    counts = examples["why"].value_counts().to_dict()
    assert counts == dict.fromkeys([why for why in REASONS if why != FIRST_OF_LIFE], 2)
    assert examples["text"].is_unique
    mine = {one["post_id"]: one for one in streamed.posts}
    by_why = {why: [mine[post_id] for post_id in group["post_id"]] for why, group in examples.groupby("why")}
    assert by_why["earliest"][0]["created_at"] == found.narrative["first_at"]
    assert by_why["latest"][0]["created_at"] == found.narrative["last_at"]
    assert by_why["highest reach"][0]["views"] >= by_why["highest reach"][1]["views"]
    assert all(one["created_at"] >= at(13) for one in by_why["typical now"])


def test_the_posts_that_show_it_are_those_of_its_wave_and_the_first_of_its_life_is_told_apart(
    workspace: Workspace,
) -> None:
    """Two posts of an earlier week, seen most; then a wave that begins in the window, after a stray post."""
    early = [post(n, f"vote early {n}", created_at=at(0.3 + n / 9), author_id=f"e{n}", views=9_000) for n in range(2)]
    stray = [post(10, "vote stray", created_at=at(7.05), author_id="s", views=1)]
    wave = [post(20 + n, f"vote wave {n}", created_at=at(7.6 + n / 100), author_id=f"w{n}", views=n) for n in range(20)]
    rest = [post(100 + n, f"other {n}", created_at=at(n / 50), author_id=f"c{n}", views=0) for n in range(400)]
    found = from_posts(workspace, [*early, *stray, *wave, *rest])
    assert found.wave is not None
    assert found.wave.onset == at(7.6)
    by_why = found.examples.groupby("why")["post_id"].agg(list).to_dict()
    assert (by_why["earliest"][0], by_why["highest reach"][0]) == ("p20", "p39")
    assert by_why[FIRST_OF_LIFE] == ["p0"]
    assert not {"p1", "p10"} & set(found.examples["post_id"])


def test_evidence_holds_the_wave_and_what_speaks_of_it_elsewhere(few: Explored) -> None:
    found = of(few, VOTE)
    assert found.wave is not None
    assert found.outside is not None
    assert (found.wave.onset, found.wave.posts, found.outside.low_units) == (at(7.1), 5, 3)


@pytest.mark.parametrize(("copies", "shown"), [(4, True), (3, False)])
def test_the_message_that_a_third_of_the_window_posts_is_typical_of_it(
    workspace: Workspace, copies: int, shown: bool
) -> None:
    others = [post(i, f"vote {word} today", created_at=at(7.1 + i / 90)) for i, word in enumerate("abcdefgh")]
    pasted = [post(20 + i, "vote for the other one", created_at=at(7.5 + i / 90)) for i in range(copies)]
    posts = [one | {"author_id": one["post_id"], "views": int(one["post_id"][1:])} for one in [*others, *pasted]]
    examples = from_posts(workspace, posts).examples
    now = examples.loc[examples["why"] == "typical now", "text"]
    assert (now.iloc[0] == "vote for the other one") == shown
    assert "vote for the other one" in examples.loc[examples["why"] == "highest reach", "text"].tolist()
    assert examples["post_id"].is_unique


def test_what_the_window_is_made_of_is_counted_in_the_window_alone(workspace: Workspace) -> None:
    """Before: the same text by twenty. In the window: one by three and a repost of it, one by two, and one alone."""
    texts = ["vote at dawn"] * 3 + ["RT @b: vote at dawn"] + ["vote by train"] * 2 + ["vote alone"]
    before = [post(i, "vote on the moon", created_at=at(2 + i / 10), author_id=f"m{i}") for i in range(20)]
    posts = [post(50 + i, text, created_at=at(7.2 + i / 20), author_id=f"a{i}") for i, text in enumerate(texts)]
    assert from_posts(workspace, [*before, *posts]).makeup == Makeup(7, 1, 5, 4, 4.0, 1)


def test_a_window_without_posts_or_a_file_without_times_has_nothing_to_tell_of_it(workspace: Workspace) -> None:
    early = [one | {"created_at": at(1 + n / 10)} for n, one in enumerate(FEW)]
    assert from_posts(workspace, early).makeup == from_posts(workspace, without(FEW, "created_at"), window=None).makeup
    assert from_posts(workspace, early).makeup.posts == 0


def test_links_and_tags_are_counted_with_their_accounts(few: Explored) -> None:
    found = of(few, VOTE)
    assert found.links.to_dict("records") == [{"link": "https://x.example/a", "posts": 2, "authors": 2}]
    assert found.tags.to_dict("records") == [{"tag": "#vote", "posts": 3, "authors": 2}]
    assert of(few, BREAD).links.empty
    assert list(of(few, BREAD).tags.columns) == ["tag", "posts", "authors"]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("see (https://x.example/a).", "https://x.example/a"),
        ("https://x.example/Foo_(bar), then", "https://x.example/Foo_(bar)"),
        ("https://x.example/?q=1&r=2#top!", "https://x.example/?q=1&r=2#top"),
        ('<a href="http://x.example/b">', "http://x.example/b"),
        ("https://x.example/abc今日の地震", "https://x.example/abc"),
    ],
)
def test_a_link_ends_before_the_punctuation_around_it(workspace: Workspace, text: str, link: str) -> None:
    found = from_posts(workspace, [post(1, f"vote {text}"), post(2, "vote")], window=None)
    assert found.links["link"].tolist() == [link]


def test_a_link_twice_in_one_post_counts_once(workspace: Workspace) -> None:
    found = from_posts(workspace, [post(1, "vote http://x.example #A #a http://x.example")], window=None)
    assert found.links[["posts", "authors"]].to_numpy().tolist() == [[1, 0]]
    assert found.tags[["tag", "posts"]].to_numpy().tolist() == [["#a", 1]]


def test_authors_are_pseudonyms_with_their_share_of_the_posts(few: Explored) -> None:
    found = of(few, VOTE).authors
    assert found["author"].iloc[0] == pseudonym("a1", KEY)
    assert (found["posts"].tolist(), found["share"].tolist()) == ([3, 1, 1], pytest.approx([0.6, 0.2, 0.2]))
    assert not set(found["author"]) & {"a1", "a2", "a3"}


def test_languages_are_counted_where_they_are_known(few: Explored) -> None:
    assert of(few, VOTE).languages.to_dict("records") == [{"lang": "en", "posts": 4}, {"lang": "und", "posts": 1}]
    assert of(few, BREAD).languages.to_dict("records") == [{"lang": "en", "posts": 3}, {"lang": "de", "posts": 1}]


def test_neighbours_are_the_other_narratives_listed_by_similarity(few: Explored, streamed: Explored) -> None:
    assert of(few, VOTE).neighbours[["narrative_id", "n_posts"]].to_numpy().tolist() == [[BREAD, 4]]
    found = evidence(streamed.run, streamed.snapshot, 2, window=Window(as_of=at(14)), key=KEY).neighbours
    assert sorted(found["narrative_id"]) == [0, 1, 3]
    assert found["similarity"].is_monotonic_decreasing
    centroids = streamed.run.centroids
    cosines = [float(centroids[other] @ centroids[2]) for other in found["narrative_id"]]
    assert found["similarity"].tolist() == pytest.approx(cosines, abs=1e-6)


def test_as_of_an_earlier_moment_later_posts_are_no_evidence(few: Explored) -> None:
    found = of(few, BREAD, window=Window(as_of=at(5.5)))
    assert found.curve["posts"].sum() == 2
    assert found.languages["posts"].sum() == 2
    assert found.examples[["why", "post_id"]].to_numpy().tolist() == [  # two copies, the second in the window
        ["earliest", "p6"],
        [FIRST_OF_LIFE, "p5"],
    ]
    assert found.neighbours.empty


@pytest.mark.parametrize(("narrative", "when"), [(VOTE, at(7)), (2, at(8)), (-1, at(8)), (BREAD, at(0))])
def test_a_narrative_that_is_not_there_is_refused(few: Explored, narrative: int, when: datetime) -> None:
    with pytest.raises(Refused, match=f"has no narrative {narrative} with a post before"):
        of(few, narrative, window=Window(as_of=when))


def test_without_times_there_is_evidence_but_no_curve(workspace: Workspace) -> None:
    found = from_posts(workspace, without(FEW, "created_at"), window=None)
    assert found.curve.empty
    assert (found.wave, found.outside) == (None, None)
    assert found.expected.empty
    assert not {"earliest", "latest"} & set(found.examples["why"])
    assert len(found.examples) == 4
    assert found.links["posts"].tolist() == [2]


def test_without_authors_messages_are_counted_and_nobody_is_named(workspace: Workspace) -> None:
    found = from_posts(workspace, without(FEW, "author_id"))
    assert found.unit == "messages"
    assert found.curve["authors"].sum() == 5  # the two copies stand in different hours
    assert found.authors.empty
    assert found.examples[["author", "accounts"]].isna().all(axis=None)
    assert found.links[["posts", "authors"]].to_numpy().tolist() == [[2, 0]]


def test_without_views_reach_is_unknown_not_nothing(workspace: Workspace) -> None:
    found = from_posts(workspace, without(FEW, "views", "lang"))
    assert found.curve["views"].isna().all()
    assert "highest reach" not in set(found.examples["why"])
    assert found.languages.empty
    assert np.isnan(found.examples["views"].astype(float)).all()


def test_the_ids_of_example_posts_name_no_account(workspace: Workspace) -> None:
    posts = [post(i, f"vote {i}", created_at=at(7, second=i), author_id=f"ann{i}") for i in range(30)]
    found = from_posts(workspace, [one | {"post_id": f"{one['author_id']}_{one['post_id']}"} for one in posts])
    shown = found.examples
    assert len(shown)
    assert [one.split("_")[0] for one in shown["post_id"]] == shown["author"].tolist()


def test_of_an_item_nothing_is_said_of_the_time_before_the_baseline(workspace: Workspace) -> None:
    writer = Writer(1)
    writer.chatter(40, days=16)
    writer.event("old", "* #quake", until=2, size=3)
    writer.event("late", "* #quake", until=12, size=2)
    writer.event("quake", "* #quake", until=16)
    made, window = writer.explored(workspace, "nothing"), Window(as_of=at(16))
    told = items(made.run, made.snapshot, window, emerging=())
    (place,) = np.flatnonzero(told.rows["item_id"] == "tag:#quake")
    row, rows = told.rows.iloc[place].to_dict(), told.history[place]
    found = item_evidence(made.run, made.snapshot, row, rows, window=window, key=KEY)
    assert (found.narrative["n_posts"], found.narrative["outside"], found.wave) == (14, 14, None)
    assert found.curve["bin_start"].min() == pd.Timestamp(window.baseline_start)
    assert found.curve["posts"].sum() == 14
