"""How much narratives vary from window to window without anything new, and what growth looks like beside that.

Counts vary more than chance alone makes them: weekdays, hours, news, people who talk to each other. A gamma-Poisson
(negative binomial) count with mean m has the variance m + alpha m^2. Given the sum over windows such counts are
Dirichlet-multinomial, and of two periods beta-binomial; without over-dispersion (alpha = 0) that is the conditional
binomial test of Przyborowski & Wilenski 1940.

Alpha comes from the windows before the one that is tested, by maximum likelihood over all narratives: each either
varies as alpha says in every window, or in all but one, an event, in which anything may have happened. So a past event
is no measure of how much narratives ordinarily vary. Each narrative's own alpha is its posterior mean: shrunk to the
pooled one, the more the less there was of it (empirical Bayes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

GRID = np.array([0.005, 0.02, 0.04, 0.07, 0.1, 0.15, 0.22, 0.33, 0.5, 0.75, 1.1, 1.6, 2.4, 3.6])
POISSON = 0.01  # an alpha below this is taken as none
EVENTS = np.array([0.0, 0.02, 0.05, 0.1, 0.2, 0.3])  # shares of narratives that had an event in the baseline
SPREADS = np.array([0.7, 1.4])  # of the narratives' own alphas around the pooled one, on the log scale
MOST_NARRATIVES = 1_000  # that the pooled values are estimated from
SAMPLED = 200  # rows that are enough to compare expectations by


@dataclass(frozen=True)
class Dispersion:
    """Over-dispersion. `pooled`: that of ordinary narratives; `own`: that of each, shape (k,). A count of mean m has
    the variance m + alpha m^2; 0 = Poisson."""

    pooled: float
    own: Floats

    @classmethod
    def none(cls, k: int) -> Dispersion:
        """Nothing varies beyond chance."""
        return cls(0.0, np.zeros(k))

    @classmethod
    def estimated(cls, units: Ints, expected: Floats, *, ordinary: NDArray[np.bool_] | None = None) -> Dispersion:
        """From past windows: `units` of shape (k, windows), and what was expected of each, in any scale per row.

        `ordinary`: shape (k,), the rows that the others are measured by; not given = all. The others get the mean of
        these.
        """
        known = _telling(units, expected) & (True if ordinary is None else ordinary)
        if units.shape[1] < 2 or not known.any():
            return cls.none(len(units))
        steady, eventful = _likelihoods(units[known], _shares(expected[known]))
        place, events, spread = _fitted(_sample(steady), _sample(eventful))
        prior = _prior(place, spread)
        weight = _mixed(steady, eventful, events) + np.log(np.maximum(prior, 1e-300))
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        own = np.full(len(units), float(prior @ GRID))
        own[known] = weight @ GRID / weight.sum(axis=1)
        return cls(_floored(GRID[place]), np.where(own < POISSON, 0.0, own))

    def tail(self, now: Ints, base: Ints, *, share: Floats, windows: int) -> Floats:
        """Chance of `now` or more of the now + base units in the window if nothing changed, shape as `now`.

        `share`: the window's part of all units to be expected, shape as `now`; `windows`: how many windows there are
        with the baseline's.
        """
        from scipy import stats

        p = np.asarray(stats.binom.sf(now - 1, now + base, share))
        wide = self.own > 0
        size = windows / self.own[wide]
        p[wide] = _beta_binomial_tail(now[wide], base[wide], share[wide] * size, (1 - share[wide]) * size)
        return p

    def interval(self, now: Ints, base: Ints, *, share: Floats, windows: int, level: float) -> tuple[Floats, Floats]:
        """Lower and upper end of the rate ratio, each missed with probability `level` / 2, shape as `now`.

        Jeffreys' interval of the Poisson part and the F interval of the ratio of two gamma means, put together by their
        distances from the estimate on the log scale (MOVER, Zou & Donner 2008).
        """
        from scipy.special import betaincinv, fdtri

        half = level / 2
        odds = np.log((1 - share) / share)
        estimate = np.log((now + 0.5) / (base + 0.5)) + odds
        low, high = (_log_odds(betaincinv(now + 0.5, base + 0.5, q)) + odds for q in (half, 1 - half))
        alpha = np.maximum(self.own, POISSON)
        freedom = 2 / alpha, 2 * (windows - 1) / alpha
        wide, narrow = (np.where(self.own > 0, np.log(fdtri(*freedom, q)), 0.0) for q in (1 - half, half))
        low = estimate - np.hypot(estimate - low, wide)
        high = estimate + np.hypot(high - estimate, narrow)
        return np.exp(low), np.exp(high)


def fit_of(units: Ints, expected: Floats) -> float:
    """Log likelihood of past windows with the alpha and the share of events that suit them best: to compare what was
    expected by. Arguments as for `Dispersion.estimated`."""
    known = np.flatnonzero(_telling(units, expected))
    if units.shape[1] < 2 or len(known) == 0:
        return 0.0
    chosen = _sample(known, SAMPLED)
    steady, eventful = _likelihoods(units[chosen], _shares(expected[chosen]), GRID[::2])
    return max(float(_mixed(steady, eventful, events).sum(axis=0).max()) for events in EVENTS[::2]) * (
        len(known) / len(chosen)
    )


def _telling(units: Ints, expected: Floats) -> NDArray[np.bool_]:
    """Rows that say something about how counts vary."""
    telling: NDArray[np.bool_] = (units.sum(axis=1) >= 2) & (expected > 0).all(axis=1)
    return telling


def _shares(expected: Floats) -> Floats:
    return np.asarray(expected / expected.sum(axis=1, keepdims=True))


def _sample(rows: NDArray[Any], most: int = MOST_NARRATIVES) -> NDArray[Any]:
    """At most so many rows, evenly from all."""
    return rows[:: -(-len(rows) // most)]


def _likelihoods(units: Ints, shares: Floats, grid: Floats = GRID) -> tuple[Floats, Floats]:
    """Log likelihood of each row at each alpha of the grid, shape (rows, grid): where all windows vary as alpha says,
    and where all but one do, that one being any of them with any count up to the row's total."""
    from scipy.special import gammaln

    total, windows = units.sum(axis=1), units.shape[1]
    factorial = gammaln(np.arange(int(total.max()) + 2) + 1.0)
    rest = total[:, None] - units
    steady, eventful = (np.empty((len(units), len(grid))) for _ in range(2))
    for i, alpha in enumerate(grid):
        size = windows / alpha
        part = shares * size
        each = np.where(units > 0, gammaln(units + part) - gammaln(part), 0.0) - factorial[units]
        every = each.sum(axis=1)
        steady[:, i] = every + factorial[total] + gammaln(size) - gammaln(total + size)
        left = size - part
        without = factorial[rest] + gammaln(left) - gammaln(rest + left) + every[:, None] - each
        most = without.max(axis=1)
        mean = np.exp(without - most[:, None]).mean(axis=1)
        eventful[:, i] = most + np.log(mean) - np.log(total + 1)
    return steady, eventful


