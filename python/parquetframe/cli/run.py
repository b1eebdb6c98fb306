"""``pframe run``."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from parquetframe.cli.exits import COMPLETED, INTERRUPTED, TERMINATED, report
from parquetframe.cli.options import (
    debug_option,
    json_option,
    pass_session,
    read_variables,
    set_option,
)
from parquetframe.cli.progress import PROGRESS_CHOICES, choose_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parquetframe.cli.session import Session
    from parquetframe.workflow import RunResult

__all__ = ["command"]


@click.command("run")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@set_option
@click.option(
    "--max-parallel",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="Steps that run at the same time at most.",
)
@click.option(
    "--engine",
    type=click.Choice(["auto", "rust", "python"]),
    help="Override the engine of the file and of PARQUETFRAME_BACKEND.",
)
@click.option(
    "--progress",
    type=click.Choice(PROGRESS_CHOICES),
    default="auto",
    show_default=True,
    help="How to show the run; auto is live on a terminal, plain lines elsewhere.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@json_option
@debug_option
@pass_session
@click.pass_context
def command(
    ctx: click.Context,
    session: Session,
    file: Path,
    assignments: dict[str, str],
    max_parallel: int | None,
    engine: str | None,
    progress: str,
    quiet: bool,
) -> None:
    """Run the workflow FILE and print a summary.

    Steps run as soon as their inputs are ready, independent ones at the same time. Every output
    file appears whole or not at all.
    """
    from parquetframe.workflow import Workflow

    workflow = Workflow.from_yaml(file)
    variables = read_variables(assignments, workflow)
    display = choose_progress(
        progress, quiet=quiet or session.json, steps=workflow.steps, name=workflow.name
    )
    with _sigterm_interrupts(session), display:
        result = workflow.run(
            variables,
            progress=display,
            max_parallel=max_parallel,
            engine=engine,
            raise_on_error=False,
        )
    ctx.exit(_finish(result, session, quiet=quiet))


def _finish(result: RunResult, session: Session, *, quiet: bool) -> int:
    """Print the outcome where it belongs and return the exit code."""
    code = COMPLETED
    if result.status == "cancelled":
        code = TERMINATED if session.terminated else INTERRUPTED
    if session.json:
        document = result.to_dict()
        if result.error is not None:
            from parquetframe.cli.exits import exit_code

            code = exit_code(result.error, session)
        session.document({**document, "exit_code": code})
        if result.error is not None:
            report(result.error, session)
        return code
    if result.status == "completed":
        if not quiet:
            session.result(result.summary())
        return code
    if result.error is not None:
        if not quiet:
            session.note(_without_error(result))
        return report(result.error, session)
    session.note(result.summary())
    return code


def _without_error(result: RunResult) -> str:
    """The summary without its last part, the error, which ``report`` prints."""
    return result.summary().removesuffix(f"\n{result.error}")


@contextmanager
def _sigterm_interrupts(session: Session) -> Iterator[None]:
    """While a workflow runs, SIGTERM cancels it as Ctrl-C does, so that nothing stays half-done."""

    def interrupt(_number: int, _frame: Any) -> None:
        session.terminated = True
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
