"""Shares of copies and of the most active account, worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explore.narratives.amplification import copy_share, repeats, repost_share, top_author_share, unmarked_copy_share
from tests.narratives.making import ints


def test_posts_whose_message_came_from_two_accounts_are_copies() -> None:
    narrative = ints(0, 0, 0, 0, 1, 1, -1)
    message = ints(0, 0, 1, 1, 2, 2, 2)
    author = ints(5, 6, 5, 5, 5, 5, 6)
    # message 0 by two accounts; message 1 twice by one; message 2 by two, one of them outside the narrative
    assert copy_share(narrative, message, author, k=2).tolist() == [0.5, 1.0]


def test_posts_without_an_account_count_as_accounts_of_their_own() -> None:
    assert copy_share(ints(0, 0, 0), ints(0, 0, 1), ints(-1, -1, -1), k=1).tolist() == [pytest.approx(2 / 3)]
    assert copy_share(ints(0, 0), ints(0, 0), ints(-1, 3), k=1).tolist() == [1.0]


def test_a_post_that_was_only_reposted_is_no_unmarked_copy_and_one_that_was_pasted_is() -> None:
    narrative = ints(*[0] * 5, *[1] * 4, 2, 2)
    message = ints(*[0] * 5, *[1] * 4, 2, 2)
    author = ints(0, 1, 2, 3, 4, 0, 1, 2, 2, 5, -1)
    repost = np.array([0, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0], dtype=bool)
    # 0: one post, reposted four times; 1: two accounts pasted, one reposted twice; 2: pasted by somebody unknown
    assert copy_share(narrative, message, author, k=3).tolist() == [1, 1, 1]
    assert repost_share(narrative, repost, k=3).tolist() == [0.8, 0.5, 0]
    assert unmarked_copy_share(narrative, message, author, repost, k=3).tolist() == [0, 0.5, 1]


def test_a_repost_counts_as_one_where_its_original_is_not_in_the_file() -> None:
    alone = (ints(0, 0), ints(0, 1))
    assert copy_share(*alone, ints(0, 1), k=1).tolist() == [0]
    assert repost_share(ints(0, 0), np.array([True, False]), k=1).tolist() == [0.5]


def test_the_most_active_account_is_shared_out_over_all_posts_of_the_narrative() -> None:
    narrative = ints(0, 0, 0, 0, 1, 1, -1)
    author = ints(7, 7, 8, -1, 8, 7, 7)
    assert top_author_share(narrative, author, k=2).tolist() == [0.5, 0.5]


def test_a_text_posted_once_each_by_many_accounts_is_told_from_one_account_that_repeats_it() -> None:
    posts = pd.DataFrame(
        {
            "message_id": ["a", "b", "a", "b", "b", "c", "c"],
            "author_id": ["x", "z", "y", "z", "z", "x", None],
            "text": ["hello", "bye", "RT @x: hello", "bye", "bye", "ah", "ah"],
        }
    )
    found = repeats(posts)
    assert found["copies"].tolist() == [2, 3, 2, 3, 3, 2, 2]
    assert found["accounts"].tolist() == pytest.approx([2, 1, 2, 1, 1, np.nan, np.nan], nan_ok=True)
    assert found["reposts"].tolist() == [1, 0, 1, 0, 0, 0, 0]


def test_what_is_not_known_is_null() -> None:
    assert np.isnan(copy_share(ints(), ints(), ints(), k=2)).all()
    assert np.isnan(top_author_share(ints(0, 0), ints(-1, -1), k=2)).all()
    nobody = np.zeros(0, dtype=bool)
    assert np.isnan(repost_share(ints(), nobody, k=2)).all()
    assert np.isnan(unmarked_copy_share(ints(), ints(), ints(), nobody, k=2)).all()
    assert np.isnan(copy_share(ints(0), ints(0), ints(0), k=2)).tolist() == [False, True]
