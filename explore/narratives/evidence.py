"""Why a narrative is listed: its curve, its posts, and where they come from, as of a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explore.errors import Refused
from explore.narratives import amplification, ranking
from explore.narratives.jumps import Jumps, jumps
from explore.narratives.outside import Outside, outside
from explore.narratives.run import Run, Timeline
from explore.narratives.text import is_repost
from explore.narratives.wave import Wave, wave
from explore.narratives.windows import MIN_BASELINE_WINDOWS, Window, micros_since_epoch
from explore.posts.pseudonyms import with_pseudonyms
from explore.posts.snapshots import Snapshot

Ints = NDArray[np.int64]

STEPS = [timedelta(minutes=m) for m in (5, 15, 30, 60, 180, 360, 720, 1440, 7 * 1440, 28 * 1440)]
MOST_BINS = 200
FIRST_OF_LIFE = "first of its life"
REASONS = ("typical now", "most typical", "highest reach", "earliest", "latest", "most different", FIRST_OF_LIFE)
PER_REASON = 2
PREVAILS = 1 / 3  # share of the window's posts from which on its most posted message is typical of it
LISTED = 10

# The posts that are asked for: the run says which, the snapshot holds them; `row` is the position in the snapshot
_POSTS = """
    SELECT s.*, r.message_id, m.typicality
    FROM (SELECT row, message_id FROM read_parquet($run_posts)
          WHERE {condition} AND (created_at < $as_of OR created_at IS NULL)) r
    JOIN (SELECT *, file_row_number AS row FROM read_parquet($posts, file_row_number = true)) s USING (row)
    JOIN (SELECT message_id, typicality FROM read_parquet($messages)) m USING (message_id)
"""
# A link without the punctuation around it: brackets only in pairs, and no script that is written without spaces
_OUTSIDE = r"""\s<>"()\[\]{}…»”、。」）\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}"""
_LINK = rf"https?://(?:[^{_OUTSIDE}]|\([^\s<>\"()]*\))*(?:[^{_OUTSIDE}.,;:!?'’]|\([^\s<>\"()]*\))"
_EXAMPLE = [
    *("why", "post_id", "created_at", "author", "text", "lang", "views", "shares"),
    *("copies", "accounts", "reposts"),
]
_NO_NEIGHBOURS = pd.DataFrame(columns=["narrative_id", "label", "similarity", "n_posts"])
_NO_CURVE = pd.DataFrame(columns=["bin_start", "posts", "authors", "views"])
_NO_EXPECTATION = pd.DataFrame(columns=["bin_start", "low", "expected", "high"])
FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Makeup:
    """What the posts of the window are: how many in all, marked reposts, and `amplification.unmarked_copies`; and of
    the most posted message its posts, the accounts that posted it (null where one of these names none), and reposts."""

    posts: int = 0
    reposts: int = 0
    unmarked: int = 0
    largest: int = 0
    largest_accounts: float = float("nan")
    largest_reposts: int = 0


@dataclass(frozen=True)
class Evidence:
    """Everything about one narrative as of `window.as_of`; times are UTC, authors pseudonyms, in post_id too.

    Without times in the snapshot, `window` is null, `curve` and `expected` are empty.
    narrative: one row of `ranking.emerging`. unit: "accounts" or "messages", what emergence counts. bin: width of
    the steps of `curve`. Frames and their columns:
    curve: bin_start, posts, authors (the unit), views (null = unknown); every step, zeros included.
    expected: bin_start, low, expected, high units per step from the baseline (95 % of Poisson steps); empty when the
    narrative is not testable. examples: why, post_id, created_at, author, text, lang, views, shares, and among all its
    posts `amplification.repeats`: copies, accounts, reposts.
    links: link, posts, authors. tags: tag, posts, authors. authors: author, posts, share. languages: lang, posts; where
    any is known, the unknown count as "und". neighbours: narrative_id, label, similarity (cosine), n_posts.
    jumps: where it went and when. makeup: of its posts in the window. wave: what it does in the window, and since when;
    outside: what speaks of it there elsewhere; null without times, outside also without a post in the window.
    """

    narrative: dict[str, Any]
    window: Window | None
    unit: str
    bin: timedelta
    curve: pd.DataFrame
    expected: pd.DataFrame
    examples: pd.DataFrame
    links: pd.DataFrame
    tags: pd.DataFrame
    authors: pd.DataFrame
    languages: pd.DataFrame
    neighbours: pd.DataFrame
    jumps: Jumps = field(default_factory=Jumps)
    makeup: Makeup = field(default_factory=Makeup)
    wave: Wave | None = None
    outside: Outside | None = None


