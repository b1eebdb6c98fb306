"""Nodes and neighbours of a graph as networkx shows them: mappings over the rows of arcs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .engine import Csr
    from .networkx_protocol import NetworkXProtocol

__all__ = ["Adjacency", "Nodes", "edge_attributes", "parallel_edges"]


class _ByNode(Mapping[Any, dict[Any, Any]]):
    """Something of each node, in vertex order."""

    def __init__(self, graph: NetworkXProtocol) -> None:
        self._graph = graph

    def __len__(self) -> int:
        return self._graph.num_vertices

    def __iter__(self) -> Iterator[Any]:
        return iter(self._graph._networkx_nodes)

    def __contains__(self, node: object) -> bool:
        return node in self._graph


class Nodes(_ByNode):
    """Nodes in vertex order; the attributes of one are its row of the vertex table."""

    def __getitem__(self, node: Any) -> dict[str, Any]:
        number = self._graph._networkx_index[node]
        if self._graph._built.vertex_properties is None:
            return {}
        row: dict[str, Any] = self._graph._built.vertex_properties.slice(number, 1).to_pylist()[0]
        return row

    def __call__(self, data: bool | str = False, default: Any = None) -> Any:
        """The nodes, with all attributes or one of them where ``data`` says so."""
        if data is False:
            return self
        if data is True:
            return list(self.items())
        return [(node, attributes.get(data, default)) for node, attributes in self.items()]

    def __repr__(self) -> str:
        return f"Nodes({self._graph._networkx_nodes!r})"


class Adjacency(_ByNode):
    """Neighbours of each node, with the attributes of the edge, or of each parallel edge by key."""

    def __getitem__(self, node: Any) -> dict[Any, Any]:
        graph, rows = self._graph, self._graph.csr()
        number = graph._networkx_index[node]
        arcs = slice(int(rows.indptr[number]), int(rows.indptr[number + 1]))
        nodes, heads = graph._networkx_nodes, rows.indices[arcs].tolist()
        weights = None if rows.weights is None else rows.weights[arcs]
        data = _attributes(graph, weights, len(heads))
        if not graph.is_multigraph():
            return {nodes[head]: found for head, found in zip(heads, data, strict=True)}
        row: dict[Any, dict[int, Any]] = {}
        for head, found in zip(heads, data, strict=True):
            keys = row.setdefault(nodes[head], {})
            keys[len(keys)] = found
        return row

    def __repr__(self) -> str:
        return f"Adjacency({dict(self)!r})"


def edge_attributes(graph: NetworkXProtocol) -> list[dict[Any, Any]]:
    """Attributes by edge id."""
    rows = graph.csr()
    if rows.weights is None:
        return _attributes(graph, None, graph.num_edges)
    weights = np.empty(graph.num_edges)
    weights[rows.edge_ids] = rows.weights
    return _attributes(graph, weights, graph.num_edges)


def parallel_edges(
    rows: Csr, data: list[dict[Any, Any]], *, directed: bool
) -> dict[tuple[int, int], dict[int, Any]]:
    """Attributes by key for each pair of vertices, of an undirected graph the smaller first."""
    tails = np.repeat(np.arange(len(rows.indptr) - 1), np.diff(rows.indptr)).tolist()
    shared: dict[tuple[int, int], dict[int, Any]] = {}
    for tail, head, edge in zip(tails, rows.indices.tolist(), rows.edge_ids.tolist(), strict=True):
        if directed or tail <= head:
            keys = shared.setdefault((tail, head), {})
            keys[len(keys)] = data[edge]
    return shared


def _attributes(graph: NetworkXProtocol, weights: Any, length: int) -> list[dict[Any, Any]]:
    if weights is None:
        return [{} for _ in range(length)]
    name, is_int = graph._networkx.weight_name, graph._networkx_weight_kind == "int"
    values = weights.astype(np.int64) if is_int else weights
    return [{name: value} for value in values.tolist()]
