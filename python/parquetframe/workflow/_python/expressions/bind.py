"""Syntax tree to typed tree: resolves names, checks types, chooses kernels.

The type of a call is the type its kernel gives for arguments without rows, so no second table of
result types can drift from what the kernels do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import ExpressionError, UnsupportedFeature
from parquetframe.types import format_type

from ..arrow_types import common_type, family, parse_type
from . import compare
from .arithmetic import remainder
from .cast import cast, try_cast
from .functions import AGGREGATES, function_call
from .parse import parse_expression, position_of, sql_of
from .predicates import PREDICATES
from .tree import Call, Case, Column, Kernel, Literal, Logic, Node

if TYPE_CHECKING:
    from .scope import Scope

Aggregator = Callable[[str, Any], Node]
Subquery = Callable[[Any], Any]

_ARITHMETIC: dict[str, tuple[str, str]] = {
    "Add": ("+", "add_checked"),
    "Sub": ("-", "subtract_checked"),
    "Mul": ("*", "multiply_checked"),
    "Div": ("/", "divide_checked"),
    "Mod": ("%", ""),
}
_COMPARISONS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}

# Parts of a syntax tree that this module reads; any other part is refused, not ignored.
_PARTS = frozenset({"this", "expression", "expressions"})
_PARTS_OF: dict[str, tuple[str, ...]] = {
    "Between": ("low", "high"),
    "Case": ("ifs", "default"),
    "Cast": ("to",),
    "Column": ("table", "db"),
    "Concat": ("coalesce", "safe"),
    "Count": ("big_int",),
    "DPipe": ("safe",),
    "Div": ("typed", "safe"),
    "Exists": (),
    "Greatest": ("ignore_nulls",),
    "Identifier": ("quoted",),
    "In": ("query",),
    "Is": ("negate",),
    "Least": ("ignore_nulls",),
    "Literal": ("is_string",),
    "Replace": ("replacement",),
    "Round": ("decimals",),
    "Subquery": ("alias",),
    "Substring": ("start", "length"),
    "TimestampTrunc": ("unit",),
    "DateTrunc": ("unit",),
    "Trim": ("position",),
    "TryCast": ("to", "safe", "requires_string"),
    "Window": ("partition_by", "order", "spec", "over", "alias", "first"),
}


def bind(text: str, scope: Scope) -> Node:
    """Parse and type one scalar expression.

    Raises:
        ExpressionError: E300 syntax, E302 types, E303 unknown function.
        SchemaError: E301 unknown column.
    """
    return Binder(scope, text).bind(parse_expression(text))


def bind_condition(text: str, scope: Scope) -> Node:
    """As `bind`, for an expression that must be true or false."""
    tree = parse_expression(text)
    return Binder(scope, text).bind_bool(tree)


class Binder:
    """Binds syntax trees against one scope.

    Args:
        scope: The columns in sight.
        text: The whole source text, for errors.
        aggregator: Called with name and tree of an aggregate; without it they are refused.
        subquery: Called with the tree of a nested SELECT; returns its table or raises.
    """

    def __init__(
        self,
        scope: Scope,
        text: str,
        aggregator: Aggregator | None = None,
        subquery: Subquery | None = None,
    ) -> None:
        self.scope = scope
        self.text = text
        self._aggregator = aggregator
        self._subquery = subquery
        self.known: dict[str, Node] = {}

    def bind(self, tree: Any) -> Node:
        """Typed tree of any expression."""
        kind = type(tree).__name__
        if self.known and (node := self.known.get(tree.sql())) is not None:
            return node
        if tree.args.get("negate") and kind != "Is":  # NOT LIKE, where sqlglot keeps the NOT inside
            positive = tree.copy()
            positive.set("negate", None)
            return self.call(tree, pc.invert, self.bind_bool(positive))
        self._refuse_unknown_parts(tree, kind)
        if kind in _ARITHMETIC:
            return self._arithmetic(tree, *_ARITHMETIC[kind])
        if kind in _COMPARISONS:
            return self.compare(tree, _COMPARISONS[kind], tree.this, tree.expression)
        if kind in PREDICATES:
            return PREDICATES[kind](self, tree)
        method = getattr(self, f"_bind_{kind.lower()}", None)
        if method is not None:
            return method(tree)  # type: ignore[no-any-return]
        if kind in AGGREGATES or (kind == "Anonymous" and tree.name.lower() in AGGREGATES):
            return self._aggregate(tree)
        node = function_call(self, tree)
        if node is None:
            raise self.unsupported(tree)
        return node

    def _refuse_unknown_parts(self, tree: Any, kind: str) -> None:
        """Nothing that the parser understood may be dropped in silence."""
        for name, value in tree.args.items():
            if value and name not in _PARTS and name not in _PARTS_OF.get(kind, ()):
                raise self.unsupported(tree, f"{name.upper()} in {sql_of(tree)}")

    def bind_bool(self, tree: Any) -> Node:
        """Typed tree of a condition."""
        node = self.bind(tree)
        if family(node.dtype) == "null":
            return self.convert(node, pa.bool_())
        if family(node.dtype) != "bool":
            raise self.type_error(
                tree, f"'{node.text}' is {format_type(node.dtype)}, not true or false"
            )
        return node

    def call(
        self, tree: Any, kernel: Kernel, *args: Node, fails: bool = False, text: str | None = None
    ) -> Node:
        """A call node; its type is found on zero rows, and constants are folded."""
        text = text or sql_of(tree)
        probe = [a.scalar if isinstance(a, Literal) else pa.array([], a.dtype) for a in args]
        constant = bool(args) and all(isinstance(a, Literal) for a in args)
        try:
            found = kernel(*probe)
        except (pa.ArrowNotImplementedError, pa.ArrowTypeError, TypeError) as error:
            names = ", ".join(format_type(a.dtype) for a in args)
            raise self.type_error(tree, f"{text} is not defined for {names}") from error
        except (pa.ArrowInvalid, ExpressionError) as error:
            if not constant:
                raise self.type_error(tree, f"{text}: {error}", "convert with CAST") from error
            # A constant that fails does so when, and only if, it is evaluated.
            found = kernel(*(pa.array([], a.dtype) for a in args))
            constant = False
        if constant and isinstance(found, pa.Scalar):
            return Literal(found.type, text, found)
        return Call(found.type, text, kernel, args, fails)

    def convert(self, node: Node, dtype: pa.DataType) -> Node:
        """The node's values as another type; text literals become dates and times here."""
        if node.dtype == dtype:
            return node
        if isinstance(node, Literal):
            try:
                return Literal(dtype, node.text, cast(node.scalar, dtype))
            except ExpressionError as error:
                error.code = "E302"  # type: ignore[attr-defined]
                raise
        safe = family(node.dtype) == "null"
        return Call(dtype, node.text, lambda v: cast(v, dtype), (node,), fails=not safe)

    def unify(self, tree: Any, nodes: list[Node]) -> list[Node]:
        """The nodes converted to one common type.

        Raises:
            ExpressionError: E302 if there is none.
        """
        temporal = [n for n in nodes if family(n.dtype) in {"date", "timestamp"}]
        target = pa.null()
        for node in nodes:
            if temporal and isinstance(node, Literal) and family(node.dtype) == "text":
                continue
            found = common_type(target, node.dtype)
            if found is None:
                raise self.mismatch(tree, next(n for n in nodes if n.dtype != pa.null()), node)
            target = found
        return [self.convert(node, target) for node in nodes]

    def unify_integers(self, nodes: list[Node]) -> list[Node] | None:
        """Integers of which only some have a sign as a type that holds them all; else ``None``."""
        kinds = {node.dtype for node in nodes} - {pa.null()}
        signed = any(pa.types.is_signed_integer(kind) for kind in kinds)
        if pa.uint64() not in kinds or not signed:
            return None
        if not all(pa.types.is_integer(kind) for kind in kinds):
            return None
        return [self.convert(node, pa.decimal128(20, 0)) for node in nodes]

    def compare(self, tree: Any, operator: str, left: Any, right: Any) -> Node:
        """A comparison, after both sides got one type."""
        return self.compare_nodes(tree, operator, self.bind(left), self.bind(right))

    def compare_nodes(self, tree: Any, operator: str, left: Node, right: Node) -> Node:
        """As `compare`, for sides that are bound."""
        both = self.unify_integers([left, right])
        if both is not None:
            a, b = both
        else:
            a, b = self.unify(tree, [left, right])
        return self.call(tree, compare.KERNELS[operator], a, b)

    # Leaves.

    def _bind_column(self, tree: Any) -> Node:
        if tree.args.get("db") is not None or type(tree.this).__name__ == "Star":
            raise self.unsupported(tree)
        return self._column(tree, tree.name, tree.table or None)

    def _bind_identifier(self, tree: Any) -> Node:
        return self._column(tree, tree.name, None)

    def _column(self, tree: Any, name: str, table: str | None) -> Node:
        try:
            found = self.scope.resolve(name, table)
        except ValueError as error:
            error.text, error.position = self.text, position_of(tree)  # type: ignore[attr-defined]
            raise
        return Column(found.dtype, sql_of(tree), found.internal)

    def _bind_literal(self, tree: Any) -> Node:
        text = tree.name
        if tree.is_string:
            return Literal(pa.string(), sql_of(tree), pa.scalar(text, pa.string()))
        if text.isdigit():
            number = int(text)
            dtype = pa.int64() if number < 2**63 else pa.uint64()
            if number < 2**64:
                return Literal(dtype, text, pa.scalar(number, dtype))
        return Literal(pa.float64(), text, pa.scalar(float(text)))

    def _bind_boolean(self, tree: Any) -> Node:
        return Literal(pa.bool_(), sql_of(tree), pa.scalar(bool(tree.this)))

    def _bind_null(self, tree: Any) -> Node:
        return Literal(pa.null(), sql_of(tree), pa.scalar(None))

    def _bind_paren(self, tree: Any) -> Node:
        return self.bind(tree.this)

    # Arithmetic and logic.

    def _arithmetic(self, tree: Any, operator: str, kernel: str) -> Node:
        left, right = self.bind(tree.this), self.bind(tree.expression)
        for node in (left, right):
            if family(node.dtype) not in {"number", "null"}:
                detail = f"'{node.text}' is {format_type(node.dtype)}"
                raise self.type_error(tree, f"{operator} needs numbers, but {detail}")
        a, b = self._narrow(left, right), self._narrow(right, left)
        if pa.types.is_decimal(a.dtype) and pa.types.is_decimal(b.dtype):
            pass  # the kernel finds precision and scale
        else:
            a, b = self.unify(tree, [left, right])
        if pa.types.is_null(a.dtype):
            a, b = self.convert(a, pa.int64()), self.convert(b, pa.int64())
        if operator == "%":
            return self.call(tree, remainder, a, b, fails=not pa.types.is_floating(a.dtype))
        if pa.types.is_floating(a.dtype):  # IEEE: x / 0 is inf or nan
            return self.call(tree, getattr(pc, kernel.removesuffix("_checked")), a, b)
        divisor = b.scalar.as_py() if isinstance(b, Literal) else None
        safe = operator == "/" and divisor not in {None, 0, -1}
        return self.call(tree, getattr(pc, kernel), a, b, fails=not safe)

    def _narrow(self, node: Node, other: Node) -> Node:
        """An integer literal next to a decimal: as many digits as it has, not all of int64's."""
        whole = isinstance(node, Literal) and pa.types.is_integer(node.dtype)
        if not whole or not pa.types.is_decimal(other.dtype):
            return node
        return self.convert(node, pa.decimal128(len(node.text.lstrip("-")), 0))

    def _bind_neg(self, tree: Any) -> Node:
        value = self.bind(tree.this)
        if family(value.dtype) not in {"number", "null"}:
            raise self.type_error(tree, f"- needs a number, but '{value.text}' is not")
        if isinstance(value, Literal) and value.scalar.as_py() == 2**63:
            return Literal(pa.int64(), sql_of(tree), pa.scalar(-(2**63), pa.int64()))
        if pa.types.is_unsigned_integer(value.dtype):
            value = self.convert(value, pa.int64())
        if pa.types.is_null(value.dtype):
            return value
        return self.call(tree, pc.negate_checked, value, fails=pa.types.is_integer(value.dtype))

    def _bind_and(self, tree: Any) -> Node:
        return self._logic(tree, conjunction=True)

    def _bind_or(self, tree: Any) -> Node:
        return self._logic(tree, conjunction=False)

    def _logic(self, tree: Any, *, conjunction: bool) -> Node:
        parts, kind = [], type(tree)
        while isinstance(tree, kind):  # long chains lean left: no recursion per operand
            parts.append(tree.expression)
            tree = tree.this
        node = self.bind_bool(tree)
        for part in reversed(parts):
            right = self.bind_bool(part)
            word = "AND" if conjunction else "OR"
            text = f"{node.text} {word} {right.text}"
            node = Logic(pa.bool_(), text[:80], conjunction, node, right)
        return node

    def _bind_not(self, tree: Any) -> Node:
        return self.call(tree, pc.invert, self.bind_bool(tree.this))

    # CASE, CAST, subqueries.

    def _bind_case(self, tree: Any) -> Node:
        subject = self.bind(tree.this) if tree.this is not None else None
        conditions = []
        for branch in tree.args["ifs"]:
            if subject is None:
                conditions.append(self.bind_bool(branch.this))
            else:
                other = self.bind(branch.this)
                conditions.append(self.compare_nodes(tree, "=", subject, other))
        default = tree.args.get("default")
        values = [self.bind(branch.args["true"]) for branch in tree.args["ifs"]]
        values.append(self.bind(default) if default is not None else self._bind_null(tree))
        values = self.unify(tree, values)
        branches = tuple(zip(conditions, values[:-1], strict=True))
        return Case(values[0].dtype, sql_of(tree), branches, default=values[-1])

    def _bind_cast(self, tree: Any) -> Node:
        return self._cast(tree, cast, fails=True)

    def _bind_trycast(self, tree: Any) -> Node:
        return self._cast(tree, try_cast, fails=False)

    def _cast(self, tree: Any, convert: Callable[[Any, pa.DataType], Any], *, fails: bool) -> Node:
        target = parse_type(_type_text(tree.args["to"]))
        value = self.bind(tree.this)
        if value.dtype == target:
            return value
        both = family(value.dtype), family(target)
        fails = fails and both not in {("bool", "number"), ("number", "text")}
        return self.call(tree, lambda v: convert(v, target), value, fails=fails)

    def _bind_subquery(self, tree: Any) -> Node:
        table = self.run_subquery(tree, tree.unnest())
        if table.num_columns != 1 or table.num_rows > 1:
            raise self.type_error(tree, "a subquery used as a value needs one column and one row")
        column = table.column(0)
        value = column[0] if table.num_rows else pa.scalar(None, column.type)
        return Literal(column.type, sql_of(tree), value)

    def _bind_exists(self, tree: Any) -> Node:
        table = self.run_subquery(tree, tree.this)
        return Literal(pa.bool_(), sql_of(tree), pa.scalar(table.num_rows > 0))

    def run_subquery(self, tree: Any, query: Any) -> Any:
        """Table of a nested SELECT."""
        if self._subquery is None:
            raise self.unsupported(tree, "a subquery outside of a sql step")
        return self._subquery(query)

    def _bind_window(self, tree: Any) -> Node:
        raise self.unsupported(tree, "a window function")

    def _bind_filter(self, tree: Any) -> Node:
        return self._aggregate(tree)

    def _aggregate(self, tree: Any) -> Node:
        if self._aggregator is None:
            raise self.type_error(tree, f"the aggregate {sql_of(tree)} is not allowed here")
        return self._aggregator(sql_of(tree), tree)

    # Errors.

    def type_error(self, tree: Any, message: str, hint: str | None = None) -> ExpressionError:
        """An E302 error that points at ``tree``."""
        return ExpressionError(
            message, code="E302", text=self.text, position=position_of(tree), hint=hint
        )

    def mismatch(self, tree: Any, a: Node, b: Node) -> ExpressionError:
        """The E302 error for two sides without a common type."""
        left = f"'{a.text}' is {format_type(a.dtype)}"
        right = f"'{b.text}' is {format_type(b.dtype)}"
        return self.type_error(
            tree, f"types differ in {sql_of(tree)}: {left}, {right}", "convert one with CAST"
        )

    def unsupported(self, tree: Any, what: str | None = None) -> UnsupportedFeature:
        """The error for valid SQL that only the rust engine runs."""
        return UnsupportedFeature(
            f"{what or sql_of(tree)} is not supported by the python engine",
            code="E605",
            hint="the rust engine runs DataFusion's whole SQL dialect",
        )


def _type_text(tree: Any) -> str:
    """Spell a parsed type as the grammar does; keeps the case of time zones."""
    name = str(getattr(tree.this, "value", tree.this)).lower()
    if name.endswith("userdefined") or name == "user-defined":
        kind = tree.args.get("kind")
        return str(getattr(kind, "name", kind) or "")
    params = [p.this.name for p in tree.expressions]
    if name.startswith("timestamp") and params:
        unit = params[0].lower()
        digits = {"0": "s", "3": "ms", "6": "us", "9": "ns"}
        params[0] = digits.get(unit, unit)
    return f"{name}({', '.join(params)})" if params and "char" not in name else name
