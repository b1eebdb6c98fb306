"""What the graph front asks of an engine, and the choice of one.

An engine maps ids to vertex indices 0..n-1, sorts edges into rows, runs algorithms on indices and
puts ids back into the results. The front checks every option, looks ids up and refuses weights that
an algorithm cannot use, so that both engines have the same columns, order and errors.

What :meth:`Handle.run_numbers` takes and gives, by algorithm; ``i`` are vertex indices (uint32,
null where there is none), the other columns int64 or float64, of all n vertices in their order
unless a column ``vertex`` or ``src`` says which:

=========================  ===============================  =====================================
algorithm                  params; arrays                   columns; facts
=========================  ===============================  =====================================
bfs                        max_depth, direction,            distance (null), predecessor i;
                           per_source, include_unreached;   per_source: source i, vertex i,
                           sources                          distance
dfs                        max_depth, direction,            discover, finish (null),
                           sort_neighbors; sources if any   predecessor i, root i
dfs_edges                  ; sources if any                 src i, dst i, edge_class (string)
shortest_paths             weighted, method, delta,         distance (null; int64 unless
                           cutoff, predecessors; source     weighted), predecessor i; method
topological_sort                                            position, vertex i, generation
connected_components       mode                             component_id; components
pagerank                   alpha, tol, max_iter, weighted,  rank; iterations, converged,
                           method if not "auto";            error_bound
                           personalization, dangling,
                           nstart if given, each sum 1
hits                       tol, max_iter, weighted          hub, authority; iterations, converged
betweenness                normalized, endpoints,           betweenness
                           weighted; sources if a sample
closeness                  direction, wf_improved;          vertex i, closeness
                           vertices if not all, ascending
harmonic                   direction; vertices              vertex i, harmonic
triangles, clustering,                                      a column of that name
core_number
triangle_count                                              ; triangles
transitivity                                                ; transitivity
minimum_spanning_forest    weighted                         src i, dst i, weight, edge_id; trees,
                                                            total_weight
louvain                    resolution, seed, threshold,     community_id; modularity, levels,
                           max_level, weighted              communities
label_propagation          max_iter                         community_id; iterations, converged,
                                                            communities
=========================  ===============================  =====================================

``NegativeCycle`` and ``NotADag`` come from the engine, ids in the text and in ``vertices``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from parquetframe import _backend
from parquetframe.errors import Cancelled

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np
    import pyarrow as pa

    from parquetframe.cancel import CancelledFlag

    from .columns import Column, Numbers

    _Array = np.ndarray[Any, Any]

__all__ = [
    "MAX_VERTICES",
    "NEEDS",
    "Csr",
    "GraphEngine",
    "Handle",
    "PlainColumns",
    "Progress",
    "Vectors",
    "Work",
    "choose_engine",
]

NEEDS = "NativeGraph"
MAX_VERTICES = 2**32 - 2  # 2**32 - 1 stands for "no vertex"

Progress = Callable[[float], object]
PlainColumns = tuple[Any, Any, Any]
Vectors = Mapping[str, "np.ndarray[Any, Any] | list[int]"]


@dataclass(frozen=True)
class Work:
    """How a call runs.

    Attributes:
        threads: Most threads to use; results do not depend on it.
        progress: Called with the share that is done, from 0 to 1, never with less than before.
        cancel: The wish to stop.
    """

    threads: int = 1
    progress: Progress | None = field(default=None, compare=False)
    cancel: CancelledFlag | None = field(default=None, compare=False)

    def check_cancelled(self) -> None:
        """Raise ``Cancelled`` once the call was cancelled."""
        if self.cancel is not None and self.cancel.is_cancelled():
            raise Cancelled("cancelled")


class Csr(NamedTuple):
    """Arcs by vertex: those of ``v`` stand at ``indptr[v]:indptr[v + 1]``. Read-only arrays.

    Attributes:
        indptr: n + 1 offsets, int64.
        indices: Vertex at the other end of each arc, uint32.
        weights: Of each arc, float64, or None.
        edge_ids: Row of the edge table that each arc came from, int64.
    """

    indptr: np.ndarray[Any, Any]
    indices: np.ndarray[Any, Any]
    weights: np.ndarray[Any, Any] | None
    edge_ids: np.ndarray[Any, Any]


class Handle(Protocol):
    """A graph of an engine; immutable, and usable from several threads."""

    num_vertices: int
    num_edges: int
    is_directed: bool
    is_weighted: bool

    @property
    def nbytes(self) -> int:
        """Bytes that the graph holds now, views made so far included."""
        ...

    @property
    def ids(self) -> pa.Array:
        """The n ids; the position of an id is its vertex index."""
        ...

    def rows(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Offsets and heads of :meth:`csr`; an engine may have them sooner."""
        ...

    def ids_at(self, vertices: pa.Array) -> pa.Array:
        """The ids of vertex indices; null stays null."""
        ...

    def csr(self) -> Csr:
        """Arcs by tail; an undirected edge stands in both rows, a loop once."""
        ...

    def edges(self) -> tuple[_Array, _Array, _Array | None]:
        """Tails, heads and weights in the order of edge ids.

        Of an undirected edge the smaller index is the tail.
        """
        ...

    def edge_table(self) -> pa.Table:
        """The same with ids: ``src``, ``dst``, and ``weight`` if there are weights."""
        ...

    def part(self, vertices: _Array, *, sorted_rows: bool) -> tuple[Handle, _Array]:
        """The part that some vertices span, and the ids here of its edges, in their order.

        Args:
            vertices: Indices (uint32), each once.
            sorted_rows: As for :meth:`GraphEngine.build_indices`.
        """
        ...

    def row_lengths(self) -> _Array:
        """Number of arcs in each row of :meth:`csr`, int64; a new array."""
        ...

    def loops(self) -> _Array:
        """Number of loops at each vertex, int64."""
        ...

    def csc(self) -> Csr:
        """Arcs by head, each row sorted by tail; of an undirected graph the same as ``csr``."""
        ...

    def weight_rows(self) -> tuple[int | None, int | None, int | None]:
        """First edges with a weight below 0, of 0, and of inf; None where there is none."""
        ...

    def find(self, values: pa.Array) -> np.ndarray[Any, Any]:
        """Index of each value, which has the type of the ids; -1 for those that are not there."""
        ...

    def place(self, vertex: Any, /) -> int | None:
        """Index of an id of a small graph, -1 if it has none such.

        None asks to look with more care: unless the id is an ``int`` or ``str``, as the ids are.
        """
        ...

    def has_edge(self, u: Any, v: Any, /) -> bool | None:
        """Whether an edge leads from one id to another; None as for :meth:`place`."""
        ...

    def has_arc(self, tail: int, head: int) -> bool:
        """Whether an arc leads from one index to another."""
        ...

    def closest(self, value: Any) -> list[str]:
        """Up to three ids that resemble a missing one, as messages show them."""
        ...

    def run_numbers(
        self,
        algorithm: str,
        params: Mapping[str, Any],
        arrays: Vectors,
        work: Work,
        ids: Numbers | None = None,
        reached: str | None = None,
    ) -> tuple[dict[str, Column], dict[str, Any]]:
        """Run one algorithm; columns as NumPy arrays.

        Args:
            algorithm: Name of the method of :class:`parquetframe.Graph`.
            params: Plain settings, complete and checked.
            arrays: Lists of vertex indices (uint32, a few as a list of int), and vectors over all
                vertices (float64).
            work: How it runs.
            ids: Of all vertices: then they come as :func:`~.columns.with_ids` puts them.
            reached: With ids, the column in which rows need a value.

        Returns:
            Columns by name (without ids, vertices as uint32 indices; no value where there is none)
            and facts.
        """
        ...

    def run_table(
        self,
        algorithm: str,
        params: Mapping[str, Any],
        arrays: Vectors,
        work: Work,
        reached: str | None = None,
    ) -> tuple[pa.Table, dict[str, Any]]:
        """The same as :meth:`run_numbers` with ids, as a table.

        Args:
            algorithm: As for :meth:`run_numbers`.
            params: As for :meth:`run_numbers`.
            arrays: As for :meth:`run_numbers`.
            work: As for :meth:`run_numbers`.
            reached: As for :meth:`run_numbers`.
        """
        ...


