"""Filters: SQL text, or tuples as pyarrow takes them, to conditions that files can be asked.

A condition is a chain of conjuncts. Simple ones (column, operator, literal) also have a predicate
tree that an engine evaluates while it reads; the others are evaluated on its rows afterwards. Those
that cannot fail run first, so that both engines raise for the same rows.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from parquetframe.errors import ParquetFrameError
from parquetframe.types import canonical_type, format_type
from parquetframe.workflow._python.arrow_types import plain
from parquetframe.workflow._python.expressions import Binder, Scope, truth
from parquetframe.workflow._python.expressions.parse import parse_expression
from parquetframe.workflow._python.expressions.tree import Literal, Node

from .evolve import family, wide_text

__all__ = ["Conjunct", "as_sql", "bind_filter", "keep", "predicate_of"]

_ROWS_AT_ONCE = 1 << 17
_COMPARISONS = {"EQ": "eq", "NEQ": "ne", "LT": "lt", "LTE": "le", "GT": "gt", "GTE": "ge"}
_MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
_TUPLE_OPERATORS = {"=": "=", "==": "=", "!=": "<>", "<>": "<>",
                    "<": "<", "<=": "<=", ">": ">", ">=": ">="}  # fmt: skip


@dataclass(frozen=True)
class Conjunct:
    """One of the conditions that all must be true.

    Attributes:
        tree: Its syntax tree.
        node: Its typed tree over the plain types of the result's columns.
    """

    tree: Any
    node: Node

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns that it reads."""
        return frozenset(self.node.columns())


def as_sql(filters: Any) -> str | None:
    r"""A filter as SQL text.

    Args:
        filters: SQL text, a list of ``(column, operator, value)`` tuples that must all hold, or a
            list of such lists of which one must hold. Operators: ``= == != <> < <= > >= in``,
            ``not in``, and ``is`` / ``is not`` with the value ``None``.

    Raises:
        TypeError: Neither of these.
        ValueError: An unknown operator, or ``None`` compared by anything but ``is``.

    Examples:
        >>> as_sql([("a", ">", 1), ("b", "in", ["x", "y"])])
        '"a" > 1 AND "b" IN (\'x\', \'y\')'
    """
    if filters is None or isinstance(filters, str):
        return filters
    if not isinstance(filters, (list, tuple)) or not filters:
        raise TypeError(f"filters must be SQL text or a list of tuples, not {filters!r}")
    if isinstance(filters, tuple):  # one bare tuple
        return _conjunction([filters])
    if all(isinstance(part, tuple) for part in filters):
        return _conjunction(filters)
    if all(isinstance(part, list) and part for part in filters):
        return " OR ".join(f"({_conjunction(part)})" for part in filters)
    raise TypeError("filters must be a list of tuples, or a list of lists of tuples")


def bind_filter(text: str, schema: pa.Schema) -> list[Conjunct]:
    """Parse and type a condition over the columns of ``schema``.

    Raises:
        ExpressionError: It does not parse or type-check.
        SchemaError: An unknown column.
    """
    scope = Scope.of(plain(_without_views(schema).empty_table()).schema)
    found = [
        Conjunct(tree, Binder(scope, text).bind_bool(tree))
        for tree in _operands(parse_expression(text), "And")
    ]
    return sorted(found, key=lambda conjunct: conjunct.node.can_fail)


def keep(table: pa.Table, conjuncts: Sequence[Conjunct]) -> pa.Table:
    """Rows of ``table`` for which all conjuncts are true.

    Raises:
        ExpressionError: A division by zero, an overflow or a cast that does not fit.
    """
    if not conjuncts or not table.num_rows:
        return table
    if table.num_rows > _ROWS_AT_ONCE:
        step = range(0, table.num_rows, _ROWS_AT_ONCE)
        return pa.concat_tables([keep(table.slice(i, _ROWS_AT_ONCE), conjuncts) for i in step])
    schema = table.schema
    table = table.cast(_without_views(schema))
    for conjunct in conjuncts:
        names = sorted(conjunct.columns)
        seen = plain(table.select(names)) if names else pa.table({"": pa.nulls(table.num_rows)})
        table = table.filter(truth(conjunct.node, seen))
        if not table.num_rows:
            break
    return table.cast(schema)


def _without_views(schema: pa.Schema) -> pa.Schema:
    """Views as large text and binary: pyarrow has few kernels for them, and filters none."""
    fields = [
        f.with_type(wide_text(f.type, "large")) if "view" in str(f.type) else f for f in schema
    ]
    return pa.schema(fields, schema.metadata)


