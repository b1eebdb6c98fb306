"""The `filter` step: rows where a condition is true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..expressions import Scope, bind_condition, truth
from ..failure import at_key
from .context import StepContext

if TYPE_CHECKING:
    import pyarrow as pa


def run(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Keep rows where ``where`` is true; false and NULL drop."""
    with at_key("where"):
        return matching(inputs[0], config["where"], context.inputs[0])


def matching(table: pa.Table, where: str, dataset: str | None = None) -> pa.Table:
    """Rows of ``table`` where the SQL condition is true."""
    condition = bind_condition(where, Scope.of(table.schema, dataset=dataset))
    return table.filter(truth(condition, table))
