"""Evaluates a typed tree over a table with pyarrow kernels, a whole column at a time.

``CASE``, ``AND`` and ``OR`` look at a branch that can raise (division, overflow, cast) only on the
rows that need it, so ``CASE WHEN b <> 0 THEN a / b END`` does not divide by zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import ExpressionError

from .tree import Call, Case, Column, Literal, Logic, Node, Value

_RUNTIME = (("divide by zero", "division by zero"), ("overflow", "integer overflow"))


def evaluate(node: Node, table: pa.Table) -> pa.ChunkedArray:
    """Values of ``node``, one per row of ``table``.

    Raises:
        ExpressionError: E601, division by zero, integer overflow or a cast that does not fit.
    """
    if not table.num_rows:  # a constant such as 1 / 0 fails only where a row asks for it
        return pa.chunked_array([], node.dtype)
    return broadcast(_value(node, table), table.num_rows, node.dtype)


def truth(node: Node, table: pa.Table) -> pa.ChunkedArray:
    """Rows where a condition is true, without nulls."""
    return pc.fill_null(evaluate(node, table), False)


def broadcast(value: Value, rows: int, dtype: pa.DataType) -> pa.ChunkedArray:
    """Repeat a scalar for each row; leave columns as they are."""
    if isinstance(value, pa.Scalar):
        value = pa.repeat(value, rows)
    if isinstance(value, pa.Array):
        value = pa.chunked_array([value])
    return value if value.type == dtype else value.cast(dtype)


def _value(node: Node, table: pa.Table) -> Value:
    if isinstance(node, Column):
        return table.column(node.name)
    if isinstance(node, Literal):
        return node.scalar
    if isinstance(node, Call):
        return run_kernel(node, [_value(arg, table) for arg in node.args])
    if isinstance(node, Logic):
        return _logic(node, table)
    if isinstance(node, Case):
        return _case_lazily(node, table) if node.can_fail else _case(node, table)
    raise TypeError(type(node).__name__)


def run_kernel(node: Call, values: list[Any]) -> Value:
    """Apply the kernel; its failure on data becomes an `ExpressionError` with the SQL text."""
    try:
        return node.kernel(*values)
    except pa.ArrowInvalid as error:
        text = str(error)
        what = next((ours for theirs, ours in _RUNTIME if theirs in text), text.splitlines()[0])
        raise ExpressionError(f"{what} in {node.text}", code="E601", text=node.text) from None


def _logic(node: Logic, table: pa.Table) -> Value:
    combine = pc.and_kleene if node.conjunction else pc.or_kleene
    left = _value(node.left, table)
    if not node.right.can_fail:
        return combine(left, _value(node.right, table))
    column = broadcast(left, table.num_rows, pa.bool_())
    undecided = column if node.conjunction else pc.invert(column)
    needed = _rows(pc.fill_null(undecided, True))
    part = evaluate(node.right, _subset(node.right, table, needed))
    positions = np.full(table.num_rows, -1, dtype=np.int64)
    positions[needed] = np.arange(len(needed))
    spread = part.take(pa.array(positions, mask=positions < 0))
    return combine(column, spread)


def _case(node: Case, table: pa.Table) -> Value:
    result = _value(node.default, table)
    for condition, value in reversed(node.branches):
        chosen = pc.fill_null(_value(condition, table), False)
        result = pc.if_else(chosen, _value(value, table), result)
    return result


def _case_lazily(node: Case, table: pa.Table) -> Value:
    left = np.arange(table.num_rows)
    rows: list[np.ndarray] = []
    parts: list[pa.ChunkedArray] = []
    for condition, value in node.branches:
        chosen = _mask(truth(condition, _subset(condition, table, left)))
        rows.append(left[chosen])
        parts.append(evaluate(value, _subset(value, table, rows[-1])))
        left = left[~chosen]
    rows.append(left)
    parts.append(evaluate(node.default, _subset(node.default, table, left)))
    order = np.argsort(np.concatenate(rows), kind="stable")
    chunks = [chunk for part in parts for chunk in part.chunks]
    return pa.chunked_array(chunks, node.dtype).take(pa.array(order))


def _subset(node: Node, table: pa.Table, rows: np.ndarray) -> pa.Table:
    if len(rows) == table.num_rows:
        return table
    names = sorted(node.columns())
    if not names:  # keeps the row count
        return pa.table({"": pa.nulls(len(rows))})
    return table.select(names).take(pa.array(rows))


def _mask(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(column.to_numpy(), dtype=bool)


def _rows(column: pa.ChunkedArray) -> np.ndarray:
    return np.flatnonzero(_mask(column))
