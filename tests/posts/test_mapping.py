from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from explore.errors import Refused
from explore.posts.mapping import changed, corrected, detect, require_text
from explore.posts.readers import preview
from explore.posts.sample import samples
from explore.posts.schema import FIELD_NAMES
from explore.settings import Workspace
from tests.posts.making import jsonl_of, loaded, saved, written

AT = datetime(2024, 5, 1, 10, tzinfo=UTC)
EPOCH = int(AT.timestamp())

TIKTOK = {
    "id": 7213456789012345678,
    "video_description": "a dance #fyp",
    "create_time": EPOCH,
    "username": "dancer",
    "region_code": "DE",
    "view_count": 500,
    "like_count": 40,
    "share_count": 3,
    "comment_count": 2,
    "music_id": 6912345678901234567,
    "hashtag_names": ["fyp"],
    "voice_to_text": "hello",
}
COMMENT = {
    "id": 71,
    "video_id": 7213,
    "text": "nice one",
    "create_time": EPOCH,
    "like_count": 4,
    "reply_count": 1,
    "parent_comment_id": 7213,
}
TWEET_V2 = {
    "id": "1520000000000000001",
    "text": "short form…",
    "note_tweet": {"text": "the long form of a post"},
    "created_at": "2024-05-01T10:00:00.000Z",
    "author_id": "12",
    "lang": "pt",
    "public_metrics": {
        "retweet_count": 3,
        "reply_count": 2,
        "like_count": 40,
        "quote_count": 0,
        "impression_count": 500,
    },
    "entities": {"urls": [{"url": "https://t.co/x", "expanded_url": "https://example.org/a"}]},
}
TWEET_V1 = {
    "id": 1520000000000000001,
    "id_str": "1520000000000000001",
    "created_at": "Wed May 01 10:00:00 +0000 2024",
    "full_text": "an archived tweet",
    "user": {"id_str": "12", "screen_name": "someone"},
    "favorite_count": 40,
    "retweet_count": 3,
    "lang": "und",
}
ZEESCHUIMER = {
    "id": "7213",
    "desc": "captured",
    "createTime": EPOCH,
    "author": {"uniqueId": "dancer", "id": "1"},
    "stats": {"diggCount": 40, "shareCount": 3, "commentCount": 2, "playCount": 500},
    "music": {"id": "69"},
}
FOURCAT = {"id": "1", "thread_id": "chan", "timestamp": "2024-05-01 10:00:00", "body": "from 4CAT", "author": "me"}
TELETHON = {
    "_": "Message",
    "id": 5023,
    "peer_id": {"_": "PeerChannel", "channel_id": 1496437368},
    "date": "2024-05-01T10:00:00+00:00",
    "message": "to the channel",
    "from_id": None,
    "views": 500,
    "forwards": 3,
    "replies": {"replies": 2},
}
BLUESKY = {
    "uri": "at://did:plc:abc/app.bsky.feed.post/3k",
    "cid": "bafy",
    "author": {"did": "did:plc:abc", "handle": "me.bsky.social"},
    "record": {"text": "hello sky", "createdAt": "2024-05-01T10:00:00.000Z", "langs": ["pt", "en"]},
    "likeCount": 40,
    "repostCount": 3,
    "replyCount": 2,
    "indexedAt": "2024-05-01T10:00:01.000Z",
}
JETSTREAM = {
    "did": "did:plc:abc",
    "time_us": EPOCH * 10**6,
    "kind": "commit",
    "commit": {
        "rev": "3k",
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": "3kxyz",
        "record": {"text": "hello stream", "createdAt": "2024-05-01T10:00:00Z", "langs": ["pt"]},
    },
}

