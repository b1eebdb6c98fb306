"""``pframe version``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from parquetframe.cli.options import debug_option, json_option, pass_session

if TYPE_CHECKING:
    from parquetframe.cli.session import Session

__all__ = ["command"]


@click.command("version")
@json_option
@debug_option
@pass_session
def command(session: Session) -> None:
    """Print the version."""
    import parquetframe

    if session.json:
        session.document({"parquetframe": parquetframe.__version__})
    else:
        session.result(f"pframe {parquetframe.__version__}")
