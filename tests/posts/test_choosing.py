"""Which column is the text and which the time, and what is said where that was a guess."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from explore.errors import Refused
from explore.posts.appending import append, options_like
from explore.posts.mapping import detect
from explore.posts.readers import preview
from explore.posts.snapshots import LoadOptions, load, open_snapshot
from explore.settings import Workspace
from tests.posts.making import NOW, jsonl_of, loaded, saved

AT = "2024-01-02T10:00:00Z"
EPOCH = 1_704_190_272
WORDS = ["the bridge is closed again", "water is brown today", "bring water to the stadium", "a rally on Friday"]
BIO = "Journalist. Views my own, shares are no endorsement. Mother of two, runner, coffee."


def mapped(folder: Path, content: bytes, name: str) -> dict[str, str]:
    return detect(preview(saved(folder, content, name))).columns


def of_lines(folder: Path, *records: dict[str, Any]) -> dict[str, str]:
    return mapped(folder, jsonl_of(*records), "p.jsonl")


def of_table(folder: Path, header: str, *lines: str) -> dict[str, str]:
    return mapped(folder, "\n".join([header, *lines, ""]).encode(), "p.csv")


def many(**post: Any) -> list[dict[str, Any]]:
    """A post with each of the words under the key whose value is None."""
    return [{key: words if value is None else value for key, value in post.items()} for words in WORDS]


# --- the text --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", ["user", "author", "account", "quotedTweet", "retweetedTweet", "quoted_status"])
def test_what_stands_in_an_account_or_a_quoted_post_is_not_the_post(account: str, tmp_path: Path) -> None:
    inside = {"id": 1741000000000000001, "rawDescription": BIO, "words": BIO, "when": "2011-01-01T00:00:00Z"}
    post = {"ref": "a", account: inside, "moment": AT, "says": "short words"}
    found = of_lines(tmp_path, *[post] * 4)
    assert (found["text"], found["created_at"], found.get("post_id")) == ("says", "moment", None)


def test_the_words_of_snscrape_are_taken_and_not_the_bio(tmp_path: Path) -> None:
    found = of_lines(tmp_path, *many(id="1", date=AT, rawContent=None, renderedContent="x y", user={"bio": BIO}))
    assert found["text"] == "rawContent"


def test_a_facebook_archive_gives_what_was_posted_and_not_its_title(workspace: Workspace, tmp_path: Path) -> None:
    posts = [
        {"timestamp": EPOCH, "title": "Bob updated his status.", "data": [{"post": words}, {"update_timestamp": EPOCH}]}
        for words in WORDS
    ]
    report, found = loaded(workspace, tmp_path, jsonl_of(*posts), "p.jsonl")
    assert [post["text"] for post in found] == WORDS
    assert report.notes == ()


def test_records_of_bluesky_repositories_are_read(workspace: Workspace, tmp_path: Path) -> None:
    path = "app.bsky.feed.post/3kabcdefghijk"
    posts = [
        {"repo": f"did:plc:{n}", "path": path, "record": {"text": words, "createdAt": AT}}
        for n, words in enumerate(WORDS)
    ]
    _, found = loaded(workspace, tmp_path, jsonl_of(*posts), "p.jsonl")
    assert [(post["text"], post["author_id"], post["post_id"]) for post in found] == [
        (words, f"did:plc:{n}", f"did:plc:{n}_{path}") for n, words in enumerate(WORDS)
    ]


def test_a_nested_text_beats_longer_words_and_paths_are_no_words(tmp_path: Path) -> None:
    post = {"where": "app.bsky.feed.post/3kabcdefghijklmnop", "about": BIO, "what": {"text": "hi", "createdAt": AT}}
    assert of_lines(tmp_path, *[post] * 3)["text"] == "what.text"
    del post["what"], post["about"]
    assert "text" not in of_lines(tmp_path, *[post] * 3)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("status", ["published"] * 4),
        ("status", ["open", "closed", "open", "closed"]),
        ("tweet", ["1741000000000000000", "1741000098765432101", "1741000197530864202", "1741000296296296303"]),
        ("comment", ["", "reviewed by bob", "", ""]),
        ("text", ["", "", "", ""]),
        ("content", ["1", "2", "3", "4"]),
    ],
)
@pytest.mark.parametrize("other", ["title", "what was said"])
def test_a_name_alone_does_not_make_a_column_the_text(name: str, values: list[str], other: str, tmp_path: Path) -> None:
    lines = (f"{n},{value},{words},{AT}" for n, (value, words) in enumerate(zip(values, WORDS, strict=True)))
    assert of_table(tmp_path, f"id,{name},{other},published", *lines)["text"] == other


@pytest.mark.parametrize("name", ["status", "comment", "tweet", "title"])
def test_a_usual_name_with_words_is_the_text(name: str, tmp_path: Path) -> None:
    lines = (f"{n},{words},{AT}" for n, words in enumerate(WORDS))
    assert of_table(tmp_path, f"id,{name},published", *lines)["text"] == name


def test_copies_of_one_text_are_a_text(tmp_path: Path) -> None:
    assert of_table(tmp_path, "id,text,title", *[f"{n},closed!,{WORDS[n % 4]}" for n in range(40)])["text"] == "text"


@pytest.mark.parametrize("name", ["status", "tweet"])
def test_a_file_with_states_or_numbers_alone_has_no_text(name: str, workspace: Workspace, tmp_path: Path) -> None:
    value = {"status": "published", "tweet": "1741000000000000000"}[name]
    content = "\n".join([f"id,{name},created_at", *[f"{n},{value},{AT}" for n in range(9)], ""]).encode()
    with pytest.raises(Refused, match="--map text=COLUMN"):
        loaded(workspace, tmp_path, content, "p.csv")


# --- the time and other fields ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    ["thread_ts", "last_edited", "updated", "indexed_on", "fetchedAt", "account_birth", "modifiedTime", "joined"],
)
@pytest.mark.parametrize("own", ["ts", "submitted", "posted_on", "sentAt", "when"])
def test_the_moment_of_posting_goes_before_any_other(other: str, own: str, tmp_path: Path) -> None:
    assert of_lines(tmp_path, *many(ref="a", **{other: EPOCH + 500, own: EPOCH}, text=None))["created_at"] == own


def test_a_time_in_an_edit_is_not_that_of_the_post(tmp_path: Path) -> None:
    post = {"text": "words of it", "edited": {"user": "U1", "moment": EPOCH + 900}, "at": EPOCH}
    assert of_lines(tmp_path, post, post)["created_at"] == "at"


def test_without_a_time_of_posting_none_is_taken_and_that_is_said(workspace: Workspace, tmp_path: Path) -> None:
    report, found = loaded(workspace, tmp_path, jsonl_of(*many(id=None, text=None, updated=AT)), "p.jsonl")
    assert {post["created_at"] for post in found} == {None}
    assert "another moment than that of posting" in report.notes[0]


def test_an_empty_column_never_beats_a_filled_one(tmp_path: Path) -> None:
    header = "Comment ID,Channel ID,Created,Post ID,views,impressions,author,username,Comment Text"
    lines = (f"Ug{n},UC{n},{AT},,,7,,bob,{words}" for n, words in enumerate(WORDS))
    found = of_table(tmp_path, header, *lines)
    assert (found["post_id"], found["views"], found["author_id"]) == ("Comment ID", "impressions", "Channel ID")


@pytest.mark.parametrize(
    ("taken", "other"),
    [
        ("user_id_str", "user_name"),
        ("from_user_id", "from_user_name"),
        ("authorMeta/id", "authorMeta/name"),
        ("author_username", "author_name"),
        ("author_handle", "author_name"),
        ("username", "author"),
        ("acct", "username"),
        ("screen_name", "name"),
        ("unique_id", "nickname"),
        ("handle", "display_name"),
        ("from_user_name", "to_user_name"),
        ("author", "nickname"),
        ("by", "page_name"),
        ("user.screen_name", "user.name"),
    ],
)
def test_the_account_is_what_no_two_people_share(taken: str, other: str, tmp_path: Path) -> None:
    for header in (f"id,{taken},{other},text", f"id,{other},{taken},text"):
        found = of_table(tmp_path, header, *(f"{n},a{n},b{n},{words}" for n, words in enumerate(WORDS)))
        assert found["author_id"] == taken


def test_an_id_of_each_post_is_no_account(tmp_path: Path) -> None:
    found = of_table(tmp_path, "unique_id,id,text", *(f"u{n},{n},{words}" for n, words in enumerate(WORDS)))
    assert "author_id" not in found


# --- what is said of it ----------------------------------------------------------------------------------------------


def test_a_guess_is_told_with_its_rivals_and_a_usual_name_is_not(workspace: Workspace, tmp_path: Path) -> None:
    guessed = many(ref="a", indexed=EPOCH, posted_on=EPOCH, seen_by="4", fell=EPOCH, words_of_it=None)
    notes = loaded(workspace, tmp_path, jsonl_of(*guessed), "a.jsonl")[0].notes
    assert [note for note in notes if note.startswith("'words_of_it' was taken for the text by what it holds")]
    (of_time,) = (note for note in notes if note.startswith("'posted_on' was taken for the time"))
    assert "'fell' is as likely" in of_time
    assert "indexed" not in of_time
    assert loaded(workspace, tmp_path, jsonl_of(*many(id=None, text=None, created_at=AT)), "b.jsonl")[0].notes == ()


def test_a_second_column_that_may_be_the_text_is_told(workspace: Workspace, tmp_path: Path) -> None:
    rival = [{"id": str(n), "text": WORDS[n], "message": WORDS[n - 1], "created_at": AT} for n in range(4)]
    notes = loaded(workspace, tmp_path, jsonl_of(*rival), "a.jsonl")[0].notes
    assert notes == (
        "'text' was taken for the text by its name; 'message' is as likely. To take another say --map text=COLUMN.",
    )
    same = [post | {"message": post["text"] + "!"} for post in rival]
    assert loaded(workspace, tmp_path, jsonl_of(*same), "b.jsonl")[0].notes == ()
    chosen = LoadOptions(columns={"text": "message"})
    assert load([tmp_path / "a.jsonl"], workspace, options=chosen, now=NOW).notes == ()


def test_a_report_says_which_columns_were_taken_and_how(workspace: Workspace, tmp_path: Path) -> None:
    path = saved(
        tmp_path, jsonl_of(*[p | {"id": str(n)} for n, p in enumerate(many(x=None, at=AT, odd="o"))]), "a.jsonl"
    )
    report = load([path], workspace, options=LoadOptions(columns={"author_id": "odd"}), now=NOW)
    assert report.mapping == {"post_id": "id", "created_at": "at", "text": "x", "author_id": "odd"}
    assert report.mapping_how == {"post_id": "name", "created_at": "content", "text": "content", "author_id": "you"}
    assert report.columns_dropped == ()
    base = open_snapshot(workspace, report.snapshot)
    more = saved(tmp_path, jsonl_of({"id": "9", "x": "more words of it", "at": AT, "odd": "o", "new": 1}), "b.jsonl")
    added = append([more], workspace, base=base, options=options_like(base, preview(more)), now=NOW)
    assert (added.mapping, added.columns_dropped) == (report.mapping, ("new",))


def test_records_that_nearly_all_hold_no_text_need_consent(workspace: Workspace, tmp_path: Path) -> None:
    posts = [{"id": str(n), "created_at": AT, "text": "words" if n == 0 else ""} for n in range(15)]
    with pytest.raises(Refused, match=r"14 of 15 records \(93%\).*--map text=COLUMN.*--accept-quarantine"):
        loaded(workspace, tmp_path, jsonl_of(*posts), "a.jsonl")
    assert loaded(workspace, tmp_path, jsonl_of(*posts), "a.jsonl", accept_quarantine=True)[0].accepted == 1


def test_an_export_of_pictures_many_of_them_without_words_is_loaded_and_told(
    workspace: Workspace, tmp_path: Path
) -> None:
    posts = [{"id": str(n), "created_at": AT, "text": "words" if n < 6 else ""} for n in range(15)]
    assert "9 of 15 records (60%) hold no text" in loaded(workspace, tmp_path, jsonl_of(*posts), "a.jsonl")[0].notes[0]
    posts = [{"id": str(n), "created_at": AT, "text": "words" if n < 9 else ""} for n in range(15)]
    assert loaded(workspace, tmp_path, jsonl_of(*posts), "b.jsonl")[0].notes == ()


# --- texts in another guise ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"id\tcreated_at\ttext\tviews\n1\t2024-01-02\tone\\ntwo C:\\\\temp\t5\n2\t2024-01-02\tx y\t\\N\n",
        b'"id","created_at","text"\n"1","2024-01-02","a line\\\nbreak"\n"2","2024-01-02","plain words"\n',
    ],
)
def test_escapes_of_a_database_are_told(content: bytes, workspace: Workspace, tmp_path: Path) -> None:
    notes = loaded(workspace, tmp_path, content, "p.txt")[0].notes
    assert any("1 text holds escapes as a database writes them" in note for note in notes)


def test_a_backslash_in_a_file_of_no_database_is_a_backslash(workspace: Workspace, tmp_path: Path) -> None:
    content = b"id,created_at,text\n1,2024-01-02T10:00:00Z,in C:\\new it is\n"
    assert loaded(workspace, tmp_path, content, "p.csv")[0].notes == ()


def test_words_inside_json_are_taken_out_and_that_is_said(workspace: Workspace, tmp_path: Path) -> None:
    texts = [
        '{"text":"words said"}',
        '{"text":"hello "},{"text":"@bob","mention":{"id":"UC"}},{"text":"\\n"}',
        '{"text": 5}',
        '{"text":"x"} is JSON',
    ]
    posts = [{"id": str(n), "created_at": AT, "text": text} for n, text in enumerate(texts)]
    report, found = loaded(workspace, tmp_path, jsonl_of(*posts), "p.jsonl")
    assert [post["text"] for post in found] == ["words said", "hello @bob\n", *texts[2:]]
    assert report.notes == ('2 texts were written as JSON, like {"text": "words"}; the words in it were taken.',)


def test_a_number_of_milliseconds_with_decimals_may_be_of_stata(workspace: Workspace, tmp_path: Path) -> None:
    import pyarrow as pa

    from tests.posts.making import parquet_of

    moment = datetime(2014, 1, 2, tzinfo=UTC).timestamp() * 1_000
    for kind, told in ((pa.float64(), True), (pa.int64(), False)):
        content = parquet_of({"id": ["1"], "text": ["some words"], "created_at": pa.array([int(moment)]).cast(kind)})
        notes = loaded(workspace, tmp_path, content, f"{told}.parquet")[0].notes
        assert any("Stata" in note for note in notes) == told


# --- lists of posts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"posts": [{"no": n, "com": words} for n, words in enumerate(WORDS)]}, ".posts[]"),
        ({"type": "Page", "orderedItems": [{"id": w, "object": {"content": w}} for w in WORDS]}, ".orderedItems[]"),
        ({"took": 1, "hits": {"hits": [{"_id": "1", "_source": {"text": words}} for words in WORDS]}}, ".hits.hits[]"),
    ],
)
def test_a_document_with_posts_in_a_list_is_refused_whatever_is_mapped(
    document: dict[str, Any], path: str, workspace: Workspace, tmp_path: Path
) -> None:
    columns = {"text": "posts.0.com"} if "posts" in document else {}
    with pytest.raises(Refused) as refused:
        loaded(workspace, tmp_path, jsonl_of(document), "p.json", columns=columns)
    assert f"jq -c '{path}'" in str(refused.value)


def test_a_post_with_described_pictures_is_a_post(workspace: Workspace, tmp_path: Path) -> None:
    pictures = [{"url": f"https://example.org/{n}", "alt": words} for n, words in enumerate(WORDS)]
    post = {"id": "1", "created_at": AT, "text": "words of it", "media": pictures}
    assert loaded(workspace, tmp_path, jsonl_of(post), "p.jsonl")[0].accepted == 1


def test_the_first_of_several_texts_is_not_taken_for_all(workspace: Workspace, tmp_path: Path) -> None:
    pages = [{"page": n, "posts": [{"no": 1, "com": "one or two"}, {"no": 2, "com": f"three {n}"}]} for n in range(5)]
    with pytest.raises(Refused, match=r"5 records hold several texts .* jq -c '\.posts\[\]'"):
        loaded(workspace, tmp_path, jsonl_of(*pages), "p.jsonl", columns={"text": "posts.0.com"})


@pytest.mark.parametrize(
    "document",
    [
        {"id": {"0": "1", "1": "2"}, "text": {"0": "words", "1": "more words"}},
        {"columns": ["id", "text"], "index": [0, 1], "data": [["1", "words"], ["2", "more words"]]},
    ],
)
def test_a_table_by_columns_is_refused_with_how_to_write_it(
    document: dict[str, Any], workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="orient='records', lines=True"):
        loaded(workspace, tmp_path, json.dumps(document).encode(), "p.json")


# --- times that are not read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2024-01-02T11:11:12+01:00[Europe/Berlin]", "it names a zone, Europe/Berlin"),
        ("2024-01-02 11:11:12.000 Europe/Berlin", "it names a zone, Europe/Berlin"),
        ("Jan  2 2024 10:11AM", "write such times like 2024-05-01T10:00:00Z"),
    ],
)
def test_a_time_that_is_not_read_is_refused_with_how_to_write_it(
    written: str, said: str, workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(Refused) as refused:
        loaded(workspace, tmp_path, f"id,created_at,text\n1,{written},words of it\n".encode(), "p.csv")
    assert said in str(refused.value)


@pytest.mark.parametrize("shown", ["author_name", "nickname", "display_name", "user.name"])
def test_names_that_people_show_are_taken_for_want_of_better_and_that_is_told(
    shown: str, workspace: Workspace, tmp_path: Path
) -> None:
    lines = [f"{n},{AT},Ann,{words}" for n, words in enumerate(WORDS)]
    report, posts = loaded(workspace, tmp_path, "\n".join([f"id,created_at,{shown},text", *lines, ""]).encode())
    assert {post["author_id"] for post in posts} == {"Ann"}
    assert [note for note in report.notes if f"told apart by '{shown}', the name that they show" in note]


@pytest.mark.parametrize(("one_per_post", "told"), [(True, True), (False, False)])
def test_a_column_that_sees_several_accounts_in_the_one_taken_is_named(
    one_per_post: bool, told: bool, workspace: Workspace, tmp_path: Path
) -> None:
    lines = [f"{n},{AT},UC1,ann{n * one_per_post},{words}" for n, words in enumerate(WORDS)]
    report, _ = loaded(workspace, tmp_path, "\n".join(["id,created_at,channel_id,author,text", *lines, ""]).encode())
    assert bool([note for note in report.notes if "say --map author_id='author'" in note]) == told


def test_of_ids_and_handles_nothing_is_said(workspace: Workspace, tmp_path: Path) -> None:
    lines = [f"{n},{AT},7,ann{n},{words}" for n, words in enumerate(WORDS)]
    for names in ("user_id,username", "username,author_name"):
        content = "\n".join([f"id,created_at,{names},text", *lines, ""]).encode()
        assert not loaded(workspace, tmp_path, content)[0].notes
