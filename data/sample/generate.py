"""Make the synthetic sample: `python data/sample/generate.py` writes synthetic_posts.csv.gz and truth.json beside it.

plan.toml says what is planted, banks/ how it is worded. The same seed gives the same posts, byte for byte.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SEED = 20260316
FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 14
COLUMNS = (
    "post_id", "created_at", "author_id", "text", "lang", "region",
    "views", "shares", "likes", "replies", "url", "media_id",
)  # fmt: skip

WEEKDAYS = (1.0, 0.97, 0.98, 1.0, 1.05, 1.1, 1.12)
HOURS = (3, 2, 1, 1, 1, 2, 4, 7, 8, 7, 7, 8, 10, 9, 8, 8, 8, 9, 11, 13, 14, 13, 10, 6)  # local time
SYLLABLES = (
    "ka", "mi", "lo", "ra", "ten", "vi", "sol", "pe", "du", "na", "zor", "bel", "ti", "qua", "mer", "fi", "ost", "ari",
)  # fmt: skip
CONTRACTIONS = {  # a preposition and the article of the word that fills the slot
    "pt": {"de a": "da", "de o": "do", "em a": "na", "em o": "no", "por a": "pela", "por o": "pelo"},
    "es": {"de el": "del", "a el": "al"},
}
NO_HABITS: dict[str, list[str]] = {"lead": [], "tail": []}  # planted posts go without small talk
TYPOS_IN = frozenset({"en", "pt", "es", "id", "de"})  # a swapped letter is a common slip in these; not shown in others

Table = dict[str, list[str]]
Row = dict[str, Any]


@dataclass(frozen=True)
class Account:
    """One poster; `activity` is how much it posts beside others, `followers` drives its views."""

    id: str
    handle: str
    lang: str
    region: str
    activity: float
    followers: float
    interests: frozenset[str]


@dataclass(frozen=True)
class Draft:
    """A post before it has an id; `label` is a plant's name or "chatter:<topic>", media empty when it has none."""

    at: datetime
    account: Account
    text: str
    lang: str
    label: str
    media: str = ""


def posts(seed: int = SEED) -> list[Row]:
    """Every post in order of time: the columns of the file plus `label` (a plant's name or "chatter:<topic>")."""
    rng = random.Random(seed)  # noqa: S311 - reproducible, nothing secret
    plan = read_plan()
    accounts = make_accounts(rng, plan)
    drafts = [*chatter(rng, plan, accounts), *planted(rng, plan, accounts)]
    drafts.sort(key=lambda draft: (draft.at, draft.account.id, draft.text))
    return [row(rng, draft) for draft in drafts]


def truth(rows: Sequence[Row], *, plan: dict[str, Any], seed: int) -> dict[str, Any]:
    """The side file: what each plant is and holds, and the label of every post."""
    plants = {name: _facts(plant, [r for r in rows if r["label"] == name]) for name, plant in plan["plants"].items()}
    topics = Counter(r["label"] for r in rows if r["label"].startswith("chatter:"))
    labels = {r["post_id"]: r["label"] for r in rows}
    return {"synthetic": True, "seed": seed, "plants": plants, "chatter": dict(sorted(topics.items())), "posts": labels}


def read_plan() -> dict[str, Any]:
    """plan.toml with every wording table under `wordings`: topic -> table, plant -> language -> table."""
    plan = tomllib.loads((HERE / "plan.toml").read_text(encoding="utf-8"))
    plan["wordings"], plan["habits"], plan["topic_lang"] = {}, {}, {}
    for lang in plan["languages"]:
        topics = _bank(lang)
        plan["habits"][lang] = topics.pop("language")
        plan["wordings"] |= topics
        plan["topic_lang"] |= dict.fromkeys(topics, lang)
    plan["wordings"] |= _bank("plants")
    return plan


def make_accounts(rng: random.Random, plan: dict[str, Any]) -> dict[str, list[Account]]:
    """The accounts of each language: heavy-tailed in how much they post, each with a few favourite topics."""
    return {lang: [_account(rng, plan, lang) for _ in range(at["accounts"])] for lang, at in plan["languages"].items()}


