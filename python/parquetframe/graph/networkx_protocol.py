"""What networkx asks of a graph, so that ``nx.pagerank(g)`` takes a :class:`parquetframe.Graph`.

networkx's dispatcher looks at ``__networkx_backend__``, ``is_directed()``, ``is_multigraph()``,
``__networkx_cache__`` and ``len(g)``; functions that parquetframe lacks see a converted graph, if
``nx.config.fallback_to_nx`` says so. Three names keep the meaning that they have in parquetframe:
``g.edges`` and ``g.vertices`` are tables, and ``g.degree()`` makes one. ``g.is_directed`` is both a
truth value and, for networkx, callable.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from .base import GraphBase
from .engine import Csr
from .networkx_views import Adjacency, Nodes

__all__ = ["NetworkXProtocol", "NetworkXState", "WeightKind"]

_Array = np.ndarray[Any, Any]
WeightKind = Literal["none", "int", "float", "mixed"]


@dataclass
class NetworkXState:
    """What a graph keeps for networkx.

    Attributes:
        nodes: Node objects in vertex order; None: the ids.
        index: Vertex of each node.
        multigraph: Whether it is a multigraph; None: if it has parallel edges.
        weight_name: Edge attribute that the weights are.
        weight_kind: Whether weights are ints or floats in Python; None: floats, if there are any.
        incoming: Offsets and tails of the arcs by head, in the order of ``G.pred``.
        graph: Attributes of the graph.
        view: The graph as functions of the backend see it.
    """

    nodes: list[Any] | None = None
    index: dict[Any, int] | None = None
    multigraph: bool | None = None
    weight_name: Any = "weight"
    weight_kind: WeightKind | None = None
    incoming: tuple[_Array, _Array] | None = None
    graph: dict[Any, Any] = field(default_factory=dict)
    view: Any = None


class NetworkXProtocol(GraphBase):
    """The part of networkx's graph interface that a graph has."""

    __networkx_backend__ = "parquetframe"

    @cached_property
    def _networkx(self) -> NetworkXState:
        return NetworkXState()

    @cached_property
    def __networkx_cache__(self) -> dict[str, Any]:
        return {}

    @property
    def _networkx_nodes(self) -> list[Any]:
        state = self._networkx
        if state.nodes is None:
            state.nodes = self.ids.to_pylist()
        return state.nodes

    @property
    def _networkx_index(self) -> dict[Any, int]:
        state = self._networkx
        if state.index is None:
            nodes = self._networkx_nodes
            state.index = dict(zip(nodes, range(len(nodes)), strict=True))
        return state.index

    @property
    def _networkx_weight_kind(self) -> WeightKind:
        state = self._networkx
        if state.weight_kind is None:
            state.weight_kind = "float" if self.is_weighted else "none"
        return state.weight_kind

    @cached_property
    def _networkx_incoming(self) -> Csr:
        """Arcs by head in the order of ``G.pred``; of an undirected graph those by tail.

        Without a graph of networkx that it came from, it is the order of the edges, which
        :meth:`parquetframe.Graph.to_networkx` adds one by one.
        """
        if not self.is_directed:
            return self.csr()
        kept, rows = self._networkx.incoming, self.csc()
        heads = np.repeat(np.arange(self.num_vertices), np.diff(rows.indptr))
        if kept is None:
            order = np.lexsort((rows.edge_ids, heads))
            weights = None if rows.weights is None else rows.weights[order]
            return Csr(rows.indptr, rows.indices[order], weights, rows.edge_ids[order])
        order = np.lexsort((kept[1], heads))  # where each arc of `csc` stands in the other order
        edges, weights = np.empty_like(rows.edge_ids), None
        edges[order] = rows.edge_ids
        if rows.weights is not None:
            weights = np.empty_like(rows.weights)
            weights[order] = rows.weights
        return Csr(kept[0], kept[1], weights, edges)

    def is_multigraph(self) -> bool:
        """Whether there are parallel edges; found out once."""
        state = self._networkx
        if state.multigraph is None:
            state.multigraph = _has_parallel(*self._handle.rows())
        return state.multigraph

    @property
    def graph(self) -> dict[Any, Any]:
        """Attributes of the graph."""
        return self._networkx.graph

    @property
    def name(self) -> str:
        """The attribute ``name`` of the graph."""
        return str(self.graph.get("name", ""))

    @property
    def nodes(self) -> Nodes:
        """Nodes in vertex order, with their attributes."""
        return Nodes(self)

    @property
    def adj(self) -> Adjacency:
        """Neighbours of each node, with the attributes of the edge between them."""
        return Adjacency(self)

    def __getitem__(self, node: Any) -> dict[Any, Any]:
        """Neighbours of a node, as :attr:`adj` has them."""
        return self.adj[node]

    def number_of_edges(self) -> int:
        """Number of edges; an undirected edge counts once."""
        return self.num_edges

    def number_of_nodes(self) -> int:
        """Number of vertices."""
        return self.num_vertices

    def order(self) -> int:
        """Number of vertices."""
        return self.num_vertices

    def __len__(self) -> int:
        return self.num_vertices

    def __iter__(self) -> Iterator[Any]:
        return iter(self._networkx_nodes)

    def __contains__(self, node: object) -> bool:
        try:
            return node in self._networkx_index
        except TypeError:  # not hashable
            return False


def _has_parallel(indptr: _Array, indices: _Array) -> bool:
    n = len(indptr) - 1
    tails = np.repeat(np.arange(n, dtype=np.int64), np.diff(indptr))
    keys = tails * max(n, 1) + indices
    keys.sort()
    return bool((keys[1:] == keys[:-1]).any())
