"""Columns from ``key=value`` folders: their types over all paths, and their value for one file."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from .sources import Source

__all__ = ["constant", "key_fields", "key_value"]

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def key_fields(sources: Sequence[Source], text: pa.DataType) -> list[pa.Field]:
    """One field per key: int64 if all values are integers, else date, else text.

    Leading zeros are digits that an integer would lose, so ``month=01`` is text.
    """
    names = dict.fromkeys(name for source in sources for name in source.keys)
    return [pa.field(name, _key_type(name, sources, text)) for name in names]


def key_value(source: Source, field: pa.Field) -> Any:
    """The file's value of one key, as its column's type."""
    value = source.keys.get(field.name)
    if value is None:
        return None
    if pa.types.is_integer(field.type):
        return int(value)
    return dt.date.fromisoformat(value) if pa.types.is_date32(field.type) else value


def constant(value: Any, dtype: pa.DataType, rows: int) -> pa.Array:
    """A column with one value in all rows."""
    return pa.repeat(pa.scalar(value, dtype), rows)


def _key_type(name: str, sources: Iterable[Source], text: pa.DataType) -> pa.DataType:
    values = {source.keys.get(name) for source in sources} - {None}
    known = [value for value in values if value is not None]
    if known and all(map(_is_int64, known)):
        return pa.int64()
    if known and all(map(_is_date, known)):
        return pa.date32()
    return text


def _is_int64(value: str) -> bool:
    return _INTEGER.fullmatch(value) is not None and -(2**63) <= int(value) < 2**63


def _is_date(value: str) -> bool:
    if not _DATE.fullmatch(value):
        return False
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        return False
    return True
