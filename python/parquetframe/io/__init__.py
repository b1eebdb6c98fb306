"""Files: read them, write them, and ask what is in them.

Names load on first use, so that questions about a footer do not wait for packages they do not need.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from parquetframe.io.inspect import ColumnInfo, FileInfo, RowGroupInfo, head, inspect_file

if TYPE_CHECKING:
    from parquetframe.io.avro import read_avro, write_avro
    from parquetframe.io.csv import CsvDialect, read_csv, sniff_csv, write_csv
    from parquetframe.io.lazy import Scan, iter_batches, scan
    from parquetframe.io.metadata import (
        ParquetColumn,
        ParquetMetadata,
        ParquetRowGroup,
        get_avro_record_count,
        get_column_info,
        get_column_names,
        get_column_statistics,
        get_row_count,
        read_avro_schema,
        read_parquet_metadata,
        read_parquet_schema,
    )
    from parquetframe.io.parquet import read_parquet, write_parquet
    from parquetframe.io.report import ReadReport, WriteReport

__all__ = [
    "ColumnInfo",
    "CsvDialect",
    "FileInfo",
    "ParquetColumn",
    "ParquetMetadata",
    "ParquetRowGroup",
    "ReadReport",
    "RowGroupInfo",
    "Scan",
    "WriteReport",
    "get_avro_record_count",
    "get_column_info",
    "get_column_names",
    "get_column_statistics",
    "get_row_count",
    "head",
    "inspect_file",
    "iter_batches",
    "read_avro",
    "read_avro_schema",
    "read_csv",
    "read_parquet",
    "read_parquet_metadata",
    "read_parquet_schema",
    "scan",
    "sniff_csv",
    "write_avro",
    "write_csv",
    "write_parquet",
]

_MODULES = {
    "avro": ("read_avro", "write_avro"),
    "csv": ("CsvDialect", "read_csv", "sniff_csv", "write_csv"),
    "lazy": ("Scan", "iter_batches", "scan"),
    "metadata": (
        "ParquetColumn",
        "ParquetMetadata",
        "ParquetRowGroup",
        "get_avro_record_count",
        "get_column_info",
        "get_column_names",
        "get_column_statistics",
        "get_row_count",
        "read_avro_schema",
        "read_parquet_metadata",
        "read_parquet_schema",
    ),
    "parquet": ("read_parquet", "write_parquet"),
    "report": ("ReadReport", "WriteReport"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
