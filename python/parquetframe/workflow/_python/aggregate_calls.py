"""Aggregates inside SQL expressions, such as ``sum(distance) / 1000``."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .aggregate import Aggregate, aggregate
from .expressions import Binder, Scope, evaluate, truth
from .expressions.functions import AGGREGATES
from .expressions.parse import sql_of
from .expressions.tree import Column, Node
from .keys import Codes


class AggregateCalls:
    """Computes each aggregate call that a `Binder` meets, once, as a column with a row per group.

    Attributes:
        inner: The columns that arguments of aggregates may name.
        columns: The computed columns by internal name; expressions are evaluated over them.
    """

    def __init__(
        self, table: pa.Table, scope: Scope, groups: Codes, *, scalar: bool, subquery: Any = None
    ) -> None:
        self._table = table
        self.inner = scope
        self._groups = groups
        self._scalar = scalar
        self._subquery = subquery
        self._nodes: dict[str, Column] = {}
        self.columns: dict[str, pa.ChunkedArray] = {}

    def __call__(self, text: str, tree: Any) -> Node:
        """The column of one aggregate call."""
        key = tree.sql()
        if key not in self._nodes:
            name = f"aggregate:{len(self._nodes)}"
            values = aggregate(
                self._groups, [self._aggregate(name, text, tree)], scalar=self._scalar
            ).column(0)
            self.columns[name] = values
            self._nodes[key] = Column(values.type, text, name)
        return self._nodes[key]

    def _aggregate(self, name: str, text: str, tree: Any) -> Aggregate:
        where = None
        if type(tree).__name__ == "Filter":
            where, tree = tree.expression.this, tree.this
        binder = Binder(self.inner, text, subquery=self._subquery)
        kind = type(tree).__name__
        fn = AGGREGATES.get(tree.name.lower() if kind == "Anonymous" else kind)
        if fn is None:
            raise binder.unsupported(tree)
        args = list(tree.expressions) if kind == "Anonymous" else [tree.this, *tree.expressions]
        if len(args) != 1:
            raise binder.type_error(tree, f"{sql_of(tree)} takes one argument")
        argument = args[0]
        if type(argument).__name__ == "Distinct":
            if fn not in {"count", "min", "max"} or len(argument.expressions) != 1:
                raise binder.unsupported(tree)
            fn = {"count": "nunique"}.get(fn, fn)
            argument = argument.expressions[0]
        if type(argument).__name__ in {"Order", "Star"} and fn != "count":
            raise binder.unsupported(tree)
        if argument is None or type(argument).__name__ == "Star":
            node = None
        else:
            node = binder.bind(argument)
        values = None if node is None else evaluate(node, self._table)
        if where is not None:
            values = self._only(values, truth(binder.bind_bool(where), self._table))
        if fn == "median":
            return Aggregate(name, "quantile", values, 0.5)
        return Aggregate(name, "size" if values is None else fn, values)

    def _only(self, values: pa.ChunkedArray | None, kept: pa.ChunkedArray) -> pa.ChunkedArray:
        if values is None:  # count(*) FILTER: count the rows that are kept
            values = pa.chunked_array([pa.repeat(pa.scalar(1), self._table.num_rows)])
        return pc.if_else(kept, values, pa.scalar(None, values.type))
