"""Language names and codes as exporters write them -> BCP-47 codes; unknown -> und."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

UNKNOWN = "und"
_SHOWN = 40  # characters of a word that names no language

# ISO 639: two-letter code, three-letter codes, then names in English and, where exporters use them, in the language.
_TABLE = """
aa aar Afar|ab abk Abkhazian|ae ave Avestan|af afr Afrikaans|ak aka Akan|am amh Amharic
an arg Aragonese|ar ara Arabic العربية|as asm Assamese|av ava Avaric|ay aym Aymara
az aze Azerbaijani Azeri|ba bak Bashkir|be bel Belarusian Byelorussian|bg bul Bulgarian
bi bis Bislama|bm bam Bambara|bn ben Bengali Bangla|bo bod tib Tibetan|br bre Breton|bs bos Bosnian
ca cat Catalan Catalan,_Valencian|ce che Chechen|ch cha Chamorro|co cos Corsican|cr cre Cree
cs ces cze Czech Čeština|cu chu Church_Slavic|cv chv Chuvash|cy cym wel Welsh|da dan Danish Dansk
de deu ger German Deutsch|dv div Divehi Dhivehi Maldivian|dz dzo Dzongkha|ee ewe Ewe
el ell gre Greek Modern_Greek Greek,_Modern Ελληνικά|en eng English|eo epo Esperanto
es spa Spanish Castilian Español|et est Estonian|eu eus baq Basque
fa fas per Persian Farsi Farsi_(Persian) فارسی|ff ful Fulah Fula|fi fin Finnish Suomi|fj fij Fijian
fo fao Faroese|fr fra fre French Français|fy fry Western_Frisian Frisian|ga gle Irish
gd gla Scottish_Gaelic Gaelic|gl glg Galician|gn grn Guarani|gu guj Gujarati|gv glv Manx
ha hau Hausa|he heb iw Hebrew עברית|hi hin Hindi हिन्दी|ho hmo Hiri_Motu|hr hrv Croatian Hrvatski
ht hat Haitian Haitian_Creole|hu hun Hungarian Magyar|hy hye arm Armenian|hz her Herero
ia ina Interlingua|id ind in Indonesian Bahasa_Indonesia|ie ile Interlingue|ig ibo Igbo
ii iii Sichuan_Yi|ik ipk Inupiaq|io ido Ido|is isl ice Icelandic|it ita Italian Italiano
iu iku Inuktitut|ja jpn Japanese 日本語|jv jav jw Javanese|ka kat geo Georgian|kg kon Kongo
ki kik Kikuyu|kj kua Kuanyama|kk kaz Kazakh|kl kal Kalaallisut Greenlandic
km khm Khmer Central_Khmer|kn kan Kannada|ko kor Korean 한국어|kr kau Kanuri|ks kas Kashmiri
ku kur Kurdish|kv kom Komi|kw cor Cornish|ky kir Kyrgyz Kirghiz|la lat Latin|lb ltz Luxembourgish
lg lug Ganda Luganda|li lim Limburgish|ln lin Lingala|lo lao Lao|lt lit Lithuanian
lu lub Luba-Katanga|lv lav Latvian|mg mlg Malagasy|mh mah Marshallese|mi mri mao Maori
mk mkd mac Macedonian|ml mal Malayalam|mn mon Mongolian|mr mar Marathi
ms msa may Malay Bahasa_Melayu|mt mlt Maltese|my mya bur Burmese|na nau Nauru
nb nob Norwegian_Bokmål|nd nde North_Ndebele|ne nep Nepali|ng ndo Ndonga
nl nld dut Dutch Flemish Nederlands|nn nno Norwegian_Nynorsk|no nor Norwegian Norsk
nr nbl South_Ndebele|nv nav Navajo|ny nya Chichewa Nyanja|oc oci Occitan|oj oji Ojibwa|om orm Oromo
or ori ory Oriya Odia|os oss Ossetian|pa pan Punjabi Panjabi|pi pli Pali|pl pol Polish Polski
ps pus Pashto Pushto|pt por Portuguese Português|qu que Quechua|rm roh Romansh|rn run Rundi Kirundi
ro ron rum mo Romanian Moldavian Moldovan Română|ru rus Russian Русский|rw kin Kinyarwanda
sa san Sanskrit|sc srd Sardinian|sd snd Sindhi|se sme Northern_Sami|sg sag Sango
si sin Sinhala Sinhalese|sk slk slo Slovak|sl slv Slovenian Slovene|sm smo Samoan|sn sna Shona
so som Somali|sq sqi alb Albanian|sr srp Serbian Српски|ss ssw Swati|st sot Southern_Sotho Sesotho
su sun Sundanese|sv swe Swedish Svenska|sw swa Swahili|ta tam Tamil|te tel Telugu|tg tgk Tajik
th tha Thai ไทย|ti tir Tigrinya|tk tuk Turkmen|tl tgl Tagalog|fil Filipino Tagalog_(Filipino)
tn tsn Tswana|to ton Tonga|tr tur Turkish Türkçe|ts tso Tsonga|tt tat Tatar|tw twi Twi
ty tah Tahitian|ug uig Uyghur Uighur|uk ukr Ukrainian Українська|ur urd Urdu اردو|uz uzb Uzbek
ve ven Venda|vi vie Vietnamese Tiếng_Việt|vo vol Volapük|wa wln Walloon|wo wol Wolof|xh xho Xhosa
yi yid ji Yiddish|yo yor Yoruba|za zha Zhuang|zh zho chi cmn Chinese Mandarin Mandarin_Chinese 中文
zh-Hans zh-chs Simplified_Chinese Chinese_(Simplified)
zh-Hant zh-cht Traditional_Chinese Chinese_(Traditional)|zu zul Zulu
ckb Central_Kurdish Sorani Kurdish_(Sorani)|sr-Latn Serbian_(Latin)|hi-Latn Hinglish|ceb Cebuano
hmn Hmong|haw Hawaiian|yue Cantonese|war Waray|azb South_Azerbaijani|pnb Western_Punjabi
bho Bhojpuri|mai Maithili|als Alemannic
"""
_CODE = re.compile(r"([a-z]{2,3})((?:-[a-z0-9]{1,8})*)", re.IGNORECASE)
_NOT_A_LANGUAGE = frozenset(
    ["und", "mul", "mis", "zxx", "qaa", "qam", "qct", "qht", "qme", "qst", "qtz", "n/a", "na", "nan", "null", "none"]
)


def language_code(value: str) -> str:
    """The BCP-47 code of a language's name or code; of several the first; "und" for what is not known."""
    key = _key(value)
    if key in _NOT_A_LANGUAGE:
        return UNKNOWN
    if key in _names():
        return _names()[key]
    code = _CODE.fullmatch(key)
    if code is None:
        first, several, _ = key.partition(",")
        return language_code(first) if several else UNKNOWN
    base = _names().get(code[1], code[1] if len(code[1]) == 3 else None)
    return UNKNOWN if base is None else base + "".join(_subtag(tag) for tag in code[2].split("-")[1:])


