"""The dictionary form of a workflow: one shape, whoever wrote it."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from typing import Any

from parquetframe.errors import ValidationError
from parquetframe.workflow.stepref import StepRef

__all__ = ["dataset", "inputs", "inputs_text", "items", "normalised", "plain", "step_name"]

_SAVES = ("save", "write", "parquet.write", "csv.write", "avro.write")


def normalised(data: Mapping[str, Any]) -> dict[str, Any]:
    """Flat keys, names filled in, a single input as text; what is malformed stays as it is."""
    result = copy.deepcopy(dict(data))
    steps = result.get("steps")
    if isinstance(steps, list):
        result["steps"] = [
            _normalised_step(step, number) if isinstance(step, dict) else step
            for number, step in enumerate(steps)
        ]
    return {key: value for key, value in result.items() if value is not None and value != {}}


def _normalised_step(step: dict[str, Any], number: int) -> dict[str, Any]:
    flat = {"name": step.get("name", f"step_{number}")}
    taken = {"name", "type", *step}
    for key, value in step.items():
        if key in ("config", "params") and isinstance(value, dict) and not value.keys() & taken:
            flat |= value
        elif key != "name" and value is not None:
            flat[key] = value
    given = flat.get("input")
    if isinstance(given, list) and len(given) == 1:
        flat["input"] = given[0]
    # In 2.0's files the `output` of a save is its path.
    if flat.get("output") == flat["name"] and flat.get("type") not in _SAVES:
        del flat["output"]
    return flat


def plain(value: Any) -> Any:
    """What a builder call may hold, as what a file may hold."""
    if isinstance(value, StepRef):
        return value.output
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def items(value: Any) -> list[Any]:
    """One or many as a list."""
    return list(value) if isinstance(value, list | tuple) else [value]


def dataset(item: Any) -> str:
    """Name of the dataset that a reference or a name stands for."""
    return item.output if isinstance(item, StepRef) else str(item)


def step_name(item: Any) -> str:
    """Name of the step that a reference or a name stands for."""
    return item.name if isinstance(item, StepRef) else str(item)


def inputs(value: Any, workflow: object) -> Any:
    """The ``input`` key for what a builder call was given.

    Raises:
        ValidationError: A step of another workflow.
    """
    for item in value.values() if isinstance(value, Mapping) else items(value):
        if isinstance(item, StepRef) and item.workflow is not workflow:
            msg = f"step '{item.name}' belongs to another workflow, {item.workflow.name!r}"
            raise ValidationError(msg)
    if isinstance(value, Mapping):
        return {alias: dataset(item) for alias, item in value.items()}
    names = [dataset(item) for item in items(value)]
    return names[0] if len(names) == 1 else names


def inputs_text(step: Mapping[str, Any]) -> str:
    """The inputs of a step on one line, for display."""
    given = step.get("input", step.get("inputs", ""))
    if isinstance(given, Mapping):
        given = list(given.values())
    return ", ".join(str(item) for item in items(given))
