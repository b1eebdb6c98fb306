"""Edge and vertex tables of all kinds as Arrow columns, checked row by row."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import GraphError, SchemaError
from parquetframe.types import format_type
from parquetframe.workflow.names import suggestion

from .id_types import plain_type

if TYPE_CHECKING:
    from .engine import PlainColumns

__all__ = [
    "EdgeColumns",
    "as_table",
    "edge_columns",
    "plain_columns",
    "plain_vertices",
    "require_column",
    "vertex_column",
]

_T = pa.types
_PLAIN = (list, tuple, np.ndarray, pa.Array, pa.ChunkedArray)


@dataclass(frozen=True)
class EdgeColumns:
    """What of an edge table makes a graph.

    Attributes:
        src: m tails without nulls.
        dst: m heads without nulls.
        weights: float64, not NaN and not -inf, or None.
        rows: Rows of the given table that these are, or None for all.
        properties: The other columns of these rows, if they were asked for.
    """

    src: pa.ChunkedArray
    dst: pa.ChunkedArray
    weights: np.ndarray[Any, Any] | None
    rows: np.ndarray[Any, Any] | None
    properties: pa.Table | None

    def row_number(self, row: int) -> int:
        """Row of the given table, counted from 1."""
        return 1 + (row if self.rows is None else int(self.rows[row]))


def as_table(data: Any, columns: Sequence[str] | None, what: str) -> pa.Table:
    """Any table as Arrow.

    Args:
        data: Something with ``__arrow_c_stream__``, a pandas frame, a mapping of arrays, or the
            path, glob or list of paths of Parquet, CSV or Avro files.
        columns: The only ones needed; None for all.
        what: What it is, for messages.

    Raises:
        TypeError: Anything else.
        SchemaError: A column is missing, or its values have no common type.
    """
    if _is_path(data):
        return _read(data, columns)
    if isinstance(data, Mapping):
        _need(data, columns, what)
        chosen = data if columns is None else {name: data[name] for name in columns}
        return _arrow(lambda: pa.table({name: _column(c) for name, c in chosen.items()}), what)
    if type(data).__module__.partition(".")[0] == "pandas" and hasattr(data, "columns"):
        _need(data.columns, columns, what)
        frame = data if columns is None else data[list(dict.fromkeys(columns))]
        return _arrow(lambda: pa.Table.from_pandas(frame, preserve_index=False), what)
    if not isinstance(data, pa.Table):
        if not hasattr(data, "__arrow_c_stream__") and not hasattr(data, "__arrow_c_array__"):
            raise TypeError(
                f"{what} must be a table (Arrow stream, pandas, polars, dict of arrays), a tuple "
                f"of arrays or the path of a file, not {type(data).__name__}"
            )
        data = pa.table(data)
    for name in columns or ():
        require_column(data, name, what)
    return data if columns is None else data.select(list(dict.fromkeys(columns)))


def plain_columns(edges: Any, src: str, dst: str, weight: str | None) -> PlainColumns | None:
    """Columns of a dict, tuple or Arrow table as they are; None: only :func:`edge_columns` knows.

    Reading them takes nothing away, and their values are not judged.
    """
    wanted = (src, dst) if weight is None else (src, dst, weight)
    if not all(name.__class__ is str for name in wanted):
        return None
    kind = edges.__class__
    found: Any
    if kind is tuple:
        found = edges
    elif kind is dict:
        found = [edges.get(name) for name in wanted]
    elif kind is pa.Table:
        names = edges.column_names
        found = [edges.column(name) if names.count(name) == 1 else None for name in wanted]
    else:
        return None
    if not 2 <= len(found) <= 3:
        return None
    for column in found:
        if not isinstance(column, _PLAIN):
            return None
    return (*found, None) if len(found) == 2 else tuple(found)


def plain_vertices(vertices: Any) -> bool:
    """Whether these are ids, and no table or path."""
    return isinstance(vertices, _PLAIN) and not _is_path(vertices)


def edge_columns(
    edges: Any,
    src: str,
    dst: str,
    weight: str | None,
    *,
    nulls: str = "error",
    default_weight: float | None = None,
    properties: bool | Sequence[str] = False,
) -> EdgeColumns:
    """Read an edge table and check each row.

    Raises:
        SchemaError: A column is missing or of a wrong type.
        GraphError: Null ends, null or NaN weights, unequal lengths; the row is named.
    """
    if isinstance(edges, tuple):
        if not 2 <= len(edges) <= 3:
            raise TypeError(
                f"a tuple of edges is (src, dst) or (src, dst, weight), not {len(edges)}"
            )
        src, dst, weight = "src", "dst", "weight" if len(edges) == 3 else None
        names = ("src", "dst", "weight")
        arrays = {name: _column(c, name) for name, c in zip(names, edges, strict=False)}
        for name, array in arrays.items():
            if len(array) != len(arrays["src"]):
                raise GraphError(f"src has {len(arrays['src'])} rows, {name} has {len(array)}")
        edges = pa.table(arrays)
    wanted = [name for name in (src, dst, weight) if name is not None]
    if not isinstance(properties, bool):
        extra = [properties] if isinstance(properties, str) else list(properties)
    else:
        extra = []
    table = as_table(edges, None if properties is True else [*wanted, *extra], "edges")
    for name in [*wanted, *extra]:
        require_column(table, name, "edges")
    rows = _complete_rows(table, src, dst) if nulls == "drop" else None
    if rows is not None:
        table = table.take(pa.array(rows))
    tails, heads = decoded(table.column(src)), decoded(table.column(dst))
    _refuse_nulls(tails, heads)
    found = None
    if weight is not None:
        found = _weights(table.column(weight), default_weight, rows)
    others = None
    if properties is not False:
        names_kept = extra or [name for name in table.column_names if name not in wanted]
        others = table.select(names_kept) if names_kept else None
        for name in ("src", "dst", "weight"):
            if name in names_kept:
                raise SchemaError(
                    f"edge property '{name}' has the name of a column of g.edges; rename it",
                    column=name,
                )
    return EdgeColumns(tails, heads, found, rows, others)


def vertex_column(vertices: Any, name: str) -> tuple[pa.ChunkedArray, pa.Table | None]:
    """Ids of a vertex table, a list or an array of ids, and the table's other columns.

    Raises:
        SchemaError: The column is missing.
        GraphError: A null id; the row is named.
    """
    if vertices.__class__ is range or plain_vertices(vertices):
        ids, others = pa.chunked_array([_column(vertices, "vertices")]), None
    else:
        table = as_table(vertices, None, "vertices")
        require_column(table, name, "vertices")
        ids, others = table.column(name), table.drop_columns([name])
        if "vertex" in others.column_names:
            raise SchemaError(
                "vertex property 'vertex' has the name of the id column of g.vertices; rename it",
                column="vertex",
            )
    ids = decoded(ids)
    if ids.null_count:
        row = _first(ids.is_null()) + 1
        raise GraphError(f"vertex row {row}: vertices is null", row=row, column=name)
    return ids, others if others is not None and others.num_columns else None


def require_column(table: pa.Table, name: str, what: str) -> None:
    """Raise unless the table has exactly one such column."""
    count = table.column_names.count(name)
    if count != 1:
        text = f"no column '{name}' in {what}" if not count else f"column '{name}' is there twice"
        hint = suggestion(name, table.column_names)
        raise SchemaError(f"{text}; {hint}" if not count else text, code="E301", column=name)


def decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column, without a dictionary if that has null values."""
    if _T.is_dictionary(column.type) and any(c.dictionary.null_count for c in column.chunks):
        target = plain_type(column.type)
        chunks = [chunk.dictionary.cast(target).take(chunk.indices) for chunk in column.chunks]
        return pa.chunked_array(chunks, target)
    return column


