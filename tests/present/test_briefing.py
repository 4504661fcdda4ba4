from __future__ import annotations

import hashlib
import html
import json
import re
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from explore.errors import Refused
from explore.narratives.evidence import Evidence
from explore.narratives.jumps import Jumps
from explore.narratives.replay import Detection
from explore.posts.collection import Collection
from explore.present import briefing
from tests.present.handmade import NOW, RUN, SNAPSHOT, WINDOW, evidence, post, spread, without_times

HOSTILE = "</script><script>alert(1)</script><img src=http://127.0.0.1:9/x onerror=alert(2)>"


def page(*evidences: Evidence, cover_posts: bool = False) -> str:
    return briefing.render(evidences, snapshot=SNAPSHOT, run=RUN, now=NOW, cover_posts=cover_posts)


def said(page: str) -> str:
    """The words of the page, without style, script and markup."""
    body = re.sub(r"(?s)<(style|script|svg)\b.*?</\1>", " ", page)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def test_the_page_says_what_how_sure_since_when_and_how_large() -> None:
    text = said(page(evidence()))
    assert "94 of 427 active accounts posted this in the 24 h to 18 Aug 2017 02:00 UTC" in text
    assert "47× (at least 31×)" in text
    assert "Since its first post, 17 Aug 2017 16:21 UTC. In the 24 h to 18 Aug 2017 02:00 UTC: 1,180 posts" in text
    assert "First seen 17 Aug 2017 16:21 UTC" in text
    assert "by what is much more frequent in it than elsewhere: the words toll, ramblas and 2 links" in text
    assert "1,204 posts in 61 different wordings, by 188 accounts. Seen 1,240,500 times." in text


def test_the_page_says_how_steady_a_narrative_is_or_that_nobody_measured_it() -> None:
    measured = {"stability": 0.31, "least": 0.2, "most": 0.5, "found_again": 2, "draws": 20}
    known = said(briefing.render([evidence()], snapshot=SNAPSHOT, run=RUN, now=NOW, measured=[measured]))
    assert "Found again in 2 of 20 trials without a fifth of the messages. Unsteady" in known
    assert "overlaps with it by 31 % on average" in known
    assert "Not measured yet: whether it is found again" in said(page(evidence()))


def test_the_page_says_when_it_would_have_been_flagged_and_where_it_went() -> None:
    first = WINDOW.start + timedelta(hours=2)
    flag = first + timedelta(hours=4)
    found = Detection(first, None, flag, flag, first, flag, 3, 1, timedelta(hours=6), is_cut=False, onset=first)
    link = {"kind": "link", "value": "https://evil.example/path?u=@me", "posts": 9, "units": 5}
    lang = {"kind": "language", "value": "pt", "posts": 9, "units": 5}
    went = pd.DataFrame([one | {"first_at": first, "reached_at": first} for one in (lang, link)])
    told = replace(evidence(), jumps=Jumps(went, stray={"language": 1}))
    made = briefing.render([told], snapshot=SNAPSHOT, run=RUN, now=NOW, detections=[found])
    text = said(made)
    assert "would first have been flagged 4 h after its first post, on 17 Aug 2017 08:00 UTC" in text
    assert "3 accounts had posted it in Portuguese by 17 Aug 2017 04:00 UTC" in text
    assert "evil.example/…" in text
    assert "path?u" not in made
    assert "When." not in said(page(evidence()))


def test_the_page_says_what_the_collecting_did_and_that_no_weakness_found_is_no_clearance() -> None:
    hole = pd.DataFrame({"start": [WINDOW.start], "end": [WINDOW.start + timedelta(hours=2)], "usual": [40]})
    seen = Collection(timedelta(hours=1), hole, hole[:0].assign(posts=0), (), "second")
    text = said(briefing.render([evidence()], snapshot=SNAPSHOT, run=RUN, now=NOW, collection=seen))
    assert "The collection has no posts between 17 Aug 2017 02:00 UTC and 17 Aug 2017 04:00 UTC" in text
    assert "That is no clearance" not in text
    assert "That is no clearance" in said(page(evidence()))


