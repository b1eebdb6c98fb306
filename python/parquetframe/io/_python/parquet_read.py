"""Parquet files through pyarrow."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
from parquetframe.workflow._python.expressions.scope import unknown_column

from ..engine import FileRequest
from ..evolve import family, wide_text
from ..leaves import leaf_indices, leaves_of
from .prune import flat_leaves, may_match

__all__ = ["batches", "open_parquet", "read", "row_count", "schema"]

_BATCH_ROWS = 131_072
_SMALLEST = 12  # two magics and the length of the footer


def schema(request: FileRequest) -> pa.Schema:
    """All columns of the file, with the types that a read gives."""
    with open_parquet(request.source, request) as file:
        return _delivered(file.schema_arrow, request)


def row_count(request: FileRequest) -> int:
    """Number of rows, from the footer."""
    with open_parquet(request.source, request) as file:
        return int(file.metadata.num_rows)


def read(request: FileRequest) -> tuple[pa.Table, dict[str, Any]]:
    """The rows of the wanted row groups, one row group at a time."""
    with open_parquet(request.source, request) as file:
        indices, names = _projection(file, request)
        groups = _groups(file, request)
        total = sum(file.metadata.row_group(i).total_byte_size for i in groups)
        _check_memory(file, groups, indices, request)
        tables: list[pa.Table] = []
        rows = done = 0
        for group in groups:
            request.check_cancelled()
            if request.n_rows is not None and rows >= request.n_rows:
                break
            part = _read_group(file, group, indices, request)
            rows += part.num_rows
            done += file.metadata.row_group(group).total_byte_size
            tables.append(_shaped(part, names, request))
            if request.progress is not None:
                request.progress(done, total, rows)
        request.check_cancelled()
        if not tables:
            empty = _read_group(file, None, indices, request)
            tables = [_shaped(empty, names, request)]
        table = pa.concat_tables(tables)
        if request.n_rows is not None:
            table = table.slice(0, request.n_rows)
        wanted = request.row_groups
        number = file.metadata.num_row_groups if wanted is None else len(wanted)
        return table, {"row_groups": number, "row_groups_pruned": number - len(groups)}


def batches(request: FileRequest) -> Iterator[pa.RecordBatch]:
    """The rows in pieces, decoded as they are asked for."""
    with open_parquet(request.source, request, buffered=True) as file:
        indices, names = _projection(file, request)
        left = request.n_rows
        rows = request.batch_rows or _BATCH_ROWS
        stream = file.reader.iter_batches(
            rows, row_groups=_groups(file, request), column_indices=indices, use_threads=False
        )
        while left is None or left > 0:
            request.check_cancelled()
            batch = next(stream, None)
            if batch is None:
                return
            table = _shaped(pa.Table.from_batches([batch]), names, request)
            if left is not None:
                table = table.slice(0, left)
                left -= table.num_rows
            yield from table.combine_chunks().to_batches()


@contextmanager
def open_parquet(
    source: str | bytes, request: FileRequest | None = None, *, buffered: bool = False
) -> Iterator[pq.ParquetFile]:
    """The open file; what pyarrow raises inside leaves as one of our errors."""
    label = source if isinstance(source, str) else "<bytes>"
    _check_source(source, label)
    options: dict[str, Any] = {}
    if request is not None:
        decode = request.decode
        options = {
            "read_dictionary": list(decode.dictionary_columns) or None,
            "coerce_int96_timestamp_unit": decode.int96_unit,
            "page_checksum_verification": decode.verify_checksums,
        }
    if buffered:
        options |= {"pre_buffer": False, "buffer_size": 1 << 20}
    try:
        with _input(source) as stream, pq.ParquetFile(stream, **options) as file:
            yield file
    except ParquetFrameError:
        raise
    except KeyError:  # pyarrow looks up the names of dictionary columns
        if request is None or not request.decode.dictionary_columns:
            raise
        with open_parquet(source) as file:
            _delivered(file.schema_arrow, request)  # raises with the nearest name
        raise
    except FileNotFoundError as error:
        raise SourceNotFound(f"File not found: {label}", path=label) from error
    except PermissionError:
        raise
    except MemoryError as error:
        raise LimitExceeded(f"{label}: not enough memory", path=label) from error
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError, OverflowError) as error:
        text = (str(error).splitlines() or [type(error).__name__])[0][:300]
        raise ParquetError(f"{label}: not a valid Parquet file: {text}", path=label) from error


def _input(source: str | bytes) -> Any:
    if isinstance(source, bytes):
        return pa.BufferReader(source)
    if source.isascii() or source.isprintable():
        return pa.OSFile(source)
    return pa.PythonFile(Path(source).open("rb"), "r")  # a name that is no UTF-8


def _check_source(source: str | bytes, label: str) -> None:
    if isinstance(source, bytes):
        size, start, end = len(source), source[:4], source[-4:]
    else:
        path = Path(source)
        if path.is_dir():
            raise IoError(f"{label}: is a directory, not a file", path=label)
        try:
            with path.open("rb") as file:
                start = file.read(4)
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - 4))
                end = file.read(4)
        except FileNotFoundError as error:
            raise SourceNotFound(f"File not found: {label}", path=label) from error
        except PermissionError:
            raise
        except OSError as error:
            raise IoError(
                f"{label}: {error.strerror or errno.errorcode.get(error.errno or 0)}", path=label
            ) from error
    if size == 0:
        raise ParquetError(f"{label}: the file is empty (0 bytes)", path=label)
    if start == b"PARE" or end == b"PARE":
        raise ParquetError(f"{label}: the footer is encrypted, which is not supported", path=label)
    if size < _SMALLEST or start != b"PAR1":
        raise ParquetError(f"{label}: not a Parquet file: it does not begin with PAR1", path=label)
    if end != b"PAR1":
        raise ParquetError(
            f"{label}: the file is truncated, or not Parquet: it does not end with PAR1", path=label
        )


def _delivered(found: pa.Schema, request: FileRequest, *, check: bool = True) -> pa.Schema:
    """The schema with the layouts that were asked for; checks ``dictionary_columns``."""
    wanted = request.decode.dictionary_columns
    if check:
        for name in wanted:
            if name not in found.names:
                raise unknown_column(name, found.names, f" in '{request.label}'")
    fields = []
    for column in found:
        dtype = column.type
        if column.name not in wanted:
            dtype = wide_text(dtype, request.decode.string_type)
        elif pa.types.is_dictionary(dtype):
            value = dtype.value_type
            value = pa.string() if family(value) == "text" else value
            dtype = pa.dictionary(dtype.index_type, value, dtype.ordered)
        elif family(dtype) == "text":
            dtype = pa.dictionary(pa.int32(), pa.string())
        else:
            raise SchemaError(
                f"column '{column.name}' is {format_type(dtype)}, not text",
                column=column.name, path=request.label,
                hint="dictionary_columns takes columns of text",
            )  # fmt: skip
        fields.append(column.with_type(dtype))
    return pa.schema(fields, metadata=found.metadata)


def _projection(file: pq.ParquetFile, request: FileRequest) -> tuple[list[int] | None, list[str]]:
    """Leaf columns to decode, and the names of the result's columns in order."""
    stored = file.schema_arrow
    _delivered(stored, request)
    if request.columns is None:
        return None, list(stored.names)
    leaves = leaves_of(stored)
    indices = sorted({i for path in request.columns for i in leaf_indices(leaves, path, stored)})
    return indices, list(dict.fromkeys(path[0] for path in request.columns))


