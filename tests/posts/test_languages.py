from __future__ import annotations

import pyarrow as pa
import pytest

from explore.posts.languages import language_code, language_codes


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("English", "en"),
        ("english ", "en"),
        ("EN", "en"),
        ("en-us", "en-US"),
        ("pt_BR", "pt-BR"),
        ("zh-hans", "zh-Hans"),
        ("deu", "de"),
        ("Français", "fr"),
        ("Farsi (Persian)", "fa"),
        ("Simplified Chinese", "zh-Hans"),
        ("Norwegian Bokmål", "nb"),
        ("in", "id"),
        ("iw", "he"),
        ("ceb", "ceb"),
        ("en,de", "en"),
        ("LANGUAGE UNDEFINED", "und"),
        ("und", "und"),
        ("qme", "und"),
        ("xx", "und"),
        ("Klingon perhaps", "und"),
        ("", "und"),
    ],
)
def test_a_language_becomes_its_code(written: str, code: str) -> None:
    assert language_code(written) == code


def test_a_column_of_languages_has_no_gaps() -> None:
    assert language_codes(pa.array(["German", None, "German", "ru"])).to_pylist() == ["de", "und", "de", "ru"]
    assert language_codes(pa.array([], pa.string())).to_pylist() == []
