"""Edges as rows of arcs: the stable sort, its transpose, and sets of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine import Csr

__all__ = ["Ints", "arcs_of", "make_rows", "row_of_arcs", "stable_order", "transpose"]

Ints = np.ndarray[Any, np.dtype[Any]]


def stable_order(keys: Ints) -> Ints:
    """The permutation that sorts keys below 2^32, equal ones in their order. O(m).

    NumPy sorts 16-bit integers by radix; two such passes are a stable sort of 32 bits.
    """
    if not len(keys):
        return np.zeros(0, np.int64)
    order = np.argsort((keys & 0xFFFF).astype(np.uint16), kind="stable")
    if int(keys.max()) >> 16:
        high = (keys >> 16).astype(np.uint16)
        order = order[np.argsort(high[order], kind="stable")]
    return order


def make_rows(
    n: int,
    src: Ints,
    dst: Ints,
    weights: np.ndarray[Any, Any] | None,
    *,
    directed: bool,
    sorted_rows: bool = False,
    check: Callable[[], None] = lambda: None,
) -> Csr:
    """Rows of arcs by ``src``; an undirected edge is two arcs, a loop one. O(n + m).

    Rows keep the order of the edges, or ascend by target and weight. ``check`` is called between
    passes.
    """
    m = len(src)
    edges = np.arange(m, dtype=np.int64)
    if not directed:
        # Both arcs of an edge stand next to each other, so that rows keep the order of edges.
        src, dst = np.stack([src, dst], 1).ravel(), np.stack([dst, src], 1).ravel()
        edges = np.repeat(edges, 2)
        keep = np.ones(2 * m, dtype=bool)
        keep[1::2] = src[1::2] != dst[1::2]
        src, dst, edges = src[keep], dst[keep], edges[keep]
    check()
    if not sorted_rows:
        order = stable_order(src)
    else:  # by the last key first: a stable sort keeps the order of those before
        order = (
            np.arange(len(src)) if weights is None else np.argsort(weights[edges], kind="stable")
        )
        for keys in (dst, src):
            check()
            order = order[stable_order(keys[order])]
    check()
    indptr = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(src, minlength=n), out=indptr[1:])
    edges = edges[order]
    return frozen(
        Csr(
            indptr,
            dst[order].astype(np.uint32),
            None if weights is None else weights[edges],
            edges,
        )
    )


def transpose(csr: Csr) -> Csr:
    """The same arcs by their other end; rows ascend by it. O(n + m)."""
    n = len(csr.indptr) - 1
    order = stable_order(csr.indices)
    indptr = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(csr.indices, minlength=n), out=indptr[1:])
    return frozen(
        Csr(
            indptr,
            row_of_arcs(csr)[order].astype(np.uint32),
            None if csr.weights is None else csr.weights[order],
            csr.edge_ids[order],
        )
    )


def row_of_arcs(csr: Csr) -> Ints:
    """The row that each arc stands in."""
    return np.repeat(np.arange(len(csr.indptr) - 1, dtype=np.int64), np.diff(csr.indptr))


def arcs_of(indptr: Ints, vertices: Ints) -> tuple[Ints, Ints]:
    """Positions of all arcs of some rows, row after row, and the length of each row."""
    first = indptr[vertices]
    counts = indptr[vertices + 1] - first
    before = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) + np.repeat(first - before, counts), counts


def frozen(csr: Csr) -> Csr:
    """The same rows, which nobody can write to."""
    for array in csr:
        if array is not None:
            array.flags.writeable = False
    return csr
