"""Minimum spanning forest: edges by weight, ties by row, kept if they join two trees.

Direction is ignored, loops are never kept. O(m log m).
Source: Kruskal, "On the shortest spanning subtree of a graph", Proc. AMS 7(1), 1956.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import columns as col
from .arrays import Arrays
from .rows import Ints
from .watch import Watch

__all__ = ["minimum_spanning_forest"]


def minimum_spanning_forest(
    graph: Arrays, params: Mapping[str, Any], arrays: Mapping[str, Ints], watch: Watch
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The edges kept, in the order in which they are found."""
    del arrays
    use = np.ones(len(graph.heads), dtype=bool) if graph.directed else graph.tails < graph.heads
    use &= graph.tails != graph.heads
    edge, weight = graph.out.edge_ids[use], graph.weights(use=params["weighted"])[use]
    order = np.lexsort((edge, weight))
    src, dst = graph.tails[use][order], graph.heads[use][order]
    kept = _kept(graph.n, src.tolist(), dst.tolist(), watch)
    return {
        "src": col.indices(src[kept]),
        "dst": col.indices(dst[kept]),
        "weight": col.floats(weight[order][kept]),
        "edge_id": col.integers(edge[order][kept]),
    }, {"trees": graph.n - len(kept), "total_weight": float(weight[order][kept].sum())}


def _kept(n: int, src: list[int], dst: list[int], watch: Watch) -> list[int]:
    root = list(range(n))

    def find(v: int) -> int:
        while root[v] != v:
            root[v] = v = root[root[v]]
        return v

    kept: list[int] = []
    for place, (u, v) in enumerate(zip(src, dst, strict=True)):
        watch.step(place, len(src))
        a, b = find(u), find(v)
        if a != b:
            root[max(a, b)] = min(a, b)
            kept.append(place)
            if len(kept) == n - 1:
                break
    return kept
