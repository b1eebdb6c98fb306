"""The `sql` step: one SELECT over the inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..expressions.parse import parse_query
from ..failure import at_key
from ..sql_query import Query
from .context import StepContext

if TYPE_CHECKING:
    import pyarrow as pa


def run(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Evaluate the query; ``tables`` says which input each name stands for."""
    by_dataset = dict(zip(context.inputs, inputs, strict=True))
    tables = {alias: by_dataset[dataset] for alias, dataset in config["tables"].items()}
    with at_key("sql"):
        query = Query(config["sql"], context.check_cancelled)
        return query.run_all(parse_query(config["sql"]), tables)
