"""Declare a data workflow, tables and graphs alike, and run it in parallel on Arrow data.

Public names load on first use, so that ``import parquetframe`` stays quick.

Examples:
    >>> import parquetframe as pf
    >>> wf = pf.Workflow("late")
    >>> late = wf.read("flights", path="flights.csv").filter("late", where="arr_delay > 15")
    >>> [step["name"] for step in wf.to_dict()["steps"]]
    ['flights', 'late']
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parquetframe import errors, types, workflow
    from parquetframe._backend import BackendInfo, backend_info
    from parquetframe.cancel import CancellationToken
    from parquetframe.workflow import RunResult, Workflow

    __version__: str

__all__ = [
    "BackendInfo",
    "CancellationToken",
    "RunResult",
    "Workflow",
    "__version__",
    "backend_info",
    "errors",
    "types",
    "workflow",
]

_MODULES = ("errors", "types", "workflow")
_ATTRIBUTES = {
    "BackendInfo": "parquetframe._backend",
    "CancellationToken": "parquetframe.cancel",
    "RunResult": "parquetframe.workflow",
    "Workflow": "parquetframe.workflow",
    "backend_info": "parquetframe._backend",
}


def __getattr__(name: str) -> Any:
    value: Any
    if name in _MODULES:
        value = importlib.import_module(f"parquetframe.{name}")
    elif name in _ATTRIBUTES:
        value = getattr(importlib.import_module(_ATTRIBUTES[name]), name)
    elif name == "__version__":
        value = importlib.import_module("parquetframe._backend").package_version()
    else:
        msg = f"module 'parquetframe' has no attribute {name!r}"
        raise AttributeError(msg)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
