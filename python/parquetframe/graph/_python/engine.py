"""The NumPy engine: builds graphs, finds ids, runs kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import NegativeCycle, NotADag

from ..columns import SMALL, Column, Numbers, as_table, numbers, with_ids
from ..engine import Csr, PlainColumns, Vectors, Work
from ..id_types import id_kind, in_one_type
from ..labels import cycle_text
from . import (
    betweenness,
    bfs,
    closeness,
    components,
    core_number,
    dfs,
    hits,
    label_propagation,
    louvain,
    pagerank,
    shortest_paths,
    spanning_forest,
    topological_sort,
    triangles,
)
from .arrays import Arrays
from .closest import closest_ids
from .ids import map_ids
from .rows import frozen, make_rows
from .watch import Watch

__all__ = ["PythonEngine", "PythonHandle"]

_Array = np.ndarray[Any, Any]
_Kernel = Callable[
    [Arrays, Mapping[str, Any], Mapping[str, _Array], Watch],
    tuple[dict[str, Any], dict[str, Any]],
]

_FEW = 8  # values up to which a scan per value beats a hash table of all ids

KERNELS: Final[dict[str, _Kernel]] = {
    "betweenness": betweenness.betweenness,
    "bfs": bfs.bfs,
    "closeness": closeness.closeness,
    "clustering": triangles.clustering,
    "connected_components": components.connected_components,
    "core_number": core_number.core_number,
    "dfs": dfs.dfs,
    "dfs_edges": dfs.dfs_edges,
    "harmonic": closeness.harmonic,
    "hits": hits.hits,
    "label_propagation": label_propagation.label_propagation,
    "louvain": louvain.louvain,
    "minimum_spanning_forest": spanning_forest.minimum_spanning_forest,
    "pagerank": pagerank.pagerank,
    "shortest_paths": shortest_paths.shortest_paths,
    "topological_sort": topological_sort.topological_sort,
    "transitivity": triangles.transitivity,
    "triangle_count": triangles.triangle_count,
    "triangles": triangles.triangles,
}


class PythonEngine:
    """Graphs on NumPy; one thread, whatever is allowed."""

    name = "python"

    def build(
        self,
        src: pa.ChunkedArray,
        dst: pa.ChunkedArray,
        weights: _Array | None,
        vertices: pa.ChunkedArray | None,
        *,
        directed: bool,
        sorted_ids: bool,
        work: Work,
    ) -> PythonHandle:
        """See :meth:`parquetframe.graph.engine.GraphEngine.build`."""
        work.check_cancelled()
        named = {"src": src, "dst": dst} | ({} if vertices is None else {"vertices": vertices})
        src, dst, *more = in_one_type(named)
        ids, tails, heads = map_ids(src, dst, more[0] if more else None, sorted_ids=sorted_ids)
        return self.build_indices(
            tails,
            heads,
            weights,
            num_vertices=len(ids),
            ids=ids,
            directed=directed,
            sorted_rows=sorted_ids,
            work=work,
        )

    def build_plain(
        self,
        columns: PlainColumns,
        vertices: Any,
        *,
        num_vertices: int | None,
        directed: bool,
        sorted_ids: bool,
    ) -> None:
        """See :meth:`parquetframe.graph.engine.GraphEngine.build_plain`: Arrow columns, always."""

    def build_indices(
        self,
        src: _Array,
        dst: _Array,
        weights: _Array | None,
        *,
        num_vertices: int,
        ids: pa.Array | None,
        directed: bool,
        sorted_rows: bool,
        work: Work,
    ) -> PythonHandle:
        """See :meth:`parquetframe.graph.engine.GraphEngine.build_indices`."""
        work.check_cancelled()
        src, dst = src.astype(np.int64, copy=False), dst.astype(np.int64, copy=False)
        rows = make_rows(
            num_vertices,
            src,
            dst,
            weights,
            directed=directed,
            sorted_rows=sorted_rows,
            check=work.check_cancelled,
        )
        work.check_cancelled()
        return PythonHandle(Arrays(rows, directed=directed, num_edges=len(src)), ids)

    def adopt_csr(
        self, csr: Csr, *, ids: pa.Array | None, directed: bool, work: Work
    ) -> PythonHandle:
        """See :meth:`parquetframe.graph.engine.GraphEngine.adopt_csr`."""
        work.check_cancelled()
        edges = int(csr.edge_ids.max(initial=-1)) + 1
        views = Csr(*(None if array is None else array.view() for array in csr))  # type: ignore[arg-type]
        return PythonHandle(Arrays(frozen(views), directed=directed, num_edges=edges), ids)


class _Places(dict[Any, int]):
    """Index by id; ``kind`` is the class of all ids."""

    kind: type = object


class PythonHandle:
    """A graph of the NumPy engine.

    Args:
        graph: The arrays.
        ids: Of the vertices; ``None`` means 0..n-1.
    """

    def __init__(self, graph: Arrays, ids: pa.Array | None) -> None:
        self._graph = graph
        self._given_ids = ids
        self.num_vertices = graph.n
        self.num_edges = graph.num_edges
        self.is_directed = graph.directed
        self.is_weighted = graph.out.weights is not None

    @property
    def nbytes(self) -> int:
        """Bytes that the graph holds now."""
        held = self.ids.nbytes if self._given_ids is not None or "ids" in self.__dict__ else 0
        return self._graph.nbytes + int(held)

    @cached_property
    def ids(self) -> pa.Array:
        """The n ids; the position of an id is its vertex index."""
        given = self._given_ids
        return pa.array(np.arange(self.num_vertices, dtype=np.int64)) if given is None else given

    def rows(self) -> tuple[_Array, _Array]:
        """Offsets and heads of :meth:`csr`."""
        return self._graph.out.indptr, self._graph.out.indices

    def ids_at(self, vertices: pa.Array) -> pa.Array:
        """The ids of vertex indices; null stays null."""
        return self.ids.take(vertices)

    def csr(self) -> Csr:
        """Arcs by tail."""
        return self._graph.out

    def edges(self) -> tuple[_Array, _Array, _Array | None]:
        """See :meth:`parquetframe.graph.engine.Handle.edges`."""
        rows = self.csr()
        tails = np.repeat(np.arange(self.num_vertices, dtype=np.int64), np.diff(rows.indptr))
        heads, edges, weights = rows.indices.astype(np.int64), rows.edge_ids, rows.weights
        if not self.is_directed:
            once = tails <= heads
            tails, heads, edges = tails[once], heads[once], edges[once]
            weights = None if weights is None else weights[once]
        src, dst = np.empty((2, self.num_edges), np.int64)
        src[edges], dst[edges] = tails, heads
        if weights is not None:
            ordered = np.empty(self.num_edges)
            ordered[edges] = weights
            weights = ordered
        return src, dst, weights

    def edge_table(self) -> pa.Table:
        """See :meth:`parquetframe.graph.engine.Handle.edge_table`."""
        src, dst, weights = self.edges()
        columns = {"src": self.ids_at(pa.array(src)), "dst": self.ids_at(pa.array(dst))}
        if weights is not None:
            columns["weight"] = pa.array(weights)
        return pa.table(columns)

    def part(self, vertices: _Array, *, sorted_rows: bool) -> tuple[PythonHandle, _Array]:
        """See :meth:`parquetframe.graph.engine.Handle.part`."""
        place = np.full(self.num_vertices, -1, np.int64)
        place[vertices] = np.arange(len(vertices))
        src, dst, weights = self.edges()
        src, dst = place[src], place[dst]
        kept = np.flatnonzero((src >= 0) & (dst >= 0))
        part = PythonEngine().build_indices(
            src[kept],
            dst[kept],
            None if weights is None else weights[kept],
            num_vertices=len(vertices),
            ids=self.ids_at(pa.array(vertices)),
            directed=self.is_directed,
            sorted_rows=sorted_rows,
            work=Work(),
        )
        return part, kept

    def row_lengths(self) -> _Array:
        """Number of arcs in each row."""
        return np.diff(self.csr().indptr)

    def loops(self) -> _Array:
        """Number of loops at each vertex."""
        rows = self.csr()
        tails = np.repeat(np.arange(self.num_vertices), np.diff(rows.indptr))
        return np.bincount(tails[tails == rows.indices], minlength=self.num_vertices)

    def csc(self) -> Csr:
        """Arcs by head."""
        return self._graph.incoming

    def weight_rows(self) -> tuple[int | None, int | None, int | None]:
        """First edges with a weight below 0, of 0, and of inf."""
        weights, edges = self._graph.out.weights, self._graph.out.edge_ids
        if weights is None:
            return None, None, None
        masks = (weights < 0, weights == 0, np.isinf(weights))
        below, zero, infinite = (int(edges[m].min()) if m.any() else None for m in masks)
        return below, zero, infinite

    def find(self, values: pa.Array) -> _Array:
        """Index of each value; -1 for those that are not there."""
        if self._given_ids is None:
            found = np.asarray(values, dtype=np.int64)
            return np.where((found >= 0) & (found < self.num_vertices), found, -1)
        if len(values) <= _FEW:
            return np.array([pc.index(self.ids, value).as_py() for value in values], np.int64)
        return np.asarray(pc.index_in(values, value_set=self.ids).fill_null(-1), dtype=np.int64)

    def place(self, vertex: Any, /) -> int | None:
        """See :meth:`parquetframe.graph.engine.Handle.place`."""
        if self.num_vertices > SMALL or vertex.__class__ is not self._places.kind:
            return None
        return self._places.get(vertex, -1)

    @cached_property
    def _places(self) -> _Places:
        places = _Places(zip(self.ids.to_pylist(), range(self.num_vertices), strict=True))
        places.kind = {"integer": int, "text": str}.get(id_kind(self.ids.type) or "", object)
        return places

    def has_edge(self, u: Any, v: Any, /) -> bool | None:
        """See :meth:`parquetframe.graph.engine.Handle.has_edge`."""
        tail, head = self.place(u), self.place(v)
        if tail is None or head is None:
            return None
        return tail >= 0 and head >= 0 and self.has_arc(tail, head)

    def has_arc(self, tail: int, head: int) -> bool:
        """Whether an arc leads from one index to another."""
        rows = self.csr()
        return bool((rows.indices[rows.indptr[tail] : rows.indptr[tail + 1]] == head).any())

    def closest(self, value: Any) -> list[str]:
        """Up to three ids that resemble a missing one."""
        return closest_ids(self.ids, value)

    def _run(
        self, algorithm: str, params: Mapping[str, Any], arrays: Vectors, work: Work
    ) -> tuple[dict[str, pa.Array], dict[str, Any]]:
        """Columns with vertices as indices, and facts."""
        watch = Watch(work)
        watch.tick()
        try:
            given = {
                name: np.array(vector, np.uint32) if isinstance(vector, list) else vector
                for name, vector in arrays.items()
            }
            return KERNELS[algorithm](self._graph, params, given, watch)
        except shortest_paths.NegativeCycleFound as found:
            ids = [self.ids[v].as_py() for v in found.vertices]
            raise NegativeCycle(
                f"negative cycle reachable from the source: {cycle_text(ids)}", vertices=ids
            ) from None
        except topological_sort.CycleFound as found:
            ids = [self.ids[v].as_py() for v in found.vertices]
            raise NotADag(f"graph has a cycle: {cycle_text(ids)}", vertices=ids) from None

    def run_table(
        self,
        algorithm: str,
        params: Mapping[str, Any],
        arrays: Vectors,
        work: Work,
        reached: str | None = None,
    ) -> tuple[pa.Table, dict[str, Any]]:
        """See :meth:`parquetframe.graph.engine.Handle.run_table`."""
        columns, facts = self._run(algorithm, params, arrays, work)
        return as_table(with_ids(columns, lambda: self.ids, self.ids.take, reached)), facts

    def run_numbers(
        self,
        algorithm: str,
        params: Mapping[str, Any],
        arrays: Vectors,
        work: Work,
        ids: Numbers | None = None,
        reached: str | None = None,
    ) -> tuple[dict[str, Column], dict[str, Any]]:
        """See :meth:`parquetframe.graph.engine.Handle.run_numbers`."""
        columns, facts = self._run(algorithm, params, arrays, work)
        found: dict[str, Column] = {name: numbers(column) for name, column in columns.items()}
        return found if ids is None else with_ids(found, ids.given_away, ids.at, reached), facts
