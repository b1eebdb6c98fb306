"""Distances in edges, in the order in which a search finds nodes."""

from __future__ import annotations

from itertools import repeat
from types import SimpleNamespace
from typing import Any

import networkx as nx

from parquetframe.nx_backend.dense import DenseView, Rows, view
from parquetframe.nx_backend.registry import algorithm

from .frontier import Search
from .lookup import has, pick

__all__ = [
    "has_path",
    "hop_distance",
    "hop_lengths",
    "is_worth_converting",
    "single_source_shortest_path_length",
    "single_target_shortest_path_length",
]


@algorithm()
def single_source_shortest_path_length(
    G: Any,  # noqa: N803
    source: Any,
    cutoff: float | None = None,
) -> dict[Any, int]:
    """Distance of each node that can be reached."""
    graph = view(G)
    return hop_lengths(graph, graph.successors(), source, cutoff)


@algorithm()
def single_target_shortest_path_length(
    G: Any,  # noqa: N803
    target: Any,
    cutoff: float | None = None,
) -> dict[Any, int]:
    """Distance of each node from which the target can be reached."""
    graph = view(G)
    if not has(graph, target):
        raise nx.NodeNotFound(f"Target {target} is not in G")
    return hop_lengths(graph, graph.predecessors(), target, cutoff)


def is_worth_converting(_: Any, args: SimpleNamespace) -> bool | str:
    """Advises against a conversion for a search between two nodes, which meets few others."""
    if args.source is None or args.target is None or getattr(args, "weight", None) is not None:
        return True
    return "networkx finds a path between two nodes before the graph is converted"


@algorithm(should_run=is_worth_converting)
def has_path(G: Any, source: Any, target: Any) -> bool:  # noqa: N803
    """Whether there is a path."""
    return hop_distance(view(G), source, target) is not None


def hop_lengths(
    graph: DenseView, rows: Rows, source: Any, cutoff: float | None = None
) -> dict[Any, int]:
    """Nodes within the cutoff by distance, the source first.

    Raises:
        NodeNotFound: The source is no node.
    """
    if not has(graph, source):
        raise nx.NodeNotFound(f"Source {source} is not in G")
    limit = float("inf") if cutoff is None else cutoff
    lengths = {source: 0}
    search = Search(rows, [graph.index[source]])
    level = 0
    while search.frontier and limit > level:
        level += 1
        lengths.update(zip(pick(graph.nodes, search.advance()), repeat(level), strict=False))
    return lengths


def hop_distance(graph: DenseView, source: Any, target: Any) -> int | None:
    """Edges of a shortest path, or None; searched from both ends.

    Raises:
        NodeNotFound: One of them is no node.
    """
    if not has(graph, source):
        raise nx.NodeNotFound(f"Source {source} is not in G")
    if not has(graph, target):
        raise nx.NodeNotFound(f"Target {target} is not in G")
    start, end = graph.index[source], graph.index[target]
    if start == end:
        return 0
    near, far = Search(graph.successors(), [start]), Search(graph.predecessors(), [end])
    distance = 0
    while near.frontier and far.frontier:
        if len(far.frontier) < len(near.frontier):
            near, far = far, near
        distance += 1
        if any(map(far.seen.__getitem__, near.advance())):
            return distance
    return None