class GraphEngine(Protocol):
    """Builds graphs."""

    name: str

    def build(
        self,
        src: pa.ChunkedArray,
        dst: pa.ChunkedArray,
        weights: np.ndarray[Any, Any] | None,
        vertices: pa.ChunkedArray | None,
        *,
        directed: bool,
        sorted_ids: bool,
        work: Work,
    ) -> Handle:
        """Map ids and sort edges into rows.

        Args:
            src: Tails, without nulls, of a type that an id can have.
            dst: Heads; of the same kind as the tails.
            weights: One per row, float64, not NaN and not -inf.
            vertices: Ids that come first and stay even without edges; a repeated id is one vertex.
            directed: Whether a row leads one way only.
            sorted_ids: Vertices ascend by id, and each row by target and weight; otherwise both
                come in the order of the table, of one row ``src`` before ``dst``.
            work: How it runs.
        """
        ...

    def build_plain(
        self,
        columns: PlainColumns,
        vertices: Any,
        *,
        num_vertices: int | None,
        directed: bool,
        sorted_ids: bool,
    ) -> Handle | None:
        """The same from short columns as callers have them; None asks for Arrow columns.

        Args:
            columns: Tails, heads, and weights or None: lists, NumPy or Arrow arrays.
            vertices: The same or None.
            num_vertices: n, if the ids are 0..n-1.
            directed: As for :meth:`build`.
            sorted_ids: As for :meth:`build`.
        """
        ...

    def build_indices(
        self,
        src: np.ndarray[Any, Any],
        dst: np.ndarray[Any, Any],
        weights: np.ndarray[Any, Any] | None,
        *,
        num_vertices: int,
        ids: pa.Array | None,
        directed: bool,
        sorted_rows: bool,
        work: Work,
    ) -> Handle:
        """Sort edges between vertices 0..n-1 into rows.

        Args:
            src: Tails, below ``num_vertices``.
            dst: Heads, the same.
            weights: As for :meth:`build`.
            num_vertices: n.
            ids: The n ids; ``None`` means 0..n-1.
            directed: As for :meth:`build`.
            sorted_rows: Rows ascend by target and weight, otherwise they keep the table's order.
            work: How it runs.
        """
        ...

    def adopt_csr(self, csr: Csr, *, ids: pa.Array | None, directed: bool, work: Work) -> Handle:
        """Take rows as they are, without a copy where the engine can; they were checked.

        An undirected graph has each edge in the rows of both its ends under one edge id.
        """
        ...


def choose_engine(engine: str | None = None) -> GraphEngine:
    """The engine that builds and runs graphs.

    Raises:
        ImportError: ``rust`` was asked for and is absent, or the extension is broken.
        ValueError: An unknown name.
    """
    if _backend.resolve(engine, needs=NEEDS) == "rust":
        return _compiled(_backend.native())
    if _backend.native() is None:
        _backend.warn_fallback(engine)
    from ._python.engine import PythonEngine

    return PythonEngine()


@cache
def _compiled(module: ModuleType | None) -> GraphEngine:
    from ._native import RustEngine

    return RustEngine(module)
