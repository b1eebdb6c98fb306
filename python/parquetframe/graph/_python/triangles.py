"""Triangles per vertex, clustering coefficients and transitivity.

On the simple undirected view: loops do not count, parallel edges once. Edges lead from low to high
degree, and each pair of edges that leaves one vertex is looked up. O(m^1.5), in pieces.
Sources: Schank and Wagner, WEA 2005; for directed graphs Fagiolo, Physical Review E 76, 2007.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from . import columns as col
from .arrays import Arrays
from .rows import Ints, arcs_of
from .watch import Watch

__all__ = ["clustering", "transitivity", "triangle_count", "triangles"]

_PIECE = 1 << 20  # pairs looked at together

Params = Mapping[str, Any]
Result = tuple[dict[str, Any], dict[str, Any]]


def triangles(graph: Arrays, params: Params, arrays: Mapping[str, Ints], watch: Watch) -> Result:
    """Number of triangles that each vertex belongs to."""
    del params, arrays
    count = _per_vertex(graph, watch)
    return {"triangles": col.integers(count)}, {"triangles": int(count.sum()) // 3}


def triangle_count(
    graph: Arrays, params: Params, arrays: Mapping[str, Ints], watch: Watch
) -> Result:
    """Number of triangles of the graph."""
    del params, arrays
    return {}, {"triangles": sum(len(a) for a, _, _ in _all_triangles(graph, watch))}


def transitivity(graph: Arrays, params: Params, arrays: Mapping[str, Ints], watch: Watch) -> Result:
    """Share of pairs of neighbours that are neighbours themselves; 0 without such pairs."""
    del params, arrays
    closed = int(_per_vertex(graph, watch).sum())
    degree = np.bincount(graph.pairs(undirected=True)[0], minlength=graph.n)
    open_ = int((degree * (degree - 1) // 2).sum())
    return {}, {"transitivity": closed / open_ if closed else 0.0}


def clustering(graph: Arrays, params: Params, arrays: Mapping[str, Ints], watch: Watch) -> Result:
    """Of each vertex, the share of pairs of neighbours that are neighbours themselves."""
    del params, arrays
    if graph.directed:
        return {"clustering": col.floats(_directed_clustering(graph, watch))}, {}
    count = _per_vertex(graph, watch)
    degree = np.bincount(graph.pairs(undirected=True)[0], minlength=graph.n)
    share = np.zeros(graph.n)
    np.divide(2 * count, degree * (degree - 1), out=share, where=count > 0)
    return {"clustering": col.floats(share)}, {}


def _per_vertex(graph: Arrays, watch: Watch) -> Ints:
    count = np.zeros(graph.n, np.int64)
    for corners in _all_triangles(graph, watch):
        for corner in corners:
            count += np.bincount(corner, minlength=graph.n)
    return count


def _directed_clustering(graph: Arrays, watch: Watch) -> np.ndarray[Any, Any]:
    """A triangle counts once per choice of one arc for each of its sides, in both turns."""
    n = graph.n
    u, v = graph.pairs()
    keys = u * n + v
    degree = np.bincount(u, minlength=n) + np.bincount(v, minlength=n)
    both = np.bincount(u[_among(v * n + u, keys)], minlength=n)
    count = np.zeros(n, np.int64)
    for a, b, c in _all_triangles(graph, watch):
        arcs = 2 * np.ones(len(a), np.int64)
        for x, y in ((a, b), (b, c), (a, c)):
            arcs *= _among(x * n + y, keys).astype(np.int64) + _among(y * n + x, keys)
        for corner in (a, b, c):
            np.add.at(count, corner, arcs)
    share = np.zeros(n)
    np.divide(count, 2 * (degree * (degree - 1) - 2 * both), out=share, where=count > 0)
    return share


def _all_triangles(graph: Arrays, watch: Watch) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Corners of all triangles, in pieces; each triangle once."""
    n = graph.n
    u, v = graph.pairs(undirected=True)
    degree = np.bincount(u, minlength=n)
    rank = np.empty(n, np.int64)
    rank[np.lexsort((np.arange(n), degree))] = np.arange(n)
    upward = rank[u] < rank[v]
    u, v = u[upward], v[upward]
    keys = u * n + v  # ascending, as the pairs are
    indptr = np.concatenate([[0], np.cumsum(np.bincount(u, minlength=n))])
    second = indptr[v + 1] - indptr[v]
    cuts = np.searchsorted(np.cumsum(second), np.arange(_PIECE, second.sum() + _PIECE, _PIECE))
    start = 0
    for cut in np.unique(np.append(cuts, len(u))):
        stop = min(int(cut) + 1, len(u))
        if stop <= start:
            continue
        watch.tick(start, len(u))
        places, counts = arcs_of(indptr, v[start:stop])
        a, b = np.repeat(u[start:stop], counts), np.repeat(v[start:stop], counts)
        c = v[places]
        closed = _among(a * n + c, keys)
        yield a[closed], b[closed], c[closed]
        start = stop


def _among(wanted: Ints, keys: Ints) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether each key is one of the ascending ones."""
    if not len(keys):
        return np.zeros(len(wanted), dtype=bool)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.asarray(keys[place] == wanted)
