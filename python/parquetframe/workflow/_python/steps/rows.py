"""The row steps: `limit`, `distinct`, `union`, and `noop`."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from parquetframe.errors import SchemaError
from parquetframe.types import format_type

from ..arrow_types import common_type
from ..expressions import Scope, require_columns
from ..failure import at_key
from ..keys import encode
from .context import StepContext
from .sort import sort_columns, sort_order


def run_limit(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """The first ``n`` rows after ``offset``."""
    del context
    return inputs[0].slice(config["offset"], config["n"])


def run_distinct(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """The first row of each key, in input order (or in ``order_by``'s)."""
    table = inputs[0]
    if config["order_by"]:
        with at_key("order_by"):
            scope = Scope.of(table.schema, dataset=context.inputs[0])
            table = table.take(sort_order(sort_columns(config["order_by"], table, scope)))
    names = config["on"] if config["on"] is not None else table.column_names
    with at_key("on"):
        require_columns(table, names, f" in '{context.inputs[0]}'")
        return distinct_rows(table, names)


def distinct_rows(table: pa.Table, names: list[str] | None = None) -> pa.Table:
    """The first row of each combination of the named columns (default: all)."""
    chosen = table.column_names if names is None else names
    groups = encode([table.column(name) for name in chosen], table.num_rows)
    return table.take(pa.array(groups.first_rows()))


def run_union(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """All rows of all inputs, one input after the other."""
    tables = list(inputs)
    with at_key("mode" if config["mode"] == "by_position" else "missing"):
        if config["mode"] == "by_position":
            tables = by_position(tables, context.inputs)
        else:
            fill = config["missing"] == "null"
            tables = _by_name(tables, context.inputs, fill=fill)
        result = stacked(tables)
    return distinct_rows(result) if config["distinct"] else result


def by_position(tables: list[pa.Table], names: tuple[str, ...]) -> list[pa.Table]:
    """All tables with the column names of the first."""
    first = tables[0]
    for name, table in zip(names, tables, strict=True):
        if table.num_columns != first.num_columns:
            raise SchemaError(
                f"'{name}' has {table.num_columns} columns, '{names[0]}' has {first.num_columns}",
                code="E301",
            )
    return [table.rename_columns(first.column_names) for table in tables]


def stacked(tables: list[pa.Table]) -> pa.Table:
    """Rows of tables with equal column names; types are brought together.

    Raises:
        SchemaError: E302 if a column's types have nothing in common.
    """
    fields = []
    for name in tables[0].column_names:
        dtype = tables[0].schema.field(name).type
        for table in tables[1:]:
            other = table.schema.field(name).type
            common = common_type(dtype, other)
            if common is None:
                raise SchemaError(
                    f"column '{name}' is {format_type(dtype)} in one input "
                    f"and {format_type(other)} in another",
                    code="E302",
                    column=name,
                    hint="give both one type with a cast step",
                )
            dtype = common
        fields.append(pa.field(name, dtype))
    schema = pa.schema(fields)
    return pa.concat_tables([t.select(schema.names).cast(schema) for t in tables])


def _by_name(tables: list[pa.Table], names: tuple[str, ...], *, fill: bool) -> list[pa.Table]:
    columns = list(dict.fromkeys(c for table in tables for c in table.column_names))
    complete = []
    for name, table in zip(names, tables, strict=True):
        result = table
        for column in columns:
            if column in result.column_names:
                continue
            if not fill:
                raise SchemaError(
                    f"no column '{column}' in '{name}'",
                    code="E301",
                    column=column,
                    hint="missing: null fills absent columns with nulls",
                )
            result = result.append_column(column, pa.nulls(result.num_rows))
        complete.append(result.select(columns))
    return complete


def run_noop(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> None:
    """Do nothing."""
    del config, inputs, context
