"""Runs a write: options checked, data as an Arrow stream, one call to the engine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from parquetframe.cancel import CancelledFlag, as_flag
from parquetframe.errors import SchemaError, UnsupportedFeature
from parquetframe.workflow.names import suggestion

from .avro_enums import enum_symbols, whole_table
from .engine import Progress, WriteRequest, choose_engine
from .machine import thread_count
from .report import WriteReport
from .request import choice, count, flag, schema_text
from .sources import local_path

__all__ = ["WriterTail", "as_stream", "avro_options", "parquet_options", "write"]

DEFAULT_FPP = 0.01
PARQUET_CODECS = ("snappy", "zstd", "gzip", "lz4", "brotli", "none")
AVRO_CODECS = ("null", "deflate", "snappy", "zstd", "bzip2", "xz")
SYNC_BYTES = 16

_LEVELS = {"zstd": (1, 22), "gzip": (0, 9), "brotli": (0, 11)}
_AVRO_LEVELS = {"deflate": (0, 9), "zstd": (1, 22), "bzip2": (1, 9), "xz": (0, 9)}


@dataclass(frozen=True)
class WriterTail:
    """Options that all writers have."""

    atomic: bool
    fsync: bool
    overwrite: bool
    threads: int
    progress: Progress | None
    cancel: CancelledFlag | None
    engine: str | None
    index: bool | str

    @classmethod
    def of(
        cls,
        *,
        atomic: bool,
        fsync: bool,
        overwrite: bool,
        threads: int | None,
        progress: Progress | None,
        cancel: object,
        engine: str | None,
        index: bool | str,
    ) -> WriterTail:
        """Check them."""
        if progress is not None and not callable(progress):
            raise TypeError(f"progress must be callable, not {type(progress).__name__}")
        if index not in (True, False, "auto"):
            raise ValueError(f"index must be 'auto', True or False, not {index!r}")
        return cls(
            flag("atomic", atomic),
            flag("fsync", fsync),
            flag("overwrite", overwrite),
            thread_count(threads),
            progress,
            None if cancel is None else as_flag(cancel),
            engine,
            index,
        )


def parquet_options(
    *,
    compression: str | None,
    compression_level: int | None,
    row_group_rows: int,
    page_bytes: int,
    dictionary: Any,
    statistics: str,
    bloom: Any,
    page_index: bool,
    sorting: Any,
    partition_by: Any,
    encryption: Any,
    metadata: Any,
) -> dict[str, Any]:
    """Check the options of :func:`parquetframe.write_parquet`."""
    if encryption is not None:
        raise UnsupportedFeature(
            "encryption is not offered yet", hint="this version writes plain files only"
        )
    codec = choice("compression", compression or "none", PARQUET_CODECS)
    return {
        "compression": codec,
        "compression_level": _level("compression_level", compression_level, codec, _LEVELS),
        "row_group_rows": _required("row_group_rows", row_group_rows),
        "page_bytes": _required("page_bytes", page_bytes),
        "dictionary": dictionary
        if isinstance(dictionary, bool)
        else _names("dictionary", dictionary),
        "statistics": choice("statistics", statistics, ("page", "chunk", "none")),
        "bloom": _bloom(bloom),
        "page_index": flag("page_index", page_index),
        "sorting": _sorting(sorting),
        "partition_by": [] if partition_by is None else _names("partition_by", partition_by),
        "metadata": _metadata(metadata),
    }


def avro_options(
    *,
    schema: Any,
    codec: str,
    codec_level: int | None,
    block_bytes: int,
    sync: bytes | None,
) -> dict[str, Any]:
    """Check the options of :func:`parquetframe.write_avro`."""
    choice("codec", codec, AVRO_CODECS)
    if sync is not None and (not isinstance(sync, bytes) or len(sync) != SYNC_BYTES):
        raise ValueError(f"sync must be {SYNC_BYTES} bytes, not {sync!r}")
    return {
        "schema": schema_text("schema", schema),
        "codec": codec,
        "codec_level": _level("codec_level", codec_level, codec, _AVRO_LEVELS),
        "block_bytes": _required("block_bytes", block_bytes),
        "sync": None if sync is None else sync.hex(),
    }


def write(fmt: str, data: Any, dest: Any, options: dict[str, Any], tail: WriterTail) -> WriteReport:
    """Write ``data`` to a path or a binary file object."""
    engine = choose_engine(tail.engine)
    stream = as_stream(data, tail.index)
    _check_names(stream, options)
    if fmt == "avro" and options["schema"] is None:
        table = whole_table(stream)
        if table is not None:
            stream, options = table, options | {"enums": enum_symbols(table)}
    request = WriteRequest(
        fmt,
        "",
        options,
        threads=tail.threads,
        atomic=tail.atomic,
        fsync=tail.fsync,
        overwrite=tail.overwrite,
        cancel=tail.cancel,
        progress=tail.progress,
    )
    request.check_cancelled()
    if isinstance(dest, (str, os.PathLike)):
        path = local_path(os.fsdecode(os.fspath(dest)))
        found = engine.write(stream, replace(request, dest=path))
        return _report(found, path)
    if not callable(getattr(dest, "write", None)):
        raise TypeError(f"dest must be a path or a binary file object, not {type(dest).__name__}")
    if options.get("partition_by"):
        raise ValueError("partition_by needs the path of a folder, not a file object")
    with tempfile.TemporaryDirectory(prefix="parquetframe-") as folder:
        path = str(Path(folder, f"data.{fmt}"))
        found = engine.write(stream, replace(request, dest=path, atomic=False, fsync=False))
        with Path(path).open("rb") as file:
            shutil.copyfileobj(file, dest, 1 << 20)
    return WriteReport(None, int(found["rows"]), int(found["bytes"]), 1)


def as_stream(data: Any, index: bool | str = "auto") -> Any:
    """The data as an object with ``__arrow_c_stream__``.

    Raises:
        TypeError: Neither Arrow data, nor a pandas frame, nor a dict of columns.
        SchemaError: A frame whose labels or cells have no Arrow form, or columns that differ
            in length.
    """
    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    if _is_pandas(data):
        wanted = None if index == "auto" else bool(index)
        try:
            return pa.Table.from_pandas(data, preserve_index=wanted)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise SchemaError(f"the frame has no Arrow form: {_first_line(error)}") from error
    if index != "auto":
        raise ValueError(f"index={index!r} needs a pandas frame, not {type(data).__name__}")
    if isinstance(data, Mapping):
        try:
            return pa.table({name: _array(values) for name, values in data.items()})
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise SchemaError(f"the dict has no Arrow form: {_first_line(error)}") from error
    if hasattr(data, "__arrow_c_stream__"):
        return data
    if hasattr(data, "__arrow_c_array__"):
        return pa.Table.from_batches([pa.record_batch(data)])
    raise TypeError(
        "data must have __arrow_c_stream__, or be a pandas frame or a dict of columns, "
        f"not {type(data).__name__}"
    )


def _is_pandas(data: Any) -> bool:
    kind = type(data)
    return any(
        base.__module__.partition(".")[0] == "pandas" and base.__name__ == "DataFrame"
        for base in kind.__mro__
    )


def _array(values: Any) -> Any:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    if hasattr(values, "__arrow_c_stream__"):
        return pa.chunked_array(values)
    return pa.array(values)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]


def _check_names(stream: Any, options: dict[str, Any]) -> None:
    names = getattr(getattr(stream, "schema", None), "names", None)
    if not isinstance(names, list):
        return
    for name in names:
        if names.count(name) > 1:
            raise SchemaError(f"column '{name}' is there more than once", column=name)
    bloom = options.get("bloom") or ()
    dictionary = options.get("dictionary")
    asked = [
        *(options.get("partition_by") or ()),
        *(name for name, _ in options.get("sorting") or ()),
        *bloom,
        *(dictionary if isinstance(dictionary, list) else ()),
    ]
    for name in asked:
        if name not in names:
            raise SchemaError(f"no column '{name}'", column=name, hint=suggestion(name, names))
    parts = options.get("partition_by") or ()
    if parts and len(parts) == len(names):
        raise SchemaError("partition_by leaves no column for the files", column=parts[0])


def _report(found: Mapping[str, Any], path: str) -> WriteReport:
    return WriteReport(path, int(found["rows"]), int(found["bytes"]), int(found["files"]))


def _required(name: str, value: Any) -> int:
    number = count(name, value, least=1)
    if number is None:
        raise TypeError(f"{name} must be an int, not None")
    return number


def _level(name: str, value: Any, codec: str, known: dict[str, tuple[int, int]]) -> int | None:
    if value is None:
        return None
    if codec not in known:
        raise ValueError(f"{name} has no meaning for {codec}")
    low, high = known[codec]
    number = count(name, value)
    if number is None or not low <= number <= high:
        raise ValueError(f"{name} of {codec} must be {low} to {high}, not {value}")
    return number


def _names(name: str, value: Any) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be a list of names, not {value!r}")
    names = list(value)
    for item in names:
        if not isinstance(item, str):
            raise TypeError(f"{name} must be a list of names, but holds {item!r}")
    if len(set(names)) < len(names):
        raise ValueError(f"{name} has a name twice")
    return names


def _bloom(value: Any) -> dict[str, float] | None:
    if value is None:
        return None
    rates = (
        value if isinstance(value, Mapping) else dict.fromkeys(_names("bloom", value), DEFAULT_FPP)
    )
    for name, rate in rates.items():
        if not isinstance(name, str) or isinstance(rate, bool) or not isinstance(rate, float):
            raise TypeError(f"bloom must map names to rates, not {name!r} to {rate!r}")
        if not 0 < rate < 1:
            raise ValueError(f"the false-positive rate of '{name}' must be between 0 and 1")
    return dict(rates)


def _sorting(value: Any) -> list[list[str]]:
    if value is None:
        return []
    found = []
    for item in value:
        if isinstance(item, str) or len(item) != 2 or not isinstance(item[0], str):
            raise TypeError(f"sorting must be (column, 'asc' | 'desc') pairs, not {item!r}")
        found.append([item[0], choice("the direction", item[1], ("asc", "desc"))])
    return found


def _metadata(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError(f"metadata must be a dict of texts, not {type(value).__name__}")
    for key, text in value.items():
        if not isinstance(key, str) or not isinstance(text, str):
            raise TypeError(f"metadata must map text to text, not {key!r} to {text!r}")
    return dict(value)
