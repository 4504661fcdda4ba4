"""The names that columns usually go by, and what exporters wrap posts in."""

from __future__ import annotations

import re
import unicodedata

# Exporters wrap posts in one of these.
WRAPPERS = (
    "",
    "data.",
    "post.",
    "tweet.",
    "item.",
    "node.",
    "_source.",
    "attributes.",
    "value.",
    "payload.",
    "message.",
    "body.",
    "Item.",  # DynamoDB, each value behind its type
)

# Item.text.S and Item.views.N: DynamoDB's strings and numbers
TYPED = re.compile(r"(?<=.)\.[SN]$")

# Names of columns that tell accounts apart: their ids, then the handles that no two have at a time
AUTHOR_IDS = (
    "author_id", "user_id", "userid", "account_id", "from_id", "sender_id", "external_author_id", "user_id_str",
    "author_id_str", "user_rest_id", "user_legacy_id", "author_platform_id", "author_did",
    "extra_author_attributes_id", "from_user_id", "from_user_id_str", "author_meta_id",
)  # fmt: skip
HANDLES = (
    "author_username", "author_handle", "author_screen_name", "author_unique_id", "author_acct", "author_meta_name",
    "user_screen_name", "screen_name", "user_handle", "handle", "account_acct", "acct", "user_unique_id", "unique_id",
    "user_username", "account_username", "owner_username", "sender_username", "username", "from_user_name",
)  # fmt: skip
# Names that people show, which two can share and one can change
DISPLAY_NAMES = (
    "author_name", "author_display_name", "author_full_name", "user_display_name", "display_name", "author_nickname",
    "nickname", "from_user_real_name",
)  # fmt: skip

# Names that columns go by, the surest first; letters and digits only count.
NAMES: dict[str, tuple[str, ...]] = {
    "post_id": (
        "post_id", "tweet_id", "status_id", "message_id", "comment_id", "item_id", "id_str", "tweetid", "id", "uri",
        "video_id", "uuid", "guid",
    ),
    "created_at": (
        "created_at", "created_utc", "create_time", "created_time", "published_at", "publish_date", "posted_at",
        "post_date", "date_posted", "unix_timestamp", "timestamp", "datetime", "date_time", "created", "published",
        "tweet_time", "post_created", "post_created_utc", "date", "time", "ts", "fecha", "datum",
    ),
    "text": (
        "text", "full_text", "body", "message", "raw_content", "rendered_content", "content",
        "post_text", "tweet_text", "message_text", "comment_text",
        "video_description", "caption", "description", "desc", "tweet", "comment", "post", "status", "title",
        "selftext", "texto", "inhalt",
    ),
    "author_id": (
        *AUTHOR_IDS, "channel_id", *HANDLES, "author", "account", "sender", "user", "by", *DISPLAY_NAMES, "channel",
        "page_name", "post_owner_id",
    ),
    "lang": ("lang", "language", "lang_code", "language_code", "tweet_language", "languages"),
    "region": ("region", "region_code", "country_code", "country", "geo_country", "location"),
    "views": (
        "views", "view_count", "impression_count", "impressions", "plays", "play_count", "reach", "post_views",
        "views_count",
    ),
    "shares": (
        "shares", "share_count", "retweet_count", "retweets", "repost_count", "reposts", "forwards", "forward_count",
        "num_shares", "reposts_count", "reblogs_count", "reblog_count",
    ),
    "likes": (
        "likes", "like_count", "favorite_count", "favourite_count", "favorites", "favourites", "reactions",
        "reaction_count", "score", "upvotes", "ups", "num_likes", "digg_count", "likes_count",
        "favourites_count", "favorites_count", "attitudes_count",
    ),
    "replies": (
        "replies", "reply_count", "comment_count", "comments_count", "num_comments", "num_replies", "comments",
        "replies_count",
    ),
    "url": ("url", "link", "permalink", "post_url", "tweet_url", "share_url", "full_link"),
    "media_id": ("media_id", "music_id", "sound_id", "audio_id", "image_hash", "media_hash", "video_hash"),
}  # fmt: skip

# Those names of the text that nothing else goes by; "status", "comment" or "title" are often something else.
SURE_TEXTS = (
    "text", "full_text", "raw_content", "rendered_content", "body", "message", "content", "post_text", "tweet_text",
    "message_text", "comment_text", "video_description", "texto", "inhalt",
)  # fmt: skip

# Letters of Cyrillic and Greek, folded, that look like one of Latin: small, or as a capital
_LIKE_LATIN = str.maketrans("авеікмнорстухјѕһԁԛԝαβεηικμνορτυχζ", "abeikmhopctyxjshdqwabehikmvoptuxz")


def latin(name: str) -> str:
    """A name in small letters, full-width and look-alike ones as those of Latin."""
    return unicodedata.normalize("NFKC", name).casefold().translate(_LIKE_LATIN)


def plain_name(name: str) -> str:
    """The letters and digits of a name, as `latin` writes them."""
    return re.sub(r"[\W_]+", "", latin(name))
