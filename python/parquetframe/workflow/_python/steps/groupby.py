"""The `groupby` step: one row per key, in order of first appearance."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import ExpressionError, SchemaError

from ..aggregate import Aggregate, aggregate, parse_function
from ..aggregate_calls import AggregateCalls
from ..expressions import (
    Binder,
    Scope,
    Visible,
    bind,
    evaluate,
    require_columns,
    unknown_column,
)
from ..expressions.parse import parse_expression
from ..failure import at_key
from ..keys import Codes, encode
from .context import StepContext
from .select import named_columns
from .sort import sort_columns, sort_order

_COUNTS = ("count", "size")


def run(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Group rows by keys and aggregate each group."""
    table, dataset = inputs[0], context.inputs[0]
    with at_key("order_by"):
        if config["order_by"]:
            scope = Scope.of(table.schema, dataset=dataset)
            table = table.take(sort_order(sort_columns(config["order_by"], table, scope)))
    with at_key("by"):
        keys = _keys(config["by"], table, dataset)
    if config["drop_null_keys"] and keys:
        table, keys = _without_null_keys(table, keys)
    context.check_cancelled()
    groups = encode([values for _, values in keys], table.num_rows)
    if not keys:
        groups = Codes(groups.codes, 1, groups.has_null)
    scope = Scope.of(table.schema, dataset=dataset)
    calls = AggregateCalls(table, scope, groups, scalar=not keys)
    first = pa.array(groups.first_rows())
    outputs = [(name, values.take(first)) for name, values in keys]
    key_columns = list(outputs)
    with at_key("agg"):
        for item in config["agg"]:
            context.check_cancelled()
            if item["kind"] == "expr":
                with at_key(f"agg.{item['name']}"):
                    outputs.append((item["name"], _expression(item["expr"], key_columns, calls)))
                continue
            wanted = _plain(item, table, dataset, [i.get("column") for i in config["by"]])
            if not config["order_by"]:
                _refuse_unordered(wanted)
            if wanted:
                found = aggregate(groups, wanted, scalar=not keys)
                outputs += zip(found.column_names, found.columns, strict=True)
        result = named_columns(outputs)
    if config["having"] is not None:
        with at_key("having"):
            condition = _expression(config["having"], outputs, calls, condition=True)
        kept = pc.fill_null(condition, False)
        result, key_columns = result.filter(kept), [(n, c.filter(kept)) for n, c in key_columns]
    if config["sort"] and key_columns:
        result = result.take(sort_order([(values, False) for _, values in key_columns]))
    return result


def _expression(
    text: str,
    columns: list[tuple[str, pa.ChunkedArray]],
    calls: AggregateCalls,
    *,
    condition: bool = False,
) -> pa.ChunkedArray:
    """Evaluate SQL with aggregates, once per group; other names are those of ``columns``."""
    visible = [Visible(None, name, f"output:{name}", v.type) for name, v in columns]
    scope = _OutputScope(visible, calls.inner)
    binder = Binder(scope, text, aggregator=calls)
    tree = parse_expression(text)
    node = binder.bind_bool(tree) if condition else binder.bind(tree)
    known = {f"output:{name}": values for name, values in columns} | calls.columns
    if not known:
        raise binder.type_error(tree, f"'{text}' has no aggregate, such as sum(x)")
    return evaluate(node, pa.table(known))


class _OutputScope(Scope):
    """Keys and results; a column of the input gets an error that says why it is out of sight."""

    def __init__(self, columns: list[Visible], inner: Scope) -> None:
        super().__init__(columns)
        self._inner = inner

    def resolve(self, name: str, table: str | None = None) -> Visible:
        try:
            return super().resolve(name, table)
        except SchemaError:
            self._inner.resolve(name, table)  # raises if it is no column at all
        raise ExpressionError(
            f"column '{name}' must be a key or stand inside an aggregate", code="E302"
        )


def _keys(
    by: list[dict[str, Any]], table: pa.Table, dataset: str
) -> list[tuple[str, pa.ChunkedArray]]:
    scope = Scope.of(table.schema, dataset=dataset)
    keys = []
    for item in by:
        if "column" in item:
            require_columns(table, [item["column"]], f" in '{dataset}'")
            keys.append((item["name"], table.column(item["column"])))
        else:
            keys.append((item["name"], evaluate(bind(item["expr"], scope), table)))
    return keys


def _without_null_keys(
    table: pa.Table, keys: list[tuple[str, pa.ChunkedArray]]
) -> tuple[pa.Table, list[tuple[str, pa.ChunkedArray]]]:
    kept = pc.is_valid(keys[0][1])
    for _, values in keys[1:]:
        kept = pc.and_(kept, pc.is_valid(values))
    return table.filter(kept), [(name, values.filter(kept)) for name, values in keys]


def _plain(
    item: dict[str, Any], table: pa.Table, dataset: str, keys: list[str | None]
) -> list[Aggregate]:
    kind = item["kind"]
    columns = table.column_names
    if kind == "all":
        rest = [name for name in columns if name not in keys]
        if not rest and item["fn"] in _COUNTS:
            return [Aggregate("count", "size")]
        return [_over(name, name, item["fn"], table, dataset) for name in rest]
    if kind == "fn":
        if item["key"] in columns:
            return [_over(item["key"], item["key"], item["fn"], table, dataset)]
        if item["fn"] in _COUNTS:
            return [Aggregate(item["key"], "size")]
        raise unknown_column(item["key"], columns, f" in '{dataset}'")
    if kind == "list":
        key, items = item["key"], item["items"]
        if key not in columns and len(items) == 2 and items[0] in columns:
            return [_over(key, items[0], items[1], table, dataset)]
        return [_over(f"{key}_{fn}", key, fn, table, dataset) for fn in items]
    if kind == "named":
        return [_over(item["name"], item["column"], item["fn"], table, dataset)]
    return []


def _over(name: str, column: str, function: str, table: pa.Table, dataset: str) -> Aggregate:
    fn, quantile = parse_function(function)
    if fn == "size":
        return Aggregate(name, fn)
    require_columns(table, [column], f" in '{dataset}'")
    return Aggregate(name, fn, table.column(column), quantile)


def _refuse_unordered(wanted: list[Aggregate]) -> None:
    for item in wanted:
        if item.fn in {"first", "last"}:
            raise ExpressionError(
                f"{item.fn} of '{item.name}' needs order_by",
                code="E302",
                hint="say which row comes first: order_by: [column]",
            )
