"""The `python` step: calls a function of the user's code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from parquetframe.workflow.function_step import call_function

from ..arrow_types import plain

if TYPE_CHECKING:
    import pyarrow as pa

    from .context import StepContext


def run(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table | None:
    """Call the function and turn what it returns into a table."""
    table = call_function(
        context.step,
        config,
        inputs,
        function=context.function,
        base_dir=context.base_dir,
        variables=context.variables,
        cancelled=context.cancelled,
    )
    return None if table is None else plain(table)
