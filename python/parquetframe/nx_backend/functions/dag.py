"""What is before and after a node, and orders in which no arc leads back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import networkx as nx
import numpy as np

from parquetframe.errors import NotADag
from parquetframe.nx_backend.dense import DenseView, view
from parquetframe.nx_backend.registry import algorithm

from .frontier import arcs_of_rows
from .lookup import one, pick, row_of

__all__ = [
    "ancestors",
    "descendants",
    "is_directed_acyclic_graph",
    "topological_generations",
    "topological_sort",
]

_Array = np.ndarray[Any, Any]


@algorithm()
def descendants(G: Any, source: Any) -> set[Any]:  # noqa: N803
    """Nodes that can be reached from a node."""
    return _reached(view(G), source, "out")


@algorithm()
def ancestors(G: Any, source: Any) -> set[Any]:  # noqa: N803
    """Nodes from which a node can be reached."""
    return _reached(view(G), source, "in")


@algorithm()
def topological_generations(G: Any) -> Iterator[list[Any]]:  # noqa: N803
    """Nodes without arcs from others first, then those that only those lead to, and so on."""
    yield from _generations(view(G))


@algorithm()
def topological_sort(G: Any) -> Iterator[Any]:  # noqa: N803
    """The nodes of all generations."""
    for generation in _generations(view(G)):
        yield from generation


@algorithm()
def is_directed_acyclic_graph(G: Any) -> bool:  # noqa: N803
    """Whether there is a topological order."""
    graph = view(G)
    if not graph.directed:
        return False
    try:
        graph.run("topological_sort")
    except NotADag:
        return False
    return True


def _reached(graph: DenseView, source: Any, direction: str) -> set[Any]:
    params = {
        "max_depth": None,
        "direction": direction if graph.directed else "out",
        "per_source": False,
        "include_unreached": True,
    }
    columns, _ = graph.run("bfs", params, {"sources": one(row_of(graph, source))})
    return set(pick(graph.nodes, np.flatnonzero(columns["distance"] > 0).tolist()))


def _generations(graph: DenseView) -> Iterator[list[Any]]:
    if not graph.directed:
        raise nx.NetworkXError("Topological sort not defined on undirected graphs.")
    try:
        columns, _ = graph.run("topological_sort")
    except NotADag as error:
        for released in _before_cycles(graph):
            yield pick(graph.nodes, released.tolist())
        text = "Graph contains a cycle or graph changed during iteration"
        raise nx.NetworkXUnfeasible(text) from error
    nodes = pick(graph.nodes, columns["vertex"].tolist())
    end = 0
    for size in np.bincount(columns["generation"]).tolist():
        start, end = end, end + size
        yield nodes[start:end]


def _before_cycles(graph: DenseView) -> Iterator[_Array]:
    """Generations as far as they go; the kernel gives none of them if there is a cycle."""
    rows = graph.successors()
    waits = np.bincount(rows.indices, minlength=graph.n)
    last = np.empty(graph.n, np.int64)
    ready = np.flatnonzero(waits == 0)
    while len(ready):
        yield ready
        arcs, lengths = arcs_of_rows(rows.indptr, ready)
        heads = rows.indices[arcs]
        np.subtract.at(waits, heads, 1)
        # The last row releases a vertex, by its first arc; of several values the last stays.
        row = np.repeat(np.arange(len(ready)), lengths)
        last[heads] = row
        places = np.flatnonzero((waits[heads] == 0) & (last[heads] == row))[::-1]
        last[heads[places]] = places
        places = places[last[heads[places]] == places][::-1]
        ready = heads[places]
