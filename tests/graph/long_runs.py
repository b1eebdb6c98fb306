"""Graphs on which a kernel works for a while, one per algorithm, and how it is called there."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

import parquetframe as pf

__all__ = ["LONG", "VARIANTS", "run"]

# name: which graph, arguments
LONG: dict[str, tuple[str, dict[str, Any]]] = {
    "betweenness": ("random", {"k": 300}),
    "bfs": ("path", {"sources": 0}),
    "closeness": ("random", {"vertices": range(4000)}),
    "clustering": ("dense", {}),
    "connected_components": ("shuffled path", {}),
    "core_number": ("weighted", {}),
    "dfs": ("path", {}),
    "dfs_edges": ("path", {"output": "arrow"}),  # as NumPy array, Python makes 3 million texts
    "harmonic": ("random", {"vertices": range(4000)}),
    "hits": ("random", {"max_iter": 500, "tol": 0.0, "on_fail": "ignore"}),
    "label_propagation": ("halves", {"max_iter": 200}),
    "louvain": ("random", {}),
    "minimum_spanning_forest": ("weighted", {}),
    "pagerank": ("random", {"max_iter": 500, "tol": 0.0, "on_fail": "ignore"}),
    "shortest_paths": ("path", {"source": 0}),
    "topological_sort": ("path", {}),
    "transitivity": ("dense", {}),
    "triangle_count": ("dense", {}),
    "triangles": ("dense", {}),
}
VARIANTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "strong components": ("connected_components", "shuffled path", {"mode": "strong"}),
    "dijkstra": ("shortest_paths", "weighted", {"source": 0, "method": "dijkstra"}),
    "delta": ("shortest_paths", "weighted path", {"source": 0, "method": "delta"}),
    "bellman-ford": ("shortest_paths", "weighted path", {"source": 0, "method": "bellman-ford"}),
    "bfs per source": ("bfs", "random", {"sources": range(200), "per_source": True}),
}


def run(name: str) -> Callable[..., Any]:
    """The call, which takes ``progress`` and ``cancel``; its graph is made, views and all."""
    if name in VARIANTS:
        method, kind, options = VARIANTS[name]
    else:
        method, (kind, options) = name, LONG[name]
    graph = _graph(kind)
    if name not in ("transitivity", "triangle_count"):
        options = {"output": "numpy", **options}
    return lambda **more: getattr(graph, method)(**options, **more)


@cache
def _graph(kind: str) -> Any:
    rng = np.random.default_rng(3)
    if kind in ("path", "weighted path"):
        n = 3_000_000
        weights = rng.integers(1, 9, n - 1).astype(float) if kind != "path" else None
        return pf.Graph.from_arrays(np.arange(n - 1), np.arange(1, n), weights, num_vertices=n)
    if kind == "shuffled path":
        n = 4_000_000
        names = rng.permutation(n)
        return pf.Graph.from_arrays(names[:-1], names[1:], num_vertices=n)
    if kind == "halves":  # labels of the two sides swap for ever
        n, m = 200_000, 2_000_000
        src, dst = rng.integers(0, n // 2, m), rng.integers(n // 2, n, m)
        return pf.Graph.from_arrays(src, dst, num_vertices=n, directed=False)
    n, m = {"random": (200_000, 2_000_000), "dense": (6_000, 6_000_000),
            "weighted": (1_000_000, 5_000_000)}[kind]  # fmt: skip
    src, dst = rng.integers(0, n, m), rng.integers(0, n, m)
    weights = rng.random(m) if kind == "weighted" else None
    return pf.Graph.from_arrays(
        src, dst, weights, num_vertices=n, directed=kind in ("random", "weighted")
    )
