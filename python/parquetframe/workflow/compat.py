"""The dictionaries of parquetframe 2.0: configurations in, results and progress events out.

The extension calls these functions when it is used under its 2.0 names, so that there is one
reader of configurations and one list of key names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from parquetframe.workflow.run import step_error
from parquetframe.workflow.spec import STEP_TYPES, TYPE_ALIASES

__all__ = [
    "canonicalize",
    "canonicalize_step",
    "canonicalize_steps",
    "compat_result",
    "context_table",
    "dag_result",
    "progress_event",
    "step_result",
]

_TINY_MS = 1e-6
_STEP_NAME = "step"
_PROGRESS = {
    "step_started": "started",
    "step_completed": "completed",
    "step_failed": "failed",
    "step_cancelled": "cancelled",
}


def canonicalize(config: Mapping[str, Any], has_handler: bool = False) -> dict[str, Any]:
    """Validate a 2.0 configuration and bring it into the form that engines run.

    Args:
        config: ``name``, ``variables`` and ``steps`` as in a workflow file.
        has_handler: A handler replaces every step body, so that any type is allowed. Without one,
            a step that has no keys of its own does nothing: it is scheduled, timed and reported.

    Raises:
        ValidationError: The configuration is not valid.
        CycleError: Steps wait for each other.
    """
    return _compile(config, handlers=has_handler)


def canonicalize_steps(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Bring a list of steps into canonical form, for its graph; unknown types are allowed.

    Raises:
        ValidationError: A step is not valid or waits for an unknown one.
        CycleError: Steps wait for each other.
    """
    if isinstance(steps, list | tuple):
        steps = [_graph_step(step) for step in steps]
    return _compile({"name": "dag", "steps": steps}, handlers=False)


def canonicalize_step(
    step_type: str, config: Mapping[str, Any], context: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Make a workflow of one step; it is the last one.

    Args:
        step_type: Type of the step.
        config: Its keys.
        context: ``variables`` by name, and ``data``: Arrow tables by dataset name. A step that
            names no ``input`` takes the only dataset, or the one called ``data``.

    Raises:
        ValidationError: The step is not valid.
    """
    context = context or {}
    tables = dict(context.get("data") or {})
    name = _STEP_NAME
    while name in tables:
        name += "_"
    step: dict[str, Any] = {**config, "name": name, "type": step_type}
    spec = STEP_TYPES.get(TYPE_ALIASES.get(step_type, step_type))
    if len(tables) == 1 and "input" not in step and (spec is None or spec.max_inputs != 0):
        step["input"] = next(iter(tables))
    sources = [
        {"name": dataset, "type": "python", "call": f"{__name__}:context_table"}
        for dataset in tables
    ]
    workflow = {
        "name": step_type,
        "variables": dict(context.get("variables") or {}),
        "steps": [*sources, step],
    }
    canonical = _compile(workflow, handlers=False)
    canonical["callables"] = {
        dataset: (lambda table=table: table) for dataset, table in tables.items()
    }
    return canonical


def context_table() -> None:
    """Stand-in by which a table of the context has a place in the workflow.

    Raises:
        LookupError: Always; the run gets the table itself.
    """
    msg = "the table belongs to the context of execute_step and is not available here"
    raise LookupError(msg)


def compat_result(
    result: Mapping[str, Any], asked_max_parallel: int | None = None
) -> dict[str, Any]:
    """The 2.0 result of ``execute_workflow``: a cancelled run is ``failed`` there."""
    status = result["status"]
    return {
        "status": "completed" if status == "completed" else "failed",
        "total_steps": result["total_steps"],
        "steps_executed": result["steps_executed"],
        "failed_steps": result["failed_steps"],
        "execution_time_ms": max(float(result["execution_time_ms"]), _TINY_MS),
        "parallel_workers": asked_max_parallel or os.cpu_count() or 1,
        "peak_parallelism": result["peak_parallelism"],
        "cancelled": status == "cancelled" or bool(result.get("cancelled")),
        "skipped_steps": result["skipped_steps"],
        "run_id": result["run_id"],
        "error": result["error"],
        "outputs": result["outputs"],
        "steps": result["steps"],
        "warnings": result["warnings"],
    }


def step_result(
    step_type: str, canonical: Mapping[str, Any], result: Mapping[str, Any]
) -> dict[str, Any]:
    """The 2.0 result of ``execute_step``.

    Raises:
        StepError: The step failed.
    """
    if result["error"] is not None:
        raise step_error(result["error"], None, step_type)
    step = canonical["steps"][-1]
    rows = result["steps"][step["name"]]["rows"]
    output = result["outputs"].get(step["output"])
    if rows is None and output is not None:
        rows = getattr(output, "num_rows", None)
    counted = "" if rows is None else f": {rows} rows"
    return {
        "status": "executed",
        "step_type": step_type,
        "message": f"executed step of type '{step_type}'{counted}",
        "rows": rows,
        "output": output,
    }


def dag_result(planned: Mapping[str, Any]) -> dict[str, Any]:
    """The 2.0 result of ``create_dag``."""
    steps, levels = len(planned["order"]), len(planned["levels"])
    return {
        "dag_created": True,
        "num_steps": steps,
        "message": f"{steps} steps in {levels} levels",
        "levels": planned["levels"],
        "edges": planned["edges"],
    }


def progress_event(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """The 2.0 progress event for one of ours, or ``None`` where 2.0 had none."""
    kind = _PROGRESS.get(event["type"])
    if kind is None:
        return None
    step = event["step"]
    progress = {
        "type": kind,
        "step_id": step,
        "timestamp": event["ts"],
        "message": event.get("message") or f"step '{step}' {kind}",
    }
    if kind == "failed":
        error = event.get("error") or {}
        progress["error"] = error.get("message") or progress["message"]
    return progress


def _compile(config: Any, *, handlers: bool) -> dict[str, Any]:
    from parquetframe.workflow.compile import compile_plan
    from parquetframe.workflow.document import document_from_dict

    compiled = compile_plan(
        document_from_dict(config), allow_handlers=handlers, allow_noop=not handlers
    )
    compiled.raise_if_invalid()
    return dict(compiled.canonical)


def _graph_step(step: Any) -> Any:
    """A step of unknown type keeps its place in the graph only."""
    kind = step.get("type") if isinstance(step, Mapping) else None
    if not isinstance(kind, str) or TYPE_ALIASES.get(kind, kind) in STEP_TYPES:
        return step
    kept = ("name", "type", "input", "inputs", "output", "depends_on", "description", "tags")
    return {key: step[key] for key in kept if key in step}
