"""Run a compiled workflow: choose the engine, deliver events, turn failures into exceptions."""

from __future__ import annotations

import builtins
import logging
import re
from typing import TYPE_CHECKING, Any

from parquetframe import errors
from parquetframe.cancel import CancellationToken, CancelledFlag, as_flag
from parquetframe.workflow.callables import call_name
from parquetframe.workflow.engine import choose_engine
from parquetframe.workflow.names import path_suggestion, suggestion
from parquetframe.workflow.problems import Problem
from parquetframe.workflow.result import RunResult, build_result
from parquetframe.workflow.spec.settings import MAX_PARALLEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from parquetframe.workflow.compile import CompiledPlan

    EventCallback = Callable[[dict[str, Any]], object]

__all__ = ["plan_compiled", "run_compiled", "step_error"]

_log = logging.getLogger("parquetframe.workflow")
_ABOUT_OPTIONS = ("CsvError", "AmbiguousDialect", "WriteError")


def run_compiled(
    compiled: CompiledPlan,
    *,
    callbacks: Iterable[EventCallback | None] = (),
    cancel: object = None,
    max_parallel: int | None = None,
    engine: str | None = None,
    keep: Iterable[str] = (),
    raise_on_error: bool = True,
) -> RunResult:
    """Run a valid plan; the documented form is :meth:`parquetframe.Workflow.run`.

    Args:
        compiled: A plan without errors.
        callbacks: Receivers of events.
        cancel: A token or a ``threading.Event``.
        max_parallel: Overrides the setting of the same name.
        engine: Overrides ``settings.engine`` and the environment.
        keep: Datasets to return besides the terminal ones.
        raise_on_error: Raise the first root cause instead of returning a failed result.
    """
    chosen = choose_engine(engine, compiled.engine)
    settings = compiled.canonical["settings"]
    workers = settings["max_parallel"] if max_parallel is None else _workers(max_parallel)
    canonical = {
        **_runnable(compiled.canonical),
        "settings": {**settings, "max_parallel": workers},
        "keep": _keep(keep, compiled.canonical),
    }
    flag = CancellationToken() if cancel is None else as_flag(cancel)
    events = _Events([callback for callback in callbacks if callback is not None], flag)
    raw = chosen.run(
        canonical,
        max_parallel=workers,
        on_event=events.deliver if events.callbacks else None,
        cancel=flag,
    )
    if events.interrupted:
        raise KeyboardInterrupt
    raw = {**raw, "warnings": [*raw["warnings"], *events.warnings]}
    failures = {
        name: step_error(step["error"], compiled, step["type"])
        for name, step in raw["steps"].items()
        if step["error"] is not None
    }
    result = build_result(raw, canonical, failures, chosen)
    if raise_on_error:
        _raise_unless_completed(result)
    return result


def plan_compiled(
    compiled: CompiledPlan, *, data: bool, engine: str | None = None
) -> tuple[dict[str, Any], list[Problem], str]:
    """Ask the engine for its plan.

    Returns:
        The plan as the engine gave it, what is wrong with the data, and the engine's name.
    """
    chosen = choose_engine(engine, compiled.engine)
    planned = chosen.plan(_runnable(compiled.canonical), data=data)
    return planned, [_problem(error, compiled) for error in planned["problems"]], chosen.name


def step_error(
    error: Mapping[str, Any], compiled: CompiledPlan | None, step_type: str | None
) -> errors.StepError:
    """The exception for an error dictionary of an engine, with its typed ``__cause__``."""
    error = {**error, "hint": _hint(error)}  # the cause has the same one
    problem = _problem(error, compiled)
    location = problem.location
    kind = errors.CheckError if step_type == "check" and _is_check(error) else errors.StepError
    raised = kind(
        problem.render(),
        step=error["step"],
        kind=error["kind"],
        code=error["code"],
        key=error["key"],
        hint=error["hint"],
        location=None if location is None else str(location),
        reason=error["message"],
    )
    raised.__cause__ = _cause(error)
    return raised


def _problem(error: Mapping[str, Any], compiled: CompiledPlan | None) -> Problem:
    code, message, hint = error["code"], error["message"], _hint(error)
    if compiled is None:
        return Problem(code, "error", message, error["step"], hint=hint)
    warning = error.get("severity") == "warning"
    return compiled.problem(
        code, message, step=error["step"], key=error["key"], hint=hint, warning=warning
    )


def in_words_of_a_step(hint: str) -> str:
    """A hint of a function about its arguments, as one about the keys of a step.

    Examples:
        >>> in_words_of_a_step('dtypes={"s": "string"} keeps the text')
        'schema: {"s": "string"} keeps the text'
        >>> in_words_of_a_step('ragged="fill" fills short rows with nulls')
        'ragged: "fill" fills short rows with nulls'
        >>> in_words_of_a_step("quote=None reads quotes as text")
        'quote: none reads quotes as text'
    """
    for written, key in (("dtypes=", "schema="), ("=None", "=none"), ("=True", "=true"),
                         ("=False", "=false")):  # fmt: skip
        hint = hint.replace(written, key)
    return re.sub(r"\b([a-z_]+)=(?=[\"'{a-z0-9])", r"\1: ", hint)


