"""Schema, size and first rows of one Parquet, CSV or Avro file.

Parquet answers from its footer. CSV and Avro do not store a row count, and the types of a CSV file
follow from all its cells, so those files are read once by the ``read`` step of the chosen engine:
``pframe info`` and a workflow see the same columns.
"""

from __future__ import annotations

import glob
import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parquetframe import _backend
from parquetframe.errors import IoError, ParquetError, SourceNotFound
from parquetframe.types import format_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from pyarrow import parquet as pq

__all__ = ["ColumnInfo", "FileInfo", "RowGroupInfo", "head", "inspect_file"]

_PARQUET_MAGIC = b"PAR1"
_AVRO_MAGIC = b"Obj\x01"


@dataclass(frozen=True)
class ColumnInfo:
    """One column: its name, its type in parquetframe's grammar, and whether nulls are allowed."""

    name: str
    type: str
    nullable: bool


@dataclass(frozen=True)
class RowGroupInfo:
    """One row group of a Parquet file; ``bytes`` is its size on disk."""

    rows: int
    bytes: int
    uncompressed_bytes: int
    codecs: tuple[str, ...]


@dataclass(frozen=True)
class FileInfo:
    """What a file holds.

    Attributes:
        path: Absolute path.
        format: ``parquet``, ``csv`` or ``avro``.
        bytes: Size of the file.
        rows: Number of rows.
        columns: Columns in file order.
        row_groups: Row groups of a Parquet file; empty for other formats.
        codecs: Compression codecs of a Parquet file, most used first.
        created_by: Program that wrote a Parquet file, if it says so.
    """

    path: str
    format: str
    bytes: int
    rows: int
    columns: tuple[ColumnInfo, ...]
    row_groups: tuple[RowGroupInfo, ...] = ()
    codecs: tuple[str, ...] = ()
    created_by: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The facts as data for JSON."""
        return asdict(self)


def inspect_file(path: str | os.PathLike[str]) -> FileInfo:
    """Tell what a file holds, without keeping its data.

    Args:
        path: A Parquet, CSV (also compressed) or Avro file.

    Returns:
        Format, size, rows, columns; row groups and codecs for Parquet.

    Raises:
        SourceNotFound: There is no such file.
        IoError: A directory, an unknown format, or bytes that are not what the name promises.
    """
    file = _existing_file(path)
    kind = _detect_format(file)
    if kind == "parquet":
        return _inspect_parquet(file)
    table = _read(file, kind, limit=None, columns=None)
    columns = _columns_of(table.schema)
    return FileInfo(str(file), kind, file.stat().st_size, table.num_rows, columns)


def head(
    path: str | os.PathLike[str], n: int = 10, columns: Sequence[str] | None = None
) -> pa.Table:
    """Read the first rows of a file.

    Args:
        path: A Parquet, CSV (also compressed) or Avro file.
        n: Rows to return at most.
        columns: Names of the columns to return, in this order; ``None`` means all.

    Returns:
        Up to ``n`` rows in file order.

    Raises:
        SourceNotFound: There is no such file.
        SchemaError: A column that the file does not have.
        IoError: A directory, an unknown format, or bytes that are not what the name promises.
        ValueError: ``n`` is negative.
    """
    if n < 0:
        raise ValueError(f"n must not be negative, but is {n}")
    file = _existing_file(path)
    wanted = None if columns is None else list(columns)
    return _read(file, _detect_format(file), limit=n, columns=wanted)


def _existing_file(path: str | os.PathLike[str]) -> Path:
    file = Path(path).expanduser().absolute()
    if file.is_dir():
        raise IoError(f"{file}: is a directory, not a file", path=str(file))
    if not file.exists():
        raise SourceNotFound(f"File not found: {file}", path=str(file))
    return file


def _detect_format(file: Path) -> str:
    from parquetframe.workflow.spec.files import format_of

    known, _ = format_of(str(file))
    if known is not None:
        return known
    with file.open("rb") as stream:
        start = stream.read(4)
    if start == _PARQUET_MAGIC:
        return "parquet"
    if start == _AVRO_MAGIC:
        return "avro"
    raise IoError(
        f"{file}: cannot tell the format of this file",
        path=str(file),
        hint="suffixes: .parquet, .pq, .csv, .tsv, .avro; .csv also with .gz, .zst, .bz2 ...",
    )


def _inspect_parquet(file: Path) -> FileInfo:
    import pyarrow as pa
    from pyarrow import parquet as pq

    try:
        with pq.ParquetFile(file) as opened:
            metadata, schema = opened.metadata, opened.schema_arrow
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, EOFError) as error:
        text = f"{file}: not a readable Parquet file: {' '.join(str(error).split())}"
        raise ParquetError(text, path=str(file)) from error
    groups = tuple(_row_group(metadata.row_group(i)) for i in range(metadata.num_row_groups))
    codecs = Counter(codec for group in groups for codec in group.codecs)
    return FileInfo(
        path=str(file),
        format="parquet",
        bytes=file.stat().st_size,
        rows=metadata.num_rows,
        columns=_columns_of(schema),
        row_groups=groups,
        codecs=tuple(codec for codec, _ in codecs.most_common()),
        created_by=metadata.created_by,
    )


def _row_group(group: pq.RowGroupMetaData) -> RowGroupInfo:
    chunks = [group.column(i) for i in range(group.num_columns)]
    return RowGroupInfo(
        rows=group.num_rows,
        bytes=sum(chunk.total_compressed_size for chunk in chunks),
        uncompressed_bytes=group.total_byte_size,
        codecs=tuple(dict.fromkeys(chunk.compression.lower() for chunk in chunks)),
    )


def _columns_of(schema: pa.Schema) -> tuple[ColumnInfo, ...]:
    return tuple(
        ColumnInfo(field.name, format_type(field.type), field.nullable) for field in schema
    )


def _read(file: Path, kind: str, *, limit: int | None, columns: list[str] | None) -> pa.Table:
    """Read through a workflow of one step, so that both engines answer as they do in a run."""
    from parquetframe.workflow import Workflow

    literal = glob.escape(str(file)).replace("${", "$${")
    step: dict[str, Any] = {"name": "file", "type": "read", "path": literal, "format": kind}
    if limit is not None:
        step["limit"] = limit
    if columns is not None:
        step["columns"] = columns
    # Named, so that a look into one file does not warn about the fallback.
    engine = _backend.resolve(needs="execute_workflow")
    workflow = Workflow.from_dict({"name": "file", "steps": [step]})
    result = workflow.run(engine=engine, raise_on_error=False)
    if result.error is not None:
        raise result.error.__cause__ or result.error
    table: pa.Table = result.outputs["file"]
    return table
