"""Closeness and harmonic centrality by breadth-first searches from 64 vertices at a time.

A bit per source in one word per vertex; a level is one pass over all arcs.
Sources: Then et al., "The more the merrier", VLDB 8(4), 2014; Wasserman and Faust, "Social network
analysis", 1994 (scaling to the part that reaches a vertex); Boldi and Vigna, "Axioms for
centrality", Internet Mathematics 10, 2014.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..engine import Csr
from . import columns as col
from .arrays import Arrays
from .bfs import levels
from .rows import Ints
from .watch import Watch

__all__ = ["closeness", "harmonic"]

_BITS = 64

Result = tuple[dict[str, Any], dict[str, Any]]


def closeness(
    graph: Arrays, params: Mapping[str, Any], arrays: Mapping[str, Ints], watch: Watch
) -> Result:
    """Vertices that reach a vertex over the sum of their distances."""
    wanted = _wanted(graph, arrays)
    far, reach = np.zeros(graph.n, np.int64), np.zeros(graph.n, np.int64)
    for vertices, level, count in _counts(graph, params["direction"], arrays, watch):
        far[vertices] += level * count
        reach[vertices] += count
    far, reach = far[wanted].astype(float), reach[wanted].astype(float)
    score = np.divide(reach, far, out=np.zeros(len(wanted)), where=far > 0)
    if params["wf_improved"] and graph.n > 1:
        score *= reach / (graph.n - 1)
    return {"vertex": col.indices(wanted), "closeness": col.floats(score)}, {}


def harmonic(
    graph: Arrays, params: Mapping[str, Any], arrays: Mapping[str, Ints], watch: Watch
) -> Result:
    """Sum of one over the distance of each vertex that reaches a vertex."""
    wanted = _wanted(graph, arrays)
    score = np.zeros(graph.n)
    for vertices, level, count in _counts(graph, params["direction"], arrays, watch):
        score[vertices] += count / level
    return {"vertex": col.indices(wanted), "harmonic": col.floats(score[wanted])}, {}


def _wanted(graph: Arrays, arrays: Mapping[str, Ints]) -> Ints:
    return arrays["vertices"].astype(np.int64) if "vertices" in arrays else np.arange(graph.n)


def _counts(
    graph: Arrays, direction: str, arrays: Mapping[str, Ints], watch: Watch
) -> Iterator[tuple[Any, int, Any]]:
    """Triples (vertices, level, how many more vertices are at that distance)."""
    if "vertices" in arrays:
        wanted = arrays["vertices"].astype(np.int64)
        for number, vertex in enumerate(wanted.tolist()):
            watch.tick(number, len(wanted))
            distance, _ = levels(graph, np.array([vertex]), None, direction, watch)
            for level, count in enumerate(np.bincount(distance[distance > 0]).tolist()):
                if count:
                    yield vertex, level, count
        return
    # Searches along out-arcs meet a vertex at its incoming distance, and the other way round.
    met_by = graph.rows(direction)
    lengths = np.diff(met_by.indptr)
    filled = np.flatnonzero(lengths)
    for start in range(0, graph.n, _BITS):
        watch.tick(start, graph.n)
        for level, count in _batch(graph.n, start, met_by, filled, watch):
            yield filled, level, count


def _batch(
    n: int, start: int, met_by: Csr, filled: Ints, watch: Watch
) -> Iterator[tuple[int, Ints]]:
    """Per level, how many of 64 sources meet each vertex that has in-arcs."""
    sources = np.arange(start, min(start + _BITS, n))
    seen = np.zeros(n, np.uint64)
    seen[sources] = np.uint64(1) << (sources - start).astype(np.uint64)
    frontier = seen.copy()
    level = 0
    while len(filled):
        watch.tick()
        level += 1
        new = np.zeros(n, np.uint64)
        new[filled] = np.bitwise_or.reduceat(frontier[met_by.indices], met_by.indptr[filled])
        new &= ~seen
        if not new.any():
            return
        seen |= new
        frontier = new
        yield level, np.bitwise_count(new[filled]).astype(np.int64)
