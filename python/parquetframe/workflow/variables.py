"""Variables of a workflow: declarations, where values come from, and what texts become.

Precedence: given by the caller (``--set``) > environment ``PARQUETFRAME_VAR_<NAME>`` > default.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from typing import TYPE_CHECKING, Any

from parquetframe.workflow.field import Reject, Scope, describe, shorten
from parquetframe.workflow.names import suggestion
from parquetframe.workflow.resolver import resolve_plain
from parquetframe.workflow.spec.variables import DECLARATION, TYPES
from parquetframe.workflow.substitute import (
    Reference,
    Value,
    fill_plain,
    fill_sql,
    split_references,
)
from parquetframe.workflow.yaml_nodes import compose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parquetframe.workflow.document import Document

__all__ = ["ENV_PREFIX", "Variables", "parse_scalar"]

ENV_PREFIX = "PARQUETFRAME_VAR_"
_MOST_HINTS = 100  # nearest names take time
_MOST_NESTED = 50
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_scalar(text: str) -> Any:
    """The value of a text from the command line, read as YAML.

    Quotes and brackets work as in a file; what is not valid YAML is text.

    Examples:
        >>> [parse_scalar(t) for t in ("15", "true", "'15'", "[a, b]", "2013-01-01", "a: b")]
        [15, True, '15', ['a', 'b'], '2013-01-01', 'a: b']
    """
    stripped = text.strip()
    if stripped[:1] in ("'", '"', "["):
        composed = compose(stripped, "<value>")
        if not composed.problems:
            return composed.data
    value = resolve_plain(stripped)
    return text if isinstance(value, str) else value


class _Declaration:
    """One entry of ``variables``."""

    def __init__(self, name: str, entry: Any, path: tuple[str, ...]) -> None:
        full = entry if isinstance(entry, dict) else {"default": entry}
        self.name = name
        self.path = (*path, "default") if isinstance(entry, dict) and "default" in entry else path
        written = full.get("type")
        self.type = written if isinstance(written, str) and written in TYPES else None
        self.has_default = "default" in full
        self.default = full.get("default")
        self.required = full.get("required", not self.has_default) is True
        self.secret = full.get("secret") is True
        choices = full.get("choices")
        self.choices = choices if isinstance(choices, list) else None


class Variables:
    """Values of all variables, and the texts made with them.

    Attributes:
        values: By name, defaults resolved; without those that have a problem.
        secrets: Names whose values must not be shown.
    """

    def __init__(self, given: Mapping[str, Any] | None, environ: Mapping[str, str] | None) -> None:
        self.given = dict(given or {})
        self.environ = os.environ if environ is None else environ
        self.values: dict[str, Any] = {}
        self.secrets: set[str] = set()
        self._declared: dict[str, _Declaration] = {}
        self._broken: set[str] = set()
        self._open: list[str] = []
        self._hints = 0

    def declare(self, scope: Scope, section: Any) -> None:
        """Read the ``variables`` section and give each variable its value; report problems."""
        if section is not None and not isinstance(section, dict):
            message = f"'variables' must be a mapping, found {describe(section)}"
            scope.report("E103", message, ("variables",))
            section = {}
        for name, entry in (section or {}).items():
            self._declare_one(scope, name, entry)
        for name in self._declared:
            self._resolve(scope, name)
        for name in self.given:
            if name not in self._declared:
                shown = shorten(str(name))
                message = f"the workflow declares no variable '{shown}'"
                hint = suggestion(shown, self._declared, "variables")
                scope.report("E402", message, ("variables",), hint=hint, key=True)

    def _declare_one(self, scope: Scope, name: Any, entry: Any) -> None:
        path: tuple[Any, ...] = ("variables", name)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            message = f"{describe(name)} is no variable name: letters, digits and _ only"
            scope.report("E111", message, path, key=True)
            return
        self._declared[name] = declaration = _Declaration(name, entry, path)
        if declaration.secret:
            self.secrets.add(name)
        before = len(scope.problems)
        if isinstance(entry, dict):
            DECLARATION.check(scope, path, entry)
        if isinstance(entry, dict) and declaration.has_default and entry.get("required") is True:
            message = f"variable '{name}' is required and has a default: one of them is in vain"
            scope.report("E404", message, (*path, "required"))
        if len(scope.problems) > before:
            self._broken.add(name)

    def _resolve(self, scope: Scope, name: str) -> None:
        if name in self.values or name in self._broken:
            return
        declaration = self._declared[name]
        self._open.append(name)
        try:
            value = self._value_of(scope, declaration)
            self.values[name] = _typed(declaration, value)
        except Reject as reject:
            self._broken.add(name)
            if reject.code:
                scope.report(
                    reject.code, reject.message, declaration.path,
                    hint=reject.hint, needle=reject.needle,
                )  # fmt: skip
        finally:
            self._open.pop()

    def _value_of(self, scope: Scope, declaration: _Declaration) -> Any:
        name = declaration.name
        if name in self.given:
            return _from_python(self.given[name])
        variable = ENV_PREFIX + name.upper()
        text = self.environ.get(variable)
        if text is not None:
            is_text = declaration.type in ("str", "date") or (
                declaration.type is None and isinstance(declaration.default, str)
            )
            return text if is_text else parse_scalar(text)
        if not declaration.has_default:
            if declaration.required:
                hint = f"run with --set {name}=VALUE, or set {variable} in the environment"
                raise Reject("E405", f"variable '{name}' has no value", hint)
            return None
        for reference in split_references(declaration.default):
            self._follow(scope, reference)
        return self._fill(declaration.default)

    def _follow(self, scope: Scope, reference: Reference) -> None:
        """Resolve what a default refers to first; raises for a circle."""
        if reference.env or reference.name not in self._declared:
            return
        if reference.name in self._open:
            circle = [*self._open[self._open.index(reference.name) :], reference.name]
            names = " -> ".join(circle)
            self._broken.update(circle)
            raise Reject("E403", f"variables refer to each other: {names}", None, reference.text)
        if len(self._open) > _MOST_NESTED:
            message = f"variables refer to each other over more than {_MOST_NESTED} steps"
            raise Reject("E403", message, None, reference.text)
        self._resolve(scope, reference.name)

    def _fill(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._fill(item) for item in value]
        if not isinstance(value, str):
            return value
        filled = fill_plain(value, self.lookup)
        return str(filled) if isinstance(filled, str) else filled

    def lookup(self, reference: Reference) -> Value:
        """What a reference stands for; raises Reject if it is nothing."""
        name = reference.name
        if reference.env:
            text = self.environ.get(name, reference.fallback)
            if text is None:
                hint = f"set it, or give a fallback: ${{env:{name}:-value}}"
                message = f"the environment variable '{name}' is not set"
                raise Reject("E408", message, hint, reference.text)
            return Value(resolve_plain(text), text=text)
        if name in self.values:
            declaration = self._declared[name]
            return Value(self.values[name], declaration.type == "date")
        if name in self._broken:
            raise Reject
        if name == "run_id":
            message = "'${run_id}' is planned, this version does not have it yet"
            raise Reject("E407", message, None, reference.text)
        self._hints += 1
        message = f"no variable '{name}'"
        if self._hints > _MOST_HINTS:
            raise Reject("E401", message, None, reference.text)
        hint = suggestion(name, self._declared, "variables")
        raise Reject("E401", message, hint, reference.text)

    def plain(self, text: str) -> Any:
        """Text with values put in."""
        return fill_plain(text, self.lookup)

    def sql(self, text: str) -> str:
        """SQL with values put in as literals."""
        return fill_sql(text, self.lookup)


def _from_python(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _typed(declaration: _Declaration, value: Any) -> Any:
    """The value in the declared type, or a rejection."""
    name, wanted = declaration.name, declaration.type
    items = value if isinstance(value, list) else [value]
    if not all(item is None or isinstance(item, (str, int, float, bool)) for item in items):
        message = f"variable '{name}' must be a single value or a list, found {describe(value)}"
        raise Reject("E404", message)
    if value is None and declaration.default is None:
        return None
    if wanted is not None:
        accepted = TYPES[wanted](value)
        if accepted is None:
            shown = "a secret value" if declaration.secret else describe(value)
            hint = f"quote it to keep it text: {name}='\"...\"'" if wanted == "str" else None
            raise Reject("E404", f"variable '{name}' must be of type {wanted}, found {shown}", hint)
        value = accepted[0]
    choices = declaration.choices
    if choices is not None and not any(type(c) is type(value) and c == value for c in choices):
        allowed = ", ".join(shorten(str(choice)) for choice in choices)
        shown = "a secret value" if declaration.secret else describe(value)
        raise Reject("E404", f"variable '{name}' must be one of {allowed}; found {shown}")
    return value


def declared_variables(document: Document) -> dict[str, dict[str, Any]]:
    """What a document declares, for help texts: name to default, type, description, choices."""
    section = document.data.get("variables")
    found: dict[str, dict[str, Any]] = {}
    for name, entry in section.items() if isinstance(section, dict) else ():
        full = dict(entry) if isinstance(entry, dict) else {"default": entry}
        found[str(name)] = {key: value for key, value in full.items() if isinstance(key, str)}
    return found
