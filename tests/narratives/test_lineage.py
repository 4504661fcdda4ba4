"""What became of narratives between two runs, on scripted streams where the answer is known."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from explore.casework.removals import delete_snapshot
from explore.errors import Refused
from explore.files import sha256
from explore.narratives import lineage as module
from explore.narratives.chain import chained
from explore.narratives.lineage import KINDS, lineage, takes_long
from explore.narratives.run import Run, open_run
from explore.posts.snapshots import open_snapshot
from explore.settings import Workspace, workspace_at
from tests.narratives.making import NOW, Post, at, post, run_with, without

BANKS = {
    "bread": "oven flour sourdough crust bakery dough yeast loaf rye butter slice toast knead proof crumb",
    "tram": "station platform delay conductor timetable engine switch carriage wagon signal rail ticket track",
    "rain": "umbrella storm cloud puddle hail lightning drop river damp mud thunder drizzle flood gutter",
    "vote": "ballot candidate campaign poll district senate debate county turnout recount precinct mayor governor",
}

SUBJECTS = [*BANKS, "pay", "bagel", "plane", "cake"]


def talk(
    word: str, *, days: Sequence[int], a_day: int, bank: str = "", accounts: int = 40, seed: int = 0
) -> list[Post]:
    """`a_day` posts a day, each with `word` and five words of the bank, by accounts that post about this only."""
    rng = random.Random(f"{word} {seed} {days[0]}")  # noqa: S311  # handmade posts, no secret
    words = (bank or BANKS[word]).split()
    return [
        post(
            0,
            " ".join([*rng.sample(words, 5), word]),
            created_at=at(day, second=rng.randrange(86_000)),
            author_id=f"{word}{rng.randrange(accounts)}",
        )
        for day in days
        for _ in range(a_day)
    ]


def numbered(*talks: list[Post], start: int = 0) -> list[Post]:
    posts = sorted((one for talk in talks for one in talk), key=lambda one: one["created_at"])
    return [one | {"post_id": f"p{start + number}"} for number, one in enumerate(posts)]


def run_over(folder: Path, posts: list[Post], *groups: str, **config: Any) -> Run:
    """A run whose narratives are the posts with each of the words."""
    return run_with(workspace_at(folder / "workspace"), posts, groups=groups, **config)


def subject(run: Run, narrative: Any) -> str:
    """The words that the posts of a narrative are about; nothing where there is none."""
    if pd.isna(narrative):
        return ""
    said = " ".join(run.messages.loc[run.messages["narrative_id"] == narrative, "text"]).split()
    return "+".join(word for word in SUBJECTS if word in said)


def became(a: Run, b: Run, cache: Path) -> dict[tuple[str, str], str]:
    """What the narratives of both runs are about -> kind of their link."""
    links = lineage(a, b, cache=cache).links
    return {(subject(a, one), subject(b, other)): kind
            for one, other, kind in zip(links["a"], links["b"], links["kind"], strict=True)}  # fmt: skip


FIRST, SECOND = range(7), range(7, 14)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_new_gone_growing_fading_and_steady_are_told_apart(tmp_path: Path, cache: Path) -> None:
    news = "strike union picket wage walkout contract worker overtime factory shift"
    first = numbered(
        talk("bread", days=FIRST, a_day=4),
        talk("tram", days=FIRST, a_day=16),
        talk("rain", days=FIRST, a_day=8),
        talk("vote", days=FIRST, a_day=8),
    )
    second = numbered(
        talk("bread", days=SECOND, a_day=16),
        talk("tram", days=SECOND, a_day=4),
        talk("rain", days=SECOND, a_day=8),
        talk("pay", days=SECOND, a_day=8, bank=news),
        start=1000,
    )
    a = run_over(tmp_path / "a", first, "bread", "tram", "rain", "vote")
    b = run_over(tmp_path / "b", second, "bread", "tram", "rain", "pay")
    found = lineage(a, b, cache=cache)
    assert became(a, b, cache) == {
        ("bread", "bread"): "growing",
        ("tram", "tram"): "fading",
        ("rain", "rain"): "steady",
        ("vote", ""): "gone",
        ("", "pay"): "new",
    }
    links = found.links.set_index("kind")
    assert links.loc["growing", "rate_ratio"] == pytest.approx(4, rel=0.3)
    assert links.loc["growing", "rate_ratio_low"] > 1
    assert links.loc["fading", "rate_ratio_high"] < 1
    assert links.loc["steady", "rate_ratio_low"] < 1 < links.loc["steady", "rate_ratio_high"]
    assert links.loc["new", "spread"] + links.loc["new", "outside"] < 0.1
    assert (found.unit, found.periods.how if found.periods else None) == ("accounts", "apart")


def test_one_narrative_in_two_is_split_and_two_in_one_are_merged(tmp_path: Path, cache: Path) -> None:
    half, other = "bakery flour sourdough crust oven dough", "flight airport luggage runway pilot gate"
    both = numbered(
        talk("bagel", days=FIRST, a_day=9, bank=half), talk("plane", days=FIRST, a_day=9, bank=other),
        talk("rain", days=FIRST, a_day=9),
    )  # fmt: skip
    later = numbered(
        talk("bagel", days=SECOND, a_day=9, bank=half, seed=1), talk("plane", days=SECOND, a_day=9, bank=other, seed=1),
        talk("rain", days=SECOND, a_day=9, seed=1), start=1000,
    )  # fmt: skip
    whole = run_over(tmp_path / "a", both, "bagel|plane", "rain")
    parts = run_over(tmp_path / "b", later, "bagel", "plane", "rain")
    assert became(whole, parts, cache) == {
        ("bagel+plane", "bagel"): "split",
        ("bagel+plane", "plane"): "split",
        ("rain", "rain"): "steady",
    }
    apart = run_over(tmp_path / "c", both, "bagel", "plane", "rain", seed=2)
    one = run_over(tmp_path / "d", later, "bagel|plane", "rain", seed=2)
    assert became(apart, one, cache) == {
        ("bagel", "bagel+plane"): "merged",
        ("plane", "bagel+plane"): "merged",
        ("rain", "rain"): "steady",
    }


def test_a_small_part_that_leaves_does_not_end_what_it_leaves(tmp_path: Path, cache: Path) -> None:
    part = "crumb glaze icing sponge batter whisk frosting"
    first = numbered(talk("bread", days=FIRST, a_day=20), talk("cake", days=FIRST, a_day=3, bank=part))
    second = numbered(
        talk("bread", days=SECOND, a_day=20, seed=1), talk("cake", days=SECOND, a_day=3, bank=part, seed=1), start=999
    )
    a, b = run_over(tmp_path / "a", first, "bread|cake"), run_over(tmp_path / "b", second, "bread", "cake")
    assert became(a, b, cache) == {("bread+cake", "bread"): "steady", ("bread+cake", "cake"): "split"}


def test_the_same_file_twice_keeps_every_narrative_and_tells_no_growth(tmp_path: Path, cache: Path) -> None:
    posts = numbered(*[talk(word, days=FIRST, a_day=6) for word in BANKS])
    a = run_over(tmp_path / "a", posts, *BANKS)
    b = run_over(tmp_path / "b", posts[::-1], *BANKS)
    found = lineage(a, b, cache=cache)
    assert a.snapshot_id != b.snapshot_id
    assert became(a, b, cache) == {(word, word): "steady" for word in BANKS}
    assert (found.links["a_to_b"] == 1).all()
    assert (found.links["b_from_a"] == 1).all()
    assert found.links["rate_ratio"].isna().all()
    assert found.compared_by.endswith("nothing else was needed")


def test_another_cut_of_the_same_snapshot_shows_splits_and_mergers(tmp_path: Path, cache: Path) -> None:
    posts = numbered(*[talk(word, days=FIRST, a_day=6) for word in BANKS])
    coarse = run_over(tmp_path / "a", posts, "bread|tram", "rain|vote")
    fine = run_over(tmp_path / "b", posts, *BANKS, granularity="fine")
    assert set(became(coarse, fine, cache).values()) == {"split"}
    assert set(became(fine, coarse, cache).values()) == {"merged"}


def test_an_appended_snapshot_counts_no_post_twice(tmp_path: Path, cache: Path) -> None:
    week = [talk("bread", days=FIRST, a_day=6), talk("rain", days=FIRST, a_day=6)]
    more = [talk("bread", days=[7, 8, 9], a_day=30), talk("rain", days=[7, 8, 9], a_day=6)]
    first = numbered(*week)
    a = run_over(tmp_path / "a", first, "bread", "rain")
    b = run_over(tmp_path / "b", [*first, *numbered(*more, start=1000)], "bread", "rain")
    found = lineage(a, b, cache=cache)
    assert became(a, b, cache) == {("bread", "bread"): "growing", ("rain", "rain"): "steady"}
    assert found.periods is not None
    assert found.periods.how == "after"
    growing = found.links[found.links["kind"] == "growing"].iloc[0]
    daily = pd.DataFrame(more[0]).groupby(lambda row: row // 30)["author_id"].nunique()
    assert growing["after"] == pytest.approx(daily.sum() / 3, rel=0.1)  # the three new days alone
    assert growing["a_to_b"] == 1


def test_a_run_that_holds_every_message_of_the_other_lends_its_vectors(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the encoder that made them is gone, and where some messages have no words and so no vector."""
    posts = numbered(talk("bread", days=FIRST, a_day=9), talk("rain", days=FIRST, a_day=9))
    silent = [post(0, "😀" * n, created_at=at(0)) for n in range(1, 4)]
    part = run_over(tmp_path / "a", [*posts[:90], silent[0] | {"post_id": "s"}], "bread", "rain")
    whole = run_over(
        tmp_path / "b",
        [*posts, *(one | {"post_id": f"s{number}"} for number, one in enumerate(silent))],
        "bread",
        "rain",
    )

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the vectors are there")

    monkeypatch.setattr(module, "_encoder", refuse)
    for a, b in ((part, whole), (whole, part)):
        found = lineage(a, b, cache=cache)
        assert became(a, b, cache) == {("bread", "bread"): "steady", ("rain", "rain"): "steady"}
        assert f"the vectors of run {whole.id}" in found.compared_by
        assert (found.links[["a_to_b", "b_from_a"]].min(axis=1) > 0.9).all()


