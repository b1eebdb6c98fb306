"""The `sort` step, and the ordering that other steps share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..expressions import Scope, bind, evaluate
from ..failure import at_key
from .context import StepContext


def run(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Sort rows; ties keep the input order."""
    table = inputs[0]
    scope = Scope.of(table.schema, dataset=context.inputs[0])
    with at_key("by"):
        keys = sort_columns(config["by"], table, scope)
    context.check_cancelled()
    order = sort_order(keys, nulls_first=config["nulls"] == "first")
    if config["limit"] is not None:
        order = order.slice(0, config["limit"])
    return table.take(order)


def sort_columns(
    keys: Sequence[dict[str, Any]], table: pa.Table, scope: Scope
) -> list[tuple[pa.ChunkedArray, bool]]:
    """Values and direction (descending?) of each sort key."""
    names = set(table.column_names)
    columns = []
    for key in keys:
        if key["expr"] in names:  # also a name that would need quotes in SQL
            values = table.column(key["expr"])
        else:
            values = evaluate(bind(key["expr"], scope), table)
        columns.append((values, bool(key["desc"])))
    return columns


def sort_order(
    columns: Sequence[tuple[pa.ChunkedArray, bool]], *, nulls_first: bool = False
) -> pa.Array:
    """Stable order of the rows; NaN is larger than every number, nulls go to one end."""
    table: dict[str, pa.ChunkedArray] = {}
    keys: list[tuple[str, str]] = []
    for values, descending in columns:
        direction = "descending" if descending else "ascending"
        if nulls_first and values.null_count:
            keys.append((f"k{len(keys)}", "descending"))
            table[keys[-1][0]] = pc.is_null(values).cast(pa.uint8())
        if pa.types.is_floating(values.type):
            nan = pc.is_nan(values)
            if pc.any(nan).as_py():
                keys.append((f"k{len(keys)}", direction))
                table[keys[-1][0]] = nan.cast(pa.uint8())
                values = pc.if_else(nan, pa.scalar(0.0, values.type), values)  # noqa: PLW2901
        elif pa.types.is_boolean(values.type):
            values = values.cast(pa.uint8())  # noqa: PLW2901
        elif pa.types.is_null(values.type):
            continue
        keys.append((f"k{len(keys)}", direction))
        table[keys[-1][0]] = values
    rows = len(columns[0][0]) if columns else 0
    if not keys:
        return pa.array(range(rows), pa.int64())
    return pc.sort_indices(pa.table(table), sort_keys=keys)  # puts nulls at the end
