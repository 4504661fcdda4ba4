"""The app as Streamlit runs it, without a browser and without a worker, on workspaces made once a session."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from explore import jobs
from explore.jobs import Job, launch, queue
from explore.narratives.run import Run
from explore.session import waiting
from explore.settings import PROJECT, Workspace, workspace_at
from tests.narratives.making import NOW, Post, explored, stream

Open = Callable[..., AppTest]


class Idle:
    """A worker that lives and does nothing."""

    def poll(self) -> None:
        """It never ends."""


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "start_worker", lambda _: Idle())


@pytest.fixture(autouse=True)
def framed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages run inside app.py, as on any server that has answered once; AppTest forgets that at every run."""
    begin = PagesManager.__init__

    def begin_framed(self: PagesManager, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", begin_framed)


@pytest.fixture(autouse=True)
def no_first_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A new workspace stays empty; the tests of the first start say otherwise."""
    monkeypatch.setattr(waiting, "SAMPLE", tmp_path / "no sample.csv")


@pytest.fixture(scope="session")
def posts() -> list[Post]:
    return stream()


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory, posts: list[Post]) -> Run:
    """A run over four subjects, one of which begins on the last day; its workspace is only read."""
    return explored(workspace_at(tmp_path_factory.mktemp("kept") / "workspace"), posts)


@pytest.fixture
def full(kept: Run, home: Path) -> Run:
    """The kept run in this test's own workspace."""
    shutil.copytree(kept.folder.parents[1], home)
    st.cache_resource.clear()
    return Run(folder=home / "runs" / kept.id, manifest=kept.manifest)


@pytest.fixture
def open_app() -> Open:
    """`open_app("narrative", run="…")`: the app at a page with these link parameters, after its first run."""

    def start(page: str = "emerging", **params: Any) -> AppTest:
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=30)
        for name, value in params.items():
            app.query_params[name] = str(value)
        if page != "emerging":
            app.switch_page(f"pages/{page}.py")
        return app.run()

    return start


def table(app: AppTest) -> pd.DataFrame:
    """The first table of the page."""
    shown: pd.DataFrame = app.dataframe[0].value
    return shown


def choose(app: AppTest, *, row: int) -> None:
    """Click the name in a row of the first table."""
    key = re.search(r"table-[0-9a-f]+", app.dataframe[0].proto.id)
    assert key is not None
    app.session_state[key[0]] = {"selection": {"rows": [], "columns": [], "cells": [(row, "finding")]}}
    app.run()


def press(app: AppTest, label: str) -> None:
    """Press the button with this label."""
    next(button for button in app.button if button.label == label).click().run()


def specs(app: AppTest) -> list[dict[str, Any]]:
    """The charts of the page as Vega-Lite."""
    return [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]


def read(app: AppTest) -> str:
    """Every word of the app's page that stands outside of tables and charts."""
    kinds = ("title", "subheader", "markdown", "caption", "text", "info", "warning", "error", "button")
    return "\n".join(
        str(getattr(each, "label", None) or getattr(each, "value", "")) for kind in kinds for each in app.get(kind)
    )


def running(workspace: Workspace, *, title: str = "August", **news: Any) -> Job:
    """A job that a worker is at."""
    job = jobs.submit(workspace, title=title, load={"paths": ["gone.csv"]}, run={}, now=NOW)
    queue.claim(workspace, worker="w", now=NOW)
    queue.write_news(workspace, job.id, worker="w", news=news, now=NOW)
    return job


def ended(workspace: Workspace, *, state: str, message: str = "", title: str = "August") -> Job:
    """A job that ended."""
    return running(workspace, title=title, state=state, message=message, ended_at=NOW)
