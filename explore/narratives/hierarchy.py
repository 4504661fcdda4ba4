"""A single-linkage tree, and the clusters that HDBSCAN's excess of mass selects from it at any size.

The clusters that hdbscan's own `condense_tree` and `get_clusters` give (Campello, Moulavi & Sander 2013, "Density-based
clustering based on hierarchical density estimates", PAKDD), in a tenth of the time: what does not depend on the size is
found once, and all messages climb the tree at the same time. That is what makes it possible to try many sizes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NONE = -1


class Hierarchy:
    """The tree of m messages, shape (m - 1, 4): left, right, distance, messages; the columns of hdbscan's and scipy's.

    Nodes 0..m-1 are the messages, node m + i is what row i joins; the last node is the root.
    """

    def __init__(self, tree: Floats) -> None:
        self.messages = m = len(tree) + 1
        self._sides = tree[:, :2].astype(np.int64)
        self._parent = np.arange(m + len(tree))  # the root is its own
        self._parent[self._sides] = np.arange(m, m + len(tree))[:, None]
        self._held = np.concatenate([np.ones(m, dtype=np.int64), tree[:, 3].astype(np.int64)])
        with np.errstate(divide="ignore"):
            density = 1 / tree[:, 2]  # HDBSCAN's lambda; infinite where equals are joined
        self._density = np.concatenate([np.full(m, np.inf), density])

    def excess_of_mass(self, size: int) -> tuple[Ints, Floats]:
        """Cluster (0.., -1 = none) and strength (0-1, 0 = none) of each message; no cluster holds fewer than `size`
        messages, of which there are two at least.

        The whole is never a cluster. Strength is how long a message stays as its cluster thins out, against the one
        that stays longest.
        """
        labels, strength = np.full(self.messages, NONE), np.zeros(self.messages)
        if self.messages < 2 * size:
            return labels, strength
        heads, top = self._condensed(size)
        number = np.full(len(top), NONE)
        number[heads] = np.arange(len(heads))
        inside, births = number[top[self._parent[heads]]], self._density[self._parent[heads]]
        births[0] = 0.0
        left = self._parent[top[: self.messages]]  # the join above the largest small group around each message
        left_from, left_at = number[top[left]], self._density[left]

        mass = _mass(births, inside, self._held[heads], left_from, left_at)
        own = _selected(mass, inside)[left_from]
        member = own != NONE
        deepest = np.zeros(len(heads))
        np.maximum.at(deepest, left_from, left_at)
        np.maximum.at(deepest, inside[1:], births[1:])
        labels[member] = np.unique(own[member], return_inverse=True)[1]
        strength[member] = _share(left_at[member], deepest[own[member]])
        return labels, strength

    def _condensed(self, size: int) -> tuple[Ints, Ints]:
        """The nodes at which a cluster of at least `size` messages starts, the root first and no cluster before the one
        that it came from; and of every node the one it ends in on its way up: for a large node the start of its
        cluster, for a small one the largest small node that holds it."""
        large = self._held >= size
        parts = large[self._sides].all(axis=1)
        starts = np.zeros(len(large), dtype=bool)
        starts[self._sides[parts]] = True
        starts[-1] = True
        stays = starts | (large != large[self._parent])
        return np.flatnonzero(starts)[::-1], _climbed(np.where(stays, np.arange(len(large)), self._parent))


def _climbed(up: Ints) -> Ints:
    """Where each node ends that goes `up` again and again, until it stays."""
    while True:
        further: Ints = up[up]
        if np.array_equal(further, up):
            return up
        up = further


def _mass(births: Floats, inside: Ints, held: Ints, left_from: Ints, left_at: Floats) -> Floats:
    """Excess of mass (stability) of each cluster: over its messages, by how much density rises until they leave it.

    `births`: density at which a cluster starts; `inside`: the cluster it came from; `held`: its messages.
    """
    with np.errstate(invalid="ignore"):  # equals leave at an infinite density a cluster that started there
        alone = np.bincount(left_from, weights=left_at - births[left_from], minlength=len(births))
        together = np.bincount(inside[1:], weights=(births[1:] - births[inside[1:]]) * held[1:], minlength=len(births))
        return np.asarray(alone + together, dtype=np.float64)


def _selected(mass: Floats, inside: Ints) -> Ints:
    """Of each cluster the selected one that it is or lies in, or none: whatever has more mass, it or what it falls
    into."""
    best, below, keeps = mass.tolist(), [0.0] * len(mass), [True] * len(mass)
    from_ = inside.tolist()
    for cluster in range(len(best) - 1, 0, -1):
        if below[cluster] > best[cluster]:
            keeps[cluster], best[cluster] = False, below[cluster]
        below[from_[cluster]] += best[cluster]
    selected = [NONE] * len(best)
    for cluster in range(1, len(best)):
        above = selected[from_[cluster]]
        selected[cluster] = above if above != NONE else cluster if keeps[cluster] else NONE
    return np.array(selected, dtype=np.int64)


def _share(left_at: Floats, deepest: Floats) -> Floats:
    """How deep each message stays, against the deepest of its cluster: 1 for equals and where all leave at once."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.minimum(left_at, deepest) / deepest
    return np.where(np.isinf(left_at) | (deepest == 0), 1.0, share)
