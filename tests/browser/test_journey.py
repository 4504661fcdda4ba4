"""The main journey in Chromium: from an empty workspace over an upload to a narrative, its briefing and its link."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from explore import jobs
from explore.settings import workspace_at
from tests.browser.conftest import PROJECT, App, leaves_this_machine, serve
from tests.browser.contrast import faint
from tests.narratives.making import NOW

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)  # a busy machine answers late

STREAMLITS_OWN = re.compile(r"/(?:emerging|narrative|map|compare|snapshots)/_stcore/(?:health|host-config)$")
ENGINE_SECONDS = 120  # a cold engine compiles first


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on a workspace where somebody once cancelled the sample, so that it is not explored by itself."""
    folder = tmp_path_factory.mktemp("journey")
    workspace = workspace_at(folder / "workspace")
    jobs.cancel(workspace, jobs.submit(workspace, title="Sample", load={"paths": []}, run={}, now=NOW).id, now=NOW)
    with serve(PROJECT / "app.py", folder=folder) as running:
        yield running


def test_the_first_visit_of_all_may_be_a_deep_link(page: Page, app: App) -> None:
    page.goto(f"{app.url}/narrative?narrative=3&window=24")
    expect(page.get_by_role("heading", name="Narrative")).to_be_visible(timeout=30_000)
    links = page.get_by_test_id("stSidebarNav").get_by_role("link")
    expect(links).to_have_text(
        [re.compile(f"{name}$") for name in ("Emerging", "Narrative", "Map", "Compare", "Snapshots")]
    )
    expect(page.get_by_text("Nothing has been explored yet")).to_be_visible()


def test_from_a_file_to_a_briefing_and_a_link(page: Page, app: App, browser: Browser, tmp_path: Path) -> None:
    complaints = listen(page)
    page.goto(app.url)
    page.get_by_role("button", name="Load a file of posts").click()

    page.locator("input[type=file]").set_input_files(cut_of_the_sample(tmp_path / "august.csv"))
    expect(page.get_by_text("august.csv: CSV, separated by commas")).to_be_visible()
    expect(page.get_by_text("As the first rows would be stored")).to_be_visible()
    expect(page.locator("[data-testid=stDataFrame] canvas").first).to_be_visible()
    page.get_by_role("button", name="Load and explore").click()
    expect(page.get_by_text("Exploring august")).to_be_visible()
    expect(page.get_by_test_id("stProgress")).to_contain_text("min")

    expect(page.get_by_role("heading", name="Emerging")).to_be_visible(timeout=1000 * ENGINE_SECONDS)
    expect(page.get_by_text(re.compile(r"grew beyond what was to be expected in the last 24 h"))).to_be_visible()
    expect(page.locator("[data-testid=stDataFrame] canvas").first).to_be_visible()
    top = page.locator("h2:visible").first.inner_text()
    page.get_by_text("without a finding").click()
    expect(page).to_have_url(re.compile("all=yes"))
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    click_row(page, 2)
    expect(page.locator("h2:visible").first).not_to_have_text(top)
    click_row(page, 1)
    expect(page.locator("h2:visible").first).to_have_text(top)

    page.get_by_role("button", name="Open this narrative").click()
    expect(page.get_by_role("heading", name="Narrative", exact=True)).to_be_visible()
    expect(page.locator("h2:visible").first).to_have_text(top)
    drawn = page.locator("[data-testid=stVegaLiteChart] :is(canvas, svg)").first
    expect(drawn).to_be_visible()
    box = drawn.bounding_box()
    assert box is not None
    assert box["width"] > 300
    assert box["height"] > 150
    expect(page.get_by_test_id("stText").nth(5)).to_be_visible()

    page.get_by_role("button", name="Briefing").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download briefing").click()
    kept = tmp_path / started.value.suggested_filename
    started.value.save_as(kept)
    assert re.fullmatch(r"groundswell-briefing-[0-9a-f]{6}-\d+\.html", kept.name)
    written = kept.read_text(encoding="utf-8")
    assert "default-src" in written
    assert top in written

    another = browser.new_context(timezone_id="Asia/Tokyo", locale="ja-JP")
    colleague = another.new_page()
    colleague.goto(page.url)
    expect(colleague.locator("h2:visible").first).to_have_text(top, timeout=30_000)
    another.close()
    assert complaints == []