def evidence(
    run: Run, snapshot: Snapshot, narrative_id: int, *, window: Window | None, key: bytes, whole: bool = False
) -> Evidence:
    """Gather the evidence for one narrative.

    `key` makes the pseudonyms. The curve spans the window, its baseline and as long again before; with `whole`, all of
    the narrative's life where that is longer. Raises `Refused` when the narrative has no post before `window.as_of`.
    """
    listed = ranking.emerging(run, window)
    found = listed[listed["narrative_id"] == narrative_id]
    if found.empty:
        before = f" with a post before {window.as_of.isoformat()}" if window else ""
        raise Refused(f"Run {run.id} has no narrative {narrative_id}{before}. Pick one from the list of narratives.")
    mine = run.timeline.narrative == narrative_id
    posts = _posts(run, snapshot, "narrative_id = $which", narrative_id, window)
    gathered = _gathered(run, dict(found.iloc[0]), posts, mine, window=window, key=key, whole=whole)
    return replace(
        gathered,
        neighbours=_neighbours(run, narrative_id, listed),
        outside=outside(run, snapshot, narrative_id, window=window) if window else None,
    )


def item_evidence(
    run: Run, snapshot: Snapshot, item: Mapping[Any, Any], rows: Ints, *, window: Window, key: bytes
) -> Evidence:
    """Gather the evidence for one text, link, tag or word: the same, without neighbours and without what lies outside.

    `item`: one row of `items.Items.rows`; `rows`: those in the snapshot of its posts in the window and its baseline.
    Sizes and outside count these posts. What came before is not known: the curve begins with the baseline, and there is
    no wave, which would call the first of these posts the first of all.
    """
    line, mine = run.timeline, np.isin(run.rows, rows)
    own = Timeline(**{name: values[mine] for name, values in vars(line).items()})
    sizes = ranking.sizes(replace(own, narrative=np.zeros_like(own.narrative)), k=1).iloc[0]
    posts = _posts(run, snapshot, "row IN (SELECT unnest($which))", [int(row) for row in rows], window)
    counted = dict(item) | dict(sizes) | {"outside": int((own.narrative < 0).sum())}
    found = _gathered(run, counted, posts, mine, window=window, key=key, whole=False)
    known = found.curve["bin_start"] >= pd.Timestamp(window.baseline_start)
    return replace(found, curve=found.curve[known].reset_index(drop=True), wave=None)


def _gathered(
    run: Run, row: dict[str, Any], posts: pd.DataFrame, mine: NDArray[np.bool_], *, window: Window | None, key: bytes,
    whole: bool,
) -> Evidence:  # fmt: skip
    """The evidence of some posts; `mine`: which of the run's timeline they are."""
    tables = {name: _counted(posts, name) for name in ("link", "tag")}
    posts["author"] = with_pseudonyms(posts[["author_id"]], key)["author_id"]
    in_window = posts[posts["created_at"] >= window.start] if window else posts[:0]
    its_wave = wave(run, window, mine) if window else None
    step, curve = _curve(run, mine, window=window, whole=whole) if window else (STEPS[-1], _NO_CURVE)
    return Evidence(
        narrative=row,
        window=window,
        unit=run.unit,
        bin=step,
        curve=curve,
        expected=_expected(curve, window) if window and row["testable"] else _NO_EXPECTATION,
        examples=_examples(posts, in_window, key, since=_since(its_wave, window)),
        links=tables["link"],
        tags=tables["tag"],
        authors=_authors(posts),
        languages=_languages(posts),
        neighbours=_NO_NEIGHBOURS,
        jumps=jumps(posts),
        makeup=_makeup(in_window),
        wave=its_wave,
    )


