"""Questions about single vertices, and graphs made from a graph."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
import pyarrow as pa

from .base import GraphBase
from .building import Built
from .columns import SMALL, Numbers, as_arrow
from .engine import Handle, Progress, Work
from .lookup import find_all, find_one, find_some
from .merging import EdgeList, without_duplicates
from .options import one_of

__all__ = ["LocalQueries"]

DIRECTIONS = ("out", "in", "both")


class LocalQueries(GraphBase):
    """Degrees, neighbours, parts and turns of a graph."""

    def degree(
        self,
        direction: str = "out",
        loops: str = "twice",
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Number of edges at each vertex; parallel edges all count.

        Args:
            direction: ``"out"``, ``"in"`` or ``"both"`` (their sum); the same in an undirected
                graph.
            loops: ``"twice"``: in an undirected graph, and for ``"both"``, a loop counts at both
                its ends; ``"once"``: one per loop.
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Threads to use.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            n rows: ``vertex``, ``degree`` (int64).
        """
        one_of("direction", direction, DIRECTIONS)
        one_of("loops", loops, ("twice", "once"))
        call = self._call(output, threads, progress, cancel)
        call.work.check_cancelled()
        before = time.perf_counter()
        handle, directed = self._handle, self._handle.is_directed
        if direction != "in" or not directed:
            count = handle.row_lengths()
        else:
            count = np.zeros(handle.num_vertices, np.int64)
        if direction != "out" and directed:
            count += np.bincount(handle.csr().indices, minlength=handle.num_vertices)
        if not directed and loops == "twice":
            count += handle.loops()
        if directed and direction == "both" and loops == "once":
            count -= handle.loops()
        if call.work.progress is not None:
            call.work.progress(1.0)
        facts = {"seconds": time.perf_counter() - before, "backend": call.backend}
        return call.deliver({"vertex": self._id_numbers.given_away(), "degree": count}, facts)

    def neighbors(self, vertex: Any, direction: str = "out") -> pa.Array:
        """Ids at the other ends of a vertex's edges, one per edge, in the order of its row.

        Args:
            vertex: Its id.
            direction: ``"out"``, ``"in"`` (ascending by vertex) or ``"both"`` (first out, then in).

        Raises:
            VertexNotFound: No such vertex.
        """
        one_of("direction", direction, DIRECTIONS)
        v = find_one(self._handle, vertex)
        if not self._handle.is_directed:
            direction = "out"
        if direction != "both":
            return self._row_ids(direction, v)
        return pa.concat_arrays([self._row_ids(side, v) for side in ("out", "in")])

    def _row_ids(self, direction: str, v: int) -> pa.Array:
        """Ids at the other ends of the arcs of one vertex."""
        if self._is_small:
            known = self._rows_of_ids.get(direction)
            if known is None:
                rows = self.csr() if direction == "out" else self.csc()
                ids = as_arrow(self._ids_at(Numbers(rows.indices)))
                known = self._rows_of_ids[direction] = rows.indptr.tolist(), ids
            offsets, ids = known
            return ids.slice(offsets[v], offsets[v + 1] - offsets[v])
        rows = self.csr() if direction == "out" else self.csc()
        row = rows.indices[rows.indptr[v] : rows.indptr[v + 1]]
        return as_arrow(self._ids_at(Numbers(row) if len(row) <= SMALL else row))

    def has_edge(self, u: Any, v: Any) -> bool:
        """Whether an edge leads from ``u`` to ``v``; False also if one of them is no vertex."""
        found = self._handle.has_edge(u, v)
        if found is None:
            (a, b), _ = find_some(self._handle, (u, v))
            found = a >= 0 and b >= 0 and self._handle.has_arc(int(a), int(b))
        return found

    def subgraph(self, ids: Iterable[Any]) -> Self:
        """The vertices named, in the order of this graph, and the edges between them.

        Raises:
            VertexNotFound: One of them is no vertex.
        """
        chosen = np.unique(find_all(self._handle, ids))
        built = self._built
        handle, rows = self._handle.part(chosen, sorted_rows=built.sorted_rows)
        others = built.vertex_properties
        properties = None if others is None else others.take(pa.array(chosen))
        return self._with_properties(handle, False, rows, properties)

    def reverse(self) -> Self:
        """Every edge the other way round; of an undirected graph the graph itself."""
        if not self._handle.is_directed:
            return self
        edges = self._edge_list
        return self._derived(EdgeList(edges.dst, edges.src, edges.weights, edges.rows))

    def to_undirected(self, rows: str = "keep") -> Self:
        """The graph without directions.

        Args:
            rows: ``"keep"``: each edge stays one edge, so ``u -> v`` and ``v -> u`` become
                parallel; ``"dedup"``: of several edges between two vertices the first stays.
        """
        one_of("rows", rows, ("keep", "dedup"))
        edges = self._edge_list
        if rows == "dedup":
            edges = without_duplicates(edges, "first", directed=False, tell=_untold)
        elif not self._handle.is_directed:
            return self
        return self._derived(edges, directed=False)

    def _derived(self, edges: EdgeList, *, directed: bool | None = None) -> Self:
        """A graph of other edges between the same vertices."""
        built, handle = self._built, self._handle
        made = self._engine.build_indices(
            edges.src, edges.dst, edges.weights,
            num_vertices=handle.num_vertices, ids=None if built.dense else handle.ids,
            directed=handle.is_directed if directed is None else directed,
            sorted_rows=built.sorted_rows, work=Work(),
        )  # fmt: skip
        return self._with_properties(made, built.dense, edges.rows, built.vertex_properties)

    def _with_properties(
        self, handle: Handle, dense: bool, rows: np.ndarray[Any, Any], vertices: pa.Table | None
    ) -> Self:
        """A graph whose edges were those rows of this one; ``vertices`` are its properties."""
        built = self._built
        edges = built.edge_properties
        edges = None if edges is None else edges.take(pa.array(rows))
        given = rows if built.rows is None else built.rows[rows]
        return type(self)(
            self._engine, Built(handle, dense, built.sorted_rows, given, edges, vertices)
        )


def _untold(edge: int) -> tuple[int, str]:
    return edge, ""
