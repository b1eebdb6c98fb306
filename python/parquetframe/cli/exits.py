"""Exit codes, and how an exception becomes one of them and a text."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Any

import click

from parquetframe import errors

if TYPE_CHECKING:
    from parquetframe.cli.session import Session

__all__ = ["EXIT_CODES", "explain_exit_codes", "report"]

COMPLETED = 0
FAILED = 1
USAGE = 2
INVALID = 3
CHECK_FAILED = 4
LOCKED = 5
RESUME = 6
INTERNAL = 70
INTERRUPTED = 130
TERMINATED = 143

EXIT_CODES = {
    COMPLETED: "completed",
    FAILED: "a step failed, or a file could not be read or written",
    USAGE: "wrong usage",
    INVALID: "the workflow is not valid",
    CHECK_FAILED: "a data check failed",
    INTERNAL: "internal error",
    INTERRUPTED: "interrupted (Ctrl-C)",
    TERMINATED: "terminated (SIGTERM)",
}

_BY_CLASS: tuple[tuple[type[BaseException], int], ...] = (
    (errors.ValidationError, INVALID),
    (errors.CheckError, CHECK_FAILED),
    (errors.OutputLockedError, LOCKED),
    (errors.ResumeError, RESUME),
    (errors.Cancelled, INTERRUPTED),
    (errors.InternalError, INTERNAL),
    (errors.ParquetFrameError, FAILED),
)


def explain_exit_codes() -> str:
    """The exit codes, one a line, for ``--help``."""
    lines = "\n".join(f"  {code:>3}  {text}" for code, text in EXIT_CODES.items())
    return f"\b\nExit codes:\n{lines}"


def exit_code(error: BaseException, session: Session) -> int:
    """The exit code for an exception."""
    if isinstance(error, (KeyboardInterrupt, click.Abort, errors.Cancelled)):
        return TERMINATED if session.terminated else INTERRUPTED
    if isinstance(error, click.ClickException):
        return error.exit_code
    if isinstance(error, errors.StepError) and error.kind == "internal":
        return INTERNAL
    for kind, code in _BY_CLASS:
        if isinstance(error, kind):
            return code
    if _is_backend_choice(error):
        return USAGE
    if isinstance(error, OSError):
        return FAILED
    return INTERNAL


def report(error: BaseException, session: Session) -> int:
    """Tell about an exception on stderr, and in JSON where asked; return the exit code."""
    code = exit_code(error, session)
    if session.debug:
        traceback.print_exception(error)
    session.note(_text(error, code, session))
    if session.json:
        session.document(_document(error, code))
    return code


def _text(error: BaseException, code: int, session: Session) -> str:
    if code in (INTERRUPTED, TERMINATED):
        how = "terminated" if session.terminated else "interrupted"
        detail = str(error) if isinstance(error, errors.Cancelled) else ""
        return f"{how}: {detail}" if detail else how
    if isinstance(error, click.UsageError):
        context = "" if error.ctx is None else f"{error.ctx.get_usage()}\n"
        return f"{context}error: {error.format_message()}"
    if isinstance(error, click.ClickException):
        return f"error: {error.format_message()}"
    if isinstance(error, errors.ValidationError) and error.problems:
        return _problems(error)
    if isinstance(error, errors.WorkflowError):
        return str(error)
    if code == INTERNAL:
        hint = "" if session.debug else "; --debug shows where, please report it"
        return f"internal error: {type(error).__name__}: {error}{hint}"
    tip = getattr(error, "hint", None)
    return f"error: {error}" + (f"\n   hint: {tip}" if tip else "")


def _problems(error: errors.ValidationError) -> str:
    found = [problem.render() for problem in error.problems]
    wrong = sum(1 for problem in error.problems if problem.severity == "error")
    noun = "error" if wrong == 1 else "errors"
    return "\n".join([*found, f"{wrong} {noun}; nothing was run"])


def _document(error: BaseException, code: int) -> dict[str, Any]:
    document: dict[str, Any] = {
        "status": EXIT_CODES.get(code, "failed"),
        "exit_code": code,
        "error": error.format_message() if isinstance(error, click.ClickException) else str(error),
    }
    if isinstance(error, errors.ValidationError):
        from parquetframe.cli.validate import problem_dict

        document["problems"] = [problem_dict(problem) for problem in error.problems]
    return document


def _is_backend_choice(error: BaseException) -> bool:
    """A backend that was asked for and is not there, or a name that is none."""
    from parquetframe import _backend

    if isinstance(error, ImportError):
        return error.name == _backend.EXTENSION
    return isinstance(error, ValueError) and str(error).startswith(_backend.ENVIRONMENT)


def quiet_broken_pipe() -> None:
    """After the reader of stdout went away (``| head``): say nothing more, on exit either."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
