"""Whether the first record names the columns, and what they are called."""

from __future__ import annotations

import pyarrow as pa

from .csv_infer import infer
from .csv_nulls import column_text
from .csv_rows import HEADER_SAMPLE, Rows

__all__ = ["distinct_names", "has_header"]


def has_header(rows: Rows) -> bool:
    """Whether no cell of the first record is a value like those below it.

    A record without any below is a header, unless one of its cells is a number, date or bool.
    """
    first = rows.first
    for index in range(rows.width):
        if first is None or (first.quoted is not None and first.quoted[index]):
            continue
        kind = _kind(rows, index, slice(0, 1), limit=1)
        if kind == "text" or kind is None:
            continue
        if len(rows) == 1 or _kind(rows, index, slice(1, HEADER_SAMPLE + 1)) == kind:
            return False
    return True


def _kind(rows: Rows, index: int, part: slice, limit: int | None = None) -> str | None:
    rule = rows.options["nulls"]
    found = column_text(
        rows, index, "auto" if isinstance(rule, dict) else rule, limit or part.stop
    )  # fmt: skip
    cells = found.known[part].drop_null()
    if found.binary or not len(cells):
        return None
    dtype = infer(cells, rows.options | {"on_int_overflow": "decimal"}).dtype
    if pa.types.is_boolean(dtype):
        return "bool"
    if pa.types.is_temporal(dtype):
        return "date"
    return "text" if pa.types.is_large_string(dtype) else "number"


def distinct_names(written: list[str]) -> tuple[list[str], list[str]]:
    """Names that differ: an empty one becomes ``column_<n>``, a repeated one gets ``_1`` ...

    Returns:
        The names, and a note for each that is not what the file says.
    """
    names: list[str] = []
    notes = []
    taken, told = set(), set(written)
    for index, text in enumerate(written, start=1):
        base = name = text or f"column_{index}"
        number = 0
        while name in taken or (name != text and name in told):
            number += 1
            name = f"{base}_{number}"
        if name != text:
            notes.append(f"column {index} has the name '{text}', read as '{name}'")
        taken.add(name)
        names.append(name)
    return names, notes
