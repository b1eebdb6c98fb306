"""The `save` step: a file appears whole or not at all.

The bytes go to a temporary sibling, are synced to disk, and take the place of the target in one
rename; then the directory is synced. The recorded checksum is ``sha256:<hex>`` of the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from parquetframe.errors import (
    CsvError,
    ParquetFrameError,
    SchemaError,
    UnsupportedFeature,
    WriteError,
)
from parquetframe.io._python.csv_write import write as write_csv
from parquetframe.io.engine import WriteRequest

from ..failure import at_key
from .avro import write_avro
from .context import StepContext

_PARQUET_CODECS: Final = {
    None: "none", "zstd": "zstd", "snappy": "snappy", "gzip": "gzip", "lz4": "lz4",
    "brotli": "brotli", "none": "none", "uncompressed": "none",
}  # fmt: skip


def run(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Write the input to its path and pass it through."""
    table = inputs[0]
    target = Path(config["path"])
    with at_key("path"):
        if config["mode"] == "error" and target.exists():
            raise WriteError(
                f"the file exists: {target}", path=str(target), hint="mode: replace overwrites it"
            )
        if target.is_dir():
            raise WriteError(f"the path is a directory: {target}", path=str(target))
        if not target.parent.is_dir() and not config["mkdir"]:
            raise WriteError(
                f"the directory does not exist: {target.parent}",
                path=str(target), hint="mkdir: true makes it",
            )  # fmt: skip
    if context.planning:
        return table
    temporary = target.with_name(f".{target.name}.pf-{context.run_id}.tmp")
    try:
        if config["mkdir"]:
            target.parent.mkdir(parents=True, exist_ok=True)
        _write(table, str(temporary), config, context)
        digest = _sync(temporary)
        size = temporary.stat().st_size
        context.check_cancelled()
        temporary.replace(target)
        _sync_directory(target.parent)
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, ParquetFrameError):
            raise
        number = getattr(error, "errno", None)  # the text may name the temporary file
        reason = os.strerror(number) if number else str(error).splitlines()[0]
        raise WriteError(
            f"cannot write {target}: {reason}", path=str(target), key="path"
        ) from error
    finally:
        with contextlib.suppress(OSError):  # gone already, or never made
            temporary.unlink()
    context.file = {
        "path": str(target),
        "rows": table.num_rows,
        "bytes": size,
        "checksum": f"sha256:{digest}",
    }
    return table


def _write(table: pa.Table, path: str, config: dict[str, Any], context: StepContext) -> None:
    kind, compression = config["format"], config["compression"]
    if kind == "parquet":
        with at_key("compression"):
            codec = _codec(compression)
        level = 1 if codec == "zstd" else None
        with pq.ParquetWriter(
            path, table.schema, compression=codec, compression_level=level
        ) as writer:
            step = max(1, config["row_group_rows"])
            for start in range(0, max(table.num_rows, 1), step):
                context.check_cancelled()
                writer.write_table(table.slice(start, step), row_group_size=step)
    elif kind == "csv":
        _write_csv(table, path, config, context)
    elif kind == "avro":
        write_avro(table, path, compression)
    else:
        raise UnsupportedFeature(f"saving as '{kind}' is not supported", code="E605")


def _codec(wanted: str | None) -> str:
    if wanted not in _PARQUET_CODECS:
        names = ", ".join(sorted(str(k) for k in _PARQUET_CODECS if k))
        raise UnsupportedFeature(
            f"unknown compression '{wanted}'", code="E605", hint=f"compressions: {names}"
        )
    return _PARQUET_CODECS[wanted]


def _write_csv(table: pa.Table, path: str, config: dict[str, Any], context: StepContext) -> None:
    request = WriteRequest(
        "csv",
        path,
        config["csv"],
        atomic=False,  # the step renames the file itself, once it has its checksum
        fsync=False,
        cancel=context.flag,
    )
    try:
        write_csv(table, request)
    except WriteError as error:  # it names the temporary file
        raise error.__cause__ or error from None
    except (SchemaError, CsvError) as error:  # a value that the dialect has no form for
        raise WriteError(
            f"cannot write {config['path']}: {error}",
            path=config["path"], row=getattr(error, "row", None), column=error.column,
            hint=error.hint, key="path",
        ) from error  # fmt: skip


def _sync(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb+") as file:
        while block := file.read(1 << 20):
            digest.update(block)
        os.fsync(file.fileno())
    return digest.hexdigest()


def _sync_directory(path: Path) -> None:
    if os.name == "nt":  # directories cannot be opened there; the rename is durable by itself
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
