"""Communities by label propagation, all vertices at once.

In each round a vertex takes the most frequent label among its neighbours along out- and in-arcs;
of equally frequent ones the smallest. Loops do not count, a vertex without neighbours keeps its
label. Parts with two sides can swap labels for ever, so rounds are limited. O(m log m) per round.
Source: Raghavan, Albert, Kumara, Physical Review E 76, 2007.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import columns as col
from .arrays import Arrays
from .components import numbered
from .rows import Ints
from .watch import Watch

__all__ = ["label_propagation"]


def label_propagation(
    graph: Arrays, params: Mapping[str, Any], arrays: Mapping[str, Ints], watch: Watch
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Community of each vertex, 0..k-1; rounds, and whether the last one changed nothing."""
    del arrays
    me, other = graph.tails, graph.heads
    if graph.directed:
        me, other = np.concatenate([me, other]), np.concatenate([other, me])
    other_end = me != other  # loops do not count
    me, other = me[other_end], other[other_end]
    label = np.arange(graph.n)
    limit = params["max_iter"]
    rounds, converged = 0, False
    while rounds < limit and not converged:
        watch.tick(rounds, limit)
        new = _most_frequent(me, label[other], label)
        rounds += 1
        converged = bool(np.array_equal(new, label))
        label = new
    number, count = numbered(label)
    facts = {"iterations": rounds, "converged": converged, "communities": count}
    return {"community_id": col.integers(number)}, facts


def _most_frequent(me: Ints, seen: Ints, label: Ints) -> Ints:
    key, count = np.unique(me * len(label) + seen, return_counts=True)
    vertex, seen = np.divmod(key, len(label))
    best = np.lexsort((seen, -count, vertex))
    first = np.ones(len(best), dtype=bool)
    first[1:] = vertex[best][1:] != vertex[best][:-1]
    new = label.copy()
    new[vertex[best][first]] = seen[best][first]
    return new