def test_a_cut_in_time_of_the_same_posts_is_compared_in_place_as_long_as_it_is_short(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = numbered(talk("bread", days=FIRST, a_day=9), talk("rain", days=FIRST, a_day=9))
    whole = run_over(tmp_path / "a", posts, "bread", "rain")
    part = run_over(tmp_path / "a", posts, "bread", "rain", as_of=at(5))
    again = run_over(tmp_path / "a", posts, "bread|rain", seed=2)
    later = run_over(tmp_path / "b", numbered(talk("bread", days=SECOND, a_day=9), start=999), "bread")
    other = Run(later.folder, {**later.manifest, "snapshot": part.manifest["snapshot"]})  # of a version with other ids
    longer = len(whole.messages) - len(part.messages)
    assert not takes_long(whole, later, cache=cache)
    monkeypatch.setattr(module, "HERE_UP_TO", 0)
    monkeypatch.setattr(module, "PLACED_UP_TO", longer)
    assert not takes_long(whole, again, cache=cache)
    assert [takes_long(*pair, cache=cache) for pair in ((part, whole), (whole, part))] == [False, False]
    assert [takes_long(one, whole, cache=cache) for one in (later, other)] == [True, True]
    monkeypatch.setattr(module, "PLACED_UP_TO", longer - 1)
    assert takes_long(part, whole, cache=cache)
    lineage(part, whole, cache=cache)
    assert not takes_long(part, whole, cache=cache)


@pytest.mark.parametrize(
    "moment", ["Reading both runs", "Comparing messages", "Placing messages", "Linking narratives"]
)
def test_a_snapshot_that_is_deleted_while_its_run_is_compared_gives_a_plain_refusal(
    tmp_path: Path, workspace: Workspace, cache: Path, moment: str
) -> None:
    first = run_with(workspace, numbered(talk("bread", days=FIRST, a_day=6)), groups=["bread"])
    second = run_over(tmp_path / "b", numbered(talk("bread", days=SECOND, a_day=6), start=99), "bread")
    snapshot = open_snapshot(workspace, first.snapshot_id)
    fresh = open_run(workspace, first.id)  # that has read none of its files

    def deleted(stage: str, _: float | None = None) -> None:
        if stage == moment and snapshot.folder.is_dir():
            delete_snapshot(workspace, snapshot, now=NOW)

    with pytest.raises(Refused, match=f"Run {first.id} was removed while it was compared"):
        lineage(fresh, second, cache=cache, progress=deleted)
    assert not first.folder.exists()
    assert not cache.exists()


def test_a_run_that_is_deleted_after_its_links_were_kept_gives_a_plain_refusal(tmp_path: Path, cache: Path) -> None:
    first, second = (run_over(tmp_path / name, numbered(talk("bread", days=FIRST, a_day=6)), "bread") for name in "ab")
    lineage(first, second, cache=cache)
    unread = Run(first.folder, first.manifest)
    shutil.rmtree(first.folder)
    with pytest.raises(Refused, match="was removed while it was compared"):
        lineage(unread, second, cache=cache)


def test_without_times_what_goes_on_is_known_but_not_how_fast(tmp_path: Path, cache: Path) -> None:
    a = run_over(tmp_path / "a", without(numbered(talk("bread", days=FIRST, a_day=6)), "created_at"), "bread")
    b = run_over(tmp_path / "b", numbered(talk("bread", days=SECOND, a_day=30), start=999), "bread")
    found = lineage(a, b, cache=cache)
    assert found.links["kind"].to_list() == ["steady"]
    assert found.periods is None
    assert found.links[["before", "after", "rate_ratio", "q_value"]].isna().all(axis=None)


def test_without_accounts_different_messages_are_counted(tmp_path: Path, cache: Path) -> None:
    a = run_over(tmp_path / "a", without(numbered(talk("bread", days=FIRST, a_day=5)), "author_id"), "bread")
    b = run_over(tmp_path / "b", numbered(talk("bread", days=SECOND, a_day=20), start=999), "bread")
    found = lineage(a, b, cache=cache)
    assert (found.unit, found.links["kind"].to_list()) == ("messages", ["growing"])


@pytest.mark.parametrize("empty_first", [True, False])
def test_a_run_without_narratives_makes_the_others_new_or_gone(tmp_path: Path, cache: Path, empty_first: bool) -> None:
    none = run_over(tmp_path / "a", numbered(talk("bread", days=FIRST, a_day=3)))
    some = run_over(tmp_path / "b", numbered(talk("rain", days=SECOND, a_day=6), start=999), "rain")
    pair = (none, some) if empty_first else (some, none)
    assert became(*pair, cache) == ({("", "rain"): "new"} if empty_first else {("rain", ""): "gone"})
    assert len(lineage(none, none, cache=cache).links) == 0


def test_what_was_there_in_no_narrative_is_new_but_said_to_have_been_there(tmp_path: Path, cache: Path) -> None:
    first = numbered(talk("bread", days=FIRST, a_day=8), talk("rain", days=FIRST, a_day=8))
    second = numbered(talk("bread", days=SECOND, a_day=8), talk("rain", days=SECOND, a_day=8, seed=1), start=999)
    a, b = run_over(tmp_path / "a", first, "bread"), run_over(tmp_path / "b", second, "bread", "rain")
    links = lineage(a, b, cache=cache).links.set_index("kind")
    assert links.loc["new", "label_b"] is not None
    assert links.loc["new", "outside"] > 0.5
    assert links.loc["new", "spread"] < 0.1


def test_copies_link_directly_whatever_their_words(tmp_path: Path, cache: Path) -> None:
    """Messages are the same by their words, so links and mentions around them do not matter."""
    lines = [f"forward {n} this now before it is deleted" for n in ("one", "two", "three", "four", "five")]
    posts = [post(n, lines[n % 5], created_at=at(n / 8), author_id=f"c{n}") for n in range(40)]
    copies = [
        post(100 + n, f"RT @x: {lines[n % 5].upper()} https://t.co/{n}", created_at=at(7 + n / 8), author_id=f"d{n}")
        for n in range(40)
    ]
    a, b = run_over(tmp_path / "a", posts, "forward"), run_over(tmp_path / "b", copies, "FORWARD")
    found = lineage(a, b, cache=cache)
    assert found.links.iloc[0][["kind", "shared_messages", "a_to_b", "b_from_a"]].to_list() == ["steady", 5, 1.0, 1.0]


def test_a_narrative_that_drifts_keeps_its_identity_where_its_first_words_are_long_gone(
    tmp_path: Path, cache: Path
) -> None:
    """Every day one of its twelve words gives way to a new one; the fifth week shares no word with the first."""
    vocabulary = [
        f"{first}{second}{third}" for first in "bdfg" for second in "aeo" for third in ("lk", "mp", "rst", "x")
    ]
    runs = []
    for week in range(5):
        days = range(7 * week, 7 * week + 7)
        drifting = [talk("", days=[day], a_day=12, bank=" ".join(vocabulary[day : day + 12])) for day in days]
        posts = numbered(*drifting, talk("rain", days=days, a_day=8, seed=week), start=1000 * week)
        runs.append(run_over(tmp_path / f"w{week}", posts, "^(?!.*rain)", "rain"))
    assert not set(vocabulary[: 6 + 12]) & set(vocabulary[28 : 34 + 12])
    found = chained(runs, cache=cache).identities
    assert found.groupby("narrative_id")["lineage_id"].nunique().to_list() == [1, 1]
    assert found["lineage_id"].nunique() == 2
    assert became(runs[0], runs[4], cache)["", ""] == "gone"  # side by side they have nothing in common


def test_links_come_from_the_cache_the_second_time_and_a_damaged_cache_is_made_again(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = run_over(tmp_path / "a", numbered(talk("bread", days=FIRST, a_day=6)), "bread")
    b = run_over(tmp_path / "b", numbered(talk("bread", days=SECOND, a_day=6), start=99), "bread")
    before = {path: sha256(path) for run in (a, b) for path in run.folder.iterdir()}
    made = lineage(a, b, cache=cache)
    (kept,) = (cache / "lineage").iterdir()
    content = kept.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(module.crossing, "cross", None)
        pd.testing.assert_frame_equal(lineage(a, b, cache=cache).links, made.links)
    kept.write_bytes(content.replace(b'"forth": [', b'"forth": [9'))
    pd.testing.assert_frame_equal(lineage(a, b, cache=cache).links, made.links)
    assert kept.read_bytes() == content
    assert {path: sha256(path) for run in (a, b) for path in run.folder.iterdir()} == before


def test_every_narrative_is_in_a_link_and_no_unknown_kind_is_given(tmp_path: Path, cache: Path) -> None:
    a = run_over(tmp_path / "a", numbered(*[talk(word, days=FIRST, a_day=4) for word in BANKS]), *BANKS)
    b = run_over(tmp_path / "b", numbered(talk("bread", days=SECOND, a_day=4), start=999), "bread")
    links = lineage(a, b, cache=cache).links
    assert set(links["a"].dropna()) == set(range(4))
    assert set(links["b"].dropna()) == {0}
    assert set(links["kind"]) <= set(KINDS)


def test_runs_of_different_encoders_are_compared_without_a_model(workspace: Workspace, cache: Path) -> None:
    posts = numbered(talk("bread", days=FIRST, a_day=4))
    a = run_with(workspace, posts, groups=["bread"])
    b = run_with(workspace, numbered(talk("bread", days=SECOND, a_day=4), start=99), groups=["bread"])
    other = Run(b.folder, {**b.manifest, "encoder": {"name": "static:gone", "version": "static-2-x"}})
    assert lineage(a, other, cache=cache).compared_by.endswith("(lexical)")


def test_runs_far_apart_that_share_no_message_are_unrelated(tmp_path: Path, cache: Path) -> None:
    bread = run_over(tmp_path / "a", numbered(talk("bread", days=FIRST, a_day=4)), "bread")
    week_later = run_over(tmp_path / "b", numbered(talk("tram", days=SECOND, a_day=4), start=500), "tram")
    assert not lineage(bread, week_later, cache=cache).unrelated
    years_later = run_over(tmp_path / "c", numbered(talk("tram", days=range(900, 907), a_day=4), start=900), "tram")
    assert lineage(bread, years_later, cache=cache).unrelated
    repeated = [
        one | {"created_at": one["created_at"] + timedelta(days=900)} for one in talk("bread", days=FIRST, a_day=4)
    ]
    assert not lineage(bread, run_over(tmp_path / "d", numbered(repeated, start=70), "bread"), cache=cache).unrelated