def test_shares_of_languages_are_shares_of_all_posts() -> None:
    languages = pd.DataFrame({"lang": ["en", "und"], "posts": [602, 602]})
    assert "English 50 %, unknown 50 %" in said(page(replace(evidence(), languages=languages)))


def test_a_run_as_of_a_moment_says_so() -> None:
    run = RUN | {"config": RUN["config"] | {"as_of": "2017-08-18T02:00:00+00:00"}}
    text = said(briefing.render([evidence()], snapshot=SNAPSHOT, run=run, now=NOW))
    assert "only posts before 18 Aug 2017 02:00 UTC" in text


def test_the_page_names_where_its_figures_come_from() -> None:
    text = said(page(evidence()))
    for fact in (SNAPSHOT["sha256"], SNAPSHOT["id"], RUN["id"], "lexical", "medium", "18 Aug 2017 09:30 UTC",
                 "17 Aug 2017 02:00 UTC to 18 Aug 2017 02:00 UTC",
                 "10 Aug 2017 02:00 UTC to 17 Aug 2017 02:00 UTC, 7 windows"):  # fmt: skip
        assert str(fact) in text


def test_an_encoder_in_a_folder_is_named_without_the_way_to_it() -> None:
    run = RUN | {"encoder": {"name": "static:/somewhere/private/potion", "version": "1"}}
    text = briefing.render([evidence()], snapshot=SNAPSHOT, run=run, now=NOW)
    assert "potion" in text
    assert "/somewhere/private" not in text


