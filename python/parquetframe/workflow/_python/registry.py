"""Step type to the function that runs it: ``run(config, inputs, context) -> table or None``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa

from .steps import check, graph, groupby, join, python, read, rows, save, select, sort, sql
from .steps import filter as filter_step
from .steps.context import StepContext

StepFunction = Callable[[dict[str, Any], list[pa.Table], StepContext], "pa.Table | None"]

STEPS: Final[dict[str, StepFunction]] = {
    "read": read.run,
    "filter": filter_step.run,
    "select": select.run_select,
    "transform": select.run_transform,
    "rename": select.run_rename,
    "drop": select.run_drop,
    "cast": select.run_cast,
    "groupby": groupby.run,
    "join": join.run,
    "sort": sort.run,
    "limit": rows.run_limit,
    "distinct": rows.run_distinct,
    "union": rows.run_union,
    "sql": sql.run,
    "graph": graph.run,
    "python": python.run,
    "check": check.run,
    "save": save.run,
    "noop": rows.run_noop,
}
