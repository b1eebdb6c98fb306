"""Depth-first search in true recursive order, with one clock for arrivals and departures.

Sequential by nature, on Python lists. O(n + m).
Source: Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Computing 1(2), 1972.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ..engine import Csr
from . import columns as col
from .arrays import Arrays
from .rows import Ints, frozen, row_of_arcs
from .watch import Watch

__all__ = ["dfs", "dfs_edges"]

TREE, BACK, FORWARD, CROSS = range(4)
CLASSES = ("tree", "back", "forward", "cross")


def dfs(
    graph: Arrays, params: Mapping[str, Any], arrays: Mapping[str, Ints], watch: Watch
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrival, departure, predecessor and root of each vertex that the search meets."""
    rows = graph.rows(params["direction"])
    if params["sort_neighbors"] or params["direction"] == "both":
        rows = _sorted_rows(rows)
    walk = _Walk(graph, rows, params["max_depth"], watch)
    walk.cover(_roots(graph, arrays))
    return {
        "discover": col.hops(walk.discover),
        "finish": col.hops(walk.finish),
        "predecessor": col.indices(walk.parent),
        "root": col.indices(walk.root),
    }, {}


def dfs_edges(
    graph: Arrays, params: Mapping[str, Any], arrays: Mapping[str, Ints], watch: Watch
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Each edge that the search looks along, once, in that order, with its class."""
    del params
    found: list[tuple[int, int, int]] = []
    walk = _Walk(graph, graph.out, None, watch)
    walk.cover(_roots(graph, arrays), lambda u, v, kind: found.append((u, v, kind)))
    table = np.array(found, dtype=np.int64).reshape(-1, 3)
    import pyarrow as pa

    kinds = pa.DictionaryArray.from_arrays(pa.array(table[:, 2], pa.int8()), pa.array(CLASSES))
    return {
        "src": col.indices(table[:, 0]),
        "dst": col.indices(table[:, 1]),
        "edge_class": kinds.cast(pa.string()),
    }, {}


def _roots(graph: Arrays, arrays: Mapping[str, Ints]) -> Iterable[int]:
    given: list[int] = arrays["sources"].tolist() if "sources" in arrays else list(range(graph.n))
    return given


def _sorted_rows(rows: Csr) -> Csr:
    order = np.lexsort((rows.indices, row_of_arcs(rows)))
    return frozen(Csr(rows.indptr, rows.indices[order], None, rows.edge_ids[order]))


class _Walk:
    """One search; lists hold -1 for vertices not met."""

    def __init__(self, graph: Arrays, rows: Csr, max_depth: int | None, watch: Watch) -> None:
        n = graph.n
        self.discover, self.finish = [-1] * n, [-1] * n
        self.parent, self.root = [-1] * n, [-1] * n
        self._cursor: list[int] = rows.indptr[:-1].tolist()
        self._end: list[int] = rows.indptr[1:].tolist()
        self._heads: list[int] = rows.indices.tolist()
        self._edges: list[int] = rows.edge_ids.tolist()
        self._came_by = [-1] * n  # the edge a vertex was reached by
        self._directed = graph.directed
        self._limit = n if max_depth is None else max_depth
        self._watch = watch
        self._clock = 0

    def cover(
        self, roots: Iterable[int], tell: Callable[[int, int, int], None] | None = None
    ) -> None:
        """Search from each root that was not met before."""
        for root in roots:
            if self.discover[root] < 0:
                self._from(root, tell)

    def _from(self, root: int, tell: Callable[[int, int, int], None] | None) -> None:
        discover, cursor, end, heads = self.discover, self._cursor, self._end, self._heads
        total = 2 * len(discover)
        self._arrive(root, root)
        stack = [root]
        while stack:
            self._watch.step(self._clock, total)
            u = stack[-1]
            place = cursor[u]
            # A vertex met at the limit is never expanded, also not later by a shorter way.
            if place == end[u] or len(stack) > self._limit:
                self.finish[u] = self._clock
                self._clock += 1
                stack.pop()
                continue
            cursor[u] = place + 1
            v = heads[place]
            if discover[v] < 0:
                self.parent[v] = u
                self._came_by[v] = self._edges[place]
                self._arrive(v, root)
                stack.append(v)
                if tell is not None:
                    tell(u, v, TREE)
            elif tell is not None:
                kind = self._kind(u, v, place)
                if kind >= 0:
                    tell(u, v, kind)

    def _arrive(self, v: int, root: int) -> None:
        self.root[v] = root
        self.discover[v] = self._clock
        self._clock += 1

    def _kind(self, u: int, v: int, place: int) -> int:
        """Class of an arc to a vertex met before; -1 if its edge was told from the other end."""
        if not self._directed and self._edges[place] == self._came_by[u]:
            return -1
        if self.finish[v] < 0:
            return BACK
        if not self._directed:
            return -1
        return FORWARD if self.discover[u] < self.discover[v] else CROSS