def chatter(rng: random.Random, plan: dict[str, Any], accounts: dict[str, list[Account]]) -> Iterator[Draft]:
    """Everyday posts at a steady pace, with some shares of recent posts and some copied jokes and headlines."""
    for topic, count in plan["topics"].items():
        lang = plan["topic_lang"][topic]
        people = accounts[lang]
        weights = [a.activity * (1.0 if topic in a.interests else 0.06) for a in people]
        days = rng.choices(range(DAYS), weights=[WEEKDAYS[day % 7] for day in range(DAYS)], k=count)
        times = sorted(moment(rng, day, zone=plan["languages"][lang]["zone"]) for day in days)
        authors = rng.choices(people, weights=weights, k=count)
        writer = Writer(rng, plan["wordings"][topic], plan["habits"][lang], lang)
        memes = [writer.compose() for _ in range(2)]
        texts = writer.stream([author.handle for author in authors], memes=memes)
        for at, account, text in zip(times, authors, texts, strict=True):
            media = f"m{rng.getrandbits(32):08x}" if rng.random() < 0.12 else ""
            yield Draft(at, account, text, lang, f"chatter:{topic}", media)


def planted(rng: random.Random, plan: dict[str, Any], accounts: dict[str, list[Account]]) -> Iterator[Draft]:
    """The planted narratives of plan.toml."""
    for name, plant in plan["plants"].items():
        schedule = _schedule(rng, plan, plant)
        total = sum(len(times) for times in schedule.values())
        media = [f"m{rng.getrandbits(32):08x}" for _ in range(plant["media"])]
        for lang, times in schedule.items():
            size = round(plant["accounts"] * len(times) / total)
            crowd = _crowd(rng, plan, accounts[lang], lang=lang, size=size)
            authors = crowd + rng.choices(crowd, k=len(times) - size)
            rng.shuffle(authors)
            writer = Writer(rng, plan["wordings"][name][lang], NO_HABITS, lang)
            for at, account, text in zip(
                times, authors, writer.stream([author.handle for author in authors]), strict=True
            ):
                yield Draft(at, account, text, lang, name, rng.choice(media) if media and rng.random() < 0.55 else "")


def moment(rng: random.Random, day: int, *, zone: int) -> datetime:
    """A second of that UTC day, likelier when people `zone` hours from UTC are awake and online."""
    hour = rng.choices(range(24), weights=[HOURS[(hour + zone) % 24] for hour in range(24)])[0]
    return FIRST_DAY + timedelta(days=day, hours=hour, seconds=rng.randrange(3600))


def row(rng: random.Random, draft: Draft) -> Row:
    """The columns of one post: a 19-digit id that grows with time, views log-normal around the account's followers."""
    milliseconds = int((draft.at - FIRST_DAY).total_seconds()) * 1000 + rng.randrange(1000)
    post_id = str((450_000_000_000 + milliseconds) * 2**22 + rng.getrandbits(22))
    views = 1 + int(draft.account.followers * rng.lognormvariate(-1.2, 1.0))
    likes = int(views * rng.betavariate(1.3, 28))
    return {
        "post_id": post_id,
        "created_at": draft.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "author_id": draft.account.id,
        "text": draft.text,
        "lang": draft.lang if rng.random() > 0.015 else "",
        "region": draft.account.region,
        "views": views,
        "shares": int(likes * rng.betavariate(1.1, 7)),
        "likes": likes,
        "replies": int(likes * rng.betavariate(1.1, 9)),
        "url": f"https://social.example/p/{post_id}",
        "media_id": draft.media,
        "label": draft.label,
    }


