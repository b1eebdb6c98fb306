"""Core numbers."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np

from parquetframe.nx_backend.dense import view
from parquetframe.nx_backend.registry import algorithm

__all__ = ["core_number"]


@algorithm()
def core_number(G: Any) -> dict[Any, int]:  # noqa: N803
    """Largest k of which the k-core has the node."""
    graph = view(G)
    rows = graph.successors()
    if np.any(np.repeat(np.arange(graph.n), np.diff(rows.indptr)) == rows.indices):
        raise nx.NetworkXNotImplemented(
            "Input graph has self loops which is not permitted; "
            "Consider using G.remove_edges_from(nx.selfloop_edges(G))."
        )
    columns, _ = graph.run("core_number")
    return dict(zip(graph.nodes, columns["core_number"].tolist(), strict=True))