def language_name(code: str) -> str:
    """The English name of a BCP-47 code, without its subtags; the code itself where it is not in the table."""
    return _english().get(code.split("-")[0].casefold(), code)


def language_codes(values: pa.Array) -> pa.Array:
    """`language_code` of a column of strings, each distinct value once; null becomes und."""
    coded = values.dictionary_encode()
    codes = np.array([language_code(value) for value in coded.dictionary.to_pylist()] + [UNKNOWN], dtype=object)
    rows = coded.indices.fill_null(len(codes) - 1).to_numpy(zero_copy_only=False)
    return pa.array(codes[rows], pa.string())


def name_several(values: pa.Array) -> np.ndarray:
    """Which strings of a column name several languages with commas between them, of which the first is taken."""
    listed = pc.fill_null(pc.match_substring(values, ","), False).to_numpy(zero_copy_only=False)
    if not listed.any():
        return np.asarray(listed)
    coded = values.dictionary_encode()
    several = np.array([*map(_names_several, coded.dictionary.to_pylist()), False])
    return np.asarray(several[coded.indices.fill_null(len(several) - 1).to_numpy(zero_copy_only=False)])


def unknown_languages(values: pa.Array, codes: pa.Array) -> pa.Array:
    """The beginnings of those values that name no language we know, though they do not say "unknown"; else null."""
    unknown = pc.and_(values.is_valid(), pc.equal(codes, UNKNOWN))
    if not unknown.true_count:
        return pa.nulls(len(values), pa.string())
    words = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(values), 0, _SHOWN)
    said = pc.is_in(pc.utf8_lower(words), value_set=pa.array(["", *_NOT_A_LANGUAGE]))
    return pc.if_else(pc.and_not(unknown, said), words, pa.scalar(None, pa.string()))


def _names_several(value: str) -> bool:
    codes = {language_code(part) for part in value.split(",")} - {UNKNOWN}
    return _key(value) not in _names() and language_code(value) != UNKNOWN and len(codes) > 1


def _key(value: str) -> str:
    """A name or code folded for the look-up; codes are written with a hyphen."""
    folded = value.strip().casefold()
    return folded.replace("_", "-") if _CODE.fullmatch(folded.replace("_", "-")) else folded


def _subtag(tag: str) -> str:
    """A subtag in its usual case: Latn, US, 1994."""
    return "-" + (tag.title() if len(tag) == 4 and tag.isalpha() else tag.upper() if len(tag) == 2 else tag)


@cache
def _english() -> dict[str, str]:
    """Code -> the first of its names (names begin with a capital, codes do not)."""
    entries = (entry.split() for entry in re.split(r"[|\n]", _TABLE.strip()))
    return {code: next(n for n in others if n[0].isupper()).replace("_", " ") for code, *others in entries}


@cache
def _names() -> dict[str, str]:
    """Every code and name of the table, folded, with its code."""
    names: dict[str, str] = {}
    for entry in re.split(r"[|\n]", _TABLE.strip()):
        code, *others = entry.split()
        for name in (code, *others):
            names.setdefault(name.replace("_", " ").casefold(), code)
    return names
