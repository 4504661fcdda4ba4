from __future__ import annotations

from pathlib import Path

from explore.posts.mapping import corrected, detect
from explore.posts.readers import preview
from explore.present.guesses import guessed

WORDS = ["the tap water smells of chlorine", "trains stand still again", "who closed the bridge", "rain all week long"]


def told(folder: Path, head: str, *rows: str, **chosen: str) -> list[str]:
    """What is said of a file with four records; `rows` are templates for n and words."""
    lines = [row.format(n=n, words=words) for row in rows for n, words in enumerate(WORDS)]
    path = folder / "posts.csv"
    path.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    seen = preview(path)
    return guessed(seen, corrected(detect(seen), seen, chosen), tz="UTC", date_order=None)


def test_a_text_that_was_found_by_what_it_holds_is_told_until_a_person_chooses(tmp_path: Path) -> None:
    file = ("id,created_at,words_of_it", "{n},2024-05-01T10:0{n}:00Z,{words}")
    assert told(tmp_path, *file) == [
        "text: column 'words_of_it' (guessed by what it holds: no column has a usual name). "
        "Not right? Choose another above."
    ]
    assert told(tmp_path, *file, text="words_of_it") == []


def test_usual_names_need_no_word(tmp_path: Path) -> None:
    assert told(tmp_path, "id,created_at,text", "{n},2024-05-01T10:0{n}:00Z,{words}") == []


def test_a_rival_of_the_text_is_named(tmp_path: Path) -> None:
    (said,) = told(tmp_path, "id,created_at,text,message", "{n},2024-05-01T10:0{n}:00Z,{words},no {n} was about that")
    assert said.startswith("text: column 'text' (guessed by its name; 'message' is as likely).")


def test_a_finer_account_is_named_and_none_of_its_values(tmp_path: Path) -> None:
    (said,) = told(tmp_path, "id,created_at,channel_id,author,text", "{n},2024-05-01T10:0{n}:00Z,UC1,ann{n},{words}")
    assert said.startswith("author_id: column 'channel_id' (guessed by its name), but 'author' tells apart")
    assert "UC1" not in said
    assert "ann0" not in said


def test_a_second_time_that_differs_is_shown_with_both_values(tmp_path: Path) -> None:
    (said,) = told(
        tmp_path, "id,created_at,timestamp,text", "{n},2024-05-01T10:0{n}:00Z,2024-06-03T10:0{n}:00Z,{words}"
    )
    assert "says '2024-05-01T10:00:00Z' where 'timestamp' says '2024-06-03T10:00:00Z'" in said
    assert "in 4 of the first 4 records" in said
    assert "--" not in said


def test_a_column_that_may_mark_reposts_is_told(tmp_path: Path) -> None:
    (said,) = told(tmp_path, "id,created_at,text,post_type", "{n},2024-05-01T10:0{n}:00Z,{words},RETWEET")
    assert said.startswith("Column 'post_type' may mark reposts ('RETWEET' in 4 of the first 4 records).")
