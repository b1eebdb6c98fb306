"""The two engines behind one interface, and the choice between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from parquetframe import _backend
from parquetframe.cancel import native_token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from parquetframe.cancel import CancelledFlag

__all__ = ["Engine", "RustEngine", "choose_engine"]


class Engine(Protocol):
    """Plans and runs a canonical workflow; it fills in no defaults and knows no YAML."""

    name: str

    def plan(self, canonical: Mapping[str, Any], *, data: bool) -> dict[str, Any]:
        """Order, levels, fused groups, width and, with ``data``, the problems found in headers."""
        ...

    def run(
        self,
        canonical: Mapping[str, Any],
        *,
        max_parallel: int,
        on_event: Callable[[dict[str, Any]], None] | None,
        cancel: CancelledFlag | None,
    ) -> dict[str, Any]:
        """Run every step; a failed step is part of the result, not an exception."""
        ...


class RustEngine:
    """The compiled engine."""

    name = "rust"

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def plan(self, canonical: Mapping[str, Any], *, data: bool) -> dict[str, Any]:
        """See :meth:`Engine.plan`."""
        planned: dict[str, Any] = self._module.plan_workflow(canonical, data=data)
        return planned

    def run(
        self,
        canonical: Mapping[str, Any],
        *,
        max_parallel: int,
        on_event: Callable[[dict[str, Any]], None] | None,
        cancel: CancelledFlag | None,
    ) -> dict[str, Any]:
        """See :meth:`Engine.run`."""
        with native_token(self._module, cancel) as token:
            result: dict[str, Any] = self._module.execute_workflow(
                canonical,
                max_parallel=max_parallel,
                cancel_token=token,
                canonical=canonical,
                on_event=on_event,
            )
        return result


def choose_engine(*wishes: str | None) -> Engine:
    """The engine of the first wish that is not ``None`` or ``auto``, else of the environment.

    Raises:
        ImportError: ``rust`` was asked for, but this installation has no extension.
        ValueError: An unknown name.
    """
    wish = next((name for name in wishes if name not in (None, "auto")), None)
    if _backend.resolve(wish, needs="execute_workflow") == "rust":
        module = _backend.native()
        if module is not None:
            return RustEngine(module)
    from parquetframe.workflow._python import PythonEngine

    _backend.warn_fallback(wish)
    engine: Engine = PythonEngine()
    return engine
