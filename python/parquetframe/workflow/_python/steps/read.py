"""The `read` step: Parquet, CSV or Avro files to one table, files by name, rows as stored."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from parquetframe.errors import (
    IoError,
    LimitExceeded,
    ParquetError,
    ParquetFrameError,
    SchemaError,
    SourceNotFound,
)
from parquetframe.types import format_type

from ..arrow_types import parse_type, plain
from ..expressions import Scope, bind_condition, require_columns, truth
from ..failure import at_key
from .avro import read_avro
from .context import StepContext
from .csv_files import read_csv_files
from .select import cast_column

_SUFFIXES: Final = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv",
                    ".txt": "csv", ".avro": "avro"}  # fmt: skip
_COMPRESSED: Final = (".gz", ".zst", ".bz2", ".xz", ".lz4", ".zip")
_MAGIC: Final = ((b"PAR1", "parquet"), (b"Obj\x01", "avro"))


def run(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Read all files, then choose rows and columns."""
    del inputs
    with at_key("path"):
        files = [(path, _format(path, config["format"])) for path in find_files(config["path"])]
        formats = sorted({kind for _, kind in files})
        if len(formats) > 1:
            raise IoError(f"the files have different formats: {', '.join(formats)}", code="E502")
    if formats == ["csv"]:
        with at_key("path"):
            table = _read_csv([path for path, _ in files], config, context)
    else:
        with at_key("path"):
            table = _read_typed(files, config, context)
        for name, wanted in (config["schema"] or {}).items():
            with at_key(f"schema.{name}"):
                table = cast_column(table, name, parse_type(wanted))
    return _chosen(table, config)


def find_files(patterns: list[str]) -> list[str]:
    """Paths and globs to files, those of one glob or directory by name.

    Raises:
        SourceNotFound: A path or glob matches nothing, or a directory holds no data file.
    """
    found: list[str] = []
    for pattern in patterns:
        path = Path(pattern)
        if path.is_dir():
            inside = sorted(str(p) for p in path.iterdir() if p.is_file() and _suffix(p.name))
            if not inside:
                raise SourceNotFound(
                    f"File not found: the directory holds no data file: {pattern}",
                    path=pattern,
                    hint=f"suffixes: {', '.join((*_SUFFIXES, *_COMPRESSED))}",
                )
            found += inside
        elif path.exists():
            found.append(pattern)
        else:
            matches = sorted(glob.glob(pattern)) if glob.has_magic(pattern) else []  # noqa: PTH207
            if not matches:
                raise SourceNotFound(f"File not found: {pattern}", path=pattern)
            found += [match for match in matches if Path(match).is_file()]
    return found


def _suffix(name: str) -> str | None:
    path = Path(name)
    if path.suffix.lower() in _COMPRESSED:
        path = path.with_suffix("")
    return _SUFFIXES.get(path.suffix.lower())


def _format(path: str, wanted: str) -> str:
    if wanted != "auto":
        return wanted
    if (found := _suffix(path)) is not None:
        return found
    with Path(path).open("rb") as file:
        start = file.read(4)
    for magic, name in _MAGIC:
        if start == magic:
            return name
    raise IoError(
        f"cannot tell the format of {path}", code="E502", path=path,
        hint="say format: parquet, csv or avro",
    )  # fmt: skip


def _read_csv(paths: list[str], config: dict[str, Any], context: StepContext) -> pa.Table:
    # A condition may need columns that are not asked for, and more rows than the limit says.
    free = config["where"] is None
    columns = config["columns"] if free else None
    limit = config["limit"] if free else None
    table = read_csv_files(paths, config, columns, limit, context)
    return table.slice(0, 0) if context.planning else table


def _read_typed(
    files: list[tuple[str, str]], config: dict[str, Any], context: StepContext
) -> pa.Table:
    tables: list[pa.Table] = []
    paths = [path for path, _ in files]
    for path, kind in files:
        context.check_cancelled()
        if kind == "avro":
            tables.append(plain(read_avro(path, header_only=context.planning)))
        else:
            tables.append(plain(_read_parquet(path, config, header_only=context.planning)))
        limit = config["limit"] if config["where"] is None else None
        if limit is not None and sum(t.num_rows for t in tables) >= limit:
            break
    _same_columns(paths, tables)
    first = tables[0].schema
    for path, table in zip(paths, tables, strict=False):
        for field in first:
            other = table.schema.field(field.name).type
            if other != field.type:
                raise SchemaError(
                    f"column '{field.name}' is {format_type(other)} in {path}, "
                    f"{format_type(field.type)} in {paths[0]}",
                    code="E302",
                    column=field.name,
                    hint="read them in two steps, cast, then union",
                )
    return pa.concat_tables([t.select(first.names).cast(first) for t in tables])


def _read_parquet(path: str, config: dict[str, Any], *, header_only: bool) -> pa.Table:
    try:
        if Path(path).stat().st_size == 0:
            raise ParquetError(f"the file is empty (0 bytes): {path}", code="E502", path=path)
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            empty = schema.empty_table()
            if config["columns"] is not None:
                require_columns(empty, config["columns"], f" in '{path}'")
            names = _needed(config, empty)
            if header_only:
                return empty.select(names) if names is not None else empty
            table = file.read(columns=names)
            table.validate(full=True)  # pyarrow hands out text that is no UTF-8
            return table
    except (ParquetFrameError, FileNotFoundError, PermissionError):
        raise
    except MemoryError as error:
        raise LimitExceeded(f"not enough memory: {path}", code="E604", path=path) from error
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError, OverflowError) as error:
        text = (str(error).splitlines() or [type(error).__name__])[0][:300]
        raise ParquetError(
            f"not a valid Parquet file: {path}: {text}", code="E502", path=path
        ) from error


def _needed(config: dict[str, Any], empty: pa.Table) -> list[str] | None:
    if config["columns"] is None:
        return None
    names = list(config["columns"])
    if config["where"] is not None:
        with at_key("where"):
            node = bind_condition(config["where"], Scope.of(plain(empty).schema))
        names += sorted(node.columns() - set(names))
    names += [name for name in config["schema"] or {} if name not in names]
    return [name for name in names if name in empty.column_names]


def _same_columns(paths: list[str], tables: list[pa.Table]) -> None:
    first = tables[0].column_names
    for path, table in zip(paths, tables, strict=False):
        for name in first:
            if name not in table.column_names:
                raise SchemaError(
                    f"no column '{name}' in {path}, but in {paths[0]}", code="E301", column=name
                )
        if extra := [name for name in table.column_names if name not in first]:
            raise SchemaError(
                f"column '{extra[0]}' is in {path}, but not in {paths[0]}",
                code="E301",
                column=extra[0],
            )


def _chosen(table: pa.Table, config: dict[str, Any]) -> pa.Table:
    if config["where"] is not None:
        with at_key("where"):
            condition = bind_condition(config["where"], Scope.of(table.schema))
            table = table.filter(truth(condition, table))
    if config["columns"] is not None:
        with at_key("columns"):
            require_columns(table, config["columns"])
        table = table.select(config["columns"])
    return table if config["limit"] is None else table.slice(0, config["limit"])


def is_csv(config: dict[str, Any]) -> bool:
    """Whether the step reads CSV, judged by format and names alone."""
    if config["format"] != "auto":
        return bool(config["format"] == "csv")
    return any(_suffix(path) in {"csv", None} for path in config["path"])
