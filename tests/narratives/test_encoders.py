"""Encoders: near for similar texts, the same for the same seed, and cached by content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from explore.errors import Refused
from explore.narratives.encoders import Encoder, Lexical, encode_cached, encoder_for, sent_to, unit_rows
from explore.narratives.tokens import UNAIDED, Aids, tokens
from tests.narratives.making import stream

Vectors = NDArray[np.float32]


class Counting:
    """An encoder that counts its calls."""

    name = "counting"

    def __init__(self, version: str = "counting-1") -> None:
        self.version = version
        self.calls = 0

    def encode(
        self,
        texts: Sequence[str],
        *,
        seed: int,
        aids: Aids = UNAIDED,
    ) -> Vectors:
        aids.progress("Counting", 0.5)
        self.calls += 1
        return unit_rows(np.array([[len(text), seed] for text in texts], dtype=np.float32))

    def unread(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        return np.zeros(len(texts), dtype=bool)


def norms(vectors: Vectors) -> list[float]:
    return [round(float(norm), 5) for norm in np.linalg.norm(vectors, axis=1)]


def test_lexical_gives_unit_rows_and_zeros_where_there_are_no_words() -> None:
    texts = [*(one["text"] for one in stream(each=20)), "https://t.co/x", "😀"]
    vectors = Lexical().encode(texts, seed=1)
    assert vectors.dtype == np.float32
    assert vectors.shape[1] <= 200
    assert norms(vectors) == [1.0] * 80 + [0.0, 0.0]


def test_lexical_is_the_same_for_the_same_seed() -> None:
    texts = [one["text"] for one in stream(each=50)]
    assert Lexical().encode(texts, seed=3).tobytes() == Lexical().encode(texts, seed=3).tobytes()


@pytest.mark.parametrize(
    "texts",
    [
        ["hello world"],
        ["hello world", "hello there"],
        ["one thing", "another matter", "third case"],
        ["same words"] * 30,
        [f"w{i}x{i}y" for i in range(30)],
        ["a", "b"],
        ["مرحبا بكم", "добрый день", "今日は雨です"],
    ],
)
def test_lexical_works_on_few_identical_and_disjoint_texts(texts: list[str]) -> None:
    vectors = Lexical().encode(texts, seed=1)
    assert len(vectors) == len(texts)
    assert np.isfinite(vectors).all()
    assert set(norms(vectors)) <= {0.0, 1.0}


def test_lexical_knows_nothing_in_texts_without_words() -> None:
    assert not Lexical().encode(["😀", "https://t.co/x"], seed=1).any()
    assert Lexical().encode([], seed=1).shape[0] == 0


@pytest.mark.parametrize(
    ("one", "like", "other"),
    [
        ("вода в городе опасна", "вода в городе отравлена", "новый телефон вышел сегодня"),
        ("تم نقل مركز الاقتراع", "تم نقل مراكز الاقتراع", "وصفة الخبز في البيت"),
        ("水道水に危険な物質", "水道水が危険らしい", "新しいゲームの発売日"),
        ("自来水有毒大家小心", "听说自来水有毒了", "新手机今天发布"),
        ("น้ำประปาปนเปื้อน", "น้ำประปามีพิษ", "โทรศัพท์รุ่นใหม่วันนี้"),
        ("lokasi pemungutan suara dipindahkan", "pemungutan suara pindah lokasi", "kucing saya tidur"),
        ("the polling place has moved", "polling places were moved", "my cat sleeps all day"),
    ],
)
def test_lexical_finds_similar_texts_nearer_than_others(one: str, like: str, other: str) -> None:
    among = [post["text"] for post in stream(each=20)]
    vectors = Lexical().encode([one, like, other, *among], seed=1)
    assert vectors[0] @ vectors[1] > 0.3 + vectors[0] @ vectors[2]


@pytest.mark.parametrize("text", ["今天的天气很好", "今日の地震は大きかった", "วันนี้อากาศดี", "สวัสดี", "ສະບາຍດີ", "မင်္ဂလာပါ"])
def test_a_script_without_spaces_gets_vectors_even_alone_among_others(text: str) -> None:
    among = [post["text"] for post in stream(each=20)]
    assert norms(Lexical().encode([text, *among, text + " 2"], seed=1))[0] == 1.0


def test_a_common_word_tells_less_than_the_company_of_rare_ones() -> None:
    baking = [f"the {a} and the {b}" for a in ("oven", "flour", "dough") for b in ("crust", "loaf", "rye")] * 5
    fires = [f"the {a} and the {b}" for a in ("smoke", "alarm", "truck") for b in ("burn", "flame", "hose")] * 5
    vectors = Lexical().encode([*baking, *fires], seed=1)
    one, same, other = vectors[0], vectors[4], vectors[len(baking)]  # oven, crust / flour, loaf / smoke, burn
    assert one @ same > 0.4 + one @ other


def test_unit_rows_keep_zeros_and_drop_what_rounding_leaves() -> None:
    rows = np.array([[3, 4], [0, 0], [1e-9, -1e-9]], dtype=np.float32)
    assert np.allclose(unit_rows(rows), np.array([[0.6, 0.8], [0, 0], [0, 0]]))


def test_vectors_are_read_from_the_cache_when_nothing_changed(tmp_path: Path) -> None:
    encoder = Counting()
    first = encode_cached(encoder, ["a", "bb"], seed=1, cache=tmp_path)
    second = encode_cached(encoder, ["a", "bb"], seed=1, cache=tmp_path)
    assert encoder.calls == 1
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize(
    ("texts", "seed", "version"),
    [
        (["a", "bb"], 2, "counting-1"),
        (["a", "bb"], 1, "counting-2"),
        (["bb", "a"], 1, "counting-1"),
        (["ab", "b"], 1, "counting-1"),
        (["a", "bb", ""], 1, "counting-1"),
    ],
)
def test_another_seed_encoder_or_text_has_another_place_in_the_cache(
    tmp_path: Path, texts: list[str], seed: int, version: str
) -> None:
    encode_cached(Counting(), ["a", "bb"], seed=1, cache=tmp_path)
    other = Counting(version)
    encode_cached(other, texts, seed=seed, cache=tmp_path)
    assert other.calls == 1
    assert len(list(tmp_path.rglob("*.npy"))) == 2


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_a_damaged_cache_file_is_made_again(tmp_path: Path, damage: bytes | None) -> None:
    encoder = Counting()
    right = encode_cached(encoder, ["a", "bb"], seed=1, cache=tmp_path)
    file = next(tmp_path.rglob("*.npy"))
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if damage is None else damage)
    again = encode_cached(encoder, ["a", "bb"], seed=1, cache=tmp_path)
    assert encoder.calls == 2
    assert again.tobytes() == right.tobytes()
    assert file.read_bytes() == content


def test_an_encoder_says_how_far_it_is(tmp_path: Path) -> None:
    said: list[tuple[str, float | None]] = []
    encode_cached(
        Counting(),
        ["a"],
        seed=1,
        cache=tmp_path,
        aids=Aids(progress=lambda stage, done=None: said.append((stage, done))),
    )
    assert said == [("Counting", 0.5)]


@pytest.mark.parametrize(
    "spec", ["", "static", "static:", "lexical:x", "transformer", "http:", "http:ftp://x", "Lexical"]
)
def test_an_unknown_encoder_is_refused_with_the_ones_there_are(spec: str) -> None:
    with pytest.raises(Refused, match=r"Say lexical, or static:DIR .* transformer:NAME_OR_DIR or http:URL"):
        encoder_for(spec)


@pytest.mark.parametrize(
    ("spec", "host"),
    [
        ("lexical", None),
        ("static:http", None),
        ("transformer:some/name", None),
        ("http:https://example.org/v1/embeddings", "example.org"),
        ("http:http://localhost:8080/v1/embeddings", "localhost:8080"),
        ("https://example.org/v1/embeddings", "example.org"),
    ],
)
def test_it_is_known_beforehand_where_messages_are_sent(spec: str, host: str | None) -> None:
    assert sent_to(spec) == host


def test_an_address_with_a_secret_is_refused_before_anything_is_said() -> None:
    with pytest.raises(Refused, match="holds no key"):
        sent_to("http://user:secret@example.org/")


def test_lexical_is_an_encoder_by_name() -> None:
    encoder: Encoder = encoder_for("lexical")
    assert encoder.name == "lexical"
    assert not encoder.unread(["вода", "water"]).any()


def test_an_encoder_leaves_the_words_it_is_given_as_they_are() -> None:
    texts = ["to be or not to be", "flood in the city, flood in the fields", *(one["text"] for one in stream(each=20))]
    spoken = tokens(texts)
    before = spoken.flat.tolist()
    given = Lexical().encode(texts, seed=1, aids=Aids(spoken))
    assert spoken.flat.tolist() == before
    assert np.array_equal(given, Lexical().encode(texts, seed=1))
