"""One value of a workflow document while it is read: where it is and how to complain about it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from parquetframe.workflow.problems import Location, Problem

if TYPE_CHECKING:
    from parquetframe.workflow.document import Document
    from parquetframe.workflow.problems import Severity
    from parquetframe.workflow.variables import Variables
    from parquetframe.workflow.yaml_nodes import Path

__all__ = ["INVALID", "Field", "Kind", "Reject", "Scope", "describe", "shorten"]


class _Invalid:
    """Stands for a value whose problem was reported."""

    def __repr__(self) -> str:
        return "INVALID"


INVALID: Final = _Invalid()
_LONGEST = 60


def shorten(text: str) -> str:
    """The text, or its start and dots."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def describe(value: object) -> str:
    """What was found, for messages.

    Examples:
        >>> [describe(v) for v in (None, True, 3, "a", [1], {})]
        ['nothing', 'true', 'the number 3', "the text 'a'", 'a list', 'a mapping']
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > 10_000:
        return "a huge number"
    if type(value) in (int, float):
        return f"the number {shorten(str(value))}"
    if isinstance(value, str):
        return f"the text '{shorten(value)}'"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    return f"a {type(value).__name__}"


class Reject(Exception):
    """A value cannot be taken.

    Args:
        code: Code of the problem; empty if it was already reported.
        message: Lowercase fragment.
        hint: What to do.
        needle: Part of the text to underline.
    """

    def __init__(
        self, code: str = "", message: str = "", hint: str | None = None, needle: str | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.needle = code, message, hint, needle


class Kind(Protocol):
    """How one sort of value is read and described."""

    def parse(self, field: Field, value: Any) -> Any:
        """The canonical value; raises :class:`Reject`."""

    def schema(self) -> dict[str, Any]:
        """JSON Schema of what is accepted."""


@dataclass
class Scope:
    """What all values of one compilation share."""

    document: Document
    variables: Variables
    problems: list[Problem] = field(default_factory=list)
    base_dir: str = ""

    def report(
        self,
        code: str,
        message: str,
        path: Path,
        *,
        step: str | None = None,
        hint: str | None = None,
        key: bool = False,
        needle: str | None = None,
        severity: Severity = "error",
        related: tuple[str, ...] = (),
    ) -> None:
        """Note a problem at a key path; ``key`` points at the key instead of the value."""
        location = self.document.locate(path, value=not key)
        excerpt = self.document.excerpt(location)
        if needle and excerpt is not None:
            location = _narrow(location, excerpt, needle)
        self.problems.append(
            Problem(code, severity, message, step, location, hint, excerpt, related)
        )


def _narrow(location: Location, excerpt: str, needle: str) -> Location:
    found = excerpt.find(needle, location.column - 1)
    if found < 0 or found >= location.column - 1 + location.width:
        return location
    return replace(location, column=found + 1, width=len(needle))


@dataclass(frozen=True)
class Field:
    """A place in the document.

    Attributes:
        scope: Shared state.
        path: Keys and indices from the top.
        step: Name of the step it belongs to.
        key: The key's name, for messages.
    """

    scope: Scope
    path: Path
    step: str | None = None
    key: str = ""

    def at(self, *parts: str | int) -> Field:
        """A place further in; messages still name the same key."""
        return replace(self, path=(*self.path, *parts))

    def read(self, kind: Kind, value: Any) -> Any:
        """Parse the value, or report why not and answer ``INVALID``."""
        try:
            return kind.parse(self, value)
        except Reject as reject:
            if reject.code:
                self.error(reject.code, reject.message, hint=reject.hint, needle=reject.needle)
            return INVALID

    def read_all(self, kind: Kind, values: list[Any]) -> list[Any]:
        """Parse the items of a list, reporting every bad one; raises if there was any."""
        items = [self.at(index).read(kind, item) for index, item in enumerate(values)]
        if any(item is INVALID for item in items):
            raise Reject
        return items

    def error(
        self,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        key: bool = False,
        needle: str | None = None,
    ) -> None:
        """Report an error here."""
        self.scope.report(
            code, message, self.path, step=self.step, hint=hint, key=key, needle=needle
        )

    def warn(self, code: str, message: str, *, hint: str | None = None, key: bool = False) -> None:
        """Report a warning here."""
        self.scope.report(
            code, message, self.path, step=self.step, hint=hint, key=key, severity="warning"
        )

    def plain(self, value: Any) -> Any:
        """The value with variables put in; a text that is exactly ``${v}`` takes v's type."""
        if isinstance(value, str):
            return self.scope.variables.plain(value)
        return os.fsdecode(value) if isinstance(value, os.PathLike) else value

    def sql(self, text: str) -> str:
        """SQL text with variables put in as literals."""
        return self.scope.variables.sql(text)

    def wrong(self, expected: str, value: Any, hint: str | None = None) -> Reject:
        """The rejection of a value of the wrong type."""
        return Reject("E108", f"'{self.key}' must be {expected}, found {describe(value)}", hint)
