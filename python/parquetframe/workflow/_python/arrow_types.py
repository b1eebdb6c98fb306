"""Type names of the workflow file and of SQL, and how Arrow types relate to each other."""

from __future__ import annotations

import re
from typing import Final

import pyarrow as pa

from parquetframe import types
from parquetframe.types import canonical_type

_SQL_NAMES: Final[dict[str, str]] = {
    "tinyint": "int8",
    "smallint": "int16",
    "int": "int32",
    "integer": "int32",
    "bigint": "int64",
    "real": "float32",
    "float": "float32",
    "double": "float64",
    "double precision": "float64",
    "varchar": "string",
    "char": "string",
    "nchar": "string",
    "text": "string",
    "boolean": "bool",
    "bytea": "binary",
    "varbinary": "binary",
    "blob": "binary",
    "numeric": "decimal",
    "timestampntz": "timestamp",
    "timestamptz": "timestamp(us, UTC)",
}

_DECIMAL = re.compile(r"decimal(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?")


def parse_type(text: str) -> pa.DataType:
    """Turn a type name of the workflow grammar or of SQL into an Arrow type.

    Raises:
        SchemaError: No such type; the hint lists the names.
    """
    name = " ".join(text.strip().split())
    if (own := canonical_type(name)) is not None:
        return types.parse_type(own)
    lowered = _SQL_NAMES.get(name.lower(), name.lower())
    if (own := canonical_type(lowered)) is not None:
        return types.parse_type(own)
    if lowered == "timestamp":
        return pa.timestamp("us")
    if found := _DECIMAL.fullmatch(lowered):
        precision, scale = int(found[1] or 38), int(found[2] or (0 if found[1] else 10))
        if 1 <= precision <= types.MAX_DECIMAL_DIGITS and scale <= precision:
            return pa.decimal128(precision, scale)
    return types.parse_type(text)  # raises, with the nearest name


def family(dtype: pa.DataType) -> str:
    """Name the family whose members compare with each other: number, text, date, ..."""
    t = pa.types
    if t.is_integer(dtype) or t.is_floating(dtype) or t.is_decimal(dtype):
        return "number"
    tests = (
        ("bool", t.is_boolean),
        ("date", t.is_date),
        ("timestamp", t.is_timestamp),
        ("time", t.is_time),
        ("duration", t.is_duration),
        ("null", t.is_null),
    )
    for name, test in tests:
        if test(dtype):
            return name
    if t.is_string(dtype) or t.is_large_string(dtype) or t.is_string_view(dtype):
        return "text"
    if t.is_binary(dtype) or t.is_large_binary(dtype) or t.is_fixed_size_binary(dtype):
        return "binary"
    return "other"


def common_number(a: pa.DataType, b: pa.DataType) -> pa.DataType:
    """Smallest number type for arithmetic between ``a`` and ``b``; int with float is float64."""
    t = pa.types
    if a == b:
        return a
    if t.is_floating(a) or t.is_floating(b):
        return pa.float32() if {a, b} <= {pa.float32(), pa.float16()} else pa.float64()
    if t.is_decimal(a) or t.is_decimal(b):
        return _common_decimal(a, b)
    signed = t.is_signed_integer(a), t.is_signed_integer(b)
    if signed[0] == signed[1]:
        return a if a.bit_width > b.bit_width else b
    wide_signed, wide_unsigned = (a, b) if signed[0] else (b, a)
    if wide_signed.bit_width > wide_unsigned.bit_width:
        return wide_signed
    return {8: pa.int16(), 16: pa.int32()}.get(wide_unsigned.bit_width, pa.int64())


def _common_decimal(a: pa.DataType, b: pa.DataType) -> pa.DataType:
    def shape(dtype: pa.DataType) -> tuple[int, int]:
        if pa.types.is_decimal(dtype):
            return dtype.precision - dtype.scale, dtype.scale
        return {8: 3, 16: 5, 32: 10}.get(dtype.bit_width, 20), 0

    whole = max(shape(a)[0], shape(b)[0])
    scale = max(shape(a)[1], shape(b)[1])
    return pa.decimal128(min(types.MAX_DECIMAL_DIGITS, whole + scale), scale)


def common_type(a: pa.DataType, b: pa.DataType) -> pa.DataType | None:
    """Type in which values of ``a`` and ``b`` can be compared or mixed, or None."""
    if a == b:
        return a
    families = family(a), family(b)
    if families[0] == "null":
        return b
    if families[1] == "null":
        return a
    if families == ("number", "number"):
        return common_number(a, b)
    if families[0] == families[1] and families[0] in {"text", "binary"}:
        return pa.string() if families[0] == "text" else pa.binary()
    if families == ("date", "date"):
        return pa.date64() if pa.date64() in {a, b} else pa.date32()
    if set(families) == {"date", "timestamp"}:
        return a if families[0] == "timestamp" else b
    if families == ("timestamp", "timestamp") and (a.tz is None) == (b.tz is None):
        order = ("s", "ms", "us", "ns")
        return pa.timestamp(max(a.unit, b.unit, key=order.index), a.tz)
    return None


def plain(table: pa.Table) -> pa.Table:
    """Give text, binary and dictionary columns their plain Arrow type, so that all kernels fit.

    A string view or large string column becomes ``string``; a dictionary column its values.
    """
    for index, field in enumerate(table.schema):
        dtype = field.type
        if pa.types.is_dictionary(dtype):
            dtype = dtype.value_type
        if family(dtype) == "text":
            dtype = pa.string()
        elif family(dtype) == "binary" and not pa.types.is_fixed_size_binary(dtype):
            dtype = pa.binary()
        if dtype != field.type:
            table = table.set_column(
                index, pa.field(field.name, dtype), table.column(index).cast(dtype)
            )
    return table
