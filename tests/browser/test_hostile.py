"""What adversaries write stays text: payloads in every field, on every page, in popovers, labels and the briefing."""

from __future__ import annotations

import csv
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from explore.narratives.pipeline import explore
from explore.narratives.run import Run
from explore.posts.snapshots import LoadOptions, load, open_snapshot
from explore.present.redaction import calm
from explore.settings import workspace_at
from tests.browser.conftest import PROJECT, App, serve
from tests.narratives.making import NOW, START, post, run_with, stream

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)  # a busy machine answers late

INJECTED = """() => [...document.querySelectorAll(
    "#root script, #root iframe, #root object, #root embed, #root form[action], #root base, #root meta, " +
    "#root .katex, " +
    "[onerror], [onload], [onclick], [onmouseover], [onfocus], img[src*='/canary'], image[href*='/canary'], " +
    "a[href*='/canary'], a[href^='javascript'], a[href^='data'], [style*='/canary'], #injected, marquee, video, audio"
)].map(each => each.outerHTML.slice(0, 200))"""
SEEN = "() => document.title + (window.taken ? ' taken' : '')"


@dataclass
class Canary:
    """A server on this machine that nobody should ever ask for anything."""

    url: str
    asked: list[str]


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    asked: list[str] = []

    class Listen(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that the standard library calls
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as inherited
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listen)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Canary(f"http://127.0.0.1:{server.server_port}/canary", asked)
    server.shutdown()


def payloads(url: str) -> list[str]:
    """Fifty texts that would like to be more than text."""
    return [
        "<script>window.taken=1</script>",
        f"<script src={url}></script>",
        "<svg onload=window.taken=1>",
        "<img src=x onerror=window.taken=1>",
        f"<img src={url}>",
        f"<iframe src={url}></iframe>",
        f"<object data={url}></object>",
        f"<embed src={url}>",
        f"<video src={url} autoplay>",
        f"<audio src={url} autoplay>",
        f"<link rel=stylesheet href={url}>",
        f"<style>@import '{url}';</style>",
        f"<base href={url}>",
        f"<meta http-equiv=refresh content='0;url={url}'>",
        "<body onload=window.taken=1>",
        "<div id=injected>x</div>",
        f"<form action={url}><input autofocus onfocus=window.taken=1></form>",
        "<marquee onstart=window.taken=1>m</marquee>",
        "<details open ontoggle=window.taken=1>d</details>",
        f"<div style=\"background:url('{url}')\">b</div>",
        f"![image]({url})",
        f"[![image]({url})]({url})",
        f"![a][b]\n\n[b]: {url}",
        f"[link]({url})",
        f"<{url}>",
        "[js](javascript:window.taken=1)",
        "<a href=javascript:window.taken=1>j</a>",
        "javascript:window.taken=1",
        "[data](data:text/html,<script>window.taken=1</script>)",
        "&lt;script&gt;window.taken=1&lt;/script&gt;",
        "&#60;img src=x onerror=window.taken=1&#62;",
        "</textarea></title></script><script>window.taken=1</script>",
        "'\"--><script>window.taken=1</script>",
        "{{constructor.constructor('window.taken=1')()}}",
        "${window.taken=1}",
        "$$\\href{javascript:window.taken=1}{x}$$",
        "$\\sqrt{2}$ and $x^2$",
        ":material/delete: :streamlit: :red[red]",
        ":red-background[alarm] **bold** _it_ `code` ~~gone~~",
        "# heading\n\n- list\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        "\u202egnp.exe reversed",
        "\u2066isolated\u2069 \u200bzero\u200bwidth\u200b \ufeffmark",
        "Z" + "\u0301\u0323" * 250 + "algo",
        "W" * 3000,
        '=HYPERLINK("' + url + '","x")',
        "+cmd|' /C calc'!A0",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        "%s%s%n %(x)s {0} {x!r}",
        "\\x3cscript\\x3ewindow.taken=1\\x3c/script\\x3e",
        f"<math><mtext><img src={url}></mtext></math>",
    ]


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory, canary: Canary) -> tuple[Run, Path]:
    """A run over posts made of payloads: within the talk of three subjects, and as copies, which become labels."""
    folder = tmp_path_factory.mktemp("hostile")
    workspace = workspace_at(folder / "workspace")
    texts = payloads(canary.url)
    rows = []
    for number, one in enumerate(stream(each=60)):
        text = texts[number % len(texts)]
        rows.append({**one, "text": f"{one['text']} {text}", "author_id": text[:80], "region": text, "url": text})
    for number, text in enumerate(texts[::4]):
        for copy in range(40):
            at = START + timedelta(days=13, seconds=60 * copy + number)
            rows.append(
                {
                    "post_id": f"c{number}-{copy}",
                    "created_at": at,
                    "author_id": f"a{copy}{text[:60]}",
                    "lang": "en",
                    "text": f"{text} subject{number} #<b>tag{number} #tag{number}",
                    "views": 5,
                    "region": text,
                    "url": text,
                }
            )
    path = folder / "hostile.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        names = ["post_id", "created_at", "author_id", "text", "lang", "views", "region", "url"]
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    options = LoadOptions(name=f"<img src={canary.url}> ![x]({canary.url}) :material/x: $x$")
    report = load([path], workspace, options=options, now=NOW)
    return explore(open_snapshot(workspace, report.snapshot), workspace, now=NOW), folder


