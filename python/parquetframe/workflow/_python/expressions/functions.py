"""The scalar functions of the expression language, and the names of the aggregates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import ExpressionError

from ...names import suggestion
from ..arrow_types import family
from . import compare
from .cast import cast
from .parse import sql_of
from .tree import Case, Literal, Node, Value

if TYPE_CHECKING:
    from .bind import Binder

AGGREGATES: Final[dict[str, str]] = {
    "Sum": "sum", "Avg": "mean", "Min": "min", "Max": "max", "Count": "count",
    "Median": "median", "Stddev": "std", "StddevSamp": "std", "StddevPop": "std_pop",
    "Variance": "var", "VariancePop": "var_pop", "ArrayAgg": "list",
    "LogicalAnd": "all", "LogicalOr": "any", "mean": "mean", "var": "var", "std": "std",
    "var_samp": "var", "nunique": "nunique", "bool_and": "all", "bool_or": "any",
}  # fmt: skip

# sqlglot class -> our name and where its arguments stand.
_CLASSES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "Abs": ("abs", ("this",)),
    "Ceil": ("ceil", ("this",)),
    "Coalesce": ("coalesce", ("this", "expressions")),
    "Concat": ("concat", ("expressions",)),
    "DPipe": ("||", ("this", "expression")),
    "EndsWith": ("ends_with", ("this", "expression")),
    "Exp": ("exp", ("this",)),
    "Extract": ("date_part", ("this", "expression")),
    "Floor": ("floor", ("this",)),
    "Greatest": ("greatest", ("this", "expressions")),
    "IsNan": ("isnan", ("this",)),
    "Least": ("least", ("this", "expressions")),
    "Length": ("length", ("this",)),
    "Ln": ("ln", ("this",)),
    "Log": ("log10", ("this",)),
    "Lower": ("lower", ("this",)),
    "Nullif": ("nullif", ("this", "expression")),
    "Pow": ("power", ("this", "expression")),
    "Replace": ("replace", ("this", "expression", "replacement")),
    "Round": ("round", ("this", "decimals")),
    "Sqrt": ("sqrt", ("this",)),
    "StartsWith": ("starts_with", ("this", "expression")),
    "Substring": ("substr", ("this", "start", "length")),
    "TimestampTrunc": ("date_trunc", ("unit", "this")),
    "DateTrunc": ("date_trunc", ("unit", "this")),
    "Trim": ("trim", ("this", "expression")),
    "Upper": ("upper", ("this",)),
}

_ALIASES: Final = {
    "ceiling": "ceil", "pow": "power", "substring": "substr", "char_length": "length",
    "character_length": "length", "btrim": "trim", "log": "log10", "datepart": "date_part",
    "datetrunc": "date_trunc", "ifnull": "coalesce", "nvl": "coalesce",
}  # fmt: skip

_FLOAT_KERNELS: Final = {"sqrt": pc.sqrt, "ln": pc.ln, "exp": pc.exp, "log10": pc.log10}
_WHOLE_KERNELS: Final = {"floor": pc.floor, "ceil": pc.ceil}
_DATE_PARTS: Final[dict[str, Any]] = {
    "year": pc.year,
    "quarter": pc.quarter,
    "month": pc.month,
    "week": pc.iso_week,
    "day": pc.day,
    "doy": pc.day_of_year,
    "dow": lambda v: pc.day_of_week(v, count_from_zero=True, week_start=7),
    "hour": pc.hour,
    "minute": pc.minute,
    "second": pc.second,
}
_TRUNCATIONS: Final = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")

FUNCTIONS: Final = {
    # name: (fewest arguments, most arguments)
    "abs": (1, 1), "ceil": (1, 1), "floor": (1, 1), "round": (1, 2), "sqrt": (1, 1),
    "power": (2, 2), "ln": (1, 1), "log10": (1, 1), "exp": (1, 1), "isnan": (1, 1),
    "lower": (1, 1), "upper": (1, 1), "trim": (1, 2), "ltrim": (1, 2), "rtrim": (1, 2),
    "length": (1, 1), "substr": (2, 3), "concat": (1, 99), "||": (2, 2), "replace": (3, 3),
    "starts_with": (2, 2), "ends_with": (2, 2), "coalesce": (1, 99), "nullif": (2, 2),
    "greatest": (1, 99), "least": (1, 99), "date_part": (2, 2), "date_trunc": (2, 2),
}  # fmt: skip


def function_call(binder: Binder, tree: Any) -> Node | None:
    """Bind a call of a scalar function; None if the tree is no function call at all.

    Raises:
        ExpressionError: E303 unknown function, E302 wrong number or types of arguments.
    """
    name, trees = _name_and_arguments(tree)
    if name is None:
        return None
    if name not in FUNCTIONS:
        known = sorted(FUNCTIONS.keys() - {"||"})
        raise ExpressionError(
            f"unknown function '{name}'",
            code="E303",
            text=binder.text,
            hint=suggestion(name, known, what="functions"),
        )
    fewest, most = FUNCTIONS[name]
    if not fewest <= len(trees) <= most:
        wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise binder.type_error(tree, f"{name}() takes {wanted} arguments, not {len(trees)}")
    if name in {"date_part", "date_trunc"}:
        return _date_function(binder, tree, name, trees)
    return _Call(binder, tree, name, [binder.bind(t) for t in trees]).node()


def _name_and_arguments(tree: Any) -> tuple[str | None, list[Any]]:
    kind = type(tree).__name__
    if kind in _CLASSES:
        name, slots = _CLASSES[kind]
        if kind == "Trim" and tree.args.get("position"):
            name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(tree.text("position"), "trim")
        found: list[Any] = []
        for slot in slots:
            part = tree.args.get(slot)
            found.extend(part if isinstance(part, list) else [part] if part is not None else [])
        return name, found
    if kind == "Anonymous":
        name = tree.name.lower()
        return _ALIASES.get(name, name), list(tree.expressions)
    if hasattr(tree, "sql_names"):  # a function that sqlglot knows and we do not
        return str(tree.sql_names()[0]).lower(), []
    return None, []


class _Call:
    """Binds one function whose arguments are bound already."""

    def __init__(self, binder: Binder, tree: Any, name: str, args: list[Node]) -> None:
        self.binder, self.tree, self.name, self.args = binder, tree, name, args

    def node(self) -> Node:
        name = self.name
        if name in _FLOAT_KERNELS:
            return self._call(_FLOAT_KERNELS[name], *self._floats())
        if name in _WHOLE_KERNELS:
            (value,) = self._numbers()
            if pa.types.is_integer(value.dtype):
                value = self.binder.convert(value, pa.float64())
            return self._call(_WHOLE_KERNELS[name], value)
        if name == "||":
            return self._concat_operator()
        return getattr(self, f"_{name}")()  # type: ignore[no-any-return]

    def _call(self, kernel: Any, *args: Node, fails: bool = False) -> Node:
        return self.binder.call(self.tree, kernel, *args, fails=fails)

    def _of(self, wanted: str, what: str) -> list[Node]:
        for node in self.args:
            if family(node.dtype) not in {wanted, "null"}:
                raise self.binder.type_error(
                    self.tree, f"{self.name}() needs {what}, but '{node.text}' is {node.dtype}"
                )
        return self.args

    def _numbers(self) -> list[Node]:
        args = self._of("number", "numbers")
        return [self._default(a, pa.int64()) for a in args]

    def _floats(self) -> list[Node]:
        return [self.binder.convert(a, pa.float64()) for a in self._of("number", "numbers")]

    def _texts(self) -> list[Node]:
        return [self.binder.convert(a, pa.string()) for a in self._of("text", "text")]

    def _default(self, node: Node, dtype: pa.DataType) -> Node:
        return self.binder.convert(node, dtype) if pa.types.is_null(node.dtype) else node

    def _constant(self, node: Node) -> Any:
        if not isinstance(node, Literal) or node.scalar.as_py() is None:
            raise self.binder.unsupported(
                self.tree, f"{self.name}() with '{node.text}', which is not a literal,"
            )
        return node.scalar.as_py()

    def _abs(self) -> Node:
        (value,) = self._numbers()
        return self._call(pc.abs_checked, value, fails=pa.types.is_integer(value.dtype))

    def _isnan(self) -> Node:
        (value,) = self._floats()
        return self._call(pc.is_nan, value)

    def _power(self) -> Node:
        return self._call(pc.power, *self._floats())

    def _round(self) -> Node:
        value, *rest = self._numbers()
        digits = int(self._constant(rest[0])) if rest else 0
        if pa.types.is_integer(value.dtype):
            value = self.binder.convert(value, pa.float64())
        mode = "half_towards_infinity"  # Arrow's name for "ties away from zero"
        return self._call(lambda v: pc.round(v, ndigits=digits, round_mode=mode), value)

    def _lower(self) -> Node:
        return self._call(pc.utf8_lower, *self._texts())

    def _upper(self) -> Node:
        return self._call(pc.utf8_upper, *self._texts())

    def _length(self) -> Node:
        return self._call(pc.utf8_length, *self._texts())

    def _trim(self) -> Node:
        return self._trimmed(pc.utf8_trim)

    def _ltrim(self) -> Node:
        return self._trimmed(pc.utf8_ltrim)

    def _rtrim(self) -> Node:
        return self._trimmed(pc.utf8_rtrim)

    def _trimmed(self, kernel: Any) -> Node:
        value, *rest = self._texts()
        characters = str(self._constant(rest[0])) if rest else " "
        return self._call(lambda v: kernel(v, characters=characters), value)

    def _substr(self) -> Node:
        text, *bounds = self.args
        if family(text.dtype) not in {"text", "null"}:
            raise self.binder.type_error(self.tree, f"substr() needs text, not '{text.text}'")
        start, *length = (self._constant(bound) for bound in bounds)
        if not isinstance(start, int) or any(not isinstance(n, int) or n < 0 for n in length):
            raise self.binder.type_error(self.tree, "substr() needs a start and a length >= 0")
        first = max(start - 1, 0)
        stop = max(start - 1 + length[0], first) if length else None
        text = self.binder.convert(text, pa.string())
        return self._call(lambda v: pc.utf8_slice_codeunits(v, first, stop), text)

    def _as_text(self, node: Node) -> Node:
        if isinstance(node, Literal):
            return self.binder.convert(node, pa.string())
        return (
            node
            if family(node.dtype) == "text"
            else self._call(lambda v: cast(v, pa.string()), node)
        )

    def _joined(self, *, skip_nulls: bool) -> Node:
        args = [self._as_text(a) for a in self.args]

        def kernel(*values: Value) -> Value:
            if skip_nulls:  # Arrow's own null_handling="skip" loses rows that are null throughout
                values = tuple(pc.fill_null(v, "") for v in values)
            return pc.binary_join_element_wise(*values, "")

        return self._call(kernel, *args)

    def _concat(self) -> Node:
        return self._joined(skip_nulls=True)

    def _concat_operator(self) -> Node:
        return self._joined(skip_nulls=False)

    def _replace(self) -> Node:
        text, old, new = self._texts()
        before, after = str(self._constant(old)), str(self._constant(new))
        if not before:
            return text
        return self._call(
            lambda v: pc.replace_substring(v, pattern=before, replacement=after), text
        )

    def _starts_with(self) -> Node:
        text, prefix = self._texts()
        pattern = str(self._constant(prefix))
        return self._call(lambda v: pc.starts_with(v, pattern=pattern), text)

    def _ends_with(self) -> Node:
        text, suffix = self._texts()
        pattern = str(self._constant(suffix))
        return self._call(lambda v: pc.ends_with(v, pattern=pattern), text)

    def _coalesce(self) -> Node:
        nodes = self.binder.unify(self.tree, self.args)
        if not any(node.can_fail for node in nodes):
            return self._call(pc.coalesce, *nodes)
        branches = tuple((self._call(pc.is_valid, n), n) for n in nodes[:-1])
        return Case(nodes[-1].dtype, sql_of(self.tree), branches, default=nodes[-1])

    def _nullif(self) -> Node:
        first, _ = self.args
        a, b = self.binder.unify(self.tree, self.args)

        def kernel(value: Value, x: Value, y: Value) -> Value:
            same = pc.fill_null(compare.equal(x, y), False)
            return pc.if_else(same, pa.scalar(None, value.type), value)

        return self._call(kernel, first, a, b)

    def _greatest(self) -> Node:
        return self._extreme(compare.less)

    def _least(self) -> Node:
        return self._extreme(lambda a, b: compare.less(b, a))

    def _extreme(self, replaces: Any) -> Node:
        first, *rest = self.binder.unify(self.tree, self.args)

        def kernel(a: Value, b: Value) -> Value:
            return pc.coalesce(pc.if_else(replaces(a, b), b, a), a, b)

        for node in rest:
            first = self._call(kernel, first, node)
        return first


def _date_function(binder: Binder, tree: Any, name: str, trees: list[Any]) -> Node:
    unit = trees[0].name.lower()
    value = binder.bind(trees[1])
    known = list(_DATE_PARTS) if name == "date_part" else list(_TRUNCATIONS)
    if unit not in known:
        raise binder.type_error(
            tree, f"{name}() has no unit '{unit}'", suggestion(unit, known, what="units")
        )
    if family(value.dtype) not in {"date", "timestamp", "null"}:
        raise binder.type_error(
            tree, f"{name}() needs a date or timestamp, but '{value.text}' is {value.dtype}"
        )
    if name == "date_trunc" or family(value.dtype) == "null":
        if family(value.dtype) != "timestamp":
            value = binder.convert(value, pa.timestamp("us"))
    elif family(value.dtype) == "date" and unit in {"hour", "minute", "second"}:
        value = binder.convert(value, pa.timestamp("us"))
    if name == "date_trunc":
        return binder.call(tree, lambda v: pc.floor_temporal(v, unit=unit), value)
    kernel = _DATE_PARTS[unit]
    return binder.call(tree, lambda v: kernel(v).cast(pa.int32()), value)
