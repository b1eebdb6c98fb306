"""Which shortest path is reported when several are equally short; distances alone decide.

An arc ``u -> v`` is tight if ``distance[u] + weight == distance[v]``. Without negative weights the
predecessor is the smallest ``u`` with a tight arc and ``distance[u] < distance[v]``. Vertices
without one (weights of 0, or too small to change the sum), and all vertices of a graph with
negative weights, get the smallest ``u`` one hop nearer over tight arcs. O(n + m).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import Arrays
from .rows import Ints, arcs_of
from .watch import Watch

__all__ = ["predecessors"]


def predecessors(
    graph: Arrays,
    weight: np.ndarray[Any, Any],
    source: int,
    distance: np.ndarray[Any, Any],
    watch: Watch,
) -> Ints:
    """Of all vertices with a finite distance, except the source; -1 elsewhere."""
    parent = np.full(graph.n, -1, np.int64)
    level = np.array([source])
    negative = bool((weight < 0).any())
    if not negative:
        watch.tick()
        near, far = distance[graph.tails], distance[graph.heads]
        tight = (near < far) & (near + weight == far) & np.isfinite(far)
        tails, heads = graph.tails[tight], graph.heads[tight]
        parent[heads[::-1]] = tails[::-1]  # tails ascend: the last write is the smallest
        placed = parent >= 0
        placed[source] = True
        if not (np.isfinite(distance) & ~placed).any():
            return parent
        level = np.flatnonzero(placed)
    placed = np.zeros(graph.n, dtype=bool)
    placed[level] = True
    while len(level):
        watch.tick()
        arcs, counts = arcs_of(graph.out.indptr, level)
        tails, heads = np.repeat(level, counts), graph.heads[arcs]
        near, far = distance[tails], distance[heads]
        tight = ~placed[heads] & np.isfinite(far) & (near + weight[arcs] == far)
        if not negative:
            tight &= near == far
        tails, heads = tails[tight], heads[tight]
        parent[heads[::-1]] = tails[::-1]
        level = np.unique(heads)
        placed[level] = True
    return parent
