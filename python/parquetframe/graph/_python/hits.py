"""Hubs and authorities: an authority is pointed to by hubs, a hub points to authorities.

``authority = A^T hub`` and ``hub = A authority``, each scaled to sum 1, until one round changes
the hubs by less than ``tol`` (L1). Without edge weight all scores are 0. O(n + m) a round.
Source: Kleinberg, "Authoritative sources in a hyperlinked environment", J. ACM 46(5), 1999.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import columns as col
from .arrays import Arrays
from .rows import Ints
from .watch import Watch

__all__ = ["hits"]


def hits(
    graph: Arrays, params: Mapping[str, Any], arrays: Mapping[str, Ints], watch: Watch
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Hub and authority score of each vertex; both columns sum to 1."""
    del arrays
    n, tol, limit = graph.n, params["tol"], params["max_iter"]
    weight = graph.weights(use=params["weighted"])
    hub, authority = np.zeros(n), np.zeros(n)
    iteration, converged = 0, not (weight > 0).any()
    if not converged:
        hub = np.full(n, 1.0 / n)
    while iteration < limit and not converged:
        watch.tick(iteration, limit)
        authority = _scaled(
            np.bincount(graph.heads, weights=hub[graph.tails] * weight, minlength=n)
        )
        before = hub
        hub = _scaled(
            np.bincount(graph.tails, weights=authority[graph.heads] * weight, minlength=n)
        )
        iteration += 1
        converged = float(np.abs(hub - before).sum()) < tol
    facts = {"iterations": iteration, "converged": converged}
    return {"hub": col.floats(hub), "authority": col.floats(authority)}, facts


def _scaled(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(values / values.sum())
