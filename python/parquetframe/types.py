"""The one grammar of type names, for ``cast``, ``schema`` and ``check``.

``int8`` to ``int64``, ``uint8`` to ``uint64``, ``float32``, ``float64``, ``decimal(p,s)``,
``bool``, ``string``, ``binary``, ``date``, ``timestamp(unit)`` and ``timestamp(unit, tz)`` with a
unit of ``s``, ``ms``, ``us`` or ``ns``.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from parquetframe.errors import SchemaError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TYPE_PATTERN", "canonical_type", "format_type", "known_types", "parse_type"]

MAX_DECIMAL_DIGITS = 38

_SIMPLE = (
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float32", "float64", "bool", "string", "binary", "date"),
)
_DECIMAL = re.compile(r"decimal\s*\(\s*([0-9]{1,2})\s*,\s*([0-9]{1,2})\s*\)")
_TIMESTAMP = re.compile(r"timestamp\s*\(\s*(s|ms|us|ns)\s*(?:,\s*([A-Za-z0-9_+:/-]{1,64})\s*)?\)")
_ARROW_NAMES = {"bool": "bool_", "date": "date32"}  # where Arrow's constructor has another name

TYPE_PATTERN = f"^(?:{'|'.join(_SIMPLE)}|{_DECIMAL.pattern}|{_TIMESTAMP.pattern})$"

# Names of neighbours, so that the hint can be certain where spelling alone is not.
_ELSEWHERE = {
    "int": "int64",
    "integer": "int64",
    "bigint": "int64",
    "smallint": "int16",
    "tinyint": "int8",
    "float": "float64",
    "double": "float64",
    "real": "float32",
    "str": "string",
    "utf8": "string",
    "text": "string",
    "varchar": "string",
    "object": "string",
    "boolean": "bool",
    "bytes": "binary",
    "date32": "date",
    "datetime": "timestamp(us)",
    "timestamp": "timestamp(us)",
    "timestamptz": "timestamp(us, UTC)",
    "decimal": "decimal(18,2)",
    "numeric": "decimal(18,2)",
}


def known_types() -> list[str]:
    """The type names, for hints."""
    return [*_SIMPLE, "decimal(p,s)", "timestamp(us)", "timestamp(us, UTC)"]


def canonical_type(text: str) -> str | None:
    """A type name in its one spelling, or ``None`` if it is none.

    Examples:
        >>> canonical_type("decimal( 18, 2 )"), canonical_type("timestamp(us,UTC)")
        ('decimal(18,2)', 'timestamp(us, UTC)')
    """
    text = text.strip()
    if text in _SIMPLE:
        return text
    if match := _DECIMAL.fullmatch(text):
        precision, scale = int(match[1]), int(match[2])
        valid = 1 <= precision <= MAX_DECIMAL_DIGITS and scale <= precision
        return f"decimal({precision},{scale})" if valid else None
    if match := _TIMESTAMP.fullmatch(text):
        return f"timestamp({match[1]}, {match[2]})" if match[2] else f"timestamp({match[1]})"
    return None


def parse_type(text: str) -> pa.DataType:
    """Read a type name.

    Args:
        text: A name of the grammar above; spaces around parts do not matter.

    Returns:
        The Arrow type.

    Raises:
        SchemaError: Not a type name; ``hint`` has the nearest one.

    Examples:
        >>> parse_type("timestamp(us, UTC)")
        TimestampType(timestamp[us, tz=UTC])
        >>> parse_type("decimal(18,2)")
        Decimal128Type(decimal128(18, 2))
    """
    import pyarrow as pa

    name = canonical_type(text)
    if name is None:
        near = _nearest(text.strip())
        guess = "" if near is None else f"did you mean '{near}'? "
        hint = f"{guess}types: {', '.join(known_types())}"
        raise SchemaError(f"unknown type '{text}'", code="E302", hint=hint)
    if match := _DECIMAL.fullmatch(name):
        return pa.decimal128(int(match[1]), int(match[2]))
    if match := _TIMESTAMP.fullmatch(name):
        return pa.timestamp(match[1], tz=match[2])
    return getattr(pa, _ARROW_NAMES.get(name, name))()


def format_type(dtype: pa.DataType) -> str:
    """Write an Arrow type as a type name; the inverse of :func:`parse_type`.

    Types outside the grammar (lists, structs, durations) keep Arrow's own text. Dictionaries are
    named by their values and large or view strings as ``string``: the encoding is not the type.

    Examples:
        >>> import pyarrow as pa
        >>> format_type(pa.timestamp("ms"))
        'timestamp(ms)'
    """
    import pyarrow as pa

    kinds = pa.types
    if kinds.is_dictionary(dtype):
        return format_type(dtype.value_type)
    if kinds.is_timestamp(dtype):
        zone = "" if dtype.tz is None else f", {dtype.tz}"
        return f"timestamp({dtype.unit}{zone})"
    if kinds.is_decimal(dtype):
        return f"decimal({dtype.precision},{dtype.scale})"
    if kinds.is_string(dtype) or kinds.is_large_string(dtype) or kinds.is_string_view(dtype):
        return "string"
    if kinds.is_binary(dtype) or kinds.is_large_binary(dtype) or kinds.is_binary_view(dtype):
        return "binary"
    if kinds.is_date32(dtype):
        return "date"
    names = {pa.float32(): "float32", pa.float64(): "float64"}
    return names.get(dtype, str(dtype))


def _nearest(name: str) -> str | None:
    lowered = name.lower()
    head = lowered.partition("(")[0].strip()
    if head in _ELSEWHERE:
        return _ELSEWHERE[head]
    found = difflib.get_close_matches(head, [*_SIMPLE, *_ELSEWHERE], n=1, cutoff=0.6)
    return _ELSEWHERE.get(found[0], found[0]) if found else None
