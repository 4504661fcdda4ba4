"""What the README, the requirements and the theme promise."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sources import PROJECT, imports, sources

# Installed for a reason other than an import of ours.
NEEDED_BY_OTHERS = {
    "pyyaml": "bertopic imports it without declaring it",
    "pytz": "duckdb needs it to hand over times with a zone",
    "numba": "pinned: it decides which numpy and which Python can be used",
    "pynndescent": "pinned: umap-learn's neighbours come from it",
}
NOT_PINNED = {
    "pydantic": "pydantic-settings is made of it",
    "markupsafe": "jinja2 is made of it",
    "huggingface-hub": "model2vec and sentence-transformers bring it along",
    "sentence-transformers": "an extra, imported only when a run asks for a transformer encoder",
}


def test_every_command_is_in_the_readme() -> None:
    import typer.main

    from explore.cli import app

    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    commands = list(_command_paths(typer.main.get_command(app)))
    assert len(commands) >= 4
    assert [name for name in commands if not re.search(rf"explore {name}\b", readme)] == []


def test_every_setting_is_in_the_readme() -> None:
    from explore.settings import Environment

    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    settings = [f"EXPLORE_{field.upper()}" for field in Environment.model_fields]
    assert settings
    assert [name for name in settings if name not in readme] == []


def test_every_make_target_and_link_in_the_readme_exists() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", readme) if "://" not in link]
    assert {"run", "test"} <= set(re.findall(r"(?:^|`)make ([a-z]+)\b", readme, re.MULTILINE)) <= targets
    assert links
    assert [link for link in links if not (PROJECT / link).exists()] == []


def test_requirements_and_lock_agree() -> None:
    wanted, locked = _pins("requirements.txt"), _pins("requirements.lock")
    assert wanted <= locked
    names = {name for name, _ in wanted}
    assert {pin for pin in locked if pin[0] in names} == wanted
    assert not {"torch", "sentence-transformers", "transformers"} & {name for name, _ in locked}


def test_every_requirement_is_used_and_every_import_is_required() -> None:
    names = {name for name, _ in _pins("requirements.txt")}
    providers = importlib.metadata.packages_distributions()
    tops = {name.split(".")[0] for path, source in sources().items() for _, name in imports(path, source)}
    ours = {"explore", "pages", "app", *sys.stdlib_module_names}
    used = {_plain(each) for top in tops - ours for each in providers.get(top, [top])}
    assert used - names - set(NOT_PINNED) == set()
    assert names - used - set(NEEDED_BY_OTHERS) == set()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_can_be_read(scheme: str) -> None:
    theme = _theme(scheme)
    papers = [theme["backgroundColor"], theme["secondaryBackgroundColor"], theme["sidebar"]["backgroundColor"]]
    texts = [value for name, value in theme.items() if name.endswith("TextColor") or name in {"textColor", "linkColor"}]
    marks = [*theme["chartCategoricalColors"], theme["primaryColor"], theme["orangeColor"], theme["greenColor"]]
    assert [(ink, paper) for ink in texts for paper in papers if _contrast(ink, paper) < 4.5] == []
    assert [mark for mark in marks if _contrast(mark, theme["backgroundColor"]) < 3] == []
    captions = [(_faded(theme["textColor"], paper), paper) for paper in papers]
    buttons = [("#ffffff", theme["primaryColor"])]
    assert [pair for pair in captions + buttons if _contrast(*pair) < 4.5] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_and_charts_share_their_colours(scheme: str) -> None:
    from explore.present.theme import DARK, LIGHT

    charts = {"light": LIGHT, "dark": DARK}[scheme]
    pages = _theme(scheme)
    shared = {
        "backgroundColor": charts.paper,
        "grayTextColor": charts.muted,
        "linkColor": charts.accent,
        "greenColor": charts.accent,
        "orangeColor": charts.alert,
        "orangeTextColor": charts.alert_text,
    }
    assert {name: pages[name] for name in shared} == shared


def _theme(scheme: str) -> dict[str, Any]:
    return tomllib.loads((PROJECT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"][scheme]


def _pins(name: str) -> set[tuple[str, str]]:
    """(package, version) of every pin in a requirements file."""
    text = (PROJECT / name).read_text(encoding="utf-8")
    return {(_plain(name), version) for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE)}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _command_paths(command: object, before: str = "") -> Iterator[str]:
    """`load`, `audit verify`, …: the full words of every command below a click group."""
    for name, child in getattr(command, "commands", {}).items():
        if hasattr(child, "commands"):
            yield from _command_paths(child, f"{before}{name} ")
        else:
            yield before + name


def _faded(ink: str, paper: str) -> str:
    """Streamlit's captions: the text colour at 60 % opacity."""
    mixed = [round(0.6 * above + 0.4 * below) for above, below in zip(_channels(ink), _channels(paper), strict=True)]
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two #rrggbb colours."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    shares = [channel / 255 for channel in _channels(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _channels(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
