"""The `check` step: rules that the rows must meet; the input passes through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import CheckError, SchemaError
from parquetframe.types import format_type

from ..arrow_types import family, parse_type
from ..expressions import Binder, Scope, bind_condition, evaluate, require_columns, truth
from ..expressions.tree import Column, Literal, Node
from ..failure import at_key
from ..keys import encode
from .context import StepContext
from .join import common_keys, together


def run(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Test all rules; report every broken one, with sample rows."""
    table = inputs[0]
    broken: list[str] = []
    violations = 0
    for index, rule in enumerate(config["rules"]):
        context.check_cancelled()
        with at_key(f"rules[{index}]"):
            text, rows = _test(rule, table, inputs, context)
        if text is None or context.planning:
            continue
        violations += 1 if rows is None else len(rows)
        broken.append(text + _sample(table, rows, config["sample"]))
    context.info["checks"] = len(config["rules"])
    context.info["violations"] = violations
    if broken:
        message = "; ".join(broken)
        if config["severity"] == "error":
            raise CheckError(message, rows=violations, hint="severity: warn lets the run go on")
        context.warnings.append(f"step '{context.step}': {message}")
    return table


def _test(
    rule: dict[str, Any], table: pa.Table, inputs: list[pa.Table], context: StepContext
) -> tuple[str | None, np.ndarray | None]:
    """What is wrong (None: nothing), and the numbers of the offending rows where there are any."""
    name = rule["rule"]
    if name == "rows":
        return _row_count(rule, table), None
    if name == "schema":
        return _schema(rule, table), None
    dataset = context.inputs[0]
    if name == "expr":
        condition = bind_condition(rule["expr"], Scope.of(table.schema, dataset=dataset))
        return _verdict(f"expr {rule['expr']}", np.asarray(pc.invert(truth(condition, table))))
    columns = rule.get("columns") or [rule["column"]]
    require_columns(table, columns, f" in '{dataset}'")
    label = f"{name} {', '.join(columns)}"
    if name == "not_null":
        bad = np.zeros(table.num_rows, dtype=bool)
        for column in columns:
            bad |= np.asarray(table.column(column).is_null())
        return _verdict(label, bad)
    if name == "unique":
        codes = encode([table.column(c) for c in columns], table.num_rows).codes
        first = np.zeros(table.num_rows, dtype=bool)
        first[np.unique(codes, return_index=True)[1]] = True
        return _verdict(label, ~first)
    if name == "foreign_key":
        return _foreign_key(rule, table, inputs, context)
    return _verdict(label, _broken_values(rule, table))


def _row_count(rule: dict[str, Any], table: pa.Table) -> str | None:
    rows = table.num_rows
    if rule["min"] is not None and rows < rule["min"]:
        return f"rows: {rows} rows, expected at least {rule['min']}"
    if rule["max"] is not None and rows > rule["max"]:
        return f"rows: {rows} rows, expected at most {rule['max']}"
    return None


def _schema(rule: dict[str, Any], table: pa.Table) -> str | None:
    wrong = []
    for name, wanted in rule["columns"].items():
        require_columns(table, [name])
        found, expected = table.schema.field(name).type, parse_type(wanted)
        if found != expected:
            wrong.append(f"'{name}' is {format_type(found)}, expected {format_type(expected)}")
    return f"schema: {', '.join(wrong)}" if wrong else None


def _broken_values(rule: dict[str, Any], table: pa.Table) -> np.ndarray:
    """Rows whose value is known and breaks `between`, `in` or `matches`."""
    name, values = rule["column"], table.column(rule["column"])
    scope = Scope.of(table.schema)
    column: Node = Column(values.type, name, name)
    if rule["rule"] == "matches":
        if family(values.type) not in {"text", "null"}:
            raise SchemaError(
                f"'matches' needs text, but '{name}' is {format_type(values.type)}",
                code="E302",
                column=name,
            )
        matched = pc.match_substring_regex(values, f"^(?:{rule['pattern']})$")
        return np.asarray(pc.invert(pc.fill_null(matched, True)))
    binder = Binder(scope, name)
    if rule["rule"] == "in":
        literals = [_literal(v) for v in rule["values"] if v is not None]
        column, *choices = binder.unify(_Text(name), [column, *literals])
        values = evaluate(column, table)
        known = pa.array([c.scalar.as_py() for c in choices if isinstance(c, Literal)], values.type)
        return np.asarray(
            pc.and_(pc.invert(pc.is_in(values, value_set=known)), pc.is_valid(values))
        )
    bad = np.zeros(table.num_rows, dtype=bool)
    for operator, bound in (("<", rule["min"]), (">", rule["max"])):
        if bound is not None:
            node = binder.compare_nodes(_Text(name), operator, column, _literal(bound))
            bad |= np.asarray(truth(node, table))
    return bad


def _literal(value: Any) -> Literal:
    scalar = pa.scalar(value)
    return Literal(scalar.type, repr(value), scalar)


class _Text:
    """Stands for a syntax tree in error texts of rules, which are not SQL."""

    def __init__(self, text: str) -> None:
        self._text = text

    def sql(self, **_: Any) -> str:
        return self._text

    def walk(self) -> list[Any]:
        return []


def _foreign_key(
    rule: dict[str, Any], table: pa.Table, inputs: list[pa.Table], context: StepContext
) -> tuple[str | None, np.ndarray | None]:
    other = inputs[context.inputs.index(rule["dataset"])]
    require_columns(other, rule["ref_columns"], f" in '{rule['dataset']}'")
    ours = [table.column(name) for name in rule["columns"]]
    theirs = [other.column(name) for name in rule["ref_columns"]]
    pairs = list(zip(rule["columns"], rule["ref_columns"], strict=True))
    ours, theirs = common_keys(ours, theirs, pairs)
    codes = encode(together(ours, theirs), table.num_rows + other.num_rows)
    known = np.zeros(max(codes.count, 1), dtype=bool)
    known[codes.codes[table.num_rows :]] = True
    bad = ~known[codes.codes[: table.num_rows]] & ~codes.has_null[: table.num_rows]
    target = f"{rule['dataset']}.{', '.join(rule['ref_columns'])}"
    return _verdict(f"foreign_key {', '.join(rule['columns'])} -> {target}", bad)


def _verdict(label: str, bad: np.ndarray) -> tuple[str | None, np.ndarray | None]:
    rows = np.flatnonzero(bad)
    if not len(rows):
        return None, rows
    return f"{label}: {len(rows)} row{'s' if len(rows) > 1 else ''} break it", rows


def _sample(table: pa.Table, rows: np.ndarray | None, count: int) -> str:
    if rows is None or not count:
        return ""
    shown = table.take(pa.array(rows[:count])).to_pylist()
    texts = [f"row {int(r) + 1}: {_short(v)}" for r, v in zip(rows, shown, strict=False)]
    return f" ({'; '.join(texts)})"


def _short(row: dict[str, Any]) -> str:
    text = ", ".join(f"{k}={v!r}" for k, v in row.items())
    return text if len(text) <= 160 else text[:157] + "..."
