"""Vertex ids that a caller names, as vertex indices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from parquetframe.errors import GraphError, VertexNotFound

from .engine import Handle
from .id_types import id_kind
from .labels import label

__all__ = ["find_all", "find_one", "find_some", "find_sources", "shares"]

_Array = np.ndarray[Any, Any]


def find_one(handle: Handle, vertex: Any) -> int:
    """Index of one id.

    Raises:
        VertexNotFound: It is not in the graph; the text names ids that resemble it.
    """
    place = handle.place(vertex)
    return int(find_all(handle, [vertex])[0]) if place is None or place < 0 else place


def find_all(handle: Handle, vertices: Any) -> _Array:
    """Indices of ids, as uint32; a single id stands for a list of one.

    Raises:
        VertexNotFound: One of them is not in the graph.
    """
    found, values = find_some(handle, vertices)
    missing = np.flatnonzero(found < 0)
    if len(missing):
        raise _not_found(handle, values[int(missing[0])])
    return found.astype(np.uint32)


def find_sources(handle: Handle, vertices: Any) -> _Array | list[int]:
    """The same, a list where that is quicker.

    Raises:
        VertexNotFound: One of them is not in the graph.
    """
    place = handle.place(vertices)
    return find_all(handle, vertices) if place is None or place < 0 else [place]


def find_some(handle: Handle, vertices: Any) -> tuple[_Array, list[Any]]:
    """Indices of ids, -1 for those that are not in the graph, and the ids as plain values."""
    if vertices.__class__ in (list, tuple, range, set):
        vertices = list(vertices)
        places = [handle.place(vertex) for vertex in vertices]
        if None not in places:
            return np.array(places, np.int64), vertices
    dtype = handle.ids.type
    if isinstance(vertices, (str, bytes)) or not isinstance(vertices, Iterable):
        vertices = [vertices]
    if isinstance(vertices, (pa.Array, pa.ChunkedArray, np.ndarray)):
        values = vertices.tolist() if isinstance(vertices, np.ndarray) else vertices.to_pylist()
    else:
        values = list(vertices)
    fitting = [_fitting(value, dtype) for value in values]
    known = [place for place, value in enumerate(fitting) if value is not None]
    found = np.full(len(values), -1, np.int64)
    if known:
        array = pa.array([fitting[place] for place in known], dtype)
        found[known] = handle.find(array)
    return found, [value.item() if isinstance(value, np.generic) else value for value in values]


def shares(handle: Handle, weights: Any, name: str) -> _Array:
    """A vector over all vertices that sums to 1, from ``{vertex: weight}`` or n numbers.

    Raises:
        VertexNotFound: A vertex that is not in the graph.
        GraphError: A weight that is no number >= 0, or only zeros.
    """
    n = handle.num_vertices
    if isinstance(weights, Mapping):
        given = np.array([_number(weight, name) for weight in weights.values()], np.float64)
        labels = list(weights)
        vector = np.zeros(n)
        np.add.at(vector, find_all(handle, labels), given)
    else:
        given = np.asarray(weights, dtype=np.float64)
        if given.shape != (n,):
            raise GraphError(f"{name}: needs {n} numbers, one per vertex, not {given.size}")
        labels, vector = None, given.copy()
    bad = np.flatnonzero(~((given >= 0) & np.isfinite(given)))
    if len(bad):
        place = int(bad[0])
        vertex = handle.ids[place].as_py() if labels is None else labels[place]
        raise GraphError(
            f"{name}: weight {given[place]:g} of vertex {label(vertex)} is not a number >= 0"
        )
    total = float(vector.sum())
    if not 0 < total < np.inf:
        if n == 0 and not len(given):
            return vector
        raise GraphError(f"{name}: weights add up to {total:g}; at least one must be above 0")
    return vector / total


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name}: weights are numbers, not {type(value).__name__}")
    return float(value)


def _not_found(handle: Handle, value: Any) -> VertexNotFound:
    near = (
        []
        if _as_kind(value, handle.ids.type) is None
        else handle.closest(_as_kind(value, handle.ids.type))
    )
    closest = f"; closest: {', '.join(near)}" if near else ""
    text = f"vertex {label(value)} not in graph ({handle.num_vertices} vertices{closest})"
    return VertexNotFound(text, vertex=value)


def _fitting(value: Any, dtype: pa.DataType) -> Any:
    """The value if it can be an id of that type: ``1`` and ``"1"`` never match."""
    value = _as_kind(value, dtype)
    if id_kind(dtype) == "integer" and value is not None:
        signed = pa.types.is_signed_integer(dtype)
        bits = dtype.bit_width - signed
        if not -(1 << bits if signed else 0) <= value < 1 << bits:
            return None
    return value


def _as_kind(value: Any, dtype: pa.DataType) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    kind = id_kind(dtype)
    if kind == "integer":
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if kind == "text":
        return value if isinstance(value, str) else None
    if kind == "binary":
        return value.encode() if isinstance(value, str) else _of(value, bytes)
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value) if len(value) == 10 else None
        except ValueError:
            return None
    return None if isinstance(value, dt.datetime) else _of(value, dt.date)


def _of(value: Any, kind: type) -> Any:
    return value if isinstance(value, kind) else None
