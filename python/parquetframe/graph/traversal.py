"""Searches, paths and orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parquetframe.errors import GraphError
from parquetframe.io.request import count, flag

from .base import GraphBase
from .columns import Column, Numbers, numbers
from .engine import Progress
from .local import DIRECTIONS
from .lookup import find_one, find_sources
from .options import one_of, real
from .weights import need_not_negative, uses_weights

__all__ = ["Traversal"]

METHODS = ("auto", "bfs", "dijkstra", "delta", "bellman-ford")


class Traversal(GraphBase):
    """Breadth-first, depth-first, shortest paths, topological order."""

    def bfs(
        self,
        sources: Any,
        max_depth: int | None = None,
        direction: str = "out",
        per_source: bool = False,
        include_unreached: bool = False,
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Search in breadth from one or several vertices.

        Args:
            sources: An id or a list of ids.
            max_depth: Levels to go at most.
            direction: Follow edges ``"out"``, ``"in"`` or ``"both"`` ways.
            per_source: Search from each source on its own.
            include_unreached: Also give vertices that were not reached, with nulls.
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            ``vertex``, ``distance`` (int64 hops from the nearest source), ``predecessor`` (of
            several the smallest by vertex order; null at a source). With ``per_source``:
            ``source``, ``vertex``, ``distance``, source by source in the order given.

        Raises:
            VertexNotFound: A source is no vertex.

        Examples:
            >>> import parquetframe as pf
            >>> g = pf.Graph.from_edges({"src": ["a", "b"], "dst": ["b", "c"]})
            >>> g.bfs("a").column("distance").to_pylist()
            [0, 1, 2]
        """
        call = self._call(output, threads, progress, cancel)
        params = {
            "max_depth": count("max_depth", max_depth),
            "direction": one_of("direction", direction, DIRECTIONS),
            "per_source": flag("per_source", per_source),
            "include_unreached": flag("include_unreached", include_unreached),
        }
        arrays = {"sources": find_sources(self._handle, sources)}
        reached = None if per_source or include_unreached else "distance"
        return self._deliver(call, "bfs", params, arrays, reached=reached)

    def dfs(
        self,
        source: Any = None,
        max_depth: int | None = None,
        direction: str = "out",
        sort_neighbors: bool = False,
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Search in depth, in the order in which a recursive search visits.

        Args:
            source: An id; None covers all vertices, each root being the first not met so far.
            max_depth: A vertex that is first met at this depth is not expanded, also not later when
                a shorter way leads to it: the rows are not all vertices within that distance
                (:meth:`bfs` finds those).
            direction: Follow edges ``"out"``, ``"in"`` or ``"both"`` ways.
            sort_neighbors: Follow them in vertex order, rather than in the order of rows; ``"in"``
                and ``"both"`` always do.
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Accepted as everywhere; the search is sequential by nature.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            k rows, one per vertex met: ``vertex``, ``discover`` and ``finish`` (one clock from 0 to
            2k - 1), ``predecessor`` (null at a root), ``root``.

        Raises:
            VertexNotFound: The source is no vertex.
        """
        call = self._call(output, threads, progress, cancel)
        params = {
            "max_depth": count("max_depth", max_depth),
            "direction": one_of("direction", direction, DIRECTIONS),
            "sort_neighbors": flag("sort_neighbors", sort_neighbors),
        }
        return self._deliver(call, "dfs", params, self._root(source), reached="discover")

    def dfs_edges(
        self,
        source: Any = None,
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Classify each edge that a search in depth looks along.

        Args:
            source: An id; None covers all vertices.
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Accepted as everywhere; the search is sequential by nature.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            ``src``, ``dst``, ``edge_class`` (``tree``, ``back``, ``forward`` or ``cross``), one row
            per edge in the order of the search. In an undirected graph there are only ``tree`` and
            ``back``; a loop, and an edge parallel to the one a vertex was reached by, is ``back``.

        Raises:
            VertexNotFound: The source is no vertex.
        """
        call = self._call(output, threads, progress, cancel)
        return self._deliver(call, "dfs_edges", None, self._root(source))

    def shortest_paths(
        self,
        source: Any,
        target: Any = None,
        weight: str | None = "auto",
        method: str = "auto",
        delta: float | None = None,
        cutoff: float | None = None,
        predecessors: bool = True,
        include_unreached: bool = False,
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Find shortest paths from one vertex.

        All methods give the same distances, bit for bit, and the same predecessors: of several the
        smallest by vertex order. Of parallel edges the lightest counts; an edge of weight inf is no
        way.

        Args:
            source: An id.
            target: An id; the result is then the path to it, without rows if there is none.
            weight: ``"auto"``: the graph's weights if it has any; None: every edge counts 1.
            method: ``"bfs"`` (without weights), ``"dijkstra"``, ``"delta"`` (weights >= 0),
                ``"bellman-ford"`` (any weights), or ``"auto"``, which takes what fits.
            delta: Width of the buckets of ``method="delta"``; chosen from the graph by default.
            cutoff: Longest distance that counts as reached.
            predecessors: Whether to give that column.
            include_unreached: Also give vertices that were not reached, with nulls.
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            ``vertex``, ``distance`` (float64, or int64 hops without weights), ``predecessor``
            (null at the source). With ``target``: ``position``, ``vertex``, ``distance``, from
            the source.

        Raises:
            VertexNotFound: The source or target is no vertex.
            NegativeWeight: ``dijkstra`` or ``delta`` on a graph with negative weights.
            NegativeCycle: One can be reached from the source; it is named.
        """
        call = self._call(output, threads, progress, cancel)
        weighted = uses_weights(self, weight)
        one_of("method", method, METHODS)
        self._check_method(method, weighted, cutoff)
        if delta is not None and method != "delta":
            raise ValueError(f'delta is an option of method="delta", not of "{method}"')
        if target is not None and include_unreached:
            raise ValueError("include_unreached does not go with target: the result is a path")
        params = {
            "weighted": weighted,
            "method": method,
            "delta": None if delta is None else real("delta", delta, least=0, above=True),
            "cutoff": None if cutoff is None else real("cutoff", cutoff, least=0, infinite=True),
            "predecessors": flag("predecessors", predecessors) or target is not None,
        }
        arrays = {"source": [find_one(self._handle, source)]}
        if target is None:
            reached = None if include_unreached else "distance"
            return self._deliver(call, "shortest_paths", params, arrays, reached=reached)
        end = find_one(self._handle, target)
        columns, facts = self._run(call, "shortest_paths", params, arrays, ids=False)
        return call.deliver(self._path(columns, end), facts)

    def topological_sort(
        self,
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Order the vertices so that every edge leads forward.

        Args:
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Accepted as everywhere; the order is made sequentially.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            n rows in order: ``position`` (0..n-1), ``vertex``, ``generation`` (edges on the longest
            way to it).

        Raises:
            NotADag: There is a cycle; its ids are in the text and in ``.vertices``.
            GraphError: The graph is undirected.
        """
        call = self._call(output, threads, progress, cancel)
        if not self.is_directed:
            raise GraphError("topological_sort needs a directed graph; this one is undirected")
        return self._deliver(call, "topological_sort")

    def _check_method(self, method: str, weighted: bool, cutoff: float | None) -> None:
        if method == "bfs" and weighted:
            raise ValueError('method="bfs" counts edges; pass weight=None to ignore the weights')
        if not weighted:
            return
        if method in ("dijkstra", "delta"):
            advice = '; use method="bellman-ford"'
            need_not_negative(self, method, advice)
        if cutoff is not None and self.weight_facts.negative is not None:
            raise GraphError("cutoff: needs weights >= 0: a path may come back from beyond it")

    def _root(self, source: Any) -> dict[str, Any]:
        if source is None:
            return {}
        return {"sources": [find_one(self._handle, source)]}

    def _path(self, columns: Mapping[str, Column], target: int) -> dict[str, Column]:
        distance, before = numbers(columns["distance"]), numbers(columns["predecessor"])
        path: list[int] = []
        if distance.missing is None or not distance.missing[target]:
            path.append(target)
        while path and not (before.missing is not None and before.missing[path[-1]]):
            path.append(int(before.values[path[-1]]))
        steps = Numbers(np.array(path[::-1], np.intp))
        return {
            "position": Numbers(np.arange(len(path))),
            "vertex": self._ids_at(steps),
            "distance": Numbers(distance.values).at(steps),
        }
