"""Arrow tables as text for people and as data for JSON."""

from __future__ import annotations

import datetime as dt
import decimal
import math
from typing import TYPE_CHECKING, Any

from parquetframe.cli.session import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

__all__ = ["render_rows", "render_table", "table_records"]

_MAX_CELL = 60
_SIGNIFICANT = 6


def render_table(table: pa.Table) -> str:
    """Columns side by side, numbers to the right, null as an empty cell marked ``-``."""
    import pyarrow as pa

    names = [clean(name).replace("\n", "\\n") for name in table.column_names]
    numeric = [
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        for kind in table.schema.types
    ]
    columns = [column.to_pylist() for column in _readable(table).columns]
    rows = [[_cell(column[i]) for column in columns] for i in range(table.num_rows)]
    return render_rows(names, rows, right=numeric)


def render_rows(
    names: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[bool]
) -> str:
    """Lines of cells in columns, under a header and a rule."""
    from rich.cells import cell_len

    lines = [list(names), *map(list, rows)]
    widths = [max(cell_len(line[i]) for line in lines) for i in range(len(names))]
    rule = ["-" * width for width in widths]

    def padded(line: Sequence[str]) -> str:
        cells = []
        for text, width, to_right in zip(line, widths, right, strict=True):
            gap = " " * (width - cell_len(text))
            cells.append(gap + text if to_right else text + gap)
        return "  ".join(cells).rstrip()

    return "\n".join(padded(line) for line in [lines[0], rule, *lines[1:]])


def table_records(table: pa.Table) -> list[dict[str, Any]]:
    """Rows as dictionaries that JSON can hold; NaN and infinities become text."""
    names = table.column_names
    columns = [map(_json, column.to_pylist()) for column in _readable(table).columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _readable(table: pa.Table) -> pa.Table:
    """Nanoseconds as text: Python's datetime cannot hold them."""
    import pyarrow as pa

    for i, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            table = table.set_column(i, field.name, table.column(i).cast(pa.string()))
    return table


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ").replace("+00:00", "Z")
    text = value.hex() if isinstance(value, bytes) else str(value)
    text = clean(text).replace("\n", "\\n").replace("\t", "\\t")
    return text if len(text) <= _MAX_CELL else text[: _MAX_CELL - 3] + "..."


def _float(value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value == int(value) and abs(value) < 1e15:
        return f"{value:.1f}"
    return f"{value:.{_SIGNIFICANT}g}"


def _json(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return _float(value)
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    return value
