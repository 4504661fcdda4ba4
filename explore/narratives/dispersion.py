"""How much narratives vary from window to window without anything new, and what growth looks like beside that.

Counts vary more than chance alone makes them: weekdays, hours, news, people who talk to each other. A gamma-Poisson
(negative binomial) count with mean m has the variance m + alpha m^2. Its alpha is pooled over the narratives of the
snapshot from the windows before the one that is tested. Given the sum of both periods, such a count is beta-binomial;
without over-dispersion (alpha = 0) that is the conditional binomial test of Przyborowski & Wilenski 1940.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ROUNDS = 3
MOST_KURTOSIS = 3.0  # beyond it the approximation of the median overshoots (simulated for alpha up to 1)
MOST_ALPHA = 10.0  # beyond it hardly any growth could be told, and the interval would have no end
POISSON = 1e-6  # below this the two models agree to the last digit shown, and the gamma functions lose digits


@dataclass(frozen=True)
class Dispersion:
    """Over-dispersion `alpha` of a count with mean m: its variance is m + alpha m^2; 0 = Poisson."""

    alpha: float = 0.0

    @classmethod
    def pooled(cls, units: Ints, active: Ints) -> Dispersion:
        """From past windows: `units` of shape (narratives, windows), `active` units of shape (windows,).

        Each narrative gives a moment estimate of alpha; pooled is their median, weighted by how much each can tell and
        corrected for the skew of such estimates, at least 0. The median, because a narrative that was an event in the
        past is no measure of how much ordinary ones vary; others may be half of the evidence without moving it far.
        """
        share = active / max(1, active.sum())
        total = units.sum(axis=1, keepdims=True, dtype=np.float64)
        expected = total * share
        excess = ((units - expected) ** 2 - expected * (1 - share)).sum(axis=1)
        squares = share**2 * total * (total - 1)  # unbiased for the squared mean of a Poisson count
        scale = (squares * (1 - 2 * share) + share**2 * squares.sum(axis=1, keepdims=True)).sum(axis=1)
        told = scale > 0
        if not told.any():
            return cls()
        mean = squares.sum(axis=1)[told] / total[told, 0]
        own, alpha = excess[told] / scale[told], 0.0
        for _ in range(ROUNDS):  # weights and skew depend on alpha, mildly
            weight = scale[told] / (mean + 2 * (mean + alpha * mean**2) ** 2)
            centre = _median_of_squares(units.shape[1] - 1, kurtosis=min(MOST_KURTOSIS, 6 * alpha))
            alpha = max(0.0, _weighted_median(((1 + own * mean) / centre - 1) / mean, weight))
        return cls(min(alpha, MOST_ALPHA))

    def tail(self, now: Ints, base: Ints, *, share: float, windows: int) -> Floats:
        """Chance of `now` or more of the now + base units in the window if nothing changed, shape as `now`.

        `share`: the window's part of all active units; `windows`: how many windows there are with the baseline's.
        """
        from scipy import stats

        if self.alpha < POISSON:
            return np.asarray(stats.binom.sf(now - 1, now + base, share))
        size = windows / self.alpha
        return _beta_binomial_tail(now, base, share * size, (1 - share) * size)

    def interval(self, now: Ints, base: Ints, *, share: float, windows: int, level: float) -> tuple[Floats, Floats]:
        """Lower and upper end of the rate ratio, each missed with probability `level` / 2, shape as `now`.

        Jeffreys' interval of the Poisson part and the F interval of the ratio of two gamma means, put together by their
        distances from the estimate on the log scale (MOVER, Zou & Donner 2008).
        """
        from scipy import stats

        half = level / 2
        odds = np.log((1 - share) / share)
        estimate = np.log((now + 0.5) / (base + 0.5)) + odds
        low, high = (_log_odds(stats.beta.ppf(q, now + 0.5, base + 0.5)) + odds for q in (half, 1 - half))
        if self.alpha < POISSON:
            return np.exp(low), np.exp(high)
        freedom = 2 / self.alpha, 2 * (windows - 1) / self.alpha
        low = estimate - np.hypot(estimate - low, np.log(stats.f.ppf(1 - half, *freedom)))
        high = estimate + np.hypot(high - estimate, np.log(stats.f.ppf(half, *freedom)))
        return np.exp(low), np.exp(high)


def _beta_binomial_tail(now: Ints, base: Ints, a: float, b: float) -> Floats:
    """P(X >= now) of beta-binomials with now + base draws: the sum over 0..base units in the baseline."""
    from scipy.special import betaln, gammaln

    terms = base + 1
    ends = np.cumsum(terms)
    row = np.repeat(np.arange(len(now)), terms)
    before = np.arange(len(row)) - np.repeat(ends - terms, terms)
    total = (now + base)[row]
    log = gammaln(total + 1) - gammaln(before + 1) - gammaln(total - before + 1)
    log += betaln(total - before + a, before + b) - betaln(a, b)
    tail = np.add.reduceat(np.exp(log), ends - terms) if len(row) else np.empty(0)
    return np.minimum(1.0, np.where(now == 0, 1.0, tail))


def _median_of_squares(freedom: int, *, kurtosis: float) -> float:
    """Median over mean of a sum of squared deviations, as of a chi squared of the same spread (Wilson & Hilferty)."""
    return (1 - (2 + kurtosis) / (9 * freedom)) ** 3


def _log_odds(share: Floats) -> Floats:
    return np.asarray(np.log(share) - np.log1p(-share))


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])
