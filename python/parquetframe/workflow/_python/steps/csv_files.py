"""CSV files of a ``read`` step, by the reader behind ``read_csv``; several become one table.

A column has the type that it would have if the files were one: where their types differ, those that
differ from the type of all cells are read once more with it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from parquetframe.errors import AmbiguousDialect, SchemaError, UnsupportedFeature
from parquetframe.io._python.csv_infer import infer
from parquetframe.io._python.csv_read import CsvTable
from parquetframe.io.csv_bad_lines import told
from parquetframe.io.engine import Decode, FileRequest
from parquetframe.io.machine import memory_limit_bytes
from parquetframe.types import format_type

from ..arrow_types import plain
from ..failure import at_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .context import StepContext

__all__ = ["read_csv_files"]

_PLAN_ROWS: Final = 1000
_PLAN_BYTES: Final = 1 << 21  # more than what the separator is guessed from


@dataclass
class _File:
    """One file of the step.

    Attributes:
        source: Its records.
        table: Its rows.
        facts: What there is to tell of it.
        doubts: Warnings about its separator.
    """

    request: FileRequest
    source: CsvTable
    table: pa.Table
    facts: dict[str, Any]
    doubts: list[str]

    @classmethod
    def read(cls, request: FileRequest) -> _File:
        doubts: list[str] = []
        source = CsvTable(request, lambda text, _: doubts.append(text))
        table, facts = source.build()
        return cls(request, source, table, facts, doubts)


def read_csv_files(
    paths: list[str],
    config: dict[str, Any],
    columns: list[str] | None,
    limit: int | None,
    context: StepContext,
) -> pa.Table:
    """Read all files, or in planning the first rows of each, into one table.

    Args:
        paths: The files.
        config: The step's; ``csv`` has the options, ``schema`` the types.
        columns: Columns to read; all if ``None``.
        limit: Rows to read of each file at most; the types are those of these rows.
        context: Takes the warnings, and under ``on_bad_lines: collect`` the rejects.

    Raises:
        CsvError: Bytes that are no table of text.
        SchemaError: A column of ``columns`` or ``schema`` that a file does not have, or files with
            different columns.
    """
    files: list[_File] = []
    for path in paths:
        context.check_cancelled()
        with _keys(config):
            files.append(_File.read(_request(path, config, columns, limit, context)))
    _same_columns(files)
    files = _of_one_type(files)
    _report(files, config["csv"]["on_bad_lines"], context)
    return pa.concat_tables([_plain(file.table) for file in files])


def _request(
    path: str,
    config: dict[str, Any],
    columns: list[str] | None,
    limit: int | None,
    context: StepContext,
) -> FileRequest:
    options = config["csv"] | {"dtypes": dict(config["schema"] or {})}
    rows = limit
    if context.planning:
        rows = _PLAN_ROWS if limit is None else min(limit, _PLAN_ROWS)
    return FileRequest(
        "csv",
        path,
        Decode(string_type="utf8", csv=options),
        columns=None if columns is None else tuple((name,) for name in columns),
        n_rows=rows,
        head_bytes=_PLAN_BYTES if context.planning else None,
        memory_limit=memory_limit_bytes("80%"),
        cancel=context.flag,
    )


@contextmanager
def _keys(config: dict[str, Any]) -> Iterator[None]:
    """Say which key an error is about, where it is not the path."""
    try:
        yield
    except AmbiguousDialect:
        with at_key("sep"):
            raise
    except SchemaError as error:
        error.code = "E301"  # type: ignore[attr-defined]
        with at_key(_key_of(error.column, config)):
            raise
    except UnsupportedFeature:
        with at_key("encoding"):
            raise


def _key_of(column: str | None, config: dict[str, Any]) -> str:
    """The key that names a column which a file does not have."""
    if column is None:
        return "names"
    if column in (config["schema"] or {}):
        return f"schema.{column}"
    options = config["csv"]
    by_column = (k for k in ("nulls", "parse_dates") if isinstance(options[k], dict))
    return next((k for k in by_column if column in options[k]), "columns")


def _same_columns(files: list[_File]) -> None:
    first = files[0]
    names = set(first.table.column_names)
    for file in files[1:]:
        own = set(file.table.column_names)
        for name in [*first.table.column_names, *file.table.column_names]:
            if (name in names) == (name in own):
                continue
            there, lacks = (first, file) if name in names else (file, first)
            raise SchemaError(
                f"no column '{name}' in {lacks.request.label}, but in {there.request.label}",
                code="E301", column=name,
                hint="read the files in separate steps and union them by name",
            )  # fmt: skip


def _of_one_type(files: list[_File]) -> list[_File]:
    """The files with the types of all their cells."""
    order = files[0].table.column_names
    wanted: dict[str, pa.DataType] = {}
    for name in order:
        found = {file.table.schema.field(name).type for file in files}
        if len(found) > 1:
            wanted[name] = _common(name, found, files)
    alike = []
    for file in files:
        schema = file.table.schema
        other = {n: format_type(t) for n, t in wanted.items() if schema.field(n).type != t}
        alike.append(_File.read(_with_types(file.request, other)) if other else file)
    for file in alike:
        file.table = file.table.select(order)
    return alike


def _common(name: str, found: set[pa.DataType], files: list[_File]) -> pa.DataType:
    if any(pa.types.is_binary(dtype) for dtype in found):
        return pa.binary()
    cells = pa.concat_arrays([file.source.cells(name).drop_null() for file in files])
    if not len(cells):
        return pa.string()  # quoted empty texts and nothing else
    dtype = infer(cells, files[0].source.options).dtype
    return pa.string() if pa.types.is_large_string(dtype) else dtype


def _with_types(request: FileRequest, types: dict[str, str]) -> FileRequest:
    options = request.decode.csv | {"dtypes": request.decode.csv["dtypes"] | types}
    return replace(request, decode=replace(request.decode, csv=options))


def _report(files: list[_File], policy: str, context: StepContext) -> None:
    collected: list[dict[str, Any]] = []
    for file in files:
        path, rejects = file.request.label, file.facts["rejects"]
        context.warnings += [f"{path}: {text}" for text in file.facts["warnings"]]
        context.warnings += file.doubts
        if number := file.facts["anomalies"]:
            text = f"{path}: {number} quoted cells have text after the closing quote"
            context.warnings.append(text)
        if rejects and policy == "warn":
            context.warnings.append(told(rejects, path))
        if policy == "collect":
            collected += [{"path": path, **reject} for reject in rejects]
    if policy == "collect":
        context.info["rejects"] = collected


def _plain(table: pa.Table) -> pa.Table:
    """Columns without a value are text, as in the compiled engine; the layout is the plain one."""
    for index, column in enumerate(table.schema):
        if pa.types.is_null(column.type):
            empty = pa.nulls(table.num_rows, pa.string())
            table = table.set_column(index, pa.field(column.name, pa.string()), empty)
    return plain(table)
