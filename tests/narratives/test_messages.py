"""Posts that say the same thing become one message."""

from __future__ import annotations

import pandas as pd

from explore.narratives.messages import describe, ids, keys
from tests.narratives.making import at


def posts(*rows: tuple[str, object, str | None, str | None]) -> pd.DataFrame:
    """Posts given as (text, time, author, language), with their message ids, typed as in a snapshot."""
    table = pd.DataFrame(rows, columns=["text", "created_at", "author_id", "lang"])
    table["created_at"] = pd.to_datetime(table["created_at"], utc=True).astype("datetime64[us, UTC]")
    table = table.astype({"text": "str", "author_id": "str", "lang": "str"})
    return table.assign(message_id=ids(keys(table["text"])))


def test_copies_get_one_id_and_other_words_another() -> None:
    found = ids(keys(pd.Series(["Vote today!", "RT @a: vote TODAY https://t.co/x", "vote tomorrow"], index=[7, 8, 9])))
    assert found.index.tolist() == [7, 8, 9]
    assert found[7] == found[8] != found[9]
    assert found.str.fullmatch("[0-9a-f]{16}").all()


def test_the_id_depends_on_the_words_alone() -> None:
    alone = ids(keys(pd.Series(["vote today"])))
    among = ids(keys(pd.Series(["something else", "Vote, today", "https://t.co/x"])))
    assert alone[0] == among[1] == "70fd263be35b6ae7"  # b2sum -l 64 of "vote today"


def test_no_posts_give_no_ids() -> None:
    assert ids(keys(pd.Series([], dtype="str"))).tolist() == []


def test_a_message_counts_its_posts_and_authors_and_knows_its_span() -> None:
    found = describe(
        posts(
            ("vote TODAY", at(2), "a", "en"),
            ("Vote today!", at(1), "b", "en"),
            ("vote today", at(3), "a", "en"),
            ("rain", at(2.5), "c", "de"),
        )
    ).set_index("text")
    vote = found.loc["Vote today!"]  # as its earliest post wrote it
    assert (vote["n_posts"], vote["n_authors"], vote["first_at"], vote["last_at"]) == (3, 2, at(1), at(3))
    assert (found.loc["rain", "n_posts"], found.loc["rain", "n_authors"]) == (1, 1)


def test_messages_come_in_the_order_of_their_first_appearance() -> None:
    found = describe(posts(("late", at(3), "a", None), ("early", at(1), "a", None), ("late", at(0.5), "a", None)))
    assert found["text"].tolist() == ["late", "early"]
    assert found["first_at"].tolist() == [at(0.5), at(1)]


def test_a_message_has_its_most_frequent_known_language() -> None:
    found = describe(
        posts(
            *[("ok", at(0), None, "und")] * 3,
            *[("ok", at(0), None, None)] * 3,
            ("ok", at(0), None, "pt"),
            ("ok", at(0), None, "es"),
            ("ok", at(0), None, "es"),
            ("hm", at(0), None, "und"),
        )
    ).set_index("text")
    assert found.loc["ok", "lang"] == "es"
    assert pd.isna(found.loc["hm", "lang"])


def test_without_authors_the_number_of_authors_is_unknown() -> None:
    found = describe(posts(("a", at(0), None, None), ("a", at(1), None, None)))
    assert found["n_posts"].tolist() == [2]
    assert found["n_authors"].isna().all()
    assert found["lang"].isna().all()


def test_a_message_of_which_one_author_is_known_has_one() -> None:
    found = describe(posts(("a", at(0), None, None), ("a", at(1), "x", None)))
    assert found["n_authors"].tolist() == [1]


def test_without_times_messages_keep_the_order_of_the_snapshot() -> None:
    found = describe(posts(("b", None, "x", None), ("A", None, "y", None), ("a", None, "z", None)))
    assert found["text"].tolist() == ["b", "A"]
    assert found[["first_at", "last_at"]].isna().all(axis=None)
    assert found["n_posts"].tolist() == [1, 2]
