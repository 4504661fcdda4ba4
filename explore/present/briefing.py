"""The briefing: one self-contained HTML page about narratives, for people who will never open the app.

The page loads nothing from anywhere: a strict content security policy names the only style and the only script by
their hash. Charts are live (Vega with its interpreter, which needs no eval) where scripts run, and drawn as still
pictures for print and where they do not.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from datetime import datetime
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from explore.errors import Refused
from explore.files import write_bytes
from explore.narratives.evidence import Evidence, Makeup
from explore.narratives.items import TEXT
from explore.narratives.replay import Detection
from explore.narratives.spread import Spread
from explore.posts.collection import Collection
from explore.present import charts, doubts, reasons, repeats, spreading, steadiness, timing, waves, words
from explore.present.findings import COVERED
from explore.present.redaction import calm, domain, excerpt, masked
from explore.present.steadiness import Measured
from explore.present.theme import DARK, LIGHT

TEMPLATES = Path(__file__).parent
STILL_WIDTH, PLOT_HEIGHT = 680, 240  # pixels; the still chart is scaled to the page
ROWS = 6  # of links, tags and accounts
BURSTS = 3

Facts = Mapping[str, Any]


def render(
    evidences: Sequence[Evidence],
    *,
    spreads: Sequence[Spread] = (),
    snapshot: Facts,
    run: Facts,
    now: datetime,
    cover_posts: bool = False,
    measured: Sequence[Measured] = (),
    detections: Sequence[Detection | None] = (),
    collection: Collection | None = None,
) -> str:
    """The page as HTML. `snapshot` and `run`: their manifests. `measured`: how steady each narrative is, in the order
    of `evidences`; none as long as that is not measured; `detections`: when each would have been flagged. `collection`:
    what the collecting did to the snapshot. Raises `Refused` without any narrative.

    `spreads`: how each of the narratives spread, in the order of `evidences`; none to leave the section out.

    One post is shown for each reason of the examples, redacted (see `redaction`); authors appear as the pseudonyms of
    the evidence. `cover_posts` hides each post text until it is clicked. The same input gives the same page.
    """
    if not evidences:
        raise Refused("A briefing needs at least one narrative.")
    page = _environment().get_template("briefing.html")
    style, script = _style(), _script()
    return page.render(
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file and Vega
        narratives=[
            _narrative(e, place=i, run=run, snapshot=snapshot, measured=m, detection=d, collection=collection)
            | {"spread": told and _spread(told)}
            | ({"label": COVERED} if cover_posts and e.narrative.get("kind") == TEXT else {})
            for i, (e, m, d, told) in enumerate(zip_longest(evidences, measured, detections, spreads), start=1)
        ],
        window=_window(evidences[0]),
        provenance=_provenance(evidences[0], snapshot=snapshot, run=run, now=now),
        snapshot_name=calm(str(snapshot["name"])),
        unit=evidences[0].unit,
        cover_posts=cover_posts,
    )


def write(
    out: Path,
    evidences: Sequence[Evidence],
    *,
    spreads: Sequence[Spread] = (),
    snapshot: Facts,
    run: Facts,
    now: datetime,
    cover_posts: bool = False,
    measured: Sequence[Measured] = (),
    detections: Sequence[Detection | None] = (),
    collection: Collection | None = None,
) -> tuple[Path, str]:
    """Write the page of `render` to `out`; the absolute path and the SHA-256 of the file."""
    told = render(
        evidences,
        spreads=spreads,
        snapshot=snapshot,
        run=run,
        now=now,
        cover_posts=cover_posts,
        measured=measured,
        detections=detections,
        collection=collection,
    )
    page = told.encode()
    out = out.expanduser().resolve()
    write_bytes(out, page)
    return out, hashlib.sha256(page).hexdigest()


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _style() -> str:
    """The style sheet, with one rule a colour that repaints the charts on a dark screen."""
    pairs = sorted({(a, b) for a, b in zip(astuple(LIGHT), astuple(DARK), strict=True) if a != b})
    repaint = "\n".join(
        f'  .chart [{part}="{light}"] {{ {part}: {dark}; }}' for light, dark in pairs for part in ("fill", "stroke")
    )
    sheet = (TEMPLATES / "briefing.css").read_text(encoding="utf-8")
    return f"{sheet}\n@media screen and (prefers-color-scheme: dark) {{\n{repaint}\n}}\n"


@lru_cache(maxsize=1)
def _script() -> str:
    """Vega, Vega-Lite and Vega-Embed with the lines that draw the charts, as one script without imports."""
    import vl_convert

    bundle: str = vl_convert.javascript_bundle((TEMPLATES / "briefing.js").read_text(encoding="utf-8"))
    return bundle.replace("</script", "<\\/script").replace("\r", "")


def _policy(style: str, script: str) -> str:
    """Nothing may load, run or be sent but the one style and the one script of this page."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _narrative(
    evidence: Evidence, *, place: int, run: Facts, snapshot: Facts, measured: Measured,
    detection: Detection | None, collection: Collection | None,
) -> dict[str, Any]:  # fmt: skip
    """Everything the template says about one narrative, in words."""
    narrative, window, unit = evidence.narrative, evidence.window, evidence.unit
    return {
        "anchor": f"narrative-{place}",
        "label": _label(narrative["label"]),
        "terms": [_label(term) for term in narrative["terms"]],
        "status": words.status(narrative),
        "flagged": words.status(narrative) == words.EMERGING,
        "why": words.why(narrative, window, unit, dated=True),
        "growth": words.growth(narrative),
        "shares": words.shares(narrative, unit),
        "certainty": words.certainty(narrative),
        "since": waves.wave(evidence, dated=True),
        "life_name": "How large" if narrative.get("item_id") else "In its whole life",
        "life": waves.life(narrative, evidence.wave, unit),
        "copies": repeats.copies(narrative, unit),
        "reasons": [*reasons.reasons(narrative, window, unit), *_masked_terms(waves.explained(evidence))],
        "caveats": doubts.doubts(
            evidence,
            hindsight=window is not None and _is_hindsight(run, window.as_of),
            has_languages=bool(snapshot.get("has_languages", True)),
            measured=measured,
            collection=collection,
        ),
        "no_caveats": doubts.NONE_FOUND,
        "detected": timing.detected(detection, unit) if detection else "",
        "went": timing.spread(evidence.jumps, unit),
        "places": _places(evidence),
        "steady": steadiness.found_again(measured),
        "steady_explained": steadiness.explained(measured),
        "chart": _chart(evidence, place=place, detection=detection),
        "figures": _figures(evidence),
        "languages": _languages(evidence.languages, posts=int(narrative["n_posts"])),
        "links": _domains(evidence.links),
        "tags": [(calm(str(r.tag)), words.number(r.posts)) for r in evidence.tags.head(ROWS).itertuples()],
        "authors": [
            (str(r.author), words.number(r.posts), words.percent(r.share))
            for r in evidence.authors.head(ROWS).itertuples()
        ],
        "neighbours": [
            (_label(r.label), words.count(r.n_posts, "post")) for r in evidence.neighbours.head(3).itertuples()
        ],
        "posts": [_post(row) for row in evidence.examples.drop_duplicates("why").to_dict("records")],
    }


