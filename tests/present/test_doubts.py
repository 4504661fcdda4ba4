from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd
import pytest

from explore.narratives.evidence import Evidence, Makeup
from explore.posts.collection import Collection
from explore.present.doubts import doubts
from tests.present.handmade import WINDOW, evidence, without_times

HOUR = timedelta(hours=1)


def collected(*, holes: list[tuple[datetime, float]] = (), spikes: list[tuple[datetime, float]] = ()) -> Collection:  # type: ignore[assignment]
    """A collection with holes and spikes that begin then and are so many hours long."""

    def table(found: list[tuple[datetime, float]], **more: int) -> pd.DataFrame:
        rows = [{"start": start, "end": start + hours * HOUR, "usual": 40} | more for start, hours in found]
        return pd.DataFrame(rows, columns=["start", "end", "usual", *more])

    return Collection(HOUR, table(list(holes)), table(list(spikes), posts=5000), (), "second")


def told(found: Evidence, collection: Collection | None = None) -> list[str]:
    return doubts(found, collection=collection)


def test_where_nothing_is_known_that_could_fool_nothing_is_said() -> None:
    assert told(evidence(), collected()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"unmarked_copy_share": 0.91, "repost_share": 0.02},
            "91 % of its posts are copies without a mark as reposts (1,204 posts in 61 different wordings)",
        ),
        (
            {"unmarked_copy_share": 0.0, "repost_share": 0.91},
            "91 % of its posts are marked reposts (1,204 posts in 61 different wordings). Reposting is ordinary",
        ),
        (
            {"unmarked_copy_share": 0.4, "repost_share": 0.3},
            "30 % of its posts are marked reposts and 40 % copies without that mark (1,204 posts",
        ),
        (
            {"copy_share": 0.91, "unmarked_copy_share": float("nan"), "repost_share": float("nan")},
            "91 % of its posts are copies or reposts, which this run does not tell apart (1,204 posts",
        ),
        ({"top_author_share": 0.4}, "One account wrote 40 % of its posts."),
        ({"now_authors": 1}, "1 account in the window"),
        ({"base_bins": 3}, "rests on 3 days only"),
        ({"reach": None}, "Reach is unknown"),
    ],
)
def test_each_doubt_is_said_once(changes: dict[str, object], said: str) -> None:
    (found,) = told(evidence(**changes))
    assert said in found


def test_a_share_of_copies_that_reposts_explain_is_called_no_copying() -> None:
    (said,) = told(evidence(copy_share=0.95, repost_share=0.93, unmarked_copy_share=0.01))
    assert "campaign" not in said
    assert told(evidence(copy_share=0.95, repost_share=0.2, unmarked_copy_share=0.2)) == []


@pytest.mark.parametrize(
    ("makeup", "said"),
    [
        (
            Makeup(19, 0, 16, 16, 16),
            "In the window, 16 of its 19 posts are copies without a mark as reposts; 16 of the 19 posts are one text, "
            "by 16 accounts. Copies can be a campaign",
        ),
        (
            Makeup(20, 9, 4, 12, float("nan"), 8),
            "In the window, 13 of its 20 posts are marked reposts (9) or copies without that mark (4); 12 of the "
            "20 posts are one text, 8 of them marked as reposts, by an unknown number of accounts. Reposting is",
        ),
        (Makeup(4, 2, 0, 1, 1), "In the window, 2 of its 4 posts are marked reposts. Reposting is ordinary sharing"),
        (Makeup(10, 0, 0, 6, 1), "In the window, 6 of the 10 posts are one text, by 1 account."),
    ],
)
def test_copies_that_make_the_window_are_said_although_they_are_few_in_all(makeup: Makeup, said: str) -> None:
    (found,) = told(replace(evidence(unmarked_copy_share=0.34), makeup=makeup))
    assert found.startswith(said)


@pytest.mark.parametrize("makeup", [Makeup(), Makeup(1, 1, 0, 1, 1), Makeup(20, 4, 5, 5, 5), Makeup(20, 0, 9, 9, 9)])
def test_a_window_of_few_copies_is_not_doubted(makeup: Makeup) -> None:
    assert told(replace(evidence(), makeup=makeup)) == []


