"""PageRank with the stop rule of networkx: a step below ``N * tol``."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np

from parquetframe.nx_backend.dense import DenseView, view
from parquetframe.nx_backend.registry import algorithm

from .weighted_rows import need_plain_weights

__all__ = ["pagerank"]

_Array = np.ndarray[Any, Any]
Shares = Mapping[Any, float] | None


def _can_run(_: Any, args: SimpleNamespace) -> bool | str:
    if not (isinstance(args.alpha, (int, float)) and 0 <= args.alpha <= 1):
        return "alpha is not between 0 and 1"
    if not (isinstance(args.tol, (int, float)) and 0 <= args.tol < float("inf")):
        return "tol is no finite number from 0 on"
    if not isinstance(args.max_iter, int):
        return "max_iter is no integer"
    for name in ("personalization", "nstart", "dangling"):
        if not isinstance(getattr(args, name), (Mapping, type(None))):
            return f"{name} is no mapping"
    return True


@algorithm(can_run=_can_run)
def pagerank(
    G: Any,  # noqa: N803
    alpha: float = 0.85,
    personalization: Shares = None,
    max_iter: int = 100,
    tol: float = 1e-6,
    nstart: Shares = None,
    weight: Any = "weight",
    dangling: Shares = None,
) -> dict[Any, float]:
    """Rank of each node; they sum to 1."""
    graph = view(G)
    if graph.n == 0:
        return {}
    weighted = graph.kind_for(weight, mixed=True) != "none"
    if weighted:
        need_plain_weights(graph)
    arrays: dict[str, _Array] = {}
    if nstart is not None:
        arrays["nstart"] = _shares(graph, nstart, "nstart")
    if personalization is not None:
        arrays["personalization"] = _shares(graph, personalization, "personalization")
    if dangling is not None:
        arrays["dangling"] = _shares(graph, dangling, "dangling")
    if max_iter < 1:
        raise nx.PowerIterationFailedConvergence(max_iter)
    params = {
        "alpha": float(alpha),
        "tol": float(graph.n * tol),
        "max_iter": max_iter,
        "method": "power",  # ends where networkx ends
        "weighted": weighted,
    }
    columns, facts = graph.run("pagerank", params, arrays)
    if not facts["converged"]:
        raise nx.PowerIterationFailedConvergence(max_iter)
    return dict(zip(graph.nodes, columns["rank"].tolist(), strict=True))


def _shares(graph: DenseView, given: Mapping[Any, float], name: str) -> _Array:
    values = np.array([given.get(node, 0) for node in graph.nodes], dtype=float)
    total = values.sum()
    if name == "personalization" and total == 0:
        raise ZeroDivisionError
    if not (total > 0 and np.isfinite(total) and (values >= 0).all()):
        raise NotImplementedError(f"{name} with such values is left to networkx")
    return np.asarray(values / total)
