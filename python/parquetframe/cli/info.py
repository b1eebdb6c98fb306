"""``pframe info``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from parquetframe.cli.options import debug_option, json_option, pass_session

if TYPE_CHECKING:
    from parquetframe.cli.session import Session
    from parquetframe.io import FileInfo

__all__ = ["command"]

_MAX_GROUPS = 10


@click.command("info")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@debug_option
@pass_session
def command(session: Session, path: Path) -> None:
    """Show schema, rows and size of the Parquet, CSV or Avro file PATH.

    Parquet answers from its footer; CSV and Avro are read once.
    """
    from parquetframe.io import inspect_file

    info = inspect_file(path)
    if session.json:
        session.document(info.to_dict())
    else:
        session.result(_text(info))


def _text(info: FileInfo) -> str:
    from parquetframe.cli.tables import render_rows

    parts = [
        info.path,
        f"{info.format}, {info.rows:,} rows, {len(info.columns)} columns, {info.bytes:,} bytes",
    ]
    if info.created_by:
        parts.append(f"written by {info.created_by}")
    columns = [(c.name, c.type, "" if c.nullable else "not null") for c in info.columns]
    parts += ["", render_rows(("column", "type", ""), columns, right=(False, False, False))]
    if info.row_groups:
        shown = info.row_groups[:_MAX_GROUPS]
        rows = [
            (*(f"{n:,}" for n in (i, g.rows, g.bytes, g.uncompressed_bytes)), ", ".join(g.codecs))
            for i, g in enumerate(shown)
        ]
        names = ("row group", "rows", "bytes", "uncompressed", "codecs")
        parts += ["", render_rows(names, rows, right=(True, True, True, True, False))]
        if len(info.row_groups) > len(shown):
            parts.append(f"... and {len(info.row_groups) - len(shown)} more row groups")
    return "\n".join(parts)
