"""Depth-first traversals, in true recursive order over the adjacency.

The kernel's clock counts arrivals and departures; all orders are read off it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from parquetframe.nx_backend.dense import DenseView, view
from parquetframe.nx_backend.registry import algorithm

from .lookup import has, one, pick, row_of
from .traversal import in_adjacency_order

__all__ = ["dfs_edges", "dfs_postorder_nodes", "dfs_predecessors", "dfs_preorder_nodes", "walk"]

_Array = np.ndarray[Any, Any]
Sort = Callable[[Any], Any] | None


def _can_run(graph: Any, args: SimpleNamespace) -> bool | str:
    limit = args.depth_limit
    if limit is not None and not isinstance(limit, int):
        return "depth_limit is no integer"
    return in_adjacency_order(graph, args)


@algorithm(can_run=_can_run)
def dfs_edges(
    G: Any,  # noqa: N803
    source: Any = None,
    depth_limit: int | None = None,
    *,
    sort_neighbors: Sort = None,
) -> Iterator[tuple[Any, Any]]:
    """Edges by which a search finds nodes."""
    del sort_neighbors
    graph = view(G)
    yield from _edges(graph, source, depth_limit)


@algorithm(can_run=_can_run)
def dfs_predecessors(
    G: Any,  # noqa: N803
    source: Any = None,
    depth_limit: int | None = None,
    *,
    sort_neighbors: Sort = None,
) -> dict[Any, Any]:
    """Nodes that a search finds, each with the one that it is found from."""
    del sort_neighbors
    return {child: parent for parent, child in _edges(view(G), source, depth_limit)}


@algorithm(can_run=_can_run)
def dfs_preorder_nodes(
    G: Any,  # noqa: N803
    source: Any = None,
    depth_limit: int | None = None,
    *,
    sort_neighbors: Sort = None,
) -> Iterator[Any]:
    """Nodes as a search arrives at them."""
    del sort_neighbors
    graph = view(G)
    if source is not None and not has(graph, source):
        hash(source)  # of what cannot be a node there is no order at all
        yield source  # networkx says where it begins before it looks for neighbours
        row_of(graph, source)
    found = walk(graph, source, depth_limit)
    order = _reached(found["discover"])
    yield from _named(graph, source, order.tolist())


@algorithm(can_run=_can_run)
def dfs_postorder_nodes(
    G: Any,  # noqa: N803
    source: Any = None,
    depth_limit: int | None = None,
    *,
    sort_neighbors: Sort = None,
) -> Iterator[Any]:
    """Nodes as a search leaves them; without those at the depth limit, which it does not enter."""
    del sort_neighbors
    graph = view(G)
    found = walk(graph, source, depth_limit)
    order = _reached(found["finish"])
    if depth_limit is not None:
        order = order[_depths(found, len(order))[order] < max(depth_limit, 1)]
    yield from _named(graph, source, order.tolist())


def walk(graph: DenseView, source: Any, depth_limit: int | None = None) -> dict[str, _Array]:
    """The kernel's columns of a search, from one node or from all.

    Raises:
        NetworkXError: The source is no node.
    """
    arrays = {} if source is None else {"sources": one(row_of(graph, source))}
    params = {
        "max_depth": None
        if depth_limit is None
        else max(int(depth_limit), 1),  # as networkx: 0 is 1
        "direction": "out",
        "sort_neighbors": False,
    }
    columns, _ = graph.run("dfs", params, arrays)
    return columns


def _edges(graph: DenseView, source: Any, depth_limit: int | None) -> Iterator[tuple[Any, Any]]:
    found = walk(graph, source, depth_limit)
    order = _reached(found["discover"])
    parent = found["predecessor"].astype(np.int64, copy=False)[order]
    inner = np.flatnonzero(found["root"][order] != order)
    heads = pick(graph.nodes, order[inner].tolist())
    tails = _named(graph, source, parent[inner].tolist())
    yield from zip(tails, heads, strict=True)


def _reached(clock: _Array) -> _Array:
    """Vertices by a time; -1 was never."""
    vertices = np.flatnonzero(clock >= 0)
    return vertices[np.argsort(clock[vertices])]


def _depths(found: dict[str, _Array], reached: int) -> _Array:
    """Steps from the root: arrivals less departures before a vertex's own."""
    clock = np.zeros(2 * reached, np.int64)
    there = found["discover"] >= 0
    clock[found["discover"][there]] = 1
    clock[found["finish"][there]] = -1
    open_ = np.cumsum(clock)
    depths = np.zeros(len(there), np.int64)
    depths[there] = open_[found["discover"][there]] - 1
    return depths


def _named(graph: DenseView, source: Any, numbers: list[int]) -> list[Any]:
    """Nodes, with the caller's own object for the source, which may only be equal to it."""
    names = pick(graph.nodes, numbers)
    if source is not None:
        start = graph.index[source]
        if graph.nodes[start] is not source:
            names = [
                source if number == start else name
                for number, name in zip(numbers, names, strict=True)
            ]
    return names