def test_the_policy_allows_the_one_style_and_the_one_script_and_nothing_else() -> None:
    made = page(evidence())
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', made)[1])  # type: ignore[index]
    style = re.search(r"(?s)<style>(.*?)</style>", made)[1]  # type: ignore[index]
    script = re.findall(r"(?s)<script>(.*?)</script>", made)
    assert len(script) == 1
    hashes = ["sha256-" + b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in (style, script[0])]
    assert policy == (
        f"default-src 'none'; style-src '{hashes[0]}'; script-src '{hashes[1]}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_markup_points_nowhere_outside() -> None:
    made = re.sub(r"(?s)<(style|script)\b.*?</\1>", "", page(evidence()))
    targets = re.findall(r'\s(?:src|href|srcset|action|data|poster)="([^"]*)"', made)
    assert all(target.startswith("#") for target in targets)
    assert 'style="' not in made


def test_hostile_words_stay_words() -> None:
    made = page(evidence(post("most typical", HOSTILE), label=HOSTILE, terms=[HOSTILE]))
    markup = made.replace(str(briefing._script()), "")
    assert "<img" not in markup
    assert "alert(1)" in markup
    assert markup.count("<script") == 2  # the chart's data and the one script of ours


def test_example_posts_are_redacted_and_isolated() -> None:
    made = page(evidence(post("most typical", "@someone see https://evil.example/path?id=7, call +34 612 345 678")))
    assert '<blockquote dir="auto" lang="en">@… see evil.example/… call [phone]</blockquote>' in made


def test_one_post_is_shown_for_each_reason() -> None:
    made = page(evidence(post("earliest", "first"), post("earliest", "second"), post("latest", "third")))
    assert re.findall(r"<blockquote[^>]*>(\w+)<", made) == ["first", "third"]


def test_posts_can_be_covered_until_they_are_clicked() -> None:
    assert "<details>" in page(evidence(), cover_posts=True)
    assert "<details>" not in page(evidence())


def test_links_are_told_by_domain() -> None:
    text = said(page(evidence()))
    assert "t.co 2 49" in text
    assert "example.org 1 3" in text
    assert "example.org/x" not in text


def test_the_chart_is_there_live_and_still() -> None:
    made = page(evidence())
    spec = json.loads(re.search(r'(?s)<script type="application/json">(.*?)</script>', made)[1])  # type: ignore[index]
    assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    assert made.replace(str(briefing._script()), "").count("<svg") == 1
    assert 'aria-label="Posts and accounts per 6 h' in made


def test_the_still_charts_of_several_narratives_share_no_id() -> None:
    ids = re.findall(r'\bid="([^"]+)"', page(evidence(), evidence(flagged=False)))
    assert len(ids) == len(set(ids))


def test_several_narratives_get_a_table_of_contents() -> None:
    made = page(evidence(), evidence(flagged=False, label="Turku"))
    assert "2 narratives, 1 of them emerging" in made
    assert 'href="#narrative-2"' in made
    assert 'id="narrative-2"' in made
    assert made.count("<h1") == 1


def test_a_snapshot_without_times_authors_and_views_has_a_page() -> None:
    text = said(page(without_times()))
    assert "the file has no times" in text
    assert "not in the file" in text
    assert "account unknown" in text
    assert "What could fool it The file names no authors" in text
    assert not re.search(r"\b(nan|nat|none)\b", text)


def test_a_moment_before_the_last_post_is_called_hindsight() -> None:
    later = RUN | {"last_at": "2017-08-20T00:00:00+00:00"}
    assert "hindsight" in briefing.render([evidence()], snapshot=SNAPSHOT, run=later, now=NOW)
    assert "hindsight" not in page(evidence())


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    made = [briefing.write(tmp_path / name, [evidence()], snapshot=SNAPSHOT, run=RUN, now=NOW) for name in "ab"]
    assert made[0][1] == made[1][1] == hashlib.sha256(made[0][0].read_bytes()).hexdigest()
    assert made[0][0].is_absolute()


def test_a_briefing_about_nothing_is_refused() -> None:
    with pytest.raises(Refused, match="at least one narrative"):
        page()


def test_missing_values_in_examples_are_left_out() -> None:
    bare = evidence(post("latest", "x", author=None, views=pd.NA, lang="und", copies=1))
    facts = re.search(r'(?s)class="post-facts">(.*?)</p>', page(replace(bare)))[1]  # type: ignore[index]
    assert facts == "<strong>latest</strong> · account unknown · 17 Aug 2017 16:21 UTC"


def test_how_it_spread_is_told_with_its_bursts_masked_and_its_limits() -> None:
    page = briefing.render([evidence()], spreads=[spread()], snapshot=SNAPSHOT, run=RUN, now=NOW)
    assert "How it spread" in page
    assert "14 accounts posted this text within 90 seconds (15 posts), from 12 Sep 2016 14:03 UTC." in page
    assert "by chance 4.2 would be expected" in page
    assert "The death toll climbs, says @…" in page
    assert "@police" not in page
    assert "no proof of an agreement" in page
    assert "How it spread" not in briefing.render([evidence()], snapshot=SNAPSHOT, run=RUN, now=NOW)


def test_how_it_spread_without_accounts_says_why_nothing_is_told() -> None:
    lacking = spread(lacks="accounts", pace=None, bursts=pd.DataFrame(), pairs=pd.DataFrame(), n_bursts=0)
    page = briefing.render([evidence()], spreads=[lacking], snapshot=SNAPSHOT, run=RUN, now=NOW)
    assert "The file names no accounts, so nobody can say" in page


def test_a_covered_text_is_no_heading_either() -> None:
    text = evidence(kind="text", item_id="text:m1", label="who did it at the old mill")
    shown = briefing.render([text], snapshot=SNAPSHOT, run=RUN, now=NOW)
    covered = briefing.render([text], snapshot=SNAPSHOT, run=RUN, now=NOW, cover_posts=True)
    assert "who did it at the old mill" in shown
    assert "who did it at the old mill" not in covered
    assert "a text (covered)" in covered
    assert "In its whole life" not in covered
