"""Shortest paths from one vertex, by four methods that give the same bits.

Rounding is monotone, so the least fixed point over sums from left to right is unique: it does not
matter in which order arcs are relaxed.
Sources: Dijkstra, Numerische Mathematik 1, 1959; Meyer and Sanders, "Delta-stepping", J. Algorithms
49(1), 2003; Bellman, Quarterly of Applied Mathematics 16(1), 1958.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import columns as col
from .arrays import Arrays
from .bfs import levels
from .negative_cycle import parent_cycle
from .predecessors import predecessors
from .rows import Ints, arcs_of
from .watch import Watch

__all__ = ["NegativeCycleFound", "shortest_paths"]

Floats = np.ndarray[Any, Any]

_SMALL = 20_000  # arcs up to which a heap of Python objects beats passes over arrays


class NegativeCycleFound(Exception):
    """Vertices of a cycle of negative weight, in its order; the handle puts ids in."""

    def __init__(self, vertices: list[int]) -> None:
        super().__init__(vertices)
        self.vertices = vertices


def shortest_paths(
    graph: Arrays, params: Mapping[str, Any], arrays: Mapping[str, Ints], watch: Watch
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Distance and predecessor of each vertex; hops if weights are not used."""
    source = int(arrays["source"][0])
    weight = graph.weights(use=params["weighted"])
    method = _method(graph, params, weight)
    cutoff = np.inf if params["cutoff"] is None else params["cutoff"]
    wanted = params["predecessors"]
    facts = {"method": method}
    if method == "bfs":
        depth = None if cutoff >= graph.n else int(cutoff)
        hops, parent = levels(graph, np.array([source]), depth, "out", watch)
        found = {"distance": col.hops(hops)}
        return (found | {"predecessor": col.indices(parent)} if wanted else found), facts
    if method == "dijkstra":
        distance = _dijkstra(graph, weight, source, cutoff, watch)
    elif method == "delta":
        distance = _delta(graph, weight, source, cutoff, params["delta"], watch)
    else:
        distance = _bellman_ford(graph, weight, source, cutoff, watch)
    unreached = ~np.isfinite(distance)
    if params["weighted"]:
        found = {"distance": col.floats(np.where(unreached, 0.0, distance), unreached)}
    else:
        found = {"distance": col.hops(np.where(unreached, -1.0, distance))}
    if wanted:
        parent = predecessors(graph, weight, source, distance, watch)
        found["predecessor"] = col.indices(parent)
    return found, facts


def _method(graph: Arrays, params: Mapping[str, Any], weight: Floats) -> str:
    method: str = params["method"]
    if method != "auto":
        return method
    if not params["weighted"]:
        return "bfs"
    if (weight < 0).any():
        return "bellman-ford"
    return "dijkstra" if len(graph.out.indices) <= _SMALL else "delta"


def _dijkstra(graph: Arrays, weight: Floats, source: int, cutoff: float, watch: Watch) -> Floats:
    """With a heap in which outdated entries stay. O((n + m) log m)."""
    first, heads, weights = graph.out.indptr.tolist(), graph.heads.tolist(), weight.tolist()
    distance = [np.inf] * graph.n
    distance[source] = 0.0
    heap = [(0.0, source)]
    done = 0
    while heap:
        near, u = heapq.heappop(heap)
        if near > distance[u]:
            continue
        done += 1
        watch.step(done, graph.n)
        for place in range(first[u], first[u + 1]):
            v, far = heads[place], near + weights[place]
            if far < distance[v] and far <= cutoff:
                distance[v] = far
                heapq.heappush(heap, (far, v))
    return np.array(distance)


def _delta(
    graph: Arrays, weight: Floats, source: int, cutoff: float, delta: float | None, watch: Watch
) -> Floats:
    """Buckets of width ``delta``; all arcs of a bucket's vertices are relaxed at once."""
    distance = np.full(graph.n, np.inf)
    distance[source] = 0.0
    width = _width(weight, graph.n) if delta is None else delta
    pending = np.array([source])
    settled = 0
    while len(pending):
        limit = distance[pending].min() + width
        ready = distance[pending] <= limit
        bucket, later = pending[ready], [pending[~ready]]
        settled += len(bucket)
        while len(bucket):
            watch.tick(settled, graph.n)
            changed = _relax(graph, weight, bucket, cutoff, distance)[0]
            ready = distance[changed] <= limit
            bucket = changed[ready]
            later.append(changed[~ready])
        pending = np.unique(np.concatenate(later))
        pending = pending[distance[pending] > limit]
    return distance


def _width(weight: Floats, n: int) -> float:
    """The usual choice: largest weight over average degree."""
    usable = weight[np.isfinite(weight)]
    if not len(usable) or not usable.max() > 0:
        return 1.0
    return max(float(usable.max()) * n / len(weight), float(np.finfo(float).tiny))


def _relax(
    graph: Arrays, weight: Floats, frontier: Ints, cutoff: float, distance: Floats
) -> tuple[Ints, Ints, Ints]:
    """Shorten distances along all arcs of the frontier; heads changed, and (head, tail) pairs."""
    arcs, counts = arcs_of(graph.out.indptr, frontier)
    tails, heads = np.repeat(frontier, counts), graph.heads[arcs]
    far = distance[tails] + weight[arcs]
    better = (far < distance[heads]) & (far <= cutoff)
    tails, heads, far = tails[better], heads[better], far[better]
    np.minimum.at(distance, heads, far)
    won = far == distance[heads]
    return np.unique(heads), heads[won], tails[won]


def _bellman_ford(
    graph: Arrays, weight: Floats, source: int, cutoff: float, watch: Watch
) -> Floats:
    """Rounds over the vertices that changed; a cycle of parents is a negative cycle.

    It is looked for each time n arcs have been relaxed, which costs O(log n) per arc.
    """
    distance = np.full(graph.n, np.inf)
    distance[source] = 0.0
    parent = np.full(graph.n, -1, np.int64)
    frontier = np.array([source])
    since = 0
    while len(frontier):
        watch.tick()
        since += int((graph.out.indptr[frontier + 1] - graph.out.indptr[frontier]).sum())
        frontier, heads, tails = _relax(graph, weight, frontier, cutoff, distance)
        parent[heads] = tails
        if since >= graph.n or not len(frontier):
            since = 0
            cycle = parent_cycle(parent)
            if cycle:
                raise NegativeCycleFound(cycle)
    return distance
