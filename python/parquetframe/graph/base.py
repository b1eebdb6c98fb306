"""What a graph is: counts, ids, tables, and the arrays behind them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from .building import Built, edge_list
from .columns import SMALL, Numbers, numbers
from .engine import Csr, GraphEngine, Progress, Vectors
from .running import Call, Found, start
from .truth import Truth
from .weights import WeightFacts

if TYPE_CHECKING:
    from .merging import EdgeList

__all__ = ["GraphBase"]


class GraphBase:
    """The state of a graph; algorithms are in the classes that build on this one."""

    def __init__(self, engine: GraphEngine, built: Built) -> None:
        self._engine = engine
        self._built = built
        self._handle = built.handle
        self._kept: Numbers | None = None
        self._calls: dict[str, Call] = {}  # without options but the output, of a small graph
        self._rows_of_ids: dict[str, tuple[list[int], pa.Array]] = {}  # of a small graph
        self._is_small = self._handle.num_vertices <= SMALL >= self._handle.num_edges

    @property
    def num_vertices(self) -> int:
        """Number of vertices, isolated ones included."""
        return self._handle.num_vertices

    @property
    def num_edges(self) -> int:
        """Number of edges; an undirected edge counts once."""
        return self._handle.num_edges

    @property
    def is_directed(self) -> Truth:
        """Whether edges lead one way only; networkx calls it."""
        return Truth(self._handle.is_directed)

    @property
    def is_weighted(self) -> bool:
        """Whether edges have weights."""
        return self._handle.is_weighted

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the graph holds now; views are made when first needed."""
        tables = (self._built.edge_properties, self._built.vertex_properties)
        held = sum(int(table.nbytes) for table in tables if table is not None)
        return self._handle.nbytes + held

    @property
    def backend(self) -> str:
        """``rust`` or ``python``."""
        return self._engine.name

    @property
    def ids(self) -> pa.Array:
        """The n vertex ids, in vertex order."""
        return self._handle.ids

    @cached_property
    def vertices(self) -> pa.Table:
        """One row per vertex: ``vertex``, and its properties, null if the table lacks it."""
        table = pa.table({"vertex": self.ids})
        properties = self._built.vertex_properties
        for field, column in zip(
            properties.schema if properties is not None else (),
            properties.columns if properties is not None else (),
            strict=True,
        ):
            table = table.append_column(field, column)
        return table

    @cached_property
    def edges(self) -> pa.Table:
        """One row per edge: ``src``, ``dst``, ``weight`` if there are weights, and properties.

        The row number is the ``edge_id`` of results. In an undirected graph ``src`` is the end that
        comes first in :attr:`vertices`.
        """
        table = self._handle.edge_table()
        properties = self._built.edge_properties
        if properties is not None:
            for field, column in zip(properties.schema, properties.columns, strict=True):
                table = table.append_column(field, column)
        return table

    def csr(self) -> Csr:
        """Arcs by tail: ``(indptr, indices, weights, edge_ids)``, read-only views.

        The arcs of vertex ``v`` (an index, not an id) stand at ``indptr[v]:indptr[v + 1]``. An
        undirected edge stands in the rows of both its ends, a loop once. ``weights`` may be None.
        """
        return self._handle.csr()

    def csc(self) -> Csr:
        """Arcs by head, as :meth:`csr`; each row is sorted by tail. Made at the first call.

        Of an undirected graph these are the rows of :meth:`csr`.
        """
        return self._handle.csc()

    def to_arrow(self) -> pa.Table:
        """The edge table, the same as :attr:`edges`."""
        return self.edges

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.edges.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        kind = "directed" if self.is_directed else "undirected"
        weighted = ", weighted" if self.is_weighted else ""
        return (
            f"<parquetframe.Graph: {self.num_vertices} vertices, {self.num_edges} edges, "
            f"{kind}{weighted}>"
        )

    def row_number(self, edge: int) -> int:
        """Row of the given edge table, counted from 1, as messages have it."""
        return self._built.row_number(edge)

    @cached_property
    def weight_facts(self) -> WeightFacts:
        """First edges with weights that some algorithms refuse."""
        return WeightFacts(*self._handle.weight_rows())

    @property
    def _edge_list(self) -> EdgeList:
        return edge_list(self._handle)

    def _ids_at(self, indices: Any) -> Any:
        """Ids of vertex indices, as Arrow array or as the indices come; null stays null."""
        if isinstance(indices, Numbers):
            return self._id_numbers.at(indices)
        array = indices if isinstance(indices, pa.Array) else pa.array(indices)
        return self._handle.ids_at(array)

    @property
    def _id_numbers(self) -> Numbers:
        """The ids as NumPy array; kept if that takes no or little memory."""
        if self._kept is None:
            found = numbers(self.ids)
            if len(self.ids) > SMALL and found.values.dtype == object:
                return found
            self._kept = found
        return self._kept

    def _call(
        self, output: str, threads: int | None, progress: Progress | None, cancel: object
    ) -> Call:
        plain = threads is None and progress is None and cancel is None
        if plain and output.__class__ is str and output in self._calls:
            return self._calls[output]
        if threads is None and self._is_small:
            threads = 1  # more have nothing to do, and asking how many there are takes time
        call = start(self.backend, output=output, threads=threads, progress=progress, cancel=cancel)
        if plain and self._is_small:
            self._calls[output] = call
        return call

    def _run(
        self,
        call: Call,
        algorithm: str,
        params: Mapping[str, Any] | None = None,
        arrays: Vectors | None = None,
        *,
        ids: bool = True,
        reached: str | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Let the engine work.

        Args:
            call: How.
            algorithm: Name of the method.
            params: Its settings, complete and checked.
            arrays: Its vectors.
            ids: Whether the answer has ids, not vertex indices.
            reached: The column in which rows need a value.

        Returns:
            Columns for NumPy arrays and as indices, otherwise a table, and facts with ``seconds``
            and ``backend``.
        """
        before = time.perf_counter()
        work, handle = call.work, self._handle
        found: Found
        if ids and call.output != "numpy":
            found, facts = handle.run_table(algorithm, params or {}, arrays or {}, work, reached)
        else:
            known = self._id_numbers if ids else None
            found, facts = handle.run_numbers(
                algorithm, params or {}, arrays or {}, work, known, reached
            )
        if work.progress is not None:
            work.progress(1.0)
        facts["seconds"] = time.perf_counter() - before
        facts["backend"] = call.backend
        return found, facts

    def _deliver(
        self,
        call: Call,
        algorithm: str,
        params: Mapping[str, Any] | None = None,
        arrays: Vectors | None = None,
        *,
        reached: str | None = None,
    ) -> Any:
        """The answer as the caller wants it."""
        return call.deliver(*self._run(call, algorithm, params, arrays, reached=reached))
