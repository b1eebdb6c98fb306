"""The pure-Python engine, on pyarrow and sqlglot.

It loads on first use: readers and writers take single modules from here, and its steps take theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine import PythonEngine

__all__ = ["PythonEngine"]


def __getattr__(name: str) -> Any:
    if name != "PythonEngine":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from .engine import PythonEngine

    return PythonEngine
