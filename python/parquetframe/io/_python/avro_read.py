"""Avro container files through the optional package fastavro."""

from __future__ import annotations

import io
import json
import struct
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from parquetframe.errors import (
    AvroError,
    IoError,
    LimitExceeded,
    ParquetFrameError,
    SourceNotFound,
    UnsupportedFeature,
)
from parquetframe.workflow.names import suggestion

from ..engine import FileRequest
from ..evolve import wide_text

__all__ = ["batches", "header", "open_avro", "read", "row_count", "schema"]

_BATCH_ROWS: Final = 65_536
_PRIMITIVE: Final[dict[str, pa.DataType]] = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
}
_LOGICAL: Final[dict[tuple[str, str], pa.DataType]] = {
    ("int", "date"): pa.date32(),
    ("int", "time-millis"): pa.time32("ms"),
    ("long", "time-micros"): pa.time64("us"),
    ("long", "timestamp-millis"): pa.timestamp("ms", "UTC"),
    ("long", "timestamp-micros"): pa.timestamp("us", "UTC"),
    ("long", "timestamp-nanos"): pa.timestamp("ns", "UTC"),
    ("long", "local-timestamp-millis"): pa.timestamp("ms"),
    ("long", "local-timestamp-micros"): pa.timestamp("us"),
    ("long", "local-timestamp-nanos"): pa.timestamp("ns"),
    ("string", "uuid"): pa.binary(16),
}


def fastavro() -> Any:
    """The package.

    Raises:
        ImportError: It is not installed.
    """
    try:
        import fastavro as package
    except ModuleNotFoundError as error:
        raise ImportError(
            "Avro files need the package fastavro on the python engine; "
            "install it with: pip install 'parquetframe[avro]'",
            name="fastavro",
        ) from error
    return package


def schema(request: FileRequest) -> pa.Schema:
    """All columns of the file, with the types that a read gives."""
    with open_avro(request) as reader:
        return _Shape(reader, request).schema


def header(source: str | bytes) -> dict[str, Any]:
    """``schema`` (JSON text), ``codec`` and ``metadata``."""
    from ..engine import Decode

    with open_avro(FileRequest("avro", source, Decode())) as reader:
        facts = dict(reader.metadata)
        text = facts.pop("avro.schema")
        return {"schema": text, "codec": facts.pop("avro.codec", "null"), "metadata": facts}


def row_count(request: FileRequest) -> int:
    """Number of records that the blocks declare."""
    with open_avro(request) as reader:
        return sum(block.num_records for block in reader)


def read(request: FileRequest) -> tuple[pa.Table, dict[str, Any]]:
    """The rows of one file."""
    with open_avro(request) as reader:
        shape = _Shape(reader, request)
        parts = [shape.table(rows) for rows in _chunks(reader, request, _BATCH_ROWS)]
        return pa.concat_tables(parts or [shape.table([])]), {}


def batches(request: FileRequest) -> Iterator[pa.RecordBatch]:
    """The rows in pieces; blocks are joined or split to the size asked for."""
    with open_avro(request) as reader:
        shape = _Shape(reader, request)
        for rows in _chunks(reader, request, request.batch_rows or _BATCH_ROWS):
            yield from shape.table(rows).combine_chunks().to_batches()


@contextmanager
def open_avro(request: FileRequest) -> Iterator[Any]:
    """A reader of blocks; what fastavro raises inside leaves as one of our errors."""
    package, label = fastavro(), request.label
    reader_schema = request.decode.reader_schema
    try:
        parsed = None if reader_schema is None else json.loads(reader_schema)
        with _opened(request.source, label) as file:
            yield package.block_reader(file, reader_schema=parsed)
    except (ParquetFrameError, ImportError, PermissionError):
        raise
    except (pa.ArrowException, ArithmeticError, ValueError, EOFError, LookupError, TypeError,
            AttributeError, OSError, RecursionError, struct.error) as error:  # fmt: skip
        text = (str(error).splitlines() or [""])[0][:300] or type(error).__name__
        raise AvroError(f"{label}: not a valid Avro file: {text}", path=label) from error
    except MemoryError as error:
        text = f"{label}: a block claims more memory than there is"
        raise LimitExceeded(text, path=label) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in {"fastavro", "zlib", "_lzma"}:
            raise
        text = (str(error).splitlines() or [""])[0][:300] or type(error).__name__
        raise AvroError(f"{label}: cannot read this Avro file: {text}", path=label) from error


