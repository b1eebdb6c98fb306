"""The object that networkx dispatches to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from .config import min_nodes
from .convert import convert_from_nx, convert_to_nx
from .expected import on_start_tests
from .registry import FUNCTIONS, Registered

__all__ = ["Backend", "backend"]


class Backend:
    """One attribute for each function that the backend has, and what networkx asks beside that."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return _functions()[name]
        except KeyError:
            raise AttributeError(f"parquetframe has no networkx function {name!r}") from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_functions()})

    convert_from_nx = staticmethod(convert_from_nx)
    convert_to_nx = staticmethod(convert_to_nx)
    on_start_tests = staticmethod(on_start_tests)

    def can_run(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool | str:
        """True, or why the function cannot run with these arguments."""
        entry = _functions().get(name)
        if entry is None:
            return f"parquetframe has no {name}"
        return entry.can_run(tuple(args), kwargs)

    def should_run(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool | str:
        """True, or why networkx had better run it; asked only where networkx may choose."""
        graph = args[0] if args else kwargs["G"]
        least = min_nodes()
        if len(graph) < least:
            return f"the graph has {len(graph)} nodes, fewer than min_nodes={least}"
        return _functions()[name].should_run(tuple(args), kwargs)


@cache
def _functions() -> Mapping[str, Registered]:
    """Every function, loaded when the first is asked for.

    Raises:
        ImportError: networkx is missing.
    """
    try:
        import networkx as nx  # noqa: F401 - only whether it is there
    except ModuleNotFoundError as error:
        if error.name != "networkx":
            raise
        text = "parquetframe.nx_backend needs the package networkx: pip install networkx"
        raise ImportError(text, name="networkx") from error
    from . import functions  # noqa: F401 - registers them

    return FUNCTIONS


backend = Backend()