def test_copies_in_the_window_and_in_all_are_two_doubts_and_what_they_can_be_is_said_once() -> None:
    copied = replace(evidence(unmarked_copy_share=0.9), makeup=Makeup(19, 0, 16, 16, 16))
    now, ever = told(copied)
    assert "campaign" in now
    assert ever == "90 % of its posts are copies without a mark as reposts (1,204 posts in 61 different wordings)."
    (alone,) = told(replace(copied, makeup=Makeup(1204, 0, 1084, 500, 500)))
    assert alone.startswith("In the window, 1,084 of its 1,204 posts are copies")


def test_without_accounts_nobody_is_said_to_have_posted_the_one_text() -> None:
    found = told(replace(evidence(), unit="messages", makeup=Makeup(19, 0, 16, 16)))[0]
    assert "16 of the 19 posts are one text. Copies can be" in found


def test_a_hole_in_the_baseline_is_said_with_its_times() -> None:
    hole = collected(holes=[(WINDOW.start - 30 * HOUR, 5)])
    assert told(evidence(), hole) == [
        "The collection has no posts between 15 Aug 2017 20:00 UTC and 16 Aug 2017 01:00 UTC, inside the baseline, "
        "where 40 were usual: the comparison rests on less."
    ]


def test_a_hole_in_the_window_hides_posts_and_one_across_its_start_is_in_both() -> None:
    (inside,) = told(evidence(), collected(holes=[(WINDOW.start + HOUR, 2)]))
    assert "inside the window, where 40 were usual: what was posted then is not counted." in inside
    (across,) = told(evidence(), collected(holes=[(WINDOW.start - HOUR, 2)]))
    assert "inside window and baseline" in across


def test_holes_before_the_baseline_or_after_the_window_are_not_this_findings() -> None:
    far = collected(holes=[(WINDOW.baseline_start - 9 * HOUR, 9), (WINDOW.as_of, 4)])
    assert told(evidence(), far) == []
    clipped = evidence(base_bins=3)
    assert len(told(clipped, collected(holes=[(WINDOW.baseline_start, 4)]))) == 1  # the short baseline alone


def test_a_spike_is_an_event_or_something_collected_twice() -> None:
    (found,) = told(evidence(), collected(spikes=[(WINDOW.start + HOUR, 1)]))
    assert "has 5,000 posts between" in found
    assert "collected twice" in found


def test_many_spikes_are_one_sentence_with_their_number_and_the_largest() -> None:
    found = collected(spikes=[(WINDOW.start + HOUR, 1), (WINDOW.start - 30 * HOUR, 2), (WINDOW.start - 60 * HOUR, 1)])
    found.spikes["posts"] = [300, 9000, 700]
    assert told(evidence(), found) == [
        "The collection has 3 spikes in the time compared, 1 of them in the window: events, or something that was "
        "collected twice. The largest: 9,000 posts between 15 Aug 2017 20:00 UTC and 15 Aug 2017 22:00 UTC, inside the "
        "baseline, where 40 were usual. The page Snapshots lists them."
    ]
    (before,) = told(evidence(), collected(spikes=[(WINDOW.start - n * 20 * HOUR, 1) for n in (1, 2)]))
    assert "2 spikes in the time compared, none of them in the window" in before


def test_of_many_holes_the_latest_are_told_and_the_rest_counted() -> None:
    found = told(evidence(), collected(holes=[(WINDOW.start - n * 20 * HOUR, 1) for n in range(1, 6)]))
    assert len(found) == 4
    assert found[-1] == "The collection has 2 more holes in the time compared; the page Snapshots lists them."


def test_unknown_languages_are_counted() -> None:
    half = pd.DataFrame({"lang": ["en", "und"], "posts": [60, 40]})
    assert told(replace(evidence(), languages=half)) == ["The language of 40 % of its posts is unknown."]
    few = pd.DataFrame({"lang": ["en", "und"], "posts": [99, 1]})
    assert told(replace(evidence(), languages=few)) == []


def test_hindsight_missing_languages_and_missing_authors_are_named() -> None:
    found = " ".join(doubts(replace(evidence(), unit="messages"), hindsight=True, has_languages=False))
    assert "hindsight" in found
    assert "Languages are unknown" in found
    assert "no authors" in found


def test_without_times_there_is_no_window_that_a_hole_could_lie_in() -> None:
    assert not any("collection" in said for said in told(without_times(), collected(holes=[(WINDOW.start, 2)])))
