"""``pframe backend``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from parquetframe.cli.options import debug_option, json_option, pass_session

if TYPE_CHECKING:
    from parquetframe.cli.session import Session

__all__ = ["command"]


@click.command("backend")
@json_option
@debug_option
@pass_session
def command(session: Session) -> None:
    """Tell which engine runs the work, and why."""
    import parquetframe

    info = parquetframe.backend_info()
    if session.json:
        session.document(asdict(info))
    else:
        session.result(f"{info.name} {info.version}: {info.reason}")