def _opened(source: str | bytes, label: str) -> Any:
    if isinstance(source, bytes):
        if not source:
            raise AvroError(f"{label}: the file is empty (0 bytes)", path=label)
        return io.BytesIO(source)
    path = Path(source)
    if path.is_dir():
        raise IoError(f"{label}: is a directory, not a file", path=label)
    try:
        if path.stat().st_size == 0:
            raise AvroError(f"{label}: the file is empty (0 bytes)", path=label)
        return path.open("rb")
    except FileNotFoundError as error:
        raise SourceNotFound(f"File not found: {label}", path=label) from error


def _chunks(reader: Any, request: FileRequest, size: int) -> Iterator[list[Any]]:
    left = request.n_rows
    rows: list[Any] = []
    done = count = 0
    for block in reader:
        request.check_cancelled()
        if left is not None and left <= 0:
            break
        done += block.size
        before = len(rows)
        rows += list(block)
        if left is not None:
            del rows[before + left :]
            left -= len(rows) - before
        count += len(rows) - before
        if request.progress is not None:
            request.progress(done, None, count)
        while len(rows) >= size:
            yield rows[:size]
            rows = rows[size:]
    if rows:
        yield rows


class _Shape:
    """Columns of the result and how records fill them."""

    def __init__(self, reader: Any, request: FileRequest) -> None:
        self._decode = request.decode
        if self._decode.on_bad_block != "error":
            raise UnsupportedFeature(
                "on_bad_block='skip' is not offered by the python engine",
                hint="the rust engine skips bad blocks",
            )
        text = request.decode.reader_schema or reader.metadata["avro.schema"]
        tree = json.loads(text)
        self._named: dict[str, pa.DataType] = {}
        self._open: set[str] = set()
        self._path: list[str] = []
        self._symbols: dict[int, list[str]] = {}
        self._record = isinstance(tree, dict) and tree.get("type") in {"record", "error"}
        if self._record:
            space = tree.get("namespace", "")
            self._open.add(tree["name"])
            fields = [self._below(f["name"], f["type"], space) for f in tree["fields"]]
        else:
            fields = [self._field("value", tree, "")]
        self.schema = pa.schema(fields)
        self._wanted = _wanted(request, self.schema)

    def table(self, rows: list[Any]) -> pa.Table:
        """Records as columns."""
        if self._record:
            arrays = [_column([row[f.name] for row in rows], f.type) for f in self._wanted]
        else:
            arrays = [_column(rows, f.type) for f in self._wanted]
        return pa.table(arrays, schema=self._wanted)

    def _below(self, name: str, tree: Any, space: str, step: str | None = None) -> pa.Field:
        self._path.append(f".{name}" if step is None else step)
        field = self._field(name, tree, space)
        self._path.pop()
        return field

    def _field(self, name: str, tree: Any, space: str) -> pa.Field:
        nullable = tree == "null"
        if isinstance(tree, list):
            rest = [part for part in tree if part != "null"]
            nullable = len(rest) < len(tree)
            if len(rest) > 1:
                raise UnsupportedFeature(
                    f"column '{name}' is an Avro union of several types, which the python engine "
                    "does not offer",
                    hint="the rust engine reads it, see unions=",
                )
            tree = rest[0] if rest else "null"
        return pa.field(name, self._type(tree, space), nullable)

    def _type(self, tree: Any, space: str) -> pa.DataType:
        if isinstance(tree, list):
            return self._field("union", tree, space).type
        if isinstance(tree, str):
            if tree in _PRIMITIVE:
                return wide_text(_PRIMITIVE[tree], self._decode.string_type)
            for name in (tree, f"{space}.{tree}"):
                if name in self._named:
                    return self._named[name]
            if tree in self._open:
                where = "".join(self._path).removeprefix(".")
                raise UnsupportedFeature(
                    f"field '{where}': the schema is recursive, '{tree}' holds itself, which has "
                    "no Arrow type"
                )
            raise UnsupportedFeature(f"the Avro type '{tree}' is not supported")
        kind, logical = tree["type"], tree.get("logicalType")
        space = tree.get("namespace", space)
        if logical == "decimal" and kind in {"bytes", "fixed"}:
            dtype = _decimal(tree)
        elif (kind, logical) in _LOGICAL:
            dtype = wide_text(_LOGICAL[kind, logical], self._decode.string_type)
        elif kind == "fixed" and logical == "duration" and tree.get("size") == 12:
            dtype = pa.month_day_nano_interval()
        elif kind == "fixed":
            dtype = pa.binary(tree["size"])
        elif kind == "enum":
            dtype = (
                pa.dictionary(pa.int32(), pa.string())
                if self._decode.enums == "dictionary"
                else wide_text(pa.string(), self._decode.string_type)
            )
        elif kind == "array":
            dtype = pa.list_(self._below("item", tree["items"], space, "[]"))
        elif kind == "map":
            key = wide_text(pa.string(), self._decode.string_type)
            dtype = pa.map_(key, self._below("value", tree["values"], space, "{}"))
        elif kind in {"record", "error"}:
            self._open.add(tree["name"])
            dtype = pa.struct([self._below(f["name"], f["type"], space) for f in tree["fields"]])
        else:
            return self._type(kind, space)
        if "name" in tree:
            self._named[tree["name"]] = dtype
            self._named[f"{space}.{tree['name']}"] = dtype
        return dtype


