"""Core numbers: the largest k such that a vertex is in a part where all have k neighbours.

Vertices are peeled off in buckets of their degree. Degrees are those of networkx: loops do not
count, parallel edges once, in a directed graph in- and out-neighbours add. O(n + m).
Source: Batagelj and Zaversnik, "An O(m) algorithm for cores decomposition", arXiv cs/0310049.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import columns as col
from .arrays import Arrays
from .rows import Ints
from .watch import Watch

__all__ = ["core_number"]


def core_number(
    graph: Arrays, params: Mapping[str, Any], arrays: Mapping[str, Ints], watch: Watch
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Core number of each vertex."""
    del params, arrays
    n = graph.n
    u, v = graph.pairs()
    if graph.directed:
        u, v = np.concatenate([u, v]), np.concatenate([v, u])
    neighbors = v[np.argsort(u, kind="stable")].tolist()
    count = np.bincount(u, minlength=n)
    first: list[int] = [0, *np.cumsum(count).tolist()]
    core: list[int] = count.tolist()
    order_array = np.argsort(count, kind="stable")
    order: list[int] = order_array.tolist()
    place_array = np.empty(n, np.int64)
    place_array[order_array] = np.arange(n)
    place: list[int] = place_array.tolist()
    starts = np.searchsorted(count[order_array], np.arange(int(count.max(initial=0)) + 2))
    bucket: list[int] = starts.tolist()  # where each degree begins in `order`
    for done in range(n):
        watch.step(done, n)
        a = order[done]
        for b in neighbors[first[a] : first[a + 1]]:
            degree = core[b]
            if degree <= core[a]:
                continue
            # Swap with the first of its bucket, which then begins one later.
            start, here = bucket[degree], place[b]
            other = order[start]
            if other != b:
                order[start], order[here] = b, other
                place[b], place[other] = start, here
            bucket[degree] = start + 1
            core[b] = degree - 1
    return {"core_number": col.integers(core)}, {"max_core": max(core, default=0)}
