"""Conditions that are no plain operators: IS, IN, BETWEEN, LIKE, IS DISTINCT FROM."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.types import format_type

from ..arrow_types import common_type, family
from . import compare
from .cast import cast
from .parse import sql_of
from .tree import Literal, Logic, Node

if TYPE_CHECKING:
    from .bind import Binder


def _is(binder: Binder, tree: Any) -> Node:
    """``IS [NOT] NULL`` and ``IS [NOT] TRUE``; some sqlglot releases keep the NOT inside."""
    wanted = type(tree.expression).__name__
    negated = bool(tree.args.get("negate"))
    if wanted == "Null":
        return binder.call(tree, pc.is_valid if negated else pc.is_null, binder.bind(tree.this))
    if wanted != "Boolean":
        raise binder.unsupported(tree)
    truth = bool(tree.expression.this)

    def kernel(value: Any) -> Any:
        filled = pc.fill_null(value, not truth)
        return filled if truth != negated else pc.invert(filled)

    return binder.call(tree, kernel, binder.bind_bool(tree.this))


def _nullsafeeq(binder: Binder, tree: Any) -> Node:
    a, b = binder.unify(tree, [binder.bind(tree.this), binder.bind(tree.expression)])
    return binder.call(tree, compare.not_distinct, a, b)


def _nullsafeneq(binder: Binder, tree: Any) -> Node:
    a, b = binder.unify(tree, [binder.bind(tree.this), binder.bind(tree.expression)])
    return binder.call(tree, lambda x, y: pc.invert(compare.not_distinct(x, y)), a, b)


def _between(binder: Binder, tree: Any) -> Node:
    value = binder.bind(tree.this)
    low = binder.compare_nodes(tree, ">=", value, binder.bind(tree.args["low"]))
    high = binder.compare_nodes(tree, "<=", value, binder.bind(tree.args["high"]))
    return Logic(pa.bool_(), sql_of(tree), conjunction=True, left=low, right=high)


def _in(binder: Binder, tree: Any) -> Node:
    value = binder.bind(tree.this)
    if tree.args.get("query") is not None:
        return _in_subquery(binder, tree, value)
    items = [binder.bind(item) for item in tree.expressions]
    if not items:
        raise binder.type_error(tree, "IN needs at least one value")
    value, *items = binder.unify_integers([value, *items]) or binder.unify(tree, [value, *items])
    if all(isinstance(item, Literal) for item in items):
        scalars = [item.scalar for item in items if isinstance(item, Literal)]
        return _in_values(binder, tree, value, [s.as_py() for s in scalars])
    node = binder.compare_nodes(tree, "=", value, items[0])
    for item in items[1:]:
        right = binder.compare_nodes(tree, "=", value, item)
        node = Logic(pa.bool_(), sql_of(tree), conjunction=False, left=node, right=right)
    return node


def _in_values(binder: Binder, tree: Any, value: Node, found: list[Any]) -> Node:
    values = pa.array([v for v in found if v is not None], value.dtype)
    has_null = len(values) < len(found)
    return binder.call(tree, lambda v: compare.is_in(v, values, has_null=has_null), value)


def _in_subquery(binder: Binder, tree: Any, value: Node) -> Node:
    table = binder.run_subquery(tree, tree.args["query"])
    if table.num_columns != 1:
        raise binder.type_error(tree, "IN (SELECT ...) needs exactly one column")
    column = table.column(0)
    common = common_type(value.dtype, column.type)
    if common is None:
        raise binder.type_error(
            tree, f"IN compares {format_type(value.dtype)} with {format_type(column.type)}"
        )
    values = cast(column, common).combine_chunks()
    known, has_null = values.drop_null(), values.null_count > 0
    value = binder.convert(value, common)
    return binder.call(tree, lambda v: compare.is_in(v, known, has_null=has_null), value)


def _like_case(binder: Binder, tree: Any) -> Node:
    return _like(binder, tree, ignore_case=False)


def _ilike(binder: Binder, tree: Any) -> Node:
    return _like(binder, tree, ignore_case=True)


def _like(binder: Binder, tree: Any, *, ignore_case: bool) -> Node:
    value, pattern = binder.bind(tree.this), binder.bind(tree.expression)
    for node in (value, pattern):
        if family(node.dtype) not in {"text", "null"}:
            raise binder.type_error(tree, f"LIKE needs text, but '{node.text}' is not")
    if not isinstance(pattern, Literal) or pattern.scalar.as_py() is None:
        raise binder.unsupported(tree, "LIKE with a pattern that is not a literal")
    like = pattern.scalar.as_py()
    value = binder.convert(value, pa.string())
    return binder.call(tree, lambda v: pc.match_like(v, like, ignore_case=ignore_case), value)


PREDICATES: Final[dict[str, Callable[[Binder, Any], Node]]] = {
    "Is": _is,
    "NullSafeEQ": _nullsafeeq,
    "NullSafeNEQ": _nullsafeneq,
    "Between": _between,
    "In": _in,
    "Like": _like_case,
    "ILike": _ilike,
}
