"""A document to the canonical plan, with every problem that can be seen without data."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from parquetframe.errors import CycleError, ValidationError
from parquetframe.workflow.canonical import canonical_form, workflow_name
from parquetframe.workflow.edges import link
from parquetframe.workflow.field import INVALID, Field, Scope, describe
from parquetframe.workflow.json_schema import json_schema
from parquetframe.workflow.problems import Location, Problem, render_problems
from parquetframe.workflow.spec import SETTINGS, TOP_LEVEL
from parquetframe.workflow.spec.model import Entry
from parquetframe.workflow.steps import Modes, read_steps, stop_on_failure
from parquetframe.workflow.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parquetframe.workflow.document import Document
    from parquetframe.workflow.steps import Draft
    from parquetframe.workflow.yaml_nodes import Path

__all__ = ["CompiledPlan", "compile_plan", "json_schema"]


@dataclass
class CompiledPlan:
    """A plan, or what is wrong with it.

    Attributes:
        canonical: The canonical form. Where there are errors it is incomplete and must not run.
        problems: Errors and warnings in file order.
        document: Where it came from.
        engine: ``auto``, ``rust`` or ``python``.
        secrets: Names of variables whose values must not be shown.
        strict: Whether warnings were made errors.
    """

    canonical: dict[str, Any]
    problems: list[Problem]
    document: Document
    engine: str = "auto"
    secrets: frozenset[str] = frozenset()
    strict: bool = False
    _drafts: dict[str, Draft] = field(default_factory=dict, repr=False)

    @property
    def errors(self) -> list[Problem]:
        """Problems that forbid a run."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        """Problems that do not."""
        return [problem for problem in self.problems if problem.severity == "warning"]

    def raise_if_invalid(self) -> None:
        """Do nothing if the plan can run.

        Raises:
            CycleError: Steps wait for each other.
            ValidationError: Anything else.
        """
        if not self.errors:
            return
        message = render_problems(self.problems)
        for problem in self.errors:
            if problem.code == "E201":
                raise CycleError(message, problems=self.problems, cycle=list(problem.related))
        raise ValidationError(message, problems=self.problems)

    def location(self, step_name: str, key: str | None = None) -> Location | None:
        """Where a step, or a key of it, stands.

        Args:
            step_name: Name of the step.
            key: Canonical key path such as ``where``, ``columns.late`` or ``rules.2``. What the
                file does not have falls back to the parent key, then to the step.
        """
        draft = self._drafts.get(step_name)
        if draft is None:
            return None
        return self.document.locate(self._key_path(draft, key) if key else draft.field.path)

    def _key_path(self, draft: Draft, key: str) -> Path:
        for known in sorted(draft.places, key=len, reverse=True):
            if key == known or key.startswith(known + "."):
                return self._descend(draft.places[known], key[len(known) + 1 :])
        name, _, rest = key.partition(".")
        path = draft.given.get(name)
        return draft.field.path if path is None else self._descend(path, rest)

    def _descend(self, path: Path, rest: str) -> Path:
        """Follow ``rest`` from ``path`` as far as the document goes; names may hold dots."""
        value: Any = self.document.data
        try:
            for part in path:
                value = value[part]
        except (KeyError, IndexError, TypeError):
            return path
        if not rest:
            return path
        if isinstance(value, list):
            return self._descend_list(value, path, rest)
        if isinstance(value, dict):
            for name in sorted((k for k in value if isinstance(k, str)), key=len, reverse=True):
                if rest == name or rest.startswith(name + "."):
                    return self._descend((*path, name), rest[len(name) + 1 :])
        return path

    def _descend_list(self, items: list[Any], path: Path, rest: str) -> Path:
        head, _, tail = rest.partition(".")
        if head.isdecimal() and int(head) < len(items):
            return self._descend((*path, int(head)), tail)
        for index, item in enumerate(items):
            if item == rest:
                return (*path, index)
            if isinstance(item, dict) and (rest in item or head in item):
                return self._descend((*path, index), rest)
        return path

    def problem(
        self,
        code: str,
        message: str,
        *,
        step: str | None = None,
        key: str | None = None,
        hint: str | None = None,
        warning: bool = False,
    ) -> Problem:
        """A problem found later, such as by an engine, with its place in this document."""
        location = self.location(step, key) if step is not None else None
        excerpt = self.document.excerpt(location) if location is not None else None
        severity = "warning" if warning and not self.strict else "error"
        return Problem(code, severity, message, step, location, hint, excerpt)  # type: ignore[arg-type]


def compile_plan(
    document: Document,
    *,
    variables: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    allow_handlers: bool = False,
    allow_noop: bool = False,
    strict: bool = False,
) -> CompiledPlan:
    """Check a document and make the canonical plan. Nothing is raised for bad documents.

    Args:
        document: From :func:`load_document` or :func:`document_from_dict`.
        variables: Values that outrank the environment and the defaults.
        environ: Environment; that of the process by default.
        allow_handlers: Every step becomes type ``handler`` with ``config`` = {type, config}; any
            type is allowed and own keys are not checked.
        allow_noop: A step without keys of its own becomes type ``noop``.
        strict: Warnings are errors, as with ``settings.strict``.
    """
    values = Variables(variables, environ)
    scope = Scope(document, values, list(document.problems), str(document.base_dir))
    top = _top_level(scope, broken=bool(document.problems))
    values.declare(scope, top["variables"])
    settings = _settings(scope, top)
    modes = Modes(allow_handlers, allow_noop)
    steps = top["steps"]
    drafts = [] if steps is INVALID else read_steps(scope, steps, modes)
    link(scope, drafts)
    strict = strict or settings.get("strict") is True
    name = workflow_name(document, top["name"])
    engine = settings.get("engine")
    by_name: dict[str, Draft] = {}
    for draft in drafts:
        by_name.setdefault(draft.name, draft)
    return CompiledPlan(
        canonical_form(name, scope.base_dir, values.values, settings, drafts),
        _in_order(document, scope.problems, strict=strict),
        document,
        engine if isinstance(engine, str) else "auto",
        frozenset(values.secrets),
        strict,
        by_name,
    )


def _top_level(scope: Scope, *, broken: bool) -> dict[str, Any]:
    data = scope.document.data
    entries = [
        Entry(key, value, (key,))
        for key, value in data.items()
        if not (isinstance(key, str) and key.startswith("x-"))
    ]
    before = len(scope.problems)
    values = TOP_LEVEL.read(Field(scope, ()), entries).values
    if broken and not data:
        del scope.problems[before:]
    return values


def _settings(scope: Scope, top: dict[str, Any]) -> dict[str, Any]:
    """Values of all settings; relative paths of the workflow start at ``scope.base_dir`` then."""
    section = top["settings"]
    if section is not None and not isinstance(section, dict):
        message = f"'settings' must be a mapping, found {describe(section)}"
        scope.report("E103", message, ("settings",))
        section = None
    read = SETTINGS.check(scope, ("settings",), section or {})
    values = {k: None if v is INVALID else v for k, v in read.values.items()}
    if values["base_dir"] is not None:
        scope.base_dir = os.path.abspath(os.path.join(scope.base_dir, values["base_dir"]))  # noqa: PTH100, PTH118 - as paths of steps
    old = stop_on_failure(scope, top["config"])
    if old is not None:
        if "fail_fast" in read.given:
            message = "'stop_on_failure' is given, and settings.fail_fast too: one of them"
            scope.report("E110", message, old[1])
        values["fail_fast"] = old[0]
    return values


def _in_order(document: Document, problems: list[Problem], *, strict: bool) -> list[Problem]:
    """Problems in the order of the file, each once."""
    ranks = {path: rank for rank, path in enumerate(document.locations)}

    def key(problem: Problem) -> tuple[int, int]:
        location = problem.location
        if location is None:
            return (-1, 0)
        return (location.line or ranks.get(location.path, len(ranks)), location.column)

    unique = list(dict.fromkeys(problems))
    return [p.as_error() if strict else p for p in sorted(unique, key=key)]
