"""Topological order by generations: vertices without in-arcs first, then what they release.

Within a generation in the order in which a FIFO queue would release them (Kahn, CACM 5(11), 1962);
of parallel arcs the first counts. O(n + m), one pass per generation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import columns as col
from .arrays import Arrays
from .rows import Ints, arcs_of
from .watch import Watch

__all__ = ["CycleFound", "topological_sort"]


class CycleFound(Exception):
    """Vertices of a cycle, in the order of its arcs; the handle puts ids in."""

    def __init__(self, vertices: list[int]) -> None:
        super().__init__(vertices)
        self.vertices = vertices


def topological_sort(
    graph: Arrays, params: Mapping[str, Any], arrays: Mapping[str, Ints], watch: Watch
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Vertices in order, with their generations."""
    del params, arrays
    waits = np.bincount(graph.heads, minlength=graph.n)
    ready = np.flatnonzero(waits == 0)
    order: list[Ints] = []
    done = 0
    while len(ready):
        done += len(ready)
        watch.tick(done, graph.n)
        order.append(ready)
        arcs, counts = arcs_of(graph.out.indptr, ready)
        heads = graph.heads[arcs]
        np.subtract.at(waits, heads, 1)
        ready = _release_order(np.repeat(np.arange(len(ready)), counts), heads, waits)
    if done < graph.n:
        raise CycleFound(_cycle(graph, waits > 0))
    vertices = np.concatenate([np.zeros(0, np.int64), *order])
    generation = np.repeat(np.arange(len(order)), [len(part) for part in order])
    return {
        "position": col.integers(np.arange(graph.n)),
        "vertex": col.indices(vertices),
        "generation": col.integers(generation),
    }, {"generations": len(order)}


def _release_order(tails: Ints, heads: Ints, waits: Ints) -> Ints:
    """Heads that wait no more, by their last tail, and in its row by their first arc."""
    free = waits[heads] == 0
    tails, heads = tails[free], heads[free]
    last = np.full(len(waits), -1, np.int64)
    np.maximum.at(last, heads, tails)
    from_last = heads[tails == last[heads]]
    found, first = np.unique(from_last, return_index=True)
    return np.asarray(found[np.argsort(first)])


def _cycle(graph: Arrays, left: np.ndarray[Any, Any]) -> list[int]:
    """A cycle among vertices of which each has a predecessor that is left: walk back until met."""
    incoming = graph.incoming
    seen: dict[int, int] = {}
    path: list[int] = []
    v = int(np.flatnonzero(left)[0])
    while v not in seen:
        seen[v] = len(path)
        path.append(v)
        row = incoming.indices[incoming.indptr[v] : incoming.indptr[v + 1]]
        v = int(row[left[row]][0])
    cycle = path[seen[v] :][::-1]
    start = cycle.index(min(cycle))
    return cycle[start:] + cycle[:start]
