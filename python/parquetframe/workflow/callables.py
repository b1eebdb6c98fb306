"""Functions of ``python`` steps: their import names, and whether a file can hold them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from parquetframe.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["call_name", "require_importable"]


def call_name(function: object) -> str:
    """``module:qualname`` of a function."""
    if not callable(function):
        msg = f"call must be 'module:function' or a function, not {function!r}"
        raise TypeError(msg)
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{getattr(function, '__module__', None) or '__main__'}:{name}"


def require_importable(step: str, function: Callable[..., Any]) -> None:
    """Refuse a function that its import name does not lead back to.

    Raises:
        ValidationError: A local function, a lambda, or one of the main program.
    """
    module, _, path = call_name(function).partition(":")
    found: Any = None
    if module != "__main__" and "<" not in path:
        found = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part, None)
    if found is not function:
        msg = (
            f"step '{step}': {module}:{path} cannot be imported, so it has no place in a file; "
            "define the function at the top level of a module"
        )
        raise ValidationError(msg)
