"""Key columns to dense integers: what grouping, joining and distinct share.

Equal rows get equal codes, numbered by first appearance. NaN equals NaN, 0.0 equals -0.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import SchemaError

_MAX_PRODUCT = 2**62


@dataclass(frozen=True)
class Codes:
    """Codes of n rows.

    Attributes:
        codes: int64, n rows, values ``0..count-1`` by first appearance.
        count: Number of different rows.
        has_null: Bool, n rows: some key of the row is null.
    """

    codes: np.ndarray
    count: int
    has_null: np.ndarray

    def first_rows(self) -> np.ndarray:
        """Index of the first row of each code, ascending."""
        first = np.full(self.count, len(self.codes), dtype=np.int64)
        np.minimum.at(first, self.codes, np.arange(len(self.codes)))
        return first


def encode(columns: Sequence[pa.ChunkedArray], rows: int) -> Codes:
    """Encode rows of key columns, null being a value of its own; no column means one group.

    Raises:
        SchemaError: E302, the column's type (list, struct, ...) cannot be a key.
    """
    has_null = np.zeros(rows, dtype=bool)
    total = np.zeros(rows, dtype=np.int64)
    size = 1
    for column in columns:
        codes, count = _encode_one(column)
        if column.null_count:
            has_null |= np.asarray(column.is_null())
        if size * max(count, 1) > _MAX_PRODUCT:
            total, size = _dense(total)
        total = codes if size == 1 else total * count + codes
        size *= max(count, 1)
    if len(columns) != 1:
        total, size = _dense(total)
    return Codes(total, size if rows else 0, has_null)


def _encode_one(column: pa.ChunkedArray) -> tuple[np.ndarray, int]:
    if pa.types.is_null(column.type):
        return np.zeros(len(column), dtype=np.int64), 1
    if pa.types.is_floating(column.type):
        nan = pc.is_nan(column)
        if pc.any(nan).as_py():
            column = pc.if_else(nan, pa.scalar(float("nan"), column.type), column)
        column = pc.add(column, pa.scalar(0.0, column.type))  # -0.0 becomes 0.0
    try:
        encoded = column.dictionary_encode().unify_dictionaries()
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise SchemaError(f"a column of type {column.type} cannot be a key", code="E302") from error
    if not encoded.num_chunks:
        return np.zeros(0, dtype=np.int64), 0
    count = len(encoded.chunk(0).dictionary)
    codes = np.concatenate(
        [np.asarray(chunk.indices.fill_null(count), dtype=np.int64) for chunk in encoded.chunks]
    )
    return _dense(codes) if column.null_count else (codes, count)


def _dense(codes: np.ndarray) -> tuple[np.ndarray, int]:
    """Renumber by first appearance."""
    encoded = pa.array(codes).dictionary_encode()
    return np.asarray(encoded.indices, dtype=np.int64), len(encoded.dictionary)
