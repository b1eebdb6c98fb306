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
import pyarrow.compute as pc
import pyarrow.parquet as pq

from parquetframe.errors import ParquetFrameError, UnsupportedFeature, WriteError

from ..arrow_types import family
from ..expressions.cast import cast
from ..failure import at_key
from .avro import write_avro
from .context import StepContext

_CHUNK_ROWS: Final = 65_536
_PARQUET_CODECS: Final = {
    None: "none", "zstd": "zstd", "snappy": "snappy", "gzip": "gzip", "lz4": "lz4",
    "brotli": "brotli", "none": "none", "uncompressed": "none",
}  # fmt: skip
_CSV_CODECS: Final = {"gzip": "gzip", "gz": "gzip", "zstd": "zstd"}


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
            codec = _codec(_PARQUET_CODECS, compression)
        level = 1 if codec == "zstd" else None
        with pq.ParquetWriter(
            path, table.schema, compression=codec, compression_level=level
        ) as writer:
            step = max(1, config["row_group_rows"])
            for start in range(0, max(table.num_rows, 1), step):
                context.check_cancelled()
                writer.write_table(table.slice(start, step), row_group_size=step)
    elif kind == "csv":
        suffix = {".gz": "gzip", ".zst": "zstd"}.get(Path(config["path"]).suffix)
        with at_key("compression"):
            codec = suffix if compression is None else _codec(_CSV_CODECS, compression)
        _write_csv(table, path, config, codec, context)
    elif kind == "avro":
        write_avro(table, path, compression)
    else:
        raise UnsupportedFeature(f"saving as '{kind}' is not supported", code="E605")


def _codec(known: dict[Any, str], wanted: str | None) -> str | None:
    if wanted in {"none", "uncompressed"}:
        return "none" if known is _PARQUET_CODECS else None
    if wanted not in known:
        names = ", ".join(sorted(str(k) for k in known if k))
        raise UnsupportedFeature(
            f"unknown compression '{wanted}'", code="E605", hint=f"compressions: {names}, none"
        )
    return known[wanted]


def _write_csv(
    table: pa.Table, path: str, config: dict[str, Any], codec: str | None, context: StepContext
) -> None:
    blank = table.num_columns == 1 and not config["null_value"]
    if blank and table.column(0).null_count:
        raise WriteError(
            f"cannot write {config['path']}: a null in the only column would be a blank line; "
            'set null_value, such as "NA"',
            path=config["path"],
        )
    with pa.output_stream(path, compression=codec) as out:
        if config["header"]:
            names = pa.array(table.column_names, pa.string())
            line = config["delimiter"].join(_quoted(names, config).to_pylist())
            out.write(f"{line}\n".encode())
        for start in range(0, table.num_rows, _CHUNK_ROWS):
            context.check_cancelled()
            part = table.slice(start, _CHUNK_ROWS)
            fields = [
                _fields(part.column(i).combine_chunks(), field.name, config)
                for i, field in enumerate(part.schema)
            ]
            lines = pc.binary_join_element_wise(*fields, config["delimiter"])
            out.write("\n".join([*lines.to_pylist(), ""]).encode())


def _fields(values: Any, name: str, config: dict[str, Any]) -> Any:
    if family(values.type) not in {"number", "text", "bool", "date", "timestamp", "null", "time"}:
        raise UnsupportedFeature(
            f"CSV has no form for column '{name}' of type {values.type}",
            code="E605",
            hint="save as parquet, or cast the column",
        )
    text = _quoted(cast(values, pa.string()), config)
    return pc.fill_null(text, config["null_value"])


def _quoted(text: Any, config: dict[str, Any]) -> Any:
    """Quote text that a reader would split, or take for a null."""
    quote = config["quote"]
    special = "".join(f"\\x{{{ord(c):x}}}" for c in (quote, config["delimiter"], "\n", "\r"))
    needed = pc.or_(
        pc.match_substring_regex(text, f"[{special}]"), pc.equal(text, config["null_value"])
    )
    doubled = pc.replace_substring(text, pattern=quote, replacement=quote * 2)
    wrapped = pc.binary_join_element_wise(quote, doubled, quote, "")
    return pc.if_else(needed, wrapped, text)


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
