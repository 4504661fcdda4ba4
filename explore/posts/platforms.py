"""Posts as the platforms themselves hand them out: their APIs, streams, web pages and archives of accounts."""

from __future__ import annotations

from explore.posts.paths import Preset

# The order counts: the first whose needs are all there is taken.
PLATFORMS: tuple[Preset, ...] = (
    Preset(
        "TikTok Research API videos",
        ("id", "video_description", "create_time"),
        {
            "post_id": "id",
            "created_at": "create_time",
            "text": "video_description",
            "author_id": "username",
            "region": "region_code",
            "views": "view_count",
            "shares": "share_count",
            "likes": "like_count",
            "replies": "comment_count",
            "url": "share_url",
            "media_id": "music_id",
        },
    ),
    Preset(
        "TikTok Research API comments",
        ("id", "video_id", "text", "create_time"),
        {
            "post_id": "id",
            "created_at": "create_time",
            "text": "text",
            "author_id": "username",
            "likes": "like_count",
            "replies": "reply_count",
        },
    ),
    Preset(
        "X/Twitter API v2 posts",
        ("id", "text", "public_metrics.retweet_count"),
        {
            "post_id": "id",
            "created_at": "created_at",
            "text": "note_tweet.text | text",
            "author_id": "author_id",
            "lang": "lang",
            "views": "public_metrics.impression_count",
            "shares": "public_metrics.retweet_count",
            "likes": "public_metrics.like_count",
            "replies": "public_metrics.reply_count",
            "url": "entities.urls.0.expanded_url",
            "media_id": "attachments.media_keys.0",
        },
    ),
    Preset(
        "archived tweets (X/Twitter API v1.1)",
        ("id_str", "created_at", "user.id_str"),
        {
            "post_id": "id_str",
            "created_at": "created_at",
            "text": "extended_tweet.full_text | full_text | text",
            "author_id": "user.id_str",
            "lang": "lang",
            "region": "place.country_code",
            "shares": "retweet_count",
            "likes": "favorite_count",
            "replies": "reply_count",
            "url": "entities.urls.0.expanded_url",
            "media_id": "entities.media.0.id_str",
        },
    ),
    Preset(
        "archived tweets (X/Twitter API v1.1)",
        ("id_str", "created_at", "user.screen_name"),
        {
            "post_id": "id_str",
            "created_at": "created_at",
            "text": "extended_tweet.full_text | full_text | text",
            "author_id": "user.screen_name",
            "lang": "lang",
            "shares": "retweet_count",
            "likes": "favorite_count",
            "replies": "reply_count",
        },
    ),
    Preset(
        "X/Twitter account archive",
        ("id_str", "created_at", "full_text", "favorite_count"),
        {
            "post_id": "id_str",
            "created_at": "created_at",
            "text": "full_text",
            "lang": "lang",
            "shares": "retweet_count",
            "likes": "favorite_count",
            "url": "entities.urls.0.expanded_url",
            "media_id": "entities.media.0.id_str",
        },
    ),
    Preset(
        "X/Twitter posts as the web pages receive them",
        ("rest_id", "legacy.full_text", "legacy.created_at"),
        {
            "post_id": "rest_id",
            "created_at": "legacy.created_at",
            "text": "note_tweet.note_tweet_results.result.text | legacy.full_text",
            "author_id": "legacy.user_id_str | core.user_results.result.rest_id",
            "lang": "legacy.lang",
            "views": "views.count",
            "shares": "legacy.retweet_count",
            "likes": "legacy.favorite_count",
            "replies": "legacy.reply_count",
        },
    ),
    *(
        Preset(
            "VK posts",
            ("id", "owner_id", "from_id", "date", "text", f"likes{count}"),
            {
                "post_id": "owner_id + id",  # numbers of posts start anew on every wall
                "created_at": "date",
                "text": "text",
                "author_id": "from_id",
                "views": f"views{count}",
                "shares": f"reposts{count}",
                "likes": f"likes{count}",
                "replies": f"comments{count}",
            },
        )
        for count in (".count", "")
    ),
    Preset(
        "YouTube comment threads (Data API)",
        ("id", "snippet.topLevelComment.snippet.textOriginal", "snippet.topLevelComment.snippet.publishedAt"),
        {
            "post_id": "snippet.topLevelComment.id | id",
            "created_at": "snippet.topLevelComment.snippet.publishedAt",
            "text": "snippet.topLevelComment.snippet.textOriginal",
            "author_id": "snippet.topLevelComment.snippet.authorChannelId.value",
            "likes": "snippet.topLevelComment.snippet.likeCount",
            "replies": "snippet.totalReplyCount",
        },
    ),
    Preset(
        "Reddit submissions (Pushshift)",
        ("id", "title", "selftext", "created_utc"),
        {
            "post_id": "id",
            "created_at": "created_utc",
            "text": "title + selftext | body",
            "author_id": "author",
            "likes": "score",
            "replies": "num_comments",
            "url": "url",
        },
    ),
    Preset(
        "Reddit comments (Pushshift)",
        ("id", "body", "created_utc"),
        {
            "post_id": "id",
            "created_at": "created_utc",
            "text": "body",
            "author_id": "author",
            "likes": "score",
            "url": "permalink",
        },
    ),
    Preset(
        "YouTube comments (Data API)",
        ("id", "snippet.textOriginal", "snippet.publishedAt"),
        {
            "post_id": "id",
            "created_at": "snippet.publishedAt",
            "text": "snippet.textOriginal",
            "author_id": "snippet.authorChannelId.value",
            "likes": "snippet.likeCount",
        },
    ),
    *(
        Preset(
            "Telegram Desktop export (result.json)",
            ("id", "date", "type", "text", "from_id", sign),
            {
                "post_id": "chat_id + id",  # message numbers start anew in every chat
                "created_at": "date_unixtime | date",  # the date alone is local time
                "text": "text",
                "author_id": "from_id | actor_id",
            },
        )
        for sign in ("date_unixtime", "chat_id")
    ),
    Preset(
        "Bluesky Jetstream events",
        ("did", "commit.rkey", "commit.record.text"),
        {
            "post_id": "did + commit.rkey",
            "created_at": "commit.record.createdAt",
            "text": "commit.record.text",
            "author_id": "did",
            "lang": "commit.record.langs.0",
            "url": "commit.record.embed.external.uri",
        },
    ),
    Preset(
        "Bluesky records of repositories",
        ("repo", "path", "record.text"),
        {
            "post_id": "repo + path",
            "created_at": "record.createdAt",
            "text": "record.text",
            "author_id": "repo",
            "lang": "record.langs.0",
            "url": "record.embed.external.uri",
        },
    ),
    Preset(
        "posts from Facebook's 'Download your information'",
        ("timestamp", "data.0.post"),
        {"created_at": "timestamp", "text": "data.0.post"},  # the title says who did what, as in "Bob shared a link."
    ),
    Preset(
        "Bluesky posts",
        ("uri", "record.text", "author.did"),
        {
            "post_id": "uri",
            "created_at": "record.createdAt | record.created_at",
            "text": "record.text",
            "author_id": "author.did",
            "lang": "record.langs.0",
            "shares": "repostCount | repost_count",
            "likes": "likeCount | like_count",
            "replies": "replyCount | reply_count",
            "url": "record.embed.external.uri",
        },
    ),
)
