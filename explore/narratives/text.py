"""Text as people wrote it -> the key that tells copies, and the words that carry meaning.

Nothing here changes what is stored or shown: keys and words are for matching and counting only.
"""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from explore.posts.reposts import REPOST

FEWEST_BEFORE_TAGS = 6  # of fewer words a tag at the end is often a part: "I love #Rome"
MARKS = 30
BOILERPLATE = frozenset({"rt", "amp", "via", "http", "https", "www", "com", "html", "gt", "lt", "nbsp", "quot"})

# What the package's lists lack: its Greek is ancient, it has no Thai, and its Romanian is of another spelling
_UNLISTED = {
    "el": "και το τα της τις την τη του των τους τον στο στα στη στην στον στους στις με να για από που δεν είναι θα"
    " ο η οι ένα μια ένας ως αλλά σε μας σας μου σου όπως",
    "en": "just also really got vs did does doing done say says said know think want let going goes make makes made"
    " thing things yes yeah oh al",
    "ro": "în și să că din pe cu la este au fost sunt mai după până prin pentru care sau",
    "ru": "это как так еще ещё уже если или",
    "th": "ที่ และ เป็น ใน ของ มี ไม่ ให้ ได้ จะ ว่า การ ความ กับ แต่ ก็ นี้ ไป มา จาก โดย หรือ ซึ่ง อยู่ แล้ว คือ",
}
# Words that lose their vowel before another, which `words` joins with it: "c'est" is "cest"
_ELIDED = {"fr": "c d j l m n qu s t jusqu lorsqu", "it": "l d c un dell all nell dall sull", "ca": "l d m n s t"}
_CHINESE_PARTICLES = frozenset("的了吗呢吧着们也就都很")
_ENGLISH_SLIPS = frozenset({"fire", "bill", "system", "serious", "cry", "interest", "mill", "mine", "sincere"})

_RETWEET = re.compile(r"^\s*(?:RT|via)\b\s*+:?\s*+(?=[@＠:])", re.IGNORECASE)  # possessive: 100,000 spaces cost nothing
_TAG = re.compile(r"(?<![\w&/])[#＃]([^\s#＃@.,;:!?…\"'“”()\[\]<>|/]+)")
_AFTER_LINK = ".,;:!?'\"’”)]}>"
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
# Links without a scheme: "t.me/channel", "example.com"
_BARE_LINK = re.compile(
    rf"(?<![\w.])(?:[a-z0-9-]{{1,63}}\.){{1,4}}(?:[a-z]{{2,12}}/[^\s{_SPACELESS}]*|(?:com|org|net|info|me|tv|co|gg|ru|de)\b)",
    re.IGNORECASE,
)
_BOXED = re.compile("[\U0001f150-\U0001f169\U0001f170-\U0001f189]")
_DOMAIN_END = re.compile(r"\.(?:[a-z]{2,12}/|(?:com|org|net|info|me|tv|co|gg|ru|de)\b)", re.IGNORECASE)
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


def links(text: str) -> list[str]:
    """The links of a post in order, without the punctuation after them; none that breaks off or names only a host."""
    whole = [link.rstrip(_AFTER_LINK) for link in _LINK.findall(text) if not link.endswith(("…", "..."))]
    return [link for link in whole if link.partition("://")[2].partition("/")[2]]


def tags(text: str) -> list[str]:
    """The hashtags of a post in order, with their sign, in lower case."""
    return ["#" + tag.casefold() for tag in _TAG.findall(text)]


def is_repost(text: str) -> bool:
    """Whether the text begins with "RT @name", as the reposts of another account's post do."""
    return REPOST.match(text) is not None


def is_cut_off(text: str) -> bool:
    """Whether the text breaks off: nothing but links, mentions and signs comes after an ellipsis."""
    end = max(text.rfind("…"), text.rfind("..."))
    return end > 0 and not any(map(str.isalnum, _bare(text[end:])))


