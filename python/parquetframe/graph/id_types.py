"""Which columns can hold vertex ids, and in which type ids of several columns meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import SchemaError
from parquetframe.types import format_type

__all__ = ["check_kinds", "id_kind", "in_one_type", "plain_type"]

_T = pa.types
_INT64_MAX = 2**63 - 1
_KINDS = {
    **{pa.type_for_alias(f"{sign}int{bits}").id: "integer"
       for sign in ("", "u") for bits in (8, 16, 32, 64)},
    pa.string().id: "text", pa.large_string().id: "text", pa.string_view().id: "text",
    pa.binary().id: "binary", pa.large_binary().id: "binary", pa.binary_view().id: "binary",
    pa.date32().id: "date", pa.date64().id: "date", pa.bool_().id: "boolean",
}  # fmt: skip


def plain_type(dtype: pa.DataType) -> pa.DataType:
    """The type of the values: dictionaries are decoded, views and dates have one layout."""
    if _T.is_dictionary(dtype):
        return plain_type(dtype.value_type)
    if dtype == pa.string_view():
        return pa.large_string()
    if dtype == pa.binary_view():
        return pa.large_binary()
    return pa.date32() if _T.is_date(dtype) else dtype


def id_kind(dtype: pa.DataType) -> str | None:
    """Ids of different kinds never match; ``None`` for types that no id can have."""
    while _T.is_dictionary(dtype):
        dtype = dtype.value_type
    return _KINDS.get(dtype.id)


def check_kinds(columns: Mapping[str, pa.ChunkedArray]) -> str:
    """The kind that all columns share; names are those for messages, the first is the reference.

    Raises:
        SchemaError: A type that no id can have, or two kinds.
    """
    (first, reference), *_ = columns.items()
    expected = id_kind(reference.type)
    for name, column in columns.items():
        kind = id_kind(column.type)
        if kind is None:
            raise SchemaError(
                f"{name} has type {format_type(column.type)}; "
                "ids are integers, text, binary, dates or booleans",
                code="E302",
                column=name,
            )
        if kind != expected:
            raise _differ(first, reference, name, column)
    return expected or ""


def in_one_type(columns: Mapping[str, pa.ChunkedArray]) -> list[pa.ChunkedArray]:
    """The columns in one plain type: that of the first, for integers one that holds all values.

    Raises:
        SchemaError: Negative values meet some above the range of int64.
    """
    target = plain_type(next(iter(columns.values())).type)
    if _T.is_integer(target):
        target = _common_integer(columns)
    return [_plain(column).cast(target) for column in columns.values()]


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column without dictionaries and views, which few functions of Arrow take."""
    target = plain_type(column.type)
    if not _T.is_dictionary(column.type):
        return column.cast(target)
    chunks = [chunk.dictionary.cast(target).take(chunk.indices) for chunk in column.chunks]
    return pa.chunked_array(chunks, target)


def _common_integer(columns: Mapping[str, pa.ChunkedArray]) -> pa.DataType:
    types = [plain_type(column.type) for column in columns.values()]
    target = types[0]
    for other in types[1:]:
        target = _wider(target, other)
    if target != pa.int64() or pa.uint64() not in types:
        return target
    bounds = {name: pc.min_max(_plain(column)).as_py() for name, column in columns.items()}
    large = [name for name, b in bounds.items() if (b["max"] or 0) > _INT64_MAX]
    negative = [name for name, b in bounds.items() if (b["min"] or 0) < 0]
    if large and negative:
        raise _differ(negative[0], columns[negative[0]], large[0], columns[large[0]])
    return pa.uint64() if large else target


def _wider(a: pa.DataType, b: pa.DataType) -> pa.DataType:
    if _T.is_signed_integer(a) == _T.is_signed_integer(b):
        return a if a.bit_width >= b.bit_width else b
    signed, unsigned = (a, b) if _T.is_signed_integer(a) else (b, a)
    return signed if signed.bit_width > unsigned.bit_width else pa.int64()


def _differ(left: str, a: pa.ChunkedArray, right: str, b: pa.ChunkedArray) -> SchemaError:
    facts: dict[str, Any] = {"code": "E302", "column": right}
    return SchemaError(
        f"{left} has type {format_type(a.type)}, {right} has type {format_type(b.type)}; "
        "cast one of them, ids of both must be of one kind",
        **facts,
    )
