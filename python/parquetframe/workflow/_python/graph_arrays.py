"""Edge tables to arrays: vertex ids become 0..n-1 in sorted order, arcs become CSR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import GraphError, SchemaError, VertexNotFound
from parquetframe.types import format_type

from ..names import nearest
from .arrow_types import common_type, family


@dataclass
class Graph:
    """Arcs ``src[i] -> dst[i]`` between vertices 0..n-1; undirected edges are two arcs.

    Attributes:
        ids: The n vertex ids, ascending.
        weight: Of each arc, or None.
        edge: Row of the edge table that each arc came from.
    """

    ids: pa.Array
    src: np.ndarray
    dst: np.ndarray
    weight: np.ndarray | None
    edge: np.ndarray

    @property
    def size(self) -> int:
        """Number of vertices."""
        return len(self.ids)

    def index(self, vertex: Any) -> int:
        """Number of a vertex id.

        Raises:
            VertexNotFound: With the closest id as a hint.
        """
        try:
            wanted = pa.scalar(vertex, self.ids.type)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            wanted = None
        found = -1 if wanted is None else pc.index(self.ids, wanted).as_py()
        if found < 0:
            close = nearest(str(vertex), [str(v) for v in self.ids.to_pylist()])
            closest = f"; closest: {close!r}" if close is not None else ""
            raise VertexNotFound(
                f"vertex {vertex!r} not in graph ({self.size} vertices{closest})", vertex=vertex
            )
        return int(found)

    def csr(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Offsets, heads, and the arc number of each entry, arcs of a vertex in table order."""
        order = np.argsort(self.src, kind="stable")
        counts = np.bincount(self.src, minlength=self.size)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        return offsets, self.dst[order], order


def build(edges: pa.Table, vertices: pa.Table | None, config: dict[str, Any]) -> Graph:
    """Map ids and collect arcs; the columns exist.

    Raises:
        SchemaError: An id type that is neither integer nor text.
        GraphError: A null endpoint, or a null or NaN weight; the row is named.
    """
    names = [config["src"], config["dst"]]
    weight_name = config["weight"]
    columns = [edges.column(name) for name in names]
    if vertices is not None:
        names.append(config["vertices"])
        columns.append(vertices.column(config["vertices"]))
    columns = _same_type(columns, names)
    for name, column in zip(names, columns, strict=True):
        if column.null_count:
            row = int(np.flatnonzero(np.asarray(column.is_null()))[0]) + 1
            raise GraphError(f"row {row}: {name} is null", row=row, column=name)
    together = pa.chunked_array([c for column in columns for c in column.chunks], columns[0].type)
    encoded = together.dictionary_encode().unify_dictionaries()
    ids = encoded.chunk(0).dictionary if encoded.num_chunks else pa.array([], together.type)
    order = pc.sort_indices(ids)
    place = np.empty(len(ids), dtype=np.int64)
    place[np.asarray(order)] = np.arange(len(ids))
    chunks = [np.asarray(chunk.indices, dtype=np.int64) for chunk in encoded.chunks]
    codes = place[np.concatenate(chunks)] if chunks else np.zeros(0, dtype=np.int64)
    rows = edges.num_rows
    src, dst, edge = codes[:rows], codes[rows : 2 * rows], np.arange(rows)
    weight = _weights(edges, weight_name) if weight_name else None
    if not config["directed"]:
        back = src != dst  # a loop is one arc
        src, dst = np.concatenate([src, dst[back]]), np.concatenate([dst, src[back]])
        weight = None if weight is None else np.concatenate([weight, weight[back]])
        edge = np.concatenate([edge, edge[back]])
    return Graph(ids.take(order), src, dst, weight, edge)


def _same_type(columns: list[pa.ChunkedArray], names: list[str]) -> list[pa.ChunkedArray]:
    dtype = columns[0].type
    for name, column in zip(names, columns, strict=True):
        if family(column.type) != "text" and not pa.types.is_integer(column.type):
            raise SchemaError(
                f"vertex ids must be integers or text, but '{name}' is {format_type(column.type)}",
                code="E302",
                column=name,
            )
        common = common_type(dtype, column.type)
        if common is None:
            raise SchemaError(
                f"vertex ids have different types: '{names[0]}' is {format_type(columns[0].type)}, "
                f"'{name}' is {format_type(column.type)}",
                code="E302",
                column=name,
            )
        dtype = common
    return [column.cast(dtype) for column in columns]


def _weights(edges: pa.Table, name: str) -> np.ndarray:
    column = edges.column(name)
    if family(column.type) != "number":
        raise SchemaError(
            f"weight '{name}' must be a number, but it is {format_type(column.type)}",
            code="E302",
            column=name,
        )
    values = np.asarray(column.cast(pa.float64(), safe=False).fill_null(np.nan))
    if len(bad := np.flatnonzero(np.isnan(values))):
        row = int(bad[0]) + 1
        what = "null" if column[row - 1].as_py() is None else "NaN"
        raise GraphError(f"edge row {row}: weight '{name}' is {what}", row=row, column=name)
    return values
