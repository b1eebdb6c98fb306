"""Rows of arcs that a caller or a file brings, checked before an engine relies on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from parquetframe.errors import GraphError, SchemaError

from .building import check_size, index_array
from .engine import Csr

__all__ = ["checked_csr", "edge_pairs", "weight_array"]

_Array = np.ndarray[Any, Any]


def checked_csr(
    indptr: Any, indices: Any, weights: Any, *, directed: bool, copy: bool, edge_ids: Any = None
) -> Csr:
    """The arrays as a :class:`Csr`, if they are one.

    Args:
        indptr: n + 1 offsets that never fall, from 0 to the number of arcs.
        indices: Vertices from 0 to n - 1.
        weights: One number per arc, or None.
        directed: Otherwise each arc needs its counterpart, which gets the same edge id.
        copy: Whether the arrays may be changed by others later.
        edge_ids: Known from a file; otherwise arcs are numbered.

    Raises:
        GraphError: Offsets, indices or weights that are no graph; the position is named.
        SchemaError: Not integers.
    """
    offsets, heads = index_array(indptr, "indptr"), index_array(indices, "indices")
    if not len(offsets):
        raise GraphError("indptr is empty; it has one more item than there are vertices")
    n = len(offsets) - 1
    check_size(n)
    if offsets[0] != 0 or int(offsets[-1]) != len(heads):
        raise GraphError(
            f"indptr goes from {offsets[0]} to {offsets[-1]}; "
            f"it must go from 0 to {len(heads)}, the number of indices"
        )
    falls = np.flatnonzero(offsets[1:] < offsets[:-1])
    if len(falls):
        raise GraphError(f"indptr falls at position {int(falls[0]) + 1}")
    bad = np.flatnonzero((heads < 0) | (heads >= n))
    if len(bad):
        place = int(bad[0])
        raise GraphError(f"indices[{place}] is {heads[place]}; with {n} vertices indices are "
                         f"from 0 to {n - 1}")  # fmt: skip
    offsets = _typed(offsets, np.int64, copy=copy)
    heads = _typed(heads, np.uint32, copy=copy)
    found = None if weights is None else weight_array(weights, len(heads), copy=copy)
    if edge_ids is not None:
        edges = _typed(index_array(edge_ids, "edge_ids"), np.int64, copy=copy)
        _check_edge_ids(edges, offsets, heads, directed=directed)
    elif directed:
        edges = np.arange(len(heads), dtype=np.int64)
    else:
        edges = edge_pairs(offsets, heads, found)
    return Csr(offsets, heads, found, edges)


def weight_array(weights: Any, length: int, *, copy: bool = True) -> _Array:
    """Weights as float64.

    Raises:
        GraphError: Another length, NaN or -inf; the position is named.
        SchemaError: Not numbers.
    """
    array = np.asarray(weights)
    if array.dtype.kind not in "iufb" or array.ndim != 1:
        if array.size or array.ndim != 1:
            raise SchemaError(
                f"weights has type {array.dtype}; weights are integers or floats", column="weights"
            )
        array = array.astype(np.float64)
    if len(array) != length:
        raise GraphError(f"there are {length} edges, but {len(array)} weights")
    found = _typed(array, np.float64, copy=copy)
    bad = np.flatnonzero(np.isnan(found) | (found == -np.inf))
    if len(bad):
        row = int(bad[0]) + 1
        text = "NaN" if np.isnan(found[row - 1]) else "-inf"
        raise GraphError(
            f"edge row {row}: weight is {text}; weights are finite numbers or inf", row=row
        )
    return found


def edge_pairs(indptr: _Array, indices: _Array, weights: _Array | None) -> _Array:
    """Edge ids of symmetric rows: an arc and its counterpart share one, loops have their own.

    Raises:
        GraphError: An arc without counterpart of the same weight.
    """
    n = len(indptr) - 1
    tails = np.repeat(np.arange(n), np.diff(indptr))
    heads = indices.astype(np.int64)
    weight = np.zeros(len(heads)) if weights is None else weights
    sides: list[tuple[_Array, ...]] = []
    for side, low, high in (
        (np.flatnonzero(tails < heads), tails, heads),
        (np.flatnonzero(tails > heads), heads, tails),
    ):
        order = np.lexsort((weight[side], high[side], low[side]))
        arcs = side[order]
        sides.append((arcs, low[arcs], high[arcs], weight[arcs]))
    (up, *above), (down, *below) = sides
    shared = min(len(up), len(down))
    differ = np.zeros(shared, dtype=bool)
    for a, b in zip(above, below, strict=True):
        differ |= a[:shared] != b[:shared]
    if differ.any() or len(up) != len(down):
        place = int(np.flatnonzero(differ)[0]) if differ.any() else shared
        arc = int(up[place] if place < len(up) else down[place])
        raise GraphError(
            f"rows of an undirected graph are symmetric, but {tails[arc]}->{heads[arc]} "
            "has no counterpart of the same weight"
        )
    edges = np.full(len(heads), -1, np.int64)
    first = np.flatnonzero(tails <= heads)  # edges are numbered in the order of these
    edges[first] = np.arange(len(first))
    edges[down] = edges[up]
    return edges


def _check_edge_ids(edges: _Array, indptr: _Array, indices: _Array, *, directed: bool) -> None:
    """Each id once, or once per direction with ends that agree."""
    n = len(indptr) - 1
    if len(edges) != len(indices):
        raise GraphError(f"there are {len(indices)} arcs, but {len(edges)} edge ids")
    tails = np.repeat(np.arange(n), np.diff(indptr))
    heads = indices.astype(np.int64)
    once = np.ones(len(edges), dtype=bool) if directed else tails <= heads
    m = int(once.sum())
    place = np.full(m, -1, np.int64)
    inside = (edges >= 0) & (edges < m)
    if inside.all():
        place[edges[once]] = np.flatnonzero(once)
    back = ~once
    if (
        not inside.all()
        or (place < 0).any()
        or int(back.sum()) != (0 if directed else int((tails < heads).sum()))
        or (heads[place[edges[back]]] != tails[back]).any()
        or (tails[place[edges[back]]] != heads[back]).any()
    ):
        raise GraphError("edge ids do not number the edges")
    if len(np.unique(edges[back])) != int(back.sum()):
        raise GraphError("edge ids do not number the edges")


def _typed(array: _Array, dtype: Any, *, copy: bool) -> _Array:
    found = np.array(array, dtype=dtype, copy=True) if copy else np.ascontiguousarray(array, dtype)
    return found if copy or found is not array else found.view()
