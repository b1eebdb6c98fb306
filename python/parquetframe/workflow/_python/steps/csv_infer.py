"""Types of CSV columns, from all of their cells: int64, float64, bool, date, timestamp, else text.

A type is taken only if every cell prints that value: ``007``, ``+5`` and integers that no float
holds keep a column text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import CsvError
from parquetframe.types import format_type

from ..arrow_types import parse_type
from ..expressions import require_columns
from ..expressions.cast import cast
from .csv_text import line_of_row

_INTEGER: Final = r"^-?(?:0|[1-9][0-9]*)$"
_FLOAT: Final = (
    r"^(?:-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:nan|-?inf))$"
)
_DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_TIME: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
_ZONE: Final = r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)$"
_TRUE: Final = ("true", "True", "TRUE")
_BOOLS: Final = pa.array([*_TRUE, "false", "False", "FALSE"])
_PREVIEW: Final = 64
_EXACT_DIGITS: Final = r"^-?[0-9]{16,}$"


def infer_columns(
    table: pa.Table, config: dict[str, Any], paths: list[str], tick: Callable[[], None]
) -> pa.Table:
    """Give text columns their types: those of ``schema``, else inferred from ``infer_rows`` rows.

    Raises:
        CsvError: A cell does not fit its column's type; names file, row, line and column.
    """
    given: dict[str, str] = config["schema"] or {}
    require_columns(table, [n for n in given if config["columns"] is None], f" in '{paths[0]}'")
    typed = []
    for name, values in zip(table.column_names, table.columns, strict=True):
        tick()
        # Here an empty cell was quoted: empty text in a text column, no value in others.
        known = _without_empty(values) if "" in config["null_values"] else values
        if name in given:
            dtype = parse_type(given[name])
        else:
            dtype = infer_type(known.slice(0, config["infer_rows"]))
        try:
            typed.append(_convert(values if pa.types.is_string(dtype) else known, dtype))
        except ValueError as error:
            raise _bad_cell(error, name, dtype, values, paths, config) from None
    return pa.table(typed, names=table.column_names)


def _without_empty(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, values.type), values)


def infer_type(values: pa.ChunkedArray) -> pa.DataType:
    """The narrowest type of the list above that holds every cell."""
    cells = values.drop_null()
    if not len(cells):
        return pa.string()
    preview = cells.slice(0, _PREVIEW)
    for matches, convert, dtype in _CANDIDATES:
        if not matches(preview) or not matches(cells):
            continue
        try:
            found = convert(cells)
        except pa.ArrowInvalid:
            continue
        if found is not None:
            return found.type if dtype is None else dtype
        return pa.string()
    return pa.string()


def _all(pattern: str) -> Callable[[pa.ChunkedArray], bool]:
    return lambda cells: bool(pc.all(pc.match_substring_regex(cells, pattern)).as_py())


def _integers(cells: pa.ChunkedArray) -> pa.ChunkedArray | None:
    try:
        return cells.cast(pa.int64())
    except pa.ArrowInvalid:
        pass
    if pc.any(pc.starts_with(cells, "-")).as_py():
        return None
    try:
        return cells.cast(pa.uint64())
    except pa.ArrowInvalid:
        return None


def _floats(cells: pa.ChunkedArray) -> pa.ChunkedArray | None:
    floats = cells.cast(pa.float64())
    infinite = pc.and_(pc.is_inf(floats), pc.invert(pc.match_substring_regex(cells, "(?i)inf")))
    if pc.any(infinite).as_py():
        return None
    long = cells.filter(pc.match_substring_regex(cells, _EXACT_DIGITS))
    for text in long.to_pylist():  # an integer beyond int64 is uint64 or text
        if int(text) != int(float(text)) or not -(2**63) <= int(text) < 2**63:
            return None
    return floats


_CANDIDATES: Final[tuple[tuple[Any, Any, pa.DataType | None], ...]] = (
    (_all(_INTEGER), _integers, None),
    (_all(_FLOAT), _floats, pa.float64()),
    (lambda c: pc.all(pc.is_in(c, value_set=_BOOLS)).as_py(), lambda c: c, pa.bool_()),
    (_all(_DATE), lambda c: c.cast(pa.date32()), pa.date32()),
    (_all(_TIME + "$"), lambda c: c.cast(pa.timestamp("us")), pa.timestamp("us")),
    (
        _all(_TIME + _ZONE),
        lambda c: c.cast(pa.timestamp("us", "UTC")),
        pa.timestamp("us", "UTC"),
    ),
)


def _convert(values: pa.ChunkedArray, dtype: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_boolean(dtype):
        known = pc.is_in(values, value_set=_BOOLS)
        if pc.all(pc.or_(known, pc.is_null(values))).as_py():
            true = pc.is_in(values, value_set=pa.array(_TRUE))
            return pc.if_else(pc.is_null(values), pa.scalar(None, pa.bool_()), true)
    return cast(values, dtype)


def _bad_cell(
    error: ValueError,
    name: str,
    dtype: pa.DataType,
    values: pa.ChunkedArray,
    paths: list[str],
    config: dict[str, Any],
) -> Exception:
    row = getattr(error, "row", None)
    if row is None:
        return error
    text = values[row - 1].as_py()
    path, line = paths[0], None
    if len(paths) == 1:
        line = line_of_row(path, config, row)
    where = f"line {line}" if line else f"row {row}"
    return CsvError(
        f"{path}: {where}, column '{name}': cannot read {text!r} as {format_type(dtype)}",
        code="E502",
        path=path,
        line=line,
        row=row,
        column=name,
        hint=f"schema: {{{name}: string}} keeps the text",
    )