def _fitted(steady: Floats, eventful: Floats) -> tuple[int, float, float]:
    """The most likely pooled alpha (its place in the grid), share of events, and spread."""
    sums = np.array([_mixed(steady, eventful, events).sum(axis=0) for events in EVENTS])
    first, place = np.unravel_index(int(sums.argmax()), sums.shape)
    events, best = float(EVENTS[first]), (int(place), 0.0, float(sums.max()))
    mixed = _mixed(steady, eventful, events)
    most = mixed.max(axis=1)
    likelihood = np.exp(mixed - most[:, None])
    for spread in SPREADS:
        priors = np.array([_prior(place, spread) for place in range(len(GRID))])
        totals = np.log(np.maximum(likelihood @ priors.T, 1e-300)).sum(axis=0) + most.sum()
        if totals.max() > best[2]:
            best = (int(totals.argmax()), float(spread), float(totals.max()))
    return best[0], events, best[1]


def _mixed(steady: Floats, eventful: Floats, events: float) -> Floats:
    """Log likelihood where this share of the narratives had an event."""
    if events == 0:
        return steady
    return np.asarray(np.logaddexp(np.log1p(-events) + steady, np.log(events) + eventful))


def _prior(place: int, spread: float) -> Floats:
    """How the narratives' own alphas lie on the grid around the pooled one: log-normal; without spread, all alike."""
    if spread == 0:
        return np.asarray(np.arange(len(GRID)) == place, dtype=np.float64)
    weight = np.exp(-0.5 * (np.log(GRID / GRID[place]) / spread) ** 2)
    return np.asarray(weight / weight.sum())


def _floored(alpha: float) -> float:
    return 0.0 if alpha < POISSON else float(alpha)


def _beta_binomial_tail(now: Ints, base: Ints, a: Floats, b: Floats) -> Floats:
    """P(X >= now) of beta-binomials with now + base draws: the sum over 0..base units in the baseline."""
    from scipy.special import betaln, gammaln

    terms = base + 1
    ends = np.cumsum(terms)
    row = np.repeat(np.arange(len(now)), terms)
    before = np.arange(len(row)) - np.repeat(ends - terms, terms)
    total = (now + base)[row]
    log = gammaln(total + 1) - gammaln(before + 1) - gammaln(total - before + 1)
    log += betaln(total - before + a[row], before + b[row]) - betaln(a, b)[row]
    tail = np.add.reduceat(np.exp(log), ends - terms) if len(row) else np.empty(0)
    return np.minimum(1.0, np.where(now == 0, 1.0, tail))


def _log_odds(share: Floats) -> Floats:
    return np.asarray(np.log(share) - np.log1p(-share))
