"""Scalars of YAML 1.2 (core schema): which plain texts are null, booleans or numbers.

PyYAML follows YAML 1.1, where ``on`` and ``NO`` are booleans and ``12:30`` is the number 750. Here
only ``true`` and ``false`` (also capitalised) are booleans, and times, dates and versions are text.
Source: YAML 1.2.2, section 10.3.2.
"""

from __future__ import annotations

import re

__all__ = ["FLOAT", "INT", "Scalar", "is_plain_text", "resolve_plain"]

Scalar = str | int | float | bool | None

INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_CONSTANTS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_LONGEST_NUMBER = 3500  # Python refuses to convert decimal texts of more than 4300 digits
_BASES = {"0o": 8, "0x": 16}


def resolve_plain(text: str) -> Scalar:
    """The value of a scalar written without quotes.

    Examples:
        >>> [resolve_plain(t) for t in ("0x1F", "1e3", "on", "12:30", "2013-01-01", "~")]
        [31, 1000.0, 'on', '12:30', '2013-01-01', None]
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if len(text) > _LONGEST_NUMBER:
        return text
    if INT.fullmatch(text):
        base = _BASES.get(text[:2], 10)
        return int(text[2:], base) if base != 10 else int(text)
    if FLOAT.fullmatch(text):
        word = text.lower()
        return float(word.replace(".", "") if word.endswith(("inf", "nan")) else word)
    return text


def is_plain_text(text: str) -> bool:
    """Whether the text, written without quotes, stays text."""
    return isinstance(resolve_plain(text), str)
