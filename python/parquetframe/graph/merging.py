"""Parallel edges and loops of an edge list, by the policy that the caller chose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from parquetframe.errors import GraphError

__all__ = ["DUPLICATES", "SELF_LOOPS", "EdgeList", "without_duplicates", "without_loops"]

DUPLICATES = ("keep", "sum", "min", "max", "first", "last", "error")
SELF_LOOPS = ("keep", "drop", "error")

_Array = np.ndarray[Any, Any]

Tell = Callable[[int], tuple[int, str]]


class EdgeList(NamedTuple):
    """Edges between vertex indices.

    Attributes:
        rows: For each edge, the one of the list it was made from whose properties it has.
    """

    src: _Array
    dst: _Array
    weights: _Array | None
    rows: _Array

    def take(self, rows: _Array) -> EdgeList:
        """These edges, in this order."""
        weights = None if self.weights is None else self.weights[rows]
        return EdgeList(self.src[rows], self.dst[rows], weights, self.rows[rows])


def without_loops(edges: EdgeList, policy: str, tell: Tell) -> EdgeList:
    """The edges under a policy for loops; ``tell`` gives row and ends for the message."""
    loops = edges.src == edges.dst
    if policy == "keep" or not loops.any():
        return edges
    if policy == "error":
        row = int(np.flatnonzero(loops)[0])
        number, ends = tell(row)
        raise GraphError(
            f'edge row {number}: {ends} is a loop (pass self_loops="drop" to skip loops)',
            row=number,
        )
    return edges.take(np.flatnonzero(~loops))


def without_duplicates(edges: EdgeList, policy: str, *, directed: bool, tell: Tell) -> EdgeList:
    """Of parallel edges one, which stands where the first of them stood.

    Without weights ``sum`` counts them, ``min`` and ``max`` are ``first``.
    """
    if policy == "keep" or not len(edges.src):
        return edges
    a, b = edges.src.astype(np.int64), edges.dst.astype(np.int64)
    if not directed:
        a, b = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((b, a))  # stable: rows of a pair keep their order
    a, b = a[order], b[order]
    new = np.ones(len(a), dtype=bool)
    new[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    starts = np.flatnonzero(new)
    if len(starts) == len(a):
        if policy == "sum" and edges.weights is None:
            return EdgeList(edges.src, edges.dst, np.ones(len(a)), edges.rows)
        return edges
    if policy == "error":
        again = order[~new]
        row = int(again.min())
        earlier = int(order[starts[np.cumsum(new)[order == row][0] - 1]])
        number, ends = tell(row)
        raise GraphError(
            f"edge row {number}: {ends} is there already, in row {tell(earlier)[0]}", row=number
        )
    chosen = _chosen(edges, policy, order, starts)
    weights = None if edges.weights is None else edges.weights[chosen]
    if policy == "sum":
        terms = np.ones(len(a)) if edges.weights is None else edges.weights[order]
        weights = np.add.reduceat(terms, starts)
    back = np.argsort(order[starts], kind="stable")
    chosen = chosen[back]
    return EdgeList(
        edges.src[chosen],
        edges.dst[chosen],
        None if weights is None else weights[back],
        edges.rows[chosen],
    )


def _chosen(edges: EdgeList, policy: str, order: _Array, starts: _Array) -> _Array:
    """The edge of each group that stays."""
    if policy == "last":
        return np.asarray(order[np.append(starts[1:], len(order)) - 1])
    if policy in ("min", "max") and edges.weights is not None:
        weight = edges.weights[order] * (1 if policy == "min" else -1)
        group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(order))))
        best = np.lexsort((weight, group))
        return np.asarray(order[best[starts]])
    return np.asarray(order[starts])