def _spread(spread: Spread) -> dict[str, Any]:
    """How it spread, in words, with the largest bursts and what was posted in them."""
    pace = spread.pace
    bursts = spread.bursts.head(BURSTS).to_dict("records")
    return {
        "said": [
            said for said in (spreading.makeup(spread), spreading.together(spread), spreading.again(spread)) if said
        ],
        "bursts": [(spreading.burst(row, pace), excerpt(str(row["item"]))) for row in bursts] if pace else [],
        "limits": spreading.limits(pace) if pace else [],
    }


def _label(text: object) -> str:
    return calm(masked(str(text)))[:160]


def _masked_terms(points: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, masked(said)) for name, said in points]


def _is_hindsight(run: Facts, as_of: datetime) -> bool:
    last = run.get("last_at")
    return last is not None and datetime.fromisoformat(str(last)) > as_of


def _chart(evidence: Evidence, *, place: int, detection: Detection | None) -> dict[str, Any] | None:
    """The live chart as JSON, the still one as SVG, and their words; None without times."""
    if evidence.curve.empty:
        return None
    import vl_convert

    spec = charts.curve(evidence, measure="posts", detection=detection).to_dict()
    title, subtitle = (" ".join(spec["title"][key]) for key in ("text", "subtitle"))
    del spec["title"]  # the page sets it in its own type
    spec["height"] = PLOT_HEIGHT
    still = vl_convert.vegalite_to_svg(json.dumps(spec | {"width": STILL_WIDTH}))
    return {
        "title": title,
        "subtitle": subtitle,
        "banded": not evidence.expected.empty,
        "spoken": spec["description"],
        "spec": Markup(json.dumps(spec, ensure_ascii=True).replace("<", "\\u003c")),  # noqa: S704 - escaped
        "still": Markup(_own_ids(still, prefix=f"still-{place}-")),  # noqa: S704 - Vega escapes texts
    }


