"""Shortest path lengths by weights of at least 0, in the order in which Dijkstra settles nodes."""

from __future__ import annotations

import math
from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np

from parquetframe.nx_backend.dense import DenseView, view
from parquetframe.nx_backend.registry import algorithm

from .frontier import Search
from .lookup import has, pick
from .settling import settling_order
from .weighted_rows import distances, lightest, need_plain_weights

__all__ = [
    "dijkstra_length",
    "dijkstra_lengths",
    "dijkstra_path_length",
    "multi_source_dijkstra_path_length",
    "single_source_dijkstra_path_length",
]


def _number_or_none(_: Any, args: SimpleNamespace) -> bool | str:
    cutoff = args.cutoff
    if cutoff is None or (isinstance(cutoff, (int, float)) and not math.isnan(cutoff)):
        return True
    return "cutoff is no number"


def _several(graph: Any, args: SimpleNamespace) -> bool | str:
    if not isinstance(args.sources, Collection):
        return "sources can be read once only"
    return _number_or_none(graph, args)


@algorithm()
def dijkstra_path_length(
    G: Any,  # noqa: N803
    source: Any,
    target: Any,
    weight: Any = "weight",
) -> int | float:
    """Length of a shortest path."""
    return dijkstra_length(view(G), source, target, weight)


@algorithm(can_run=_number_or_none)
def single_source_dijkstra_path_length(
    G: Any,  # noqa: N803
    source: Any,
    cutoff: float | None = None,
    weight: Any = "weight",
) -> dict[Any, int | float]:
    """Lengths of shortest paths from a node."""
    return dijkstra_lengths(view(G), {source}, weight, cutoff)


@algorithm(can_run=_several)
def multi_source_dijkstra_path_length(
    G: Any,  # noqa: N803
    sources: Collection[Any],
    cutoff: float | None = None,
    weight: Any = "weight",
) -> dict[Any, int | float]:
    """Lengths of shortest paths from the nearest of some nodes."""
    if not sources:
        raise ValueError("sources must not be empty")
    return dijkstra_lengths(view(G), sources, weight, cutoff)


def dijkstra_length(graph: DenseView, source: Any, target: Any, weight: Any) -> int | float:
    """Length of a shortest path between two nodes.

    Raises:
        NodeNotFound: The source is no node.
        NetworkXNoPath: No path, or no such target.
    """
    if not has(graph, source):
        raise nx.NodeNotFound(f"Node {source} not found in graph")
    if source == target:
        return 0
    kind = graph.kind_for(weight)
    if kind != "none":
        need_plain_weights(graph)  # before the target, which networkx looks for at the end
    start, end = graph.index[source], graph.index.get(target)
    length: int | float | None = None
    if end is not None and kind == "none":
        search = Search(graph.successors(), [start])
        level = 0
        while search.frontier and not search.seen[end]:
            search.advance()
            level += 1
        length = level if search.seen[end] else None
    elif end is not None:
        found = float(distances(graph, [start], None, backwards=False)[end])
        length = None if math.isnan(found) else int(found) if kind == "int" else found
    if length is None:
        raise nx.NetworkXNoPath(f"Node {target} not reachable from {source}")
    return length


def dijkstra_lengths(
    graph: DenseView,
    sources: Collection[Any],
    weight: Any,
    cutoff: float | None = None,
    *,
    backwards: bool = False,
) -> dict[Any, int | float]:
    """Nodes that can be reached, as Dijkstra settles them, with the lengths of shortest paths.

    Args:
        graph: The graph.
        sources: Where paths start.
        weight: Edge attribute; None: each edge counts 1.
        cutoff: Largest length that counts.
        backwards: Whether arcs are followed from head to tail.

    Raises:
        NodeNotFound: A source is no node.
    """
    for source in sources:
        if not has(graph, source):
            raise nx.NodeNotFound(f"Node {source} not found in graph")
    start: dict[int, Any] = {}
    for source in sources:
        start.setdefault(graph.index[source], source)
    lengths: dict[Any, int | float] = dict.fromkeys(start.values(), 0)
    kind = graph.kind_for(weight)
    if kind == "none":
        search = Search(graph.predecessors() if backwards else graph.successors(), start)
        level = 1
        while search.frontier and (cutoff is None or not level > cutoff):
            lengths.update(dict.fromkeys(pick(graph.nodes, search.advance()), level))
            level += 1
        return lengths
    distance = distances(graph, list(start), cutoff, backwards=backwards)
    rows = graph.incoming() if backwards else graph.out()
    order = settling_order(lightest(graph, rows), distance, list(start))[len(start) :]
    far = distance[order]
    if kind == "int":
        far = far.astype(np.int64)
    lengths.update(zip(pick(graph.nodes, order.tolist()), far.tolist(), strict=True))
    return lengths
