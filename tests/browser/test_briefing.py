"""The briefing in Chromium: it draws under its own policy, asks for nothing, and hostile posts stay inert."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from explore.narratives.evidence import Evidence
from explore.present import briefing
from tests.present.handmade import NOW, RUN, SNAPSHOT, evidence, post

pytestmark = pytest.mark.browser

PAYLOADS = [
    post("most typical", "<script>document.title = 'taken'</script><svg onload=alert(1)><img src=x onerror=alert(1)>"),
    post("highest reach", "![](http://127.0.0.1:9/x) [x](javascript:alert(1)) <iframe src=http://127.0.0.1:9/y>"),
    post("earliest", "abc \u202egnp.exe \u2066 turned"),
    post("latest", "Z" + "\u0301\u0323" * 250 + "algo"),
    post("most different", "W" * 900),
]


def written(folder: Path, *evidences: Evidence) -> str:
    path, _ = briefing.write(folder / "briefing.html", evidences, snapshot=SNAPSHOT, run=RUN, now=NOW)
    return path.as_uri()


def test_the_chart_draws_offline_without_a_word_on_the_console(page: Page, tmp_path: Path) -> None:
    heard: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    address = written(tmp_path, evidence(), evidence(flagged=False))
    page.goto(address)
    page.wait_for_selector("figure.drawn .live svg path")
    assert page.locator("figure.drawn .live svg").count() == 2
    assert page.locator(".still").first.is_hidden()
    page.locator(".live svg").first.scroll_into_view_if_needed()
    box = page.locator(".live svg").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + box["height"] * 0.5)
    page.wait_for_selector("#vg-tooltip-element.visible")
    assert "posts" in page.locator("#vg-tooltip-element").inner_text()
    assert heard == []
    assert asked == [address]


def test_hostile_posts_stay_inert_and_in_their_place(page: Page, tmp_path: Path) -> None:
    asked: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.set_viewport_size({"width": 390, "height": 844})
    address = written(tmp_path, evidence(*PAYLOADS, label="<b>bold</b> </title><script>alert(3)</script>"))
    page.goto(address)
    page.wait_for_selector("figure.drawn .live svg")
    assert asked == [address]
    assert dialogs == []
    assert page.title().startswith("<b>bold</b>")
    assert page.locator("blockquote :not(span)").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    heights = page.eval_on_selector_all("blockquote", "all => all.map(each => each.offsetHeight)")
    assert heights[3] < 60  # one line, whatever is piled on it


def test_without_scripts_the_still_chart_is_shown(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    bare = context.new_page()
    bare.goto(written(tmp_path, evidence()))
    assert bare.locator(".still svg").is_visible()
    context.close()


@pytest.mark.parametrize("colour_scheme", ["dark"], indirect=True)
def test_charts_follow_a_dark_screen_and_print_light(page: Page, tmp_path: Path) -> None:
    page.goto(written(tmp_path, evidence()))
    page.wait_for_selector("figure.drawn .live svg path")
    colour = "getComputedStyle(document.querySelector('.{} [stroke=\"#0f6b6b\"]')).stroke"
    assert page.evaluate(colour.format("live")) == "rgb(79, 179, 172)"
    page.emulate_media(media="print")
    assert page.locator(".still svg").is_visible()
    assert page.locator(".live svg").is_hidden()
    assert page.evaluate(colour.format("still")) == "rgb(15, 107, 107)"
