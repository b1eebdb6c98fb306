"""Closeness and harmonic centrality, by hops."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np

from parquetframe.nx_backend.dense import DenseView, view
from parquetframe.nx_backend.registry import algorithm

from .lookup import bunch, has, one, zero_or_float

__all__ = ["closeness_centrality", "harmonic_centrality"]


def _by_hops(_: Any, args: SimpleNamespace) -> bool | str:
    return True if args.distance is None else "weighted distances are left to networkx"


@algorithm(can_run=_by_hops)
def closeness_centrality(
    G: Any,  # noqa: N803
    u: Any = None,
    distance: Any = None,
    wf_improved: bool = True,
) -> Any:
    """One over the mean distance from the nodes that reach a node."""
    del distance
    graph = view(G)
    params = {"direction": "in" if graph.directed else "out", "wf_improved": bool(wf_improved)}
    if u is None:
        columns, _ = graph.run("closeness", params)
        return dict(zip(graph.nodes, columns["closeness"].tolist(), strict=True))
    if not has(graph, u):
        raise nx.NodeNotFound(f"Source {u} is not in G")
    columns, _ = graph.run("closeness", params, {"vertices": one(graph.index[u])})
    return columns["closeness"].tolist()[0]


@algorithm(can_run=_by_hops)
def harmonic_centrality(
    G: Any,  # noqa: N803
    nbunch: Any = None,
    distance: Any = None,
    sources: Any = None,
) -> dict[Any, int | float]:
    """Sum of one over the distance from each source that reaches a node."""
    del distance
    graph = view(G)
    # Sets like those of networkx: their order is that of the answer.
    wanted = set(bunch(graph, nbunch) if nbunch is not None else graph.nodes)
    given = set(bunch(graph, sources) if sources is not None else graph.nodes)
    numbers = [graph.index[node] for node in wanted]
    if len(given) == graph.n:
        score = _from_all(graph, numbers)
    elif len(wanted) < len(given):
        score = _to_each(graph, numbers, [graph.index[node] for node in given])
    else:
        score = _from_each(graph, [graph.index[node] for node in given])
    return dict(zip(wanted, zero_or_float(score[numbers].tolist()), strict=True))


def _from_all(graph: DenseView, wanted: list[int]) -> np.ndarray[Any, Any]:
    score = np.zeros(graph.n)
    vertices = np.unique(np.array(wanted, np.uint32))
    params = {"direction": "in" if graph.directed else "out"}
    columns, _ = graph.run(
        "harmonic", params, {} if len(vertices) == graph.n else {"vertices": vertices}
    )
    score[columns["vertex"]] = columns["harmonic"]
    return score


def _from_each(graph: DenseView, sources: list[int]) -> np.ndarray[Any, Any]:
    score = np.zeros(graph.n)
    distances = _searches(graph, "out")
    for source in sources:
        hops = distances(source)
        met = np.flatnonzero(hops > 0)
        score[met] += 1 / hops[met]
    return score


def _to_each(graph: DenseView, wanted: list[int], sources: list[int]) -> np.ndarray[Any, Any]:
    score = np.zeros(graph.n)
    distances = _searches(graph, "in" if graph.directed else "out")
    for vertex in wanted:
        hops = distances(vertex)[sources]
        score[vertex] = (1 / hops[hops > 0]).sum()
    return score


def _searches(graph: DenseView, direction: str) -> Callable[[int], np.ndarray[Any, Any]]:
    params = {
        "max_depth": None,
        "direction": direction,
        "per_source": False,
        "include_unreached": True,
    }

    def distances(source: int) -> np.ndarray[Any, Any]:
        columns, _ = graph.run("bfs", params, {"sources": one(source)})
        return columns["distance"]

    return distances