def _wanted(request: FileRequest, schema: pa.Schema) -> pa.Schema:
    if request.columns is None:
        return schema
    fields: dict[str, pa.Field] = {}
    for path in request.columns:
        if len(path) > 1:
            raise UnsupportedFeature(
                f"column {'.'.join(path)!r}: the python engine reads no single fields of Avro "
                "records", hint="read the whole column",
            )  # fmt: skip
        if path[0] not in schema.names:
            from parquetframe.errors import SchemaError

            raise SchemaError(
                f"no column '{path[0]}'", column=path[0], hint=suggestion(path[0], schema.names)
            )
        fields[path[0]] = schema.field(path[0])
    return pa.schema(fields.values())


def _decimal(tree: Any) -> pa.DataType:
    precision, scale = tree["precision"], tree.get("scale", 0)
    make = pa.decimal128 if precision <= 38 else pa.decimal256
    return make(precision, scale)


def _column(values: list[Any], dtype: pa.DataType) -> pa.Array:
    if dtype == pa.month_day_nano_interval():
        values = [v if v is None else _interval(v) for v in values]
    elif _holds_16_bytes(dtype):
        values = [_uuid_bytes(v) for v in values]
    return pa.array(values, dtype)


def _holds_16_bytes(dtype: pa.DataType) -> bool:
    if dtype.num_fields:
        return any(_holds_16_bytes(dtype.field(i).type) for i in range(dtype.num_fields))
    return bool(dtype == pa.binary(16))


def _uuid_bytes(value: Any) -> Any:
    """The value with the 16 bytes of each UUID in it."""
    if isinstance(value, uuid.UUID):
        return value.bytes
    if isinstance(value, list):
        return [_uuid_bytes(item) for item in value]
    if isinstance(value, dict):
        return {key: _uuid_bytes(item) for key, item in value.items()}
    return value


def _interval(value: bytes) -> Any:
    months, days, millis = struct.unpack("<III", value)
    return pa.MonthDayNano([months, days, millis * 1_000_000])
