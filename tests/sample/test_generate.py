"""The committed sample is what its generator makes, and holds what its side file and README claim."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from scipy import stats

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
Posts = list[dict[str, str]]
Truth = dict[str, Any]


@pytest.fixture(scope="module")
def generate() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("sample_generate", SAMPLE / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["sample_generate"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["sample_generate"]


@pytest.fixture(scope="module")
def content() -> bytes:
    return gzip.decompress((SAMPLE / "synthetic_posts.csv.gz").read_bytes())


@pytest.fixture(scope="module")
def posts(content: bytes) -> Posts:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


@pytest.fixture(scope="module")
def truth() -> Truth:
    side: Truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    return side


def test_the_generator_reproduces_the_committed_posts_byte_for_byte(
    generate: ModuleType, content: bytes, truth: Truth
) -> None:
    rows = generate.posts(generate.SEED)
    assert generate.csv_bytes(rows) == content
    assert generate.truth(rows, plan=generate.read_plan(), seed=generate.SEED) == truth


def test_the_same_content_compresses_to_the_same_bytes_whatever_the_clock_says(generate: ModuleType) -> None:
    packed = generate.gzipped(b"posts")
    assert packed == generate.gzipped(b"posts")
    assert packed[3:8] == bytes(5)  # no name, no time
    assert gzip.decompress(packed) == b"posts"


def test_another_seed_gives_other_posts(generate: ModuleType, content: bytes) -> None:
    assert generate.csv_bytes(generate.posts(generate.SEED + 1)) != content


def test_the_side_file_labels_every_post_once(posts: Posts, truth: Truth) -> None:
    assert {post["post_id"] for post in posts} == set(truth["posts"])
    assert len(posts) == len(truth["posts"])
    assert set(truth["posts"].values()) == {*truth["plants"], *truth["chatter"]}


def test_the_facts_of_every_plant_fit_its_posts(posts: Posts, truth: Truth) -> None:
    for name, plant in truth["plants"].items():
        own = [post for post in posts if truth["posts"][post["post_id"]] == name]
        assert plant["posts"] == len(own)
        assert plant["authors"] == len({post["author_id"] for post in own})
        assert plant["distinct_texts"] == len({post["text"] for post in own})
        assert plant["first_post"] == min(post["created_at"] for post in own)
        assert {post["lang"] for post in own} - {""} == set(plant["languages"])


def test_the_day_zero_rumour_begins_inside_the_last_day(posts: Posts, truth: Truth) -> None:
    last = max(_at(post) for post in posts)
    first = datetime.fromisoformat(truth["plants"]["day_zero_vote"]["first_post"])
    assert last - timedelta(hours=24) < first < last


def test_the_copypasta_is_one_text_from_few_accounts(posts: Posts, truth: Truth) -> None:
    own = [post for post in posts if truth["posts"][post["post_id"]] == "copypasta_giveaway"]
    [(_, copies)] = Counter(post["text"] for post in own).most_common(1)
    assert copies >= 100
    assert len({post["author_id"] for post in own}) == 25


def test_the_slow_burner_doubles_about_every_three_days_and_reaches_english_later(posts: Posts, truth: Truth) -> None:
    own = [post for post in posts if truth["posts"][post["post_id"]] == "slow_burner_tea"]
    days = Counter(_at(post).day for post in own)
    assert all(1.6 <= days[day + 3] / days[day] <= 2.5 for day in range(5, 13))
    first = {lang: min(post["created_at"] for post in own if post["lang"] == lang) for lang in ("pt", "en")}
    assert first["pt"] < first["en"]


def test_a_sound_test_flags_the_rising_plants_and_no_chatter(posts: Posts, truth: Truth) -> None:
    scores = _emergence(posts, truth["posts"])
    for name, plant in truth["plants"].items():
        now, low, q = scores[name]
        if plant["expect"] == "flagged":
            assert (now >= 25, low > 1.5, q < 1e-6) == (True, True, True), name
        elif plant["expect"] == "not flagged":
            assert q > 0.05, name
    assert all(scores[topic][2] > 0.05 for topic in truth["chatter"])


def test_every_link_leads_to_a_name_that_nobody_can_own(posts: Posts) -> None:
    hosts = {host for post in posts for host in re.findall(r"https?://([^/\s]+)", post["text"] + " " + post["url"])}
    assert hosts
    assert all(host.endswith((".example", "example.org")) for host in hosts)


def test_no_slot_is_left_open_in_a_text(posts: Posts) -> None:
    assert [post["text"] for post in posts if re.search(r"[{}]|\s{2}| \| ", post["text"])] == []


def test_the_readme_states_the_counts_of_the_file(posts: Posts, truth: Truth) -> None:
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    languages = {post["lang"] for post in posts} - {""}
    claims = (
        f"{len(posts):,} posts",
        f"{len({post['author_id'] for post in posts}):,} accounts",
        f"{len(languages)} languages",
        f"{len(truth['chatter'])} everyday topics",
        f"{sum(truth['chatter'].values()):,} posts of chatter",
        f"{len(truth['plants'])} planted narratives",
        f"{len({post['text'] for post in posts}):,} distinct texts",
    )
    assert [claim for claim in claims if claim not in readme] == []
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", readme, flags=re.M))
    assert set(rows) == set(truth["plants"])
    for name, plant in truth["plants"].items():
        cells = [cell.strip() for cell in rows[name].split("|")]
        assert cells[-3:] == [str(plant["posts"]), str(plant["authors"]), plant["expect"]], name


def _at(post: dict[str, str]) -> datetime:
    return datetime.fromisoformat(post["created_at"])


def _emergence(posts: Posts, labels: dict[str, str]) -> dict[str, tuple[int, float, float]]:
    """Accounts now, rate_ratio_low and q of every label: conditional binomial at the last post, 24 h against 7 d."""
    as_of = max(_at(post) for post in posts)
    seen: set[tuple[str, int, str]] = set()
    for post in posts:
        age = int((as_of - _at(post)) / timedelta(microseconds=1)) - 1  # the window is [as_of - 24 h, as_of)
        days = age // (86_400 * 1_000_000)
        if 0 <= days <= 7:
            seen |= {(label, days, post["author_id"]) for label in (labels[post["post_id"]], "all")}
    now = Counter(label for label, day, _ in seen if day == 0)
    base = Counter(label for label, day, _ in seen if day > 0)
    names = sorted(set(labels.values()))
    chance = now["all"] / (now["all"] + base["all"])
    p = [float(stats.binom.sf(now[name] - 1, now[name] + base[name], chance)) for name in names]
    share = [float(stats.beta.ppf(0.025, now[name] + 0.5, base[name] + 0.5)) for name in names]
    low = [part / (1 - part) * base["all"] / now["all"] for part in share]
    q = stats.false_discovery_control(p)
    return {name: (now[name], low[i], float(q[i])) for i, name in enumerate(names)}
