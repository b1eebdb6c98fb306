"""What is wrong with a workflow, where it is, and how that is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Location", "Problem", "Severity", "format_path", "render_problems"]

Severity = Literal["error", "warning"]


def format_path(path: Sequence[object]) -> str:
    """Write a key path as one would in Python.

    Examples:
        >>> format_path(("steps", 3, "where"))
        'steps[3].where'
    """
    text = ""
    for part in path:
        if isinstance(part, int) and not isinstance(part, bool):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else str(part)
    return text


@dataclass(frozen=True)
class Location:
    """A place in a workflow file, or a key path where there is no file.

    Attributes:
        file: Name as the user gave it; ``<dict>`` or ``<text>`` where there is no file.
        line: From 1; 0 where there is no text.
        column: From 1, in characters; 0 where there is no text.
        path: Keys and list indices that lead here.
        width: Characters to underline.
    """

    file: str
    line: int = 0
    column: int = 0
    path: tuple[str | int, ...] = ()
    width: int = 1

    def __str__(self) -> str:
        if self.line:
            return f"{self.file}:{self.line}:{self.column}"
        return f"{self.file}:{format_path(self.path)}" if self.path else self.file


@dataclass(frozen=True)
class Problem:
    """One finding of validation.

    Attributes:
        code: ``E1xx`` syntax and keys, ``E2xx`` graph, ``E3xx`` expressions, columns and types,
            ``E4xx`` variables, ``E5xx`` files, ``W7xx`` warnings.
        severity: ``error`` or ``warning``.
        message: Lowercase fragment, without the step's name.
        step: Name of the step, if the problem lies in one.
        location: Where it is, as far as known.
        hint: What to do about it.
        excerpt: The line of the file, if there is one.
        related: Names this problem is about; for a cycle its steps, the first one repeated.
    """

    code: str
    severity: Severity
    message: str
    step: str | None = None
    location: Location | None = None
    hint: str | None = None
    excerpt: str | None = None
    related: tuple[str, ...] = ()

    @property
    def file(self) -> str | None:
        """Name of the file."""
        return self.location.file if self.location else None

    @property
    def line(self) -> int | None:
        """Line in the file, from 1."""
        return (self.location.line or None) if self.location else None

    @property
    def column(self) -> int | None:
        """Column in the line, from 1."""
        return (self.location.column or None) if self.location else None

    def as_error(self) -> Problem:
        """The same finding as an error, for ``strict``."""
        return replace(self, severity="error")

    def render(self) -> str:
        """Show the problem with its line, a caret and the hint; no line break at the end."""
        head = f"{self.severity}[{self.code}]"
        if self.location is not None:
            head = f"{self.location}: {head}"
        if self.step is not None:
            head += f" step '{self.step}':"
        lines = [f"{head} {self.message}"]
        if self.excerpt is not None and self.location is not None and self.location.line:
            lines += _underline(self.excerpt, self.location)
        if self.hint:
            lines += [f"   hint: {part}" for part in self.hint.splitlines()[:1]]
            lines += [f"         {part}" for part in self.hint.splitlines()[1:]]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.render()


def _underline(excerpt: str, location: Location, limit: int = 160) -> list[str]:
    """The source line and its carets; a window of a very long line."""
    start = location.column - 1
    first = max(0, start - limit // 2) if len(excerpt) > limit else 0
    window = excerpt[first : first + limit].expandtabs(1)
    width = max(1, min(location.width, len(window) - (start - first)))
    gutter = f"{location.line:5d} | "
    return [gutter + window, " " * 6 + "| " + " " * (start - first) + "^" * width]


def render_problems(problems: Iterable[Problem]) -> str:
    """Show problems one under the other, in the order given."""
    return "\n".join(problem.render() for problem in problems)