def _hint(error: Mapping[str, Any]) -> str | None:
    """The engine's hint; for a missing file, what its folder holds under a similar name."""
    hint: str | None = error["hint"]
    path = (error.get("data") or {}).get("path")
    if hint is None and error["class"] == "SourceNotFound" and path is not None:
        return path_suggestion(str(path))
    if hint is not None and error["class"] in _ABOUT_OPTIONS:
        return in_words_of_a_step(hint)
    return hint


def _is_check(error: Mapping[str, Any]) -> bool:
    return bool(error["class"] == "CheckError")


def _cause(error: Mapping[str, Any]) -> BaseException | None:
    """The user's own exception, else one of the class that the engine named."""
    original = error.get("exception")
    if isinstance(original, BaseException):
        return original
    name = error["class"]
    if name in ("StepError", "CheckError", None):
        return None
    found = getattr(errors, name, None)
    data = {key: value for key, value in (error.get("data") or {}).items() if key.isidentifier()}
    if isinstance(found, type) and issubclass(found, errors.ParquetFrameError):
        cause: errors.ParquetFrameError = found(error["message"], **data)
        if error["hint"] is not None:
            cause.hint = error["hint"]
        return cause
    builtin = getattr(builtins, name, None)
    if isinstance(builtin, type) and issubclass(builtin, Exception):
        return builtin(error["message"])
    return errors.InternalError(f"{name}: {error['message']}")


def _runnable(canonical: Mapping[str, Any]) -> dict[str, Any]:
    """Functions that were given as objects go to ``callables``; steps keep their names only."""
    callables: dict[str, Callable[..., Any]] = {}
    steps = []
    for step in canonical["steps"]:
        call = step["config"].get("call") if step["type"] == "python" else None
        if callable(call):
            callables[step["name"]] = call
            step = {**step, "config": {**step["config"], "call": call_name(call)}}  # noqa: PLW2901
        steps.append(step)
    return {**canonical, "steps": steps, "callables": callables}


def _raise_unless_completed(result: RunResult) -> None:
    if result.status == "completed":
        return
    if result.error is not None:
        # The records of all steps, the later failures among them, travel with the exception.
        result.error.result = result  # type: ignore[attr-defined]
        raise result.error
    done, total = result.metrics["steps_executed"], result.metrics["total_steps"]
    if result.status == "cancelled":
        msg = f"run of '{result.name}' was cancelled; {done} of {total} steps had completed"
        raise errors.RunCancelled(msg, result=result)
    msg = f"run of '{result.name}' is {result.status}, but the engine gave no reason"
    raise errors.InternalError(msg, result=result)


def _workers(max_parallel: object) -> int:
    if isinstance(max_parallel, bool) or not isinstance(max_parallel, int):
        msg = f"max_parallel must be an integer, not {max_parallel!r}"
        raise TypeError(msg)
    if not 1 <= max_parallel <= MAX_PARALLEL:
        msg = f"max_parallel must be between 1 and {MAX_PARALLEL}, not {max_parallel}"
        raise ValueError(msg)
    return max_parallel


def _keep(keep: Iterable[str], canonical: Mapping[str, Any]) -> list[str]:
    names = [keep] if isinstance(keep, str) else [str(name) for name in keep]
    datasets = [step["output"] for step in canonical["steps"]]
    for name in names:
        if name not in datasets:
            msg = f"keep: no dataset '{name}'; {suggestion(name, datasets, 'datasets')}"
            raise ValueError(msg)
    return list(dict.fromkeys([*canonical["keep"], *names]))


class _Events:
    """Passes events on. A callback that raises is logged once and dropped; Ctrl-C cancels."""

    def __init__(self, callbacks: list[EventCallback], flag: CancelledFlag) -> None:
        self.callbacks = callbacks
        self.interrupted = False
        self.warnings: list[str] = []
        self._flag = flag

    def deliver(self, event: dict[str, Any]) -> None:
        for callback in tuple(self.callbacks):
            try:
                callback(event)
            except KeyboardInterrupt:
                self.interrupted = True
                self._flag.cancel()
            except Exception as error:  # whatever a user's function raises
                self.callbacks.remove(callback)
                name = getattr(callback, "__qualname__", type(callback).__name__)
                text = f"{type(error).__name__}: {error}"
                self.warnings.append(f"event callback {name} raised {text} and was dropped")
                _log.exception("event callback %s raised and was dropped", name)