def predicate_of(tree: Any, schema: pa.Schema) -> dict[str, Any] | None:
    """The predicate tree for engines, or ``None`` if the condition is not simple.

    Args:
        tree: A syntax tree that has been bound, so that names and types are right.
        schema: Columns as the file has them; literals get exactly their types.
    """
    kind = type(tree).__name__
    if kind == "Paren":
        return predicate_of(tree.this, schema)
    if kind in {"And", "Or"}:
        args = [predicate_of(part, schema) for part in _operands(tree, kind)]
        return None if None in args else {"op": kind.lower(), "args": args}
    if kind == "Not":
        arg = predicate_of(tree.this, schema)
        return None if arg is None else {"op": "not", "arg": arg}
    if kind == "Column":
        field = _field(tree, schema)
        if field is None or not pa.types.is_boolean(field.type):
            return None
        return {"op": "eq", "column": field.name, "value": {"type": "bool", "value": True}}
    return _simple(tree, kind, schema)


def _simple(tree: Any, kind: str, schema: pa.Schema) -> dict[str, Any] | None:
    field, swapped = _field(tree.this, schema), False
    if field is None and kind in _COMPARISONS:
        field, swapped = _field(tree.expression, schema), True
    if field is None:
        return None
    if kind in _COMPARISONS:
        value = _typed(tree.this if swapped else tree.expression, field)
        operator = _COMPARISONS[kind]
        name = _MIRRORED[operator] if swapped else operator
        return None if value is None else {"op": name, "column": field.name, "value": value}
    if kind == "Is" and type(tree.expression).__name__ == "Null":
        name = "is_not_null" if tree.args.get("negate") else "is_null"
        return {"op": name, "column": field.name}
    if kind == "In" and tree.args.get("query") is None and not tree.args.get("negate"):
        values = [_typed(item, field) for item in tree.expressions]
        if not values or None in values:
            return None
        return {"op": "in", "column": field.name, "values": values}
    if kind == "Between" and not tree.args.get("negate"):
        low, high = _typed(tree.args["low"], field), _typed(tree.args["high"], field)
        if low is None or high is None:
            return None
        args = [
            {"op": "ge", "column": field.name, "value": low},
            {"op": "le", "column": field.name, "value": high},
        ]
        return {"op": "and", "args": args}
    return None


def _field(tree: Any, schema: pa.Schema) -> pa.Field | None:
    if type(tree).__name__ != "Column" or tree.table or tree.args.get("db") is not None:
        return None
    found = schema.get_all_field_indices(tree.name)
    if len(found) != 1 or pa.types.is_nested(schema.field(found[0]).type):
        return None
    return schema.field(found[0])


def _typed(tree: Any, field: pa.Field) -> dict[str, Any] | None:
    """A literal as a value of the column's type, where that is exact."""
    try:
        node = Binder(Scope.of(pa.schema([])), "").bind(tree)
    except ParquetFrameError:
        return None
    if not isinstance(node, Literal) or node.scalar.as_py() is None:
        return None
    dtype = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    name = canonical_type(format_type(dtype))
    if name is None:
        return None
    value = _exact(node, dtype)
    return None if value is None else {"type": name, "value": value}


def _exact(node: Literal, dtype: pa.DataType) -> Any:
    t, value = pa.types, node.scalar.as_py()
    kinds = family(node.dtype), family(dtype)
    if kinds == ("bool", "bool"):
        return value
    if kinds == ("text", "text"):
        return value
    if kinds == ("number", "number"):
        return _exact_number(value, node.dtype, dtype)
    if kinds[1] == "date" and t.is_date32(dtype):
        return _iso_date(value)
    if kinds == ("timestamp", "timestamp") or (kinds == ("text", "timestamp") and dtype.tz is None):
        return _iso_timestamp(node, dtype)
    return None


def _exact_number(value: Any, source: pa.DataType, target: pa.DataType) -> Any:
    t = pa.types
    if t.is_integer(target):
        if not t.is_integer(source):
            return None
        bits = target.bit_width
        low, high = (
            (-(2 ** (bits - 1)), 2 ** (bits - 1)) if t.is_signed_integer(target) else (0, 2**bits)
        )
        return value if low <= value < high else None
    if t.is_floating(target):
        if t.is_decimal(source) or target.bit_width < 32:
            return None
        number = float(value)
        if math.isnan(number):
            return "NaN"
        if math.isinf(number):
            return "Infinity" if number > 0 else "-Infinity"
        if target.bit_width == 32 and pa.scalar(number).cast(pa.float32()).as_py() != number:
            return None
        return number if number == value else None
    if t.is_decimal(target) and not t.is_floating(source):
        exact = decimal.Decimal(value)
        if isinstance(exact.as_tuple().exponent, int):
            with decimal.localcontext() as context:
                context.prec = 80
                scaled = exact.scaleb(target.scale)
                if scaled == scaled.to_integral_value() and abs(scaled) < 10**target.precision:
                    return format(exact, "f")
    return None