def _posts(run: Run, snapshot: Snapshot, condition: str, which: object, window: Window | None) -> pd.DataFrame:
    """The posts for which the condition on $which holds before the moment, oldest first, with their links and tags."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = _read(connection, run, snapshot, condition, which, window)
    return found.join(amplification.repeats(found))


def _read(
    connection: duckdb.DuckDBPyConnection, run: Run, snapshot: Snapshot, condition: str, which: object,
    window: Window | None,
) -> pd.DataFrame:  # fmt: skip
    return connection.execute(
        f"""SELECT post_id, created_at, text, author_id, lang, region, media_id, views, shares, message_id, typicality,
                   list_distinct(regexp_extract_all(text, $link)) AS link,
                   list_distinct(regexp_extract_all(lower(text), '#[\\pL\\pN\\pM_]+')) AS tag
            FROM ({_POSTS.format(condition=condition)}) ORDER BY created_at, row""",
        {
            "run_posts": str(run.folder / "posts.parquet"),
            "messages": str(run.folder / "messages.parquet"),
            "posts": str(snapshot.posts_path),
            "which": which,
            "link": _LINK,
            "as_of": window.as_of if window else FAR_FUTURE,
        },
    ).df()


def _counted(posts: pd.DataFrame, column: str) -> pd.DataFrame:
    """The most posted values of a list column: value, posts, authors (0 where unknown)."""
    each = posts[[column, "author_id"]].explode(column).dropna(subset=[column])
    counts = each.groupby(column).agg(posts=("author_id", "size"), authors=("author_id", "nunique"))
    counts = counts.sort_values("posts", ascending=False, kind="stable").head(LISTED)
    return counts.reset_index()


def _authors(posts: pd.DataFrame) -> pd.DataFrame:
    counts = posts["author"].dropna().value_counts().head(LISTED).rename_axis("author").reset_index(name="posts")
    return counts.assign(share=counts["posts"] / max(len(posts), 1))


def _languages(posts: pd.DataFrame) -> pd.DataFrame:
    counts = posts["lang"].fillna("und").value_counts()
    counts = counts if set(counts.index) != {"und"} else counts[:0]
    return counts.head(LISTED).rename_axis("lang").reset_index(name="posts")


def _makeup(now: pd.DataFrame) -> Makeup:
    """Of the posts in the window, `now`."""
    if now.empty:
        return Makeup()
    repeats = amplification.repeats(now)
    largest = repeats.loc[repeats["copies"].idxmax()]
    repost = now["text"].map(is_repost).to_numpy(dtype=bool)
    message, author = (pd.factorize(now[column])[0].astype(np.int64) for column in ("message_id", "author_id"))
    return Makeup(
        posts=len(now),
        reposts=int(repost.sum()),
        unmarked=int(amplification.unmarked_copies(message, author, repost).sum()),
        largest=int(largest["copies"]),
        largest_accounts=float(largest["accounts"]),
        largest_reposts=int(largest["reposts"]),
    )


def _since(its_wave: Wave | None, window: Window | None) -> datetime | None:
    """Since when posts are of the wave: its onset, else the window's start; null where it has no post in the window."""
    if its_wave is None or window is None or not its_wave.posts:
        return None
    return its_wave.onset or window.start


def _examples(posts: pd.DataFrame, now: pd.DataFrame, key: bytes, *, since: datetime | None) -> pd.DataFrame:
    """A handful of posts, each with the reason it is shown, those typical of the window first; no message twice.

    `now`: the posts of the window. The reasons take turns, matters of fact before what is typical: the post called the
    earliest is the earliest. A message that prevails in the window may come twice, as typical too.

    They are of the wave, the posts from `since` on, as far as it has enough; the narrative's first post is added where
    it lies before that.
    """
    of_wave = posts["created_at"] >= since if since else posts["post_id"].notna()
    by_wave = pd.concat([posts[of_wave], posts[~of_wave]])
    first_of_message = by_wave.drop_duplicates("message_id")
    seen = by_wave[by_wave["views"].fillna(0) > 0]
    orders = {
        "earliest": first_of_message,
        "highest reach": _waves_first(seen, of_wave, by="views", ascending=False),
        "latest": posts[::-1],
        "typical now": now.sort_values("typicality", ascending=False, kind="stable"),
        "most typical": _waves_first(first_of_message, of_wave, by="typicality", ascending=False),
        "most different": _waves_first(first_of_message, of_wave, by="typicality", ascending=True),
    }
    if posts["created_at"].isna().all():
        orders = {why: ordered for why, ordered in orders.items() if why not in ("earliest", "latest")}
    prevailing = _prevailing(now)
    taken: set[str] = set()
    chosen: list[pd.DataFrame] = []
    for why, ordered in [*orders.items()] * PER_REASON:
        fresh = ordered[~ordered["message_id"].isin(taken)].head(1)
        if why == "typical now" and len(prevailing):
            shown = [row for post in chosen for row in post.index]
            fresh, prevailing = prevailing.drop(shown, errors="ignore").head(1), prevailing[:0]
        taken |= set(fresh["message_id"])
        chosen.append(fresh.assign(why=why))
    shown = [row for post in chosen for row in post.index]
    chosen.append(posts[~of_wave][:1].drop(shown, errors="ignore").assign(why=FIRST_OF_LIFE))
    listed = with_pseudonyms(pd.concat(chosen), key)[_EXAMPLE]
    return listed.sort_values("why", key=lambda why: why.map(REASONS.index), kind="stable", ignore_index=True)


