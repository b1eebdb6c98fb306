"""Columns of answers: Arrow arrays, or NumPy ones where that is wanted or cheaper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from typing import TypeAlias

__all__ = ["SMALL", "Column", "Numbers", "as_arrow", "as_numpy", "numbers", "where_valid"]

SMALL = 1 << 12  # rows up to which a NumPy array costs less than the calls that make Arrow ones

_Array = np.ndarray[Any, Any]


class Numbers(NamedTuple):
    """Values as NumPy holds them.

    Attributes:
        values: Anything where ``valid`` is False; an index is that of some vertex.
        valid: Whether there is a value, or None if there is one everywhere.
        dtype: The type as Arrow array, if it is not that of the values.
    """

    values: _Array
    valid: _Array | None = None
    dtype: pa.DataType | None = None

    def at(self, indices: Numbers) -> Numbers:
        """Values at places; no value where there is no place."""
        return Numbers(self.values[indices.values], indices.valid, self.dtype)


Column: TypeAlias = "pa.Array | Numbers"


def numbers(column: pa.Array) -> Numbers:
    """The values of an Arrow array; 0 where there is none."""
    values = column.to_numpy(zero_copy_only=False)
    if not column.null_count:
        return Numbers(np.asarray(values), None, column.type)
    valid = np.asarray(column.is_valid())
    if values.dtype != object:
        values = column.filter(column.is_valid()).to_numpy(zero_copy_only=False)
        filled = np.zeros(len(column), values.dtype)
        filled[valid] = values
        values = filled
    return Numbers(values, valid, column.type)


def as_numpy(column: Column) -> _Array:
    """The values; a masked array where there are nulls."""
    found = column if isinstance(column, Numbers) else numbers(column)
    if found.valid is None:
        return found.values
    mask = ~found.valid
    return np.ma.MaskedArray(found.values, mask) if np.count_nonzero(mask) else found.values


def as_arrow(column: Column) -> pa.Array:
    """An Arrow array."""
    if not isinstance(column, Numbers):
        return column
    if column.valid is None:
        return pa.array(column.values, column.dtype)
    return pa.array(column.values, column.dtype, mask=~column.valid)


def where_valid(columns: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The rows in which a column has a value."""
    chosen = columns[name]
    if isinstance(chosen, Numbers):
        mask = chosen.valid
        if mask is None:
            return dict(columns)
        return {
            key: Numbers(values[mask], None if valid is None or key == name else valid[mask], dtype)
            for key, (values, valid, dtype) in columns.items()
        }
    if not chosen.null_count:
        return dict(columns)
    mask = pc.is_valid(chosen)
    return {key: column.filter(mask) for key, column in columns.items()}
