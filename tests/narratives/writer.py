"""Fourteen days of chatter with events in it, to explore for the tests of items and stories."""

from __future__ import annotations

import random

from explore.settings import Workspace
from tests.narratives.conftest import Explored
from tests.narratives.making import Post, at, post, run_with

SYLLABLES = ("ba", "ke", "lo", "mi", "nu", "ra", "se", "ti", "vo", "xu", "da", "fe")
BANK = [a + b + c for a in SYLLABLES for b in SYLLABLES for c in "nrs"]
DAYS, ACCOUNTS = 14, 150


class Writer:
    """Makes posts, numbered, with the account in the id as exporters do. Seeded."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311  # handmade posts, no secret
        self.posts: list[Post] = []

    def say(self, text: str, *, day: float, by: str | int, **values: object) -> None:
        author = f"u{by}" if isinstance(by, int) else by
        number = len(self.posts)
        made = post(number, text, created_at=at(day), author_id=author, **values)
        self.posts.append(made | {"post_id": f"{author}-{number}"})

    def words(self, n: int = 5) -> str:
        return " ".join(self.rng.sample(BANK, n))

    def chatter(self, per_day: int, *, days: int = DAYS) -> None:
        """Common words, with one of a few tags, links or sounds or with none: anything at any time from anybody."""
        for _ in range(per_day * days):
            parts = [self.words(6)]
            parts += [f"#tag{self.rng.randrange(9)}x"] if self.rng.random() < 0.4 else []
            parts += [f"https://site.example/{self.rng.randrange(9)}"] if self.rng.random() < 0.3 else []
            sound = f"sound{self.rng.randrange(9)}" if self.rng.random() < 0.3 else None
            day, account = self.rng.uniform(0, days), self.rng.randrange(ACCOUNTS)
            self.say(" ".join(parts), day=day, by=account, media_id=sound)

    def event(self, name: str, text: str, *, until: float = DAYS, size: int = 12, **values: object) -> None:
        """So many posts by as many accounts in the six hours before `until` that share what `text` says only; a star
        in it stands for words of their own."""
        for number in range(size):
            day = until - 0.001 - 0.24 * self.rng.random()
            self.say(text.replace("*", self.words()), day=day, by=f"{name}{number}", **values)

    def explored(self, workspace: Workspace, *groups: str, fewest: int = 60) -> Explored:
        posts = sorted(self.posts, key=lambda one: one["created_at"])
        run = run_with(workspace, posts, groups=groups, granularity=str(fewest))
        return Explored(workspace, posts, run)
