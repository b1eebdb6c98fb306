"""Exceptions of steps become the error dicts that engines hand to Python's reporting."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from parquetframe import errors
from parquetframe.workflow.function_step import FunctionRaised

if TYPE_CHECKING:
    from collections.abc import Iterator

_FACTS: Final = (
    "path", "line", "row", "column", "byte", "text", "position", "cycle", "vertex", "rows",
)  # fmt: skip


@contextmanager
def at_key(key: str) -> Iterator[None]:
    """Note on errors raised inside which key of the step's config they concern."""
    try:
        yield
    except errors.ParquetFrameError as error:
        if getattr(error, "key", None) is None:
            error.key = key  # type: ignore[attr-defined]
        raise


def error_dict(step: str, error: BaseException) -> dict[str, Any]:
    """Describe ``error`` as the result and event dicts of a run want it."""
    result: dict[str, Any] = {
        "step": step,
        "key": getattr(error, "key", None),
        "code": _own_code(error) or _code(error),
        "kind": _kind(error),
        "class": _class_name(error),
        "message": _message(error),
        "hint": getattr(error, "hint", None),
        "data": {
            name: value
            for name in _FACTS
            if (value := getattr(error, name, None)) is not None
            and isinstance(error, errors.ParquetFrameError)
        },
    }
    if isinstance(error, FunctionRaised):
        result["exception"] = error.__cause__
    return result


def _kind(error: BaseException) -> str:
    if isinstance(error, FunctionRaised):
        return "python"
    if isinstance(error, (MemoryError, pa.ArrowMemoryError)):
        return "memory"
    if isinstance(error, (errors.CsvError, errors.ParquetError, errors.AvroError)):
        return "data"
    if isinstance(error, OSError):
        return "io"
    if isinstance(error, errors.ParquetFrameError):
        return "internal" if isinstance(error, errors.InternalError) else "data"
    return "data" if isinstance(error, (pa.ArrowException, RecursionError)) else "internal"


def _own_code(error: BaseException) -> str | None:
    return getattr(error, "code", None) if isinstance(error, errors.ParquetFrameError) else None


def _code(error: BaseException) -> str:
    table: tuple[tuple[type[BaseException], str], ...] = (
        (FunctionRaised, "E603"),
        (MemoryError, "E604"),
        (errors.SourceNotFound, "E501"),
        (errors.WriteError, "E503"),
        (errors.UnsupportedFeature, "E605"),
        (errors.CheckError, "E602"),
        (OSError, "E502"),
        (errors.InternalError, "E699"),
        (errors.ParquetFrameError, "E601"),
        (pa.ArrowException, "E601"),
        (RecursionError, "E601"),
    )
    return next((code for kind, code in table if isinstance(error, kind)), "E699")


def _class_name(error: BaseException) -> str:
    if isinstance(error, FunctionRaised):
        return "StepError"
    if isinstance(error, errors.ParquetFrameError):
        return type(error).__name__
    if isinstance(error, (MemoryError, pa.ArrowMemoryError)):
        return "LimitExceeded"
    if isinstance(error, OSError):
        return "IoError"
    data = isinstance(error, (pa.ArrowException, RecursionError))
    return "ExpressionError" if data else "InternalError"


def _message(error: BaseException) -> str:
    if isinstance(error, FunctionRaised):
        cause = error.__cause__ or error
        return f"{type(cause).__name__}: {cause}"
    if isinstance(error, errors.ParquetFrameError):
        return str(error)
    if isinstance(error, (MemoryError, pa.ArrowMemoryError)):
        return f"out of memory: {error}" if str(error) else "out of memory"
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror or error}{where}"
    if isinstance(error, pa.ArrowException):
        return str(error).splitlines()[0]
    if isinstance(error, RecursionError):  # only expressions nest without bound
        return "the expression is nested too deeply"
    return f"{type(error).__name__}: {error}"
