"""Shortest path lengths by weights of any sign, in the order in which networkx first meets nodes.

That order depends on every step of its queue, in which a vertex waits while a predecessor is
queued: so the queue is played here on lists of numbers, without the search for negative cycles, for
which the kernel looks before. Without weights it is a breadth-first search.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import networkx as nx
import numpy as np

from parquetframe.errors import NegativeCycle
from parquetframe.graph.engine import Csr
from parquetframe.nx_backend.dense import DenseView, view
from parquetframe.nx_backend.registry import algorithm

from .frontier import Search
from .lookup import has, pick
from .weighted_rows import kernel_distances, lightest, need_finite_weights, weight_rows

__all__ = ["bellman_ford_length", "bellman_ford_lengths", "single_source_bellman_ford_path_length"]


@algorithm()
def single_source_bellman_ford_path_length(
    G: Any,  # noqa: N803
    source: Any,
    weight: Any = "weight",
) -> dict[Any, int | float]:
    """Lengths of shortest paths from a node."""
    graph = view(G)
    return bellman_ford_lengths(graph, source, weight)


def bellman_ford_length(graph: DenseView, source: Any, target: Any, weight: Any) -> int | float:
    """Length of a shortest path between two nodes.

    Raises:
        NodeNotFound: The source is no node.
        NetworkXNoPath: No path, or no such target.
    """
    if source == target:
        if not has(graph, source):
            raise nx.NodeNotFound(f"Node {source} not found in graph")
        return 0
    lengths = bellman_ford_lengths(graph, source, weight)
    try:
        return lengths[target]
    except KeyError as error:
        raise nx.NetworkXNoPath(f"node {target} not reachable from {source}") from error


def bellman_ford_lengths(
    graph: DenseView, source: Any, weight: Any, *, backwards: bool = False
) -> dict[Any, int | float]:
    """Nodes that can be reached, as networkx meets them, with the lengths of shortest paths.

    Raises:
        NodeNotFound: The source is no node.
        NetworkXUnbounded: A path can go round a cycle of negative length.
    """
    number = graph.index.get(source)
    if number is None:
        raise nx.NodeNotFound(f"Source {source} not in G")
    kind = graph.kind_for(weight)
    lengths: dict[Any, int | float] = {source: 0}
    if kind == "none":
        search = Search(graph.predecessors() if backwards else graph.successors(), [number])
        level = 1
        while search.frontier:
            lengths.update(dict.fromkeys(pick(graph.nodes, search.advance()), level))
            level += 1
        return lengths
    need_finite_weights(graph)
    if weight_rows(graph)[0] is not None:
        _refuse_cycles(graph, number, backwards=backwards)
    rows = graph.incoming() if backwards else graph.out()
    found = _play(lightest(graph, rows), number, whole=kind == "int")
    del found[number]
    lengths.update(zip(pick(graph.nodes, found), found.values(), strict=True))
    return lengths


def _refuse_cycles(graph: DenseView, source: int, *, backwards: bool) -> None:
    try:
        kernel_distances(graph, [source], "bellman-ford", None, backwards=backwards)
    except NegativeCycle as error:
        raise nx.NetworkXUnbounded("Negative cycle detected.") from error


def _play(rows: Csr, source: int, *, whole: bool) -> dict[int, int | float]:
    """Distances by vertex, in the order in which they were first met."""
    weights = rows.weights
    assert weights is not None  # noqa: S101 - the caller saw that there are some
    first, heads = rows.indptr.tolist(), rows.indices.tolist()
    costs = (weights.astype(np.int64) if whole else weights).tolist()
    n = len(first) - 1
    distance: list[Any] = [None] * n
    before: list[Any] = [None] * n
    distance[source], before[source] = 0, []
    met = [source]
    queued = bytearray(n)
    queued[source] = 1
    queue = deque(met)
    while queue:
        u = queue.popleft()
        queued[u] = 0
        if any(map(queued.__getitem__, before[u])):
            continue  # it comes again when that one has been looked at
        near = distance[u]
        low, high = first[u], first[u + 1]
        for v, cost in zip(heads[low:high], costs[low:high], strict=True):
            far = near + cost
            known = distance[v]
            if known is None:
                met.append(v)
            elif far >= known:
                if far == known:
                    before[v].append(u)
                continue
            distance[v] = far
            before[v] = [u]
            if not queued[v]:
                queued[v] = 1
                queue.append(v)
    return {v: distance[v] for v in met}
