"""Text as people wrote it -> the key that tells copies, and the words that carry meaning.

Nothing here changes what is stored or shown: keys and words are for matching and counting only.
"""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cache

FEWEST_BEFORE_TAGS = 6  # of fewer words a tag at the end is often a part: "I love #Rome"
BOILERPLATE = frozenset({"rt", "amp", "via", "http", "https", "www", "com", "html", "gt", "lt", "nbsp", "quot"})

_ENGLISH_SLIPS = frozenset({"fire", "bill", "system", "serious", "cry", "interest", "mill", "mine", "sincere"})

_RETWEET = re.compile(r"^\s*(?:RT|via)\b\s*+:?\s*+(?=[@＠:])", re.IGNORECASE)  # possessive: 100,000 spaces cost nothing
_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#[0-9]{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_SPACELESS = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Myanmar, Khmer
    "\u3040-\u30ff\u31f0-\u31ff"  # Hiragana, Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f"  # Han
)
# A link or a mention ends where a script without spaces goes on: "https://t.co/abc今日の地震", "@tanakaさんの動画"
_LINK = re.compile(
    rf"(?:https?://|www\.|\b(?:t\.co|bit\.ly|pic\.twitter\.com)/)[^\s{_SPACELESS}\u3000-\u303f\uff00-\uffef]+",
    re.IGNORECASE,
)
_MENTION = re.compile(rf"(?<!\w)[@＠](?:[^\W{_SPACELESS}](?:[^\W{_SPACELESS}]|[.-])*|\w[\w.-]*)")
_SPACELESS_RUN = re.compile(f"[{_SPACELESS}ー々]+")
_KANA = re.compile("[\u3040-\u30ff]")
_THAI = re.compile("[\u0e00-\u0e7f]")

_CYRILLIC_LIKE = dict(zip("авеікмнорстухјѕһԁԛԝ", "abeikmhopctyxjshdqw", strict=True))  # small or capital look alike
_TO_LATIN = str.maketrans(_CYRILLIC_LIKE | dict(zip("αεικνορτυχ", "aeikvoptux", strict=True)))
_TO_CYRILLIC = str.maketrans({latin: cyrillic for cyrillic, latin in reversed(_CYRILLIC_LIKE.items())})
_LATIN, _NOT_LATIN = re.compile("[a-z]"), re.compile("[\u0370-\u052f]")
_MIXED = re.compile("[a-z][\u0370-\u052f]|[\u0370-\u052f][a-z]")
_WORD = re.compile(r"\w+")


def message_key(text: str) -> str:
    """What two posts must share to be copies of each other: the words, in order, in lower case.

    Links, mentions, a leading RT, punctuation, emoji and white space do not count, nor do the tags at the end where six
    words or more come before them. A post that has nothing else keeps its text in lower case as the key, so that
    different links stay different messages.
    """
    bare = _bare(text)
    if "#" in bare or "＃" in bare:
        before = _folded(_without_last_tags(bare)).split()
        if len(before) >= FEWEST_BEFORE_TAGS:
            return " ".join(before)
    return " ".join(_folded(bare).split()) or " ".join(text.casefold().split())


def key_words(key: str) -> list[str]:
    """The words of a `message_key`; runs without spaces as overlapping pairs of characters."""
    found = key.split()
    if not _SPACELESS_RUN.search(key):
        return found
    return [piece for chunk in found for piece in _cut(chunk, _character_pairs)]


def is_cut_off(text: str) -> bool:
    """Whether the text breaks off: nothing but links, mentions and signs comes after an ellipsis."""
    end = max(text.rfind("…"), text.rfind("..."))
    return end > 0 and not any(map(str.isalnum, _bare(text[end:])))


def words(text: str) -> list[str]:
    """The words of a post in lower case: no links, mentions, punctuation or emoji; hashtags lose their sign.

    Scripts that put no spaces between words are cut into phrases (Japanese, Thai) or overlapping pairs of characters
    (Chinese and the rest), which is what term statistics need.
    """
    plain = _plain(text)
    if not _SPACELESS_RUN.search(plain):
        return plain.split()
    return [word for chunk in plain.split() for word in _cut(chunk, _segment)]


def visible_words(text: str) -> list[str]:
    """The words as they were written, in order, without links, mentions and a leading RT.

    Runs without spaces are cut into phrases that together give the run again.
    """
    chunks = [word for word in _bare(text).split() if word.strip("-–—|•·")]
    return [piece for chunk in chunks for piece in (_cut(chunk, _phrases) if _SPACELESS_RUN.search(chunk) else [chunk])]


def is_spaceless(text: str) -> bool:
    """Whether most letters of the text belong to a script written without spaces."""
    return 2 * sum(len(run) for run in _SPACELESS_RUN.findall(text)) > len(text.replace(" ", ""))


def content_words(found: list[str], lang: str | None = None) -> list[str]:
    """The words that can describe something: without web boilerplate, numbers and the stop words of the language.

    `lang` is a BCP-47 code; where it is unknown the language whose stop words occur most is taken, so that the German
    "war" and the English "war" are told apart.
    """
    language = (lang or "").split("-")[0]
    common = stop_words(language) or stop_words(_guess_language(found))
    return [w for w in found if w not in common and w not in BOILERPLATE and len(w) > 1 and not w.isdigit()]


