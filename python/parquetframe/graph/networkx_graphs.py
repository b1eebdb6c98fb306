"""Graphs from networkx, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from parquetframe.errors import GraphError

from .id_types import id_kind

if TYPE_CHECKING:
    from .base import GraphBase

__all__ = ["networkx_parts", "to_networkx"]

_Array = np.ndarray[Any, Any]


def networkx_parts(
    graph: Any, weight: str | None
) -> tuple[pa.Array, _Array, _Array, _Array | None]:
    """Node ids, ends of the edges as positions, and weights if any edge has one (1 where missing).

    Raises:
        TypeError: Not a graph of networkx.
        GraphError: Nodes that cannot be ids, or a weight that is no number.
    """
    if not all(hasattr(graph, name) for name in ("nodes", "edges", "is_directed")):
        raise TypeError(f"G must be a networkx graph, not {type(graph).__name__}")
    nodes = list(graph.nodes)
    ids = _id_array(nodes)
    place = {node: number for number, node in enumerate(nodes)}
    if weight is None:
        ends = [(place[u], place[v]) for u, v in graph.edges()]
        found: list[Any] = []
    else:
        given = list(graph.edges(data=weight))
        ends = [(place[u], place[v]) for u, v, _ in given]
        found = [value for _, _, value in given]
    pairs = np.array(ends, dtype=np.int64).reshape(-1, 2)
    if all(value is None for value in found):
        return ids, pairs[:, 0], pairs[:, 1], None
    for row, value in enumerate(found):
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if value is not None and not number:
            raise GraphError(f"edge row {row + 1}: weight is {value!r}, no number", row=row + 1)
    weights = np.array([1.0 if value is None else float(value) for value in found])
    return ids, pairs[:, 0], pairs[:, 1], weights


def to_networkx(graph: GraphBase) -> Any:
    """A ``DiGraph`` or ``Graph``, or its multigraph if there are parallel edges.

    Nodes have the properties of :attr:`vertices`, edges those of :attr:`edges`.

    Raises:
        ImportError: networkx is missing.
    """
    try:
        import networkx as nx
    except ModuleNotFoundError as error:
        text = "to_networkx needs the package networkx: pip install networkx"
        raise ImportError(text, name="networkx") from error
    edges = graph.edges
    rows = graph.csr()
    n = max(graph.num_vertices, 1)
    arcs = np.repeat(np.arange(n), np.diff(rows.indptr)) if graph.num_vertices else np.zeros(0, int)
    parallel = len(np.unique(arcs * n + rows.indices)) < len(rows.indices)
    kinds = {
        (True, True): nx.MultiDiGraph, (True, False): nx.DiGraph,
        (False, True): nx.MultiGraph, (False, False): nx.Graph,
    }  # fmt: skip
    made = kinds[bool(graph.is_directed), parallel]()
    made.add_nodes_from((row.pop("vertex"), row) for row in graph.vertices.to_pylist())
    made.add_edges_from((row.pop("src"), row.pop("dst"), row) for row in edges.to_pylist())
    return made


def _id_array(nodes: list[Any]) -> pa.Array:
    plain = [node.item() if isinstance(node, np.generic) else node for node in nodes]
    if not plain:
        return pa.array([], pa.int64())
    try:
        ids = pa.array(plain)
    except (pa.ArrowException, OverflowError):
        try:
            ids = pa.array(plain, pa.uint64())
        except (pa.ArrowException, OverflowError) as error:
            raise _no_ids(plain) from error
    if ids.null_count or id_kind(ids.type) is None or len({type(node) for node in plain}) > 1:
        raise _no_ids(plain)
    return ids


def _no_ids(nodes: list[Any]) -> GraphError:
    kinds = sorted({type(node).__name__ for node in nodes})
    return GraphError(
        f"nodes of type {', '.join(kinds)} cannot be ids, which are integers, text, bytes, dates "
        "or booleans, all of one kind; use networkx.convert_node_labels_to_integers first"
    )
