"""The column steps: `select`, `transform`, `rename`, `drop`, `cast`."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from parquetframe.errors import SchemaError

from ..arrow_types import parse_type
from ..expressions import Scope, bind, evaluate, require_columns
from ..expressions.cast import cast, try_cast
from ..failure import at_key
from .context import StepContext


def run_select(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Choose, reorder and compute columns."""
    table = inputs[0]
    where = f" in '{context.inputs[0]}'"
    with at_key("exclude"):
        require_columns(table, config["exclude"], where)
    chosen: list[tuple[str, pa.ChunkedArray]] = []
    with at_key("columns"):
        for item in config["columns"]:
            if item.get("all"):
                chosen += zip(table.column_names, table.columns, strict=True)
            elif "column" in item:
                require_columns(table, [item["column"]], where)
                chosen.append((item["name"], table.column(item["column"])))
            else:
                with at_key(f"columns.{item['name']}"):
                    values = _compute(item["expr"], table, context)
                chosen.append((item["name"], values))
        hidden = set(config["exclude"])
        return named_columns([c for c in chosen if c[0] not in hidden])


def run_transform(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Add or replace columns, each seeing those before it."""
    table = inputs[0]
    for item in config["columns"]:
        context.check_cancelled()
        with at_key(f"columns.{item['name']}"):
            values = _compute(item["expr"], table, context)
        place = table.schema.get_field_index(item["name"])
        if place < 0:
            table = table.append_column(item["name"], values)
        else:
            table = table.set_column(place, item["name"], values)
    return table


def run_rename(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Rename columns; all at once, so names can be swapped."""
    table = inputs[0]
    new_names: dict[str, str] = config["columns"]
    with at_key("columns"):
        require_columns(table, new_names, f" in '{context.inputs[0]}'")
        names = [new_names.get(name, name) for name in table.column_names]
        return named_columns(list(zip(names, table.columns, strict=True)))


def run_drop(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Remove columns."""
    table = inputs[0]
    unwanted = config["columns"]
    if config["missing"] == "error":
        with at_key("columns"):
            require_columns(table, unwanted, f" in '{context.inputs[0]}'")
    return table.drop_columns([name for name in unwanted if name in table.column_names])


def run_cast(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Change column types; with ``on_error: null`` values that do not fit become null."""
    table = inputs[0]
    convert = try_cast if config["on_error"] == "null" else cast
    for name, wanted in config["columns"].items():
        context.check_cancelled()
        with at_key(f"columns.{name}"):
            table = cast_column(table, name, parse_type(wanted), convert, context.inputs[0])
    return table


def cast_column(
    table: pa.Table, name: str, dtype: pa.DataType, convert: Any = cast, dataset: str | None = None
) -> pa.Table:
    """The table with one column converted; the error names the column."""
    require_columns(table, [name], f" in '{dataset}'" if dataset else "")
    try:
        values = convert(table.column(name), dtype)
    except ValueError as error:
        error.column = name  # type: ignore[attr-defined]
        raise
    return table.set_column(table.schema.get_field_index(name), name, values)


def named_columns(columns: list[tuple[str, pa.ChunkedArray]]) -> pa.Table:
    """Table of named columns, each name once.

    Raises:
        SchemaError: E301, a name appears twice, or no column is left.
    """
    seen: set[str] = set()
    for name, _ in columns:
        if name in seen:
            raise SchemaError(f"two columns are named '{name}'", code="E301", column=name)
        seen.add(name)
    if not columns:
        raise SchemaError("no column is left", code="E301")
    return pa.table([c for _, c in columns], names=[n for n, _ in columns])


def _compute(expression: str, table: pa.Table, context: StepContext) -> pa.ChunkedArray:
    scope = Scope.of(table.schema, dataset=context.inputs[0])
    return evaluate(bind(expression, scope), table)
