"""PageRank: the share of time at each vertex of a walker who follows edges, or else jumps.

Jacobi iteration over all arcs at once; every step keeps the sum of ranks at 1, because the rank of
vertices without out-weight goes where ``dangling`` says. O(n + m) per iteration.
Source: Page, Brin, Motwani, Winograd, "The PageRank citation ranking", Stanford, 1999.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import columns as col
from .arrays import Arrays
from .watch import Watch

__all__ = ["pagerank"]


def pagerank(
    graph: Arrays,
    params: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray[Any, Any]],
    watch: Watch,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ranks that sum to 1; iterations, whether the last step was below ``tol``, an error bound."""
    n, alpha, tol, limit = graph.n, params["alpha"], params["tol"], params["max_iter"]
    if not n:
        facts = {"iterations": 0, "converged": True, "error_bound": 0.0}
        return {"rank": col.floats(np.zeros(0))}, facts
    weight = graph.weights(use=params["weighted"])
    out = np.bincount(graph.tails, weights=weight, minlength=n)
    stuck = out == 0
    inverse = np.divide(1.0, out, out=np.zeros(n), where=~stuck)
    share = weight * inverse[graph.tails]
    uniform = np.full(n, 1.0 / n)
    jump = arrays.get("personalization", uniform)
    catch = arrays.get("dangling", jump)
    rank = arrays.get("nstart", uniform)
    step, iteration = np.inf, 0
    while iteration < limit and not (iteration > 0 and step < tol):
        watch.tick(iteration, limit)
        flow = np.bincount(graph.heads, weights=rank[graph.tails] * share, minlength=n)
        new = alpha * (flow + rank[stuck].sum() * catch) + (1.0 - alpha) * jump
        step = float(np.abs(new - rank).sum())
        rank = new
        iteration += 1
    bound = 0.0 if alpha == 0 else (np.inf if alpha == 1 else alpha / (1.0 - alpha) * step)
    facts = {"iterations": iteration, "converged": step < tol, "error_bound": bound}
    return {"rank": col.floats(rank)}, facts
