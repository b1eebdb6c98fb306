"""The `python` step: calls a function of the user's code.

``module:function`` is imported with the workflow's ``base_dir`` at position 0 of ``sys.path`` for
the time of the import only, so a module next to the workflow file wins over an installed one.
The function is called as ``fn(*inputs, **args)``, with ``ctx=`` if its signature has it.
"""

from __future__ import annotations

import importlib
import inspect
import logging
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from parquetframe.errors import SchemaError, UnsupportedFeature, WorkflowError

from ..arrow_types import plain
from ..failure import PythonStepError, at_key
from .context import StepContext

_import_lock = threading.Lock()


@dataclass(frozen=True)
class CallContext:
    """What a function gets as ``ctx``."""

    variables: Mapping[str, Any]
    attempt: int
    logger: logging.Logger
    cancelled: Callable[[], bool]


def run(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table | None:
    """Call the function and turn what it returns into a table."""
    with at_key("call"):
        function = load(config["call"], context.base_dir)
    arguments = dict(config["args"])
    if "ctx" in _parameters(function) and "ctx" not in arguments:
        logger = logging.getLogger(f"parquetframe.step.{context.step}")
        arguments["ctx"] = CallContext(context.variables, 1, logger, context.cancelled)
    with at_key("format"):
        tables = [_as_format(table, config["format"]) for table in inputs]
    try:
        result = function(*tables, **arguments)
    except Exception as error:
        raise PythonStepError from error
    with at_key("call"):
        return as_table(result, config["call"])


def load(call: str, base_dir: str) -> Callable[..., Any]:
    """Import ``module:function``.

    Raises:
        WorkflowError: The form is wrong, or the module or function does not exist.
        PythonStepError: The module's own code raised.
    """
    module_name, _, name = call.partition(":")
    if not module_name or not name:
        raise WorkflowError(f"call '{call}' is not of the form module:function", code="E603")
    try:
        with _import_lock:
            sys.path.insert(0, base_dir)
            try:
                module = importlib.import_module(module_name)
            finally:
                sys.path.remove(base_dir)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            raise WorkflowError(
                f"no module '{module_name}' in {base_dir} or among the installed packages",
                code="E603",
            ) from error
        raise PythonStepError from error
    except Exception as error:
        raise PythonStepError from error
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        what = "has no function" if found is None else "has something that cannot be called named"
        raise WorkflowError(f"module '{module_name}' {what} '{name}'", code="E603")
    return found  # type: ignore[no-any-return]


def as_table(result: Any, call: str) -> pa.Table | None:
    """The table that a function returned: Arrow stream, pandas, dict of arrays or None.

    Raises:
        SchemaError: Anything else.
    """
    if result is None:
        return None
    if isinstance(result, (pa.Table, pa.RecordBatch)):
        table = result if isinstance(result, pa.Table) else pa.Table.from_batches([result])
    elif type(result).__module__.partition(".")[0] == "pandas" and hasattr(result, "columns"):
        table = pa.Table.from_pandas(result, preserve_index=False)
    elif hasattr(result, "__arrow_c_stream__"):
        table = pa.table(pa.RecordBatchReader.from_stream(result).read_all())
    elif isinstance(result, dict):
        try:
            table = pa.table(result)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise SchemaError(
                f"{call} returned a dict that is no table: {error}", code="E603"
            ) from error
    else:
        raise SchemaError(
            f"{call} returned {_describe(result)}, which is no table",
            code="E603",
            hint="accepted: pyarrow.Table, anything with __arrow_c_stream__, a pandas DataFrame, "
            "a dict of arrays, or None if no step uses the result",
        )
    names = table.column_names
    if any(names.count(name) > 1 for name in names):
        raise SchemaError(f"{call} returned two columns with one name: {names}", code="E603")
    return plain(table.replace_schema_metadata(None))


def _as_format(table: pa.Table, wanted: str) -> Any:
    if wanted == "arrow":
        return table
    try:
        if wanted == "pandas":
            return table.to_pandas()
        import polars as pl
    except ModuleNotFoundError as error:
        raise UnsupportedFeature(
            f"format '{wanted}' needs the package {error.name}",
            code="E605",
            hint=f"pip install {error.name}",
        ) from error
    return pl.from_arrow(table)


def _parameters(function: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # builtins without a signature
        return {}


def _describe(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