COUNTS = {"views": 500, "shares": 3, "likes": 40, "replies": 2}
EXPORTS: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "TikTok videos": (
        TIKTOK,
        "TikTok Research API videos",
        COUNTS
        | {"post_id": "7213456789012345678", "text": "a dance #fyp", "author_id": "dancer", "region": "DE"}
        | {"media_id": "6912345678901234567"},
    ),
    "TikTok comments": (
        COMMENT,
        "TikTok Research API comments",
        {"post_id": "71", "text": "nice one", "likes": 4, "replies": 1, "author_id": None, "media_id": None},
    ),
    "Zeeschuimer": (
        {"item_id": "7213", "source_platform": "tiktok.com", "data": ZEESCHUIMER},
        "TikTok items as captured by Zeeschuimer",
        COUNTS | {"post_id": "7213", "text": "captured", "author_id": "dancer", "media_id": "69"},
    ),
    "4CAT NDJSON": (
        ZEESCHUIMER | {"__import_meta": {"source_platform": "tiktok.com"}},
        "TikTok items as captured by Zeeschuimer",
        COUNTS | {"post_id": "7213", "text": "captured", "author_id": "dancer"},
    ),
    "4CAT TikTok": (
        FOURCAT
        | {"unix_timestamp": EPOCH, "plays": 500, "likes": 40, "shares": 3, "comments": 2, "music_id": "69"}
        | {"tiktok_url": "https://tiktok.com/@me/video/1"},
        "4CAT export of TikTok posts",
        COUNTS | {"post_id": "1", "text": "from 4CAT", "media_id": "69", "url": "https://tiktok.com/@me/video/1"},
    ),
    "4CAT Telegram": (
        FOURCAT | {"author": "", "author_is_bot": "no", "views": 500, "forwards": 3},
        "4CAT export of Telegram messages",
        {"post_id": "chan_1", "text": "from 4CAT", "author_id": "chan", "views": 500, "shares": 3},
    ),
    "4CAT X": (
        FOURCAT | {"author_id": "12", "retweet_count": 3, "like_count": 40, "reply_count": 2, "language_guess": "pt"},
        "4CAT export of X/Twitter posts",
        {"post_id": "1", "author_id": "12", "shares": 3, "likes": 40, "replies": 2, "lang": "pt"},
    ),
    "4CAT Bluesky": (
        FOURCAT | {"author_id": "did:1", "repost_count": 3, "like_count": 40, "reply_count": 2, "languages": "pt,en"},
        "4CAT export of Bluesky posts",
        {"post_id": "1", "author_id": "did:1", "shares": 3, "likes": 40, "replies": 2, "lang": "pt"},
    ),
    "4CAT anything": (
        FOURCAT | {"subject": "a subject"},
        "4CAT export",
        {"post_id": "1", "author_id": "me", "text": "a subject\n\nfrom 4CAT"},
    ),
    "X v2": (
        TWEET_V2,
        "X/Twitter API v2 posts",
        COUNTS
        | {"post_id": "1520000000000000001", "text": "the long form of a post", "author_id": "12", "lang": "pt"}
        | {"url": "https://example.org/a"},
    ),
    "X v2, each in data": ({"data": TWEET_V2}, "X/Twitter API v2 posts", COUNTS | {"post_id": "1520000000000000001"}),
    "archived tweets": (
        TWEET_V1,
        "archived tweets (X/Twitter API v1.1)",
        {"post_id": "1520000000000000001", "text": "an archived tweet", "author_id": "12", "lang": "und", "shares": 3}
        | {"likes": 40},
    ),
    "account archive": (
        {"tweet": {k: v for k, v in TWEET_V1.items() if k != "user"}},
        "X/Twitter account archive",
        {"post_id": "1520000000000000001", "text": "an archived tweet", "author_id": None, "likes": 40},
    ),
    "Reddit submissions": (
        {"id": "abc", "title": "A title", "selftext": "and a body", "created_utc": EPOCH, "author": "me", "score": -5}
        | {"num_comments": 2, "subreddit": "news", "url": "https://example.org/a"},
        "Reddit submissions (Pushshift)",
        {"post_id": "abc", "text": "A title\n\nand a body", "author_id": "me", "likes": -5, "replies": 2},
    ),
    "Reddit comments": (
        {"id": "def", "body": "a comment", "created_utc": f"{EPOCH}", "author": "me", "score": 40, "subreddit": "news"},
        "Reddit comments (Pushshift)",
        {"post_id": "def", "text": "a comment", "author_id": "me", "likes": 40},
    ),
    "Telethon": (
        TELETHON,
        "Telegram messages (Telethon)",
        {"post_id": "1496437368_5023", "text": "to the channel", "author_id": "1496437368", "views": 500, "shares": 3}
        | {"replies": 2},
    ),
    "flat Telegram": (
        {
            "id": 5,
            "channel_id": 12,
            "date": "2024-05-01 10:00:00+00:00",
            "message": "flat",
            "views": 500,
            "forwards": 3,
        },
        "Telegram messages (flat)",
        {"post_id": "12_5", "text": "flat", "author_id": "12", "views": 500, "shares": 3},
    ),
    "Bluesky": (
        BLUESKY,
        "Bluesky posts",
        {"post_id": BLUESKY["uri"], "text": "hello sky", "author_id": "did:plc:abc", "lang": "pt", "shares": 3}
        | {"likes": 40, "replies": 2},
    ),
    "Jetstream": (
        JETSTREAM,
        "Bluesky Jetstream events",
        {"post_id": "did:plc:abc_3kxyz", "text": "hello stream", "author_id": "did:plc:abc", "lang": "pt"},
    ),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_recognised_by_its_shape(name: str, workspace: Workspace, tmp_path: Path) -> None:
    record, preset, wanted = EXPORTS[name]
    assert detect(preview(saved(tmp_path, jsonl_of(record), "export.jsonl"))).preset == preset
    report, posts = loaded(workspace, tmp_path, jsonl_of(record), "export.jsonl")
    assert report.accepted == 1
    assert posts[0]["created_at"] == AT
    assert {field: posts[0][field] for field in wanted} == wanted


