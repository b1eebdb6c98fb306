"""Triangles and clustering; loops do not count. Weighted clustering is left to networkx.

The kernels count for all nodes; for a few of many, their neighbourhoods are counted by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np

from parquetframe.nx_backend.dense import DenseView, Rows, view
from parquetframe.nx_backend.registry import algorithm

from .frontier import arcs_of_rows
from .lookup import bunch, has, zero_or_float

__all__ = ["average_clustering", "clustering", "transitivity", "triangles"]

_Array = np.ndarray[Any, Any]

_KERNEL_STEPS = 8  # per arc, as a guess: intersections of rows of unequal length


def _unweighted(_: Any, args: SimpleNamespace) -> bool | str:
    return True if args.weight is None else "weighted clustering is left to networkx"


def _undirected(graph: Any, _: SimpleNamespace) -> bool | str:
    return "transitivity of a directed graph is left to networkx" if graph.is_directed() else True


def _worth_converting(graph: Any, args: SimpleNamespace) -> bool | str:
    nodes = args.nodes
    if nodes is None:
        return True
    few = nodes in graph or (isinstance(nodes, Sized) and len(nodes) * 64 <= len(graph))
    return "networkx counts for few nodes before the graph is converted" if few else True


@algorithm(should_run=_worth_converting)
def triangles(G: Any, nodes: Any = None) -> Any:  # noqa: N803
    """Triangles that a node is part of."""
    graph = view(G)
    if nodes is None:
        columns, _ = graph.run("triangles")
        return dict(zip(graph.nodes, columns["triangles"].tolist(), strict=True))
    _no_multigraph(graph)
    if has(graph, nodes):
        return _some(graph, [nodes], "triangles", _triangles_at)[nodes]
    return _some(graph, list(bunch(graph, nodes)), "triangles", _triangles_at)


@algorithm(can_run=_unweighted, should_run=_worth_converting)
def clustering(G: Any, nodes: Any = None, weight: Any = None) -> Any:  # noqa: N803
    """Share of the pairs of neighbours that are neighbours."""
    del weight
    return _clustering(view(G), nodes)


@algorithm(can_run=_unweighted, should_run=_worth_converting)
def average_clustering(
    G: Any,  # noqa: N803
    nodes: Any = None,
    weight: Any = None,
    count_zeros: bool = True,
) -> float:
    """Mean of the clustering of nodes."""
    del weight
    values = _clustering(view(G), nodes).values()
    if not count_zeros:
        values = [value for value in values if abs(value) > 0]
    mean: float = sum(values) / len(values)
    return mean


@algorithm(can_run=_undirected)
def transitivity(G: Any) -> int | float:  # noqa: N803
    """Share of the paths of two edges that are closed."""
    graph = view(G)
    _no_multigraph(graph)
    _, facts = graph.run("transitivity")
    return float(facts["transitivity"]) or 0


def _clustering(graph: DenseView, nodes: Any) -> Any:
    _no_multigraph(graph)
    if nodes is None:
        columns, _ = graph.run("clustering")
        values = zero_or_float(columns["clustering"].tolist())
        return dict(zip(graph.nodes, values, strict=True))
    at = _directed_at if graph.directed else _undirected_at
    if has(graph, nodes):
        return _some(graph, [nodes], "clustering", at)[nodes]
    return _some(graph, list(bunch(graph, nodes)), "clustering", at)


def _no_multigraph(graph: DenseView) -> None:
    if graph.multigraph:
        raise nx.NetworkXNotImplemented("not implemented for multigraph type")


def _some(
    graph: DenseView,
    nodes: list[Any],
    algorithm_name: str,
    at: Callable[[DenseView, int], int | float],
) -> dict[Any, Any]:
    """Values of some nodes, in the order given."""
    numbers = [graph.index[node] for node in nodes]
    if _is_little(graph, numbers):
        return {node: at(graph, number) for node, number in zip(nodes, numbers, strict=True)}
    columns, _ = graph.run(algorithm_name)
    column = columns[algorithm_name]
    values = column[numbers].tolist()
    if algorithm_name == "clustering":
        values = zero_or_float(values)
    return dict(zip(nodes, values, strict=True))


def _is_little(graph: DenseView, numbers: list[int]) -> bool:
    """Whether the rows of the neighbours are short against what the kernel looks at."""
    if len(numbers) * 64 > graph.n:
        return False
    rows = graph.successors()
    arcs, _ = arcs_of_rows(rows.indptr, np.array(numbers, np.int64))
    near = rows.indices[arcs].astype(np.int64)
    steps = int((rows.indptr[near + 1] - rows.indptr[near]).sum())
    return steps < _KERNEL_STEPS * len(rows.indices)


def _triangles_at(graph: DenseView, v: int) -> int:
    return _closed(graph.successors(), v)[0] // 2


def _undirected_at(graph: DenseView, v: int) -> int | float:
    closed, degree = _closed(graph.successors(), v)
    return closed / (degree * (degree - 1)) if closed else 0


def _closed(rows: Rows, v: int) -> tuple[int, int]:
    """Ordered pairs of neighbours that are neighbours, and how many neighbours there are."""
    near = _row_without(rows, v)
    return int(np.isin(_rows_without_loops(rows, near), near).sum()), len(near)


def _directed_at(graph: DenseView, v: int) -> int | float:
    """Fagiolo's coefficient: each neighbour counts for each of its arcs."""
    out, incoming = graph.successors(), graph.predecessors()
    before, after = _row_without(incoming, v), _row_without(out, v)
    near = np.concatenate([before, after])
    closed = 0
    for rows in (incoming, out):
        found = _rows_without_loops(rows, near)
        closed += int(np.isin(found, before).sum()) + int(np.isin(found, after).sum())
    total, both = len(near), len(np.intersect1d(before, after))
    return closed / ((total * (total - 1) - 2 * both) * 2) if closed else 0


def _row_without(rows: Rows, v: int) -> _Array:
    """Neighbours of a vertex, not itself."""
    row = rows.indices[rows.indptr[v] : rows.indptr[v + 1]].astype(np.int64)
    return np.asarray(row[row != v])


def _rows_without_loops(rows: Rows, vertices: _Array) -> _Array:
    """Neighbours of some vertices, one row after the other."""
    arcs, lengths = arcs_of_rows(rows.indptr, vertices)
    tails = np.repeat(vertices, lengths)
    heads = rows.indices[arcs].astype(np.int64)
    return np.asarray(heads[heads != tails])