def test_the_pages_fit_a_narrow_window(page: Page, app: App) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("", "narrative", "map", "snapshots"):
        page.goto(f"{app.url}/{name}")
        expect(page.locator("h1")).to_be_visible(timeout=30_000)
        drawn = "[data-testid=stDataFrame] canvas, [data-testid=stVegaLiteChart] :is(canvas, svg)"
        expect(page.locator(drawn).first).to_be_visible(timeout=10_000)
        assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("window_size", [(700, 900), (1000, 900)], indirect=True)
def test_a_table_or_a_curve_has_the_width_to_itself_where_that_is_small(page: Page, app: App) -> None:
    page.goto(f"{app.url}/narrative")
    curve, post = page.locator("[data-testid=stVegaLiteChart]").first, page.get_by_role("heading", name="Posts").first
    expect(curve).to_be_visible(timeout=30_000)
    expect(post).to_be_visible(timeout=30_000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    over, under = curve.bounding_box(), post.bounding_box()
    assert over is not None
    assert under is not None
    assert under["y"] > over["y"] + over["height"]
    buttons = page.locator("[data-testid=stDownloadButton] p")
    assert buttons.evaluate_all("all => all.every(each => each.scrollWidth <= each.clientWidth + 1)")


def test_the_map_is_as_high_as_the_window_lets_it_be(page: Page, app: App) -> None:
    page.goto(f"{app.url}/map")
    chart = page.locator("[data-testid=stVegaLiteChart]").first
    expect(chart).to_be_visible(timeout=30_000)
    page.set_viewport_size({"width": 1400, "height": 1300})
    page.wait_for_timeout(500)
    box = chart.bounding_box()
    assert box is not None
    assert box["height"] > 900


def test_posts_are_set_by_the_direction_of_their_own_first_letter(page: Page, app: App) -> None:
    page.goto(app.url)
    post = page.locator("[data-testid=stText] > *").first
    expect(post).to_have_css("unicode-bidi", "plaintext", timeout=30_000)
    post.evaluate("each => each.textContent = 'הפגנה'")
    begins, ends = post.evaluate(
        """each => {
            const words = document.createRange();
            words.selectNodeContents(each);
            return [words.getClientRects()[0].right, each.parentElement.getBoundingClientRect().right];
        }"""
    )
    assert begins == pytest.approx(ends, abs=1)


@pytest.mark.parametrize("colour_scheme", ["light", "dark"], indirect=True)
def test_no_word_is_fainter_than_it_may_be(page: Page, app: App) -> None:
    for name in ("", "narrative", "map", "compare", "snapshots"):
        page.goto(f"{app.url}/{name}")
        expect(page.locator("h1")).to_be_visible(timeout=30_000)
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        page.wait_for_timeout(500)  # what is stale fades in
        assert faint(page) == [], name


def listen(page: Page) -> list[str]:
    """What the page complains about from now on: errors, and requests to elsewhere."""
    heard: list[str] = []

    def console(message: ConsoleMessage) -> None:
        own = "404" in message.text and STREAMLITS_OWN.search(message.location.get("url", ""))
        if message.type == "error" and not own:
            heard.append(f"{message.text} {message.location}")

    def request(asked: Request) -> None:
        if leaves_this_machine(asked.url):
            heard.append(asked.url)

    page.on("console", console)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", request)
    return heard


def click_row(page: Page, row: int) -> None:
    """Click into a row of the first table, counted from 1."""
    box = page.locator("[data-testid=stDataFrame]").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 500, box["y"] + 33 * (row + 0.5))


def cut_of_the_sample(path: Path, *, every: int = 12) -> Path:
    """A twelfth of the sample's posts, and all of the emerging election rumour."""
    packed = (PROJECT / "data" / "sample" / "synthetic_posts.csv.gz").read_bytes()
    rows = list(csv.reader(io.StringIO(gzip.decompress(packed).decode())))
    text = rows[0].index("text")
    kept = [row for number, row in enumerate(rows[1:]) if number % every == 0 or "Port Maravel" in row[text]]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([rows[0], *kept])
    return path