@cache
def stop_words(language: str) -> frozenset[str]:
    """Words too common to describe anything, as `words` would give them; empty for a language without a list.

    The package's English list of 1,333 holds "fire", "state" and "microsoft": of it, the contractions are taken and
    what scikit-learn's short list has too, without that list's own known slips.
    """
    import stop_words as package

    if language not in package.LANGUAGE_MAPPING:
        return frozenset()
    listed = package.get_stop_words(language)
    if language == "en":
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        listed = [w for w in listed if "'" in w] + sorted(ENGLISH_STOP_WORDS - _ENGLISH_SLIPS)
    return frozenset(part for word in listed for part in _plain(word).split())


def _guess_language(found: list[str]) -> str:
    """The language with the most stop words among `found`; English where there is none."""
    hits = Counter(language for word in found for language in _languages_of().get(word, ()))
    return max(hits, key=lambda language: (hits[language], language == "en"), default="en")


@cache
def _languages_of() -> dict[str, list[str]]:
    """Stop word -> the languages that have it."""
    import stop_words as package

    languages: dict[str, list[str]] = defaultdict(list)
    for language in package.LANGUAGE_MAPPING:
        for word in stop_words(language):
            languages[word].append(language)
    return dict(languages)


def _plain(text: str) -> str:
    """Lower case without links, mentions, RT, punctuation and symbols."""
    return _folded(_bare(text))


def _bare(text: str) -> str:
    """The text without links, mentions and a leading RT."""
    return _MENTION.sub(" ", _LINK.sub(" ", _unwrapped(text)))


def _folded(text: str) -> str:
    """Lower case without punctuation and symbols; letters borrowed from another alphabet are put back."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_separators())
    return _unmixed(plain) if _MIXED.search(plain) else plain


def _unmixed(plain: str) -> str:
    """Text in which letters of two alphabets touch, with look-alikes as letters of the alphabet around them."""
    latin = plain.translate(_TO_LATIN)
    return _WORD.sub(_as_one_alphabet, plain) if _NOT_LATIN.search(latin) else latin


def _as_one_alphabet(word: re.Match[str]) -> str:
    found = word.group()
    if not _MIXED.search(found):
        return found
    latin, cyrillic = found.translate(_TO_LATIN), found.translate(_TO_CYRILLIC)
    return latin if not _NOT_LATIN.search(latin) else cyrillic if not _LATIN.search(cyrillic) else found


def _without_last_tags(text: str) -> str:
    chunks = text.split()
    end = len(chunks)
    while end and (chunks[end - 1][0] in "#＃" or not any(map(str.isalnum, chunks[end - 1]))):
        end -= 1
    return " ".join(chunks[:end])


def _unwrapped(text: str) -> str:
    """The text without a leading RT and with HTML entities as the characters they stand for."""
    return _ENTITY.sub(lambda entity: html.unescape(entity.group()), _RETWEET.sub(" ", text))


@cache
def _separators() -> dict[int, str | None]:
    """Punctuation, symbols, spaces and control characters become a space; apostrophes and joiners vanish.

    Marks are kept: Hindi and Thai write vowels with them (and `\\w` of the re module does not know that).
    """
    table: dict[int, str | None] = {}
    for code in range(sys.maxunicode + 1):
        category = unicodedata.category(chr(code))
        if category[0] in "PSZ" or category == "Cc":
            table[code] = " "
        elif category in ("Cf", "Cs") or 0xFE00 <= code <= 0xFE0F:
            table[code] = None
    return table | dict.fromkeys(map(ord, "'’ʼ`´"), None)


def _cut(chunk: str, segment: Callable[[str], list[str]]) -> list[str]:
    """Cut the spaceless runs of a chunk with `segment`; leave the rest as it is."""
    found: list[str] = []
    end = 0
    for run in _SPACELESS_RUN.finditer(chunk):
        found += [chunk[end : run.start()]] if run.start() > end else []
        found += segment(run.group())
        end = run.end()
    return found + ([chunk[end:]] if end < len(chunk) else [])


def _segment(run: str) -> list[str]:
    """The words of a run: phrases where Japanese or Thai is written, else overlapping pairs of characters."""
    if _KANA.search(run):
        return [_without_particle(phrase) for phrase in _phrases(run)]
    if _THAI.search(run):
        return _phrases(run)
    return _character_pairs(run)


def _character_pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def _without_particle(phrase: str) -> str:
    """A Japanese phrase without the particles that end it, where something of two characters or more is left."""
    stripped = phrase.rstrip("はがをにでとのもへや")
    return stripped if len(stripped) >= 2 else phrase


def _phrases(run: str) -> list[str]:
    """The run cut into phrases, nothing lost."""
    phrases: list[str] = _segmenter("ja" if _KANA.search(run) else "th" if _THAI.search(run) else "zh").parse(run)
    return phrases


@cache
def _segmenter(language: str):  # type: ignore[no-untyped-def]  # budoux ships no types
    import budoux

    parsers = {
        "ja": budoux.load_default_japanese_parser,
        "th": budoux.load_default_thai_parser,
        "zh": budoux.load_default_simplified_chinese_parser,
    }
    return parsers[language]()
