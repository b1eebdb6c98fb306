"""Values of Arrow columns as the text of CSV cells."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import SchemaError, UnsupportedFeature
from parquetframe.types import format_type

__all__ = ["formatter"]

Texts = Callable[[pa.Array], list[str | None]]


def formatter(field: pa.Field, options: dict[str, Any]) -> Texts:
    """A function from an array of the field's type to texts; null stays ``None``.

    Raises:
        UnsupportedFeature: The type has no text.
    """
    t, dtype = pa.types, field.type
    if t.is_dictionary(dtype):
        inner = formatter(field.with_type(dtype.value_type), options)
        return lambda column: inner(column.dictionary_decode())
    if t.is_floating(dtype):
        return _floats(options["float_format"], single=bool(t.is_float32(dtype)))
    if t.is_string(dtype) or t.is_large_string(dtype) or t.is_string_view(dtype):
        return lambda column: column.to_pylist()
    if t.is_integer(dtype) or t.is_decimal(dtype):
        return _as_text
    if t.is_boolean(dtype):
        return lambda column: [None if v is None else str(v).lower() for v in column.to_pylist()]
    if t.is_null(dtype):
        return lambda column: column.to_pylist()
    if t.is_date(dtype):
        return _formatted(options["date_format"], pa.date32())
    if t.is_timestamp(dtype):
        return _moments(field, options["timestamp_format"])
    if t.is_time(dtype):
        return lambda column: [
            None if v is None else _trimmed(v) for v in column.cast(pa.string()).to_pylist()
        ]
    if t.is_binary(dtype) or t.is_large_binary(dtype) or t.is_fixed_size_binary(dtype):
        return _bytes(field)
    raise UnsupportedFeature(
        f"column '{field.name}': CSV has no text for {format_type(dtype)}",
        hint="cast the column first",
    )


def _as_text(column: pa.Array) -> list[str | None]:
    if pa.types.is_decimal(column.type):
        return [None if v is None else format(v, "f") for v in column.to_pylist()]
    found: list[str | None] = column.cast(pa.string()).to_pylist()
    return found


def _floats(pattern: str | None, *, single: bool) -> Texts:
    if pattern is not None:
        return lambda column: [
            None if v is None else pattern % v for v in column.cast(pa.float64()).to_pylist()
        ]
    if single:
        import numpy as np

        return lambda column: [
            None if v is None else _short(str(np.float32(v))) for v in column.to_pylist()
        ]
    return lambda column: [
        None if v is None else _short(repr(v)) for v in column.cast(pa.float64()).to_pylist()
    ]


def _short(text: str) -> str:
    """The form of Python's ``repr``, which is the shortest text that reads back to the same."""
    return text


def _formatted(pattern: str | None, dtype: pa.DataType) -> Texts:
    if pattern is None:
        return lambda column: column.cast(dtype).cast(pa.string()).to_pylist()
    return lambda column: [
        None if v is None else v.strftime(pattern) for v in column.cast(dtype).to_pylist()
    ]


def _moments(field: pa.Field, pattern: str | None) -> Texts:
    zone, unit = field.type.tz, field.type.unit
    if pattern is not None:

        def by_pattern(column: pa.Array) -> list[str | None]:
            coarse = column.cast(pa.timestamp("us", zone), safe=False) if unit == "ns" else column
            return [None if v is None else v.strftime(pattern) for v in coarse.to_pylist()]

        return by_pattern

    def iso(column: pa.Array) -> list[str | None]:
        if zone is None:
            texts = column.cast(pa.string()).to_pylist()
            return [None if v is None else _trimmed(v.replace(" ", "T")) for v in texts]
        # The offset in force at each instant keeps the instant when the text is read.
        offset = pc.strftime(column, "%z").to_pylist()
        local = pc.local_timestamp(column).cast(pa.string()).to_pylist()
        return [
            None if v is None else _trimmed(v.replace(" ", "T")) + _zone(z)
            for v, z in zip(local, offset, strict=True)
        ]

    return iso


def _trimmed(text: str) -> str:
    """With no, 3, 6 or 9 digits behind the second, as few as the value needs."""
    whole, _, fraction = text.partition(".")
    digits = re.sub("(?:0{3})+$", "", fraction.ljust(-(-len(fraction) // 3) * 3, "0"))
    return f"{whole}.{digits}" if digits else whole


def _zone(offset: str) -> str:
    return "Z" if offset == "+0000" else f"{offset[:3]}:{offset[3:]}"


def _bytes(field: pa.Field) -> Texts:
    def texts(column: pa.Array) -> list[str | None]:
        try:
            return [None if v is None else v.decode() for v in column.to_pylist()]
        except UnicodeDecodeError:
            raise SchemaError(
                f"column '{field.name}' has bytes that are no text", column=field.name,
                hint="cast the column to hex text first",
            ) from None  # fmt: skip

    return texts
