"""Edge tables and arrays to graphs of an engine."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from parquetframe.errors import GraphError, GraphTooLarge, SchemaError
from parquetframe.io.request import count, flag
from parquetframe.types import format_type

from .columns import SMALL
from .edges import EdgeColumns, edge_columns, plain_columns, plain_vertices, vertex_column
from .engine import MAX_VERTICES, GraphEngine, Handle, Work
from .id_types import check_kinds, id_kind, in_one_type
from .labels import label
from .merging import DUPLICATES, SELF_LOOPS, EdgeList, without_duplicates, without_loops
from .options import one_of

__all__ = ["Built", "build_edges", "check_size", "edge_list", "index_array"]

_Array = np.ndarray[Any, Any]


class Built(NamedTuple):
    """A graph of an engine with what the front keeps beside it.

    Attributes:
        dense: Whether ids are 0..n-1.
        sorted_rows: Whether rows ascend, rather than keep the order of the edges.
        rows: Row of the given table that each edge came from, if these are not all rows.
        edge_properties: One row per edge.
        vertex_properties: One row per vertex, in vertex order.
    """

    handle: Handle
    dense: bool = False
    sorted_rows: bool = False
    rows: _Array | None = None
    edge_properties: pa.Table | None = None
    vertex_properties: pa.Table | None = None

    def row_number(self, edge: int) -> int:
        """Row of the given table that an edge came from, counted from 1."""
        return 1 + (edge if self.rows is None else int(self.rows[edge]))


def build_edges(
    engine: GraphEngine,
    edges: Any,
    src: str,
    dst: str,
    weight: str | None,
    *,
    directed: bool,
    vertices: Any,
    vertex_id: str,
    num_vertices: int | None,
    ids: str,
    id_order: str,
    duplicates: str,
    self_loops: str,
    nulls: str,
    default_weight: float | None,
    edge_properties: Any,
    work: Work,
) -> Built:
    """Check the options of :meth:`parquetframe.Graph.from_edges` and build."""
    flag("directed", directed)
    one_of("ids", ids, ("auto", "dense", "mapped"))
    one_of("id_order", id_order, ("appearance", "sorted"))
    one_of("duplicates", duplicates, DUPLICATES)
    one_of("self_loops", self_loops, SELF_LOOPS)
    one_of("nulls", nulls, ("error", "drop"))
    num_vertices = count("num_vertices", num_vertices)
    dense = ids == "dense" or (ids == "auto" and num_vertices is not None)
    if dense and vertices is not None:
        raise ValueError("vertices= maps ids; it does not go with num_vertices= or ids='dense'")
    if not dense and num_vertices is not None:
        raise ValueError("num_vertices= means ids 0..n-1; it does not go with ids='mapped'")
    if duplicates == "sum" and edge_properties is not False:
        raise ValueError("properties of edges cannot be added: duplicates='sum' takes none")
    _check_default(default_weight, weight, edges)
    sorted_ids = id_order == "sorted"
    built = None
    counted = num_vertices is not None or not dense  # else the largest id says how many there are
    if counted and edge_properties is False and work.progress is None:
        built = _plain(
            engine, edges, src, dst, weight, vertices,
            num_vertices=num_vertices, directed=directed, sorted_ids=sorted_ids, work=work,
        )  # fmt: skip
    if built is None:
        columns = edge_columns(
            edges, src, dst, weight,
            nulls=nulls, default_weight=default_weight, properties=edge_properties,
        )  # fmt: skip
        work.check_cancelled()
        others = None
        if dense:
            handle = _dense(
                engine, columns, num_vertices, directed=directed, sorted_rows=sorted_ids, work=work
            )
        else:
            handle, others = _mapped(
                engine, columns, vertices, vertex_id,
                directed=directed, sorted_ids=sorted_ids, work=work,
            )  # fmt: skip
        built = Built(handle, dense, sorted_ids, columns.rows, columns.properties, others)
    return _by_policy(engine, built, duplicates, self_loops, work)


def check_size(num_vertices: int) -> None:
    """Refuse more vertices than 32-bit indices express.

    Raises:
        GraphTooLarge: The count is in the text.
    """
    if num_vertices > MAX_VERTICES:
        raise GraphTooLarge(f"{num_vertices} vertices are more than the limit of {MAX_VERTICES}")


def index_array(values: Any, name: str) -> _Array:
    """An array of integers of any width, as it is.

    Raises:
        SchemaError: Not integers.
        TypeError: Not one-dimensional.
    """
    array = np.asarray(values)
    if array.ndim != 1:
        raise TypeError(f"{name} must have one dimension, not {array.ndim}")
    if array.dtype.kind not in "iu":
        if not array.size:
            return np.zeros(0, np.int64)
        raise SchemaError(f"{name} has type {array.dtype}; indices are integers", column=name)
    return array


def edge_list(handle: Handle) -> EdgeList:
    """The edges in the order of their ids; of an undirected one the earlier vertex is ``src``."""
    return EdgeList(*handle.edges(), np.arange(handle.num_edges))


def _check_default(default: float | None, weight: str | None, edges: Any) -> None:
    if default is None:
        return
    if isinstance(default, bool) or not isinstance(default, (int, float)):
        raise TypeError(f"default_weight must be a number, not {type(default).__name__}")
    if np.isnan(default) or default == -np.inf:
        raise ValueError(f"default_weight must be finite or inf, not {default}")
    if weight is None and not (isinstance(edges, tuple) and len(edges) == 3):
        raise ValueError("default_weight= fills a weight column, but weight= names none")


def _plain(
    engine: GraphEngine,
    edges: Any,
    src: str,
    dst: str,
    weight: str | None,
    vertices: Any,
    *,
    num_vertices: int | None,
    directed: bool,
    sorted_ids: bool,
    work: Work,
) -> Built | None:
    """A graph of few edges in plain columns, in which there is nothing to find fault with.

    None where that is not so: then :func:`edge_columns` and those below say what is wrong.
    """
    work.check_cancelled()
    columns = plain_columns(edges, src, dst, weight)
    if columns is None:
        return None
    if vertices.__class__ is range:
        vertices = list(vertices[: SMALL + 1])
    elif vertices is not None and not plain_vertices(vertices):
        return None
    handle = engine.build_plain(
        columns, vertices, num_vertices=num_vertices, directed=directed, sorted_ids=sorted_ids
    )
    return None if handle is None else Built(handle, num_vertices is not None, sorted_ids)


def _mapped(
    engine: GraphEngine,
    columns: EdgeColumns,
    vertices: Any,
    vertex_id: str,
    *,
    directed: bool,
    sorted_ids: bool,
    work: Work,
) -> tuple[Handle, pa.Table | None]:
    named = {"src": columns.src, "dst": columns.dst}
    given = others = None
    if vertices is not None:
        given, others = vertex_column(vertices, vertex_id)
        named["vertices"] = given
    named = {name: _typed(column, named) for name, column in named.items()}
    check_kinds(named)
    handle = engine.build(
        named["src"], named["dst"], columns.weights, named.get("vertices"),
        directed=directed, sorted_ids=sorted_ids, work=work,
    )  # fmt: skip
    if given is None or others is None:
        return handle, None
    ids = in_one_type({"ids": pa.chunked_array([handle.ids]), "vertices": named["vertices"]})[1]
    place = handle.find(ids.cast(handle.ids.type).combine_chunks())
    row = np.full(handle.num_vertices, -1, np.int64)
    row[place[::-1]] = np.arange(len(place))[::-1]  # the first row of a repeated id stands
    return handle, others.take(pa.array(row, mask=row < 0))


def _typed(column: pa.ChunkedArray, columns: dict[str, pa.ChunkedArray]) -> pa.ChunkedArray:
    """A column of nothing but nulls, which a list without items is, gets the type of another."""
    if not pa.types.is_null(column.type):
        return column
    known = [c.type for c in columns.values() if not pa.types.is_null(c.type)]
    return column.cast(known[0] if known else pa.int64())


def _dense(
    engine: GraphEngine,
    columns: EdgeColumns,
    num_vertices: int | None,
    *,
    directed: bool,
    sorted_rows: bool,
    work: Work,
) -> Handle:
    ends: dict[str, _Array] = {}
    for name, column in (("src", columns.src), ("dst", columns.dst)):
        if pa.types.is_null(column.type):
            column = column.cast(pa.int64())  # noqa: PLW2901 - a list without items
        if id_kind(column.type) != "integer":
            raise SchemaError(
                f"{name} has type {format_type(column.type)}; dense ids are integers from 0",
                code="E302",
                column=name,
            )
        plain = in_one_type({name: column})[0]
        ends[name] = plain.to_numpy() if plain.num_chunks != 1 else plain.chunk(0).to_numpy()
    if num_vertices is None:
        largest = [int(values.max()) for values in ends.values() if len(values)]
        num_vertices = max(largest, default=-1) + 1
        limit = "dense ids are from 0"
    else:
        limit = f"with {num_vertices} vertices ids are from 0 to {num_vertices - 1}"
    for name, values in ends.items():
        bad = np.flatnonzero((values < 0) | (values >= max(num_vertices, 0)))
        if len(bad):
            row = columns.row_number(int(bad[0]))
            raise GraphError(
                f"edge row {row}: {name} is {values[bad[0]]}; {limit}", row=row, column=name
            )
    check_size(num_vertices)
    return engine.build_indices(
        ends["src"], ends["dst"], columns.weights,
        num_vertices=num_vertices, ids=None, directed=directed, sorted_rows=sorted_rows, work=work,
    )  # fmt: skip


def _by_policy(
    engine: GraphEngine,
    built: Built,
    duplicates: str,
    self_loops: str,
    work: Work,
) -> Built:
    """Build again without the edges that the policies remove; all vertices stay."""
    if duplicates == "keep" and self_loops == "keep":
        return built
    handle = built.handle
    given = edge_list(handle)

    def tell(edge: int) -> tuple[int, str]:
        ids = handle.ids
        row = built.row_number(int(given.rows[edge]))
        ends = label(ids[int(given.src[edge])].as_py()), label(ids[int(given.dst[edge])].as_py())
        return row, f"{ends[0]}->{ends[1]}"

    left = without_loops(given, self_loops, tell)

    def tell_left(edge: int) -> tuple[int, str]:
        return tell(int(left.rows[edge]))

    left = without_duplicates(left, duplicates, directed=handle.is_directed, tell=tell_left)
    if len(left.src) == len(given.src) and (left.weights is None) == (given.weights is None):
        return built
    rows = left.rows if built.rows is None else built.rows[left.rows]
    properties = built.edge_properties
    again = engine.build_indices(
        left.src, left.dst, left.weights,
        num_vertices=handle.num_vertices, ids=None if built.dense else handle.ids,
        directed=handle.is_directed, sorted_rows=built.sorted_rows, work=work,
    )  # fmt: skip
    return Built(
        again,
        built.dense,
        built.sorted_rows,
        rows,
        None if properties is None else properties.take(pa.array(left.rows)),
        built.vertex_properties,
    )
