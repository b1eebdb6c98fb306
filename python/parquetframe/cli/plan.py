"""``pframe plan``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from parquetframe.cli.options import (
    debug_option,
    json_option,
    pass_session,
    read_variables,
    set_option,
)

if TYPE_CHECKING:
    from parquetframe.cli.session import Session

__all__ = ["command"]


@click.command("plan")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@set_option
@json_option
@debug_option
@pass_session
def command(session: Session, file: Path, assignments: dict[str, str]) -> None:
    """Show what FILE would run: steps in order, fused groups, width."""
    from parquetframe.workflow import Workflow

    workflow = Workflow.from_yaml(file)
    plan = workflow.plan(read_variables(assignments, workflow))
    if session.json:
        session.document(plan.to_dict())
    else:
        session.result(plan.explain())
