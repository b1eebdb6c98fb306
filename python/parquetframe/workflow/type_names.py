"""Names of column types: one grammar for cast, schema and check."""

from __future__ import annotations

import re

__all__ = ["TYPE_PATTERN", "canonical_type", "known_types"]

_SIMPLE = (
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float32", "float64", "bool", "string", "binary", "date"),
)
_DECIMAL = re.compile(r"decimal\s*\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)")
_TIMESTAMP = re.compile(r"timestamp\s*\(\s*(s|ms|us|ns)\s*(?:,\s*([A-Za-z0-9_+:/-]{1,64})\s*)?\)")
_MAX_PRECISION = 38

TYPE_PATTERN = f"^(?:{'|'.join(_SIMPLE)}|{_DECIMAL.pattern}|{_TIMESTAMP.pattern})$"


def known_types() -> list[str]:
    """What to suggest."""
    return [*_SIMPLE, "decimal(p,s)", "timestamp(us)", "timestamp(us, UTC)"]


def canonical_type(text: str) -> str | None:
    """The type name in its canonical spelling, or None.

    Examples:
        >>> canonical_type("decimal( 18, 2 )"), canonical_type("timestamp(us,UTC)")
        ('decimal(18,2)', 'timestamp(us, UTC)')
    """
    text = text.strip()
    if text in _SIMPLE:
        return text
    if match := _DECIMAL.fullmatch(text):
        precision, scale = int(match[1]), int(match[2])
        valid = 1 <= precision <= _MAX_PRECISION and scale <= precision
        return f"decimal({precision},{scale})" if valid else None
    if match := _TIMESTAMP.fullmatch(text):
        return f"timestamp({match[1]}, {match[2]})" if match[2] else f"timestamp({match[1]})"
    return None