def words(text: str) -> list[str]:
    """The words of a post in lower case: no links, mentions, punctuation or emoji; hashtags lose their sign.

    Scripts that put no spaces between words are cut into phrases (Japanese, Thai) or overlapping pairs of characters
    (Chinese and the rest), which is what term statistics need.
    """
    return _plain_words(_plain(text))


def content_words(text: str, lang: str) -> list[str]:
    """The different `words` of a text in this language that may describe something, in their order."""
    common = stop_words(lang.split("-")[0])
    distinct = dict.fromkeys(words(without_links(text)))
    return [word for word in distinct if word not in common and not says_nothing(word)]


class Piece(NamedTuple):
    """A word in its place: what stands before it in its clause, as it is written, and its words as `words` has them."""

    before: str
    written: str
    words: tuple[str, ...]


def clauses(text: str) -> list[list[Piece]]:
    """The words as they were written, in runs that no punctuation, bracket, quotation, link or mention interrupts.

    Characters that do not show or turn the direction are gone, letters of fancy alphabets are plain. Runs without
    spaces are cut into phrases that together give the run again. A hashtag keeps its sign.
    """
    visible = _composed(without_links(text))
    visible = visible if visible.isascii() else visible.translate(_unseen())
    found: list[list[Piece]] = [[]]
    end = 0
    for run in _written().finditer(visible):
        gap, end = visible[end : run.start()], run.end()
        sign = "#" if gap.endswith("#") else ""
        gap = gap.removesuffix(sign)
        if found[-1] and not _is_inside(gap, found[-1][-1].written, run.group()):
            found.append([])
        for written, own in _pieces(run.group()):
            found[-1].append(Piece(gap if found[-1] else "", sign + written, own))
            gap = sign = ""
    return [clause for clause in found if clause]


def as_written(text: str) -> str:
    """The text on one line without links, mentions and a leading RT: what a language model reads."""
    return " ".join(without_links(text).split()).removeprefix(": ")


def without_links(text: str) -> str:
    """The text with a line break in place of links, also those without a scheme, and mentions; no leading RT.

    White letters on a box or disc are letters: Unicode has no plain form for them.
    """
    text = _unlinked(_unwrapped(text), "\n")
    if not text.isascii():
        text = _BOXED.sub(lambda box: chr(ord("A") + (ord(box.group()) - 0x1F150) % 32), text)
    return _BARE_LINK.sub("\n", text) if has_bare_link(text) else text


def has_bare_link(text: str) -> bool:
    """Whether the text may hold a link without a scheme, such as "example.org/page"."""
    return _DOMAIN_END.search(text) is not None and _DOMAIN_END.search(_unlinked(text, " ")) is not None


def says_nothing(word: str) -> bool:
    """Whether a word cannot describe anything in any language: web boilerplate, numbers and sizes, single letters,
    Chinese pairs of which one half is a particle."""
    if word in BOILERPLATE or len(word) < 2 or (word[0].isdigit() and 2 * sum(map(str.isdigit, word)) > len(word)):
        return True
    return len(word) == 2 and not _CHINESE_PARTICLES.isdisjoint(word)