@pytest.fixture(scope="module")
def app(explored: tuple[Run, Path]) -> Iterator[App]:
    with serve(PROJECT / "app.py", folder=explored[1]) as running:
        yield running


@pytest.fixture
def watched(page: Page, canary: Canary) -> Iterator[Page]:
    """The page; when the test ends, no dialog was opened, nothing was injected and the canary was not asked."""
    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.set_default_timeout(20_000)
    yield page
    assert page.evaluate(INJECTED) == []
    assert "taken" not in page.evaluate(SEEN)
    assert dialogs == []
    assert canary.asked == []


def test_there_are_fifty_payloads_and_some_became_labels(explored: tuple[Run, Path], canary: Canary) -> None:
    assert len(set(payloads(canary.url))) == 50
    labels = explored[0].narratives["label"].to_list()
    assert any("script" in label for label in labels), labels


def test_emerging_shows_them_as_text(watched: Page, app: App, canary: Canary) -> None:
    watched.goto(f"{app.url}/?all=yes")
    settle(watched)
    for row in range(1, 5):
        click_row(watched, row)
        texts_are_inert(watched, canary)
    watched.get_by_role("button", name="More filters").click()
    watched.get_by_label("Regions").click()
    expect(watched.get_by_role("option").first).to_be_visible()
    assert watched.evaluate(INJECTED) == []
    watched.get_by_role("option").first.click()
    settle(watched)


def test_a_text_a_tag_or_a_link_that_is_a_row_stays_text_there_and_in_its_briefing(
    watched: Page, canary: Canary, tmp_path: Path
) -> None:
    copies = [
        post(
            9000 + 20 * number + copy,
            text,
            created_at=START + timedelta(days=13.9, minutes=number),
            author_id=f"c{copy}",
        )
        for number, text in enumerate(payloads(canary.url)[::5])
        for copy in range(8 + number)
    ]
    posts = sorted([*stream(each=60), *copies], key=lambda one: one["created_at"])
    run_with(workspace_at(tmp_path / "workspace"), posts, groups=["bread", "Zug", "lluvia", "battery"])
    with serve(PROJECT / "app.py", folder=tmp_path) as items:
        watched.goto(items.url)
        settle(watched)
        for row, kind in enumerate(["text", "text", "words", "link", "text"], start=2):
            click_row(watched, row)
            expect(watched).to_have_url(re.compile(f"item={kind}"))
            texts_are_inert(watched, canary)
        watched.get_by_role("button", name="Briefing").click()
        with watched.expect_download() as started:
            watched.get_by_role("button", name="Download briefing").click()
        started.value.save_as(tmp_path / "briefing.html")
    watched.goto((tmp_path / "briefing.html").as_uri())
    watched.wait_for_selector("figure.drawn .live svg")
    assert "taken" not in watched.evaluate(SEEN)
    assert "whole life" not in watched.content()


