"""Graphs from sparse matrices of scipy, and back. A stored entry is an edge, also a stored 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parquetframe.errors import GraphError, SchemaError

if TYPE_CHECKING:
    from .base import GraphBase

__all__ = ["matrix_entries", "to_matrix"]


def matrix_entries(
    matrix: Any,
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any] | None, int]:
    """Rows, columns and values of a square sparse matrix; a matrix of bools has no weights.

    Raises:
        TypeError: Not a sparse matrix.
        GraphError: Not square.
        SchemaError: Complex or other values.
    """
    if not hasattr(matrix, "tocoo") or not hasattr(matrix, "shape"):
        raise TypeError(f"A must be a scipy sparse matrix, not {type(matrix).__name__}")
    rows, columns = matrix.shape
    if rows != columns:
        raise GraphError(f"the matrix must be square, but it is {rows} x {columns}")
    entries = matrix.tocoo()  # of rows or columns too: stored zeros and repeats stay
    values = entries.data
    if values.dtype.kind not in "iufb":
        raise SchemaError(f"A has type {values.dtype}; weights are integers or floats")
    weights = None if values.dtype.kind == "b" else np.asarray(values)
    return np.asarray(entries.row), np.asarray(entries.col), weights, int(rows)


def to_matrix(graph: GraphBase) -> Any:
    """The adjacency matrix as ``scipy.sparse.csr_array``.

    Raises:
        ImportError: scipy is missing.
    """
    try:
        from scipy.sparse import csr_array
    except ModuleNotFoundError as error:
        raise ImportError(
            "to_scipy needs the package scipy: pip install scipy", name="scipy"
        ) from error
    rows = graph.csr()
    n = graph.num_vertices
    data = np.ones(len(rows.indices)) if rows.weights is None else rows.weights.copy()
    width = np.int32 if max(n, len(data)) < 2**31 else np.int64
    parts = (data, rows.indices.astype(width), rows.indptr.astype(width))
    matrix = csr_array(parts, shape=(n, n))
    matrix.sum_duplicates()  # scipy's search for strong components never ends on repeated entries
    return matrix
