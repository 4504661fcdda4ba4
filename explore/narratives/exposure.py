"""How many units a narrative was to be expected in, given who was active and how much each posted.

Whoever posts eight times as much touches more narratives: a count of accounts grows although nothing changed but the
amount of posting. Three expectations are made for "nothing changed", and the test takes the largest share of them:

- active: every active unit is equally likely to take part, however much it posts (true where each keeps to its
  subjects);
- posting: every post is equally likely to be about the narrative (true where units post about everything), so that a
  unit with n posts takes part with 1 - (1 - p)^n. The p of a narrative is the one that expects as many units in all
  windows together as were seen: classical occupancy, the curve that ecologists rarefy along (Hurlbert 1971);
- own: those who took part before do so as often again, for what they post now, and others come to it as often as before
  (Good 1953: units seen in one window only estimate how many unseen ones come).

Active is left out as far as the baseline itself refutes it: `refuted` says which mixtures of the first two fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

BISECTIONS = 50
EXACT_POSTS = 32  # posts of a unit in a window that are told apart one by one; larger numbers go by size classes
LEAST_LOG_P, MOST_LOG_P = np.log(1e-12), np.log(1 - 1e-12)
ALL_BUT_ONE = 1 - 1e-9


@dataclass(frozen=True)
class Effort:
    """How many units made how many posts in each window.

    `posts`: distinct numbers of posts a unit made in a window, shape (v,), ascending, 1 or more; `units`: how many
    units did, shape (windows, v).
    """

    posts: Floats
    units: Ints

    @classmethod
    def of(cls, posts: Ints, window: Ints, *, windows: int) -> Effort:
        """From one entry a unit and window: its posts there, and which window."""
        distinct, code = np.unique(_classed(posts), return_inverse=True)
        v = max(1, len(distinct))
        units = np.bincount(window * v + code, minlength=windows * v).reshape(windows, v)
        return cls(distinct if len(distinct) else np.ones(1), units.astype(np.int64))

    @property
    def active(self) -> Ints:
        """Active units per window, shape (windows,)."""
        summed: Ints = self.units.sum(axis=1)
        return summed

    def expected(self, seen: Ints) -> Floats:
        """Units expected per window where every post is equally likely to be about the narrative, shape (k, windows).

        `seen`: units seen in all windows together, shape (k,); each row sums up to it.
        """
        totals, place = np.unique(seen, return_inverse=True)
        everywhere = self.units.sum(axis=0)
        low, high = np.full(len(totals), LEAST_LOG_P), np.full(len(totals), MOST_LOG_P)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            fewer = self._takes_part(middle) @ everywhere < totals
            low, high = np.where(fewer, middle, low), np.where(fewer, high, middle)
        expected = self._takes_part((low + high) / 2) @ self.units.T
        scale = totals / np.maximum(expected.sum(axis=1), 1e-300)
        return np.asarray((expected * scale[:, None])[place])

    def _takes_part(self, log_p: Floats) -> Floats:
        """Chance that a unit takes part, by its posts; shape (len(log_p), v)."""
        return np.asarray(-np.expm1(np.log1p(-np.exp(log_p))[:, None] * self.posts))


@dataclass(frozen=True)
class Taking:
    """Who took part in what: one entry for each narrative, unit and window in which the unit posted it; window 0 is the
    tested one. `posts`: shape (units, windows), how much each unit posted in all."""

    narrative: Ints
    unit: Ints
    window: Ints
    posts: Ints


def share_by_posting(effort: Effort, seen: Ints) -> Floats:
    """The tested window's share of the units seen in all windows, shape (k,), where posts decide."""
    expected = effort.expected(np.maximum(seen, 1))
    return np.asarray(expected[:, 0] / expected.sum(axis=1))


def share_by_own(taking: Taking, *, k: int) -> Floats:
    """The tested window's share where those who took part before go on as they did, shape (k,); 0 where nobody did."""
    before = taking.window > 0
    pair, windows = np.unique(taking.narrative[before] * len(taking.posts) + taking.unit[before], return_counts=True)
    narrative, unit = pair // max(1, len(taking.posts)), pair % max(1, len(taking.posts))
    earlier = taking.posts[:, 1:]
    active = (earlier > 0).sum(axis=1)
    usual = earlier.sum(axis=1) / np.maximum(active, 1)
    often = np.minimum(windows / np.maximum(active[unit], 1), ALL_BUT_ONE)
    more = taking.posts[unit, 0] / np.maximum(usual[unit], 1e-9)
    again = np.bincount(narrative, -np.expm1(np.log1p(-often) * more), minlength=k)
    seen = np.bincount(narrative, windows, minlength=k)
    once = np.bincount(narrative, windows == 1, minlength=k)
    new = once * _growth(taking.posts)
    expected = (1 - once / np.maximum(seen, 1)) * again + new
    return np.asarray(expected / np.maximum(expected + seen, 1e-300))


def _growth(posts: Ints) -> float:
    """The tested window beside all others: by its posts or by its active units, whichever is more."""
    by_posts = posts[:, 0].sum() / max(1, posts[:, 1:].sum())
    by_units = (posts[:, 0] > 0).sum() / max(1, (posts[:, 1:] > 0).sum())
    return float(max(by_posts, by_units))


def _classed(posts: Ints) -> Floats:
    """Numbers of posts, the large ones rounded to a tenth of their size."""
    large = posts > EXACT_POSTS
    steps = np.round(np.log(np.maximum(posts, 1)) * 10) / 10
    return np.where(large, np.round(np.exp(steps)), posts).astype(np.float64)
