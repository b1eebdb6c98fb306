"""Which dictionary columns of a table become Avro enums."""

from __future__ import annotations

import re
from typing import Any, Final

import pyarrow as pa

from .evolve import family

__all__ = ["enum_symbols", "whole_table"]

MAX_SYMBOLS: Final = 4096

_SYMBOL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def whole_table(data: Any) -> pa.Table | None:
    """The rows as a table if they are all there; ``None`` for a stream, which is read once."""
    if isinstance(data, pa.Table):
        return data
    kind = type(data)
    if kind.__module__.partition(".")[0] == "polars" and kind.__name__ == "DataFrame":
        return pa.table(data)
    return None


def enum_symbols(table: pa.Table) -> dict[str, list[str]]:
    """The symbols of each column that becomes an enum.

    An Avro enum has all its symbols in the header of the file. So a dictionary column becomes one
    if each value of its dictionaries is a name as Avro has them, and there are at most 4096.
    """
    found = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        if pa.types.is_dictionary(field.type) and family(field.type.value_type) == "text":
            symbols = _symbols(column)
            if symbols:
                found[field.name] = symbols
    return found


def _symbols(column: pa.ChunkedArray) -> list[str]:
    """The values of all dictionaries, each once; none if one of them is no symbol."""
    known: dict[str, None] = {}
    for chunk in column.chunks:
        if len(chunk.dictionary) > MAX_SYMBOLS:
            return []
        for value in chunk.dictionary.to_pylist():
            if value is None or not _SYMBOL.fullmatch(value):
                return []
            known[value] = None
        if len(known) > MAX_SYMBOLS:
            return []
    return list(known)