def _is_path(data: Any) -> bool:
    if isinstance(data, (list, set, frozenset)):
        return bool(data) and all(isinstance(item, (str, os.PathLike)) for item in data)
    return isinstance(data, (str, os.PathLike))


def _read(path: Any, columns: Sequence[str] | None) -> pa.Table:
    from parquetframe.io.lazy import scan

    found = scan(path)
    if columns is not None:
        names = list(dict.fromkeys(columns))
        for name in names:
            if name not in found.schema.names:
                hint = suggestion(name, found.schema.names)
                raise SchemaError(f"no column '{name}' in edges; {hint}", code="E301", column=name)
        found = found.select(names)
    return found.collect()


def _need(have: Iterable[Any], columns: Sequence[str] | None, what: str) -> None:
    names = [str(name) for name in have]
    for name in columns or ():
        if name not in names:
            hint = suggestion(name, names)
            raise SchemaError(f"no column '{name}' in {what}; {hint}", code="E301", column=name)


def _column(values: Any, name: str = "") -> Any:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    if isinstance(values, (str, bytes)):
        raise TypeError(
            f"column {name or 'of edges'} must be an array, not {type(values).__name__}"
        )
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise TypeError(f"column {name or 'of edges'} must have one dimension, not {values.ndim}")
    if hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__"):
        return (
            pa.chunked_array(values) if hasattr(values, "__arrow_c_stream__") else pa.array(values)
        )
    if not isinstance(values, np.ndarray):
        values = list(values)
    return _arrow(lambda: pa.array(values), name or "a column")


