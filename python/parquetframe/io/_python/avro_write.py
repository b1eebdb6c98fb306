"""Avro container files through the optional package fastavro, behind the atomic sink."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from parquetframe.errors import SchemaError, UnsupportedFeature
from parquetframe.types import format_type

from ..atomic import replacing
from ..engine import WriteRequest
from ..evolve import family
from .avro_read import fastavro

__all__ = ["avro_schema", "write"]

_CODECS = {"zstd": "zstandard"}
_ROWS = 8192
_NO_VALUE = (ValueError, TypeError, OverflowError, KeyError, AttributeError)


def write(data: Any, request: WriteRequest) -> dict[str, Any]:
    """Write a stream to one container file."""
    package = fastavro()
    reader = pa.RecordBatchReader.from_stream(data)
    options, dest = request.options, Path(request.dest)
    if options["schema"]:
        tree = json.loads(options["schema"])
    else:
        tree = avro_schema(reader.schema, options.get("enums"))
    try:
        schema = package.parse_schema(tree)
    except (package.schema.SchemaParseException, *_NO_VALUE) as error:
        raise SchemaError(f"not an Avro schema: {_text(error)}") from error
    codec = _CODECS.get(options["codec"], options["codec"])
    counter = _Counter(reader, request, _whole_seconds(reader.schema))
    with replacing(
        dest, atomic=request.atomic, fsync=request.fsync, overwrite=request.overwrite
    ) as target:
        try:
            with target.open("wb") as file:
                sink = _Sink(file)
                package.writer(
                    sink,
                    schema,
                    counter.rows(),
                    codec=codec,
                    codec_compression_level=options["codec_level"],
                    sync_interval=options["block_bytes"],
                    sync_marker=bytes.fromhex(options["sync"]) if options["sync"] else b"",
                )
        except _NO_VALUE as error:
            if isinstance(error, (SchemaError, UnsupportedFeature)):
                raise
            if "codec" in str(error):
                raise UnsupportedFeature(f"codec '{options['codec']}': {_text(error)}") from error
            raise SchemaError(f"a row does not fit the Avro schema: {_text(error)}") from error
        request.check_cancelled()
    return {"path": str(dest), "rows": counter.count, "bytes": sink.size, "files": 1}


class _Sink:
    """Counts what is written; a pipe does not tell where it is."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return int(self._file.write(data))

    def flush(self) -> None:
        self._file.flush()

    def seekable(self) -> bool:
        return False


def avro_schema(schema: pa.Schema, enums: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """The Avro schema that follows from Arrow columns.

    Args:
        schema: The columns.
        enums: Symbols of the columns that become enums.

    Raises:
        UnsupportedFeature: A type that Avro lacks.
    """
    names = iter(range(1 << 30))
    fields = [{"name": f.name, "type": _column(f, names, enums or {})} for f in schema]
    return {"type": "record", "name": "topLevelRecord", "fields": fields}


def _column(field: pa.Field, names: Iterator[int], enums: Mapping[str, list[str]]) -> Any:
    if field.name not in enums:
        return _typed(field, names)
    kind = {"type": "enum", "name": f"enum_{next(names)}", "symbols": enums[field.name]}
    return ["null", kind] if field.nullable else kind


def _typed(field: pa.Field, names: Iterator[int]) -> Any:
    inner = _avro(field.type, field.name, names)
    return ["null", inner] if field.nullable and inner != "null" else inner


def _avro(dtype: pa.DataType, name: str, names: Iterator[int]) -> Any:
    t = pa.types
    if t.is_dictionary(dtype):
        return _avro(dtype.value_type, name, names)
    kind = family(dtype)
    if kind == "text":
        return "string"
    if t.is_fixed_size_binary(dtype):
        return {"type": "fixed", "name": f"fixed_{next(names)}", "size": dtype.byte_width}
    if kind == "binary":
        return "bytes"
    if t.is_timestamp(dtype) and dtype.unit != "ns":
        unit = "micros" if dtype.unit == "us" else "millis"
        prefix = "" if dtype.tz else "local-"
        return {"type": "long", "logicalType": f"{prefix}timestamp-{unit}"}
    if t.is_time32(dtype):
        return {"type": "int", "logicalType": "time-millis"}
    if t.is_time64(dtype) and dtype.unit == "us":
        return {"type": "long", "logicalType": "time-micros"}
    if t.is_decimal(dtype):
        scale = {"precision": dtype.precision, "scale": dtype.scale}
        return {"type": "bytes", "logicalType": "decimal", **scale}
    if t.is_date32(dtype):
        return {"type": "int", "logicalType": "date"}
    if t.is_integer(dtype) and dtype != pa.uint64():
        return "int" if dtype.bit_width < 32 or dtype == pa.int32() else "long"
    plain = {
        pa.bool_(): "boolean",
        pa.float32(): "float",
        pa.float64(): "double",
        pa.null(): "null",
    }
    if dtype in plain:
        return plain[dtype]
    if t.is_struct(dtype):
        fields = [{"name": f.name, "type": _typed(f, names)} for f in dtype]
        return {"type": "record", "name": f"record_{next(names)}", "fields": fields}
    if t.is_list(dtype) or t.is_large_list(dtype) or t.is_fixed_size_list(dtype):
        return {"type": "array", "items": _typed(dtype.value_field, names)}
    if t.is_map(dtype) and family(dtype.key_type) == "text":
        return {"type": "map", "values": _typed(dtype.item_field, names)}
    raise UnsupportedFeature(
        f"column '{name}': Avro has no type for {format_type(dtype)}",
        hint="cast the column first",
    )


def _whole_seconds(schema: pa.Schema) -> pa.Schema:
    """Zones become UTC, so that the records hold instants."""
    fields = [
        f.with_type(pa.timestamp(f.type.unit, "UTC"))
        if pa.types.is_timestamp(f.type) and f.type.tz
        else f
        for f in schema
    ]
    return pa.schema(fields)


class _Counter:
    """Rows of a stream as records, counted."""

    def __init__(
        self, reader: pa.RecordBatchReader, request: WriteRequest, schema: pa.Schema
    ) -> None:
        self._reader, self._request, self._schema = reader, request, schema
        self.count = 0

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each row as a dict."""
        for batch in self._reader:
            table = pa.Table.from_batches([batch]).cast(self._schema)
            for start in range(0, table.num_rows, _ROWS):
                self._request.check_cancelled()
                yield from table.slice(start, _ROWS).to_pylist(maps_as_pydicts="strict")
                self.count = min(self.count + _ROWS, self.count + table.num_rows - start)
                if self._request.progress is not None:
                    self._request.progress(0, None, self.count)


def _text(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:300] or type(error).__name__
