"""``Workflow``: made from a file, a dictionary or method calls; validated, planned, run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parquetframe.errors import ValidationError
from parquetframe.workflow.callables import call_name, require_importable
from parquetframe.workflow.combine import WorkflowMethods
from parquetframe.workflow.fluent_base import Common, PathLike
from parquetframe.workflow.shape import (
    dataset,
    inputs,
    inputs_text,
    items,
    normalised,
    plain,
    step_name,
)
from parquetframe.workflow.stepref import StepRef

if TYPE_CHECKING:
    from parquetframe.workflow.compile import CompiledPlan
    from parquetframe.workflow.document import Document
    from parquetframe.workflow.plan import Plan
    from parquetframe.workflow.problems import Problem
    from parquetframe.workflow.result import RunResult

__all__ = ["StepRef", "Workflow"]

DEFAULT_NAME = "workflow"


class Workflow(WorkflowMethods):
    """A declared workflow.

    Args:
        name: Free text, shown in results.
        variables: Variables by name: a default value, or a mapping with ``default``, ``type`` ...
        settings: Settings of the file format, such as ``max_parallel``.
        description: For people.
        base_dir: Relative paths start here; the current directory by default.

    Examples:
        >>> wf = Workflow("nyc", variables={"late_min": 15})
        >>> flights = wf.read("flights", path="flights.csv")
        >>> late = flights.filter("late", where="arr_delay > ${late_min}")
        >>> late.groupby("by_carrier", by="carrier", agg={"n": "count"})
        <StepRef 'by_carrier' of 'nyc'>
        >>> Workflow.from_yaml(wf.to_yaml()) == wf
        True
    """

    def __init__(
        self,
        name: str,
        *,
        variables: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        description: str | None = None,
        base_dir: PathLike | None = None,
    ) -> None:
        head = {
            "name": name,
            "description": description,
            "variables": variables,
            "settings": settings,
        }
        self._data: dict[str, Any] = {
            key: plain(value) for key, value in head.items() if value is not None and value != {}
        }
        self._data["steps"] = []
        self._names: set[str] = set()
        self._base_dir = None if base_dir is None else Path(base_dir).absolute()
        self._document: Document | None = None
        self._callables: dict[str, Callable[..., Any]] = {}

    @classmethod
    def from_yaml(cls, source: PathLike) -> Workflow:
        """Load a workflow from a path, or from YAML text (a string with a line break).

        Raises:
            ValidationError: The text is not YAML or not a mapping.
            SourceNotFound: There is no such file.
        """
        from parquetframe.workflow.document import load_document

        return cls._from_document(load_document(source))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, base_dir: PathLike | None = None) -> Workflow:
        """Load a workflow from a dictionary in the shape of the file format."""
        from parquetframe.workflow.document import document_from_dict

        return cls._from_document(document_from_dict(data, base_dir=base_dir))

    @classmethod
    def _from_document(cls, document: Document) -> Workflow:
        data = normalised(document.data)
        data.setdefault("name", document.path.stem if document.path else DEFAULT_NAME)
        workflow = cls(str(data["name"]), base_dir=document.base_dir)
        workflow._data = data
        workflow._names = set(workflow.steps)
        for step in workflow._steps():
            for key in ("call", "function"):
                if callable(step.get(key)):
                    workflow._callables[step["name"]] = step[key]
                    step[key] = call_name(step[key])
        workflow._document = document
        return workflow

    @property
    def name(self) -> str:
        """Name of the workflow."""
        return str(self._data["name"])

    @property
    def steps(self) -> tuple[str, ...]:
        """Names of the steps, in file order."""
        return tuple(step["name"] for step in self._steps())

    def __getitem__(self, name: str) -> StepRef:
        """A step by name, to go on from there."""
        for step in self._steps():
            if step["name"] == name:
                return StepRef(self, name, step.get("output", name))
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self.steps)

    def to_dict(self) -> dict[str, Any]:
        """The workflow in the shape of the file format, with names filled in and keys flat."""
        return normalised(self._data)

    def to_yaml(self, path: PathLike | None = None) -> str:
        """The workflow as YAML text, also written to ``path`` if given.

        A file in another directory than the workflow's own gets ``settings.base_dir``, so that
        relative paths keep their meaning.

        Raises:
            ValidationError: A ``python`` step has a function that cannot be imported.
        """
        from parquetframe.workflow.document import dump_yaml

        for step, function in self._callables.items():
            require_importable(step, function)
        data = self.to_dict()
        if path is None:
            return dump_yaml(data)
        target = Path(path).absolute()
        base = self._base_dir or Path.cwd()
        settings = data.get("settings") or {}
        if base.resolve() != target.parent.resolve() and "base_dir" not in settings:
            data["settings"] = {**settings, "base_dir": os.fspath(base)}
        text = dump_yaml(data)
        target.write_text(text, encoding="utf-8")
        return text

    def validate(
        self,
        variables: Mapping[str, Any] | None = None,
        *,
        data: bool = True,
        strict: bool = False,
    ) -> list[Problem]:
        """Find everything that is wrong, without running anything.

        Args:
            variables: Values that override those of the workflow.
            data: Also open headers and footers of the files, and check columns and types.
            strict: Treat warnings as errors.

        Returns:
            Problems in file order; an empty list means that the workflow is valid.
        """
        compiled = self._compile(variables, strict=strict)
        problems = list(compiled.problems)
        if data and not compiled.errors:
            from parquetframe.workflow.run import plan_compiled

            _, found, _ = plan_compiled(compiled, data=True)
            problems = sorted(problems + found, key=lambda p: (p.line or 0, p.column or 0))
        return problems

    def plan(self, variables: Mapping[str, Any] | None = None, *, data: bool = True) -> Plan:
        """Order, levels and fused groups of the steps.

        Args:
            variables: Values that override those of the workflow.
            data: Also open headers and footers of the files, and check columns and types.

        Raises:
            ValidationError: The workflow is not valid.
        """
        from parquetframe.workflow.plan import build_plan
        from parquetframe.workflow.problems import render_problems
        from parquetframe.workflow.run import plan_compiled

        compiled = self._compile(variables)
        compiled.raise_if_invalid()
        planned, problems, engine = plan_compiled(compiled, data=data)
        if any(problem.severity == "error" for problem in problems):
            raise ValidationError(render_problems(problems), problems=problems)
        return build_plan(compiled.canonical, planned, engine)

    def run(
        self,
        variables: Mapping[str, Any] | None = None,
        *,
        progress: Callable[[dict[str, Any]], object] | None = None,
        on_event: Callable[[dict[str, Any]], object] | None = None,
        cancel: object = None,
        max_parallel: int | None = None,
        engine: str | None = None,
        keep: Iterable[str | StepRef] = (),
        raise_on_error: bool = True,
    ) -> RunResult:
        """Run every step, independent ones at the same time.

        Args:
            variables: Values that override those of the workflow.
            progress: Called with each event; for display.
            on_event: Called with each event; for programs. A callback that raises is dropped.
            cancel: A :class:`parquetframe.CancellationToken` or ``threading.Event``.
            max_parallel: Steps to run at the same time at most.
            engine: ``auto``, ``rust`` or ``python``; before settings and environment.
            keep: Datasets to return besides those that nobody consumes.
            raise_on_error: Raise the first root cause; otherwise it is in ``RunResult.error``.

        Raises:
            ValidationError: The workflow is not valid; nothing was run.
            StepError: A step failed. ``result`` has the records of all steps.
            CheckError: A ``check`` step found bad rows.
            RunCancelled: The run was cancelled.
        """
        from parquetframe.workflow.run import run_compiled

        names = [keep] if isinstance(keep, str | StepRef) else keep
        compiled = self._compile(variables)
        compiled.raise_if_invalid()
        return run_compiled(
            compiled,
            callbacks=(progress, on_event),
            cancel=cancel,
            max_parallel=max_parallel,
            engine=engine,
            keep=[dataset(name) for name in names],
            raise_on_error=raise_on_error,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Workflow):
            return NotImplemented
        mine, theirs = self._callables, other._callables
        return self.to_dict() == other.to_dict() and all(
            mine[step] is theirs[step] for step in mine.keys() & theirs.keys()
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Workflow {self.name!r}: {len(self._steps())} steps>"

    def _repr_html_(self) -> str:
        import html

        cells = "".join(
            "<tr>"
            + "".join(
                f"<td>{html.escape(text)}</td>"
                for text in (step["name"], str(step.get("type", "")), inputs_text(step))
            )
            + "</tr>"
            for step in self._steps()
        )
        return (
            f"<p><b>{html.escape(self.name)}</b></p><table><thead><tr><th>step</th><th>type</th>"
            f"<th>input</th></tr></thead><tbody>{cells}</tbody></table>"
        )

    def _steps(self) -> list[dict[str, Any]]:
        steps = self._data.get("steps")
        return [s for s in steps if isinstance(s, dict)] if isinstance(steps, list) else []

    def _add(
        self,
        kind: str,
        name: str,
        input: Any,  # noqa: A002
        keys: Mapping[str, Any],
        common: Common,
        function: Callable[..., Any] | None = None,
    ) -> StepRef:
        unknown = sorted(common.keys() - Common.__optional_keys__)
        if unknown:
            msg = f"{kind}() got an unexpected keyword argument {unknown[0]!r}"
            raise TypeError(msg)
        if name in self._names:
            msg = f"a step is called '{name}' already"
            raise ValidationError(msg)
        step: dict[str, Any] = {"name": name, "type": kind}
        if input is not None:
            step["input"] = inputs(input, self)
        step |= {key: plain(value) for key, value in keys.items() if value is not None}
        if common.get("depends_on") is not None:
            step["depends_on"] = [step_name(item) for item in items(common["depends_on"])]
        for key in ("output", "description", "tags"):
            if common.get(key) is not None:
                step[key] = plain(common.get(key))
        steps = self._data.setdefault("steps", [])
        if not isinstance(steps, list):
            msg = f"'steps' must be a list, not {type(steps).__name__}"
            raise ValidationError(msg)
        steps.append(step)
        self._names.add(name)
        self._document = None
        if function is not None:
            self._callables[name] = function
        return StepRef(self, name, step.get("output", name))

    def _functions(self, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The steps of ``data`` whose function was given as an object."""
        if not self._callables:
            return []
        return [step for step in data["steps"] if step.get("name") in self._callables]

    def _compile(
        self, variables: Mapping[str, Any] | None, *, strict: bool = False
    ) -> CompiledPlan:
        from parquetframe.workflow.compile import compile_plan
        from parquetframe.workflow.document import document_from_dict

        document = self._document
        if document is None:
            data = self.to_dict()
            for step in self._functions(data):
                key = "call" if "call" in step else "function"
                step[key] = self._callables[step["name"]]
            document = document_from_dict(data, base_dir=self._base_dir)
        return compile_plan(document, variables=variables, strict=strict)