class Writer:
    """Words posts about one subject in one language, each differently unless it copies on purpose."""

    def __init__(self, rng: random.Random, table: Table, habits: Table, lang: str) -> None:
        self._rng, self._table, self._habits, self._lang = rng, table, habits, lang
        self._gap = "" if lang == "ja" else " "
        self._seen: set[str] = set()
        self._deck: list[str] = []

    def stream(self, handles: Sequence[str], *, memes: Sequence[str] = ()) -> Iterator[str]:
        """One text for each poster in order of time; a few share an earlier post or copy a meme."""
        recent: list[tuple[str, str]] = []
        for handle in handles:
            chance = self._rng.random()
            if "variant" in self._table:
                yield self._copypasta()
            elif recent and chance < 0.045:
                sharer, text = self._rng.choice(recent[-12:])
                yield f"RT @{sharer}: {text}"
            elif memes and chance < 0.065:
                yield self._rng.choice(memes)
            else:
                text = self._fresh(handles)
                recent.append((handle, text))
                yield text

    def compose(self) -> str:
        """A sentence or three from the table's clauses."""
        shape = self._rng.choices(("c", "oc", "cz", "ocz", "cc"), weights=(18, 24, 26, 18, 14))[0]
        banks = {"o": "open", "c": "core", "z": "close"}
        parts = [self._fill(self._deal() if part == "c" else self._pick(banks[part])) for part in shape]
        return self._join(parts)

    def _copypasta(self) -> str:
        """The one text, or in one case of four an edited one."""
        return self._fill(self._pick("variant" if self._rng.random() < 0.25 else "core"))

    def _fresh(self, handles: Sequence[str]) -> str:
        """A text not written before (after 20 tries a repeat is let through)."""
        for _ in range(20):
            text = self._dress(self.compose(), handles)
            if text not in self._seen:
                break
        self._seen.add(text)
        return text

    def _deal(self) -> str:
        """The next core of a shuffled deck, so that none is worn out while others wait."""
        if not self._deck:
            self._deck = self._rng.sample(self._table["core"], len(self._table["core"]))
        return self._deck.pop()

    def _pick(self, bank: str) -> str:
        return self._rng.choice(self._table[bank])

    def _fill(self, clause: str) -> str:
        """Replace {name} by a word from that list, never the same word twice in a clause."""
        used: set[str] = set()

        def word(match: re.Match[str]) -> str:
            options = [option for option in self._table[match[1]] if option not in used]
            choice = self._rng.choice(options)
            used.add(choice)
            return choice

        filled = re.sub(r"\{(\w+)\}", word, clause)
        for apart, together in CONTRACTIONS.get(self._lang, {}).items():
            filled = re.sub(rf"\b{apart}\b", together, filled)
        return filled

    def _join(self, parts: Sequence[str]) -> str:
        """Clauses to one line: a stop where a clause has no mark of its own and another follows."""
        stop = "。" if self._lang == "ja" else self._rng.choices((".", "!", ",", "..."), weights=(7, 2, 2, 1))[0]
        if self._lang == "ar":
            stop = stop.replace(",", "،")
        closed = [part if part[-1] in ".!?:؟？。、" else part + stop for part in parts[:-1]]
        return self._gap.join([*closed, parts[-1]])

    def _dress(self, text: str, handles: Sequence[str]) -> str:
        """Add what people add: a lead, a tail, emoji, tags, a mention, a link, a slip of the finger, a line break."""
        rng, chance = self._rng, self._rng.random
        if chance() < 0.14 and self._habits["lead"]:
            text = f"{rng.choice(self._habits['lead'])}{self._gap}{text}"
        if chance() < 0.10 and self._habits["tail"]:
            text += self._gap + rng.choice(self._habits["tail"])
        if chance() < 0.35 and self._lang in TYPOS_IN:
            text = text[0].upper() + text[1:] if chance() < 0.7 else text.lower()
        if chance() < 0.06 and self._lang in TYPOS_IN:
            text = _slip(rng, text)
        if chance() < 0.02:
            text = re.sub(r"([.!?。]) ?", r"\1\n", text, count=1).strip()
        if chance() < 0.40:
            text += (self._gap or rng.choice(("", " "))) + self._pick("emoji") * rng.choice((1, 1, 1, 2, 3))
        if chance() < 0.5:
            text += " " + " ".join(rng.sample(self._table["tags"], rng.choice((1, 1, 1, 2))))
        if chance() < 0.07:
            text = f"@{rng.choice(handles)} {text}"
        if chance() < 0.07:
            own = f"https://example.org/{rng.getrandbits(28):07x}"
            text += " " + rng.choice(self._table.get("link", [own]))
        return text


