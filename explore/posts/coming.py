"""What later records of a file of JSON may hold that its first ones do not."""

from __future__ import annotations

from collections.abc import Collection

from explore.posts.paths import parse_source
from explore.posts.presets import recognised

# Where services put a text that was too long for their usual place, beside that place; the longest first
LONGER_TEXTS = ("extended_tweet.full_text", "note_tweet.text", "longText.longTextContent", "full_text")


def may_come(known: Collection[str]) -> set[str]:
    """Paths of a file of JSON that none of its first records has and later ones may have, as `known` ones suggest.

    These are the other places where the export that is recognised keeps a field, and the full text of a post beside
    which it says that its text is cut.
    """
    coming = {
        path.removesuffix(sign) + full
        for sign, full in (("truncated", LONGER_TEXTS[0]), ("isLongText", LONGER_TEXTS[2]))
        for path in known
        if path.split(".")[-1] == sign
    }
    wrapper, preset = recognised(known.__contains__) or ("", None)
    for source in preset.columns.values() if preset else ():
        choices = parse_source(source).choices
        if any(wrapper + column in known for choice in choices for column in choice):
            coming |= {wrapper + choice[0] for choice in choices if len(choice) == 1}
    return coming