def function_words(vocabulary: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Per language (BCP-47 code), the places in `vocabulary` of its stop words."""
    import stop_words as package

    place = {word: i for i, word in enumerate(vocabulary)}
    languages = sorted({*package.LANGUAGE_MAPPING, *_UNLISTED})
    return {
        one: np.array([place[w] for w in sorted(stop_words(one)) if w in place], dtype=np.int64) for one in languages
    }


@cache
def stop_words(language: str) -> frozenset[str]:
    """Words too common to describe anything, as `words` would give them; empty for a language without a list.

    The package's English list of 1,333 holds "fire", "state" and "microsoft": of it, the contractions are taken and
    what scikit-learn's short list has too, without that list's own known slips.
    """
    import stop_words as package

    listed = package.get_stop_words(language) if language in package.LANGUAGE_MAPPING else []
    if language == "en":
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        listed = [w for w in listed if "'" in w] + sorted(ENGLISH_STOP_WORDS - _ENGLISH_SLIPS)
    listed = [*listed, *_UNLISTED.get(language, "").split()]
    elided = _ELIDED.get(language, "").split()
    listed += [start + word for start in elided for word in listed if word[0] in "aeiouhàéèêây"]
    return frozenset(part for word in listed for part in _plain(word).split())


def _plain(text: str) -> str:
    """Lower case without links, mentions, RT, punctuation and symbols."""
    return _folded(_bare(text))


def _bare(text: str) -> str:
    """The text without links, mentions and a leading RT."""
    return _unlinked(_unwrapped(text), " ")


def _folded(text: str) -> str:
    """Lower case without punctuation and symbols; letters borrowed from another alphabet are put back."""
    if text.isascii():
        return text.lower().translate(_separators())
    plain = _composed(text).casefold().translate(_separators())
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


def _composed(text: str) -> str:
    """Unicode's NFKC of the text. Of marks piled on one letter thirty stay, as in Unicode's stream-safe format
    (UAX 15): putting them in order takes time by the square of their number, half a minute at 250,000."""
    return unicodedata.normalize("NFKC", _piled().sub(r"\1", text) if len(text) > MARKS else text)


@cache
def _piled() -> re.Pattern[str]:
    marks = "".join(chr(code) for code in range(sys.maxunicode + 1) if unicodedata.combining(chr(code)))
    return re.compile(f"([{marks}]{{{MARKS}}})[{marks}]+")


def _unlinked(text: str, instead: str) -> str:
    """The text with `instead` in place of links and mentions; where there can be none, no time is spent on it."""
    if "/" in text or "www." in text.lower():
        text = _LINK.sub(instead, text)
    return _MENTION.sub(instead, text) if "@" in text or "＠" in text else text


def _unwrapped(text: str) -> str:
    """The text without a leading RT and with HTML entities as the characters they stand for."""
    retweet = _RETWEET.match(text)
    text = text[retweet.end() :] if retweet else text
    return _ENTITY.sub(lambda entity: html.unescape(entity.group()), text) if "&" in text else text


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


def _is_inside(gap: str, before: str, after: str) -> bool:
    """Whether two words with this between them are in one clause: "New York", "anti-war", "U.S. troops", "1,000"."""
    if gap in (".", ". ") and len(before) == 1:
        return True
    if gap in (",", ".") and before[-1].isdigit() and after[0].isdigit():
        return True
    return (gap.isspace() and "\n" not in gap) or gap in ("-", "\u2010", "/", "&", " & ", "")


@lru_cache(maxsize=1 << 14)
def _pieces(run: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """A run of letters as (piece, its `words`): one piece, or several where no spaces are written."""
    if run.isascii() and run.isalnum():
        return ((run, (run.lower(),)),)
    pieces = _cut(run, _phrases) if _SPACELESS_RUN.search(run) else [run]
    found = [(piece, tuple(_plain_words(piece.casefold().translate(_separators())))) for piece in pieces]
    return tuple((piece, own) for piece, own in found if own)


def _plain_words(plain: str) -> list[str]:
    """The words of a text that `_plain` has been through."""
    if not _SPACELESS_RUN.search(plain):
        return plain.split()
    return [word for chunk in plain.split() for word in _cut(chunk, _segment)]


@cache
def _written() -> re.Pattern[str]:
    """Runs of letters, digits, marks, joiners and underscores, with the apostrophes inside them."""
    marks = "".join(chr(code) for code in range(0x10000) if unicodedata.category(chr(code))[0] == "M")
    hidden = "".join(map(chr, _unseen())) + "\u200c\u200d"
    letter = f"[\\w{marks}{re.escape(hidden)}]"
    return re.compile(f"{letter}+(?:['’`´]{letter}+)*")


@cache
def _unseen() -> dict[int, None]:
    """Characters without a shape of their own, but for the joiners that Persian and Indian scripts need."""
    return {code: None for code, to in _separators().items() if to is None and chr(code) not in "'’ʼ`´\u200c\u200d"}


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
