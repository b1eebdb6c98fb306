"""Grouped aggregation: Acero's hash aggregates over group codes, plus exact quantiles.

Differences from Acero's own defaults: integer sums that leave the type are an error (Acero wraps),
``min`` and ``max`` treat NaN as the largest value (Acero skips it), medians are exact (Acero's are
approximate), and the result has the groups by first appearance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import ExpressionError
from parquetframe.types import format_type

from .arrow_types import family
from .keys import Codes

_NUMERIC: Final = {"sum", "mean", "std", "var", "std_pop", "var_pop", "quantile"}
_BOOLEAN: Final = {"any", "all"}
_FUNCTIONS: Final = _NUMERIC | _BOOLEAN | {
    "min", "max", "count", "size", "nunique", "first", "last", "list"
}  # fmt: skip

_ACERO: Final[dict[str, tuple[str, Any]]] = {
    "sum": ("sum", pc.ScalarAggregateOptions(min_count=1)),
    "mean": ("mean", None),
    "count": ("count", pc.CountOptions(mode="only_valid")),
    "size": ("count", pc.CountOptions(mode="all")),
    "nunique": ("count_distinct", pc.CountOptions(mode="only_valid")),
    "std": ("stddev", pc.VarianceOptions(ddof=1)),
    "var": ("variance", pc.VarianceOptions(ddof=1)),
    "std_pop": ("stddev", pc.VarianceOptions(ddof=0)),
    "var_pop": ("variance", pc.VarianceOptions(ddof=0)),
    "any": ("any", pc.ScalarAggregateOptions(min_count=1)),
    "all": ("all", pc.ScalarAggregateOptions(min_count=1)),
    "first": ("first", pc.ScalarAggregateOptions(skip_nulls=False)),
    "last": ("last", pc.ScalarAggregateOptions(skip_nulls=False)),
    "list": ("list", None),
    "min": ("min", None),
    "max": ("max", None),
}
_SAFE_SUM: Final = 2.0**62


@dataclass(frozen=True)
class Aggregate:
    """One output column: ``fn`` over ``values`` per group; `size` counts rows and has no values."""

    name: str
    fn: str
    values: pa.ChunkedArray | None = None
    quantile: float | None = None


def parse_function(text: str) -> tuple[str, float | None]:
    """Name and argument of an aggregate: ``avg`` is mean, ``quantile(0.9)`` has an argument.

    Raises:
        ExpressionError: E303 unknown, E302 quantile outside 0..1.
    """
    from ..names import suggestion

    name = text.strip().lower()
    if name == "avg":
        name = "mean"
    if name == "median":
        return "quantile", 0.5
    if name.startswith("quantile(") and name.endswith(")"):
        try:
            share = float(name[9:-1])
        except ValueError:
            share = -1.0
        if not 0.0 <= share <= 1.0:
            raise ExpressionError(f"{text} needs a number from 0 to 1", code="E302")
        return "quantile", share
    if name not in _FUNCTIONS or name == "quantile":
        known = sorted(_FUNCTIONS | {"median", "avg", "quantile(q)"})
        raise ExpressionError(
            f"unknown aggregate function '{text}'",
            code="E303",
            hint=suggestion(name, known, what="functions"),
        )
    return name, None


def aggregate(groups: Codes, wanted: Sequence[Aggregate], *, scalar: bool) -> pa.Table:
    """One row per group, one column per aggregate.

    Args:
        groups: Codes of the rows.
        wanted: The aggregates, each over as many values as there are rows.
        scalar: No keys: the result has exactly one row, also for no input rows.

    Raises:
        ExpressionError: E302 for values that the function does not take, E601 for overflow.
    """
    for item in wanted:
        _check_type(item)
    if scalar and not len(groups.codes):
        return _of_nothing(wanted)
    columns = [_column(groups, item) for item in wanted]
    return pa.table(columns, names=[item.name for item in wanted])


def _of_nothing(wanted: Sequence[Aggregate]) -> pa.Table:
    one = Codes(np.zeros(1, dtype=np.int64), 1, np.zeros(1, dtype=bool))
    columns = []
    for item in wanted:
        values = None if item.values is None else pa.chunked_array([pa.nulls(1, item.values.type)])
        column = _column(one, Aggregate(item.name, item.fn, values, item.quantile))
        if item.fn in {"size", "count", "nunique"}:
            column = pa.array([0], pa.int64())
        elif item.fn == "list":
            column = pa.nulls(1, column.type)
        columns.append(column)
    return pa.table(columns, names=[item.name for item in wanted])


def _check_type(item: Aggregate) -> None:
    if item.values is None:
        return
    found = family(item.values.type)
    if item.fn in _NUMERIC and found not in {"number", "null"}:
        wanted = "numbers"
    elif item.fn in _BOOLEAN and found not in {"bool", "null"}:
        wanted = "true or false"
    else:
        return
    raise ExpressionError(
        f"{item.fn} needs {wanted}, not {format_type(item.values.type)}",
        code="E302",
    )


def _column(groups: Codes, item: Aggregate) -> pa.Array:
    if item.values is None:
        return pa.array(np.bincount(groups.codes, minlength=groups.count))
    values = item.values
    if pa.types.is_null(values.type):
        values = values.cast(pa.bool_() if item.fn in _BOOLEAN else pa.int64())
    if item.fn == "quantile":
        return _quantile(groups, values, 0.5 if item.quantile is None else item.quantile)
    if item.fn == "nunique" and pa.types.is_floating(values.type):
        values = pc.add(values, pa.scalar(0.0, values.type))  # -0.0 is 0.0
    if item.fn in {"min", "max"} and pa.types.is_floating(values.type):
        return _float_extreme(groups, values, item.fn)
    if item.fn == "sum" and pa.types.is_integer(values.type):
        return _integer_sum(groups, values, item.name)
    if pa.types.is_decimal(values.type):
        if item.fn == "sum":
            values = values.cast(pa.decimal128(38, values.type.scale))
        elif item.fn in _NUMERIC:
            values = values.cast(pa.float64())
    return _acero(groups, values, item.fn)


def _acero(groups: Codes, values: pa.ChunkedArray, fn: str) -> pa.Array:
    kernel, options = _ACERO[fn]
    table = pa.table({"group": groups.codes, "value": values})
    try:
        found = table.group_by("group", use_threads=False).aggregate([("value", kernel, options)])
    except (pa.ArrowNotImplementedError, pa.ArrowKeyError) as error:
        raise ExpressionError(
            f"{fn} is not defined for {format_type(values.type)}", code="E302"
        ) from error
    order = np.argsort(np.asarray(found.column("group")), kind="stable")
    return found.column(f"value_{kernel}").take(pa.array(order)).combine_chunks()


def _integer_sum(groups: Codes, values: pa.ChunkedArray, name: str) -> pa.Array:
    bounds = pc.min_max(values).as_py()
    largest = max(abs(bounds["min"] or 0), abs(bounds["max"] or 0))
    if largest * len(values) < _SAFE_SUM:
        return _acero(groups, values, "sum")
    wide = _acero(groups, values.cast(pa.decimal128(38, 0)), "sum")
    unsigned = pa.types.is_unsigned_integer(values.type)
    try:
        return wide.cast(pa.uint64() if unsigned else pa.int64())
    except pa.ArrowInvalid:
        raise ExpressionError(f"integer overflow in sum of '{name}'", code="E601") from None


def _float_extreme(groups: Codes, values: pa.ChunkedArray, fn: str) -> pa.Array:
    nan = pc.is_nan(values)
    if not pc.any(nan).as_py():
        return _acero(groups, values, fn)
    numbers = pc.if_else(nan, pa.scalar(None, values.type), values)
    found = _acero(groups, numbers, fn)
    any_nan = pc.fill_null(_acero(groups, nan, "any"), False)
    as_nan = any_nan if fn == "max" else pc.and_(any_nan, pc.is_null(found))
    return pc.if_else(as_nan, pa.scalar(float("nan"), values.type), found)


def _quantile(groups: Codes, values: pa.ChunkedArray, share: float) -> pa.Array:
    """Linear interpolation between the two nearest values, as SQL's percentile_cont."""
    valid = np.asarray(values.is_valid())
    numbers = np.asarray(values.cast(pa.float64(), safe=False).drop_null())
    codes = groups.codes[valid]
    order = np.lexsort((numbers, codes))
    numbers = numbers[order]
    counts = np.bincount(codes, minlength=groups.count)
    starts = np.cumsum(counts) - counts
    known = counts > 0
    position = starts[known] + (counts[known] - 1) * share
    low = np.floor(position).astype(np.int64)
    high = np.minimum(low + 1, (starts + counts - 1)[known])
    part = position - low
    result = np.zeros(groups.count)
    below, above = numbers[low], numbers[high]
    result[known] = np.where(part > 0, below + (above - below) * part, below)
    return pa.array(result, mask=~known)
