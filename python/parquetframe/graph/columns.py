"""Columns of answers: Arrow arrays, or NumPy ones where that is wanted or cheaper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from typing import TypeAlias

__all__ = ["SMALL", "Column", "Numbers", "as_arrow", "as_numpy", "as_table", "numbers", "with_ids"]

SMALL = 1 << 12  # rows up to which a NumPy array costs less than the calls that make Arrow ones

_Array = np.ndarray[Any, Any]


class Numbers(NamedTuple):
    """Values as NumPy holds them.

    Attributes:
        values: Anything where one is missing; an index is that of some vertex.
        missing: Where there is no value, as bools; None if there is one everywhere.
        dtype: The type as Arrow array, if it is not that of the values.
    """

    values: _Array
    missing: _Array | None = None
    dtype: pa.DataType | None = None

    def at(self, indices: Numbers) -> Numbers:
        """Values at places; no value where there is no place."""
        return Numbers(self.values[indices.values], indices.missing, self.dtype)

    def given_away(self) -> Numbers:
        """For somebody who may write to the values: a copy, unless nobody can."""
        return self._replace(values=self.values.copy()) if self.values.flags.writeable else self


# An Arrow array, a NumPy array without nulls, or the items of `Numbers`.
Column: TypeAlias = "pa.Array | _Array | tuple[_Array, _Array | None, pa.DataType | None]"


def numbers(column: Column) -> Numbers:
    """The values of any column; of an Arrow array 0 where there is none."""
    if isinstance(column, np.ndarray):
        return Numbers(column)
    if isinstance(column, tuple):
        return Numbers(*column)
    values = column.to_numpy(zero_copy_only=False)
    if not column.null_count:
        return Numbers(np.asarray(values), None, column.type)
    valid = np.asarray(column.is_valid())
    if values.dtype != object:
        values = column.filter(column.is_valid()).to_numpy(zero_copy_only=False)
        filled = np.zeros(len(column), values.dtype)
        filled[valid] = values
        values = filled
    return Numbers(values, ~valid, column.type)


def as_numpy(column: Column) -> _Array:
    """The values; a masked array where there are nulls."""
    if isinstance(column, tuple):
        values, missing, _ = column
    elif isinstance(column, np.ndarray):
        return column
    else:
        values, missing, _ = numbers(column)
    return values if missing is None else _masked(values, missing)


def _masked(values: _Array, missing: _Array) -> _Array:
    """As ``MaskedArray(values, missing)``, which looks for what else it may have been given.

    That takes twice the time, more than a kernel on a small graph.
    """
    found: Any = values.view(np.ma.MaskedArray)
    found._mask = missing  # noqa: SLF001 - the public ways copy
    return found  # type: ignore[no-any-return]


def as_arrow(column: Column) -> pa.Array:
    """An Arrow array."""
    if isinstance(column, tuple):
        values, missing, dtype = column
        return pa.array(values, dtype, mask=missing)
    return pa.array(column) if isinstance(column, np.ndarray) else column


def as_table(columns: Mapping[str, Column]) -> pa.Table:
    """Columns by name."""
    return pa.Table.from_arrays([as_arrow(column) for column in columns.values()], list(columns))


def with_ids(
    columns: Mapping[str, Column],
    all_ids: Callable[[], Column],
    ids_at: Callable[[Any], Column],
    reached: str | None,
) -> dict[str, Column]:
    """Ids in place of vertex indices, and first in a column of their own if rows are all vertices.

    Args:
        columns: What an engine found, all of them Arrow arrays or all numbers; indices are uint32.
        all_ids: Gives the ids of all vertices.
        ids_at: Gives the ids of indices.
        reached: Only the rows stay in which this column has a value.
    """
    found: dict[str, Any] = dict(columns)
    indices = [name for name, column in found.items() if _is_index(column)]
    if found and "vertex" not in found and "src" not in found:
        found = {"vertex": all_ids(), **found}
    if reached is not None:
        found = _where_valid(found, reached)
    for name in indices:  # after the rows are chosen: ids cost more than indices
        found[name] = ids_at(found[name])
    return found


def _is_index(column: Any) -> bool:
    if isinstance(column, Numbers):
        return bool(column.values.dtype == np.uint32)
    return bool(column.type == pa.uint32())


def _where_valid(columns: dict[str, Any], name: str) -> dict[str, Any]:
    chosen = columns[name]
    if isinstance(chosen, Numbers):
        if chosen.missing is None:
            return columns
        rows = np.flatnonzero(~chosen.missing)
        return {key: _taken(column, rows) for key, column in columns.items()}
    if not chosen.null_count:
        return columns
    mask = pc.is_valid(chosen)
    return {key: column.filter(mask) for key, column in columns.items()}


def _taken(column: Numbers, rows: _Array) -> Numbers:
    values, missing, dtype = column
    missing = None if missing is None else missing[rows]
    return Numbers(values[rows], missing if missing is not None and missing.any() else None, dtype)
