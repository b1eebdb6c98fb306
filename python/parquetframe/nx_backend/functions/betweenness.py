"""Betweenness centrality, over all nodes or a sample that networkx's own generator draws."""

from __future__ import annotations

import inspect
import random
from functools import cache
from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np

from parquetframe.nx_backend.dense import DenseView, view
from parquetframe.nx_backend.registry import algorithm

from .weighted_rows import need_finite_weights, weight_rows

__all__ = ["betweenness_centrality"]


@cache
def _known_rule() -> bool:
    """Whether networkx scales sampled and other nodes differently, as the kernel does."""
    from networkx.algorithms.centrality import betweenness

    rescale = getattr(betweenness, "_rescale", None)
    return rescale is not None and "sampled_nodes" in inspect.signature(rescale).parameters


def _can_run(graph: Any, args: SimpleNamespace) -> bool | str:
    if args.k is not None and args.k != len(graph) and not _known_rule():
        return f"networkx {nx.__version__} scales samples in a way of its own"
    return True


@algorithm(can_run=_can_run)
def betweenness_centrality(
    G: Any,  # noqa: N803
    k: int | None = None,
    normalized: bool = True,
    weight: Any = None,
    endpoints: bool = False,
    seed: Any = None,
) -> dict[Any, float]:
    """Share of shortest paths between others that pass a node."""
    graph = view(G)
    weighted = graph.kind_for(weight, mixed=True) != "none"
    if weighted:
        _need_positive(graph)
    arrays = {}
    if k is not None and k != graph.n:
        sample = _sample(graph, k, seed)
        if not sample:
            return _of_none(graph, ends=bool(endpoints))
        arrays["sources"] = np.array(sample, np.uint32)
    params = {
        "weighted": weighted,
        "normalized": bool(normalized),
        "endpoints": bool(endpoints),
    }
    columns, _ = graph.run("betweenness", params, arrays)
    return dict(zip(graph.nodes, columns["betweenness"].tolist(), strict=True))


def _sample(graph: DenseView, k: int, seed: Any) -> list[int]:
    """Numbers of the nodes that networkx draws with the same generator."""
    if isinstance(seed, random.Random):
        return list(seed.sample(range(graph.n), k))  # it looks at nothing but the length
    return [graph.index[node] for node in seed.sample(list(graph.nodes), k)]


def _of_none(graph: DenseView, *, ends: bool) -> dict[Any, float]:
    if graph.n - (not ends) >= 2:
        raise ZeroDivisionError("division by zero")
    return dict.fromkeys(graph.nodes, 0.0)


def _need_positive(graph: DenseView) -> None:
    negative, zero, _ = weight_rows(graph)
    if negative is not None or zero is not None:
        raise NotImplementedError("weights of 0 and below are left to networkx")
    need_finite_weights(graph)
