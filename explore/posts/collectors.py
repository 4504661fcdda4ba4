"""Exports of the tools that collect posts for research."""

from __future__ import annotations

from explore.posts.paths import Preset

# The order counts: the first whose needs are all there is taken.
COLLECTORS: tuple[Preset, ...] = (
    Preset(
        "TikTok items as captured by Zeeschuimer",
        ("id", "desc", "createTime", "stats.diggCount"),
        {
            "post_id": "id",
            "created_at": "createTime",
            "text": "desc",
            "author_id": "author.uniqueId | author",
            "lang": "textLanguage",
            "region": "locationCreated",
            "views": "stats.playCount",
            "shares": "stats.shareCount",
            "likes": "stats.diggCount",
            "replies": "stats.commentCount",
            "media_id": "music.id",
        },
    ),
    Preset(
        "4CAT export of TikTok posts",
        ("id", "thread_id", "body", "author", "timestamp", "plays", "music_id"),
        {
            "post_id": "id",
            "created_at": "unix_timestamp | timestamp",
            "text": "body",
            "author_id": "author",
            "region": "location_created",
            "views": "plays",
            "shares": "shares",
            "likes": "likes",
            "replies": "comments",
            "url": "tiktok_url",
            "media_id": "music_id",
        },
    ),
    Preset(
        "4CAT export of Telegram messages",
        ("id", "thread_id", "body", "author_is_bot", "timestamp"),
        {
            "post_id": "thread_id + id",  # message numbers start anew in every channel
            "created_at": "unix_timestamp | timestamp",
            "text": "body",
            "author_id": "author | thread_id",  # a channel's own messages name no author
            "views": "views",
            "shares": "forwards",
            "url": "link_attached",
        },
    ),
    Preset(
        "4CAT export of X/Twitter posts",
        ("id", "thread_id", "body", "author", "timestamp", "retweet_count"),
        {
            "post_id": "id",
            "created_at": "unix_timestamp | timestamp",
            "text": "body",
            "author_id": "author_id | author",
            "lang": "language_guess",
            "views": "impression_count",
            "shares": "retweet_count",
            "likes": "like_count",
            "replies": "reply_count",
            "url": "link",
        },
    ),
    Preset(
        "4CAT export of Bluesky posts",
        ("id", "thread_id", "body", "author", "timestamp", "repost_count"),
        {
            "post_id": "id",
            "created_at": "created_at | timestamp",
            "text": "body",
            "author_id": "author_id | author",
            "lang": "languages",
            "shares": "repost_count",
            "likes": "like_count",
            "replies": "reply_count",
            "url": "link",
        },
    ),
    Preset(
        "4CAT export",
        ("id", "thread_id", "body", "author", "timestamp"),
        {
            "post_id": "id",
            "created_at": "unix_timestamp | timestamp",
            "text": "subject + body",
            "author_id": "author_id | author",
            "lang": "language",
            "region": "country_code",
            "views": "views",
            "shares": "shares",
            "likes": "likes | score",
            "replies": "comments | num_comments",
            "url": "url | link",
        },
    ),
    *(
        Preset(
            "CrowdTangle export of Facebook posts",
            (account, "Facebook Id", "Post Created", "Message"),
            {
                "created_at": "Post Created",
                "text": "Message",
                "author_id": "Facebook Id",
                "region": "Page Admin Top Country",
                "views": "Post Views",
                "shares": "Shares",
                "likes": "Likes",
                "replies": "Comments",
                "url": "URL",
            },
        )
        for account in ("User Name", "Page Name", "Group Name")
    ),
    Preset(
        "Telegram messages (Telethon)",
        ("id", "date", "message", "peer_id.channel_id"),
        {
            "post_id": "peer_id.channel_id + id",  # message numbers start anew in every channel
            "created_at": "date",
            "text": "message",
            "author_id": "from_id.user_id | peer_id.channel_id",
            "views": "views",
            "shares": "forwards",
            "replies": "replies.replies",
            "url": "media.webpage.url",
            "media_id": "media.document.id | media.photo.id",
        },
    ),
    *(
        Preset(
            "Telegram messages (flat)",
            ("id", "date", "message", channel),
            {
                "post_id": f"{channel} + id",
                "created_at": "date",
                "text": "message",
                "author_id": f"from_id | sender_id | {channel}",
                "views": "views",
                "shares": "forwards",
                "replies": "replies",
            },
        )
        for channel in ("channel_id", "chat_id", "peer_id", "channel", "chat")
    ),
)
