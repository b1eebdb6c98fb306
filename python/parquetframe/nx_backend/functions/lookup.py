"""From node objects to vertex numbers and back, with the errors of networkx."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import networkx as nx
import numpy as np

from parquetframe.nx_backend.dense import DenseView

__all__ = ["bunch", "has", "one", "pick", "row_of", "zero_or_float"]


def has(graph: DenseView, node: Any) -> bool:
    """``node in G``: also of what cannot be a node."""
    try:
        return node in graph.index
    except TypeError:
        return False


def row_of(graph: DenseView, node: Any) -> int:
    """Number of a node whose neighbours are asked for.

    Raises:
        NetworkXError: It is no node.
        TypeError: It is not hashable.
    """
    number = graph.index.get(node)
    if number is None:
        kind = "digraph" if graph.directed else "graph"
        raise nx.NetworkXError(f"The node {node} is not in the {kind}.")
    return number


def pick(nodes: Sequence[Any], numbers: Iterable[int]) -> list[Any]:
    """The nodes of some numbers."""
    return list(map(nodes.__getitem__, numbers))


def bunch(graph: DenseView, nodes: Any) -> Iterator[Any]:
    """``G.nbunch_iter(nodes)``, of the networkx that is installed."""
    found: Iterator[Any] = nx.Graph.nbunch_iter(_Adjacency(graph), nodes)
    return found


def one(number: int) -> np.ndarray[Any, Any]:
    """A list of one vertex, as kernels take it."""
    return np.array([number], np.uint32)


def zero_or_float(values: list[float]) -> list[float]:
    """Floats, and the integer 0 that networkx has where nothing was added up."""
    return [value or 0 for value in values]


class _Adjacency:
    """What ``nbunch_iter`` needs of a graph."""

    def __init__(self, graph: DenseView) -> None:
        self._adj = graph.index
        self._graph = graph

    def __contains__(self, node: Any) -> bool:
        return has(self._graph, node)