def test_narrative_shows_them_as_text_and_so_does_its_briefing(
    watched: Page, app: App, explored: tuple[Run, Path], canary: Canary, tmp_path: Path
) -> None:
    table = explored[0].narratives
    hostile = table[table["label"].str.contains("[<!$=]", regex=True)]["narrative_id"].to_list()
    for narrative in hostile[:4] or [0]:
        watched.goto(f"{app.url}/narrative?narrative={narrative}")
        settle(watched)
        texts_are_inert(watched, canary)
    for more in watched.get_by_role("button", name="more", exact=True).all()[:2]:
        more.click()
        texts_are_inert(watched, canary)
        watched.keyboard.press("Escape")
    watched.get_by_role("button", name="Briefing").click()
    with watched.expect_download() as started:
        watched.get_by_role("button", name="Download briefing").click()
    started.value.save_as(tmp_path / "briefing.html")
    watched.goto((tmp_path / "briefing.html").as_uri())
    watched.wait_for_selector("figure.drawn .live svg")
    assert "taken" not in watched.evaluate(SEEN)
    assert watched.locator("blockquote :not(span)").count() == 0


def test_the_map_shows_them_as_text_also_under_the_pointer(watched: Page, app: App) -> None:
    watched.goto(f"{app.url}/map")
    settle(watched)
    marks = watched.locator("[data-testid=stVegaLiteChart] :is(svg, canvas)").first
    box = marks.bounding_box()
    assert box is not None
    for across in range(1, 10):
        watched.mouse.move(box["x"] + box["width"] * across / 10, box["y"] + box["height"] * 0.5)
    for symbol in watched.locator("[data-testid=stVegaLiteChart] .mark-symbol path").all()[:5]:
        symbol.hover(force=True)
        assert watched.evaluate(INJECTED) == []
    settle(watched)


def test_snapshots_shows_names_fields_and_previews_as_text(
    watched: Page, app: App, explored: tuple[Run, Path], tmp_path: Path
) -> None:
    watched.goto(f"{app.url}/snapshots")
    settle(watched)
    evil = tmp_path / "<img src=x onerror=window.taken=1> ![x](javascript:1) :material-x: $x$.csv"
    content = (explored[1] / "hostile.csv").read_text(encoding="utf-8")
    evil.write_text(
        content.replace("region,url", "<svg onload=window.taken=1>,![x](javascript:1)", 1), encoding="utf-8"
    )
    watched.locator("input[type=file]").set_input_files(evil)
    expect(watched.get_by_text("As the first rows would be stored")).to_be_visible()
    watched.get_by_role("button", name="How to read it").click()
    assert watched.evaluate(INJECTED) == []
    watched.keyboard.press("Escape")
    watched.get_by_label("Name of the snapshot").fill("<img src=x onerror=window.taken=1> **x** $y$ [x](javascript:1)")
    watched.get_by_role("button", name="Load and explore").click()
    expect(
        watched.get_by_text("Exploring <img src=x onerror=window.taken=1> **x** $y$ [x](javascript:1)")
    ).to_be_visible()
    watched.get_by_role("button", name="Cancel").click()
    expect(watched.get_by_text("[x](javascript:1): cancelled")).to_be_visible()


def settle(page: Page) -> None:
    """Until the app has drawn and is idle."""
    expect(page.locator("h1")).to_be_visible(timeout=30_000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_timeout(250)


def texts_are_inert(page: Page, canary: Canary) -> None:
    """Posts stand there letter for letter, in their place, and nothing of them is more than text."""
    settle(page)
    shown = page.get_by_test_id("stText").all_inner_texts()
    marks = [text.strip()[:12] for text in map(calm, payloads(canary.url))]
    assert [text for text in shown if any(mark in text for mark in marks)], shown
    assert page.get_by_test_id("stText").locator("*:not(div):not(pre):not(span)").count() == 0
    assert page.evaluate(INJECTED) == []
    assert "taken" not in page.evaluate(SEEN)
    width = page.viewport_size
    assert width is not None
    assert page.evaluate("document.documentElement.scrollWidth") == width["width"]


def click_row(page: Page, row: int) -> None:
    """Click into a row of the first table, counted from 1."""
    box = page.locator("[data-testid=stDataFrame]").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 500, box["y"] + 33 * (row + 0.5))