def _waves_first(posts: pd.DataFrame, of_wave: pd.Series, *, by: str, ascending: bool) -> pd.DataFrame:
    """The posts by a column, those of the wave before all others."""
    ordered = posts.sort_values(by, ascending=ascending, kind="stable")
    inside = of_wave.loc[ordered.index]
    return pd.concat([ordered[inside], ordered[~inside]])


def _prevailing(now: pd.DataFrame) -> pd.DataFrame:
    """The window's posts of its most posted message; none where that is less than a part of them, or came once."""
    if now.empty:
        return now
    copies = now.groupby("message_id", sort=False)["post_id"].size()
    prevails = copies.max() >= max(2, PREVAILS * len(now))
    return now[now["message_id"] == copies.idxmax()] if prevails else now[:0]


def _curve(run: Run, mine: NDArray[np.bool_], *, window: Window, whole: bool) -> tuple[timedelta, pd.DataFrame]:
    """Width of a step and the steps up to `window.as_of`, counted forth and back from the window's start."""
    line, end = run.timeline, micros_since_epoch(window.as_of)
    past, mine = line.before(window.as_of), mine[line.at < end]
    at = pd.to_datetime(past.at, unit="us", utc=True)
    usual = pd.Timestamp(window.baseline_start - (window.as_of - window.baseline_start))
    begins = max(min(usual, at[mine].min()) if whole else usual, at.min())
    span = window.as_of - begins
    step = next((s for s in STEPS if span / s <= MOST_BINS and _fits(s, window.length)), STEPS[-1])
    behind = -int((window.start - begins) // -step)  # whole steps before the window's start
    first = window.start - max(behind, 0) * step
    steps = int(-((first - window.as_of) // step))
    index = np.asarray((at - first) // step, dtype=np.int64)
    keep = mine & (index >= 0)
    table = pd.DataFrame({"step": index[keep], "unit": past.unit[keep], "views": past.views[keep]})
    groups = table.groupby("step")
    curve = pd.DataFrame(index=range(steps))
    curve["bin_start"] = pd.date_range(first, periods=steps, freq=step)
    curve["posts"] = groups.size().reindex(range(steps), fill_value=0)
    curve["authors"] = groups["unit"].nunique().reindex(range(steps), fill_value=0)
    curve["views"] = groups["views"].sum(min_count=1).reindex(range(steps))
    if table["views"].notna().any():
        curve["views"] = curve["views"].fillna(0)
    return step, curve


def _fits(step: timedelta, length: timedelta) -> bool:
    """Whether windows are made of whole steps, or steps of whole windows."""
    return length % step == timedelta(0) or step % length == timedelta(0)


def _expected(curve: pd.DataFrame, window: Window) -> pd.DataFrame:
    """What the baseline leads one to expect per step: its mean and the middle 95 % of a Poisson count around it."""
    from scipy import stats

    since = curve["bin_start"] >= pd.Timestamp(window.baseline_start)
    baseline = curve.loc[since & (curve["bin_start"] < pd.Timestamp(window.start)), "authors"]
    if len(baseline) < MIN_BASELINE_WINDOWS:
        return _NO_EXPECTATION
    mean = float(baseline.mean())
    low, high = (float(stats.poisson.ppf(q, mean)) if mean else 0.0 for q in (0.025, 0.975))
    return curve.loc[since, ["bin_start"]].assign(low=low, expected=mean, high=high).reset_index(drop=True)


def _neighbours(run: Run, narrative_id: int, listed: pd.DataFrame) -> pd.DataFrame:
    """The five narratives whose mean vectors lie closest."""
    similarity = run.centroids @ run.centroids[narrative_id]
    others = listed[listed["narrative_id"] != narrative_id]
    table = others[["narrative_id", "label", "n_posts"]].assign(similarity=similarity[others["narrative_id"]])
    nearest = table.sort_values("similarity", ascending=False, kind="stable").head(5).reset_index(drop=True)
    return nearest[["narrative_id", "label", "similarity", "n_posts"]]
