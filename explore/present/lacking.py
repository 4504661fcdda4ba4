"""What an investigator goes without where a file does not hold a field: which figures are absent."""

from __future__ import annotations

from collections.abc import Container

LOST = {
    "created_at": "No times: narratives are found, but nothing can be called emerging, and there are no curves.",
    "author_id": (
        "No accounts: different messages are counted instead, and copies by many accounts look like one. Who posted "
        "together is not seen."
    ),
    "lang": "No languages: the language filter stays empty, and which languages a narrative reached stays unknown.",
    "region": "No regions: the region filter stays empty, and which regions a narrative reached stays unknown.",
    "views": "No views: reach stays unknown; the views of narratives and their curve are absent.",
    "url": "No links beside the texts: links are read from the texts alone.",
    "media_id": "No media ids: that posts use the same sound, video or picture is not seen.",
}
COUNTED_ONLY = ("shares", "likes", "replies")


def lost(fields: Container[str]) -> list[str]:
    """A sentence for what goes with each of these fields, which a file or a snapshot does not hold."""
    said = [sentence for field, sentence in LOST.items() if field in fields]
    counts = [field for field in COUNTED_ONLY if field in fields]
    if counts:
        named = " or ".join(filter(None, [", ".join(counts[:-1]), counts[-1]]))
        said.append(f"No {named}: no finding rests on them; where posts are saved as CSV they stay empty.")
    return said
