"""Post text made fit for people outside the team: masked, clipped and unable to disturb the page around it.

Masked: account handles, everything of a link but its domain, e-mail addresses, phone numbers. Names written out in
the text are not found and not masked; whoever sends a text on should say so.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

MARKS_KEPT = 4  # combining marks after one letter; living scripts need no more
MAX_CHARACTERS = 600

_HIDDEN = "\u00ad\u180e\u200b\u2060\ufeff"
_EMAIL = re.compile(r"[\w.+-]+[@＠][\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.)[^\s<>\"'）)\]}]+", re.IGNORECASE)
_BARE_LINK = re.compile(r"\b((?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,12})/[^\s<>\"'）)\]}]*", re.IGNORECASE)
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_HANDLE = re.compile(rf"(?<![\w])(?:[@＠][{_HIDDEN}]*[\w][\w.{_HIDDEN}-]*|/?\bu/[\w-]{{3,}})")
_DIGITS = re.compile(r"(?<![\w#])(?:\+|\(|00)?\d[\d\s().\-/\u2010-\u2015]{5,22}\d(?!\w)")
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:\s+\d{1,2})?|(?:19|20)\d\d\s?[-/\u2010-\u2015]\s?(?:19|20)\d\d")
_THOUSANDS = re.compile(r"\d{1,3}(?:[\s.]\d{3})+")


def masked(text: str) -> str:
    """`text` with "@…", "domain/…", "[e-mail]" and "[phone]" in place of what points at a person."""
    text = _LINK.sub(_without_path, text)
    text = _EMAIL.sub("[e-mail]", text)
    text = _BARE_LINK.sub(r"\1/…", text)
    text = _HANDLE.sub("@…", text)
    return _DIGITS.sub(_without_phone, text)


def domain(link: str) -> str:
    """The domain of a link, without user, port and "www."; "[link]" where there is none to be read, or half of one."""
    try:
        host = urlsplit(link if "://" in link else f"//{link}").hostname
    except ValueError:
        host = None
    if not host or not _DOMAIN.fullmatch(host):
        return "[link]"
    return host.removeprefix("www.")


def calm(text: str) -> str:
    """`text` that stays in its place: piled-up marks cut, control characters made visible or dropped.

    Characters that turn the direction of what follows or hide inside words are named, as in "[U+202E]"; joiners that
    emoji and scripts need, and plain direction marks, stay.
    """
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > MARKS_KEPT or (category in ("Cc", "Cs") and character not in "\n\t"):
            continue
        named = category == "Cf" and (character in _HIDDEN or unicodedata.bidirectional(character) in _TURNING)
        kept.append(f"[U+{ord(character):04X}]" if named else character)
    return "".join(kept)


def apart(text: str) -> str:
    """`calm` text for a place in a line of ours: where it is read from the right, the words around it stay in order."""
    shown = calm(text)
    from_the_right = any(unicodedata.bidirectional(character) in ("R", "AL") for character in shown)
    return f"\u2068{shown}\u2069" if from_the_right else shown


def excerpt(text: str, *, characters: int = MAX_CHARACTERS) -> str:
    """Masked and calm, clipped at a word with "…" where it is longer than `characters`."""
    shown = calm(masked(text)).strip()
    if len(shown) <= characters:
        return shown
    head = shown[:characters]
    at = max(head.rfind(" "), head.rfind("\n"))
    return f"{head[: at if at > characters * 0.8 else characters].rstrip()} …"


_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def _without_path(found: re.Match[str]) -> str:
    host = domain(found[0])
    return host if host == "[link]" else f"{host}/…"


def _without_phone(found: re.Match[str]) -> str:
    text = found[0]
    digits = sum(character.isdigit() for character in text)
    international = text.startswith(("+", "00"))
    if _DATE.fullmatch(text) or _THOUSANDS.fullmatch(text) or not (7 if international else 8) <= digits <= 15:
        return text
    return "[phone]"