def _groups(file: pq.ParquetFile, request: FileRequest) -> list[int]:
    count = file.metadata.num_row_groups
    if request.row_groups is None:
        return _kept(file, list(range(count)), request)
    for index in request.row_groups:
        if not 0 <= index < count:
            raise ValueError(
                f"{request.label}: row_groups has {index}, but the file has {count} row groups"
            )
    return _kept(file, list(request.row_groups), request)


def _kept(file: pq.ParquetFile, groups: list[int], request: FileRequest) -> list[int]:
    """Those of the row groups that statistics do not rule out."""
    predicate = request.predicate
    if predicate is None:
        return groups
    leaves = flat_leaves(file.schema_arrow)
    return [i for i in groups if may_match(predicate, file.metadata.row_group(i), leaves)]


def _check_memory(
    file: pq.ParquetFile, groups: list[int], indices: list[int] | None, request: FileRequest
) -> None:
    if request.memory_limit is None:
        return
    wanted = range(file.metadata.num_columns) if indices is None else indices
    needed = 0
    rows = 0
    for group in groups:
        if request.n_rows is not None and rows >= request.n_rows:
            break
        facts = file.metadata.row_group(group)
        rows += facts.num_rows
        needed += sum(facts.column(i).total_uncompressed_size for i in wanted)
    if needed > request.memory_limit:
        raise LimitExceeded(
            f"{request.label}: the columns take at least {needed} bytes, but memory_limit is "
            f"{request.memory_limit}",
            path=request.label,
            hint="read fewer columns or rows, use pf.iter_batches, or raise memory_limit",
        )


def _read_group(
    file: pq.ParquetFile, group: int | None, indices: list[int] | None, request: FileRequest
) -> pa.Table:
    groups = [] if group is None else [group]
    return file.reader.read_row_groups(
        groups, column_indices=indices, use_threads=request.threads > 1
    )


def _shaped(table: pa.Table, names: list[str], request: FileRequest) -> pa.Table:
    """Columns in the order and the layout that were asked for."""
    if table.column_names != names:
        table = table.select(names)
    table.validate(full=True)  # pyarrow hands out text that is no UTF-8
    target = _delivered(table.schema, request, check=False)
    return table if table.schema == target else table.cast(target)
