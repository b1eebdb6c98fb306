"""One read as data: what a reader function was asked for, checked where no file is needed."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from parquetframe.cancel import as_flag
from parquetframe.errors import UnsupportedFeature

from .engine import Decode, Progress
from .machine import memory_limit_bytes, thread_count
from .report import ReadReport

if TYPE_CHECKING:
    import pyarrow as pa

    from parquetframe.cancel import CancelledFlag

__all__ = ["Common", "PandasOptions", "ReadRequest", "avro_request", "parquet_request"]

OUTPUTS = ("table", "pandas", "polars")


@dataclass(frozen=True)
class PandasOptions:
    """How columns become pandas columns."""

    dtype_backend: str | None = None
    null_ints: str = "exact"
    dates: str = "auto"
    decimals: str = "object"


@dataclass(frozen=True)
class Common:
    """Options that all readers have."""

    output: str = "table"
    string_type: str = "auto"
    threads: int = 1
    memory_limit: int | None = None
    progress: Progress | None = None
    cancel: CancelledFlag | None = None
    report: ReadReport | None = None
    engine: str | None = "auto"
    pandas: PandasOptions = field(default_factory=PandasOptions)


@dataclass(frozen=True)
class ReadRequest:
    """A read of one or several files of one format; see the readers for the options."""

    format: str
    src: Any
    common: Common
    decode: Decode
    columns: tuple[str | tuple[str, ...], ...] | None = None
    filters: str | None = None
    row_groups: tuple[tuple[int, ...], ...] | None = None
    n_rows: int | None = None
    schema: pa.Schema | None = None
    hive: bool | str = "auto"
    include_path: str | None = None
    missing_columns: str = "error"
    extra_columns: str = "error"
    cast: str = "error"
    batch_rows: int | None = None

    def with_output(self, output: str) -> ReadRequest:
        """The same read with another kind of result."""
        choice("output", output, OUTPUTS)
        return replace(self, common=replace(self.common, output=output))


def parquet_request(
    src: Any,
    columns: Any = None,
    *,
    filters: Any = None,
    row_groups: Any = None,
    n_rows: int | None = None,
    schema: Any = None,
    dictionary_columns: Any = None,
    int96_unit: str = "ns",
    hive: Any = "auto",
    include_path: str | None = None,
    missing_columns: str = "error",
    extra_columns: str = "error",
    cast: str = "error",
    verify_checksums: bool = False,
    decryption: Any = None,
    storage_options: Any = None,
    batch_rows: int | None = None,
    **common: Any,
) -> ReadRequest:
    """Check the options of :func:`parquetframe.read_parquet`."""
    from .filters import as_sql

    _not_yet("decryption", decryption, "this version reads files without encryption only")
    no_storage(storage_options)
    if hive not in (True, False, "auto"):
        raise ValueError(f"hive must be 'auto', True or False, not {hive!r}")
    if include_path is not None and (not isinstance(include_path, str) or not include_path):
        raise TypeError(f"include_path must be the name of a column, not {include_path!r}")
    checked = common_options(**common)
    decode = Decode(
        string_type=text_layout(checked),
        dictionary_columns=names_option("dictionary_columns", dictionary_columns),
        int96_unit=choice("int96_unit", int96_unit, ("s", "ms", "us", "ns")),
        verify_checksums=flag("verify_checksums", verify_checksums),
    )
    return ReadRequest(
        "parquet",
        src,
        checked,
        decode,
        columns=column_paths(columns),
        filters=as_sql(filters),
        row_groups=_row_groups(row_groups),
        n_rows=count("n_rows", n_rows),
        schema=_schema(schema),
        hive=hive,
        include_path=include_path,
        missing_columns=choice("missing_columns", missing_columns, ("error", "null")),
        extra_columns=choice("extra_columns", extra_columns, ("error", "ignore")),
        cast=choice("cast", cast, ("error", "widen")),
        batch_rows=count("batch_rows", batch_rows, least=1),
    )


def avro_request(
    src: Any,
    columns: Any = None,
    *,
    reader_schema: Any = None,
    n_rows: int | None = None,
    batch_rows: int | None = 65_536,
    unions: str = "arrow",
    enums: str = "dictionary",
    on_bad_block: str = "error",
    storage_options: Any = None,
    **common: Any,
) -> ReadRequest:
    """Check the options of :func:`parquetframe.read_avro`."""
    no_storage(storage_options)
    checked = common_options(**common)
    decode = Decode(
        string_type=text_layout(checked),
        reader_schema=schema_text("reader_schema", reader_schema),
        unions=choice("unions", unions, ("arrow", "struct", "json")),
        enums=choice("enums", enums, ("dictionary", "string")),
        on_bad_block=choice("on_bad_block", on_bad_block, ("error", "skip")),
    )
    return ReadRequest(
        "avro",
        src,
        checked,
        decode,
        columns=column_paths(columns),
        n_rows=count("n_rows", n_rows),
        batch_rows=count("batch_rows", batch_rows, least=1),
    )


def common_options(
    *,
    output: str = "table",
    string_type: str = "auto",
    threads: int | None = None,
    memory_limit: str | int | None = "80%",
    progress: Progress | None = None,
    cancel: object = None,
    report: ReadReport | None = None,
    engine: str | None = "auto",
    dtype_backend: str | None = None,
    null_ints: str = "exact",
    dates: str = "auto",
    decimals: str = "object",
) -> Common:
    """Check the options that all readers have."""
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable, not {type(progress).__name__}")
    if report is not None and not isinstance(report, ReadReport):
        raise TypeError(f"report must be a ReadReport, not {type(report).__name__}")
    pandas = PandasOptions(
        choice("dtype_backend", dtype_backend, (None, "numpy_nullable", "pyarrow")),
        choice("null_ints", null_ints, ("exact", "masked", "float64", "error")),
        choice("dates", dates, ("auto", "datetime64", "object")),
        choice("decimals", decimals, ("object", "arrow", "float64")),
    )
    choice("output", output, OUTPUTS)
    if output != "pandas" and pandas != PandasOptions():
        raise ValueError(
            "dtype_backend, null_ints, dates and decimals need output='pandas', "
            f"but output is {output!r}"
        )
    return Common(
        output=output,
        string_type=choice("string_type", string_type, ("auto", "large", "view", "utf8")),
        threads=thread_count(threads),
        memory_limit=memory_limit_bytes(memory_limit),
        progress=progress,
        cancel=None if cancel is None else as_flag(cancel),
        report=report,
        engine=engine,
        pandas=pandas,
    )


def choice(name: str, value: Any, known: tuple[Any, ...]) -> Any:
    """``value``, if it is one of the known ones.

    Raises:
        ValueError: It is not.
    """
    if not any(value is item or (isinstance(value, str) and value == item) for item in known):
        names = ", ".join(repr(item) for item in known)
        raise ValueError(f"{name} must be one of {names}, not {value!r}")
    return value


def flag(name: str, value: Any) -> bool:
    """``value``, if it is a bool.

    Raises:
        TypeError: It is not.
    """
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, not {value!r}")
    return value


def count(name: str, value: Any, *, least: int = 0) -> int | None:
    """``value``, if it is ``None`` or an integer that is large enough.

    Raises:
        TypeError: Not an integer.
        ValueError: Too small.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    number = value.__index__()
    if number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}")
    return int(number)


