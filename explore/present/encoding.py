"""What a run's messages were compared by, what it could not read, and what would tell more, in plain sentences.

`encoder` is what the run's manifest says of it: name, version and `unread`, per language how many messages it could
hardly read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explore.posts.languages import language_name
from explore.present import words

MUCH_UNREAD, FEWEST_UNREAD = 0.1, 10  # share and number of a language's messages from which on it is said
COMPARED = {
    "lexical": "Messages are compared by the words they share and the company that words keep in this file. It works "
    "in every language, but the same thing said in two languages, or in quite other words, is not found alike. A "
    "language model finds more of that: the README says how, under Encoders.",
    "static": "Messages are compared by the word vectors of a model, and by their own words. It reads the languages "
    "that the model was made for. A multilingual sentence model reads more: the README says how, under Encoders.",
    "transformer": "Messages are compared by a sentence model on this machine. It reads the languages that the model "
    "was made for; a larger or a multilingual one may read better.",
    "http": "Messages were sent to a server and are compared by the vectors that it gave. It reads the languages that "
    "its model was made for.",
}


def compared(encoder: Mapping[str, Any]) -> str:
    """What the messages were compared by, and what would tell more. `encoder`: as the run's manifest has it."""
    return COMPARED.get(str(encoder["name"]).partition(":")[0], "")


def unread(encoder: Mapping[str, Any]) -> str:
    """A warning that the encoder could hardly read a tenth or more of the messages of a language, else empty."""
    much = [
        f"{words.number(each['unread'])} of {_messages_in(each['lang'], each['messages'])}"
        for each in encoder.get("unread", ())
        if each["unread"] >= max(FEWEST_UNREAD, MUCH_UNREAD * each["messages"])
    ]
    if not much:
        return ""
    kind = str(encoder["name"]).partition(":")[0]
    rest = [f"messages in {words.count(len(much) - 3, 'further language')}"] if len(much) > 3 else []
    *first, last = [*much[:3], *rest]
    listed = " and ".join(filter(None, [", ".join(first), last]))
    return (
        f"The {kind} model could hardly read {listed}: they are compared badly, so narratives in them may be mixed up "
        "or missing. Explore this file with the lexical encoder, or with a model that reads these languages."
    )


def _messages_in(lang: str | None, messages: int) -> str:
    if lang is None:
        return f"{words.count(messages, 'message')} of unknown language"
    return words.count(messages, f"{language_name(lang)} message")
