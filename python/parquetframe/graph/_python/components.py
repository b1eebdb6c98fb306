"""Weakly and strongly connected components; numbers follow the first vertex of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import columns as col
from .arrays import Arrays
from .rows import Ints
from .watch import Watch

__all__ = ["connected_components", "numbered", "weak_labels"]


def connected_components(
    graph: Arrays, params: Mapping[str, Any], arrays: Mapping[str, Ints], watch: Watch
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Component of each vertex, 0..k-1."""
    del arrays
    if params["mode"] == "strong" and graph.directed:
        labels = _strong_labels(graph, watch)
    else:
        labels = weak_labels(graph, watch)
    number, count = numbered(labels)
    return {"component_id": col.integers(number)}, {"components": count}


def numbered(labels: Ints) -> tuple[Ints, int]:
    """Labels as 0..k-1 in the order of their first vertices, and k."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse], len(first)


def weak_labels(graph: Arrays, watch: Watch) -> Ints:
    """Label = smallest vertex of the component, by hooking and pointer jumping."""
    label = np.arange(graph.n)
    tails, heads = graph.tails, graph.heads
    while True:
        watch.tick()
        a, b = label[tails], label[heads]
        open_ = a != b
        if not open_.any():
            return label
        tails, heads, a, b = tails[open_], heads[open_], a[open_], b[open_]
        np.minimum.at(label, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(jumped := label[label], label):
            label = jumped


def _strong_labels(graph: Arrays, watch: Watch) -> Ints:
    """Label = any number per component.

    Tarjan's algorithm without recursion, SIAM J. Computing 1(2), 1972. O(n + m).
    """
    n = graph.n
    cursor, end = graph.out.indptr[:-1].tolist(), graph.out.indptr[1:].tolist()
    heads = graph.heads.tolist()
    index, low, label = [-1] * n, [0] * n, [-1] * n
    open_: list[int] = []
    clock = 0
    for root in range(n):
        if index[root] >= 0:
            continue
        index[root] = low[root] = clock
        clock += 1
        open_.append(root)
        path = [root]
        while path:
            watch.step(clock, n)
            v = path[-1]
            if cursor[v] < end[v]:
                w = heads[cursor[v]]
                cursor[v] += 1
                if index[w] < 0:
                    index[w] = low[w] = clock
                    clock += 1
                    open_.append(w)
                    path.append(w)
                elif label[w] < 0:
                    low[v] = min(low[v], index[w])
                continue
            path.pop()
            if path:
                low[path[-1]] = min(low[path[-1]], low[v])
            if low[v] == index[v]:
                member = -1
                while member != v:
                    member = open_.pop()
                    label[member] = v
    return np.array(label, dtype=np.int64)