def schema_text(name: str, value: Any) -> str | None:
    """An Avro schema as JSON text.

    Raises:
        TypeError: Neither text, dict nor list.
        ValueError: Text that is no JSON.
    """
    if value is None:
        return None
    if isinstance(value, (Mapping, list)):
        return json.dumps(value)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a dict or JSON text, not {type(value).__name__}")
    try:
        json.loads(value)
    except ValueError as error:
        raise ValueError(f"{name} is not JSON: {error}") from error
    return value


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the caller of the package."""
    own = os.path.dirname(os.path.dirname(__file__)) + os.sep  # noqa: PTH120
    warnings.warn_explicit(text, category, *_caller(own))


def _caller(own: str) -> tuple[str, int]:
    import sys

    frame = sys._getframe(1)  # noqa: SLF001 - `skip_file_prefixes` needs Python 3.12
    while frame.f_back is not None and frame.f_code.co_filename.startswith(own):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def text_layout(common: Common) -> str:
    if common.string_type != "auto":
        return common.string_type
    return "view" if common.output == "polars" else "large"


def _not_yet(name: str, value: Any, hint: str) -> None:
    if value is not None:
        raise UnsupportedFeature(f"{name} is not offered yet", hint=hint)


def no_storage(storage_options: Any) -> None:
    _not_yet("storage_options", storage_options, "this version reads and writes local files only")


def names_option(name: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be a list of names, not {value!r}")
    names = tuple(value)
    for item in names:
        if not isinstance(item, str):
            raise TypeError(f"{name} must be a list of names, but holds {item!r}")
    return names


def column_paths(columns: Any) -> tuple[str | tuple[str, ...], ...] | None:
    if columns is None:
        return None
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        raise TypeError(f"columns must be a list of names, not {columns!r}")
    found = tuple(columns)
    if not found:
        raise ValueError("columns must name at least one column")
    for item in found:
        path = isinstance(item, tuple) and item and all(isinstance(part, str) for part in item)
        if not isinstance(item, str) and not path:
            raise TypeError(f"a column must be text or a tuple of text, not {item!r}")
    if len(set(found)) < len(found):
        twice = next(item for item in found if found.count(item) > 1)
        raise ValueError(f"columns names {twice!r} twice")
    return found


def _row_groups(value: Any) -> tuple[tuple[int, ...], ...] | None:
    """One list for a single file, or a list of lists, one per file."""
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"row_groups must be a list of indices, not {value!r}")
    items = list(value)
    nested = bool(items) and all(isinstance(item, (list, tuple)) for item in items)
    lists = items if nested else [items]
    return tuple(tuple(count("row_groups", index) or 0 for index in part) for part in lists)


def _schema(schema: Any) -> Any:
    if schema is None:
        return None
    import pyarrow as pa

    if not isinstance(schema, pa.Schema):
        raise TypeError(f"schema must be a pyarrow.Schema, not {type(schema).__name__}")
    if len(set(schema.names)) < len(schema.names):
        raise ValueError("schema has a name twice")
    return schema
