"""Casts between column types: exact or an error that names the row; floats truncate to integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import ExpressionError
from parquetframe.types import format_type

from ..arrow_types import family

_INTEGER = r"^[+-]?[0-9]+$"


def cast(values: Any, target: pa.DataType) -> Any:
    """Cast an array or scalar.

    Raises:
        ExpressionError: E302 if the types never convert; E601 naming the first row that does not.
    """
    if values.type == target:
        return values
    try:
        return _convert(values, target)
    except pa.ArrowNotImplementedError:
        raise _no_such_cast(values.type, target) from None
    except pa.ArrowInvalid:
        row, value = _first_failure(values, target)
        where = "" if row is None else f" (row {row})"
        raise ExpressionError(
            f"cannot cast {value!r} to {format_type(target)}{where}", code="E601", row=row
        ) from None


def try_cast(values: Any, target: pa.DataType) -> Any:
    """Cast an array or scalar; a value that does not convert becomes null."""
    if values.type == target:
        return values
    if isinstance(values, pa.Scalar):
        return try_cast(pa.array([values.as_py()], values.type), target)[0]
    chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    try:
        done = [part for chunk in chunks for part in _lenient(chunk, target)]
    except pa.ArrowNotImplementedError:
        raise _no_such_cast(values.type, target) from None
    return pa.chunked_array(done, target)


def _lenient(chunk: pa.Array, target: pa.DataType) -> list[pa.Array]:
    try:
        return [_convert(chunk, target)]
    except pa.ArrowInvalid:
        if len(chunk) == 1:
            return [pa.nulls(1, target)]
    if family(chunk.type) == "text" and pa.types.is_integer(target):
        likely = pc.match_substring_regex(chunk, _INTEGER)
        kept = pc.if_else(likely, chunk, pa.scalar(None, chunk.type))
        if kept.null_count != chunk.null_count:
            return _lenient(kept, target)
    half = len(chunk) // 2
    return _lenient(chunk.slice(0, half), target) + _lenient(chunk.slice(half), target)


def _convert(values: Any, target: pa.DataType) -> Any:
    source = values.type
    kinds = family(source), family(target)
    if kinds == ("number", "number"):
        return _convert_number(values, target)
    if kinds[1] == "text":
        return _to_text(values).cast(target)
    if kinds == ("bool", "number") and not pa.types.is_decimal(target):
        return values.cast(pa.int8()).cast(target)
    if kinds == ("number", "bool"):
        return pc.not_equal(values, pa.scalar(0).cast(source))
    if kinds in {("timestamp", "date"), ("timestamp", "timestamp")}:
        return pc.cast(values, target, safe=False)
    if kinds in {("bool", "date"), ("number", "date"), ("bool", "timestamp")}:
        raise pa.ArrowNotImplementedError("no such cast")
    return pc.cast(values, target)


def _convert_number(values: Any, target: pa.DataType) -> Any:
    t = pa.types
    source = values.type
    if t.is_floating(source) and t.is_integer(target):
        return pc.cast(pc.trunc(values), target)
    if t.is_decimal(source) and t.is_integer(target):
        return pc.cast(values, target, allow_decimal_truncate=True)
    if t.is_floating(target):
        return pc.cast(values, target, safe=False)
    if t.is_integer(source) and t.is_decimal(target):  # Arrow wants room for every integer first
        values = pc.cast(values, pa.decimal128(38, target.scale))
    return pc.cast(values, target)


def _to_text(values: Any) -> Any:
    dtype = values.type
    text = pc.cast(values, pa.string())
    if pa.types.is_floating(dtype):
        text = pc.replace_substring(text, "e+", "e")
        text = pc.replace_substring_regex(text, r"^(-?[0-9]+)$", r"\1.0")
        return pc.replace_substring_regex(text, "^-?nan$", "NaN")
    if pa.types.is_timestamp(dtype):
        text = pc.replace_substring_regex(text, r"\.0+(Z?)$", r"\1")
        text = pc.replace_substring_regex(text, r"(\.[0-9]{3})000(Z?)$", r"\1\2")
        return pc.replace_substring(text, " ", "T", max_replacements=1)
    return text


def _first_failure(values: Any, target: pa.DataType) -> tuple[int | None, Any]:
    if isinstance(values, pa.Scalar):
        return None, values.as_py()
    converted = try_cast(values, target)
    bad = pc.and_(pc.is_null(converted), pc.is_valid(values))
    rows = np.flatnonzero(np.asarray(bad))
    if not len(rows):
        return None, None
    return int(rows[0]) + 1, values[int(rows[0])].as_py()


def _no_such_cast(source: pa.DataType, target: pa.DataType) -> ExpressionError:
    return ExpressionError(
        f"cannot cast {format_type(source)} to {format_type(target)}", code="E302"
    )
