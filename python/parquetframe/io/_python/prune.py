"""Row groups that a predicate rules out by their statistics.

A group is left out only if no row of it can match; what statistics cannot tell is read. Floats are
not looked at, because bounds leave NaN out.
"""

from __future__ import annotations

import datetime as dt
import decimal
from typing import TYPE_CHECKING, Any

from ..leaves import leaves_of

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["flat_leaves", "may_match"]


def may_match(
    predicate: dict[str, Any], group: pq.RowGroupMetaData, leaves: dict[str, int]
) -> bool:
    """Whether some row of the group may fulfil the predicate.

    Args:
        predicate: A tree as :func:`parquetframe.io.filters.predicate_of` makes it.
        group: Footer entry of the row group.
        leaves: Position of the leaf of each column that is not nested.
    """
    operator = predicate["op"]
    if operator == "and":
        return all(may_match(part, group, leaves) for part in predicate["args"])
    if operator == "or":
        return any(may_match(part, group, leaves) for part in predicate["args"])
    leaf = leaves.get(predicate.get("column", ""))
    if operator == "not" or leaf is None:
        return True
    chunk = group.column(leaf)
    stats = chunk.statistics if chunk.is_stats_set else None
    if stats is None:
        return True
    nulls = stats.null_count if stats.has_null_count else None
    if operator == "is_null":
        return nulls != 0
    if nulls == group.num_rows:  # a comparison with null is not true
        return False
    if operator == "is_not_null" or not stats.has_min_max:
        return True
    values = predicate["values"] if operator == "in" else [predicate["value"]]
    return any(_within(operator, _decoded(value), stats) for value in values)


def _within(operator: str, value: Any, stats: Any) -> bool:
    if value is None:
        return True
    try:
        low, high = stats.min, stats.max
    except (UnicodeDecodeError, ValueError, OverflowError):  # bounds that are no such value
        return True
    if type(low) is not type(value):
        return True
    if operator in {"eq", "in"}:
        return bool(low <= value <= high)
    tests = {"lt": low < value, "le": low <= value, "gt": high > value, "ge": high >= value}
    return bool(tests.get(operator, True))


def _decoded(value: dict[str, Any]) -> Any:
    """The literal as the statistics have it, or ``None`` if they are not looked at."""
    kind, plain = str(value["type"]), value["value"]
    if kind == "string" or (kind.startswith(("int", "uint")) and not isinstance(plain, bool)):
        return plain
    if kind == "date":
        return dt.date.fromisoformat(plain)
    return decimal.Decimal(plain) if kind.startswith("decimal") else None


def flat_leaves(schema: pa.Schema) -> dict[str, int]:
    """Position of the leaf of each column that has just one, by name."""
    paths = leaves_of(schema)
    return {
        path[0]: i
        for i, path in enumerate(paths)
        if len(path) == 1 and schema.names.count(path[0]) == 1
    }
