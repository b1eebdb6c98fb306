"""``pframe validate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from parquetframe.cli.exits import COMPLETED, INVALID
from parquetframe.cli.options import (
    debug_option,
    json_option,
    pass_session,
    read_variables,
    set_option,
)
from parquetframe.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parquetframe.cli.session import Session
    from parquetframe.workflow.problems import Problem

__all__ = ["command", "problem_dict"]


@click.command("validate")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@set_option
@click.option("--no-data", is_flag=True, help="Do not open data files to check columns and types.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@json_option
@debug_option
@pass_session
@click.pass_context
def command(
    ctx: click.Context,
    session: Session,
    files: tuple[Path, ...],
    assignments: dict[str, str],
    no_data: bool,
    strict: bool,
) -> None:
    """Check workflow files without running them; all problems are reported in one go."""
    answers: list[tuple[Path, bool, list[Problem]]] = []
    for file in files:
        problems = _problems(file, assignments, data=not no_data, strict=strict)
        valid = all(problem.severity != "error" for problem in problems)
        answers.append((file, valid, problems))
        if not session.json:
            _show(session, file, problems, valid=valid)
    everything = all(valid for _, valid, _ in answers)
    if session.json:
        documents = [
            {"file": str(file), "valid": valid, "problems": [*map(problem_dict, problems)]}
            for file, valid, problems in answers
        ]
        session.document({"valid": everything, "files": documents})
    ctx.exit(COMPLETED if everything else INVALID)


def problem_dict(problem: Problem) -> dict[str, Any]:
    """A problem as data for JSON."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "step": problem.step,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "hint": problem.hint,
    }


def _problems(
    file: Path, assignments: dict[str, str], *, data: bool, strict: bool
) -> list[Problem]:
    from parquetframe.workflow import Workflow

    try:
        workflow = Workflow.from_yaml(file)
        variables = read_variables(assignments, workflow)
        return workflow.validate(variables, data=data, strict=strict)
    except ValidationError as error:  # the file is not YAML, or no mapping
        return list(error.problems)


def _show(session: Session, file: Path, problems: Sequence[Problem], *, valid: bool) -> None:
    for problem in problems:
        session.result(problem.render())
    errors = sum(1 for problem in problems if problem.severity == "error")
    warnings = len(problems) - errors
    counts = [
        f"{number} {noun}" + ("" if number == 1 else "s")
        for number, noun in ((errors, "error"), (warnings, "warning"))
        if number
    ]
    session.result(f"{file}: {'valid' if valid else 'not valid'}" + _in_brackets(counts))


def _in_brackets(parts: list[str]) -> str:
    return f" ({', '.join(parts)})" if parts else ""
