"""Components, in networkx's order: connected ones by their first node, strong ones as found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import networkx as nx
import numpy as np

from parquetframe.nx_backend.dense import DenseView, view
from parquetframe.nx_backend.registry import algorithm

from .depth_first import walk
from .frontier import Search
from .lookup import pick

__all__ = [
    "connected_components",
    "is_connected",
    "is_strongly_connected",
    "is_weakly_connected",
    "node_connected_component",
    "number_connected_components",
    "number_strongly_connected_components",
    "number_weakly_connected_components",
    "strongly_connected_components",
    "weakly_connected_components",
]


@algorithm()
def connected_components(G: Any) -> Iterator[set[Any]]:  # noqa: N803
    """Sets of nodes with paths between them."""
    yield from _weak(view(G))


@algorithm()
def number_connected_components(G: Any) -> int:  # noqa: N803
    """How many there are."""
    return _count(view(G), "weak")


@algorithm()
def is_connected(G: Any) -> bool:  # noqa: N803
    """Whether there is one."""
    return _is_one(view(G), "weak")


@algorithm()
def node_connected_component(G: Any, n: Any) -> set[Any]:  # noqa: N803
    """The set of a node."""
    graph = view(G)
    found = {n}
    search = Search(graph.successors(), [graph.index[n]])
    while search.frontier:
        found.update(pick(graph.nodes, search.advance()))
    return found


@algorithm()
def weakly_connected_components(G: Any) -> Iterator[set[Any]]:  # noqa: N803
    """Sets of nodes with paths between them, whatever the direction."""
    yield from _weak(view(G))


@algorithm()
def number_weakly_connected_components(G: Any) -> int:  # noqa: N803
    """How many there are."""
    return _count(view(G), "weak")


@algorithm()
def is_weakly_connected(G: Any) -> bool:  # noqa: N803
    """Whether there is one."""
    return _is_one(view(G), "weak")


@algorithm()
def strongly_connected_components(G: Any) -> Iterator[set[Any]]:  # noqa: N803
    """Sets of nodes with paths both ways, each when the search leaves the first node of it."""
    graph = view(G)
    label, count = _labels(graph, "strong")
    last = np.full(count, -1, np.int64)
    np.maximum.at(last, label, walk(graph, None)["finish"])
    rank = np.empty(count, np.int64)
    rank[np.argsort(last)] = np.arange(count)
    yield from _sets(graph, rank[label], count)


@algorithm()
def number_strongly_connected_components(G: Any) -> int:  # noqa: N803
    """How many there are."""
    return _count(view(G), "strong")


@algorithm()
def is_strongly_connected(G: Any) -> bool:  # noqa: N803
    """Whether there is one."""
    return _is_one(view(G), "strong")


def _labels(graph: DenseView, mode: str) -> tuple[np.ndarray[Any, Any], int]:
    columns, facts = graph.run("connected_components", {"mode": mode})
    return columns["component_id"], int(facts["components"])


def _count(graph: DenseView, mode: str) -> int:
    return _labels(graph, mode)[1]


def _is_one(graph: DenseView, mode: str) -> bool:
    if graph.n == 0:
        raise nx.NetworkXPointlessConcept("Connectivity is undefined for the null graph.")
    return _count(graph, mode) == 1


def _weak(graph: DenseView) -> Iterator[set[Any]]:
    yield from _sets(graph, *_labels(graph, "weak"))


def _sets(graph: DenseView, label: np.ndarray[Any, Any], count: int) -> Iterator[set[Any]]:
    """Nodes by label 0..count-1."""
    members = pick(graph.nodes, np.argsort(label, kind="stable").tolist())
    end = 0
    for size in np.bincount(label, minlength=count).tolist():
        start, end = end, end + size
        yield set(members[start:end])
