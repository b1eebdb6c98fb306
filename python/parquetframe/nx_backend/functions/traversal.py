"""Breadth-first traversals: the edges by which vertices are found, and their layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import repeat
from types import SimpleNamespace
from typing import Any

import networkx as nx

from parquetframe.nx_backend.dense import DenseView, view
from parquetframe.nx_backend.registry import algorithm

from .frontier import Search
from .lookup import has, pick, row_of

__all__ = [
    "bfs_edges",
    "bfs_layers",
    "bfs_predecessors",
    "bfs_successors",
    "descendants_at_distance",
    "in_adjacency_order",
]

Edges = Iterator[tuple[Any, Any]]


def in_adjacency_order(_: Any, args: SimpleNamespace) -> bool | str:
    """Declines an order of neighbours that a function of Python makes."""
    if args.sort_neighbors is None:
        return True
    return "neighbors that a function of Python sorts are visited by networkx"


@algorithm(can_run=in_adjacency_order)
def bfs_edges(
    G: Any,  # noqa: N803
    source: Any,
    reverse: bool = False,
    depth_limit: int | None = None,
    sort_neighbors: Callable[[Any], Any] | None = None,
) -> Edges:
    """Edges by which a search from a node finds others."""
    del sort_neighbors
    yield from _edges(view(G), source, depth_limit, backwards=bool(reverse))


@algorithm(can_run=in_adjacency_order)
def bfs_predecessors(
    G: Any,  # noqa: N803
    source: Any,
    depth_limit: int | None = None,
    sort_neighbors: Callable[[Any], Any] | None = None,
) -> Edges:
    """Nodes that a search finds, each with the one that it is found from."""
    del sort_neighbors
    for parent, child in _edges(view(G), source, depth_limit):
        yield child, parent


@algorithm(can_run=in_adjacency_order)
def bfs_successors(
    G: Any,  # noqa: N803
    source: Any,
    depth_limit: int | None = None,
    sort_neighbors: Callable[[Any], Any] | None = None,
) -> Iterator[tuple[Any, list[Any]]]:
    """Nodes from which a search finds others, with those."""
    del sort_neighbors
    parent, children = source, []
    for tail, head in _edges(view(G), source, depth_limit):
        if tail == parent:
            children.append(head)
            continue
        yield parent, children
        parent, children = tail, [head]
    yield parent, children


@algorithm()
def bfs_layers(G: Any, sources: Any) -> Iterator[list[Any]]:  # noqa: N803
    """Nodes by their distance from the nearest source."""
    yield from _layers(view(G), sources)


@algorithm()
def descendants_at_distance(G: Any, source: Any, distance: int) -> set[Any]:  # noqa: N803
    """Nodes that are so many edges away."""
    graph = view(G)
    if not has(graph, source):
        raise nx.NetworkXError(f"The node {source} is not in the graph.")
    for number, layer in enumerate(_layers(graph, source)):
        if number == distance:
            return set(layer)
    return set()


def _edges(
    graph: DenseView, source: Any, depth_limit: int | None, *, backwards: bool = False
) -> Edges:
    number = row_of(graph, source)
    search = Search(graph.predecessors() if backwards else graph.successors(), [number])
    nodes = graph.nodes
    limit = graph.n if depth_limit is None else depth_limit
    depth = 0
    while search.frontier and depth < limit:
        children = pick(nodes, search.advance())
        # The caller's own object, which may only be equal to the node.
        parents = pick(nodes, search.parents) if depth else repeat(source)
        yield from zip(parents, children, strict=False)
        depth += 1


def _layers(graph: DenseView, sources: Any) -> Iterator[list[Any]]:
    if has(graph, sources):
        sources = [sources]
    layer = list(set(sources))  # networkx starts in the order of a set
    for source in layer:
        if not has(graph, source):
            raise nx.NetworkXError(f"The node {source} is not in the graph.")
    search = Search(graph.successors(), [graph.index[source] for source in layer])
    while layer:
        yield layer
        layer = pick(graph.nodes, search.advance())
