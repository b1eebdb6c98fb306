"""Tables inside a query: FROM and JOIN produce relations, whose columns expressions name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import ExpressionError, SchemaError, UnsupportedFeature

from .expressions import Binder, Scope, Visible, evaluate, truth
from .expressions.parse import sql_of
from .expressions.tree import Node
from .steps.join import Pairs, common_keys, complete, match

Subquery = Callable[[Any, Scope], pa.Table]


@dataclass
class Relation:
    """A table with unique internal column names, and what its columns are called."""

    table: pa.Table
    columns: list[Visible]

    @classmethod
    def of(
        cls, table: pa.Table, name: str | None, number: int, named: frozenset[str] | None
    ) -> Relation:
        """Wrap one table under its name in the query.

        All columns can be seen; only those that the query names (None: all) are carried along.
        """
        columns = [Visible(name, f.name, f"{number}.{f.name}", f.type) for f in table.schema]
        table = table.rename_columns([c.internal for c in columns])
        used = [c.internal for c in columns if named is None or c.name in named]
        return cls(table.select(used or [c.internal for c in columns[:1]]), columns)

    @property
    def scope(self) -> Scope:
        """The columns, for binding."""
        return Scope(self.columns)


class Joiner:
    """Joins relations as the clauses of one query say.

    Args:
        text: The query, for errors.
        subquery: Evaluates nested SELECTs in ON conditions.
    """

    def __init__(self, text: str, subquery: Subquery) -> None:
        self._text = text
        self._subquery = subquery

    def join(self, left: Relation, right: Relation, clause: Any) -> Relation:
        """Apply one JOIN clause.

        Raises:
            UnsupportedFeature: NATURAL, LATERAL and other rare forms.
        """
        names = {c.table for c in left.columns} & {c.table for c in right.columns}
        if names - {None}:
            name = min(n for n in names if n)
            raise SchemaError(f"two tables are called '{name}'", code="E301", hint="use aliases")
        how = self._how(clause)
        using = [identifier.name for identifier in clause.args.get("using") or []]
        left_keys, right_keys, rest = self._keys(left, right, clause, using)
        pairs = match(left_keys, right_keys, left.table.num_rows, right.table.num_rows)
        if rest:
            pairs = self._matching(pairs, left, right, rest)
        pairs = complete(pairs, how, left.table.num_rows, right.table.num_rows)
        table = left.table.take(pairs.left_rows())
        if how in {"semi", "anti"}:
            return Relation(table, left.columns)
        other = right.table.take(pairs.right_rows())
        columns = left.columns + [c for c in right.columns if c.name not in using]
        for name in using if how in {"right", "full"} else []:
            table = _coalesce(table, other, left, right, name)
        for field, values in zip(other.schema, other.columns, strict=True):
            table = table.append_column(field, values)
        return Relation(table, columns)

    def _how(self, clause: Any) -> str:
        for name, value in clause.args.items():
            if value and name not in {"this", "side", "kind", "on", "using", "method"}:
                raise _unsupported(f"{name.upper()} in a join")
        side, kind = (clause.side or "").lower(), (clause.kind or "").lower()
        if clause.args.get("method"):
            raise _unsupported(f"a {clause.args['method']} join")
        if kind in {"semi", "anti"} and side in {"", "left"}:
            return kind
        if kind not in {"", "inner", "outer", "cross"}:
            raise _unsupported(f"a {kind} join")
        if side in {"left", "right", "full"}:
            return side
        return "inner"

    def _keys(
        self, left: Relation, right: Relation, clause: Any, using: list[str]
    ) -> tuple[list[Any], list[Any], list[Any]]:
        """Key columns of both sides, and the parts of ON that are no key comparison."""
        if using:
            pairs = [(left.scope.resolve(n), right.scope.resolve(n)) for n in using]
            left_keys = [left.table.column(a.internal) for a, _ in pairs]
            right_keys = [right.table.column(b.internal) for _, b in pairs]
            return (*common_keys(left_keys, right_keys, [(n, n) for n in using]), [])
        left_keys, right_keys, names, rest = [], [], [], []
        on = clause.args.get("on")
        for part in _conjuncts(on) if on is not None else []:
            nodes = self._key_nodes(part, left.scope, right.scope)
            if nodes is None:
                rest.append(part)
                continue
            left_keys.append(evaluate(nodes[0], left.table))
            right_keys.append(evaluate(nodes[1], right.table))
            names.append((nodes[0].text, nodes[1].text))
        return (*common_keys(left_keys, right_keys, names), rest)

    def _key_nodes(self, part: Any, left: Scope, right: Scope) -> tuple[Node, Node] | None:
        if type(part).__name__ != "EQ":
            return None
        for a, b in ((part.this, part.expression), (part.expression, part.this)):
            try:
                nodes = Binder(left, self._text).bind(a), Binder(right, self._text).bind(b)
            except (SchemaError, ExpressionError, UnsupportedFeature):
                continue
            if nodes[0].columns() and nodes[1].columns():
                return nodes
        return None

    def _matching(self, pairs: Pairs, left: Relation, right: Relation, rest: list[Any]) -> Pairs:
        scope = Scope(left.columns + right.columns)
        binder = Binder(scope, self._text, subquery=lambda tree: self._subquery(tree, scope))
        kept = np.ones(len(pairs.left), dtype=bool)
        for part in rest:
            node = binder.bind_bool(part)
            used = node.columns()
            columns = {
                name: relation.table.column(name).take(rows)
                for relation, rows in ((left, pairs.left_rows()), (right, pairs.right_rows()))
                for name in relation.table.column_names
                if name in used
            }
            table = pa.table(columns or {"": pa.nulls(len(pairs.left))})
            kept &= np.asarray(truth(node, table), dtype=bool)
        return Pairs(pairs.left[kept], pairs.right[kept])


def _conjuncts(tree: Any) -> list[Any]:
    tree = tree.unnest()
    if type(tree).__name__ == "And":
        return _conjuncts(tree.this) + _conjuncts(tree.expression)
    return [tree]


def _coalesce(
    table: pa.Table, other: pa.Table, left: Relation, right: Relation, name: str
) -> pa.Table:
    ours, theirs = left.scope.resolve(name), right.scope.resolve(name)
    values = pc.coalesce(
        table.column(ours.internal), other.column(theirs.internal).cast(ours.dtype)
    )
    place = table.schema.get_field_index(ours.internal)
    return table.set_column(place, ours.internal, values)


def _unsupported(what: str) -> UnsupportedFeature:
    return UnsupportedFeature(
        f"{what} is not supported by the python engine",
        code="E605",
        hint="the rust engine runs DataFusion's whole SQL dialect",
    )


def unsupported_sql(tree: Any, what: str | None = None) -> UnsupportedFeature:
    """The error for a form of query that only the rust engine runs."""
    return _unsupported(what or sql_of(tree))
