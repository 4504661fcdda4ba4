"""Groundswell in a real browser: the app on a free port, Chromium, and a watch over every request it makes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, Request, WebSocket, sync_playwright

PROJECT = Path(__file__).resolve().parents[2]
HERE = {"localhost", "127.0.0.1", "[::1]", "::1"}
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60


@dataclass(frozen=True)
class App:
    """A running Groundswell: its address, the workspace folder it works in and the file its output goes to."""

    url: str
    home: Path
    log: Path


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Chromium. Without one the browser tests are skipped, except with CI=true, where that is a failure."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found:
        return found
    reason = f"no Chromium on the PATH (looked for {', '.join(CHROMIUM_NAMES)})"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; the browser journeys must run when CI=true")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """`streamlit run app.py` on a free port with an empty workspace, shared by the tests of one module."""
    with serve(PROJECT / "app.py", folder=tmp_path_factory.mktemp("app")) as running:
        yield running


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
    yield started
    started.close()


@pytest.fixture
def colour_scheme(request: pytest.FixtureRequest) -> str:
    """'light', or what a test asks for with `@pytest.mark.parametrize("colour_scheme", [...], indirect=True)`."""
    return getattr(request, "param", "light")


@pytest.fixture
def window_size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Width and height of the window: 1440 x 950, or what a test asks for by indirect parametrisation."""
    return getattr(request, "param", (1440, 950))


@pytest.fixture
def page(browser: Browser, colour_scheme: Any, window_size: tuple[int, int]) -> Iterator[Page]:
    """A fresh page in UTC. When the test ends, any request that left this machine fails it."""
    width, height = window_size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=colour_scheme, timezone_id="UTC", locale="en-GB"
    )
    outside: list[str] = []

    def note(request: Request | WebSocket) -> None:
        if leaves_this_machine(request.url):
            outside.append(request.url)

    context.on("request", note)
    context.on("page", lambda opened: opened.on("websocket", note))
    yield context.new_page()
    context.close()
    assert not outside, f"the page asked other machines for: {sorted(set(outside))}"


@pytest.fixture
def screenshot(page: Page, tmp_path: Path) -> Callable[[str], Path]:
    """`screenshot("emerging-light")` keeps the whole page as a PNG, however far it scrolls.

    It goes to the folder in GROUNDSWELL_SCREENSHOTS if that is set, else to the test's own folder.
    """
    folder = Path(os.environ.get("GROUNDSWELL_SCREENSHOTS") or tmp_path)

    def take(name: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{name}.png"
        size = page.viewport_size or {"width": 1440, "height": 950}
        height = page.evaluate("document.querySelector('[data-testid=stMain]')?.scrollHeight ?? 0")
        page.set_viewport_size({"width": size["width"], "height": max(size["height"], height)})
        page.wait_for_timeout(300)  # charts and grids draw again at the new size
        page.screenshot(path=target)
        page.set_viewport_size(size)
        return target

    return take


@contextmanager
def serve(script: Path, *, folder: Path) -> Iterator[App]:
    """Start a Streamlit script with the project's configuration, wait until it is healthy, and stop it afterwards."""
    port = _free_port()
    app = App(url=f"http://localhost:{port}", home=folder / "workspace", log=folder / "streamlit.log")
    environment = {**os.environ, "EXPLORE_HOME": str(app.home)}
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", "--server.headless=true"]
    with app.log.open("wb") as log:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_healthy(app, process)
        yield app
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def leaves_this_machine(url: str) -> bool:
    """True when a request goes to another host; data:, blob: and the browser's own pages stay here."""
    parts = urlsplit(url)
    return parts.scheme in {"http", "https", "ws", "wss", "ftp"} and parts.hostname not in HERE


def _free_port() -> int:
    with socket.create_server(("localhost", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_healthy(app: App, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{app.url}/_stcore/health", timeout=2) as answer:  # noqa: S310 (our own address)
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"Groundswell did not start:\n{app.log.read_text(errors='replace')[-4000:]}")
