"""Breadth-first search by whole frontiers. O(n + m), one pass per level.

The predecessor is the smallest vertex on the level before, whatever the order of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import columns as col
from .arrays import Arrays
from .rows import Ints, arcs_of
from .watch import Watch

__all__ = ["bfs", "levels"]


def bfs(
    graph: Arrays, params: Mapping[str, Any], arrays: Mapping[str, Ints], watch: Watch
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Distances in hops from the nearest source, or from each source."""
    sources = arrays["sources"].astype(np.int64)
    depth, direction = params["max_depth"], params["direction"]
    if not params["per_source"]:
        distance, parent = levels(graph, sources, depth, direction, watch)
        return {"distance": col.hops(distance), "predecessor": col.indices(parent)}, {}
    near: list[Ints] = []
    reached: list[Ints] = []
    for number, source in enumerate(sources):
        watch.tick(number, len(sources))
        distance, _ = levels(graph, sources[number : number + 1], depth, direction, watch)
        rows = np.arange(graph.n) if params["include_unreached"] else np.flatnonzero(distance >= 0)
        reached.append(np.stack([np.full(len(rows), source), rows]))
        near.append(distance[rows])
    pairs = np.concatenate([np.zeros((2, 0), np.int64), *reached], axis=1)
    flat = np.concatenate([np.zeros(0, np.int64), *near])
    return {
        "source": col.indices(pairs[0]),
        "vertex": col.indices(pairs[1]),
        "distance": col.hops(flat),
    }, {}


def levels(
    graph: Arrays, sources: Ints, max_depth: int | None, direction: str, watch: Watch
) -> tuple[Ints, Ints]:
    """Distance and predecessor of each vertex, -1 where there is none."""
    rows = graph.rows(direction)
    distance = np.full(graph.n, -1, np.int64)
    parent = np.full(graph.n, -1, np.int64)
    frontier = np.unique(sources)
    distance[frontier] = 0
    depth, done = 0, 0
    while len(frontier) and (max_depth is None or depth < max_depth):
        done += len(frontier)
        watch.tick(done, graph.n)
        depth += 1
        arcs, counts = arcs_of(rows.indptr, frontier)
        heads = rows.indices[arcs].astype(np.int64)
        tails = np.repeat(frontier, counts)
        new = distance[heads] < 0
        heads, tails = heads[new], tails[new]
        # Tails ascend, so of several writes to one head, in reverse, the smallest is the last.
        parent[heads[::-1]] = tails[::-1]
        frontier = np.unique(heads)
        distance[frontier] = depth
    return distance, parent
