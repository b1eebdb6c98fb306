"""Steps that choose or order rows: ``filter``, ``sort``, ``limit``, ``distinct``."""

from __future__ import annotations

from parquetframe.workflow.spec.expressions import SortKeys
from parquetframe.workflow.spec.kinds import Choice, Int, Names, Sql
from parquetframe.workflow.spec.model import REQUIRED, Key, StepSpec

__all__ = ["DISTINCT", "FILTER", "LIMIT", "SORT"]

FILTER = StepSpec(
    "filter",
    "Keep the rows where an expression is true; NULL drops the row.",
    (Key("where", Sql(), "SQL expression.", REQUIRED, ("query", "expr", "condition")),),
)

SORT = StepSpec(
    "sort",
    "Order the rows.",
    (
        Key("by", SortKeys(), "Columns or expressions, each with desc if wanted.", REQUIRED),
        Key("nulls", Choice(("last", "first")), "Where nulls go, in both directions.", "last"),
        Key("limit", Int(), "Keep only the first rows."),
    ),
)

LIMIT = StepSpec(
    "limit",
    "Keep the first rows.",
    (
        Key("n", Int(), "How many.", REQUIRED),
        Key("offset", Int(), "How many to skip before.", 0),
    ),
)

DISTINCT = StepSpec(
    "distinct",
    "Keep one row of each kind.",
    (
        Key("on", Names(), "Columns that make rows alike; all by default."),
        Key("order_by", SortKeys(empty=True), "The first row in this order stays.", ()),
    ),
    open_order=True,
)
