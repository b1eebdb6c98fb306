"""Declare a data workflow, tables and graphs alike, and run it in parallel on Arrow data.

Public names load on first use, so that ``import parquetframe`` stays quick.

Examples:
    >>> import parquetframe as pf
    >>> wf = pf.Workflow("late")
    >>> late = wf.read("flights", path="flights.csv").filter("late", where="arr_delay > 15")
    >>> [step["name"] for step in wf.to_dict()["steps"]]
    ['flights', 'late']
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parquetframe import errors, graph, io, types, workflow
    from parquetframe._backend import BackendInfo, backend_info
    from parquetframe.cancel import CancellationToken
    from parquetframe.graph import Graph
    from parquetframe.io import (
        CsvDialect,
        ParquetMetadata,
        ReadReport,
        Scan,
        WriteReport,
        get_avro_record_count,
        get_column_info,
        get_column_names,
        get_column_statistics,
        get_row_count,
        iter_batches,
        read_avro,
        read_avro_schema,
        read_csv,
        read_parquet,
        read_parquet_metadata,
        read_parquet_schema,
        scan,
        sniff_csv,
        write_avro,
        write_csv,
        write_parquet,
    )
    from parquetframe.workflow import RunResult, Workflow

    __version__: str

__all__ = [
    "BackendInfo",
    "CancellationToken",
    "CsvDialect",
    "Graph",
    "ParquetMetadata",
    "ReadReport",
    "RunResult",
    "Scan",
    "Workflow",
    "WriteReport",
    "__version__",
    "backend_info",
    "errors",
    "get_avro_record_count",
    "get_column_info",
    "get_column_names",
    "get_column_statistics",
    "get_row_count",
    "graph",
    "io",
    "iter_batches",
    "read_avro",
    "read_avro_schema",
    "read_csv",
    "read_parquet",
    "read_parquet_metadata",
    "read_parquet_schema",
    "scan",
    "sniff_csv",
    "types",
    "workflow",
    "write_avro",
    "write_csv",
    "write_parquet",
]

_MODULES = ("errors", "graph", "io", "types", "workflow")
_ATTRIBUTES = {
    "BackendInfo": "parquetframe._backend",
    "CancellationToken": "parquetframe.cancel",
    "Graph": "parquetframe.graph",
    "RunResult": "parquetframe.workflow",
    "Workflow": "parquetframe.workflow",
    "backend_info": "parquetframe._backend",
    "CsvDialect": "parquetframe.io",
    "ParquetMetadata": "parquetframe.io",
    "ReadReport": "parquetframe.io",
    "Scan": "parquetframe.io",
    "WriteReport": "parquetframe.io",
    "get_avro_record_count": "parquetframe.io",
    "get_column_info": "parquetframe.io",
    "get_column_names": "parquetframe.io",
    "get_column_statistics": "parquetframe.io",
    "get_row_count": "parquetframe.io",
    "iter_batches": "parquetframe.io",
    "read_avro": "parquetframe.io",
    "read_avro_schema": "parquetframe.io",
    "read_csv": "parquetframe.io",
    "read_parquet": "parquetframe.io",
    "read_parquet_metadata": "parquetframe.io",
    "read_parquet_schema": "parquetframe.io",
    "scan": "parquetframe.io",
    "sniff_csv": "parquetframe.io",
    "write_avro": "parquetframe.io",
    "write_csv": "parquetframe.io",
    "write_parquet": "parquetframe.io",
}


def __getattr__(name: str) -> Any:
    value: Any
    if name in _MODULES:
        value = importlib.import_module(f"parquetframe.{name}")
    elif name in _ATTRIBUTES:
        value = getattr(importlib.import_module(_ATTRIBUTES[name]), name)
    elif name == "__version__":
        value = importlib.import_module("parquetframe._backend").package_version()
    else:
        msg = f"module 'parquetframe' has no attribute {name!r}"
        raise AttributeError(msg)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