def csv_bytes(rows: Sequence[Row]) -> bytes:
    """UTF-8 CSV of the file's columns."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def gzipped(content: bytes) -> bytes:
    """The same bytes each time: no time and no name in the header."""
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=out, mtime=0) as file:
        file.write(content)
    return out.getvalue()


def main() -> None:
    """Write both files beside this script."""
    rows = posts(SEED)
    side = truth(rows, plan=read_plan(), seed=SEED)
    (HERE / "synthetic_posts.csv.gz").write_bytes(gzipped(csv_bytes(rows)))
    (HERE / "truth.json").write_text(json.dumps(side, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(rows)} posts, {len({r['author_id'] for r in rows})} accounts")


def _bank(name: str) -> dict[str, Any]:
    """A wording file with every value split at line ends or " | "."""
    return {
        key: _split(part) for key, part in tomllib.loads((HERE / "banks" / f"{name}.toml").read_text("utf-8")).items()
    }


def _split(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _split(inner) for key, inner in part.items()}
    return [piece.strip() for piece in re.split(r"\n| \| ", part.strip())]


def _account(rng: random.Random, plan: dict[str, Any], lang: str) -> Account:
    regions = plan["languages"][lang]["regions"]
    topics = [topic for topic in plan["topics"] if plan["topic_lang"][topic] == lang]
    activity = min(rng.paretovariate(1.15), 30.0)
    return Account(
        id=f"u{rng.getrandbits(36):09x}",
        handle=_handle(rng),
        lang=lang,
        region=rng.choices([*regions, ""], weights=[*regions.values(), 0.06 * sum(regions.values())])[0],
        activity=activity,
        followers=rng.lognormvariate(5.2, 1.5) * activity**0.5,
        interests=frozenset(rng.sample(topics, min(4, len(topics)))),
    )


def _handle(rng: random.Random) -> str:
    return "".join(rng.sample(SYLLABLES, 3)) + rng.choice(("", "_", "x")) + str(rng.randrange(10, 99))


def _schedule(rng: random.Random, plan: dict[str, Any], plant: dict[str, Any]) -> dict[str, list[datetime]]:
    """The times of a plant's posts per language, in order; with `first`, that is the very first of them."""
    times: dict[str, list[datetime]] = {}
    for lang, bursts in plant.get("bursts", {}).items():
        times[lang] = sorted(
            datetime.fromisoformat(start) + timedelta(seconds=rng.randrange(minutes * 60))
            for start, minutes, count in bursts
            for _ in range(count)
        )
    for lang, daily in plant.get("daily", {}).items():
        first = datetime.fromisoformat(plant["first"]) if "first" in plant else None
        zone = plan["languages"][lang]["zone"]
        times[lang] = sorted(_after(rng, day, zone, first) for day, count in enumerate(daily) for _ in range(count))
        if first:
            times[lang][0] = first
    return times


def _after(rng: random.Random, day: int, zone: int, first: datetime | None) -> datetime:
    """A moment of the day that is later than `first`, where that is given."""
    while True:
        at = moment(rng, day, zone=zone)
        if first is None or at > first:
            return at


def _crowd(
    rng: random.Random, plan: dict[str, Any], people: Sequence[Account], *, lang: str, size: int
) -> list[Account]:
    """The accounts behind a plant: mostly busy people who also chat, one in eight seen only here."""
    fresh = size // 8
    keyed = sorted(people, key=lambda account: rng.random() ** (1 / account.activity), reverse=True)
    return [*keyed[: size - fresh], *(_account(rng, plan, lang) for _ in range(fresh))]


def _slip(rng: random.Random, text: str) -> str:
    """Swap two letters inside one long plain word."""
    words = text.split(" ")
    long = [at for at, word in enumerate(words) if len(word) > 5 and word.isalpha()]
    if long:
        at = rng.choice(long)
        cut = rng.randrange(1, len(words[at]) - 2)
        words[at] = words[at][:cut] + words[at][cut + 1] + words[at][cut] + words[at][cut + 2 :]
    return " ".join(words)


def _facts(plant: dict[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """A plant's entry in the side file."""
    return {
        **{key: plant[key] for key in ("title", "kind", "area", "expect")},
        "languages": sorted({*plant.get("daily", {}), *plant.get("bursts", {})}),
        "first_post": rows[0]["created_at"],
        "posts": len(rows),
        "authors": len({r["author_id"] for r in rows}),
        "distinct_texts": len({r["text"] for r in rows}),
    }


if __name__ == "__main__":
    main()
