"""Functions of ``python`` steps: imported, called, and their answers turned into tables.

Both engines call a function through this module, so that it sees the same arguments and fails with
the same text. ``module:function`` is imported with the workflow's ``base_dir`` at position 0 of
``sys.path`` for the time of the import only: a module next to the workflow file wins over an
installed one. The function is called as ``fn(*inputs, **args)``, with ``ctx=`` if its signature
has it.
"""

from __future__ import annotations

import importlib
import inspect
import logging
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parquetframe.errors import SchemaError, UnsupportedFeature, WorkflowError
from parquetframe.workflow.names import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa

    from parquetframe.cancel import CancelledFlag

__all__ = ["CallContext", "FunctionRaised", "as_table", "call_for_engine", "call_function", "load"]

_import_lock = threading.Lock()
_SHOWN = 60


class FunctionRaised(Exception):
    """Marks that ``__cause__`` came out of the user's code; never leaves an engine."""


@dataclass(frozen=True)
class CallContext:
    """What a function gets as ``ctx``.

    Attributes:
        variables: Variables of the run.
        attempt: 1 for the first call.
        logger: Logger of the step.
        cancelled: Whether the run is being stopped.
    """

    variables: Mapping[str, Any]
    attempt: int
    logger: logging.Logger
    cancelled: Callable[[], bool]


def call_for_engine(
    step: str,
    config: Mapping[str, Any],
    tables: Sequence[pa.Table],
    canonical: Mapping[str, Any],
    token: CancelledFlag,
) -> pa.Table | None:
    """Run the function of ``step``; the compiled engine's way in."""
    return call_function(
        step,
        config,
        tables,
        function=(canonical.get("callables") or {}).get(step),
        base_dir=canonical["base_dir"],
        variables=canonical["variables"],
        cancelled=token.is_cancelled,
    )


def call_function(
    step: str,
    config: Mapping[str, Any],
    tables: Sequence[pa.Table],
    *,
    function: Callable[..., Any] | None,
    base_dir: str,
    variables: Mapping[str, Any],
    cancelled: Callable[[], bool],
) -> pa.Table | None:
    """Call a function with tables and turn what it returns into one.

    Args:
        step: Name of the step.
        config: ``call``, ``args`` and ``format`` of the step.
        tables: Inputs.
        function: The function itself, if it was handed over as an object.
        base_dir: Folder of the workflow, searched first for the module.
        variables: Variables of the run.
        cancelled: Whether the run is being stopped.

    Raises:
        FunctionRaised: The user's code raised; ``__cause__`` is its exception.
        WorkflowError: The function cannot be found.
        SchemaError: The function returned no table.
    """
    call = config["call"]
    found = load(call, base_dir) if function is None else function
    arguments = dict(config["args"])
    if "ctx" in _parameters(found) and "ctx" not in arguments:
        logger = logging.getLogger(f"parquetframe.step.{step}")
        arguments["ctx"] = CallContext(variables, 1, logger, cancelled)
    inputs = [_as_format(table, config["format"]) for table in tables]
    try:
        result = found(*inputs, **arguments)
    except (Exception, SystemExit) as error:  # a step cannot end the whole program
        raise FunctionRaised from error
    return as_table(result, call)


def load(call: str, base_dir: str) -> Callable[..., Any]:
    """Import ``module:function``.

    Raises:
        WorkflowError: The form is wrong, or the module or function does not exist.
        FunctionRaised: The module's own code raised.
    """
    module_name, _, name = call.partition(":")
    if not module_name or not name:
        msg = f"call '{call}' is not of the form module:function"
        raise WorkflowError(msg, code="E603", key="call")
    try:
        with _import_lock:
            sys.path.insert(0, base_dir)
            try:
                module = importlib.import_module(module_name)
            finally:
                sys.path.remove(base_dir)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            msg = f"no module '{module_name}' in {base_dir} or among the installed packages"
            raise WorkflowError(msg, code="E603", key="call") from error
        raise FunctionRaised from error
    except (Exception, SystemExit) as error:
        raise FunctionRaised from error
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        what = "has no function" if found is None else "has something that cannot be called named"
        functions = [key for key, value in vars(module).items() if callable(value)]
        raise WorkflowError(
            f"module '{module_name}' {what} '{name}'",
            code="E603",
            key="call",
            hint=suggestion(name, [key for key in functions if key[0] != "_"], "functions"),
        )
    return found  # type: ignore[no-any-return]


def as_table(result: Any, call: str) -> pa.Table | None:
    """The table that a function returned: Arrow stream, pandas, dict of arrays or None.

    Raises:
        SchemaError: Anything else.
    """
    import pyarrow as pa

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
            msg = f"{call} returned a dict that is no table: {error}"
            raise SchemaError(msg, code="E603", key="call") from error
    else:
        raise SchemaError(
            f"{call} returned {_describe(result)}, which is no table",
            code="E603",
            key="call",
            hint="accepted: pyarrow.Table, anything with __arrow_c_stream__, a pandas DataFrame, "
            "a dict of arrays, or None if no step uses the result",
        )
    names = table.column_names
    if any(names.count(name) > 1 for name in names):
        msg = f"{call} returned two columns with one name: {names}"
        raise SchemaError(msg, code="E603", key="call")
    return table.replace_schema_metadata(None)


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
            key="format",
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
    return f"{type(value).__name__} {text if len(text) <= _SHOWN else text[: _SHOWN - 3] + '...'}"