def _iso_date(value: Any) -> str | None:
    if isinstance(value, str):
        try:
            value = dt.date.fromisoformat(value.strip())
        except ValueError:
            return None
    plain_date = isinstance(value, dt.date) and not isinstance(value, dt.datetime)
    return value.isoformat() if plain_date else None


def _iso_timestamp(node: Literal, dtype: pa.DataType) -> str | None:
    if pa.types.is_timestamp(node.dtype) and (node.dtype.tz is None) != (dtype.tz is None):
        return None
    try:
        exact = pa.array([node.scalar.as_py()], node.dtype).cast(pa.timestamp("us", dtype.tz))
        exact = exact.cast(pa.timestamp(dtype.unit, dtype.tz))
    except pa.ArrowInvalid:
        return None
    moment = exact.cast(pa.timestamp("us", dtype.tz)).cast(pa.timestamp("us"))[0].as_py()
    text = moment.isoformat()
    return text if dtype.tz is None else f"{text}Z"


def _operands(tree: Any, kind: str) -> Iterator[Any]:
    """Sides of a chain of ANDs or ORs, from left to right, without recursion per operand."""
    todo = [tree]
    while todo:
        part = todo.pop()
        while type(part).__name__ == "Paren" and type(part.this).__name__ in {kind, "Paren"}:
            part = part.this
        if type(part).__name__ == kind:
            todo += [part.expression, part.this]
        else:
            yield part


def _conjunction(parts: Iterable[Any]) -> str:
    return " AND ".join(_comparison(part) for part in parts)


def _comparison(part: Any) -> str:
    if not isinstance(part, tuple) or len(part) != 3 or not isinstance(part[0], str):
        raise TypeError(f"a filter must be a (column, operator, value) tuple, not {part!r}")
    column, operator, value = part
    name = '"{}"'.format(column.replace('"', '""'))
    word = " ".join(str(operator).lower().split())
    if word in {"is", "is not"}:
        if value is not None:
            raise ValueError(f"'{word}' compares with None only, not {value!r}")
        return f"{name} {word.upper()} NULL"
    if word in {"in", "not in"}:
        if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
            raise TypeError(f"'{word}' needs a list of values, not {value!r}")
        values = list(value)
        if not values:
            raise ValueError(f"'{word}' needs at least one value")
        return f"{name} {word.upper()} ({', '.join(map(_literal, values))})"
    if word not in _TUPLE_OPERATORS:
        known = ", ".join([*_TUPLE_OPERATORS, "in", "not in", "is", "is not"])
        raise ValueError(f"unknown operator {operator!r}; operators: {known}")
    if value is None:
        raise ValueError(f"{column} {word} None is never true; write ({column!r}, 'is', None)")
    return f"{name} {_TUPLE_OPERATORS[word]} {_literal(value)}"


def _literal(value: Any) -> str:
    if hasattr(value, "item") and not isinstance(value, (bytes, str)):  # a NumPy scalar
        value = value.item()
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f"CAST('{value}' AS float64)"
    if isinstance(value, str):
        return "'{}'".format(value.replace("'", "''"))
    if isinstance(value, decimal.Decimal) and value.is_finite():
        return f"CAST('{value:f}' AS {_decimal_type(value)})"
    if isinstance(value, dt.datetime):
        kind = "timestamp(us)" if value.tzinfo is None else "timestamp(us, UTC)"
        moment = value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)
        zone = "" if value.tzinfo is None else "Z"
        return f"CAST('{moment.isoformat()}{zone}' AS {kind})"
    if isinstance(value, dt.date):
        return f"CAST('{value.isoformat()}' AS date)"
    if isinstance(value, bytes):
        try:
            return f"CAST({_literal(value.decode())} AS binary)"
        except UnicodeDecodeError:
            raise TypeError("a filter cannot compare with bytes that are not UTF-8") from None
    raise TypeError(f"a filter cannot compare with a {type(value).__name__}")


def _decimal_type(value: decimal.Decimal) -> str:
    _, digits, exponent = value.as_tuple()
    scale = max(0, -int(exponent))
    return f"decimal({max(len(digits) + max(0, int(exponent)), scale, 1)},{scale})"
