"""Weighted distances by the kernel: forwards or backwards, from one source or from several."""

from __future__ import annotations

from typing import Any

import numpy as np

from parquetframe.graph.engine import Csr, choose_engine
from parquetframe.graph.running import start
from parquetframe.nx_backend.config import configured_threads
from parquetframe.nx_backend.dense import DenseView, without_nulls

__all__ = [
    "distances",
    "kernel_distances",
    "lightest",
    "need_finite_weights",
    "need_plain_weights",
    "need_small_sums",
    "weight_rows",
]

_Array = np.ndarray[Any, Any]

_EXACT = 2.0**53  # from here on, floats do not hold every integer


def weight_rows(graph: DenseView) -> tuple[int | None, int | None, int | None]:
    """First edges with a weight below 0, of 0, and infinite; None where there is none."""
    return graph.graph._handle.weight_rows()


def need_plain_weights(graph: DenseView) -> None:
    """Refuse what networkx treats in ways of its own.

    Raises:
        NotImplementedError: A weight below 0 or infinite.
    """
    if weight_rows(graph)[0] is not None:
        raise NotImplementedError("weights below 0 are left to networkx")
    need_finite_weights(graph)


def need_finite_weights(graph: DenseView) -> None:
    """Refuse edges that the kernels do not use, but networkx does.

    Raises:
        NotImplementedError: An infinite weight.
    """
    if weight_rows(graph)[2] is not None:
        raise NotImplementedError("infinite weights are left to networkx")


def distances(
    graph: DenseView, sources: list[int], cutoff: float | None, *, backwards: bool
) -> _Array:
    """Distance of each vertex from the nearest source; NaN where there is none.

    Raises:
        NotImplementedError: Weights that only networkx takes, or sums too large to be exact.
    """
    need_plain_weights(graph)
    limit = cutoff if cutoff is not None and 0 <= cutoff < float("inf") else None
    found = kernel_distances(graph, sources, "auto", limit, backwards=backwards)
    if graph.weight_kind == "int" and np.nanmax(found) >= _EXACT:
        raise NotImplementedError("distances of 2**53 and more are left to networkx")
    if np.isinf(found).any():
        raise NotImplementedError("infinite distances are left to networkx")
    if cutoff is not None:
        found[found > cutoff] = np.nan
        found[sources] = 0.0
    return found


def need_small_sums(graph: DenseView) -> None:
    """Refuse weights of which a path could add up to more than :func:`distances` takes.

    Raises:
        NotImplementedError: There may be such a path.
    """
    weights = graph.out().weights
    if weights is None or not len(weights):
        return
    most = float(weights.max()) * graph.n
    if not most < (_EXACT if graph.weight_kind == "int" else float("inf")):
        raise NotImplementedError("weights of this size are left to networkx")


def kernel_distances(
    graph: DenseView, sources: list[int], method: str, cutoff: float | None, *, backwards: bool
) -> _Array:
    """Distances as the kernel finds them, float64; NaN where there is none."""
    params = {
        "weighted": True,
        "method": method,
        "delta": None,
        "cutoff": cutoff,
        "predecessors": False,
    }
    if len(sources) == 1 and not (backwards and graph.directed):
        arrays = {"source": np.array(sources, np.uint32)}
        columns, _ = graph.run("shortest_paths", params, arrays)
        return columns["distance"].astype(np.float64)
    rows = graph.incoming() if backwards else graph.out()
    return _from_several(graph, rows, sources, params)


def lightest(graph: DenseView, rows: Csr) -> Csr:
    """Rows with each neighbour once, where it comes first, by the lightest of parallel arcs."""
    if not graph.multigraph or rows.weights is None:
        return rows
    tails = np.repeat(np.arange(graph.n), np.diff(rows.indptr))
    together = np.lexsort((rows.indices, tails))
    tails, heads = tails[together], rows.indices[together]
    new = np.ones(len(together), dtype=bool)
    new[1:] = (tails[1:] != tails[:-1]) | (heads[1:] != heads[:-1])
    starts = np.flatnonzero(new)
    first = together[starts]  # the sort is stable
    order = np.argsort(first)
    first = first[order]
    weights = np.minimum.reduceat(rows.weights[together], starts)[order] if len(starts) else None
    indptr = np.searchsorted(first, rows.indptr)
    return Csr(indptr, rows.indices[first], weights, rows.edge_ids[first])


def _from_several(
    graph: DenseView, rows: Csr, sources: list[int], params: dict[str, Any]
) -> _Array:
    """One more vertex has arcs of weight 0 to the sources, and adds nothing to any sum."""
    m, more = len(rows.indices), len(sources)
    weights = np.ones(m) if rows.weights is None else rows.weights
    joined = Csr(
        np.append(rows.indptr, m + more).astype(np.int64),
        np.concatenate([rows.indices, np.array(sources)]).astype(np.uint32),
        np.concatenate([weights, np.zeros(more)]),
        np.arange(m + more),
    )
    work = start(graph.graph.backend, threads=configured_threads()).work
    engine = choose_engine(graph.graph.backend)
    handle = engine.adopt_csr(joined, ids=None, directed=True, work=work)
    arrays = {"source": np.array([graph.n], np.uint32)}
    columns, _ = handle.run_numbers("shortest_paths", params, arrays, work)
    return without_nulls(columns["distance"])[: graph.n].astype(np.float64)
