"""Evaluates a SELECT by lowering it to the operators of the steps.

Order of work: FROM and JOIN, WHERE, GROUP BY with aggregates, HAVING, SELECT, DISTINCT, ORDER BY,
LIMIT. Nested SELECTs that do not look outside are run first and become values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import ExpressionError, SchemaError

from ..names import suggestion
from .aggregate_calls import AggregateCalls
from .expressions import Binder, Scope, Visible, evaluate, truth
from .expressions.functions import AGGREGATES
from .expressions.parse import sql_of
from .expressions.tree import Column, Node
from .keys import Codes, encode
from .sql_relation import Joiner, Relation, unsupported_sql
from .steps.rows import by_position, distinct_rows, stacked
from .steps.select import named_columns
from .steps.sort import sort_order

Tables = Mapping[str, pa.Table]
_CLAUSES: Final = {
    "with_", "with", "expressions", "from_", "from", "joins", "where", "group", "having",
    "distinct", "order", "limit", "offset", "this", "expression", "kind", "hint",
}  # fmt: skip


@dataclass
class _Rows:
    """Rows on which SELECT and ORDER BY are evaluated: input rows, or one row per group."""

    table: pa.Table
    binder: Binder
    groups: AggregateCalls | None = None
    size: int = 0

    def evaluate(self, node: Node) -> pa.ChunkedArray:
        table = self.table
        if self.groups is not None:
            for name, values in self.groups.columns.items():
                if name not in table.column_names:
                    table = table.append_column(name, values)
        return evaluate(node, table)


class Query:
    """One query text over named tables.

    Args:
        text: The SQL, for errors.
        tick: Called between operators; raises when the run is cancelled.
    """

    def __init__(self, text: str, tick: Callable[[], None]) -> None:
        self._text = text
        self._tick = tick
        self._count = 0
        self._named: frozenset[str] | None = None

    def run_all(self, tree: Any, tables: Tables) -> pa.Table:
        """As `run`, for the whole query: finds out first which columns it names."""
        from sqlglot import exp

        stars = [star for star in tree.find_all(exp.Star) if not isinstance(star.parent, exp.Count)]
        if not stars:
            self._named = frozenset(i.name for i in tree.find_all(exp.Identifier))
        return self.run(tree, tables)

    def run(self, tree: Any, tables: Tables) -> pa.Table:
        """Evaluate a SELECT or a set operation.

        Raises:
            SchemaError: An unknown table or column.
            ExpressionError: Types or functions that do not fit.
            UnsupportedFeature: Window functions, correlated subqueries and rare clauses.
        """
        self._tick()
        tree = tree.unnest() if type(tree).__name__ == "Subquery" else tree
        for name, value in tree.args.items():
            if value and name not in _CLAUSES:
                raise unsupported_sql(tree, f"{name.upper().strip('_')} in a query")
        tables = self._with(tree, tables)
        if type(tree).__name__ == "Select":
            return self._select(tree, tables)
        result = self._set_operation(tree, tables)
        scope = Scope.of(result.schema)
        rows = _Rows(result, Binder(scope, self._text))
        outputs = list(zip(result.column_names, result.columns, strict=True))
        return self._limited(tree, self._ordered(tree, result, rows, outputs))

    def _with(self, tree: Any, tables: Tables) -> Tables:
        clause = tree.args.get("with_") or tree.args.get("with")
        if clause is None:
            return tables
        if clause.args.get("recursive"):
            raise unsupported_sql(tree, "WITH RECURSIVE")
        known = dict(tables)
        for cte in clause.expressions:
            result = self.run(cte.this, known)
            known[cte.alias] = _renamed(result, cte.args["alias"])
        return known

    def _set_operation(self, tree: Any, tables: Tables) -> pa.Table:
        kind = type(tree).__name__
        if tree.args.get("by_name"):
            raise unsupported_sql(tree, "UNION BY NAME")
        left, right = self.run(tree.this, tables), self.run(tree.expression, tables)
        both = by_position([left, right], ("the first query", "the second query"))
        together = stacked(both)
        if kind == "Union":
            return distinct_rows(together) if tree.args.get("distinct") else together
        if not tree.args.get("distinct"):
            raise unsupported_sql(tree, f"{kind.upper()} ALL")
        groups = encode(together.columns, together.num_rows)
        found = np.zeros(max(groups.count, 1), dtype=bool)
        found[groups.codes[left.num_rows :]] = True
        first = groups.first_rows()
        first = first[first < left.num_rows]
        wanted = found[groups.codes[first]]
        return together.take(pa.array(first[wanted if kind == "Intersect" else ~wanted]))

    # FROM, WHERE.

    def _select(self, tree: Any, tables: Tables) -> pa.Table:
        relation = self._from(tree, tables)
        self._tick()
        where = tree.args.get("where")
        if where is not None:
            binder = self._binder(relation.scope, tables)
            if (found := where.find(_window_class())) is not None:
                raise unsupported_sql(found, "a window function")
            node = binder.bind_bool(where.this)
            kept = relation.table.filter(truth(node, relation.table))
            relation = Relation(kept, relation.columns)
        items = self._expanded(tree.expressions, relation)
        grouped = tree.args.get("group") is not None or tree.args.get("having") is not None
        order = tree.args.get("order")
        if grouped or any(_has_aggregate(t) for t in [*items, *([order] if order else [])]):
            rows = self._grouped(tree, items, relation, tables)
        else:
            binder = self._binder(relation.scope, tables)
            rows = _Rows(relation.table, binder, size=relation.table.num_rows)
        outputs = [(_name(item), rows.evaluate(rows.binder.bind(_bare(item)))) for item in items]
        kept = self._having(tree, rows)
        result = named_columns(outputs)
        if kept is not None:
            result = result.filter(kept)
            rows.table = rows.table.filter(kept)
            if rows.groups is not None:
                columns = rows.groups.columns
                for name in columns:
                    columns[name] = columns[name].filter(kept)
        outputs = list(zip(result.column_names, result.columns, strict=True))
        distinct = tree.args.get("distinct")
        if distinct is not None:
            if distinct.args.get("on") is not None:
                raise unsupported_sql(tree, "DISTINCT ON")
            result = distinct_rows(result)
            outputs = list(zip(result.column_names, result.columns, strict=True))
            rows = _Rows(result, Binder(Scope.of(result.schema), self._text))
        return self._limited(tree, self._ordered(tree, result, rows, outputs))

    def _from(self, tree: Any, tables: Tables) -> Relation:
        clause = tree.args.get("from_") or tree.args.get("from")
        if clause is None:
            return Relation(pa.table({"": pa.nulls(1)}), [])
        relation = self._relation(clause.this, tables)
        joiner = Joiner(self._text, lambda t, scope: self._nested(t, scope, tables))
        joins = [*(clause.this.args.get("joins") or []), *(tree.args.get("joins") or [])]
        for join in joins:
            self._tick()
            relation = joiner.join(relation, self._relation(join.this, tables), join)
        return relation

    def _relation(self, tree: Any, tables: Tables) -> Relation:
        self._count += 1
        kind = type(tree).__name__
        for name, value in tree.args.items():
            if value and name not in {"this", "alias", "joins", "db"}:
                raise unsupported_sql(tree, f"{name.upper()} of a table")
        alias = tree.args.get("alias")
        if kind == "Subquery":
            table = self.run(tree.this, tables)
        elif kind == "Table" and type(tree.this).__name__ == "Identifier" and not tree.db:
            if tree.name not in tables:
                raise SchemaError(
                    f"no table '{tree.name}'",
                    code="E301",
                    hint=suggestion(tree.name, list(tables), what="tables"),
                )
            table = tables[tree.name]
        else:
            raise unsupported_sql(tree)
        name = (alias.name if alias is not None else None) or tree.name or None
        return Relation.of(_renamed(table, alias), name, self._count, self._named)

    def _binder(self, scope: Scope, tables: Tables, aggregator: Any = None) -> Binder:
        return Binder(scope, self._text, aggregator, lambda tree: self._nested(tree, scope, tables))

    def _nested(self, tree: Any, outer: Scope, tables: Tables) -> pa.Table:
        """Run a nested SELECT; one that names columns of the outer query is refused."""
        try:
            return self.run(tree, tables)
        except SchemaError as error:
            if any(error.column == c.name for c in outer.columns):
                raise unsupported_sql(tree, "a correlated subquery") from error
            raise

    # GROUP BY, HAVING.

    def _grouped(self, tree: Any, items: list[Any], relation: Relation, tables: Tables) -> _Rows:
        clause = tree.args.get("group")
        trees = []
        if clause is not None:
            if any(v for k, v in clause.args.items() if k != "expressions"):
                raise unsupported_sql(clause, "GROUPING SETS, ROLLUP and CUBE")
            trees = [_pointed_at(t, items, relation) for t in clause.expressions]
        binder = self._binder(relation.scope, tables)
        nodes = [binder.bind(t) for t in trees]
        keys = [evaluate(node, relation.table) for node in nodes]
        groups = encode(keys, relation.table.num_rows)
        if not keys:
            groups = Codes(groups.codes, 1, groups.has_null)
        first = pa.array(groups.first_rows())
        columns = {f"key:{i}": values.take(first) for i, values in enumerate(keys)}
        table = pa.table(columns or {"": pa.nulls(groups.count)})
        calls = AggregateCalls(
            relation.table,
            relation.scope,
            groups,
            scalar=not keys,
            subquery=lambda t: self._nested(t, relation.scope, tables),
        )
        visible = [
            Visible(c.table, c.name, f"key:{i}", c.dtype)
            for i, node in enumerate(nodes)
            if isinstance(node, Column)
            for c in relation.columns
            if c.internal == node.name
        ]
        outer = self._binder(_GroupScope(visible, relation.scope), tables, calls)
        for i, (key_tree, node) in enumerate(zip(trees, nodes, strict=True)):
            outer.known[key_tree.sql()] = Column(node.dtype, node.text, f"key:{i}")
        return _Rows(table, outer, calls, groups.count)

    def _having(self, tree: Any, rows: _Rows) -> pa.ChunkedArray | None:
        clause = tree.args.get("having")
        if clause is None:
            return None
        return pc.fill_null(rows.evaluate(rows.binder.bind_bool(clause.this)), False)

    # SELECT list, ORDER BY, LIMIT.

    def _expanded(self, items: list[Any], relation: Relation) -> list[Any]:
        """The SELECT list with `*` and `t.*` written out."""
        from sqlglot import exp

        found = []
        for item in items:
            star = isinstance(item, exp.Star)
            if not star and not (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
                found.append(item)
                continue
            if any(v for k, v in item.args.items() if k not in {"this", "table"}):
                raise unsupported_sql(item)
            chosen = [c for c in relation.columns if star or c.table == item.table]
            if not chosen:
                raise SchemaError(f"no table for {sql_of(item)}", code="E301")
            found += [exp.column(c.name, table=c.table, quoted=True) for c in chosen]
        return found

    def _ordered(
        self,
        tree: Any,
        result: pa.Table,
        rows: _Rows,
        outputs: list[tuple[str, pa.ChunkedArray]],
    ) -> pa.Table:
        clause = tree.args.get("order")
        if clause is None:
            return result
        self._tick()
        keys: list[tuple[pa.ChunkedArray, bool]] = []
        named = dict(outputs)
        for item in clause.expressions:
            key = item.this
            if type(key).__name__ == "Literal" and not key.is_string:
                position = int(key.name)
                if not 1 <= position <= len(outputs):
                    raise SchemaError(f"ORDER BY {position}: no such column", code="E301")
                values = outputs[position - 1][1]
            elif type(key).__name__ == "Column" and not key.table and key.name in named:
                values = named[key.name]
            else:
                values = rows.evaluate(rows.binder.bind(key))
            if values.null_count:
                keys.append((pc.is_null(values), bool(item.args.get("nulls_first"))))
            keys.append((values, bool(item.args.get("desc"))))
        return result.take(sort_order(keys))

    def _limited(self, tree: Any, result: pa.Table) -> pa.Table:
        bounds: list[int | None] = []
        for name in ("offset", "limit"):
            clause = tree.args.get(name)
            if clause is None:
                bounds.append(None)
                continue
            value = clause.args.get("expression")
            if type(clause).__name__ == "Fetch" or not getattr(value, "is_int", False):
                raise unsupported_sql(clause)
            bounds.append(int(value.name))
        return result.slice(bounds[0] or 0, bounds[1])


class _GroupScope(Scope):
    """After grouping only keys are in sight; other columns get an error that says so."""

    def __init__(self, keys: list[Visible], inner: Scope) -> None:
        super().__init__(keys)
        self._inner = inner

    def resolve(self, name: str, table: str | None = None) -> Visible:
        wanted = self._inner.resolve(name, table)
        for key in self.columns:
            if key.name == wanted.name and key.table == wanted.table:
                return key
        raise ExpressionError(
            f"column '{name}' must be in GROUP BY or inside an aggregate", code="E302"
        )


def _pointed_at(tree: Any, items: list[Any], relation: Relation) -> Any:
    """What a GROUP BY entry means: `1` the first output, an alias its expression."""
    if type(tree).__name__ == "Literal" and not tree.is_string:
        position = int(tree.name)
        if not 1 <= position <= len(items):
            raise SchemaError(f"GROUP BY {position}: no such column", code="E301")
        return _bare(items[position - 1])
    plain = type(tree).__name__ == "Column" and not tree.table
    if plain and all(c.name != tree.name for c in relation.columns):
        for item in items:
            if type(item).__name__ == "Alias" and item.alias == tree.name:
                return item.this
    return tree


def _bare(item: Any) -> Any:
    return item.this if type(item).__name__ == "Alias" else item


def _name(item: Any) -> str:
    if type(item).__name__ in {"Alias", "Column"}:
        return str(item.alias_or_name)
    return sql_of(item).lower()


def _renamed(table: pa.Table, alias: Any) -> pa.Table:
    names = [c.name for c in (alias.args.get("columns") or [])] if alias is not None else []
    if not names:
        return table
    if len(names) != table.num_columns:
        raise SchemaError(
            f"'{alias.name}' names {len(names)} columns, the table has {table.num_columns}",
            code="E301",
        )
    return table.rename_columns(names)


def _window_class() -> Any:
    from sqlglot import exp

    return exp.Window


def _has_aggregate(tree: Any) -> bool:
    def inside(node: Any) -> bool:
        return type(node).__name__ in {"Select", "Subquery", "Window"}

    for node in tree.walk(prune=inside):
        kind = type(node).__name__
        if not inside(node) and (
            kind in AGGREGATES or (kind == "Anonymous" and node.name.lower() in AGGREGATES)
        ):
            return True
    return False
