"""PageRank: the share of time at each vertex of a walker who follows edges, or else jumps.

Jacobi iteration over all arcs at once; every step keeps the sum of ranks at 1, because the rank of
vertices without out-weight goes where ``dangling`` says. O(n + m) per iteration. Where arcs go
both ways and steps shrink slowly, a Chebyshev iteration takes about half as many.
Sources: Page, Brin, Motwani, Winograd, "The PageRank citation ranking", Stanford, 1999; Golub,
Varga, "Chebyshev semi-iterative methods", Numer. Math. 3, 1961.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import columns as col
from .arrays import Arrays
from .watch import Watch

__all__ = ["pagerank"]

SLOW = 0.6
"""Weighted steps follow if a plain one is larger than this part of the one before."""


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
    weighted = params["weighted"] and graph.out.weights is not None
    weight = graph.weights(use=weighted)
    out = np.bincount(graph.tails, weights=weight, minlength=n)
    stuck = out == 0
    inverse = np.divide(1.0, out, out=np.zeros(n), where=~stuck)
    share = weight * inverse[graph.tails]
    uniform = np.full(n, 1.0 / n)
    jump = arrays.get("personalization", uniform)
    catch = arrays.get("dangling", jump)
    rank = last = arrays.get("nstart", uniform)
    step, iteration, residual = np.inf, 0, np.inf
    push, may_push = None, alpha < 1 and params.get("method") != "power"
    while iteration < limit and not (iteration > 0 and step < tol):
        watch.tick(iteration, limit)
        flow = np.bincount(graph.heads, weights=rank[graph.tails] * share, minlength=n)
        new = alpha * (flow + rank[stuck].sum() * catch) + (1.0 - alpha) * jump
        before, step = step, float(np.abs(new - rank).sum())
        if push is None:
            last, rank, residual = rank, new, alpha * step
        else:
            push = 1.0 / (1.0 - alpha * alpha / 4.0 * push)
            last, rank = rank, last + push * (new - last)
            residual = push * alpha * step + (push - 1.0) * before
        iteration += 1
        if may_push and iteration > 1 and step > SLOW * before:
            may_push = False
            if not graph.directed if weighted else graph.is_paired:
                push = 2.0
    below = float(-rank[rank < 0].sum())
    if below > 0:
        rank = np.maximum(rank, 0.0) / (1.0 + below)
    residual += 2.0 * (1.0 + alpha) * below
    bound = 0.0 if alpha == 0 else (np.inf if alpha == 1 else residual / (1.0 - alpha))
    facts = {"iterations": iteration, "converged": step < tol, "error_bound": bound}
    return {"rank": col.floats(rank)}, facts