def _own_ids(svg: str, *, prefix: str) -> str:
    """Ids counted from 1 for this picture alone (the converter counts on and on), and a size that follows the page."""
    for number, old in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', svg)), start=1):
        svg = svg.replace(f'id="{old}"', f'id="{prefix}{number}"').replace(f"url(#{old})", f"url(#{prefix}{number})")
    return re.sub(r'^(<svg[^>]*?) width="[\d.]+" height="[\d.]+"', r"\1", svg)


def _figures(evidence: Evidence) -> list[tuple[str, str]]:
    """The table of figures, name and value."""
    n, unit = evidence.narrative, evidence.unit
    q = n.get("q_value")
    active = f"{words.number(n.get('now_authors'))} of {words.number(n.get('now_active'))} active"
    counted = "Accounts" if unit == "accounts" else "Messages"
    rows = [
        ("Posts", words.number(n.get("n_posts"))),
        ("Different wordings (messages)", words.number(n.get("n_messages"))),
        ("Accounts", words.number(n.get("n_authors")) if unit == "accounts" else "not in the file"),
        ("Reach (views)", words.number(n.get("reach"))),
        ("Share of posts whose text two accounts or more posted, reposts included", words.percent(n.get("copy_share"))),
        (f"Share of posts that begin with {repeats.REPOST}", words.percent(n.get("repost_share"))),
        ("Share of posts that are copies without that mark", words.percent(n.get("unmarked_copy_share"))),
        ("Share of posts by the most active account", words.percent(n.get("top_author_share"))),
        (f"{counted} in the window", active),
        *_in_window(evidence.makeup, unit),
        (f"{counted} in the baseline, summed over {words.count(n.get('base_bins'), 'window')}",
         f"{words.number(n.get('base_authors'))} of {words.number(n.get('base_active'))} active"),
        ("Growth", words.growth(n)),
        ("Growth, 95 % interval", words.interval(n)),
        ("Corrected p-value (q)", "not tested" if q is None or pd.isna(q) else reasons.small(float(q))),
        ("First seen", words.when(n.get("first_at"))),
        ("Last seen", words.when(n.get("last_at"))),
    ]  # fmt: skip
    return [(name, value) for name, value in rows if value != "unknown" or name in ("Reach (views)", "First seen")]


def _in_window(makeup: Makeup, unit: str) -> list[tuple[str, str]]:
    """How many of the window's posts are reposts, copies, and one text, name and value; none without posts."""
    by = f", by {words.count(makeup.largest_accounts, 'account')}" if unit == "accounts" else ""
    rows = [
        ("Marked reposts among the posts in the window", makeup.reposts, ""),
        ("Copies without that mark among the posts in the window", makeup.unmarked, ""),
        ("Posts in the window that are its most posted text", makeup.largest, by),
    ]
    total = words.number(makeup.posts)
    return [(name, f"{words.number(n)} of {total}{more}") for name, n, more in rows] if makeup.posts else []


