"""Options of the CSV reader, writer and sniffer: checked once, and then plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from parquetframe.errors import SchemaError
from parquetframe.types import canonical_type, format_type, parse_type

from .csv_checks import (
    FALSE_VALUES,
    TRUE_VALUES,
    check_read_option,
    check_read_together,
    check_write_option,
    check_write_together,
)
from .engine import Decode
from .request import (
    ReadRequest,
    column_paths,
    common_options,
    count,
    no_storage,
    text_layout,
)

__all__ = [
    "CATEGORY",
    "READ_DEFAULTS",
    "WRITE_DEFAULTS",
    "csv_request",
    "sniff_options",
    "write_options",
]

CATEGORY: Final = "category"
READ_DEFAULTS: Final[dict[str, Any]] = {
    "sep": "auto",
    "quote": '"',
    "escape": None,
    "header": "auto",
    "names": None,
    "dtypes": {},
    "infer": "full",
    "nulls": "auto",
    "true_values": list(TRUE_VALUES),
    "false_values": list(FALSE_VALUES),
    "parse_dates": True,
    "decimal": ".",
    "thousands": None,
    "leading_zeros": "string",
    "on_int_overflow": "decimal",
    "comment": None,
    "skip_rows": 0,
    "blank_lines": "skip",
    "newline": "auto",
    "strict_quotes": False,
    "trim": False,
    "ragged": "error",
    "on_bad_lines": "error",
    "encoding": "utf-8",
    "invalid_bytes": "error",
    "compression": "auto",
}
WRITE_DEFAULTS: Final[dict[str, Any]] = {
    "sep": ",",
    "quote": '"',
    "quote_style": "necessary",
    "escape": None,
    "header": True,
    "null": "",
    "float_format": None,
    "date_format": None,
    "timestamp_format": None,
    "line_end": "\n",
    "encoding": "utf-8",
    "bom": False,
    "compression": "auto",
    "compression_level": None,
}


def csv_request(
    src: Any,
    columns: Any = None,
    *,
    sep: str = "auto",
    quote: str | None = '"',
    escape: str | None = None,
    header: Any = "auto",
    names: Any = None,
    dtypes: Any = None,
    schema: Any = None,
    infer: Any = "full",
    nulls: Any = "auto",
    true_values: Any = None,
    false_values: Any = None,
    parse_dates: Any = True,
    decimal: str = ".",
    thousands: str | None = None,
    leading_zeros: str = "string",
    on_int_overflow: str = "decimal",
    comment: str | None = None,
    skip_rows: int = 0,
    n_rows: int | None = None,
    blank_lines: str = "skip",
    newline: str = "auto",
    strict_quotes: bool = False,
    trim: bool = False,
    ragged: str = "error",
    on_bad_lines: Any = "error",
    encoding: str = "utf-8",
    invalid_bytes: str = "error",
    compression: str | None = "auto",
    filters: Any = None,
    storage_options: Any = None,
    batch_rows: int | None = None,
    **common: Any,
) -> ReadRequest:
    """Check the options of :func:`parquetframe.read_csv`."""
    from .filters import as_sql

    no_storage(storage_options)
    checked = common_options(**common)
    given: dict[str, Any] = {
        "sep": sep,
        "quote": quote,
        "escape": escape,
        "header": header,
        "names": names,
        "infer": infer,
        "nulls": nulls,
        "true_values": true_values,
        "false_values": false_values,
        "parse_dates": parse_dates,
        "decimal": decimal,
        "thousands": thousands,
        "leading_zeros": leading_zeros,
        "on_int_overflow": on_int_overflow,
        "comment": comment,
        "skip_rows": skip_rows,
        "blank_lines": blank_lines,
        "newline": newline,
        "strict_quotes": strict_quotes,
        "trim": trim,
        "ragged": ragged,
        "on_bad_lines": on_bad_lines,
        "encoding": encoding,
        "invalid_bytes": invalid_bytes,
        "compression": compression,
    }
    options = {name: check_read_option(name, value) for name, value in given.items()}
    options["dtypes"] = _types(dtypes, schema)
    check_read_together(options)
    decode = Decode(
        string_type=text_layout(checked),
        csv=options,
        on_bad_line=on_bad_lines if callable(on_bad_lines) else None,
    )
    return ReadRequest(
        "csv",
        src,
        checked,
        decode,
        columns=column_paths(columns),
        filters=as_sql(filters),
        n_rows=count("n_rows", n_rows),
        # A column of nulls, whole numbers or dates in one file may be text in none of them.
        cast="widen",
        hive=False,
        batch_rows=count("batch_rows", batch_rows, least=1),
    )


def sniff_options(sample_bytes: int | None, encoding: str, compression: str | None) -> Any:
    """Check the options of :func:`parquetframe.sniff_csv`."""
    return {
        "sample_bytes": count("sample_bytes", sample_bytes, least=1),
        "encoding": check_read_option("encoding", encoding),
        "compression": check_read_option("compression", compression),
    }


def write_options(
    *,
    sep: str,
    quote: str | None,
    quote_style: str,
    escape: str | None,
    header: bool,
    null: str,
    float_format: str | None,
    date_format: str | None,
    timestamp_format: str | None,
    line_end: str,
    encoding: str,
    bom: bool,
    compression: str | None,
    compression_level: int | None,
) -> dict[str, Any]:
    """Check the options of :func:`parquetframe.write_csv`."""
    given: dict[str, Any] = {
        "sep": sep,
        "quote": quote,
        "quote_style": quote_style,
        "escape": escape,
        "header": header,
        "null": null,
        "float_format": float_format,
        "date_format": date_format,
        "timestamp_format": timestamp_format,
        "line_end": line_end,
        "encoding": encoding,
        "bom": bom,
        "compression": compression,
        "compression_level": compression_level,
    }
    options = {name: check_write_option(name, value) for name, value in given.items()}
    check_write_together(options)
    return options


def _types(dtypes: Any, schema: Any) -> dict[str, str]:
    import pyarrow as pa

    if dtypes is not None and schema is not None:
        raise ValueError("dtypes and schema say the same: give one of them")
    if schema is not None:
        if not isinstance(schema, pa.Schema):
            raise TypeError(f"schema must be a pyarrow.Schema, not {type(schema).__name__}")
        if len(set(schema.names)) < len(schema.names):
            raise ValueError("schema has a name twice")
        return {field.name: _type_name(field.name, field.type) for field in schema}
    if dtypes is None:
        return {}
    if not isinstance(dtypes, Mapping):
        raise TypeError(f"dtypes must map names to types, not {dtypes!r}")
    found = {}
    for name, kind in dtypes.items():
        if not isinstance(name, str):
            raise TypeError(f"dtypes must map names to types, but has the key {name!r}")
        found[name] = _type_name(name, kind)
    return found


_TIMES = {"time32[s]", "time32[ms]", "time64[us]", "time64[ns]"}


def _type_name(column: str, kind: Any) -> str:
    import pyarrow as pa

    if isinstance(kind, str):
        if kind.strip() == CATEGORY or kind.strip() in _TIMES:
            return kind.strip()
        return canonical_type(kind) or format_type(parse_type(kind))  # the latter raises
    if not isinstance(kind, pa.DataType):
        raise TypeError(f"the type of '{column}' must be text or a pyarrow type, not {kind!r}")
    if pa.types.is_dictionary(kind) and format_type(kind.value_type) == "string":
        return CATEGORY
    name = format_type(kind)
    if name in _TIMES or canonical_type(name) is not None:
        return name
    raise SchemaError(f"column '{column}': CSV cells cannot be read as {name}", column=column)
