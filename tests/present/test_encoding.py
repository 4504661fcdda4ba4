"""What is said of the encoder: what it compares by, and which languages it could not read."""

from __future__ import annotations

from typing import Any

import pytest

from explore.present.encoding import compared, unread


def of(name: str, *languages: tuple[str | None, int, int]) -> dict[str, Any]:
    told = [{"lang": lang, "unread": bad, "messages": messages} for lang, bad, messages in languages]
    return {"name": name, "version": "1", "unread": told}


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("lexical", "the same thing said in two languages"),
        ("static:potion", "the languages that the model was made for"),
        ("transformer:some/model", "sentence model on this machine"),
        ("http:localhost:8080 tiny", "Messages were sent to a server"),
    ],
)
def test_every_encoder_says_what_it_compares_by(name: str, part: str) -> None:
    assert part in compared({"name": name})


def test_a_language_that_the_model_does_not_read_is_named_with_its_numbers() -> None:
    told = unread(of("static:potion", ("ru", 4_312, 11_769), ("en", 3, 90_000)))
    assert told.startswith("The static model could hardly read 4,312 of 11,769 Russian messages: ")
    assert "English" not in told


@pytest.mark.parametrize(
    ("languages", "listed"),
    [
        ([("ru", 20, 30), ("ar", 10, 10)], "20 of 30 Russian messages and 10 of 10 Arabic messages:"),
        ([("ru", 20, 30), (None, 10, 10)], "and 10 of 10 messages of unknown language:"),
        (
            [("ru", 50, 50), ("ar", 40, 40), ("uk", 30, 30), ("th", 20, 20), ("ja", 10, 10)],
            "30 of 30 Ukrainian messages and messages in 2 further languages:",
        ),
    ],
)
def test_several_languages_are_listed(languages: list[tuple[str | None, int, int]], listed: str) -> None:
    assert listed in unread(of("static:potion", *languages))


@pytest.mark.parametrize(
    "encoder",
    [
        of("static:potion"),
        of("static:potion", ("ru", 9, 9)),
        of("static:potion", ("ru", 99, 1_000)),
        {"name": "lexical", "version": "1"},  # a run of an earlier version
    ],
)
def test_nothing_is_said_of_few_messages_or_none(encoder: dict[str, Any]) -> None:
    assert unread(encoder) == ""