def test_a_csv_export_is_recognised_as_well(workspace: Workspace, tmp_path: Path) -> None:
    flat = {key: json.dumps(value) if isinstance(value, list) else value for key, value in TIKTOK.items()}
    _, posts = loaded(workspace, tmp_path, written(list(flat), [flat], "csv"), "tiktok.csv")
    assert (posts[0]["post_id"], posts[0]["views"], posts[0]["created_at"]) == ("7213456789012345678", 500, AT)


def test_a_reddit_post_without_body_is_its_title(workspace: Workspace, tmp_path: Path) -> None:
    record = {"id": "abc", "title": "A title", "selftext": "", "created_utc": EPOCH}
    _, posts = loaded(workspace, tmp_path, jsonl_of(record), "reddit.ndjson")
    assert posts[0]["text"] == "A title"


def columns_of(path: Path) -> dict[str, str]:
    return detect(preview(path)).columns


def test_columns_are_known_by_usual_names(tmp_path: Path) -> None:
    content = b"Tweet ID,Date-Time,Full Text,User Name,Language,Retweets,Favorites\n1,2024-05-01,some words,me,en,1,2\n"
    assert columns_of(saved(tmp_path, content)) == {
        "post_id": "Tweet ID",
        "created_at": "Date-Time",
        "text": "Full Text",
        "author_id": "User Name",
        "lang": "Language",
        "shares": "Retweets",
        "likes": "Favorites",
    }


def test_columns_with_odd_names_are_known_by_content(tmp_path: Path) -> None:
    content = b"a,b,c\n" + b"".join(
        b"15200000000000000%02d,some words of a post %d,2024-05-01 10:00\n" % (n, n) for n in range(9)
    )
    mapping = detect(preview(saved(tmp_path, content)))
    assert mapping.columns == {"post_id": "a", "created_at": "c", "text": "b"}
    assert set(mapping.how.values()) == {"content"}


def test_a_person_can_correct_the_mapping(workspace: Workspace, tmp_path: Path) -> None:
    content = b"id,text,body,views\n1,short,the long one,12\n"
    _, posts = loaded(workspace, tmp_path, content, columns={"text": "body", "views": "", "url": "text"})
    assert (posts[0]["text"], posts[0]["views"], posts[0]["url"]) == ("the long one", None, "short")
    _, posts = loaded(workspace, tmp_path, content, columns={"text": "text + body"})
    assert posts[0]["text"] == "short\n\nthe long one"


def test_what_a_person_changed_makes_the_mapping_again_and_leaves_guesses_guesses(tmp_path: Path) -> None:
    rows = "".join(f"{n},some words of a post {n},2024-05-01 10:00,0{n}\n" for n in range(9))
    shown = preview(saved(tmp_path, f"id,odd,at,likes\n{rows}".encode()))
    found = detect(shown)
    assert changed(found, shown) == {}
    mine = corrected(found, shown, {"created_at": "at", "likes": "", "region": "likes"})
    assert changed(mine, shown) == {"created_at": "at", "likes": "", "region": "likes"}
    again = corrected(detect(shown), shown, changed(mine, shown))
    assert again == mine
    assert (again.how["text"], again.how["created_at"]) == ("content", "you")


def test_a_wrong_correction_names_what_there_is(tmp_path: Path) -> None:
    shown = preview(saved(tmp_path, b"id,message_text\n1,some words\n"))
    with pytest.raises(Refused, match="no column 'mesage_text'; it has 'message_text'"):
        corrected(detect(shown), shown, {"text": "mesage_text"})
    with pytest.raises(Refused, match="no field 'autor'; the fields are post_id, created_at"):
        corrected(detect(shown), shown, {"autor": "id"})


def test_no_text_column_names_the_candidates(tmp_path: Path) -> None:
    shown = preview(saved(tmp_path, b"id,amount\n1,12\n2,13\n"))
    with pytest.raises(Refused, match=r"--map text=COLUMN with one of '(?:amount', 'id|id', 'amount)'"):
        require_text(detect(shown), shown)


def test_a_column_may_have_signs_in_its_name(workspace: Workspace, tmp_path: Path) -> None:
    content = b"id, text + more,text,more\n1,as it stands,no,no\n"
    _, posts = loaded(workspace, tmp_path, content, columns={"text": " text + more"})
    assert posts[0]["text"] == "as it stands"


def test_samples_show_three_different_values(tmp_path: Path) -> None:
    shown = preview(saved(tmp_path, b"id,text\n1,a\n2,a\n3,\n4,b\n5,c\n6,d\n"))
    assert samples(shown, detect(shown), key=b"k") == {"post_id": ["1", "2", "3"], "text": ["a", "b", "c"]}


def test_a_mapping_keeps_our_order_and_says_what_is_left(tmp_path: Path) -> None:
    mapping = detect(preview(saved(tmp_path, b"text,id,mood\nwords,1,good\n")))
    assert list(mapping.columns) == [name for name in FIELD_NAMES if name in mapping.columns]
    assert mapping.unused == ("mood",)
