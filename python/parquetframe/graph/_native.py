"""The adapter to the extension: data as Arrow capsules and NumPy views, settings as JSON text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa

from parquetframe.cancel import native_token

from .columns import Column, Numbers
from .engine import Csr, PlainColumns, Vectors, Work

__all__ = ["RustEngine"]

_Array = np.ndarray[Any, Any]

_MANY = 1 << 14  # ids that several threads gather quicker than one


class RustEngine:
    """The compiled engine.

    Args:
        module: The extension.
    """

    name = "rust"

    def __init__(self, module: ModuleType | None) -> None:
        self._module: Any = module

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
    ) -> RustHandle:
        """See :meth:`parquetframe.graph.engine.GraphEngine.build`."""
        columns = {"src": src, "dst": dst}
        if weights is not None:
            columns["weight"] = pa.chunked_array([pa.array(weights)])
        given = None if vertices is None else pa.table({"id": vertices})
        id_order = "sorted" if sorted_ids else "appearance"
        options = _options(directed=directed, id_order=id_order, threads=work.threads)
        table = pa.table(columns)
        with _token(self._module, work) as token:
            graph = self._module.NativeGraph.build(table, options, given, token, work.progress)
        return RustHandle(self._module, graph)

    def build_plain(
        self,
        columns: PlainColumns,
        vertices: Any,
        *,
        num_vertices: int | None,
        directed: bool,
        sorted_ids: bool,
    ) -> RustHandle | None:
        """See :meth:`parquetframe.graph.engine.GraphEngine.build_plain`."""
        build = self._module.NativeGraph.build_plain
        graph = build(*columns, vertices, num_vertices, directed, sorted_ids)
        return None if graph is None else RustHandle(self._module, graph)

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
    ) -> RustHandle:
        """See :meth:`parquetframe.graph.engine.GraphEngine.build_indices`."""
        options = _options(
            num_vertices=num_vertices, directed=directed, sorted_rows=sorted_rows,
            threads=work.threads,
        )  # fmt: skip
        ends = _index32(src), _index32(dst)
        with _token(self._module, work) as token:
            graph = self._module.NativeGraph.from_indices(
                *ends, weights, options, ids, token, work.progress
            )
        return RustHandle(self._module, graph)

    def adopt_csr(
        self, csr: Csr, *, ids: pa.Array | None, directed: bool, work: Work
    ) -> RustHandle:
        """See :meth:`parquetframe.graph.engine.GraphEngine.adopt_csr`."""
        options = json.dumps({"directed": directed, "threads": work.threads})
        graph = self._module.NativeGraph.from_csr(*csr, options, ids)
        return RustHandle(self._module, graph)


class RustHandle:
    """A graph of the compiled engine.

    Args:
        module: The extension.
        graph: Its ``NativeGraph``.
    """

    def __init__(self, module: Any, graph: Any) -> None:
        self._module = module
        self._graph = graph
        self._ids: pa.Array | None = None
        self._rows: Csr | None = None
        self.place: Callable[[Any], int | None] = graph.place
        self.has_edge: Callable[[Any, Any], bool | None] = graph.has_edge
        self.num_vertices: int = graph.num_vertices
        self.num_edges: int = graph.num_edges
        self.is_directed: bool = graph.is_directed
        self.is_weighted: bool = graph.is_weighted

    @property
    def nbytes(self) -> int:
        """Bytes that the graph holds now."""
        return int(self._graph.nbytes)

    @property
    def ids(self) -> pa.Array:
        """The n ids; the position of an id is its vertex index."""
        if self._ids is None:
            self._ids = pa.array(self._graph.ids())
        return self._ids

    def ids_at(self, vertices: pa.Array) -> pa.Array:
        """The ids of vertex indices; null stays null."""
        if len(vertices) < _MANY:
            return self.ids.take(vertices)
        return pa.array(self._graph.ids_at(vertices.cast(pa.uint32())))

    def csr(self) -> Csr:
        """Arcs by tail."""
        if self._rows is None:
            self._rows = Csr(*self._graph.csr())
        return self._rows

    def rows(self) -> tuple[_Array, _Array]:
        """Offsets and heads of :meth:`csr`, which takes longer for an undirected graph."""
        found: tuple[_Array, _Array] = self._graph.rows()
        return found

    def edges(self) -> tuple[_Array, _Array, _Array | None]:
        """See :meth:`parquetframe.graph.engine.Handle.edges`."""
        found: tuple[_Array, _Array, _Array | None] = self._graph.edges()
        return found

    def edge_table(self) -> pa.Table:
        """See :meth:`parquetframe.graph.engine.Handle.edge_table`."""
        return pa.table(self._graph.edge_table())

    def part(self, vertices: _Array, *, sorted_rows: bool) -> tuple[RustHandle, _Array]:
        """See :meth:`parquetframe.graph.engine.Handle.part`."""
        graph, rows = self._graph.part(vertices, sorted_rows)
        return RustHandle(self._module, graph), rows

    def row_lengths(self) -> _Array:
        """Number of arcs in each row."""
        found: _Array = self._graph.row_lengths()
        return found

    def loops(self) -> _Array:
        """Number of loops at each vertex."""
        found: _Array = self._graph.loops()
        return found

    def csc(self) -> Csr:
        """Arcs by head."""
        return Csr(*self._graph.csc())

    def weight_rows(self) -> tuple[int | None, int | None, int | None]:
        """First edges with a weight below 0, of 0, and of inf."""
        found: tuple[int | None, int | None, int | None] = self._graph.weight_facts()
        return found

    def find(self, values: pa.Array) -> _Array:
        """Index of each value; -1 for those that are not there."""
        return np.asarray(self._graph.find(values), dtype=np.int64)

    def has_arc(self, tail: int, head: int) -> bool:
        """Whether an arc leads from one index to another."""
        return bool(self._graph.has_arc(tail, head))

    def closest(self, value: Any) -> list[str]:
        """Up to three ids that resemble a missing one."""
        dtype = self.ids.type
        if pa.types.is_integer(dtype):  # beyond the type, the same ids are near its limit
            limits = np.iinfo(dtype.to_pandas_dtype())
            value = min(max(value, int(limits.min)), int(limits.max))
        found: list[str] = self._graph.closest(pa.array([value], dtype))
        return found

    def run_table(
        self,
        algorithm: str,
        params: Mapping[str, Any],
        arrays: Vectors,
        work: Work,
        reached: str | None = None,
    ) -> tuple[pa.Table, dict[str, Any]]:
        """See :meth:`parquetframe.graph.engine.Handle.run_table`."""
        run = self._graph.run_table
        found, facts = self._with(run, algorithm, params, arrays, work, reached)
        return pa.table(found), facts

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
        run = self._graph.run_numbers
        return self._with(run, algorithm, params, arrays, work, ids, reached)

    def _with(
        self,
        run: Callable[..., tuple[Any, dict[str, Any]]],
        algorithm: str,
        params: Mapping[str, Any],
        arrays: Vectors,
        work: Work,
        *options: Any,
    ) -> tuple[Any, dict[str, Any]]:
        """Run a method of the graph, which a token can stop."""
        threads, progress = work.threads, work.progress
        if work.cancel is None:
            return run(algorithm, params, arrays, threads, None, progress, *options)
        work.check_cancelled()
        with native_token(self._module, work.cancel) as token:
            return run(algorithm, params, arrays, threads, token, progress, *options)


_NO_TOKEN = nullcontext()


def _token(module: Any, work: Work) -> AbstractContextManager[Any]:
    """What stops the work, as the extension knows it."""
    return _NO_TOKEN if work.cancel is None else native_token(module, work.cancel)


@lru_cache(maxsize=256)
def _options(**options: Any) -> str:
    return json.dumps(options)


def _index32(values: _Array) -> _Array:
    """Checked indices as uint32, in place where the width is that already."""
    if values.dtype == np.int32:
        return values.view(np.uint32)
    return values.astype(np.uint32, copy=False)