def _languages(languages: pd.DataFrame, *, posts: int) -> list[tuple[str, str]]:
    """Shares of all posts of the narrative, the unknown among them."""
    return [(words.language(r.lang), words.percent(r.posts / posts)) for r in languages.head(ROWS).itertuples()]


def _places(evidence: Evidence) -> list[tuple[str, ...]]:
    """Where it went: kind, value, units, posts, first post, third unit, how much later."""
    return [
        (
            row["kind"], _label(row["value"]), words.number(row["units"]), words.number(row["posts"]),
            words.when(row["first_at"]), words.when(row["reached_at"]), row["after"],
        )
        for row in timing.places(evidence.jumps, masked=True).to_dict("records")
    ]  # fmt: skip


def _domains(links: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Links by domain: domain, different links, posts that carry them."""
    if links.empty:
        return []
    named = links.assign(domain=[calm(domain(str(link))) for link in links["link"]])
    by = named.groupby("domain").agg(links=("link", "nunique"), posts=("posts", "sum"))
    by = by.sort_values("posts", ascending=False, kind="stable").head(ROWS)
    return [(str(name), words.number(r["links"]), words.number(r["posts"])) for name, r in by.iterrows()]


def _post(row: Mapping[Any, Any]) -> dict[str, Any]:
    author, views = row["author"], row["views"]
    facts = [
        f"account {author}" if isinstance(author, str) else "account unknown",
        words.when(row["created_at"]),
        "" if views is None or pd.isna(views) else f"{words.compact(views)} views",
        words.language(row["lang"]) if isinstance(row["lang"], str) and row["lang"] != "und" else "",
        repeats.repeated(row),
    ]
    return {
        "why": str(row["why"]),
        "facts": [fact for fact in facts if fact],
        "text": excerpt(str(row["text"])),
        "lang": row["lang"] if isinstance(row["lang"], str) and row["lang"] != "und" else None,
    }


def _window(evidence: Evidence) -> str:
    window = evidence.window
    return f"{words.length(window.length)} to {words.when(window.as_of)}" if window else "whole snapshot"


def _provenance(evidence: Evidence, *, snapshot: Facts, run: Facts, now: datetime) -> list[tuple[str, str]]:
    """Where every figure on the page comes from, name and value."""
    config = run["config"]
    return [
        ("Snapshot", f"{calm(str(snapshot['name']))} ({snapshot['id']})"),
        ("Snapshot SHA-256", str(snapshot["sha256"])),
        ("Posts in the snapshot", words.number(snapshot["counts"]["accepted"])),
        ("Run", str(run["id"])),
        ("Encoder", Path(str(run["encoder"]["name"])).name),
        ("Granularity", str(config["granularity"])),
        ("Seed", str(config["seed"])),
        *([("Explored", f"only posts before {words.when(_moment(config))}")] if config["as_of"] else []),
        *_spans(evidence),
        ("Made", f"{words.when(now)} with Groundswell {run['version']}"),
    ]


def _moment(config: Facts) -> datetime:
    return datetime.fromisoformat(str(config["as_of"]))


def _spans(evidence: Evidence) -> list[tuple[str, str]]:
    """As-of time, window and baseline, name and value."""
    window = evidence.window
    if window is None:
        return [("As of", "the file has no times")]
    bins = int(evidence.narrative.get("base_bins") or 0)
    begin = window.start - bins * window.length
    baseline = f"{words.when(begin)} to {words.when(window.start)}, {words.count(bins, 'window')}" if bins else "none"
    return [
        ("As of", words.when(window.as_of)),
        ("Window", f"{words.when(window.start)} to {words.when(window.as_of)}"),
        ("Baseline", baseline),
    ]
