"""Avro container files through the optional package fastavro."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from parquetframe.errors import AvroError, LimitExceeded, ParquetFrameError, UnsupportedFeature
from parquetframe.types import format_type

_PRIMITIVE: Final[dict[str, pa.DataType]] = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
    "enum": pa.string(),
}
_LOGICAL: Final[dict[str, pa.DataType]] = {
    "date": pa.date32(),
    "time-millis": pa.time32("ms"),
    "time-micros": pa.time64("us"),
    "timestamp-millis": pa.timestamp("ms", "UTC"),
    "timestamp-micros": pa.timestamp("us", "UTC"),
    "local-timestamp-millis": pa.timestamp("ms"),
    "local-timestamp-micros": pa.timestamp("us"),
    "uuid": pa.string(),
}


def _fastavro() -> Any:
    try:
        import fastavro
    except ModuleNotFoundError as error:
        raise UnsupportedFeature(
            "Avro files need the package fastavro on the python engine",
            code="E605",
            hint="pip install parquetframe[avro]",
        ) from error
    return fastavro


def read_avro(path: str, *, header_only: bool = False) -> pa.Table:
    """Read one container file.

    Raises:
        AvroError: Not a valid container.
        UnsupportedFeature: fastavro is missing, or a union of several types.
    """
    fastavro = _fastavro()
    with _damage(path), Path(path).open("rb") as file:
        reader = fastavro.reader(file)
        schema = _record_schema(reader.writer_schema)
        rows = [] if header_only else list(reader)
        arrays = [_column([row[f.name] for row in rows], f.type) for f in schema]
        return pa.table(arrays, schema=schema)


@contextmanager
def _damage(path: str) -> Iterator[None]:
    """What fastavro and the codecs raise on damaged files becomes one of our errors."""
    try:
        yield
    except (ParquetFrameError, FileNotFoundError, PermissionError):
        raise
    except MemoryError as error:
        text = f"a block claims more memory than there is: {path}"
        raise LimitExceeded(text, code="E604", path=path) from error
    except Exception as error:
        known = (ValueError, EOFError, LookupError, TypeError, AttributeError, ArithmeticError,
                 OSError, RecursionError, struct.error, pa.ArrowException)  # fmt: skip
        if not isinstance(error, known) and _package(error) not in {"fastavro", "zlib", "_lzma"}:
            raise
        text = (str(error).splitlines() or [""])[0][:300] or type(error).__name__
        raise AvroError(f"not a valid Avro file: {path}: {text}", code="E502", path=path) from error


def _package(error: Exception) -> str:
    return type(error).__module__.partition(".")[0]


def _column(values: list[Any], dtype: pa.DataType) -> pa.Array:
    if pa.types.is_string(dtype):
        values = [v if v is None or isinstance(v, str) else str(v) for v in values]
    return pa.array(values, dtype)


def _record_schema(tree: Any) -> pa.Schema:
    if not isinstance(tree, dict) or tree.get("type") != "record":
        raise UnsupportedFeature("Avro files must hold records", code="E605")
    named: dict[str, Any] = {}
    return pa.schema([pa.field(f["name"], _arrow(f["type"], named)) for f in tree["fields"]])


def _arrow(tree: Any, named: dict[str, Any]) -> pa.DataType:
    if isinstance(tree, list):
        rest = [t for t in tree if t != "null"]
        if len(rest) == 1:
            return _arrow(rest[0], named)
        raise UnsupportedFeature("an Avro union of several types is not supported", code="E605")
    if isinstance(tree, str):
        if tree in _PRIMITIVE:
            return _PRIMITIVE[tree]
        if tree in named:
            return named[tree]
        raise UnsupportedFeature(f"the Avro type '{tree}' is not supported", code="E605")
    logical = tree.get("logicalType")
    if logical == "decimal":
        return pa.decimal128(tree["precision"], tree.get("scale", 0))
    kind = tree["type"]
    if logical in _LOGICAL:
        return _LOGICAL[logical]
    dtype: pa.DataType
    if kind == "fixed":
        dtype = pa.binary(tree["size"])
    elif kind == "array":
        dtype = pa.list_(_arrow(tree["items"], named))
    elif kind == "map":
        dtype = pa.map_(pa.string(), _arrow(tree["values"], named))
    elif kind == "record":
        dtype = pa.struct([(f["name"], _arrow(f["type"], named)) for f in tree["fields"]])
    else:
        return _arrow(kind, named)
    if "name" in tree:
        named[tree["name"]] = dtype
    return dtype


def write_avro(table: pa.Table, path: str, compression: str | None) -> None:
    """Write a container file; every column is nullable.

    Raises:
        UnsupportedFeature: fastavro is missing, or a column type that Avro lacks.
    """
    fastavro = _fastavro()
    fields = [{"name": f.name, "type": ["null", _avro(f)]} for f in table.schema]
    schema = fastavro.parse_schema({"type": "record", "name": "row", "fields": fields})
    codec = {None: "null", "none": "null", "uncompressed": "null"}.get(compression, compression)
    zones = [f.name for f in table.schema if pa.types.is_timestamp(f.type) and f.type.tz]

    def rows() -> Any:
        for batch in table.to_batches():
            for row in batch.to_pylist():
                for name in zones:
                    if row[name] is not None:
                        row[name] = row[name].astimezone(dt.UTC)
                yield row

    with Path(path).open("wb") as file:
        fastavro.writer(file, schema, rows(), codec=codec)


def _avro(field: pa.Field) -> Any:
    dtype, t = field.type, pa.types
    if t.is_timestamp(dtype):
        unit = {"s": "millis", "ms": "millis", "us": "micros"}.get(dtype.unit)
        if unit is not None:
            prefix = "" if dtype.tz else "local-"
            return {"type": "long", "logicalType": f"{prefix}timestamp-{unit}"}
    if t.is_decimal(dtype):
        scale = {"precision": dtype.precision, "scale": dtype.scale}
        return {"type": "bytes", "logicalType": "decimal", **scale}
    if t.is_date32(dtype):
        return {"type": "int", "logicalType": "date"}
    if t.is_integer(dtype) and dtype != pa.uint64():
        return "int" if dtype.bit_width < 32 or dtype == pa.int32() else "long"
    for name in ("boolean", "float", "double", "bytes", "string"):
        if dtype == _PRIMITIVE[name]:
            return name
    raise UnsupportedFeature(
        f"column '{field.name}': Avro has no type for {format_type(dtype)}",
        code="E605",
        hint="cast the column first",
    )
