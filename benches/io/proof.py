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


def fingerprint(result: Any, gives: str) -> dict[str, Any]:
    """What a result holds.

    Args:
        result: A ``pyarrow.Table``, a pandas DataFrame, a plain value or the path of a file.
        gives: ``arrow``, ``pandas``, ``value`` or ``file``.

    Returns:
        JSON data; equal for equal results, except ``in_order`` where the order differs and
        ``dtypes``, which is for the eye.
    """
    if gives == "value":
        return {"value": repr(result)}
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
    while True:
        table = part(rows, SLICE_ROWS)
        if not columns:
            columns = [f"{field.name} {_settled(field.type)}" for field in table.schema]
        if table.num_rows == 0:
            break
        hashes = pl.DataFrame(_canonical(table)).hash_rows(seed=1).to_numpy()
        weights = np.arange(rows, rows + len(hashes), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        plain += int(hashes.sum(dtype=np.uint64))
        weighted += int((hashes * weights).sum(dtype=np.uint64))
        rows += table.num_rows
    return {
        "rows": rows,
        "columns": columns,
        "any_order": plain % 2**64,
        "in_order": weighted % 2**64,
    }


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
    keys = ["value", "rows", "columns", "any_order", *(["in_order"] if ordered else [])]
    for key in keys:
        if reference.get(key) != other.get(key):
            return f"{key}: {other.get(key)} instead of {reference.get(key)}"
    return None
