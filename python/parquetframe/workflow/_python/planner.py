"""Finds wrong names and types before a run: every step runs on tables without rows.

Only footers, headers and the first lines of files are read. Types of CSV columns come from those
lines, so an error that rests on them is a warning. Python steps are not called: what comes after
them is not checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from parquetframe.workflow.function_step import FunctionRaised

from .dag import Dag
from .failure import error_dict
from .registry import STEPS
from .steps.context import StepContext
from .steps.read import find_files, is_csv

if TYPE_CHECKING:
    import pyarrow as pa

_CERTAIN: Final = {"E300", "E301", "E303", "E501", "E605"}


def find_problems(canonical: Mapping[str, Any], dag: Dag) -> list[dict[str, Any]]:
    """Error dicts with ``severity``, in file order."""
    schemas: dict[str, pa.Table] = {}
    unsure: set[str] = set()  # datasets whose types rest on the first lines of a CSV file
    problems: dict[str, dict[str, Any]] = {}
    for name in dag.order():
        step = dag.steps[name]
        if step["type"] in {"python", "noop"} or any(d not in schemas for d in step["inputs"]):
            continue
        if step["type"] == "read" and _made_by_run(step, dag):
            continue
        context = StepContext(
            step=name,
            inputs=tuple(step["inputs"]),
            base_dir=canonical["base_dir"],
            variables=canonical["variables"],
            planning=True,
        )
        doubtful = any(d in unsure for d in step["inputs"])
        if step["type"] == "read" and not step["config"]["schema"]:
            doubtful = is_csv(step["config"])
        try:
            table = STEPS[step["type"]](
                step["config"], [schemas[d].slice(0, 0) for d in step["inputs"]], context
            )
        except FunctionRaised:  # pragma: no cover - python steps are not called here
            continue
        except Exception as error:
            problem = error_dict(name, error)
            warn = doubtful and problem["code"] not in _CERTAIN and problem["kind"] == "data"
            problems[name] = {**problem, "severity": "warning" if warn else "error"}
            continue
        if table is not None:
            schemas[step["output"]] = table.slice(0, 0)
            if doubtful:
                unsure.add(step["output"])
    return [problems[name] for name in dag.steps if name in problems]


def _made_by_run(step: Mapping[str, Any], dag: Dag) -> bool:
    """Whether the file to read is one that another step writes first."""
    written = {s["config"]["path"] for s in dag.steps.values() if s["type"] == "save"}
    paths = set(step["config"]["path"])
    if paths & written:
        return True
    try:
        found = set(find_files(step["config"]["path"]))
    except OSError:
        return any(dag.steps[d]["type"] == "save" for d in dag.before[step["name"]])
    return bool(found & written)
