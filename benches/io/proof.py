"""Fingerprints of results, so that contestants in different processes can be compared.

Every row is hashed to 64 bits; the rows' hashes are summed, once plainly and once weighted by the
row's number, so that results are compared with and without their order. How a library stores text
(views, 32 or 64-bit offsets) and names time zones does not count; widths of numbers, units beyond
microseconds, nulls and values do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

SLICE_ROWS = 1 << 20


class LossyCastError(Exception):
    """A result cannot have the types of its case and keep its values."""


def fingerprint(result: Any, gives: str, types: dict[str, str] | None = None) -> dict[str, Any]:
    """What a result holds.

    Args:
        result: A ``pyarrow.Table``, a pandas DataFrame, a plain value or the path of a file.
        gives: ``arrow``, ``pandas``, ``value``, ``file`` or ``csv``.
        types: Types to cast to, by name; without them those of the result count.

    Returns:
        JSON data; equal for equal results, except ``in_order`` where the order differs and
        ``dtypes``, which is for the eye.

    Raises:
        LossyCastError: The result cannot have these types.
    """
    if gives == "value":
        return {"value": repr(result)}
    if types is not None:
        return _typed(_read_back(result, types) if gives == "csv" else result, types)
    if gives == "file":
        from pyarrow import parquet as pq

        return _of_rows(pq.read_table(result).slice)
    if not hasattr(result, "iloc"):
        return _of_rows(result.slice)
    import pyarrow as pa

    def part(start: int, count: int) -> pa.Table:
        rows = result.iloc[start : start + count]
        return pa.Table.from_pandas(rows, preserve_index=False)

    dtypes = {"dtypes": [str(kind) for kind in result.dtypes]} if gives == "pandas" else {}
    return _of_rows(part) | dtypes


def _of_rows(part: Any) -> dict[str, Any]:
    import numpy as np
    import polars as pl

    rows, plain, weighted = 0, 0, 0
    columns: list[str] = []
    cells: dict[str, int] = {}
    while True:
        table = part(rows, SLICE_ROWS)
        if not columns:
            columns = [f"{field.name} {_settled(field.type)}" for field in table.schema]
        if table.num_rows == 0:
            break
        frame = pl.DataFrame(_canonical(table))
        for name in frame.columns:
            own = int(frame.select(name).hash_rows(seed=1).to_numpy().sum(dtype=np.uint64))
            cells[name] = (cells.get(name, 0) + own) % 2**64
        hashes = frame.hash_rows(seed=1).to_numpy()
        weights = np.arange(rows, rows + len(hashes), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        plain += int(hashes.sum(dtype=np.uint64))
        weighted += int((hashes * weights).sum(dtype=np.uint64))
        rows += table.num_rows
    return {
        "rows": rows,
        "columns": columns,
        "cells": cells,
        "any_order": plain % 2**64,
        "in_order": weighted % 2**64,
    }


def _typed(result: Any, types: dict[str, str]) -> dict[str, Any]:
    """The fingerprint of a result with the types of its case."""
    import pyarrow as pa

    frame = hasattr(result, "iloc")
    dtypes = result.dtypes if frame else result.schema.types

    def part(start: int, count: int) -> pa.Table:
        if frame:
            rows = result.iloc[start : start + count]
            return _cast(pa.Table.from_pandas(rows, preserve_index=False), types)
        return _cast(result.slice(start, count), types)

    return _of_rows(part) | {"dtypes": [str(kind) for kind in dtypes]}


def _read_back(path: str, types: dict[str, str]) -> Any:
    """A CSV file by pyarrow; an empty cell is null, also in a text column."""
    from csv_data import arrow_schema
    from pyarrow import csv

    chosen = csv.ConvertOptions(
        column_types=arrow_schema(types), strings_can_be_null=True, null_values=[""]
    )
    return csv.read_csv(path, convert_options=chosen)


def _cast(table: pa.Table, types: dict[str, str]) -> pa.Table:
    """The table with the types of its case; floats as their bits."""
    import pyarrow as pa
    from csv_data import arrow_schema

    schema = arrow_schema(types)
    if table.column_names != schema.names:
        raise LossyCastError(f"columns {table.column_names} instead of {schema.names}")
    columns = []
    for field, column in zip(schema, table.columns, strict=True):
        if _kind(column.type) not in (_kind(field.type), "null"):
            raise LossyCastError(f"{field.name} has the type {column.type}, not {field.type}")
        try:
            cast = column.cast(field.type)
        except pa.ArrowInvalid as error:
            raise LossyCastError(f"{field.name}: {error}") from error
        if pa.types.is_date32(field.type) and not cast.cast(pa.timestamp("s")).equals(
            column.cast(pa.timestamp("s"))
        ):
            raise LossyCastError(f"{field.name} has hours beside its dates")
        if pa.types.is_float64(field.type):
            cast = pa.chunked_array([c.view(pa.int64()) for c in cast.chunks], pa.int64())
        columns.append(cast)
    return pa.table(columns, schema.names)


def _kind(dtype: pa.DataType) -> str:
    import pyarrow as pa

    is_type = pa.types
    if is_type.is_dictionary(dtype):
        return _kind(dtype.value_type)
    if is_type.is_integer(dtype) or is_type.is_floating(dtype) or is_type.is_decimal(dtype):
        return "number"
    if is_type.is_timestamp(dtype) or is_type.is_date(dtype):
        return "moment"
    if is_type.is_string(dtype) or is_type.is_large_string(dtype) or is_type.is_string_view(dtype):
        return "text"
    return str(dtype)


def _canonical(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    fields = [(field.name, _settled(field.type)) for field in table.schema]
    return table.replace_schema_metadata(None).cast(pa.schema(fields))


def _settled(kind: pa.DataType) -> pa.DataType:
    """The one type that stands for those which hold the same values."""
    import pyarrow as pa

    is_type = pa.types
    if is_type.is_dictionary(kind):
        return _settled(kind.value_type)
    if is_type.is_string(kind) or is_type.is_string_view(kind):
        return pa.large_string()
    if is_type.is_binary(kind) or is_type.is_binary_view(kind):
        return pa.large_binary()
    if is_type.is_timestamp(kind):
        return pa.timestamp("us")
    return kind


def difference(reference: dict[str, Any], other: dict[str, Any], ordered: bool) -> str | None:
    """What differs, or ``None``.

    Args:
        reference: Fingerprint of the reference.
        other: Fingerprint of a contestant.
        ordered: Whether the rows must come in the same order.

    Returns:
        The first difference in words.
    """
    for name, cells in reference.get("cells", {}).items():
        if reference["columns"] == other.get("columns") and cells != other["cells"][name]:
            return f"values of {name}"
    keys = ["value", "rows", "columns", "any_order", *(["in_order"] if ordered else [])]
    for key in keys:
        if reference.get(key) != other.get(key):
            return f"{key}: {other.get(key)} instead of {reference.get(key)}"
    return None
