"""Betweenness: the share of shortest paths between other vertices that pass a vertex.

One search per source, level by level over arrays, or with a heap where edges have weights; then
dependencies are added on the way back. Loops do not count, of parallel edges the lightest once.
O(n m), weighted O(n (m + n log n)).
Source: Brandes, "A faster algorithm for betweenness centrality", J. Math. Sociology 25(2), 2001.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import columns as col
from .arrays import Arrays
from .rows import Ints, arcs_of
from .watch import Watch

__all__ = ["betweenness"]

Floats = np.ndarray[Any, Any]


def betweenness(
    graph: Arrays, params: Mapping[str, Any], arrays: Mapping[str, Ints], watch: Watch
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Betweenness of each vertex over all sources, or scaled up from some."""
    n = graph.n
    sampled = "sources" in arrays
    sources: list[int] = (arrays["sources"] if sampled else np.arange(n)).tolist()
    search = _weighted_search(graph) if params["weighted"] else _hop_search(graph, watch)
    total = np.zeros(n)
    for number, source in enumerate(sources):
        watch.tick(number, len(sources))
        dependency, reached = search(source)
        dependency[source] = 0.0
        total += dependency
        if params["endpoints"]:
            total[reached] += 1.0
            total[source] += len(reached) - 2  # once as an end of each path, not of its own
    total *= _scale(n, sources if sampled else None, graph.directed, params)
    return {"betweenness": col.floats(total)}, {"sources": len(sources)}


def _scale(n: int, sampled: list[int] | None, directed: bool, params: Mapping[str, Any]) -> Floats:
    """What networkx 3.6 multiplies with; in a sample, sources count one pair less."""
    ends = params["endpoints"]
    others = n if ends else n - 1
    if others < 2:
        return np.ones(n)
    k = others if sampled is None else len(sampled)
    double = 1 if directed else 2

    def factor(sources: int) -> float:
        if params["normalized"]:
            return 1 / (sources * (others - 1))
        return others / (sources * double)

    scale = np.full(n, factor(k))
    if sampled is not None and not ends:
        scale[sampled] = factor(k - 1) if k > 1 else np.nan
    return scale


def _hop_search(graph: Arrays, watch: Watch) -> Callable[[int], tuple[Floats, Ints]]:
    n = graph.n
    tails, heads = graph.pairs()
    indptr = np.concatenate([[0], np.cumsum(np.bincount(tails, minlength=n))])

    def search(source: int) -> tuple[Floats, Ints]:
        level = np.full(n, -1, np.int64)
        paths = np.zeros(n)
        level[source], paths[source] = 0, 1.0
        frontier = np.array([source])
        steps: list[tuple[Ints, Ints]] = []
        reached = [frontier]
        while len(frontier):
            watch.step()
            arcs, counts = arcs_of(indptr, frontier)
            u, v = np.repeat(frontier, counts), heads[arcs]
            onward = level[v] < 0
            u, v = u[onward], v[onward]
            with np.errstate(over="ignore"):
                np.add.at(paths, v, paths[u])
            steps.append((u, v))
            frontier = np.unique(v)
            level[frontier] = len(steps)
            reached.append(frontier)
        dependency = np.zeros(n)
        shares = _shares(steps, paths) if np.isfinite(paths).all() else _wide(steps, n, source)
        for (u, v), share in zip(reversed(steps), reversed(shares), strict=True):
            np.add.at(dependency, u, share * (1.0 + dependency[v]))
        return dependency, np.concatenate(reached)

    return search


def _shares(steps: list[tuple[Ints, Ints]], paths: Floats) -> list[Floats]:
    """Of each arc on a shortest path, the share of paths to its head that come over it."""
    return [paths[u] / paths[v] for u, v in steps]


def _wide(steps: list[tuple[Ints, Ints]], n: int, source: int) -> list[Floats]:
    """The same where counts are beyond floating point: they double with every level of a grid.

    Counts are kept as a fraction and a power of two.
    """
    fraction, power = np.zeros(n), np.zeros(n, np.int64)
    fraction[source] = 1.0
    shares: list[Floats] = []
    for u, v in steps:
        heads = np.unique(v)
        power[heads] = np.iinfo(np.int64).min
        np.maximum.at(power, v, power[u])
        np.add.at(fraction, v, _scaled(fraction[u], power[u] - power[v]))
        fraction[heads], more = np.frexp(fraction[heads])
        power[heads] += more
        shares.append(_scaled(fraction[u] / fraction[v], power[u] - power[v]))
    return shares


def _scaled(values: Floats, powers: Ints) -> Floats:
    return np.asarray(np.ldexp(values, np.clip(powers, -2000, 2000).astype(np.int32)))


def _weighted_search(graph: Arrays) -> Callable[[int], tuple[Floats, Ints]]:
    n = graph.n
    weight = graph.weights(use=True)
    use = (graph.tails != graph.heads) & np.isfinite(weight)
    tails, heads, weight = graph.tails[use], graph.heads[use], weight[use]
    order = np.lexsort((weight, heads, tails))
    tails, heads, weight = tails[order], heads[order], weight[order]
    first_of_pair = np.ones(len(tails), dtype=bool)
    first_of_pair[1:] = (tails[1:] != tails[:-1]) | (heads[1:] != heads[:-1])
    tails = tails[first_of_pair]
    ends, lengths = heads[first_of_pair].tolist(), weight[first_of_pair].tolist()
    first: list[int] = [0, *np.cumsum(np.bincount(tails, minlength=n)).tolist()]

    def search(source: int) -> tuple[Floats, Ints]:
        distance = [np.inf] * n
        paths = [0] * n  # integers do not overflow
        before: list[list[int]] = [[] for _ in range(n)]
        done = [False] * n
        order: list[int] = []
        distance[source], paths[source] = 0.0, 1
        heap = [(0.0, source)]
        while heap:
            near, u = heapq.heappop(heap)
            if done[u]:
                continue
            done[u] = True
            order.append(u)
            for place in range(first[u], first[u + 1]):
                v, far = ends[place], near + lengths[place]
                if far < distance[v]:
                    distance[v], paths[v], before[v] = far, paths[u], [u]
                    heapq.heappush(heap, (far, v))
                elif far == distance[v] and not done[v]:
                    paths[v] += paths[u]
                    before[v].append(u)
        dependency = [0.0] * n
        for v in reversed(order):
            for u in before[v]:
                dependency[u] += paths[u] / paths[v] * (1.0 + dependency[v])
        return np.array(dependency), np.array(order, dtype=np.int64)

    return search