def _arrow(make: Any, what: str) -> Any:
    try:
        return make()
    except (pa.ArrowException, OverflowError) as error:
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SchemaError(f"{what}: values have no common type: {detail}", code="E302") from error


def _complete_rows(table: pa.Table, src: str, dst: str) -> np.ndarray[Any, Any] | None:
    ends = decoded(table.column(src)), decoded(table.column(dst))
    if not any(end.null_count for end in ends):
        return None
    complete = pc.and_(ends[0].is_valid(), ends[1].is_valid())
    return np.flatnonzero(np.asarray(complete))


def _refuse_nulls(src: pa.ChunkedArray, dst: pa.ChunkedArray) -> None:
    found = [
        (_first(column.is_null()), name)
        for name, column in (("src", src), ("dst", dst))
        if column.null_count
    ]
    if found:
        row, name = min(found, key=lambda pair: pair[0])
        raise GraphError(
            f'edge row {row + 1}: {name} is null (pass nulls="drop" to skip such rows)',
            row=row + 1,
            column=name,
        )


def _weights(
    column: pa.ChunkedArray, default: float | None, rows: np.ndarray[Any, Any] | None
) -> np.ndarray[Any, Any]:
    plain = plain_type(column.type)
    if not (_T.is_integer(plain) or _T.is_floating(plain) or _T.is_decimal(plain)):
        raise SchemaError(
            f"weight has type {format_type(column.type)}; weights are integers, floats or decimals",
            code="E302",
            column="weight",
        )

    def number(row: int) -> int:
        return 1 + (row if rows is None else int(rows[row]))

    if _T.is_dictionary(column.type):
        column = column.cast(plain)
    missing = np.asarray(column.is_null()) if column.null_count else None
    if missing is not None and default is None:
        row = number(int(np.flatnonzero(missing)[0]))
        raise GraphError(
            f"edge row {row}: weight is null (pass default_weight to fill such rows)",
            row=row,
            column="weight",
        )
    try:
        floats = column.cast(pa.float64())
    except pa.ArrowInvalid as error:
        raise GraphError(
            f"weight has values that float64 does not hold exactly: {error}"
        ) from error
    values = np.asarray(floats if missing is None else floats.fill_null(default), np.float64)
    bad = np.isnan(values) | (values == -np.inf)
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        text = "NaN" if np.isnan(values[place]) else "-inf"
        raise GraphError(
            f"edge row {number(place)}: weight is {text}; weights are finite numbers or inf",
            row=number(place),
            column="weight",
        )
    return values


def _first(mask: Any) -> int:
    return int(np.flatnonzero(np.asarray(mask))[0])
