"""Each algorithm as a function of a graph, or of what a graph can be made from.

A function takes the arguments of the method. Given edges instead of a graph, it also takes the
options of :meth:`parquetframe.Graph.from_edges`; there ``weight`` is the name of a column.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from .graph import Graph

__all__ = ["function"]

_BUILD = inspect.signature(Graph.from_edges).parameters


def function(name: str) -> Callable[..., Any]:
    """The function form of a method."""
    method = getattr(Graph, name)
    own = list(inspect.signature(method).parameters.values())[1:]
    names = {parameter.name for parameter in own}
    build = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in _BUILD.values()
        if parameter.name not in {"edges", *names}
    ]
    options = {parameter.name for parameter in build}
    first = inspect.Parameter("graph_or_edges", inspect.Parameter.POSITIONAL_ONLY, annotation=Any)
    signature = inspect.Signature([first, *own, *build], return_annotation=Any)

    def run(graph_or_edges: Any, /, *args: Any, **kwargs: Any) -> Any:
        given = {key: kwargs.pop(key) for key in list(kwargs) if key in options}
        if isinstance(graph_or_edges, Graph):
            if given:
                text = ", ".join(given)
                raise TypeError(f"{name}: {text} is for edges, but a Graph was given")
            return method(graph_or_edges, *args, **kwargs)
        bound = signature.bind(graph_or_edges, *args, **kwargs)  # before any work
        column = bound.arguments.get("weight") if "weight" in names else None
        if isinstance(column, str) and column != "auto":
            given["weight"] = column
            place = [parameter.name for parameter in own].index("weight")
            if len(args) > place:
                args = (*args[:place], "auto", *args[place + 1 :])
            else:
                kwargs["weight"] = "auto"
        work = {key: kwargs[key] for key in ("threads", "cancel") if key in kwargs}
        graph = Graph.from_edges(graph_or_edges, **given, **work)
        return method(graph, *args, **kwargs)

    run.__name__ = run.__qualname__ = name
    run.__module__ = "parquetframe.graph"
    run.__doc__ = _documentation(name, method)
    run.__signature__ = signature  # type: ignore[attr-defined]
    return run


def _documentation(name: str, method: Any) -> str:
    text = inspect.getdoc(method) or ""
    head, blank, rest = text.partition("\n")
    return (
        f"{head}{blank}\nAs :meth:`parquetframe.Graph.{name}`. The first argument is a graph, or "
        "edges as\n:meth:`parquetframe.Graph.from_edges` takes them, with its options; then "
        f"``weight`` names\na column.\n{rest.partition('Examples:')[0].rstrip()}\n"
    )
