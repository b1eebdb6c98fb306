"""Which cells of a column hold no value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from .csv_rows import Rows

__all__ = ["NULL_TOKENS", "PANDAS_TOKENS", "ColumnText", "column_text"]

NULL_TOKENS: Final = ("NA", "N/A", "#N/A", "n/a", "NULL", "null", "None")
PANDAS_TOKENS: Final = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip


@dataclass
class ColumnText:
    """A column before it has a type.

    Attributes:
        values: Its cells as text; what is null here is null in a text column too.
        known: Its cells as a column of another type sees them.
        tokens: How many cells are null only there because of what they say.
        binary: Some bytes are no text; ``values`` has bytes then.
    """

    values: pa.Array
    known: pa.Array
    tokens: int = 0
    binary: bool = False


def column_text(rows: Rows, index: int, rule: Any, limit: int | None = None) -> ColumnText:
    """The cells of a column with its rule for nulls.

    Args:
        rows: All rows.
        index: The column's place.
        rule: ``"auto"``, ``"strict"``, ``"pandas"`` or a list of tokens.
        limit: Look at the first rows only.
    """
    cells = rows.column(index, limit)
    quoted = rows.quoted(index, len(cells))
    binary = False
    if rows.source.binary:
        try:
            texts = cells.cast(pa.large_string())
        except pa.ArrowInvalid:
            texts, binary = cells, True
    else:
        texts = cells.cast(pa.large_string())
    tokens = [""] if rule in ("auto", "strict") else list(PANDAS_TOKENS) if rule == "pandas" else (
        list(rule)
    )  # fmt: skip
    empty = _among(texts, tokens)
    if rule != "pandas" and quoted is not None:
        empty = pc.and_not(empty, quoted)
    values = _without(texts, empty)
    if rule != "auto" or binary:
        return ColumnText(values, values, binary=binary)
    named = _among(values, list(NULL_TOKENS))
    if quoted is not None:
        named = pc.and_not(named, quoted)
    known = _without(values, pc.or_(named, pc.fill_null(pc.equal(values, ""), False)))
    return ColumnText(values, known, tokens=int(pc.sum(named).as_py() or 0))


def _among(cells: pa.Array, tokens: list[str]) -> pa.Array:
    found: list[Any] = [token.encode() for token in tokens]
    values = pa.array(found, pa.large_binary())
    if cells.type == pa.large_string():
        values = values.cast(cells.type)
    return pc.is_in(cells, value_set=values)


def _without(cells: pa.Array, gone: pa.Array) -> pa.Array:
    return pc.if_else(gone, pa.scalar(None, cells.type), cells)
