"""The functions of the backend: how one is declared, bound to its arguments, counted and declined.

A function has exactly the signature of networkx, the graph first. networkx of another version may
have more parameters: they are bound by the signature that is installed; one that a function of ours
does not know is left out when it has its default, and declined otherwise.
"""

from __future__ import annotations

import functools
import inspect
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

__all__ = ["FUNCTIONS", "Registered", "algorithm", "calls"]

calls: Counter[str] = Counter()
"""How often each function really ran here, by name."""

FUNCTIONS: dict[str, Registered] = {}
"""Every function that the backend has, by the name that networkx dispatches on."""

Verdict = bool | str
Judge = Callable[[Any, SimpleNamespace], Verdict]
"""Is given the graph and all arguments by name; True, or the reason against."""


@dataclass(frozen=True)
class Registered:
    """One function of the backend.

    Attributes:
        name: What networkx dispatches on.
        function: Runs it; the graph is a :class:`parquetframe.Graph`.
        judge: Whether it can run with these arguments, which are not converted.
        advice: Whether it should, where networkx may choose.
    """

    name: str
    function: Callable[..., Any]
    judge: Judge | None = None
    advice: Judge | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function, and count that."""
        known, _ = self._bind(args, kwargs)
        calls[self.name] += 1
        return self.function(**known)

    def can_run(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Verdict:
        """True, or why not with these arguments."""
        try:
            known, unknown = self._bind(args, kwargs)
        except TypeError as error:
            odd = set(kwargs) - set(self._theirs.parameters)
            # What is missing or twice there is an error wherever it runs, and is raised there.
            return str(error) if odd else True
        if unknown:
            return f"parquetframe knows no {', '.join(unknown)} in {self.name}"
        given = SimpleNamespace(**known)
        if not hasattr(given.G, "is_multigraph"):
            return f"{type(given.G).__name__} is no graph"
        if callable(getattr(given, "weight", None)):
            return "a weight that is a function of Python runs in networkx"
        return True if self.judge is None else self.judge(given.G, given)

    def should_run(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Verdict:
        """True, or why networkx had better run it; asked after :meth:`can_run`."""
        if self.advice is None:
            return True
        known, _ = self._bind(args, kwargs)
        given = SimpleNamespace(**known)
        return self.advice(given.G, given)

    @cached_property
    def _ours(self) -> inspect.Signature:
        return inspect.signature(self.function)

    @cached_property
    def _theirs(self) -> inspect.Signature:
        """The signature in the networkx that is installed."""
        from networkx.utils import backends

        listed = getattr(backends, "_registered_algorithms", {}).get(self.name)
        dispatched = getattr(listed, "__wrapped__", None)
        function = getattr(dispatched, "orig_func", None)
        return self._ours if function is None else inspect.signature(function)

    def _bind(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[dict[str, Any], list[str]]:
        """Arguments that the function takes, and names of others that are not their default."""
        ours, theirs = self._ours.parameters, self._theirs.parameters
        own = {name: value for name, value in kwargs.items() if name not in theirs and name in ours}
        rest = {name: value for name, value in kwargs.items() if name not in own}
        bound = self._theirs.bind(*args, **rest)
        bound.apply_defaults()
        known = {name: value for name, value in bound.arguments.items() if name in ours}
        unknown = [
            name
            for name, value in bound.arguments.items()
            if name not in ours and not _is_default(value, theirs[name].default)
        ]
        for name, parameter in ours.items():  # of a later networkx
            known.setdefault(name, own.get(name, parameter.default))
        return known, unknown


def algorithm(
    *,
    can_run: Judge | None = None,
    should_run: Judge | None = None,
    name: str | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add a function to the backend.

    Args:
        can_run: Called with the graph (of networkx or ours, not converted) and all arguments as
            attributes; returns True or the reason against.
        should_run: The same, about whether it pays.
        name: What networkx dispatches on, unless that is the name of the function.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        entry = Registered(name or function.__name__, function, can_run, should_run)
        FUNCTIONS[entry.name] = entry

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            return entry(*args, **kwargs)

        return run

    return register


def _is_default(value: Any, default: Any) -> bool:
    if value is default:
        return True
    try:
        return type(value) is type(default) and bool(value == default)
    except Exception:  # of a user's __eq__
        return False
