"""``pframe head``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from parquetframe.cli.options import debug_option, json_option, pass_session

if TYPE_CHECKING:
    from parquetframe.cli.session import Session

__all__ = ["command"]


@click.command("head")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-n",
    "rows",
    type=click.IntRange(0, 2**63 - 1),
    default=10,
    show_default=True,
    help="Rows to show.",
)
@click.option("--columns", metavar="A,B", help="Columns to show, separated by commas.")
@json_option
@debug_option
@pass_session
def command(session: Session, path: Path, rows: int, columns: str | None) -> None:
    """Show the first rows of the Parquet, CSV or Avro file PATH.

    Floats are shown with six significant digits, null as "-"; --json gives full precision.
    """
    from parquetframe.cli.tables import render_table, table_records
    from parquetframe.io import head

    wanted = None if columns is None else [name.strip() for name in columns.split(",")]
    if wanted is not None and not all(wanted):
        raise click.BadParameter("there is an empty name", param_hint="'--columns'")
    table = head(path, rows, wanted)
    if session.json:
        session.document({"columns": table.column_names, "rows": table_records(table)})
    else:
        session.result(render_table(table))
